//! A tenant is read, read again, and read with an edited mapping.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crosswalk::model::MODELS;
use serde_json::{Value, json};

use crate::assert_screen;
use crate::home::{TempHome, counts, records, usual_tenant};

#[test]
fn the_sandbox_is_read_and_told_of() {
    let home = TempHome::new();
    let run = home.expect(0, &["sync", "sandbox"]);
    assert_screen!("sync", run.stdout);
    assert_screen!("sync_messages", run.stderr);

    let narrow = home.command(&["sync", "sandbox", "--full"]).env("COLUMNS", "60").output().unwrap();
    assert_screen!("sync_60", String::from_utf8(narrow.stdout).unwrap());
}

#[test]
fn reading_an_unchanged_tenant_again_changes_nothing() {
    let home = TempHome::new();
    let first = home.sync();
    let before = home.lists();
    let changes = home.sync();
    let second: Value = serde_json::from_str(&home.expect(0, &["sync", "sandbox", "--full", "--json"]).stdout).unwrap();
    for count in ["created", "changed", "deleted", "failed"] {
        assert_eq!(changes["total"][count], 0, "{count}");
        assert_eq!(second["total"][count], 0, "{count}");
    }
    assert_eq!(counts(&changes, "jobs")["read"], "changes");
    assert_eq!(counts(&changes, "jobs")["fetched"], 0);
    assert_eq!(counts(&changes, "users")["read"], "all");
    let all = first["total"]["created"].as_u64().unwrap() + first["total"]["deleted"].as_u64().unwrap();
    assert_eq!(second["total"]["unchanged"], all);
    assert_eq!(home.lists(), before, "no byte differs, `changed_at` included");
}

#[test]
fn every_field_of_every_model_is_filled_in_some_record_of_the_usual_sandbox() {
    // Stages have no free fields, and matches no address in the user interface; the mappings say so.
    let without_a_source = BTreeSet::from(["application_stages.custom_fields", "applications.remote_url"]);
    let is_filled = |value: &Value| !value.is_null() && *value != json!([]) && *value != json!({});
    for (model, lines) in usual_tenant().lists() {
        let records = records(&lines);
        let fields = MODELS.iter().find(|known| known.name == model).unwrap().fields.iter().map(|field| field.name);
        for field in fields.chain(["id", "changed_at", "remote_data"]) {
            assert!(records.iter().all(|record| record.get(field).is_some()), "{model}.{field} is in every record");
            let name = format!("{model}.{field}");
            let is_used = records.iter().any(|record| is_filled(&record[field]));
            assert_eq!(is_used, !without_a_source.contains(name.as_str()), "{name}");
        }
    }
}

#[test]
fn jobs_show_their_stages_in_order() {
    let jobs = records(&usual_tenant().lists()["jobs"]);
    for job in &jobs {
        let indices: Vec<i64> =
            job["stages"].as_array().unwrap().iter().map(|stage| stage["index"].as_i64().unwrap_or(i64::MAX)).collect();
        assert!(!indices.is_empty(), "{} has no stages", job["remote_id"]);
        assert!(indices.is_sorted(), "{}: {indices:?}", job["remote_id"]);
    }
    let sets: BTreeSet<String> = jobs.iter().map(|job| job["stages"].to_string()).collect();
    assert!(sets.len() > 1, "not every job has the same stages");
}

#[test]
fn references_lead_to_records() {
    let lists = usual_tenant().lists();
    let ids = |model: &str| -> BTreeSet<String> {
        records(&lists[model]).iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
    };
    let (stages, jobs, users) = (ids("application_stages"), ids("jobs"), ids("users"));
    let found = |field: &str, model: &str, known: &BTreeSet<String>| {
        let all: Vec<Value> = records(&lists[model]).into_iter().map(|mut record| record[field].take()).collect();
        let known = all.iter().filter_map(Value::as_str).filter(|id| known.contains(*id)).count();
        (known, all.iter().filter(|id| id.is_string()).count())
    };
    let (known, all) = found("current_stage_id", "applications", &stages);
    assert_eq!(known, all, "every application is in a stage that was read");
    for (field, model, targets) in [("job_id", "applications", &jobs), ("contact_id", "jobs", &users)] {
        let (known, all) = found(field, model, targets);
        assert!(known * 10 >= all * 8, "{model}.{field}: {known} of {all}; what was deleted is not listed");
    }
}

#[test]
fn an_edited_line_shows_at_the_next_sync() {
    let home = TempHome::new();
    home.sync();
    let before = home.lists();
    home.edit("mappings/carerix/jobs.yaml", "department: agency.name", "department: toCompany.name");
    let report = home.sync();
    let after = home.lists();

    let jobs = |lists: &str| records(lists);
    let pairs: Vec<(Value, Value)> = jobs(&before["jobs"]).into_iter().zip(jobs(&after["jobs"])).collect();
    let edited = pairs.iter().filter(|(before, after)| before["department"] != after["department"]).count();
    assert!(edited > 0);
    for (mut before, mut after) in pairs {
        assert_eq!(after["department"], after["remote_data"]["jobs"]["toCompany"]["name"]);
        assert_eq!(before["department"] == after["department"], before["changed_at"] == after["changed_at"]);
        for field in ["department", "changed_at", "remote_data"] {
            before[field].take();
            after[field].take();
        }
        assert_eq!(before, after, "nothing else changed");
    }
    let [remapped] = report["remapped"].as_array().unwrap().as_slice() else { panic!("{report}") };
    let changed_jobs = remapped["changed"].as_u64().unwrap() as usize;
    assert!((edited..=edited + 10).contains(&changed_jobs), "{edited} listed, {changed_jobs} with the deleted ones");
    assert_eq!((&remapped["model"], &report["total"]["changed"]), (&"jobs".into(), &0.into()));
    for model in ["users", "application_stages", "candidates", "applications"] {
        assert_eq!(before[model], after[model]);
    }
}

#[test]
fn some_models_can_be_read_alone() {
    let home = TempHome::new();
    let arguments = ["sync", "sandbox", "--model", "users", "--model", "jobs", "--json"];
    let report: Value = serde_json::from_str(&home.expect(0, &arguments).stdout).unwrap();
    let read: Vec<&str> =
        report["models"].as_array().unwrap().iter().map(|model| model["model"].as_str().unwrap()).collect();
    assert_eq!(read, ["users", "jobs"]);
    assert_eq!(home.lists()["candidates"], "");
}

#[test]
fn a_list_is_continued_where_it_ended() {
    let home = usual_tenant();
    let whole = home.expect(0, &["list", "jobs", "--json"]).stdout;
    let mut parts = String::new();
    let mut after: Option<String> = None;
    loop {
        let mut arguments = vec!["list", "jobs", "--limit", "40"];
        arguments.extend(after.iter().flat_map(|after| ["--after", after]));
        let table = home.expect(0, &arguments).stdout;
        arguments.push("--json");
        parts.push_str(&home.expect(0, &arguments).stdout);
        match table.lines().find_map(|line| line.strip_prefix("next: crosswalk list jobs --limit 40 --after ")) {
            Some(cursor) => after = Some(cursor.to_owned()),
            None => break,
        }
    }
    assert_eq!(parts, whole);
    assert_eq!(whole.lines().count(), 105);
}

#[test]
fn a_reader_who_has_seen_enough_ends_the_command_quietly() {
    let mut child = usual_tenant()
        .command(&["list", "candidates", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}
