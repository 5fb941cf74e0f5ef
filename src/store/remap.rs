//! Mapping stored records again: which of them a revision has not mapped yet, and what becomes of them.
//!
//! Nothing keeps a list of what is to be done. A row tells by its revision whether the present one maps it alike, so a
//! remap that is broken off goes on by itself, and a row that a sync writes meanwhile is done.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use zstd::bulk::Decompressor;

use super::change::{Hashes, Made, StoredState};
use super::draft::{Draft, read_states, select_states, state};
use super::error::{Problem, StoreError};
use super::event::{About, Cause};
use super::page::RecordWrite;
use super::read::issues;
use super::reads::ReadsNumber;
use super::scope::{RowKey, Scope};
use super::statement::Batched;
use super::transaction::{begin, commit};
use super::{Store, moment, natural};
use crate::mapping::Issue;
use crate::model::Model;

static STATES: LazyLock<Batched> = LazyLock::new(|| Batched::set(select_states!("WHERE key IN")));

/// Rows of the present revision: those of any revision that has the same plan.
macro_rules! not_mapped_by {
    ($columns:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " WHERE records.key > ?1 AND records.key <= ?2 \
             AND revision NOT IN (SELECT hash FROM plans WHERE connection = ?3 AND model = ?4 AND signature = ?5) ",
            $rest
        )
    };
}

/// No record is larger; more would be the length of a damaged one.
const LARGEST: usize = 256 << 20;

/// What is to be mapped again, and by what.
#[derive(Debug, Clone)]
pub struct RemapTarget {
    /// The connection.
    pub connection: String,
    /// The model.
    pub model: &'static Model,
    /// The hash of the plan's signature.
    pub signature: String,
    /// The reads whose records have all that the plan reads.
    pub readable: Vec<ReadsNumber>,
}

/// The rows of a connection and model that a plan has not mapped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unmapped {
    /// Those whose raw records have all that the plan reads.
    pub ready: u64,
    /// Those that have to be read anew.
    pub waiting: u64,
}

/// A stored record, to be mapped again.
#[derive(Debug, Clone)]
pub struct RawRecord {
    /// The key of the row.
    pub key: RowKey,
    /// The source's id.
    pub remote_id: String,
    /// The record as the source sent it, compressed with zstd.
    pub payload: Vec<u8>,
    /// What was stored of it when it was taken.
    state: StoredState,
    /// What the scope said then of runs that write.
    written: i64,
}

/// Records that were mapped again, all by one revision.
#[derive(Debug)]
pub struct RemapWrite<'a> {
    /// What they were taken for.
    pub target: &'a RemapTarget,
    /// The hash of the revision.
    pub revision: &'a str,
    /// The `$now` of the mapping.
    pub now: Timestamp,
    /// The clock.
    pub at: Timestamp,
    /// Each record with what became of it. Its `raw` is not looked at.
    pub rows: Vec<(RawRecord, RecordWrite)>,
}

/// What a batch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Remapped {
    /// Rows that were mapped again.
    pub mapped: u64,
    /// Rows of which the unified form differs now.
    pub changed: u64,
    /// Rows that could not be mapped, as a whole or in a field.
    pub failed: u64,
}

impl std::ops::AddAssign for Remapped {
    fn add_assign(&mut self, other: Self) {
        self.mapped += other.mapped;
        self.changed += other.changed;
        self.failed += other.failed;
    }
}

/// Takes what was compressed apart, one record after the other.
#[derive(Default)]
pub struct Unpacker(Option<Decompressor<'static>>);

impl Unpacker {
    /// The record as the source sent it; none when it is damaged.
    pub fn text(&mut self, raw: &RawRecord) -> Option<String> {
        let length = zstd::zstd_safe::get_frame_content_size(&raw.payload).ok()??;
        let unpack = match &mut self.0 {
            Some(unpack) => unpack,
            none => none.insert(Decompressor::new().ok()?),
        };
        let text = unpack.decompress(&raw.payload, usize::try_from(length).ok()?.min(LARGEST)).ok()?;
        String::from_utf8(text).ok()
    }
}

impl Store {
    /// How many rows the plan of `target` has not mapped.
    pub async fn unmapped(&self, target: &RemapTarget) -> Result<Unmapped, StoreError> {
        self.count_unmapped(target).await.map_err(|problem| self.error(problem))
    }

    async fn count_unmapped(&self, target: &RemapTarget) -> Result<Unmapped, Problem> {
        let Some(scope) = self.scope(target).await? else { return Ok(Unmapped::default()) };
        let row = sqlx::query(not_mapped_by!(
            "count(*), coalesce(sum(fetched_by IN (SELECT value FROM json_each(?6))), 0), \
             coalesce(sum(fetched_by IS 0 OR (vanished AND (fetched_by IN (SELECT value FROM json_each(?6))) IS NOT 1)), 0) \
             FROM records",
            ""
        ))
        .bind(scope.floor().0)
        .bind(scope.ceiling().0)
        .bind(target.connection.clone())
        .bind(target.model.name)
        .bind(target.signature.clone())
        .bind(target.readable())
        .fetch_one(self.readers())
        .await?;
        let count = |index: usize| row.try_get(index).map(natural);
        // What the source could not give wholly says nothing of a new read: the next sync brings it anyway. What it has no
        // more never comes again.
        let (all, ready, partial) = (count(0)?, count(1)?, count(2)?);
        Ok(Unmapped { ready, waiting: all - ready - partial })
    }

    /// Up to `limit` rows after `after` that the plan of `target` has not mapped and can.
    pub async fn to_remap(
        &self,
        target: &RemapTarget,
        after: RowKey,
        limit: u32,
    ) -> Result<Vec<RawRecord>, StoreError> {
        self.read_to_remap(target, after, limit).await.map_err(|problem| self.error(problem))
    }

    async fn read_to_remap(&self, target: &RemapTarget, after: RowKey, limit: u32) -> Result<Vec<RawRecord>, Problem> {
        let Some(scope) = self.scope(target).await? else { return Ok(Vec::new()) };
        // Before the rows, so that whatever is written after them shows.
        let written = scope.written(self.readers()).await?;
        let rows = sqlx::query(not_mapped_by!(
            "key, remote_id, unified_hash, raw_hash, revision, issues, failure, group_key, members_of, changed_at, \
             remote_deleted_at, seen, fetched_by, payload \
             FROM records JOIN (SELECT key AS raw_key, payload FROM raw) ON raw_key = key",
            "AND fetched_by IN (SELECT value FROM json_each(?6)) ORDER BY key LIMIT ?7"
        ))
        .bind(scope.floor().0.max(after.0))
        .bind(scope.ceiling().0)
        .bind(target.connection.clone())
        .bind(target.model.name)
        .bind(target.signature.clone())
        .bind(target.readable())
        .bind(limit)
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(|row| raw_record(row, written)).collect()
    }

    /// Writes rows that were mapped again, all or nothing. A row that a sync or another remap wrote meanwhile is left
    /// as it is.
    pub async fn write_remapped(&self, write: RemapWrite<'_>) -> Result<Remapped, StoreError> {
        self.write_mapped_again(write).await.map_err(|problem| self.error(problem))
    }

    async fn write_mapped_again(&self, write: RemapWrite<'_>) -> Result<Remapped, Problem> {
        let RemapWrite { target, revision, now, at, rows } = write;
        let Some(scope) = self.scope(target).await? else { return Ok(Remapped::default()) };
        let (now, at) = (moment::text(now), moment::text(at));
        let states = STATES.pieces(&rows, |statement| statement, |statement, (raw, _)| statement.bind(raw.key.0));
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let written = scope.written(&mut *transaction).await?;
        let mut by_key: HashMap<RowKey, StoredState> = HashMap::new();
        if rows.iter().any(|(raw, _)| raw.written != written) {
            by_key.extend(read_states(&mut transaction, states).await?.into_values().map(|state| (state.key, state)));
        }
        let mut draft = Draft::new(scope, scope.floor(), None, Made { revision, read: None, now: &now, at: &at });
        let mut done = Remapped::default();
        for (raw, mut row) in rows {
            let RawRecord { key, remote_id, state: taken, written: then, .. } = raw;
            let state = match by_key.remove(&key) {
                Some(now) if now.raw_hash == taken.raw_hash && now.revision == taken.revision => now,
                None if then == written => taken,
                _ => continue,
            };
            row.remote_id = remote_id;
            let hashes = Hashes::mapped_again(&row, state.raw_hash);
            draft.add(&row, hashes, Some(state))?;
            done.mapped += 1;
        }
        done.failed = draft.counts.failed;
        if draft.is_substantial() {
            scope.set_remapped(&mut transaction).await?;
        }
        let event = draft.write(&mut transaction).await?;
        done.changed = event.changed();
        let about =
            About { at: &at, connection: &target.connection, model: target.model.name, cause: Cause::Remap, revision };
        event.write(&mut transaction, about).await?;
        commit(transaction).await?;
        Ok(done)
    }

    async fn scope(&self, target: &RemapTarget) -> Result<Option<Scope>, Problem> {
        let scopes = Scope::of(self.readers(), Some(&target.connection), target.model).await?;
        Ok(scopes.first().map(|(scope, _)| *scope))
    }
}

/// A stored record with what it was mapped from.
#[derive(Debug)]
pub struct StoredRaw {
    /// What is mapped.
    pub raw: RawRecord,
    /// The unified id.
    pub id: String,
    /// The unified record as JSON; none when it never mapped.
    pub unified: Option<String>,
    /// What fitted nowhere.
    pub issues: Vec<Issue>,
    /// Why it could not be mapped as a whole the last time.
    pub failure: Option<String>,
    /// The read that brought it, where that brought all of it.
    pub fetched_by: Option<ReadsNumber>,
}

impl RawRecord {
    /// The hash of the revision that mapped it.
    pub fn revision(&self) -> &str {
        &self.state.revision
    }
}

impl Store {
    /// Up to `limit` records of a connection and model after `after`, with what they were mapped from.
    pub async fn stored_raw(
        &self,
        connection: &str,
        model: &'static Model,
        after: RowKey,
        limit: u32,
    ) -> Result<Vec<StoredRaw>, StoreError> {
        self.read_stored_raw(connection, model, after, limit).await.map_err(|problem| self.error(problem))
    }

    async fn read_stored_raw(
        &self,
        connection: &str,
        model: &'static Model,
        after: RowKey,
        limit: u32,
    ) -> Result<Vec<StoredRaw>, Problem> {
        let scopes = Scope::of(self.readers(), Some(connection), model).await?;
        let Some((scope, _)) = scopes.first() else { return Ok(Vec::new()) };
        let rows = sqlx::query(
            "SELECT key, remote_id, unified_hash, raw_hash, revision, issues, failure, group_key, members_of, changed_at, \
             remote_deleted_at, seen, fetched_by, payload, id, json \
             FROM records JOIN (SELECT key AS raw_key, payload FROM raw) ON raw_key = key \
             LEFT JOIN (SELECT key AS unified_key, json FROM unified) ON unified_key = key \
             WHERE key > ? AND key <= ? ORDER BY key LIMIT ?",
        )
        .bind(scope.floor().0.max(after.0))
        .bind(scope.ceiling().0)
        .bind(limit)
        .fetch_all(self.readers())
        .await?;
        let record = |row: &SqliteRow| {
            let raw = raw_record(row, 0)?;
            Ok(StoredRaw {
                id: row.try_get(14)?,
                unified: row.try_get(15)?,
                issues: issues(raw.state.issues.as_deref())?,
                failure: raw.state.failure.clone(),
                fetched_by: raw.state.fetched_by.filter(|number| *number > 0).map(ReadsNumber),
                raw,
            })
        };
        rows.iter().map(record).collect()
    }
}

fn raw_record(row: &SqliteRow, written: i64) -> Result<RawRecord, Problem> {
    let state = state(row)?;
    Ok(RawRecord { key: state.key, remote_id: row.try_get(1)?, payload: row.try_get(13)?, state, written })
}

impl RemapTarget {
    fn readable(&self) -> String {
        format!("{:?}", self.readable.iter().map(|reads| reads.0).collect::<Vec<_>>())
    }
}
