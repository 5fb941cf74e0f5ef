//! A connection of a running engine: what it runs with, its syncs and its remaps.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{Duration, sleep};

use super::Shared;
use super::inlet::Inlet;
use super::status::{SyncState, Synced};
use crate::connector::{Connection, Live, Revision};
use crate::diagnostics::Report;
use crate::engine::EngineError;
use crate::source::Source;
use crate::store::StoreError;
use crate::sync::{Event, Reading, RemapProgress, Remapping, SyncOptions};

/// How long a remap that the store did not let happen waits.
const AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// How long after a sync that did not come to its end the next one begins.
const AFTER_A_FAILURE: Duration = Duration::from_secs(60);

/// How long events can be read.
const EVENTS_ARE_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A connection that runs.
#[derive(Debug)]
pub(super) struct Member {
    pub name: String,
    pub live: Arc<Live>,
    state: Mutex<State>,
    /// There may be something to map again.
    remap: Notify,
    /// A sync is wanted before its time.
    pub sync_now: Notify,
    /// Where its source tells of changes.
    pub inlet: Inlet,
    tasks: Mutex<Vec<AbortHandle>>,
}

#[derive(Debug, Clone)]
pub(super) struct State {
    pub connection: Connection,
    pub since: Timestamp,
    /// What is wrong with the present files. The revision is the last good one then.
    pub broken: Option<Report>,
    pub sync: SyncState,
    pub remap: Vec<RemapProgress>,
    /// How often it was asked that records are mapped again, and up to which time that was done.
    pub remaps_asked: u64,
    pub remaps_done: u64,
}

impl Member {
    pub fn new(connection: Connection, revision: Revision, broken: Option<Report>) -> Member {
        Member {
            name: connection.name.clone(),
            live: Arc::new(Live::new(revision)),
            state: Mutex::new(State {
                connection,
                since: Timestamp::now(),
                broken,
                sync: SyncState::default(),
                remap: Vec::new(),
                remaps_asked: 0,
                remaps_done: 0,
            }),
            remap: Notify::new(),
            sync_now: Notify::new(),
            inlet: Inlet::default(),
            tasks: Mutex::new(Vec::new()),
        }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        // What is behind the lock is replaced whole, so a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Begins to sync and to map again.
    pub fn start(self: &Arc<Self>, shared: &Arc<Shared>) {
        let mut tasks = vec![tokio::spawn(Arc::clone(self).keep_mapped(Arc::clone(shared))).abort_handle()];
        if shared.options.syncs {
            self.start_following(shared);
            tasks.push(tokio::spawn(Arc::clone(self).keep_synced(Arc::clone(shared))).abort_handle());
        }
        *self.tasks.lock().unwrap_or_else(PoisonError::into_inner) = tasks;
    }

    /// Ends both at once. A page or a batch under way is written whole or not at all, and the next start goes on there.
    pub fn stop(&self) {
        self.stop_following();
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
        // One that was under way goes on as soon as there is somebody to do it.
        if self.state().sync.now.take().is_some() {
            self.sync_now.notify_one();
        }
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
                        metrics::counter!("crosswalk_records_remapped_total", "connection" => self.name.clone())
                            .increment(done.mapped);
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

    async fn keep_synced(self: Arc<Self>, shared: Arc<Shared>) {
        loop {
            let due = match self.due(&shared).await {
                Ok(due) => due,
                Err(error) => {
                    tracing::warn!(connection = self.name, %error, "the store does not say when the next sync is due");
                    AFTER_TROUBLE
                }
            };
            self.state().sync.next_at = Some(Timestamp::now() + due);
            tokio::select! {
                () = sleep(due) => {}
                () = self.sync_now.notified() => {}
            }
            self.sync(&shared).await;
            // Pages that were under way when files changed are of the revision before.
            self.map_again();
        }
    }

    /// How long until the next sync.
    async fn due(&self, shared: &Shared) -> Result<Duration, StoreError> {
        let (every, last_try) = {
            let state = self.state();
            let every = state.connection.options.every;
            match &state.sync.last {
                // What was broken off goes on while it still can.
                Some(last) if last.error.is_some() => (every.min(AFTER_A_FAILURE), Some(last.ended_at)),
                last => (every, last.as_ref().map(|last| last.began_at)),
            }
        };
        let latest = match last_try {
            Some(began_at) => Some(began_at),
            None => self.last_whole_sync(shared).await?,
        };
        let Some(latest) = latest else { return Ok(Duration::ZERO) };
        let ago = Timestamp::now().duration_since(latest);
        Ok(every.saturating_sub(Duration::try_from(ago).unwrap_or_default()))
    }

    /// When the model began to be read that was read longest ago; none when one never was to its end.
    async fn last_whole_sync(&self, shared: &Shared) -> Result<Option<Timestamp>, StoreError> {
        let mut oldest = None;
        for plan in self.live.revision().plans() {
            let Some(run) = shared.engine.store.latest_complete(&self.name, plan.model()).await? else {
                return Ok(None);
            };
            oldest = Some(oldest.map_or(run.started_at, |oldest: Timestamp| oldest.min(run.started_at)));
        }
        Ok(oldest)
    }

    async fn sync(&self, shared: &Shared) {
        let began_at = Timestamp::now();
        {
            let mut state = self.state();
            state.sync.now = Some(Default::default());
            state.sync.next_at = None;
        }
        let result = self.read(shared).await;
        let synced = match result {
            Ok(report) => Synced::of(&report, began_at),
            Err(error) => Synced::failed(&error, began_at),
        };
        match &synced.error {
            None => tracing::info!(connection = self.name, fetched = synced.fetched, failed = synced.failed, "synced"),
            Some(error) => tracing::warn!(connection = self.name, %error, "the sync did not come to its end"),
        }
        {
            let mut state = self.state();
            state.sync.now = None;
            state.sync.last = Some(synced);
        }
        if let Err(error) = shared.engine.store.forget_events(Timestamp::now() - EVENTS_ARE_KEPT).await {
            tracing::warn!(%error, "old events could not be forgotten");
        }
    }

    async fn read(&self, shared: &Shared) -> Result<crate::sync::SyncReport, EngineError> {
        let connection = self.state().connection.clone();
        let credentials = shared.options.access.credentials(&shared.engine.home, &connection)?;
        let remote = self.live.revision().remote.clone();
        let reading = Reading {
            connection: self.name.clone(),
            live: Arc::clone(&self.live),
            source: Arc::new(Source::new(remote, credentials)?),
            store: shared.engine.store.clone(),
            pace: shared.pace.clone(),
            tenant: connection.tenant().to_owned(),
            rules: connection.options.sync,
        };
        let observe = |event: Event| {
            if let Some(now) = &mut self.state().sync.now {
                now.hear(&event);
            }
        };
        Ok(reading.sync(&SyncOptions::default(), observe).await?)
    }
}
