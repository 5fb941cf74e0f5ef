//! A connection's syncs: when they are due, what they read, and how they end when the engine does.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::{Notify, watch};
use tokio::time::{Duration, sleep};
use tracing::Instrument;

use super::Shared;
use super::due::{Due, Spread};
use super::member::{AFTER_TROUBLE, Member};
use super::status::Synced;
use crate::action::RUNS_ARE_KEPT;
use crate::engine::EngineError;
use crate::engine::figures::{ISSUES, PAGES, RECORDS, count_sync};
use crate::engine::standing::{self, Credentials, Seen};
use crate::engine::telling::{self, sync_end};
use crate::model::Model;
use crate::store::StoreError;
use crate::sync::{Event, State as Ended, SyncOptions, SyncReport};
use crate::webhook::outgoing::SyncEnd;

/// The clock is looked at so often: a computer that slept, or a clock that was set, is noticed then.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

impl Member {
    /// Syncs whenever something is due, from `head_start` on, until the engine stops.
    pub(super) async fn keep_synced(self: Arc<Self>, shared: Arc<Shared>, head_start: Duration) {
        let mut stopping = shared.stopping.subscribe();
        let not_before = shared.now() + head_start;
        loop {
            let asked = tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                asked = self.until_due(&shared, not_before) => asked,
            };
            self.state().sync.queued = true;
            let turn = tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => return,
                turn = shared.turns.acquire() => turn,
            };
            self.state().sync.queued = false;
            // Nobody closes the queue.
            let Ok(_turn) = turn else { return };
            let asked = asked || self.state().wishes.are_queued();
            let models = self.models(shared.now(), asked);
            if models.is_empty() {
                continue;
            }
            let span = tracing::info_span!("sync", connection = self.name);
            self.sync(&shared, &models, &stopping).instrument(span).await;
            // Pages that were under way when files changed are of the revision before.
            self.map_again();
        }
    }

    /// Waits until a model is due. True when a sync was asked for before that.
    async fn until_due(&self, shared: &Shared, not_before: Timestamp) -> bool {
        loop {
            if let Err(error) = self.look_at_clocks(shared).await {
                tracing::warn!(connection = self.name, %error, "the store does not say when the next sync is due");
                sleep(AFTER_TROUBLE).await;
                continue;
            }
            let now = shared.now();
            let next = self.next(now).map(|next| next.max(not_before));
            self.state().sync.next_at = next;
            let left = match next {
                Some(next) if next <= now => return false,
                Some(next) => Duration::try_from(next.duration_since(now)).unwrap_or_default().min(LOOK_AGAIN),
                None => LOOK_AGAIN,
            };
            tokio::select! {
                () = sleep(left) => {}
                () = self.sync_now.notified() => return true,
            }
        }
    }

    /// Brings the clocks up to what the connection and its present revision say.
    async fn look_at_clocks(&self, shared: &Shared) -> Result<(), StoreError> {
        let options = self.state().connection.options.clone();
        let mut dues = Vec::new();
        for plan in self.live.revision().plans() {
            let model = plan.model();
            let Some(schedule) = options.clock(model) else { continue };
            let known = self.state().dues.iter().find(|due| due.model == model).cloned();
            dues.push(match known {
                Some(known) => Due { schedule: schedule.clone(), ..known },
                None => {
                    let latest = shared.engine.store.latest_complete(&self.name, model).await?;
                    let read_at = latest.map(|run| run.started_at);
                    Due { model, schedule: schedule.clone(), read_at, trouble: None }
                }
            });
        }
        self.state().dues = dues;
        Ok(())
    }

    /// When the next sync is due; none when the clock brings none.
    fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let state = self.state();
        let spread = Spread { connection: &self.name, jitter: state.connection.options.jitter };
        state.dues.iter().map(|due| due.at(spread, now)).min()
    }

    /// What a sync that begins now reads: all when it was `asked` for, and else what is due, with what is nearly due. The
    /// order is that of the models.
    fn models(&self, now: Timestamp, asked: bool) -> Vec<&'static Model> {
        let state = self.state();
        let spread = Spread { connection: &self.name, jitter: state.connection.options.jitter };
        let is_due = asked || state.dues.iter().any(|due| due.at(spread, now) <= now);
        let goes_along = |due: &&Due| asked || due.goes_along(spread, now);
        state.dues.iter().filter(|_| is_due).filter(goes_along).map(|due| due.model).collect()
    }

    async fn sync(&self, shared: &Shared, models: &[&'static Model], stopping: &watch::Receiver<bool>) {
        let (began_at, began) = (shared.now(), Instant::now());
        let full = {
            let mut state = self.state();
            state.sync.now = Some(Default::default());
            state.sync.next_at = None;
            state.wishes.begin()
        };
        let result = self.read(shared, models, full, stopping).await;
        let ended_at = shared.now();
        let result = match result {
            Ok(None) => {
                tracing::info!(
                    connection = self.name,
                    "the sync was stopped behind a page; the next one goes on there"
                );
                {
                    let mut state = self.state();
                    state.sync.now = None;
                    state.wishes.put_back();
                }
                self.tell_sync(shared, SyncEnd::Cancelled, (began_at, ended_at)).await;
                return;
            }
            Ok(Some(report)) => Ok(report),
            Err(error) => Err(error),
        };
        let mut synced = match &result {
            Ok(report) => Synced::of(report, began_at, ended_at),
            Err(error) => Synced::failed(error, began_at, ended_at),
        };
        let (error, credentials) = (synced.error.clone(), Credentials::of(&result));
        count_sync(&self.name, outcome(&result, credentials), began.elapsed());
        match &synced.error {
            None => tracing::info!(
                connection = self.name,
                fetched = synced.fetched,
                failed = synced.failed,
                milliseconds = began.elapsed().as_millis() as u64,
                "synced"
            ),
            Some(error) => tracing::warn!(connection = self.name, %error, "the sync did not come to its end"),
        }
        {
            let mut state = self.state();
            for due in state.dues.iter_mut().filter(|due| models.contains(&due.model)) {
                settle(due, &result, began_at, ended_at);
            }
            state.sync.now = None;
            synced.asked = state.wishes.end();
            state.sync.last = Some(synced);
        }
        let others_fail = self.state().dues.iter().any(|due| due.trouble.is_some());
        let next_at = self.next(ended_at);
        self.state().sync.next_at = next_at;
        let seen = standing::Sync { error, others_fail, credentials, next_at };
        let invalid_after = self.state().connection.options.invalid_after;
        shared.keep_standing(&self.name, Seen::Synced(seen), invalid_after).await;
        self.tell_sync(shared, sync_end(&result), (began_at, ended_at)).await;
        let (store, now) = (&shared.engine.store, Timestamp::now());
        if let Err(error) = store.forget_events(now - super::EVENTS_ARE_KEPT).await {
            tracing::warn!(%error, "old events could not be forgotten");
        }
        if let Err(error) = store.forget_runs(&self.name, now - super::RUNS_ARE_KEPT).await {
            tracing::warn!(%error, "old runs could not be forgotten");
        }
        if let Err(error) = store.forget_actions(RUNS_ARE_KEPT, now).await {
            tracing::warn!(%error, "old actions could not be forgotten");
        }
    }

    async fn tell_sync(&self, shared: &Shared, end: SyncEnd, during: (Timestamp, Timestamp)) {
        let (connection, revision) = (self.state().connection.clone(), self.live.revision());
        telling::tell_sync_end(&shared.engine, &connection, &revision, end, during).await;
    }

    /// None when the engine stopped meanwhile: the page that was under way is written then, and no other.
    async fn read(
        &self,
        shared: &Shared,
        models: &[&'static Model],
        full: bool,
        stopping: &watch::Receiver<bool>,
    ) -> Result<Option<SyncReport>, EngineError> {
        self.recover(shared).await?;
        let connection = self.state().connection.clone();
        let reading = self.reading(shared, &connection, Arc::new(self.source(shared, &connection)?));
        let behind_a_page = Notify::new();
        let observe = |event: Event| {
            if let Some(now) = &mut self.state().sync.now {
                now.hear(&event);
            }
            tell(&self.name, &event);
            if matches!(event, Event::Page { .. } | Event::Finished(_)) && *stopping.borrow() {
                behind_a_page.notify_one();
            }
        };
        let options = SyncOptions { models: models.to_vec(), full, ..SyncOptions::default() };
        tokio::select! {
            biased;
            () = behind_a_page.notified() => Ok(None),
            report = reading.sync(&options, observe) => Ok(Some(report?)),
        }
    }

    /// Goes on with a store that was mended.
    async fn recover(&self, shared: &Shared) -> Result<(), EngineError> {
        let recovered = shared.engine.store.recover().await?;
        if self.recovered.load(Ordering::Acquire) != recovered {
            // What was put in the place of a damaged file may be of a time before this revision.
            tracing::info!(connection = self.name, "the store was opened anew");
            let revision = super::compile::kept(&self.name, &self.live.revision());
            shared.engine.store.keep_revision(&revision, shared.options.keep).await?;
            self.recovered.store(recovered, Ordering::Release);
        }
        Ok(())
    }

    /// Whether the source refused the credentials the last time.
    pub(super) fn was_refused(&self) -> bool {
        self.state().dues.iter().any(|due| due.trouble.is_some_and(|trouble| trouble.refused))
    }
}

/// What a sync says about one of the models that it was to read.
fn settle(due: &mut Due, result: &Result<SyncReport, EngineError>, began_at: Timestamp, ended_at: Timestamp) {
    let report = match result {
        Ok(report) => report,
        Err(_) => return due.failed(ended_at, false),
    };
    let Some(model) = report.models.iter().find(|read| read.model == due.model) else { return };
    match &model.state {
        Ended::Interrupted(error) | Ended::Failed(error) => due.failed(ended_at, error.refuses_the_credentials()),
        Ended::NotRead => {
            due.failed(ended_at, report.source_error().is_some_and(|error| error.refuses_the_credentials()));
        }
        _ => due.was_read(began_at),
    }
}

/// The name of how a sync ended, for its figure.
fn outcome(result: &Result<SyncReport, EngineError>, credentials: Credentials) -> &'static str {
    match result {
        _ if credentials == Credentials::Refused => "refused",
        Err(_) => "failed",
        Ok(report) if report.source_error().is_some() => "failed",
        Ok(report) if report.models.iter().all(|model| matches!(model.state, Ended::Complete)) => "complete",
        Ok(_) => "incomplete",
    }
}

/// Says in the log and in figures what happened to records.
fn tell(connection: &str, event: &Event) {
    let labels = |model: &Model| [("connection", connection.to_owned()), ("model", model.name.to_owned())];
    match event {
        Event::Page { model, fetched, total } => {
            metrics::counter!(PAGES, &labels(model)).increment(1);
            tracing::debug!(connection, model = model.name, fetched, total, "a page was written");
        }
        // What an interrupted read counted is counted by the one that goes on with it.
        Event::Finished(report) if !matches!(report.state, Ended::Interrupted(_) | Ended::NotRead) => {
            let (model, counts) = (report.model, report.counts);
            let records = [
                ("fetched", counts.fetched),
                ("created", counts.created),
                ("changed", counts.changed),
                ("deleted", counts.deleted),
                ("failed", counts.failed),
            ];
            for (what, count) in records {
                let [connection, model] = labels(model);
                metrics::counter!(RECORDS, &[connection, model, ("what", what.to_owned())]).increment(count);
            }
            metrics::counter!(ISSUES, &labels(model)).increment(counts.issues);
            tracing::debug!(
                connection,
                model = model.name,
                fetched = counts.fetched,
                created = counts.created,
                changed = counts.changed,
                deleted = counts.deleted,
                failed = counts.failed,
                issues = counts.issues,
                milliseconds = report.elapsed.as_millis() as u64,
                "a model was read"
            );
        }
        _ => {}
    }
}
