//! `crosswalk record`: a live record becomes a case of nobody.

use crosswalk::sandbox::{Options, Sandbox};
use serde_json::Value;

use crate::assert_screen;
use crate::home::{Run, TempHome, records};

/// A record of each model: its id in the source.
fn ids(home: &TempHome) -> Vec<(&'static str, String)> {
    home.sync();
    let lists = home.lists();
    let id = |list: &String| records(list)[0]["remote_id"].as_str().unwrap().to_owned();
    lists.iter().map(|(model, list)| (*model, id(list))).collect()
}

#[test]
fn one_record_of_every_model_becomes_a_case() {
    let home = TempHome::new();
    for (model, id) in ids(&home) {
        let run = home.expect(0, &["record", "sandbox", model, &id, "--as", "recorded", "--yes"]);
        let path = format!("tests/cases/{model}/recorded.json");
        assert!(run.stdout.contains(&format!("\n{path} is written\n")), "{}", run.stdout);
        assert!(run.stdout.ends_with("will say that it is new; --accept makes its snapshot\n"), "{}", run.stdout);
        assert!(!run.stdout.contains("map otherwise"), "{}", run.stdout);
        let record: Value = serde_json::from_str(&home.read(&path)).unwrap();
        assert_ne!(record["_id"], id.as_str(), "the id is another");
        home.expect(0, &["test", "--accept", &format!("{model}/recorded")]);
        let run = home.expect(0, &["test", model]);
        assert_eq!(run.stdout, "1 case: 1 as before\n");
    }
}

#[test]
fn what_is_replaced_is_shown_and_what_stood_there_is_not() {
    let home = TempHome::new();
    home.sync();
    let list = home.lists()["candidates"].clone();
    let candidate = &records(&list)[0];
    let (id, first, last) = (&candidate["remote_id"], &candidate["first_name"], &candidate["last_name"]);
    let id = id.as_str().unwrap();
    let record = |width: &str, more: &[&str]| {
        let arguments = ["record", "sandbox", "candidates", id, "--as", "someone", "--seed", "7"];
        let mut command = home.command(&[&arguments[..], more].concat());
        Run::of(&command.env("COLUMNS", width).output().unwrap())
    };
    for width in ["60", "100"] {
        let run = record(width, &["--dry-run"]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert_eq!(run.stderr, "nothing was written\n");
        assert!(!home.path().join("tests").exists());
        for name in [first, last] {
            assert!(!run.stdout.contains(name.as_str().unwrap()), "{name} in {}", run.stdout);
        }
        assert_screen!(format!("record_{width}"), run.stdout);
    }
    let run = record("100", &["--yes", "--log", "trace"]);
    assert_eq!(run.code, Some(0));
    let fixture = home.read("tests/cases/candidates/someone.json");
    for name in [first, last] {
        let name = name.as_str().unwrap();
        assert!(!fixture.contains(name) && !run.stderr.contains(name), "{name} in {fixture}\n{}", run.stderr);
    }
    assert_screen!("record_fixture", fixture);
    let again = record("100", &["--yes"]);
    assert_eq!(again.code, Some(2));
    assert_eq!(
        again.stderr,
        "error: there is a case tests/cases/candidates/someone.json already; --force replaces it\n"
    );
    assert_eq!(record("100", &["--yes", "--force"]).code, Some(0));
    assert_eq!(home.read("tests/cases/candidates/someone.json"), fixture);
}

#[test]
fn an_id_is_never_a_part_of_the_query() {
    let home = TempHome::new();
    for id in ["1' or '1'='1", "\"", "101\n", "101\") { _id } x: crUser(_id: \"101", "999999"] {
        let run = home.expect(2, &["record", "sandbox", "users", id, "--as", "nobody", "--yes"]);
        assert!(run.stderr.starts_with("error: `sandbox` has no record "), "{id}: {}", run.stderr);
        assert!(run.stderr.ends_with(" in users\n"), "{id}: {}", run.stderr);
    }
    assert!(!home.path().join("tests").exists());
}

#[test]
fn wrong_usage_of_recording_is_explained() {
    let home = TempHome::new();
    let said = |arguments: &[&str]| {
        let run = home.expect(2, arguments);
        assert_eq!(run.stdout, "");
        format!("$ crosswalk {}\n{}\n", arguments.join(" "), run.stderr)
    };
    let mut text = said(&["record", "sandbox", "users", "101", "--as", "planner"]);
    text.push_str(&said(&["record", "sandbox", "users", "101", "--as", "../planner", "--yes"]));
    text.push_str(&said(&["record", "sandbocks", "users", "101", "--as", "planner", "--yes"]));
    std::fs::create_dir_all(home.path().join("tests/cases/users")).unwrap();
    home.write("tests/cases/users/Planner.json", "{}");
    text.push_str(&said(&["record", "sandbox", "users", "101", "--as", "planner", "--yes", "--force"]));
    home.edit("mappings/carerix/users.yaml", "  one: crUser\n", "");
    text.push_str(&said(&["record", "sandbox", "users", "101", "--as", "worker", "--yes"]));
    assert_screen!("record_wrong_usage", text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_remote_source_is_asked_with_the_connections_credentials() {
    let sandbox = Sandbox::start(Options { candidates: 60, ..Options::default() }).await.unwrap();
    let home = TempHome::with_address(sandbox.base_url());
    let options = sandbox.options().clone();
    for (secret, code) in [("a-secret-that-opens-nothing", 3), (options.client_secret.as_str(), 0)] {
        let mut command = home.command(&["record", "local", "users", "101", "--as", "planner", "--yes"]);
        command.env("TEST_CLIENT_ID", &options.client_id).env("TEST_CLIENT_SECRET", secret);
        let run = tokio::task::spawn_blocking(move || Run::of(&command.output().unwrap())).await.unwrap();
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        assert!(!run.stderr.contains(secret), "{}", run.stderr);
    }
    assert!(!home.store().exists(), "no store is needed");
}
