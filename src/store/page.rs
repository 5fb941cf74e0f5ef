//! Writing a page: what differs from the stored rows, in one transaction with the checkpoint.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use jiff::Timestamp;

use super::background::in_the_background;
use super::change::{Hashes, Made, StoredState};
use super::draft::{Draft, read_states, select_states};
use super::error::{Problem, StoreError};
use super::event::{About, Cause};
use super::reads::ReadsNumber;
use super::run::{self, Counts, Progress, Run};
use super::scope::RowKey;
use super::statement::Batched;
use super::transaction::{begin, commit};
use super::{Store, moment};
use crate::mapping::{Failure, Issue};
use crate::model::Id;

/// Fast, and a third of the size: the disk is what a sync waits for.
const COMPRESSION_LEVEL: i32 = 1;

static STATES: LazyLock<Batched> = LazyLock::new(|| Batched::set(select_states!("WHERE scope = ? AND remote_id IN")));

static UPSERT_RAW: LazyLock<Batched> = LazyLock::new(|| {
    Batched::rows(
        "INSERT INTO raw (key, payload) VALUES",
        2,
        "ON CONFLICT (key) DO UPDATE SET payload = excluded.payload",
    )
});

/// A page of records and what follows it.
#[derive(Debug)]
pub struct PageWrite {
    /// The page to read next.
    pub next_page: u32,
    /// Where that page begins, for a source whose pages have no numbers of their own.
    pub next_cursor: Option<String>,
    /// The rows that the source announces; none keeps what is known.
    pub total: Option<u64>,
    /// The hash of the revision that mapped the records, all of them.
    pub revision: String,
    /// The read that brought them.
    pub fetched_by: ReadsNumber,
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
    /// Whether the source could not give all of the record, so that its raw form says nothing about the rest.
    pub partial: bool,
}

impl Store {
    /// Writes a page and the checkpoint after it: all of it, or nothing.
    ///
    /// A row is *created* when there was none, *deleted* when it is flagged for the first time, *changed* when its
    /// unified JSON differs or its flag is gone, and otherwise *unchanged*; only unchanged rows keep their
    /// `changed_at`. A record that failed as a whole keeps its previous unified form and, unless it is flagged now, its
    /// mark of deletion. It counts as *failed* only. A record that comes again within a run (pages drift while
    /// they are read) is written, but not counted again. A row that a run saw which began later is left as it is, and
    /// counts as *unchanged*: what changed since is asked for again.
    pub async fn write_page(&self, run: &mut Run, page: PageWrite) -> Result<Counts, StoreError> {
        self.write(run, page).await.map_err(|problem| self.error(problem))
    }

    async fn write(&self, run: &mut Run, page: PageWrite) -> Result<Counts, Problem> {
        let rows = Arc::new(last_of_each(page.rows));
        let states = || {
            STATES.pieces(
                &rows,
                |statement| statement.bind(run.scope.number()),
                |statement, row: &RecordWrite| statement.bind(row.remote_id.clone()),
            )
        };
        let to_hash = Arc::clone(&rows);
        let hashes = in_the_background(move || to_hash.iter().map(Hashes::of).collect::<Vec<_>>());
        // Reading outside of the transaction is safe: the marks tell whether others wrote meanwhile. The writer has the rows
        // in memory; any other connection would fetch them anew.
        let (stored, last_key, marks) = {
            let mut writer = self.writer().await;
            let marks = run.scope.marks(&mut writer).await?;
            let last_key = run.scope.last_key(&mut writer).await?;
            (read_states(&mut writer, states()).await?, last_key, marks)
        };
        let hashes = hashes.await;
        let (now, at) = (moment::text(run.now()), moment::text(page.at));
        let made = Made { revision: &page.revision, read: Some(page.fetched_by.0), now: &now, at: &at };
        let mut draft = draft((run, last_key), &rows, &hashes, stored, made)?;
        let mut compressed = compressed(&mut draft);

        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let present = run.scope.marks(&mut transaction).await?;
        if present != marks {
            let last_key = run.scope.last_key(&mut transaction).await?;
            draft = self::draft((run, last_key), &rows, &hashes, read_states(&mut transaction, states()).await?, made)?;
            if present.written != marks.written {
                // Mapping again touches no payload, and another run does.
                compressed = self::compressed(&mut draft);
            }
        }
        let mut progress = Progress {
            next_page: page.next_page,
            next_cursor: page.next_cursor,
            total: page.total.or(run.progress.total),
            counts: run.progress.counts,
        };
        progress.counts += draft.counts;
        let counts = draft.counts;
        run::save(&mut transaction, run, &progress).await?;
        let event = draft.write(&mut transaction).await?;
        UPSERT_RAW
            .write_rows(&mut transaction, compressed.await?, |statement, (key, payload)| {
                statement.bind(key.0).bind(payload)
            })
            .await?;
        let about = About {
            at: &at,
            connection: run.connection(),
            model: run.model().name,
            cause: Cause::Sync,
            revision: &page.revision,
        };
        event.write(&mut transaction, about).await?;
        commit(transaction).await?;

        run.epoch += 1;
        run.progress = progress;
        Ok(counts)
    }
}

/// Compresses the payloads of a draft at once, elsewhere.
fn compressed(draft: &mut Draft<'_>) -> impl Future<Output = Result<Vec<(RowKey, Vec<u8>)>, Problem>> + use<> {
    let payloads = std::mem::take(&mut draft.payloads);
    in_the_background(|| compress(payloads))
}

fn draft<'a>(
    (run, last_key): (&Run, RowKey),
    rows: &[RecordWrite],
    hashes: &[Hashes],
    mut stored: HashMap<String, StoredState>,
    made: Made<'a>,
) -> Result<Draft<'a>, Problem> {
    let mut draft = Draft::new(run.scope, last_key, Some(run.id), made);
    for (row, hashes) in rows.iter().zip(hashes) {
        draft.add(row, *hashes, stored.remove(&row.remote_id))?;
    }
    Ok(draft)
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
