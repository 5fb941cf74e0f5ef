//! `crosswalk explain`: what it shows, and that it is what was mapped.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crosswalk::connector::{Connection, Home, Revision};
use crosswalk::mapping::{Context, Plan};
use crosswalk::model::{Kind, MODELS};
use crosswalk::store::ListQuery;
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection as _};

use crate::assert_screen;
use crate::home::{ROOT, Run, TempHome, crosswalk, usual_tenant};

const NOW: &str = "2026-11-20T11:00:00Z";

/// What the cases that come with the engine show in a terminal of this width.
fn case(width: &str, model: &str, case: &str, arguments: &[&str]) -> String {
    let mut all = vec!["explain", model, "--case", case, "--connection", "sandbox", "--now", NOW];
    all.extend(arguments);
    let run = Run::of(&crosswalk(&all).current_dir(ROOT).env("COLUMNS", width).output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    run.stdout
}

fn fits(text: &str, width: usize) {
    for line in text.lines() {
        assert!(console::measure_text_width(line) <= width, "{line}");
    }
}

#[test]
fn a_summary_has_every_field() {
    for width in [60, 100] {
        for (model, name) in [("jobs", "unknown_labels"), ("candidates", "phones")] {
            let text = case(&width.to_string(), model, name, &[]);
            fits(&text, width);
            assert_screen!(format!("explain_{model}_{width}"), text);
        }
    }
}

#[test]
fn a_field_is_explained_step_by_step() {
    for (model, name, field) in [
        ("jobs", "part_time_by_hours", "employment_type"),
        ("jobs", "unknown_labels", "salary_currency"),
        ("jobs", "closed_with_open_publication", "visibility"),
        ("jobs", "owner_on_the_team", "hiring_team"),
        ("jobs", "postings", "opened_at"),
        ("jobs", "full", "location.country"),
        ("jobs", "full", "stages"),
        ("candidates", "phones", "phone_numbers[0].type"),
        ("candidates", "emails", "email_addresses[0]"),
    ] {
        for width in [60, 100] {
            let text = case(&width.to_string(), model, name, &["--field", field]);
            fits(&text, width);
            let field = field.replace(['.', '[', ']'], "_");
            assert_screen!(format!("explain_{model}_{field}_{width}"), text);
        }
    }
}

#[test]
fn programs_get_json() {
    let all: Value = serde_json::from_str(&case("60", "jobs", "full", &["--json"])).unwrap();
    assert_eq!((&all["model"], &all["remote_id"], &all["stored"]), (&"jobs".into(), &"34".into(), &Value::Null));
    let field = case("60", "application_stages", "full", &["--json", "--field", "name"]);
    assert_screen!("explain_json", field);
    let entry = case("60", "candidates", "phones", &["--json", "--field", "phone_numbers[0]"]);
    let entry: Value = serde_json::from_str(&entry).unwrap();
    assert_eq!((entry["items"].as_array().unwrap().len(), &entry["items"][0]["entry"]), (1, &0.into()));
}

#[test]
fn a_raw_record_may_come_from_a_file_or_from_stdin() {
    let path = "tests/cases/jobs/full.json";
    let arguments = ["explain", "jobs", path, "--connection", "sandbox", "--now", NOW, "--field", "name"];
    let by_path = Run::of(&crosswalk(&arguments).current_dir(ROOT).output().unwrap()).stdout;
    let by_name = Run::of(
        &crosswalk(&[
            "explain",
            "jobs",
            "--case",
            "jobs/full",
            "--connection",
            "sandbox",
            "--now",
            NOW,
            "--field",
            "name",
        ])
        .current_dir(ROOT)
        .output()
        .unwrap(),
    );
    assert_eq!(by_path, by_name.stdout);
    let mut child = crosswalk(&["explain", "jobs", "-", "--connection", "sandbox", "--now", NOW, "--field", "name"])
        .current_dir(ROOT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let raw = std::fs::read(Path::new(ROOT).join(path)).unwrap();
    child.stdin.take().unwrap().write_all(&raw).unwrap();
    assert_eq!(Run::of(&child.wait_with_output().unwrap()).stdout, by_path);
}

#[test]
fn a_stored_record_is_compared_with_what_the_files_say_now() {
    let home = TempHome::new();
    home.sync();
    let job = &crate::home::records(&home.lists()["jobs"])[0];
    let id = job["remote_id"].as_str().unwrap();
    let same = home.expect(0, &["explain", "jobs", id, "--json"]);
    let same: Value = serde_json::from_str(&same.stdout).unwrap();
    assert_eq!(
        (&same["stored"]["revision"], &same["stored"]["differs"]),
        (&same["revision"], &Value::Array(Vec::new()))
    );
    assert_eq!(same["id"], job["id"]);
    let stages = |explanation: &Value| {
        let fields = explanation["fields"].as_array().unwrap();
        fields.iter().find(|field| field["name"] == "stages").unwrap()["value"].clone()
    };
    assert_eq!(stages(&same), job["stages"]);

    home.edit("mappings/carerix/jobs.yaml", "department: agency.name", "department: { value: Office }");
    let edited = home.expect(0, &["explain", "jobs", job["id"].as_str().unwrap(), "--field", "department"]);
    let now = format!("  department: stored {}, now \"Office\"\n", job["department"]);
    assert!(edited.stdout.contains(&now), "{}", edited.stdout);
    assert!(edited.stdout.contains(same["revision"].as_str().unwrap()), "{}", edited.stdout);

    home.edit("mappings/carerix/jobs.yaml", "name: [jobTitle,", "name: [jobTittle,");
    let run = home.expect(2, &["explain", "jobs", id]);
    assert!(run.stderr.contains("--> mappings/carerix/jobs.yaml:"), "{}", run.stderr);
}

#[test]
fn a_record_that_never_mapped_is_explained() {
    let home = TempHome::new();
    let mapping = "mappings/carerix/users.yaml";
    home.edit(
        mapping,
        "  remote_id: _id\n  first_name",
        "  remote_id: { path: _id, when: isActive = 7 }\n  first_name",
    );
    home.expect(1, &["sync", "sandbox", "--model", "users"]);
    let run = home.expect(0, &["explain", "users", "112", "--now", NOW, "--field", "remote_id"]);
    assert_screen!("explain_never_mapped", run.stdout);
}

#[test]
fn a_record_that_does_not_map_is_explained() {
    let home = TempHome::new();
    home.write("job.json", r#"{"_id": " ", "jobTitle": "Lasser"}"#);
    let run = home.expect(0, &["explain", "jobs", "job.json", "--now", NOW]);
    assert_screen!("explain_unmapped", run.stdout);
    home.write("job.json", "no JSON");
    let run = home.expect(2, &["explain", "jobs", "job.json", "--now", NOW]);
    assert!(run.stderr.starts_with("error: job.json is not one JSON object: "), "{}", run.stderr);
}

#[tokio::test]
async fn wrong_questions_are_answered_with_what_to_do() {
    let home = TempHome::new();
    home.expect(0, &["sync", "sandbox", "--model", "users"]);
    home.write("user.json", r#"{"_id": "7"}"#);
    let said = |arguments: &[&str]| {
        let run = home.expect(2, arguments);
        assert_eq!(run.stdout, "");
        format!("$ crosswalk {}\n{}\n", arguments.join(" "), run.stderr)
    };
    let mut screen = String::new();
    for arguments in [
        &["explain", "users", "0"][..],
        &["explain", "users", "user.json", "--field", "frst_name"],
        &["explain", "users", "user.json", "--field", "system_roles[0]"],
        &["explain", "users", "no-such.json"],
        &["explain", "users", "--case", "full"],
        &["explain", "users", "7", "--now", "yesterday"],
        &["explain", "users"],
        &["explain", "users", "7", "--connection", "sandbux"],
    ] {
        screen.push_str(&said(arguments));
    }
    let user = &crate::home::records(&home.expect(0, &["list", "users", "--json"]).stdout)[0];
    let options = SqliteConnectOptions::new().filename(home.store());
    let mut database = options.connect().await.unwrap();
    sqlx::query("DELETE FROM raw").execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    let id = user["remote_id"].as_str().unwrap();
    screen.push_str(&said(&["explain", "users", id]));
    assert_screen!("explain_wrong_usage", screen);
}

#[test]
fn nothing_that_was_sent_reaches_the_terminal_as_a_command() {
    let home = TempHome::new();
    home.write("job.json", r#"{"_id": "7", "jobTitle": "\u001b[2J\u009bgone\u0007", "workCity": "\u202e x"}"#);
    for arguments in [&["explain", "jobs", "job.json"][..], &["explain", "jobs", "job.json", "--field", "name"]] {
        let run = home.expect(0, arguments);
        assert!(!run.stdout.replace('\n', "").contains(char::is_control), "{:?}", run.stdout);
    }
    let painted = home.expect(0, &["explain", "jobs", "job.json", "--color", "always"]);
    assert!(painted.stdout.contains('\u{1b}'));
}

/// An explanation must give what mapping gives.
fn agree(plan: &Plan, raw: &str, name: &str) {
    let context = Context::new("sandbox", NOW.parse().unwrap());
    let explanation = plan.explain(raw, &context);
    let mapped = plan.map(raw, &context).unwrap_or_else(|failure| panic!("{name}: {failure}"));
    let unified: Value = serde_json::from_slice(&mapped.unified).unwrap();
    let shown = |field: &&crosswalk::model::Field| !matches!(field.kind, Kind::Members(_));
    for field in plan.model().fields.iter().filter(shown) {
        let explained = explanation.find(field.name).unwrap().field;
        assert_eq!(explained.value, unified[field.name], "{name}: {}", field.name);
    }
    assert_eq!(explanation.issues, mapped.issues, "{name}");
    assert_eq!(explanation.group.and_then(|group| group.value), mapped.group, "{name}");
    assert_eq!(explanation.deletion.is_some_and(|deletion| deletion.deleted), mapped.deleted, "{name}");
}

fn revision() -> Revision {
    let home = Home::new(ROOT);
    let connection = Connection::load(&home, "sandbox").unwrap_or_else(|report| panic!("{report}"));
    Revision::load(&home, &connection).unwrap_or_else(|report| panic!("{report}"))
}

#[test]
fn every_case_is_explained_as_it_is_mapped() {
    let revision = revision();
    for plan in revision.plans() {
        for entry in std::fs::read_dir(Path::new(ROOT).join("tests/cases").join(plan.model().name)).unwrap() {
            let path = entry.unwrap().path();
            agree(plan, &std::fs::read_to_string(&path).unwrap(), &path.display().to_string());
        }
    }
}

#[tokio::test]
async fn records_of_the_sandbox_are_explained_as_they_are_mapped() {
    // Every how many records of a model one is looked at.
    const STEP: usize = 17;
    let revision = revision();
    let engine = usual_tenant().engine().await;
    for model in MODELS {
        let query = ListQuery { include_deleted: true, limit: 10_000, ..ListQuery::new(model) };
        let records = engine.store().list(query).await.unwrap();
        assert!(records.len() > STEP);
        for record in records.iter().step_by(STEP) {
            let raw = String::from_utf8(engine.store().raw(record.key).await.unwrap().unwrap()).unwrap();
            agree(revision.plan(model).unwrap(), &raw, &format!("{} {}", model.name, record.remote_id));
        }
    }
}

#[test]
fn the_example_of_the_documentation_is_true() {
    let docs = std::fs::read_to_string(Path::new(ROOT).join("docs/mapping.md")).unwrap();
    let section = docs.split("## Why has a field its value?").nth(1).unwrap();
    let shown = section.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let text = case("100", "jobs", "part_time_by_hours", &["--field", "employment_type"]);
    assert_eq!(text.split_once("\n\n").unwrap().1, shown);
}
