//! Events: what happened to records, written in the transaction in which it did.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::change::Told;
use super::error::{Problem, StoreError};
use super::scope::RowKey;
use super::{Store, integer, moment, natural};

/// Why records changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// They were read.
    Sync,
    /// They were mapped again with another revision.
    Remap,
    /// They did not: so many are gone that somebody has to look before they are deleted. The counts are 0.
    Held,
}

impl Cause {
    /// The name of the cause, as the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Cause::Sync => "sync",
            Cause::Remap => "remap",
            Cause::Held => "held",
        }
    }

    fn parse(text: &str) -> Cause {
        [Cause::Remap, Cause::Held].into_iter().find(|cause| cause.as_str() == text).unwrap_or(Cause::Sync)
    }
}

/// Something that happened to records of one connection and model. Numbers grow and are never given twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// Its number.
    pub number: i64,
    /// When it was written.
    pub at: Timestamp,
    /// The connection.
    pub connection: String,
    /// The name of the model.
    pub model: String,
    /// Why.
    pub cause: Cause,
    /// The hash of the revision that mapped the records.
    pub revision: String,
    /// Records that were new.
    pub created: u64,
    /// Records of which the unified form changed, or that came back.
    pub changed: u64,
    /// Records that are gone.
    pub deleted: u64,
    /// The rows; none when everything is meant that a complete run did not see.
    pub keys: Option<Vec<RowKey>>,
}

/// What a transaction has to tell.
#[derive(Debug, Default)]
pub(super) struct Event {
    created: u64,
    changed: u64,
    deleted: u64,
    keys: Option<Vec<RowKey>>,
}

impl Event {
    pub fn add(&mut self, key: RowKey, told: Told) {
        match told {
            Told::Created => self.created += 1,
            Told::Changed => self.changed += 1,
            Told::Deleted => self.deleted += 1,
        }
        self.keys.get_or_insert_default().push(key);
    }

    /// So many rows are gone.
    pub fn of_deleted(deleted: u64) -> Event {
        Event { deleted, ..Event::default() }
    }

    pub fn changed(&self) -> u64 {
        self.changed + self.created + self.deleted
    }

    /// Writes the event, unless nothing happened.
    pub async fn write(self, connection: &mut SqliteConnection, of: About<'_>) -> Result<(), Problem> {
        if self.changed() == 0 && of.cause != Cause::Held {
            return Ok(());
        }
        let keys = self.keys.map(|keys| format!("{:?}", keys.iter().map(|key| key.0).collect::<Vec<_>>()));
        sqlx::query(
            "INSERT INTO events (at, connection, model, cause, revision, created, changed, deleted, keys) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(of.at.to_owned())
        .bind(of.connection.to_owned())
        .bind(of.model)
        .bind(of.cause.as_str())
        .bind(of.revision.to_owned())
        .bind(integer(self.created))
        .bind(integer(self.changed))
        .bind(integer(self.deleted))
        .bind(keys)
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// What an event is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    pub at: &'a str,
    pub connection: &'a str,
    pub model: &'static str,
    pub cause: Cause,
    pub revision: &'a str,
}

impl Store {
    /// Up to `limit` events after the one of this number, in their order; 0 is before the first.
    pub async fn events(&self, after: i64, limit: u32) -> Result<Vec<Happened>, StoreError> {
        let rows = sqlx::query("SELECT * FROM events WHERE number > ? ORDER BY number LIMIT ?")
            .bind(after)
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(|error| self.error(error.into()))?;
        rows.iter().map(happened).collect::<Result<_, _>>().map_err(|problem| self.error(problem))
    }

    /// Forgets the events that are older.
    pub async fn forget_events(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut writer = self.writer().await;
        let done =
            sqlx::query("DELETE FROM events WHERE at < ?").bind(moment::text(before)).execute(&mut *writer).await;
        done.map(|done| done.rows_affected()).map_err(|error| self.error(error.into()))
    }

    /// How many events can be read.
    pub async fn events_stored(&self) -> Result<u64, StoreError> {
        let count = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(self.readers()).await;
        count.map(natural).map_err(|error| self.error(error.into()))
    }

    /// The number of the latest event; 0 when there is none.
    pub async fn last_event(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM events")
            .fetch_one(self.readers())
            .await
            .map_err(|error| self.error(error.into()))
    }
}

fn happened(row: &SqliteRow) -> Result<Happened, Problem> {
    let decode = |error: serde_json::Error| Problem::from(sqlx::Error::Decode(error.into()));
    let keys: Option<&str> = row.try_get("keys")?;
    let keys: Option<Vec<i64>> = keys.map(serde_json::from_str).transpose().map_err(decode)?;
    let count = |column: &str| row.try_get(column).map(natural);
    Ok(Happened {
        number: row.try_get("number")?,
        at: moment::parse(row.try_get("at")?)?,
        connection: row.try_get("connection")?,
        model: row.try_get("model")?,
        cause: Cause::parse(row.try_get("cause")?),
        revision: row.try_get("revision")?,
        created: count("created")?,
        changed: count("changed")?,
        deleted: count("deleted")?,
        keys: keys.map(|keys| keys.into_iter().map(RowKey).collect()),
    })
}
