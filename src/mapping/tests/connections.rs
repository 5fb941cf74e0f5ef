//! A source whose rows stand in the edges of connections: what is asked of it, and how its records are read.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::{Dialect, Document, NestedLists, PageArguments, PageStart, Plan, SortArgument, Surroundings};
use super::{codes, context};
use crate::diagnostics::{Problems, Report, SourceFile};
use crate::schema::Schema;
use crate::script::Scripts;
use crate::table::Tables;

const SCHEMA: &str = "
scalar Key
enum Field { AT ID } enum Way { UP DOWN }
input Order { field: Field!, way: Way }
input SortKey { field: String!, way: Way }
input Window { limit: Int!, start: Key, by: [SortKey!] }
input Filter { states: [String!], deep: Filter, hidden: Boolean }
type Query {
  posts(first: Int!, after: Key, filter: Filter, orderBy: [Order!], tags: [String!], key: Key): Posts
  windows(window: Window): Posts
  numbered(page: Int!, size: Int!, orderBy: [Order!]): Posts
}
type Info { end: Key more: Boolean }
type Posts { edges: [PostEdge] info: Info total: Int }
type PostEdge { node: Post }
type Post { id: ID title: String editors(first: Int): Persons readers: [Person] }
type Persons { edges: [PersonEdge] }
type PersonEdge { node: Person }
type Person { id: ID name: String posts(first: Int!): Posts }
";

/// Pages by cursor, with direct arguments.
fn relay() -> PageArguments {
    PageArguments {
        items: "edges.node".into(),
        members: vec!["info.more".into(), "info.end".into(), "total".into()],
        argument: None,
        start: PageStart::Cursor("after".into()),
        size: "first".into(),
        sort: None,
        filter: None,
        nested: Some(NestedLists { argument: "first".into(), size: 50 }),
    }
}

fn order(argument: &str) -> Option<SortArgument> {
    let text = str::to_owned;
    Some(SortArgument {
        argument: text(argument),
        property: text("field"),
        direction: text("way"),
        ascending: text("UP"),
        descending: text("DOWN"),
    })
}

fn compile(pages: PageArguments, read: &str, fields: &str) -> Result<Plan, Report> {
    let problems = Problems::new();
    let schema = Schema::parse(
        &SourceFile::new("schema.graphql", SCHEMA),
        BTreeMap::from([("Key".into(), crate::schema::Scalar::Text)]),
        "edges.node",
        &problems,
    );
    let schema = schema.unwrap().giving_to_lists(Some("first".into()));
    let dialect = Dialect { pages, ..Dialect::default() };
    let tables = Tables::new();
    let scripts = Scripts::compile(&BTreeMap::new(), &tables, &crate::script::Limits::default(), &problems);
    let text = format!("model: jobs\nread: {read}\nfields:\n  remote_id: id\n{fields}");
    let document = Document::parse(&SourceFile::new("mapping.yaml", text), &problems);
    let around = Surroundings { schema: &schema, dialect: &dialect, tables: &tables, scripts: &scripts };
    let plan = document.and_then(|document| super::super::compile(&document, around, &problems));
    problems.into_result(plan)
}

fn plan(pages: PageArguments, read: &str, fields: &str) -> Plan {
    compile(pages, read, fields).unwrap_or_else(|report| panic!("{report}"))
}

/// What is asked of the query field, and with which variables.
fn asked(pages: PageArguments, read: &str) -> String {
    let plan = plan(pages, read, "");
    plan.operation().text.lines().take(2).map(str::trim).collect::<Vec<_>>().join(" ")
}

const TEAM: &str = "  hiring_team:
    each: editors
    object: { id: { ref: users, path: id }, first_name: name }
  name: { join: [editors.posts.title], with: + }
  department: { join: [readers.name], with: + }
";

fn outcome(post: Value) -> (Value, Vec<String>) {
    let mapped = plan(relay(), "{ query: posts }", TEAM).map(&post.to_string(), &context()).unwrap();
    (serde_json::from_slice(&mapped.unified).unwrap(), mapped.issues.iter().map(ToString::to_string).collect())
}

fn names(unified: &Value) -> Vec<&str> {
    unified["hiring_team"].as_array().unwrap().iter().map(|member| member["first_name"].as_str().unwrap()).collect()
}

#[test]
fn a_page_is_asked_for_as_the_connector_says() {
    let direct = "query jobs($size: Int!, $cursor: Key) { posts(first: $size, after: $cursor) {";
    assert_eq!(asked(relay(), "{ query: posts }"), direct);
    let window = || PageArguments {
        argument: Some("window".into()),
        start: PageStart::Cursor("start".into()),
        size: "limit".into(),
        sort: order("by"),
        ..relay()
    };
    assert_eq!(
        asked(window(), "{ query: windows, sort: [id, -title] }"),
        "query jobs($size: Int!, $cursor: Key) { windows(window: {limit: $size, start: $cursor, \
         by: [{field: \"id\", way: UP}, {field: \"title\", way: DOWN}]}) {"
    );
    let numbered = || PageArguments { start: PageStart::Number("page".into()), size: "size".into(), ..relay() };
    assert_eq!(
        asked(numbered(), "{ query: numbered, arguments: { orderBy: { field: ID } } }"),
        "query jobs($page: Int!, $size: Int!) { numbered(orderBy: {field: ID}, page: $page, size: $size) {"
    );
}

#[test]
fn lists_and_objects_are_arguments_as_yaml_has_them() {
    let read = "{ query: posts, arguments: { filter: { states: [a b, 7], deep: { hidden: true, states: null } }, \
                orderBy: [{ field: AT, way: DOWN }, { field: ID }], tags: one, key: { a: [1, x], b: true } } }";
    let expected = "posts(filter: {states: [\"a b\", \"7\"], deep: {hidden: true, states: null}}, \
                    orderBy: [{field: AT, way: DOWN}, {field: ID}], tags: \"one\", key: {a: [1, \"x\"], b: true}, first: $size, after: $cursor)";
    let asked = asked(relay(), read);
    assert!(asked.contains(expected), "{asked}");
}

#[test]
fn an_order_is_named_where_it_is_asked_for_and_only_there() {
    let sorted = PageArguments { sort: order("orderBy"), ..relay() };
    assert_eq!(codes(compile(sorted, "{ query: posts }", "")), ["M0004"]);
    assert_eq!(codes(compile(relay(), "{ query: posts, sort: [id] }", "")), ["M0108"]);
    // A key that is misspelt is one mistake.
    assert_eq!(codes(compile(relay(), "{ query: posts, srot: [id] }", "")), ["M0002"]);
    assert_eq!(codes(compile(relay(), "{ query: posts, arguments: { after: x } }", "")), ["M0105"]);
}

#[test]
fn rows_are_selected_under_their_edges() {
    let plan = plan(relay(), "{ query: posts }", TEAM);
    let text: String = plan.operation().text.split_whitespace().collect::<Vec<_>>().join(" ");
    let editors = "editors(first: 50) { edges { node { posts(first: 50) { edges { node { title } } } id name } } }";
    assert!(text.contains(editors) && text.contains("readers { name }"), "{text}");
    assert!(text.ends_with("} } info { more end } total } }"), "{text}");
}

#[test]
fn rows_are_read_under_their_edges() {
    let post = |title: &str| json!({"node": {"title": title}});
    let person = |name: &str, posts: Value| json!({"node": {"id": name, "name": name, "posts": posts}});
    let (unified, issues) = outcome(json!({
        "id": 1,
        "readers": [{"name": "r"}],
        "editors": {"total": 4, "edges": [
            person("a", json!({"edges": [post("x"), post("y")]})),
            null, {"node": null}, {"cursor": "c"},
            person("b", json!({"edges": [post("z")], "info": {"end": "e"}})),
        ]},
    }));
    assert_eq!((names(&unified), issues), (vec!["a", "b"], Vec::new()));
    assert_eq!((&unified["name"], &unified["department"]), (&json!("x+y+z"), &json!("r")));
    for absent in [json!(null), json!({}), json!({"edges": null}), json!({"edges": []})] {
        let (unified, issues) = outcome(json!({"id": 1, "editors": absent}));
        assert_eq!((names(&unified), issues), (Vec::new(), Vec::new()));
    }
}

#[test]
fn something_else_on_the_way_to_the_rows_is_told() {
    let row = json!({"node": {"id": 1, "name": "a"}});
    for (editors, kept) in [
        (json!([row]), vec![]),
        (json!("text"), vec![]),
        (json!({"edges": {"node": {"id": 1}}}), vec![]),
        (json!({"edges": [row, "text"]}), vec!["a"]),
        (json!({"edges": [row, {"node": 3}]}), vec!["a"]),
        (json!({"edges": [row, {"node": [row]}]}), vec!["a"]),
        (json!({"edges": [row, [row]]}), vec!["a"]),
    ] {
        let (unified, issues) = outcome(json!({"id": 1, "editors": editors}));
        assert_eq!(names(&unified), kept, "{editors}");
        let told = "remote_data: the source sent something else than a page of objects in `editors`";
        assert_eq!(issues, [told], "{editors}");
    }
}
