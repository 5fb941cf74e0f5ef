//! From a path of the unified record, such as `phone_numbers[0].type`, to what explains it.

use serde_json::Value;

use super::{Explanation, Field, Item, Outcome, Rule, Step, Turn};
use crate::diagnostics::closest;
use crate::model::{self, Field as ModelField, Kind, Model};

/// What a path of the unified record leads to.
#[derive(Debug, Clone, Copy)]
pub struct Spot<'x> {
    /// The field, or the list that holds the entry.
    pub field: &'x Field,
    /// What made the entry of a list that the path leads to or through; the innermost one.
    pub entry: Option<Entry<'x>>,
    /// Whether the path ends at the entry, and not at a field in it.
    pub ends_at_entry: bool,
}

/// What made an entry of a list.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'x> {
    /// The rule.
    pub rule: &'x Rule,
    /// The item of the source's list that it comes from; none when the rule goes over none.
    pub item: Option<&'x Item>,
}

/// Why a path of the unified record leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotFound(pub String);

impl Explanation {
    /// What explains a field, a field of an object (`location.city`), an entry of a list (`tags[0]`) or a field of one.
    pub fn find(&self, path: &str) -> Result<Spot<'_>, NotFound> {
        let mut known: &'static [ModelField] = Model::named(self.model).map_or(&[], |model| model.fields);
        let mut here: &[Field] = &self.fields;
        let mut done = String::new();
        let mut entry = None;
        let mut parts = path.split('.').peekable();
        while let Some(part) = parts.next() {
            let (name, index) = split(part)?;
            let of = if done.is_empty() { self.model } else { &done };
            let Some(kind) = model::field(known, name).map(|field| &field.kind) else {
                return Err(unknown(name, of, known));
            };
            let Some(field) = here.iter().find(|field| field.name == name) else {
                return Err(NotFound(match &self.failure {
                    Some(failure) if done.is_empty() => format!("`{name}` was not reached: {failure}"),
                    _ => format!("`{of}` was left out before its `{name}` was reached"),
                }));
            };
            done = if done.is_empty() { part.to_owned() } else { format!("{done}.{part}") };
            if let Some(index) = index {
                entry = Some(self::entry(field, index, &done)?);
            }
            if parts.peek().is_none() {
                return Ok(Spot { field, entry, ends_at_entry: index.is_some() });
            }
            known = inner(kind, index.is_some(), &done)?;
            let turn = match (index, entry) {
                (Some(_), Some(entry)) => Some(entry.turn()),
                _ => winning(field),
            };
            here = turn.and_then(object).ok_or_else(|| {
                NotFound(format!("`{done}` is null and so has no fields; ask why with `--field {done}`"))
            })?;
        }
        Err(NotFound("an empty path names no field".to_owned()))
    }
}

impl<'x> Entry<'x> {
    /// What was done to make it.
    pub fn turn(self) -> &'x Turn {
        self.item.map_or(&self.rule.turn, |item| &item.turn)
    }

    /// The entry.
    pub fn value(self) -> &'x Value {
        match self.item {
            Some(item) => &item.value,
            // Of a list field, a rule gives the list of its entries.
            None => self.rule.value.get(0).unwrap_or(&self.rule.value),
        }
    }
}

/// A name, and the number in brackets behind it.
fn split(part: &str) -> Result<(&str, Option<usize>), NotFound> {
    let Some((name, rest)) = part.split_once('[') else { return Ok((part, None)) };
    let number = rest.strip_suffix(']').and_then(|number| number.parse().ok());
    match number {
        Some(number) => Ok((name, Some(number))),
        None => Err(NotFound(format!("`{part}` is no entry of a list; write such as `{name}[0]`"))),
    }
}

fn unknown(name: &str, of: &str, known: &[ModelField]) -> NotFound {
    let names = || known.iter().map(|field| field.name);
    NotFound(match closest(name, names()) {
        Some(close) => format!("`{of}` has no field `{name}`; did you mean `{close}`?"),
        None => format!("`{of}` has no field `{name}`; it has {}", names().collect::<Vec<_>>().join(", ")),
    })
}

/// The fields of what a path leads to.
fn inner(kind: &'static Kind, has_index: bool, done: &str) -> Result<&'static [ModelField], NotFound> {
    match (kind, has_index) {
        (Kind::Object(fields), false) | (Kind::List(Kind::Object(fields)), true) => Ok(fields),
        (Kind::List(Kind::Object(_)), false) => {
            Err(NotFound(format!("`{done}` is a list; name an entry of it, such as `{done}[0]`")))
        }
        _ => Err(NotFound(format!("`{done}` has no fields of its own"))),
    }
}

fn entry<'x>(field: &'x Field, index: usize, path: &str) -> Result<Entry<'x>, NotFound> {
    let Some(entries) = field.value.as_array() else {
        return Err(NotFound(format!("`{}` is no list; leave out the brackets of `{path}`", field.name)));
    };
    field.rules.iter().find_map(|rule| entry_of(rule, index)).ok_or_else(|| {
        NotFound(match entries.len() {
            0 => format!("`{}` has no entries; ask why with `--field {}`", field.name, field.name),
            1 => format!("`{}` has one entry, `{}[0]`", field.name, field.name),
            count => format!("`{}` has {count} entries, from `[0]` to `[{}]`", field.name, count - 1),
        })
    })
}

fn entry_of(rule: &Rule, index: usize) -> Option<Entry<'_>> {
    if rule.turn.entry == Some(index) {
        return Some(Entry { rule, item: None });
    }
    if let Some(item) = rule.items.iter().find(|item| item.turn.entry == Some(index)) {
        return Some(Entry { rule, item: Some(item) });
    }
    let turns = std::iter::once(&rule.turn).chain(rule.items.iter().map(|item| &item.turn));
    let inner = turns.flat_map(|turn| &turn.steps).filter_map(|step| match step {
        Step::Rules { rules } => Some(rules),
        _ => None,
    });
    inner.flatten().find_map(|rule| entry_of(rule, index))
}

/// The turn that gave a field its value.
fn winning(field: &Field) -> Option<&Turn> {
    let rule = field.rules.iter().find(|rule| rule.outcome == Outcome::Value)?;
    Some(rule.items.iter().find(|item| item.outcome == Outcome::Value).map_or(&rule.turn, |item| &item.turn))
}

fn object(turn: &Turn) -> Option<&[Field]> {
    turn.steps.iter().find_map(|step| match step {
        Step::Object { fields, .. } => Some(fields.as_slice()),
        _ => None,
    })
}
