//! The compiled form of a mapping: immutable, shared by threads, nothing left to look up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::ImmutableString;

use super::changes::Changes;
use super::condition::Operator;
use super::custom::CustomFields;
use super::kind::NamedKind;
use super::shape::{Column, Scope};
use super::time::Moment;
use super::{Context, Issue, Mapped, Reads, Signature};
use crate::diagnostics::Place;
use crate::model::{Kind, Model};
use crate::script::Library;
use crate::table::Table;

/// A read that was derived from a mapping: a GraphQL document with the variables `$size` and `$page`, or `$cursor` where
/// pages begin at cursors, or with `$id` where one record is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Operation {
    /// The name of the operation in the document.
    pub name: String,
    /// The document.
    pub text: String,
    /// The field of the query type that holds the pages or the record.
    pub root: String,
    /// What is sent as the variable `$filter`, where the document has one.
    pub filter: Option<String>,
    /// The paths of a row that tell it from others. Empty where nobody asks which row it is.
    pub ids: Vec<String>,
    /// The other paths of a row without which it cannot be stored: a mark of deletion that is not read would look like
    /// none, and a record without its group like one that left it.
    pub needed: Vec<String>,
}

/// A compiled mapping. [`Plan::session`](super::Session) maps records with it.
#[derive(Debug)]
pub struct Plan {
    pub(super) model: &'static Model,
    pub(super) operation: Operation,
    /// Asks for one record by the variable `$id`.
    pub(super) one: Option<Operation>,
    /// Asks for rows that changed since a moment.
    pub(super) changes: Option<Changes>,
    /// Asks for the ids of all rows.
    pub(super) ids: Option<Operation>,
    /// Names what decides which rows are read.
    pub(super) rows: String,
    /// Whether the list leaves out rows that can be asked for by their ids.
    pub(super) chooses_rows: bool,
    pub(super) reads: Reads,
    pub(super) signature: Signature,
    pub(super) scope: Scope,
    /// The path from a page to its rows.
    pub(super) rows_of_page: Box<[Box<str>]>,
    pub(super) remote_id: FieldPlan,
    pub(super) fields: Vec<FieldPlan>,
    pub(super) deletion: Option<(usize, i64)>,
    pub(super) group: Option<GroupKey>,
    pub(super) members_of: Option<GroupKey>,
    pub(super) flags: BTreeMap<i64, bool>,
    pub(super) library: Library,
    /// The tables that the functions of the library ask.
    pub(super) tables_of_scripts: Vec<Arc<Table>>,
    /// What each field is filled from, for `coverage`.
    pub(super) sources: Vec<FieldSource>,
    /// The texts, in lower case, that lookups in a table can meet; none when they can meet any.
    pub(super) lookups: Vec<(String, Option<BTreeSet<String>>)>,
}

/// What a field of a model is filled from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldSource {
    /// The field.
    pub field: String,
    /// The paths of the source that it reads.
    pub paths: Vec<String>,
    /// The paths of lists that it goes over, and of objects of which it asks whether they are there.
    pub objects: Vec<String>,
    /// Tables, functions and kinds that take part.
    pub through: Vec<String>,
    /// Whether anything fills it.
    pub mapped: bool,
    /// Where its rule stands; none when no file speaks of it.
    pub place: Option<Place>,
    /// Where the mapping's own rule stands, when an overlay took its place.
    pub replaces: Option<Place>,
}

/// The value by which records belong together.
#[derive(Debug)]
pub(super) struct GroupKey {
    pub slot: usize,
    /// Where the mapping names it.
    pub place: Place,
}

/// A field of the record or of an object in it.
#[derive(Debug)]
pub(super) struct FieldPlan {
    pub name: &'static str,
    /// Where it is mapped; none when no file speaks of it.
    pub place: Option<Box<Place>>,
    /// Where it was mapped before a connection replaced that.
    pub replaces: Option<Box<Place>>,
    /// `"name":`, to be written as it is.
    pub key: Box<[u8]>,
    pub kind: &'static Kind,
    pub required: bool,
    /// Alternatives; none when the field is switched off.
    pub rules: Vec<Rule>,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub place: Box<Place>,
    pub each: Option<Each>,
    pub when: Option<When>,
    pub origin: Origin,
    pub fit: Option<Fit>,
    pub default: Option<Placed<Constant>>,
    /// Of a list's objects: the field whose values may come only once.
    pub unique: Option<usize>,
    /// Of several dates: which one counts, in place of the first.
    pub take: Option<Take>,
}

/// Something that a file says, and where.
#[derive(Debug)]
pub(super) struct Placed<T> {
    pub value: T,
    pub place: Box<Place>,
}

/// Which of several dates counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    Earliest,
    Latest,
}

/// A part of a joined text.
#[derive(Debug)]
pub(super) enum Part {
    Column(Column),
    Setting(Setting),
    /// The mark of a step of an action.
    Key,
}

/// What is known beside the row.
#[derive(Debug)]
pub(super) enum Variable {
    Now,
    Setting(Setting),
    /// The mark of a step of an action.
    Key,
}

/// What a connection says.
#[derive(Debug)]
pub(super) struct Setting {
    pub name: String,
    pub value: ImmutableString,
}

#[derive(Debug)]
pub(super) enum Each {
    Items(usize),
    Present(usize),
}

#[derive(Debug)]
pub(super) enum Origin {
    Path(Vec<usize>),
    Join {
        parts: Vec<Part>,
        with: String,
    },
    Value(Constant),
    Call(Box<Call>),
    Object(Vec<FieldPlan>),
    /// An input object of the source.
    Input(Vec<FieldPlan>),
    Variable(Variable),
    Ref {
        entity: &'static str,
        slots: Vec<usize>,
    },
    All(Vec<Rule>),
    CustomFields(CustomFields),
}

#[derive(Debug)]
pub(super) struct Call {
    pub function: String,
    pub arguments: Vec<Argument>,
    /// The arguments as they are written.
    pub written: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Argument {
    Slot(usize),
    /// A column of the items of a list.
    Items(Column),
    Now,
    Setting(ImmutableString),
    /// The mark of a step of an action.
    Key,
}

#[derive(Debug)]
pub(super) struct Fit {
    pub through: Through,
    pub otherwise: Placed<Otherwise>,
}

#[derive(Debug)]
pub(super) enum Through {
    /// The table, and each of its values ready to be written.
    Table(Arc<Table>, Vec<Constant>),
    Kind(NamedKind),
}

#[derive(Debug)]
pub(super) enum Otherwise {
    Keep,
    Null,
    Error,
    Next,
    Value(Constant),
}

/// A value as it is written into the unified record.
pub(super) type Constant = Box<[u8]>;

/// The condition of a rule.
#[derive(Debug)]
pub(super) struct When {
    pub test: Test,
    /// As it is written.
    pub text: Box<str>,
    pub place: Box<Place>,
}

#[derive(Debug)]
pub(super) enum Test {
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
    /// A condition of the mapping's `conditions`.
    Named(Box<Named>),
    Ask(Ask),
}

/// A named condition where it is used.
#[derive(Debug)]
pub(super) struct Named {
    pub name: String,
    pub test: Test,
    /// Where it is defined.
    pub place: Place,
}

/// A question about one value.
#[derive(Debug)]
pub(super) struct Ask {
    pub slot: usize,
    pub check: Check,
    /// As one would write it.
    pub written: Box<str>,
}

#[derive(Debug)]
pub(super) enum Check {
    Compare(Operator, Operand),
    In(Vec<Operand>),
    /// The text stands in the table, as any value or as the one of that index.
    InTable(Arc<Table>, Option<usize>),
    Empty,
    Filled,
}

#[derive(Debug, Clone)]
pub(super) enum Operand {
    Number(f64),
    /// In lower case.
    Text(String),
    Flag(bool),
    Moment(Moment),
    Now,
}

impl Plan {
    /// The model whose records it makes.
    pub fn model(&self) -> &'static Model {
        self.model
    }

    /// The read that it needs.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The read of one record by the source's id, if the mapping names a query for it. It asks for the same values as
    /// [`Plan::operation`].
    pub fn one(&self) -> Option<&Operation> {
        self.one.as_ref()
    }

    /// The reads of rows that changed since a moment, where the source can be asked for them. They ask for the same values as
    /// [`Plan::operation`].
    pub fn changes(&self) -> Option<&Changes> {
        self.changes.as_ref()
    }

    /// The read of the ids of all rows and of nothing else, for [`Plan::identify`].
    pub fn ids(&self) -> Option<&Operation> {
        self.ids.as_ref()
    }

    /// Whether the source marks rows of this model as deleted. Where it does not, a row that is gone is just not there.
    pub fn marks_deletions(&self) -> bool {
        self.deletion.is_some()
    }

    /// What it does, whatever its files are written like.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// What its read fetches of each row.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// Names what decides which rows are read, and in which order: the field of the query type and its arguments, `where`
    /// and `sort` among them. What is read of each row does not count.
    pub fn rows_signature(&self) -> &str {
        &self.rows
    }

    /// Whether the list leaves out rows that can be asked for by their ids: by a filter, or by arguments of its own.
    pub fn chooses_rows(&self) -> bool {
        self.chooses_rows
    }

    /// The texts, in lower case, that lookups in a table can meet, where the schema tells them.
    pub fn texts_of(&self, table: &str) -> impl Iterator<Item = &BTreeSet<String>> {
        self.lookups.iter().filter(move |(name, _)| name == table).filter_map(|(_, texts)| texts.as_ref())
    }

    /// Whether some lookup in a table can meet any text.
    pub fn asks_anything_of(&self, table: &str) -> bool {
        self.lookups.iter().any(|(name, texts)| name == table && texts.is_none())
    }

    /// Whether it asks what the source calls its free fields and their options.
    pub fn needs_labels(&self) -> bool {
        let mut rules = self.fields.iter().flat_map(|field| &field.rules);
        rules.any(|rule| matches!(&rule.origin, Origin::CustomFields(custom) if custom.needs_labels()))
    }

    /// What each field is filled from, in the order of the model.
    pub fn sources(&self) -> &[FieldSource] {
        &self.sources
    }

    /// Maps one record. For many, [`Plan::session`] saves work.
    pub fn map(&self, raw: &str, context: &Context<'_>) -> Result<Mapped, super::Failure> {
        let mut mapped = Mapped::default();
        self.session(context).map(raw, &mut mapped)?;
        Ok(mapped)
    }
}

impl Plan {
    /// The source's id of a record that cannot be mapped, if it has one where the mapping looks for it.
    pub fn identify(&self, raw: &str) -> Option<String> {
        let record: serde_json::Value = serde_json::from_str(raw).ok()?;
        let paths = self.remote_id.rules.iter().filter_map(|rule| match &rule.origin {
            Origin::Path(slots) => Some(slots.iter().map(|slot| &self.scope.slots[*slot].path)),
            _ => None,
        });
        paths.flatten().find_map(|path| {
            let found = path.split('.').try_fold(&record, |value, name| value.get(name))?;
            match found {
                serde_json::Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
                serde_json::Value::Number(number) => Some(number.to_string()),
                _ => None,
            }
        })
    }
}

/// An issue of `field`.
pub(super) fn unmapped(field: &str, message: impl Into<String>) -> Issue {
    Issue { field: field.to_owned(), severity: super::Severity::Unmapped, message: message.into() }
}
