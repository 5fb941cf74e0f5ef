//! What can go wrong with the store, and what to do about it.

use std::path::PathBuf;

use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;

use super::lock::Holder;

/// A store that could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[error("store {}: {problem}", path.display())]
pub struct StoreError {
    /// The file of the store.
    pub path: PathBuf,
    /// What went wrong.
    #[source]
    pub problem: Problem,
}

/// What went wrong with a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The file holds something else than a SQLite database.
    #[error("the file is not a database; name another file, or move this one away")]
    NotADatabase,
    /// The file is a SQLite database that another program made.
    #[error("the file is the database of another program; name another file")]
    OtherProgram,
    /// The file, or the folder it is in, cannot be written.
    #[error("the file or its folder is read-only; make both writable, or name a file elsewhere")]
    ReadOnly,
    /// The file cannot be opened or made.
    #[error("the file cannot be opened ({0}); check that its folder exists and may be written")]
    CannotOpen(String),
    /// There is no room left.
    #[error("the disk is full; make room and start again: the last complete page is kept")]
    DiskFull,
    /// Another process is writing.
    #[error("another process is writing to the file; stop it, or give each process a file of its own")]
    Busy,
    /// Another process is at work on the store, or another engine in this one; none when it has not said who it is.
    #[error(
        "{}; wait until it ends or stop it, or name another store",
        .0.as_deref().map_or("another process is at work on it".to_owned(), ToString::to_string)
    )]
    Held(Option<Box<Holder>>),
    /// The file cannot be read or written at the moment.
    #[error(
        "the file cannot be read or written ({0}); look at the disk, at the limits of the process and at quotas: \
         the last complete page is kept"
    )]
    Disk(String),
    /// The file is damaged.
    #[error(
        "the file is damaged; stop what uses it and restore a copy, or move it away and sync everything again, either way \
         without the files -wal and -shm beside it"
    )]
    Damaged,
    /// A row holds what is never written.
    #[error(
        "a row cannot be read ({0}), so the file is damaged; stop what uses it and restore a copy, or move it away and sync \
         everything again, either way without the files -wal and -shm beside it"
    )]
    Unreadable(String),
    /// The tables are those of an earlier version of the program, and may not be changed now.
    #[error("the file was written by an older version of crosswalk; a sync, or `crosswalk run`, brings it up to date")]
    OlderSchema,
    /// A later version of the program has changed the tables.
    #[error("the file was written by a newer version of crosswalk (schema {0}); use that version, or another file")]
    NewerSchema(i64),
    /// The tables could not be brought up to date.
    #[error("the tables cannot be brought up to date ({0}); use another file, or the version that wrote this one")]
    Migration(#[source] Box<MigrateError>),
    /// A run was continued or ended elsewhere.
    #[error(
        "the sync of {model} of connection `{connection}` was taken over or ended elsewhere; \
         let the other one go on, or start anew"
    )]
    Superseded {
        /// The connection of the run.
        connection: String,
        /// The model of the run.
        model: &'static str,
    },
    /// An action was gone on with or ended elsewhere.
    #[error("the action {run} was taken over or ended elsewhere; `crosswalk actions show {run}` says how it stands")]
    ActionTaken {
        /// The id of the run.
        run: String,
    },
    /// A remote id names rows of several connections.
    #[error("several connections have {model} with the remote id `{remote_id}`; name one of {}", connections.join(", "))]
    Ambiguous {
        /// The model that was looked in.
        model: &'static str,
        /// What was asked for.
        remote_id: String,
        /// The connections that have it.
        connections: Vec<String>,
    },
    /// Anything else that the database reports.
    #[error("the database reports: {0}")]
    Database(#[source] sqlx::Error),
}

impl Problem {
    /// Whether the connections to the file may be of no use any more: SQLite rolls back by itself after some errors, which
    /// the driver does not hear of, and a file that is restored is another one than the one that is open.
    pub(super) fn is_of_connections(&self) -> bool {
        matches!(
            self,
            Problem::NotADatabase
                | Problem::ReadOnly
                | Problem::CannotOpen(_)
                | Problem::DiskFull
                | Problem::Disk(_)
                | Problem::Damaged
                | Problem::Unreadable(_)
                | Problem::Database(_)
        )
    }
}

/// The primary result codes of SQLite that have a message of their own.
mod code {
    pub(super) const BUSY: i32 = 5;
    pub(super) const LOCKED: i32 = 6;
    pub(super) const READ_ONLY: i32 = 8;
    pub(super) const IO: i32 = 10;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANNOT_OPEN: i32 = 14;
    pub(super) const NOT_A_DATABASE: i32 = 26;
}

/// The result code without what an extended code adds to it.
fn primary_code(error: &dyn DatabaseError) -> Option<i32> {
    let code: i32 = error.code()?.parse().ok()?;
    Some(code & 0xff)
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        let primary = error.as_database_error().and_then(primary_code);
        match primary {
            Some(code::NOT_A_DATABASE) => Problem::NotADatabase,
            Some(code::READ_ONLY) => Problem::ReadOnly,
            Some(code::FULL) => Problem::DiskFull,
            Some(code::BUSY | code::LOCKED) => Problem::Busy,
            Some(code::IO) => Problem::Disk(error.to_string()),
            Some(code::CORRUPT) => Problem::Damaged,
            Some(code::CANNOT_OPEN) => Problem::CannotOpen(error.to_string()),
            None if matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. }) => {
                Problem::Unreadable(error.to_string())
            }
            _ => Problem::Database(error),
        }
    }
}

impl From<MigrateError> for Problem {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Problem::NewerSchema(version),
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => Problem::from(error),
            other => Problem::Migration(Box::new(other)),
        }
    }
}
