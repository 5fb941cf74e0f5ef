//! What a connection says in the place of the connector: fields, conditions, tables, scripts and custom fields.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::assert_screen;
use crate::home::{Run, TempHome, records};

const OVERLAY: &str = "\
# The client matters more than the office.
model: jobs
read: { where: isTemplate = 0 and isOpenApplication = 0 }
scripts: [acme]
conditions:
  concealed: isAnonymous = 1
fields:
  department: toCompany.name # as agreed with the customer
  category: null
  job_code: { call: code, args: [vacancyNo, vacancyID] }
";

const FREE: &str = "\
model: candidates
custom_fields:
  fields:
    driving_licence: { field: Rijbewijs, type: choice }
    languages: { field: Talen, type: choices }
    travel_km: { field: Reisafstand (km), type: integer }
    last_talk: { field: Laatste gesprek, type: date }
    motivation: { field: Motivatie, type: text }
";

fn overlaid() -> TempHome {
    let home = TempHome::new();
    let connection = std::fs::read_to_string(home.path().join("connections/sandbox.yaml")).unwrap();
    home.write("connections/sandbox.yaml", &format!("{connection}overlay: acme\n"));
    for folder in ["connections/acme/tables", "connections/acme/scripts"] {
        std::fs::create_dir_all(home.path().join(folder)).unwrap();
    }
    home.write("connections/acme/jobs.yaml", OVERLAY);
    home.write("connections/acme/tables/job_status.yaml", "keywords:\n  CLOSED: [wacht]\n  DRAFT: null\n");
    home.write("connections/acme/scripts/acme.rhai", "fn code(number, id) {\n    `ACME-${number ?? id}`\n}\n");
    home
}

fn by_remote_id(home: &TempHome, model: &str) -> BTreeMap<String, Value> {
    let list = records(&home.expect(0, &["list", model, "--json", "--limit", "1000"]).stdout);
    list.into_iter().map(|record| (record["remote_id"].as_str().unwrap().to_owned(), record)).collect()
}

#[test]
fn an_overlay_changes_what_it_names_and_nothing_else() {
    let plain = TempHome::new();
    plain.sync();
    let before = by_remote_id(&plain, "jobs");
    let home = overlaid();
    home.expect(0, &["check", "sandbox", "--strict"]);
    home.sync();
    let after = by_remote_id(&home, "jobs");
    assert!(after.len() < before.len(), "open applications are left out");
    let mut departments = 0;
    for (id, job) in &after {
        let named = ["category", "department", "job_code", "visibility", "confidential", "status"];
        let others = |job: &Value| {
            let job = job.as_object().unwrap().iter();
            let by_nature = ["changed_at", "remote_data"];
            let kept = job.filter(|(key, _)| !named.contains(&key.as_str()) && !by_nature.contains(&key.as_str()));
            kept.map(|(key, value)| (key.clone(), value.clone())).collect::<BTreeMap<_, _>>()
        };
        for (key, value) in others(&before[id]) {
            assert!(others(job)[&key] == value, "{key} of {id}");
        }
        assert_eq!(job["category"], Value::Null);
        assert_eq!(job["department"], job["remote_data"]["jobs"]["toCompany"]["name"]);
        assert!(job["job_code"].as_str().unwrap().starts_with("ACME-"));
        departments += usize::from(job["department"].is_string());
    }
    assert!(departments > 0);
    assert_eq!(by_remote_id(&home, "users").len(), by_remote_id(&plain, "users").len());
}

#[test]
fn every_tool_says_which_file_a_rule_came_from() {
    let home = overlaid();
    let run = Run::of(&home.command(&["coverage"]).env("COLUMNS", "100").output().unwrap());
    let jobs: Vec<&str> = run.stdout.split("\n\n").filter(|part| part.starts_with("jobs, ")).collect();
    assert_screen!("coverage_overlay", jobs.concat());
    let coverage: Value = serde_json::from_str(&home.expect(0, &["coverage", "--format", "json"]).stdout).unwrap();
    let jobs = coverage.as_array().unwrap().iter().find(|model| model["model"] == "jobs").unwrap();
    let department = jobs["fields"].as_array().unwrap().iter().find(|field| field["field"] == "department").unwrap();
    assert_eq!(department["place"], "connections/acme/jobs.yaml:8");
    assert!(department["replaces"].as_str().unwrap().starts_with("mappings/carerix/jobs.yaml:"));
    assert_eq!(department["note"], "as agreed with the customer");

    home.edit("connections/acme/jobs.yaml", "toCompany.name", "toCompany.nam");
    home.edit("connections/acme/scripts/acme.rhai", "number ?? id", "numbr(id)");
    let run = home.expect(2, &["sync", "sandbox"]);
    assert_screen!("overlay_mistakes", run.stderr);
}

#[test]
fn custom_fields_have_names_types_and_labels() {
    let home = TempHome::new();
    let connection = std::fs::read_to_string(home.path().join("connections/sandbox.yaml")).unwrap();
    home.write("connections/sandbox.yaml", &format!("{connection}overlay: acme\n"));
    std::fs::create_dir(home.path().join("connections/acme")).unwrap();
    home.write("connections/acme/candidates.yaml", FREE);
    home.expect(0, &["check", "sandbox", "--strict"]);
    let report = home.sync();
    assert_eq!(report["total"]["failed"], 0, "{report}");
    let candidates = by_remote_id(&home, "candidates");
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for candidate in candidates.values() {
        let custom = &candidate["custom_fields"];
        let Some(custom) = custom.as_object() else { continue };
        let keys: Vec<&str> = custom.keys().map(String::as_str).filter(|key| !key.starts_with('_')).collect();
        let expected = ["driving_licence", "languages", "last_talk", "motivation", "travel_km"];
        assert_eq!(keys, expected, "every configured key is always there");
        for (key, value) in custom.iter().filter(|(_, value)| !value.is_null()) {
            let fits = match key.as_str() {
                "driving_licence" | "motivation" => {
                    value.is_string() && value.as_str().unwrap().parse::<u64>().is_err()
                }
                "languages" => {
                    value.as_array().unwrap().iter().all(|one| one.as_str().unwrap().parse::<u64>().is_err())
                }
                "travel_km" => value.is_i64(),
                "last_talk" => *value == json!("2026-10-02"),
                _ => true,
            };
            assert!(fits, "{key}: {value}");
            *seen.entry(expected.iter().find(|known| *known == key).unwrap_or(&"other")).or_default() += 1;
        }
    }
    assert_eq!(seen.len(), 6, "each came, and so did others: {seen:?}");
    // Nothing changes when nothing changed, labels included.
    assert_eq!(home.sync()["total"]["changed"], 0);
}
