//! A walk over the pages of a list: fetched, mapped and written as three stages.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::Either;
use tokio::sync::mpsc;
use tracing::{Instrument, Span};

use super::former;
use super::mapper::{self, MappedPage};
use super::pinned::Pinned;
use super::report::Reasons;
use super::{Event, Reading, now};
use crate::connector::Operation;
use crate::source::{Position, SourceError};
use crate::store::{PageWrite, Run, RunKind, StoreError};

/// Pages that may wait between two stages.
const WAITING: usize = 2;

/// How a walk over the pages of a list ended.
pub(super) enum Walk {
    /// At the end of the list.
    Ended(Seen),
    /// At once: the source has not the rows any more that it had when the run lay still.
    Drifted,
    /// At once: the source does not know the cursor any more at which the run would go on.
    Astray(SourceError),
    /// By an error of the source.
    Broken(SourceError),
}

/// What a walk to the end saw.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// Records that had no id to store them under.
    pub lost: u64,
    /// Whether the source said of a page that it is the last.
    pub ended: bool,
    /// Whether rows came or went meanwhile.
    pub moved: bool,
}

impl Seen {
    /// Why rows that were not seen may still be there.
    pub fn gap(self, run: &Run) -> Option<String> {
        let fetched = run.counts().fetched;
        match run.total() {
            _ if self.lost > 0 => Some(lost(self.lost)),
            _ if !self.ended => Some(NO_LAST_PAGE.to_owned()),
            Some(total) if fetched < total => Some(format!("the source announced {total} records and sent {fetched}")),
            _ => None,
        }
    }
}

/// What is said of records that nobody knows.
pub(super) fn lost(records: u64) -> String {
    format!("{records} records came without an id, or not at all")
}

pub(super) const NO_LAST_PAGE: &str = "the list ended without a last page";

impl Reading {
    /// Reads the pages of an operation, of a full run from its checkpoint on.
    pub(super) async fn walk(
        &self,
        pinned: &Pinned,
        operation: &Operation,
        run: &mut Run,
        reasons: &mut Reasons,
        observe: &mut impl FnMut(Event),
    ) -> Result<Walk, StoreError> {
        let fetched_by = self.store.reads_number(pinned.asked().reads()).await?;
        let mut pages = self.mapped_pages(pinned, operation, run);
        let goes_on = run.kind() == RunKind::Full && run.next_page() > 0;
        let mut known_total = if goes_on { run.total() } else { None };
        let mut goes_on_at_a_cursor = run.next_cursor().is_some();
        let mut seen = Seen::default();
        let mut total_before = None;
        while let Some(page) = pages.recv().await {
            let mut page = match page {
                Ok(page) => page,
                Err(error) if goes_on_at_a_cursor && error.refuses_the_request() => return Ok(Walk::Astray(error)),
                Err(error) => return Ok(Walk::Broken(error)),
            };
            goes_on_at_a_cursor = false;
            if let (Some(known), Some(total)) = (known_total.take(), page.total)
                && known != total
            {
                return Ok(Walk::Drifted);
            }
            former::fill(&self.store, &self.connection, run.model(), &mut page).await?;
            seen.moved |= total_before.is_some_and(|before| before != page.total);
            total_before = Some(page.total);
            seen.ended |= page.ends_list;
            seen.lost += page.lost;
            reasons.add(&page);
            let write = PageWrite {
                next_page: page.number + 1,
                next_cursor: page.next.and_then(|next| next.cursor),
                total: page.total,
                revision: page.revision,
                fetched_by,
                at: now(),
                rows: page.rows,
            };
            self.store.write_page(run, write).await?;
            drop(page.in_hand);
            observe(Event::Page { model: run.model(), fetched: run.counts().fetched, total: run.total() });
        }
        Ok(Walk::Ended(seen))
    }

    /// Fetches and maps in tasks of their own, so that both go on while a page is written. They end when the
    /// receiver is dropped.
    fn mapped_pages(
        &self,
        pinned: &Pinned,
        operation: &Operation,
        run: &Run,
    ) -> mpsc::Receiver<Result<MappedPage, SourceError>> {
        let (fetched, mut to_map) = mpsc::channel(WAITING);
        let (source, pace) = (Arc::clone(&self.source), self.pace.clone());
        let operation = operation.clone();
        let from = Position { page: run.next_page(), cursor: run.next_cursor().map(str::to_owned) };
        let backwards = run.kind() == RunKind::Delta;
        let fetching = async move {
            let pages = match backwards {
                true => Either::Left(source.pages_backwards(&operation)),
                false => Either::Right(source.pages(&operation, from)),
            };
            let mut pages = std::pin::pin!(pages);
            while let Some(page) = pages.next().await {
                if fetched.send((page, pace.page())).await.is_err() {
                    break;
                }
            }
        };
        tokio::spawn(fetching.in_current_span());
        let (mapped, to_write) = mpsc::channel(WAITING);
        let mut pinned = pinned.clone();
        let (connection, now) = (self.connection.clone(), run.now());
        let span = Span::current();
        tokio::task::spawn_blocking(move || {
            let _in_the_model = span.entered();
            let mut told = false;
            while let Some((page, in_hand)) = to_map.blocking_recv() {
                let page = page.map(|page| mapper::map(&mut pinned, &connection, now, &page, in_hand));
                if let Ok(page) = &page {
                    former::LostField::tell(&page.lost_fields, pinned.asked().model(), &mut told);
                }
                if mapped.blocking_send(page).is_err() {
                    break;
                }
            }
        });
        to_write
    }
}
