//! One model of a sync: what has to be read of it, and the runs that read it.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::pinned::Pinned;
use super::report::{ModelReport, Reasons, State};
use super::walk::{NO_LAST_PAGE, Walk, lost};
use super::{Event, Reading, SyncOptions, now, remap};
use crate::store::{Counts, NewRun, Outcome, Run, RunKind, RunState, RunSummary, StoreError, text_digest};

/// How long after a reading that left a gap the next one of its kind begins at the earliest.
const AFTER_A_GAP: Duration = Duration::from_secs(60 * 60);

/// What has to be read of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Need {
    /// What changed since then.
    changes: Option<Timestamp>,
    /// Everything.
    all: bool,
}

impl Reading {
    /// Reads what is needed of a model: what changed, everything where that is due, and what a look at the count of rows
    /// says is missing.
    pub(super) async fn model(
        &self,
        pinned: &Pinned,
        options: &SyncOptions,
        observe: &mut impl FnMut(Event),
    ) -> Result<ModelReport, StoreError> {
        let began = Instant::now();
        let mut report = ModelReport::not_read(pinned.asked().model());
        self.read_model(pinned, options, &mut report, observe).await?;
        report.elapsed = began.elapsed();
        Ok(report)
    }

    async fn read_model(
        &self,
        pinned: &Pinned,
        options: &SyncOptions,
        report: &mut ModelReport,
        observe: &mut impl FnMut(Event),
    ) -> Result<(), StoreError> {
        if self.keeps_only_created(pinned.asked().model()) {
            self.only_created(pinned, options, report, observe).await?;
            if report.is_complete() {
                self.store.end_broken_off(&self.connection, pinned.asked().model(), now()).await?;
            }
            return Ok(());
        }
        let need = self.need(pinned, options).await?;
        if let Some(since) = need.changes {
            report.since = Some(since);
            self.delta(pinned, since, report, observe).await?;
            // Where everything is read anyway, it does not hang on what changed. A source that is down is not asked again.
            let is_down = matches!(report.state, State::Interrupted(_));
            if is_down || (!report.is_complete() && !need.all) {
                return Ok(());
            }
        }
        if need.all {
            self.full(pinned, options, report, observe).await?;
        } else {
            self.look(pinned, options, report, observe).await?;
        }
        if matches!(report.state, State::Complete | State::Held(_)) {
            self.read_partial_again(pinned, report).await?;
        }
        if report.is_complete() {
            self.store.end_broken_off(&self.connection, pinned.asked().model(), now()).await?;
        }
        Ok(())
    }

    /// Changes alone are enough where everything was read before, by the same choice of rows, and no record lacks what
    /// the mapping reads now.
    async fn need(&self, pinned: &Pinned, options: &SyncOptions) -> Result<Need, StoreError> {
        let plan = pinned.asked();
        let everything = Need { changes: None, all: true };
        if options.full || plan.changes().is_none() {
            return Ok(everything);
        }
        let chain = self.store.chain(&self.connection, plan.model()).await?;
        let now = now();
        // One that lies ahead was begun by a clock that was wrong, and says nothing.
        let of_same = |run: &RunSummary| {
            run.tenant == self.tenant && run.choice == plan.rows_signature() && run.started_at <= now
        };
        let Some(full) = chain.full.filter(of_same) else { return Ok(everything) };
        let since = chain.delta.filter(of_same).map_or(full.started_at, |delta| delta.started_at);
        let every = SignedDuration::try_from(self.rules.full_every).unwrap_or(SignedDuration::MAX);
        let is_due = now.duration_since(full.started_at) >= every
            && !self.was_in_vain(pinned, RunKind::Full, self.rules.full_every).await?;
        // A record that is gone for long waits for nothing, and what was asked for once is not asked for again.
        let lacks = full.operation != self.asks(pinned)
            && remap::left(&self.store, &self.connection, pinned.revision(), plan.model()).await?.waiting > 0;
        Ok(Need { changes: Some(since), all: is_due || lacks || options.accept_deletions })
    }

    /// Whether the latest reading of a kind did not come to its end a while ago: a list that has a gap is not read whole at
    /// every sync.
    pub(super) async fn was_in_vain(
        &self,
        pinned: &Pinned,
        kind: RunKind,
        at_most: Duration,
    ) -> Result<bool, StoreError> {
        let latest = self.store.latest_of(&self.connection, pinned.asked().model(), kind).await?;
        let Some(latest) = latest.filter(|run| run.state == RunState::Incomplete && run.tenant == self.tenant) else {
            return Ok(false);
        };
        let ago = Duration::try_from(now().duration_since(latest.started_at)).unwrap_or_default();
        Ok(ago < AFTER_A_GAP.min(at_most))
    }

    /// Begins a run.
    pub(super) async fn begin(
        &self,
        pinned: &Pinned,
        kind: RunKind,
        since: Option<Timestamp>,
        anew: bool,
    ) -> Result<Run, StoreError> {
        self.begin_choosing(pinned, kind, since, pinned.asked().rows_signature(), anew).await
    }

    /// Begins a run that reads other rows than those that the mapping chooses.
    pub(super) async fn begin_choosing(
        &self,
        pinned: &Pinned,
        kind: RunKind,
        since: Option<Timestamp>,
        choice: &str,
        anew: bool,
    ) -> Result<Run, StoreError> {
        let plan = pinned.asked();
        let new = NewRun {
            kind,
            since,
            tenant: &self.tenant,
            connection: &self.connection,
            model: plan.model(),
            revision: &pinned.revision().hash,
            operation: &self.asks(pinned),
            choice,
            now: now(),
            full: anew,
        };
        self.store.begin(new).await
    }

    /// Reads the rows that changed. Nothing is concluded from what is not among them.
    pub(super) async fn delta(
        &self,
        pinned: &Pinned,
        since: Timestamp,
        report: &mut ModelReport,
        observe: &mut impl FnMut(Event),
    ) -> Result<(), StoreError> {
        let reads = pinned.asked().changes().map(|changes| changes.since(since)).unwrap_or_default();
        let mut run = self.begin(pinned, RunKind::Delta, Some(since), false).await?;
        observe(Event::Started { model: run.model(), resumed_at: None });
        for operation in &reads {
            let walked = self.walk(pinned, operation, &mut run, &mut report.reasons, observe).await?;
            let outcome = match walked {
                Walk::Ended(seen) if seen.ended && seen.lost == 0 => continue,
                Walk::Broken(error) | Walk::Astray(error) => report.broken(error),
                // What is not known is asked for again, from the same moment on.
                Walk::Ended(seen) if seen.lost > 0 => report.incomplete(lost(seen.lost)),
                Walk::Ended(_) | Walk::Drifted => report.incomplete(NO_LAST_PAGE.to_owned()),
            };
            report.counts += self.store.finish(run, outcome, now()).await?;
            return Ok(());
        }
        report.counts += self.store.finish(run, Outcome::Read, now()).await?;
        report.state = State::Complete;
        Ok(())
    }

    /// Reads all rows, and concludes what is gone.
    async fn full(
        &self,
        pinned: &Pinned,
        options: &SyncOptions,
        report: &mut ModelReport,
        observe: &mut impl FnMut(Event),
    ) -> Result<(), StoreError> {
        let model = pinned.asked().model();
        report.all = true;
        let mut run = self.begin(pinned, RunKind::Full, None, options.full).await?;
        report.resumed_at = run.resumed().then(|| run.next_page());
        if self.is_at_no_page(&run) {
            self.store.restart(&mut run).await?;
            report.resumed_at = None;
        }
        observe(Event::Started { model, resumed_at: report.resumed_at });
        let mut reasons = Reasons::default();
        let walked = loop {
            let walked = self.walk(pinned, pinned.asked().operation(), &mut run, &mut reasons, observe).await?;
            let why = match walked {
                Walk::Drifted => "rows came or went while it lay still".to_owned(),
                Walk::Astray(error) => format!("the source does not go on from there: {error}"),
                walked => break walked,
            };
            tracing::info!(model = model.name, why, "the interrupted sync begins anew");
            reasons = Reasons::default();
            self.store.restart(&mut run).await?;
            report.resumed_at = None;
            observe(Event::Restarted { model, why: why.clone() });
            report.restarted = Some(why);
        };
        report.reasons.merge(reasons);
        let seen = match walked {
            Walk::Ended(seen) => seen,
            Walk::Broken(error) | Walk::Astray(error) => {
                let counts = run.counts();
                let outcome = report.broken(error);
                // The run stays open, and the next sync goes on where this one ended.
                report.counts += match &report.state {
                    State::Interrupted(_) => counts,
                    _ => self.store.finish(run, outcome, now()).await?,
                };
                return Ok(());
            }
            Walk::Drifted => unreachable!("a run that drifted begins anew"),
        };
        if let Some(why) = seen.gap(&run) {
            let counts = self.end_incomplete(run, why, report).await?;
            report.counts += counts;
            return Ok(());
        }
        let counts = self.settle(pinned, run, options, report).await?;
        report.counts += counts;
        if seen.moved && report.is_complete() {
            // A row that went away moved the rows behind it, and one of them may have been missed.
            self.sweep(pinned, options, report).await?;
        }
        Ok(())
    }

    /// Whether nothing tells where a run goes on: its last page was written, and gave no cursor.
    pub(super) fn is_at_no_page(&self, run: &Run) -> bool {
        self.source.reads_by_cursor() && run.next_page() > 0 && run.next_cursor().is_none()
    }

    /// Ends a run that did not see all, for this reason.
    pub(super) async fn end_incomplete(
        &self,
        run: Run,
        why: String,
        report: &mut ModelReport,
    ) -> Result<Counts, StoreError> {
        let outcome = report.incomplete(why);
        self.store.finish(run, outcome, now()).await
    }

    /// A digest of what is asked, of whom, and by which pages: only a run that asks for the same can be gone on with.
    /// The files of the connection and of its connector say the last two.
    fn asks(&self, pinned: &Pinned) -> String {
        let of_whom = pinned.revision().files.iter().take(1);
        let how = pinned.revision().files.iter().filter(|file| file.path.ends_with("/connector.yaml"));
        let texts: Vec<&str> = of_whom.chain(how).map(|file| file.text.as_str()).collect();
        text_digest(&format!("{}\n{}", pinned.asked().operation().text, texts.join("\n")))
    }
}

impl ModelReport {
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    /// Says that the source failed, and what the run ends with.
    pub(super) fn broken(&mut self, error: crate::source::SourceError) -> Outcome {
        let outcome = Outcome::Failed(error.to_string());
        let error = std::sync::Arc::new(error);
        self.state = if error.is_transient() { State::Interrupted(error) } else { State::Failed(error) };
        outcome
    }

    /// Says that not all was seen, and what the run ends with.
    pub(super) fn incomplete(&mut self, why: String) -> Outcome {
        self.state = State::Incomplete(why.clone());
        Outcome::Incomplete(why)
    }
}
