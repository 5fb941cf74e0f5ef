//! Raw and unified records, checkpoints and sync history in embedded SQLite.
//!
//! One file holds everything. One connection writes, a few others read, and neither waits for the other. A record is
//! spread over three tables with the same key: what is compared and counted is narrow, and its two large values, the
//! unified JSON and the compressed payload, are touched only when they differ.

mod background;
mod change;
mod deletion;
mod draft;
mod error;
mod event;
mod hint;
mod history;
mod labels;
mod moment;
mod page;
mod read;
mod reads;
mod remap;
mod revision;
mod run;
mod schema;
mod scope;
mod statement;
mod sweep;
#[cfg(test)]
mod tests;
mod views;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlx::SqliteConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tokio::sync::{Mutex, MutexGuard};

pub(crate) use background::in_the_background;
pub use deletion::Unseen;
pub use error::{Problem, StoreError};
pub use event::{Cause, Happened};
pub use hint::{Hint, Inbox, NewHint};
pub use history::{Chain, RunState, RunSummary};
pub use page::{PageWrite, RecordWrite};
pub use read::{ListQuery, RecordCounts, StoredRecord};
pub use reads::ReadsNumber;
pub use remap::{RawRecord, RemapTarget, RemapWrite, Remapped, StoredRaw, Unmapped, Unpacker};
pub use revision::{KeptPlan, KeptRevision, NewRevision, text_digest};
pub use run::{Counts, NewRun, Outcome, Run, RunKind};
pub use scope::RowKey;
pub use sweep::SweepPage;

/// An open store. Cloning it is cheap; all clones share its connections.
#[derive(Debug, Clone)]
pub struct Store(Arc<Connections>);

#[derive(Debug)]
struct Connections {
    path: PathBuf,
    writer: Mutex<SqliteConnection>,
    readers: SqlitePool,
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
        let readers = schema::open_readers(&options);
        Ok(Store(Arc::new(Connections { path: path.to_owned(), writer: Mutex::new(writer), readers })))
    }

    /// Opens a store to read it. Nothing is written, not even what would bring its tables up to date.
    pub async fn open_to_read(path: &Path) -> Result<Store, StoreError> {
        let options = schema::options(path);
        let reader = schema::open_reader(&options).await;
        let writer = reader.map_err(|problem| StoreError { path: path.to_owned(), problem })?;
        let readers = schema::open_readers(&options);
        Ok(Store(Arc::new(Connections { path: path.to_owned(), writer: Mutex::new(writer), readers })))
    }

    /// The file that holds the store.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    async fn writer(&self) -> MutexGuard<'_, SqliteConnection> {
        self.0.writer.lock().await
    }

    fn readers(&self) -> &SqlitePool {
        &self.0.readers
    }

    fn error(&self, problem: Problem) -> StoreError {
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
