//! The revisions that connections ran with: what their plans do, and the files of the last ones.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::error::{Problem, StoreError};
use super::transaction::{begin, commit};
use super::{Store, moment, natural};
use crate::model::Model;

/// Texts are written once and read seldom.
const COMPRESSION_LEVEL: i32 = 9;

/// A revision that comes into use.
#[derive(Debug, Clone)]
pub struct NewRevision {
    /// The connection that runs with it.
    pub connection: String,
    /// Its hash.
    pub hash: String,
    /// The connector.
    pub connector: String,
    /// The texts of its files, by path.
    pub files: BTreeMap<String, String>,
    /// What it does with the records of each model that it maps.
    pub plans: BTreeMap<&'static str, KeptPlan>,
    /// The clock.
    pub at: Timestamp,
}

/// What a revision does with the records of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptPlan {
    /// The hash of its signature.
    pub signature: String,
    /// The signature field by field, as JSON.
    pub detail: String,
}

/// A revision that a connection ran with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptRevision {
    /// The connection.
    pub connection: String,
    /// Its hash.
    pub hash: String,
    /// The connector.
    pub connector: String,
    /// When it came into use first.
    pub first_used_at: Timestamp,
    /// When it came into use last.
    pub used_at: Timestamp,
    /// The hash of the one that was in use until then.
    pub before: Option<String>,
    /// Digests of the texts of its files, by path; none once they are not kept any more.
    pub files: Option<BTreeMap<String, String>>,
    /// What it does with the records of each model.
    pub plans: BTreeMap<String, KeptPlan>,
    /// How many records of each model changed when they were mapped again with it.
    pub remapped: BTreeMap<String, u64>,
}

/// The name of a text in the store.
pub fn text_digest(text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Store {
    /// Writes down that a revision is in use from now on, and keeps its files and those of the `keep` - 1 before it.
    pub async fn keep_revision(&self, new: &NewRevision, keep: u32) -> Result<(), StoreError> {
        self.write_revision(new, keep).await.map_err(|problem| self.error(problem))
    }

    async fn write_revision(&self, new: &NewRevision, keep: u32) -> Result<(), Problem> {
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let mut files = BTreeMap::new();
        for (path, text) in &new.files {
            let digest = text_digest(text);
            keep_text(&mut transaction, &digest, text).await?;
            files.insert(path, digest);
        }
        let at = moment::text(new.at);
        let latest: Option<(String, Option<String>)> = sqlx::query_as(
            "SELECT hash, before FROM revisions WHERE connection = ? ORDER BY used_at DESC, number DESC LIMIT 1",
        )
        .bind(new.connection.clone())
        .fetch_optional(&mut *transaction)
        .await?;
        let before = match latest {
            Some((hash, before)) if hash == new.hash => before,
            Some((hash, _)) => Some(hash),
            None => None,
        };
        sqlx::query(
            "INSERT INTO revisions (connection, hash, connector, first_used_at, used_at, before, files) \
             VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6) ON CONFLICT (connection, hash) DO UPDATE SET \
             used_at = excluded.used_at, before = excluded.before, files = excluded.files",
        )
        .bind(new.connection.clone())
        .bind(new.hash.clone())
        .bind(new.connector.clone())
        .bind(at)
        .bind(before)
        .bind(serde_json::to_string(&files).expect("texts by text"))
        .execute(&mut *transaction)
        .await?;
        for (model, plan) in &new.plans {
            sqlx::query(
                "INSERT INTO plans (connection, model, hash, signature, detail) VALUES (?, ?, ?, ?, ?) \
                 ON CONFLICT (connection, model, hash) DO UPDATE SET signature = excluded.signature, \
                 detail = excluded.detail",
            )
            .bind(new.connection.clone())
            .bind(*model)
            .bind(new.hash.clone())
            .bind(plan.signature.clone())
            .bind(plan.detail.clone())
            .execute(&mut *transaction)
            .await?;
        }
        forget_old_files(&mut transaction, &new.connection, keep).await?;
        commit(transaction).await?;
        Ok(())
    }

    /// The revisions that ran, the one that came into use last first, of one connection or of all.
    pub async fn revisions(&self, connection: Option<&str>, limit: u32) -> Result<Vec<KeptRevision>, StoreError> {
        self.read_revisions(connection, limit).await.map_err(|problem| self.error(problem))
    }

    async fn read_revisions(&self, connection: Option<&str>, limit: u32) -> Result<Vec<KeptRevision>, Problem> {
        let rows = sqlx::query(
            "SELECT * FROM revisions WHERE ?1 IS NULL OR connection = ?1 ORDER BY used_at DESC, number DESC LIMIT ?2",
        )
        .bind(connection.map(str::to_owned))
        .bind(limit)
        .fetch_all(self.readers())
        .await?;
        let mut revisions = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut revision = revision(row)?;
            revision.plans = self.plans_of(&revision.connection, &revision.hash).await?;
            revision.remapped = self.remapped_with(&revision.connection, &revision.hash).await?;
            revisions.push(revision);
        }
        Ok(revisions)
    }

    async fn plans_of(&self, connection: &str, hash: &str) -> Result<BTreeMap<String, KeptPlan>, Problem> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as("SELECT model, signature, detail FROM plans WHERE connection = ? AND hash = ?")
                .bind(connection.to_owned())
                .bind(hash.to_owned())
                .fetch_all(self.readers())
                .await?;
        Ok(rows.into_iter().map(|(model, signature, detail)| (model, KeptPlan { signature, detail })).collect())
    }

    async fn remapped_with(&self, connection: &str, hash: &str) -> Result<BTreeMap<String, u64>, Problem> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT model, sum(created + changed + deleted) FROM events \
             WHERE connection = ? AND revision = ? AND cause = 'remap' GROUP BY model",
        )
        .bind(connection.to_owned())
        .bind(hash.to_owned())
        .fetch_all(self.readers())
        .await?;
        Ok(rows.into_iter().map(|(model, count)| (model, natural(count))).collect())
    }

    /// The texts of a revision's files, by path, if they are kept.
    pub async fn files_of(&self, revision: &KeptRevision) -> Result<Option<BTreeMap<String, String>>, StoreError> {
        self.read_files(revision).await.map_err(|problem| self.error(problem))
    }

    async fn read_files(&self, revision: &KeptRevision) -> Result<Option<BTreeMap<String, String>>, Problem> {
        let Some(files) = &revision.files else { return Ok(None) };
        let mut texts = BTreeMap::new();
        for (path, digest) in files {
            let text: Option<Vec<u8>> = sqlx::query_scalar("SELECT text FROM texts WHERE digest = ?")
                .bind(digest.clone())
                .fetch_optional(self.readers())
                .await?;
            let Some(compressed) = text else { return Ok(None) };
            let bytes = zstd::decode_all(compressed.as_slice()).map_err(|_| Problem::Damaged)?;
            texts.insert(path.clone(), String::from_utf8(bytes).map_err(|_| Problem::Damaged)?);
        }
        Ok(Some(texts))
    }

    /// The hashes of the revisions of a connection that map a model as this signature says.
    pub async fn alike(
        &self,
        connection: &str,
        model: &Model,
        signature: &str,
    ) -> Result<BTreeSet<String>, StoreError> {
        let rows: Result<Vec<String>, sqlx::Error> =
            sqlx::query_scalar("SELECT hash FROM plans WHERE connection = ? AND model = ? AND signature = ?")
                .bind(connection.to_owned())
                .bind(model.name.to_owned())
                .bind(signature.to_owned())
                .fetch_all(self.readers())
                .await;
        rows.map(|rows| rows.into_iter().collect()).map_err(|error| self.error(error.into()))
    }

    /// Whether some kept revision has this text.
    pub async fn keeps_text(&self, text: &str) -> Result<bool, StoreError> {
        let found: Result<Option<i64>, sqlx::Error> = sqlx::query_scalar("SELECT 1 FROM texts WHERE digest = ?")
            .bind(text_digest(text))
            .fetch_optional(self.readers())
            .await;
        found.map(|found| found.is_some()).map_err(|error| self.error(error.into()))
    }
}

async fn keep_text(connection: &mut SqliteConnection, digest: &str, text: &str) -> Result<(), Problem> {
    let known: Option<i64> = sqlx::query_scalar("SELECT 1 FROM texts WHERE digest = ?")
        .bind(digest.to_owned())
        .fetch_optional(&mut *connection)
        .await?;
    if known.is_some() {
        return Ok(());
    }
    let compressed = zstd::bulk::compress(text.as_bytes(), COMPRESSION_LEVEL).map_err(sqlx::Error::Io)?;
    sqlx::query("INSERT INTO texts (digest, text) VALUES (?, ?)")
        .bind(digest.to_owned())
        .bind(compressed)
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets go of the files of all but the last `keep` revisions of a connection, and of texts that no revision has.
async fn forget_old_files(connection: &mut SqliteConnection, of: &str, keep: u32) -> Result<(), Problem> {
    let forgotten = sqlx::query(
        "UPDATE revisions SET files = NULL WHERE connection = ?1 AND files IS NOT NULL AND number NOT IN \
         (SELECT number FROM revisions WHERE connection = ?1 ORDER BY used_at DESC, number DESC LIMIT ?2)",
    )
    .bind(of.to_owned())
    .bind(keep)
    .execute(&mut *connection)
    .await?;
    if forgotten.rows_affected() > 0 {
        sqlx::query(
            "DELETE FROM texts WHERE digest NOT IN \
             (SELECT value FROM revisions, json_each(revisions.files) WHERE revisions.files IS NOT NULL)",
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

fn revision(row: &SqliteRow) -> Result<KeptRevision, Problem> {
    let files: Option<&str> = row.try_get("files")?;
    let files = files.map(serde_json::from_str).transpose();
    Ok(KeptRevision {
        connection: row.try_get("connection")?,
        hash: row.try_get("hash")?,
        connector: row.try_get("connector")?,
        first_used_at: moment::parse(row.try_get("first_used_at")?)?,
        used_at: moment::parse(row.try_get("used_at")?)?,
        before: row.try_get("before")?,
        files: files.map_err(|error| Problem::from(sqlx::Error::Decode(error.into())))?,
        plans: BTreeMap::new(),
        remapped: BTreeMap::new(),
    })
}
