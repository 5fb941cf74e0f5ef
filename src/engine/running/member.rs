//! A connection of a running engine: what it runs with, its syncs and its remaps.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Duration, sleep};

use super::Shared;
use super::acting::KeptSource;
use super::asked::Wishes;
use super::due::Due;
use super::inlet::Inlet;
use super::passing::Passages;
use super::status::SyncState;
use crate::connector::{Connection, Live, Revision};
use crate::diagnostics::Report;
use crate::engine::EngineError;
use crate::engine::figures::REMAPPED;
use crate::source::{Caps, Health, Source};
use crate::sync::{Reading, RemapProgress, Remapping};

/// How long what the store did not let happen waits.
pub(super) const AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// A connection that runs.
#[derive(Debug)]
pub(super) struct Member {
    pub name: String,
    pub live: Arc<Live>,
    /// What is known of its source. It outlives syncs.
    pub health: Health,
    state: Mutex<State>,
    /// There may be something to map again.
    remap: Notify,
    /// A sync is wanted before its time.
    pub sync_now: Notify,
    /// Where its source tells of changes.
    pub inlet: Inlet,
    /// The ways of requests of others to its source.
    pub passages: Passages,
    tasks: Mutex<Tasks>,
    /// What its actions ask and tell.
    pub(super) acts_with: Mutex<Option<KeptSource>>,
    /// Whether its file is gone.
    pub(super) is_removed: AtomicBool,
    /// How often the store had been opened anew when it was told last of the revision in use.
    pub(super) recovered: AtomicU64,
}

#[derive(Debug, Default)]
struct Tasks {
    mapping: Option<AbortHandle>,
    acting: Option<AbortHandle>,
    syncing: Option<JoinHandle<()>>,
}

#[derive(Debug, Clone)]
pub(super) struct State {
    pub connection: Connection,
    pub since: Timestamp,
    /// What is wrong with the present files. The revision is the last good one then.
    pub broken: Option<Report>,
    pub sync: SyncState,
    /// Syncs that somebody asked for.
    pub wishes: Wishes,
    /// Its models by their clocks.
    pub dues: Vec<Due>,
    pub remap: Vec<RemapProgress>,
    /// How often it was asked that records are mapped again, and up to which time that was done.
    pub remaps_asked: u64,
    pub remaps_done: u64,
}

impl Member {
    pub fn new(connection: Connection, revision: Revision, broken: Option<Report>, caps: &Caps) -> Member {
        Member {
            name: connection.name.clone(),
            health: Health::new(&connection.name, caps),
            live: Arc::new(Live::new(revision)),
            state: Mutex::new(State {
                connection,
                since: Timestamp::now(),
                broken,
                sync: SyncState::default(),
                wishes: Wishes::default(),
                dues: Vec::new(),
                remap: Vec::new(),
                remaps_asked: 0,
                remaps_done: 0,
            }),
            remap: Notify::new(),
            sync_now: Notify::new(),
            inlet: Inlet::default(),
            passages: Passages::default(),
            tasks: Mutex::default(),
            acts_with: Mutex::default(),
            is_removed: AtomicBool::new(false),
            recovered: AtomicU64::new(0),
        }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        // What is behind the lock is replaced whole, so a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its source as the present files say it, within the health of the connection.
    pub(super) fn source(&self, shared: &Shared, connection: &Connection) -> Result<Source, EngineError> {
        let credentials = shared.options.access.credentials(&shared.engine.home, connection)?;
        Ok(Source::of_health(self.live.revision().remote.clone(), credentials, self.health.clone())?)
    }

    /// What reads its records from a source.
    pub(super) fn reading(&self, shared: &Shared, connection: &Connection, source: Arc<Source>) -> Reading {
        Reading {
            connection: self.name.clone(),
            live: Arc::clone(&self.live),
            source,
            store: shared.engine.store.clone(),
            pace: shared.pace.clone(),
            tenant: connection.tenant().to_owned(),
            rules: connection.options.sync,
        }
    }

    /// Has stored records mapped again that the revision in use would map otherwise.
    pub fn map_again(&self) {
        self.will_map_again();
        self.remap.notify_one();
    }

    /// Says that they will be, before there is what maps them.
    pub fn will_map_again(&self) {
        self.state().remaps_asked += 1;
    }

    /// Begins to map again, and to sync after `head_start`.
    pub fn start(self: &Arc<Self>, shared: &Arc<Shared>, head_start: Duration) {
        // What it is started with may be what was wrong.
        self.state().dues.iter_mut().for_each(|due| due.trouble = None);
        if !shared.options.writes {
            return;
        }
        let mut tasks = self.tasks();
        tasks.mapping = Some(tokio::spawn(Arc::clone(self).keep_mapped(Arc::clone(shared))).abort_handle());
        tasks.acting = Some(tokio::spawn(Arc::clone(self).go_on_with_actions(Arc::clone(shared))).abort_handle());
        if shared.options.syncs {
            self.start_following(shared);
            tasks.syncing = Some(tokio::spawn(Arc::clone(self).keep_synced(Arc::clone(shared), head_start)));
        }
    }

    /// Ends both at once. A page or a batch under way is written whole or not at all, and the next start goes on there.
    pub fn stop(&self) {
        self.stop_following();
        self.stop_mapping();
        if let Some(syncing) = self.tasks().syncing.take() {
            syncing.abort();
        }
        let mut state = self.state();
        state.sync.queued = false;
        state.wishes.put_back();
        // One that was under way goes on as soon as there is somebody to do it.
        if state.sync.now.take().is_some() {
            self.sync_now.notify_one();
        }
    }

    /// Ends what maps again and what goes on with actions, at once. An action that is under way stays so.
    pub fn stop_mapping(&self) {
        let mut tasks = self.tasks();
        for task in [tasks.mapping.take(), tasks.acting.take()].into_iter().flatten() {
            task.abort();
        }
    }

    /// Waits until its syncs ended, once the engine is stopping.
    pub async fn stopped(&self) {
        let syncing = self.tasks().syncing.take();
        if let Some(mut syncing) = syncing {
            let _abort_if_nobody_waits = AbortOnDrop(syncing.abort_handle());
            // One that was ended by force has ended as well.
            let _ = (&mut syncing).await;
        }
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn keep_mapped(self: Arc<Self>, shared: Arc<Shared>) {
        loop {
            self.remap.notified().await;
            let asked = self.state().remaps_asked;
            let remapping = Remapping {
                connection: self.name.clone(),
                live: Arc::clone(&self.live),
                store: shared.engine.store.clone(),
                pace: shared.pace.clone(),
            };
            let observe = |progress: RemapProgress| {
                let mut state = self.state();
                state.remap.retain(|other| other.model != progress.model);
                state.remap.push(progress);
            };
            match remapping.run(observe).await {
                Ok(done) => {
                    for progress in done.iter().filter(|progress| progress.done.mapped == 0) {
                        tracing::info!(
                            connection = self.name,
                            model = progress.model.name,
                            records = progress.left.waiting,
                            "records lack what the mapping reads now; the next sync brings it"
                        );
                    }
                    for progress in done.iter().filter(|progress| progress.done.mapped > 0) {
                        let (done, left) = (progress.done, progress.left);
                        tracing::info!(
                            connection = self.name,
                            model = progress.model.name,
                            mapped = done.mapped,
                            changed = done.changed,
                            failed = done.failed,
                            waiting = left.waiting,
                            "stored records were mapped again"
                        );
                        metrics::counter!(REMAPPED, "connection" => self.name.clone()).increment(done.mapped);
                    }
                    let mut state = self.state();
                    (state.remap, state.remaps_done) = (done, asked);
                }
                Err(error) => {
                    tracing::warn!(connection = self.name, %error, "stored records could not be mapped again; it is tried later");
                    sleep(AFTER_TROUBLE).await;
                    self.remap.notify_one();
                }
            }
        }
    }
}

/// Ends a task when it is dropped.
pub(super) struct AbortOnDrop(pub AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
