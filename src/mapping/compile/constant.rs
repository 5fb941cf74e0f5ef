//! Constants of mapping files and tables, as they are written into the unified record.

use super::super::plan::Constant;
use super::Compiler;
use crate::diagnostics::{Place, Problem};
use crate::model::Kind;
use crate::yaml::{Node, Value};

impl Compiler<'_> {
    /// A constant of the mapping.
    pub(super) fn constant(&self, node: &Node, kind: &Kind) -> Option<Constant> {
        match json(&node.value, kind) {
            Ok(json) => Some(json),
            Err(help) => {
                self.problems.report(not_of_kind(&self.file.text[node.span.start..node.span.end], kind, help).at(
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
        (Kind::Text | Kind::Email | Kind::Url, Value::Text(value)) => Ok(text(value)),
        (Kind::Text, Value::Int(value)) => Ok(text(&value.to_string())),
        (Kind::Number, Value::Int(value)) | (Kind::Integer, Value::Int(value)) => Ok(plain(value.to_string())),
        (Kind::Number, Value::Float(value)) if value.is_finite() => Ok(plain(value.to_string())),
        (Kind::Number, Value::Text(value)) if value.parse::<f64>().is_ok_and(f64::is_finite) => {
            Ok(plain(value.clone()))
        }
        (Kind::Integer, Value::Text(value)) if value.parse::<i64>().is_ok() => Ok(plain(value.clone())),
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
        _ => Err(None),
    }
}
