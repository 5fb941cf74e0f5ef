//! What rows will be written, compared before the transaction begins.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use bytes::Bytes;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::change::{Change, Hash, Hashes, Made, StoredState};
use super::error::Problem;
use super::event::Event;
use super::page::RecordWrite;
use super::run::Counts;
use super::scope::{RowKey, Scope};
use super::statement::{Batched, Statement};

/// The columns of a [`StoredState`] and the remote id, in the order in which [`state`] reads them.
macro_rules! select_states {
    ($rest:literal) => {
        concat!(
            "SELECT key, remote_id, unified_hash, raw_hash, revision, issues, failure, group_key, members_of, \
             changed_at, remote_deleted_at, seen, fetched_by FROM records ",
            $rest
        )
    };
}
pub(super) use select_states;

static UPSERT_RECORDS: LazyLock<Batched> = LazyLock::new(|| {
    Batched::rows(
        "INSERT INTO records (key, scope, remote_id, id, unified_hash, raw_hash, revision, issues, failure, \
         group_key, members_of, created_at, changed_at, remote_deleted_at, seen, fetched_by) VALUES",
        16,
        "ON CONFLICT (key) DO UPDATE SET unified_hash = excluded.unified_hash, \
         raw_hash = excluded.raw_hash, revision = excluded.revision, issues = excluded.issues, \
         failure = excluded.failure, group_key = excluded.group_key, members_of = excluded.members_of, \
         changed_at = excluded.changed_at, remote_deleted_at = excluded.remote_deleted_at, seen = excluded.seen, \
         fetched_by = excluded.fetched_by, vanished = 0",
    )
});

/// For rows that are there for sure: no index is touched.
static UPDATE_RECORDS: LazyLock<Batched> = LazyLock::new(|| {
    Batched::rows(
        "UPDATE records SET unified_hash = new.column2, revision = new.column3, issues = new.column4, \
         failure = new.column5, group_key = new.column6, members_of = new.column7, changed_at = new.column8, \
         remote_deleted_at = new.column9 FROM (VALUES",
        9,
        ") AS new WHERE records.key = new.column1",
    )
});

static UPSERT_UNIFIED: LazyLock<Batched> = LazyLock::new(|| {
    Batched::rows("INSERT INTO unified (key, json) VALUES", 2, "ON CONFLICT (key) DO UPDATE SET json = excluded.json")
});

static UPSERT_MEMBERSHIPS: LazyLock<Batched> = LazyLock::new(|| {
    Batched::rows(
        "INSERT INTO memberships (scope, owner, changed_at) VALUES",
        3,
        "ON CONFLICT (scope, owner) DO UPDATE SET changed_at = excluded.changed_at",
    )
});

static MARK_SEEN: LazyLock<Batched> =
    LazyLock::new(|| Batched::set("UPDATE records SET seen = ?, revision = ?, vanished = 0 WHERE key IN"));

static MARK_MAPPED: LazyLock<Batched> = LazyLock::new(|| Batched::set("UPDATE records SET revision = ? WHERE key IN"));

/// What happened to the rows of a page or a batch, and what is to be written of it.
pub(super) struct Draft<'a> {
    made: Made<'a>,
    scope: Scope,
    /// The run that reads the rows. Rows that are mapped again keep the one that saw them last.
    seen: Option<i64>,
    pub counts: Counts,
    pub last_key: RowKey,
    /// Payloads that differ, to be compressed.
    pub payloads: Vec<(RowKey, Bytes)>,
    records: Vec<DraftRow>,
    unified: Vec<(RowKey, String)>,
    untouched: Vec<RowKey>,
    /// Groups that rows came to, or left.
    regrouped: BTreeSet<String>,
    event: Event,
}

struct DraftRow {
    key: RowKey,
    remote_id: String,
    change: Change,
}

impl<'a> Draft<'a> {
    /// A draft without rows. New ones come after `last_key`.
    pub fn new(scope: Scope, last_key: RowKey, seen: Option<i64>, made: Made<'a>) -> Self {
        Draft {
            made,
            scope,
            seen,
            counts: Counts::default(),
            last_key,
            payloads: Vec::new(),
            records: Vec::new(),
            unified: Vec::new(),
            untouched: Vec::new(),
            regrouped: BTreeSet::new(),
            event: Event::default(),
        }
    }

    /// Compares a record with what is stored of it. One that its run saw before is written, but not counted again.
    pub fn add(&mut self, row: &RecordWrite, hashes: Hashes, stored: Option<StoredState>) -> Result<(), Problem> {
        if let (Some(stored), Some(run)) = (&stored, self.seen)
            && stored.seen > run
        {
            self.counts += Counts { fetched: 1, unchanged: 1, ..Counts::default() };
            return Ok(());
        }
        let change = Change::between(stored.as_ref(), row, hashes, self.made);
        if self.seen.is_none() || stored.as_ref().map(|stored| stored.seen) != self.seen {
            self.counts += change.counts(row);
        }
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
        if let Some(told) = change.told {
            self.event.add(key, told);
        }
        let (before, after) = (stored.as_ref().and_then(StoredState::shown_in), change.shown_in());
        if before != after {
            self.regrouped.extend([before, after].into_iter().flatten().map(str::to_owned));
        }
        if change.touches_raw {
            self.payloads.push((key, row.raw.clone()));
        }
        if let (true, Ok(unified)) = (change.touches_unified, &row.unified) {
            debug_assert!(serde_json::from_slice::<serde::de::IgnoredAny>(unified).is_ok(), "unified is JSON");
            let text = std::str::from_utf8(unified).map_err(|error| sqlx::Error::Encode(error.into()))?;
            self.unified.push((key, text.to_owned()));
        }
        self.records.push(DraftRow { key, remote_id: row.remote_id.clone(), change });
        Ok(())
    }

    /// Whether more than revisions and marks is to be written.
    pub fn is_substantial(&self) -> bool {
        !self.records.is_empty()
    }

    /// Writes everything but the payloads. Gives what to tell.
    pub async fn write(self, connection: &mut SqliteConnection) -> Result<Event, Problem> {
        let Draft { made, scope, seen, records, unified, untouched, regrouped, event, .. } = self;
        let revision = made.revision;
        let bind_key = |statement: Statement, key: &RowKey| statement.bind(key.0);
        let marks = match seen {
            Some(seen) => {
                UPSERT_RECORDS
                    .write_rows(connection, records, |statement, DraftRow { key, remote_id, change }| {
                        statement
                            .bind(key.0)
                            .bind(scope.number())
                            .bind(remote_id)
                            .bind(change.id)
                            .bind(change.unified_hash.map(Hash::into_vec))
                            .bind(change.raw_hash.into_vec())
                            .bind(change.revision)
                            .bind(change.issues)
                            .bind(change.failure)
                            .bind(change.group)
                            .bind(change.members_of)
                            .bind(made.at.to_owned())
                            .bind(change.changed_at)
                            .bind(change.remote_deleted_at)
                            .bind(seen)
                            .bind(change.fetched_by)
                    })
                    .await?;
                MARK_SEEN.pieces(&untouched, |statement| statement.bind(seen).bind(revision.to_owned()), bind_key)
            }
            None => {
                UPDATE_RECORDS
                    .write_rows(connection, records, |statement, DraftRow { key, change, .. }| {
                        statement
                            .bind(key.0)
                            .bind(change.unified_hash.map(Hash::into_vec))
                            .bind(change.revision)
                            .bind(change.issues)
                            .bind(change.failure)
                            .bind(change.group)
                            .bind(change.members_of)
                            .bind(change.changed_at)
                            .bind(change.remote_deleted_at)
                    })
                    .await?;
                MARK_MAPPED.pieces(&untouched, |statement| statement.bind(revision.to_owned()), bind_key)
            }
        };
        UPSERT_UNIFIED
            .write_rows(connection, unified, |statement, (key, json)| statement.bind(key.0).bind(json))
            .await?;
        UPSERT_MEMBERSHIPS
            .write_rows(connection, regrouped.into_iter().collect(), |statement, group| {
                statement.bind(scope.number()).bind(group).bind(made.at.to_owned())
            })
            .await?;
        for mark in marks {
            mark.execute(&mut *connection).await?;
        }
        Ok(event)
    }
}

/// What is stored of some records, by their remote ids.
pub(super) async fn read_states(
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

/// A row of [`select_states`].
pub(super) fn state(row: &SqliteRow) -> Result<StoredState, Problem> {
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
        fetched_by: row.try_get(12)?,
    })
}
