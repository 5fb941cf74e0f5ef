//! Values against the fields of a table.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::form::{self, NotBase64};
use super::{FileFields, Limits, MOST_CHARACTERS, MOST_CHARACTERS_OF_A_URL, MOST_ENTRIES, Problem};
use crate::diagnostics::closest;
use crate::model::{Action, Field, Kind};

/// Up to here every whole number is exact in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;
/// A longer name of a member was not meant to be one, and may say something of a person.
const LONGEST_NAME: usize = 40;

/// What became of a value. A problem that it has is told already.
enum Checked {
    Good(Value),
    /// It holds nothing, which is as if it were not there.
    Nothing,
    Bad,
}

pub(super) struct Checker<'l> {
    limits: &'l Limits,
    problems: Vec<Problem>,
}

impl<'l> Checker<'l> {
    pub fn new(limits: &'l Limits) -> Self {
        Checker { limits, problems: Vec::new() }
    }

    pub fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    fn tell(&mut self, pointer: impl Into<String>, message: impl Into<String>) {
        self.problems.push(Problem { pointer: pointer.into(), message: message.into() });
    }

    fn bad(&mut self, pointer: &str, message: impl Into<String>) -> Checked {
        self.tell(pointer, message);
        Checked::Bad
    }

    pub fn top(&mut self, action: &'static Action, value: &Value) -> Option<Value> {
        let Value::Object(members) = value else {
            self.tell("", "is no object");
            return None;
        };
        Some(Value::Object(self.members(action.fields, action.ignored, members, "")))
    }

    fn members(
        &mut self,
        fields: &'static [Field],
        ignored: &[&str],
        given: &Map<String, Value>,
        at: &str,
    ) -> Map<String, Value> {
        let mut taken = Map::new();
        for field in fields {
            let pointer = format!("{at}/{}", field.name);
            let checked = match given.get(field.name) {
                None | Some(Value::Null) => Checked::Nothing,
                Some(value) => self.value(&field.kind, value, &pointer),
            };
            match checked {
                Checked::Good(value) if field.required || holds_something(&value) => {
                    taken.insert(field.name.to_owned(), value);
                }
                Checked::Nothing if field.required => match given.get(field.name) {
                    None | Some(Value::Null) => self.tell(pointer, "is missing"),
                    Some(_) => self.tell(pointer, "is blank"),
                },
                Checked::Good(_) | Checked::Nothing | Checked::Bad => {}
            }
        }
        for name in given.keys() {
            if fields.iter().all(|field| field.name != name) && !ignored.contains(&name.as_str()) {
                self.unknown(name, fields, at);
            }
        }
        if let Some(file) = FileFields::among(fields) {
            self.file(&file, given, at);
        }
        taken
    }

    fn unknown(&mut self, name: &str, fields: &'static [Field], at: &str) {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_name) {
            return self.tell(at, "has a member that is not known");
        }
        let meant = closest(name, fields.iter().map(|field| field.name));
        let hint = meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
        self.tell(format!("{at}/{name}"), format!("is not known{hint}"));
    }

    /// A file has one content, of a known type.
    fn file(&mut self, file: &FileFields, given: &Map<String, Value>, at: &str) {
        let is_given = |field: &Field| match given.get(field.name) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !text.trim().is_empty(),
            Some(_) => true,
        };
        let (data, address) = (file.data.name, file.address.name);
        match (is_given(file.data), is_given(file.address)) {
            (true, true) => self.tell(at, format!("has both `{data}` and `{address}`: give one of them")),
            (false, false) => self.tell(at, format!("has neither `{data}` nor `{address}`: give one of them")),
            _ => {}
        }
        if is_given(file.data) && !is_given(file.content_type) {
            self.tell(format!("{at}/{}", file.content_type.name), format!("is missing: it is needed beside `{data}`"));
        }
    }

    fn value(&mut self, kind: &'static Kind, value: &Value, at: &str) -> Checked {
        match (kind, value) {
            (Kind::Object(fields), Value::Object(members)) => {
                Checked::Good(Value::Object(self.members(fields, &[], members, at)))
            }
            (Kind::Object(_) | Kind::Map, value) if !value.is_object() => self.bad(at, "is no object"),
            (Kind::List(kind), Value::Array(items)) => self.list(kind, items, at),
            (Kind::List(_), _) => self.bad(at, "is no list"),
            (Kind::Number, Value::Number(number)) => Checked::Good(plain(number)),
            (Kind::Integer, Value::Number(number)) => match plain(number) {
                whole if whole.is_i64() || whole.is_u64() => Checked::Good(whole),
                _ => self.bad(at, "is no whole number"),
            },
            (Kind::Number | Kind::Integer, _) => self.bad(at, format!("is not {}", kind.describe())),
            (Kind::Boolean, Value::Bool(_)) => Checked::Good(value.clone()),
            (Kind::Boolean, _) => self.bad(at, "is neither true nor false"),
            (Kind::Enum { values, open }, Value::String(text)) => self.word(values, *open, text, at),
            (kind, Value::String(text)) if is_text(kind) => self.text(kind, text, at),
            (kind, _) if is_text(kind) => self.bad(at, "is no text"),
            (Kind::Enum { .. }, _) => self.bad(at, format!("is not {}", kind.describe())),
            // Whatever it is, it is handed on as it came.
            _ => Checked::Good(value.clone()),
        }
    }

    fn list(&mut self, kind: &'static Kind, items: &[Value], at: &str) -> Checked {
        if items.len() > MOST_ENTRIES {
            return self.bad(at, format!("has more than {MOST_ENTRIES} entries"));
        }
        let mut taken = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            let pointer = format!("{at}/{place}");
            let checked = match item {
                Value::Null => Checked::Nothing,
                item => self.value(kind, item, &pointer),
            };
            match checked {
                Checked::Good(value) => taken.push(value),
                Checked::Nothing => self.tell(pointer, "holds nothing"),
                Checked::Bad => {}
            }
        }
        Checked::Good(Value::Array(taken))
    }

    fn word(&mut self, values: &[&str], open: bool, text: &str, at: &str) -> Checked {
        if open || values.contains(&text) {
            return Checked::Good(Value::from(text));
        }
        let hint = closest(text, values.iter().copied()).map(|meant| format!("; did you mean `{meant}`?"));
        let hint = hint.unwrap_or_default();
        match values {
            [one] => self.bad(at, format!("is not {one}{hint}")),
            values => self.bad(at, format!("is none of {}{hint}", values.join(", "))),
        }
    }

    fn text(&mut self, kind: &Kind, given: &str, at: &str) -> Checked {
        let text = given.trim();
        if text.is_empty() {
            return Checked::Nothing;
        }
        if let Kind::Base64 = kind {
            return self.base64(text, at);
        }
        if let Kind::Shaped(shape) = kind
            && !(shape.fits)(text)
        {
            return self.bad(at, format!("is not {}", shape.about));
        }
        let most = most_characters(kind);
        if given.chars().count() > most {
            return self.bad(at, format!("has more than {most} characters"));
        }
        if form::has_controls(text) {
            return self.bad(at, "has control characters");
        }
        let good = |text: Cow<'_, str>| Checked::Good(Value::String(text.into_owned()));
        match kind {
            Kind::Email if !form::is_email(text) => self.bad(at, "is no e-mail address"),
            Kind::Url if !form::is_web_address(text) => {
                self.bad(at, "is no address that begins with https:// or http:// and names a host")
            }
            Kind::Timestamp => match form::moment(text) {
                Some(moment) => good(Cow::Owned(moment)),
                None => self.bad(at, "is no date such as 2026-01-31 and no moment such as 2026-01-31T12:00:00Z"),
            },
            Kind::Id(_) => match form::id(text) {
                Some(id) => good(id),
                None => self.bad(at, "is neither an id of 24 characters nor `remote:` and an id of the source"),
            },
            _ => good(Cow::Borrowed(text)),
        }
    }

    fn base64(&mut self, text: &str, at: &str) -> Checked {
        let most = self.limits.file_bytes;
        match form::base64(text, most) {
            Ok(text) => Checked::Good(Value::String(text)),
            Err(NotBase64::DataUrl) => self.bad(at, "is a data URL: give what stands behind its comma"),
            Err(NotBase64::Malformed) => self.bad(at, "is no Base64"),
            Err(NotBase64::TooLarge) => self.bad(at, format!("is a file of more than {most} bytes")),
        }
    }
}

/// How many characters such a text may have.
pub(crate) fn most_characters(kind: &Kind) -> usize {
    match kind {
        Kind::Url => MOST_CHARACTERS_OF_A_URL,
        Kind::Shaped(shape) => shape.most,
        _ => MOST_CHARACTERS,
    }
}

fn is_text(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Text | Kind::Email | Kind::Url | Kind::Timestamp | Kind::Id(_) | Kind::Shaped(_) | Kind::Base64
    )
}

fn holds_something(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    }
}

/// A whole number is written as one: `5.0` is 5.
fn plain(number: &Number) -> Value {
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => Value::from(float as i64),
        _ => Value::Number(number.clone()),
    }
}
