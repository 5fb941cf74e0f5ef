//! Raw and unified records, checkpoints and sync history in embedded SQLite.
//!
//! One file holds everything. One connection writes, a few others read, and neither waits for the other. A record is
//! spread over three tables with the same key: what is compared and counted is narrow, and its two large values, the
//! unified JSON and the compressed payload, are touched only when they differ.

mod acted;
mod action;
mod background;
mod change;
#[cfg(debug_assertions)]
mod crash;
mod deletion;
mod draft;
mod error;
mod event;
mod hint;
mod history;
mod key;
mod labels;
mod lock;
mod moment;
mod outbox;
mod page;
mod read;
mod reads;
mod remap;
mod revision;
mod run;
mod schema;
mod scope;
mod snapshot;
mod state;
mod statement;
mod sweep;
#[cfg(test)]
mod tests;
mod transaction;
mod views;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{ConnectOptions, Connection, SqliteConnection};
use tokio::sync::{Mutex, MutexGuard};

pub use action::{ActionBegun, ActionEnd, ActionHold, ActionRun, ActionState, ActionStep, NewAction, StepState};
pub(crate) use background::in_the_background;
#[cfg(debug_assertions)]
pub(crate) use crash::at_boundary as die_at_boundary;
pub use deletion::Unseen;
pub use error::{Problem, StoreError};
pub use event::{Cause, Happened};
pub use hint::{Hint, Inbox, NewHint};
pub use history::{Chain, RunState, RunSummary};
pub use key::StoredKey;
pub use lock::{Hold, Holder};
pub use outbox::{
    Delivery, DeliveryFilter, DeliveryState, DueDelivery, Endpoint, EndpointState, NewMessage, Settled, Telling,
    Untold, Window,
};
pub use page::{PageWrite, RecordWrite};
pub use read::{ListQuery, RecordCounts, StoredRecord};
pub use reads::ReadsNumber;
pub use remap::{RawRecord, RemapTarget, RemapWrite, Remapped, StoredRaw, Unmapped, Unpacker};
pub use revision::{KeptPlan, KeptRevision, NewRevision, text_digest};
pub use run::{Counts, NewRun, Outcome, Run, RunKind};
pub use scope::RowKey;
pub use snapshot::{GroupedRow, ListRead, ListedRow, Narrow, Snapshot, Wanted};
pub use state::{ConnectionState, Standing, StateChange};
pub use sweep::SweepPage;

/// How often, and with which pause, it is looked whether nobody reads any more.
const PATIENCE: u32 = 500;
const PAUSE: Duration = Duration::from_millis(10);

/// An open store. Cloning it is cheap; all clones share its connections.
#[derive(Debug, Clone)]
pub struct Store(Arc<Connections>);

#[derive(Debug)]
struct Connections {
    path: PathBuf,
    /// How the file is opened again; none when it was opened to be read.
    options: Option<SqliteConnectOptions>,
    writer: Mutex<SqliteConnection>,
    readers: SqlitePool,
    /// Whether something went wrong by which the connections may be of no use any more.
    is_doubtful: AtomicBool,
    /// How often the file was opened anew.
    recovered: AtomicU64,
    hold: lock::Shared,
}

impl Connections {
    fn new(path: &Path, writer: SqliteConnection, options: &SqliteConnectOptions) -> Connections {
        Connections {
            path: path.to_owned(),
            options: None,
            writer: Mutex::new(writer),
            readers: schema::open_readers(options),
            is_doubtful: AtomicBool::new(false),
            recovered: AtomicU64::new(0),
            hold: lock::Shared::default(),
        }
    }
}

impl Store {
    /// Opens the store in the file at `path`, and makes the file and its folder when there are none.
    pub async fn open(path: &Path) -> Result<Store, StoreError> {
        Store::open_with(path, schema::options(path)).await
    }

    async fn open_with(path: &Path, options: SqliteConnectOptions) -> Result<Store, StoreError> {
        let error = |problem| StoreError { path: path.to_owned(), problem };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|cause| error(Problem::CannotOpen(cause.to_string())))?;
        }
        let writer = schema::open_writer(&options).await.map_err(error)?;
        let connections = Connections::new(path, writer, &options);
        Ok(Store(Arc::new(Connections { options: Some(options), ..connections })))
    }

    /// Opens a store to read it. Nothing is written, not even what would bring its tables up to date.
    pub async fn open_to_read(path: &Path) -> Result<Store, StoreError> {
        let options = schema::options(path);
        let reader = schema::open_reader(&options).await;
        let writer = reader.map_err(|problem| StoreError { path: path.to_owned(), problem })?;
        Ok(Store(Arc::new(Connections::new(path, writer, &options))))
    }

    /// The file that holds the store.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// After something went wrong with the file, opens it anew, so that work goes on once the file is mended or restored. An
    /// error is what is still wrong. Gives how often it was opened anew so far: what is in it now may be older than what was
    /// in it then.
    pub async fn recover(&self) -> Result<u64, StoreError> {
        let Some(options) = &self.0.options else { return Ok(0) };
        if !self.0.is_doubtful.load(Ordering::Acquire) {
            return Ok(self.0.recovered.load(Ordering::Acquire));
        }
        let mut writer = self.writer().await;
        // All are closed before one is opened: SQLite shares among them what it knows of the log beside the file.
        let nowhere =
            SqliteConnectOptions::new().in_memory(true).connect().await.map_err(|error| self.error(error.into()))?;
        // What cannot be closed is gone all the same.
        let _ = std::mem::replace(&mut *writer, nowhere).close().await;
        self.close_readers().await;
        // A file that is gone is no new store: its disk may not be there.
        let opened = schema::open_writer(&options.clone().create_if_missing(false)).await;
        *writer = opened.map_err(|problem| self.error(problem))?;
        self.0.is_doubtful.store(false, Ordering::Release);
        Ok(self.0.recovered.fetch_add(1, Ordering::AcqRel) + 1)
    }

    /// Closes the connections that read, once what is under way with them has ended.
    async fn close_readers(&self) {
        for _ in 0..PATIENCE {
            while let Some(reader) = self.0.readers.try_acquire() {
                let _ = reader.close().await;
            }
            if self.0.readers.size() == 0 {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn writer(&self) -> MutexGuard<'_, SqliteConnection> {
        self.0.writer.lock().await
    }

    fn readers(&self) -> &SqlitePool {
        &self.0.readers
    }

    fn error(&self, problem: Problem) -> StoreError {
        if problem.is_of_connections() {
            self.0.is_doubtful.store(true, Ordering::Release);
        }
        StoreError { path: self.0.path.clone(), problem }
    }
}

/// A count as SQLite keeps it.
fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count as SQLite kept it.
fn natural(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
