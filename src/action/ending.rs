//! How a run ends: what was touched is read again, or it is said how far it came.

use jiff::Timestamp;

use super::desk::Outcome;
use super::machine::{Ending, Machine, at};
use super::{ActionError, Code, Done};
use crate::mapping::action::{Step, StepKind};
use crate::model::Model;
use crate::store::{ActionEnd, ActionState, ActionStep, StepState};

/// The path of the last step: what was touched is read again.
const TOUCHES: &str = "touches";

/// What it is called in the journal.
const REREAD: &str = "reread";

impl Machine<'_> {
    /// Reads what was touched into the store, and gives the record that is the result.
    pub(super) async fn read_touched(&mut self) -> Result<Option<(&'static Model, String)>, Ending> {
        let touched = self.context.touched(&self.environment).map_err(|error| at(error, TOUCHES))?;
        let reading = &self.acting.reading;
        let was_through = self.known.get(TOUCHES).is_some_and(|step| step.state == StepState::Done);
        if !touched.is_empty() && !was_through {
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
    pub(super) async fn close(&mut self, result: Option<(&'static Model, String)>) -> Outcome {
        let now = Timestamp::now();
        let end = ActionEnd {
            result: result.as_ref().map(|(model, id)| (model.name.to_owned(), id.clone())),
            warnings: self.warnings.clone(),
            error: None,
            key_until: self.hold.key_until(now),
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
    pub(super) async fn break_off(&mut self, ending: Ending) -> ActionError {
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
        // What it says may be of a person.
        let step = error.step.as_deref().unwrap_or_default();
        tracing::warn!(run = self.hold.id(), state = state.as_str(), code = %error.code, step, "the action ended early");
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
