//! Runs: one reading of a model of a connection, from its first page to its last.

use std::ops::AddAssign;

use jiff::{SignedDuration, Timestamp};
use sqlx::{Row, SqliteConnection};

use super::deletion::{Gone, delete_unseen};
use super::error::{Problem, StoreError};
use super::event::{About, Cause, Event};
use super::history::{RunState, RunSummary, summary};
use super::scope::Scope;
use super::transaction::{begin, commit};
use super::{Store, integer, moment};
use crate::model::Model;

/// A run that lay still for longer than this begins anew: its pages and its `$now` are too old.
const RESUMABLE_FOR: SignedDuration = SignedDuration::from_hours(1);

/// After so long a read of single records that did not end was left behind by a process that is gone.
const REREAD_WITHIN: SignedDuration = SignedDuration::from_mins(15);

/// What a run reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunKind {
    /// All rows. Those that it does not see are gone.
    Full,
    /// The rows that changed since a moment.
    Delta,
    /// The ids of all rows. Those that it does not see are gone.
    Sweep,
    /// The ids of all rows once more, before those that were not seen are taken as gone.
    Confirm,
    /// Some rows, each by its id.
    Reread,
}

impl RunKind {
    const ALL: [RunKind; 5] = [RunKind::Full, RunKind::Delta, RunKind::Sweep, RunKind::Confirm, RunKind::Reread];

    /// The name of the kind, as the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            RunKind::Full => "full",
            RunKind::Delta => "delta",
            RunKind::Sweep => "sweep",
            RunKind::Confirm => "confirm",
            RunKind::Reread => "reread",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        let kind = RunKind::ALL.into_iter().find(|kind| kind.as_str() == text);
        kind.ok_or_else(|| Problem::from(sqlx::Error::Decode(format!("unknown kind `{text}` of a sync").into())))
    }

    /// Whether what it does not see is gone.
    pub(super) fn sees_all(self) -> bool {
        matches!(self, RunKind::Full | RunKind::Sweep)
    }
}

/// What a run begins with.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// What it reads.
    pub kind: RunKind,
    /// From when on a [`RunKind::Delta`] asks for changes.
    pub since: Option<Timestamp>,
    /// Of whom is asked, as a digest: what was read of another says nothing of this one.
    pub tenant: &'a str,
    /// The connection that is read.
    pub connection: &'a str,
    /// The model that is read.
    pub model: &'static Model,
    /// The hash of the revision that it begins with.
    pub revision: &'a str,
    /// What it asks for, as a digest: an earlier run goes on only if that is the same.
    pub operation: &'a str,
    /// Which rows it asks for, as a digest, whatever it reads of each.
    pub choice: &'a str,
    /// The clock now; it becomes the run's own unless an earlier run is continued.
    pub now: Timestamp,
    /// Begin at the first page, whatever was read before.
    pub full: bool,
}

/// A run that is under way. It is the only one of its kind for its connection and model: once another takes over,
/// everything done with this one is refused as [`Problem::Superseded`]. Runs of other kinds may go on beside it; of what two
/// of them read, that of the one that began later counts.
#[derive(Debug)]
pub struct Run {
    pub(super) id: i64,
    pub(super) kind: RunKind,
    pub(super) epoch: i64,
    pub(super) scope: Scope,
    connection: String,
    model: &'static Model,
    revision: String,
    now: Timestamp,
    resumed: bool,
    pub(super) progress: Progress,
}

/// How far a run has come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) next_page: u32,
    pub(super) next_cursor: Option<String>,
    pub(super) total: Option<u64>,
    pub(super) counts: Counts,
}

impl Run {
    /// The id of the run in the history.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// What it reads.
    pub fn kind(&self) -> RunKind {
        self.kind
    }

    /// The connection that is read.
    pub fn connection(&self) -> &str {
        &self.connection
    }

    /// The model that is read.
    pub fn model(&self) -> &'static Model {
        self.model
    }

    /// The hash of the revision that it began with.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// When the run began: `$now` of its mappings. Continuing a run does not change it.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Whether an earlier run is continued.
    pub fn resumed(&self) -> bool {
        self.resumed
    }

    /// The page to read next; the first is 0.
    pub fn next_page(&self) -> u32 {
        self.progress.next_page
    }

    /// Where that page begins, as the source said it, for a source whose pages have no numbers of their own.
    pub fn next_cursor(&self) -> Option<&str> {
        self.progress.next_cursor.as_deref()
    }

    /// The rows that the source announced last.
    pub fn total(&self) -> Option<u64> {
        self.progress.total
    }

    /// What happened so far, before an interruption included.
    pub fn counts(&self) -> Counts {
        self.progress.counts
    }

    pub(super) fn superseded(&self) -> Problem {
        Problem::Superseded { connection: self.connection.clone(), model: self.model.name }
    }
}

/// What happened to the records of a page or a run. A record is counted once a run, when it is first seen.
///
/// `fetched` is the sum of `created`, `changed`, `unchanged`, the records that came flagged as deleted, and those that
/// could not be mapped as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Different records that the source sent.
    pub fetched: u64,
    /// Records that were new.
    pub created: u64,
    /// Records whose unified form changed, or that came back after a deletion.
    pub changed: u64,
    /// Records whose unified form is what it was.
    pub unchanged: u64,
    /// Records that came flagged as deleted for the first time, and those that a complete run did not see.
    pub deleted: u64,
    /// Records that could not be mapped, as a whole or in a field. The latter are counted above as well.
    pub failed: u64,
    /// Values that fitted nowhere.
    pub issues: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.fetched += other.fetched;
        self.created += other.created;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.deleted += other.deleted;
        self.failed += other.failed;
        self.issues += other.issues;
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was read. What a [`RunKind::Full`] or a [`RunKind::Sweep`] did not see is gone.
    Complete,
    /// Everything was read, and nothing is concluded from what was not seen.
    Read,
    /// Everything was read, but so much was not seen, for this reason, that somebody has to look first.
    Held(String),
    /// Not everything was read, for this reason.
    Incomplete(String),
    /// The run broke off, for this reason.
    Failed(String),
}

impl Store {
    /// Begins a run, or continues the latest one of the same connection, model and kind when that is still under way, asks
    /// for the same, was begun less than an hour ago, and [`NewRun::full`] does not forbid it. Only runs that read all
    /// are continued: pages of what changed meanwhile are other pages.
    pub async fn begin(&self, run: NewRun<'_>) -> Result<Run, StoreError> {
        self.begin_run(run).await.map_err(|problem| self.error(problem))
    }

    async fn begin_run(&self, new: NewRun<'_>) -> Result<Run, Problem> {
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let scope = Scope::enter(&mut transaction, new.connection, new.model).await?;
        let earlier = latest_running(&mut transaction, new).await?;
        let (earlier, resumed) = match earlier {
            Some(earlier) if is_resumable(&earlier, new) => (take_over(&mut transaction, earlier.id).await?, true),
            _ => (start(&mut transaction, new).await?, false),
        };
        commit(transaction).await?;
        let InProgress { summary, epoch } = earlier;
        Ok(Run {
            id: summary.id,
            kind: new.kind,
            epoch,
            scope,
            connection: summary.connection,
            model: new.model,
            revision: summary.revision,
            now: summary.started_at,
            resumed,
            progress: Progress {
                next_page: summary.next_page,
                next_cursor: summary.next_cursor,
                total: summary.total,
                counts: summary.counts,
            },
        })
    }

    /// Sends the run back to its first page and forgets what it counted and saw: for a source whose rows changed
    /// while the run lay still. What was written stays written.
    pub async fn restart(&self, run: &mut Run) -> Result<(), StoreError> {
        self.restart_run(run).await.map_err(|problem| self.error(problem))
    }

    async fn restart_run(&self, run: &mut Run) -> Result<(), Problem> {
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        save(&mut transaction, run, &Progress::default()).await?;
        sqlx::query("UPDATE records SET seen = 0 WHERE key > ? AND key <= ? AND seen = ?")
            .bind(run.scope.floor().0)
            .bind(run.scope.ceiling().0)
            .bind(run.id)
            .execute(&mut *transaction)
            .await?;
        commit(transaction).await?;
        run.epoch += 1;
        run.progress = Progress::default();
        Ok(())
    }

    /// Ends a run. After a complete one, the rows that it did not see are deleted as of the run's own `now`, and
    /// changed at `at`.
    pub async fn finish(&self, run: Run, outcome: Outcome, at: Timestamp) -> Result<Counts, StoreError> {
        self.finish_run(run, outcome, at).await.map_err(|problem| self.error(problem))
    }

    async fn finish_run(&self, run: Run, outcome: Outcome, at: Timestamp) -> Result<Counts, Problem> {
        let mut progress = run.progress.clone();
        let deletes = outcome == Outcome::Complete && run.kind.sees_all();
        let (state, message) = match outcome {
            Outcome::Complete | Outcome::Read => (RunState::Complete, None),
            Outcome::Held(reason) => (RunState::Held, Some(reason)),
            Outcome::Incomplete(reason) => (RunState::Incomplete, Some(reason)),
            Outcome::Failed(reason) => (RunState::Failed, Some(reason)),
        };
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let text = moment::text(at);
        let about = |cause| About {
            at: &text,
            connection: &run.connection,
            model: run.model.name,
            cause,
            revision: &run.revision,
        };
        if deletes {
            let Gone { rows, shown } = delete_unseen(&mut transaction, &run, at).await?;
            progress.counts.deleted += rows;
            Event::of_deleted(shown).write(&mut transaction, about(Cause::Sync)).await?;
        } else if state == RunState::Held {
            Event::default().write(&mut transaction, about(Cause::Held)).await?;
        }
        save(&mut transaction, &run, &progress).await?;
        sqlx::query("UPDATE syncs SET state = ?, ended_at = ?, message = ? WHERE id = ?")
            .bind(state.as_str())
            .bind(moment::text(at))
            .bind(message)
            .bind(run.id)
            .execute(&mut *transaction)
            .await?;
        commit(transaction).await?;
        Ok(progress.counts)
    }
}

/// A run as the table has it, with the epoch that its holder needs.
struct InProgress {
    summary: RunSummary,
    epoch: i64,
}

fn is_resumable(earlier: &RunSummary, new: NewRun<'_>) -> bool {
    let age = new.now.duration_since(earlier.started_at);
    !new.full
        && new.kind.sees_all()
        && earlier.operation == new.operation
        && age >= SignedDuration::ZERO
        && age < RESUMABLE_FOR
}

async fn latest_running(connection: &mut SqliteConnection, new: NewRun<'_>) -> Result<Option<RunSummary>, Problem> {
    let row = sqlx::query(
        "SELECT * FROM syncs WHERE connection = ? AND model = ? AND kind = ? AND state = 'running' ORDER BY id DESC LIMIT 1",
    )
    .bind(new.connection.to_owned())
    .bind(new.model.name)
    .bind(new.kind.as_str())
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(summary).transpose()
}

/// Makes this process the holder of a run; any other is refused from here on.
async fn take_over(connection: &mut SqliteConnection, id: i64) -> Result<InProgress, Problem> {
    let row = sqlx::query("UPDATE syncs SET epoch = epoch + 1 WHERE id = ? RETURNING *")
        .bind(id)
        .fetch_one(connection)
        .await?;
    Ok(InProgress { summary: summary(&row)?, epoch: row.try_get("epoch")? })
}

/// A new run, after ending those that will not be continued. Of single records several may be under way: actions and
/// webhooks read theirs when they like.
async fn start(connection: &mut SqliteConnection, new: NewRun<'_>) -> Result<InProgress, Problem> {
    let left = if new.kind == RunKind::Reread { new.now - REREAD_WITHIN } else { Timestamp::MAX };
    sqlx::query(
        "UPDATE syncs SET state = 'incomplete', ended_at = ?, message = 'broken off; a new run began' \
         WHERE connection = ? AND model = ? AND kind = ? AND state = 'running' AND started_at < ?",
    )
    .bind(moment::text(new.now))
    .bind(new.connection.to_owned())
    .bind(new.model.name)
    .bind(new.kind.as_str())
    .bind(moment::text(left))
    .execute(&mut *connection)
    .await?;
    let row = sqlx::query(
        "INSERT INTO syncs (connection, model, kind, since, tenant, revision, operation, choice, state, started_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'running', ?) RETURNING *",
    )
    .bind(new.connection.to_owned())
    .bind(new.model.name)
    .bind(new.kind.as_str())
    .bind(new.since.map(moment::text))
    .bind(new.tenant.to_owned())
    .bind(new.revision.to_owned())
    .bind(new.operation.to_owned())
    .bind(new.choice.to_owned())
    .bind(moment::text(new.now))
    .fetch_one(connection)
    .await?;
    Ok(InProgress { summary: summary(&row)?, epoch: row.try_get("epoch")? })
}

/// Writes how far the run has come, if it still belongs to its holder.
pub(super) async fn save(connection: &mut SqliteConnection, run: &Run, progress: &Progress) -> Result<(), Problem> {
    let Progress { next_page, next_cursor, total, counts } = progress.clone();
    let result = sqlx::query(
        "UPDATE syncs SET epoch = epoch + 1, next_page = ?, next_cursor = ?, total = ?, fetched = ?, created = ?, changed = ?, \
         unchanged = ?, deleted = ?, failed = ?, issues = ? WHERE id = ? AND epoch = ? AND state = 'running'",
    )
    .bind(next_page)
    .bind(next_cursor)
    .bind(total.map(integer))
    .bind(integer(counts.fetched))
    .bind(integer(counts.created))
    .bind(integer(counts.changed))
    .bind(integer(counts.unchanged))
    .bind(integer(counts.deleted))
    .bind(integer(counts.failed))
    .bind(integer(counts.issues))
    .bind(run.id)
    .bind(run.epoch)
    .execute(&mut *connection)
    .await?;
    if result.rows_affected() != 1 {
        return Err(run.superseded());
    }
    run.scope.set_written(connection).await
}
