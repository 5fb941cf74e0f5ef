//! The engine at work: syncs by the clock, notices files that change, and maps stored records again.

mod access;
mod acting;
mod asked;
mod clock;
mod compile;
mod delivering;
mod due;
mod inlet;
mod measure;
mod member;
mod options;
mod passing;
mod reload;
mod standings;
mod status;
mod stored;
mod syncing;
mod telling;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::timeout;

pub use self::access::{Access, FromHome};
pub use self::asked::{AskedSync, NotAsked, SyncKind};
pub use self::clock::Clock;
use self::compile::Compiled;
pub(super) use self::compile::kept;
pub use self::inlet::Received;
use self::member::{AbortOnDrop, Member};
pub(super) use self::options::TIME_LIMIT;
pub use self::options::{Outgoing, RunOptions};
pub use self::passing::{NotPassed, Passing};
pub use self::reload::{ModelChange, Outcome, Reload, Reloaded, changes};
pub use self::status::{ConnectionStatus, ModelStatus, RemapStatus, Status, SyncNow, SyncState, Synced};
use super::figures::{BROKEN, RELOAD_SECONDS, RELOADS};
use super::{Engine, EngineError, View};
use crate::connector::{Connection, Remote, Revision, Watch};
use crate::diagnostics::Report;
use crate::source::Caps;
use crate::store::Hold;
use crate::sync::Pace;

/// Revisions of a connection that are kept to go back to, where nobody says how many.
pub(super) const KEPT: u32 = 50;

/// How long events can be read.
const EVENTS_ARE_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How long the history of syncs goes back.
const RUNS_ARE_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// However many connections start together, the last one does not wait longer.
const LONGEST_STAGGER: Duration = Duration::from_secs(30);

/// An engine at work. It ends when this is dropped; [`Running::stop`] waits for the end.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    watching: Option<AbortHandle>,
    hold: Mutex<Option<Hold>>,
    /// Tells those who have endpoints.
    telling: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    engine: Engine,
    options: RunOptions,
    caps: Caps,
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
    /// The queue of syncs. It is fair: whoever came first is next.
    turns: Semaphore,
    stopping: watch::Sender<bool>,
    /// Connections may stand otherwise than when they were looked at last.
    look: AtomicBool,
}

impl Engine {
    /// Begins to sync the connections of the home by the clock, to watch its files, and to map stored records again
    /// when a mapping changes. A connection whose files do not compile runs with its last good revision, which the store
    /// keeps; one that never had any waits until its files are mended.
    ///
    /// One process at a time is at work on a store: a second one is refused, and told who is, unless it does not write.
    pub async fn run(&self, options: RunOptions) -> Result<Running, EngineError> {
        let hold = match options.writes {
            true => Some(self.store.hold("runs the connections").await?),
            false => None,
        };
        let watch = match options.watch.clone() {
            Some(watch) => Some(Watch::start(&self.home, watch).await.map_err(EngineError::Watch)?),
            None => None,
        };
        let (started_at, turns) = (options.clock.now(), Semaphore::new(options.max_syncs.max(1)));
        let shared = Arc::new(Shared {
            engine: self.clone(),
            caps: Caps::new(options.max_requests),
            options,
            pace: Pace::default(),
            started_at,
            members: Mutex::default(),
            broken: Mutex::default(),
            told: Mutex::default(),
            watching: Mutex::new(watch.as_ref().map_or("not at all".to_owned(), |watch| watch.manner().to_string())),
            reloads: Mutex::default(),
            reloading: tokio::sync::Mutex::default(),
            turns,
            stopping: watch::Sender::new(false),
            look: AtomicBool::new(true),
        });
        shared.reload().await?;
        let telling = match shared.options.writes {
            true => Some(tokio::spawn(Arc::clone(&shared).keep_telling(shared.sender()?))),
            false => None,
        };
        let watching = watch.map(|watch| tokio::spawn(Arc::clone(&shared).follow(watch)).abort_handle());
        Ok(Running { shared, watching, hold: Mutex::new(hold), telling: Mutex::new(telling) })
    }
}

impl Running {
    /// Looks at the files now, and says what that led to once the revisions are in use. Files that cannot be run with
    /// are part of the answer; an error is trouble with the store.
    pub async fn reload(&self) -> Result<Reload, EngineError> {
        let shared = Arc::clone(&self.shared);
        // In a task of its own: whoever asked may go away, and half a reload is none.
        let reloading = tokio::spawn(async move {
            let reload = shared.reload().await?;
            // Credentials stand in no file of the home: whoever mended them says so by this.
            for member in shared.members().values().filter(|member| member.was_refused()) {
                member.sync_now.notify_one();
            }
            Ok(reload)
        });
        reloading.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }

    /// What goes on at this moment, as far as the engine itself knows it.
    pub fn status(&self) -> Status {
        self.shared.status()
    }

    /// The revision that a connection runs with.
    pub fn revision(&self, connection: &str) -> Option<Arc<Revision>> {
        self.shared.members().get(connection).map(|member| member.live.revision())
    }

    /// The names of the connections that it knows, those included that have no revision to run with.
    pub fn connections(&self) -> Vec<String> {
        let mut names: Vec<String> = self.shared.members().keys().cloned().collect();
        names.extend(self.shared.broken().keys().cloned());
        names
    }

    /// Whether it knows a connection of that name.
    pub fn knows(&self, connection: &str) -> bool {
        self.shared.members().contains_key(connection) || self.shared.broken().contains_key(connection)
    }

    /// Whether connections are read.
    pub fn syncs(&self) -> bool {
        self.shared.options.syncs && self.writes()
    }

    /// Whether the store is written.
    pub fn writes(&self) -> bool {
        self.shared.options.writes
    }

    /// What of a connection can be read, with the files that it runs with.
    pub fn view(&self, connection: &str) -> Option<View> {
        let member = self.shared.members().get(connection).cloned()?;
        let view = View::of(&member.state().connection, &member.live.revision());
        Some(view)
    }

    /// Begins the next sync of a connection now, or as soon as the one under way ends. Models that are paused or off are
    /// not read. False when there is no such connection.
    pub fn sync_now(&self, connection: &str) -> bool {
        let member = self.shared.members().get(connection).cloned();
        member.inspect(|member| member.sync_now.notify_one()).is_some()
    }

    /// Ends everything at once. What is under way is written whole or not at all, and goes on there the next time.
    pub async fn stop(&self) {
        // A reload under way would start what is stopped here.
        let _last = self.shared.reloading.lock().await;
        self.end();
    }

    /// Ends everything, and lets each sync finish the page that is under way, and each action its step. Whatever takes `longest` is ended at once
    /// then. True when nothing was.
    pub async fn stop_within(&self, longest: Duration) -> bool {
        self.shared.stopping.send_replace(true);
        let ends = async {
            let _last = self.shared.reloading.lock().await;
            let members: Vec<Arc<Member>> = self.shared.members().values().cloned().collect();
            members.iter().for_each(|member| member.stop_mapping());
            join_all(members.iter().map(|member| member.stopped())).await;
            self.shared.engine.desk().idle().await;
            // What an endpoint is being sent is not sent again then. What syncs brought last, the next start tells.
            self.stopped_telling().await;
        };
        let in_time = timeout(longest, ends).await.is_ok();
        self.stop().await;
        in_time
    }

    async fn stopped_telling(&self) {
        let telling = self.telling.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut telling) = telling {
            let _abort_if_nobody_waits = AbortOnDrop(telling.abort_handle());
            let _ = (&mut telling).await;
        }
    }

    fn end(&self) {
        if let Some(telling) = self.telling.lock().unwrap_or_else(PoisonError::into_inner).take() {
            telling.abort();
        }
        if let Some(watching) = &self.watching {
            watching.abort();
        }
        for member in std::mem::take(&mut *self.shared.members()).into_values() {
            member.stop();
        }
        self.shared.engine.desk().end();
        drop(self.hold.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

impl Shared {
    fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

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
        self.engine.store.recover().await?;
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
        for (name, compiled) in compiled.iter().filter(|_| self.options.writes) {
            if let Ok((_, Some(revision))) = compiled {
                self.engine.store.keep_revision(&compile::kept(name, revision), self.options.keep).await?;
            }
        }
        let mut connections = Vec::new();
        let mut started = 0;
        for (name, compiled) in compiled {
            let head_start = self.options.stagger.saturating_mul(started).min(LONGEST_STAGGER);
            let outcome = self.take(&name, compiled, head_start).await;
            started += u32::from(matches!(outcome, Outcome::Started { .. }));
            connections.push(Reloaded { connection: name, outcome });
        }
        for name in gone {
            if let Some(member) = self.members().remove(&name) {
                member.is_removed.store(true, Ordering::Release);
                member.stop();
            }
            connections.push(Reloaded { connection: name, outcome: Outcome::Stopped });
        }
        self.keep_standings(&connections).await;
        self.broken().retain(|name, _| connections.iter().any(|reloaded| reloaded.connection == *name));
        connections.sort_by(|one, other| one.connection.cmp(&other.connection));
        let reload = Reload { connections, took: began.elapsed() };
        self.tell(&reload);
        Ok(reload)
    }

    /// Runs a connection with what its files became.
    async fn take(self: &Arc<Self>, name: &str, compiled: Compiled, head_start: Duration) -> Outcome {
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
                member.health.attach(&revision.remote);
                let outcome = reload::swap(&member.live, revision);
                member.state().since = Timestamp::now();
                if restarts {
                    member.stop();
                    member.start(self, Duration::ZERO);
                }
                member.map_again();
                outcome
            }
            // It ran when the files were looked at, and runs no more.
            (None, Ok((_, None))) => Outcome::Stopped,
            (None, Ok((connection, Some(revision)))) => {
                let hash = revision.hash.clone();
                self.start(Member::new(connection, revision, None, &self.caps), head_start).map_again();
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
                        self.start(Member::new(connection, revision, Some(report.clone()), &self.caps), head_start)
                            .map_again();
                    }
                    None => {
                        self.broken().insert(name.to_owned(), report.clone());
                    }
                }
                Outcome::Broken { report, keeps }
            }
        }
    }

    fn start(self: &Arc<Self>, member: Member, head_start: Duration) -> Arc<Member> {
        let member = Arc::new(member);
        self.broken().remove(&member.name);
        self.members().insert(member.name.clone(), Arc::clone(&member));
        member.start(self, head_start);
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
            metrics::counter!(RELOADS, "connection" => connection.clone(), "outcome" => what).increment(1);
            metrics::gauge!(BROKEN, "connection" => connection.clone()).set(if what == "broken" { 1.0 } else { 0.0 });
        }
        metrics::gauge!(RELOAD_SECONDS).set(reload.took.as_secs_f64());
    }

    fn status(&self) -> Status {
        let running =
            self.members().values().map(|member| ConnectionStatus::of(member, self.now())).collect::<Vec<_>>();
        let broken = self.broken();
        let broken = broken.iter().map(|(name, report)| ConnectionStatus::of_broken(name, report));
        let mut connections: Vec<ConnectionStatus> = running.into_iter().chain(broken).collect();
        connections.sort_by(|one, other| one.name.cmp(&other.name));
        Status {
            running: true,
            started_at: Some(self.started_at),
            watching: self.watching.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            reloads: self.reloads.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            store_trouble: None,
            connections,
        }
    }
}

/// Whether a sync under way reads from elsewhere than the next one would.
fn is_another_source(member: &Member, connection: &Connection, revision: &Revision) -> bool {
    let state = member.state();
    let present = member.live.revision();
    // Limits are taken over without beginning anew.
    let limits = revision.remote.limits.clone();
    Remote { limits, ..present.remote.clone() } != revision.remote
        || state.connection.credentials != connection.credentials
        || state.connection.options != connection.options
}
