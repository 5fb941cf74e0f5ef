//! `plan`, `revisions` and `rollback`.

use serde_json::Value;

use crate::assert_screen;
use crate::copy::copy;
use crate::home::TempHome;

const JOBS: &str = "mappings/carerix/jobs.yaml";
const TABLE: &str = "mappings/carerix/tables/job_status.yaml";

fn plan(home: &TempHome, code: i32, arguments: &[&str]) -> Value {
    let run = home.expect(code, &[&["plan", "sandbox", "--json"], arguments].concat());
    serde_json::from_str(&run.stdout).unwrap()
}

/// All that the store holds.
async fn store(home: &TempHome) -> (Vec<String>, Vec<i64>) {
    let mut counts = Vec::new();
    for table in ["SELECT count(*) FROM syncs", "SELECT count(*) FROM revisions", "SELECT count(*) FROM events"] {
        counts.push(sqlx::query_scalar(table).fetch_one(&mut home.database().await).await.unwrap());
    }
    (home.contents().await, counts)
}

#[tokio::test]
async fn a_plan_says_what_would_change_and_changes_nothing() {
    let home = TempHome::new();
    home.sync();
    let before = store(&home).await;
    assert_eq!(
        home.expect(0, &["plan"]).stdout,
        "sandbox: the present files against what is stored\n  no record becomes other\n"
    );

    home.edit(
        JOBS,
        "    - { path: toStatusNode.value, keywords: job_status, otherwise: keep }",
        "    - { path: toStatusNode.value, keywords: job_status, otherwise: null }",
    );
    home.edit(JOBS, "  department: agency.name", "  department: agency._id");
    let told = plan(&home, 10, &[]);
    let jobs = &told["models"][0];
    assert_eq!((&jobs["model"], &jobs["new_paths"]), (&"jobs".into(), &serde_json::json!(["agency._id"])));
    assert_eq!((&jobs["unknown_fields"], &jobs["waiting"]), (&serde_json::json!(["department"]), &jobs["records"]));
    let fields: Vec<&str> =
        jobs["fields"].as_array().unwrap().iter().map(|field| field["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["status"], "what is not known yet is not guessed");
    assert_screen!("plan", home.expect(10, &["plan", "sandbox"]).stdout);
    let quiet = plan(&home, 10, &["--samples", "0"]);
    assert_eq!(quiet["models"][0]["fields"][0]["samples"], serde_json::json!([]));

    home.edit(JOBS, "agency._id", "agency.nam");
    let broken = home.expect(2, &["plan"]);
    assert!(broken.stderr.contains("unknown field `nam`"), "{}", broken.stderr);
    assert_eq!(store(&home).await, before, "nothing is written");

    // What it said is what happens.
    home.edit(JOBS, "agency.nam", "agency.name");
    let told = plan(&home, 10, &["--samples", "1000"]);
    let status = &told["models"][0]["fields"][0];
    let event = home.sync();
    assert_eq!(event["remapped"][0]["model"], "jobs");
    assert_eq!(status["changed"], event["remapped"][0]["changed"]);
    for sample in status["samples"].as_array().unwrap() {
        let job = home.expect(0, &["get", "jobs", sample["id"].as_str().unwrap(), "--json"]).stdout;
        assert_eq!(serde_json::from_str::<Value>(&job).unwrap()["status"], sample["after"]);
    }
    plan(&home, 0, &[]);
}

#[test]
fn a_plan_compares_with_another_folder_or_an_earlier_revision() {
    let home = TempHome::new();
    home.sync();
    let other = tempfile::tempdir().unwrap();
    for folder in ["mappings", "scripts"] {
        copy(&home.path().join(folder), &other.path().join(folder));
    }
    home.edit(JOBS, "  department: agency.name", "  department: { value: Everywhere }");
    let folder = other.path().to_str().unwrap();
    let told = plan(&home, 10, &["--against", folder]);
    assert_eq!(told["models"][0]["fields"][0]["field"], "department");
    home.sync();
    plan(&home, 0, &[]);
    plan(&home, 10, &["--against", folder]);

    let first = revisions(&home).pop().unwrap();
    let hash = first["revision"].as_str().unwrap();
    let told = plan(&home, 10, &["--against", &hash[..6]]);
    assert_eq!(told["against"], hash);
    assert_eq!(told["models"][0]["fields"][0]["field"], "department");
    let unknown = home.expect(2, &["plan", "sandbox", "--against", "zzzz"]);
    assert!(unknown.stderr.contains("never ran with one certain revision `zzzz`"), "{}", unknown.stderr);
}

fn revisions(home: &TempHome) -> Vec<Value> {
    let lines = home.expect(0, &["revisions", "sandbox", "--json"]).stdout;
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_rollback_puts_files_back_and_loses_no_edit() {
    let home = TempHome::new();
    let (jobs, table) = (home.read(JOBS), home.read(TABLE));
    home.sync();
    home.edit(JOBS, "  department: agency.name", "  department: { value: Everywhere }");
    home.write("mappings/carerix/tables/more.yaml", "lookup:\n  A: [b]\n");
    home.write(TABLE, &format!("{table}# Another line.\n"));
    home.sync();
    let listed = revisions(&home);
    assert_eq!(listed.len(), 2);
    assert_eq!(listed[0]["changed"]["fields"], serde_json::json!({"jobs": ["department"]}));
    let files = serde_json::json!([JOBS, TABLE, "mappings/carerix/tables/more.yaml"]);
    assert_eq!(listed[0]["changed"]["files"], files);
    let first = listed[1]["revision"].as_str().unwrap();

    let nobody = home.expect(2, &["rollback", "sandbox", first]);
    assert!(nobody.stderr.contains("there is nobody to ask"), "{}", nobody.stderr);
    home.write(TABLE, &format!("{table}# An edit that nothing ran with.\n"));
    let refused = home.expect(2, &["rollback", "sandbox", first, "--yes"]);
    assert!(refused.stderr.contains("1 of these files hold edits that no kept revision has"), "{}", refused.stderr);
    assert!(home.read(TABLE).contains("An edit that nothing ran with"));

    let done = home.expect(0, &["rollback", "sandbox", first, "--yes", "--force"]);
    assert!(done.stdout.contains("remove   mappings/carerix/tables/more.yaml"), "{}", done.stdout);
    assert_eq!((home.read(JOBS), home.read(TABLE)), (jobs, table));
    assert!(!home.path().join("mappings/carerix/tables/more.yaml").exists());
    let again = home.expect(0, &["rollback", "sandbox", first, "--yes"]);
    assert!(again.stdout.contains("already"), "{}", again.stdout);
    // And forward again.
    let second = listed[0]["revision"].as_str().unwrap();
    home.expect(0, &["rollback", "sandbox", second, "--yes"]);
    assert!(home.read(JOBS).contains("Everywhere"));
}
