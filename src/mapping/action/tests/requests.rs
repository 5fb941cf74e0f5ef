//! The requests of steps.

use serde_json::{Value, json};

use super::{codes, evaluate, plan, refused, request, request_of};
use crate::mapping::action::StepKind;

const SEARCH: &str = r#"
- find: person
  query: persons
  where: "mail = $mail and number != $number"
  with: { mail: input.candidate.email_address, number: { value: 0 } }
  sort: [-number, id]
- create: person
  mutation: makePerson
  when: person.id is empty
  arguments: { data: { object: { last: input.candidate.last_name, mark: $key } } }
  already: { query: persons, where: "mark = $key" }
- warn: { call: said, args: [person.name] }
  when: person.posts is not empty and not input.candidate.title is empty
"#;

fn candidate() -> Value {
    json!({ "input": { "candidate": { "email_address": "o'neil@example.org", "last_name": "O'Neil" } } })
}

#[test]
fn a_search_asks_for_the_first_row_of_what_is_read_later() {
    let plan = plan("create_candidate", &SEARCH.replace("person.posts is not empty and ", ""));
    let found = request(&plan, &candidate()).unwrap().unwrap();
    assert_eq!(
        &*found.document,
        "query create_candidate_find_person($filter: String) {\n  \
           persons(filter: $filter, paging: {number: 0, size: 1, order: [{key: \"number\", way: DOWN}, {key: \"id\", way: UP}]}) {\n    \
             rows {\n      id\n      name\n    }\n  }\n}\n"
    );
    assert_eq!(
        Value::Object(found.variables.clone()),
        json!({ "filter": "mail = \"o'neil@example.org\" and number != 0" })
    );
    let page = |rows: Value| json!({ "persons": { "rows": rows } });
    assert_eq!(found.result(&page(json!([{ "id": "7" }, { "id": "8" }]))), json!({ "id": "7" }));
    assert_eq!(found.result(&page(json!([]))), Value::Null);
    assert_eq!(found.result(&json!({ "persons": null })), Value::Null);
}

#[test]
fn a_search_for_a_missing_value_finds_nothing_and_asks_for_nothing() {
    let plan = plan("create_candidate", &SEARCH.replace("person.posts is not empty and ", ""));
    assert_eq!(request(&plan, &json!({ "input": { "candidate": {} } })).unwrap(), None);
}

#[test]
fn a_change_sends_its_values_as_variables_and_is_found_again_by_its_mark() {
    let plan = plan("create_candidate", &SEARCH.replace("person.posts is not empty and ", ""));
    let change = request_of(&plan, 1, &candidate()).unwrap().unwrap();
    assert!(change.document.starts_with(
        "mutation create_candidate_create_person($data: PersonRequest!) {\n  makePerson(data: $data) {\n"
    ));
    let data = json!({ "kind": "Person", "last": "O'Neil", "mark": "k123456789012345678901ab" });
    assert_eq!(Value::Object(change.variables), json!({ "data": data }));
    let already = evaluate(&plan, &plan.steps()[1], &candidate(), |one| one.already()).unwrap().unwrap().unwrap();
    assert_eq!(Value::Object(already.variables), json!({ "filter": "mark = 'k123456789012345678901ab'" }));
    assert!(already.document.contains("id\n      name"), "what is found stands for what the change returns");
    let StepKind::Mutate(mutate) = plan.steps()[1].kind() else { panic!("it is a change") };
    assert!(!mutate.repeatable());
}

#[test]
fn a_text_that_no_quotes_can_hold_fails_the_step() {
    let plan = plan("create_candidate", &SEARCH.replace("person.posts is not empty and ", ""));
    for mail in ["a'\"b@example.org", "a\\b@example.org", "a\tb"] {
        let input = json!({ "input": { "candidate": { "email_address": mail } } });
        let issues = request(&plan, &input).unwrap_err();
        assert_eq!(issues[0].field, "mail");
        assert!(!issues[0].message.contains("example"), "what somebody wrote is not told on: {issues:?}");
    }
}

#[test]
fn what_must_be_given_and_has_no_value_fails_a_change() {
    let plan = plan(
        "set_application_stage",
        "- update: post\n  mutation: changePost\n  repeatable: true\n  arguments: { id: input.application_id, data: { object: { text: input.stage_id } } }",
    );
    let issues = request(&plan, &json!({ "input": { "stage_id": "3" } })).unwrap_err();
    assert_eq!((issues[0].field.as_str(), issues.len()), ("id", 1));
    let fine = request(&plan, &json!({ "input": { "application_id": "1", "stage_id": "3" } })).unwrap().unwrap();
    assert_eq!(fine.variables["data"], json!({ "kind": "Post", "text": "3" }));
}

#[test]
fn conditions_ask_names_and_settings() {
    let held = |condition: &str, environment: Value| {
        let steps = format!(
            "- find: post\n  query: post\n  arguments: {{ id: input.application.job_id }}\n- stop: true\n  when: {condition}"
        );
        let plan = plan("create_application", &steps);
        evaluate(&plan, &plan.steps()[1], &environment, |one| one.holds()).unwrap()
    };
    let post = json!({ "post": { "gone": 1, "opened": "2026-06-15 13:00:00" } });
    assert!(held("post.gone = 1 and post.opened < $now", post.clone()));
    assert!(!held("post.gone = 1 and $mode = 'loud'", post.clone()));
    assert!(held("$mode = 'QUIET' and $tenant in ('x', 'acme')", post.clone()));
    assert!(held("not $mode != 'quiet' and $mode is not empty", post));
    assert!(held("post.id is empty", json!({ "post": null })));
    assert!(held("post.id is empty", json!({})));
    let code = |condition: &str| codes("create_application", &format!("- stop: true\n  when: {condition}"));
    assert_eq!(code("$mode = 'silent'"), ["M0505"]);
    assert_eq!(code("$mood = 'quiet'"), ["M0504"]);
    assert_eq!(code("$mode > 'a'"), ["M0505"]);
}

#[test]
fn an_unknown_query_has_a_close_one() {
    let (codes, report) =
        refused("create_application", "- find: post\n  query: psot\n  arguments: { id: input.application.job_id }");
    assert_eq!(codes, ["M0101"]);
    assert!(report.contains("did you mean `post`?"), "{report}");
}

#[test]
fn requests_are_checked_against_the_schema() {
    let find = |rest: &str| codes("create_candidate", &format!("- find: person\n  {rest}"));
    assert_eq!(find("query: count"), ["M0807"]);
    assert_eq!(find("query: person"), ["M0804"]);
    let unknown = "query: person\n  arguments: { id: input.candidate.title, idd: input.candidate.title }";
    assert_eq!(find(unknown), ["M0105"]);
    assert_eq!(find("query: person\n  where: \"a = 1\"\n  arguments: { id: input.candidate.title }"), ["M0106"]);
    assert_eq!(find("query: persons\n  where: \"a = '$mail'\"\n  with: { mail: input.candidate.title }"), ["M0809"]);
    assert_eq!(
        find("query: persons\n  where: \"a = $mial\"\n  with: { mail: input.candidate.title }"),
        ["M0809", "M0809"]
    );
    assert_eq!(find("query: persons\n  with: { mail: input.candidate.title }"), ["M0809"]);
    assert_eq!(find("query: persons\n  arguments: { paging: { value: { size: 2 } } }"), ["M0105"]);
    assert_eq!(find("query: persons\n  sort: [posts.id]"), ["M0107"]);
    let change = |rest: &str| codes("create_candidate", &format!("- create: person\n  {rest}"));
    assert_eq!(change("mutation: makePerson\n  repeatable: true"), ["M0804"]);
    assert_eq!(change("mutation: dropAll\n  repeatable: true"), ["M0807"]);
    assert_eq!(change("mutation: drop\n  arguments: { id: input.candidate.title }"), ["M0802"]);
    let both =
        "mutation: drop\n  arguments: { id: input.candidate.title }\n  repeatable: true\n  already: { query: persons }";
    assert_eq!(change(both), ["M0802", "M0803"]);
}
