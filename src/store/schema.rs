//! Opening the file: the pragmas, the tables and the views.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::path::Path;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqlSafeStr, SqliteConnection};

use super::error::Problem;
use super::transaction::{begin, commit};
use super::{lock, views};

/// Written into the header of every store by the first migration.
const APPLICATION_ID: i32 = i32::from_be_bytes(*b"XWLK");

/// How long a statement waits for another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The pause between two attempts where SQLite itself does not wait.
const BUSY_PAUSE: Duration = Duration::from_millis(10);

/// Bytes of a page of a new file. Records are large: with 4096, the same rows take a quarter more room.
const PAGE_SIZE: u32 = 8192;

/// Bytes of the smallest page that SQLite has.
const SMALLEST_PAGE: u64 = 512;

/// Pages of the write-ahead log after which it is written back: 64 MiB.
const CHECKPOINT_PAGES: &str = "8192";

/// Memory for pages of the writer: 16 MiB, in KiB with a minus sign as SQLite wants it. SQLite walks through all of
/// it after each transaction, so more is slower.
const WRITER_CACHE: &str = "-16384";

/// Statements that may read at the same time.
const READERS: u32 = 4;

/// Texts that differ in the case of letters only are the same by this order. No index stands in it: other programs have to
/// be able to open the file.
pub(super) const CASELESS: &str = "caseless";

/// Rows that are handed over between the thread of a connection and its user at once.
const ROW_BUFFER: usize = 256;

static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| Migrator::with_migrations(migrations()));

/// Every change of the tables, in order. One that was shipped is never edited.
pub(super) fn migrations() -> Vec<Migration> {
    let migration = |version, name: &'static str, sql: &'static str| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
    };
    vec![
        migration(1, "records", include_str!("migrations/1_records.sql")),
        migration(2, "labels", include_str!("migrations/2_labels.sql")),
        migration(3, "cursors", include_str!("migrations/3_cursors.sql")),
        migration(4, "revisions", include_str!("migrations/4_revisions.sql")),
        migration(5, "deltas", include_str!("migrations/5_deltas.sql")),
        migration(6, "states", include_str!("migrations/6_states.sql")),
        migration(7, "hints", include_str!("migrations/7_hints.sql")),
        migration(8, "actions", include_str!("migrations/8_actions.sql")),
        migration(9, "keys", include_str!("migrations/9_keys.sql")),
        migration(10, "webhooks", include_str!("migrations/10_webhooks.sql")),
        migration(11, "reads", include_str!("migrations/11_reads.sql")),
    ]
}

/// How a connection to the file at `path` is made.
pub(super) fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .synchronous(SqliteSynchronous::Normal)
        .page_size(PAGE_SIZE)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .pragma("temp_store", "memory")
        .collation(CASELESS, |one, other| one.to_lowercase().cmp(&other.to_lowercase()))
        .row_buffer_size(ROW_BUFFER)
        .disable_statement_logging()
}

/// The one connection that writes, with tables and views up to date.
pub(super) async fn open_writer(options: &SqliteConnectOptions) -> Result<SqliteConnection, Problem> {
    // What is left of a file that was cut off within its first page would be taken for an empty one.
    if std::fs::metadata(options.get_filename()).is_ok_and(|file| (1..SMALLEST_PAGE).contains(&file.len())) {
        return Err(Problem::NotADatabase);
    }
    let mut connection = options.clone().pragma("cache_size", WRITER_CACHE).connect().await?;
    refuse_foreign_file(&mut connection).await?;
    enter_wal_mode(&mut connection).await?;
    // An engine of the version before may be at work with the tables as they are.
    let is_older = (1..latest()).contains(&version(&mut connection).await?);
    let _alone = match options.get_filename() {
        path if is_older => Some(lock::take(path, "brings the tables up to date")?),
        _ => None,
    };
    // One transaction around everything, so that two processes may open a new file at the same time.
    let mut transaction = begin(&mut connection).await?;
    // `run` does no more than call `run_direct`, but its future cannot be sent between threads.
    MIGRATIONS.run_direct(None, &mut *transaction, false).await?;
    views::refresh(&mut transaction).await?;
    // SQLite opens a read-only file without a word and complains at the first write: let that be this one.
    sqlx::query("DELETE FROM scopes WHERE number = 0").execute(&mut *transaction).await?;
    commit(transaction).await?;
    Ok(connection)
}

/// A connection that only reads, to a store whose tables are up to date.
pub(super) async fn open_reader(options: &SqliteConnectOptions) -> Result<SqliteConnection, Problem> {
    let mut connection = options.clone().create_if_missing(false).pragma("query_only", "on").connect().await?;
    refuse_foreign_file(&mut connection).await?;
    let version = version(&mut connection).await?;
    match version.cmp(&latest()) {
        Ordering::Less => Err(Problem::OlderSchema),
        Ordering::Equal => Ok(connection),
        Ordering::Greater => Err(Problem::NewerSchema(version)),
    }
}

/// The last change of the tables that was made; 0 in a new file.
async fn version(connection: &mut SqliteConnection) -> Result<i64, Problem> {
    let tables = "SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'";
    if sqlx::query_scalar::<_, i64>(tables).fetch_one(&mut *connection).await? == 0 {
        return Ok(0);
    }
    let version = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations";
    Ok(sqlx::query_scalar(version).fetch_one(connection).await?)
}

fn latest() -> i64 {
    migrations().last().map_or(0, |last| last.version)
}

/// The connections that read. They never wait for the writer, nor it for them.
pub(super) fn open_readers(options: &SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .test_before_acquire(false)
        .connect_lazy_with(options.clone().create_if_missing(false).pragma("query_only", "on"))
}

/// SQLite does not wait by itself when two processes switch a new file to write-ahead logging at the same time.
async fn enter_wal_mode(connection: &mut SqliteConnection) -> Result<(), Problem> {
    let deadline = Instant::now() + BUSY_TIMEOUT;
    loop {
        match sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await.map_err(Problem::from) {
            Err(Problem::Busy) if Instant::now() < deadline => tokio::time::sleep(BUSY_PAUSE).await,
            result => return result.map(drop),
        }
    }
}

/// An empty file becomes a store; any other must be one already.
async fn refuse_foreign_file(connection: &mut SqliteConnection) -> Result<(), Problem> {
    // In this order: whoever makes the store in between writes both.
    let objects: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master").fetch_one(&mut *connection).await?;
    let application: i32 = sqlx::query_scalar("PRAGMA application_id").fetch_one(connection).await?;
    if application == APPLICATION_ID || (application == 0 && objects == 0) {
        Ok(())
    } else {
        Err(Problem::OtherProgram)
    }
}
