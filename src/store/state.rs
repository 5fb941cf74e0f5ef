//! How each connection stands, and the events that tell of changes of it.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::error::{Problem, StoreError};
use super::transaction::{begin, commit};
use super::{Store, integer, moment, natural};

/// How a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It is read by the clock.
    Active,
    /// The source has refused its credentials for so long that somebody has to do something. It is still tried.
    Invalid,
    /// It is not read: paused, switched off, or its file is gone.
    Inactive,
}

impl Standing {
    /// All of them.
    pub const ALL: [Standing; 3] = [Standing::Active, Standing::Invalid, Standing::Inactive];

    /// Its name, as the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Active => "active",
            Standing::Invalid => "invalid",
            Standing::Inactive => "inactive",
        }
    }

    fn parse(text: &str) -> Result<Standing, Problem> {
        let known = Standing::ALL.into_iter().find(|standing| standing.as_str() == text);
        known.ok_or_else(|| {
            Problem::Database(sqlx::Error::Decode(format!("unknown state `{text}` of a connection").into()))
        })
    }
}

/// What is known of a connection beside its records and runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionState {
    /// Its name.
    pub connection: String,
    /// How it stands.
    pub standing: Standing,
    /// Since when.
    pub since: Timestamp,
    /// Why, unless it is active.
    pub reason: Option<String>,
    /// Since when the source does not take the credentials, without a break.
    pub refused_since: Option<Timestamp>,
    /// Syncs in a row that did not come to their end.
    pub failures: u64,
    /// Why the last of them did not.
    pub error: Option<String>,
    /// When the last sync ended, however it did.
    pub tried_at: Option<Timestamp>,
    /// When the next one is due.
    pub next_at: Option<Timestamp>,
}

/// A change of how a connection stands. Numbers grow and are never given twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// Its number.
    pub number: i64,
    /// When it happened.
    pub at: Timestamp,
    /// The connection.
    pub connection: String,
    /// How it stood before; none when it is new.
    pub before: Option<Standing>,
    /// How it stands since.
    pub standing: Standing,
    /// Why, unless it is active.
    pub reason: Option<String>,
}

impl Store {
    /// How all connections stand that ever ran, in the order of their names.
    pub async fn connection_states(&self) -> Result<Vec<ConnectionState>, StoreError> {
        let rows = sqlx::query("SELECT * FROM connection_states ORDER BY connection").fetch_all(self.readers()).await;
        let rows = rows.map_err(|error| self.error(error.into()))?;
        rows.iter().map(state).collect::<Result<_, _>>().map_err(|problem| self.error(problem))
    }

    /// When a connection was first seen; none when it never ran.
    pub async fn first_seen(&self, connection: &str) -> Result<Option<Timestamp>, StoreError> {
        let at: Result<Option<String>, _> =
            sqlx::query_scalar("SELECT min(at) FROM state_changes WHERE connection = ?")
                .bind(connection.to_owned())
                .fetch_one(self.readers())
                .await;
        let at = at.map_err(|error| self.error(error.into()))?;
        moment::parse_optional(at).map_err(|problem| self.error(problem))
    }

    /// Sets how a connection stands to what `next` makes of how it stood; none when it never ran. A change of
    /// [`ConnectionState::standing`] is told as an event in the same transaction. Nothing is written when nothing is
    /// other than before.
    pub async fn change_state(
        &self,
        connection: &str,
        at: Timestamp,
        next: impl FnOnce(Option<&ConnectionState>) -> ConnectionState + Send,
    ) -> Result<Option<StateChange>, StoreError> {
        self.set_state(connection, at, next).await.map_err(|problem| self.error(problem))
    }

    async fn set_state(
        &self,
        connection: &str,
        at: Timestamp,
        next: impl FnOnce(Option<&ConnectionState>) -> ConnectionState + Send,
    ) -> Result<Option<StateChange>, Problem> {
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let before = sqlx::query("SELECT * FROM connection_states WHERE connection = ?")
            .bind(connection.to_owned())
            .fetch_optional(&mut *transaction)
            .await?;
        let before = before.as_ref().map(state).transpose()?;
        let after = next(before.as_ref());
        if before.as_ref() == Some(&after) {
            return Ok(None);
        }
        save(&mut transaction, &after).await?;
        let before = before.map(|before| before.standing);
        let change = if before == Some(after.standing) {
            None
        } else {
            let row = sqlx::query(
                "INSERT INTO state_changes (at, connection, before, state, reason) VALUES (?, ?, ?, ?, ?) RETURNING *",
            )
            .bind(moment::text(at))
            .bind(connection.to_owned())
            .bind(before.map(Standing::as_str))
            .bind(after.standing.as_str())
            .bind(after.reason)
            .fetch_one(&mut *transaction)
            .await?;
            Some(change(&row)?)
        };
        commit(transaction).await?;
        Ok(change)
    }

    /// Up to `limit` changes of how connections stand after the one of this number, in their order; 0 is before the
    /// first.
    pub async fn state_changes(&self, after: i64, limit: u32) -> Result<Vec<StateChange>, StoreError> {
        let rows = sqlx::query("SELECT * FROM state_changes WHERE number > ? ORDER BY number LIMIT ?")
            .bind(after)
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(|error| self.error(error.into()))?;
        rows.iter().map(change).collect::<Result<_, _>>().map_err(|problem| self.error(problem))
    }
}

async fn save(connection: &mut SqliteConnection, state: &ConnectionState) -> Result<(), Problem> {
    sqlx::query(
        "INSERT INTO connection_states \
         (connection, state, since, reason, refused_since, failures, error, tried_at, next_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (connection) DO UPDATE SET state = excluded.state, since = excluded.since, \
         reason = excluded.reason, refused_since = excluded.refused_since, failures = excluded.failures, \
         error = excluded.error, tried_at = excluded.tried_at, next_at = excluded.next_at",
    )
    .bind(state.connection.clone())
    .bind(state.standing.as_str())
    .bind(moment::text(state.since))
    .bind(state.reason.clone())
    .bind(state.refused_since.map(moment::text))
    .bind(integer(state.failures))
    .bind(state.error.clone())
    .bind(state.tried_at.map(moment::text))
    .bind(state.next_at.map(moment::text))
    .execute(connection)
    .await?;
    Ok(())
}

fn state(row: &SqliteRow) -> Result<ConnectionState, Problem> {
    Ok(ConnectionState {
        connection: row.try_get("connection")?,
        standing: Standing::parse(row.try_get("state")?)?,
        since: moment::parse(row.try_get("since")?)?,
        reason: row.try_get("reason")?,
        refused_since: moment::parse_optional(row.try_get("refused_since")?)?,
        failures: natural(row.try_get("failures")?),
        error: row.try_get("error")?,
        tried_at: moment::parse_optional(row.try_get("tried_at")?)?,
        next_at: moment::parse_optional(row.try_get("next_at")?)?,
    })
}

fn change(row: &SqliteRow) -> Result<StateChange, Problem> {
    let before: Option<&str> = row.try_get("before")?;
    Ok(StateChange {
        number: row.try_get("number")?,
        at: moment::parse(row.try_get("at")?)?,
        connection: row.try_get("connection")?,
        before: before.map(Standing::parse).transpose()?,
        standing: Standing::parse(row.try_get("state")?)?,
        reason: row.try_get("reason")?,
    })
}
