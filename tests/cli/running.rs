//! `run` and the commands that ask it: the binary over days in a minute.

use std::io::Read;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::assert_screen;
use crate::home::{Run, TempHome};

const JOBS: &str = "mappings/carerix/jobs.yaml";
const PATIENCE: Duration = Duration::from_secs(60);

/// A running engine. It is killed with its owner.
pub struct Engine<'h> {
    home: &'h TempHome,
    process: Child,
}

impl<'h> Engine<'h> {
    pub fn start(home: &'h TempHome, arguments: &[&str]) -> Engine<'h> {
        let mut command = home.command(&[&["run"], arguments].concat());
        let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let engine = Engine { home, process };
        engine.until("it runs", |status| status["running"] == true);
        engine
    }

    /// One that has read its connections.
    pub fn start_synced(home: &'h TempHome) -> Engine<'h> {
        Engine::start_synced_with(home, &[])
    }

    /// The same, started in a certain way.
    pub fn start_synced_with(home: &'h TempHome, arguments: &[&str]) -> Engine<'h> {
        let engine = Engine::start(home, arguments);
        engine.until("it has synced", |status| status["connections"][0]["sync"]["last"].is_object());
        engine
    }

    pub fn status(&self) -> Option<Value> {
        serde_json::from_str(&self.home.run(&["status", "--json"]).stdout).ok()
    }

    pub fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.status()
                && holds(&status)
            {
                return status;
            }
            assert!(Instant::now() < end, "{what}: {:?}", self.status());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn signal(&self, signal: &str) {
        let sent = std::process::Command::new("kill").args([signal, &self.process.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Ends it, and gives what it said.
    pub fn end(self) -> Run {
        self.signal("-TERM");
        self.ended()
    }

    /// Waits until it ended, and gives what it said.
    pub fn ended(mut self) -> Run {
        let status = self.process.wait().unwrap();
        let mut stderr = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        Run { code: status.code(), stdout: String::new(), stderr }
    }
}

impl Drop for Engine<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn revision(status: &Value) -> String {
    status["connections"][0]["revision"].as_str().unwrap().to_owned()
}

#[test]
fn a_running_engine_is_asked_and_told() {
    let home = TempHome::new();
    let engine = Engine::start_synced(&home);
    let before = revision(&engine.status().unwrap());

    let unchanged = home.expect(0, &["reload"]);
    assert_eq!(unchanged.stdout, format!("sandbox: revision {before} stays in use; no file changed\n"));

    home.edit(JOBS, "  department: agency.name", "  department: { value: Everywhere }");
    home.expect(0, &["reload"]);
    let status = engine.until("another revision is in use", |status| revision(status) != before);
    assert_eq!(status["connections"][0]["broken"], Value::Null);
    engine.until("jobs are mapped again", |_| {
        let list = home.expect(0, &["list", "jobs", "--json", "--limit", "1"]).stdout;
        serde_json::from_str::<Value>(list.lines().next().unwrap()).unwrap()["department"] == "Everywhere"
    });

    home.edit(JOBS, "{ value: Everywhere }", "agency.nam");
    let broken = home.expect(2, &["reload"]);
    assert!(broken.stdout.contains("stays in use"), "{}", broken.stdout);
    assert_screen!("reload_broken", broken.stderr);
    let status = home.expect(1, &["status"]);
    assert!(status.stdout.contains("present files broken") && status.stdout.contains("unknown field `nam`"));
    let answer: Value = serde_json::from_str(&home.expect(2, &["reload", "--json"]).stdout).unwrap();
    assert_eq!((&answer["broken"], &answer["connections"][0]["outcome"]), (&Value::Bool(true), &"broken".into()));
    assert_eq!(answer["connections"][0]["problems"][0]["code"], "M0101");

    let figures = home.expect(0, &["status", "--metrics"]).stdout;
    assert!(figures.contains("crosswalk_connection_broken{connection=\"sandbox\"} 1"), "{figures}");
    assert!(figures.contains("crosswalk_reloads_total{connection=\"sandbox\",outcome=\"swapped\"} 1"), "{figures}");

    home.edit(JOBS, "agency.nam", "agency.name");
    engine.signal("-HUP");
    engine.until("the old one is in use again", |status| revision(status) == before);
    let run = engine.end();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_eq!(run.stderr.matches("error[M0101]").count(), 1, "what is broken is told once\n{}", run.stderr);
    assert!(run.stderr.contains("another revision is in use") && run.stderr.contains("jobs: department"));
}

#[test]
fn there_is_one_engine_a_store_and_none_to_ask_is_said() {
    let home = TempHome::new();
    for command in [["reload"], ["status"]] {
        let run = home.expect(2, &command);
        assert!(run.stderr.contains("no `crosswalk run` is at work on the store"), "{}", run.stderr);
    }
    let engine = Engine::start(&home, &["--no-sync"]);
    let second = home.expect(2, &["run"]);
    let holder = format!("process {}", engine.process.id());
    assert!(second.stderr.contains(&holder) && second.stderr.contains("it runs the connections"), "{}", second.stderr);
    let mut killed = engine;
    killed.process.kill().unwrap();
    killed.process.wait().unwrap();
    drop(killed);
    assert!(home.path().join("crosswalk.db.sock").exists(), "a killed one leaves its socket");
    let engine = Engine::start(&home, &["--no-sync", "--no-watch"]);
    use std::os::unix::fs::PermissionsExt;
    let socket = home.path().join("crosswalk.db.sock");
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(engine.end().code, Some(0));
    assert!(!socket.exists());
}

#[tokio::test]
async fn an_engine_that_is_killed_while_it_maps_again_goes_on_with_that() {
    let home = TempHome::new();
    home.write_sandbox("seed: 7, candidates: 3000");
    home.sync();
    let path = "mappings/carerix/candidates.yaml";
    home.edit(
        path,
        "  company: [currentEmployerName, mostRecentWorkHistory.employer]",
        "  company: { value: Somewhere }",
    );
    let mut in_the_middle = 0;
    for round in 1..4 {
        let mut process =
            home.command(&["run", "--no-sync"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let end = Instant::now() + PATIENCE;
        while mapped(&home).await.0 < round * 300 {
            assert!(Instant::now() < end, "nothing is mapped again");
        }
        process.kill().unwrap();
        process.wait().unwrap();
        let (done, all) = mapped(&home).await;
        in_the_middle += usize::from(done < all);
    }
    assert!(in_the_middle > 0, "none was killed in the middle");
    let engine = Engine::start(&home, &["--no-sync"]);
    engine.until("all are mapped again", |status| status["connections"][0]["mapping_again"] == false);
    let (done, all) = mapped(&home).await;
    assert!(all > 2000 && done == all, "{done} of {all}");
}

/// Candidates that the edited mapping has mapped, and all.
async fn mapped(home: &TempHome) -> (i64, i64) {
    sqlx::query_as(
        "SELECT sum(json LIKE '%\"company\":\"Somewhere\"%'), count(*) FROM unified \
         JOIN records ON records.key = unified.key JOIN scopes ON scopes.number = records.scope \
         WHERE scopes.model = 'candidates'",
    )
    .fetch_one(&mut home.database().await)
    .await
    .unwrap()
}
