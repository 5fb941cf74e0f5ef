//! The schemas of connectors and connections.

use serde_json::{Value, json};

use super::shape::{self, Writer, or_nothing};
use crate::connector::keys::{CLOCK, CONNECTION, CONNECTOR, PAGES, PAGES_BY_CURSOR, SORT};
use crate::model::{ACTIONS, MODELS};

pub(super) fn connector() -> Value {
    shape::file(&CONNECTOR, &writer())
}

pub(super) fn connection() -> Value {
    shape::file(&CONNECTION, &writer())
}

fn writer() -> Writer<'static> {
    Writer { defined: &defined }
}

fn defined(name: &'static str) -> Value {
    match name {
        "sign" => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
        "address" => json!({ "type": "string", "examples": ["https://{tenant}.example.org/graphql"] }),
        "reference" => json!({ "type": "string", "pattern": "^((env|file):.*\\S|vault: *[A-Za-z0-9_./-]{1,128} *$)" }),
        "clocks" => json!({
            "type": "object",
            "propertyNames": { "enum": MODELS.iter().map(|model| model.name).collect::<Vec<_>>() },
            "additionalProperties": writer().map(&CLOCK),
        }),
        "switches" => json!({
            "type": "object",
            "propertyNames": { "enum": ACTIONS.iter().map(|action| action.name).collect::<Vec<_>>() },
            "additionalProperties": { "enum": ["on", "off", true, false] },
        }),
        "cron" => json!({ "type": "string", "pattern": "^\\s*\\S+(\\s+\\S+){4}\\s*$" }),
        "header_name" | "passed_header" => json!({ "type": "string", "pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" }),
        "model_name" => json!({ "enum": MODELS.iter().map(|model| model.name).collect::<Vec<_>>() }),
        "header" => json!({ "type": "string", "pattern": "^[ -~]*$" }),
        "mark" => json!({ "type": ["integer", "boolean"] }),
        "order" => or_nothing(writer().map(&SORT)),
        "pages" => json!({
            "type": "object",
            "if": { "properties": { "by": { "const": "cursor" } }, "required": ["by"] },
            "then": writer().map(&PAGES_BY_CURSOR),
            "else": writer().map(&PAGES),
        }),
        "flags" => json!({
            "type": "object",
            "propertyNames": { "pattern": "^[+-]?[0-9]+$" },
            "additionalProperties": { "type": "boolean" },
        }),
        "filter_of_changes" => json!({ "type": "string", "pattern": "\\{since\\}" }),
        "joined_filters" => json!({
            "type": "string",
            "allOf": [{ "pattern": "\\{where\\}" }, { "pattern": "\\{changes\\}" }],
        }),
        "slug" => json!({ "type": "string", "pattern": "^[a-z0-9]+$" }),
        "spelling" => json!({ "type": "string", "pattern": "\\{id\\}" }),
        other => super::mapping::of_a_file(other),
    }
}
