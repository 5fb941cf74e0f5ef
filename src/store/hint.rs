//! The inbox: what the source told of records by itself, kept until they were read.

use std::collections::HashSet;
use std::sync::LazyLock;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::{Problem, StoreError};
use super::revision::text_digest;
use super::scope::Scope;
use super::statement::{Batched, Statement};
use super::transaction::{begin, commit};
use super::{Store, moment, natural};
use crate::model::Model;

static KNOWN: LazyLock<Batched> =
    LazyLock::new(|| Batched::set("SELECT remote_id FROM records WHERE scope = ? AND vanished = 0 AND remote_id IN"));

static REMOVE: LazyLock<Batched> = LazyLock::new(|| Batched::set("DELETE FROM hints WHERE number IN"));

static PUT_OFF: LazyLock<Batched> =
    LazyLock::new(|| Batched::set("UPDATE hints SET due_at = ?, attempts = attempts + 1 WHERE number IN"));

/// A delivery of the source, and the record that it tells of.
#[derive(Debug, Clone, Copy)]
pub struct NewHint<'a> {
    /// The connection that it came for.
    pub connection: &'a str,
    /// The source's own id of the delivery: the same one is taken once.
    pub delivery: &'a str,
    /// The model of the record.
    pub model: &'static Model,
    /// The source's id of the record.
    pub remote_id: &'a str,
    /// Whether the source says that the record is gone.
    pub gone: bool,
    /// When it happened, as the source says.
    pub told_at: Timestamp,
    /// The clock now.
    pub now: Timestamp,
}

/// A record that the source told of and that was not read since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Its number; later ones are greater.
    pub number: i64,
    /// The name of the model.
    pub model: String,
    /// The source's id of the record.
    pub remote_id: String,
    /// Whether the source said that the record is gone.
    pub gone: bool,
    /// When it happened, as the source says.
    pub told_at: Timestamp,
    /// When it was told.
    pub received_at: Timestamp,
    /// How often it was tried in vain to read the record.
    pub attempts: u32,
}

/// What waits in the inbox of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Inbox {
    /// Hints in it.
    pub hints: u64,
    /// When the next one is to be read; none when all wait for a sync.
    pub next_at: Option<Timestamp>,
}

impl Store {
    /// Takes a delivery: once this returns, neither a kill nor a crash of the process loses it. False when it came before.
    pub async fn take_hint(&self, hint: NewHint<'_>) -> Result<bool, StoreError> {
        self.take(hint).await.map_err(|problem| self.error(problem))
    }

    async fn take(&self, hint: NewHint<'_>) -> Result<bool, Problem> {
        let now = moment::text(hint.now);
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let taken =
            sqlx::query("INSERT INTO deliveries (connection, id, received_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
                .bind(hint.connection.to_owned())
                .bind(text_digest(hint.delivery))
                .bind(now.clone())
                .execute(&mut *transaction)
                .await?;
        if taken.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO hints (connection, model, remote_id, gone, told_at, received_at, due_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(hint.connection.to_owned())
        .bind(hint.model.name)
        .bind(hint.remote_id.to_owned())
        .bind(hint.gone)
        .bind(moment::text(hint.told_at))
        .bind(now.clone())
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        commit(transaction).await?;
        Ok(true)
    }

    /// Up to `limit` hints of a connection that are to be read now, the earliest first.
    pub async fn due_hints(&self, connection: &str, now: Timestamp, limit: u32) -> Result<Vec<Hint>, StoreError> {
        let rows = sqlx::query("SELECT * FROM hints WHERE connection = ? AND due_at <= ? ORDER BY number LIMIT ?")
            .bind(connection.to_owned())
            .bind(moment::text(now))
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(|error| self.error(error.into()))?;
        rows.iter().map(hint).collect::<Result<_, _>>().map_err(|problem| self.error(problem))
    }

    /// The models of a connection whose hints only a sync brings, each with the time when the latest was told.
    pub async fn hints_for_sync(&self, connection: &str) -> Result<Vec<(String, Timestamp)>, StoreError> {
        let rows = sqlx::query(
            "SELECT model, max(received_at) FROM hints WHERE connection = ? AND due_at IS NULL GROUP BY model",
        )
        .bind(connection.to_owned())
        .fetch_all(self.readers())
        .await
        .map_err(|error| self.error(error.into()))?;
        let pair = |row: &SqliteRow| Ok((row.try_get(0)?, moment::parse(row.try_get(1)?)?));
        rows.iter().map(pair).collect::<Result<_, Problem>>().map_err(|problem| self.error(problem))
    }

    /// Removes the hints of a model that waited for a sync, and were told before it began.
    pub async fn remove_synced_hints(
        &self,
        connection: &str,
        model: &str,
        began_at: Timestamp,
    ) -> Result<(), StoreError> {
        let delete = "DELETE FROM hints WHERE connection = ? AND model = ? AND due_at IS NULL AND received_at < ?";
        let mut writer = self.writer().await;
        let done = sqlx::query(delete)
            .bind(connection.to_owned())
            .bind(model.to_owned())
            .bind(moment::text(began_at))
            .execute(&mut *writer)
            .await;
        done.map(drop).map_err(|error| self.error(error.into()))
    }

    /// Removes hints whose records were read.
    pub async fn remove_hints(&self, numbers: &[i64]) -> Result<(), StoreError> {
        let bind = |statement: Statement, number: &i64| statement.bind(*number);
        self.execute_all(REMOVE.pieces(numbers, |statement| statement, bind)).await
    }

    /// Has hints read later; only by a sync where that is none.
    pub async fn put_off_hints(&self, numbers: &[i64], until: Option<Timestamp>) -> Result<(), StoreError> {
        let until = until.map(moment::text);
        let bind = |statement: Statement, number: &i64| statement.bind(*number);
        self.execute_all(PUT_OFF.pieces(numbers, |statement| statement.bind(until.clone()), bind)).await
    }

    async fn execute_all(&self, statements: Vec<Statement>) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        for statement in statements {
            statement.execute(&mut *writer).await.map_err(|error| self.error(error.into()))?;
        }
        Ok(())
    }

    /// What waits in the inbox of a connection.
    pub async fn inbox(&self, connection: &str) -> Result<Inbox, StoreError> {
        let row = sqlx::query("SELECT count(*), min(due_at) FROM hints WHERE connection = ?")
            .bind(connection.to_owned())
            .fetch_one(self.readers())
            .await
            .map_err(|error| self.error(error.into()))?;
        let inbox = || {
            let next_at = moment::parse_optional(row.try_get(1)?)?;
            Ok(Inbox { hints: natural(row.try_get(0)?), next_at })
        };
        inbox().map_err(|problem: Problem| self.error(problem))
    }

    /// Which of these ids are of rows that the source still has, as far as is known.
    pub async fn known_ids(
        &self,
        connection: &str,
        model: &Model,
        ids: &[String],
    ) -> Result<HashSet<String>, StoreError> {
        let known = async {
            let scopes = Scope::of(self.readers(), Some(connection), model).await?;
            let Some((scope, _)) = scopes.first() else { return Ok(HashSet::new()) };
            let bind = |statement: Statement, id: &String| statement.bind(id.clone());
            let mut known = HashSet::new();
            for statement in KNOWN.pieces(ids, |statement| statement.bind(scope.number()), bind) {
                for row in statement.fetch_all(self.readers()).await? {
                    known.insert(row.try_get(0)?);
                }
            }
            Ok(known)
        };
        known.await.map_err(|problem: Problem| self.error(problem))
    }

    /// Forgets which deliveries came before.
    pub async fn forget_deliveries(&self, connection: &str, before: Timestamp) -> Result<(), StoreError> {
        let mut writer = self.writer().await;
        let done = sqlx::query("DELETE FROM deliveries WHERE connection = ? AND received_at < ?")
            .bind(connection.to_owned())
            .bind(moment::text(before))
            .execute(&mut *writer)
            .await;
        done.map(drop).map_err(|error| self.error(error.into()))
    }
}

fn hint(row: &SqliteRow) -> Result<Hint, Problem> {
    Ok(Hint {
        number: row.try_get("number")?,
        model: row.try_get("model")?,
        remote_id: row.try_get("remote_id")?,
        gone: row.try_get("gone")?,
        told_at: moment::parse(row.try_get("told_at")?)?,
        received_at: moment::parse(row.try_get("received_at")?)?,
        attempts: row.try_get("attempts")?,
    })
}
