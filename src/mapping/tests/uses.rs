//! What a plan does with the values it reads, and how it asks for one record.

use super::{codes, compile, plan};
use crate::mapping::PathUse;

#[test]
fn it_is_told_what_becomes_of_every_value() {
    let plan = plan(
        "jobs",
        "group: label.id\nconditions: { loud: \"label.tag = 'LOUD' or number = 12\" }\nalso: [subtitle]",
        "name: [title, mail]\nstatus: { path: label.text, lookup: colours, otherwise: keep }",
    );
    let uses = plan.uses();
    assert_eq!(uses.rows_of_page, ["rows"]);
    let of = |path: &str| uses.paths.get(path).unwrap_or_else(|| panic!("{path} is not among {:?}", uses.paths.keys()));
    assert_eq!((&of("title").shown_in, &of("mail").shown_in), (&vec!["name"], &vec!["name"]));
    assert!(of("label.text").decides && of("label.text").shown_in.is_empty());
    assert_eq!(of("label.text").tables[0].name, "colours");
    assert!(of("id").identifies && of("label.id").identifies && of("gone").decides);
    assert!(!uses.paths.contains_key("subtitle"), "it is fetched and not read");
    assert!(!uses.paths.contains_key("label.tag"), "a condition that nothing uses reads nothing");
}

#[test]
fn values_of_items_go_by_their_path_from_the_record() {
    let plan = plan(
        "jobs",
        "",
        "hiring_team: { each: editors, when: \"rank > 2 and label.tag = 'Loud'\", object: { id: { ref: users, path: id }, \
         first_name: name, email: boss.mail } }\n\
         description: { join: [readers.name, subtitle], with: \";\" }\n\
         opened_at: opened\n\
         weekly_hours: { call: same, args: [amount] }\n\
         department: { call: list, args: [editors.mail] }",
    );
    let uses = plan.uses();
    let of = |path: &str| -> &PathUse { &uses.paths[path] };
    assert!(of("editors.id").identifies);
    assert_eq!(of("editors.name").shown_in, ["first_name"]);
    assert_eq!(of("editors.boss.mail").shown_in, ["email"]);
    assert_eq!(of("editors.mail").shown_in, ["department"]);
    assert_eq!(of("readers.name").shown_in, ["description"]);
    assert!(of("editors.rank").decides && of("editors.label.tag").decides);
    assert_eq!(of("editors.label.tag").literals, ["loud"]);
    assert_eq!(of("editors.rank").literals, ["2"]);
    assert!(of("opened").measures && of("amount").measures);
}

fn one(query: &str) -> String {
    format!(
        "model: jobs\nread: {{ query: posts, one: {query}, sort: [id] }}\nfields:\n  remote_id: id\n  name: author.name\n"
    )
}

#[test]
fn one_record_is_asked_for_by_a_variable() {
    let plan = compile(&one("post")).unwrap();
    let expected =
        "query jobs($id: ID!) {\n  post(id: $id) {\n    id\n    author {\n      name\n    }\n    gone\n  }\n}\n";
    assert_eq!(plan.one().unwrap().text, expected);
    assert_eq!(plan.one().unwrap().root, "post");
    assert!(super::plan("jobs", "", "name: title").one().is_none());
}

#[test]
fn a_query_that_gives_no_single_record_by_its_id_is_refused() {
    assert_eq!(codes(compile(&one("pots"))), ["M0101"]);
    assert_eq!(codes(compile(&one("persons"))), ["M0191"]);
    assert_eq!(codes(compile(&one("posts"))), ["M0191"]);
    assert_eq!(codes(compile(&one("pair"))), ["M0191"]);
}
