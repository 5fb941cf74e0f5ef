//! A second source of another make, in YAML and Rhai alone: cursors, a static key, ISO dates and real booleans. The
//! binary reads it over HTTP as it reads any other.

#[path = "../shared/copy.rs"]
mod copy;
mod orchard;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crosswalk::connector::{Connection, Home, Revision};
use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection as _, Row, SqliteConnection};
use tempfile::TempDir;

use copy::copy;
use orchard::{KEY, Orchard};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A copy of the home folder beside this file, with the address of a running Orchard.
struct TempHome(TempDir);

/// What a run of the binary left behind.
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl TempHome {
    fn of(orchard: &Orchard) -> TempHome {
        let home = TempHome(tempfile::tempdir().unwrap());
        copy(&Path::new(ROOT).join("tests/second/home"), home.0.path());
        let connection = home.0.path().join("connections/orchard.yaml");
        let text = std::fs::read_to_string(&connection).unwrap();
        assert!(text.contains("http://127.0.0.1:1"));
        std::fs::write(&connection, text.replace("http://127.0.0.1:1", &orchard.url)).unwrap();
        home
    }

    fn store(&self) -> PathBuf {
        self.0.path().join("crosswalk.db")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosswalk"));
        for name in ["CROSSWALK_HOME", "CROSSWALK_STORE", "CROSSWALK_LOG", "COLUMNS"] {
            command.env_remove(name);
        }
        command.current_dir(self.0.path()).env("ORCHARD_KEY", KEY).args(arguments).stdin(Stdio::null());
        command
    }

    fn run(&self, command: &mut Command) -> Run {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let run = Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        for said in [&run.stdout, &run.stderr] {
            assert!(!said.contains(KEY), "the key shows in\n{said}");
        }
        run
    }

    fn expect(&self, code: i32, arguments: &[&str]) -> Run {
        let run = self.run(&mut self.command(arguments));
        assert_eq!(run.code, Some(code), "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
        run
    }

    /// Syncs, and gives the report.
    fn sync(&self) -> Value {
        serde_json::from_str(&self.expect(0, &["sync", "orchard", "--json"]).stdout).unwrap()
    }

    fn get(&self, model: &str, id: &str) -> Value {
        serde_json::from_str(&self.expect(0, &["get", model, id, "--json"]).stdout).unwrap()
    }

    async fn database(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.store()).read_only(true).connect().await.unwrap()
    }

    /// All that the store knows of every record, except when it happened.
    async fn contents(&self) -> Vec<String> {
        let rows = sqlx::query(
            "SELECT concat_ws(' | ', scopes.model, records.remote_id, records.id, records.issues, records.failure, \
             records.group_key, records.members_of, records.remote_deleted_at IS NULL, unified.json) \
             FROM records JOIN scopes ON scopes.number = records.scope LEFT JOIN unified ON unified.key = records.key \
             ORDER BY records.key",
        );
        let rows = rows.fetch_all(&mut self.database().await).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The model, the page and the cursor at which the next sync has to go on.
    async fn checkpoint(&self) -> Option<(String, i64, Option<String>)> {
        let running =
            sqlx::query_as("SELECT model, next_page, next_cursor FROM syncs WHERE state = 'running' AND next_page > 0");
        running.fetch_optional(&mut self.database().await).await.unwrap()
    }

    /// Starts a sync, kills it when it has read so many records, and gives the place where it was.
    async fn sync_killed_at(&self, fetched: i64) -> (String, i64, Option<String>) {
        let mut command = self.command(&["sync", "orchard"]);
        let mut child: Child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        loop {
            tokio::time::sleep(Duration::from_millis(3)).await;
            assert!(child.try_wait().unwrap().is_none(), "the sync was over before it could be killed");
            if !self.store().exists() {
                continue;
            }
            let read = sqlx::query_scalar::<_, Option<i64>>("SELECT sum(fetched) FROM syncs");
            if read.fetch_one(&mut self.database().await).await.is_ok_and(|read| read >= Some(fetched)) {
                break;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        self.checkpoint().await.expect("it was killed within a model")
    }
}

/// The report of one model.
fn of<'a>(report: &'a Value, model: &str) -> &'a Value {
    report["models"].as_array().unwrap().iter().find(|report| report["model"] == model).unwrap()
}

/// Fetched, created, changed, unchanged, deleted.
fn counts(report: &Value, model: &str) -> [u64; 5] {
    ["fetched", "created", "changed", "unchanged", "deleted"].map(|name| of(report, model)[name].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_model_is_read_and_mapped() {
    let orchard = Orchard::start().await;
    let home = TempHome::of(&orchard);
    let report = home.sync();
    assert_eq!(counts(&report, "users"), [6, 5, 0, 0, 1]);
    assert_eq!(counts(&report, "application_stages"), [5, 5, 0, 0, 0]);
    assert_eq!(counts(&report, "jobs"), [14, 13, 0, 0, 1]);
    assert_eq!(counts(&report, "candidates"), [30, 30, 0, 0, 0]);
    assert_eq!(counts(&report, "applications"), [41, 41, 0, 0, 0]);
    assert_eq!(report["total"]["failed"], 0);

    // The pages of one list: each at the cursor of the one before, the first at none.
    let asked: Vec<_> = orchard.world().asked.iter().filter(|(query, _)| query == "openings").cloned().collect();
    let cursors: Vec<_> = asked.iter().map(|(_, cursor)| cursor.as_deref()).collect();
    assert_eq!(cursors, [None, Some("0-4"), Some("0-8"), Some("0-12")]);

    let user = home.get("users", "m0");
    let roles = json!([
        {"remote_id": "admin", "remote_label": "Administrator", "unified_type": "ADMIN", "scope": "SYSTEM"},
        {"remote_id": "gardener", "remote_label": "Gardener", "unified_type": null, "scope": "SYSTEM"},
    ]);
    assert_eq!((&user["email"], &user["status"]), (&json!("m0@orchard.example.org"), &json!("ACTIVE")));
    assert_eq!(user["system_roles"], roles);
    assert_eq!(home.get("users", "m4")["status"], "INACTIVE");
    assert!(home.get("users", "m5")["remote_deleted_at"].is_string(), "the flag is a boolean");

    let job = home.get("jobs", "o0");
    for (field, expected) in [
        ("name", json!("Apple picker")),
        ("job_code", json!("100")),
        ("confidential", json!(false)),
        ("employment_type", json!("FULL_TIME")),
        ("status", json!("OPEN")),
        ("remote_work_status", json!("REMOTE")),
        ("salary_amount", json!(2000)),
        ("salary_currency", json!("EUR")),
        ("salary_period", json!("MONTH")),
        ("remote_url", json!("https://orchard.example.org/openings/100")),
        ("remote_created_at", json!("2026-05-14T07:30:00.000Z")),
        ("remote_updated_at", json!("2026-01-01T09:30:00.000Z")),
        ("contact_id", user["id"].clone()),
    ] {
        assert_eq!(job[field], expected, "{field}");
    }
    assert_eq!((&job["location"]["country"], &job["location"]["city"]), (&json!("NL"), &json!("Tiel")));
    let team = job["hiring_team"].as_array().unwrap();
    assert_eq!(team.len(), 3, "all of a connection inside a row");
    assert_eq!((&team[0]["id"], &team[0]["job_roles"][0]["unified_type"]), (&user["id"], &json!("RECRUITER")));
    let stages: Vec<_> = job["stages"].as_array().unwrap().iter().map(|stage| stage["remote_id"].clone()).collect();
    assert_eq!(stages, ["s0", "s2", "s4"], "the stages of its flow, and those of none");
    assert_eq!(home.get("jobs", "o4")["status"], "CLOSED", "its end has passed");
    assert_eq!(home.get("jobs", "o4")["closed_at"], "2026-02-01T05:00:00.000Z");
    let states = ["o1", "o2", "o3"].map(|id| home.get("jobs", id)["status"].clone());
    assert_eq!(states, ["DRAFT", "PAUSED", "CLOSED"]);

    let candidate = home.get("candidates", "p0");
    assert_eq!(candidate["company"], "Twigs & Co");
    assert_eq!(candidate["email_addresses"], json!([{"email_address": "p0@example.org", "type": "PRIVATE"}]));
    assert_eq!(candidate["phone_numbers"], json!([{"phone_number": "+31 6 0000 0000", "type": "WORK"}]));
    assert_eq!((&candidate["tags"][0]["name"], &candidate["location"]["country"]), (&json!("Ladder"), &json!("BE")));
    assert_eq!(candidate["remote_created_at"], "2026-01-01T13:00:00.000Z");
    assert_eq!(candidate["remote_data"]["candidates"]["contacts"]["edges"][0]["node"]["value"], "p0@example.org");

    let application = home.get("applications", "c2");
    assert_eq!(application["outcome"], "DECLINED");
    assert_eq!(application["rejection_reason_name"], "Afraid of ladders");
    assert_eq!(application["rejected_at"], "2026-03-03T08:30:00.000Z");
    assert_eq!(application["candidate_id"], home.get("candidates", "p2")["id"]);
    assert_eq!(application["job_id"], home.get("jobs", "o2")["id"]);
    assert_eq!(application["current_stage_id"], home.get("application_stages", "s2")["id"]);
    let listed = home.expect(0, &["list", "jobs", "--json", "--limit", "50"]).stdout;
    assert_eq!(listed.lines().count(), 13, "what is deleted is not listed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_what_changed_counts_as_changed() {
    let orchard = Orchard::start().await;
    let home = TempHome::of(&orchard);
    home.sync();
    let again = home.sync();
    assert_eq!(counts(&again, "jobs"), [14, 0, 0, 14, 0]);
    assert_eq!(again["total"]["unchanged"], 96);

    {
        let mut world = orchard.world();
        world.row("openings", "o3")["title"] = json!("Quince picker");
        world.row("people", "p7")["deleted"] = json!(true);
        world.rows("candidacies").retain(|row| row["id"] != "c40");
    }
    let report = home.sync();
    assert_eq!(counts(&report, "jobs"), [14, 0, 1, 13, 0]);
    assert_eq!(counts(&report, "candidates"), [30, 0, 0, 29, 1]);
    assert_eq!(counts(&report, "applications"), [40, 0, 0, 40, 1]);
    assert_eq!(home.get("jobs", "o3")["name"], "Quince picker");
    assert!(home.get("candidates", "p7")["remote_deleted_at"].is_string());
    assert!(home.get("applications", "c40")["remote_deleted_at"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_sync_goes_on_at_its_cursor() {
    let orchard = Orchard::start().await;
    let undisturbed = TempHome::of(&orchard);
    undisturbed.sync();
    let expected = undisturbed.contents().await;

    for moment in [14, 40, 70] {
        let home = TempHome::of(&orchard);
        orchard.world().latency = Duration::from_millis(25);
        let (model, page, cursor) = home.sync_killed_at(moment).await;
        let cursor: String = serde_json::from_str(&cursor.expect("the checkpoint has a cursor")).unwrap();
        {
            let mut world = orchard.world();
            world.latency = Duration::ZERO;
            world.asked.clear();
        }
        let run = home.expect(0, &["sync", "orchard"]);
        let note = format!("\n{model}\n  went on at page {page}, where an earlier sync was broken off\n");
        assert!(run.stdout.contains(&note), "{note} is not in\n{}", run.stdout);
        assert!(orchard.world().asked.iter().any(|(_, asked)| asked.as_deref() == Some(&cursor)));
        assert_eq!(home.contents().await, expected, "killed after {moment}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cursor_that_has_expired_makes_the_sync_begin_anew() {
    let orchard = Orchard::start().await;
    let undisturbed = TempHome::of(&orchard);
    undisturbed.sync();
    let home = TempHome::of(&orchard);
    orchard.world().latency = Duration::from_millis(25);
    let (model, page, _) = home.sync_killed_at(40).await;
    {
        let mut world = orchard.world();
        world.latency = Duration::ZERO;
        world.expire_cursors();
    }
    let run = home.expect(0, &["sync", "orchard"]);
    let going_on = format!("{model}: going on at page {page}, where an earlier sync was broken off\n");
    let anew =
        format!("{model}: beginning anew, because an earlier sync cannot go on: the source does not go on from there");
    assert!(run.stderr.contains(&going_on) && run.stderr.contains(&anew), "{}", run.stderr);
    let note = format!("\n{model}\n  began anew, because an earlier sync could not go on: ");
    assert!(run.stdout.contains(&note) && !run.stdout.contains("went on at page"), "{}", run.stdout);
    assert_eq!(home.contents().await, undisturbed.contents().await);
    assert_eq!(home.checkpoint().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_whose_rows_came_or_went_meanwhile_begins_anew() {
    let orchard = Orchard::start().await;
    let home = TempHome::of(&orchard);
    orchard.world().latency = Duration::from_millis(25);
    let (model, ..) = home.sync_killed_at(40).await;
    assert_eq!(model, "candidates");
    orchard.world().latency = Duration::ZERO;
    orchard.world().rows("people").retain(|row| row["id"] != "p0");
    let run = home.expect(0, &["sync", "orchard"]);
    let note =
        "\ncandidates\n  began anew, because an earlier sync could not go on: rows came or went while it lay still\n";
    assert!(run.stdout.contains(note), "{}", run.stdout);
    assert!(home.get("candidates", "p0")["remote_deleted_at"].is_string());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_killed_after_a_last_page_without_a_cursor_reads_the_list_again() {
    let orchard = Orchard::start().await;
    let home = TempHome::of(&orchard);
    home.sync();
    let before = home.contents().await;
    let running = "UPDATE syncs SET state = 'running', ended_at = NULL, next_cursor = NULL WHERE model = 'candidates'";
    let mut database = SqliteConnectOptions::new().filename(home.store()).connect().await.unwrap();
    sqlx::query(running).execute(&mut database).await.unwrap();
    database.close().await.unwrap();
    orchard.world().asked.clear();
    let run = home.expect(0, &["sync", "orchard", "--model", "candidates"]);
    assert!(!run.stdout.contains("went on at page") && !run.stdout.contains("began anew"), "{}", run.stdout);
    assert_eq!(orchard.world().asked.first(), Some(&("people".to_owned(), None)));
    assert_eq!(home.contents().await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_ends_short_or_never_deletes_nothing() {
    let orchard = Orchard::start().await;
    let home = TempHome::of(&orchard);
    home.sync();
    orchard.world().rows("people").truncate(25);
    orchard.world().announced_too_many = 1;
    let run = home.expect(1, &["sync", "orchard", "--model", "candidates"]);
    let expected = "incomplete: the source announced 26 records and sent 25; nothing was marked as deleted";
    assert!(run.stdout.contains(expected), "{}", run.stdout);

    orchard.world().goes_round = true;
    orchard.world().asked.clear();
    let run = home.expect(3, &["sync", "orchard", "--model", "candidates"]);
    assert!(run.stderr.contains("the next page would begin where an earlier one did"), "{}", run.stderr);
    assert!(run.stdout.contains("failed; nothing was marked as deleted"), "{}", run.stdout);
    assert_eq!(orchard.world().asked.len(), 2);
    assert_eq!(home.get("candidates", "p29")["remote_deleted_at"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_key_is_told_once_and_never_shown() {
    let orchard = Orchard::start().await;
    let home = TempHome::of(&orchard);
    let mut command = home.command(&["sync", "orchard", "--log", "trace"]);
    let run = home.run(command.env("ORCHARD_KEY", "a-wr0ng-key"));
    assert_eq!(run.code, Some(3));
    let expected = "/graphql: the key was refused; check the credentials of the connection\n";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
    assert!(!run.stderr.contains("a-wr0ng-key") && !run.stdout.contains("a-wr0ng-key"), "{}", run.stderr);
    assert_eq!(orchard.world().refused, 1, "a key does not get better by trying again");

    let run = home.run(home.command(&["sync", "orchard"]).env_remove("ORCHARD_KEY"));
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.contains("the environment variable ORCHARD_KEY is not set"), "{}", run.stderr);
    assert_eq!(orchard.world().refused, 1);
}

#[test]
fn operations_are_derived_as_their_snapshots_say() {
    let home = Home::new(Path::new(ROOT).join("tests/second/home"));
    let connection = Connection::load(&home, "orchard").unwrap_or_else(|report| panic!("{report}"));
    let revision = Revision::load(&home, &connection).unwrap_or_else(|report| panic!("{report}"));
    let operations: String = revision.plans().map(|plan| plan.operation().text.clone()).collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(ROOT).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("second__operations", operations));
}

#[test]
fn no_rust_of_the_engine_knows_this_source() {
    fn names(folder: &Path, found: &mut Vec<PathBuf>, read: &mut usize) {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                names(&path, found, read);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                *read += 1;
                if std::fs::read_to_string(&path).unwrap().to_lowercase().contains("orchard") {
                    found.push(path);
                }
            }
        }
    }
    let (mut found, mut read) = (Vec::new(), 0);
    names(&Path::new(ROOT).join("src"), &mut found, &mut read);
    assert!(read > 100, "the sources were searched");
    assert_eq!(found, Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_kept_in_the_vault_and_what_it_opens_is_told() {
    let orchard = Orchard::start().await;
    let home = TempHome::of(&orchard);
    let vault_key = home.expect(0, &["vault", "key"]).stdout.trim().to_owned();
    let api = format!("api={}", orchard.url);
    let connect = |key: &str| {
        let mut command = home.command(&["connect", "second", "--set", &api, "--from-env", "api_key=ORCHARD_KEY"]);
        home.run(command.env("CROSSWALK_VAULT_KEY", &vault_key).env("ORCHARD_KEY", key))
    };
    let run = connect("another");
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(run.stdout.contains("users: `api_key` is wrong, or no longer valid"), "{}", run.stdout);
    assert_eq!(run.stdout.matches("not asked").count(), 4, "{}", run.stdout);
    let run = connect(KEY);
    assert_eq!(run.code, Some(0), "{}", run.stdout);
    let mut command = home.command(&["check", "second", "--online", "--json"]);
    let run = home.run(command.env("CROSSWALK_VAULT_KEY", &vault_key).env_remove("ORCHARD_KEY"));
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["token"], Value::Null);
    assert!(report["models"].as_array().unwrap().iter().all(|model| model["state"] == "open"), "{report}");
}
