//! What names are bound where.

use serde_json::{Value, json};

use super::{context, evaluate, plan, refused, request_of, text, try_compile};
use crate::diagnostics::Problems;
use crate::mapping::action::{Evaluation, Message, StepKind};

const LOOP: &str = r#"
- find: post
  query: post
  arguments: { id: input.application.job_id }
- for_each: input.attachments
  as: paper
  when: post.id is not empty
  steps:
    - fetch_file: file
      from: paper
      max_size: 7MB
      types: [application/pdf]
    - update: stored
      mutation: changePost
      repeatable: true
      arguments: { id: post.id, data: { object: { text: { join: [paper.type, file.content, file.size], with: ":" } } } }
- for_each: post.notes
  as: note
  steps:
    - warn: { join: [note.text, note.author.name] }
"#;

#[test]
fn a_list_has_a_name_for_its_entry() {
    let plan = plan("create_application", LOOP);
    let environment = json!({
        "input": { "attachments": [{ "type": "CV" }, null, { "type": "OTHER" }] },
        "post": { "id": "1", "notes": { "rows": [{ "text": "a" }, null] } },
    });
    let items = |at: usize| evaluate(&plan, &plan.steps()[at], &environment, |one| one.items()).unwrap();
    assert_eq!(items(1), [json!({ "type": "CV" }), json!({ "type": "OTHER" })]);
    assert_eq!(items(2), [json!({ "text": "a" })]);
    let StepKind::ForEach(each) = plan.steps()[1].kind() else { panic!("it is a list") };
    assert_eq!((each.name(), each.list(), each.steps().len()), ("paper", "input.attachments", 2));
    let inside = json!({ "post": { "id": "1" }, "paper": { "type": "CV", "data": "QQ==" }, "file": { "content": "QQ==", "size": 1 } });
    let file = evaluate(&plan, &each.steps()[0], &inside, |one| one.file()).unwrap();
    assert_eq!(file, Some(json!({ "type": "CV", "data": "QQ==" })));
    let request = evaluate(&plan, &each.steps()[1], &inside, |one| one.request()).unwrap().unwrap().unwrap();
    assert_eq!(request.variables["data"]["text"], json!("CV:QQ==:1"));
}

#[test]
fn what_is_read_of_an_entry_is_selected_of_the_list() {
    let plan = plan("create_application", LOOP);
    let request = request_of(&plan, 0, &json!({ "input": { "application": { "job_id": "1" } } })).unwrap().unwrap();
    let expected = "query create_application_find_post($id: ID!) {\n  post(id: $id) {\n    id\n    notes(paging: {number: 0, size: 50}) { rows {\n      text\n      author {\n        name\n      }\n    } }\n  }\n}\n";
    assert_eq!(&*request.document, expected);
}

#[test]
fn steps_have_ids() {
    let plan = plan("create_application", LOOP);
    let ids: Vec<&str> = plan.steps().iter().map(super::Step::id).collect();
    assert_eq!(ids, ["find_post", "each_paper", "each_note"]);
}

#[test]
fn a_name_is_read_only_where_it_is_bound() {
    let find = "- find: post\n  query: post\n  arguments: { id: input.application.job_id }";
    for (steps, hint) in [
        ("- warn: { path: post.title }\n".to_owned() + find, "a step reads what steps before it bound"),
        (
            "- for_each: input.attachments\n  as: paper\n  steps: [{ warn: { path: paper.name } }]\n- warn: { path: paper.name }".to_owned(),
            "only inside of that list",
        ),
        (find.to_owned() + "\n- warn: { path: pots.title }", "did you mean `post`?"),
        ("- warn: { path: nothing.at.all }".to_owned(), "the names here are `input`"),
    ] {
        let (codes, report) = refused("create_application", &steps);
        assert_eq!(codes, ["M0805"], "{steps}");
        assert!(report.contains(hint), "{report}");
    }
}

#[test]
fn a_name_is_of_one_type() {
    let steps = "- find: post\n  query: post\n  arguments: { id: input.application.job_id }\n- find: post\n  query: person\n  arguments: { id: post.id }";
    assert_eq!(refused("create_application", steps).0, ["M0803"]);
    let steps = "- find: input\n  query: person\n  arguments: { id: input.application.job_id }";
    assert_eq!(refused("create_application", steps).0, ["M0803"]);
    let steps = "- for_each: input.candidate\n  as: one\n  steps: [{ stop: true }]";
    assert_eq!(refused("create_application", steps).0, ["M0807"]);
    let steps = "- fetch_file: file\n  from: input.candidate";
    assert_eq!(refused("create_application", steps).0, ["M0807"]);
}

#[test]
fn messages_are_texts_or_made() {
    let steps = "- fail: job_closed\n  at: /application/job_id\n  message: \"the job is closed\"\n- warn: { call: said, args: [input.candidate.first_name] }";
    let plan = plan("create_application", steps);
    let environment = json!({ "input": { "candidate": { "first_name": "Ada" } } });
    let said = |at: usize, message: &Message| {
        let step = &plan.steps()[at];
        let environment = environment.to_string();
        let mut one = Evaluation::new(&plan, step, &context(), &environment).unwrap();
        match message {
            Message::Fixed(text) => text.clone(),
            Message::Made(_) => {
                let StepKind::Warn(message) = step.kind() else { panic!("it warns") };
                one.message(message).unwrap()
            }
        }
    };
    let StepKind::Fail(fail) = plan.steps()[0].kind() else { panic!("it fails") };
    assert_eq!((fail.code().as_str(), fail.at()), ("job_closed", Some("/application/job_id")));
    assert_eq!(said(0, fail.message()), "the job is closed");
    let StepKind::Warn(message) = plan.steps()[1].kind() else { panic!("it warns") };
    assert_eq!(said(1, message), "the person Ada is known");
}

#[test]
fn what_was_touched_is_read_of_the_names_in_the_end() {
    let steps =
        text("create_application", "- find: post\n  query: post\n  arguments: { id: input.application.job_id }");
    let plan =
        try_compile(&format!("{steps}touches: {{ jobs: post.id, users: post.author.id }}\n"), Problems::new()).unwrap();
    let touched = plan.touched(&context(), &json!({ "post": { "id": "12", "author": null } }).to_string()).unwrap();
    let touched: Vec<(&str, &str)> = touched.iter().map(|one| (one.model.name, one.remote_id.as_str())).collect();
    assert_eq!(touched, [("jobs", "12")]);
    assert_eq!(plan.touches().map(|model| model.name).collect::<Vec<_>>(), ["jobs", "users"]);
    let request = request_of(&plan, 0, &json!({ "input": { "application": { "job_id": "1" } } })).unwrap().unwrap();
    assert!(request.document.contains("id\n    author {\n      id"), "{}", request.document);
}

#[test]
fn input_that_nobody_reads_is_warned_of_when_it_was_given() {
    let steps = text(
        "add_application_note",
        "- find: post\n  query: post\n  arguments: { id: input.application_id }\n- warn: { path: input.content }",
    );
    let warnings = |plan: &super::ActionPlan, input: Value| plan.warnings(&input);
    let plan = try_compile(&steps, Problems::new()).unwrap();
    let note = json!({ "application_id": "1", "content": "x", "content_type": "PLAIN_TEXT" });
    assert_eq!(warnings(&plan, note.clone()).len(), 1);
    assert_eq!(warnings(&plan, json!({ "application_id": "1", "content": "x", "content_type": null })).len(), 0);
    let plan = try_compile(&format!("{steps}accepts: {{ content_type: plain anyway }}\n"), Problems::new()).unwrap();
    assert_eq!(warnings(&plan, note), ["plain anyway"]);
    let code = |accepts: &str| {
        let report = try_compile(&format!("{steps}accepts: {{ {accepts} }}\n"), Problems::new()).unwrap_err();
        report.problems.iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    assert_eq!(code("content: x"), ["M0808"]);
    assert_eq!(code("contents: x"), ["M0101"]);
}

#[test]
fn names_and_conditions_without_a_use_are_warned_of() {
    let steps = text("add_application_note", "- find: post\n  query: post\n  arguments: { id: input.application_id }");
    let problems = Problems::with_warnings();
    let report = {
        let super::Source { schema, dialect, tables, scripts } = &*super::SOURCE;
        let around = crate::mapping::Surroundings { schema, dialect, tables, scripts };
        let file = crate::diagnostics::SourceFile::new(
            "action.yaml",
            format!("{steps}conditions: {{ odd: post.id is empty }}\n").as_str(),
        );
        let document = super::ActionDocument::parse(&file, &problems).unwrap();
        super::compile(&document, around, &problems).unwrap();
        problems.into_report()
    };
    let mut codes: Vec<&str> = report.problems.iter().map(|problem| problem.code).collect();
    codes.sort_unstable();
    assert_eq!(codes, ["M0708", "M0890"]);
}
