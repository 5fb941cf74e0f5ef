//! The origins of a rule.

use serde_json::{Value, json};

use super::{NOW, field, field_and_issues, id, outcome, plan, refused};

fn call(spec: &str, members: Value) -> Value {
    field("name", spec, members)
}

#[test]
fn join_puts_together_what_is_not_empty() {
    let spec = "{ join: [title, subtitle, number], with: ' - ' }";
    assert_eq!(field("name", spec, json!({"title": " a ", "subtitle": " ", "number": 3})), "a - 3");
    assert_eq!(field("name", spec, json!({"subtitle": "b"})), "b");
    assert_eq!(field("name", spec, json!({})), Value::Null);
    assert_eq!(field("name", "{ join: [title, subtitle] }", json!({"title": "a", "subtitle": "b"})), "ab");
}

#[test]
fn join_takes_all_values_of_a_list() {
    let spec = "{ join: [title, readers.name, editors.notes.text, author.notes.text], with: ',' }";
    let members = json!({
        "title": "a",
        "readers": [{"name": "b"}, {"name": null}, null, {"name": "c"}],
        "editors": {"rows": [{"notes": [{"text": "d"}, {"text": "e"}]}, {"notes": null}, {"notes": [{"text": "f"}]}]},
        "author": {"notes": [{"text": "g"}]},
    });
    assert_eq!(field("name", spec, members), "a,b,c,d,e,f,g");
    assert_eq!(field("name", spec, json!({"readers": [], "editors": null})), Value::Null);
}

#[test]
fn a_value_is_a_constant_of_the_fields_type() {
    let fields =
        "status: { value: OPEN }\nweekly_hours: { value: 36 }\nconfidential: { value: true }\nname: { value: \"yes\" }";
    let unified = outcome(&plan("jobs", "", fields), json!({})).unified;
    assert_eq!(
        (&unified["status"], &unified["weekly_hours"], &unified["confidential"], &unified["name"]),
        (&json!("OPEN"), &json!(36), &json!(true), &json!("yes"))
    );
    for spec in ["status: { value: OPENED }", "weekly_hours: { value: many }", "confidential: { value: 1 }"] {
        assert_eq!(refused("", spec), ["M0203"], "{spec}");
    }
}

#[test]
fn a_function_gets_values_of_their_types() {
    for (path, members, expected) in [
        ("title", json!({"title": "a"}), "string"),
        ("title", json!({"title": " "}), "()"),
        ("title", json!({}), "()"),
        ("id", json!({"id": 7}), "i64"),
        ("number", json!({"number": 1}), "i64"),
        ("amount", json!({"amount": 1}), "f64"),
        ("amount", json!({"amount": 1.5}), "f64"),
        ("remote", json!({"remote": true}), "bool"),
        ("opened", json!({"opened": "2026-07-01 14:00"}), "string"),
        ("extras", json!({"extras": {"a": 1}}), "map"),
        ("extras", json!({"extras": [1]}), "array"),
        ("extras", json!({"extras": null}), "()"),
        ("readers.name", json!({}), "array"),
        ("$now", json!({}), "string"),
    ] {
        assert_eq!(call(&format!("{{ call: kind, args: [{path}] }}"), members), expected, "{path}");
    }
}

#[test]
fn a_function_sees_trimmed_text_utc_dates_now_and_settings() {
    assert_eq!(call("{ call: same, args: [title] }", json!({"title": " a "})), "a");
    let opened = json!({"opened": "2026-07-01 14:00"});
    assert_eq!(call("{ call: same, args: [opened] }", opened), "2026-07-01T12:00:00.000Z");
    assert_eq!(call("{ call: pair, args: [$now, $tenant] }", json!({})), format!("{}/Acme", NOW.replace('Z', ".000Z")));
    assert_eq!(call("{ call: key, args: [extras] }", json!({"extras": {"key": "found"}})), "found");
    assert_eq!(refused("", "name: { call: same, args: [$nobody] }"), ["M0504"]);
    assert_eq!(refused("", "name: { call: pair, args: [title] }"), ["M0404"]);
}

#[test]
fn a_path_over_a_list_has_one_entry_for_each_item() {
    let members = json!({
        "readers": [{"name": "a", "rank": 1}, {"name": null}, {"rank": 3}, {"name": " ", "rank": 4}],
        "editors": {"rows": [{"name": "b", "notes": [{"stars": 1}, {"stars": null}]}, {"notes": []}, {"notes": [{"stars": 2}]}]},
        "author": {"notes": [{"text": "n"}]},
    });
    for (path, expected) in [
        ("readers.name", "a;-;-;-;"),
        ("readers.rank", "1;-;3;4;"),
        ("readers.label.text", "-;-;-;-;"),
        ("editors.name", "b;-;-;"),
        ("editors.notes.stars", "1;-;2;"),
        ("author.notes.text", "n;"),
    ] {
        assert_eq!(call(&format!("{{ call: list, args: [{path}] }}"), members.clone()), expected, "{path}");
    }
    assert_eq!(call("{ call: list, args: [readers.name] }", json!({"readers": null})), Value::Null);
}

#[test]
fn what_a_function_returns_is_converted_like_any_value() {
    for (name, function, expected) in [
        ("weekly_hours", "number", json!(7)),
        ("weekly_hours", "whole", json!(7)),
        ("name", "number", json!("7")),
        ("name", "flag", json!("true")),
        ("name", "letter", json!("x")),
        ("name", "blank", Value::Null),
        ("confidential", "flag", json!(true)),
        ("custom_fields", "map", json!({"a": 1})),
    ] {
        assert_eq!(field(name, &format!("{{ call: {function}, args: [] }}"), json!({})), expected, "{name} {function}");
    }
    for (name, function) in
        [("confidential", "number"), ("name", "array"), ("custom_fields", "letter"), ("opened_at", "letter")]
    {
        let (value, issues) = field_and_issues("jobs", name, &format!("{{ call: {function}, args: [] }}"), json!({}));
        assert_eq!((value, issues.len()), (Value::Null, 1), "{name} {function}");
    }
}

#[test]
fn a_throw_fails_one_field_of_one_record() {
    let plan = plan("jobs", "", "name: [{ call: broken, args: [title] }, subtitle]\njob_code: title");
    let first = outcome(&plan, json!({"title": "a", "subtitle": "b"}));
    assert_eq!((&first.unified["name"], &first.unified["job_code"]), (&Value::Null, &json!("a")));
    assert_eq!(first.issues, ["name: this value is a (functions.rhai:11:20, in `broken`)"]);
    assert_eq!(first.mapped.failures().count(), 1);
}

#[test]
fn unknown_reports_a_value_once_a_record() {
    let spec = "{ each: readers, object: { id: { ref: users, path: id }, first_name: { call: odd, args: [name] } } }";
    let members = json!({"readers": [{"id": 1, "name": "x"}, {"id": 2, "name": "x"}, {"id": 3, "name": "y"}]});
    let (value, issues) = field_and_issues("jobs", "hiring_team", spec, members);
    assert_eq!(value.as_array().unwrap().len(), 3);
    assert_eq!(issues, ["hiring_team: unknown colour: `x`", "hiring_team: unknown colour: `y`"]);
}

#[test]
fn an_object_has_every_key_and_is_null_when_all_are() {
    let spec = "{ object: { city: title, country: { value: NL, when: number = 1 } } }";
    let location = field("location", spec, json!({"title": "Zwolle"}));
    let keys: Vec<&str> = location.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["city", "country", "raw", "state", "street_1", "street_2", "zip_code"]);
    assert_eq!((&location["city"], &location["country"]), (&json!("Zwolle"), &Value::Null));
    assert_eq!(field("location", spec, json!({"title": " "})), Value::Null);
}

#[test]
fn an_entry_without_what_it_must_have_is_left_out() {
    let phones = "{ each: readers, object: { phone_number: name, type: label.text } }";
    let members = json!({"readers": [{"label": {"text": "x"}}, {"name": "06", "label": null}, {"name": " "}, {}]});
    let (value, issues) = field_and_issues("candidates", "phone_numbers", phones, members);
    assert_eq!(value, json!([{"phone_number": "06", "type": null}]));
    assert_eq!(issues, Vec::<String>::new());
}

#[test]
fn ref_is_the_id_of_a_record_whether_it_is_there_or_not() {
    assert_eq!(
        field("contact_id", "{ ref: users, path: author.id }", json!({"author": {"id": " 12 "}})),
        id("users", "12")
    );
    assert_eq!(
        field("contact_id", "{ ref: users, path: author.id }", json!({"author": {"id": 12}})),
        id("users", "12")
    );
    let spec = "{ ref: users, path: [author.id, author.boss.id] }";
    assert_eq!(field("contact_id", spec, json!({"author": {"id": "", "boss": {"id": "3"}}})), id("users", "3"));
    assert_eq!(field("contact_id", spec, json!({"author": null})), Value::Null);
    assert_ne!(id("users", "3"), id("jobs", "3"));
    assert_eq!(refused("", "contact_id: { ref: jobs, path: author.id }"), ["M0204"]);
}

const ALL: &str = "\nall:\n  \
    - { each: readers, object: { phone_number: name, type: { value: READER } } }\n  \
    - { when: number = 1, object: { phone_number: title } }\n  \
    - { each: editors, object: { phone_number: name } }\n";

fn phones(rest: &str, members: Value) -> Vec<(String, Value)> {
    let spec = format!("{ALL}{rest}").replace('\n', "\n  ");
    let (value, issues) = field_and_issues("candidates", "phone_numbers", &spec, members);
    assert_eq!(issues, Vec::<String>::new());
    let entry = |entry: &Value| (entry["phone_number"].as_str().unwrap().to_owned(), entry["type"].clone());
    value.as_array().unwrap().iter().map(entry).collect()
}

#[test]
fn all_takes_the_items_of_every_rule_in_turn() {
    let members = json!({
        "number": 1, "title": "c", "readers": [{"name": "a"}, {"name": "b"}], "editors": {"rows": [{"name": "a"}]},
    });
    let numbers = |phones: Vec<(String, Value)>| phones.into_iter().map(|(number, _)| number).collect::<Vec<_>>();
    assert_eq!(numbers(phones("", members.clone())), ["a", "b", "c", "a"]);
    assert_eq!(numbers(phones("unique: phone_number", members.clone())), ["a", "b", "c"]);
    assert_eq!(numbers(phones("when: number = 2", members)), Vec::<String>::new());
}

#[test]
fn unique_keeps_the_first_whatever_the_case() {
    let members = json!({
        "readers": [{"name": "Été@x"}, {"name": "b"}, {"name": "B"}],
        "editors": {"rows": [{"name": "ÉTÉ@X"}, {"name": "c"}, {"name": "b "}]},
    });
    let found = phones("unique: phone_number", members);
    let expected = [("Été@x", json!("READER")), ("b", json!("READER")), ("c", Value::Null)];
    assert_eq!(found, expected.map(|(number, kind)| (number.to_owned(), kind)));
}

#[test]
fn unique_does_not_take_missing_values_for_equal() {
    let members = json!({"readers": [{"name": "a"}], "number": 1, "title": "b", "editors": {"rows": [{"name": "c"}]}});
    assert_eq!(phones("unique: type", members).len(), 3);
}

#[test]
fn unique_looks_at_the_entry_and_not_at_the_lists_in_it() {
    let spec = "\n    all:\n      - each: readers\n        object:\n          id: { ref: users, path: id }\n          \
        job_roles: { each: notes, object: { remote_id: id, remote_label: text } }\n    unique: id";
    let note = |id: &str| json!({"id": id, "text": "t"});
    let members = json!({"readers": [
        {"id": "1", "notes": [note("9"), note("9")]}, {"id": "2", "notes": [note("9")]}, {"id": "1", "notes": []},
    ]});
    let team = field("hiring_team", spec, members);
    let seen: Vec<(&Value, usize)> = team
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["id"], entry["job_roles"].as_array().unwrap().len()))
        .collect();
    assert_eq!(seen, [(&id("users", "1"), 2), (&id("users", "2"), 1)]);
}

#[test]
fn a_list_in_an_entry_takes_all_as_well() {
    let spec = "\n    each: readers\n    object:\n      id: { ref: users, path: id }\n      hiring_team_roles:\n        \
        all: [{ value: RECRUITER }, { value: SOURCER, when: rank > 1 }]";
    let team = field("hiring_team", spec, json!({"readers": [{"id": 1, "rank": 1}, {"id": 2, "rank": 2}]}));
    assert_eq!(team[0]["hiring_team_roles"], json!(["RECRUITER"]));
    assert_eq!(team[1]["hiring_team_roles"], json!(["RECRUITER", "SOURCER"]));
    assert_eq!(refused("", "name: { all: [title] }"), ["M0208"]);
}

#[test]
fn members_and_group_are_noted_and_not_written() {
    let stages = plan("application_stages", "group: label.id", "name: title");
    assert_eq!(outcome(&stages, json!({"label": {"id": 5}})).mapped.group.as_deref(), Some("5"));
    assert_eq!(outcome(&stages, json!({"label": null})).mapped.group, None);

    let jobs = plan("jobs", "", "stages: { members: application_stages, of: label.id }");
    let job = outcome(&jobs, json!({"label": {"id": " 5 "}}));
    assert_eq!((job.mapped.members_of.as_deref(), job.unified.get("stages")), (Some("5"), None));
    assert_eq!(outcome(&jobs, json!({})).mapped.members_of, None);
    assert_eq!(refused("", "stages: title"), ["M0206"]);
    assert_eq!(refused("", "stages: { members: users, of: id }"), ["M0206"]);
}

#[test]
fn a_setting_may_be_a_part_of_a_joined_text_but_is_none_alone() {
    assert_eq!(field("name", "{ join: [$tenant, title], with: / }", json!({"title": "a"})), "Acme/a");
    assert_eq!(field("name", "{ join: [$tenant, title], with: / }", json!({"title": null})), Value::Null);
    assert_eq!(refused("", "name: { join: [$tenent, title] }"), ["M0504"]);
}

#[test]
fn of_several_dates_the_earliest_or_latest_can_be_taken() {
    let dates = json!({"opened": "2026-03-01 12:00", "closed": "2026-02-01 12:00"});
    let opened_at = |spec: &str, members: Value| field("opened_at", spec, members);
    assert_eq!(opened_at("{ path: [opened, closed], take: latest }", dates.clone()), "2026-03-01T11:00:00.000Z");
    assert_eq!(opened_at("{ path: [opened, closed], take: earliest }", dates.clone()), "2026-02-01T11:00:00.000Z");
    assert_eq!(opened_at("{ path: [opened, closed], take: latest, when: number = 1 }", dates), Value::Null);
    let readers = json!({"readers": [
        {"rank": 1, "joined": null},
        {"rank": 1, "joined": "2026-05-01 12:00"},
        {"rank": 2, "joined": "2026-06-01 12:00"},
    ]});
    let latest = "{ each: readers, path: joined, take: latest }";
    assert_eq!(opened_at(latest, readers.clone()), "2026-06-01T10:00:00.000Z");
    let of_first_rank = "{ each: readers, when: rank = 1, path: joined, take: latest }";
    assert_eq!(opened_at(of_first_rank, readers), "2026-05-01T10:00:00.000Z");
    assert_eq!(opened_at(latest, json!({"readers": []})), Value::Null);
    // As elsewhere, a default is for a rule that applies.
    let default = "{ each: readers, when: rank = 1, path: joined, take: latest, default: \"2026-01-01T00:00:00Z\" }";
    assert_eq!(opened_at(default, json!({"readers": [{"rank": 1}]})), "2026-01-01T00:00:00.000Z");
    assert_eq!(opened_at(default, json!({"readers": [{"rank": 2, "joined": "2026-06-01 12:00"}]})), Value::Null);
    assert_eq!(opened_at(default, json!({"readers": []})), Value::Null);
    assert_eq!(refused("", "name: { path: title, take: latest }"), ["M0214"]);
}
