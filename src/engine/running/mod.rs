//! The engine at work: syncs by the clock, notices files that change, and maps stored records again.

mod access;
mod compile;
mod inlet;
mod member;
mod reload;
mod status;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::Timestamp;
use tokio::task::AbortHandle;

pub use self::access::{Access, FromHome};
use self::compile::Compiled;
pub(super) use self::compile::kept;
pub use self::inlet::Received;
use self::member::Member;
pub use self::reload::{ModelChange, Outcome, Reload, Reloaded, changes};
pub use self::status::{ConnectionStatus, RemapStatus, Status, SyncNow, SyncState, Synced};
use super::{Engine, EngineError};
use crate::connector::{Connection, Revision, Watch, WatchOptions};
use crate::diagnostics::Report;
use crate::sync::Pace;

/// Revisions of a connection that are kept to go back to, where nobody says how many.
pub(super) const KEPT: u32 = 50;

/// How an engine runs.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Where the sources of connections are.
    pub access: Arc<dyn Access>,
    /// Whether connections are read by the clock.
    pub syncs: bool,
    /// Revisions of each connection of which the files are kept in the store.
    pub keep: u32,
    /// How changes of files are noticed; none when only [`Running::reload`] looks.
    pub watch: Option<WatchOptions>,
}

/// An engine at work. It ends when this is dropped; [`Running::stop`] waits for the end.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    watching: Option<AbortHandle>,
}

#[derive(Debug)]
struct Shared {
    engine: Engine,
    options: RunOptions,
    pace: Pace,
    started_at: Timestamp,
    members: Mutex<BTreeMap<String, Arc<Member>>>,
    /// Connections that have no revision to run with, and why.
    broken: Mutex<BTreeMap<String, Report>>,
    /// What was said of broken files last, so that it is said once.
    told: Mutex<BTreeMap<String, String>>,
    watching: Mutex<String>,
    reloads: Mutex<BTreeMap<String, u64>>,
    /// One look at the files at a time: the later one sees what the earlier one did.
    reloading: tokio::sync::Mutex<()>,
}

impl Engine {
    /// Begins to sync the connections of the home by the clock, to watch its files, and to map stored records again
    /// when a mapping changes. A connection whose files do not compile runs with its last good revision, which the store
    /// keeps; one that never had any waits until its files are mended.
    pub async fn run(&self, options: RunOptions) -> Result<Running, EngineError> {
        let watch = match options.watch.clone() {
            Some(watch) => Some(Watch::start(&self.home, watch).await.map_err(EngineError::Watch)?),
            None => None,
        };
        let shared = Arc::new(Shared {
            engine: self.clone(),
            options,
            pace: Pace::default(),
            started_at: Timestamp::now(),
            members: Mutex::default(),
            broken: Mutex::default(),
            told: Mutex::default(),
            watching: Mutex::new(watch.as_ref().map_or("not at all".to_owned(), |watch| watch.manner().to_string())),
            reloads: Mutex::default(),
            reloading: tokio::sync::Mutex::default(),
        });
        shared.reload().await?;
        let watching = watch.map(|watch| tokio::spawn(Arc::clone(&shared).follow(watch)).abort_handle());
        Ok(Running { shared, watching })
    }
}

impl Running {
    /// Looks at the files now, and says what that led to once the revisions are in use. Files that cannot be run with
    /// are part of the answer; an error is trouble with the store.
    pub async fn reload(&self) -> Result<Reload, EngineError> {
        let shared = Arc::clone(&self.shared);
        // In a task of its own: whoever asked may go away, and half a reload is none.
        let reloading = tokio::spawn(async move { shared.reload().await });
        reloading.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }

    /// What goes on at this moment.
    pub fn status(&self) -> Status {
        self.shared.status()
    }

    /// The revision that a connection runs with.
    pub fn revision(&self, connection: &str) -> Option<Arc<Revision>> {
        self.shared.members().get(connection).map(|member| member.live.revision())
    }

    /// Begins the next sync of a connection now, unless one is under way. False when there is no such connection.
    pub fn sync_now(&self, connection: &str) -> bool {
        let member = self.shared.members().get(connection).cloned();
        member.inspect(|member| member.sync_now.notify_one()).is_some()
    }

    /// Ends everything. What is under way is written whole or not at all, and goes on there the next time.
    pub async fn stop(&self) {
        // A reload under way would start what is stopped here.
        let _last = self.shared.reloading.lock().await;
        self.end();
    }

    fn end(&self) {
        if let Some(watching) = &self.watching {
            watching.abort();
        }
        for member in std::mem::take(&mut *self.shared.members()).into_values() {
            member.stop();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn members(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Member>>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn broken(&self) -> MutexGuard<'_, BTreeMap<String, Report>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn follow(self: Arc<Self>, mut watch: Watch) {
        loop {
            let changed = watch.changed().await;
            tracing::debug!(paths = ?changed.paths, "files changed");
            *self.watching.lock().unwrap_or_else(PoisonError::into_inner) = watch.manner().to_string();
            if let Err(error) = self.reload().await {
                tracing::error!(%error, "files changed, and the store did not keep what they became");
            }
        }
    }

    async fn reload(self: &Arc<Self>) -> Result<Reload, EngineError> {
        let _one = self.reloading.lock().await;
        let began = Instant::now();
        let in_use: BTreeMap<String, String> = {
            let members = self.members();
            members.iter().map(|(name, member)| (name.clone(), member.live.revision().hash.clone())).collect()
        };
        let compiled = compile::home(&self.engine.home, &self.options.access, in_use).await;
        let mut gone: Vec<String> =
            self.members().keys().filter(|name| !compiled.contains_key(*name)).cloned().collect();
        if !gone.is_empty() && !self.engine.home.root().join("connections").is_dir() {
            // A disk that is not mounted says nothing about connections.
            tracing::error!(home = %self.engine.home.root().display(), "the folder connections/ is gone; all connections go on as they are");
            gone.clear();
        }
        // Kept before it is used: by what is kept it is known which records are mapped alike.
        for (name, compiled) in &compiled {
            if let Ok((_, Some(revision))) = compiled {
                self.engine.store.keep_revision(&compile::kept(name, revision), self.options.keep).await?;
            }
        }
        let mut connections = Vec::new();
        for (name, compiled) in compiled {
            let outcome = self.take(&name, compiled).await;
            connections.push(Reloaded { connection: name, outcome });
        }
        for name in gone {
            if let Some(member) = self.members().remove(&name) {
                member.stop();
            }
            connections.push(Reloaded { connection: name, outcome: Outcome::Stopped });
        }
        self.broken().retain(|name, _| connections.iter().any(|reloaded| reloaded.connection == *name));
        connections.sort_by(|one, other| one.connection.cmp(&other.connection));
        let reload = Reload { connections, took: began.elapsed() };
        self.tell(&reload);
        Ok(reload)
    }

    /// Runs a connection with what its files became.
    async fn take(self: &Arc<Self>, name: &str, compiled: Compiled) -> Outcome {
        let member = self.members().get(name).cloned();
        match (member, compiled) {
            (Some(member), Ok((connection, None))) => {
                let mut state = member.state();
                (state.connection, state.broken) = (connection, None);
                Outcome::Unchanged { revision: member.live.revision().hash.clone() }
            }
            (Some(member), Ok((connection, Some(revision)))) => {
                let restarts = is_another_source(&member, &connection, &revision);
                {
                    let mut state = member.state();
                    (state.connection, state.broken) = (connection, None);
                }
                member.will_map_again();
                let outcome = reload::swap(&member.live, revision);
                member.state().since = Timestamp::now();
                if restarts {
                    member.stop();
                    member.start(self);
                }
                member.map_again();
                outcome
            }
            // It ran when the files were looked at, and runs no more.
            (None, Ok((_, None))) => Outcome::Stopped,
            (None, Ok((connection, Some(revision)))) => {
                let hash = revision.hash.clone();
                self.start(Member::new(connection, revision, None)).map_again();
                Outcome::Started { revision: hash }
            }
            (Some(member), Err(report)) => {
                member.state().broken = Some(report.clone());
                Outcome::Broken { report, keeps: Some(member.live.revision().hash.clone()) }
            }
            (None, Err(report)) => {
                let last_good = compile::last_good(&self.engine, &self.options.access, name).await;
                let keeps = last_good.as_ref().map(|(_, revision)| revision.hash.clone());
                match last_good {
                    Some((connection, revision)) => {
                        self.start(Member::new(connection, revision, Some(report.clone()))).map_again();
                    }
                    None => {
                        self.broken().insert(name.to_owned(), report.clone());
                    }
                }
                Outcome::Broken { report, keeps }
            }
        }
    }

    fn start(self: &Arc<Self>, member: Member) -> Arc<Member> {
        let member = Arc::new(member);
        self.broken().remove(&member.name);
        self.members().insert(member.name.clone(), Arc::clone(&member));
        member.start(self);
        member
    }

    /// Says in the log and in figures what a reload led to.
    fn tell(&self, reload: &Reload) {
        let took = reload.took.as_millis();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reloads = self.reloads.lock().unwrap_or_else(PoisonError::into_inner);
        for Reloaded { connection, outcome } in &reload.connections {
            let what = match outcome {
                Outcome::Started { revision } => {
                    tracing::info!(connection, revision, "the connection runs");
                    "started"
                }
                Outcome::Swapped { from, to, models } => {
                    let models: Vec<String> =
                        models.iter().map(|change| format!("{}: {}", change.model, change.fields.join(", "))).collect();
                    tracing::info!(connection, from, to, changed = ?models, took_ms = took, "another revision is in use");
                    "swapped"
                }
                Outcome::Unchanged { .. } => "unchanged",
                Outcome::Broken { report, keeps } => {
                    let report = report.to_string();
                    if told.get(connection) != Some(&report) {
                        let goes_on = keeps.as_deref().unwrap_or("nothing");
                        tracing::error!(connection, goes_on_with = goes_on, "files cannot be run with\n{report}");
                        told.insert(connection.clone(), report);
                    }
                    "broken"
                }
                Outcome::Stopped => {
                    tracing::info!(connection, "the connection's file is gone, and it runs no more");
                    "stopped"
                }
            };
            if what != "broken" {
                told.remove(connection);
            }
            *reloads.entry(what.to_owned()).or_default() += 1;
            metrics::counter!("crosswalk_reloads_total", "connection" => connection.clone(), "outcome" => what)
                .increment(1);
            metrics::gauge!("crosswalk_connection_broken", "connection" => connection.clone())
                .set(if what == "broken" { 1.0 } else { 0.0 });
        }
        metrics::gauge!("crosswalk_reload_seconds").set(reload.took.as_secs_f64());
    }

    fn status(&self) -> Status {
        let running = self.members().values().map(|member| ConnectionStatus::of(member)).collect::<Vec<_>>();
        let broken = self.broken();
        let broken = broken.iter().map(|(name, report)| ConnectionStatus::of_broken(name, report));
        let mut connections: Vec<ConnectionStatus> = running.into_iter().chain(broken).collect();
        connections.sort_by(|one, other| one.name.cmp(&other.name));
        Status {
            started_at: self.started_at,
            watching: self.watching.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            reloads: self.reloads.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            connections,
        }
    }
}

/// Whether a sync under way reads from elsewhere than the next one would.
fn is_another_source(member: &Member, connection: &Connection, revision: &Revision) -> bool {
    let state = member.state();
    member.live.revision().remote != revision.remote
        || state.connection.credentials != connection.credentials
        || state.connection.options != connection.options
}
