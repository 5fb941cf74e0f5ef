//! The tree.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_yaml::{Location, Spanned};

use super::Located;
use crate::diagnostics::{Place, Problem, Problems, SourceFile, Span};

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands; of a list or map, its first line.
    pub span: Span,
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text, quoted or not.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file.
    Map(Vec<Entry>),
}

/// One entry of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key; keys that look like numbers or booleans are kept as they are written.
    pub key: Located<String>,
    /// The value.
    pub value: Node,
}

impl Value {
    /// What to call it in a message.
    pub fn describe(&self) -> &'static str {
        match self {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Int(_) => "a whole number",
            Value::Float(_) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// Makes the tree out of what serde filled.
pub(super) struct Reader<'a> {
    pub file: &'a Arc<SourceFile>,
    pub problems: &'a Problems,
}

impl Reader<'_> {
    pub fn node(&self, raw: Spanned<Raw>) -> Node {
        let text = &self.file.text;
        let span = span(&raw.referenced, text);
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Bool(value) => Value::Bool(value),
            Raw::Int(value) => Value::Int(value),
            Raw::Float(value) => Value::Float(value),
            Raw::Text(value) => Value::Text(value),
            Raw::List(items) => Value::List(items.into_iter().map(|item| self.node(item)).collect()),
            Raw::Map(entries) => Value::Map(self.map(entries)),
        };
        let span = match &value {
            Value::List(items) => self.container(span, items.last().map(|item| item.span)),
            Value::Map(entries) => self.container(span, entries.last().map(|entry| entry.value.span)),
            _ => span,
        };
        Node { value, span }
    }

    /// A container is underlined up to its closing bracket, or as far as its first line goes: the parser knows only
    /// where it begins.
    fn container(&self, span: Span, last: Option<Span>) -> Span {
        let rest = self.file.text.get(span.start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default().trim_end();
        let close = match rest.chars().next() {
            Some('[') => ']',
            Some('{') => '}',
            _ => return Span { start: span.start, end: span.start + line.len() },
        };
        let inside = last.map_or(1, |last| last.end.saturating_sub(span.start).max(1));
        let length = line.get(inside..).and_then(|behind| behind.find(close)).map_or(line.len(), |at| inside + at + 1);
        Span { start: span.start, end: span.start + length }
    }

    fn map(&self, raw: Vec<(Spanned<String>, Spanned<Raw>)>) -> Vec<Entry> {
        let mut first: HashMap<String, Span> = HashMap::new();
        let mut entries = Vec::new();
        for (key, value) in raw {
            let key = Located { span: span(&key.referenced, &self.file.text), value: key.value };
            if let Some(earlier) = first.get(&key.value) {
                let shown = if self.file.hides(key.span) { "this key" } else { &format!("`{}`", key.value) };
                self.problems.report(
                    Problem::error("M0009", format!("{shown} stands here twice"))
                        .at(self.file, key.span, "the second time")
                        .because(Place::new(self.file, *earlier), "the first time")
                        .help("remove one of them"),
                );
                continue;
            }
            first.insert(key.value.clone(), key.span);
            entries.push(Entry { key, value: self.node(value) });
        }
        entries
    }
}

pub(super) fn span(location: &Location, text: &str) -> Span {
    let span = location.span();
    match (span.byte_offset(), span.byte_len()) {
        (Some(start), Some(length)) => {
            let start = usize::try_from(start).unwrap_or(text.len()).min(text.len());
            let end = start.saturating_add(usize::try_from(length).unwrap_or(0)).min(text.len());
            let written = text.get(start..end).unwrap_or_default();
            Span { start, end: start + written.trim_end().len() }
        }
        // Errors of the scanner know line and column only.
        _ => {
            let at = |number: u64| usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
            let start: usize = text.split_inclusive('\n').take(at(location.line())).map(str::len).sum();
            let line = text[start..].split('\n').next().unwrap_or_default();
            let start = start + line.char_indices().nth(at(location.column())).map_or(line.len(), |(byte, _)| byte);
            Span { start, end: start }
        }
    }
}

/// The shape that serde fills; [`Node`] is the one that is worked with.
pub(super) enum Raw {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Raw, D::Error> {
        Raw::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(i64::try_from(value).map_or(Raw::Float(value as f64), Raw::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}
