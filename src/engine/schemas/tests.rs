//! Reader and schema agree about whatever the tables of keys allow.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use jsonschema::Validator;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::mapping::Place;
use super::{FileSchema, SCHEMAS};
use crate::connector::keys::{CLOCK, CONNECTION, CONNECTOR, PAGES, PAGES_BY_CURSOR, SORT};
use crate::connector::{Connection, Definition};
use crate::diagnostics::{Problems, SourceFile};
use crate::mapping::action::ActionDocument;
use crate::mapping::action::keys::{ACTION, KINDS, NO_KIND};
use crate::mapping::keys::{CUSTOM_FIELD, MAPPING, OVERLAY, RULES};
use crate::mapping::{Document, Overlay, kinds};
use crate::model::{ACTIONS, Field, Kind, MODELS, Model};
use crate::table::{TABLE, Table};
use crate::yaml::{Is, Key, Keys};

type Tree = BoxedStrategy<Value>;

/// Where a value stands: what its field holds, and how deep in rules it is.
#[derive(Clone, Copy)]
struct Spot {
    kind: &'static Kind,
    depth: usize,
}

const NO_FIELD: Spot = Spot { kind: &Kind::Text, depth: 0 };

/// Maps with these keys: all that are required, any of the others, and one of each choice.
fn map(keys: &'static Keys, spot: Spot) -> Tree {
    entries(keys.all().collect(), keys, spot)
}

fn entries(keys: Vec<&'static Key>, of: &'static Keys, spot: Spot) -> Tree {
    let entries: Vec<_> = keys
        .into_iter()
        .map(|key| {
            let value = named(key, spot);
            let entry = value.prop_map(|value| (key.name, value));
            if key.required { entry.prop_map(Some).boxed() } else { option::of(entry).boxed() }
        })
        .collect();
    (entries, any::<prop::sample::Index>(), vec(any::<prop::sample::Index>(), of.choices.len()))
        .prop_flat_map(move |(entries, _, chosen)| {
            let mut tree: Map<String, Value> =
                entries.into_iter().flatten().map(|(name, value)| (name.to_owned(), value)).collect();
            let mut missing = Vec::new();
            for (choice, chosen) in of.choices.iter().zip(chosen) {
                let kept = chosen.get(choice.of);
                let had = choice.of.iter().any(|key| tree.contains_key(*key));
                tree.retain(|key, _| key == kept || !choice.of.contains(&key.as_str()));
                if (choice.required || had) && !tree.contains_key(*kept) {
                    missing.extend(of.all().find(|key| key.name == *kept));
                }
            }
            let missing: Vec<_> = missing
                .into_iter()
                .map(|key| named(key, spot).prop_map(|value| (key.name.to_owned(), value)))
                .collect();
            missing.prop_map(move |missing| {
                let mut tree = tree.clone();
                tree.extend(missing);
                Value::Object(tree)
            })
        })
        .boxed()
}

/// The value of this key. Some have a meaning that no table of keys tells.
fn named(key: &'static Key, spot: Spot) -> Tree {
    match key.name {
        "format" => select(vec!["rfc3339", "yyyy-MM-dd HH:mm:ss"]).prop_map(Value::from).boxed(),
        "time" => (1..=5000_u32).prop_map(|time| json!(format!("{time}ms"))).boxed(),
        "zone" => select(vec!["UTC", "Europe/Amsterdam"]).prop_map(Value::from).boxed(),
        "headers" => object("X-[A-Z][a-z]{1,4}".boxed(), value(Is::Defined("header"), spot), 1),
        "unique" => match spot.kind {
            Kind::Object(fields) => {
                let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
                select(names).prop_map(Value::from).boxed()
            }
            _ => unreachable!("only objects have keys"),
        },
        _ => value(key.is, spot),
    }
}

fn value(is: Is, spot: Spot) -> Tree {
    match is {
        Is::Text => text(),
        Is::OneOf(words) => select(words).prop_map(Value::from).boxed(),
        Is::Integer(low, high) => (low..=high).prop_map(Value::from).boxed(),
        Is::Flag => any::<bool>().prop_map(Value::from).boxed(),
        Is::Duration => (0..100_u32, select(vec!["ms", "s", " m", "h"]))
            .prop_map(|(amount, unit)| json!(format!("{amount}{unit}")))
            .boxed(),
        Is::Anything => prop_oneof![text(), vec(text(), 0..3).prop_map(Value::from)].boxed(),
        Is::OneOrMore(item) => one_or_list(value(*item, spot), 1),
        Is::Several(item) => one_or_list(value(*item, spot), 0),
        Is::List(item) => vec(value(*item, spot), 1..3).prop_map(Value::from).boxed(),
        Is::Map(item) => object(word(), value(*item, spot), 0),
        Is::Keys(keys) => map(keys, spot),
        Is::Defined(name) => defined(name, spot),
    }
}

fn word() -> BoxedStrategy<String> {
    "[a-z][a-z_]{0,6}".boxed()
}

fn text() -> Tree {
    prop_oneof![
        "[a-z][a-z \"'#:-]{0,8}".prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
    ]
    .boxed()
}

fn one_or_list(item: Tree, least: usize) -> Tree {
    prop_oneof![item.clone(), vec(item, least..3).prop_map(Value::from)].boxed()
}

fn object(key: BoxedStrategy<String>, value: Tree, least: usize) -> Tree {
    prop::collection::btree_map(key, value, least..4).prop_map(|map| Value::Object(map.into_iter().collect())).boxed()
}

fn path() -> BoxedStrategy<String> {
    "[a-z_][a-zA-Z0-9]{0,4}(\\.[a-z]{1,4}){0,2}".boxed()
}

/// What the tables leave to the floors above.
fn defined(name: &'static str, spot: Spot) -> Tree {
    match name {
        "path" => path().prop_map(Value::from).boxed(),
        "sort_key" => ("-?", path()).prop_map(|(sign, path)| json!(format!("{sign}{path}"))).boxed(),
        "argument" | "part" => {
            prop_oneof![path(), word().prop_map(|name| format!("${name}"))].prop_map(Value::from).boxed()
        }
        "condition" => {
            select(vec!["deleted = 0", "a.b is not empty and not c", "ends <= $now"]).prop_map(Value::from).boxed()
        }
        "clocks" => {
            let names = MODELS.iter().map(|model| model.name.to_owned()).collect::<Vec<_>>();
            object(select(names).boxed(), map(&CLOCK, spot), 0)
        }
        "switches" => {
            let names = ACTIONS.iter().map(|action| action.name.to_owned()).collect::<Vec<_>>();
            let switch = select(vec![json!("on"), json!("off"), json!(true), json!(false)]);
            object(select(names).boxed(), switch.boxed(), 0)
        }
        "cron" => select(vec!["0 2 * * *", "*/15 8-18 * * MON-FRI", " 0  0 1 * * "]).prop_map(Value::from).boxed(),
        "header_name" => "[A-Z][a-z]{0,4}(-[A-Z][a-z]{0,4}){0,2}".prop_map(Value::from).boxed(),
        "model_name" => select(MODELS).prop_map(|model| json!(model.name)).boxed(),
        "header" => Just(json!("Key {api_key}")).boxed(),
        "mark" => prop_oneof![any::<i64>().prop_map(Value::from), any::<bool>().prop_map(Value::from)].boxed(),
        "order" => prop_oneof![Just(Value::Null), map(&SORT, spot)].boxed(),
        "pages" => prop_oneof![pages(&PAGES, "number", spot), pages(&PAGES_BY_CURSOR, "cursor", spot)].boxed(),
        "sign" => "[!-~]".prop_map(Value::from).boxed(),
        "action" => select(ACTIONS).prop_map(|action| json!(action.name)).boxed(),
        "step" => step(spot.depth + 1),
        "written" => field_value(&Kind::Text, 1),
        "message" => prop_oneof![text(), rule(Place { kind: &Kind::Text, in_list: false }, 1)].boxed(),
        "name" => "n[a-z0-9_]{0,4}".prop_map(Value::from).boxed(),
        "pointer" => "/[a-z]{1,4}".prop_map(Value::from).boxed(),
        "size" => "[1-9][0-9]? ?(kB|MB)".prop_map(Value::from).boxed(),
        "always" => Just(json!(true)).boxed(),
        "address" => Just(json!("https://{tenant}.example.org")).boxed(),
        "filter_of_changes" => select(vec!["at >= {since}", "{since}"]).prop_map(Value::from).boxed(),
        "joined_filters" => select(vec!["{where}{changes}", "{changes} & {where}"]).prop_map(Value::from).boxed(),
        "spelling" => select(vec!["_{id}", "{id}"]).prop_map(Value::from).boxed(),
        "custom_field" => prop_oneof![Just(Value::Null), text(), map(&CUSTOM_FIELD, spot)].boxed(),
        "reference" => select(vec!["env:ACME_SECRET", "file:secrets/acme", "vault:acme/client_secret"])
            .prop_map(Value::from)
            .boxed(),
        "flags" => object("-?[0-9]{1,3}".boxed(), any::<bool>().prop_map(Value::from).boxed(), 0),
        "rows" => object(
            prop_oneof![word(), Just("OPEN".to_owned())].boxed(),
            vec(("[a-z]{1,3}", any::<u64>()), 0..3)
                .prop_map(|texts| texts.into_iter().map(|(word, number)| json!(format!("{word}{number}"))).collect())
                .boxed(),
            1,
        ),
        "kind" => select(kinds().collect::<Vec<_>>()).prop_map(Value::from).boxed(),
        "entity" => match spot.kind {
            Kind::Id(entity) => Just(json!(entity)).boxed(),
            _ => unreachable!("only ids point at entities"),
        },
        "model" => match spot.kind {
            Kind::Members(members) => Just(json!(members.model)).boxed(),
            _ => unreachable!("the model of a mapping is drawn first"),
        },
        "object" => match spot.kind {
            Kind::Object(held) => fields(held, spot.depth + 1),
            _ => unreachable!("only objects have keys"),
        },
        "rule" => rule(Place { kind: spot.kind, in_list: true }, spot.depth + 1),
        "constant" => constant(spot.kind),
        "otherwise" => {
            let words = select(vec![json!("error"), json!("next"), Value::Null]);
            prop_oneof![words, constant(spot.kind)].boxed()
        }
        other => unreachable!("no floor knows `{other}`"),
    }
}

fn constant(kind: &Kind) -> Tree {
    match kind {
        Kind::Text => prop_oneof![word().prop_map(Value::from), any::<i64>().prop_map(Value::from)].boxed(),
        Kind::Email => Just(json!("a@example.org")).boxed(),
        Kind::Url => Just(json!("https://example.org")).boxed(),
        Kind::Timestamp => Just(json!("2026-01-31T00:00:00Z")).boxed(),
        Kind::Number => prop_oneof![Just(json!(1.5)), any::<i64>().prop_map(Value::from), Just(json!("-2.5"))].boxed(),
        Kind::Integer => prop_oneof![any::<i64>().prop_map(Value::from), Just(json!("7"))].boxed(),
        Kind::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Kind::Enum { values, .. } => select(*values).prop_map(Value::from).boxed(),
        Kind::Id(_) | Kind::Object(_) | Kind::List(_) | Kind::Map | Kind::Members(_) | Kind::Foreign(_) => {
            unreachable!("there is no such constant")
        }
        Kind::Shaped(_) | Kind::Base64 | Kind::Any => unreachable!("no model has such a field"),
    }
}

/// Fields with what fills them: those that are required, and any of the others.
fn fields(of: &'static [Field], depth: usize) -> Tree {
    let deep = depth > 2;
    let entries: Vec<_> = of
        .iter()
        .enumerate()
        .map(|(at, field)| {
            let entry = field_value(&field.kind, depth).prop_map(|value| (field.name.to_owned(), value));
            if field.required || at == 0 {
                entry.prop_map(Some).boxed()
            } else if deep && matches!(Place::of(&field.kind).kind, Kind::Object(_)) {
                Just(None).boxed()
            } else {
                option::weighted(0.2, entry).boxed()
            }
        })
        .collect();
    entries.prop_map(|entries| Value::Object(entries.into_iter().flatten().collect())).boxed()
}

fn field_value(kind: &'static Kind, depth: usize) -> Tree {
    let rule = rule(Place::of(kind), depth);
    prop_oneof![
        1 => Just(Value::Null),
        4 => rule.clone(),
        2 => vec(rule, 1..3).prop_map(Value::from),
    ]
    .boxed()
}

fn rule(place: Place, depth: usize) -> Tree {
    let spot = Spot { kind: place.kind, depth };
    let origins = RULES.iter().filter(|keys| place.takes(keys.keys[0].name));
    let origins = origins.filter(|keys| depth < 2 || keys.keys[0].name != "all");
    let mut rules: Vec<Tree> = origins
        .map(|keys| {
            let keys_here = keys.all().filter(|key| place.has(key) && key.name != "otherwise");
            let keys_here = keys_here.filter(|key| key.name != "take" || keys.keys[0].name == "path");
            let otherwise = RULES[0].shared.iter().find(|key| key.name == "otherwise").unwrap();
            let otherwise = if place.has(otherwise) { named(otherwise, spot) } else { Just(Value::Null).boxed() };
            (entries(keys_here.collect(), keys, spot), otherwise)
                .prop_map(|(mut rule, otherwise)| {
                    let fits = ["lookup", "keywords", "as"].iter().any(|fit| rule.get(fit).is_some());
                    if fits {
                        rule["otherwise"] = otherwise;
                    }
                    rule
                })
                .boxed()
        })
        .collect();
    if place.takes("path") {
        rules.push(path().prop_map(Value::from).boxed());
    }
    prop::strategy::Union::new(rules).boxed()
}

/// A step; one that has steps of its own not too deep.
fn step(depth: usize) -> Tree {
    let spot = Spot { depth, ..NO_FIELD };
    let kinds = KINDS.iter().filter(|keys| depth < 3 || keys.keys[0].name != "for_each");
    prop::strategy::Union::new(kinds.map(|keys| map(keys, spot))).boxed()
}

fn mapping(model: &'static Model) -> Tree {
    of_model(&MAPPING, model)
}

fn overlay(model: &'static Model) -> Tree {
    of_model(&OVERLAY, model)
}

fn of_model(keys: &'static Keys, model: &'static Model) -> Tree {
    let others = keys.all().filter(|key| !["model", "fields"].contains(&key.name)).collect();
    (entries(others, keys, NO_FIELD), fields(model.fields, 0))
        .prop_map(|(mut mapping, fields)| {
            mapping["model"] = json!(model.name);
            mapping["fields"] = fields;
            mapping
        })
        .boxed()
}

/// Connectors in which only datetimes have a format and a zone.
/// Pages of one manner. Lists inside a row need their argument named where pages take an object.
fn pages(keys: &'static Keys, by: &'static str, spot: Spot) -> Tree {
    map(keys, spot)
        .prop_map(move |mut pages| {
            pages["by"] = json!(by);
            let takes_an_object = pages.get("argument").is_some();
            if takes_an_object && let Some(Value::Object(nested)) = pages.get_mut("nested") {
                nested.entry("argument").or_insert(json!("page"));
            }
            pages
        })
        .boxed()
}

fn connector() -> Tree {
    map(&CONNECTOR, NO_FIELD)
        .prop_map(|mut connector| {
            if connector.get("oauth2").is_none() && connector.get("headers").is_none() {
                connector["headers"] = json!({ "X-Api-Key": "{api_key}" });
            }
            // A default is one of the values.
            let settings = connector.get_mut("settings").and_then(Value::as_object_mut).into_iter().flatten();
            for setting in settings.filter_map(|(_, setting)| setting.as_object_mut()) {
                if setting.contains_key("values") {
                    setting.remove("default");
                }
            }
            let scalars = connector.get_mut("scalars").and_then(Value::as_object_mut).into_iter().flatten();
            for scalar in scalars.filter_map(|(_, scalar)| scalar.as_object_mut()) {
                if scalar["kind"] != "datetime" {
                    scalar.retain(|key, _| key == "kind");
                }
            }
            connector
        })
        .boxed()
}

static VALIDATORS: LazyLock<Vec<Validator>> =
    LazyLock::new(|| SCHEMAS.iter().map(|schema| jsonschema::validator_for(&schema.json()).unwrap()).collect());

/// What reader and schema have against a tree, which stands in the file as JSON does in YAML.
fn complaints(name: &str, tree: &Value, read: impl Fn(&Arc<SourceFile>, &Problems)) -> Vec<String> {
    let file = SourceFile::new("drawn.yaml", tree.to_string());
    let problems = Problems::new();
    read(&file, &problems);
    let told = problems.into_result::<()>(None).err();
    let told =
        told.into_iter().flat_map(|report| report.problems).map(|problem| format!("reader: {}", problem.message));
    let at = SCHEMAS.iter().position(|schema| schema.name == name).unwrap();
    let found = VALIDATORS[at].iter_errors(tree).map(|error| format!("schema: {} at {}", error, error.instance_path()));
    told.chain(found.collect::<Vec<_>>()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mappings_of_the_tables_please_both(tree in select(MODELS).prop_flat_map(mapping)) {
        let found = complaints("mapping", &tree, |file, problems| drop(Document::parse(file, problems)));
        prop_assert_eq!(found, Vec::<String>::new(), "{}", tree);
    }

    #[test]
    fn overlays_of_the_tables_please_both(tree in select(MODELS).prop_flat_map(overlay)) {
        let found = complaints("overlay", &tree, |file, problems| drop(Overlay::parse(file, problems)));
        prop_assert_eq!(found, Vec::<String>::new(), "{}", tree);
    }

    #[test]
    fn actions_of_the_tables_please_both(tree in map(&ACTION, NO_FIELD)) {
        let found = complaints("action", &tree, |file, problems| drop(ActionDocument::parse(file, problems)));
        prop_assert_eq!(found, Vec::<String>::new(), "{}", tree);
    }

    #[test]
    fn tables_of_the_tables_please_both(tree in map(&TABLE, NO_FIELD)) {
        let found = complaints("table", &tree, |file, problems| drop(Table::parse("drawn", file, problems)));
        prop_assert_eq!(found, Vec::<String>::new(), "{}", tree);
    }

    #[test]
    fn connectors_of_the_tables_please_both(tree in connector()) {
        let found = complaints("connector", &tree, |file, problems| drop(Definition::parse(file, problems)));
        prop_assert_eq!(found, Vec::<String>::new(), "{}", tree);
    }

    #[test]
    fn connections_of_the_tables_please_both(tree in map(&CONNECTION, NO_FIELD)) {
        let found = complaints("connection", &tree, |file, problems| drop(Connection::parse("drawn", file, |_| None, problems)));
        prop_assert_eq!(found, Vec::<String>::new(), "{}", tree);
    }
}

/// The tables that lead from here on, by what they are called.
fn reached(keys: &'static Keys, names: &mut BTreeSet<&'static str>, tables: &mut BTreeSet<&'static str>) {
    tables.insert(keys.what);
    for key in keys.all() {
        names.insert(key.name);
        let mut is = key.is;
        while let Is::OneOrMore(inner) | Is::Several(inner) | Is::List(inner) | Is::Map(inner) = is {
            is = *inner;
        }
        if let Is::Keys(keys) = is {
            reached(keys, names, tables);
        }
    }
}

fn all_tables() -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let (mut names, mut tables) = Default::default();
    for keys in
        [&CLOCK, &MAPPING, &OVERLAY, &CUSTOM_FIELD, &TABLE, &CONNECTOR, &CONNECTION, &PAGES, &PAGES_BY_CURSOR, &SORT]
            .into_iter()
            .chain([&ACTION, &NO_KIND])
            .chain(KINDS)
            .chain(RULES)
    {
        reached(keys, &mut names, &mut tables);
    }
    (names, tables)
}

/// The names of everything that a schema lets a map have.
fn properties<'a>(schema: &'a Value, found: &mut BTreeSet<&'a str>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                found.extend(properties.keys().map(String::as_str));
            }
            members.values().for_each(|member| properties(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| properties(item, found)),
        _ => {}
    }
}

#[test]
fn the_schemas_have_the_keys_of_the_tables_and_the_models_and_no_other() {
    fn of_fields(fields: &'static [Field], found: &mut BTreeSet<&'static str>) {
        for field in fields {
            found.insert(field.name);
            match Place::of(&field.kind).kind {
                Kind::Object(fields) => of_fields(fields, found),
                Kind::Enum { values, .. } => found.extend(*values),
                _ => {}
            }
        }
    }
    let (mut expected, _) = all_tables();
    MODELS.iter().for_each(|model| of_fields(model.fields, &mut expected));
    let schemas: Vec<Value> = SCHEMAS.iter().map(FileSchema::json).collect();
    let mut found = BTreeSet::new();
    schemas.iter().for_each(|schema| properties(schema, &mut found));
    assert_eq!(found, expected);
}

#[test]
fn every_table_of_keys_is_part_of_a_schema() {
    fn in_folder(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                in_folder(&path, found);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let shipped = text.split("#[cfg(test)]\nmod ").next().unwrap();
                let tables = shipped.split("Keys::new(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
                found.extend(tables.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
            }
        }
    }
    let mut written = BTreeSet::new();
    in_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut written);
    // The search for it.
    written.retain(|table| !table.starts_with(')'));
    let (_, reached) = all_tables();
    assert_eq!(written, reached.into_iter().map(str::to_owned).collect::<BTreeSet<_>>());
}

#[test]
fn examples_are_what_they_are_examples_of() {
    fn look(schema: &Value, root: &Value, count: &mut usize) {
        match schema {
            Value::Object(members) => {
                for example in members.get("examples").and_then(Value::as_array).into_iter().flatten() {
                    let mut alone = schema.clone();
                    alone["definitions"] = root.get("definitions").cloned().unwrap_or(json!({}));
                    alone.as_object_mut().unwrap().remove("$ref");
                    let validator = jsonschema::validator_for(&alone).unwrap();
                    assert!(validator.is_valid(example), "{example} in {schema}");
                    *count += 1;
                }
                members.values().for_each(|member| look(member, root, count));
            }
            Value::Array(items) => items.iter().for_each(|item| look(item, root, count)),
            _ => {}
        }
    }
    let mut count = 0;
    for schema in SCHEMAS {
        let json = schema.json();
        look(&json, &json, &mut count);
    }
    assert!(count > 10, "{count}");
}
