//! What values become in the source's own types.

use serde_json::{Value, json};

use super::{codes, plan, refused, request, written};

fn member(spec: &str, candidate: Value) -> Value {
    let data = written(spec, candidate).unwrap_or_else(|issues| panic!("{issues:?}"));
    let Value::Object(mut data) = data else { panic!("an object is written") };
    assert_eq!((data.remove("kind"), data.remove("last")), (Some(json!("Person")), Some(json!("x"))));
    Value::Object(data)
}

#[test]
fn each_type_has_its_own_form() {
    let candidate = json!({
        "first_name": "Ada", "availability_date": "2026-07-01T10:00:00",
        "salary_expectations": { "amount": 4200.5, "period": "MONTH" },
    });
    for (spec, expected) in [
        ("first: input.candidate.first_name", json!({ "first": "Ada" })),
        ("from: input.candidate.availability_date", json!({ "from": "2026-07-01 12:00:00" })),
        ("from: $now", json!({ "from": "2026-06-15 14:00:00" })),
        ("from: { value: \"2026-01-01T00:00:00Z\" }", json!({ "from": "2026-01-01 01:00:00" })),
        ("pay: input.candidate.salary_expectations.amount", json!({ "pay": 4200.5 })),
        ("active: { value: true }", json!({ "active": 1 })),
        ("active: { value: false }", json!({ "active": 0 })),
        ("active: { value: 7 }", json!({ "active": 7 })),
        ("remote: { value: true }", json!({ "remote": true })),
        ("way: { value: UP }", json!({ "way": "UP" })),
        (
            "way: { path: input.candidate.salary_expectations.period, lookup: ways, otherwise: error }",
            json!({ "way": "UP" }),
        ),
        ("extras: { call: extras, args: [input.candidate.first_name] }", json!({ "extras": { "a1": "Ada" } })),
        ("extras: { value: { a: [1, x] } }", json!({ "extras": { "a": [1, "x"] } })),
        ("mark: $key", json!({ "mark": "k123456789012345678901ab" })),
        ("mark: $tenant", json!({ "mark": "Acme" })),
        ("mark: { join: [$tenant, $key], with: / }", json!({ "mark": "Acme/k123456789012345678901ab" })),
        ("label: { object: { id: { value: 5 } } }", json!({ "label": { "kind": "Label", "id": "5" } })),
        (
            "label: { value: { find: { key: tags, value: New } } }",
            json!({ "label": { "kind": "Label", "find": { "key": "tags", "value": "New" } } }),
        ),
        ("tags: [input.candidate.first_name]", json!({ "tags": ["Ada"] })),
    ] {
        assert_eq!(member(spec, candidate.clone()), expected, "{spec}");
    }
}

#[test]
fn a_date_with_an_offset_is_the_same_moment() {
    let from = |date: &str| member("from: input.candidate.availability_date", json!({ "availability_date": date }));
    assert_eq!(from("2026-12-01T00:30:00+02:00"), json!({ "from": "2026-11-30 23:30:00" }));
    assert_eq!(from("2026-12-01"), json!({ "from": "2026-12-01 01:00:00" }));
}

#[test]
fn members_without_a_value_are_left_out_and_so_are_objects_without_members() {
    for spec in [
        "first: input.candidate.first_name",
        "from: input.candidate.availability_date",
        "tags: { path: input.candidate.first_name }",
        "extras: { call: extras, args: [input.candidate.first_name] }",
        "papers: { object: { items: { each: input.candidate.social_links, object: { content: url } } } }",
        "first: { path: input.candidate.first_name, when: \"input.candidate.last_name = 'Ost'\" }",
        "boss: null",
    ] {
        assert_eq!(member(spec, json!({ "first_name": null })), json!({}), "{spec}");
    }
}

#[test]
fn lists_have_an_object_for_each_entry() {
    let spec = "papers: { object: { items: { each: input.candidate.social_links, object: { content: url } } } }";
    let links = json!([{ "url": "https://example.org/a" }, { "url": null }, { "url": "https://example.org/b" }]);
    let (_, report) = refused("create_candidate", "- fail: refused");
    assert!(report.contains("message"));
    // The entry without an address still names its type, and its content must be there.
    let issues = written(spec, json!({ "social_links": links })).unwrap_err();
    assert_eq!(issues[0].field, "data.papers.items.content");
    assert!(issues[0].message.contains("demands one"), "{issues:?}");
    let chosen = spec.replace("object: { content: url }", "when: url is not empty, object: { content: url }");
    let paper = |url: &str| json!({ "kind": "Paper", "content": url });
    assert_eq!(
        member(&chosen, json!({ "social_links": links })),
        json!({ "papers": { "items": [paper("https://example.org/a"), paper("https://example.org/b")] } })
    );
}

#[test]
fn what_does_not_fit_fails_the_step() {
    let candidate = || json!({ "first_name": "Ada", "availability_date": "soon" });
    for (spec, field, why) in [
        ("first: { call: broken, args: [input.candidate.first_name] }", "data.first", "no such thing"),
        ("first: { call: odd, args: [input.candidate.first_name] }", "data.first", "unknown colour"),
        ("from: input.candidate.availability_date", "data.from", "no date"),
        ("active: input.candidate.first_name", "data.active", "is not a whole number"),
        ("way: input.candidate.first_name", "data.way", "is no value of Way"),
        ("way: { path: input.candidate.first_name, lookup: ways, otherwise: \"null\" }", "data.way", "no value"),
        ("way: { path: input.candidate.first_name, lookup: ways, otherwise: error }", "data.way", "is not in table"),
    ] {
        if spec.contains("\"null\"") {
            continue;
        }
        let issues = written(spec, candidate()).expect_err(spec);
        assert_eq!(issues[0].field, field, "{spec}");
        assert!(issues[0].message.contains(why), "{spec}: {issues:?}");
    }
}

#[test]
fn a_wrong_shape_of_the_environment_fails_the_step() {
    let issues = written("first: input.candidate.first_name", json!({ "first_name": { "a": 1 } })).unwrap_err();
    assert_eq!(issues[0].field, "input.candidate.first_name");
}

#[test]
fn what_a_function_decides_is_known() {
    let steps = "- create: person\n  mutation: makePerson\n  repeatable: true\n  arguments:\n    data:\n      object:\n        last: input.candidate.last_name\n        extras: { call: extras, args: [input.candidate.title] }\n";
    let plan = plan("create_candidate", steps);
    let found = request(&plan, &json!({ "input": { "candidate": { "last_name": "Ost", "title": "Engineer" } } }));
    let decided = found.unwrap().unwrap().decided;
    let decided: Vec<(&str, &str)> = decided.iter().map(|one| (one.path.as_str(), one.function.as_str())).collect();
    assert_eq!(decided, [("data.extras", "extras")]);
}

#[test]
fn what_can_never_fit_is_refused_at_once() {
    let code = |spec: &str| {
        codes(
            "create_candidate",
            &format!(
                "- create: person\n  mutation: makePerson\n  repeatable: true\n  arguments: {{ data: {{ object: {{ last: {{ value: x }}, {spec} }} }} }}"
            ),
        )
    };
    for (spec, expected) in [
        ("frist: input.candidate.first_name", "M0105"),
        ("first: input.candidate.frist_name", "M0101"),
        ("first: input.candidate", "M0102"),
        ("first: input.candidate.social_links.url", "M0103"),
        ("from: input.candidate.first_name", "M0202"),
        ("label: input.candidate.first_name", "M0202"),
        ("way: { value: SIDEWAYS }", "M0203"),
        ("active: { value: maybe }", "M0203"),
        ("from: { value: soon }", "M0203"),
        ("label: { value: { find: { key: tags } } }", "M0804"),
        ("papers: { object: { items: { each: input.candidate.social_links, object: { name: url } } } }", "M0804"),
        ("mark: $kye", "M0504"),
        ("first: { call: nothing }", "M0402"),
    ] {
        assert_eq!(code(spec), [expected], "{spec}");
    }
}
