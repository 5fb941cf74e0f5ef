//! Custom fields: the source's free fields, under keys of the mapping's choice.
//!
//! A source keeps the free fields of a record in one dictionary. Its keys are the ids of the fields, and a choice is the
//! id of an option; what both are called stands in a list of the source, which [`Labels`] holds.

mod document;
mod labels;
mod read;

use std::collections::BTreeMap;

use super::signature::Digest;
use super::time::DateFormat;
use crate::yaml::Located;

pub use document::LabelsSource;
pub(super) use document::Section;
pub use labels::{Labels, LabelsPlan};

/// The field of a model that custom fields fill.
pub(super) const CUSTOM_FIELDS: &str = "custom_fields";

/// How a source writes free fields: what `connector.yaml` says of them.
#[derive(Debug, Clone, Default)]
pub struct FreeFields {
    /// How the id of a field stands in the keys of the dictionary; the first is the usual one.
    pub keys: Vec<Spelling>,
    /// How dates in it are written.
    pub dates: Vec<DateFormat>,
    /// Where the names of fields and options stand.
    pub labels: Option<LabelsSource>,
}

/// A way to write an id: what stands before and behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelling {
    before: String,
    after: String,
}

/// What stands for the id in a spelling.
const ID: &str = "{id}";

impl Spelling {
    /// A pattern such as `_{id}`.
    pub fn new(pattern: &str) -> Option<Spelling> {
        let (before, after) = pattern.split_once(ID)?;
        Some(Spelling { before: before.to_owned(), after: after.to_owned() })
    }

    /// The id in a key of this spelling.
    fn id<'k>(&self, key: &'k str) -> Option<&'k str> {
        key.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str()).filter(|id| !id.is_empty())
    }

    /// Writes all of it.
    pub(super) fn sign(&self, digest: &mut Digest) {
        let Spelling { before, after } = self;
        digest.text(before);
        digest.text(after);
    }

    fn key(&self, id: &str) -> String {
        format!("{}{id}{}", self.before, self.after)
    }
}

/// The id in a key, whatever its spelling; a key of no known spelling is its own id.
fn id_of<'k>(key: &'k str, spellings: &[Spelling]) -> &'k str {
    spellings.iter().find_map(|spelling| spelling.id(key)).unwrap_or(key)
}

/// The compiled section.
#[derive(Debug)]
pub(super) struct CustomFields {
    /// The dictionary.
    pub slot: usize,
    pub entries: Vec<CustomField>,
    /// Whether the free fields that no entry names are kept under their own keys.
    pub keeps_others: bool,
    pub keys: Vec<Spelling>,
    pub dates: Vec<DateFormat>,
}

#[derive(Debug)]
pub(super) struct CustomField {
    pub key: String,
    pub free: FreeField,
    pub kind: CustomKind,
}

/// How a mapping names a free field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FreeField {
    Id(String),
    Label(String),
}

/// What becomes of a free field's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CustomKind {
    Any,
    Text,
    Number,
    Integer,
    Boolean,
    Date,
    DateTime,
    Choice,
    Choices,
}

impl CustomKind {
    /// What `type` takes.
    pub const NAMES: &[&str] =
        &["any", "text", "number", "integer", "boolean", "date", "datetime", "choice", "choices"];

    const ALL: &[CustomKind] = &[
        CustomKind::Any,
        CustomKind::Text,
        CustomKind::Number,
        CustomKind::Integer,
        CustomKind::Boolean,
        CustomKind::Date,
        CustomKind::DateTime,
        CustomKind::Choice,
        CustomKind::Choices,
    ];

    fn named(name: &str) -> Option<CustomKind> {
        CustomKind::NAMES.iter().position(|known| *known == name).map(|at| CustomKind::ALL[at])
    }

    /// Whether values are options, which labels name.
    pub fn is_choice(self) -> bool {
        matches!(self, CustomKind::Choice | CustomKind::Choices)
    }
}

/// A custom field, and the free field that it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomFieldSource {
    /// Its key in `custom_fields`.
    pub key: String,
    /// The free field, by what the mapping calls it.
    pub free: FreeFieldName,
}

/// What a mapping calls a free field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FreeFieldName {
    /// The source's id.
    Id(String),
    /// The source's name, which its list of labels has.
    Label(String),
}

impl CustomFields {
    /// What it shows, by its keys.
    pub fn sources(&self) -> impl Iterator<Item = CustomFieldSource> {
        self.entries.iter().map(|entry| CustomFieldSource {
            key: entry.key.clone(),
            free: match &entry.free {
                FreeField::Id(id) => FreeFieldName::Id(id.clone()),
                FreeField::Label(label) => FreeFieldName::Label(label.clone()),
            },
        })
    }

    /// Whether anything is asked by what the source calls it.
    pub fn needs_labels(&self) -> bool {
        self.entries.iter().any(|entry| matches!(entry.free, FreeField::Label(_)) || entry.kind.is_choice())
    }
}

/// What a value is read with.
#[derive(Clone, Copy)]
pub(super) struct Reading<'r> {
    pub labels: &'r Labels,
    pub flags: &'r BTreeMap<i64, bool>,
}

/// The name of a free field as a mapping writes it: a number, or a key of the source's, is its id.
fn free_field(written: &Located<String>, spellings: &[Spelling]) -> FreeField {
    let text = written.value.trim();
    let id = id_of(text, spellings);
    if id.len() < text.len() || id.bytes().all(|byte| byte.is_ascii_digit()) {
        FreeField::Id(id.to_owned())
    } else {
        FreeField::Label(text.to_owned())
    }
}

#[cfg(test)]
mod tests;
