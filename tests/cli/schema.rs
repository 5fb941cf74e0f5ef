//! The schemas for editors, and the source's own types.

use std::path::Path;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use crosswalk::sandbox::{Options, Sandbox};
use serde_json::json;

use crate::assert_screen;
use crate::home::{ROOT, Run, TempHome};

const TYPES: &str = "mappings/carerix/schema.graphql";

fn read(home: &TempHome, path: &str) -> String {
    std::fs::read_to_string(home.path().join(path)).unwrap()
}

#[test]
fn schemas_are_written_and_told_to_be_stale() {
    let home = TempHome::new();
    let paths = ["mappings/mapping.schema.json", "connections/connection.schema.json"];
    home.write(paths[0], "{}\n");
    let run = home.expect(2, &["schema", "--check"]);
    assert_screen!("schema_stale", run.stderr);
    assert_eq!(read(&home, paths[0]), "{}\n", "nothing is written");

    assert_screen!("schema_written", home.expect(0, &["schema"]).stdout);
    let run = home.expect(0, &["schema", "--check"]);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    for path in paths {
        assert_eq!(read(&home, path), std::fs::read_to_string(Path::new(ROOT).join(path)).unwrap());
    }
    assert_eq!(home.expect(0, &["schema", "--print", "mapping"]).stdout, read(&home, paths[0]));
    std::fs::remove_file(home.path().join("scripts/crosswalk.d.rhai")).unwrap();
    let run = home.expect(0, &["schema", "--rhai"]);
    assert_eq!(run.stdout, "scripts/crosswalk.d.rhai was written\n");
    assert!(read(&home, "scripts/crosswalk.d.rhai").starts_with("module static;\n"));
    home.write("scripts/crosswalk.d.rhai", "x");
    let run = home.expect(2, &["schema", "--check"]);
    assert_eq!(run.stderr, "error: stale: scripts/crosswalk.d.rhai; bring up to date with `crosswalk schema --rhai`\n");
    home.expect(2, &["schema", "--print", "maping"]);
    home.expect(2, &["schema", "--all"]);
    home.expect(2, &["schema", "--check", "--pull", "sandbox"]);
}

#[test]
fn what_an_action_is_given_has_a_schema() {
    let home = TempHome::new();
    let run = home.expect(0, &["schema", "--action", "add_application_result_link"]);
    assert_screen!("schema_action", run.stdout);
    let schema: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let link = json!({ "application_id": "remote:1.2", "label": "Score", "url": "https://example.org/scores/1" });
    assert!(validator.is_valid(&link));
    assert!(!validator.is_valid(&json!({ "application_id": "remote:1.2", "label": " ", "url": "example.org" })));
    assert!(home.expect(2, &["schema", "--action", "add_link"]).stderr.contains("add_application_result_link"));
}

#[test]
fn what_the_source_did_not_change_is_not_touched() {
    let home = TempHome::new();
    let before = read(&home, TYPES);
    let run = home.expect(0, &["schema", "--pull", "sandbox"]);
    assert_eq!(run.stdout, "mappings/carerix/schema.graphql is as the source says.\n");
    assert_eq!(run.stderr, "");
    assert_eq!(read(&home, TYPES), before);
    assert!(!home.store().exists(), "no store is needed, and none is made");
}

/// A home whose types are older than those of the source: fields came, went, and look different.
fn outdated() -> TempHome {
    let home = TempHome::new();
    let types = read(&home, TYPES);
    let (before, vacancy) = types.split_once("type CRVacancy implements").unwrap();
    let mut vacancy = vacancy.to_owned();
    for (from, to) in [
        ("  deadline: NSCalendarDate\n", ""),
        ("  isOpenApplication: Int! # 0", "  isOpenApplication: Boolean! # 0"),
        ("  jobTitleOrFunction: String\n", "  jobNickname: String # gone\n  jobTitleOrFunction: String\n"),
        ("  minSalary: Float\n", "  minSalary: Int\n"),
    ] {
        assert!(vacancy.contains(from), "{from}");
        vacancy = vacancy.replacen(from, to, 1);
    }
    let types = format!("{before}type CRVacancy implements{vacancy}");
    assert_eq!(types.matches("  GERMAN\n").count(), 1);
    home.write(TYPES, &types.replace("  GERMAN\n", ""));
    home
}

#[test]
fn what_the_source_changed_is_told_and_written() {
    let home = outdated();
    let right = std::fs::read_to_string(Path::new(ROOT).join(TYPES)).unwrap();
    let before = read(&home, TYPES);
    for width in ["60", "100"] {
        let arguments = ["schema", "--pull", "sandbox", "--dry-run"];
        let run = Run::of(&home.command(&arguments).env("COLUMNS", width).output().unwrap());
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
        assert!(run.stdout.lines().all(|line| console::measure_text_width(line) <= width.parse().unwrap()));
        assert_screen!(format!("schema_pull_{width}"), run.stdout);
    }
    assert_eq!(read(&home, TYPES), before, "nothing is written");

    let run = home.expect(0, &["schema", "--pull", "sandbox"]);
    assert!(run.stdout.ends_with("mappings/carerix/schema.graphql was written.\n"), "{}", run.stdout);
    assert_eq!(read(&home, TYPES), right, "everything stands where it stood, notes included");
    let left: Vec<_> =
        std::fs::read_dir(home.path().join("mappings/carerix")).unwrap().map(|e| e.unwrap().path()).collect();
    assert!(left.iter().all(|path| !path.to_string_lossy().ends_with(".new")), "{left:?}");
    home.expect(0, &["check"]);
}

#[test]
fn mappings_that_no_longer_compile_are_pointed_at() {
    let home = outdated();
    home.edit("mappings/carerix/jobs.yaml", "name: [jobTitle,", "name: [jobNickname, jobTitle,");
    home.expect(0, &["check"]);
    let run = home.expect(2, &["schema", "--pull", "sandbox"]);
    assert_screen!("schema_pull_breaks", run.stderr);
    assert!(run.stdout.contains("CRVacancy.jobNickname"), "{}", run.stdout);
    assert!(!read(&home, TYPES).contains("jobNickname"), "what the source has not is not kept");
}

#[test]
fn a_connector_without_types_gets_all() {
    let home = TempHome::new();
    std::fs::remove_file(home.path().join(TYPES)).unwrap();
    home.expect(0, &["schema", "--pull", "sandbox"]);
    home.expect(0, &["check"]);
    home.write(TYPES, "scalar NSCalendarDate\n");
    home.expect(0, &["schema", "--pull", "sandbox", "--all"]);
    home.expect(0, &["check"]);
    home.write(TYPES, "type Query {\n");
    let run = home.expect(2, &["schema", "--pull", "sandbox"]);
    assert!(run.stderr.contains("error[M0150]"), "{}", run.stderr);
    assert!(run.stderr.contains("--> mappings/carerix/schema.graphql:"), "{}", run.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_does_not_describe_itself_is_told_apart() {
    let sandbox = Sandbox::start(Options { candidates: 60, ..Options::default() }).await.unwrap();
    let refusing = Router::new().route(
        "/graphql/v1/graphql",
        post(|| async {
            let body = json!({ "errors": [{ "message": "GraphQL introspection is not allowed" }] });
            (StatusCode::BAD_REQUEST, axum::Json(body))
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, refusing).await });

    let home = TempHome::with_address(sandbox.base_url());
    home.edit("connections/local.yaml", &format!("api: \"{}\"", sandbox.base_url()), &format!("api: \"{address}\""));
    let before = read(&home, TYPES);
    let mut command = home.command(&["schema", "--pull", "local"]);
    command.env("TEST_CLIENT_ID", &sandbox.options().client_id);
    command.env("TEST_CLIENT_SECRET", &sandbox.options().client_secret);
    let run = tokio::task::spawn_blocking(move || Run::of(&command.output().unwrap())).await.unwrap();
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert_screen!("schema_refused", run.stderr);
    assert_eq!(read(&home, TYPES), before);
}
