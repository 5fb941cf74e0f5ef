//! Writing a page: what differs from the stored rows, in one transaction with the checkpoint.

use std::collections::HashMap;
use std::sync::LazyLock;

use bytes::Bytes;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Connection, Row, SqliteConnection};

use super::change::{Change, Hash, Hashes, StoredState};
use super::error::{Problem, StoreError};
use super::run::{self, Counts, Progress, Run};
use super::scope::RowKey;
use super::statement::{Batched, Statement};
use super::{Store, moment};
use crate::mapping::{Failure, Issue};
use crate::model::Id;

/// Fast, and a third of the size: the disk is what a sync waits for.
const COMPRESSION_LEVEL: i32 = 1;

static STATES: LazyLock<Batched> = LazyLock::new(|| {
    Batched::set(
        "SELECT key, remote_id, unified_hash, raw_hash, revision, issues, failure, group_key, members_of, \
         changed_at, remote_deleted_at, seen FROM records WHERE scope = ? AND remote_id IN",
    )
});

static UPSERT_RECORDS: LazyLock<Batched> = LazyLock::new(|| {
    Batched::rows(
        "INSERT INTO records (key, scope, remote_id, id, unified_hash, raw_hash, revision, issues, failure, \
         group_key, members_of, created_at, changed_at, remote_deleted_at, seen) VALUES",
        15,
        "ON CONFLICT (key) DO UPDATE SET unified_hash = excluded.unified_hash, \
         raw_hash = excluded.raw_hash, revision = excluded.revision, issues = excluded.issues, \
         failure = excluded.failure, group_key = excluded.group_key, members_of = excluded.members_of, \
         changed_at = excluded.changed_at, remote_deleted_at = excluded.remote_deleted_at, seen = excluded.seen",
    )
});

static UPSERT_UNIFIED: LazyLock<Batched> = LazyLock::new(|| {
    Batched::rows("INSERT INTO unified (key, json) VALUES", 2, "ON CONFLICT (key) DO UPDATE SET json = excluded.json")
});

static UPSERT_RAW: LazyLock<Batched> = LazyLock::new(|| {
    Batched::rows(
        "INSERT INTO raw (key, payload) VALUES",
        2,
        "ON CONFLICT (key) DO UPDATE SET payload = excluded.payload",
    )
});

static MARK_SEEN: LazyLock<Batched> = LazyLock::new(|| Batched::set("UPDATE records SET seen = ? WHERE key IN"));

/// A page of records and what follows it.
#[derive(Debug)]
pub struct PageWrite {
    /// The page to read next.
    pub next_page: u32,
    /// Where that page begins, for a source whose pages have no numbers of their own.
    pub next_cursor: Option<String>,
    /// The rows that the source announces; none keeps what is known.
    pub total: Option<u64>,
    /// The clock now: `changed_at` of what changes.
    pub at: Timestamp,
    /// The records. Where a page has the same one twice, the last counts.
    pub rows: Vec<RecordWrite>,
}

/// A record as it was read and mapped.
#[derive(Debug, Clone)]
pub struct RecordWrite {
    /// The source's id.
    pub remote_id: String,
    /// The unified id, derived from the connection, the model and the remote id; a row keeps its first.
    pub id: Id,
    /// The record as the source sent it.
    pub raw: Bytes,
    /// The unified record as JSON, or why there is none.
    pub unified: Result<Vec<u8>, Failure>,
    /// Whether the source marks the record as deleted.
    pub deleted: bool,
    /// The group that the record belongs to.
    pub group: Option<String>,
    /// The group whose members are shown in the record.
    pub members_of: Option<String>,
    /// What fitted nowhere.
    pub issues: Vec<Issue>,
}

impl Store {
    /// Writes a page and the checkpoint after it: all of it, or nothing.
    ///
    /// A row is *created* when there was none, *deleted* when it is flagged for the first time, *changed* when its
    /// unified JSON differs or its flag is gone, and otherwise *unchanged*; only unchanged rows keep their
    /// `changed_at`. A record that failed as a whole keeps its previous unified form and, unless it is flagged now, its
    /// mark of deletion. It counts as *failed* only. A record that comes again within a run (pages drift while
    /// they are read) is written, but not counted again.
    pub async fn write_page(&self, run: &mut Run, page: PageWrite) -> Result<Counts, StoreError> {
        self.write(run, page).await.map_err(|problem| self.error(problem))
    }

    async fn write(&self, run: &mut Run, page: PageWrite) -> Result<Counts, Problem> {
        let rows = last_of_each(page.rows);
        let states = STATES.pieces(
            &rows,
            |statement| statement.bind(run.scope.number()),
            |statement, row| statement.bind(row.remote_id.clone()),
        );
        let hashed = in_the_background(|| rows.into_iter().map(|row| (Hashes::of(&row), row)).collect());
        // Reading outside of the transaction is safe: only the holder of the run writes these rows, and `save`
        // makes sure that it still is. The writer has them in memory; any other connection would fetch them anew.
        let stored = read_states(&mut *self.writer().await, states).await?;
        let mut draft = Draft::new(run, hashed.await, stored, page.at)?;
        let mut progress = Progress {
            next_page: page.next_page,
            next_cursor: page.next_cursor,
            total: page.total.or(run.progress.total),
            counts: run.progress.counts,
        };
        progress.counts += draft.counts;
        let (counts, last_key) = (draft.counts, draft.last_key);

        let payloads = std::mem::take(&mut draft.payloads);
        let compressed = in_the_background(|| compress(payloads));
        let mut writer = self.writer().await;
        let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
        run::save(&mut transaction, run, &progress).await?;
        draft.write(&mut transaction, run).await?;
        UPSERT_RAW
            .write_rows(&mut transaction, compressed.await?, |statement, (key, payload)| {
                statement.bind(key.0).bind(payload)
            })
            .await?;
        transaction.commit().await?;

        run.epoch += 1;
        run.last_key = last_key;
        run.progress = progress;
        Ok(counts)
    }
}

/// Begins at once what takes processor time and waits for nothing, on a thread that no task needs.
fn in_the_background<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> impl Future<Output = T> {
    let work = tokio::task::spawn_blocking(work);
    // Nothing but a panic ends it early: a runtime that shuts down does not poll this any more.
    async move { work.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())) }
}

/// What is stored of the records of a page, by their remote ids.
async fn read_states(
    connection: &mut SqliteConnection,
    statements: Vec<Statement>,
) -> Result<HashMap<String, StoredState>, Problem> {
    let mut states = HashMap::new();
    for statement in statements {
        for row in statement.fetch_all(&mut *connection).await? {
            states.insert(row.try_get(1)?, state(&row)?);
        }
    }
    Ok(states)
}

fn state(row: &SqliteRow) -> Result<StoredState, Problem> {
    Ok(StoredState {
        key: RowKey(row.try_get(0)?),
        unified_hash: row.try_get::<Option<&[u8]>, _>(2)?.map(Hash::stored),
        raw_hash: Hash::stored(row.try_get(3)?),
        revision: row.try_get(4)?,
        issues: row.try_get(5)?,
        failure: row.try_get(6)?,
        group: row.try_get(7)?,
        members_of: row.try_get(8)?,
        changed_at: row.try_get(9)?,
        remote_deleted_at: row.try_get(10)?,
        seen: row.try_get(11)?,
    })
}

/// Where a record comes more than once, the last of it, in the place of the first.
fn last_of_each(rows: Vec<RecordWrite>) -> Vec<RecordWrite> {
    let mut places = HashMap::with_capacity(rows.len());
    let mut kept: Vec<RecordWrite> = Vec::with_capacity(rows.len());
    for row in rows {
        match places.get(&row.remote_id) {
            Some(&place) => kept[place] = row,
            None => {
                places.insert(row.remote_id.clone(), kept.len());
                kept.push(row);
            }
        }
    }
    kept
}

/// Compresses each payload by itself.
fn compress(payloads: Vec<(RowKey, Bytes)>) -> Result<Vec<(RowKey, Vec<u8>)>, Problem> {
    let longest = payloads.iter().map(|(_, payload)| payload.len()).max().unwrap_or_default();
    let mut compressor = zstd::bulk::Compressor::new(COMPRESSION_LEVEL).map_err(sqlx::Error::Io)?;
    // One buffer for the longest that can come out, and from it copies of what did: they wait in memory, and are short.
    let mut buffer = vec![0; zstd::zstd_safe::compress_bound(longest)];
    let compressed = payloads.into_iter().map(|(key, payload)| {
        let length = compressor.compress_to_buffer(&payload, &mut buffer).map_err(sqlx::Error::Io)?;
        Ok((key, buffer[..length].to_vec()))
    });
    compressed.collect()
}

/// Everything that a page will write, compared before the transaction begins.
struct Draft {
    counts: Counts,
    last_key: RowKey,
    created_at: String,
    records: Vec<(RowKey, String, Change)>,
    unified: Vec<(RowKey, String)>,
    /// Payloads that differ, to be compressed.
    payloads: Vec<(RowKey, Bytes)>,
    untouched: Vec<RowKey>,
}

impl Draft {
    fn new(
        run: &Run,
        rows: Vec<(Hashes, RecordWrite)>,
        mut stored: HashMap<String, StoredState>,
        at: Timestamp,
    ) -> Result<Self, Problem> {
        let mut draft = Draft {
            counts: Counts::default(),
            last_key: run.last_key,
            created_at: moment::text(at),
            records: Vec::with_capacity(rows.len()),
            unified: Vec::with_capacity(rows.len()),
            payloads: Vec::with_capacity(rows.len()),
            untouched: Vec::with_capacity(rows.len()),
        };
        let now = moment::text(run.now());
        for (hashes, row) in rows {
            let stored = stored.remove(&row.remote_id);
            let change = Change::between(stored.as_ref(), &row, hashes, run.revision(), &now, &draft.created_at);
            if stored.as_ref().is_none_or(|stored| stored.seen != run.id) {
                draft.counts += change.counts(&row);
            }
            draft.add(row, change, stored)?;
        }
        Ok(draft)
    }

    fn add(&mut self, row: RecordWrite, change: Change, stored: Option<StoredState>) -> Result<(), Problem> {
        let key = match &stored {
            Some(stored) => stored.key,
            None => {
                self.last_key.0 += 1;
                self.last_key
            }
        };
        if !change.touches_record {
            self.untouched.push(key);
            return Ok(());
        }
        if change.touches_raw {
            self.payloads.push((key, row.raw));
        }
        if let (true, Ok(unified)) = (change.touches_unified, row.unified) {
            debug_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(&unified).is_ok(), "unified is JSON");
            let text = String::from_utf8(unified).map_err(|error| sqlx::Error::Encode(error.into()))?;
            self.unified.push((key, text));
        }
        self.records.push((key, row.remote_id, change));
        Ok(())
    }

    async fn write(self, connection: &mut SqliteConnection, run: &Run) -> Result<(), Problem> {
        let (scope, seen, created_at) = (run.scope.number(), run.id, self.created_at);
        UPSERT_RECORDS
            .write_rows(connection, self.records, |statement, (key, remote_id, change)| {
                statement
                    .bind(key.0)
                    .bind(scope)
                    .bind(remote_id)
                    .bind(change.id)
                    .bind(change.unified_hash.map(Hash::into_vec))
                    .bind(change.raw_hash.into_vec())
                    .bind(change.revision)
                    .bind(change.issues)
                    .bind(change.failure)
                    .bind(change.group)
                    .bind(change.members_of)
                    .bind(created_at.clone())
                    .bind(change.changed_at)
                    .bind(change.remote_deleted_at)
                    .bind(seen)
            })
            .await?;
        UPSERT_UNIFIED
            .write_rows(connection, self.unified, |statement, (key, json)| statement.bind(key.0).bind(json))
            .await?;
        let marks =
            MARK_SEEN.pieces(&self.untouched, |statement| statement.bind(seen), |statement, key| statement.bind(key.0));
        for mark in marks {
            mark.execute(&mut *connection).await?;
        }
        Ok(())
    }
}
