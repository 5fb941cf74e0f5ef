//! `crosswalk sandbox` with a plan of faults, as other processes see it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use crate::home::TempHome;

/// Ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_plan_is_read_from_a_file_and_replaced_over_http() {
    let home = TempHome::new();
    home.write("faults.yaml", "rules:\n  - do: { status: { code: 502 } }\n");
    let plan = home.path().join("faults.yaml");
    let arguments = ["sandbox", "--port", "0", "--candidates", "50", "--faults", plan.to_str().unwrap()];
    let mut child = Running(home.command(&arguments).stdout(Stdio::piped()).spawn().unwrap());
    let output = BufReader::new(child.0.stdout.take().unwrap());
    let base = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.trim().strip_prefix("base URL").map(|url| url.trim().to_owned()))
        .unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let ask = async || client.post(format!("{base}/graphql/v1/graphql")).body("{}").send().await.unwrap().status();
    assert_eq!(ask().await, 502);
    let faults = format!("{base}/sandbox/faults");
    let shown: Value = client.get(&faults).send().await.unwrap().json().await.unwrap();
    assert_eq!(shown["rules"][0]["do"], json!({"status": {"code": 502, "retry_after": null, "as_date": false}}));
    assert_eq!(client.delete(&faults).send().await.unwrap().status(), 204);
    assert_eq!(ask().await, 401);
}

#[test]
fn a_plan_that_cannot_be_is_refused() {
    let home = TempHome::new();
    let plan = home.path().join("faults.yaml");
    let arguments = ["sandbox", "--port", "0", "--faults", plan.to_str().unwrap()];
    let said = |text: Option<&str>| {
        if let Some(text) = text {
            home.write("faults.yaml", text);
        }
        let run = home.expect(2, &arguments);
        assert_eq!(run.stdout, "");
        run.stderr.replace(plan.to_str().unwrap(), "faults.yaml")
    };
    assert!(said(None).starts_with("error: faults.yaml cannot be read: "), "{}", said(None));
    assert_eq!(
        said(Some("rules:\n  - { on: token, do: denied }\n")),
        "error: faults.yaml: rules[0]: `denied` cannot happen on `token`\n"
    );
    let unread = said(Some("rules:\n  - { do: fly }\n"));
    assert!(unread.starts_with("error: faults.yaml: this is no plan of faults: "), "{unread}");
    assert!(unread.contains("fly") && unread.contains("line 2"), "{unread}");
}
