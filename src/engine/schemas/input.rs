//! The schema of what an action is given.
//!
//! What a regular expression cannot tell (that a day exists, that a file is not too large) the schema lets through.

use serde_json::{Map, Value, json};

use super::shape::{describe, or_nothing};
use crate::model::input::{
    BASE64_PATTERN, EMAIL_PATTERN, FileFields, ID_PATTERN, MOMENT_PATTERN, MOST_ENTRIES, TEXT_PATTERN, URL_PATTERN,
    most_characters,
};
use crate::model::{Action, Field, Kind};

/// The JSON Schema (draft 7) of the input of an action.
pub fn input_schema(action: &'static Action) -> Value {
    let mut schema = object(action.fields, action.ignored);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!(format!("{}: input", action.label));
    describe(schema, action.about)
}

fn object(fields: &'static [Field], ignored: &[&str]) -> Value {
    let mut properties: Map<String, Value> = fields
        .iter()
        .map(|field| {
            let schema = value(&field.kind, field.required);
            (field.name.to_owned(), describe(if field.required { schema } else { or_nothing(schema) }, field.about))
        })
        .collect();
    properties
        .extend(ignored.iter().map(|name| ((*name).to_owned(), describe(json!({}), "Repeated by some; not read"))));
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    let required: Vec<&str> = fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    if let Some(file) = FileFields::among(fields) {
        let (data, address, content_type) = (file.data.name, file.address.name, file.content_type.name);
        let given = json!({ "type": "string", "pattern": r"\S" });
        schema["oneOf"] = json!([
            { "required": [data, content_type], "properties": { data: given, content_type: given } },
            { "required": [address], "properties": { address: given } },
        ]);
    }
    schema
}

fn value(kind: &'static Kind, required: bool) -> Value {
    let form = |form: &str| {
        let pattern = if required { format!(r"^\s*(?:{form})\s*$") } else { format!(r"^\s*(?:{form})?\s*$") };
        json!({ "type": "string", "pattern": pattern })
    };
    let bounded = |mut schema: Value| {
        schema["maxLength"] = json!(most_characters(kind));
        schema
    };
    match kind {
        Kind::Text => bounded(form(TEXT_PATTERN)),
        Kind::Email => bounded(form(EMAIL_PATTERN)),
        Kind::Url => bounded(form(URL_PATTERN)),
        Kind::Timestamp => {
            let mut schema = bounded(form(MOMENT_PATTERN));
            schema["examples"] = json!(["2026-01-31", "2026-01-31T12:00:00Z"]);
            schema
        }
        Kind::Id(_) => {
            let mut schema = bounded(form(ID_PATTERN));
            schema["examples"] = json!(["remote:123"]);
            schema
        }
        Kind::Shaped(shape) => bounded(form(shape.pattern.unwrap_or(TEXT_PATTERN))),
        Kind::Base64 => {
            let mut schema = form(BASE64_PATTERN);
            schema["contentEncoding"] = json!("base64");
            schema
        }
        Kind::Number => json!({ "type": "number" }),
        Kind::Integer => json!({ "type": "integer" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Enum { open: true, .. } => json!({ "type": "string" }),
        Kind::Enum { values, open: false } => json!({ "enum": values }),
        Kind::Object(fields) => object(fields, &[]),
        Kind::List(item) => json!({ "type": "array", "items": value(item, true), "maxItems": MOST_ENTRIES }),
        Kind::Map => json!({ "type": "object" }),
        Kind::Any => json!({ "type": ["string", "number", "boolean", "array", "object"] }),
        Kind::Members(_) | Kind::Foreign(_) => json!({}),
    }
}
