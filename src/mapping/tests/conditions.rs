//! `when`: what each form means for values that are there and for values that are not.

use serde_json::{Value, json};

use super::{field, outcome, plan, refused};

fn holds(condition: &str, members: Value) -> bool {
    let spec = format!("{{ value: \"yes\", when: \"{condition}\" }}");
    match field("name", &spec, members) {
        Value::Null => false,
        value => value == "yes",
    }
}

#[test]
fn every_operator_orders_numbers_text_and_dates() {
    let below = ["!=", "<", "<="];
    let equal = ["=", "<=", ">="];
    let above = ["!=", ">", ">="];
    for (literal, path, values) in [
        ("3", "number", [json!(2), json!(3), json!(4)]),
        ("2.5", "amount", [json!(2), json!(2.5), json!(3)]),
        ("'m'", "title", [json!("A"), json!(" M "), json!("z")]),
        ("'É'", "title", [json!("z"), json!("é"), json!("ë")]),
        ("$tenant", "title", [json!("a"), json!("ACME"), json!("b")]),
        ("$now", "opened", [json!("2026-06-15 13:59"), json!("2026-06-15 14:00"), json!("2026-06-15 14:01")]),
        (
            "'2026-01-01T00:00:00Z'",
            "opened",
            [json!("2026-01-01 00:59"), json!("2026-01-01 01:00"), json!("2027-01-01 00:00")],
        ),
    ] {
        for (value, true_ones) in values.into_iter().zip([below, equal, above]) {
            for operator in ["=", "!=", "<", "<=", ">", ">="] {
                let expected = true_ones.contains(&operator);
                let condition = format!("{path} {operator} {literal}");
                assert_eq!(holds(&condition, json!({path: value})), expected, "{condition} with {value}");
            }
        }
    }
}

#[test]
fn flags_are_equal_or_not() {
    for (condition, members, expected) in [
        ("remote = true", json!({"remote": true}), true),
        ("remote = false", json!({"remote": true}), false),
        ("remote != true", json!({"remote": false}), true),
        ("open = true", json!({"open": 1}), true),
        ("open = false", json!({"open": 1}), false),
        ("open = false", json!({"open": 0}), true),
    ] {
        assert_eq!(holds(condition, members), expected, "{condition}");
    }
    assert_eq!(refused("", "name: { value: x, when: remote < true }"), ["M0505"]);
}

#[test]
fn where_a_value_is_missing_only_unequal_holds() {
    for (path, literal) in
        [("number", "3"), ("title", "'a'"), ("opened", "$now"), ("remote", "true"), ("author.name", "'a'")]
    {
        for members in [json!({}), json!({path: null}), json!({"title": " ", "opened": "", "author": {"name": " "}})] {
            for operator in ["=", "<", "<=", ">", ">="] {
                if path == "remote" && operator != "=" {
                    continue;
                }
                assert!(!holds(&format!("{path} {operator} {literal}"), members.clone()), "{path} {operator}");
            }
            assert!(holds(&format!("{path} != {literal}"), members.clone()), "{path}");
            assert!(!holds(&format!("{path} in ({literal})"), members.clone()), "{path}");
            assert!(holds(&format!("not {path} = {literal}"), members), "{path}");
        }
    }
}

#[test]
fn a_date_that_cannot_be_read_compares_like_a_missing_one() {
    assert!(!holds("opened <= $now", json!({"opened": "soon"})));
    assert!(holds("opened != $now", json!({"opened": "soon"})));
}

#[test]
fn one_of_several() {
    for (title, expected) in [("x", true), (" Y ", true), ("z", false)] {
        assert_eq!(holds("title in ('X', 'y')", json!({"title": title})), expected, "{title}");
    }
    assert!(holds("number in (1, 2)", json!({"number": 2})));
    assert!(!holds("number in (1, 2)", json!({"number": 3})));
}

#[test]
fn empty_is_missing_null_or_blank() {
    for (members, empty) in [
        (json!({}), true),
        (json!({"title": null}), true),
        (json!({"title": " \n"}), true),
        (json!({"title": "0"}), false),
    ] {
        assert_eq!(holds("title is empty", members.clone()), empty, "{members}");
        assert_eq!(holds("title is not empty", members.clone()), !empty, "{members}");
    }
    assert!(!holds("number is empty", json!({"number": 0})));
    assert!(holds("author.name is empty", json!({"author": null})));
    assert!(!holds("opened is empty", json!({"opened": "soon"})));
}

#[test]
fn and_or_not_and_parentheses() {
    for number in 0..8 {
        let (a, b, c) = (number & 1 == 1, number & 2 == 2, number & 4 == 4);
        let members = json!({"number": i32::from(a), "open": i32::from(b), "remote": c});
        let (x, y, z) = ("number = 1", "open = 1", "remote = true");
        for (condition, expected) in [
            (format!("{x} and {y} or {z}"), a && b || c),
            (format!("{x} or {y} and {z}"), a || b && c),
            (format!("({x} or {y}) and {z}"), (a || b) && c),
            (format!("not {x} and {y}"), !a && b),
            (format!("not ({x} and {y}) or not not {z}"), !(a && b) || c),
        ] {
            assert_eq!(holds(&condition, members.clone()), expected, "{condition} with {members}");
        }
    }
}

#[test]
fn named_conditions_name_others_and_mean_what_their_paths_mean_there() {
    let top = "conditions:\n  known: name is not empty\n  high: rank > 1\n  both: known and high";
    let fields =
        "name: { each: readers, when: both, path: name }\njob_code: { each: author, when: not both, path: name }";
    let plan = plan("jobs", top, fields);
    let members = json!({
        "readers": [{"name": "a", "rank": 1}, {"rank": 2}, {"name": "b", "rank": 2}],
        "author": {"name": "c", "rank": 1},
    });
    let unified = outcome(&plan, members).unified;
    assert_eq!((&unified["name"], &unified["job_code"]), (&json!("b"), &json!("c")));

    assert_eq!(refused(top, "name: { value: x, when: known }"), ["M0101"]);
    assert_eq!(refused("conditions: { a: b, b: a }", "name: { value: x, when: a }"), ["M0503"]);
    assert_eq!(refused("", "name: { value: x, when: nobody }"), ["M0502"]);
}

#[test]
fn a_comparison_that_can_never_hold_is_refused() {
    for condition in ["number = 'a'", "title = true", "opened = 3", "opened = 'soon'", "extras = 1", "number = $now"] {
        assert_eq!(refused("", &format!("name: {{ value: x, when: \"{condition}\" }}")), ["M0505"], "{condition}");
    }
    assert_eq!(refused("", "name: { value: x, when: title = $nobody }"), ["M0504"]);
}

#[test]
fn a_table_can_be_asked_without_taking_its_value() {
    assert!(holds("title in table moods", json!({"title": "heel blij"})));
    assert!(!holds("title in table moods", json!({"title": "moe"})));
    assert!(!holds("title in table moods", json!({"title": null})));
    assert!(holds("title in table moods as 'CLOSED'", json!({"title": "niet blij"})));
    assert!(!holds("title in table moods as 'OPEN'", json!({"title": "niet blij"})));
    assert!(holds("not title in table colours", json!({"title": "blauw"})));
    assert_eq!(refused("", "name: { value: x, when: title in table mood }"), ["M0301"]);
    assert_eq!(refused("", "name: { value: x, when: \"title in table moods as 'SHUT'\" }"), ["M0305"]);
}
