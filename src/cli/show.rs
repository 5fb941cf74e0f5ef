//! Unified values as people read them.

use serde_json::Value;

use super::table::{one_line, wrap};
use super::terminal::Paint;
use crate::model::{Field, Kind};

/// A value in one line. `kind` is that of its field, where it has one.
pub(super) fn in_one_line(value: &Value, kind: Option<&Kind>) -> String {
    match (value, kind) {
        (Value::String(text), Some(Kind::Timestamp)) => moment(text),
        (Value::Array(items), _) => {
            let items: Vec<String> = items.iter().map(|item| in_one_line(item, None)).collect();
            items.join("; ")
        }
        (Value::Object(members), _) => {
            let members = members.values().map(|member| in_one_line(member, None));
            members.filter(|member| !member.is_empty()).collect::<Vec<_>>().join(", ")
        }
        (value, _) => scalar(value),
    }
}

/// A value as it is written in JSON, in one line and cut after so many characters.
pub(super) fn in_json(value: &Value, most: usize) -> String {
    let written = match value {
        // Scripts and sources write 24.0 where people say 24.
        Value::Number(number) => match number.as_f64() {
            Some(whole) if number.is_f64() && whole.fract() == 0.0 && whole.abs() < 1e15 => format!("{whole:.0}"),
            _ => number.to_string(),
        },
        value => value.to_string(),
    };
    let written = one_line(&written);
    let Some((end, _)) = written.char_indices().nth(most) else { return written.into_owned() };
    match value {
        Value::String(text) => format!("{}…\" ({} characters)", &written[..end], text.chars().count()),
        _ => format!("{}…", &written[..end]),
    }
}

/// `2026-11-20 10:00` of `2026-11-20T10:00:00.000Z`: seconds are for programs.
fn moment(text: &str) -> String {
    match text.split_once('T') {
        Some((date, time)) => format!("{date} {}", time.get(..5).unwrap_or(time)),
        None => text.to_owned(),
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => one_line(text).into_owned(),
        value => value.to_string(),
    }
}

/// The members of a record, one a line, and deeper ones standing in. `fields` gives the order; what it does not name
/// follows.
pub(super) fn in_lines(record: &Value, fields: &[Field], width: Option<usize>, paint: Paint) -> String {
    let Value::Object(members) = record else { return String::new() };
    let named = fields.iter().filter_map(|field| members.get(field.name).map(|value| (field.name, value)));
    let others = members.iter().filter(|(key, _)| fields.iter().all(|field| field.name != key.as_str()));
    let members: Vec<(&str, &Value)> = named.chain(others.map(|(key, value)| (key.as_str(), value))).collect();
    let margin = members.iter().map(|(key, _)| key.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for (key, value) in members {
        let lines = lines(value, width.map(|width| width.saturating_sub(margin + 2)));
        for (at, line) in lines.iter().enumerate() {
            let title = if at == 0 { key } else { "" };
            let padding = " ".repeat(margin + 2 - title.chars().count());
            text.push_str(format!("{}{padding}{line}", paint.cyan(title)).trim_end());
            text.push('\n');
        }
    }
    text
}

fn lines(value: &Value, width: Option<usize>) -> Vec<String> {
    let folded = |line: &str| match width {
        Some(width) => wrap(&one_line(line), width),
        None => vec![one_line(line).into_owned()],
    };
    match value {
        Value::Null => vec!["-".to_owned()],
        Value::Array(items) if items.is_empty() => vec!["none".to_owned()],
        Value::Object(members) if members.is_empty() => vec!["none".to_owned()],
        Value::Array(items) => items.iter().flat_map(|item| item_lines(item, width)).collect(),
        Value::Object(members) => {
            let filled = members.iter().filter(|(_, member)| !is_empty(member));
            filled.flat_map(|(key, member)| member_lines(key, member, width)).collect()
        }
        Value::String(text) => text.lines().flat_map(folded).collect(),
        value => vec![value.to_string()],
    }
}

fn item_lines(item: &Value, width: Option<usize>) -> Vec<String> {
    let inner = lines(item, width.map(|width| width.saturating_sub(2)));
    inner.iter().enumerate().map(|(at, line)| format!("{}{line}", if at == 0 { "- " } else { "  " })).collect()
}

fn member_lines(key: &str, member: &Value, width: Option<usize>) -> Vec<String> {
    let inner = lines(member, width.map(|width| width.saturating_sub(2)));
    let is_flat = !matches!(member, Value::Array(_) | Value::Object(_));
    match inner.as_slice() {
        [only] if is_flat && width.is_none_or(|width| key.len() + 2 + only.len() <= width) => {
            vec![format!("{key}: {only}")]
        }
        _ => {
            let title = format!("{key}:");
            std::iter::once(title).chain(inner.iter().map(|line| format!("  {line}"))).collect()
        }
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PLAIN: Paint = Paint { on: false };

    #[test]
    fn a_value_fits_into_one_line() {
        let place = json!({ "city": "Breda", "country": "NL", "state": null });
        assert_eq!(in_one_line(&place, None), "Breda, NL");
        assert_eq!(in_one_line(&json!(["a\nb", 2, true]), None), "a b; 2; true");
        assert_eq!(in_one_line(&json!("2026-11-20T10:00:00.000Z"), Some(&Kind::Timestamp)), "2026-11-20 10:00");
        assert_eq!(in_one_line(&json!("2026-11-20T10:00:00.000Z"), Some(&Kind::Text)), "2026-11-20T10:00:00.000Z");
    }

    #[test]
    fn a_text_from_the_source_cannot_move_the_cursor() {
        let nasty = json!({ "name": "\u{1b}[2Jgone\rback" });
        for text in [in_one_line(&nasty["name"], None), in_lines(&nasty, &[], None, PLAIN)] {
            assert!(!text.trim_end_matches('\n').contains(char::is_control), "{text:?}");
        }
    }

    #[test]
    fn a_record_stands_in_lines() {
        let record = json!({
            "name": "Welder",
            "description": "First line\nsecond",
            "stages": [{ "id": "1", "name": "New" }, { "id": "2", "name": null }],
            "tags": [],
            "category": null,
        });
        let expected = "\
category     -
description  First line
             second
name         Welder
stages       - id: 1
               name: New
             - id: 2
tags         none
";
        assert_eq!(in_lines(&record, &[], None, PLAIN), expected);
    }
}
