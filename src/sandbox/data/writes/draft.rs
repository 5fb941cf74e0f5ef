//! A write that was understood.

use super::{Kind, Record, Value};
use serde_json::{Map, Value as Json};

/// A record to be: a new one, or what becomes of one that is there.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) kind: Kind,
    /// The record that it is about; a new one when there is none.
    pub(super) record: Option<Record>,
    /// Whether it is taken out of the list that it stands in.
    pub(super) remove: bool,
    /// Which of the kinds that share a type, as `note`.
    pub(super) ekey: Option<String>,
    pub(super) writes: Vec<(String, Write)>,
}

/// What is written into a field.
#[derive(Debug)]
pub(super) enum Write {
    Value(Value),
    /// Members that are laid over those of a dictionary; null takes one out.
    Merge(Map<String, Json>),
    /// The content of a file; none clears it.
    Content(Option<Vec<u8>>),
    /// A relation to one record, or to none.
    One(Option<Box<Draft>>),
    /// Items of a list.
    Many(Vec<Draft>),
}

impl Draft {
    pub(super) fn of(kind: Kind, record: Option<Record>) -> Draft {
        Draft { kind, record, remove: false, ekey: None, writes: Vec::new() }
    }

    /// The text that is written into a field.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.value(name)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value that is written into a field.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.writes.iter().find_map(|(field, write)| match write {
            Write::Value(value) if field == name => Some(value),
            _ => None,
        })
    }

    /// The record that is written into a relation, as far as it is there already.
    pub(super) fn linked(&self, name: &str) -> Option<Record> {
        self.writes.iter().find_map(|(field, write)| match write {
            Write::One(Some(target)) if field == name => target.record,
            _ => None,
        })
    }

    /// Whether something but null is written into a field.
    pub(super) fn gives(&self, name: &str) -> bool {
        self.writes.iter().any(|(field, write)| {
            field == name && !matches!(write, Write::Value(Value::Null) | Write::One(None) | Write::Content(None))
        })
    }

    /// Takes a relation out of the draft.
    pub(super) fn take(&mut self, name: &str) -> Option<Draft> {
        let at = self.writes.iter().position(|(field, _)| field == name)?;
        match self.writes.remove(at).1 {
            Write::One(target) => target.map(|target| *target),
            _ => None,
        }
    }
}
