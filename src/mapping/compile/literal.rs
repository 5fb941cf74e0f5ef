//! Values of YAML as GraphQL literals, by the type of the argument that takes them.

use std::sync::Arc;

use apollo_compiler::ast::Type;

use super::Compiler;
use crate::diagnostics::{Problem, SourceFile};
use crate::yaml::{self, Entry, Node, Value};

impl Compiler<'_> {
    /// The literal of an argument's value. What its type does not take is reported.
    pub(in crate::mapping) fn literal(&self, entry: &Entry, ty: &Type, file: &Arc<SourceFile>) -> Option<String> {
        self.value(&entry.key.value, &entry.value, ty, file)
    }

    fn value(&self, of: &str, node: &Node, ty: &Type, file: &Arc<SourceFile>) -> Option<String> {
        let name = ty.inner_named_type().as_str();
        match &node.value {
            Value::List(items) if ty.is_list() => {
                let items = items.iter().map(|item| self.value(of, item, ty.item_type(), file));
                // All are looked at, so that all that is wrong is reported.
                let items: Vec<Option<String>> = items.collect();
                let items: Option<Vec<String>> = items.into_iter().collect();
                return Some(format!("[{}]", items?.join(", ")));
            }
            Value::Map(members) if self.schema.input_members(name).is_some() => {
                return self.input_object(members, name, file);
            }
            _ => {}
        }
        if let Some(wanted) = unlike(&node.value, name) {
            self.problems.report(
                Problem::error("M0105", format!("`{of}` is {wanted}, not {}", node.value.describe())).at(
                    file,
                    node.span,
                    format!("the argument is a {name}"),
                ),
            );
            return None;
        }
        Some(match &node.value {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) if name != "String" && name != "ID" => value.to_string(),
            Value::Float(value) if name != "String" && name != "ID" => value.to_string(),
            // A scalar of the source's own may have any shape.
            Value::List(_) | Value::Map(_) if self.schema.has_scalar(name) => free(node),
            _ => {
                let text = yaml::text(node, file, self.problems)?;
                match self.schema.enum_values(name) {
                    Some(values) if values.contains(&text.value.as_str()) => text.value,
                    Some(values) => {
                        self.problems.report(
                            Problem::error("M0105", format!("`{}` is not a value of {name}", text.value))
                                .at(file, text.span, "no such value")
                                .suggest(&text.value, values),
                        );
                        return None;
                    }
                    None => quoted(&text.value),
                }
            }
        })
    }

    fn input_object(&self, entries: &[Entry], type_name: &str, file: &Arc<SourceFile>) -> Option<String> {
        let known = self.schema.input_members(type_name)?;
        let members = entries.iter().map(|entry| {
            let name = entry.key.value.as_str();
            let Some((_, ty)) = known.iter().find(|(known, _)| *known == name) else {
                self.problems.report(
                    Problem::error("M0105", format!("{type_name} has no member `{name}`"))
                        .at(file, entry.key.span, "no such member")
                        .suggest(name, known.iter().map(|(name, _)| *name)),
                );
                return None;
            };
            match &entry.value.value {
                Value::Null if !ty.is_non_null() => Some(format!("{name}: null")),
                _ => Some(format!("{name}: {}", self.literal(entry, ty, file)?)),
            }
        });
        let members: Vec<Option<String>> = members.collect();
        let members: Option<Vec<String>> = members.into_iter().collect();
        Some(format!("{{{}}}", members?.join(", ")))
    }
}

/// What a built-in type of GraphQL wants, when the value is nothing of the kind.
fn unlike(value: &Value, type_name: &str) -> Option<&'static str> {
    let (fits, wanted) = match type_name {
        "Boolean" => (matches!(value, Value::Bool(_)), "true or false"),
        "Int" => (matches!(value, Value::Int(_)), "a whole number"),
        "Float" => (matches!(value, Value::Int(_) | Value::Float(_)), "a number"),
        "String" | "ID" => (matches!(value, Value::Text(_) | Value::Int(_) | Value::Float(_)), "text"),
        _ => (true, ""),
    };
    (!fits).then_some(wanted)
}

/// A literal of no particular type. What GraphQL does not allow in it shows when the operation is validated.
fn free(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Text(text) => quoted(text),
        Value::List(items) => format!("[{}]", items.iter().map(free).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let member = |entry: &Entry| format!("{}: {}", entry.key.value, free(&entry.value));
            format!("{{{}}}", entries.iter().map(member).collect::<Vec<_>>().join(", "))
        }
    }
}

/// JSON's escapes are GraphQL's.
pub(super) fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON")
}
