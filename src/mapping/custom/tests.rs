use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::super::trace::Untraced;
use super::*;

fn labels() -> Labels {
    let pairs = [("10", "Rijbewijs"), ("11", "B"), ("12", "BE"), ("20", "Talen"), ("30", "Rijbewijs")];
    pairs.into_iter().map(|(id, label)| (id.to_owned(), label.to_owned())).collect()
}

fn custom(entries: &[(&str, FreeField, CustomKind)], keeps_others: bool) -> CustomFields {
    let entries =
        entries.iter().map(|(key, free, kind)| CustomField { key: (*key).into(), free: free.clone(), kind: *kind });
    CustomFields {
        slot: 0,
        entries: entries.collect(),
        keeps_others,
        keys: ["_{id}", "{id}"].into_iter().filter_map(Spelling::new).collect(),
        dates: vec![
            DateFormat::new("yyyy-MM-dd'T'HH:mm:ss'Z'x", "Europe/Amsterdam").unwrap(),
            DateFormat::new("yyyy-MM-dd", "Europe/Amsterdam").unwrap(),
        ],
    }
}

fn id(id: &str) -> FreeField {
    FreeField::Id(id.to_owned())
}

fn label(label: &str) -> FreeField {
    FreeField::Label(label.to_owned())
}

fn read(custom: &CustomFields, dictionary: &Json) -> (Json, Vec<String>) {
    let flags = BTreeMap::from([(0, false), (1, true)]);
    let labels = labels();
    let (mut out, mut told) = (Vec::new(), Vec::new());
    let with = Reading { labels: &labels, flags: &flags };
    let found = custom.write(&dictionary.to_string(), with, &mut out, &mut Untraced, |message| told.push(message));
    let read = if found { serde_json::from_slice(&out).unwrap() } else { Json::Null };
    assert!(found || out.is_empty());
    (read, told)
}

#[test]
fn both_spellings_of_a_key_are_one_field() {
    let custom = custom(&[("licence", id("10"), CustomKind::Any)], false);
    for key in ["_10", "10"] {
        assert_eq!(read(&custom, &json!({ key: "x" })).0, json!({ "licence": "x" }));
    }
    assert_eq!(read(&custom, &json!({ "_100": "x" })).0, Json::Null);
    assert_eq!(read(&custom, &json!({ "10": "first", "_10": "second" })).0["licence"], "first");
}

#[test]
fn a_label_names_each_field_that_is_called_so() {
    let custom = custom(&[("licence", label("rijbewijs"), CustomKind::Choice)], false);
    for key in ["_10", "30"] {
        assert_eq!(read(&custom, &json!({ key: "11" })).0, json!({ "licence": "B" }));
    }
    assert_eq!(read(&custom, &json!({ "_20": "11" })).0, Json::Null);
}

#[test]
fn choices_become_their_labels_and_unknown_ones_are_told() {
    let many = custom(&[("languages", label("Talen"), CustomKind::Choices)], false);
    assert_eq!(read(&many, &json!({ "_20": ["11", 12] })).0, json!({ "languages": ["B", "BE"] }));
    assert_eq!(read(&many, &json!({ "_20": "11" })).0, json!({ "languages": ["B"] }));
    let (value, told) = read(&many, &json!({ "_20": ["11", "99"] }));
    assert_eq!(value, json!({ "languages": ["B"] }));
    assert_eq!(told, ["`languages`: the source lists no choice `99`"]);
    let one = custom(&[("licence", id("10"), CustomKind::Choice)], false);
    assert_eq!(read(&one, &json!({ "10": ["11"] })).0, json!({ "licence": "B" }));
    let (value, told) = read(&one, &json!({ "10": ["11", "12"] }));
    assert_eq!((value, told.len()), (Json::Null, 1));
}

#[test]
fn values_have_the_type_that_the_mapping_says() {
    let convert = |kind, value: Json| {
        let (read, told) = read(&custom(&[("key", id("1"), kind)], false), &json!({ "_1": value }));
        if told.is_empty() { read["key"].clone() } else { json!(told[0]) }
    };
    assert_eq!(convert(CustomKind::Text, json!(12)), "12");
    assert_eq!(convert(CustomKind::Text, json!(" a ")), "a");
    assert_eq!(convert(CustomKind::Number, json!("12.50")), 12.5);
    assert_eq!(convert(CustomKind::Number, json!("12")), 12);
    assert_eq!(convert(CustomKind::Integer, json!("12")), 12);
    assert_eq!(convert(CustomKind::Boolean, json!("1")), true);
    assert_eq!(convert(CustomKind::Boolean, json!(0)), false);
    assert_eq!(convert(CustomKind::Boolean, json!("true")), true);
    assert_eq!(convert(CustomKind::Date, json!("2026-10-02T00:30:00Z+0200")), "2026-10-02");
    assert_eq!(convert(CustomKind::DateTime, json!("2026-10-02T12:00:00Z+0200")), "2026-10-02T10:00:00.000Z");
    assert_eq!(convert(CustomKind::Date, json!("2026-10-02")), "2026-10-02");
    assert_eq!(convert(CustomKind::Any, json!({ "a": [1, null] })), json!({ "a": [1, null] }));
    assert_eq!(convert(CustomKind::Number, json!("veel")), "`key`: the source's value is not a number");
    assert_eq!(convert(CustomKind::Integer, json!(1.5)), "`key`: the source's value is not a whole number");
    assert_eq!(convert(CustomKind::Date, json!("maandag")), "`key`: the source's value is not a date");
    for kind in CustomKind::ALL.iter().copied() {
        for blank in [json!(null), json!("  "), json!([])] {
            assert_eq!(convert(kind, blank), Json::Null);
        }
    }
}

#[test]
fn others_are_kept_under_the_usual_key_or_dropped() {
    let dictionary = json!({ "_1": "one", "2": { "deep": true }, "name": 3 });
    let entries = [("first", id("1"), CustomKind::Text), ("absent", id("9"), CustomKind::Text)];
    let (kept, _) = read(&custom(&entries, true), &dictionary);
    assert_eq!(kept, json!({ "first": "one", "absent": null, "_2": { "deep": true }, "_name": 3 }));
    let (dropped, _) = read(&custom(&entries, false), &dictionary);
    assert_eq!(dropped, json!({ "first": "one", "absent": null }));
}

#[test]
fn a_dictionary_that_is_none_is_told() {
    let (value, told) = read(&custom(&[], true), &json!(["a"]));
    assert_eq!((value, told), (Json::Null, vec!["the free fields are not a dictionary".to_owned()]));
    assert_eq!(read(&custom(&[], true), &json!({})).0, Json::Null);
}

proptest! {
    #[test]
    fn what_is_written_is_always_json(values in prop::collection::vec(("_?[0-9]{1,2}|[a-z\"\\\\]{0,3}", "\\PC{0,8}"), 0..6)) {
        let dictionary: serde_json::Map<String, Json> = values.into_iter().map(|(key, value)| (key, json!(value))).collect();
        let entries: Vec<_> = CustomKind::ALL.iter().enumerate().map(|(at, kind)| (CustomKind::NAMES[at], id(&at.to_string()), *kind)).collect();
        // Reading back is the assertion: `read` parses what was written.
        let (value, _) = read(&custom(&entries, true), &Json::Object(dictionary.clone()));
        let known: Vec<String> = dictionary.keys().map(|key| id_of(key, &[Spelling::new("_{id}").unwrap(), Spelling::new("{id}").unwrap()]).to_owned()).collect();
        prop_assert!(value.as_object().is_none_or(|members| members.len() <= entries.len() + known.len()));
    }
}
