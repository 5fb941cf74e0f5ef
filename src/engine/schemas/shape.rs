//! From tables of keys to JSON Schema.

use serde_json::{Map, Value, json};

use crate::yaml::{Is, Key, Keys};

/// Writes the shapes of maps and values.
pub(super) struct Writer<'a> {
    /// What stands for an [`Is::Defined`].
    pub defined: &'a dyn Fn(&'static str) -> Value,
}

/// A schema for files whose top is a map with these keys.
pub(super) fn file(keys: &'static Keys, writer: &Writer<'_>) -> Value {
    let mut schema = writer.map(keys);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!(format!("{} of Crosswalk", capital(keys.what)));
    schema
}

/// Adds what editors show about a value.
pub(super) fn describe(mut schema: Value, about: &str) -> Value {
    let sentence = format!("{about}.");
    if sentence.contains('`') {
        schema["markdownDescription"] = json!(sentence);
    }
    schema["description"] = json!(sentence);
    schema
}

/// What is left out may as well be written without a value.
pub(super) fn or_nothing(mut schema: Value) -> Value {
    if let Some(values) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        values.push(Value::Null);
    } else if let Some(alternatives) = schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        alternatives.push(json!({ "type": "null" }));
    } else if schema.get("$ref").is_some() {
        schema = json!({ "anyOf": [schema, { "type": "null" }] });
    } else if let Some(types) = schema.get_mut("type") {
        let mut all = types.as_array().cloned().unwrap_or_else(|| vec![types.clone()]);
        all.push(json!("null"));
        *types = Value::Array(all);
    }
    schema
}

/// One of it, or a list of at least so many.
pub(super) fn one_or_list(item: Value, least: usize) -> Value {
    json!({ "anyOf": [item, { "type": "array", "items": item, "minItems": least }] })
}

impl Writer<'_> {
    /// A map with these keys and no other.
    pub fn map(&self, keys: &'static Keys) -> Value {
        let mut properties: Map<String, Value> =
            keys.all().map(|key| (key.name.to_owned(), self.property(key))).collect();
        // One of several that must be there has a value.
        for key in keys.choices.iter().filter(|choice| choice.required).flat_map(|choice| choice.of) {
            if let Some(key) = keys.all().find(|known| known.name == *key) {
                properties.insert(key.name.to_owned(), Self::described(key, self.value(key.is)));
            }
        }
        let mut schema = json!({ "type": "object", "properties": properties });
        schema["additionalProperties"] = json!(false);
        let required: Vec<&str> = keys.all().filter(|key| key.required).map(|key| key.name).collect();
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        for choice in keys.choices {
            if choice.required {
                schema["oneOf"] = choice.of.iter().map(|key| json!({ "required": [key] })).collect();
            } else {
                schema["allOf"] = excluding(choice.of);
            }
        }
        describe(schema, keys.about)
    }

    /// The value of this key.
    pub fn property(&self, key: &'static Key) -> Value {
        let schema = self.value(key.is);
        Self::described(key, if key.required { schema } else { or_nothing(schema) })
    }

    fn described(key: &Key, schema: Value) -> Value {
        let mut schema = describe(schema, key.about);
        if let Some(example) = key.example.and_then(from_yaml) {
            schema["examples"] = json!([example]);
        }
        schema
    }

    /// A value that looks like this.
    pub fn value(&self, is: Is) -> Value {
        match is {
            Is::Text => text(),
            Is::OneOf(words) => json!({ "enum": words }),
            Is::Integer(low, high) => {
                let mut schema = json!({ "type": "integer" });
                if low != i64::MIN {
                    schema["minimum"] = json!(low);
                }
                if high != i64::MAX {
                    schema["maximum"] = json!(high);
                }
                schema
            }
            Is::Flag => json!({ "type": "boolean" }),
            Is::Duration => {
                json!({ "type": "string", "pattern": "^\\s*[0-9]+\\s*(ms|s|m|h|d)\\s*$", "examples": ["250ms", "60s", "5m"] })
            }
            Is::Anything => json!({}),
            Is::OneOrMore(item) => one_or_list(self.value(*item), 1),
            Is::Several(item) => one_or_list(self.value(*item), 0),
            Is::List(item) => json!({ "type": "array", "items": self.value(*item), "minItems": 1 }),
            Is::Map(value) => json!({ "type": "object", "additionalProperties": self.value(*value) }),
            Is::Keys(keys) => self.map(keys),
            Is::Defined(name) => (self.defined)(name),
        }
    }
}

/// Text. Numbers and flags are taken as they are written.
pub(super) fn text() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

/// No two of these keys together.
pub(super) fn excluding(keys: &[&str]) -> Value {
    let pairs =
        keys.iter().enumerate().flat_map(|(at, first)| keys[at + 1..].iter().map(move |second| [first, second]));
    pairs.map(|pair| json!({ "not": { "type": "object", "required": pair } })).collect()
}

fn from_yaml(example: &str) -> Option<Value> {
    serde_yaml::from_str(example).ok()
}

fn capital(what: &str) -> String {
    let mut letters = what.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
