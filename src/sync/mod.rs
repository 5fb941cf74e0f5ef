//! Reads a connection into the store: for each model the derived read, page by page, mapped and written.
//!
//! Three stages work at the same time and in order: pages are fetched ahead, mapped, and written each in one
//! transaction with its checkpoint. Between the stages a page or two may wait, so memory does not grow with the
//! number of records.

mod created;
mod former;
mod hinted;
mod labels;
mod mapper;
mod model;
mod pace;
mod pinned;
mod remap;
mod report;
mod reread;
mod settle;
mod sweep;
mod walk;

use std::sync::Arc;

use jiff::Timestamp;
use tracing::Instrument;

use self::pinned::Pinned;
use crate::connector::{Live, SyncRules};
use crate::model::{MODELS, Model};
use crate::source::Source;
use crate::store::{Store, StoreError};

pub use hinted::{Followed, Told};
pub use pace::Pace;
pub use remap::{RemapProgress, Remapping, left_for};
pub use report::{ModelReport, Reasons, State, SyncReport};

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
    /// Read everything, from the first page on, even where what changed is enough or an interrupted sync could go on.
    pub full: bool,
    /// Mark as deleted what is gone, however much that is.
    pub accept_deletions: bool,
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
    /// Of whom is asked: see [`Connection::tenant`](crate::connector::Connection::tenant).
    pub tenant: String,
    /// How often all is read, and what is believed of deletions.
    pub rules: SyncRules,
}

impl Reading {
    /// Reads all wanted models. What goes wrong with the source stands in the report: one model that cannot be read
    /// does not keep the others from it, unless the source cannot be reached at all.
    pub async fn sync(&self, options: &SyncOptions, mut observe: impl FnMut(Event)) -> Result<SyncReport, StoreError> {
        self.store.recover().await?;
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
                    self.model(&pinned, options, &mut observe).instrument(span).await?
                }
            };
            observe(Event::Finished(report.clone()));
            models.push(report);
        }
        let now = now();
        let before = now.saturating_sub(self.rules.clear_deleted_after).unwrap_or(now);
        self.store.clear_deleted(&self.connection, before).await?;
        Ok(SyncReport {
            connection: self.connection.clone(),
            revision: self.live.revision().hash.clone(),
            models,
            remapped: Vec::new(),
        })
    }
}

fn now() -> Timestamp {
    Timestamp::now()
}
