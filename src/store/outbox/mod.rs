//! What is told to others: endpoints, messages for them, and how far events were told.
//!
//! A message and its deliveries are written in one transaction with how far was told, so a kill at any moment neither loses
//! a change nor tells it twice. What is sent is settled behind the answer: a kill in between sends it again.

mod delivery;
mod endpoint;

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

pub use delivery::{Delivery, DeliveryFilter, DeliveryState, DueDelivery, Settled};
pub use endpoint::{Endpoint, EndpointState};

use super::error::{Problem, StoreError};
use super::transaction::{begin, commit};
use super::{Store, moment};

/// A message, and who gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Its id.
    pub id: String,
    /// The name of what it tells.
    pub kind: &'static str,
    /// The connection that it is about.
    pub connection: String,
    /// What is sent.
    pub body: String,
    /// The ids of the endpoints that get it. One that is gone meanwhile gets nothing.
    pub endpoints: Vec<String>,
}

/// A model of a connection of which rows changed since it was told last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untold {
    /// The connection.
    pub connection: String,
    /// The name of the model.
    pub model: String,
    /// The number of the latest event.
    pub event: i64,
}

/// How far changes of a connection are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The connection.
    pub connection: String,
    /// The number of the latest event that is.
    pub event: i64,
    /// When they were told last.
    pub told_at: Option<Timestamp>,
}

/// What is written together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telling {
    /// Messages.
    pub messages: Vec<NewMessage>,
    /// How far changes are told now.
    pub windows: Vec<Window>,
    /// What is known of connections now; none when one is gone.
    pub known: Vec<(String, Option<String>)>,
}

impl Telling {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.windows.is_empty() && self.known.is_empty()
    }
}

impl Store {
    /// Writes messages for their endpoints, which are due at once, with how far is told.
    pub async fn tell(&self, telling: Telling, now: Timestamp) -> Result<(), StoreError> {
        self.write_telling(telling, now).await.map_err(|problem| self.error(problem))
    }

    async fn write_telling(&self, telling: Telling, now: Timestamp) -> Result<(), Problem> {
        let now = moment::text(now);
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        for message in telling.messages {
            let inserted =
                sqlx::query("INSERT INTO webhook_messages (id, type, connection, at, body) VALUES (?, ?, ?, ?, ?)")
                    .bind(message.id)
                    .bind(message.kind)
                    .bind(message.connection)
                    .bind(now.clone())
                    .bind(message.body)
                    .execute(&mut *transaction)
                    .await?;
            for endpoint in message.endpoints {
                sqlx::query(
                    "INSERT INTO webhook_deliveries (message, endpoint, since, due_at) \
                     SELECT ?1, id, ?2, ?2 FROM webhook_endpoints WHERE id = ?3",
                )
                .bind(inserted.last_insert_rowid())
                .bind(now.clone())
                .bind(endpoint)
                .execute(&mut *transaction)
                .await?;
            }
        }
        for window in telling.windows {
            sqlx::query(
                "INSERT INTO webhook_windows (connection, event, told_at) VALUES (?, ?, ?) \
                 ON CONFLICT (connection) DO UPDATE SET event = excluded.event, told_at = excluded.told_at",
            )
            .bind(window.connection)
            .bind(window.event)
            .bind(window.told_at.map(moment::text))
            .execute(&mut *transaction)
            .await?;
        }
        for (connection, known) in telling.known {
            let statement = match &known {
                Some(_) => {
                    "INSERT INTO webhook_integrations (connection, known) VALUES (?, ?) \
                     ON CONFLICT (connection) DO UPDATE SET known = excluded.known"
                }
                None => "DELETE FROM webhook_integrations WHERE connection = ?",
            };
            let statement = sqlx::query(statement).bind(connection);
            let statement = if let Some(known) = known { statement.bind(known) } else { statement };
            statement.execute(&mut *transaction).await?;
        }
        commit(transaction).await
    }

    /// The models of which rows changed since that was told, by connection. `floor` is the number of an event up to which all
    /// are told.
    pub async fn untold(&self, floor: i64) -> Result<Vec<Untold>, StoreError> {
        let rows = sqlx::query(
            "SELECT events.connection, model, max(number) AS event FROM events \
             LEFT JOIN webhook_windows AS told ON told.connection = events.connection \
             WHERE number > ? AND number > coalesce(told.event, 0) AND created + changed + deleted > 0 \
             GROUP BY events.connection, model ORDER BY events.connection, model",
        )
        .bind(floor)
        .fetch_all(self.readers())
        .await
        .map_err(|error| self.error(error.into()))?;
        let untold = |row: &SqliteRow| {
            Ok(Untold {
                connection: row.try_get("connection")?,
                model: row.try_get("model")?,
                event: row.try_get("event")?,
            })
        };
        rows.iter().map(untold).collect::<Result<_, _>>().map_err(|problem: Problem| self.error(problem))
    }

    /// How far changes of each connection are told.
    pub async fn windows(&self) -> Result<Vec<Window>, StoreError> {
        let rows = sqlx::query("SELECT * FROM webhook_windows").fetch_all(self.readers()).await;
        let rows = rows.map_err(|error| self.error(error.into()))?;
        let window = |row: &SqliteRow| {
            Ok(Window {
                connection: row.try_get("connection")?,
                event: row.try_get("event")?,
                told_at: moment::parse_optional(row.try_get("told_at")?)?,
            })
        };
        rows.iter().map(window).collect::<Result<_, _>>().map_err(|problem: Problem| self.error(problem))
    }

    /// What was known of each connection when it was looked at last.
    pub async fn known_integrations(&self) -> Result<Vec<(String, String)>, StoreError> {
        let rows = sqlx::query("SELECT connection, known FROM webhook_integrations").fetch_all(self.readers()).await;
        let rows = rows.map_err(|error| self.error(error.into()))?;
        let known = |row: &SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?));
        rows.iter().map(known).collect::<Result<_, _>>().map_err(|problem: Problem| self.error(problem))
    }

    /// The number of the latest change of how a connection stands; 0 when there is none.
    pub async fn last_state_change(&self, connection: &str) -> Result<i64, StoreError> {
        sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM state_changes WHERE connection = ?")
            .bind(connection.to_owned())
            .fetch_one(self.readers())
            .await
            .map_err(|error| self.error(error.into()))
    }
}
