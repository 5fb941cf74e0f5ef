//! What the journal keeps of actions, read back.

use jiff::{SignedDuration, Timestamp};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::super::error::{Problem, StoreError};
use super::super::{Store, moment, natural};

/// The columns of an [`ActionRun`]: of the input, only whether there is one.
macro_rules! select_runs {
    ($rest:literal) => {
        concat!(
            "SELECT number, id, connection, action, input_hash, input IS NOT NULL AS has_input, state, resumed, revision, \
             began_at, changed_at, ended_at, result_model, result_id, warnings, error FROM action_runs ",
            $rest
        )
    };
}

pub(super) use select_runs;

/// Where an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActionState {
    /// Under way, or broken off and to be gone on with.
    Running,
    /// All steps are through.
    Done,
    /// It ended, and nothing was written at the source.
    Refused,
    /// It ended after something was written; the rest can be gone on with.
    Failed,
    /// It is not known whether a step happened; this can be found out later.
    Unclear,
}

impl ActionState {
    /// All of them.
    pub const ALL: [ActionState; 5] =
        [ActionState::Running, ActionState::Done, ActionState::Refused, ActionState::Failed, ActionState::Unclear];

    /// The name of the state, as the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            ActionState::Running => "running",
            ActionState::Done => "done",
            ActionState::Refused => "refused",
            ActionState::Failed => "failed",
            ActionState::Unclear => "unclear",
        }
    }

    fn parse(text: &str) -> Result<ActionState, Problem> {
        ActionState::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| unknown("an action", text))
    }

    /// Whether something is left to be done.
    pub fn can_go_on(self) -> bool {
        matches!(self, ActionState::Running | ActionState::Failed | ActionState::Unclear)
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StepState {
    /// Its request was or is about to be sent, and nothing is known of what came of it.
    Began,
    /// It happened.
    Done,
    /// The source refused it, and the action went on without it.
    Refused,
    /// It certainly did not happen.
    Undone,
}

impl StepState {
    const ALL: [StepState; 4] = [StepState::Began, StepState::Done, StepState::Refused, StepState::Undone];

    /// The name of the state, as the store writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            StepState::Began => "began",
            StepState::Done => "done",
            StepState::Refused => "refused",
            StepState::Undone => "undone",
        }
    }

    fn parse(text: &str) -> Result<StepState, Problem> {
        StepState::ALL.into_iter().find(|state| state.as_str() == text).ok_or_else(|| unknown("a step", text))
    }
}

fn unknown(of: &str, state: &str) -> Problem {
    Problem::from(sqlx::Error::Decode(format!("unknown state `{state}` of {of}").into()))
}

/// An action of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRun {
    /// Its id.
    pub id: String,
    /// The connection.
    pub connection: String,
    /// The name of the action.
    pub action: String,
    /// Where it stands.
    pub state: ActionState,
    /// The hash of the revision that it went on with last.
    pub revision: String,
    /// How often it was gone on with.
    pub resumed: u64,
    /// Whether its input is still kept.
    pub has_input: bool,
    /// When it was begun.
    pub began_at: Timestamp,
    /// When something was written of it last.
    pub changed_at: Timestamp,
    /// When it ended last.
    pub ended_at: Option<Timestamp>,
    /// The record that is its result: the name of the model and the source's id.
    pub result: Option<(String, String)>,
    /// What its caller was told besides.
    pub warnings: Vec<String>,
    /// Why it ended before its end, as JSON.
    pub error: Option<String>,
    number: i64,
}

/// A step of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionStep {
    /// Where it stands in the action, such as `attachments[0].upload`.
    pub path: String,
    /// What it is, such as `create`.
    pub kind: String,
    /// Where it stands.
    pub state: StepState,
    /// How often its request was sent, as far as is known.
    pub attempts: u64,
    /// When it began first.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What later steps read of it, as JSON; none once nothing is left to be done.
    pub result: Option<String>,
}

impl Store {
    /// The latest actions, the newest first, of one connection or of all.
    pub async fn action_runs(&self, connection: Option<&str>, limit: u32) -> Result<Vec<ActionRun>, StoreError> {
        let rows = sqlx::query(select_runs!("WHERE (?1 IS NULL OR connection = ?1) ORDER BY number DESC LIMIT ?2"))
            .bind(connection.map(str::to_owned))
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(|error| self.error(error.into()))?;
        rows.iter().map(run).collect::<Result<_, _>>().map_err(|problem| self.error(problem))
    }

    /// The actions of a connection that were begun and did not end, the first first.
    pub async fn running_actions(&self, connection: &str) -> Result<Vec<ActionRun>, StoreError> {
        let rows = sqlx::query(select_runs!("WHERE connection = ? AND state = 'running' ORDER BY number"))
            .bind(connection.to_owned())
            .fetch_all(self.readers())
            .await
            .map_err(|error| self.error(error.into()))?;
        rows.iter().map(run).collect::<Result<_, _>>().map_err(|problem| self.error(problem))
    }

    /// An action by its id.
    pub async fn action_run(&self, id: &str) -> Result<Option<ActionRun>, StoreError> {
        let row = sqlx::query(select_runs!("WHERE id = ?"))
            .bind(id.to_owned())
            .fetch_optional(self.readers())
            .await
            .map_err(|error| self.error(error.into()))?;
        row.as_ref().map(run).transpose().map_err(|problem| self.error(problem))
    }

    /// The steps of an action, in the order in which they began.
    pub async fn action_steps(&self, run: &ActionRun) -> Result<Vec<ActionStep>, StoreError> {
        self.steps_of(run.number).await.map_err(|problem| self.error(problem))
    }

    pub(super) async fn steps_of(&self, number: i64) -> Result<Vec<ActionStep>, Problem> {
        let rows = sqlx::query("SELECT * FROM action_steps WHERE run = ? ORDER BY position")
            .bind(number)
            .fetch_all(self.readers())
            .await?;
        rows.iter().map(step).collect()
    }

    /// Forgets actions of which nothing was written for so long, whether or not something is left to be done. What began
    /// less than a day before `now` stays, whatever is asked for. Gives how many were forgotten.
    pub async fn forget_actions(&self, kept_for: SignedDuration, now: Timestamp) -> Result<u64, StoreError> {
        let kept_for = kept_for.max(SignedDuration::from_hours(24));
        let before = now.saturating_sub(kept_for).unwrap_or(Timestamp::MIN);
        let mut writer = self.writer().await;
        let done = sqlx::query("DELETE FROM action_runs WHERE changed_at < ?")
            .bind(moment::text(before))
            .execute(&mut *writer)
            .await;
        done.map(|done| done.rows_affected()).map_err(|error| self.error(error.into()))
    }
}

pub(super) fn run(row: &SqliteRow) -> Result<ActionRun, Problem> {
    let (model, id): (Option<String>, Option<String>) = (row.try_get("result_model")?, row.try_get("result_id")?);
    let warnings: Option<String> = row.try_get("warnings")?;
    Ok(ActionRun {
        id: row.try_get("id")?,
        connection: row.try_get("connection")?,
        action: row.try_get("action")?,
        state: ActionState::parse(row.try_get("state")?)?,
        revision: row.try_get("revision")?,
        resumed: natural(row.try_get("resumed")?),
        has_input: row.try_get("has_input")?,
        began_at: moment::parse(row.try_get("began_at")?)?,
        changed_at: moment::parse(row.try_get("changed_at")?)?,
        ended_at: moment::parse_optional(row.try_get("ended_at")?)?,
        result: model.zip(id),
        warnings: warnings.and_then(|warnings| serde_json::from_str(&warnings).ok()).unwrap_or_default(),
        error: row.try_get("error")?,
        number: row.try_get("number")?,
    })
}

fn step(row: &SqliteRow) -> Result<ActionStep, Problem> {
    Ok(ActionStep {
        path: row.try_get("path")?,
        kind: row.try_get("kind")?,
        state: StepState::parse(row.try_get("state")?)?,
        attempts: natural(row.try_get("attempts")?),
        began_at: moment::parse(row.try_get("began_at")?)?,
        ended_at: moment::parse_optional(row.try_get("ended_at")?)?,
        result: row.try_get("result")?,
    })
}
