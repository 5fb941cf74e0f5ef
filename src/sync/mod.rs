//! Reads a connection into the store: for each model the derived read, page by page, mapped and written.
//!
//! Three stages work at the same time and in order: pages are fetched ahead, mapped, and written each in one
//! transaction with its checkpoint. Between the stages a page or two may wait, so memory does not grow with the
//! number of records.

mod labels;
mod mapper;
mod pace;
mod pinned;
mod remap;
mod report;

use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tracing::{Instrument, Span};

use self::mapper::MappedPage;
use self::pinned::Pinned;
use crate::connector::Live;
use crate::model::{MODELS, Model};
use crate::source::{Position, Source, SourceError};
use crate::store::{NewRun, Outcome, PageWrite, Run, Store, StoreError, text_digest};

pub use pace::Pace;
pub use remap::{RemapProgress, Remapping, left_for};
pub use report::{ModelReport, Reasons, State, SyncReport};

/// Pages that may wait between two stages.
const WAITING: usize = 2;

/// What happens during a sync, for whoever watches it.
#[derive(Debug, Clone)]
pub enum Event {
    /// A model is about to be read.
    Started {
        /// The model.
        model: &'static Model,
        /// The page at which an interrupted sync goes on.
        resumed_at: Option<u32>,
    },
    /// An interrupted sync could not go on: the model is read from its first page again.
    Restarted {
        /// The model.
        model: &'static Model,
        /// Why it could not.
        why: String,
    },
    /// A page was written.
    Page {
        /// The model.
        model: &'static Model,
        /// Records read so far.
        fetched: u64,
        /// Records that the source announced.
        total: Option<u64>,
    },
    /// A model was read, or could not be.
    Finished(ModelReport),
}

/// What to sync.
#[derive(Debug, Clone, Default)]
pub struct SyncOptions {
    /// Only these models; all when empty.
    pub models: Vec<&'static Model>,
    /// Begin at the first page even when an interrupted sync could go on.
    pub full: bool,
}

/// A connection that is read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Its name.
    pub connection: String,
    /// What its records are mapped with. Each page is mapped with the revision that is in use then.
    pub live: Arc<Live>,
    /// The remote system.
    pub source: Arc<Source>,
    /// Where its records go.
    pub store: Store,
    /// By this a remap sees that it has to step back.
    pub pace: Pace,
}

impl Reading {
    /// Reads all wanted models. What goes wrong with the source stands in the report: one model that cannot be read
    /// does not keep the others from it, unless the source cannot be reached at all.
    pub async fn sync(&self, options: &SyncOptions, mut observe: impl FnMut(Event)) -> Result<SyncReport, StoreError> {
        let mut labels = None;
        let mut models: Vec<ModelReport> = Vec::new();
        for model in MODELS.iter().filter(|model| options.models.is_empty() || options.models.contains(model)) {
            let revision = self.live.revision();
            if let (None, Some(plan)) = (&labels, revision.labels()) {
                labels = Some(Arc::new(labels::read(self, plan).await?));
            }
            let Some(pinned) = Pinned::new(&self.live, model, labels.clone()) else { continue };
            let report = match models.iter().find(|model| model.ends_the_sync()) {
                Some(_) => ModelReport::not_read(model),
                None => {
                    let span = tracing::info_span!("model", model = model.name);
                    self.model(&pinned, options.full, &mut observe).instrument(span).await?
                }
            };
            observe(Event::Finished(report.clone()));
            models.push(report);
        }
        Ok(SyncReport { connection: self.connection.clone(), revision: self.live.revision().hash.clone(), models })
    }

    async fn model(
        &self,
        pinned: &Pinned,
        full: bool,
        observe: &mut impl FnMut(Event),
    ) -> Result<ModelReport, StoreError> {
        let plan = pinned.asked();
        let model = plan.model();
        let began = Instant::now();
        let new = NewRun {
            connection: &self.connection,
            model,
            revision: &pinned.revision().hash,
            operation: &self.asks(pinned),
            choice: plan.rows_signature(),
            now: now(),
            full,
        };
        let mut run = self.store.begin(new).await?;
        let mut resumed_at = run.resumed().then(|| run.next_page());
        if self.source.reads_by_cursor() && run.next_page() > 0 && run.next_cursor().is_none() {
            // The last page was written, and nothing tells what follows it.
            self.store.restart(&mut run).await?;
            resumed_at = None;
        }
        observe(Event::Started { model, resumed_at });

        let mut reasons = Reasons::default();
        let mut restarted = None;
        let walked = loop {
            let why = match self.walk(pinned, &mut run, &mut reasons, observe).await? {
                Walk::Drifted => "rows came or went while it lay still".to_owned(),
                Walk::Astray(error) => format!("the source does not go on from there: {error}"),
                walked => break walked,
            };
            tracing::info!(model = model.name, why, "the interrupted sync begins anew");
            reasons = Reasons::default();
            self.store.restart(&mut run).await?;
            resumed_at = None;
            observe(Event::Restarted { model, why: why.clone() });
            restarted = Some(why);
        };
        let counts = run.counts();
        let (state, counts) = match walked {
            // The run stays open, and the next sync goes on where this one ended.
            Walk::Broken(error) if error.is_transient() => (State::Interrupted(error.into()), counts),
            Walk::Broken(error) => {
                let counts = self.store.finish(run, Outcome::Failed(error.to_string()), now()).await?;
                (State::Failed(error.into()), counts)
            }
            walked => match walked.gap(&run) {
                Some(why) => {
                    let counts = self.store.finish(run, Outcome::Incomplete(why.clone()), now()).await?;
                    (State::Incomplete(why), counts)
                }
                None => (State::Complete, self.store.finish(run, Outcome::Complete, now()).await?),
            },
        };
        Ok(ModelReport { model, counts, state, reasons, resumed_at, restarted, elapsed: began.elapsed() })
    }

    /// A digest of what is asked, of whom, and by which pages: only a run that asks for the same can be gone on with.
    /// The files of the connection and of its connector say the last two.
    fn asks(&self, pinned: &Pinned) -> String {
        let of_whom = pinned.revision().files.iter().take(1);
        let how = pinned.revision().files.iter().filter(|file| file.path.ends_with("/connector.yaml"));
        let texts: Vec<&str> = of_whom.chain(how).map(|file| file.text.as_str()).collect();
        text_digest(&format!("{}\n{}", pinned.asked().operation().text, texts.join("\n")))
    }

    /// Reads the pages from the run's checkpoint on.
    async fn walk(
        &self,
        pinned: &Pinned,
        run: &mut Run,
        reasons: &mut Reasons,
        observe: &mut impl FnMut(Event),
    ) -> Result<Walk, StoreError> {
        let fetched_by = self.store.reads_number(pinned.asked().reads()).await?;
        let mut pages = self.mapped_pages(pinned, run);
        let mut known_total = if run.next_page() > 0 { run.total() } else { None };
        let mut goes_on_at_a_cursor = run.next_cursor().is_some();
        let mut lost = 0;
        let mut ended = false;
        while let Some(page) = pages.recv().await {
            let page = match page {
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
            ended |= page.ends_list;
            lost += page.lost;
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
        Ok(Walk::Ended { lost, ended })
    }

    /// Fetches and maps in tasks of their own, so that both go on while a page is written. They end when the
    /// receiver is dropped.
    fn mapped_pages(&self, pinned: &Pinned, run: &Run) -> mpsc::Receiver<Result<MappedPage, SourceError>> {
        let (fetched, mut to_map) = mpsc::channel(WAITING);
        let (source, pace) = (Arc::clone(&self.source), self.pace.clone());
        let operation = pinned.asked().operation().clone();
        let from = Position { page: run.next_page(), cursor: run.next_cursor().map(str::to_owned) };
        let fetching = async move {
            let mut pages = std::pin::pin!(source.pages(&operation, from));
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
            while let Some((page, in_hand)) = to_map.blocking_recv() {
                let page = page.map(|page| mapper::map(&mut pinned, &connection, now, &page, in_hand));
                if mapped.blocking_send(page).is_err() {
                    break;
                }
            }
        });
        to_write
    }
}

/// How a walk over the pages of a list ended.
enum Walk {
    /// At the end of the list. Some records may have had no id to store them under.
    Ended { lost: u64, ended: bool },
    /// At once: the source has not the rows any more that it had when the run lay still.
    Drifted,
    /// At once: the source does not know the cursor any more at which the run would go on.
    Astray(SourceError),
    /// By an error of the source.
    Broken(SourceError),
}

impl Walk {
    /// Why rows that were not seen may still be there.
    fn gap(&self, run: &Run) -> Option<String> {
        let Walk::Ended { lost, ended } = self else { return None };
        let fetched = run.counts().fetched;
        match run.total() {
            _ if *lost > 0 => Some(format!("{lost} records came without an id")),
            _ if !ended => Some("the list ended without a last page".to_owned()),
            Some(total) if fetched < total => Some(format!("the source announced {total} records and sent {fetched}")),
            _ => None,
        }
    }
}

fn now() -> Timestamp {
    Timestamp::now()
}
