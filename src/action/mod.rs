//! Actions: what a unified action asks for, done at the source step by step, each once.
//!
//! Before the request of a step goes out, the journal of the store says so; once the answer is here, it says what came of
//! it. So whoever finds a step that began and did not end knows that the source has to be asked first. What cannot be
//! found out stays open, and is told.
//!
//! [`Acting::act`] is for one connection. The plan is that of the revision at its beginning, to its end; an action that is
//! gone on with takes the present one.

mod desk;
mod ending;
mod error;
mod files;
mod input;
mod machine;
mod placeholder;
mod preview;
mod settle;
mod step;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub use desk::Desk;
pub use error::{ActionError, Code, InputProblem};
pub use input::{Resolved, Wish};
pub use preview::{DryRun, DryStep, Operation};

use crate::connector::Revision;
use crate::fetch::Fetcher;
use crate::mapping::action::ActionPlan;
use crate::model::{Action, Id, Model};
use crate::store::{ActionBegun, ActionHold, ActionRun, ActionState, Hold};
use crate::sync::Reading;
use desk::Outcome;
use input::Ready;
use machine::Start;
use tracing::Instrument;

/// How long the same input is the same wish, where it is at all and nobody gave a key.
const SAME_FOR: SignedDuration = SignedDuration::from_hours(24);

/// How long actions are kept in the journal.
pub const RUNS_ARE_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What an action did.
#[derive(Debug, Clone)]
pub struct Done {
    /// The id of the run.
    pub run: String,
    /// The action.
    pub action: &'static Action,
    /// The record that is its result: its model, and the source's id. The store has it, unless a warning says otherwise.
    pub result: Option<(&'static Model, String)>,
    /// What was not done as it was asked for.
    pub warnings: Vec<String>,
    /// Whether it was done before, and this only tells of it.
    pub repeated: bool,
}

/// Says whether what goes on is to end behind the step under way.
#[derive(Clone)]
pub struct Stopping(Arc<dyn Fn() -> bool + Send + Sync>);

impl Stopping {
    /// By a function that is asked between steps.
    pub fn new(asked: impl Fn() -> bool + Send + Sync + 'static) -> Stopping {
        Stopping(Arc::new(asked))
    }

    fn now(&self) -> bool {
        (self.0)()
    }
}

impl Default for Stopping {
    /// Nothing stops it.
    fn default() -> Stopping {
        Stopping::new(|| false)
    }
}

impl fmt::Debug for Stopping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stopping").field(&self.now()).finish()
    }
}

/// A connection on which actions are done.
#[derive(Debug, Clone)]
pub struct Acting {
    /// How its records are read, which is also where it is and where they go.
    pub reading: Reading,
    /// The actions that are switched off.
    pub off: BTreeSet<&'static str>,
    /// The models that are switched off.
    pub models_off: BTreeSet<&'static str>,
    /// What fetches files.
    pub fetcher: Fetcher,
    /// What is under way on it, and on others.
    pub desk: Desk,
    /// Whether to end early.
    pub stopping: Stopping,
    /// Held until all of it is done.
    pub hold: Option<Hold>,
}

impl Acting {
    /// Does what is asked for, or tells what came of it when it was asked for before. The work goes on when this is dropped.
    ///
    /// The same again while it is under way is one with it; after it failed in the middle, it goes on where it stopped.
    pub async fn act(&self, wish: Wish) -> Outcome {
        let revision = self.reading.live.revision();
        self.plan(&revision, wish.action)?;
        let ready = self.ready(wish).await?;
        let (acting, desk) = (self.clone(), &self.desk);
        let name = format!("wish {} {} {}", self.reading.connection, ready.key, ready.hash);
        desk.join(name, move || async move { acting.begin(revision, ready).await }).await
    }

    /// Goes on with an action that did not come to its end.
    pub async fn resume(&self, run: &str) -> Outcome {
        let store = &self.reading.store;
        let found = store.action_run(run).await.map_err(ActionError::of_store)?;
        match found.filter(|run| run.connection == self.reading.connection) {
            Some(found) => self.go_on(self.reading.live.revision(), found).await,
            None => Err(ActionError::new(Code::NotFound, format!("the journal has no action {run}"))),
        }
    }

    async fn begin(self, revision: Arc<Revision>, ready: Ready) -> Outcome {
        let id = new_id();
        let new = ready.row(&id, &self.reading.connection, &revision.hash, Timestamp::now());
        let begun = self.reading.store.begin_action(new).await.map_err(ActionError::of_store)?;
        match begun {
            ActionBegun::New(hold) => self.work(revision, hold, ready.action, ready.value).await,
            ActionBegun::Known(run) => self.go_on(revision, *run).await,
            ActionBegun::OtherInput(run) => {
                let message = format!(
                    "the key was used before with another input, in the action {}; give each wish a key of its own",
                    run.id
                );
                Err(ActionError { run: Some(run.id), ..ActionError::new(Code::InputInvalid, message) })
            }
        }
    }

    /// Goes on with a run of the journal, or tells its result.
    async fn go_on(&self, revision: Arc<Revision>, run: ActionRun) -> Outcome {
        let Some(action) = Action::named(&run.action) else {
            return Err(ActionError::new(Code::ActionNotAvailable, format!("there is no action `{}`", run.action)));
        };
        match run.state {
            ActionState::Done => Ok(done(&run, action)),
            ActionState::Refused => Err(ended(&run)),
            ActionState::Running | ActionState::Failed | ActionState::Unclear => {
                self.plan(&revision, action).map_err(|error| ActionError { run: Some(run.id.clone()), ..error })?;
                self.take(revision, run, action).await
            }
        }
    }

    async fn take(&self, revision: Arc<Revision>, run: ActionRun, action: &'static Action) -> Outcome {
        let (acting, name) = (self.clone(), format!("run {}", run.id));
        let work = move || async move {
            let store = acting.reading.store.clone();
            if run.revision != revision.hash {
                tracing::info!(
                    connection = run.connection,
                    run = run.id,
                    before = run.revision,
                    revision = revision.hash,
                    "an action is gone on with by another revision than it began with"
                );
            }
            let taken = store.resume_action(&run.id, &revision.hash, Timestamp::now()).await;
            let Some((hold, input)) = taken.map_err(ActionError::of_store)? else {
                // Somebody else brought it to its end meanwhile.
                let run = store.action_run(&run.id).await.map_err(ActionError::of_store)?.unwrap_or(run);
                return match run.state {
                    ActionState::Done => Ok(done(&run, action)),
                    _ => Err(ended(&run)),
                };
            };
            let input = serde_json::from_str(&input)
                .map_err(|_| ActionError::new(Code::Unknown, "the input in the journal cannot be read".to_owned()))?;
            acting.run(revision, hold, action, input).await
        };
        self.desk.join(name, work).await
    }

    async fn work(&self, revision: Arc<Revision>, hold: ActionHold, action: &'static Action, input: Value) -> Outcome {
        let acting = self.clone();
        let name = format!("run {}", hold.id());
        self.desk.join(name, move || async move { acting.run(revision, hold, action, input).await }).await
    }

    async fn run(self, revision: Arc<Revision>, hold: ActionHold, action: &'static Action, input: Value) -> Outcome {
        let plan = self.plan(&revision, action)?;
        let known = self.reading.store.steps_by_path(&hold).await.map_err(ActionError::of_store)?;
        let span = tracing::info_span!("action", connection = self.reading.connection, action = action.name);
        let start = Start { acting: &self, plan: &plan, hold: &hold, known, input };
        machine::run(start).instrument(span).await
    }

    /// How an action is done, if it may be.
    fn plan(&self, revision: &Revision, action: &'static Action) -> Result<Arc<ActionPlan>, ActionError> {
        let connection = &self.reading.connection;
        let refuse = |code, message: String| Err(ActionError::new(code, message));
        let Some(plan) = revision.action(action.name) else {
            let title = &revision.title;
            return refuse(
                Code::ActionNotAvailable,
                format!("nothing says how `{}` is done in {title}: its connector has no such action", action.name),
            );
        };
        if self.off.contains(action.name) {
            return refuse(
                Code::ActionDisabled,
                format!("the file of the connection `{connection}` switches `{}` off", action.name),
            );
        }
        for model in plan.touches() {
            if revision.plan(model).is_none() {
                return refuse(Code::ModelNotAvailable, format!("the connector maps no {}", model.name));
            }
            if self.models_off.contains(model.name) {
                return refuse(
                    Code::ModelDisabled,
                    format!("the file of the connection `{connection}` switches {} off", model.name),
                );
            }
        }
        Ok(Arc::clone(plan))
    }
}

/// A new id of a run, which nobody can guess.
fn new_id() -> String {
    let mut random = [0; 32];
    aws_lc_rs::rand::fill(&mut random).expect("the system gives random bytes");
    let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    Id::derive("", "action", &random).to_string()
}

/// What was done before.
fn done(run: &ActionRun, action: &'static Action) -> Done {
    let result = run.result.as_ref().and_then(|(model, id)| Some((Model::named(model)?, id.clone())));
    Done { run: run.id.clone(), action, result, warnings: run.warnings.clone(), repeated: true }
}

/// How an action ended before its end.
fn ended(run: &ActionRun) -> ActionError {
    let kept = run.error.as_deref().and_then(|error| serde_json::from_str(error).ok());
    kept.unwrap_or_else(|| {
        let message = format!("the action {} is {}, and nothing is left to be done", run.id, run.state.as_str());
        ActionError { run: Some(run.id.clone()), ..ActionError::new(Code::Unknown, message) }
    })
}
