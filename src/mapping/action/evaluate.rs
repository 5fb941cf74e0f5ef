//! The values of a step: pure, from the text of the environment and the plan.

use std::sync::Arc;

use jiff::Timestamp;
use rhai::ImmutableString;
use serde_json::{Map, Value as Json};

use super::super::calls::Calls;
use super::super::eval::{Eval, Found, Now};
use super::super::plan::{Call, FieldPlan, Rule, Test, When};
use super::super::project::{Projection, Row};
use super::super::record::NO_LABELS;
use super::super::shape::Scope;
use super::super::trace::Trace;
use super::super::write::Manner;
use super::super::{Failure, Issue, Severity};
use super::filter::{Filter, Piece, Quoting};
use super::plan::{ActionPlan, Ask, MadeMessage, Message, Mutate, Repetition, Step, StepKind};
use crate::model::{Kind, Model};

/// What an action may know beside its environment.
#[derive(Debug, Clone, Copy)]
pub struct ActionContext<'a> {
    /// `$now`: when the run began.
    pub now: Timestamp,
    /// `$key`: a text that is unique for run and step, and the same each time the step is repeated.
    pub key: &'a str,
}

/// A request to the source, with its values.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The GraphQL document.
    pub document: Arc<str>,
    /// The name of its operation.
    pub name: String,
    /// The field of the query or mutation type that holds the result.
    pub root: String,
    /// The variables; those without a value are left out.
    pub variables: Map<String, Json>,
    /// Which values a function decided, for whoever looks before anything is sent.
    pub decided: Vec<Decided>,
    rows: Option<Box<[Box<str>]>>,
}

/// A value that a function decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Where it stands in the variables, such as `request.additionalInfoPartial`.
    pub path: String,
    /// The function.
    pub function: String,
}

/// A record that an action touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The model of the record.
    pub model: &'static Model,
    /// The source's id of it.
    pub remote_id: String,
}

/// What is wrong with the values of a step.
pub type Issues = Vec<Issue>;

/// The values of one step in one environment.
pub struct Evaluation<'p, 'a> {
    plan: &'p ActionPlan,
    step: Option<&'p Step>,
    now: Now,
    key: ImmutableString,
    environment: &'a str,
    projection: Projection<'a>,
    row: Row,
    scope: &'p Scope,
    calls: Calls<'p>,
}

impl<'p, 'a> Evaluation<'p, 'a> {
    /// Reads an environment for a step: a JSON object with `input`, the names that earlier steps bound, and inside of a list
    /// the name of its entry. The issues say what in it is of the wrong type.
    pub fn new(
        plan: &'p ActionPlan,
        step: &'p Step,
        context: &ActionContext<'_>,
        environment: &'a str,
    ) -> Result<Evaluation<'p, 'a>, Issues> {
        let mut evaluation = Evaluation::read(plan, &step.scope, context, environment)?;
        evaluation.step = Some(step);
        Ok(evaluation)
    }

    fn read(
        plan: &'p ActionPlan,
        scope: &'p Scope,
        context: &ActionContext<'_>,
        environment: &'a str,
    ) -> Result<Evaluation<'p, 'a>, Issues> {
        let mut projection = Projection::default();
        let row = projection.read(scope, &plan.rows_of_page, environment);
        let row = row.map_err(|Failure(why)| vec![failed("", why)])?;
        let misfits = projection.misfits().iter();
        let misfits: Issues = misfits
            .map(|misfit| {
                failed(&misfit.path, format!("something else than {} stands in `{}`", misfit.wanted, misfit.path))
            })
            .collect();
        if !misfits.is_empty() {
            return Err(misfits);
        }
        Ok(Evaluation {
            plan,
            step: None,
            now: Now::new(context.now),
            key: context.key.into(),
            environment,
            projection,
            row,
            scope,
            calls: Calls::new(plan.library.caller()),
        })
    }

    /// Whether the step has its turn.
    pub fn holds(&mut self) -> bool {
        let Some(When { test, .. }) = self.step.and_then(|step| step.when.as_ref()) else { return true };
        self.make("when", Work::Test(test), &mut Vec::new()).0
    }

    /// What the step asks the source for, or to do. None for a search of which a value is missing, so that nothing can be
    /// found, and for steps that ask for nothing.
    pub fn request(&mut self) -> Result<Option<Request>, Issues> {
        match self.step.map(|step| &step.kind) {
            Some(StepKind::Find(find)) => self.find(&find.ask),
            Some(StepKind::Mutate(mutate)) => self.asked(&mutate.ask).and_then(|(request, missing)| match missing {
                Some(missing) => Err(vec![failed(&missing, "has no value, and the source demands one".into())]),
                None => Ok(Some(request)),
            }),
            _ => Ok(None),
        }
    }

    /// What a change is looked for by before it is sent again: a result means that it happened, and is the step's own.
    /// None for what may be repeated without asking.
    pub fn already(&mut self) -> Result<Option<Request>, Issues> {
        let Some(StepKind::Mutate(Mutate { repetition: Repetition::Ask(ask), .. })) = self.step.map(|step| &step.kind)
        else {
            return Ok(None);
        };
        // Nothing to look for is no proof that there is nothing.
        self.asked(ask).and_then(|(request, missing)| match missing {
            Some(missing) => Err(vec![failed(&missing, "has no value, so nobody can tell what was done".into())]),
            None => Ok(Some(request)),
        })
    }

    /// The text of a message of the step.
    pub fn message(&mut self, message: &'p Message) -> Result<String, Issues> {
        match message {
            Message::Fixed(text) => Ok(text.clone()),
            Message::Made(MadeMessage(rules)) => {
                let text = self.text("message", rules)?;
                text.ok_or_else(|| vec![failed("message", "there is no text".into())])
            }
        }
    }

    /// The entries of the list that the step goes over.
    pub fn items(&self) -> Vec<Json> {
        let Some(StepKind::ForEach(each)) = self.step.map(|step| &step.kind) else { return Vec::new() };
        match self.found(&each.list) {
            Some(Json::Array(items)) => items.into_iter().filter(|item| !item.is_null()).collect(),
            _ => Vec::new(),
        }
    }

    /// The object that says what file is fetched; none when there is none.
    pub fn file(&self) -> Option<Json> {
        let Some(StepKind::FetchFile(fetch)) = self.step.map(|step| &step.kind) else { return None };
        self.found(&fetch.from).filter(Json::is_object)
    }

    /// What stands at the end of a path; of a page, its rows.
    fn found(&self, path: &str) -> Option<Json> {
        let mut here: Json = serde_json::from_str(self.environment).ok()?;
        for name in path.split('.') {
            here = here.get_mut(name)?.take();
        }
        match here {
            Json::Object(_) if rows(&here, &self.plan.rows_of_page).is_some() => {
                rows(&here, &self.plan.rows_of_page).map(|rows| rows.into_iter().cloned().collect())
            }
            other => Some(other),
        }
    }

    fn find(&mut self, ask: &'p Ask) -> Result<Option<Request>, Issues> {
        let (request, missing) = self.asked(ask)?;
        Ok(missing.is_none().then_some(request))
    }

    /// A request, and the name of a value that it cannot do without and has none.
    fn asked(&mut self, ask: &'p Ask) -> Result<(Request, Option<String>), Issues> {
        let mut decided = Vec::new();
        let mut missing = None;
        let mut variables = self.members(&ask.arguments, "", &mut missing, &mut decided)?;
        if let Some(filter) = &ask.filter {
            let mut of_filter = Vec::new();
            let values = self.members(&filter.with, "", &mut missing, &mut of_filter)?;
            decided.extend(of_filter.into_iter().map(|one| Decided { path: filter.argument.clone(), ..one }));
            if missing.is_none() {
                let text = written(filter, &values, &self.key, &self.plan.quoting)?;
                variables.insert(filter.argument.clone(), Json::String(text));
            }
        }
        let request = Request {
            document: Arc::clone(&ask.document),
            name: ask.name.clone(),
            root: ask.root.clone(),
            variables,
            decided,
            rows: ask.pages.then(|| self.plan.rows_of_page.clone()),
        };
        Ok((request, missing))
    }

    /// The values of some members, those without one left out; `missing` is set to one that has none and must.
    fn members(
        &mut self,
        fields: &'p [FieldPlan],
        before: &str,
        missing: &mut Option<String>,
        decided: &mut Vec<Decided>,
    ) -> Result<Map<String, Json>, Issues> {
        let mut members = Map::new();
        let mut issues = Vec::new();
        for field in fields {
            let mut out = Vec::new();
            let (found, told) = self.make(field.name, Work::Field(field), &mut out);
            issues.extend(told.issues);
            decided
                .extend(told.decided.into_iter().map(|one| Decided { path: format!("{before}{}", one.path), ..one }));
            if found {
                let written = &out[field.key.len()..];
                members
                    .insert(field.name.to_owned(), serde_json::from_slice(written).expect("what was written is JSON"));
            } else if field.required {
                missing.get_or_insert_with(|| field.name.to_owned());
            }
        }
        if issues.is_empty() { Ok(members) } else { Err(issues) }
    }

    fn text(&mut self, field: &'static str, rules: &'p [Rule]) -> Result<Option<String>, Issues> {
        let mut out = Vec::new();
        let (found, told) = self.make(field, Work::Text(rules), &mut out);
        if !told.issues.is_empty() {
            return Err(told.issues);
        }
        let text = || serde_json::from_slice(&out).expect("what was written is a text");
        Ok(found.then(text))
    }

    /// Lets rules do their work: whether they found something, and what they told.
    fn make(&mut self, field: &'static str, work: Work<'p>, out: &mut Vec<u8>) -> (bool, Listener) {
        let mut issues = Vec::new();
        let mut listener = Listener { path: Vec::new(), decided: Vec::new(), issues: Vec::new() };
        let mut eval = Eval {
            connection: "",
            labels: &NO_LABELS,
            now: &self.now,
            key: Some(&self.key),
            manner: Manner { flags: &self.plan.flags, terms: Some(&self.plan.terms) },
            projection: &self.projection,
            calls: &mut self.calls,
            scope: self.scope,
            field,
            issues: &mut issues,
            trace: &mut listener,
            mark_key: None,
            mark: 0..0,
        };
        let found = match work {
            Work::Test(test) => eval.test(test, self.row),
            Work::Field(field) => eval.field(field, self.row, out),
            Work::Text(rules) => eval.alternatives(rules, &Kind::Text, self.row, out) == Found::Value,
        };
        (found, listener)
    }
}

impl ActionPlan {
    /// The records that an action touched, by the environment that its steps left. A record of which there is no id was not.
    pub fn touched(&self, context: &ActionContext<'_>, environment: &str) -> Result<Vec<Touched>, Issues> {
        let Some(touches) = &self.touches else { return Ok(Vec::new()) };
        let mut evaluation = Evaluation::read(self, &touches.scope, context, environment)?;
        let mut touched = Vec::new();
        for (model, field) in &touches.fields {
            let remote_id = evaluation.text(model.name, &field.rules)?;
            touched.extend(remote_id.map(|remote_id| Touched { model, remote_id }));
        }
        Ok(touched)
    }

    /// What to say of an input: a warning for each member that was given and that the source has no place for.
    pub fn warnings(&self, input: &Json) -> Vec<String> {
        let given = |path: &str| {
            let mut here = vec![input];
            for name in path.split('.') {
                let entries = here.into_iter().flat_map(|value| match value {
                    Json::Array(items) => items.iter().collect(),
                    other => vec![other],
                });
                here = entries.filter_map(|value| value.get(name)).collect();
            }
            here.into_iter().any(|value| !is_nothing(value))
        };
        self.unread.iter().filter(|(path, _)| given(path)).map(|(_, message)| message.clone()).collect()
    }
}

fn is_nothing(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::String(text) => text.trim().is_empty(),
        Json::Array(items) => items.iter().all(is_nothing),
        Json::Object(members) => members.values().all(is_nothing),
        Json::Bool(_) | Json::Number(_) => false,
    }
}

impl Request {
    /// What a name is bound to, out of the `data` of an answer: the object, or the first row of the page. Null when the
    /// source gave none.
    pub fn result(&self, data: &Json) -> Json {
        let found = data.get(&self.root).unwrap_or(&Json::Null);
        let Some(path) = &self.rows else { return found.clone() };
        let rows = rows(found, path).unwrap_or_default();
        rows.into_iter().find(|row| !row.is_null()).cloned().unwrap_or(Json::Null)
    }
}

/// The rows of a page.
fn rows<'j>(page: &'j Json, path: &[Box<str>]) -> Option<Vec<&'j Json>> {
    let mut here = vec![page];
    let mut lists = 0;
    for name in path {
        let members: Option<Vec<&Json>> =
            here.into_iter().filter(|value| !value.is_null()).map(|value| value.get(&**name)).collect();
        here = Vec::new();
        for member in members? {
            match member {
                Json::Array(items) => {
                    lists += 1;
                    here.extend(items);
                }
                other => here.push(other),
            }
        }
    }
    (lists > 0).then_some(here)
}

/// A filter with its values.
fn written(filter: &Filter, values: &Map<String, Json>, key: &str, quoting: &Quoting) -> Result<String, Issues> {
    let mut text = String::new();
    let mut issues = Vec::new();
    let mut push =
        |name: &str, value: Option<&Json>, text: &mut String| match quoting.write(value.unwrap_or(&Json::Null)) {
            Ok(written) => text.push_str(&written),
            Err(why) => issues.push(failed(name, why)),
        };
    for piece in &filter.pieces {
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Value(name) => push(name, values.get(name), &mut text),
            Piece::Key => push("$key", Some(&Json::String(key.to_owned())), &mut text),
        }
    }
    if issues.is_empty() { Ok(text) } else { Err(issues) }
}

/// What rules make.
#[derive(Clone, Copy)]
enum Work<'p> {
    Test(&'p Test),
    Field(&'p FieldPlan),
    Text(&'p [Rule]),
}

fn failed(field: &str, message: String) -> Issue {
    Issue { field: field.to_owned(), severity: Severity::Failed, message }
}

/// Hears which functions decided and what did not fit, and where.
struct Listener {
    path: Vec<&'static str>,
    decided: Vec<Decided>,
    issues: Issues,
}

impl Listener {
    fn at(&self) -> String {
        self.path.join(".")
    }
}

impl Trace for Listener {
    fn enter_field(&mut self, field: &FieldPlan) {
        self.path.push(field.name);
    }

    fn leave_field(&mut self, _out: &[u8], _start: usize) {
        self.path.pop();
    }

    fn enter_call(&mut self, call: &Call) {
        let decided = Decided { path: self.at(), function: call.function.clone() };
        if !self.decided.contains(&decided) {
            self.decided.push(decided);
        }
    }

    fn issue(&mut self, issue: &Issue) {
        let at = self.at();
        let field = if at.is_empty() { issue.field.clone() } else { at };
        let issue = Issue { field, ..issue.clone() };
        if !self.issues.contains(&issue) {
            self.issues.push(issue);
        }
    }
}
