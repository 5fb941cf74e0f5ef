//! Connections that keep, of candidates and applications, only those that actions made or changed.

use std::collections::HashSet;

use super::pinned::Pinned;
use super::report::{ModelReport, State};
use super::settle::implausible;
use super::{Event, Reading, SyncOptions, now};
use crate::model::{APPLICATIONS, CANDIDATES, Model};
use crate::store::{Outcome, RunKind, StoreError, Unseen};

/// Names the choice of rows: a read of these alone says nothing of the others, once they are wanted again.
const CHOICE: &str = "only what actions made or changed";

impl Reading {
    /// Whether only those records of a model are read that actions made or changed.
    pub(super) fn keeps_only_created(&self, model: &Model) -> bool {
        self.rules.only_created && (*model == CANDIDATES || *model == APPLICATIONS)
    }

    /// Reads the records that actions made or changed, each by its id. One is gone when the source twice does not have it.
    ///
    /// Stored records of which no action knows are neither read nor touched: that they are there is told, and somebody who
    /// accepts deletions has them marked as deleted.
    pub(super) async fn only_created(
        &self,
        pinned: &Pinned,
        options: &SyncOptions,
        report: &mut ModelReport,
        observe: &mut impl FnMut(Event),
    ) -> Result<(), StoreError> {
        let model = pinned.asked().model();
        report.all = true;
        let mut run = self.begin_choosing(pinned, RunKind::Full, None, CHOICE, true).await?;
        observe(Event::Started { model, resumed_at: None });
        if pinned.asked().one().is_none() {
            let why = "its mapping names no query for one record (`read.one`), so none can be read by its id";
            return self.end_incomplete(run, why.to_owned(), report).await.map(drop);
        }
        let ids = self.store.acted_records(&self.connection, model).await?;
        let read = self.reread(pinned, &ids).await?;
        report.counts += read.counts;
        if let Some(error) = read.broken.or(read.refused) {
            let outcome = report.broken(error);
            return self.store.finish(run, outcome, now()).await.map(drop);
        }
        let known = self.store.known_ids(&self.connection, model, &read.missing).await?;
        let missing: Vec<String> = read.missing.into_iter().filter(|id| known.contains(id)).collect();
        let of = self.store.count_present(&self.connection, model).await?;
        let unseen = Unseen { rows: missing.len() as u64, of };
        let mut held = implausible(unseen, &self.rules).filter(|_| !options.accept_deletions);
        if held.is_none() {
            let gone: HashSet<String> = missing.iter().cloned().collect();
            report.counts += self.reread_told(pinned, &missing, &gone).await?.counts;
        }
        // What was read now was seen by a later run than this one.
        let ours: HashSet<String> = ids.into_iter().collect();
        let unseen = self.store.unseen_ids(&run, u32::MAX).await?;
        let strangers: Vec<String> = unseen.into_iter().filter(|id| !ours.contains(id)).collect();
        if options.accept_deletions {
            report.counts.deleted += self.store.delete_gone(&mut run, &strangers, now()).await?;
        } else if !strangers.is_empty() {
            held = held.or(Some(format!(
                "{} stored records were made by no action, and `only_created` reads them no more; \
                 accept deletions to have them marked as deleted, or they stay as they are",
                strangers.len()
            )));
        }
        let outcome = match held {
            Some(why) => {
                report.state = State::Held(why.clone());
                Outcome::Held(why)
            }
            None if !read.unread.is_empty() => {
                report.incomplete(format!("{} records could not be read by their ids", read.unread.len()))
            }
            None => {
                report.state = State::Complete;
                Outcome::Read
            }
        };
        self.store.finish(run, outcome, now()).await.map(drop)
    }
}
