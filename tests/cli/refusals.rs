//! What goes wrong, what is said about it, and with which code the command ends.

use std::net::TcpListener;
use std::process::Command;

use crosswalk::sandbox::{Options, Sandbox};
use serde_json::Value;

use crate::assert_screen;
use crate::home::{Run, TempHome};

const WRONG_SECRET: &str = "a-secret-that-opens-nothing";

fn with_secret(command: &mut Command, secret: &str) -> Run {
    let id = Options::default().client_id;
    command.env("TEST_CLIENT_ID", id).env("TEST_CLIENT_SECRET", secret);
    Run::of(&command.output().unwrap())
}

/// A test gives up sooner than an operator would.
fn impatient(home: TempHome) -> TempHome {
    let limits = "attempts: 4, pause: 1s, longest_pause: 30s";
    home.edit("mappings/carerix/connector.yaml", limits, "attempts: 2, pause: 10ms, longest_pause: 30ms");
    home
}

#[test]
fn bad_edits_are_pointed_at_and_change_nothing() {
    let home = TempHome::new();
    home.sync();
    let before = home.lists();
    let mappings = "mappings/carerix/jobs.yaml";
    for (name, path, from, to) in [
        ("unknown_path", mappings, "name: [jobTitle,", "name: [jobTittle,"),
        ("unknown_field", mappings, "department: agency", "departement: agency"),
        ("unfit_type", mappings, "remote_created_at: creationDate", "remote_created_at: hoursPerWeek"),
        ("unknown_table", mappings, "keywords: remote_work_status", "keywords: remote_work"),
        ("yaml", mappings, "model: jobs", "model: jobs\n  scripts: ["),
        ("missing_function", "mappings/carerix/application_stages.yaml", "call: stage_name", "call: stage_nam"),
    ] {
        let right = std::fs::read_to_string(home.path().join(path)).unwrap();
        home.edit(path, from, to);
        for arguments in [["sync", "sandbox"], ["coverage", "sandbox"]] {
            let run = home.expect(2, &arguments);
            assert_eq!(run.stdout, "");
            assert!(run.stderr.contains(&format!("--> {path}:")), "{name}: {}", run.stderr);
            assert!(run.stderr.contains('^'), "{name}: {}", run.stderr);
            assert!(run.stderr.ends_with("found; nothing was changed.\n"), "{name}: {}", run.stderr);
            if name == "unknown_path" {
                assert_screen!("bad_edit", run.stderr);
            }
        }
        home.write(path, &right);
    }
    assert_eq!(home.lists(), before);
    assert_eq!(home.sync()["total"]["changed"], 0);
}

#[test]
fn records_that_fail_are_counted_and_the_others_read() {
    let home = TempHome::new();
    let head = "fn stage_name(name, short_name, procedure) {\n";
    let throw = "    if name == \"Open sollicitatie\" { throw \"no such stage\"; }\n";
    home.edit("scripts/carerix/application_stages.rhai", head, &format!("{head}{throw}"));
    let run = home.expect(1, &["sync", "sandbox", "--model", "application_stages", "--model", "users"]);
    assert_screen!("failed_records", run.stdout);
    assert!(run.stderr.contains("What to try next"));
    assert_eq!(home.lists()["application_stages"].lines().count(), 22);
}

#[test]
fn wrong_usage_ends_with_what_to_do() {
    let home = TempHome::new();
    let said = |arguments: &[&str]| {
        let run = home.expect(2, arguments);
        assert_eq!(run.stdout, "");
        format!("$ crosswalk {}\n{}\n", arguments.join(" "), run.stderr)
    };
    let mut screen = said(&["list", "jobs"]);
    home.expect(0, &["sync", "sandbox", "--model", "users"]);
    for arguments in [
        &["list", "jobz"][..],
        &["list", "jobs", "--columns", "nam"],
        &["list", "jobs", "--limit", "0"],
        &["list", "jobs", "--connection", "sandbux"],
        &["get", "users", "0"],
        &["sync", "sandbux"],
        &["sync"],
        &["--log", "loud=very=much", "list", "jobs"],
        &["--home", "no-such-folder", "list", "jobs"],
        &["--store", "no-such.db", "list", "jobs"],
        &["--store", "mappings", "sync", "sandbox"],
        &["sandbox", "--page-cap", "0"],
    ] {
        screen.push_str(&said(arguments));
    }
    assert_screen!("wrong_usage", screen);
}

#[test]
fn a_model_that_was_not_read_is_no_error() {
    let home = TempHome::new();
    home.expect(0, &["sync", "sandbox", "--model", "users"]);
    let run = home.expect(0, &["list", "jobs"]);
    assert_eq!(run.stdout, "There are no jobs here. Read them with `crosswalk sync CONNECTION`.\n");
}

#[test]
fn missing_credentials_are_named() {
    let home = TempHome::with_address("http://127.0.0.1:9");
    let run = home.expect(2, &["sync", "local"]);
    assert_eq!(
        run.stderr,
        "error: connection `local` has no credentials: the environment variable TEST_CLIENT_ID is not set\n"
    );
}

#[test]
fn a_source_that_nobody_serves_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let home = impatient(TempHome::with_address(&format!("http://127.0.0.1:{port}")));
    let run = with_secret(&mut home.command(&["--log", "error", "sync", "local"]), WRONG_SECRET);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert_screen!("unreachable", format!("{}\n{}", run.stdout, run.stderr));

    let json = with_secret(&mut home.command(&["sync", "local", "--json"]), WRONG_SECRET);
    assert_eq!(json.code, Some(3));
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    let states: Vec<&str> =
        report["models"].as_array().unwrap().iter().map(|model| model["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["interrupted", "not_read", "not_read", "not_read", "not_read"]);
    assert!(json.stderr.contains("trying again"), "the log says what is going on: {}", json.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_refused_and_never_shown() {
    let sandbox = Sandbox::start(Options { candidates: 60, ..Options::default() }).await.unwrap();
    let home = TempHome::with_address(sandbox.base_url());
    let run = with_secret(&mut home.command(&["sync", "local"]), WRONG_SECRET);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert_screen!("refused", format!("{}\n{}", run.stdout, run.stderr));

    let right = sandbox.options().client_secret.clone();
    for (secret, code) in [(WRONG_SECRET, 3), (right.as_str(), 0)] {
        let run = with_secret(&mut home.command(&["--log", "trace", "sync", "local", "--model", "users"]), secret);
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        for shown in [&run.stdout, &run.stderr] {
            assert!(!shown.contains(secret), "{shown}");
            assert!(!shown.contains("Bearer "), "{shown}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_in_mid_sync_is_replaced() {
    let options = Options {
        candidates: 60,
        latency: std::time::Duration::from_millis(600),
        token_lifetime: std::time::Duration::from_secs(1),
        ..Options::default()
    };
    let sandbox = Sandbox::start(options).await.unwrap();
    let home = TempHome::with_address(sandbox.base_url());
    home.set_page_size(8);
    // Without a margin, requests are under way with a token that is over when they arrive.
    home.edit("mappings/carerix/connector.yaml", "expiry_margin: 60s", "expiry_margin: 0s");
    let mut command = home.command(&["sync", "local", "--model", "candidates", "--json"]);
    let secret = sandbox.options().client_secret.clone();
    let run = tokio::task::spawn_blocking(move || with_secret(&mut command, &secret)).await.unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["total"]["fetched"], 60);
    let pages = 60_u64.div_ceil(8);
    assert!(sandbox.requests() > pages + 4, "some requests were refused: {} for {pages} pages", sandbox.requests());
}
