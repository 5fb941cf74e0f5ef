//! One change at the source, done once: what is sent, when it is sent again, and what is asked before that.

use std::time::Duration;

use serde_json::Value;

use super::machine::{Ending, Machine, at};
use super::step::{Environment, bound, text_of};
use super::{ActionError, Code};
use crate::mapping::action::{Mutate, Request, Step};
use crate::source::{Command, Effect, SourceError};
use crate::store::StepState;

/// How often a change is sent at most before somebody has to look.
const SENDINGS: u32 = 3;

/// So many pauses of the source's limits it is waited until a change that was not found is looked for once more: the
/// source may still be at work on it.
const PATIENCE: u32 = 5;

impl<'r> Machine<'r> {
    /// Does a change that is not done yet, as far as the journal tells. Gives what is bound to its name; nothing where the
    /// source refused it and the action goes on all the same.
    pub(super) async fn mutate(
        &mut self,
        step: &'r Step,
        mutate: &'r Mutate,
        path: &str,
        (request, already): (&Request, Option<&Request>),
        environment: &Environment,
    ) -> Result<Option<Value>, Ending> {
        let mut is_open = self.known.get(path).is_some_and(|step| step.state == StepState::Began);
        self.may_go_on()?;
        // Before the journal says that it begins: what cannot be had is no reason to look for it later.
        let variables = self.files.filled(text_of(&request.variables)).await.map_err(|error| at(error, path))?;
        let kind = mutate.word().as_str();
        let mut trouble: Option<SourceError> = None;
        for sent in 0..=SENDINGS {
            if is_open && let Some(already) = already {
                match self.happened(already, path, trouble.as_ref()).await? {
                    Some(value) => {
                        self.ended(path, kind, StepState::Done, Some(&value)).await?;
                        return Ok(Some(value));
                    }
                    None => self.may_go_on()?,
                }
            }
            if let Some(error) = trouble.take_if(|error| error.effect() == Effect::Doubtful) {
                return self.refused(step, mutate, path, error, environment).await;
            }
            if sent == SENDINGS {
                break;
            }
            if is_open && already.is_none() && trouble.is_some() {
                self.pause().await;
                self.may_go_on()?;
            }
            self.began(path, kind).await?;
            let command =
                Command { name: &request.name, text: &request.document, root: &request.root, variables: &variables };
            match self.acting.reading.source.change(&command).await {
                Ok(changed) => {
                    if !changed.errors.is_empty() {
                        let errors: Vec<String> = changed.errors.iter().map(ToString::to_string).collect();
                        tracing::warn!(step = path, errors = ?errors, "a change was made, and parts of the answer failed");
                    }
                    let value = bound(request, changed.value.as_deref()).map_err(|error| at(error, path))?;
                    self.ended(path, kind, StepState::Done, Some(&value)).await?;
                    return Ok(Some(value));
                }
                Err(error) => match error.effect() {
                    // A sending before this one may have happened all the same.
                    Effect::NotNow if is_open => return Err(unclear(path, &error, mutate)),
                    Effect::Refused if is_open && already.is_none() => return Err(unclear(path, &error, mutate)),
                    Effect::NotNow => {
                        self.ended(path, kind, StepState::Undone, None).await?;
                        return Err(Ending::Failed(at(ActionError::of_source(&error, true), path)));
                    }
                    Effect::Refused => return self.refused(step, mutate, path, error, environment).await,
                    Effect::Doubtful if already.is_none() => {
                        return self.refused(step, mutate, path, error, environment).await;
                    }
                    Effect::Doubtful | Effect::Unknown => {
                        tracing::warn!(step = path, %error, "it is not clear whether a change was made");
                        is_open = true;
                        trouble = Some(error);
                    }
                },
            }
        }
        Err(match trouble {
            Some(error) => unclear(path, &error, mutate),
            None => Ending::Unclear(at(ActionError::new(Code::Unclear, UNCLEAR.to_owned()), path)),
        })
    }

    /// Looks whether a change happened, at once and again after a pause.
    async fn happened(
        &mut self,
        already: &Request,
        path: &str,
        trouble: Option<&SourceError>,
    ) -> Result<Option<Value>, Ending> {
        for is_second in [false, true] {
            if is_second {
                self.pause().await;
            }
            match self.ask(already).await {
                Ok(Value::Null) => {}
                Ok(value) => return Ok(Some(value)),
                Err(error) => {
                    let first = trouble.map(|trouble| format!("{trouble}; and ")).unwrap_or_default();
                    let message = format!("{UNCLEAR}: {first}whether it did cannot be asked now: {error}");
                    return Err(Ending::Unclear(at(ActionError::new(Code::Unclear, message), path)));
                }
            }
        }
        Ok(None)
    }

    async fn pause(&self) {
        let limits = &self.acting.reading.live.revision().remote.limits;
        tokio::time::sleep(limits.pause.saturating_mul(PATIENCE).max(Duration::from_millis(1))).await;
    }

    /// The source refused the change, and nothing of it happened.
    async fn refused(
        &mut self,
        step: &'r Step,
        mutate: &'r Mutate,
        path: &str,
        error: SourceError,
        environment: &Environment,
    ) -> Result<Option<Value>, Ending> {
        let kind = mutate.word().as_str();
        let told = ActionError::of_source(&error, true);
        // Where who asks is refused, so it would be in what follows.
        if mutate.on_error().is_none() || told.code == Code::AuthenticationInvalid {
            self.ended(path, kind, StepState::Undone, None).await?;
            return Err(Ending::Failed(at(told, path)));
        }
        tracing::warn!(step = path, %error, "the source refused a step; the action goes on without it");
        self.ended(path, kind, StepState::Refused, None).await?;
        self.go_on_without(step, mutate, path, environment)?;
        Ok(None)
    }

    pub(super) fn go_on_without(
        &mut self,
        step: &'r Step,
        mutate: &'r Mutate,
        path: &str,
        environment: &Environment,
    ) -> Result<(), Ending> {
        if let Some(message) = mutate.on_error() {
            let message = self.context.message(step, message, path, environment).map_err(|error| at(error, path))?;
            self.warnings.push(message);
        }
        Ok(())
    }
}

fn unclear(path: &str, error: &SourceError, mutate: &Mutate) -> Ending {
    let then = match mutate.repeatable() {
        true => "; going on with it sends it once more, which does no harm",
        false => "; going on with it asks the source first",
    };
    Ending::Unclear(at(ActionError::new(Code::Unclear, format!("{UNCLEAR}: {error}{then}")), path))
}

const UNCLEAR: &str = "it is not known whether this happened";
