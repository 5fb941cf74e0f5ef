//! Rows that are gone: how many a run did not see, their tombstones, and what is left of them after a while.

use jiff::Timestamp;
use serde_json::{Map, Value};
use sqlx::{Row, SqliteConnection};

use super::change::{CLEARED, Hash, Told};
use super::error::{Problem, StoreError};
use super::event::{About, Cause, Event};
use super::run::{self, Run};
use super::scope::RowKey;
use super::transaction::{begin, commit};
use super::{Store, moment, natural};

/// Rows that are cleared in one transaction.
const CLEARED_AT_ONCE: i64 = 500;

/// Tells that rows left their groups at `?1`.
macro_rules! left {
    ($rows:literal) => {
        concat!(
            "INSERT INTO memberships (scope, owner, changed_at) \
             SELECT DISTINCT scope, coalesce(group_key, ''), ?1 FROM records WHERE unified_hash IS NOT NULL AND ",
            $rows,
            " ON CONFLICT (scope, owner) DO UPDATE SET changed_at = excluded.changed_at"
        )
    };
}

/// What a run that reads all has not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unseen {
    /// Rows that would be deleted.
    pub rows: u64,
    /// Rows that are not deleted, those among them.
    pub of: u64,
}

impl Store {
    /// How many rows the run has not seen that were there before.
    pub async fn unseen(&self, run: &Run) -> Result<Unseen, StoreError> {
        self.count_unseen(run).await.map_err(|problem| self.error(problem))
    }

    async fn count_unseen(&self, run: &Run) -> Result<Unseen, Problem> {
        let row = sqlx::query(
            "SELECT coalesce(sum(seen < ?1), 0), count(*) FROM records \
             WHERE key > ?2 AND key <= ?3 AND vanished = 0 AND remote_deleted_at IS NULL",
        )
        .bind(run.id)
        .bind(run.scope.floor().0)
        .bind(run.scope.ceiling().0)
        .fetch_one(self.readers())
        .await?;
        Ok(Unseen { rows: natural(row.try_get(0)?), of: natural(row.try_get(1)?) })
    }

    /// The remote ids of up to `limit` rows that the run has not seen.
    pub async fn unseen_ids(&self, run: &Run, limit: u32) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar(
            "SELECT remote_id FROM records \
             WHERE key > ? AND key <= ? AND vanished = 0 AND remote_deleted_at IS NULL AND seen < ? LIMIT ?",
        )
        .bind(run.scope.floor().0)
        .bind(run.scope.ceiling().0)
        .bind(run.id)
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(|error| self.error(error.into()))
    }

    /// Clears what is left of rows that are deleted since before a moment: their fields but the ids, and what the source
    /// sent. Gives how many.
    pub async fn clear_deleted(&self, connection: &str, before: Timestamp) -> Result<u64, StoreError> {
        let mut cleared = 0;
        loop {
            match self.clear_some(connection, before).await.map_err(|problem| self.error(problem))? {
                0 => return Ok(cleared),
                some => cleared += some,
            }
        }
    }

    async fn clear_some(&self, connection: &str, before: Timestamp) -> Result<u64, Problem> {
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let rows = sqlx::query(
            "SELECT records.key, unified.json FROM records INDEXED BY records_deleted \
             JOIN scopes ON scopes.number = records.scope LEFT JOIN unified ON unified.key = records.key \
             WHERE remote_deleted_at < ? AND raw_hash <> x'' AND scopes.connection = ? LIMIT ?",
        )
        .bind(moment::text(before))
        .bind(connection.to_owned())
        .bind(CLEARED_AT_ONCE)
        .fetch_all(&mut *transaction)
        .await?;
        for row in &rows {
            let key: i64 = row.try_get(0)?;
            let unified = row.try_get::<Option<&str>, _>(1)?.map(without_fields).transpose()?;
            sqlx::query("DELETE FROM raw WHERE key = ?").bind(key).execute(&mut *transaction).await?;
            sqlx::query(
                "UPDATE records SET raw_hash = ?, unified_hash = ?, issues = NULL, failure = NULL, group_key = NULL, \
                 members_of = NULL, fetched_by = 0 WHERE key = ?",
            )
            .bind(CLEARED)
            .bind(unified.as_ref().map(|unified| Hash::of(unified.as_bytes()).into_vec()))
            .bind(key)
            .execute(&mut *transaction)
            .await?;
            if let Some(unified) = unified {
                let update = sqlx::query("UPDATE unified SET json = ? WHERE key = ?");
                update.bind(unified).bind(key).execute(&mut *transaction).await?;
            }
        }
        commit(transaction).await?;
        Ok(rows.len() as u64)
    }
}

/// What may be kept of a deleted record.
fn without_fields(unified: &str) -> Result<String, Problem> {
    let fields: Map<String, Value> =
        serde_json::from_str(unified).map_err(|error| Problem::from(sqlx::Error::Decode(error.into())))?;
    let kept = |name: &str| matches!(name, "id" | "remote_id");
    let emptied = fields.into_iter().map(|(name, value)| {
        let value = match value {
            value if kept(&name) => value,
            Value::Array(_) => Value::Array(Vec::new()),
            _ => Value::Null,
        };
        (name, value)
    });
    Ok(Value::Object(emptied.collect()).to_string())
}

impl Store {
    /// Tombstones rows that the source has no more, as a run found that asked for them one by one: as of the run's own
    /// `now`, changed at `at`. A row that a later run saw is left alone. Gives how many were not deleted before.
    pub async fn delete_gone(&self, run: &mut Run, remote_ids: &[String], at: Timestamp) -> Result<u64, StoreError> {
        self.tombstone(run, remote_ids, at).await.map_err(|problem| self.error(problem))
    }

    async fn tombstone(&self, run: &mut Run, remote_ids: &[String], at: Timestamp) -> Result<u64, Problem> {
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let mut event = Event::default();
        let mut deleted = 0;
        for remote_id in remote_ids {
            let row = sqlx::query(
                "UPDATE records SET vanished = 1, seen = ?1 \
                 WHERE scope = ?2 AND remote_id = ?3 AND vanished = 0 AND seen < ?1 RETURNING key, \
                 remote_deleted_at, unified_hash IS NOT NULL",
            )
            .bind(run.id)
            .bind(run.scope.number())
            .bind(remote_id.clone())
            .fetch_optional(&mut *transaction)
            .await?;
            let Some(row) = row else { continue };
            if row.try_get::<Option<&str>, _>(1)?.is_some() {
                continue;
            }
            let key = RowKey(row.try_get(0)?);
            sqlx::query("UPDATE records SET remote_deleted_at = ?, changed_at = ? WHERE key = ?")
                .bind(moment::text(run.now()))
                .bind(moment::text(at))
                .bind(key.0)
                .execute(&mut *transaction)
                .await?;
            sqlx::query(left!("key = ?2")).bind(moment::text(at)).bind(key.0).execute(&mut *transaction).await?;
            deleted += 1;
            // One that never mapped was never shown to anybody.
            if row.try_get(2)? {
                event.add(key, Told::Deleted);
            }
        }
        let mut progress = run.progress.clone();
        progress.counts.deleted += deleted;
        run::save(&mut transaction, run, &progress).await?;
        let about = About {
            at: &moment::text(at),
            connection: run.connection(),
            model: run.model().name,
            cause: Cause::Sync,
            revision: run.revision(),
        };
        event.write(&mut transaction, about).await?;
        commit(transaction).await?;
        run.epoch += 1;
        run.progress = progress;
        Ok(deleted)
    }
}

/// Rows that were not deleted before and are now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gone {
    pub rows: u64,
    /// Those of them that had a unified form. The others were never shown to anybody.
    pub shown: u64,
}

/// Tombstones the rows that the run did not see.
pub(super) async fn delete_unseen(
    connection: &mut SqliteConnection,
    run: &Run,
    at: Timestamp,
) -> Result<Gone, Problem> {
    let (RowKey(floor), RowKey(ceiling)) = (run.scope.floor(), run.scope.ceiling());
    let shown = sqlx::query_scalar(
        "SELECT count(*) FROM records WHERE key > ? AND key <= ? AND seen < ? AND vanished = 0 \
         AND remote_deleted_at IS NULL AND unified_hash IS NOT NULL",
    )
    .bind(floor)
    .bind(ceiling)
    .bind(run.id)
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query(left!("key > ?2 AND key <= ?3 AND seen < ?4 AND vanished = 0 AND remote_deleted_at IS NULL"))
        .bind(moment::text(at))
        .bind(floor)
        .bind(ceiling)
        .bind(run.id)
        .execute(&mut *connection)
        .await?;
    let deleted = sqlx::query(
        "UPDATE records SET remote_deleted_at = ?, changed_at = ? \
         WHERE key > ? AND key <= ? AND seen < ? AND vanished = 0 AND remote_deleted_at IS NULL",
    )
    .bind(moment::text(run.now()))
    .bind(moment::text(at))
    .bind(floor)
    .bind(ceiling)
    .bind(run.id)
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE records SET vanished = 1 WHERE key > ? AND key <= ? AND seen < ? AND vanished = 0")
        .bind(floor)
        .bind(ceiling)
        .bind(run.id)
        .execute(connection)
        .await?;
    Ok(Gone { rows: deleted.rows_affected(), shown: natural(shown) })
}
