//! Messages on their way to endpoints.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::super::error::{Problem, StoreError};
use super::super::transaction::{begin, commit};
use super::super::{Store, moment, natural};
use super::endpoint::{Endpoint, endpoint};

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It is sent when it is due, for the first time or again.
    Waiting,
    /// The endpoint took it.
    Delivered,
    /// The endpoint did not take it for so long that it is no longer sent.
    Dead,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [DeliveryState; 3] = [DeliveryState::Waiting, DeliveryState::Delivered, DeliveryState::Dead];

    /// Its name, as the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            DeliveryState::Waiting => "waiting",
            DeliveryState::Delivered => "delivered",
            DeliveryState::Dead => "dead",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<DeliveryState> {
        DeliveryState::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A delivery as one looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its number.
    pub number: i64,
    /// The id of the endpoint.
    pub endpoint: String,
    /// The id of the message.
    pub message: String,
    /// The name of what it tells.
    pub kind: String,
    /// The connection that it is about.
    pub connection: String,
    /// When it happened.
    pub at: Timestamp,
    /// How it stands.
    pub state: DeliveryState,
    /// How often it was sent.
    pub attempts: u32,
    /// When it is sent next, while it waits.
    pub due_at: Timestamp,
    /// The status of the last answer.
    pub status: Option<u16>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it was taken or given up.
    pub ended_at: Option<Timestamp>,
    /// What is sent.
    pub body: String,
}

/// Which deliveries are looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct DeliveryFilter<'a> {
    /// Those to this endpoint.
    pub endpoint: Option<&'a str>,
    /// Those that stand so.
    pub state: Option<DeliveryState>,
    /// Those of this message.
    pub message: Option<&'a str>,
}

/// A delivery that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDelivery {
    /// Its number.
    pub number: i64,
    /// Where it goes.
    pub endpoint: Endpoint,
    /// The id of the message.
    pub message: String,
    /// What is sent.
    pub body: String,
    /// How often it was sent in vain.
    pub attempts: u32,
    /// From when on it is tried.
    pub since: Timestamp,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// The endpoint took it.
    Delivered {
        /// The status of its answer.
        status: u16,
    },
    /// It did not, and gets it again.
    Again {
        /// The status of its answer, if it answered.
        status: Option<u16>,
        /// What went wrong.
        error: String,
        /// When.
        due_at: Timestamp,
    },
    /// It did not, and gets it no more.
    Dead {
        /// The status of its answer, if it answered.
        status: Option<u16>,
        /// What went wrong.
        error: String,
    },
}

impl Store {
    /// The ids of the endpoints for which something is due.
    pub async fn endpoints_with_due(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let ids = sqlx::query_scalar(
            "SELECT id FROM webhook_endpoints WHERE EXISTS \
             (SELECT 1 FROM webhook_deliveries WHERE endpoint = id AND state = 'waiting' AND due_at <= ?)",
        )
        .bind(moment::text(now))
        .fetch_all(self.readers())
        .await;
        ids.map_err(|error| self.error(error.into()))
    }

    /// What an endpoint gets next: the earliest of what is due.
    pub async fn due_delivery(&self, endpoint: &str, now: Timestamp) -> Result<Option<DueDelivery>, StoreError> {
        let row = sqlx::query(
            "SELECT webhook_deliveries.number, webhook_messages.id AS message_id, body, attempts, since, \
             webhook_endpoints.* FROM webhook_deliveries \
             JOIN webhook_messages ON webhook_messages.number = message \
             JOIN webhook_endpoints ON webhook_endpoints.id = endpoint \
             WHERE endpoint = ? AND state = 'waiting' AND due_at <= ? \
             ORDER BY due_at, webhook_deliveries.number LIMIT 1",
        )
        .bind(endpoint.to_owned())
        .bind(moment::text(now))
        .fetch_optional(self.readers())
        .await
        .map_err(|error| self.error(error.into()))?;
        row.as_ref().map(due).transpose().map_err(|problem| self.error(problem))
    }

    /// Keeps what came of an attempt.
    pub async fn settle_delivery(&self, number: i64, settled: Settled, now: Timestamp) -> Result<(), StoreError> {
        self.settle(number, settled, now).await.map_err(|problem| self.error(problem))
    }

    async fn settle(&self, number: i64, settled: Settled, now: Timestamp) -> Result<(), Problem> {
        let now = moment::text(now);
        let (state, status, error, due_at) = match settled {
            Settled::Delivered { status } => (DeliveryState::Delivered, Some(status), None, None),
            Settled::Again { status, error, due_at } => (DeliveryState::Waiting, status, Some(error), Some(due_at)),
            Settled::Dead { status, error } => (DeliveryState::Dead, status, Some(error), None),
        };
        let ended_at = (state != DeliveryState::Waiting).then(|| now.clone());
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let endpoint: Option<String> = sqlx::query_scalar(
            "UPDATE webhook_deliveries SET state = ?, attempts = attempts + 1, status = ?, error = ?, \
             due_at = coalesce(?, due_at), ended_at = ? WHERE number = ? AND state = 'waiting' RETURNING endpoint",
        )
        .bind(state.as_str())
        .bind(status)
        .bind(error.clone())
        .bind(due_at.map(moment::text))
        .bind(ended_at)
        .bind(number)
        .fetch_optional(&mut *transaction)
        .await?;
        // It may be gone, with its endpoint.
        if let Some(endpoint) = endpoint {
            let delivered_at = error.is_none().then_some(now);
            sqlx::query(
                "UPDATE webhook_endpoints SET error = ?, delivered_at = coalesce(?, delivered_at) WHERE id = ?",
            )
            .bind(error)
            .bind(delivered_at)
            .bind(endpoint)
            .execute(&mut *transaction)
            .await?;
        }
        commit(transaction).await
    }

    /// Up to `limit` deliveries, the latest first.
    pub async fn deliveries(&self, filter: DeliveryFilter<'_>, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let rows = sqlx::query(
            "SELECT webhook_deliveries.*, webhook_messages.id AS message_id, type, connection, at, body \
             FROM webhook_deliveries JOIN webhook_messages ON webhook_messages.number = message \
             WHERE (?1 IS NULL OR endpoint = ?1) AND (?2 IS NULL OR state = ?2) \
             AND (?3 IS NULL OR webhook_messages.id = ?3) ORDER BY webhook_deliveries.number DESC LIMIT ?4",
        )
        .bind(filter.endpoint.map(str::to_owned))
        .bind(filter.state.map(DeliveryState::as_str))
        .bind(filter.message.map(str::to_owned))
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(|error| self.error(error.into()))?;
        rows.iter().map(delivery).collect::<Result<_, _>>().map_err(|problem| self.error(problem))
    }

    /// Has deliveries sent once more, with the same id and body, whether they were taken or not: a new day for each. Their
    /// number.
    pub async fn redeliver(&self, filter: DeliveryFilter<'_>, now: Timestamp) -> Result<u64, StoreError> {
        let again = async {
            let mut writer = self.writer().await;
            let mut transaction = begin(&mut writer).await?;
            let done = sqlx::query(
                "UPDATE webhook_deliveries SET state = 'waiting', attempts = 0, since = ?1, due_at = ?1, ended_at = NULL \
                 WHERE (?2 IS NULL OR endpoint = ?2) AND (?3 IS NULL OR state = ?3) \
                 AND (?4 IS NULL OR message IN (SELECT number FROM webhook_messages WHERE id = ?4))",
            )
            .bind(moment::text(now))
            .bind(filter.endpoint.map(str::to_owned))
            .bind(filter.state.map(DeliveryState::as_str))
            .bind(filter.message.map(str::to_owned))
            .execute(&mut *transaction)
            .await?;
            commit(transaction).await?;
            Ok(done.rows_affected())
        };
        again.await.map_err(|problem: Problem| self.error(problem))
    }

    /// Forgets deliveries that ended before, those taken and those given up, and messages that nobody waits for.
    pub async fn forget_messages(&self, taken_before: Timestamp, dead_before: Timestamp) -> Result<(), StoreError> {
        let forgotten = async {
            let mut writer = self.writer().await;
            let mut transaction = begin(&mut writer).await?;
            sqlx::query(
                "DELETE FROM webhook_deliveries WHERE (state = 'delivered' AND ended_at < ?) \
                 OR (state = 'dead' AND ended_at < ?)",
            )
            .bind(moment::text(taken_before))
            .bind(moment::text(dead_before))
            .execute(&mut *transaction)
            .await?;
            sqlx::query(
                "DELETE FROM webhook_messages WHERE at < ? AND NOT EXISTS \
                 (SELECT 1 FROM webhook_deliveries WHERE message = webhook_messages.number)",
            )
            .bind(moment::text(taken_before))
            .execute(&mut *transaction)
            .await?;
            commit(transaction).await
        };
        forgotten.await.map_err(|problem: Problem| self.error(problem))
    }
}

fn due(row: &SqliteRow) -> Result<DueDelivery, Problem> {
    Ok(DueDelivery {
        number: row.try_get("number")?,
        endpoint: endpoint(row)?,
        message: row.try_get("message_id")?,
        body: row.try_get("body")?,
        attempts: row.try_get("attempts")?,
        since: moment::parse(row.try_get("since")?)?,
    })
}

fn delivery(row: &SqliteRow) -> Result<Delivery, Problem> {
    let state = DeliveryState::named(row.try_get("state")?);
    let unknown = || Problem::from(sqlx::Error::Decode("unknown state of a delivery".into()));
    let status: Option<i64> = row.try_get("status")?;
    Ok(Delivery {
        number: row.try_get("number")?,
        endpoint: row.try_get("endpoint")?,
        message: row.try_get("message_id")?,
        kind: row.try_get("type")?,
        connection: row.try_get("connection")?,
        at: moment::parse(row.try_get("at")?)?,
        state: state.ok_or_else(unknown)?,
        attempts: u32::try_from(natural(row.try_get("attempts")?)).unwrap_or(u32::MAX),
        due_at: moment::parse(row.try_get("due_at")?)?,
        status: status.and_then(|status| u16::try_from(status).ok()),
        error: row.try_get("error")?,
        ended_at: moment::parse_optional(row.try_get("ended_at")?)?,
        body: row.try_get("body")?,
    })
}
