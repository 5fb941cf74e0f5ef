//! `each`: over a page, a plain list, one object, and lists in lists.

use serde_json::{Value, json};

use super::{field, id, refused};

const TEAM: &str = "object: { id: { ref: users, path: id }, first_name: name }";

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|entry| entry["first_name"].as_str().unwrap_or("-")).collect()
}

fn team(relation: &str, rest: &str, members: Value) -> Value {
    field("hiring_team", &format!("{{ each: {relation}, {rest}{TEAM} }}"), members)
}

#[test]
fn every_item_of_a_page_or_a_list_becomes_an_entry_in_order() {
    let people = json!([{"id": 1, "name": "b"}, {"id": 2, "name": "a"}, {"id": 1, "name": "b"}]);
    assert_eq!(names(&team("readers", "", json!({"readers": people}))), ["b", "a", "b"]);
    assert_eq!(names(&team("editors", "", json!({"editors": {"rows": people}}))), ["b", "a", "b"]);
}

#[test]
fn missing_lists_and_rows_are_no_items() {
    for members in [json!({}), json!({"readers": null}), json!({"readers": []}), json!({"readers": [null, null]})] {
        assert_eq!(team("readers", "", members), json!([]));
    }
    for members in [json!({"editors": null}), json!({"editors": {}}), json!({"editors": {"rows": null}})] {
        assert_eq!(team("editors", "", members), json!([]));
    }
    assert_eq!(names(&team("readers", "", json!({"readers": [null, {"id": 1, "name": "a"}, null]}))), ["a"]);
}

#[test]
fn one_object_counts_when_it_is_there() {
    assert_eq!(team("author", "", json!({"author": {"id": 1, "name": "a"}}))[0]["id"], id("users", "1"));
    assert_eq!(names(&team("author.boss", "", json!({"author": {"boss": {"id": 1, "name": "b"}}}))), ["b"]);
    for members in [json!({}), json!({"author": null})] {
        assert_eq!(team("author", "", members), json!([]));
    }
    let spec = "[{ each: author, value: A }, { value: B }]";
    assert_eq!(field("name", spec, json!({"author": {}})), "A");
    assert_eq!(field("name", spec, json!({"author": null})), "B");
}

#[test]
fn when_chooses_the_items_and_starts_at_them() {
    let members = json!({"number": 9, "readers": [
        {"id": 1, "name": "a", "rank": 1}, {"id": 2, "name": "b", "rank": 2}, {"id": 3, "name": "c"},
    ]});
    assert_eq!(names(&team("readers", "when: rank >= 2, ", members.clone())), ["b"]);
    assert_eq!(names(&team("readers", "when: rank != 1, ", members.clone())), ["b", "c"]);
    assert_eq!(names(&team("readers", "when: \"name in ('a', 'C')\", ", members)), ["a", "c"]);
    assert_eq!(refused("", &format!("hiring_team: {{ each: readers, when: number = 9, {TEAM} }}")), ["M0101"]);
}

#[test]
fn in_a_plain_field_the_first_item_that_yields_something_wins() {
    let members = json!({"readers": [{"rank": 1}, {"name": " "}, {"name": "b", "rank": 2}, {"name": "c", "rank": 1}]});
    assert_eq!(field("name", "{ each: readers, path: name }", members.clone()), "b");
    assert_eq!(field("name", "{ each: readers, when: rank = 1, path: name }", members.clone()), "c");
    assert_eq!(field("name", "[{ each: readers, when: rank = 9, path: name }, title]", members), Value::Null);
    let location = "{ each: readers, object: { city: name } }";
    assert_eq!(field("location", location, json!({"readers": [{}, {"name": "Zwolle"}]}))["city"], "Zwolle");
}

#[test]
fn a_default_is_each_items_own() {
    let spec = "{ each: readers, path: name, default: nobody }";
    assert_eq!(field("name", spec, json!({"readers": [{}, {"name": "b"}]})), "nobody");
    assert_eq!(field("name", spec, json!({"readers": []})), Value::Null);
}

#[test]
fn a_rule_without_each_yields_one_entry_or_none() {
    let spec = format!("{{ {} }}", TEAM.replace("name }", "title }"));
    assert_eq!(names(&field("hiring_team", &spec, json!({"title": "a"}))), ["a"]);
    assert_eq!(
        field("hiring_team", &format!("{{ when: number = 1, {TEAM} }}").replace("name }", "title }"), json!({})),
        json!([])
    );
}

#[test]
fn lists_may_stand_in_items_of_lists() {
    let spec = "{ each: editors, object: { id: { ref: users, path: id }, \
        job_roles: { each: notes, when: stars > 1, object: { remote_id: id, remote_label: text } } } }";
    let members = json!({"editors": {"rows": [
        {"id": 1, "notes": [{"id": 10, "text": "x", "stars": 1}, {"id": 11, "text": "y", "stars": 2}]},
        {"id": 2, "notes": null},
        {"id": 3, "notes": [{"id": 12, "stars": 5}, null, {"id": 13, "text": "z", "stars": 3}]},
    ]}});
    let team = field("hiring_team", spec, members);
    let roles: Vec<Vec<&str>> = team
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            entry["job_roles"].as_array().unwrap().iter().map(|role| role["remote_id"].as_str().unwrap()).collect()
        })
        .collect();
    assert_eq!(roles, [vec!["11"], vec![], vec!["12", "13"]]);
}

#[test]
fn a_list_stands_behind_a_single_relation() {
    let members = json!({"author": {"notes": [{"text": "a"}, {"text": "b"}], "boss": {"notes": [{"text": "c"}]}}});
    assert_eq!(field("name", "{ each: author.notes, when: text != 'a', path: text }", members.clone()), "b");
    assert_eq!(field("name", "{ each: author.boss.notes, path: text }", members.clone()), "c");
    let nested = "{ each: author, call: list, args: [notes.text] }";
    assert_eq!(field("name", nested, members), "a;b;");
    assert_eq!(refused("", "name: { each: readers.notes, path: text }"), ["M0103"]);
    assert_eq!(refused("", "name: readers.name"), ["M0103"]);
    assert_eq!(refused("", "name: { each: title, path: text }"), ["M0104"]);
}
