//! Writes as the source takes them: request objects of the schema become drafts, which are checked as a whole and then
//! carried out, so that a refused write leaves nothing behind.

mod apply;
mod carry_out;
mod consequences;
mod draft;
mod effects;
mod files;
mod lookup;
mod merge;
mod read;
mod relations;
mod stages;
#[cfg(test)]
mod tests;
mod widths;

use super::super::failure::Failure;
use super::{Change, ChangeKind, Kind, Language, Moment, Record, Scope, Value, World, field_definition};
use effects::Effects;
use read::Reader;
use serde_json::{Map, Value as Json};

/// What a mutation yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The record that was made or changed.
    Record(Record),
    /// What was deleted.
    Deleted {
        /// Its type.
        kind: Kind,
        /// Its `_id`.
        id: String,
    },
}

/// What a mutation of one record does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Create,
    Update,
    Delete,
}

impl Act {
    /// The type and the act in the name of a mutation, as `crUrlCreate`.
    fn of(mutation: &str) -> Option<(Kind, Act)> {
        let acts = [("Create", Act::Create), ("Update", Act::Update), ("Delete", Act::Delete)];
        acts.into_iter().find_map(|(word, act)| {
            let name = mutation.strip_prefix("cr")?.strip_suffix(word)?;
            Some((Kind::from_name(&format!("CR{name}"))?, act))
        })
    }
}

/// The type that a mutation is about.
pub(crate) fn kind_of_mutation(mutation: &str) -> Option<Kind> {
    match mutation {
        "crEmployeeApply" | "crEmployeeMerge" => Some(Kind::Employee),
        name => Act::of(name).map(|(kind, _)| kind),
    }
}

/// The number of an `ekey`, as `note`.
pub(crate) fn activity_key(ekey: &str) -> Option<u8> {
    carry_out::KINDS_OF_ACTIVITY.iter().find(|(name, _)| *name == ekey).map(|(_, key)| *key)
}

fn text<'a>(arguments: &'a Map<String, Json>, name: &str) -> Option<&'a str> {
    arguments.get(name).and_then(Json::as_str)
}

fn flag(arguments: &Map<String, Json>, name: &str, otherwise: bool) -> bool {
    arguments.get(name).and_then(Json::as_bool).unwrap_or(otherwise)
}

/// An id, which may be written as a number.
fn id(arguments: &Map<String, Json>, name: &str) -> Option<String> {
    match arguments.get(name)? {
        Json::String(text) => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl World {
    /// Carries out a mutation. A refused one changes nothing.
    pub(crate) fn mutate(
        &mut self,
        mutation: &str,
        arguments: &Map<String, Json>,
    ) -> Result<(Outcome, Vec<Change>), Failure> {
        let mut effects = Effects::default();
        let outcome = match mutation {
            "crEmployeeApply" => Outcome::Record(self.apply(arguments, &mut effects)?),
            "crEmployeeMerge" => Outcome::Record(self.merge(arguments, &mut effects)?),
            _ => {
                let unknown = || Failure::bad_request(&format!("there is no mutation `{mutation}`"));
                let (kind, act) = Act::of(mutation).ok_or_else(unknown)?;
                self.act(kind, act, arguments, &mut effects)?
            }
        };
        Ok((outcome, effects.into_changes(self)))
    }

    fn act(
        &mut self,
        kind: Kind,
        act: Act,
        arguments: &Map<String, Json>,
        effects: &mut Effects,
    ) -> Result<Outcome, Failure> {
        let empty = Map::new();
        let request = arguments.get("request").and_then(Json::as_object).unwrap_or(&empty);
        let named = || self.named(kind, arguments, "_id");
        match act {
            Act::Delete => {
                let record = named()?;
                let id = self.id(record);
                self.delete(record, effects);
                Ok(Outcome::Deleted { kind, id })
            }
            Act::Update => {
                let record = named()?;
                let draft = Reader::of(self).root(kind, request, Some(record))?;
                Ok(Outcome::Record(self.carry_out(draft, None, effects)))
            }
            Act::Create => {
                let mut draft = Reader::of(self).root(kind, request, None)?;
                draft.ekey = text(arguments, "ekey").map(str::to_owned);
                if kind == Kind::Employee && flag(arguments, "dedupe", false) {
                    draft.record = self.duplicates(&draft).likely;
                }
                Ok(Outcome::Record(self.carry_out(draft, None, effects)))
            }
        }
    }

    /// The record whose id is an argument.
    fn named(&self, kind: Kind, arguments: &Map<String, Json>, name: &str) -> Result<Record, Failure> {
        let id = id(arguments, name).unwrap_or_default();
        self.find(kind, Scope::All, &id).ok_or_else(|| unknown(kind, &id))
    }

    /// Archives what can be archived; the rest, matches among it, is gone for good.
    fn delete(&mut self, record: Record, effects: &mut Effects) {
        if field_definition(record.kind, "deleted").is_some() {
            self.write(record, "deleted", Value::Int(1), effects);
            self.touch(record, effects);
            return;
        }
        effects.note(record, ChangeKind::Deleted, None);
        self.forget(record, effects);
        self.edits.remove(record);
        self.contents.remove(&record);
    }

    /// Sets a field, and tells who follows.
    fn write(&mut self, record: Record, name: &str, value: Value, effects: &mut Effects) {
        if self.field(record, name, Language::Dutch) != value {
            effects.note(record, ChangeKind::Updated, Some(name));
        }
        self.edits.set(record, [(name.to_owned(), value)]);
    }

    /// Moves `modificationDate` to now, where there is one.
    fn touch(&mut self, record: Record, effects: &mut Effects) {
        for name in ["modificationDate", "trackingModificationDate"] {
            if field_definition(record.kind, name).is_some() {
                self.edits.set(record, [(name.to_owned(), Value::Date(Moment::now()))]);
            }
        }
        effects.note(record, ChangeKind::Updated, None);
    }
}

fn unknown(kind: Kind, id: &str) -> Failure {
    Failure::not_found(&format!("{} with _id '{id}' was not found", kind.name()))
}
