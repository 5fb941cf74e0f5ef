//! Constants of mapping files and tables, as they are written into the unified record.

use super::super::plan::Constant;
use super::super::time;
use super::Compiler;
use crate::diagnostics::{Place, Problem};
use crate::model::Kind;
use crate::yaml::{Node, Value};

impl Compiler<'_> {
    /// A constant of the mapping.
    pub(super) fn constant(&self, node: &Node, kind: &Kind) -> Option<Constant> {
        if let Kind::Foreign(foreign) = kind {
            return self.foreign_constant(node, *foreign);
        }
        match json(&node.value, kind) {
            Ok(json) => Some(json),
            Err(help) => {
                let written = match &node.value {
                    Value::Text(text) => text,
                    _ => &self.file.text[node.span.start..node.span.end],
                };
                self.problems.report(not_of_kind(written, kind, help).at(
                    self.file,
                    node.span,
                    "does not fit the field",
                ));
                None
            }
        }
    }

    /// The value of a table's row.
    pub(super) fn table_value(&self, text: &str, place: &Place, kind: &Kind, used: &Place) -> Option<Constant> {
        if let Kind::Foreign(foreign) = kind {
            return self.within(&place.file).foreign_text(text, place.span, *foreign);
        }
        match json(&Value::Text(text.to_owned()), kind) {
            Ok(json) => Some(json),
            Err(help) => {
                self.problems.report(
                    not_of_kind(text, kind, help)
                        .at(&place.file, place.span, "does not fit the field")
                        .because(used.clone(), "this field takes its values from the table"),
                );
                None
            }
        }
    }
}

fn not_of_kind(text: &str, kind: &Kind, help: Option<String>) -> Problem {
    let mut problem = Problem::error("M0203", format!("`{text}` is not {}", kind.describe()));
    problem.help = help;
    problem
}

fn json(value: &Value, kind: &Kind) -> Result<Constant, Option<String>> {
    let text = |text: &str| serde_json::to_vec(text).expect("text is JSON").into_boxed_slice();
    let plain = |text: String| text.into_bytes().into_boxed_slice();
    match (kind, value) {
        (Kind::Text, Value::Text(value)) => Ok(text(value)),
        (Kind::Email, Value::Text(value)) if email_address::EmailAddress::is_valid(value) => Ok(text(value)),
        (Kind::Url, Value::Text(value)) if url::Url::parse(value).is_ok() => Ok(text(value)),
        (Kind::Timestamp, Value::Text(value)) => match time::parse_utc(value) {
            Some(moment) => Ok(text(time::text(moment).as_str())),
            None => Err(Some("write such as `2026-01-31T00:00:00Z`".to_owned())),
        },
        (Kind::Text, Value::Int(value)) => Ok(text(&value.to_string())),
        (Kind::Number, Value::Int(value)) | (Kind::Integer, Value::Int(value)) => Ok(plain(value.to_string())),
        (Kind::Number, Value::Float(value)) if value.is_finite() => Ok(plain(value.to_string())),
        (Kind::Number, Value::Text(value)) if serde_json::from_str::<f64>(value).is_ok() => {
            Ok(plain(value.trim().to_owned()))
        }
        (Kind::Integer, Value::Text(value)) if serde_json::from_str::<i64>(value).is_ok() => {
            Ok(plain(value.trim().to_owned()))
        }
        (Kind::Boolean, Value::Bool(value)) => Ok(plain(value.to_string())),
        (Kind::Boolean, Value::Text(value)) if value == "true" || value == "false" => Ok(plain(value.clone())),
        (Kind::Enum { values, .. }, Value::Text(value)) => {
            if values.contains(&value.as_str()) {
                Ok(text(value))
            } else {
                Err(crate::diagnostics::closest(value, values.iter().copied())
                    .map(|close| format!("did you mean `{close}`?")))
            }
        }
        (Kind::List(kind), value) => json(value, kind),
        (Kind::Boolean, _) => Err(Some("write `true` or `false`".to_owned())),
        (_, Value::Null) => Err(Some("leave it out: a field that nothing fills is null".to_owned())),
        _ => Err(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_a_table_are_numbers_of_json() {
        let found = |text: &str, kind: &Kind| {
            json(&Value::Text(text.to_owned()), kind).ok().map(|json| String::from_utf8(json.into_vec()).unwrap())
        };
        for (text, number, integer) in [
            ("5", Some("5"), Some("5")),
            (" -5 ", Some("-5"), Some("-5")),
            ("2.5", Some("2.5"), None),
            ("05", None, None),
            ("+5", None, None),
            (".5", None, None),
            ("inf", None, None),
            ("1e400", None, None),
            ("", None, None),
        ] {
            assert_eq!(found(text, &Kind::Number).as_deref(), number, "{text}");
            assert_eq!(found(text, &Kind::Integer).as_deref(), integer, "{text}");
        }
    }
}
