//! YAML files as editors see them.

use crosswalk::diagnostics::{Problems, SourceFile};
use crosswalk::yaml::{self, Node, Value};
use serde_json::json;

/// The tree that a YAML text holds.
pub fn of(text: &str) -> serde_json::Value {
    let problems = Problems::new();
    of_node(&yaml::parse(&SourceFile::new("file.yaml", text), &problems).unwrap())
}

fn of_node(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => json!(value),
        Value::Int(value) => json!(value),
        Value::Float(value) => json!(value),
        Value::Text(value) => json!(value),
        Value::List(items) => items.iter().map(of_node).collect(),
        Value::Map(entries) => {
            let members = entries.iter().map(|entry| (entry.key.value.clone(), of_node(&entry.value)));
            serde_json::Value::Object(members.collect())
        }
    }
}
