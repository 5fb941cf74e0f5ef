//! A store that cannot be written or read for a while, under an engine that runs.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor};

use crate::tenant::NAME;
use crate::twins::{Scene, Twins};

const PATIENCE: Duration = Duration::from_secs(90);

/// A process of the binary over the disturbed store.
fn crosswalk(twins: &Twins, arguments: &[&str]) -> Command {
    // A limit of the size of files ends a process, unless it ignores that it is told of it.
    let mut command = Command::new("sh");
    command
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_crosswalk"), "--store"])
        .arg(twins.store());
    for name in ["CROSSWALK_HOME", "CROSSWALK_STORE", "CROSSWALK_LOG"] {
        command.env_remove(name);
    }
    let options = twins.sandbox.options();
    command.env("TEST_CLIENT_ID", &options.client_id).env("TEST_CLIENT_SECRET", &options.client_secret);
    command
        .current_dir(twins.home())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .args(arguments);
    command
}

async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// An engine that syncs every second.
struct Running<'t> {
    twins: &'t Twins,
    process: Child,
}

impl<'t> Running<'t> {
    async fn start(twins: &'t Twins) -> Running<'t> {
        let log = fs::File::create(twins.home().join("log")).unwrap();
        let process = crosswalk(twins, &["run"]).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let running = Running { twins, process };
        running.until("it has synced", |last| last["error"].is_null()).await;
        running
    }

    async fn last_sync(&self) -> Value {
        let status = output(crosswalk(self.twins, &["status", "--json"])).await;
        let status: Value = serde_json::from_slice(&status.stdout).unwrap_or_default();
        status["connections"][0]["sync"]["last"].clone()
    }

    /// Waits for a sync that ended like this, and gives its error.
    async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            let last = self.last_sync().await;
            if last.is_object() && holds(&last) {
                return last["error"].as_str().unwrap_or_default().to_owned();
            }
            assert!(Instant::now() < end, "{what}: {last}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn until_it_fails(&self, what: &str) -> String {
        let error = self.until(what, |last| last["error"].is_string()).await;
        assert!(self.log().contains(&error), "it is in the log as well: {error}\n{}", self.log());
        error
    }

    fn log(&self) -> String {
        fs::read_to_string(self.twins.home().join("log")).unwrap()
    }

    /// The longest file that the process may write.
    fn limit(&self, bytes: &str) {
        let pid = self.process.id().to_string();
        let done = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")]).status();
        assert!(done.unwrap().success());
    }

    fn end(mut self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Reads what is left to be read, and compares.
async fn assert_nothing_is_lost(twins: &mut Twins, what: &str) {
    let sync = output(crosswalk(twins, &["sync", NAME])).await;
    assert!(sync.status.success(), "{what}: {}", String::from_utf8_lossy(&sync.stderr));
    twins.assert_live(what).await;
}

async fn often(twins: &mut Twins) {
    twins.set(Scene::First, 1).await;
    twins.every = Some("1s");
    twins.set(Scene::Changes, 2).await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_whose_disk_is_full_says_so_and_goes_on_when_there_is_room() {
    let mut twins = Twins::start(3).await;
    often(&mut twins).await;
    let running = Running::start(&twins).await;
    // The log in front of the store can grow no more.
    running.limit("4096");
    twins.sandbox.churn(5, 40);
    let error = running.until_it_fails("nothing can be written").await;
    assert!(error.contains("the file cannot be read or written (") && error.contains("look at the disk"), "{error}");
    // Others may still read.
    let list = output(crosswalk(&twins, &["status"])).await;
    assert!(String::from_utf8_lossy(&list.stdout).contains("the last sync did not come to its end: store "));
    running.limit("unlimited");
    running.until("it goes on", |last| last["error"].is_null()).await;
    running.end();
    assert_nothing_is_lost(&mut twins, "the disk was full").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_whose_store_is_locked_waits_says_so_and_goes_on() {
    let mut twins = Twins::start(4).await;
    often(&mut twins).await;
    let running = Running::start(&twins).await;
    let mut other = SqliteConnectOptions::new().filename(twins.store()).connect().await.unwrap();
    other.execute("PRAGMA busy_timeout = 20000").await.unwrap();
    other.execute("BEGIN EXCLUSIVE").await.unwrap();
    twins.sandbox.churn(5, 40);
    let error = running.until_it_fails("another writes").await;
    assert!(
        error.ends_with("another process is writing to the file; stop it, or give each process a file of its own"),
        "{error}"
    );
    other.execute("ROLLBACK").await.unwrap();
    other.close().await.unwrap();
    running.until("it goes on", |last| last["error"].is_null()).await;
    running.end();
    assert_nothing_is_lost(&mut twins, "the store was locked").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_whose_store_is_damaged_says_so_and_goes_on_with_a_copy() {
    let mut twins = Twins::start(5).await;
    often(&mut twins).await;
    let running = Running::start(&twins).await;
    let store = twins.store();
    let copy = store.with_extension("copy");
    let mut other = SqliteConnectOptions::new().filename(&store).connect().await.unwrap();
    sqlx::query("VACUUM INTO ?").bind(copy.to_str()).execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    // What happens after the copy was taken is read again later.
    twins.sandbox.churn(6, 40);
    running.until("it reads on", |last| last["fetched"].as_u64() > Some(20)).await;
    for file in [&store, &beside(&store, "-wal")] {
        spoil(file);
    }
    twins.sandbox.churn(7, 40);
    let error = running.until_it_fails("nothing of it can be read").await;
    assert!(error.contains("damaged") || error.contains("not a database"), "{error}");
    for file in ["-wal", "-shm"] {
        // The engine may have given them up.
        let _ = fs::remove_file(beside(&store, file));
    }
    fs::rename(&copy, &store).unwrap();
    running.until("it goes on with the copy", |last| last["error"].is_null()).await;
    running.end();
    assert_nothing_is_lost(&mut twins, "the store was damaged").await;
}

fn beside(store: &Path, suffix: &str) -> std::path::PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

/// Overwrites all of a file, where it stands.
fn spoil(path: &Path) {
    let length = fs::metadata(path).unwrap().len() as usize;
    let file = fs::File::options().write(true).open(path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &vec![0x5a; length], 0).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_beside_an_engine_is_told_who_is_at_work() {
    let mut twins = Twins::start(6).await;
    often(&mut twins).await;
    let running = Running::start(&twins).await;
    for arguments in [&["sync", NAME][..], &["run"]] {
        let refused = output(crosswalk(&twins, arguments)).await;
        assert_eq!(refused.status.code(), Some(2));
        let told = String::from_utf8(refused.stderr).unwrap();
        let who = format!("error: store {}: process {}", twins.store().display(), running.process.id());
        assert!(told.starts_with(&who), "{told}");
        let what = "it runs the connections; wait until it ends or stop it, or name another store\n";
        assert!(told.contains("(`crosswalk`) is at work on it since 20") && told.ends_with(what), "{told}");
    }
    for arguments in [&["list", "jobs"][..], &["revisions"], &["plan", NAME], &["status"]] {
        let looked = output(crosswalk(&twins, arguments)).await;
        assert!(looked.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&looked.stderr));
    }
    let pid = running.process.id().to_string();
    assert!(Command::new("kill").args(["-KILL", &pid]).status().unwrap().success());
    drop(running);
    assert!(fs::read_to_string(beside(&twins.store(), ".lock")).unwrap().contains(&pid), "it is still named");
    assert_nothing_is_lost(&mut twins, "the engine was killed").await;
}
