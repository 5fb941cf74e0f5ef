//! What an action would do: its questions are asked, its changes are not sent.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::files::Files;
use super::machine::at;
use super::step::{Context, Environment, Pointers, Turn, bound, text_of};
use super::{Acting, ActionError, Resolved, Wish, new_id, placeholder};
use crate::mapping::action::{Request, Step, StepKind};
use crate::source::Command;

/// How often a value that stands for an unknown one is replaced before a step is given up.
const TRIES: usize = 32;

/// What an action would do, as far as that can be known.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DryRun {
    /// The action.
    pub action: String,
    /// The connection.
    pub connection: String,
    /// The hash of the revision.
    pub revision: String,
    /// The source's ids that ids of the input stand for.
    pub ids: Vec<Resolved>,
    /// Its steps, as far as it comes.
    pub steps: Vec<DryStep>,
    /// What it would say besides.
    pub warnings: Vec<String>,
    /// Why it would end before its end.
    pub error: Option<ActionError>,
}

/// A step as it would be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DryStep {
    /// Where it stands, such as `attachments[0].upload`.
    pub path: String,
    /// What it is: `find`, `create`, `update`, `call`, `for_each`, `fetch_file`, `fail`, `warn` or `stop`.
    pub kind: String,
    /// Its condition, as it is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// Whether it has no turn, since the condition does not hold.
    #[serde(default)]
    pub skipped: bool,
    /// What is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sends: Option<Operation>,
    /// What is asked before it is sent again; none where it may be sent again as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks_first: Option<Operation>,
    /// What its name stands for: what was found, or, for what was not sent, what each value would be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gives: Option<Value>,
    /// What it says, or goes over, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
}

/// An operation with its variables.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// The GraphQL document.
    pub document: String,
    /// The variables. What stands for a file says how large it is.
    pub variables: Value,
    /// Which values a function of a script decided: where each stands, and the function.
    pub decided: Vec<(String, String)>,
}

impl Acting {
    /// What an action would do. Nothing is written, at the source or in the store.
    pub async fn dry_run(&self, wish: &Wish) -> Result<DryRun, ActionError> {
        let revision = self.reading.live.revision();
        let plan = self.plan(&revision, wish.action)?;
        let (mut input, ids) = self.resolved(wish).await?;
        let run = new_id();
        let mut files = Files::new(self.fetcher.clone(), &run);
        let warnings = plan.warnings(&input);
        files.take_out(wish.action, &mut input);
        let context = Context { plan: &plan, run: &run, now: Timestamp::now() };
        let mut preview = Preview { acting: self, context, files, steps: Vec::new(), warnings };
        let mut environment: Environment = [("input".to_owned(), input)].into_iter().collect();
        let ended = preview.steps(plan.steps(), &mut environment, String::new(), &Pointers::of_input()).await;
        let Preview { steps, warnings, .. } = preview;
        Ok(DryRun {
            action: wish.action.name.to_owned(),
            connection: self.reading.connection.clone(),
            revision: revision.hash.clone(),
            ids,
            steps,
            warnings,
            error: ended.err(),
        })
    }
}

struct Preview<'r> {
    acting: &'r Acting,
    context: Context<'r>,
    files: Files,
    steps: Vec<DryStep>,
    warnings: Vec<String>,
}

impl<'r> Preview<'r> {
    /// Goes through steps in order; false when the action ends here.
    fn steps<'a>(
        &'a mut self,
        steps: &'r [Step],
        environment: &'a mut Environment,
        before: String,
        pointers: &'a Pointers,
    ) -> BoxFuture<'a, Result<bool, ActionError>>
    where
        'r: 'a,
    {
        async move {
            for step in steps {
                let path = format!("{before}{}", step.id());
                if !self.step(step, &path, environment, pointers).await? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        .boxed()
    }

    async fn step(
        &mut self,
        step: &'r Step,
        path: &str,
        environment: &mut Environment,
        pointers: &Pointers,
    ) -> Result<bool, ActionError> {
        let turn = self.turn(step, path, environment).map_err(|error| at(error, path))?;
        let mut dry = DryStep {
            path: path.to_owned(),
            kind: kind(step).to_owned(),
            when: step.condition().map(str::to_owned),
            skipped: matches!(turn, Turn::Skipped),
            sends: None,
            asks_first: None,
            gives: None,
            says: None,
        };
        match (turn, step.kind()) {
            (Turn::Find(request), StepKind::Find(find)) => {
                let value = match &request {
                    Some(request) => self.ask(request).await.map_err(|error| at(error, path))?,
                    None => Value::Null,
                };
                dry.sends = request.as_ref().map(|request| self.shown(request));
                dry.gives = Some(value.clone());
                self.steps.push(dry);
                if value.is_null()
                    && let Some(fail) = find.none()
                {
                    return Err(at(self.context.none(step, fail, path, environment), path));
                }
                environment.insert(find.name().to_owned(), value);
            }
            (Turn::Mutate(request, already), StepKind::Mutate(mutate)) => {
                let value = placeholder::of_document(&request.document, &request.root, mutate.name());
                dry.sends = Some(self.shown(&request));
                dry.asks_first = already.map(|already| self.shown(&already));
                dry.gives = Some(value.clone());
                self.steps.push(dry);
                environment.insert(mutate.name().to_owned(), value);
            }
            (Turn::ForEach(entries), StepKind::ForEach(each)) => {
                dry.says = Some(format!("{} of {}", entries.len(), each.list()));
                self.steps.push(dry);
                for (number, entry) in entries.into_iter().enumerate() {
                    let mut inside = environment.clone();
                    inside.insert(each.name().to_owned(), entry);
                    let pointer = pointers.of(each.list()).map(|list| format!("{list}/{number}"));
                    let pointers = pointers.with(each.name(), pointer);
                    if !self.steps(each.steps(), &mut inside, format!("{path}[{number}]."), &pointers).await? {
                        return Ok(false);
                    }
                }
            }
            (Turn::File(said), StepKind::FetchFile(fetch)) => {
                let value = match said {
                    Some(said) => {
                        let pointer = pointers.of(fetch.from()).unwrap_or_default();
                        self.files.fetch(fetch, path, said, pointer).await.map_err(|error| at(error, path))?
                    }
                    None => Value::Null,
                };
                dry.gives = serde_json::from_str(&self.files.shown(&value.to_string())).ok();
                self.steps.push(dry);
                environment.insert(fetch.name().to_owned(), value);
            }
            (Turn::Fail(error), _) => {
                dry.says = Some(error.message.clone());
                self.steps.push(dry);
                return Err(at(error, path));
            }
            (Turn::Warn(message), _) => {
                dry.says = Some(message.clone());
                self.steps.push(dry);
                self.warnings.push(message);
            }
            (Turn::Stop, _) => {
                self.steps.push(dry);
                return Ok(false);
            }
            _ => self.steps.push(dry),
        }
        Ok(true)
    }

    /// What a step comes to. What stands for an answer that did not come may not fit: then other values are tried.
    fn turn(&self, step: &'r Step, path: &str, environment: &mut Environment) -> Result<Turn, ActionError> {
        for _ in 0..TRIES {
            match self.context.misfit(step, path, environment) {
                Some(misfit) if is_unknown(environment, &misfit) => {
                    let mut whole = Value::Object(std::mem::take(environment));
                    let replaced = placeholder::replace(&mut whole, &misfit);
                    if let Value::Object(members) = whole {
                        *environment = members;
                    }
                    if !replaced {
                        break;
                    }
                }
                _ => break,
            }
        }
        self.context.turn(step, path, environment)
    }

    async fn ask(&mut self, request: &Request) -> Result<Value, ActionError> {
        let variables = self.files.filled(text_of(&request.variables)).await?;
        let command =
            Command { name: &request.name, text: &request.document, root: &request.root, variables: &variables };
        let answer = self.acting.reading.source.ask(&command).await;
        bound(request, answer.map_err(|error| ActionError::of_source(&error, false))?.as_deref())
    }

    fn shown(&self, request: &Request) -> Operation {
        let variables = self.files.shown(&text_of(&request.variables));
        Operation {
            name: request.name.clone(),
            document: request.document.to_string(),
            variables: serde_json::from_str(&variables).unwrap_or_else(|_| Value::Object(Map::new())),
            decided: request.decided.iter().map(|one| (one.path.clone(), one.function.clone())).collect(),
        }
    }
}

/// Whether a path leads to something that no answer said: the input is what it is.
fn is_unknown(environment: &Environment, path: &str) -> bool {
    let name = path.split('.').next().unwrap_or_default();
    name != "input" && environment.contains_key(name)
}

fn kind(step: &Step) -> &'static str {
    match step.kind() {
        StepKind::Find(_) => "find",
        StepKind::Mutate(mutate) => mutate.word().as_str(),
        StepKind::ForEach(_) => "for_each",
        StepKind::FetchFile(_) => "fetch_file",
        StepKind::Fail(_) => "fail",
        StepKind::Warn(_) => "warn",
        StepKind::Stop => "stop",
    }
}
