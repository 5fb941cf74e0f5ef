//! Keys of the HTTP API: who they are for and what they open. A secret is not kept, only its digest.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::{Problem, StoreError};
use super::transaction::{begin, commit};
use super::{Store, moment};

/// A key as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Tells keys apart; it is no secret.
    pub id: String,
    /// Whom it is for. Keys that are not revoked have different names.
    pub name: String,
    /// SHA-256 of the secret.
    pub digest: [u8; 32],
    /// The connections that it opens; none when all.
    pub connections: Option<Vec<String>>,
    /// Whether it may only read.
    pub read_only: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it opens nothing any more.
    pub revoked_at: Option<Timestamp>,
}

impl Store {
    /// Keeps a new key. False when another one that is not revoked has its name.
    pub async fn add_key(&self, key: &StoredKey) -> Result<bool, StoreError> {
        self.insert_key(key).await.map_err(|problem| self.error(problem))
    }

    async fn insert_key(&self, key: &StoredKey) -> Result<bool, Problem> {
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let connections = key.connections.as_ref().map(|names| serde_json::to_string(names).expect("texts are JSON"));
        let added = sqlx::query(
            "INSERT INTO api_keys (id, name, digest, connections, read_only, created_at) VALUES (?, ?, ?, ?, ?, ?) \
             ON CONFLICT DO NOTHING",
        )
        .bind(key.id.clone())
        .bind(key.name.clone())
        .bind(key.digest.to_vec())
        .bind(connections)
        .bind(key.read_only)
        .bind(moment::text(key.created_at))
        .execute(&mut *transaction)
        .await?;
        commit(transaction).await?;
        Ok(added.rows_affected() > 0)
    }

    /// All keys, revoked ones included, the earliest first.
    pub async fn keys(&self) -> Result<Vec<StoredKey>, StoreError> {
        let rows = sqlx::query("SELECT * FROM api_keys ORDER BY created_at, id").fetch_all(self.readers()).await;
        let rows = rows.map_err(|error| self.error(error.into()))?;
        rows.iter().map(key).collect::<Result<_, _>>().map_err(|problem| self.error(problem))
    }

    /// The key with this id.
    pub async fn key(&self, id: &str) -> Result<Option<StoredKey>, StoreError> {
        let row = sqlx::query("SELECT * FROM api_keys WHERE id = ?")
            .bind(id.to_owned())
            .fetch_optional(self.readers())
            .await
            .map_err(|error| self.error(error.into()))?;
        row.as_ref().map(key).transpose().map_err(|problem| self.error(problem))
    }

    /// Revokes the key that has this name or id. None when no key that is not revoked has it.
    pub async fn revoke_key(&self, name: &str, now: Timestamp) -> Result<Option<StoredKey>, StoreError> {
        let mut writer = self.writer().await;
        let row = sqlx::query(
            "UPDATE api_keys SET revoked_at = ?1 WHERE revoked_at IS NULL AND (name = ?2 OR id = ?2) RETURNING *",
        )
        .bind(moment::text(now))
        .bind(name.to_owned())
        .fetch_optional(&mut *writer)
        .await
        .map_err(|error| self.error(error.into()))?;
        row.as_ref().map(key).transpose().map_err(|problem| self.error(problem))
    }

    /// By this consumers of the API tell this store from others. It was drawn when the store was made.
    pub async fn environment(&self) -> Result<String, StoreError> {
        let id = sqlx::query_scalar("SELECT id FROM environment").fetch_one(self.readers()).await;
        id.map_err(|error| self.error(error.into()))
    }
}

fn key(row: &SqliteRow) -> Result<StoredKey, Problem> {
    let unreadable = |what: &str| Problem::from(sqlx::Error::Decode(format!("{what} of a key").into()));
    let connections: Option<&str> = row.try_get("connections")?;
    let connections = connections.map(serde_json::from_str).transpose().map_err(|_| unreadable("the connections"))?;
    let digest: &[u8] = row.try_get("digest")?;
    Ok(StoredKey {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        digest: digest.try_into().map_err(|_| unreadable("the digest"))?,
        connections,
        read_only: row.try_get("read_only")?,
        created_at: moment::parse(row.try_get("created_at")?)?,
        revoked_at: moment::parse_optional(row.try_get("revoked_at")?)?,
    })
}
