//! What stands for the answer to a request that was not sent: an object with what the document selects, in which each
//! value says what it would be.

use serde_json::{Map, Value};

/// What the field `root` of a document would give, for the name that is bound to it.
pub(super) fn of_document(document: &str, root: &str, name: &str) -> Value {
    let tokens = tokens(document);
    let mut at = tokens.iter().position(|token| *token == "{").map_or(tokens.len(), |open| open + 1);
    while at < tokens.len() {
        if tokens[at] == root {
            at += 1;
            skip_arguments(&tokens, &mut at);
            return value(&tokens, &mut at, name);
        }
        at += 1;
    }
    Value::Null
}

/// Words and brackets. What stands in texts and arguments is of no matter.
fn tokens(document: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = document;
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let length = match first {
            _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            '.' if rest.starts_with("...") => 3,
            _ => first.len_utf8(),
        };
        if is_word(first) || matches!(&rest[..length], "{" | "}" | "(" | ")" | ":" | "...") {
            tokens.push(&rest[..length]);
        }
        rest = &rest[length..];
    }
    tokens
}

fn skip_arguments(tokens: &[&str], at: &mut usize) {
    if tokens.get(*at) != Some(&"(") {
        return;
    }
    let mut depth = 0;
    while let Some(token) = tokens.get(*at) {
        depth += i32::from(*token == "(") - i32::from(*token == ")");
        *at += 1;
        if depth == 0 {
            return;
        }
    }
}

/// An object where a selection follows, and else a text that says what it stands for.
fn value(tokens: &[&str], at: &mut usize, path: &str) -> Value {
    if tokens.get(*at) != Some(&"{") {
        return Value::String(format!("<{path}>"));
    }
    *at += 1;
    let mut members = Map::new();
    while let Some(token) = tokens.get(*at).copied() {
        *at += 1;
        match token {
            "}" => break,
            "..." => {
                // `... on Type { … }`: what it selects stands beside the rest.
                while tokens.get(*at).is_some_and(|token| *token != "{") {
                    *at += 1;
                }
                if let Value::Object(inside) = value(tokens, at, path) {
                    members.extend(inside);
                }
            }
            name => {
                if tokens.get(*at) == Some(&":") {
                    *at += 2;
                }
                skip_arguments(tokens, at);
                let inside = value(tokens, at, &format!("{path}.{name}"));
                members.insert(name.to_owned(), inside);
            }
        }
    }
    Value::Object(members)
}

/// Other values in the place of one that does not fit, one after the other.
pub(super) fn replace(value: &mut Value, path: &str) -> bool {
    let pointer: String = path.split('.').map(|part| format!("/{part}")).collect();
    let Some(place) = value.pointer_mut(&pointer) else { return false };
    let next = match place {
        Value::String(_) => Value::from(0),
        Value::Number(_) => Value::Bool(false),
        Value::Bool(_) => Value::Array(Vec::new()),
        Value::Null => return false,
        Value::Array(_) | Value::Object(_) => Value::Null,
    };
    *place = next;
    true
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_selected_stands_for_itself() {
        let document = r#"mutation make($a: Input!, $b: [Int]) { make(object: $a, note: "a } b") {
            __typename id: _id owner(first: 1) { name ... on User { userID } } } }"#;
        assert_eq!(
            of_document(document, "make", "thing"),
            json!({
                "__typename": "<thing.__typename>",
                "id": "<thing.id>",
                "owner": {"name": "<thing.owner.name>", "userID": "<thing.owner.userID>"},
            })
        );
        assert_eq!(of_document("mutation m { m(a: 1) }", "m", "x"), json!("<x>"));
        assert_eq!(of_document("mutation m {", "m2", "x"), Value::Null);
    }

    #[test]
    fn what_does_not_fit_is_replaced_until_nothing_is_left_to_try() {
        let mut value = json!({"a": {"b": "<a.b>"}});
        let mut seen = Vec::new();
        while replace(&mut value, "a.b") {
            seen.push(value["a"]["b"].clone());
        }
        assert_eq!(seen, [json!(0), json!(false), json!([]), Value::Null]);
        assert!(!replace(&mut value, "a.c"));
    }
}
