//! A record with everything personal replaced: consistently, in the same shape, and without a way back.
//!
//! A value is replaced unless the mapping only decides by it or gives it out as a label. So labels, flags, amounts and
//! the dates of the record stay, since a case is about them, and whatever else is given out or is not read at all goes.

mod dates;
mod json;
mod markup;
mod phone;
mod text;
mod words;

use std::ops::Range;

use serde_json::Number;

use self::text::{Manner, Texts, looks_personal};
use self::words::{TELLING, Words};
use crate::mapping::{PathUse, Uses};
use crate::schema::Scalar;

pub(super) use self::json::Json;
pub use self::words::Salt;

/// A value that was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// Where it stands, such as `letters.items[0].text`.
    pub path: String,
    /// What stood there. It is personal: show it to nobody but who asked for it.
    pub old: String,
    /// What stands there now.
    pub new: String,
}

/// Unified fields that hold the source's own word for a kind of thing, and nobody's.
const LABELS: &[&str] = &["category", "experience_level", "rejection_reason_name", "remote_label", "type"];

/// A label is short; what is longer was typed by somebody.
const LONGEST_LABEL: usize = 60;
const MOST_WORDS_OF_A_LABEL: usize = 6;
const MOST_DIGITS_OF_A_LABEL: usize = 5;

/// A whole number of so many digits may be somebody's.
const TELLING_NUMBER: u64 = 1_000_000;

/// Parts of names of members that tell a person's age.
const AGE: &[&str] = &["birth", "born"];

/// The member in which GraphQL gives the name of a type.
const TYPE_NAME: &str = "__typename";

/// The salt's word for how far dates are moved.
const DAYS: &str = "days";

/// Replaces what is personal in one record.
pub(super) struct Disguise<'a> {
    uses: Uses,
    is_enum: &'a dyn Fn(&str) -> bool,
    texts: Texts<'a>,
    days: i32,
    replaced: Vec<Replacement>,
}

/// What is done with a value.
enum Treatment {
    Keep,
    /// A label: it stays but for words that stand in something replaced.
    Label,
    Replace(Manner),
    Move,
}

/// A place in a record.
#[derive(Clone, Default)]
struct Place {
    /// For people.
    shown: String,
    /// As mappings write it.
    path: String,
    /// The last name of it.
    name: String,
}

impl<'a> Disguise<'a> {
    /// `is_enum` tells whether a type of the source's schema has fixed values.
    pub fn new(uses: Uses, is_enum: &'a dyn Fn(&str) -> bool, salt: &'a Salt) -> Disguise<'a> {
        let tables = uses.paths.values().flat_map(|path| path.tables.iter().cloned()).collect();
        let days = -salt.draw(DAYS, "", 0).i32(200..2000);
        Disguise { uses, is_enum, texts: Texts::new(Words::new(salt, tables)), days, replaced: Vec::new() }
    }

    /// The record in disguise, and what was replaced.
    pub fn of(mut self, record: &Json) -> (Json, Vec<Replacement>) {
        self.note(record, &Place::default());
        let disguised = self.value(record, &Place::default());
        (disguised, self.replaced)
    }

    /// Notes the words of all that will be replaced, so that they are found wherever else they stand.
    fn note(&mut self, value: &Json, place: &Place) {
        match value {
            Json::Text(text) => {
                if let Treatment::Replace(_) = self.treatment(text, place) {
                    self.texts.words.note(text);
                }
            }
            Json::List(items) => items.iter().for_each(|item| self.note(item, place)),
            Json::Object(members) => {
                for (key, value) in members {
                    self.note(value, &self.enter(place, key, value));
                }
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn value(&mut self, value: &Json, place: &Place) -> Json {
        match value {
            Json::Null | Json::Bool(_) => value.clone(),
            Json::Number(number) => Json::Number(self.number(number, place)),
            Json::Text(text) => Json::Text(self.text(text, place)),
            Json::List(items) => {
                let items = items.iter().enumerate();
                let at = |at| Place { shown: format!("{}[{at}]", place.shown), ..place.clone() };
                Json::List(items.map(|(index, item)| self.value(item, &at(index))).collect())
            }
            Json::Object(members) => {
                let members = members.iter();
                Json::Object(
                    members
                        .map(|(key, value)| (key.clone(), self.value(value, &self.enter(place, key, value))))
                        .collect(),
                )
            }
        }
    }

    fn enter(&self, place: &Place, key: &str, value: &Json) -> Place {
        let joined = |before: &str| if before.is_empty() { key.to_owned() } else { format!("{before}.{key}") };
        let is_page = match self.uses.rows_of_page.iter().position(|name| name == key) {
            Some(0) => matches!(value, Json::List(_)),
            Some(_) => true,
            None => false,
        };
        let path = if is_page { place.path.clone() } else { joined(&place.path) };
        Place { shown: joined(&place.shown), path, name: key.to_owned() }
    }

    /// What the mapping does with the value at a place. Members of JSON of any shape share the use of the whole.
    fn used(&self, place: &Place) -> Option<&PathUse> {
        let mut path = place.path.as_str();
        if let Some(found) = self.uses.paths.get(path) {
            return Some(found);
        }
        while let Some((before, _)) = path.rsplit_once('.') {
            path = before;
            if let Some(found) = self.uses.paths.get(path).filter(|found| found.scalar == Scalar::Json) {
                return Some(found);
            }
        }
        None
    }

    fn treatment(&self, text: &str, place: &Place) -> Treatment {
        let used = self.used(place);
        let is_enum = used.is_some_and(|used| (self.is_enum)(&used.type_name));
        if text.trim().is_empty() || is_enum || place.name == TYPE_NAME {
            return Treatment::Keep;
        }
        let lower = text.trim().to_lowercase();
        if used.is_some_and(|used| used.literals.contains(&lower)) {
            return Treatment::Keep;
        }
        if used.is_some_and(|used| used.identifies) || is_id(&place.name) {
            return Treatment::Replace(Manner { id: true, phone: false });
        }
        let is_date = dates::is_date(text.trim());
        let tells_age = tells_age(&place.name);
        if let Some(used) = used.filter(|used| used.measures || used.scalar == Scalar::DateTime) {
            let is_fit = is_date || lower.parse::<f64>().is_ok();
            if is_fit && !(tells_age && is_date) && (used.shown_in.is_empty() || used.scalar == Scalar::DateTime) {
                return Treatment::Keep;
            }
        }
        if is_date && text == text.trim() {
            return Treatment::Move;
        }
        if used.is_some_and(holds_labels) && is_label(text) {
            return Treatment::Label;
        }
        if text.trim().chars().count() == 1 || matches!(lower.as_str(), "true" | "false") {
            return Treatment::Keep;
        }
        let phone = used.is_some_and(|used| used.shown_in.iter().any(|field| field.contains("phone")));
        Treatment::Replace(Manner { phone, id: false })
    }

    fn text(&mut self, text: &str, place: &Place) -> String {
        let kept: Vec<Range<usize>> =
            self.used(place).into_iter().flat_map(|used| &used.tables).flat_map(|table| table.places(text)).collect();
        let new = match self.treatment(text, place) {
            Treatment::Keep => return text.to_owned(),
            Treatment::Label => self.label(text, &kept),
            Treatment::Move => {
                dates::moved(text, self.days).unwrap_or_else(|| self.texts.replace(text, &kept, Manner::default()))
            }
            Treatment::Replace(manner) => self.texts.replace(text, &kept, manner),
        };
        self.report(place, text.to_owned(), &new);
        new
    }

    /// The label without words that are somebody's.
    fn label(&mut self, text: &str, kept: &[Range<usize>]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for word in text.split_inclusive(|c: char| !c.is_alphabetic()) {
            let bare = word.trim_end_matches(|c: char| !c.is_alphabetic());
            if bare.chars().count() >= TELLING && self.texts.words.is_personal(bare) {
                let within = |range: &Range<usize>| range.start.saturating_sub(at)..range.end.saturating_sub(at);
                let kept: Vec<Range<usize>> = kept.iter().map(within).collect();
                out.push_str(&self.texts.replace(bare, &kept, Manner::default()));
                out.push_str(&word[bare.len()..]);
            } else {
                out.push_str(word);
            }
            at += word.len();
        }
        out
    }

    fn number(&mut self, number: &Number, place: &Place) -> Number {
        let used = self.used(place);
        let Some(value) = number.as_i64().filter(|value| *value >= 0).map(i64::unsigned_abs) else {
            return number.clone();
        };
        let is_named = used.is_some_and(|used| used.literals.contains(&value.to_string()));
        let is_id = used.is_some_and(|used| used.identifies) || is_id(&place.name);
        let is_measure = used.is_some_and(|used| used.measures || used.decides);
        let is_shown = used.is_some_and(|used| !used.shown_in.is_empty() && used.scalar != Scalar::Json);
        let is_telling = is_id || (!is_measure && (is_shown || tells_age(&place.name) || value >= TELLING_NUMBER));
        if is_named || value == 0 || !is_telling {
            return number.clone();
        }
        let new = self.texts.words.number(&value.to_string());
        self.report(place, value.to_string(), &new);
        new.parse::<i64>().map_or_else(|_| number.clone(), Number::from)
    }

    fn report(&mut self, place: &Place, old: String, new: &str) {
        if old != new {
            self.replaced.push(Replacement { path: place.shown.clone(), old, new: new.to_owned() });
        }
    }
}

/// Whether the mapping only decides by a value, or gives it out as a label.
fn holds_labels(used: &PathUse) -> bool {
    (used.decides || !used.shown_in.is_empty()) && used.shown_in.iter().all(|field| LABELS.contains(field))
}

/// Whether a member of that name tells how old somebody is.
fn tells_age(name: &str) -> bool {
    let name = name.to_lowercase();
    AGE.iter().any(|part| name.contains(part))
}

/// Whether a member of that name holds an id.
fn is_id(name: &str) -> bool {
    name == "id" || name.ends_with("_id") || name.ends_with("ID") || name.ends_with("Id")
}

fn is_label(text: &str) -> bool {
    text.chars().count() <= LONGEST_LABEL
        && text.split_whitespace().count() <= MOST_WORDS_OF_A_LABEL
        && text.chars().filter(|c| c.is_numeric()).count() <= MOST_DIGITS_OF_A_LABEL
        && !looks_personal(text)
}

#[cfg(test)]
mod tests;
