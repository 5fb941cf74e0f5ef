//! What is kept of every run.

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};

use super::error::{Problem, StoreError};
use super::run::{Counts, RunKind};
use super::{Store, moment, natural};
use crate::model::Model;

/// Where a run of the history stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Under way, or broken off by a crash and still to be continued.
    Running,
    /// Ended after everything was read.
    Complete,
    /// Ended before everything was read.
    Incomplete,
    /// Ended by a failure.
    Failed,
    /// Ended after everything was read, but somebody has to look before what is gone is marked as deleted.
    Held,
}

impl RunState {
    /// The name of the state, as the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            RunState::Running => "running",
            RunState::Complete => "complete",
            RunState::Incomplete => "incomplete",
            RunState::Failed => "failed",
            RunState::Held => "held",
        }
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        [RunState::Running, RunState::Complete, RunState::Incomplete, RunState::Failed, RunState::Held]
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| Problem::from(sqlx::Error::Decode(format!("unknown state `{text}` of a sync").into())))
    }
}

/// A run in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSummary {
    /// The id of the run.
    pub id: i64,
    /// The connection that was read.
    pub connection: String,
    /// The name of the model that was read.
    pub model: String,
    /// What was read.
    pub kind: RunKind,
    /// From when on a delta asked for changes.
    pub since: Option<Timestamp>,
    /// Of whom was asked, as a digest.
    pub tenant: String,
    /// The hash of the revision that it began with.
    pub revision: String,
    /// What it asks for, as a digest.
    pub operation: String,
    /// Which rows it asks for, as a digest.
    pub choice: String,
    /// Where it stands.
    pub state: RunState,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// The page that is or was next.
    pub next_page: u32,
    /// Where that page begins, for a source whose pages have no numbers of their own.
    pub next_cursor: Option<String>,
    /// The rows that the source announced last.
    pub total: Option<u64>,
    /// What happened to its records.
    pub counts: Counts,
    /// Why it ended, unless it was complete.
    pub message: Option<String>,
}

impl Store {
    /// The latest runs, the newest first, of one connection or of all.
    pub async fn history(&self, connection: Option<&str>, limit: u32) -> Result<Vec<RunSummary>, StoreError> {
        self.summaries(connection, None, limit).await.map_err(|problem| self.error(problem))
    }

    /// The same of one model or of all.
    pub async fn runs(
        &self,
        connection: Option<&str>,
        model: Option<&Model>,
        limit: u32,
    ) -> Result<Vec<RunSummary>, StoreError> {
        self.summaries(connection, model, limit).await.map_err(|problem| self.error(problem))
    }

    async fn summaries(
        &self,
        connection: Option<&str>,
        model: Option<&Model>,
        limit: u32,
    ) -> Result<Vec<RunSummary>, Problem> {
        let rows = sqlx::query(
            "SELECT * FROM syncs WHERE (?1 IS NULL OR connection = ?1) AND (?2 IS NULL OR model = ?2) \
             ORDER BY id DESC LIMIT ?3",
        )
        .bind(connection.map(str::to_owned))
        .bind(model.map(|model| model.name))
        .bind(limit)
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(summary).collect()
    }
}

/// The runs by which it is known how far a model was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// The latest that read all rows to the end.
    pub full: Option<RunSummary>,
    /// The latest that read what changed, be it older.
    pub delta: Option<RunSummary>,
    /// The latest look at all ids, if it is not older.
    pub sweep: Option<RunSummary>,
}

impl Chain {
    /// The latest look at all rows, if somebody has to look before what it did not see is marked as deleted.
    pub fn held(self) -> Option<RunSummary> {
        self.sweep.or(self.full).filter(|run| run.state == RunState::Held)
    }
}

impl Store {
    /// The latest complete run of a model that read its records.
    pub async fn latest_complete(&self, connection: &str, model: &Model) -> Result<Option<RunSummary>, StoreError> {
        let full = self.latest_ended(connection, model, RunKind::Full, 0).await?;
        let after = full.as_ref().map_or(0, |run| run.id);
        let delta = self.latest_ended(connection, model, RunKind::Delta, after).await?;
        Ok(delta.or(full))
    }

    /// How far a model was read.
    pub async fn chain(&self, connection: &str, model: &Model) -> Result<Chain, StoreError> {
        let Some(full) = self.latest_ended(connection, model, RunKind::Full, 0).await? else {
            return Ok(Chain::default());
        };
        let id = full.id;
        Ok(Chain {
            delta: self.latest_ended(connection, model, RunKind::Delta, 0).await?,
            sweep: self.latest_ended(connection, model, RunKind::Sweep, id).await?,
            full: Some(full),
        })
    }

    /// The latest run of a kind that ended, however it did.
    pub async fn latest_of(
        &self,
        connection: &str,
        model: &Model,
        kind: RunKind,
    ) -> Result<Option<RunSummary>, StoreError> {
        self.latest(connection, model, kind, "state <> 'running'", 0).await
    }

    /// The latest run of a kind that came to the end of what it read.
    async fn latest_ended(
        &self,
        connection: &str,
        model: &Model,
        kind: RunKind,
        after: i64,
    ) -> Result<Option<RunSummary>, StoreError> {
        self.latest(connection, model, kind, "state IN ('complete', 'held')", after).await
    }

    async fn latest(
        &self,
        connection: &str,
        model: &Model,
        kind: RunKind,
        ended: &'static str,
        after: i64,
    ) -> Result<Option<RunSummary>, StoreError> {
        let query = format!(
            "SELECT * FROM syncs WHERE connection = ? AND model = ? AND kind = ? AND id > ? AND {ended} \
             ORDER BY id DESC LIMIT 1"
        );
        let row = sqlx::query(AssertSqlSafe(query))
            .bind(connection.to_owned())
            .bind(model.name)
            .bind(kind.as_str())
            .bind(after)
            .fetch_optional(self.readers())
            .await
            .map_err(|error| self.error(error.into()))?;
        row.as_ref().map(summary).transpose().map_err(|problem| self.error(problem))
    }

    /// Ends the runs of a model that were broken off and that nobody goes on with: all that they were to read was read
    /// since.
    pub async fn end_broken_off(&self, connection: &str, model: &Model, at: Timestamp) -> Result<(), StoreError> {
        let ended = sqlx::query(
            "UPDATE syncs SET state = 'incomplete', ended_at = ?, message = 'broken off; a later run read what was left' \
             WHERE connection = ? AND model = ? AND state = 'running'",
        )
        .bind(moment::text(at))
        .bind(connection.to_owned())
        .bind(model.name)
        .execute(&mut *self.writer().await)
        .await;
        ended.map(drop).map_err(|error| self.error(error.into()))
    }

    /// Forgets the runs of a connection that ended before a moment, but for those by which it is known how far each model was
    /// read. Gives how many.
    pub async fn forget_runs(&self, connection: &str, before: Timestamp) -> Result<u64, StoreError> {
        let mut writer = self.writer().await;
        let done = sqlx::query(
            "DELETE FROM syncs WHERE connection = ?1 AND ended_at < ?2 AND id NOT IN \
             (SELECT max(id) FROM syncs WHERE connection = ?1 AND state IN ('complete', 'held') GROUP BY model, kind)",
        )
        .bind(connection.to_owned())
        .bind(moment::text(before))
        .execute(&mut *writer)
        .await;
        done.map(|done| done.rows_affected()).map_err(|error| self.error(error.into()))
    }
}

/// A row of the table of runs.
pub(super) fn summary(row: &SqliteRow) -> Result<RunSummary, Problem> {
    let count = |column: &str| row.try_get(column).map(natural);
    Ok(RunSummary {
        id: row.try_get("id")?,
        connection: row.try_get("connection")?,
        model: row.try_get("model")?,
        kind: RunKind::parse(row.try_get("kind")?)?,
        since: moment::parse_optional(row.try_get("since")?)?,
        tenant: row.try_get("tenant")?,
        revision: row.try_get("revision")?,
        operation: row.try_get("operation")?,
        choice: row.try_get("choice")?,
        state: RunState::parse(row.try_get("state")?)?,
        started_at: moment::parse(row.try_get("started_at")?)?,
        ended_at: moment::parse_optional(row.try_get("ended_at")?)?,
        next_page: row.try_get("next_page")?,
        next_cursor: row.try_get("next_cursor")?,
        total: row.try_get::<Option<i64>, _>("total")?.map(natural),
        counts: Counts {
            fetched: count("fetched")?,
            created: count("created")?,
            changed: count("changed")?,
            unchanged: count("unchanged")?,
            deleted: count("deleted")?,
            failed: count("failed")?,
            issues: count("issues")?,
        },
        message: row.try_get("message")?,
    })
}
