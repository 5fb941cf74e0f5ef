//! What every sentence of `docs/mapping.md` means, over a made-up source of posts and persons.

mod conditions;
mod connections;
mod each;
mod explain;
mod laws;
mod origins;
mod paths;
mod record;
mod scripts;
mod shapes;
mod signature;
mod steps;
mod uses;
mod values;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use serde_json::{Value, json};

use super::{
    Context, DateFormat, Dialect, Document, Failure, Mapped, NestedLists, PageArguments, PageStart, Plan, SortArgument,
    Surroundings,
};
use crate::diagnostics::{Problems, Report, SourceFile};
use crate::model::Id;
use crate::schema::{Scalar, Schema};
use crate::script::{Limits, Scripts};
use crate::table::{Table, Tables};

const CONNECTION: &str = "acme";
const NOW: &str = "2026-06-15T12:00:00Z";

const SCHEMA: &str = r"
scalar Moment
scalar Extras
enum Way { UP DOWN }
input Order { key: String!, way: Way }
input Paging { number: Int, size: Int, order: [Order] }
type Query {
  posts(paging: Paging): Posts
  post(id: ID!, way: Way): Post
  pair(id: ID!, other: ID!): Post
  persons(paging: Paging): Persons
}
type Posts { rows: [Post], last: Boolean, total: Int }
type Persons { rows: [Person], last: Boolean, total: Int }
type Post {
  id: ID, title: String, subtitle: String, number: Int, amount: Float, open: Int, remote: Boolean, gone: Int
  opened: Moment, closed: Moment, extras: Extras, link: String, mail: String, otherMail: String
  label: Label, author: Person, editors(paging: Paging): Persons, readers: [Person]
}
type Person {
  id: ID, name: String, mail: String, rank: Int, weight: Float, joined: Moment, boss: Person, notes: [Note], label: Label
}
type Note { id: ID, text: String, stars: Int, at: Moment }
type Label { id: ID, tag: String, text: String }
";

const FUNCTIONS: &str = r#"
fn same(value) { value }
fn kind(value) { type_of(value) }
fn list(values) {
    let out = "";
    for value in values { out += if value == () { "-" } else { `${value}` } + ";"; }
    out
}
fn pair(first, second) { `${first}/${second}` }
fn key(map) { map.key }
fn broken(value) { throw "this value is " + value }
fn odd(value) { unknown("colour", value) }
fn stuck(value) { if value == "stuck" { turn(value) } else { value } }
fn turn(value) {
    loop { }
}
fn number() { 7 }
fn whole() { 7.0 }
fn flag() { true }
fn letter() { 'x' }
fn blank() { "  " }
fn map() { #{ a: 1 } }
fn array() { [1] }
"#;

const TABLES: &[(&str, &str)] = &[
    ("colours", "lookup:\n  OPEN: [groen, Green]\n  CLOSED: [rood]\n"),
    ("moods", "keywords:\n  CLOSED: [niet blij]\n  OPEN: [blij, zonnig]\n"),
    ("sizes", "lookup:\n  8: [klein]\n  40: [groot]\n"),
];

fn schema() -> Schema {
    let problems = Problems::new();
    let scalars = BTreeMap::from([("Moment".into(), Scalar::DateTime), ("Extras".into(), Scalar::Json)]);
    let schema = Schema::parse(&SourceFile::new("schema.graphql", SCHEMA), scalars, "rows", &problems);
    problems.into_result(schema).unwrap_or_else(|report| panic!("{report}"))
}

fn dialect() -> Dialect {
    let format = DateFormat::new("yyyy-MM-dd HH:mm", "Europe/Amsterdam").unwrap();
    Dialect {
        dates: BTreeMap::from([("Moment".into(), format)]),
        flags: BTreeMap::from([(0, false), (1, true)]),
        deletion: Some(("gone".into(), 1)),
        pages: PageArguments {
            items: "rows".into(),
            members: vec!["last".into(), "total".into()],
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
            filter: None,
            nested: Some(NestedLists { argument: "paging".into(), size: 50 }),
        },
        settings: BTreeMap::from([("tenant".into(), "Acme".into())]),
        ..Dialect::default()
    }
}

/// What mappings are compiled against; built once, since every test compiles a few.
struct Source {
    schema: Schema,
    dialect: Dialect,
    tables: Tables,
    scripts: Scripts,
}

static SOURCE: LazyLock<Source> = LazyLock::new(|| {
    let problems = Problems::new();
    let table = |(name, text): &(&str, &str)| {
        let table = Table::parse(name, &SourceFile::new(*name, *text), &problems).unwrap();
        ((*name).to_owned(), Some(Arc::new(table)))
    };
    let tables: Tables = TABLES.iter().map(table).collect();
    let files = BTreeMap::from([("functions".to_owned(), Some(SourceFile::new("functions.rhai", FUNCTIONS)))]);
    let scripts = Scripts::compile(&files, &tables, &Limits::default(), &problems);
    let source = Source { schema: schema(), dialect: dialect(), tables, scripts };
    problems.into_result(Some(source)).unwrap_or_else(|report| panic!("{report}"))
});

/// Compiles a whole mapping file.
fn compile(text: &str) -> Result<Plan, Report> {
    let problems = Problems::new();
    let Source { schema, dialect, tables, scripts } = &*SOURCE;
    let document = Document::parse(&SourceFile::new("mapping.yaml", text), &problems);
    let around = Surroundings { schema, dialect, tables, scripts };
    let plan = document.and_then(|document| super::compile(&document, around, &problems));
    problems.into_result(plan)
}

/// The codes of what is wrong with a mapping, each once.
fn codes(compiled: Result<Plan, Report>) -> Vec<&'static str> {
    let problems = compiled.map_or_else(|report| report.problems, |_| Vec::new());
    let mut codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
    codes.dedup();
    codes
}

/// A mapping of posts: `fields` stands under `fields`, `top` beside it.
fn try_plan(model: &str, top: &str, fields: &str) -> Result<Plan, Report> {
    let fields: String = fields.lines().map(|line| format!("  {line}\n")).collect();
    compile(&format!(
        "model: {model}\nscripts: [functions]\nread: {{ query: posts, sort: [id] }}\n{top}\nfields:\n  remote_id: id\n{fields}"
    ))
}

/// What is wrong with a mapping of jobs.
fn refused(top: &str, fields: &str) -> Vec<&'static str> {
    codes(try_plan("jobs", top, fields))
}

fn plan(model: &str, top: &str, fields: &str) -> Plan {
    try_plan(model, top, fields).unwrap_or_else(|report| panic!("{fields}\n{report}"))
}

fn context() -> Context<'static> {
    Context::new(CONNECTION, NOW.parse().unwrap())
}

fn id(entity: &str, remote_id: &str) -> Value {
    json!(Id::derive(CONNECTION, entity, remote_id).as_str())
}

/// A record, mapped.
#[derive(Debug)]
struct Outcome {
    mapped: Mapped,
    unified: Value,
    issues: Vec<String>,
}

fn map(plan: &Plan, raw: &str) -> Result<Outcome, Failure> {
    plan.map(raw, &context()).map(|mapped| Outcome {
        unified: serde_json::from_slice(&mapped.unified).unwrap_or_else(|error| panic!("{error}: {raw}")),
        issues: mapped.issues.iter().map(ToString::to_string).collect(),
        mapped,
    })
}

/// The outcome of mapping a post with these members; it has the id 7 unless they say otherwise.
fn outcome(plan: &Plan, members: Value) -> Outcome {
    let mut post = json!({"id": "7"});
    let Value::Object(members) = members else { panic!("a post is an object") };
    post.as_object_mut().unwrap().extend(members);
    map(plan, &post.to_string()).unwrap()
}

/// The value of one field of a job, for a post with these members. There must be no issues.
fn field(name: &str, spec: &str, members: Value) -> Value {
    let (value, issues) = field_and_issues("jobs", name, spec, members);
    assert_eq!(issues, Vec::<String>::new(), "{spec}");
    value
}

/// The same for any model, with the issues.
fn field_and_issues(model: &str, name: &str, spec: &str, members: Value) -> (Value, Vec<String>) {
    let outcome = outcome(&plan(model, "", &format!("{name}: {spec}")), members);
    (outcome.unified[name].clone(), outcome.issues)
}
