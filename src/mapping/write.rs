//! Values, and how they are written as a field of a certain kind.

use std::borrow::Cow;
use std::collections::BTreeMap;

use email_address::EmailAddress;
use jiff::Timestamp;
use url::Url;

use super::json::{Text, push_escaped};
use super::time::{self, DateFormat, Moment};
use crate::model::{Foreign, Kind};

/// How values are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner<'m> {
    /// What whole numbers mean where true or false is wanted.
    pub flags: &'m BTreeMap<i64, bool>,
    /// The source's own terms, where it is what is written into.
    pub terms: Option<&'m Terms>,
}

/// How a source writes what an action says to it.
#[derive(Debug, Default)]
pub(super) struct Terms {
    /// How each date scalar is written.
    pub dates: BTreeMap<String, DateFormat>,
    /// The values of each enum.
    pub choices: BTreeMap<String, Vec<String>>,
}

/// A value on its way from the source to the unified record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value<'v> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Without outer blanks and not empty.
    Text(Text<'v>),
    Time(Moment),
    Json(Cow<'v, str>),
}

impl<'v> Value<'v> {
    /// A text without its outer blanks; a blank one is null.
    pub fn text(text: Cow<'v, str>) -> Value<'v> {
        Text::Decoded(text).trimmed().map_or(Value::Null, Value::Text)
    }

    /// The value as text, for joins, tables and ids.
    #[inline]
    pub fn to_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Value::Null | Value::Json(_) => None,
            Value::Bool(value) => Some(Cow::Borrowed(if *value { "true" } else { "false" })),
            Value::Int(value) => Some(Cow::Owned(value.to_string())),
            Value::Float(value) => Some(Cow::Owned(value.to_string())),
            Value::Text(value) => Some(value.read()),
            Value::Time(moment) => Some(Cow::Owned(time::text(*moment).as_str().to_owned())),
        }
    }

    /// The same as [`Value::to_text`], as a text to be written.
    pub fn into_text(self) -> Option<Text<'v>> {
        match self {
            Value::Text(text) => Some(text),
            other => other.to_text().map(|text| Text::Decoded(Cow::Owned(text.into_owned()))),
        }
    }

    /// Writes the value as a field of that kind. An error says why it does not fit; nothing was written then.
    #[inline]
    pub fn write(&self, kind: &Kind, manner: Manner<'_>, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        match (kind, self) {
            (Kind::Text, Value::Text(text)) => push_quoted(text, out),
            (Kind::Text, value) => match value.to_text() {
                Some(text) => push_text(&text, out),
                None => return Err("is no text".into()),
            },
            (Kind::Email, Value::Text(text)) if EmailAddress::is_valid(&text.read()) => push_quoted(text, out),
            (Kind::Email, _) => return Err("is not an e-mail address".into()),
            (Kind::Url, Value::Text(text)) if is_url(&text.read()) => push_quoted(text, out),
            (Kind::Url, _) => return Err("is not an absolute URL".into()),
            (Kind::Number, value) => match value.number() {
                Some(number) => push_number(number, out),
                None => return Err("is not a number".into()),
            },
            (Kind::Integer, value) => match value.number() {
                Some(number) if number.fract() == 0.0 && number.abs() < EXACT => push_number(number, out),
                _ => return Err("is not a whole number".into()),
            },
            (Kind::Boolean, value) => match value.flag(manner.flags) {
                Some(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
                None => return Err("is neither true nor false".into()),
            },
            (Kind::Timestamp, value) => match value.moment() {
                Some(moment) => {
                    out.push(b'"');
                    out.extend_from_slice(time::text(moment).as_str().as_bytes());
                    out.push(b'"');
                }
                None => return Err("is not a date".into()),
            },
            (Kind::Enum { values, open }, value) => match value.to_text() {
                Some(text) if *open || values.contains(&text.as_ref()) => push_text(&text, out),
                Some(text) => return Err(format!("is none of {}: `{}`", values.join(", "), shorten(&text)).into()),
                None => return Err("is no text".into()),
            },
            (Kind::Map, Value::Json(json)) if json.starts_with('{') => out.extend_from_slice(json.as_bytes()),
            (Kind::Map, _) => return Err("is no map".into()),
            (Kind::Id(_) | Kind::Object(_) | Kind::List(_) | Kind::Members(_), _) => {
                return Err("is a single value".into());
            }
            (Kind::Shaped(_) | Kind::Base64 | Kind::Any, _) => return Err("is of no field of a record".into()),
            (Kind::Foreign(foreign), value) => value.write_foreign(*foreign, manner, out)?,
        }
        Ok(())
    }

    /// Writes the value as the source wants it.
    fn write_foreign(&self, foreign: Foreign, manner: Manner<'_>, out: &mut Vec<u8>) -> Result<(), Cow<'static, str>> {
        match (foreign, self) {
            (Foreign::Whole | Foreign::Operand, Value::Bool(flag)) => {
                match manner.flags.iter().find(|(_, meaning)| *meaning == flag) {
                    Some((number, _)) => push_number(*number as f64, out),
                    None => return Err("is true or false, which this source writes in no way that is known".into()),
                }
            }
            (Foreign::Whole, value) => return value.write(&Kind::Integer, manner, out),
            (Foreign::Operand, Value::Int(_) | Value::Float(_)) => return self.write(&Kind::Number, manner, out),
            (Foreign::Operand, _) => return self.write(&Kind::Text, manner, out),
            (Foreign::Moment(name), value) => {
                let format = manner.terms.and_then(|terms| terms.dates.get(name));
                let moment = value.moment().and_then(|moment| Timestamp::from_millisecond(moment).ok());
                match (format, moment) {
                    (Some(format), Some(moment)) => push_text(&format.print(moment), out),
                    (None, _) => return Err("is a date, and nothing says how this source writes dates".into()),
                    (_, None) => return Err("is not a date".into()),
                }
            }
            (Foreign::Choice(name), value) => {
                let Some(text) = value.to_text() else { return Err("is no text".into()) };
                let choices = manner.terms.and_then(|terms| terms.choices.get(name));
                if !choices.is_some_and(|choices| choices.iter().any(|choice| *choice == text)) {
                    return Err(format!("is no value of {name}").into());
                }
                push_text(&text, out);
            }
            (Foreign::Json, Value::Json(json)) => out.extend_from_slice(json.as_bytes()),
            (Foreign::Json, Value::Bool(flag)) => out.extend_from_slice(if *flag { b"true" } else { b"false" }),
            (Foreign::Json, Value::Int(_) | Value::Float(_)) => return self.write(&Kind::Number, manner, out),
            (Foreign::Json, _) => return self.write(&Kind::Text, manner, out),
            (Foreign::Object(_), _) => return Err("is a single value".into()),
        }
        Ok(())
    }

    fn number(&self) -> Option<f64> {
        match self {
            Value::Int(value) => Some(*value as f64),
            Value::Float(value) => Some(*value),
            Value::Text(text) => text.read().parse().ok(),
            _ => None,
        }
        .filter(|number| number.is_finite())
    }

    fn flag(&self, flags: &BTreeMap<i64, bool>) -> Option<bool> {
        match self {
            Value::Bool(value) => Some(*value),
            Value::Int(value) => flags.get(value).copied(),
            _ => None,
        }
    }

    fn moment(&self) -> Option<Moment> {
        match self {
            Value::Time(moment) => Some(*moment),
            Value::Text(text) => time::parse_utc(&text.read()),
            _ => None,
        }
    }
}

/// Up to here every whole number is exact in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

fn push_number(number: f64, out: &mut Vec<u8>) {
    let written = if number.fract() == 0.0 && number.abs() < EXACT {
        serde_json::to_writer(out, &(number as i64))
    } else {
        serde_json::to_writer(out, &number)
    };
    written.expect("writing to a Vec cannot fail");
}

pub(super) fn push_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    push_escaped(text, out);
    out.push(b'"');
}

fn push_quoted(text: &Text<'_>, out: &mut Vec<u8>) {
    out.push(b'"');
    text.push(out);
    out.push(b'"');
}

/// Whether a text is an absolute URL.
fn is_url(text: &str) -> bool {
    is_web_address(text) || Url::parse(text).is_ok()
}

/// Whether a text begins like nearly all URLs do: `https://` and a host name of letters, digits, dots and dashes.
/// After such a beginning everything is allowed. What this does not know may still be a URL.
fn is_web_address(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_name = |label: &str| {
        let has_code = label.get(..4).is_some_and(|code| code.eq_ignore_ascii_case("xn--"));
        let is_plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        !label.is_empty() && is_plain && !has_code
    };
    // A host whose last label starts with a digit would be an address in numbers.
    let has_top = host.rsplit('.').next().is_some_and(|top| top.starts_with(|c: char| c.is_ascii_alphabetic()));
    has_top && host.split('.').all(is_name)
}

/// The beginning of a text, for messages.
pub(super) fn shorten(text: &str) -> Cow<'_, str> {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(value: &Value<'_>, kind: &Kind) -> Result<String, String> {
        let flags = BTreeMap::from([(0, false), (1, true)]);
        let mut out = Vec::new();
        value.write(kind, Manner { flags: &flags, terms: None }, &mut out).map_err(Cow::into_owned)?;
        Ok(String::from_utf8(out).unwrap())
    }

    fn text(text: &str) -> Value<'_> {
        Value::text(Cow::Borrowed(text))
    }

    #[test]
    fn values_keep_their_type() {
        assert_eq!(written(&text("+31 6 0000 0000"), &Kind::Text).unwrap(), "\"+31 6 0000 0000\"");
        assert_eq!(written(&Value::Int(12), &Kind::Text).unwrap(), "\"12\"");
        assert_eq!(written(&text(" 12.50 "), &Kind::Number).unwrap(), "12.5");
        assert_eq!(written(&Value::Float(40.0), &Kind::Number).unwrap(), "40");
        assert_eq!(written(&Value::Int(1), &Kind::Boolean).unwrap(), "true");
        assert_eq!(written(&Value::Float(2.5), &Kind::Number).unwrap(), "2.5");
    }

    #[test]
    fn what_does_not_fit_says_why() {
        assert_eq!(written(&Value::Int(2), &Kind::Boolean).unwrap_err(), "is neither true nor false");
        assert_eq!(written(&text("veel"), &Kind::Number).unwrap_err(), "is not a number");
        assert_eq!(written(&text("inf"), &Kind::Number).unwrap_err(), "is not a number");
        assert_eq!(written(&Value::Float(2.5), &Kind::Integer).unwrap_err(), "is not a whole number");
        assert_eq!(written(&text("ada at example.org"), &Kind::Email).unwrap_err(), "is not an e-mail address");
        let closed = Kind::Enum { values: &["ACTIVE"], open: false };
        assert_eq!(written(&text("actief"), &closed).unwrap_err(), "is none of ACTIVE: `actief`");
    }

    #[test]
    fn blank_text_is_null() {
        assert_eq!(text(" \n "), Value::Null);
    }

    proptest! {
        #[test]
        fn a_web_address_is_a_url(text in "https?://([A-Za-z0-9-]{1,6}\\.){0,3}[A-Za-z0-9-]{0,6}([/?#:@]\\PC{0,12})?") {
            prop_assert!(!is_web_address(&text) || Url::parse(&text).is_ok(), "{}", text);
        }
    }

    #[test]
    fn usual_addresses_are_known_without_the_parser() {
        assert!(is_web_address("https://acme.example.org/#Vacancy/12"));
        for text in ["https://", "https://a..b", "https://xn--a.nl", "https://1.2.3.999", "https://a b", "mailto:a@b.c"]
        {
            assert!(!is_web_address(text), "{text}");
        }
    }
}
