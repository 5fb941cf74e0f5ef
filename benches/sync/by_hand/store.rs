//! The tables of the sync by hand: what is compared, the unified JSON and the compressed payload, as in the engine.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row as _, SqliteConnection};

use super::{Hash, Row, Stored};
use crate::{Outcome, process};

const TABLES: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS records (key INTEGER PRIMARY KEY, remote_id TEXT NOT NULL UNIQUE, id TEXT NOT NULL, \
     unified_hash BLOB NOT NULL, raw_hash BLOB NOT NULL, created_at TEXT NOT NULL, changed_at TEXT NOT NULL, \
     remote_deleted_at TEXT, seen INTEGER NOT NULL) STRICT",
    "CREATE INDEX IF NOT EXISTS records_by_id ON records (id)",
    "CREATE TABLE IF NOT EXISTS unified (key INTEGER PRIMARY KEY, json TEXT NOT NULL) STRICT",
    "CREATE TABLE IF NOT EXISTS raw (key INTEGER PRIMARY KEY, payload BLOB NOT NULL) STRICT",
];

pub struct Store {
    connection: SqliteConnection,
}

impl Store {
    pub async fn open(path: &Path) -> Outcome<Store> {
        let mut connection = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .page_size(8192)
            .pragma("wal_autocheckpoint", "8192")
            .pragma("cache_size", "-16384")
            .pragma("temp_store", "memory")
            .row_buffer_size(256)
            .disable_statement_logging()
            .connect()
            .await?;
        for table in TABLES {
            sqlx::query(table).execute(&mut connection).await?;
        }
        Ok(Store { connection })
    }

    /// Writes what differs, and says how many rows there were.
    pub async fn write_page(&mut self, run: i64, rows: Vec<Row>) -> Outcome<usize> {
        let count = rows.len();
        let now = format!("{:.3}", Timestamp::now());
        let stored = self.stored(&rows).await?;
        let (unchanged, changed): (Vec<Row>, Vec<Row>) =
            rows.into_iter().partition(|row| stored.get(&row.key) == Some(&(row.unified_hash, row.raw_hash)));
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        if !unchanged.is_empty() {
            let text = format!("UPDATE records SET seen = ? WHERE key IN ({})", list(unchanged.len(), 1));
            let query = sqlx::query(AssertSqlSafe(text)).bind(run);
            unchanged.iter().fold(query, |query, row| query.bind(row.key)).execute(&mut *transaction).await?;
        }
        if !changed.is_empty() {
            upsert(&mut transaction, run, &now, changed).await?;
        }
        transaction.commit().await?;
        Ok(count)
    }

    async fn stored(&mut self, rows: &[Row]) -> Outcome<Stored> {
        let text = format!("SELECT key, unified_hash, raw_hash FROM records WHERE key IN ({})", list(rows.len(), 1));
        let query = rows.iter().fold(sqlx::query(AssertSqlSafe(text)), |query, row| query.bind(row.key));
        let found = query.fetch_all(&mut self.connection).await?;
        let mut stored = HashMap::with_capacity(found.len());
        for row in found {
            let hash =
                |column| Ok::<Hash, sqlx::Error>(row.try_get::<&[u8], _>(column)?.try_into().unwrap_or_default());
            stored.insert(row.try_get(0)?, (hash(1)?, hash(2)?));
        }
        Ok(stored)
    }

    /// Marks what was not seen as deleted.
    pub async fn finish(&mut self, run: i64) -> Outcome<()> {
        let now = format!("{:.3}", Timestamp::now());
        sqlx::query("UPDATE records SET remote_deleted_at = ? WHERE seen <> ? AND remote_deleted_at IS NULL")
            .bind(now)
            .bind(run)
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }
}

async fn upsert(connection: &mut SqliteConnection, run: i64, now: &str, rows: Vec<Row>) -> Outcome<()> {
    let mut compressor = zstd::bulk::Compressor::new(1)?;
    let count = rows.len();
    let mut raw = Vec::with_capacity(count);
    for row in &rows {
        raw.push((row.key, compressor.compress(&row.raw)?));
    }
    let records = format!(
        "INSERT INTO records (key, remote_id, id, unified_hash, raw_hash, created_at, changed_at, remote_deleted_at, \
         seen) VALUES {} ON CONFLICT (key) DO UPDATE SET unified_hash = excluded.unified_hash, raw_hash = \
         excluded.raw_hash, changed_at = excluded.changed_at, remote_deleted_at = excluded.remote_deleted_at, \
         seen = excluded.seen",
        list(count, 9)
    );
    let mut query = sqlx::query(AssertSqlSafe(records));
    let mut unified = Vec::with_capacity(count);
    for row in rows {
        query = query
            .bind(row.key)
            .bind(row.remote_id)
            .bind(row.id.as_str().to_owned())
            .bind(row.unified_hash.to_vec())
            .bind(row.raw_hash.to_vec())
            .bind(now.to_owned())
            .bind(now.to_owned())
            .bind(row.deleted.then(|| now.to_owned()))
            .bind(run);
        unified.push((row.key, row.unified));
    }
    query.execute(&mut *connection).await?;
    let text = format!(
        "INSERT INTO unified (key, json) VALUES {} ON CONFLICT (key) DO UPDATE SET json = excluded.json",
        list(count, 2)
    );
    let query = sqlx::query(AssertSqlSafe(text));
    unified.into_iter().fold(query, |query, (key, json)| query.bind(key).bind(json)).execute(&mut *connection).await?;
    let text = format!(
        "INSERT INTO raw (key, payload) VALUES {} ON CONFLICT (key) DO UPDATE SET payload = excluded.payload",
        list(count, 2)
    );
    let query = sqlx::query(AssertSqlSafe(text));
    raw.into_iter().fold(query, |query, (key, payload)| query.bind(key).bind(payload)).execute(connection).await?;
    Ok(())
}

/// So many question marks, in parentheses by `columns` where a row has several.
fn list(count: usize, columns: usize) -> String {
    let row = vec!["?"; columns].join(", ");
    let row = if columns == 1 { row } else { format!("({row})") };
    vec![row.as_str(); count].join(", ")
}

/// The unified JSON of a store of either side, by the source's id.
pub fn unified(path: &Path) -> Outcome<HashMap<String, String>> {
    process::runtime()?.block_on(async {
        let mut connection = SqliteConnectOptions::new().filename(path).connect().await?;
        let query = "SELECT remote_id, json FROM records JOIN unified USING (key)";
        let rows = sqlx::query(query).fetch_all(&mut connection).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    })
}
