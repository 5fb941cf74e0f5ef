//! Where is told.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::super::error::{Problem, StoreError};
use super::super::transaction::{begin, commit};
use super::super::{Store, moment, natural};

/// An endpoint of somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Its id.
    pub id: String,
    /// Where messages go.
    pub url: String,
    /// The names of what it is told of; none for everything.
    pub types: Option<Vec<String>>,
    /// The connections that it is told of; none for all.
    pub connections: Option<Vec<String>>,
    /// Where its secret is kept.
    pub secret: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The number of the latest event when it was made.
    pub after_event: i64,
    /// The number of the latest change of how a connection stands when it was made.
    pub after_state: i64,
}

impl Endpoint {
    /// Whether it is told of this.
    pub fn wants(&self, kind: &str, connection: &str) -> bool {
        let has = |list: &Option<Vec<String>>, wanted: &str| {
            list.as_ref().is_none_or(|list| list.iter().any(|known| known == wanted))
        };
        has(&self.types, kind) && has(&self.connections, connection)
    }
}

/// How an endpoint stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointState {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// Messages that wait for it.
    pub waiting: u64,
    /// Messages that it did not take, and that are no longer sent.
    pub dead: u64,
    /// When it took something last.
    pub delivered_at: Option<Timestamp>,
    /// Why it did not take what was sent last; none when it did.
    pub error: Option<String>,
}

impl Store {
    /// Keeps a new endpoint. It is told of what happens from now on.
    pub async fn add_endpoint(
        &self,
        id: &str,
        url: &str,
        (types, connections): (Option<&[String]>, Option<&[String]>),
        secret: &str,
        now: Timestamp,
    ) -> Result<Endpoint, StoreError> {
        let list = |texts: Option<&[String]>| texts.map(|texts| serde_json::to_string(texts).expect("texts are JSON"));
        let inserted = async {
            let mut writer = self.writer().await;
            let mut transaction = begin(&mut writer).await?;
            let row = sqlx::query(
                "INSERT INTO webhook_endpoints (id, url, types, connections, secret, created_at, after_event, after_state) \
                 VALUES (?, ?, ?, ?, ?, ?, (SELECT coalesce(max(number), 0) FROM events), \
                 (SELECT coalesce(max(number), 0) FROM state_changes)) RETURNING *",
            )
            .bind(id.to_owned())
            .bind(url.to_owned())
            .bind(list(types))
            .bind(list(connections))
            .bind(secret.to_owned())
            .bind(moment::text(now))
            .fetch_one(&mut *transaction)
            .await?;
            commit(transaction).await?;
            endpoint(&row)
        };
        inserted.await.map_err(|problem: Problem| self.error(problem))
    }

    /// All endpoints, the earliest first.
    pub async fn endpoints(&self) -> Result<Vec<Endpoint>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM webhook_endpoints ORDER BY created_at, rowid").fetch_all(self.readers()).await;
        let rows = rows.map_err(|error| self.error(error.into()))?;
        rows.iter().map(endpoint).collect::<Result<_, _>>().map_err(|problem| self.error(problem))
    }

    /// How all endpoints stand, the earliest first.
    pub async fn endpoint_states(&self) -> Result<Vec<EndpointState>, StoreError> {
        let rows = sqlx::query(
            "SELECT *, \
             (SELECT count(*) FROM webhook_deliveries WHERE endpoint = id AND state = 'waiting') AS waiting, \
             (SELECT count(*) FROM webhook_deliveries WHERE endpoint = id AND state = 'dead') AS dead \
             FROM webhook_endpoints ORDER BY created_at, rowid",
        )
        .fetch_all(self.readers())
        .await
        .map_err(|error| self.error(error.into()))?;
        let state = |row: &SqliteRow| {
            Ok(EndpointState {
                endpoint: endpoint(row)?,
                waiting: natural(row.try_get("waiting")?),
                dead: natural(row.try_get("dead")?),
                delivered_at: moment::parse_optional(row.try_get("delivered_at")?)?,
                error: row.try_get("error")?,
            })
        };
        rows.iter().map(state).collect::<Result<_, _>>().map_err(|problem: Problem| self.error(problem))
    }

    /// Removes an endpoint with all that waits for it. None when there is none with this id.
    pub async fn remove_endpoint(&self, id: &str) -> Result<Option<Endpoint>, StoreError> {
        let removed = async {
            let mut writer = self.writer().await;
            let mut transaction = begin(&mut writer).await?;
            let row = sqlx::query("DELETE FROM webhook_endpoints WHERE id = ? RETURNING *")
                .bind(id.to_owned())
                .fetch_optional(&mut *transaction)
                .await?;
            commit(transaction).await?;
            row.as_ref().map(endpoint).transpose()
        };
        removed.await.map_err(|problem: Problem| self.error(problem))
    }
}

pub(super) fn endpoint(row: &SqliteRow) -> Result<Endpoint, Problem> {
    let list = |column: &str| {
        let text: Option<&str> = row.try_get(column)?;
        let list = text.map(serde_json::from_str).transpose();
        list.map_err(|error: serde_json::Error| Problem::from(sqlx::Error::Decode(error.into())))
    };
    Ok(Endpoint {
        id: row.try_get("id")?,
        url: row.try_get("url")?,
        types: list("types")?,
        connections: list("connections")?,
        secret: row.try_get("secret")?,
        created_at: moment::parse(row.try_get("created_at")?)?,
        after_event: row.try_get("after_event")?,
        after_state: row.try_get("after_state")?,
    })
}
