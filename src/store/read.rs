//! Reading records back.

use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::error::{Problem, StoreError};
use super::scope::{RowKey, Scope};
use super::{Store, moment, natural};
use crate::mapping::Issue;
use crate::model::Model;

/// The columns of a [`StoredRecord`], in the order in which [`record`] reads them.
macro_rules! select_records {
    ($rest:literal) => {
        concat!(
            "SELECT records.key, records.id, records.remote_id, unified.json, records.revision, records.issues, \
             records.failure, records.group_key, records.members_of, records.created_at, records.changed_at, \
             records.remote_deleted_at FROM records LEFT JOIN unified ON unified.key = records.key ",
            $rest
        )
    };
}

/// A stored record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// The key of the row.
    pub key: RowKey,
    /// The connection that the record came from.
    pub connection: String,
    /// The unified id.
    pub id: String,
    /// The source's id.
    pub remote_id: String,
    /// The unified record as JSON; none when it never mapped.
    pub unified: Option<String>,
    /// The hash of the plan that mapped it last.
    pub revision: String,
    /// What fitted nowhere.
    pub issues: Vec<Issue>,
    /// Why it could not be mapped as a whole the last time.
    pub failure: Option<String>,
    /// The group that it belongs to.
    pub group: Option<String>,
    /// The group whose members are shown in it.
    pub members_of: Option<String>,
    /// When the row was made.
    pub created_at: Timestamp,
    /// When its unified form or its deletion changed last.
    pub changed_at: Timestamp,
    /// When it was found to be gone.
    pub remote_deleted_at: Option<Timestamp>,
}

/// Which records to list.
#[derive(Debug, Clone, Copy)]
pub struct ListQuery<'a> {
    /// Only those of this connection.
    pub connection: Option<&'a str>,
    /// The model.
    pub model: &'a Model,
    /// Only those that belong to this group.
    pub group: Option<&'a str>,
    /// Also those that are gone.
    pub include_deleted: bool,
    /// Only those after this row.
    pub after: Option<RowKey>,
    /// At most so many.
    pub limit: u32,
}

impl<'a> ListQuery<'a> {
    /// The first hundred records of a model, of all connections, without those that are gone.
    pub fn new(model: &'a Model) -> Self {
        ListQuery { connection: None, model, group: None, include_deleted: false, after: None, limit: 100 }
    }
}

/// How many records of a model there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RecordCounts {
    /// Those that the source still has.
    pub live: u64,
    /// Those that are gone.
    pub deleted: u64,
    /// Those that could not be mapped as a whole the last time, live or gone.
    pub failed: u64,
    /// Those with a value that fitted nowhere, live or gone.
    pub with_issues: u64,
}

impl Store {
    /// The record with this unified or remote id. A remote id that several connections use needs the connection.
    pub async fn get(
        &self,
        connection: Option<&str>,
        model: &'static Model,
        id: &str,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.find(connection, model, id).await.map_err(|problem| self.error(problem))
    }

    async fn find(
        &self,
        connection: Option<&str>,
        model: &'static Model,
        id: &str,
    ) -> Result<Option<StoredRecord>, Problem> {
        let scopes = Scope::of(self.readers(), connection, model).await?;
        let rows =
            sqlx::query(select_records!("WHERE records.id = ?")).bind(id.to_owned()).fetch_all(self.readers()).await?;
        for row in &rows {
            let key = RowKey(row.try_get(0)?);
            if let Some((_, connection)) = scopes.iter().find(|(scope, _)| scope.keys().contains(&key)) {
                return record(row, connection).map(Some);
            }
        }
        let mut found = Vec::new();
        for (scope, connection) in &scopes {
            let row = sqlx::query(select_records!("WHERE records.scope = ? AND records.remote_id = ?"))
                .bind(scope.number())
                .bind(id.to_owned())
                .fetch_optional(self.readers())
                .await?;
            found.extend(row.map(|row| record(&row, connection)).transpose()?);
        }
        if found.len() > 1 {
            let connections = found.into_iter().map(|record| record.connection).collect();
            return Err(Problem::Ambiguous { model: model.name, remote_id: id.to_owned(), connections });
        }
        Ok(found.pop())
    }

    /// The records of a connection that have these remote ids, in no order.
    pub async fn of_remote_ids(
        &self,
        connection: &str,
        model: &Model,
        remote_ids: &[&str],
    ) -> Result<Vec<StoredRecord>, StoreError> {
        self.find_all(connection, model, remote_ids).await.map_err(|problem| self.error(problem))
    }

    async fn find_all(
        &self,
        connection: &str,
        model: &Model,
        remote_ids: &[&str],
    ) -> Result<Vec<StoredRecord>, Problem> {
        let ids = serde_json::to_string(remote_ids).expect("texts are JSON");
        let mut found = Vec::new();
        for (scope, _) in Scope::of(self.readers(), Some(connection), model).await? {
            let rows = sqlx::query(select_records!(
                "WHERE records.scope = ? AND records.remote_id IN (SELECT value FROM json_each(?))"
            ))
            .bind(scope.number())
            .bind(ids.clone())
            .fetch_all(self.readers())
            .await?;
            for row in &rows {
                found.push(record(row, connection)?);
            }
        }
        Ok(found)
    }

    /// Records in the order of their keys. A row never moves, so going on after the last row of a page neither skips
    /// nor repeats one, whatever was written in between.
    pub async fn list(&self, query: ListQuery<'_>) -> Result<Vec<StoredRecord>, StoreError> {
        self.walk(query).await.map_err(|problem| self.error(problem))
    }

    async fn walk(&self, query: ListQuery<'_>) -> Result<Vec<StoredRecord>, Problem> {
        let mut found = Vec::new();
        for (scope, connection) in Scope::of(self.readers(), query.connection, query.model).await? {
            let wanted = i64::from(query.limit) - found.len() as i64;
            let after = query.after.unwrap_or(scope.floor()).max(scope.floor());
            if wanted == 0 {
                break;
            }
            if after >= scope.ceiling() {
                continue;
            }
            let rows = sqlx::query(select_records!(
                "WHERE records.key > ?1 AND records.key <= ?2 AND (?3 OR records.remote_deleted_at IS NULL) \
                 AND (?4 IS NULL OR records.group_key = ?4) ORDER BY records.key LIMIT ?5"
            ))
            .bind(after.0)
            .bind(scope.ceiling().0)
            .bind(query.include_deleted)
            .bind(query.group.map(str::to_owned))
            .bind(wanted)
            .fetch_all(self.readers())
            .await?;
            for row in &rows {
                found.push(record(row, &connection)?);
            }
        }
        Ok(found)
    }

    /// How many records of a model there are, in one connection or in all.
    pub async fn count(&self, connection: Option<&str>, model: &Model) -> Result<RecordCounts, StoreError> {
        self.tally(connection, model).await.map_err(|problem| self.error(problem))
    }

    async fn tally(&self, connection: Option<&str>, model: &Model) -> Result<RecordCounts, Problem> {
        let mut counts = RecordCounts::default();
        for (scope, _) in Scope::of(self.readers(), connection, model).await? {
            let row = sqlx::query(
                "SELECT count(*), count(remote_deleted_at), count(failure), count(issues) FROM records \
                 WHERE key > ? AND key <= ?",
            )
            .bind(scope.floor().0)
            .bind(scope.ceiling().0)
            .fetch_one(self.readers())
            .await?;
            let column = |index: usize| row.try_get(index).map(natural);
            counts.live += column(0)? - column(1)?;
            counts.deleted += column(1)?;
            counts.failed += column(2)?;
            counts.with_issues += column(3)?;
        }
        Ok(counts)
    }

    /// The record as the source sent it.
    pub async fn raw(&self, key: RowKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.payload(key).await.map_err(|problem| self.error(problem))
    }

    async fn payload(&self, key: RowKey) -> Result<Option<Vec<u8>>, Problem> {
        let compressed: Option<Vec<u8>> = sqlx::query_scalar("SELECT payload FROM raw WHERE key = ?")
            .bind(key.0)
            .fetch_optional(self.readers())
            .await?;
        compressed.map(|bytes| zstd::decode_all(bytes.as_slice()).map_err(|_| Problem::Damaged)).transpose()
    }

    /// The names of all connections that were ever read, in alphabetical order.
    pub async fn connections(&self) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar("SELECT DISTINCT connection FROM scopes ORDER BY connection")
            .fetch_all(self.readers())
            .await
            .map_err(|error| self.error(error.into()))
    }
}

fn record(row: &SqliteRow, connection: &str) -> Result<StoredRecord, Problem> {
    Ok(StoredRecord {
        key: RowKey(row.try_get(0)?),
        connection: connection.to_owned(),
        id: row.try_get(1)?,
        remote_id: row.try_get(2)?,
        unified: row.try_get(3)?,
        revision: row.try_get(4)?,
        issues: issues(row.try_get(5)?)?,
        failure: row.try_get(6)?,
        group: row.try_get(7)?,
        members_of: row.try_get(8)?,
        created_at: moment::parse(row.try_get(9)?)?,
        changed_at: moment::parse(row.try_get(10)?)?,
        remote_deleted_at: moment::parse_optional(row.try_get(11)?)?,
    })
}

pub(super) fn issues(text: Option<&str>) -> Result<Vec<Issue>, Problem> {
    let issues = text.map(serde_json::from_str).transpose();
    issues.map(Option::unwrap_or_default).map_err(|error| Problem::from(sqlx::Error::Decode(error.into())))
}
