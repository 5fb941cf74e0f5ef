//! Parts of a schema as its language writes them.

use std::fmt::Write;

use super::super::introspection::{InputDescription, TypeDescription, TypeKind};
use super::Member;

/// An argument or input field.
pub(super) fn input(input: &InputDescription) -> String {
    let default = input.default_value.as_ref().map_or_else(String::new, |value| format!(" = {value}"));
    format!("{}: {}{default}", input.name, input.ty.written())
}

/// A field or value, with its description above.
pub(super) fn member(member: &Member) -> String {
    let mut text = description(member.description.as_deref());
    text.push_str(&member.name);
    text.push_str(&member.signature);
    if let Some(reason) = &member.deprecated {
        text.push_str(&deprecated(reason));
    }
    text
}

pub(super) fn deprecated(reason: &str) -> String {
    if reason.is_empty() { " @deprecated".to_owned() } else { format!(" @deprecated(reason: {})", quoted(reason)) }
}

/// A whole type.
pub(super) fn definition(ty: &TypeDescription, interfaces: &[&str], possible: &[&str], members: &[Member]) -> String {
    let mut text = description(ty.description.as_deref());
    let keyword = match ty.kind {
        TypeKind::Scalar => "scalar",
        TypeKind::Interface => "interface",
        TypeKind::Union => "union",
        TypeKind::Enum => "enum",
        TypeKind::InputObject => "input",
        TypeKind::Object | TypeKind::List | TypeKind::NonNull => "type",
    };
    let _ = write!(text, "{keyword} {}", ty.name);
    if !interfaces.is_empty() {
        let _ = write!(text, " implements {}", interfaces.join(" & "));
    }
    if ty.kind == TypeKind::Union && !possible.is_empty() {
        let _ = write!(text, " = {}", possible.join(" | "));
    }
    if !members.is_empty() {
        text.push_str(" {\n");
        for one in members {
            for line in member(one).lines() {
                let _ = writeln!(text, "{}", format!("  {line}").trim_end());
            }
        }
        text.push('}');
    }
    text.push('\n');
    text
}

fn description(description: Option<&str>) -> String {
    match description.map(str::trim).filter(|text| !text.is_empty()) {
        None => String::new(),
        Some(text) if !text.contains('\n') => format!("{}\n", quoted(text)),
        Some(text) => format!("\"\"\"\n{}\n\"\"\"\n", text.replace("\"\"\"", "\\\"\"\"")),
    }
}

/// A text in quotes. GraphQL escapes as JSON does.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
