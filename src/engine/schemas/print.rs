//! JSON as a person reads it, and as a difference shows well.

use serde_json::Value;

/// What fits this many columns stands in one line.
const WIDTH: usize = 120;

/// The text of a value, with what is short in one line.
pub(super) fn print(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, 0, &mut text);
    text.push('\n');
    text
}

/// `before` is how much stands in the line already.
fn write(value: &Value, indent: usize, before: usize, text: &mut String) {
    let short = in_a_line(value);
    if indent + before + short.len() < WIDTH || !matches!(value, Value::Object(_) | Value::Array(_)) {
        text.push_str(&short);
        return;
    }
    let inner = indent + 2;
    let new_line = |text: &mut String, indent: usize| text.push_str(&format!("\n{:indent$}", ""));
    match value {
        Value::Object(members) => {
            text.push('{');
            for (at, (key, value)) in members.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                new_line(text, inner);
                let key = format!("{}: ", Value::from(key.as_str()));
                text.push_str(&key);
                write(value, inner, key.len(), text);
            }
            new_line(text, indent);
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                new_line(text, inner);
                write(item, inner, 0, text);
            }
            new_line(text, indent);
            text.push(']');
        }
        _ => {}
    }
}

fn in_a_line(value: &Value) -> String {
    match value {
        Value::Object(members) if !members.is_empty() => {
            let members =
                members.iter().map(|(key, value)| format!("{}: {}", Value::from(key.as_str()), in_a_line(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(in_a_line).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_short_stands_in_one_line() {
        let long = "a".repeat(WIDTH - 12);
        let value = json!({ "a": [1, {}, "é\n"], "b": { "c": [], "d": long }, "e": null });
        let expected = format!(
            "{{\n  \"a\": [1, {{}}, \"é\\n\"],\n  \"b\": {{\n    \"c\": [],\n    \"d\": \"{long}\"\n  }},\n  \"e\": null\n}}\n"
        );
        assert_eq!(print(&value), expected);
        assert_eq!(serde_json::from_str::<Value>(&expected).unwrap(), value);
    }
}
