//! Looking which rows there are: by their number, and by their ids where that does not agree.

use std::time::Duration;

use futures_util::StreamExt;

use super::pinned::Pinned;
use super::report::{ModelReport, State};
use super::settle::implausible;
use super::walk::Seen;
use super::{Event, Reading, SyncOptions, now};
use crate::connector::Operation;
use crate::source::{Position, SourceError};
use crate::store::{Outcome, Run, RunKind, StoreError, SweepPage, Unseen};

/// How a walk over ids ended.
pub(super) enum Swept {
    /// At the end of the list, with the ids of rows that have to be read.
    Ended { seen: Seen, unknown: Vec<String> },
    /// By an error of the source.
    Broken(SourceError),
}

impl Reading {
    /// After what changed was read: compares how many rows the source has with how many are known. Where they are not as
    /// many, rows vanished without a word, or came between two pages, and their ids tell which.
    pub(super) async fn look(
        &self,
        pinned: &Pinned,
        options: &SyncOptions,
        report: &mut ModelReport,
        observe: &mut impl FnMut(Event),
    ) -> Result<(), StoreError> {
        let Some(ids) = pinned.asked().ids() else { return Ok(()) };
        for is_second in [false, true] {
            let total = match self.source.count(ids).await {
                Ok(total) => total,
                // It is about the row that came along; what changed was read.
                Err(error) if error.is_of_one_answer() => {
                    tracing::warn!(connection = self.connection, model = pinned.asked().model().name, %error, "rows could not be counted");
                    return Ok(());
                }
                Err(error) => {
                    report.broken(error);
                    return Ok(());
                }
            };
            let Some(total) = total else { return Ok(()) };
            let known = self.store.count_present(&self.connection, pinned.asked().model()).await?;
            let chain = self.store.chain(&self.connection, pinned.asked().model()).await?;
            match chain.held() {
                None if known == total => return Ok(()),
                // Somebody was asked to look, and has to.
                Some(held) if self.is_implausible(known, total) => {
                    report.state = State::Held(held.message.unwrap_or_default());
                    return Ok(());
                }
                // What was held is there again, or is believed now.
                Some(_) => break,
                None => {}
            }
            if self.was_in_vain(pinned, RunKind::Sweep, Duration::MAX).await? {
                return Ok(());
            }
            if known > total || is_second {
                break;
            }
            // Most likely they came since.
            let Some(since) = report.since else { break };
            self.delta(pinned, since, report, observe).await?;
            if !report.is_complete() {
                return Ok(());
            }
        }
        self.sweep(pinned, options, report).await
    }

    /// Whether so many are gone that somebody has to look.
    fn is_implausible(&self, known: u64, total: u64) -> bool {
        implausible(Unseen { rows: known.saturating_sub(total), of: known }, &self.rules).is_some()
    }

    /// Reads the ids of all rows, then the rows that are not known, and concludes what is gone.
    pub(super) async fn sweep(
        &self,
        pinned: &Pinned,
        options: &SyncOptions,
        report: &mut ModelReport,
    ) -> Result<(), StoreError> {
        let Some(ids) = pinned.asked().ids() else { return Ok(()) };
        let mut run = self.begin(pinned, RunKind::Sweep, None, false).await?;
        if self.is_at_no_page(&run) || run.counts().created > 0 {
            // The rows that were not known are read after all ids were: which ones they were is not kept.
            self.store.restart(&mut run).await?;
        }
        tracing::info!(connection = self.connection, model = run.model().name, "all ids are read");
        let (seen, unknown) = match self.read_ids(pinned, ids, &mut run).await? {
            Swept::Ended { seen, unknown } => (seen, unknown),
            Swept::Broken(error) => {
                let outcome = report.broken(error);
                if !matches!(report.state, State::Interrupted(_)) {
                    self.store.finish(run, outcome, now()).await?;
                }
                return Ok(());
            }
        };
        report.swept = true;
        let waits = !unknown.is_empty() && pinned.asked().one().is_none();
        let waits = waits.then(|| format!("{} new records wait until everything is read", unknown.len()));
        if let Some(why) = seen.gap(&run).or(waits) {
            return self.end_incomplete(run, why, report).await.map(drop);
        }
        let reread = self.reread(pinned, &unknown).await?;
        report.counts += reread.counts;
        if let Some(error) = reread.broken {
            // What is not known is found again by its id.
            report.broken(error);
            self.store.finish(run, Outcome::Read, now()).await?;
            return Ok(());
        }
        if !reread.unread.is_empty() {
            let why = format!("{} records could not be read by their ids", reread.unread.len());
            return self.end_incomplete(run, why, report).await.map(drop);
        }
        let counts = self.settle(pinned, run, options, report).await?;
        report.counts.deleted += counts.deleted;
        Ok(())
    }

    /// Marks what is seen, page by page, from the run's checkpoint on.
    pub(super) async fn read_ids(&self, pinned: &Pinned, ids: &Operation, run: &mut Run) -> Result<Swept, StoreError> {
        let from = Position { page: run.next_page(), cursor: run.next_cursor().map(str::to_owned) };
        let mut pages = std::pin::pin!(self.source.pages(ids, from));
        let mut seen = Seen::default();
        let mut unknown = Vec::new();
        while let Some(page) = pages.next().await {
            let page = match page {
                Ok(page) => page,
                Err(error) => return Ok(Swept::Broken(error)),
            };
            let of_rows: Vec<String> = page.items().filter_map(|row| pinned.asked().identify(row)).collect();
            seen.lost += (page.given() - of_rows.len()) as u64;
            seen.ended |= page.ends_list();
            let page = SweepPage {
                next_page: page.number + 1,
                next_cursor: page.next.and_then(|next| next.cursor),
                total: page.total,
                ids: of_rows,
            };
            unknown.extend(self.store.write_sweep(run, page).await?);
        }
        Ok(Swept::Ended { seen, unknown })
    }

    /// Looks at all ids once more, for what a first look did not see; none when it did not come to the end, and why.
    pub(super) async fn look_again(&self, pinned: &Pinned, ids: &Operation) -> Result<Result<(), String>, StoreError> {
        let mut run = self.begin(pinned, RunKind::Confirm, None, true).await?;
        let (outcome, result) = match self.read_ids(pinned, ids, &mut run).await? {
            Swept::Ended { seen, .. } => match seen.gap(&run) {
                Some(why) => (Outcome::Incomplete(why.clone()), Err(why)),
                None => (Outcome::Read, Ok(())),
            },
            Swept::Broken(error) => (Outcome::Failed(error.to_string()), Err(error.to_string())),
        };
        self.store.finish(run, outcome, now()).await?;
        Ok(result)
    }
}
