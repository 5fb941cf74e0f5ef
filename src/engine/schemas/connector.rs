//! The schemas of connectors and connections.

use serde_json::{Value, json};

use super::shape::{self, Writer};
use crate::connector::keys::{CONNECTION, CONNECTOR};

pub(super) fn connector() -> Value {
    shape::file(&CONNECTOR, &Writer { defined: &defined })
}

pub(super) fn connection() -> Value {
    shape::file(&CONNECTION, &Writer { defined: &defined })
}

fn defined(name: &'static str) -> Value {
    match name {
        "address" => json!({ "type": "string", "examples": ["https://{tenant}.example.org/graphql"] }),
        "reference" => json!({ "type": "string", "pattern": "^(env|file):.*\\S" }),
        "flags" => json!({
            "type": "object",
            "propertyNames": { "pattern": "^[+-]?[0-9]+$" },
            "additionalProperties": { "type": "boolean" },
        }),
        "spelling" => json!({ "type": "string", "pattern": "\\{id\\}" }),
        other => super::mapping::of_a_file(other),
    }
}
