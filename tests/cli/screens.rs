//! What people see.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::assert_screen;
use crate::home::{Run, TempHome, crosswalk, usual_tenant};
use crate::resuming::interrupt;

/// What the usual tenant shows in a terminal of this width.
fn screen(width: &str, arguments: &[&str]) -> String {
    let run = Run::of(&usual_tenant().command(arguments).env("COLUMNS", width).output().unwrap());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.stderr, "");
    run.stdout
}

#[test]
fn every_command_explains_itself() {
    for command in [
        "", "sync", "list", "get", "check", "connect", "vault", "test", "record", "explain", "coverage", "new",
        "schema", "sandbox", "run", "serve", "keys", "webhooks", "status", "history", "act", "actions",
    ] {
        let arguments: Vec<&str> = [command, "--help"].into_iter().filter(|argument| !argument.is_empty()).collect();
        let run = Run::of(&crosswalk(&arguments).output().unwrap());
        assert_eq!(run.code, Some(0));
        let name = if command.is_empty() { "crosswalk" } else { command };
        assert_screen!(format!("help_{name}"), run.stdout);
    }
    let bare = Run::of(&crosswalk(&[]).output().unwrap());
    assert_eq!(bare.code, Some(2));
}

#[test]
fn lists_fit_the_terminal() {
    for width in ["60", "100"] {
        for model in ["users", "application_stages", "jobs", "candidates", "applications"] {
            let list = screen(width, &["list", model, "--limit", "3"]);
            // The last lines are to be copied, so they are not cut.
            let table = list.split("\n\n").next().unwrap();
            let widest = table.lines().map(console::measure_text_width).max().unwrap();
            assert!(widest <= width.parse().unwrap(), "{list}");
            assert_screen!(format!("list_{model}_{width}"), list);
        }
    }
    assert_screen!(
        "list_columns",
        screen("80", &["list", "jobs", "--limit", "4", "--columns", "name,weekly_hours,location"])
    );
}

#[test]
fn a_record_is_shown_with_what_did_not_map() {
    for width in ["60", "100"] {
        assert_screen!(format!("get_user_{width}"), screen(width, &["get", "users", "124"]));
        assert_screen!(format!("get_candidate_{width}"), screen(width, &["get", "candidates", "10744"]));
    }
    let bare = screen("60", &["get", "users", "124", "--json"]);
    let record: Value = serde_json::from_str(&bare).unwrap();
    assert_eq!(bare.lines().count(), 1);
    let by_id = screen("60", &["get", "users", record["id"].as_str().unwrap(), "--json"]);
    assert_eq!(by_id, bare);
}

#[test]
fn coverage_says_where_fields_come_from() {
    assert_screen!("coverage", screen("100", &["coverage"]));
    // The rest would say the same once more.
    let beginning = |text: String| text.lines().take(20).collect::<Vec<_>>().join("\n");
    let narrow = screen("60", &["coverage"]);
    assert!(narrow.lines().all(|line| console::measure_text_width(line) <= 60), "{narrow}");
    assert_screen!("coverage_60", beginning(narrow));
    assert_screen!("coverage_markdown", beginning(screen("60", &["coverage", "sandbox", "--format", "markdown"])));
    let coverage: Value = serde_json::from_str(&screen("60", &["coverage", "--json"])).unwrap();
    assert_eq!(coverage.as_array().unwrap().len(), 5);
}

#[test]
fn coverage_needs_no_store_and_makes_none() {
    let home = TempHome::new();
    home.expect(0, &["coverage"]);
    assert!(!home.store().exists());
}

#[test]
fn colours_are_for_those_who_want_them() {
    let home = usual_tenant();
    let painted = |arguments: &[&str], no_color: bool| {
        let mut command = home.command(arguments);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        Run::of(&command.output().unwrap()).stdout.contains('\u{1b}')
    };
    assert!(!painted(&["list", "jobs"], false), "a pipe is no terminal");
    assert!(painted(&["list", "jobs", "--color", "always"], false));
    assert!(painted(&["list", "jobs", "--color", "always"], true), "who says always means it");
    assert!(!painted(&["list", "jobs", "--color", "never"], false));
}

#[test]
fn the_sandbox_runs_until_it_is_interrupted_and_can_be_read_as_it_says() {
    let mut child = crosswalk(&["sandbox", "--port", "0", "--candidates", "60", "--color", "never"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut said = Vec::new();
    for line in lines.by_ref() {
        said.push(line);
        if said.last().unwrap().ends_with("sync local") {
            break;
        }
    }
    assert_screen!("sandbox", said.join("\n"));

    let home = TempHome::new();
    let connection: Vec<&str> = said
        .iter()
        .map(|line| line.trim())
        .filter(|line| ["connector:", "settings:", "credentials:"].iter().any(|key| line.starts_with(key)))
        .collect();
    home.write("connections/local.yaml", &connection.join("\n"));
    let variables = said.iter().filter_map(|line| line.trim().strip_prefix("export ")?.split_once('='));
    let run = Run::of(&home.command(&["sync", "local"]).envs(variables).output().unwrap());
    assert_eq!(run.code, Some(0), "{}", run.stderr);

    interrupt(&child);
    let run = Run::of(&child.wait_with_output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), "the sandbox has stopped\n"));
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let run = Run::of(&crosswalk(&["sandbox", "--port", &port]).output().unwrap());
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.starts_with(&format!("error: cannot listen on port {port}: ")), "{}", run.stderr);
}
