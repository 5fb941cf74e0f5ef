//! Does the steps of an action, one after the other, with the journal at hand.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use super::desk::Outcome;
use super::files::Files;
use super::step::{Context, Environment, Pointers, Turn, bound, text_of};
use super::{Acting, ActionError, Code, Done, SAME_FOR};
use crate::mapping::action::{ActionPlan, Find, Mutate, Request, Step, StepKind};
use crate::model::{Action, Model};
use crate::source::Command;
use crate::store::{ActionEnd, ActionHold, ActionState, ActionStep, StepState, StoreError};

/// The path of the last step: what was touched is read again.
const TOUCHES: &str = "touches";

/// What a step is called in the journal that only reads.
const FIND: &str = "find";
const FILE: &str = "file";
const REREAD: &str = "reread";

/// Whether the steps go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    Stop,
}

/// How an action ends before its end.
#[derive(Debug)]
pub(super) enum Ending {
    /// By an error; whatever was to be written then was not.
    Failed(ActionError),
    /// It is not known whether the step happened.
    Unclear(ActionError),
    /// Somebody wants it to stop here, and to be gone on with later.
    Stopping,
    /// The journal cannot be written, so nothing more may be done.
    Store(StoreError),
}

impl From<StoreError> for Ending {
    fn from(error: StoreError) -> Ending {
        Ending::Store(error)
    }
}

impl From<ActionError> for Ending {
    fn from(error: ActionError) -> Ending {
        Ending::Failed(error)
    }
}

/// One run at work.
pub(super) struct Machine<'r> {
    pub acting: &'r Acting,
    pub context: Context<'r>,
    pub hold: &'r ActionHold,
    /// What the journal says of its steps.
    pub known: BTreeMap<String, ActionStep>,
    pub files: Files,
    pub warnings: Vec<String>,
    /// What was written, for people.
    pub written: Vec<String>,
    action: &'static Action,
    environment: Environment,
}

/// What a run works with.
pub(super) struct Start<'r> {
    pub acting: &'r Acting,
    pub plan: &'r ActionPlan,
    pub hold: &'r ActionHold,
    pub known: BTreeMap<String, ActionStep>,
    pub input: Value,
}

/// Brings a run to its end, or as far as it goes.
pub(super) async fn run(start: Start<'_>) -> Outcome {
    let Start { acting, plan, hold, known, mut input } = start;
    let action = plan.action();
    let warnings = plan.warnings(&input);
    let mut files = Files::new(acting.fetcher.clone(), hold.id());
    files.take_out(action, &mut input);
    let environment: Environment = [("input".to_owned(), input)].into_iter().collect();
    let context = Context { plan, run: hold.id(), now: hold.began_at() };
    let mut machine = Machine {
        acting,
        context,
        hold,
        known,
        files,
        warnings,
        written: Vec::new(),
        action,
        environment: Environment::new(),
    };
    machine.go(environment).await
}

impl<'r> Machine<'r> {
    async fn go(&mut self, mut environment: Environment) -> Outcome {
        let ended = self.steps(self.context.plan.steps(), &mut environment, String::new(), &Pointers::of_input()).await;
        self.environment = environment;
        let ended = match ended {
            Ok(_) => self.read_touched().await,
            Err(ending) => Err(ending),
        };
        match ended {
            Ok(result) => self.close(result).await,
            Err(ending) => Err(self.break_off(ending).await),
        }
    }

    /// Does steps in order.
    fn steps<'a>(
        &'a mut self,
        steps: &'r [Step],
        environment: &'a mut Environment,
        before: String,
        pointers: &'a Pointers,
    ) -> BoxFuture<'a, Result<Flow, Ending>>
    where
        'r: 'a,
    {
        async move {
            for step in steps {
                let path = format!("{before}{}", step.id());
                if self.step(step, &path, environment, pointers).await? == Flow::Stop {
                    return Ok(Flow::Stop);
                }
            }
            Ok(Flow::On)
        }
        .boxed()
    }

    async fn step(
        &mut self,
        step: &'r Step,
        path: &str,
        environment: &mut Environment,
        pointers: &Pointers,
    ) -> Result<Flow, Ending> {
        if self.was_through(step, path, environment)? {
            return Ok(Flow::On);
        }
        let turn = self.context.turn(step, path, environment).map_err(|error| at(error, path))?;
        match (turn, step.kind()) {
            (Turn::Find(request), StepKind::Find(find)) => {
                self.find(step, find, path, request, environment).await?;
            }
            (Turn::Mutate(request, already), StepKind::Mutate(mutate)) => {
                let requests = (&*request, already.as_deref());
                if let Some(value) = self.mutate(step, mutate, path, requests, environment).await? {
                    self.written.push(written(mutate, path));
                    environment.insert(mutate.name().to_owned(), value);
                }
            }
            (Turn::ForEach(entries), StepKind::ForEach(each)) => {
                for (number, entry) in entries.into_iter().enumerate() {
                    let mut inside = environment.clone();
                    inside.insert(each.name().to_owned(), entry);
                    let pointer = pointers.of(each.list()).map(|list| format!("{list}/{number}"));
                    let pointers = pointers.with(each.name(), pointer);
                    let before = format!("{path}[{number}].");
                    if self.steps(each.steps(), &mut inside, before, &pointers).await? == Flow::Stop {
                        return Ok(Flow::Stop);
                    }
                }
            }
            (Turn::File(said), StepKind::FetchFile(fetch)) => {
                let value = match said {
                    None => Value::Null,
                    Some(said) => {
                        let pointer = pointers.of(fetch.from()).unwrap_or_default();
                        match self.result_of(path) {
                            Some(known) => {
                                self.files.remember(fetch, path, said, pointer);
                                known
                            }
                            None => {
                                self.may_go_on()?;
                                let fetched = self.files.fetch(fetch, path, said, pointer).await;
                                let value = fetched.map_err(|error| at(error, path))?;
                                self.ended(path, FILE, StepState::Done, Some(&value)).await?;
                                value
                            }
                        }
                    }
                };
                environment.insert(fetch.name().to_owned(), value);
            }
            (Turn::Fail(error), _) => return Err(Ending::Failed(at(error, path))),
            (Turn::Warn(message), _) => self.warnings.push(message),
            (Turn::Stop, _) => return Ok(Flow::Stop),
            _ => {}
        }
        Ok(Flow::On)
    }

    /// Takes what the journal keeps of a step that was through before, whatever the step would do now: what was found and
    /// done decided what was done since.
    fn was_through(&mut self, step: &'r Step, path: &str, environment: &mut Environment) -> Result<bool, Ending> {
        let state = self.known.get(path).map(|step| step.state);
        match (step.kind(), state, self.result_of(path)) {
            (StepKind::Find(find), Some(StepState::Done), Some(value)) => {
                environment.insert(find.name().to_owned(), value);
            }
            (StepKind::Mutate(mutate), Some(StepState::Done), Some(value)) => {
                self.written.push(written(mutate, path));
                environment.insert(mutate.name().to_owned(), value);
            }
            (StepKind::Mutate(mutate), Some(StepState::Refused), _) => {
                self.go_on_without(step, mutate, path, environment)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn find(
        &mut self,
        step: &'r Step,
        find: &'r Find,
        path: &str,
        request: Option<Request>,
        environment: &mut Environment,
    ) -> Result<(), Ending> {
        let value = match request {
            None => Value::Null,
            Some(request) => {
                self.may_go_on()?;
                self.ask(&request).await.map_err(|error| at(error, path))?
            }
        };
        if value.is_null()
            && let Some(fail) = find.none()
        {
            return Err(Ending::Failed(at(self.context.none(step, fail, path, environment), path)));
        }
        self.ended(path, FIND, StepState::Done, Some(&value)).await?;
        environment.insert(find.name().to_owned(), value);
        Ok(())
    }

    /// Asks the source, and takes what is to be bound out of the answer.
    pub(super) async fn ask(&mut self, request: &Request) -> Result<Value, ActionError> {
        let variables = self.files.filled(text_of(&request.variables)).await?;
        let command =
            Command { name: &request.name, text: &request.document, root: &request.root, variables: &variables };
        let answer = self.acting.reading.source.ask(&command).await;
        bound(request, answer.map_err(|error| ActionError::of_source(&error, false))?.as_deref())
    }

    /// Reads what was touched into the store, and gives the record that is the result.
    async fn read_touched(&mut self) -> Result<Option<(&'static Model, String)>, Ending> {
        let touched = self.context.touched(&self.environment).map_err(|error| at(error, TOUCHES))?;
        let reading = &self.acting.reading;
        if !self.known.get(TOUCHES).is_some_and(|step| step.state == StepState::Done) {
            reading.store.keep_acted(self.hold, &reading.connection, &touched, Timestamp::now()).await?;
            self.began(TOUCHES, REREAD).await?;
            for (model, ids) in &touched {
                let read = reading.read_written(model, ids).await?;
                let trouble = match (&read.broken, read.unread.is_empty()) {
                    (Some(error), _) => Some(ActionError::of_source(error, false)),
                    (None, false) => {
                        let message = format!("what was written in {} could not be read again", model.name);
                        Some(ActionError::new(Code::RemoteError, message))
                    }
                    (None, true) => None,
                };
                match trouble {
                    Some(error) if self.action.result.is_some() => return Err(Ending::Failed(at(error, TOUCHES))),
                    Some(error) => self.warnings.push(format!("{error}; the next sync shows it")),
                    None if !read.for_sync.is_empty() => {
                        self.warnings.push(format!("what was written in {} shows with the next sync", model.name));
                    }
                    None => {}
                }
            }
            self.ended(TOUCHES, REREAD, StepState::Done, None).await?;
        }
        let result = self.action.result.and_then(|wanted| {
            let (model, ids) = touched.into_iter().find(|(model, _)| *model == wanted)?;
            Some((model, ids.into_iter().next()?))
        });
        Ok(result)
    }

    /// Ends a run whose steps are through.
    async fn close(&mut self, result: Option<(&'static Model, String)>) -> Outcome {
        let now = Timestamp::now();
        let end = ActionEnd {
            result: result.as_ref().map(|(model, id)| (model.name.to_owned(), id.clone())),
            warnings: self.warnings.clone(),
            error: None,
            key_until: None,
        };
        let store = &self.acting.reading.store;
        let ended = store.end_action(self.hold, ActionState::Done, &end, now).await;
        ended.map_err(|error| self.placed(ActionError::of_store(error), true))?;
        tracing::info!(run = self.hold.id(), written = self.written.len(), "the action is done");
        Ok(Done {
            run: self.hold.id().to_owned(),
            action: self.action,
            result,
            warnings: std::mem::take(&mut self.warnings),
            repeated: false,
        })
    }

    /// Ends a run before its end, and says how far it came.
    async fn break_off(&mut self, ending: Ending) -> ActionError {
        // What began and did not end may have happened.
        let is_touched = !self.written.is_empty() || self.known.values().any(is_open_write);
        let (state, error) = match ending {
            Ending::Store(error) => return self.placed(ActionError::of_store(error), true),
            Ending::Stopping => {
                let message = "the engine is stopping; the action is gone on with when it runs again".to_owned();
                return self.placed(ActionError::new(Code::TimedOut, message), true);
            }
            Ending::Unclear(error) => (ActionState::Unclear, self.placed(error, true)),
            Ending::Failed(error) if is_touched => (ActionState::Failed, self.placed(error, true)),
            Ending::Failed(error) => (ActionState::Refused, self.placed(error, false)),
        };
        let now = Timestamp::now();
        let end = ActionEnd {
            result: None,
            warnings: self.warnings.clone(),
            error: serde_json::to_string(&error).ok(),
            // What wrote nothing is not remembered.
            key_until: (state == ActionState::Refused).then_some(now),
        };
        let reading = &self.acting.reading;
        if is_touched
            && let Ok(touched) = self.context.touched(&self.environment)
            && let Err(error) = reading.store.keep_acted(self.hold, &reading.connection, &touched, now).await
        {
            tracing::warn!(run = self.hold.id(), %error, "what the action made could not be written down");
        }
        tracing::warn!(run = self.hold.id(), state = state.as_str(), code = %error.code, %error, "the action ended early");
        if let Err(trouble) = reading.store.end_action(self.hold, state, &end, now).await {
            tracing::warn!(run = self.hold.id(), error = %trouble, "how the action ended could not be written down");
        }
        error
    }

    /// An error with how far the run came.
    fn placed(&self, error: ActionError, resumable: bool) -> ActionError {
        let mut undone: Vec<String> = error.step.iter().filter(|step| *step != TOUCHES).cloned().collect();
        let left = self.context.plan.steps().iter().filter(|step| writes(step));
        for step in left.filter(|step| !self.is_begun(step.id())) {
            if !undone.iter().any(|path| is_at(path, step.id())) {
                undone.push(step.id().to_owned());
            }
        }
        ActionError {
            run: Some(self.hold.id().to_owned()),
            done: self.written.clone(),
            undone: if resumable { undone } else { Vec::new() },
            resumable,
            ..error
        }
    }

    fn is_begun(&self, id: &str) -> bool {
        self.known.values().any(|step| is_at(&step.path, id) && step.state != StepState::Undone)
    }

    /// What the journal keeps of a step that was through before.
    pub(super) fn result_of(&self, path: &str) -> Option<Value> {
        let step = self.known.get(path).filter(|step| step.state == StepState::Done)?;
        Some(step.result.as_deref().and_then(|result| serde_json::from_str(result).ok()).unwrap_or(Value::Null))
    }

    pub(super) fn may_go_on(&self) -> Result<(), Ending> {
        if self.acting.stopping.now() { Err(Ending::Stopping) } else { Ok(()) }
    }

    pub(super) async fn began(&mut self, path: &str, kind: &str) -> Result<(), StoreError> {
        let now = Timestamp::now();
        self.acting.reading.store.begin_step(self.hold, path, kind, now).await?;
        self.note(path, kind, StepState::Began, None, now);
        Ok(())
    }

    pub(super) async fn ended(
        &mut self,
        path: &str,
        kind: &str,
        state: StepState,
        value: Option<&Value>,
    ) -> Result<(), StoreError> {
        let now = Timestamp::now();
        let result = value.map(Value::to_string);
        self.acting.reading.store.end_step(self.hold, path, kind, (state, result.as_deref()), now).await?;
        self.note(path, kind, state, result, now);
        Ok(())
    }

    fn note(&mut self, path: &str, kind: &str, state: StepState, result: Option<String>, now: Timestamp) {
        let step = ActionStep {
            path: path.to_owned(),
            kind: kind.to_owned(),
            state,
            attempts: 1,
            began_at: now,
            ended_at: None,
            result,
        };
        self.known.insert(path.to_owned(), step);
    }
}

/// What a change is called when it is told what was done.
fn written(mutate: &Mutate, path: &str) -> String {
    format!("{} {path} ({})", mutate.word().as_str(), mutate.mutation())
}

/// An error with the step at which it came up.
pub(super) fn at(error: ActionError, path: &str) -> ActionError {
    ActionError { step: Some(path.to_owned()), ..error }
}

/// Whether a path leads to a step or into it.
fn is_at(path: &str, id: &str) -> bool {
    path.strip_prefix(id).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}

/// Whether a step writes, or may in one of its own.
fn writes(step: &Step) -> bool {
    match step.kind() {
        StepKind::Mutate(_) => true,
        StepKind::ForEach(each) => each.steps().iter().any(writes),
        _ => false,
    }
}

/// Whether a step writes, began, and did not end.
fn is_open_write(step: &ActionStep) -> bool {
    step.state == StepState::Began && step.kind != REREAD
}
