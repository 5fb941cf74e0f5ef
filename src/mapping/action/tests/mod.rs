//! What every sentence of `docs/actions.md` means, over a made-up source of posts and persons.

mod bound;
mod files;
mod requests;
mod values;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{ActionContext, ActionDocument, ActionPlan, Evaluation, Issues, Quoting, Request, Step, compile};
use crate::diagnostics::{Problems, Report, SourceFile};
use crate::mapping::{
    DateFormat, Dialect, NestedLists, PageArguments, PageStart, SortArgument, Surroundings, TypeMark,
};
use crate::schema::{Scalar, Schema};
use crate::script::{Limits, Scripts};
use crate::table::{Table, Tables};

const SCHEMA: &str = r"
scalar Moment
scalar Extras
enum Way { UP DOWN }
input Order { key: String!, way: Way }
input Paging { number: Int, size: Int, order: [Order] }
type Query {
  posts(paging: Paging, filter: String, way: Way): Posts
  post(id: ID!, way: Way): Post
  person(id: ID!): Person
  persons(paging: Paging, filter: String): Persons
  count: Int
}
type Mutation {
  makePerson(strict: Boolean, way: Way, data: PersonRequest!): Person
  changePost(id: ID!, data: PostRequest!): Post
  drop(id: ID!): Dropped
  dropAll: Int
}
type Dropped { id: ID }
type Posts { rows: [Post] }
type Persons { rows: [Person] }
type Post { id: ID, number: Int, gone: Int, opened: Moment, title: String, author: Person, notes(paging: Paging): Notes }
type Notes { rows: [Note] }
type Note { id: ID, text: String, author: Person }
type Person { id: ID, number: Int, name: String, mail: String, posts: [Post] }
input PersonRequest {
  kind: ID!, id: ID, first: String, last: String!, mail: String, active: Int, pay: Float, remote: Boolean, from: Moment
  way: Way, extras: Extras, mark: String, label: LabelRequest, papers: PaperList, tags: [String], boss: PersonRequest
}
input PostRequest { kind: ID!, stage: LabelRequest, text: String }
input LabelRequest { kind: ID!, id: ID, find: Lookup }
input Lookup { key: String!, value: String! }
input PaperList { items: [PaperRequest!]! }
input PaperRequest { kind: ID!, name: String, content: String!, size: Int }
";

const FUNCTIONS: &str = r#"
fn extras(title) { if title == () { () } else { #{ a1: title } } }
fn broken(value) { throw "no such thing" }
fn odd(value) { unknown("colour", value) }
fn number(text) { parse_int(text) }
fn said(name) { `the person ${name} is known` }
"#;

struct Source {
    schema: Schema,
    dialect: Dialect,
    tables: Tables,
    scripts: Scripts,
}

fn dialect() -> Dialect {
    Dialect {
        dates: BTreeMap::from([("Moment".into(), DateFormat::new("yyyy-MM-dd HH:mm:ss", "Europe/Amsterdam").unwrap())]),
        flags: BTreeMap::from([(0, false), (1, true)]),
        pages: PageArguments {
            items: "rows".into(),
            argument: Some("paging".into()),
            start: PageStart::Number("number".into()),
            size: "size".into(),
            sort: Some(SortArgument {
                argument: "order".into(),
                property: "key".into(),
                direction: "way".into(),
                ascending: "UP".into(),
                descending: "DOWN".into(),
            }),
            filter: Some("filter".into()),
            nested: Some(NestedLists { argument: "paging".into(), size: 50 }),
            ..PageArguments::default()
        },
        settings: BTreeMap::from([("tenant".into(), "Acme".into()), ("mode".into(), "quiet".into())]),
        setting_values: BTreeMap::from([("mode".into(), vec!["quiet".into(), "loud".into()])]),
        type_mark: Some(TypeMark { member: "kind".into(), without: "Request".into() }),
        quoting: Some(Quoting { quotes: vec!['\'', '"'], refused: vec!['\\'] }),
        ..Dialect::default()
    }
}

static SOURCE: LazyLock<Source> = LazyLock::new(|| {
    let problems = Problems::new();
    let scalars = BTreeMap::from([("Moment".into(), Scalar::DateTime), ("Extras".into(), Scalar::Json)]);
    let schema = Schema::parse(&SourceFile::new("schema.graphql", SCHEMA), scalars, "rows", &problems);
    let table = Table::parse("ways", &SourceFile::new("ways", "lookup:\n  UP: [MONTH]\n  DOWN: [YEAR]\n"), &problems);
    let tables: Tables = BTreeMap::from([("ways".to_owned(), table.map(std::sync::Arc::new))]);
    let files = BTreeMap::from([("functions".to_owned(), Some(SourceFile::new("functions.rhai", FUNCTIONS)))]);
    let scripts = Scripts::compile(&files, &tables, &Limits::default(), &problems);
    let source = schema.map(|schema| Source { schema, dialect: dialect(), tables, scripts });
    problems.into_result(source).unwrap_or_else(|report| panic!("{report}"))
});

fn try_compile(text: &str, problems: Problems) -> Result<ActionPlan, Report> {
    let Source { schema, dialect, tables, scripts } = &*SOURCE;
    let document = ActionDocument::parse(&SourceFile::new("action.yaml", text), &problems);
    let around = Surroundings { schema, dialect, tables, scripts };
    let plan = document.and_then(|document| compile(&document, around, &problems));
    problems.into_result(plan)
}

/// An action of these steps.
fn text(action: &str, steps: &str) -> String {
    let steps: String = steps.trim_matches('\n').lines().map(|line| format!("  {line}\n")).collect();
    format!("action: {action}\nscripts: [functions]\nsteps:\n{steps}")
}

fn plan(action: &str, steps: &str) -> ActionPlan {
    try_compile(&text(action, steps), Problems::new()).unwrap_or_else(|report| panic!("{report}"))
}

/// What is wrong with an action of these steps: the codes, and all of it as text.
fn refused(action: &str, steps: &str) -> (Vec<&'static str>, String) {
    let report = try_compile(&text(action, steps), Problems::new()).expect_err("something is wrong");
    (report.problems.iter().map(|problem| problem.code).collect(), report.to_string())
}

fn codes(action: &str, steps: &str) -> Vec<&'static str> {
    refused(action, steps).0
}

fn context() -> ActionContext<'static> {
    ActionContext { now: "2026-06-15T12:00:00Z".parse().unwrap(), key: "k123456789012345678901ab" }
}

fn evaluate<R>(
    plan: &ActionPlan,
    step: &Step,
    environment: &Value,
    with: impl FnOnce(&mut Evaluation<'_, '_>) -> R,
) -> Result<R, Issues> {
    let environment = environment.to_string();
    Evaluation::new(plan, step, &context(), &environment).map(|mut evaluation| with(&mut evaluation))
}

/// The request of the only step.
fn request(plan: &ActionPlan, environment: &Value) -> Result<Option<Request>, Issues> {
    request_of(plan, 0, environment)
}

fn request_of(plan: &ActionPlan, at: usize, environment: &Value) -> Result<Option<Request>, Issues> {
    evaluate(plan, &plan.steps()[at], environment, |one| one.request())?
}

/// The variables of a change with these members of `data`, for a candidate.
fn written(data: &str, candidate: Value) -> Result<Value, Issues> {
    let steps = format!(
        "- create: person\n  mutation: makePerson\n  repeatable: true\n  arguments:\n    data: {{ object: {{ last: {{ value: x }}, {data} }} }}"
    );
    let plan = plan("create_candidate", &steps);
    let request = request(&plan, &json!({ "input": { "candidate": candidate } }))?.expect("a change asks");
    Ok(request.variables["data"].clone())
}
