//! Reading single records by their ids: those that a list missed, and those that came only in part.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, StreamExt, stream};

use super::mapper;
use super::pinned::Pinned;
use super::report::ModelReport;
use super::{Reading, now};
use crate::connector::Operation;
use crate::source::SourceError;
use crate::store::{Counts, Outcome, PageWrite, RunKind, StoreError};

/// Records of one transaction.
const CHUNK: usize = 50;

/// Requests for single records that are under way at the same time.
const AT_ONCE: usize = 4;

/// Records that are read again in one sync because they came only in part.
const PARTIAL_AT_ONCE: u32 = 200;

/// What became of records that were read by their ids.
#[derive(Debug, Default)]
pub(super) struct Reread {
    pub counts: Counts,
    /// Ids that the source knows no more.
    pub missing: Vec<String>,
    /// Ids that were not read: the source could not give the record, or was not asked any more.
    pub unread: Vec<String>,
    /// Why the rest was not read: the source does not answer.
    pub broken: Option<SourceError>,
    /// Why the rest was not read: it does not answer this query.
    pub refused: Option<SourceError>,
}

impl Reading {
    /// Reads records by their ids, where the mapping names a query for one.
    pub(super) async fn reread(&self, pinned: &Pinned, ids: &[String]) -> Result<Reread, StoreError> {
        self.reread_told(pinned, ids, &HashSet::new()).await
    }

    /// The same, where the source said of some that they are gone: those that it does not have are tombstoned, and are not
    /// among the missing.
    pub(super) async fn reread_told(
        &self,
        pinned: &Pinned,
        ids: &[String],
        said_gone: &HashSet<String>,
    ) -> Result<Reread, StoreError> {
        let mut reread = Reread::default();
        let Some(one) = pinned.asked().one() else { return Ok(reread) };
        let ids: Vec<String> = ids.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
        if ids.is_empty() {
            return Ok(reread);
        }
        let mut pinned = pinned.clone();
        let _one_at_a_time = self.pace.reread(&self.connection, pinned.asked().model()).await;
        let mut run = self.begin(&pinned, RunKind::Reread, None, true).await?;
        let fetched_by = self.store.reads_number(pinned.asked().reads()).await?;
        for (at, chunk) in ids.chunks(CHUNK).enumerate() {
            let mut texts = Vec::new();
            let mut gone = Vec::new();
            let answers = self.records(one, chunk.to_vec()).await;
            reread.unread.extend(chunk[answers.len()..].iter().cloned());
            for (id, answer) in answers {
                match answer {
                    Ok(Some(text)) => texts.push(text),
                    Ok(None) if said_gone.contains(&id) => gone.push(id),
                    Ok(None) => reread.missing.push(id),
                    // The query itself is refused, and so it would be for the others.
                    Err(error @ SourceError::Rejected { .. }) => {
                        reread.unread.push(id);
                        reread.refused = Some(error);
                    }
                    // What is about one record leaves the others alone.
                    Err(error) if error.is_of_one_answer() => {
                        tracing::warn!(model = run.model().name, %error, "a record could not be read by its id");
                        reread.unread.push(id);
                    }
                    Err(error) => {
                        reread.unread.push(id);
                        reread.broken = Some(error);
                    }
                }
            }
            let (revision, rows) = mapper::map_each(&mut pinned, &self.connection, run.now(), texts);
            let page = PageWrite {
                next_page: run.next_page() + 1,
                next_cursor: None,
                total: Some(ids.len() as u64),
                revision,
                fetched_by,
                at: now(),
                rows,
            };
            self.store.write_page(&mut run, page).await?;
            if !gone.is_empty() {
                self.store.delete_gone(&mut run, &gone, now()).await?;
            }
            if reread.broken.is_some() || reread.refused.is_some() {
                reread.unread.extend(ids.iter().skip((at + 1) * CHUNK).cloned());
                break;
            }
        }
        let outcome = match reread.broken.as_ref().or(reread.refused.as_ref()) {
            Some(error) => Outcome::Failed(error.to_string()),
            None => Outcome::Read,
        };
        reread.counts = self.store.finish(run, outcome, now()).await?;
        Ok(reread)
    }

    /// What the source answers to each id, a few of them asked at the same time.
    pub(super) async fn records(
        &self,
        one: &Operation,
        ids: Vec<String>,
    ) -> Vec<(String, Result<Option<String>, SourceError>)> {
        let (source, one) = (Arc::clone(&self.source), Arc::new(one.clone()));
        let ask = move |id: String| {
            let (source, one) = (Arc::clone(&source), Arc::clone(&one));
            async move {
                let answer = source.record(&one, &id).await;
                (id, answer)
            }
            .boxed()
        };
        let asked: Vec<BoxFuture<'static, _>> = ids.into_iter().map(ask).collect();
        let mut answers = stream::iter(asked).buffered(AT_ONCE);
        let mut heard = Vec::new();
        while let Some((id, answer)) = answers.next().await {
            // The others would be answered alike.
            let is_the_end = answer.as_ref().is_err_and(SourceError::befalls_all_requests);
            heard.push((id, answer));
            if is_the_end {
                break;
            }
        }
        heard
    }

    /// Reads what came only in part the last time: no change would bring it again.
    pub(super) async fn read_partial_again(&self, pinned: &Pinned, report: &mut ModelReport) -> Result<(), StoreError> {
        if pinned.asked().one().is_none() || report.all {
            return Ok(());
        }
        let ids = self.store.partly_read(&self.connection, pinned.asked().model(), PARTIAL_AT_ONCE).await?;
        let reread = self.reread(pinned, &ids).await?;
        report.counts += reread.counts;
        Ok(())
    }
}
