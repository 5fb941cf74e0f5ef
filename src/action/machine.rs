//! Does the steps of an action, one after the other, with the journal at hand.

use std::collections::BTreeMap;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde_json::Value;

use super::desk::Outcome;
use super::files::Files;
use super::step::{Context, Environment, Pointers, Turn, bound, text_of};
use super::{Acting, ActionError};
use crate::mapping::action::{ActionPlan, Find, Mutate, Request, Step, StepKind};
use crate::model::Action;
use crate::source::Command;
use crate::store::{ActionHold, ActionStep, StepState, StoreError};

/// What a step is called in the journal that only reads.
const FIND: &str = "find";
const FILE: &str = "file";

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
    pub action: &'static Action,
    /// What its names stood for when the steps ended.
    pub environment: Environment,
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
