//! The record as a whole: its ids, its keys, its mark of deletion, and what is asked of the source.

use serde_json::{Value, json};

use super::{codes, compile, context, id, map, outcome, plan, refused};
use crate::model::{Kind, MODELS};

#[test]
fn a_record_has_every_field_of_its_model_in_order() {
    for model in MODELS {
        let mapped = plan(model.name, "", "").map(r#"{"id":"7"}"#, &context()).unwrap();
        let shown = model.fields.iter().filter(|field| !matches!(field.kind, Kind::Members(_)));
        let expected: Vec<String> = shown
            .map(|field| match (field.name, &field.kind) {
                ("remote_id", _) => "\"remote_id\":\"7\"".to_owned(),
                (name, Kind::List(_)) => format!("\"{name}\":[]"),
                (name, _) => format!("\"{name}\":null"),
            })
            .collect();
        let unified = String::from_utf8(mapped.unified).unwrap();
        assert_eq!(unified, format!("{{\"id\":{},{}}}", id(model.name, "7"), expected.join(",")));
    }
}

#[test]
fn the_remote_id_is_text_and_the_unified_id_follows_from_it() {
    let plan = plan("jobs", "", "");
    for raw in [r#"{"id":"7"}"#, r#"{"id":7}"#, r#"{"id":" 7 "}"#] {
        let outcome = map(&plan, raw).unwrap();
        assert_eq!(outcome.mapped.remote_id, "7");
        assert_eq!((&outcome.unified["remote_id"], &outcome.unified["id"]), (&json!("7"), &id("jobs", "7")));
        assert_eq!(plan.identify(raw).as_deref(), Some("7"));
    }
}

#[test]
fn a_record_without_a_remote_id_fails() {
    let plan = plan("jobs", "", "name: title");
    for raw in [r#"{"title":"a"}"#, r#"{"id":null}"#, r#"{"id":" "}"#, r#"{"id":{}}"#, "{}"] {
        assert_eq!(map(&plan, raw).unwrap_err().0, "the record has no remote id", "{raw}");
        assert_eq!(plan.identify(raw), None, "{raw}");
    }
    assert_eq!(codes(compile("model: jobs\nread: { query: posts, sort: [id] }\nfields: { name: title }\n")), ["M0202"]);
}

#[test]
fn what_is_no_record_fails_and_the_next_one_maps() {
    let plan = plan("jobs", "", "name: title");
    let context = context();
    let (mut session, mut mapped) = (plan.session(&context), super::Mapped::default());
    for raw in [
        "",
        "null",
        "[]",
        "7",
        "\"text\"",
        r#"{"id":"7""#,
        r#"{"id":"7"} x"#,
        r#"{"id":"\ud800"}"#,
        r#"{"id":"7","title":1e999}"#,
    ] {
        let failure = session.map(raw, &mut mapped).unwrap_err();
        assert!(failure.0.starts_with("the source sent a record that is not of its schema: "), "{raw}: {failure}");
        session.map(r#"{"id":"7","title":"a"}"#, &mut mapped).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&mapped.unified).unwrap()["name"], "a");
        assert_eq!(mapped.issues, []);
    }
}

#[test]
fn the_mark_of_deletion_is_one_value() {
    let plan = plan("jobs", "", "name: title");
    for (members, deleted) in [
        (json!({"gone": 1}), true),
        (json!({"gone": 0}), false),
        (json!({"gone": 2}), false),
        (json!({"gone": null}), false),
        (json!({"gone": true}), true),
        (json!({"gone": "1"}), false),
        (json!({}), false),
    ] {
        assert_eq!(outcome(&plan, members.clone()).mapped.deleted, deleted, "{members}");
    }
    assert!(plan.operation().text.contains("gone"));
}

#[test]
fn a_type_without_the_mark_is_never_deleted() {
    let plan = compile("model: users\nread: { query: persons, sort: [id] }\nfields: { remote_id: id }\n").unwrap();
    assert!(!plan.operation().text.contains("gone"));
    assert!(!map(&plan, r#"{"id":"7","gone":1}"#).unwrap().mapped.deleted);
}

#[test]
fn the_query_asks_for_what_is_read_and_for_what_is_named_under_also() {
    let fields = "name: [author.name, title]\nhiring_team: { each: editors, object: { id: { ref: users, path: id } } }\n\
        job_code: { each: author.boss, value: x }";
    let plan = plan("jobs", "also: [link, label.tag, readers.notes.text]", fields);
    let text: String = plan.operation().text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        text,
        "query jobs($page: Int!, $size: Int!) { \
         posts(paging: {number: $page, size: $size, order: [{key: \"id\", way: UP}]}) { \
         rows { id title author { name boss { __typename } } \
         editors(paging: {number: 0, size: 50}) { rows { id } } gone link label { tag } readers { notes { text } } } \
         last total } }"
            .replace("rows { id title author", "rows { id author")
            .replace("boss { __typename } }", "boss { __typename } } title")
    );
    let outcome = outcome(&plan, json!({"link": "kept", "title": "a"}));
    assert_eq!(outcome.unified["name"], "a");
    assert!(!outcome.unified.to_string().contains("kept"));
}

#[test]
fn the_engines_fields_are_not_the_mappings() {
    for field in ["id", "changed_at", "remote_deleted_at", "remote_data", "nobody"] {
        assert_eq!(refused("", &format!("{field}: title")), ["M0201"], "{field}");
    }
}
