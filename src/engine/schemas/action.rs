//! The schema of actions. Which members an argument has is the source's matter, so a rule may stand wherever a value does.

use serde_json::{Map, Value, json};

use super::mapping::{ARGUMENT, dependencies, excluded, of_a_file};
use super::shape::{self, Writer, describe};
use crate::mapping::action::keys::{ACTION, KINDS};
use crate::mapping::keys::RULES;
use crate::mapping::kinds;
use crate::model::ACTIONS;
use crate::yaml::Keys;

/// Origins that make no sense here: they are about rows of the store.
const OTHER_ORIGINS: [&str; 2] = ["ref", "members"];

pub(super) fn action() -> Value {
    let writer = Writer { defined: &defined };
    let mut schema = shape::file(&ACTION, &writer);
    let alternatives = json!({ "type": "array", "items": refer("rule"), "minItems": 1 });
    let steps: Vec<Value> = KINDS.iter().map(|keys| writer.map(keys)).collect();
    schema["definitions"] = json!({
        "step": describe(json!({ "anyOf": steps }), "One step: what it does is its first key"),
        "written": { "anyOf": [refer("rule"), alternatives, { "type": "null" }] },
        "message": { "anyOf": [shape::text(), refer("rule"), alternatives] },
        "rule": rule(&writer),
    });
    schema
}

fn refer(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

fn defined(name: &'static str) -> Value {
    match name {
        "action" => json!({ "enum": ACTIONS.iter().map(|action| action.name).collect::<Vec<_>>() }),
        "step" | "written" | "message" | "rule" => refer(name),
        "name" => json!({ "type": "string", "pattern": "^(?!input$)[a-z][a-z0-9_]*$" }),
        "pointer" => json!({ "type": "string", "pattern": "^/" }),
        "size" => json!({ "type": "string", "pattern": "^\\s*[0-9]+\\s*(kB|MB)\\s*$" }),
        "always" => json!({ "enum": [true] }),
        "argument" | "part" => json!({ "type": "string", "pattern": ARGUMENT }),
        // What may stand there depends on what is filled.
        "constant" | "otherwise" => json!({}),
        "kind" => json!({ "enum": kinds().collect::<Vec<_>>() }),
        "object" => json!({ "type": "object", "additionalProperties": refer("written"), "minProperties": 1 }),
        name => of_a_file(name),
    }
}

/// One origin and its steps, or a path.
fn rule(writer: &Writer<'_>) -> Value {
    let origins: Vec<&'static Keys> = RULES.iter().filter(|keys| !OTHER_ORIGINS.contains(&keys.keys[0].name)).collect();
    let keys = origins.iter().flat_map(|keys| keys.all());
    let mut properties: Map<String, Value> = keys.map(|key| (key.name.to_owned(), writer.property(key))).collect();
    properties["path"] = describe(shape::one_or_list(defined("argument"), 1), origins[0].keys[0].about);
    let mut one_of = vec![json!({ "type": "string" })];
    one_of.extend(origins.iter().map(|keys| json!({ "type": "object", "required": [keys.keys[0].name] })));
    let schema = json!({
        "type": ["string", "object"],
        "pattern": ARGUMENT,
        "dependencies": dependencies(&origins, &properties),
        "allOf": RULES[0].choices.iter().flat_map(|choice| excluded(choice.of, &properties)).collect::<Vec<_>>(),
        "properties": properties,
        "additionalProperties": false,
        "oneOf": one_of,
    });
    describe(schema, RULES[0].about)
}
