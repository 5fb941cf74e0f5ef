use apollo_compiler::collections::HashMap;
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};

use super::super::INTROSPECTION;
use super::*;

/// What a source with this schema says of itself.
fn source(schema: &str) -> Introspection {
    let schema = Schema::parse_and_validate(schema, "source.graphql").unwrap();
    let document = ExecutableDocument::parse_and_validate(&schema, INTROSPECTION, "query.graphql").unwrap();
    let implementers: HashMap<_, _> = schema.implementers_map();
    let operation = document.operations.get(None).unwrap();
    let variables = Valid::assume_valid(JsonMap::new());
    let answer =
        apollo_compiler::introspection::partial_execute(&schema, &implementers, &document, operation, &variables);
    let answer = serde_json::to_value(answer.unwrap().data.unwrap()).unwrap();
    Introspection::read(&answer["__schema"]).unwrap()
}

fn refreshed(text: &str, now: &str, all: bool) -> (String, Vec<String>) {
    let Refreshed { text, changes } = refresh(text, &source(now), all).unwrap();
    (text, changes.iter().map(|change| format!("{} {}", change.place(), change.kind)).collect())
}

const FILE: &str = r#"# What we know of it.

type Query {
  jobPage(page: Page, filter: String): JobPage # the list
}

# the page to read
input Page {
  number: Int
  size: Int! = 20
}

type JobPage {
  items: [Job!]
  last: Boolean
}

# ------------------------------------------------------------------ jobs

# an opening
type Job implements Record {
  _id: ID!
  hours: Int # a week
  old: String @deprecated(reason: "use title")
  owner: User # who is in charge
  # free text
  title: String
}

interface Record {
  _id: ID!
}

type User { _id: ID!, name: String }

enum Language {
  DUTCH # the usual one
  ENGLISH
}

union Thing = Job | User

scalar Moment
"#;

/// The file with directives and words that introspection shows as well.
fn unchanged() -> String {
    FILE.replace("scalar Moment\n", "scalar Moment\n\ntype Hidden { a: Language, b: Thing, c: Moment }\n")
}

#[test]
fn what_stays_is_not_touched() {
    let (text, changes) = refreshed(FILE, &unchanged(), false);
    assert_eq!(changes, Vec::<String>::new());
    assert_eq!(text, FILE);
}

#[test]
fn what_changed_is_changed_where_it_stands() {
    let now = r#"
        type Query { jobPage(page: Page, filter: [String!], hidden: Hidden): JobPage, userPage(page: Page!): [User] }
        input Page { number: Int, size: Int! = 100, sort: Order }
        enum Order { UP DOWN }
        input Hidden { a: Int }
        type JobPage { items: [Job!] last: Boolean }
        interface Record { _id: ID! }
        interface Named { name: String }
        type Job implements Record {
          _id: ID!
          agency: Agency
          hours: Float
          "The number that people use"
          number: String
          created: Moment!
          old: String @deprecated(reason: "use title")
          owner: User
          colour: Colour @deprecated(reason: "nobody \"sees\" it")
          title: String @deprecated
        }
        "How it is painted"
        enum Colour { RED, "like the sky" BLUE }
        type Agency { name: String }
        type User implements Record & Named { _id: ID!, mail: String, name: String }
        enum Language { DUTCH GERMAN ENGLISH }
        union Thing = Job | Agency
        scalar Moment
    "#;
    let (text, changes) = refreshed(FILE, now, false);
    let expected = r#"# What we know of it.

type Query {
  jobPage(page: Page, filter: [String!]): JobPage # the list
  userPage(page: Page!): [User]
}

# the page to read
input Page {
  number: Int
  size: Int! = 100
  sort: Order
}

type JobPage {
  items: [Job!]
  last: Boolean
}

# ------------------------------------------------------------------ jobs

# an opening
type Job implements Record {
  _id: ID!
  colour: Colour @deprecated(reason: "nobody \"sees\" it")
  created: Moment!
  hours: Float # a week
  "The number that people use"
  number: String
  old: String @deprecated(reason: "use title")
  owner: User # who is in charge
  # free text
  title: String @deprecated(reason: "No longer supported")
}

interface Record {
  _id: ID!
}

type User implements Record { _id: ID!, mail: String, name: String }

enum Language {
  DUTCH # the usual one
  ENGLISH
  GERMAN
}

union Thing = Job

scalar Moment

"How it is painted"
enum Colour {
  RED
  "like the sky"
  BLUE
}

enum Order {
  UP
  DOWN
}
"#;
    assert_eq!(text, expected);
    assert_eq!(
        changes,
        [
            "Query.jobPage was (page: Page, filter: String): JobPage, is (page: Page, filter: [String!]): JobPage",
            "Query.userPage came: (page: Page!): [User]",
            "Page.size was Int! = 20, is Int! = 100",
            "Page.sort came: Order",
            "Job.hours was Int, is Float",
            "Job.title is deprecated: No longer supported",
            "Job.colour came: Colour",
            "Job.created came: Moment!",
            "Job.number came: String",
            "User.implements came: Record",
            "User.mail came: String",
            "Language.GERMAN came",
            "Thing.User went",
            "Colour came",
            "Order came",
        ]
    );
    Schema::parse_and_validate(&text, "refreshed.graphql").unwrap();
    // What is up to date stays as it is.
    assert_eq!(refreshed(&text, now, false), (text, Vec::new()));
}

#[test]
fn what_went_takes_its_lines_and_notes_with_it() {
    let now = r#"
        type Query { jobPage(page: Page): JobPage }
        input Page { number: Int }
        type JobPage { items: [Job!] last: Boolean }
        type Job { _id: ID!, title: [String!]! }
        type User { name: String }
        enum Language { ENGLISH }
        input Moment { a: Int }
    "#;
    let (text, changes) = refreshed(FILE, now, false);
    let expected = r#"# What we know of it.

type Query {
  jobPage(page: Page): JobPage # the list
}

# the page to read
input Page {
  number: Int
}

type JobPage {
  items: [Job!]
  last: Boolean
}

# ------------------------------------------------------------------ jobs

# an opening
type Job {
  _id: ID!
  # free text
  title: [String!]!
}

type User { name: String }

enum Language {
  ENGLISH
}

input Moment {
  a: Int
}
"#;
    assert_eq!(text, expected);
    assert_eq!(
        changes,
        [
            "Query.jobPage was (page: Page, filter: String): JobPage, is (page: Page): JobPage",
            "Page.size went",
            "Job.implements Record went",
            "Job.hours went",
            "Job.old went",
            "Job.owner went",
            "Job.title was String, is [String!]!",
            "Record went",
            "User._id went",
            "Language.DUTCH went",
            "Thing went",
            "Moment was a scalar, is an input object",
        ]
    );
    Schema::parse_and_validate(&text, "refreshed.graphql").unwrap();
}

#[test]
fn all_of_a_schema_is_written_from_nothing() {
    let now = r#"
        schema { query: Root }
        """
        Where it begins.

        Two lines, with a "word" in quotes.
        """
        type Root { "a \\ b" thing(first: Int = 3, kinds: [Kind!] = [A]): Thing }
        union Thing = One | Two
        type One implements Base { id: ID! }
        type Two implements Base & Other { id: ID! name: String }
        interface Base { id: ID! }
        interface Other implements Base { id: ID! name: String }
        enum Kind { A B }
        scalar Moment
        input In { at: Moment, kind: Kind = A }
    "#;
    let (text, changes) = refreshed("", now, true);
    assert_eq!(changes.len(), 9);
    let schema = Schema::parse_and_validate(&text, "refreshed.graphql").unwrap();
    let parsed = |text: &str| Schema::parse_and_validate(text, "source.graphql").unwrap().serialize().to_string();
    let by_name = |text: String| {
        let mut parts: Vec<String> = parsed(&text).split("\n\n").map(|part| part.trim().to_owned()).collect();
        parts.sort();
        parts
    };
    assert_eq!(by_name(schema.serialize().to_string()), by_name(now.to_owned()), "{text}");
    assert_eq!(refreshed(&text, now, true), (text, Vec::new()));
}

#[test]
fn a_text_that_is_no_schema_is_refused() {
    let error = refresh("type Query {", &source("type Query { a: Int }"), false).unwrap_err();
    assert!(error.contains("expected"), "{error}");
}
