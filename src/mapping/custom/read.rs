//! From a record's dictionary of free fields to its custom fields.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::super::json::{Scanned, Scanner};
use super::super::time;
use super::super::trace::Trace;
use super::super::write::{Manner, Value, push_text, shorten};
use super::{CustomField, CustomFields, CustomKind, FreeField, Labels, Reading, id_of};
use crate::model::Kind;

/// A free field of a record: its id, and how its value is written.
type Free<'d> = (String, &'d str);

impl CustomFields {
    /// Writes the custom fields of a record, if it has any. `report` hears of values that fit nowhere.
    pub fn write(
        &self,
        dictionary: &str,
        with: Reading<'_>,
        out: &mut Vec<u8>,
        trace: &mut impl Trace,
        mut report: impl FnMut(String),
    ) -> bool {
        let Ok(free) = self.members(dictionary) else {
            report("the free fields are not a dictionary".to_owned());
            return false;
        };
        let start = out.len();
        let mut found = false;
        let mut taken = vec![false; free.len()];
        for entry in &self.entries {
            push_key(&entry.key, start, out);
            let at = free.iter().position(|(id, _)| entry.names(id, with.labels));
            let before = out.len();
            if at.is_some_and(|at| self.value(entry, free[at].1, with, out, &mut report)) {
                found = true;
            } else {
                out.truncate(before);
                out.extend_from_slice(b"null");
            }
            if let (None, FreeField::Label(label)) = (at, &entry.free)
                && with.labels.ids(label).is_empty()
            {
                report(format!("`{}`: the source lists no free field `{}`", entry.key, shorten(label)));
            }
            at.into_iter().for_each(|at| taken[at] = true);
            trace.custom_field(&entry.key, at.map(|at| (free[at].0.as_str(), free[at].1)), &out[before..]);
        }
        if self.keeps_others {
            for ((id, value), _) in free.iter().zip(&taken).filter(|(_, taken)| !**taken) {
                let key = self.keys.first().map_or_else(|| id.clone(), |spelling| spelling.key(id));
                if self.entries.iter().all(|entry| entry.key != key) {
                    push_key(&key, start, out);
                    out.extend_from_slice(value.as_bytes());
                    found = true;
                }
            }
        }
        if !found {
            out.truncate(start);
            return false;
        }
        out.push(b'}');
        true
    }

    /// The members of the dictionary. Of two that are one field, the first counts.
    fn members<'d>(&self, dictionary: &'d str) -> Scanned<Vec<Free<'d>>> {
        let mut scanner = Scanner::new(dictionary);
        let mut free: Vec<Free<'d>> = Vec::new();
        if scanner.peek() != b'{' {
            scanner.expect(b'{')?;
        }
        let mut more = scanner.open(b'}');
        while more {
            let name = scanner.name()?;
            let id = id_of(&name.read(), &self.keys).to_owned();
            let value = scanner.skip()?;
            if free.iter().all(|(known, _)| *known != id) {
                free.push((id, value));
            }
            more = scanner.next(b'}')?;
        }
        Ok(free)
    }

    /// Writes the value of a custom field, if there is one that fits.
    fn value(
        &self,
        entry: &CustomField,
        written: &str,
        with: Reading<'_>,
        out: &mut Vec<u8>,
        report: &mut impl FnMut(String),
    ) -> bool {
        let value: Json = serde_json::from_str(written).unwrap_or_default();
        if is_blank(&value) {
            return false;
        }
        let fitted = match entry.kind {
            CustomKind::Any => {
                out.extend_from_slice(written.as_bytes());
                Ok(true)
            }
            CustomKind::Text => {
                single(&value).write(&Kind::Text, Manner { flags: with.flags, terms: None }, out).map(|()| true)
            }
            CustomKind::Number => {
                single(&value).write(&Kind::Number, Manner { flags: with.flags, terms: None }, out).map(|()| true)
            }
            CustomKind::Integer => {
                single(&value).write(&Kind::Integer, Manner { flags: with.flags, terms: None }, out).map(|()| true)
            }
            CustomKind::Boolean => {
                flag(&value).write(&Kind::Boolean, Manner { flags: with.flags, terms: None }, out).map(|()| true)
            }
            CustomKind::Date | CustomKind::DateTime => self.date(entry.kind, &value, out).map(|()| true),
            CustomKind::Choice => choice(entry, &value, with.labels, out, report),
            CustomKind::Choices => Ok(choices(entry, &value, with.labels, out, report)),
        };
        fitted.unwrap_or_else(|why| {
            report(format!("`{}`: the source's value {why}", entry.key));
            false
        })
    }

    fn date(&self, kind: CustomKind, value: &Json, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        let text = as_text(value).unwrap_or_default();
        let read = self.dates.iter().find_map(|format| Some((format, format.parse(&text)?)));
        let (format, moment) = read.ok_or("is not a date")?;
        match kind {
            CustomKind::Date => push_text(&format.day(moment), out),
            _ => push_text(time::text(moment).as_str(), out),
        }
        Ok(())
    }
}

/// The label of the option that was chosen.
fn choice(
    entry: &CustomField,
    value: &Json,
    labels: &Labels,
    out: &mut Vec<u8>,
    report: &mut impl FnMut(String),
) -> Result<bool, Cow<'static, str>> {
    let option = match value {
        Json::Array(options) if options.len() == 1 => &options[0],
        other => other,
    };
    let id = as_text(option).ok_or("is more than one choice; `type: choices` takes them all")?;
    let label = label(&id, entry, labels, report);
    label.iter().for_each(|label| push_text(label, out));
    Ok(label.is_some())
}

fn choices(
    entry: &CustomField,
    value: &Json,
    labels: &Labels,
    out: &mut Vec<u8>,
    report: &mut impl FnMut(String),
) -> bool {
    let options = match value {
        Json::Array(options) => options.as_slice(),
        one => std::slice::from_ref(one),
    };
    let start = out.len();
    for option in options.iter().filter(|option| !is_blank(option)) {
        let Some(id) = as_text(option) else {
            report(format!("`{}`: one of the source's choices is no id", entry.key));
            continue;
        };
        if let Some(label) = label(&id, entry, labels, report) {
            out.push(if out.len() == start { b'[' } else { b',' });
            push_text(label, out);
        }
    }
    let found = out.len() > start;
    if found {
        out.push(b']');
    }
    found
}

impl CustomField {
    /// Whether the free field of that id is the one that is meant.
    fn names(&self, id: &str, labels: &Labels) -> bool {
        match &self.free {
            FreeField::Id(wanted) => wanted == id,
            FreeField::Label(label) => labels.ids(label).iter().any(|known| known == id),
        }
    }
}

fn label<'l>(id: &str, entry: &CustomField, labels: &'l Labels, report: &mut impl FnMut(String)) -> Option<&'l str> {
    let label = labels.label(id);
    if label.is_none() {
        report(format!("`{}`: the source lists no choice `{}`", entry.key, shorten(id)));
    }
    label
}

fn single(value: &Json) -> Value<'_> {
    match value {
        Json::String(text) => Value::text(Cow::Borrowed(text)),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => number.as_f64().map_or(Value::Null, Value::Float),
        },
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Null | Json::Array(_) | Json::Object(_) => Value::Null,
    }
}

/// Sources write flags as numbers, and numbers in a dictionary as texts.
fn flag(value: &Json) -> Value<'_> {
    match value.as_str().map(str::trim) {
        Some("true") => Value::Bool(true),
        Some("false") => Value::Bool(false),
        Some(text) => text.parse().map_or_else(|_| single(value), Value::Int),
        None => single(value),
    }
}

fn as_text(value: &Json) -> Option<String> {
    single(value).to_text().map(Cow::into_owned)
}

fn is_blank(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.iter().all(is_blank),
        Json::Object(_) => false,
        value => single(value) == Value::Null,
    }
}

fn push_key(key: &str, start: usize, out: &mut Vec<u8>) {
    out.push(if out.len() == start { b'{' } else { b',' });
    push_text(key, out);
    out.push(b':');
}
