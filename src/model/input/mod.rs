//! What an action is given: checked against its table, and written in one way.
//!
//! Members that hold nothing (null, a blank text, an empty list or object) count as left out, unless the table wants
//! them. Blanks around a text do not count. What callers sent in different ways but meant alike comes out alike, so that
//! [`Input::canonical`] can be hashed.

mod check;
mod form;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::{Action, Field};
use check::Checker;
pub(crate) use check::most_characters;
pub(crate) use form::{BASE64_PATTERN, EMAIL_PATTERN, ID_PATTERN, MOMENT_PATTERN, TEXT_PATTERN, URL_PATTERN};

/// How many characters a text may have, unless its [`Shape`](super::Shape) says otherwise.
pub const MOST_CHARACTERS: usize = 1_000;
/// How many characters an address may have: those of signed downloads are long.
pub const MOST_CHARACTERS_OF_A_URL: usize = 8_192;
/// How many entries a list may have.
pub const MOST_ENTRIES: usize = 100;
/// How many problems are told of one input.
pub const MOST_PROBLEMS: usize = 100;

/// What an input may hold at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many bytes a file may have whose content stands in the input, decoded.
    pub file_bytes: usize,
}

impl Default for Limits {
    /// 20 MiB a file.
    fn default() -> Self {
        Limits { file_bytes: 20 << 20 }
    }
}

/// What is wrong with an input, and where. It never tells what a value was, which may be of a person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// The place as a JSON pointer (RFC 6901), such as `/candidate/email_address`; empty for the whole input.
    pub pointer: String,
    /// What is wrong, such as `is missing`.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => write!(f, "the input {}", self.message),
            pointer => write!(f, "{pointer} {}", self.message),
        }
    }
}

/// An input that fits its action.
///
/// Texts have no blanks around them, moments are `YYYY-MM-DDTHH:mm:ss.sssZ`, whole numbers have no fraction, Base64 has
/// no line breaks and its padding. What holds nothing is left out.
#[derive(Clone, PartialEq)]
pub struct Input {
    action: &'static Action,
    value: Value,
}

impl fmt::Debug for Input {
    /// Only what action it is for: the rest is of persons.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("action", &self.action.name).finish_non_exhaustive()
    }
}

impl Input {
    /// The action that it is for.
    pub fn action(&self) -> &'static Action {
        self.action
    }

    /// The input: an object.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The input, to keep.
    pub fn into_value(self) -> Value {
        self.value
    }

    /// The input as JSON with the members of each object in the order of their names, and no blanks: the same text for
    /// whatever means the same.
    pub fn canonical(&self) -> String {
        canonical(&self.value)
    }
}

/// A value as JSON with the members of each object in the order of their names, and no blanks.
pub(crate) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_sorted(value, &mut text);
    text
}

/// Holds an input to the table of its action, and tells everything that is wrong with it.
///
/// ```
/// use crosswalk::model::input::{Limits, check};
/// use crosswalk::model::ADD_APPLICATION_NOTE;
/// use serde_json::json;
///
/// let problems = check(&ADD_APPLICATION_NOTE, &json!({ "contents": "She called back." }), &Limits::default());
/// let told: Vec<String> = problems.unwrap_err().iter().map(ToString::to_string).collect();
/// assert_eq!(told, [
///     "/application_id is missing",
///     "/content is missing",
///     "/contents is not known; did you mean `content`?",
/// ]);
/// ```
pub fn check(action: &'static Action, value: &Value, limits: &Limits) -> Result<Input, Vec<Problem>> {
    let mut checker = Checker::new(limits);
    let value = checker.top(action, value);
    let mut problems = checker.into_problems();
    match value {
        Some(value) if problems.is_empty() => Ok(Input { action, value }),
        _ => {
            problems.sort();
            problems.truncate(MOST_PROBLEMS);
            Err(problems)
        }
    }
}

/// The fields of a file that say where its content is.
pub(crate) struct FileFields {
    /// The content itself.
    pub data: &'static Field,
    /// Where it can be fetched.
    pub address: &'static Field,
    /// What it is.
    pub content_type: &'static Field,
}

impl FileFields {
    /// Those among `fields`, if the object is a file.
    pub fn among(fields: &'static [Field]) -> Option<FileFields> {
        let named = |name| super::field(fields, name);
        fields.iter().any(|field| matches!(field.kind, super::Kind::Base64)).then_some(())?;
        Some(FileFields { data: named("data")?, address: named("data_url")?, content_type: named("content_type")? })
    }
}

fn write_sorted(value: &Value, text: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (at, (name, value)) in members.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_sorted(value, text);
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_sorted(item, text);
            }
            text.push(']');
        }
        value => text.push_str(&value.to_string()),
    }
}
