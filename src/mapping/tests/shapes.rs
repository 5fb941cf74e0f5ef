//! Records that are not of the schema's shape: what cannot be read is null and told, and the rest is there.

use serde_json::{Value, json};

use super::{map, outcome, plan};

const FIELDS: &str = "name: author.name\njob_code: title\nconfidential: { value: true, when: author.rank = 1 }\n\
    category: { each: author, value: there }\ndepartment: { call: list, args: [readers.name] }\n\
    hiring_team: { each: editors, object: { id: { ref: users, path: id }, job_roles: { each: notes, object: { remote_label: text } } } }";

/// Texts, numbers and flags, and what has members or items.
fn others() -> [Value; 6] {
    [json!("text"), json!(3), json!(-0.5), json!(true), json!([]), json!({})]
}

fn told(member: &str, value: Value) -> (Value, Vec<String>) {
    let outcome = outcome(&plan("jobs", "", FIELDS), json!({member: value}));
    assert_eq!(outcome.mapped.failures().count(), 0);
    (outcome.unified, outcome.issues)
}

#[test]
fn something_else_in_place_of_an_object_is_null() {
    for value in others().into_iter().filter(|value| !value.is_object()) {
        let (unified, issues) = told("author", value.clone());
        assert_eq!(
            (&unified["name"], &unified["category"], &unified["confidential"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
        assert_eq!(issues, ["remote_data: the source sent something else than an object in `author`"], "{value}");
    }
}

#[test]
fn something_else_in_place_of_a_list_is_no_items() {
    for value in others().into_iter().filter(|value| !value.is_array()) {
        let (unified, issues) = told("readers", value.clone());
        assert_eq!(unified["department"], Value::Null);
        assert_eq!(
            issues,
            ["remote_data: the source sent something else than a list of objects in `readers`"],
            "{value}"
        );
    }
    for value in others().into_iter().filter(|value| !value.is_object()) {
        let (unified, issues) = told("editors", value.clone());
        assert_eq!(unified["hiring_team"], json!([]));
        assert_eq!(
            issues,
            ["remote_data: the source sent something else than a page of objects in `editors`"],
            "{value}"
        );
    }
    let (_, issues) = told("editors", json!({"rows": "none"}));
    assert_eq!(issues, ["remote_data: the source sent something else than a page of objects in `editors`"]);
}

#[test]
fn something_else_in_place_of_an_item_is_no_item() {
    let (unified, issues) = told("readers", json!([{"name": "a"}, "text", null, 3, [], {"name": "b"}]));
    assert_eq!(unified["department"], "a;b;");
    assert_eq!(issues, ["remote_data: the source sent something else than a list of objects in `readers`"]);
}

#[test]
fn something_else_in_place_of_a_value_is_null() {
    for value in [json!({}), json!({"a": [1]}), json!([]), json!([["x"]])] {
        let (unified, issues) = told("title", value);
        assert_eq!(unified["job_code"], Value::Null);
        assert_eq!(issues, ["remote_data: the source sent something else than a single value in `title`"]);
    }
}

#[test]
fn the_place_is_named_from_the_record_on() {
    let rows =
        json!({"rows": [{"id": 1, "notes": "none"}, {"id": 2, "notes": [{"text": {}}]}, {"id": 3, "notes": "none"}]});
    let (unified, issues) = told("editors", rows);
    assert_eq!(unified["hiring_team"].as_array().unwrap().len(), 3);
    assert_eq!(
        issues,
        [
            "remote_data: the source sent something else than a list of objects in `editors.notes`",
            "remote_data: the source sent something else than a single value in `editors.notes.text`",
        ]
    );
}

#[test]
fn unread_members_may_hold_anything() {
    let plan = plan("jobs", "also: [link]", "name: title");
    for value in others() {
        let outcome = outcome(&plan, json!({"title": "a", "link": value, "author": value, "nobody": value}));
        assert_eq!((&outcome.unified["name"], outcome.issues.len()), (&json!("a"), 0));
    }
}

#[test]
fn a_page_may_have_more_members_than_were_asked_for() {
    let plan = plan("jobs", "", FIELDS);
    for page in [
        r#"{"last":true,"others":[{"id":"9"}],"rows":[{"id":"1"}],"total":{"n":1}}"#,
        r#"{"rows":[{"id":"1"}],"others":[{"id":"9"}],"last":null}"#,
    ] {
        let outcome = map(&plan, &format!(r#"{{"id":"7","editors":{page}}}"#)).unwrap();
        assert_eq!((outcome.unified["hiring_team"].as_array().unwrap().len(), outcome.issues.len()), (1, 0), "{page}");
    }
}

#[test]
fn of_members_that_come_twice_the_last_counts() {
    let plan = plan("jobs", "", FIELDS);
    let raw = r#"{"id":"6","title":"a","readers":[{"name":"x"}],"title":"b","readers":[{"name":"y"}],"id":"7",
        "editors":{"rows":[{"id":"1"}],"rows":[{"id":"2"}]},"editors":{"rows":[{"id":"3"}]}}"#;
    let unified = map(&plan, raw).unwrap().unified;
    assert_eq!(
        (&unified["remote_id"], &unified["job_code"], &unified["department"]),
        (&json!("7"), &json!("b"), &json!("y;"))
    );
    assert_eq!(unified["hiring_team"].as_array().unwrap().len(), 1);
}

#[test]
fn members_may_come_in_any_order_and_keys_be_escaped() {
    let plan = plan("jobs", "", FIELDS);
    let raw = r#"{"readers":[{"nobody":{"name":"z"},"n\u0061me":"x"}],"t\u0069tle":"a","author":{"rank":1,"name":"b"},"id":"7"}"#;
    let unified = map(&plan, raw).unwrap().unified;
    let seen = ["job_code", "name", "department", "confidential"].map(|field| unified[field].clone());
    assert_eq!(seen, [json!("a"), json!("b"), json!("x;"), json!(true)]);
}
