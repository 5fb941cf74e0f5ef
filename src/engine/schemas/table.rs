//! The schema of tables.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::shape::{self, Writer, describe, one_or_list, or_nothing};
use crate::model::{Field, Kind, MODELS};
use crate::table::TABLE;

pub(super) fn table() -> Value {
    schema(texts())
}

/// An overlay takes rows out with `null`.
pub(super) fn overlay() -> Value {
    let mut schema = schema(or_nothing(texts()));
    schema["title"] = json!("A table of an overlay of Crosswalk");
    schema
}

fn schema(texts: Value) -> Value {
    let mut schema = shape::file(&TABLE, &Writer { defined: &|_| rows() });
    schema["definitions"] = json!({ "texts": texts });
    schema
}

/// What stands for a value.
fn texts() -> Value {
    one_or_list(json!({ "type": ["string", "number", "boolean"], "pattern": "\\S" }), 0)
}

/// The values are those of some field that uses the table, which the table does not know: all are offered, and others
/// are let through.
fn rows() -> Value {
    let texts = json!({ "$ref": "#/definitions/texts" });
    let mut fields_of: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for model in MODELS {
        values(model.fields, model.name, &mut fields_of);
    }
    let known = fields_of.iter().map(|(value, fields)| {
        let about = format!("A value of {}", fields.join(", "));
        ((*value).to_owned(), describe(texts.clone(), &about))
    });
    json!({
        "type": "object",
        "properties": known.collect::<Map<_, _>>(),
        "additionalProperties": texts,
        "minProperties": 1,
    })
}

fn values(fields: &[Field], path: &str, fields_of: &mut BTreeMap<&'static str, Vec<String>>) {
    for field in fields {
        let path = format!("{path}.{}", field.name);
        match item(&field.kind) {
            Kind::Enum { values, .. } => {
                for value in *values {
                    fields_of.entry(value).or_default().push(path.clone());
                }
            }
            Kind::Object(fields) => values(fields, &path, fields_of),
            _ => {}
        }
    }
}

fn item(kind: &Kind) -> &Kind {
    match kind {
        Kind::List(item) => item,
        kind => kind,
    }
}
