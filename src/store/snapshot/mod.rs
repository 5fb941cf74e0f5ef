//! Reading several things of one connection as of one moment.
//!
//! Every statement names the range of keys of the connection and model that it is about, so nothing of another connection
//! can come out, whatever is asked for.

mod changed;
mod narrow;
mod sql;

use std::collections::HashMap;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, Sqlite, Transaction};

use self::narrow::Condition;
pub use self::narrow::{Narrow, Wanted};
use self::sql::{BEGINNING, NOTHING, Parts, Sql, WHOLE, field};
use super::error::{Problem, StoreError};
use super::scope::{RowKey, Scope};
use super::{Store, moment};
use crate::model::{Linked, List, Model};

/// What a connection's records were at one moment, until it is dropped.
#[derive(Debug)]
pub struct Snapshot {
    store: Store,
    connection: String,
    transaction: Transaction<'static, Sqlite>,
    scopes: Scopes,
    secret: Vec<u8>,
    few: u32,
}

/// The scopes of a connection by their models.
#[derive(Debug, Default)]
struct Scopes(HashMap<String, Scope>);

impl Scopes {
    fn of(&self, model: &str) -> Option<Scope> {
        self.0.get(model).copied()
    }
}

/// Which rows of a list.
#[derive(Debug)]
pub struct ListRead<'a> {
    /// The list.
    pub list: &'static List,
    /// Only those after this row.
    pub after: Option<RowKey>,
    /// At most so many.
    pub limit: u32,
    /// Also those that are gone.
    pub include_deleted: bool,
    /// Only those that changed after this moment, or that show something by which they count as changed.
    pub updated_after: Option<Timestamp>,
    /// The linked rows that are shown.
    pub linked: &'a [&'static Linked],
    /// All of these must be true.
    pub narrowed: &'a [Narrow],
}

/// A row of a list as it is stored. One that never mapped is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedRow {
    /// The key of the row.
    pub key: RowKey,
    /// The unified id.
    pub id: String,
    /// The unified record as JSON.
    pub json: String,
    /// When the row changed last, as `2026-11-20T10:00:00.000Z`.
    pub changed_at: String,
    /// When it was found to be gone, in the same form.
    pub remote_deleted_at: Option<String>,
    /// The group whose members are shown in it.
    pub members_of: Option<String>,
    /// Whether its fields were cleared, a while after it was gone.
    pub is_cleared: bool,
}

/// A row that belongs to a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupedRow {
    /// The group; none where it belongs to all.
    pub group: Option<String>,
    /// The unified record as JSON.
    pub json: String,
}

impl Store {
    /// Begins to read a connection as of now.
    pub async fn snapshot(&self, connection: &str) -> Result<Snapshot, StoreError> {
        self.begin_snapshot(connection, changed::FEW).await.map_err(|problem| self.error(problem))
    }

    /// The same, with `few` rows taken for few.
    pub(in crate::store) async fn begin_snapshot(&self, connection: &str, few: u32) -> Result<Snapshot, Problem> {
        let mut transaction = self.readers().begin().await?;
        let rows = Sql::new("SELECT '', 0, value FROM secrets WHERE name = 'cursors' UNION ALL SELECT model, number, NULL FROM scopes WHERE connection = ")
            .text(connection)
            .fetch(&mut transaction)
            .await?;
        let (mut scopes, mut secret) = (Scopes::default(), Vec::new());
        for row in &rows {
            match row.try_get::<Option<Vec<u8>>, _>(2)? {
                Some(value) => secret = value,
                None => drop(scopes.0.insert(row.try_get(0)?, Scope::numbered(row.try_get(1)?))),
            }
        }
        Ok(Snapshot { store: self.clone(), connection: connection.to_owned(), transaction, scopes, secret, few })
    }
}

impl Snapshot {
    /// By this a cursor is known again that was given out over this store.
    pub fn secret(&self) -> &[u8] {
        &self.secret
    }

    /// Those of the models that were never read to the end.
    pub async fn never_read(&mut self, models: &[&'static Model]) -> Result<Vec<&'static Model>, StoreError> {
        let names: Vec<&str> = models.iter().map(|model| model.name).collect();
        let never = Sql::new("SELECT wanted.value FROM json_each(")
            .text(serde_json::to_string(&names).expect("texts are JSON"))
            .push(") AS wanted WHERE NOT EXISTS (SELECT 1 FROM syncs WHERE connection = ")
            .text(self.connection.clone())
            .push(" AND model = wanted.value AND kind = 'full' AND state IN ('complete', 'held'))");
        let rows = self.fetch(never).await?;
        let never = rows.iter().map(|row| Ok(Model::named(row.try_get(0)?))).collect::<Result<Vec<_>, Problem>>();
        Ok(never.map_err(|problem| self.store.error(problem))?.into_iter().flatten().collect())
    }

    /// Rows of a list in the order in which they first came. A row never moves, so going on after the last row of a page
    /// neither skips nor repeats one, whatever is written in between.
    pub async fn rows(&mut self, read: &ListRead<'_>) -> Result<Vec<ListedRow>, StoreError> {
        let statement = self.statement(read).await.map_err(|problem| self.store.error(problem))?;
        let Some(sql) = statement else { return Ok(Vec::new()) };
        Ok(self.listed(sql).await?.into_iter().map(|(_, row)| row).collect())
    }

    /// The statement that reads rows of a list; none where there can be none.
    async fn statement(&mut self, read: &ListRead<'_>) -> Result<Option<Sql>, Problem> {
        let Some(scope) = self.scopes.of(read.list.model.name) else { return Ok(None) };
        let after = read.after.unwrap_or(scope.floor()).max(scope.floor());
        if after >= scope.ceiling() {
            return Ok(None);
        }
        let mut conditions: Vec<Condition> = Vec::new();
        for narrow in read.narrowed {
            conditions.push(Condition::of(narrow, read.list.model, scope, &self.scopes, &self.connection));
        }
        if let Some(moment) = read.updated_after {
            conditions.push(self.changed(read.list, read.linked, scope, &moment::text(moment)).await?);
        }
        // Keys that are named are few, and all others are read in their order: neither needs to be sorted.
        let key = if conditions.iter().any(|condition| condition.names_keys) { "+records.key" } else { "records.key" };
        let mut sql = Sql::listed(NOTHING, WHOLE)
            .push(" FROM records CROSS JOIN unified ON unified.key = records.key WHERE ")
            .push(key)
            .push(" > ")
            .number(after.0)
            .push(" AND ")
            .push(key)
            .push(" <= ")
            .number(scope.ceiling().0);
        if !read.include_deleted {
            sql = sql.push(" AND records.remote_deleted_at IS NULL");
        }
        for condition in conditions {
            sql = sql.push(" AND ").push_sql(condition.sql);
        }
        Ok(Some(sql.push(" ORDER BY records.key LIMIT ").number(i64::from(read.limit))))
    }

    /// How SQLite reads rows of a list.
    #[cfg(test)]
    pub(in crate::store) async fn plan_of(&mut self, read: &ListRead<'_>) -> Vec<String> {
        let Some(sql) = self.statement(read).await.unwrap() else { return Vec::new() };
        let rows = Sql::new("EXPLAIN QUERY PLAN ").push_sql(sql).fetch(&mut self.transaction).await.unwrap();
        rows.iter().map(|row| row.try_get(3).unwrap()).collect()
    }

    /// The rows of a model with these ids. Where only the beginning is wanted, the record of a row may be cut off.
    pub async fn of_ids(
        &mut self,
        model: &str,
        ids: &[&str],
        include_deleted: bool,
        only_beginning: bool,
    ) -> Result<Vec<ListedRow>, StoreError> {
        let Some(scope) = self.scopes.of(model).filter(|_| !ids.is_empty()) else { return Ok(Vec::new()) };
        let sql = Sql::listed(NOTHING, if only_beginning { BEGINNING } else { WHOLE })
            .push(" FROM records INDEXED BY records_by_id CROSS JOIN unified ON unified.key = records.key WHERE ")
            .push("records.id IN ")
            .any_of(ids)
            .push(" AND ")
            .within("+records.key", scope)
            .push(if include_deleted { "" } else { " AND records.remote_deleted_at IS NULL" });
        Ok(self.listed(sql).await?.into_iter().map(|(_, row)| row).collect())
    }

    /// The rows of a model that are not gone and in whose field `candidate_id` one of these ids stands, in the order in which
    /// they first came, each after that id.
    pub async fn of_candidates(&mut self, model: &str, ids: &[&str]) -> Result<Vec<(String, ListedRow)>, StoreError> {
        let Some(scope) = self.scopes.of(model).filter(|_| !ids.is_empty()) else { return Ok(Vec::new()) };
        let sql = Sql::listed("unified.json ->> 'candidate_id'", WHOLE)
            .push(
                " FROM unified INDEXED BY unified_of_candidates CROSS JOIN records ON records.key = unified.key \
                 WHERE instr(unified.json, '\"candidate_id\":\"') > 0 AND ",
            )
            .push_sql(field("unified", "candidate_id"))
            .push(" IN ")
            .any_of(ids)
            .push(" AND ")
            .within("+unified.key", scope)
            .push(" AND records.remote_deleted_at IS NULL");
        self.listed(sql).await
    }

    /// The rows of a model that are not gone and belong to one of these groups or to all, in the order in which they first
    /// came.
    pub async fn of_groups(&mut self, model: &str, groups: &[&str]) -> Result<Vec<GroupedRow>, StoreError> {
        let Some(scope) = self.scopes.of(model) else { return Ok(Vec::new()) };
        let sql = Sql::new("SELECT records.group_key, unified.json FROM records CROSS JOIN unified ON unified.key = records.key WHERE ")
            .within("records.key", scope)
            .push(" AND records.remote_deleted_at IS NULL AND (records.group_key IS NULL OR records.group_key IN ")
            .any_of(groups)
            .push(") ORDER BY records.key");
        let rows = self.fetch(sql).await?;
        let row = |row: &SqliteRow| Ok(GroupedRow { group: row.try_get(0)?, json: row.try_get(1)? });
        rows.iter().map(row).collect::<Result<_, Problem>>().map_err(|problem| self.store.error(problem))
    }

    /// What the source sent of these rows of a model, by their keys.
    pub async fn raw(&mut self, model: &str, keys: &[RowKey]) -> Result<HashMap<RowKey, Vec<u8>>, StoreError> {
        let Some(scope) = self.scopes.of(model).filter(|_| !keys.is_empty()) else { return Ok(HashMap::new()) };
        let keys: Vec<i64> = keys.iter().map(|key| key.0).collect();
        let sql = Sql::new("SELECT raw.key, raw.payload FROM raw WHERE raw.key IN ")
            .any_of(&keys)
            .push(" AND ")
            .within("+raw.key", scope);
        let rows = self.fetch(sql).await?;
        let raw = rows.iter().map(|row| {
            let payload = zstd::decode_all(row.try_get::<&[u8], _>(1)?).map_err(|_| Problem::Damaged)?;
            Ok((RowKey(row.try_get(0)?), payload))
        });
        raw.collect::<Result<_, Problem>>().map_err(|problem| self.store.error(problem))
    }

    /// Ends it. Whoever drops it leaves that to the next user of its connection.
    pub async fn end(self) -> Result<(), StoreError> {
        let Snapshot { store, transaction, .. } = self;
        transaction.rollback().await.map_err(|error| store.error(error.into()))
    }

    /// The rows that a statement of [`Sql::listed`] gives, in the order of their keys, each after what else it selects.
    async fn listed(&mut self, sql: Sql) -> Result<Vec<(String, ListedRow)>, StoreError> {
        let read = async |sql: Sql, transaction: &mut Transaction<'static, Sqlite>| {
            let lines = sql.fetch_lines(transaction).await?;
            lines.rows().map(listed).collect::<Result<Vec<_>, Problem>>()
        };
        let mut rows = read(sql, &mut self.transaction).await.map_err(|problem| self.store.error(problem))?;
        rows.sort_by_key(|(_, row)| row.key);
        Ok(rows)
    }

    async fn fetch(&mut self, sql: Sql) -> Result<Vec<SqliteRow>, StoreError> {
        sql.fetch(&mut self.transaction).await.map_err(|problem| self.store.error(problem))
    }
}

fn listed(mut parts: Parts<'_>) -> Result<(String, ListedRow), Problem> {
    let (key, is_cleared) = (RowKey(parts.number()?), parts.number()? == 1);
    let (id, changed_at) = (parts.text()?.to_owned(), parts.text()?.to_owned());
    let remote_deleted_at = parts.optional()?;
    let members_of = parts.json()?;
    let other = parts.text()?.to_owned();
    let json = parts.text()?.to_owned();
    Ok((other, ListedRow { key, id, json, changed_at, remote_deleted_at, members_of, is_cleared }))
}
