//! What holds for every record: order and extra members do not matter, the output always has the model's shape, and a
//! session carries nothing from one record to the next.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::{Mapped, Plan, context, plan};
use crate::model::{JOBS, Kind};

/// A mapping with everything that the language has.
static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let top = "conditions: { high: rank > 1 or weight >= 2.5, dated: joined <= $now }\ngroup: label.id\nalso: [link]";
    let fields = "\
name: [title, { path: [subtitle, author.name] }, { value: none, when: number is empty }]
job_code: { join: [title, number, readers.name, editors.notes.text], with: ' ' }
description: { call: list, args: [editors.notes.stars] }
confidential: open
weekly_hours: [amount, title]
experience_level: { path: [label.tag, label.text], lookup: colours, otherwise: keep, default: FULL_TIME }
status: [{ path: title, lookup: colours, otherwise: next }, { path: subtitle, keywords: moods, otherwise: null }]
visibility: { each: readers, when: high, value: PUBLIC }
category: { call: same, args: [remote] }
department: { call: odd, args: [label.text] }
post_url: { call: broken, args: [mail] }
salary_amount: { call: same, args: [amount] }
salary_currency: { path: title, as: currency, otherwise: error }
location: [{ object: { city: title, zip_code: number } }, { each: author, object: { city: name } }]
custom_fields: extras
remote_url: link
opened_at: [opened, { call: same, args: [closed] }]
closed_at: { each: editors, when: not dated, path: joined }
contact_id: { ref: users, path: [author.id, author.boss.id] }
stages: { members: application_stages, of: label.id }
hiring_team:
  all:
    - each: editors
      when: high
      object:
        id: { ref: users, path: id }
        first_name: name
        email: mail
        job_roles: { each: notes, object: { remote_id: id, remote_label: text } }
    - { each: readers, object: { id: { ref: users, path: id }, email: [mail, name] } }
    - { each: author, object: { id: { ref: users, path: id }, remote_id: id } }
  unique: id";
    plan("jobs", top, fields)
});

const NAMES: &[&str] = &[
    "id", "title", "subtitle", "number", "amount", "open", "remote", "gone", "opened", "closed", "extras", "link",
    "mail", "label", "author", "editors", "readers", "rows", "name", "rank", "weight", "joined", "boss", "notes",
    "tag", "text", "stars",
];

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..4).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        prop::num::f64::NORMAL.prop_map(Value::from),
        prop::sample::select(vec![
            "groen",
            " ROOD",
            "niet blij",
            "eur",
            "2026-06-15 14:00",
            "ada@example.org",
            " ",
            "12.5",
            "https://example.org"
        ])
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

/// Objects, lists and values where the schema has them, and now and then where it has others.
fn person() -> impl Strategy<Value = Value> {
    let leaf = || prop::collection::vec((prop::sample::select(NAMES), scalar()), 0..6).prop_map(object);
    let notes = prop::collection::vec(prop_oneof![8 => leaf(), 1 => scalar()], 0..4).prop_map(Value::from);
    (leaf(), notes, leaf()).prop_map(|(mut person, notes, label)| {
        let members = person.as_object_mut().expect("made as an object");
        members.insert("notes".to_owned(), notes);
        members.insert("label".to_owned(), label);
        person
    })
}

fn object(members: Vec<(&str, Value)>) -> Value {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
}

fn tree() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((prop::sample::select(NAMES), inner), 0..6).prop_map(object),
        ]
    })
}

pub(super) fn post() -> impl Strategy<Value = Value> {
    let people = || prop::collection::vec(prop_oneof![8 => person(), 1 => scalar()], 0..4).prop_map(Value::from);
    let relations = (people(), people(), person(), tree());
    let members = prop::collection::vec((prop::sample::select(NAMES), prop_oneof![6 => scalar(), 1 => tree()]), 0..16);
    (members, relations, any::<[bool; 4]>(), 1_u32..50).prop_map(
        |(members, (readers, editors, author, extras), has, id)| {
            let mut post = object(members);
            let known = post.as_object_mut().expect("made as an object");
            let relations = [
                ("readers", readers),
                ("editors", object(vec![("rows", editors)])),
                ("author", author),
                ("extras", extras),
            ];
            for ((name, value), _) in relations.into_iter().zip(has).filter(|(_, has)| *has) {
                known.insert(name.to_owned(), value);
            }
            known.insert("id".to_owned(), id.into());
            post
        },
    )
}

/// Writes a value with the members of its objects in an order of `seed`'s, and with members that no schema has.
/// What stands under `extras` is a value of its own and stays as it is.
fn scrambled(value: &Value, seed: &mut u64, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut parts: Vec<String> = members
                .iter()
                .map(|(name, value)| {
                    let mut part = format!("{}:", Value::from(name.as_str()));
                    if name == "extras" {
                        part.push_str(&value.to_string())
                    } else {
                        scrambled(value, seed, &mut part)
                    }
                    part
                })
                .collect();
            for extra in ["\"zz\": [{\"id\":\"9\"}]", "\"zy\":{\"rows\":[null]} ", " \"zx\":\"x\""] {
                if next(seed).is_multiple_of(2) {
                    parts.push(extra.to_owned());
                }
            }
            for at in (1..parts.len()).rev() {
                parts.swap(at, (next(seed) as usize) % (at + 1));
            }
            out.push_str(&format!("{{{}}}", parts.join(",")));
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                out.push_str(if at > 0 { ", " } else { "" });
                scrambled(item, seed, out);
            }
            out.push(']');
        }
        value => out.push_str(&value.to_string()),
    }
}

/// The next of a row of numbers that looks random (xorshift).
pub(super) fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed >> 16
}

/// Everything that was made of a record. Misfits are found in the order of the record's text, so issues are sorted.
pub(super) fn made(mapped: &Mapped) -> (String, Vec<String>, bool, Option<String>, Option<String>) {
    let unified = String::from_utf8(mapped.unified.clone()).expect("JSON is UTF-8");
    let mut issues: Vec<String> = mapped.issues.iter().map(|issue| format!("{issue:?}")).collect();
    issues.sort();
    (unified, issues, mapped.deleted, mapped.group.clone(), mapped.members_of.clone())
}

fn mapped(raw: &str) -> Mapped {
    PLAN.map(raw, &context()).unwrap_or_else(|failure| panic!("{failure}: {raw}"))
}

/// The keys of an object in the order of its text.
fn keys(json: &[u8]) -> Vec<String> {
    struct Keys;
    impl<'de> Visitor<'de> for Keys {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Vec<String>, M::Error> {
            let mut keys = Vec::new();
            while let Some((key, IgnoredAny)) = members.next_entry()? {
                keys.push(key);
            }
            Ok(keys)
        }
    }
    serde_json::Deserializer::from_slice(json).deserialize_map(Keys).expect("a record is an object")
}

proptest! {
    #[test]
    fn order_and_extra_members_do_not_matter(post in post(), seed in 1_u64..) {
        let mut text = String::new();
        scrambled(&post, &mut { seed }, &mut text);
        prop_assert_eq!(made(&mapped(&text)), made(&mapped(&post.to_string())));
    }

    #[test]
    fn mapping_is_repeatable_and_its_output_has_the_models_shape(post in post()) {
        let raw = post.to_string();
        let first = mapped(&raw);
        prop_assert_eq!(made(&first), made(&mapped(&raw)));
        prop_assert!(serde_json::from_slice::<Value>(&first.unified).is_ok());
        let shown = JOBS.fields.iter().filter(|field| !matches!(field.kind, Kind::Members(_)));
        let expected: Vec<&str> = std::iter::once("id").chain(shown.map(|field| field.name)).collect();
        prop_assert_eq!(keys(&first.unified), expected);
    }

    #[test]
    fn every_list_is_a_list_and_every_entry_has_what_it_must_have(post in post()) {
        let unified: Value = serde_json::from_slice(&mapped(&post.to_string()).unified).unwrap();
        for field in JOBS.fields {
            if let Kind::List(_) = field.kind {
                let entries = unified[field.name].as_array();
                prop_assert!(entries.is_some_and(|entries| entries.iter().all(|entry| entry["id"].is_string())));
            }
        }
        let ids: Vec<&Value> = unified["hiring_team"].as_array().unwrap().iter().map(|entry| &entry["id"]).collect();
        prop_assert!(ids.iter().enumerate().all(|(at, id)| !ids[..at].contains(id)), "{:?}", ids);
    }

    #[test]
    fn an_explanation_gives_what_is_mapped(record in prop_oneof![6 => post(), 1 => tree()]) {
        let raw = record.to_string();
        let explanation = PLAN.explain(&raw, &context());
        let mapped = match PLAN.map(&raw, &context()) {
            Ok(mapped) => mapped,
            Err(failure) => {
                prop_assert_eq!(explanation.failure, Some(failure.0));
                return Ok(());
            }
        };
        let unified: Value = serde_json::from_slice(&mapped.unified).unwrap();
        prop_assert_eq!(explanation.fields.len(), JOBS.fields.len());
        for field in explanation.fields.iter().filter(|field| field.name != "stages") {
            prop_assert_eq!(&field.value, &unified[field.name], "{}", field.name);
        }
        prop_assert_eq!(explanation.issues, mapped.issues);
        prop_assert_eq!(explanation.id.as_deref(), unified["id"].as_str());
        prop_assert_eq!(explanation.deletion.unwrap().deleted, mapped.deleted);
        prop_assert_eq!(explanation.group.unwrap().value, mapped.group);
    }

    #[test]
    fn no_json_makes_it_panic(value in tree()) {
        let _ = PLAN.map(&value.to_string(), &context());
    }

    #[test]
    fn no_text_makes_it_panic(post in post(), cut in any::<prop::sample::Index>(), text in any::<String>()) {
        let raw = post.to_string();
        let cut = raw.floor_char_boundary(cut.index(raw.len()));
        let _ = PLAN.map(&raw[..cut], &context());
        let _ = PLAN.map(&format!("{}{text}{}", &raw[..cut], &raw[cut..]), &context());
    }

    #[test]
    fn a_session_carries_nothing_over(posts in prop::collection::vec(prop_oneof![4 => post(), 1 => tree()], 1..8)) {
        let texts: Vec<String> = posts.iter().map(Value::to_string).collect();
        let context = context();
        let (mut session, mut reused) = (PLAN.session(&context), Mapped::default());
        for text in &texts {
            let fresh = PLAN.map(text, &context);
            let again = session.map(text, &mut reused);
            prop_assert_eq!(again.as_ref().err(), fresh.as_ref().err());
            if let Ok(fresh) = fresh {
                prop_assert_eq!(made(&reused), made(&fresh));
            }
        }
    }
}
