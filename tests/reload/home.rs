//! An engine at work on a home of its own, over a sandbox.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosswalk::connector::{Connection, Home};
use crosswalk::engine::{Access, ConnectionStatus, Engine, EngineError, RunOptions, Running};
use crosswalk::model::Model;
use crosswalk::sandbox::{Options, Sandbox};
use crosswalk::source::Credentials;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tempfile::TempDir;

use crate::copy::copy;

pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");
pub const JOBS: &str = "mappings/carerix/jobs.yaml";

/// A line of the mapping of candidates.
pub const COMPANY: &str = "  company: [currentEmployerName, mostRecentWorkHistory.employer]";

/// Long enough on any machine. Nothing waits so long unless a test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A home with one or more connections to one sandbox.
pub struct TempHome {
    folder: TempDir,
    pub sandbox: Arc<Sandbox>,
}

/// Leads every connection to one sandbox.
#[derive(Debug)]
struct Local {
    sandbox: Arc<Sandbox>,
}

impl Access for Local {
    fn place<'a>(&'a self, connection: Connection) -> BoxFuture<'a, Connection> {
        Box::pin(async { connection.with_sandbox(self.sandbox.base_url()) })
    }

    fn credentials(&self, _: &Home, _: &Connection) -> Result<Credentials, EngineError> {
        let Options { client_id, client_secret, .. } = self.sandbox.options().clone();
        Ok(Credentials::of_client(client_id, client_secret))
    }
}

impl TempHome {
    pub async fn new(candidates: u32) -> TempHome {
        TempHome::with(Options { candidates, ..Options::default() }).await
    }

    pub async fn with(options: Options) -> TempHome {
        let sandbox = Arc::new(Sandbox::start(options).await.unwrap());
        let home = TempHome { folder: tempfile::tempdir().unwrap(), sandbox };
        for folder in ["mappings", "scripts"] {
            copy(&Path::new(ROOT).join(folder), &home.path().join(folder));
        }
        std::fs::create_dir(home.path().join("connections")).unwrap();
        home.connect("acme");
        home
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Adds a connection.
    pub fn connect(&self, name: &str) {
        self.write(
            &format!("connections/{name}.yaml"),
            "connector: carerix\nsandbox: { seed: 7 }\n\
             settings: { tenant: sandbox, realm: sandbox, identity: \"{sandbox}\", api: \"{sandbox}\" }\n",
        );
    }

    pub fn write(&self, path: &str, text: &str) {
        std::fs::write(self.path().join(path), text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// Replaces what must stand in the file exactly once, as an editor saves it: whole, by renaming.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(from).count(), 1, "{path} has not one `{from}`");
        self.save(path, &text.replace(from, to));
    }

    /// Saves a file as an editor does.
    pub fn save(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        let beside = path.with_extension("new");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(beside, path).unwrap();
    }

    pub async fn engine(&self) -> Engine {
        Engine::open(self.path(), None).await.unwrap()
    }

    /// Leads every connection to the sandbox.
    pub fn access(&self) -> Arc<dyn Access> {
        Arc::new(Local { sandbox: Arc::clone(&self.sandbox) })
    }

    /// Begins to run.
    pub async fn run(&self) -> Work {
        self.run_with(true).await
    }

    pub async fn run_with(&self, syncs: bool) -> Work {
        self.run_as(RunOptions { syncs, ..RunOptions::default() }).await
    }

    /// The same with all options but where the source is.
    pub async fn run_as(&self, options: RunOptions) -> Work {
        let engine = self.engine().await;
        let access = self.access();
        let running = engine.run(RunOptions { access, ..options }).await.unwrap();
        Work { engine, running }
    }

    /// Begins to run, and waits until all connections were read.
    pub async fn run_synced(&self) -> Work {
        let work = self.run().await;
        work.until("all connections were read", |status| status.sync.last.is_some() && status.sync.now.is_none()).await;
        work
    }
}

/// An engine at work.
pub struct Work {
    pub engine: Engine,
    pub running: Running,
}

impl Work {
    pub fn status(&self, connection: &str) -> ConnectionStatus {
        let connections = self.running.status().connections;
        connections.into_iter().find(|status| status.name == connection).unwrap_or_else(|| panic!("no {connection}"))
    }

    pub fn revision(&self) -> String {
        self.status("acme").revision.unwrap()
    }

    /// Waits until this holds for every connection.
    pub async fn until(&self, what: &str, holds: impl Fn(&ConnectionStatus) -> bool) {
        let end = Instant::now() + PATIENCE;
        loop {
            let status = self.running.status();
            if status.connections.iter().all(&holds) {
                return;
            }
            assert!(Instant::now() < end, "{what}: {status:#?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until so many connections run, or would.
    pub async fn until_there_are(&self, connections: usize) {
        let end = Instant::now() + PATIENCE;
        while self.running.status().connections.len() != connections {
            assert!(Instant::now() < end, "{:#?}", self.running.status());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until another revision than `before` is in use, and all that can be mapped again is.
    pub async fn until_another(&self, before: &str) {
        self.until("another revision is in use", |status| status.revision.as_deref() != Some(before)).await;
        self.until_mapped().await;
    }

    /// Waits until no stored record is of another plan, except those that wait for a sync.
    pub async fn until_mapped(&self) {
        let end = Instant::now() + PATIENCE;
        // Right after a swap nobody has counted yet, so the store is asked.
        while self.stale().await > 0 {
            assert!(Instant::now() < end, "records are not mapped again: {:#?}", self.running.status());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Rows of plans that are not alike to the present one, and could be mapped again.
    async fn stale(&self) -> u64 {
        let mut stale = 0;
        for status in self.running.status().connections {
            let remap =
                self.engine.remap_left(&status.name, &self.running.revision(&status.name).unwrap()).await.unwrap();
            stale += remap.iter().map(|(_, left)| left.ready).sum::<u64>();
        }
        stale
    }

    /// All records of a model.
    pub async fn records(&self, model: &'static Model) -> Vec<Value> {
        let listing = self.engine.list(Some("acme"), model, None, 100_000).await.unwrap();
        listing.records.iter().map(crosswalk::engine::Record::value).collect()
    }
}
