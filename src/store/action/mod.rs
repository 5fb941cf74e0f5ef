//! The journal of actions: what was asked for, which of its steps began, and how each ended.
//!
//! A run belongs to whoever began it or went on with it last. Everything else that is written of it with an older
//! [`ActionHold`] is refused, so two processes never send the same step.

mod kept;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sqlx::{Row, SqliteConnection};

pub use self::kept::{ActionRun, ActionState, ActionStep, StepState};
use self::kept::{run, select_runs};
use super::error::{Problem, StoreError};
use super::transaction::{begin, commit};
use super::{Store, moment};

/// Good for texts of a few kilobytes and for files in base64 alike.
const COMPRESSION_LEVEL: i32 = 1;

/// An action that is about to begin.
#[derive(Debug, Clone, Copy)]
pub struct NewAction<'a> {
    /// A new id that nobody can guess.
    pub id: &'a str,
    /// The connection.
    pub connection: &'a str,
    /// The name of the action.
    pub action: &'a str,
    /// A digest of the text by which a repetition is known.
    pub key: &'a str,
    /// How long after the action is done the key stands for it; none while the journal keeps the action.
    pub key_for: Option<SignedDuration>,
    /// A digest of the input: a key stands for one.
    pub input_hash: &'a str,
    /// The input as JSON.
    pub input: &'a str,
    /// The hash of the revision.
    pub revision: &'a str,
    /// The clock now.
    pub now: Timestamp,
}

/// What came of beginning an action.
#[derive(Debug)]
pub enum ActionBegun {
    /// It is new.
    New(ActionHold),
    /// It was begun before, with the same input.
    Known(Box<ActionRun>),
    /// Its key was used with another input or for another action, in this run.
    OtherInput(Box<ActionRun>),
}

/// The right to go on with an action, until somebody else does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionHold {
    number: i64,
    epoch: i64,
    id: String,
    began_at: Timestamp,
    key_for: Option<SignedDuration>,
}

impl ActionHold {
    /// The id of the run.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// When it was begun first: `$now` of its rules.
    pub fn began_at(&self) -> Timestamp {
        self.began_at
    }

    /// From when on its key is free again, when it is done at this moment; none while the journal keeps the action.
    pub fn key_until(&self, done: Timestamp) -> Option<Timestamp> {
        self.key_for.map(|long| done.saturating_add(long).unwrap_or(Timestamp::MAX))
    }
}

/// What an action ends with.
#[derive(Debug, Clone, Default)]
pub struct ActionEnd {
    /// The record that is its result: the name of the model and the source's id.
    pub result: Option<(String, String)>,
    /// What its caller is to be told besides.
    pub warnings: Vec<String>,
    /// Why it ended before its end, as JSON.
    pub error: Option<String>,
    /// From when on the same may be asked for anew; none while the row is kept. Now frees the key at once.
    pub key_until: Option<Timestamp>,
}

impl Store {
    /// Begins an action, unless its key is known: then the run is given to which it belongs.
    pub async fn begin_action(&self, new: NewAction<'_>) -> Result<ActionBegun, StoreError> {
        self.begin_new(new).await.map_err(|problem| self.error(problem))
    }

    async fn begin_new(&self, new: NewAction<'_>) -> Result<ActionBegun, Problem> {
        let input = compressed(new.input)?;
        let now = moment::text(new.now);
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        sqlx::query("UPDATE action_runs SET key = NULL WHERE connection = ? AND key = ? AND key_until <= ?")
            .bind(new.connection.to_owned())
            .bind(new.key.to_owned())
            .bind(now.clone())
            .execute(&mut *transaction)
            .await?;
        let known = sqlx::query(select_runs!("WHERE connection = ? AND key = ?"))
            .bind(new.connection.to_owned())
            .bind(new.key.to_owned())
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(row) = known {
            let is_same = row.try_get::<&str, _>("input_hash")? == new.input_hash;
            let found = Box::new(run(&row)?);
            // What frees a key whose time is over stays for the next one.
            commit(transaction).await?;
            return Ok(match is_same && found.action == new.action {
                true => ActionBegun::Known(found),
                false => ActionBegun::OtherInput(found),
            });
        }
        let inserted = sqlx::query(
            "INSERT INTO action_runs \
             (id, connection, action, key, key_seconds, input_hash, input, state, revision, began_at, changed_at) \
             VALUES (?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?)",
        )
        .bind(new.id.to_owned())
        .bind(new.connection.to_owned())
        .bind(new.action.to_owned())
        .bind(new.key.to_owned())
        .bind(new.key_for.map(|long| long.as_secs()))
        .bind(new.input_hash.to_owned())
        .bind(input)
        .bind(new.revision.to_owned())
        .bind(now.clone())
        .bind(now)
        .execute(&mut *transaction)
        .await?;
        commit(transaction).await?;
        let hold = ActionHold {
            number: inserted.last_insert_rowid(),
            epoch: 0,
            id: new.id.to_owned(),
            began_at: moment::parse(&moment::text(new.now))?,
            key_for: new.key_for,
        };
        Ok(ActionBegun::New(hold))
    }

    /// Goes on with an action, and takes it from whoever did before. Gives its input as JSON as well; nothing where
    /// nothing is left to be done, or there is no such action.
    pub async fn resume_action(
        &self,
        id: &str,
        revision: &str,
        now: Timestamp,
    ) -> Result<Option<(ActionHold, String)>, StoreError> {
        self.take_action(id, revision, now).await.map_err(|problem| self.error(problem))
    }

    async fn take_action(
        &self,
        id: &str,
        revision: &str,
        now: Timestamp,
    ) -> Result<Option<(ActionHold, String)>, Problem> {
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let row = sqlx::query(
            "UPDATE action_runs SET state = 'running', epoch = epoch + 1, resumed = resumed + 1, revision = ?, \
             changed_at = ?, ended_at = NULL, error = NULL \
             WHERE id = ? AND state IN ('running', 'failed', 'unclear') AND input IS NOT NULL \
             RETURNING number, epoch, began_at, key_seconds, input",
        )
        .bind(revision.to_owned())
        .bind(moment::text(now))
        .bind(id.to_owned())
        .fetch_optional(&mut *transaction)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let input: Vec<u8> = row.try_get("input")?;
        let input = zstd::decode_all(input.as_slice()).map_err(|_| Problem::Damaged)?;
        let input = String::from_utf8(input).map_err(|_| Problem::Damaged)?;
        let hold = ActionHold {
            number: row.try_get("number")?,
            epoch: row.try_get("epoch")?,
            id: id.to_owned(),
            began_at: moment::parse(row.try_get("began_at")?)?,
            key_for: row.try_get::<Option<i64>, _>("key_seconds")?.map(SignedDuration::from_secs),
        };
        commit(transaction).await?;
        Ok(Some((hold, input)))
    }

    /// Writes down that a step begins, or that it is sent once more. Its request may go out once this returns.
    pub async fn begin_step(
        &self,
        hold: &ActionHold,
        path: &str,
        kind: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_step(hold, path, kind, (StepState::Began, None), now).await
    }

    /// Writes down how a step ended, with what later steps read of it as JSON. One that only reads need not have begun.
    pub async fn end_step(
        &self,
        hold: &ActionHold,
        path: &str,
        kind: &str,
        (state, result): (StepState, Option<&str>),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_step(hold, path, kind, (state, result), now).await
    }

    async fn write_step(
        &self,
        hold: &ActionHold,
        path: &str,
        kind: &str,
        (state, result): (StepState, Option<&str>),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let write = async {
            let mut writer = self.writer().await;
            // A request goes out after this: a power cut may not take it back. Whatever else is lost then is found again.
            let is_to_last = state == StepState::Began;
            if is_to_last {
                sqlx::query("PRAGMA synchronous = FULL").execute(&mut *writer).await?;
            }
            let mut transaction = begin(&mut writer).await?;
            let at = touch(&mut transaction, hold, now).await?;
            sqlx::query(
                "INSERT INTO action_steps (run, position, path, kind, state, began_at, ended_at, result) \
                 VALUES (?1, (SELECT count(*) FROM action_steps WHERE run = ?1), ?2, ?3, ?4, ?5, ?6, ?7) \
                 ON CONFLICT (run, path) DO UPDATE SET state = excluded.state, kind = excluded.kind, \
                 attempts = attempts + (excluded.state = 'began'), ended_at = excluded.ended_at, result = excluded.result",
            )
            .bind(hold.number)
            .bind(path.to_owned())
            .bind(kind.to_owned())
            .bind(state.as_str())
            .bind(at.clone())
            .bind((state != StepState::Began).then_some(at))
            .bind(result.map(str::to_owned))
            .execute(&mut *transaction)
            .await?;
            commit(transaction).await?;
            if is_to_last {
                sqlx::query("PRAGMA synchronous = NORMAL").execute(&mut *writer).await?;
            }
            Ok(())
        };
        write.await.map_err(|problem: Problem| self.error(problem))
    }

    /// The steps of an action so far, by their paths.
    pub async fn steps_by_path(&self, hold: &ActionHold) -> Result<BTreeMap<String, ActionStep>, StoreError> {
        let steps = self.steps_of(hold.number).await.map_err(|problem| self.error(problem))?;
        Ok(steps.into_iter().map(|step| (step.path.clone(), step)).collect())
    }

    /// Ends an action. Where nothing is left to be done, what was asked for and what its steps brought is forgotten.
    pub async fn end_action(
        &self,
        hold: &ActionHold,
        state: ActionState,
        end: &ActionEnd,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.close(hold, state, end, now).await.map_err(|problem| self.error(problem))
    }

    async fn close(
        &self,
        hold: &ActionHold,
        state: ActionState,
        end: &ActionEnd,
        now: Timestamp,
    ) -> Result<(), Problem> {
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let at = touch(&mut transaction, hold, now).await?;
        let (model, remote_id) = end.result.clone().unzip();
        sqlx::query(
            "UPDATE action_runs SET state = ?, ended_at = ?, result_model = ?, result_id = ?, warnings = ?, error = ?, \
             key_until = ?, key = CASE WHEN ? <= ? THEN NULL ELSE key END WHERE number = ?",
        )
        .bind(state.as_str())
        .bind(at.clone())
        .bind(model)
        .bind(remote_id)
        .bind(serde_json::to_string(&end.warnings).expect("texts are JSON"))
        .bind(end.error.clone())
        .bind(end.key_until.map(moment::text))
        .bind(end.key_until.map(moment::text))
        .bind(at)
        .bind(hold.number)
        .execute(&mut *transaction)
        .await?;
        if !state.can_go_on() {
            for forget in [
                "UPDATE action_runs SET input = NULL WHERE number = ?",
                "UPDATE action_steps SET result = NULL WHERE run = ?",
            ] {
                sqlx::query(forget).bind(hold.number).execute(&mut *transaction).await?;
            }
        }
        commit(transaction).await
    }
}

/// Makes sure that the holder of a run still is. Gives the moment as the store writes it.
pub(in crate::store) async fn touch(
    writer: &mut SqliteConnection,
    hold: &ActionHold,
    now: Timestamp,
) -> Result<String, Problem> {
    let at = moment::text(now);
    let touched =
        sqlx::query("UPDATE action_runs SET changed_at = ? WHERE number = ? AND epoch = ? AND state = 'running'")
            .bind(at.clone())
            .bind(hold.number)
            .bind(hold.epoch)
            .execute(writer)
            .await?;
    match touched.rows_affected() {
        0 => Err(Problem::ActionTaken { run: hold.id.clone() }),
        _ => Ok(at),
    }
}

fn compressed(input: &str) -> Result<Vec<u8>, Problem> {
    Ok(zstd::bulk::compress(input.as_bytes(), COMPRESSION_LEVEL).map_err(sqlx::Error::Io)?)
}
