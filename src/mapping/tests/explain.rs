//! Explanations: every step of every origin, and ways to them.

use serde_json::{Value, json};

use super::super::explain::{Explanation, Outcome, Rule, Step};
use super::{NOW, Plan, context, id, plan};

fn explain(plan: &Plan, members: Value) -> Explanation {
    let mut post = json!({"id": "7"});
    let Value::Object(members) = members else { panic!("a post is an object") };
    post.as_object_mut().unwrap().extend(members);
    plan.explain(&post.to_string(), &context())
}

/// A field of a job as JSON, with all places but their lines left out.
fn field(name: &str, spec: &str, members: Value) -> Value {
    field_with("", name, spec, members)
}

fn field_with(top: &str, name: &str, spec: &str, members: Value) -> Value {
    let explanation = explain(&plan("jobs", top, &format!("{name}: {spec}")), members);
    let mut field = serde_json::to_value(explanation.find(name).unwrap().field).unwrap();
    shorten_places(&mut field);
    field
}

fn shorten_places(value: &mut Value) {
    if let Some(file) = value.get("file").and_then(Value::as_str) {
        *value = format!("{file}:{}", value["line"]).into();
        return;
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(shorten_places),
        Value::Array(items) => items.iter_mut().for_each(shorten_places),
        _ => {}
    }
}

/// The steps of the only rule of a field.
fn steps(name: &str, spec: &str, members: Value) -> Value {
    let mut field = field(name, spec, members);
    assert_eq!(field["rules"].as_array().unwrap().len(), 1);
    field["rules"][0]["steps"].take()
}

fn outcomes(field: &Value) -> Vec<&str> {
    field["rules"].as_array().unwrap().iter().map(|rule| rule["outcome"].as_str().unwrap()).collect()
}

fn read(path: &str, value: Value) -> Value {
    json!({"step": "read", "path": path, "raw": value, "value": value})
}

#[test]
fn values_are_shown_as_sent_and_as_read() {
    for (field, path, members, expected) in [
        ("name", "title", json!({"title": "a"}), json!({"raw": "a", "value": "a"})),
        ("name", "title", json!({"title": " a\n"}), json!({"raw": " a\n", "value": "a", "reading": "trimmed"})),
        ("name", "title", json!({"title": " "}), json!({"raw": " ", "value": null, "reading": "blank"})),
        ("name", "title", json!({"title": null}), json!({"raw": null, "value": null})),
        ("name", "title", json!({}), json!({"raw": null, "value": null, "reading": "missing"})),
        ("name", "title", json!({"title": [1]}), json!({"raw": [1], "value": null, "reading": "wrong_shape"})),
        ("name", "author.boss.name", json!({"author": {"boss": {"name": "Bo"}}}), json!({"raw": "Bo", "value": "Bo"})),
        (
            "opened_at",
            "opened",
            json!({"opened": "2026-07-01 14:00"}),
            json!({"raw": "2026-07-01 14:00", "value": "2026-07-01T12:00:00.000Z", "reading": "date"}),
        ),
        (
            "opened_at",
            "opened",
            json!({"opened": "monday"}),
            json!({"raw": "monday", "value": null, "reading": "no_date"}),
        ),
        ("custom_fields", "extras", json!({"extras": {"b": 1}}), json!({"raw": {"b": 1}, "value": {"b": 1}})),
    ] {
        let mut expected = expected;
        expected["step"] = "read".into();
        expected["path"] = path.into();
        let steps = steps(field, path, members);
        let found = steps.as_array().unwrap().iter().find(|step| step["step"] == "read").unwrap();
        assert_eq!(*found, expected);
    }
}

#[test]
fn alternatives_are_there_in_their_order() {
    let field = field("name", "[title, { path: [subtitle, link] }, number, { value: none }]", json!({"link": "b"}));
    assert_eq!(outcomes(&field), ["empty", "value", "not_tried", "not_tried"]);
    assert_eq!((&field["value"], &field["place"]), (&json!("b"), &json!("mapping.yaml:7")));
    assert_eq!(field["rules"][1]["steps"][1], read("link", json!("b")));
    assert_eq!(field["rules"][1]["value"], "b");
    assert_eq!(
        field["rules"][2],
        json!({"place": "mapping.yaml:7", "origin": "path", "outcome": "not_tried", "value": null})
    );
    let nothing = explain(&plan("jobs", "", "name: null"), json!({}));
    let (off, unmapped) = (nothing.find("name").unwrap().field, nothing.find("status").unwrap().field);
    assert_eq!((off.place.is_some(), unmapped.place.is_some()), (true, false));
    assert_eq!((off.rules.len(), unmapped.rules.len()), (0, 0));
}

#[test]
fn conditions_say_what_they_saw() {
    let top = "conditions: { wide: number > 3 or open = 1, both: wide and title is not empty }";
    let spec =
        r#"{ value: OPEN, when: "both and not (label.tag in ('a', 'b') and label.text in table colours as 'OPEN')" }"#;
    let members = json!({"number": 2, "open": 1, "title": "x", "label": {"tag": "B", "text": " groen"}});
    let field = field_with(top, "status", spec, members);
    let asked = |text: &str, held: bool, path: &str, value: Value| json!({"test": "asked", "held": held, "text": text, "seen": {"path": path, "raw": value, "value": value}});
    let mut when = field["rules"][0]["when"].clone();
    let label = json!({"path": "label.text", "raw": " groen", "value": "groen", "reading": "trimmed"});
    let inner = json!({"test": "all", "held": true, "tests": [
        asked("label.tag in ('a', 'b')", true, "label.tag", json!("B")),
        {"test": "asked", "held": true, "text": "label.text in table colours as 'OPEN'", "seen": label},
    ]});
    let wide = json!({"test": "any", "held": true, "tests": [
        asked("number > 3", false, "number", json!(2)),
        asked("open = 1", true, "open", json!(1)),
    ]});
    let both = json!({"test": "all", "held": true, "tests": [
        {"test": "named", "held": true, "name": "wide", "place": "mapping.yaml:4", "tests": [wide]},
        asked("title is not empty", true, "title", json!("x")),
    ]});
    let expected = json!({"test": "all", "held": false, "tests": [
        {"test": "named", "held": true, "name": "both", "place": "mapping.yaml:4", "tests": [both]},
        {"test": "not", "held": false, "tests": [inner]},
    ]});
    assert_eq!(when["test"].take(), expected);
    assert_eq!((&when["held"], &when["place"]), (&json!(false), &json!("mapping.yaml:7")));
    assert_eq!(outcomes(&field), ["condition"]);
}

#[test]
fn what_can_not_change_the_answer_is_not_looked_at() {
    let field = field("status", "{ value: OPEN, when: number = 1 or open = 1 }", json!({"number": 1}));
    assert_eq!(field["rules"][0]["when"]["test"]["tests"].as_array().unwrap().len(), 1);
    assert_eq!(field["rules"][0]["steps"], json!([{"step": "constant", "value": "OPEN"}]));
}

#[test]
fn items_are_shown_as_far_as_a_rule_went() {
    let readers =
        json!([{"rank": 1, "name": "a"}, null, {"rank": 2, "name": null}, {"rank": 2, "name": "c"}, {"rank": 2}]);
    let field = field("name", "{ each: readers, when: rank = 2, path: name }", json!({"readers": readers}));
    let rule = &field["rules"][0];
    assert_eq!(rule["each"], json!({"path": "readers", "count": 4}));
    let items = rule["items"].as_array().unwrap();
    let shown: Vec<_> = items.iter().map(|item| (&item["path"], &item["outcome"], &item["value"])).collect();
    let (condition, empty, value) = (json!("condition"), json!("empty"), json!("value"));
    assert_eq!(
        shown,
        [
            (&json!("readers[0]"), &condition, &Value::Null),
            (&json!("readers[2]"), &empty, &Value::Null),
            (&json!("readers[3]"), &value, &json!("c")),
        ]
    );
    assert_eq!(items[2]["steps"], json!([read("readers[3].name", json!("c"))]));
    assert_eq!(items[0]["when"]["test"]["seen"]["path"], "readers[0].rank");
}

#[test]
fn an_object_may_be_there_or_not() {
    let spec = "[{ each: author, path: name }, { each: author.boss, path: name }]";
    let field = field("name", spec, json!({"author": {"boss": {"name": "b"}}}));
    assert_eq!(outcomes(&field), ["empty", "value"]);
    assert_eq!(field["rules"][1]["each"], json!({"path": "author.boss", "count": 1}));
    assert_eq!(field["rules"][1]["steps"], json!([read("author.boss.name", json!("b"))]));
    let absent = self::field("name", spec, json!({"author": null}));
    assert_eq!(outcomes(&absent), ["absent", "absent"]);
}

#[test]
fn joins_have_their_parts() {
    let members = json!({"title": "a", "editors": {"rows": [{"notes": [{"text": "b"}, {"text": null}]}]}});
    let expected = json!([
        {"step": "setting", "name": "tenant", "value": "Acme"},
        read("title", json!("a")),
        read("editors[0].notes[0].text", json!("b")),
        read("editors[0].notes[1].text", Value::Null),
        {"step": "join", "with": "-"},
    ]);
    let spec = "{ join: [$tenant, title, editors.notes.text], with: '-' }";
    assert_eq!(steps("name", spec, members.clone()), expected);
    // A join that is not written as it is takes another way.
    let looked_up = steps(
        "status",
        "{ join: [title, subtitle], lookup: colours, otherwise: null }",
        json!({"title": "gro", "subtitle": "en"}),
    );
    assert_eq!(looked_up[2], json!({"step": "join", "with": ""}));
    assert_eq!(looked_up[3]["hit"]["value"], "OPEN");
}

#[test]
fn calls_have_their_arguments_and_the_line_that_they_returned_from() {
    let spec = "{ call: pair, args: [title, opened] }";
    let members = json!({"title": "a", "opened": "2026-07-01 14:00"});
    let opened =
        json!({"path": "opened", "raw": "2026-07-01 14:00", "value": "2026-07-01T12:00:00.000Z", "reading": "date"});
    let expected = json!([{
        "step": "call",
        "function": "pair",
        "place": "functions.rhai:9",
        "arguments": [
            {"name": "first", "from": "title", "value": "a", "reads": [{"path": "title", "raw": "a", "value": "a"}]},
            {"name": "second", "from": "opened", "value": "2026-07-01T12:00:00.000Z", "reads": [opened]},
        ],
        "result": "a/2026-07-01T12:00:00.000Z",
        "returned": "functions.rhai:9",
    }]);
    assert_eq!(steps("name", spec, members), expected);
    let list = steps("name", "{ call: list, args: [readers.rank] }", json!({"readers": [{"rank": 1}, {}]}));
    assert_eq!(list[0]["arguments"][0]["value"], json!([1, null]));
    assert_eq!(list[0]["arguments"][0]["reads"][1]["path"], "readers[1].rank");
    assert_eq!(list[0]["returned"], "functions.rhai:7");
    for (argument, value) in [("$now", "2026-06-15T12:00:00.000Z"), ("$tenant", "Acme")] {
        let same = steps("name", &format!("{{ call: same, args: [{argument}] }}"), json!({}));
        assert_eq!(same[0]["arguments"], json!([{"name": "value", "from": argument, "value": value}]));
    }
    assert!(NOW.starts_with("2026-06-15T12:00:00"));
}

#[test]
fn a_call_that_was_made_before_is_shown_all_the_same() {
    let fields = "name: { call: same, args: [title] }\ncategory: { call: same, args: [title] }";
    let explanation = explain(&plan("jobs", "", fields), json!({"title": "a"}));
    let call = |name: &str| explanation.find(name).unwrap().field.rules[0].turn.steps.clone();
    assert_eq!(call("name"), call("category"));
    assert!(matches!(&call("name")[0], Step::Call(call) if call.returned.is_some()));
}

#[test]
fn calls_that_report_or_fail_say_so() {
    let odd = field("name", "{ call: odd, args: [title] }", json!({"title": "mauve"}));
    assert_eq!(outcomes(&odd), ["empty"]);
    assert_eq!(odd["rules"][0]["steps"][0]["unknown"], json!(["unknown colour: `mauve`"]));
    let broken = field("name", "{ call: broken, args: [title] }", json!({"title": "a"}));
    assert_eq!(outcomes(&broken), ["stopped"]);
    let steps = &broken["rules"][0]["steps"];
    assert!(steps[0]["error"].as_str().unwrap().starts_with("this value is a (functions.rhai:11:"), "{steps}");
    assert_eq!((&steps[0]["result"], &steps[0]["returned"]), (&Value::Null, &Value::Null));
    assert_eq!((&steps[1]["step"], &steps[1]["severity"]), (&json!("issue"), &json!("failed")));
}

#[test]
fn tables_say_which_of_their_words_was_found() {
    let lookup = steps("status", "{ path: title, lookup: colours, otherwise: null }", json!({"title": " GROEN"}));
    let hit = json!({"word": "groen", "value": "OPEN", "place": "colours:2"});
    assert_eq!(lookup[1], json!({"step": "table", "table": "colours", "text": "GROEN", "hit": hit}));
    let keywords = steps("status", "{ path: title, keywords: moods, otherwise: null }", json!({"title": "Zo zonnig!"}));
    assert_eq!(keywords[1]["hit"], json!({"word": "zonnig", "value": "OPEN", "place": "moods:3"}));
    let sizes = steps("weekly_hours", "{ path: title, lookup: sizes, otherwise: null }", json!({"title": "klein"}));
    assert_eq!(sizes[1]["hit"]["value"], 8);
}

#[test]
fn what_does_not_fit_shows_what_was_done() {
    let members = json!({"title": "paars"});
    let missed = json!({"step": "table", "table": "colours", "text": "paars", "hit": null});
    for (otherwise, value, outcome, does) in [
        ("keep", json!("paars"), "value", json!({"does": "keep"})),
        ("OPEN", json!("OPEN"), "value", json!({"does": "value", "value": "OPEN"})),
        ("null", Value::Null, "stopped", json!({"does": "null"})),
        ("error", Value::Null, "stopped", json!({"does": "error"})),
    ] {
        let spec = format!("{{ path: title, lookup: colours, otherwise: {otherwise}, default: CLOSED }}");
        let field = field("status", &spec, members.clone());
        let rule = &field["rules"][0];
        let mut expected = does;
        expected["step"] = "otherwise".into();
        expected["place"] = "mapping.yaml:7".into();
        assert_eq!((&rule["value"], &rule["outcome"]), (&value, &json!(outcome)), "{otherwise}");
        assert_eq!((&rule["steps"][1], &rule["steps"][2]), (&missed, &expected));
        let reports = rule["steps"].as_array().unwrap().iter().filter(|step| step["step"] == "issue").count();
        assert_eq!(reports, usize::from(outcome == "stopped"));
    }
    let next = field("status", "[{ path: title, lookup: colours, otherwise: next }, { value: OPEN }]", members);
    assert_eq!(outcomes(&next), ["empty", "value"]);
    assert_eq!(next["rules"][0]["steps"][2]["does"], "next");
}

#[test]
fn kinds_defaults_and_conversions_are_steps() {
    let eur = steps("salary_currency", "{ path: title, as: currency, otherwise: null }", json!({"title": "eur"}));
    assert_eq!(eur[1], json!({"step": "kind", "kind": "currency", "text": "eur", "value": "EUR"}));
    let odd = steps("salary_currency", "{ path: title, as: currency, otherwise: null }", json!({"title": "odd"}));
    assert_eq!((&odd[1]["value"], &odd[2]["does"]), (&Value::Null, &json!("null")));
    let default = steps("status", "{ path: title, lookup: colours, otherwise: null, default: OPEN }", json!({}));
    assert_eq!(default[1], json!({"step": "default", "value": "OPEN", "place": "mapping.yaml:7"}));
    for (field, path, members, to, value) in [
        ("confidential", "open", json!({"open": 1}), "true or false", json!(true)),
        ("weekly_hours", "title", json!({"title": "12.5"}), "a number", json!(12.5)),
        ("name", "number", json!({"number": 3}), "text", json!("3")),
    ] {
        let steps = steps(field, path, members.clone());
        let expected = json!({"step": "convert", "to": to, "from": members[path], "value": value});
        assert_eq!(steps[1], expected);
    }
    assert_eq!(steps("weekly_hours", "amount", json!({"amount": 36})).as_array().unwrap().len(), 1);
    let bad = field("remote_url", "link", json!({"link": "geen"}));
    assert_eq!((outcomes(&bad), &bad["rules"][0]["steps"][1]["severity"]), (vec!["empty"], &json!("unmapped")));
}

#[test]
fn references_and_dates_that_are_taken() {
    let reference =
        steps("contact_id", "{ ref: users, path: [author.id, author.boss.id] }", json!({"author": {"id": 3}}));
    assert_eq!(
        reference,
        json!([read("author.id", json!(3)), {"step": "id", "entity": "users", "value": id("users", "3")}])
    );
    let spec = "{ each: readers, when: rank = 1, path: joined, take: latest }";
    let readers =
        json!([{"rank": 1, "joined": "2026-05-01 12:00"}, {"rank": 2}, {"rank": 1, "joined": "2026-03-01 12:00"}]);
    let field = field("opened_at", spec, json!({"readers": readers}));
    let rule = &field["rules"][0];
    let items: Vec<_> = rule["items"].as_array().unwrap().iter().map(|item| &item["outcome"]).collect();
    assert_eq!(items, ["looked_at", "condition", "looked_at"]);
    assert_eq!(rule["steps"], json!([{"step": "taken", "which": "latest", "value": "2026-05-01T10:00:00.000Z"}]));
    assert_eq!((&rule["outcome"], &field["value"]), (&json!("value"), &json!("2026-05-01T10:00:00.000Z")));
}

const TEAM: &str = "\
hiring_team:
  all:
    - each: editors
      object: { id: { ref: users, path: id }, email: mail, last_name: name }
    - { each: author, object: { id: { ref: users, path: id }, first_name: name } }
  unique: id";

fn team() -> Explanation {
    let editors = json!({"rows": [{"id": 1, "name": "a"}, {"id": null}, {"id": "1"}, {"id": 2}]});
    explain(&plan("jobs", "", TEAM), json!({"editors": editors, "author": {"id": 3, "name": "c"}}))
}

#[test]
fn entries_of_lists_are_kept_dropped_or_left_out() {
    let explanation = team();
    let field = explanation.find("hiring_team").unwrap().field;
    let Step::Rules { rules } = &field.rules[0].turn.steps[0] else { panic!("`all` has rules") };
    let shown: Vec<_> = rules[0].items.iter().map(|item| (item.outcome, item.turn.entry)).collect();
    let expected =
        [(Outcome::Value, Some(0)), (Outcome::Empty, None), (Outcome::Duplicate, None), (Outcome::Value, Some(1))];
    assert_eq!(shown, expected);
    assert_eq!((rules[1].outcome, rules[1].turn.entry), (Outcome::Value, Some(2)));
    assert!(matches!(&rules[0].items[1].turn.steps[..], [Step::Object { lacks: Some("id"), .. }]));
    assert_eq!(rules[0].items[2].value["id"], id("users", "1"));
    assert_eq!(field.value.as_array().unwrap().len(), 3);
    assert_eq!(field.rules[0].value, field.value);
    let gave = |rule: &Rule| rule.value.as_array().map(Vec::len);
    assert_eq!(rules.iter().map(gave).collect::<Vec<_>>(), [Some(2), Some(1)]);
}

#[test]
fn a_path_leads_to_a_field_or_an_entry() {
    let explanation = team();
    let spot = explanation.find("hiring_team[1].id").unwrap();
    assert_eq!((spot.field.name, &spot.field.value, spot.ends_at_entry), ("id", &id("users", "2"), false));
    assert_eq!(spot.entry.unwrap().item.unwrap().path, "editors[3]");
    let spot = explanation.find("hiring_team[2]").unwrap();
    assert_eq!((spot.field.name, spot.ends_at_entry), ("hiring_team", true));
    assert_eq!(spot.entry.unwrap().value()["first_name"], "c");
    assert!(spot.entry.unwrap().item.is_none());
    let place = plan(
        "jobs",
        "",
        "location: [{ when: open = 1, object: { city: title } }, { each: readers, object: { city: name } }]",
    );
    let explanation = explain(&place, json!({"readers": [{"name": " "}, {"name": "Breda"}]}));
    assert_eq!(explanation.find("location.city").unwrap().field.value, "Breda");
}

#[test]
fn a_path_that_leads_nowhere_says_why() {
    let explanation = team();
    for (path, expected) in [
        ("hiring_teem", "`jobs` has no field `hiring_teem`; did you mean `hiring_team`?"),
        ("hiring_team.id", "`hiring_team` is a list; name an entry of it, such as `hiring_team[0]`"),
        ("hiring_team[3]", "`hiring_team` has 3 entries, from `[0]` to `[2]`"),
        ("hiring_team[x]", "`hiring_team[x]` is no entry of a list; write such as `hiring_team[0]`"),
        ("hiring_team[0].emial", "`hiring_team[0]` has no field `emial`; did you mean `email`?"),
        ("job_postings[0]", "`job_postings` has no entries; ask why with `--field job_postings`"),
        ("location.city", "`location` is null and so has no fields; ask why with `--field location`"),
        ("name.first", "`name` has no fields of its own"),
        ("name[0]", "`name` is no list; leave out the brackets of `name[0]`"),
    ] {
        assert_eq!(explanation.find(path).unwrap_err().0, expected);
    }
}

#[test]
fn what_is_beside_the_fields_is_explained_too() {
    let plan = plan("jobs", "group: label.id", "stages: { members: application_stages, of: label.tag }");
    let explanation = explain(&plan, json!({"label": {"id": 5, "tag": " T"}, "gone": 1}));
    let group = explanation.group.as_ref().unwrap();
    assert_eq!((group.seen.path.as_str(), group.value.as_deref(), group.place.line), ("label.id", Some("5"), 4));
    let deletion = explanation.deletion.as_ref().unwrap();
    assert_eq!((deletion.seen.path.as_str(), deletion.mark, deletion.deleted), ("gone", 1, true));
    let stages = explanation.find("stages").unwrap().field;
    let expected = Step::Members { model: "application_stages", group: Some("T".to_owned()) };
    assert_eq!(stages.rules[0].turn.steps[1], expected);
    assert_eq!(explanation.find("remote_id").unwrap().field.value, "7");
}

#[test]
fn a_record_that_does_not_map_says_why() {
    let plan = plan("jobs", "", "name: title");
    let explanation = plan.explain(r#"{"id":" ","title":"a"}"#, &context());
    assert_eq!(explanation.failure.as_deref(), Some("the record has no remote id"));
    assert_eq!((explanation.fields.len(), explanation.fields[0].name), (1, "remote_id"));
    assert_eq!((&explanation.id, &explanation.remote_id), (&None, &None));
    assert_eq!(explanation.find("name").unwrap_err().0, "`name` was not reached: the record has no remote id");
    assert!(plan.explain("no JSON", &context()).failure.is_some());
    // No tree can hold half a character, but the evaluator does not read it.
    let explanation = plan.explain(r#"{"id":"7","zz":"\ud800","title":"a"}"#, &context());
    assert_eq!(explanation.failure, None);
    assert_eq!(explanation.find("name").unwrap().field.value, "a");
}
