//! The compiled form of an action: immutable, shared by threads, nothing left to look up.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::plan::{FieldPlan, Rule, When};
use super::super::shape::Scope;
use super::super::write::Terms;
use super::filter::{Filter, Quoting};
use crate::diagnostics::{Place, SourceFile};
use crate::model::{Action, Model};
use crate::script::Library;

/// A compiled action: the steps by which a source does what a unified action asks for.
#[derive(Debug)]
pub struct ActionPlan {
    pub(super) action: &'static Action,
    pub(super) file: Arc<SourceFile>,
    pub(super) steps: Vec<Step>,
    pub(super) touches: Option<Touches>,
    /// Input fields that no step reads, each with what is said when it was given.
    pub(super) unread: Vec<(String, String)>,
    pub(super) flags: BTreeMap<i64, bool>,
    pub(super) terms: Terms,
    pub(super) library: Library,
    /// The path from a page to its rows.
    pub(super) rows_of_page: Box<[Box<str>]>,
    pub(super) quoting: Quoting,
    pub(super) signature: String,
}

/// One step of an action.
#[derive(Debug)]
pub struct Step {
    pub(super) id: String,
    pub(super) place: Place,
    pub(super) when: Option<When>,
    pub(super) kind: StepKind,
    /// What it reads of the environment.
    pub(super) scope: Scope,
}

/// What a step does.
#[derive(Debug)]
pub enum StepKind {
    /// Asks the source for one object, and binds a name to it or to null.
    Find(Find),
    /// Changes something at the source, and binds a name to what the source returns.
    Mutate(Mutate),
    /// Does its steps for each entry of a list.
    ForEach(ForEach),
    /// Takes a file out of the environment, or fetches it, and binds a name to it.
    FetchFile(FetchFile),
    /// Ends the action with an error.
    Fail(Fail),
    /// Adds a warning to the result.
    Warn(Message),
    /// Ends the action well.
    Stop,
}

/// Asks the source for one object.
#[derive(Debug)]
pub struct Find {
    pub(super) name: String,
    pub(super) ask: Ask,
    pub(super) none: Option<Fail>,
}

/// Changes something at the source.
#[derive(Debug)]
pub struct Mutate {
    pub(super) name: String,
    pub(super) word: Word,
    pub(super) ask: Ask,
    pub(super) repetition: Repetition,
    pub(super) on_error: Option<Message>,
}

/// What a change is called, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// Something new comes into being.
    Create,
    /// Something that is there changes.
    Update,
    /// Neither or both.
    Call,
}

/// What is done before a change is sent a second time, when it is not clear whether the first time counted.
#[derive(Debug)]
pub(super) enum Repetition {
    /// Nothing: twice is the same as once.
    Same,
    /// The source is asked for what the change makes.
    Ask(Box<Ask>),
}

/// Steps for each entry of a list.
#[derive(Debug)]
pub struct ForEach {
    pub(super) name: String,
    pub(super) list: String,
    pub(super) steps: Vec<Step>,
}

/// A file of the environment.
#[derive(Debug)]
pub struct FetchFile {
    pub(super) name: String,
    pub(super) from: String,
    pub(super) max_size: Option<u64>,
    pub(super) types: Vec<String>,
}

/// An error by which an action ends.
#[derive(Debug)]
pub struct Fail {
    pub(super) code: FailCode,
    pub(super) at: Option<String>,
    pub(super) message: Message,
}

/// Why a step ends an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailCode {
    /// The input cannot be used.
    InputInvalid,
    /// Something that the input names is not there.
    NotFound,
    /// The job takes no applications.
    JobClosed,
    /// The candidate has applied for the job already.
    ApplicationExists,
    /// The source does not do it.
    Refused,
}

/// A text that a step says: fixed, or made by a rule.
#[derive(Debug)]
pub enum Message {
    /// The text.
    Fixed(String),
    /// Made by [`Evaluation::message`](super::Evaluation::message).
    Made(MadeMessage),
}

/// The rules of a text.
#[derive(Debug)]
pub struct MadeMessage(pub(super) Vec<Rule>);

/// A request that is derived from a step.
#[derive(Debug)]
pub(super) struct Ask {
    pub name: String,
    pub document: Arc<str>,
    /// The field of the query or mutation type.
    pub root: String,
    pub arguments: Vec<FieldPlan>,
    pub filter: Option<Filter>,
    /// Whether the result is the first row of a page.
    pub pages: bool,
}

/// What an action touches.
#[derive(Debug)]
pub(super) struct Touches {
    pub fields: Vec<(&'static Model, FieldPlan)>,
    pub scope: Scope,
}

impl ActionPlan {
    /// The name of the action.
    pub fn name(&self) -> &'static str {
        self.action.name
    }

    /// The unified action.
    pub fn action(&self) -> &'static Action {
        self.action
    }

    /// The file that says how it is done.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// Its steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The models whose records it touches; which ones, [`ActionPlan::touched`] says.
    pub fn touches(&self) -> impl Iterator<Item = &'static Model> {
        self.touches.iter().flat_map(|touches| touches.fields.iter().map(|(model, _)| *model))
    }

    /// Names what the action does: the texts that it was compiled from.
    pub fn signature(&self) -> &str {
        &self.signature
    }

    /// The input fields that no step reads, as paths such as `candidate.title`, each with what to say when it was given.
    pub fn unread(&self) -> impl Iterator<Item = (&str, &str)> {
        self.unread.iter().map(|(path, message)| (path.as_str(), message.as_str()))
    }
}

impl Step {
    /// Names the step among those beside it, such as `create_candidate` or `fail_job_closed_2`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Where it stands.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// What it does.
    pub fn kind(&self) -> &StepKind {
        &self.kind
    }

    /// Its condition as it is written; [`Evaluation::holds`](super::Evaluation::holds) says whether it holds.
    pub fn condition(&self) -> Option<&str> {
        self.when.as_ref().map(|when| &*when.text)
    }

    /// The name that it binds, in the environment or, for the entries of a list, inside.
    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            StepKind::Find(Find { name, .. })
            | StepKind::Mutate(Mutate { name, .. })
            | StepKind::ForEach(ForEach { name, .. })
            | StepKind::FetchFile(FetchFile { name, .. }) => Some(name),
            StepKind::Fail(_) | StepKind::Warn(_) | StepKind::Stop => None,
        }
    }
}

impl Find {
    /// The name that is bound.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The query field that is asked.
    pub fn query(&self) -> &str {
        &self.ask.root
    }

    /// The error by which the action ends when there is no such object; without it the name is null.
    pub fn none(&self) -> Option<&Fail> {
        self.none.as_ref()
    }
}

impl Mutate {
    /// The name that is bound.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is called.
    pub fn word(&self) -> Word {
        self.word
    }

    /// The mutation field that is called.
    pub fn mutation(&self) -> &str {
        &self.ask.root
    }

    /// Whether twice is the same as once. If not, [`Evaluation::already`](super::Evaluation::already) is asked first.
    pub fn repeatable(&self) -> bool {
        matches!(self.repetition, Repetition::Same)
    }

    /// The warning that a clear refusal becomes; without it the action fails.
    pub fn on_error(&self) -> Option<&Message> {
        self.on_error.as_ref()
    }
}

impl ForEach {
    /// The name of an entry, inside.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path of the list.
    pub fn list(&self) -> &str {
        &self.list
    }

    /// What is done for each.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }
}

impl FetchFile {
    /// The name that is bound to `{name, content_type, size, content}`; `content` is base64.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path of the object that says what the file is: `name`, `content_type`, and `data` or `data_url`.
    pub fn from(&self) -> &str {
        &self.from
    }

    /// How many bytes the source takes.
    pub fn max_size(&self) -> Option<u64> {
        self.max_size
    }

    /// The media types that the source takes; any when there are none.
    pub fn types(&self) -> &[String] {
        &self.types
    }
}

impl Fail {
    /// The code.
    pub fn code(&self) -> FailCode {
        self.code
    }

    /// A JSON pointer into the input, to what is wrong.
    pub fn at(&self) -> Option<&str> {
        self.at.as_deref()
    }

    /// What to say.
    pub fn message(&self) -> &Message {
        &self.message
    }
}

impl Word {
    /// All of them.
    pub(super) const ALL: [Word; 3] = [Word::Create, Word::Update, Word::Call];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Word::Create => "create",
            Word::Update => "update",
            Word::Call => "call",
        }
    }
}

impl FailCode {
    /// All of them.
    pub(super) const ALL: [FailCode; 5] = [
        FailCode::InputInvalid,
        FailCode::NotFound,
        FailCode::JobClosed,
        FailCode::ApplicationExists,
        FailCode::Refused,
    ];

    /// As they are written.
    pub(super) const NAMES: [&'static str; 5] =
        ["input_invalid", "not_found", "job_closed", "application_exists", "refused"];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            FailCode::InputInvalid => "input_invalid",
            FailCode::NotFound => "not_found",
            FailCode::JobClosed => "job_closed",
            FailCode::ApplicationExists => "application_exists",
            FailCode::Refused => "refused",
        }
    }
}
