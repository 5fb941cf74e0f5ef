//! What a step comes to in an environment: evaluated whole before anything is sent.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{ActionError, Code, InputProblem};
use crate::mapping::Issue;
use crate::mapping::action::{ActionContext, ActionPlan, Evaluation, Fail, FailCode, Message, Request, Step, StepKind};
use crate::model::Id;

/// The names of an action and what stands for them.
pub(super) type Environment = Map<String, Value>;

/// What a step comes to.
pub(super) enum Turn {
    /// It has no turn: its condition does not hold.
    Skipped,
    /// Ask for this; none where a value is missing, so that nothing can be found.
    Find(Option<Request>),
    /// Send this; before it is sent again, ask for that.
    Mutate(Box<Request>, Option<Box<Request>>),
    /// Do the steps for each of these.
    ForEach(Vec<Value>),
    /// Get the file that this object names, if there is one.
    File(Option<Value>),
    Fail(ActionError),
    Warn(String),
    Stop,
}

/// What evaluates the steps of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'r> {
    pub plan: &'r ActionPlan,
    pub run: &'r str,
    pub now: Timestamp,
}

impl<'r> Context<'r> {
    /// The mark of a step: unique, and the same each time.
    fn key(&self, path: &str) -> String {
        Id::derive(self.run, "step", path).to_string()
    }

    /// What a step comes to. An error is trouble with values that do not fit.
    pub fn turn(&self, step: &'r Step, path: &str, environment: &Environment) -> Result<Turn, ActionError> {
        let key = self.key(path);
        let context = ActionContext { now: self.now, key: &key };
        let text = text_of(environment);
        let wrong = |issues: Vec<Issue>| misfits(path, &issues);
        let mut evaluation = Evaluation::new(self.plan, step, &context, &text).map_err(wrong)?;
        if !evaluation.holds() {
            return Ok(Turn::Skipped);
        }
        Ok(match step.kind() {
            StepKind::Find(_) => Turn::Find(evaluation.request().map_err(wrong)?),
            StepKind::Mutate(_) => {
                // Before anything is sent it has to be clear how a repetition would be known.
                let already = evaluation.already().map_err(wrong)?.map(Box::new);
                match evaluation.request().map_err(wrong)? {
                    Some(request) => Turn::Mutate(Box::new(request), already),
                    None => Turn::Skipped,
                }
            }
            StepKind::ForEach(_) => Turn::ForEach(evaluation.items()),
            StepKind::FetchFile(_) => Turn::File(evaluation.file()),
            StepKind::Fail(fail) => Turn::Fail(failure(fail, &mut evaluation).map_err(wrong)?),
            StepKind::Warn(message) => Turn::Warn(evaluation.message(message).map_err(wrong)?),
            StepKind::Stop => Turn::Stop,
        })
    }

    /// The path of a value of the environment that is of the wrong type for a step.
    pub fn misfit(&self, step: &'r Step, path: &str, environment: &Environment) -> Option<String> {
        let key = self.key(path);
        let text = text_of(environment);
        let evaluation = Evaluation::new(self.plan, step, &ActionContext { now: self.now, key: &key }, &text);
        evaluation.err()?.into_iter().next().map(|issue| issue.field)
    }

    /// The error of a search that found nothing.
    pub fn none(&self, step: &'r Step, fail: &'r Fail, path: &str, environment: &Environment) -> ActionError {
        self.evaluate(step, path, environment, |evaluation| failure(fail, evaluation)).unwrap_or_else(|error| error)
    }

    /// What a message of a step says.
    pub fn message(
        &self,
        step: &'r Step,
        message: &'r Message,
        path: &str,
        environment: &Environment,
    ) -> Result<String, ActionError> {
        self.evaluate(step, path, environment, |evaluation| evaluation.message(message))
    }

    fn evaluate<T>(
        &self,
        step: &'r Step,
        path: &str,
        environment: &Environment,
        make: impl FnOnce(&mut Evaluation<'r, '_>) -> Result<T, Vec<Issue>>,
    ) -> Result<T, ActionError> {
        let key = self.key(path);
        let text = text_of(environment);
        let context = ActionContext { now: self.now, key: &key };
        let evaluation = Evaluation::new(self.plan, step, &context, &text);
        evaluation.and_then(|mut evaluation| make(&mut evaluation)).map_err(|issues| misfits(path, &issues))
    }

    /// The records that the steps touched, each model with the source's ids, in the order of the plan.
    pub fn touched(
        &self,
        environment: &Environment,
    ) -> Result<Vec<(&'static crate::model::Model, Vec<String>)>, ActionError> {
        let key = self.key("touches");
        let text = text_of(environment);
        let touched = self.plan.touched(&ActionContext { now: self.now, key: &key }, &text);
        let mut models: Vec<(&'static crate::model::Model, Vec<String>)> = Vec::new();
        for record in touched.map_err(|issues| misfits("touches", &issues))? {
            match models.iter_mut().find(|(model, _)| *model == record.model) {
                Some((_, ids)) if ids.contains(&record.remote_id) => {}
                Some((_, ids)) => ids.push(record.remote_id),
                None => models.push((record.model, vec![record.remote_id])),
            }
        }
        Ok(models)
    }
}

fn failure<'r>(fail: &'r Fail, evaluation: &mut Evaluation<'r, '_>) -> Result<ActionError, Vec<Issue>> {
    let message = evaluation.message(fail.message())?;
    let code = match fail.code() {
        FailCode::InputInvalid => Code::InputInvalid,
        FailCode::NotFound => Code::NotFound,
        FailCode::JobClosed => Code::JobClosed,
        FailCode::ApplicationExists => Code::ApplicationExists,
        FailCode::Refused => Code::Refused,
    };
    let at = fail.at().map(|pointer| InputProblem { pointer: pointer.to_owned(), message: message.clone() });
    Ok(ActionError { problems: at.into_iter().collect(), ..ActionError::new(code, message) })
}

/// Values that do not fit into a request.
fn misfits(path: &str, issues: &[Issue]) -> ActionError {
    let said: Vec<String> = issues.iter().map(ToString::to_string).collect();
    let message = format!("the step `{path}` cannot be done with this input: {}", said.join("; "));
    ActionError { step: Some(path.to_owned()), ..ActionError::new(Code::InputInvalid, message) }
}

pub(super) fn text_of(environment: &Environment) -> String {
    serde_json::to_string(environment).expect("a map of values is JSON")
}

/// What an answer binds: the text that came under the name of its field.
pub(super) fn bound(request: &Request, value: Option<&str>) -> Result<Value, ActionError> {
    let value = match value {
        Some(text) => serde_json::from_str(text).map_err(|error| {
            ActionError::new(Code::RemoteError, format!("the answer to `{}` cannot be read: {error}", request.name))
        })?,
        None => Value::Null,
    };
    let data = Value::Object([(request.root.clone(), value)].into_iter().collect());
    Ok(request.result(&data))
}

/// Where the names of an environment come from in the input, as JSON pointers.
#[derive(Debug, Clone, Default)]
pub(super) struct Pointers(Vec<(String, String)>);

impl Pointers {
    /// Only the input itself.
    pub fn of_input() -> Pointers {
        Pointers(vec![("input".to_owned(), String::new())])
    }

    /// The same with a name for a part of it.
    pub fn with(&self, name: &str, pointer: Option<String>) -> Pointers {
        let mut pointers = self.0.clone();
        pointers.retain(|(known, _)| known != name);
        pointers.extend(pointer.map(|pointer| (name.to_owned(), pointer)));
        Pointers(pointers)
    }

    /// The pointer of a path such as `attachment.data`; none where it leads elsewhere.
    pub fn of(&self, path: &str) -> Option<String> {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let (_, pointer) = self.0.iter().find(|(known, _)| known == name)?;
        let rest: String = rest.split('.').filter(|part| !part.is_empty()).map(|part| format!("/{part}")).collect();
        Some(format!("{pointer}{rest}"))
    }
}
