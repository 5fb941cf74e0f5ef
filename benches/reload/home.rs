//! A home that maps candidates only, and an engine at work on it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosswalk::connector::{Connection, Home};
use crosswalk::engine::{Access, Engine, EngineError, RunOptions, Running};
use crosswalk::model::CANDIDATES;
use crosswalk::sandbox::{Options, Sandbox};
use crosswalk::source::Credentials;
use futures_util::future::BoxFuture;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

use crate::Outcome;
use crate::timing::Times;

/// The line of the mapping that edits change.
const COMPANY: &str = "  company: [currentEmployerName, mostRecentWorkHistory.employer]\n";
const TITLE: &str =
    "  title: [toCurrentFunctionLevel2.value, mostRecentWorkHistory.function, toFunction1Level2Node.value]\n";
const FILE: &str = "mappings/carerix/candidates.yaml";

/// A sandbox in a process of its own.
pub struct Source {
    process: Child,
    address: String,
}

impl Source {
    pub fn start(candidates: u32, latency_ms: u64) -> Outcome<Source> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["child", &candidates.to_string(), &latency_ms.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        BufReader::new(process.stdout.take().ok_or("the output is piped")?).read_line(&mut address)?;
        Ok(Source { process, address: address.trim().to_owned() })
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Serves a sandbox until the process that started this one lets go of it.
pub async fn serve(candidates: u32, latency: Duration) -> Outcome<()> {
    let sandbox = Sandbox::start(Options { candidates, latency, ..Options::default() }).await?;
    println!("{}", sandbox.base_url());
    tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// The home folder.
pub struct BenchHome {
    folder: TempDir,
    mapping: String,
}

/// Opens every sandbox.
#[derive(Debug)]
struct Local;

impl Access for Local {
    fn place<'a>(&'a self, connection: Connection) -> BoxFuture<'a, Connection> {
        Box::pin(async { connection })
    }

    fn credentials(&self, _: &Home, _: &Connection) -> Result<Credentials, EngineError> {
        let Options { client_id, client_secret, .. } = Options::default();
        Ok(Credentials::of_client(client_id, client_secret))
    }
}

impl BenchHome {
    pub fn new(near: &Source, far: &Source) -> Outcome<BenchHome> {
        let folder = tempfile::tempdir()?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        for part in ["mappings", "scripts"] {
            copy(&root.join(part), &folder.path().join(part))?;
        }
        for model in ["applications", "application_stages", "jobs", "users"] {
            std::fs::remove_file(folder.path().join(format!("mappings/carerix/{model}.yaml")))?;
        }
        std::fs::create_dir(folder.path().join("connections"))?;
        for (name, Source { address, .. }) in [("near", near), ("far", far)] {
            let text = format!(
                "connector: carerix\ncredentials: {{ client_id: \"env:NONE\", client_secret: \"env:NONE\" }}\n\
                 settings: {{ tenant: sandbox, realm: sandbox, identity: \"{address}\", api: \"{address}\" }}\n\
                 limits: {{ rate: {{ requests: 100000, burst: 1000 }}, concurrency: 64 }}\n"
            );
            std::fs::write(folder.path().join(format!("connections/{name}.yaml")), text)?;
        }
        let mapping = std::fs::read_to_string(folder.path().join(FILE))?;
        if !mapping.contains(COMPANY) || !mapping.contains(TITLE) {
            return Err("the mapping of candidates has not the lines that are edited".into());
        }
        Ok(BenchHome { folder, mapping })
    }

    /// The mapping in which two fields say which edit it is.
    pub fn edition(&self, mark: &str) -> String {
        self.mapping
            .replace(COMPANY, &format!("  company: {{ value: \"{mark}\" }}\n"))
            .replace(TITLE, &format!("  title: {{ value: \"{mark}\" }}\n"))
    }

    /// Saves an edit as an editor does. Gives the moment of the rename.
    pub fn save(&self, mark: &str) -> Outcome<Instant> {
        self.save_text(&self.edition(mark))
    }

    /// Saves an edit that does something else, and comes to the same.
    pub fn save_without_effect(&self, mark: &str) -> Outcome<Instant> {
        let line = format!("  company: {{ value: \"{mark}\" }}\n");
        let other = format!("  company: [{{ value: \"{mark}\" }}, {{ value: never }}]\n");
        self.save_text(&self.edition(mark).replace(&line, &other))
    }

    /// Removes the file of a connection.
    pub fn disconnect(&self, name: &str) -> Outcome<()> {
        Ok(std::fs::remove_file(self.folder.path().join(format!("connections/{name}.yaml")))?)
    }

    pub fn save_text(&self, text: &str) -> Outcome<Instant> {
        let path = self.folder.path().join(FILE);
        let beside = path.with_extension("new");
        std::fs::write(&beside, text)?;
        let now = Instant::now();
        std::fs::rename(beside, path)?;
        Ok(now)
    }

    /// Saves another comment.
    pub fn comment(&self, number: usize) -> Outcome<Instant> {
        let path = self.folder.path().join(FILE);
        let text = std::fs::read_to_string(&path)?;
        let text: Vec<&str> = text.lines().filter(|line| !line.starts_with("# Edit")).collect();
        self.save_text(&format!("{}\n# Edit {number}\n", text.join("\n")))
    }

    pub async fn run(&self) -> Outcome<Work> {
        let engine = Engine::open(self.folder.path(), None).await?;
        let options = RunOptions { access: Arc::new(Local), ..RunOptions::default() };
        let running = Arc::new(engine.run(options).await?);
        Ok(Work { engine, running })
    }
}

/// An engine at work.
#[derive(Clone)]
pub struct Work {
    pub engine: Engine,
    pub running: Arc<Running>,
}

impl Work {
    pub fn revision(&self) -> String {
        self.running.revision("near").map_or_else(String::new, |revision| revision.hash.clone())
    }

    /// Waits until a connection was read and is idle.
    pub async fn until_synced(&self, name: &str) -> Outcome<()> {
        self.until(name, |sync| sync.last.is_some() && sync.now.is_none()).await
    }

    async fn until(&self, name: &str, holds: impl Fn(&crosswalk::engine::SyncState) -> bool) -> Outcome<()> {
        let end = Instant::now() + Duration::from_secs(900);
        loop {
            let status = self.running.status();
            let connection =
                status.connections.iter().find(|connection| connection.name == name).ok_or("no connection")?;
            if let Some(error) = connection.sync.last.as_ref().and_then(|last| last.error.as_ref()) {
                return Err(error.clone().into());
            }
            if holds(&connection.sync) {
                return Ok(());
            }
            if Instant::now() > end {
                return Err("it takes too long".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Reads a connection once.
    pub async fn sync(&self, name: &str) -> Outcome<()> {
        let now = jiff::Timestamp::now();
        self.running.sync_now(name);
        self.until(name, |sync| sync.now.is_none() && sync.last.as_ref().is_some_and(|last| last.began_at >= now)).await
    }

    /// Reads a connection again and again.
    pub fn keep_syncing(&self, name: &'static str) -> AbortHandle {
        let work = self.clone();
        tokio::spawn(async move { while work.sync(name).await.is_ok() {} }).abort_handle()
    }

    /// Lists candidates again and again.
    pub fn keep_reading(&self) -> Reading {
        let (work, (stop, stopped)) = (self.clone(), watch::channel(false));
        let reading = tokio::spawn(async move {
            let (mut times, mut after) = (Times::default(), None);
            while !*stopped.borrow() {
                let began = Instant::now();
                let listing = work.engine.list(Some("near"), &CANDIDATES, after, 250).await?;
                times.add(began.elapsed());
                after = listing.next;
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Ok(times)
        });
        Reading { stop, reading }
    }

    pub async fn until_another(&self, before: &str) -> Outcome<()> {
        let end = Instant::now() + Duration::from_secs(30);
        while self.revision() == before {
            if Instant::now() > end {
                return Err("an edit is not noticed".into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    /// Waits until no record is left to be mapped again.
    pub async fn until_mapped(&self) -> Outcome<()> {
        let end = Instant::now() + Duration::from_secs(600);
        while self.running.status().connections.iter().any(|connection| connection.mapping_again) {
            if Instant::now() > end {
                return Err("records are not mapped again".into());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

/// Somebody who lists candidates.
pub struct Reading {
    stop: watch::Sender<bool>,
    reading: JoinHandle<Outcome<Times>>,
}

impl Reading {
    pub async fn stop(self) -> Outcome<Times> {
        self.stop.send_replace(true);
        self.reading.await?
    }
}

fn copy(from: &Path, to: &Path) -> Outcome<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let (entry, target) = {
            let entry = entry?;
            let target = to.join(entry.file_name());
            (entry, target)
        };
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
