//! The schema of an input and the check of inputs agree.

use std::sync::LazyLock;

use jsonschema::Validator;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::input_schema;
use crate::model::input::{FileFields, Limits, check};
use crate::model::{ACTIONS, Action, Field, Kind};

type Tree = BoxedStrategy<Value>;

static VALIDATORS: LazyLock<Vec<Validator>> =
    LazyLock::new(|| ACTIONS.iter().map(|action| jsonschema::draft7::new(&input_schema(action)).unwrap()).collect());

fn schema_of(action: &Action) -> &'static Validator {
    &VALIDATORS[ACTIONS.iter().position(|known| *known == action).unwrap()]
}

/// What check and schema have against an input.
fn complaints(action: &'static Action, input: &Value) -> (Vec<String>, Vec<String>) {
    let problems = check(action, input, &Limits::default()).err().unwrap_or_default();
    let told = problems.iter().map(ToString::to_string).collect();
    let errors = schema_of(action).iter_errors(input);
    (told, errors.map(|error| format!("{error} at {}", error.instance_path())).collect())
}

/// Members that the table allows, with those that hold nothing.
fn members(fields: &'static [Field]) -> Tree {
    let entries: Vec<_> = fields
        .iter()
        .map(|field| {
            let entry = value(&field.kind).prop_map(move |value| Some((field.name, value)));
            if field.required {
                entry.boxed()
            } else {
                prop_oneof![
                    2 => Just(None),
                    1 => nothing(&field.kind).prop_map(|value| Some((field.name, value))),
                    4 => entry,
                ]
                .boxed()
            }
        })
        .collect();
    (entries, any::<bool>())
        .prop_map(move |(entries, by_address)| {
            let entries = entries.into_iter().flatten().map(|(name, value)| (name.to_owned(), value));
            let mut members: Map<String, Value> = entries.collect();
            if let Some(file) = FileFields::among(fields) {
                let (given, left_out) = if by_address { (file.address, file.data) } else { (file.data, file.address) };
                members.remove(left_out.name);
                let sample = if by_address { json!("https://files.example.org/1") } else { json!("QUJD") };
                members.insert(given.name.to_owned(), sample);
                if !by_address {
                    members.insert(file.content_type.name.to_owned(), json!("application/pdf"));
                }
            }
            Value::Object(members)
        })
        .boxed()
}

/// What says nothing in an optional member of that kind.
fn nothing(kind: &Kind) -> Tree {
    match kind {
        Kind::List(_) => select(vec![Value::Null, json!([])]).boxed(),
        Kind::Map => select(vec![Value::Null, json!({})]).boxed(),
        Kind::Object(_) | Kind::Enum { .. } | Kind::Number | Kind::Integer | Kind::Boolean | Kind::Any => {
            Just(Value::Null).boxed()
        }
        _ => select(vec![Value::Null, json!(""), json!(" \n")]).boxed(),
    }
}

fn padded(text: impl Strategy<Value = String> + 'static) -> Tree {
    (text, "[ \n]?", "[ \n]?").prop_map(|(text, before, after)| json!(format!("{before}{text}{after}"))).boxed()
}

fn value(kind: &'static Kind) -> Tree {
    match kind {
        Kind::Text => padded("[A-Za-zéß'&+<]([a-z ,\\n]{0,6}[a-z])?"),
        Kind::Email => padded("[a-z]{1,5}([+.'-][a-z0-9]{1,4})?@[a-z]{1,5}\\.[a-z]{2,4}"),
        Kind::Url => padded("[hH]ttps?://[a-z]{1,6}\\.[a-z]{2,3}(/[a-zA-Z0-9%é?#=&]{0,8})?"),
        Kind::Timestamp => padded(
            "20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])([T ][01][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?)?(Z|[+-]0[0-9]:[0-5][0-9])?",
        ),
        Kind::Id(_) => prop_oneof![padded("[2-9A-HJ-NP-Za-km-z]{24}"), padded("remote: ?[0-9a-z./:]{1,9}")].boxed(),
        Kind::Shaped(shape) => match shape.pattern {
            Some(pattern) => padded(proptest::string::string_regex(pattern).unwrap()),
            None => padded("[A-Za-z]([a-z ,\\n\\t]{0,60}[a-z])?"),
        },
        Kind::Base64 => select(vec![json!("QUJD"), json!("QQ=="), json!("Q\nUI =\n"), json!("QQ")]).boxed(),
        Kind::Number => prop_oneof![any::<i32>().prop_map(Value::from), any::<f32>().prop_map(Value::from)]
            .prop_filter("a number", |value| !value.is_null())
            .boxed(),
        Kind::Integer => any::<i32>().prop_map(Value::from).boxed(),
        Kind::Boolean => any::<bool>().prop_map(Value::from).boxed(),
        Kind::Enum { values, .. } => select(*values).prop_map(Value::from).boxed(),
        Kind::Object(fields) => members(fields),
        Kind::List(item) => vec(value(item), 0..3).prop_map(Value::from).boxed(),
        Kind::Map => select(vec![json!({}), json!({ "tool": { "a": [1, null] } })]).boxed(),
        Kind::Any => select(vec![json!("a"), json!(""), json!(5.0), json!(false), json!(["a"]), json!({})]).boxed(),
        Kind::Members(_) | Kind::Foreign(_) => unreachable!("no input has rows of a model or values of a source"),
    }
}

fn input() -> BoxedStrategy<(&'static Action, Value)> {
    select(ACTIONS)
        .prop_flat_map(|action| {
            let ignored = select(action.ignored.iter().copied().chain([""]).collect::<Vec<_>>());
            (Just(action), members(action.fields), option::of(ignored))
        })
        .prop_map(|(action, mut input, ignored)| {
            if let Some(name) = ignored.filter(|name| !name.is_empty()) {
                input[name] = json!("x");
            }
            (action, input)
        })
        .boxed()
}

/// The pointers to everything that is inside a value.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            found.push(format!("{at}/{name}"));
            places(value, &format!("{at}/{name}"), found);
        }),
        Value::Array(items) => items.iter().enumerate().for_each(|(place, value)| {
            found.push(format!("{at}/{place}"));
            places(value, &format!("{at}/{place}"), found);
        }),
        _ => {}
    }
}

/// A change that often makes an input wrong, in a way that a schema can tell.
#[derive(Debug, Clone)]
enum Harm {
    Put(Value),
    Remove,
    Rename,
    Add,
}

fn harm() -> impl Strategy<Value = Harm> {
    let values = vec![
        Value::Null,
        json!(""),
        json!(" "),
        json!(5),
        json!(5.5),
        json!(true),
        json!([]),
        json!([null]),
        json!({}),
        json!("n!"),
        json!("a\u{0}b"),
        json!("a\u{85}b"),
        json!("A".repeat(1004)),
        Value::from(vec!["n!"; 101]),
    ];
    prop_oneof![
        6 => select(values).prop_map(Harm::Put),
        1 => Just(Harm::Remove),
        1 => Just(Harm::Rename),
        1 => Just(Harm::Add),
    ]
}

fn harmed(mut input: Value, place: &str, harm: Harm) -> Value {
    let (parent, name) = place.rsplit_once('/').unwrap();
    match (input.pointer_mut(parent).unwrap(), harm) {
        (Value::Object(members), Harm::Remove) => drop(members.remove(name)),
        (Value::Object(members), Harm::Rename) => {
            let value = members.remove(name).unwrap();
            members.insert(format!("{name}s"), value);
        }
        (Value::Object(members), Harm::Add) => drop(members.insert("zip".to_owned(), json!(1))),
        (parent, Harm::Put(value)) => match parent {
            Value::Object(members) => drop(members.insert(name.to_owned(), value)),
            parent => parent[name.parse::<usize>().unwrap()] = value,
        },
        _ => {}
    }
    input
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn inputs_of_the_tables_please_both((action, input) in input()) {
        prop_assert_eq!(complaints(action, &input), (Vec::new(), Vec::new()), "{}: {}", action.name, input);
    }

    #[test]
    fn what_one_refuses_the_other_does((action, input) in input(), at in any::<prop::sample::Index>(), harm in harm()) {
        let mut found = Vec::new();
        places(&input, "", &mut found);
        let input = harmed(input, &found[at.index(found.len())], harm);
        let (told, errors) = complaints(action, &input);
        prop_assert_eq!(told.is_empty(), errors.is_empty(), "{}: {}\n{:?}\n{:?}", action.name, input, told, errors);
    }

    /// Whatever the engine takes is right by the schema, so nobody who trusts the schema is kept from anything.
    #[test]
    fn a_schema_is_never_stricter((action, input) in input(), at in any::<prop::sample::Index>(), text in "\\PC{0,12}|[0-9TZ: .+-]{1,25}|https?://\\PC{0,9}|remote:\\PC{0,5}|\\PC{1,4}@\\PC{1,5}") {
        let mut found = Vec::new();
        places(&input, "", &mut found);
        let input = harmed(input, &found[at.index(found.len())], Harm::Put(json!(text)));
        let (told, errors) = complaints(action, &input);
        prop_assert!(!told.is_empty() || errors.is_empty(), "{}: {}\n{:?}", action.name, input, errors);
    }

    /// What was taken once is taken again, as it is.
    #[test]
    fn a_canonical_input_is_its_own((action, input) in input()) {
        let taken = check(action, &input, &Limits::default()).unwrap();
        let again = check(action, taken.value(), &Limits::default()).unwrap();
        prop_assert_eq!(again.canonical(), taken.canonical());
        prop_assert_eq!(&serde_json::from_str::<Value>(&taken.canonical()).unwrap(), taken.value());
    }
}
