//! Custom fields as files write them.

use std::sync::Arc;

use super::super::document::{Part, Read, Reader};
use super::super::keys::{CUSTOM_FIELD, CUSTOM_FIELDS, LABELS, OTHERS};
use super::super::overlay::replace;
use super::{CustomKind, FreeField, Spelling, free_field};
use crate::diagnostics::{Place, Problem, Problems, SourceFile};
use crate::yaml::{self, Entry, Fields, Located, Node, Value};

/// The `custom_fields` of a mapping or an overlay.
#[derive(Debug)]
pub(in crate::mapping) struct Section {
    /// The path of the dictionary.
    pub from: Option<Part<Located<String>>>,
    pub keeps_others: Option<bool>,
    pub entries: Vec<Part<Written>>,
    pub key: Located<()>,
    /// Where the mapping's own section stands, when this one, of an overlay, was laid over it.
    pub replaces: Option<Place>,
}

/// One of them.
#[derive(Debug)]
pub(in crate::mapping) struct Written {
    pub key: Located<String>,
    pub field: Located<String>,
    pub kind: Located<CustomKind>,
    /// Switched off by `null`: an overlay takes out what the mapping has.
    pub off: bool,
}

impl Written {
    pub fn free(&self, spellings: &[Spelling]) -> FreeField {
        free_field(&self.field, spellings)
    }
}

impl Section {
    pub fn read(entry: &Entry, reader: &Reader<'_>) -> Option<Part<Section>> {
        let Reader { file, problems } = *reader;
        let fields = Fields::open(&entry.value, &CUSTOM_FIELDS, file, problems)?;
        let from = fields.text("from").map(|path| reader.part(path));
        let keeps_others = fields.text("others").and_then(|text| match text.value.as_str() {
            "keep" => Some(true),
            "drop" => Some(false),
            other => {
                problems.report(
                    Problem::error(
                        "M0220",
                        format!("free fields that no entry names are kept or dropped, not `{other}`"),
                    )
                    .at(file, text.span, "unknown")
                    .suggest(other, OTHERS.iter().copied()),
                );
                None
            }
        });
        let entries = fields.map("fields").iter().filter_map(|entry| written(entry, file, problems));
        let entries = entries.map(|written| reader.part(written)).collect();
        fields.close();
        let key = Located { value: (), span: entry.key.span };
        Some(reader.part(Section { from, keeps_others, entries, key, replaces: None }))
    }

    /// What an overlay says goes before what the mapping's section says.
    pub fn lay_over(&mut self, below: Part<Section>) {
        self.replaces = Some(Place::new(&below.file, below.value.key.span));
        let mut entries = below.value.entries;
        replace(&mut entries, std::mem::take(&mut self.entries), |one, other| one.key.value == other.key.value);
        self.entries = entries;
        self.from = self.from.take().or(below.value.from);
        self.keeps_others = self.keeps_others.or(below.value.keeps_others);
    }
}

fn written(entry: &Entry, file: &Arc<SourceFile>, problems: &Problems) -> Option<Written> {
    let any = Located { value: CustomKind::Any, span: entry.value.span };
    match &entry.value.value {
        Value::Null => {
            let field = Located { value: String::new(), span: entry.value.span };
            Some(Written { key: entry.key.clone(), field, kind: any, off: true })
        }
        Value::Map(_) => {
            let fields = Fields::open(&entry.value, &CUSTOM_FIELD, file, problems)?;
            let field = fields.required_text("field");
            let kind = fields.text("type");
            fields.close();
            let kind = kind.map_or(Some(any), |text| kind_of(&text, file, problems));
            Some(Written { key: entry.key.clone(), field: field?, kind: kind?, off: false })
        }
        _ => {
            let field = yaml::text(&entry.value, file, problems)?;
            Some(Written { key: entry.key.clone(), field, kind: any, off: false })
        }
    }
}

fn kind_of(text: &Located<String>, file: &Arc<SourceFile>, problems: &Problems) -> Option<Located<CustomKind>> {
    let found = CustomKind::named(&text.value);
    if found.is_none() {
        problems.report(
            Problem::error("M0221", format!("there is no type `{}` of custom fields", text.value))
                .at(file, text.span, "unknown type")
                .suggest(&text.value, CustomKind::NAMES.iter().copied()),
        );
    }
    found.map(|value| Located { value, span: text.span })
}

/// Where a source lists the names of its free fields and options: what `connector.yaml` says.
#[derive(Debug, Clone)]
pub struct LabelsSource {
    pub(in crate::mapping) file: Arc<SourceFile>,
    pub(in crate::mapping) read: Arc<Read>,
    pub(in crate::mapping) id: Located<String>,
    pub(in crate::mapping) label: Located<String>,
}

impl LabelsSource {
    /// Reads it from `connector.yaml`.
    pub fn parse(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<LabelsSource> {
        let fields = Fields::open(node, &LABELS, file, problems)?;
        let reader = Reader { file, problems };
        let read = reader.read_of(&fields);
        let (id, label) = (fields.required_text("id"), fields.required_text("label"));
        fields.close();
        Some(LabelsSource { file: Arc::clone(file), read: Arc::new(read?), id: id?, label: label? })
    }
}
