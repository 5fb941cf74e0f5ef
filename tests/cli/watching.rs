//! What an operator sees of an engine: status, history, log and figures.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::home::{Run, TempHome, records};
use crate::resuming::interrupt;
use crate::running::Engine;

/// A home with the connection `local`, to a sandbox that nobody started, and a wrong secret.
fn unreachable() -> TempHome {
    let home = TempHome::with_address("http://127.0.0.1:9");
    home.edit("mappings/carerix/connector.yaml", "attempts: 4", "attempts: 1");
    home
}

#[test]
fn the_store_says_how_things_stand_when_no_engine_runs() {
    let home = TempHome::new();
    home.sync();
    let run = home.expect(1, &["status"]);
    assert!(run.stdout.contains("no engine runs; this is what the store says. Start one with `crosswalk run`"));
    let row = run.stdout.lines().find(|line| line.starts_with("sandbox")).unwrap();
    assert!(row.contains("active") && row.contains(" s ago"), "{row}");

    let status: Value = serde_json::from_str(&home.expect(1, &["status", "--json"]).stdout).unwrap();
    let connection = &status["connections"][0];
    assert_eq!((&status["running"], &connection["state"]), (&Value::Bool(false), &"active".into()));
    assert_eq!((&connection["failures"], &connection["error"]), (&0.into(), &Value::Null));
    assert!(connection["lag_seconds"].as_u64().unwrap() < 600, "{connection}");
    assert_eq!(connection["models"].as_array().unwrap().len(), 5);

    home.write(
        "connections/sandbox.yaml",
        &home.read("connections/sandbox.yaml").replace("remote_data", "paused: true, remote_data"),
    );
    Engine::start(&home, &[]).end();
    let run = home.expect(1, &["status"]);
    assert!(run.stdout.contains("sandbox: inactive: its file says `paused`"), "{}", run.stdout);
}

#[test]
fn a_running_engine_says_when_a_connection_fails_and_how_often() {
    let home = unreachable();
    let mut command = home.command(&["run"]);
    command.env("TEST_CLIENT_ID", "id").env("TEST_CLIENT_SECRET", "very-secret");
    let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    let connection = loop {
        let status: Option<Value> = serde_json::from_str(&home.run(&["status", "--json"]).stdout).ok();
        if let Some(status) = status
            && status["running"] == true
            && status["connections"][0]["failures"] == 1
        {
            break status["connections"][0].clone();
        }
        assert!(std::time::Instant::now() < end, "{:?}", home.run(&["status"]).stdout);
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    let shown = home.expect(0, &["status"]).stdout;
    let figures = home.expect(0, &["status", "--metrics"]).stdout;
    process.kill().unwrap();
    process.wait().unwrap();
    assert_eq!((&connection["state"], &connection["read_at"]), (&"active".into(), &Value::Null));
    assert!(connection["error"].as_str().unwrap().contains("unavailable"), "{connection}");
    assert!(connection["sync"]["next_at"].is_string(), "{connection}");
    assert!(shown.contains(", failed") && shown.contains("local: the last sync did not come to its end"), "{shown}");
    assert!(!shown.contains("very-secret"));
    for figure in [
        "crosswalk_syncs_total{connection=\"local\",outcome=\"failed\"} 1",
        "crosswalk_connection_failures{connection=\"local\"} 1",
        "crosswalk_connection_state{connection=\"local\",state=\"active\"} 1",
        "crosswalk_connection_state{connection=\"local\",state=\"invalid\"} 0",
    ] {
        assert!(figures.contains(figure), "{figure} is not in\n{figures}");
    }
    assert!(!figures.contains("crosswalk_lag_seconds{"), "nothing was ever read\n{figures}");
}

#[test]
fn the_figures_of_a_synced_engine_are_those_of_its_records() {
    let home = TempHome::new();
    let engine = Engine::start_synced(&home);
    let figures = home.expect(0, &["status", "--metrics"]).stdout;
    assert_eq!(engine.end().code, Some(0));
    let value = |figure: &str| -> f64 {
        let line = figures.lines().find(|line| line.starts_with(figure));
        line.unwrap_or_else(|| panic!("{figure} is not in\n{figures}")).rsplit(' ').next().unwrap().parse().unwrap()
    };
    let jobs = records(&home.expect(0, &["list", "jobs", "--json"]).stdout).len() as f64;
    // Some came flagged as deleted.
    assert!(value("crosswalk_records_total{connection=\"sandbox\",model=\"jobs\",what=\"fetched\"}") >= jobs);
    assert_eq!(value("crosswalk_records_total{connection=\"sandbox\",model=\"jobs\",what=\"created\"}"), jobs);
    assert_eq!(value("crosswalk_syncs_total{connection=\"sandbox\",outcome=\"complete\"}"), 1.0);
    assert!(value("crosswalk_pages_total{connection=\"sandbox\",model=\"jobs\"}") >= 1.0);
    assert_eq!(value("crosswalk_sync_seconds_count{connection=\"sandbox\"}"), 1.0);
    assert!(value("crosswalk_lag_seconds{connection=\"sandbox\"}") < 600.0);
    assert!(value("crosswalk_next_sync_timestamp_seconds{connection=\"sandbox\"}") > 1.7e9);
    assert!(value("crosswalk_store_bytes") > 10_000.0 && value("crosswalk_events_stored") > 4.0);
    assert!(figures.contains("# HELP crosswalk_lag_seconds How old what is stored is"), "{figures}");
}

#[test]
fn history_lists_the_runs_and_why_they_ended() {
    let home = TempHome::new();
    home.sync();
    home.sync();
    let runs = records(&home.expect(0, &["history", "--json"]).stdout);
    assert_eq!(runs.len(), 10);
    let jobs = records(&home.expect(0, &["history", "sandbox", "--model", "jobs", "--json"]).stdout);
    assert_eq!(jobs.len(), 2);
    assert_eq!((&jobs[0]["created"], &jobs[0]["state"]), (&0.into(), &"complete".into()));
    assert_eq!(jobs[1]["fetched"], jobs[1]["announced"]);
    assert!(jobs[1]["created"].as_u64().unwrap() > 50, "{}", jobs[1]);
    assert!(jobs[0]["id"].as_i64() > jobs[1]["id"].as_i64() && jobs[0]["seconds"].as_f64().unwrap() >= 0.0);
    let shown = home.expect(0, &["history", "--limit", "1"]).stdout;
    assert!(shown.contains("applications") && shown.contains("complete"), "{shown}");
    let wrong = home.expect(2, &["history", "sandbx"]);
    assert!(wrong.stderr.contains("did you mean `sandbox`?"), "{}", wrong.stderr);
}

#[test]
fn a_log_for_programs_has_one_object_a_line_and_knows_where_it_is() {
    let home = TempHome::new();
    let engine = Engine::start_synced_with(&home, &["--log", "debug", "--log-format", "json"]);
    let run = engine.end();
    let lines = records(&run.stderr);
    let said = |message: &str| lines.iter().find(|line| line["message"] == message);
    let synced = said("synced").unwrap();
    assert_eq!((&synced["level"], &synced["connection"]), (&"INFO".into(), &"sandbox".into()));
    assert!(synced["milliseconds"].is_u64() && synced["fetched"].as_u64().unwrap() > 100, "{synced}");
    let answered =
        lines.iter().find(|line| line["message"] == "answered" && line["spans"].as_array().unwrap().len() == 4);
    let names: Vec<&str> =
        answered.unwrap()["spans"].as_array().unwrap().iter().map(|span| span["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["sync", "model", "page", "request"]);
    assert_eq!(answered.unwrap()["spans"][0]["connection"], "sandbox");
    assert!(said("ended; what was under way goes on there the next time").is_some(), "{}", run.stderr);
    let ids: Vec<String> = records(&home.expect(0, &["list", "candidates", "--json"]).stdout)
        .iter()
        .filter_map(|record| Some(format!("\"{}\"", record["remote_id"].as_str()?)))
        .collect();
    assert!(ids.len() > 20 && !ids.iter().any(|id| run.stderr.contains(id)), "the log has ids of persons");

    let wrong = home.expect(2, &["sync", "nobody", "--log-format", "json"]);
    assert_eq!(records(&wrong.stderr)[0]["level"], "ERROR");
}

#[test]
fn watching_says_what_changes() {
    let home = TempHome::new();
    home.sync();
    let mut command = home.command(&["status", "--watch"]);
    let mut watching = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    assert!(first.contains(" sandbox: active, idle; last sync "), "{first}");
    home.write_sandbox("seed: 7, candidates: 61");
    home.expect(0, &["sync", "sandbox", "--model", "users"]);
    home.write(
        "connections/sandbox.yaml",
        &home.read("connections/sandbox.yaml").replace("remote_data", "paused: true, remote_data"),
    );
    Engine::start(&home, &["--no-sync"]).end();
    assert!(lines.any(|line| line.contains(" sandbox: inactive, ")));
    interrupt(&watching);
    let run = Run::of(&watching.wait_with_output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
}
