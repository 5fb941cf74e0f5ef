//! The compiled form of a mapping: immutable, shared by threads, nothing left to look up.

use std::collections::BTreeMap;
use std::sync::Arc;

use rhai::ImmutableString;

use super::condition::Operator;
use super::kind::NamedKind;
use super::shape::{Column, Scope};
use super::time::Moment;
use super::{Context, Issue, Mapped};
use crate::model::{Kind, Model};
use crate::script::Library;
use crate::table::Table;

/// A read that was derived from a mapping: a GraphQL document with the variables `$page` and `$size`, or `$id` where
/// one record is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The name of the operation in the document.
    pub name: String,
    /// The document.
    pub text: String,
    /// The field of the query type that holds the pages or the record.
    pub root: String,
}

/// A compiled mapping. [`Plan::session`](super::Session) maps records with it.
#[derive(Debug)]
pub struct Plan {
    pub(super) model: &'static Model,
    pub(super) operation: Operation,
    /// Asks for one record by the variable `$id`.
    pub(super) one: Option<Operation>,
    pub(super) scope: Scope,
    /// The member of a page that holds its rows.
    pub(super) rows_of_page: Box<str>,
    pub(super) remote_id: Vec<Rule>,
    pub(super) fields: Vec<FieldPlan>,
    pub(super) deletion: Option<(usize, i64)>,
    pub(super) group: Option<usize>,
    pub(super) members_of: Option<usize>,
    pub(super) flags: BTreeMap<i64, bool>,
    pub(super) library: Library,
    /// The tables that the functions of the library ask.
    pub(super) tables_of_scripts: Vec<Arc<Table>>,
    /// What each field is filled from, for `coverage`.
    pub(super) sources: Vec<FieldSource>,
}

/// What a field of a model is filled from.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct FieldSource {
    /// The field.
    pub field: String,
    /// The paths of the source that it reads.
    pub paths: Vec<String>,
    /// Tables, functions and kinds that take part.
    pub through: Vec<String>,
    /// Whether anything fills it.
    pub mapped: bool,
}

/// A field of the record or of an object in it.
#[derive(Debug)]
pub(super) struct FieldPlan {
    pub name: &'static str,
    /// `"name":`, to be written as it is.
    pub key: Box<[u8]>,
    pub kind: &'static Kind,
    pub required: bool,
    /// Alternatives; none when the field is switched off.
    pub rules: Vec<Rule>,
}

#[derive(Debug)]
pub(super) struct Rule {
    pub each: Option<Each>,
    pub when: Option<Test>,
    pub origin: Origin,
    pub fit: Option<Fit>,
    pub default: Option<Constant>,
    /// Of a list's objects: the field whose values may come only once.
    pub unique: Option<usize>,
    /// Of several dates: which one counts, in place of the first.
    pub take: Option<Take>,
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
    Setting(String),
}

#[derive(Debug)]
pub(super) enum Each {
    Items(usize),
    Present(usize),
}

#[derive(Debug)]
pub(super) enum Origin {
    Path(Vec<usize>),
    Join { parts: Vec<Part>, with: String },
    Value(Constant),
    Call { function: String, arguments: Vec<Argument> },
    Object(Vec<FieldPlan>),
    Ref { entity: &'static str, slots: Vec<usize> },
    All(Vec<Rule>),
}

#[derive(Debug)]
pub(super) enum Argument {
    Slot(usize),
    /// A column of the items of a list.
    Items(Column),
    Now,
    Setting(ImmutableString),
}

#[derive(Debug)]
pub(super) struct Fit {
    pub through: Through,
    pub otherwise: Otherwise,
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

#[derive(Debug)]
pub(super) enum Test {
    And(Vec<Test>),
    Or(Vec<Test>),
    Not(Box<Test>),
    Compare(usize, Operator, Operand),
    In(usize, Vec<Operand>),
    /// The text of the slot stands in the table, as any value or as the one of that index.
    InTable(usize, Arc<Table>, Option<usize>),
    Empty(usize),
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
        let paths = self.remote_id.iter().filter_map(|rule| match &rule.origin {
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
