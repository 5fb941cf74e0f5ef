//! Paths, alternatives, and what counts as empty.

use serde_json::{Value, json};

use super::{field, outcome, plan};

#[test]
fn a_path_goes_through_single_relations() {
    let members = json!({"title": "a", "author": {"name": "b", "boss": {"label": {"text": "c"}}}});
    assert_eq!(field("name", "title", members.clone()), "a");
    assert_eq!(field("name", "author.name", members.clone()), "b");
    assert_eq!(field("name", "author.boss.label.text", members), "c");
    for members in [json!({}), json!({"author": null}), json!({"author": {}}), json!({"author": {"boss": null}})] {
        assert_eq!(field("name", "author.boss.label.text", members), Value::Null);
    }
}

#[test]
fn null_switches_a_field_off() {
    let outcome = outcome(&plan("jobs", "", "name: null\njob_code: title"), json!({"title": "a"}));
    assert_eq!((&outcome.unified["name"], &outcome.unified["job_code"]), (&Value::Null, &json!("a")));
}

#[test]
fn the_first_alternative_that_is_not_empty_wins() {
    for spec in ["[title, subtitle, link]", "{ path: [title, subtitle, link] }"] {
        assert_eq!(field("name", spec, json!({"title": "a", "subtitle": "b", "link": "c"})), "a");
        assert_eq!(field("name", spec, json!({"title": null, "subtitle": "b", "link": "c"})), "b");
        assert_eq!(field("name", spec, json!({"title": "", "subtitle": " \t\n\u{a0}", "link": "c"})), "c");
        assert_eq!(field("name", spec, json!({"title": " "})), Value::Null);
    }
}

#[test]
fn rules_are_alternatives_like_paths() {
    let spec = "[{ value: A, when: number = 1 }, title, { join: [subtitle, link], with: '-' }]";
    assert_eq!(field("name", spec, json!({"number": 1, "title": "b"})), "A");
    assert_eq!(field("name", spec, json!({"number": 2, "title": "b"})), "b");
    assert_eq!(field("name", spec, json!({"subtitle": "c", "link": "d"})), "c-d");
}

#[test]
fn an_object_without_values_and_a_list_without_items_are_empty() {
    let location = "[{ object: { city: title } }, { object: { raw: subtitle } }]";
    let members = json!({"title": " ", "subtitle": "b"});
    assert_eq!(field("location", location, members)["raw"], "b");
    assert_eq!(field("location", location, json!({})), Value::Null);

    let team = "[{ each: readers, object: { id: { ref: users, path: id } } }, \
                 { each: author, object: { id: { ref: users, path: id } } }]";
    let members = json!({"readers": [], "author": {"id": "9"}});
    assert_eq!(field("hiring_team", team, members)[0]["id"], super::id("users", "9"));
    let members = json!({"readers": [{"id": null}], "author": {"id": "9"}});
    assert_eq!(field("hiring_team", team, members).as_array().unwrap().len(), 1);
    assert_eq!(field("hiring_team", team, json!({})), json!([]));
}

#[test]
fn zero_and_false_are_values() {
    assert_eq!(field("salary_amount", "[number, amount]", json!({"number": 0, "amount": 5})), json!(0));
    assert_eq!(field("confidential", "[remote, open]", json!({"remote": false, "open": 1})), json!(false));
}

#[test]
fn text_is_trimmed() {
    assert_eq!(field("name", "title", json!({"title": "\u{2003} a  b\r\n"})), "a  b");
}
