//! The schema of mappings. What may fill a field follows from the field's kind.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::shape::{self, Writer, describe, or_nothing};
use crate::mapping::keys::{CUSTOM_FIELD, MAPPING, OVERLAY, RULES};
use crate::mapping::{keeps_text, kinds};
use crate::model::{Field, Kind, MODELS};
use crate::yaml::{Is, Key, Keys};

/// A name, or several joined by dots.
const PATH: &str = "^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$";

/// A path, or `$` and the name of a setting.
pub(super) const ARGUMENT: &str = "^(\\$[^\\s.]+|[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*)$";

/// A path, with a leading `-` to sort descending.
const SORT_KEY: &str = "^-?[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*$";

pub(super) fn mapping() -> Value {
    schema(&MAPPING, &["remote_id"])
}

/// An overlay names what it changes and nothing else.
pub(super) fn overlay() -> Value {
    schema(&OVERLAY, &[])
}

/// Which fields there are follows from the model; these of them are required.
fn schema(keys: &'static Keys, required: &[&str]) -> Value {
    let mut definitions = Definitions::default();
    let mut by_model = Vec::new();
    for model in MODELS {
        let fields = definitions.fields(model.fields, model.name, required);
        let name = format!("fields_of_{}", model.name);
        definitions.0.insert(name.clone(), describe(fields, model.about));
        by_model.push(json!({
            "if": { "properties": { "model": { "const": model.name } }, "required": ["model"] },
            "then": { "properties": { "fields": refer(&name) } },
        }));
    }
    let mut schema = shape::file(keys, &Writer { defined: &of_a_file });
    schema["allOf"] = Value::Array(by_model);
    schema["definitions"] = Value::Object(definitions.0.into_iter().collect());
    schema
}

/// What is the same wherever it stands.
pub(super) fn of_a_file(name: &'static str) -> Value {
    match name {
        "model" => {
            let names: Vec<&str> = MODELS.iter().map(|model| model.name).collect();
            json!({ "enum": names })
        }
        "path" => json!({ "type": "string", "pattern": PATH }),
        "sort_key" => json!({ "type": "string", "pattern": SORT_KEY }),
        "condition" => json!({ "type": "string", "pattern": "\\S" }),
        "fields" => json!({ "type": "object" }),
        "custom_field" => {
            let map = Writer { defined: &of_a_file }.map(&CUSTOM_FIELD);
            json!({ "anyOf": [shape::text(), map, { "type": "null" }] })
        }
        other => unreachable!("no floor knows `{other}`"),
    }
}

fn refer(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// The schemas that others refer to, by name.
#[derive(Default)]
struct Definitions(BTreeMap<String, Value>);

impl Definitions {
    /// A map of these fields. `path` leads to it, from the model on.
    fn fields(&mut self, fields: &'static [Field], path: &str, required: &[&str]) -> Value {
        let properties: Map<String, Value> = fields
            .iter()
            .map(|field| {
                let name = self.field(&field.kind, &format!("{path}_{}", field.name));
                (field.name.to_owned(), describe(refer(&name), &about(field)))
            })
            .collect();
        let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema
    }

    /// What may fill a field of this kind: a path, `null`, a rule, or a list of alternatives.
    fn field(&mut self, kind: &'static Kind, path: &str) -> String {
        let name = name(kind, path);
        if !self.0.contains_key(&name) {
            let rule_name = format!("{name}_rule");
            self.0.insert(name.clone(), Value::Null);
            let rule = self.rule(Place::of(kind), &rule_name, path);
            let alternatives = json!({ "type": "array", "items": refer(&rule_name), "minItems": 1 });
            self.0.insert(name.clone(), json!({ "anyOf": [refer(&rule_name), alternatives, { "type": "null" }] }));
            self.0.insert(rule_name, rule);
        }
        name
    }

    /// One origin and its steps, or a path.
    fn rule(&mut self, place: Place, rule_name: &str, path: &str) -> Value {
        let object = match place.kind {
            Kind::Object(fields) => {
                let required: Vec<&str> =
                    fields.iter().filter(|field| field.required && place.in_list).map(|field| field.name).collect();
                let mut object = self.fields(fields, path, &required);
                object["minProperties"] = json!(1);
                object
            }
            _ => Value::Null,
        };
        let defined = |name: &'static str| match name {
            "object" => object.clone(),
            "rule" => refer(rule_name),
            name => place.defined(name),
        };
        let writer = Writer { defined: &defined };
        let origins: Vec<&'static Keys> = RULES.iter().filter(|keys| place.takes(keys.keys[0].name)).collect();
        let mut properties = Map::new();
        for keys in &origins {
            for key in keys.all().filter(|key| place.has(key)) {
                let described = if key.name == "unique" {
                    unique(key, place)
                } else if depends_on_place(key.is) {
                    writer.property(key)
                } else {
                    // What `path` of a `ref` leads to is described in another way.
                    let origin = keys.keys[0].name;
                    let name =
                        if key.name == "path" { format!("path_of_{origin}") } else { format!("key_{}", key.name) };
                    self.0.entry(name.clone()).or_insert_with(|| writer.property(key));
                    refer(&name)
                };
                properties.insert(key.name.to_owned(), described);
            }
        }
        let mut schema = json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
            "oneOf": origins.iter().map(|keys| origin(keys)).collect::<Vec<_>>(),
            "dependencies": dependencies(&origins, &properties),
        });
        let exclusive: Vec<Value> =
            RULES[0].choices.iter().flat_map(|choice| excluded(choice.of, &properties)).collect();
        if !exclusive.is_empty() {
            schema["allOf"] = Value::Array(exclusive);
        }
        if place.takes("path") {
            let alternatives = schema["oneOf"].as_array_mut().expect("it was just made");
            alternatives.insert(0, json!({ "type": "string" }));
            schema["type"] = json!(["string", "object"]);
            schema["pattern"] = json!(ARGUMENT);
        }
        describe(schema, RULES[0].about)
    }
}

/// Where a rule stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    /// What the field holds, or each of its items.
    pub kind: &'static Kind,
    /// Whether the field is a list.
    pub in_list: bool,
}

impl Place {
    pub fn of(kind: &'static Kind) -> Place {
        match kind {
            Kind::List(kind) => Place { kind, in_list: true },
            kind => Place { kind, in_list: false },
        }
    }

    /// Whether a rule of this origin can stand here.
    pub fn takes(self, origin: &str) -> bool {
        match (origin, self.kind) {
            ("members", kind) => matches!(kind, Kind::Members(_)),
            (_, Kind::Members(_)) => false,
            ("all", _) => self.in_list,
            ("object", kind) => matches!(kind, Kind::Object(_)),
            (_, Kind::Object(_)) => false,
            ("ref", kind) => matches!(kind, Kind::Id(_)),
            ("path", Kind::Id(_)) => false,
            ("value", kind) => constant(kind).is_some(),
            ("join", kind) => !matches!(kind, Kind::Id(_) | Kind::Map),
            _ => true,
        }
    }

    /// Whether a key makes sense here, whose origin does.
    pub fn has(self, key: &Key) -> bool {
        match key.name {
            "lookup" | "keywords" | "as" | "otherwise" | "default" => constant(self.kind).is_some(),
            "unique" => self.in_list && matches!(self.kind, Kind::Object(_)),
            "take" => matches!(self.kind, Kind::Timestamp) && !self.in_list,
            "each" | "when" => !matches!(self.kind, Kind::Members(_)),
            _ => true,
        }
    }

    fn defined(self, name: &'static str) -> Value {
        match (name, self.kind) {
            ("argument" | "part", _) => json!({ "type": "string", "pattern": ARGUMENT }),
            ("constant", kind) => constant(kind).unwrap_or_default(),
            ("otherwise", kind) => otherwise(kind),
            ("kind", _) => json!({ "enum": kinds().collect::<Vec<_>>() }),
            ("entity", Kind::Id(entity)) => json!({ "enum": [entity] }),
            ("model", Kind::Members(members)) => json!({ "enum": [members.model] }),
            (name, _) => of_a_file(name),
        }
    }
}

/// Whether what a value looks like depends on the field that it is for.
fn depends_on_place(is: Is) -> bool {
    match is {
        Is::OneOrMore(item) | Is::Several(item) | Is::List(item) | Is::Map(item) => depends_on_place(*item),
        Is::Defined(name) => {
            matches!(name, "constant" | "entity" | "model" | "object" | "otherwise" | "rule")
        }
        _ => false,
    }
}

/// The keys of the objects in a list.
fn unique(key: &Key, place: Place) -> Value {
    let names: Vec<&str> = match place.kind {
        Kind::Object(fields) => fields.iter().map(|field| field.name).collect(),
        _ => Vec::new(),
    };
    describe(or_nothing(json!({ "enum": names })), key.about)
}

/// The keys that make a rule one of this origin. Beside `ref`, `path` is no origin of its own.
fn origin(keys: &Keys) -> Value {
    let required: Vec<&str> = keys.keys.iter().filter(|key| key.required).map(|key| key.name).collect();
    json!({ "type": "object", "required": required })
}

/// Keys that make no sense without others.
pub(super) fn dependencies(origins: &[&'static Keys], properties: &Map<String, Value>) -> Value {
    let mut needs = Map::new();
    for keys in origins {
        let origin = keys.keys[0].name;
        for companion in &keys.keys[1..] {
            // `path` is an origin as well.
            if RULES.iter().all(|keys| keys.keys[0].name != companion.name) {
                needs.insert(companion.name.to_owned(), json!([origin]));
            }
        }
    }
    let fits = RULES[0].choices.iter().flat_map(|choice| choice.of);
    let fits: Vec<&str> = fits.copied().filter(|key| properties.contains_key(*key)).collect();
    if properties.contains_key("otherwise") {
        let any: Vec<Value> = fits.iter().map(|key| json!({ "required": [key] })).collect();
        needs.insert("otherwise".to_owned(), json!({ "anyOf": any }));
    }
    for key in fits {
        needs.insert(key.to_owned(), json!(["otherwise"]));
    }
    if properties.contains_key("take") {
        needs.insert("take".to_owned(), json!(["path"]));
    }
    Value::Object(needs)
}

pub(super) fn excluded(keys: &[&'static str], properties: &Map<String, Value>) -> Vec<Value> {
    let keys: Vec<&str> = keys.iter().copied().filter(|key| properties.contains_key(*key)).collect();
    shape::excluding(&keys).as_array().cloned().unwrap_or_default()
}

/// The name of the definition for fields of this kind. Those that depend on nothing else are shared.
fn name(kind: &Kind, path: &str) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Email => "email".to_owned(),
        Kind::Url => "url".to_owned(),
        Kind::Number => "number".to_owned(),
        Kind::Integer => "integer".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        Kind::Timestamp => "timestamp".to_owned(),
        Kind::Map => "map".to_owned(),
        Kind::Any => "any".to_owned(),
        Kind::Base64 => "base64".to_owned(),
        Kind::Id(entity) => format!("id_of_{entity}"),
        Kind::Members(members) => format!("members_{}", members.model),
        Kind::List(item) => format!("list_of_{}", name(item, path)),
        Kind::Enum { .. } | Kind::Object(_) | Kind::Foreign(_) | Kind::Shaped(_) => path.to_owned(),
    }
}

fn about(field: &Field) -> String {
    let or_more = match &field.kind {
        Kind::Enum { open: true, .. } => ", or the source's own text",
        _ => "",
    };
    format!("{}. Holds {}{or_more}", field.about, field.kind.describe())
}

/// A constant of this kind, if there is such a thing.
fn constant(kind: &Kind) -> Option<Value> {
    Some(match kind {
        Kind::Text => json!({ "type": ["string", "integer"] }),
        Kind::Email | Kind::Url => json!({ "type": "string" }),
        Kind::Timestamp => json!({ "type": "string", "examples": ["2026-01-31T00:00:00Z"] }),
        Kind::Number => json!({ "type": ["number", "string"], "pattern": "^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$" }),
        Kind::Integer => json!({ "type": ["integer", "string"], "pattern": "^[+-]?[0-9]+$" }),
        Kind::Boolean => json!({ "enum": [true, false, "true", "false"] }),
        Kind::Enum { values, .. } => json!({ "enum": values }),
        Kind::Id(_) | Kind::Object(_) | Kind::List(_) | Kind::Map | Kind::Members(_) => return None,
        Kind::Shaped(_) | Kind::Base64 | Kind::Any | Kind::Foreign(_) => return None,
    })
}

/// What becomes of a value that does not fit: a word, or a constant in its place.
fn otherwise(kind: &Kind) -> Value {
    let mut words = vec![json!("error"), json!("next")];
    if keeps_text(kind) {
        words.insert(0, json!("keep"));
    }
    match constant(kind) {
        Some(mut constant) => {
            if let Some(values) = constant.get_mut("enum").and_then(Value::as_array_mut) {
                words.append(values);
                return json!({ "enum": words });
            }
            json!({ "anyOf": [{ "enum": words }, constant] })
        }
        None => json!({ "enum": words }),
    }
}
