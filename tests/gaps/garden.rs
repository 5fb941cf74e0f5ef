//! A made-up source of one list that fails as it is told to.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard};

use apollo_compiler::collections::HashMap;
use apollo_compiler::executable::{Selection, SelectionSet};
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

pub const SCHEMA: &str = "
type Query { members(page: Int!, size: Int!): Members }
type Members { rows: [Member] last: Boolean total: Int }
type Member {
  id: ID!
  first: String
  name: Name
  mail: String
  rights: [Right!]
  dropped: Boolean!
}
type Name { last: String }
type Right { key: ID! label: String }
";

#[derive(Default)]
pub struct World {
    pub rows: Vec<Value>,
    /// Rows that are never given.
    pub poisoned: BTreeSet<String>,
    /// Whether not even their ids are.
    pub nameless: bool,
    /// A line of the schema that is gone.
    pub gone: Option<&'static str>,
    /// The most values that a query may ask for.
    pub budget: Option<usize>,
    /// The pages that were asked for, and how many values of each row.
    pub asked: Vec<(u64, u64, usize)>,
}

pub struct Garden {
    pub url: String,
    state: Arc<Mutex<World>>,
}

impl Garden {
    /// One with so many members.
    pub async fn start(members: usize) -> Garden {
        let rows = (0..members).map(|number| {
            json!({
                "id": format!("m{number}"),
                "first": format!("First {number}"),
                "name": {"last": format!("Last \"{number}\"")},
                "mail": format!("m{number}@example.org"),
                "rights": [{"key": "admin", "label": "Admin"}],
                "dropped": false,
            })
        });
        let state = Arc::new(Mutex::new(World { rows: rows.collect(), ..World::default() }));
        let app = Router::new().route("/graphql", post(graphql)).with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Garden { url, state }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.state.lock().unwrap()
    }
}

fn refused(messages: impl Iterator<Item = String>) -> Response {
    let errors: Vec<Value> = messages.map(|message| json!({"message": message})).collect();
    (StatusCode::BAD_REQUEST, json!({"errors": errors}).to_string()).into_response()
}

async fn graphql(State(state): State<Arc<Mutex<World>>>, body: Bytes) -> Response {
    let mut world = state.lock().unwrap();
    let request: Value = serde_json::from_slice(&body).unwrap();
    let lines = SCHEMA.lines().filter(|line| world.gone.is_none_or(|gone| !line.trim().starts_with(gone)));
    let schema = Schema::parse_and_validate(lines.collect::<Vec<_>>().join("\n"), "schema.graphql").unwrap();
    let document = match ExecutableDocument::parse_and_validate(&schema, request["query"].as_str().unwrap(), "query") {
        Ok(document) => document,
        Err(invalid) => return refused(invalid.errors.iter().map(|error| error.error.to_string())),
    };
    let operation = document.operations.get(None).unwrap();
    if request["operationName"] == "Introspection" {
        let implementers: HashMap<_, _> = schema.implementers_map();
        let variables = Valid::assume_valid(JsonMap::new());
        let answer =
            apollo_compiler::introspection::partial_execute(&schema, &implementers, &document, operation, &variables);
        return serde_json::to_string(&answer.unwrap()).unwrap().into_response();
    }
    let Selection::Field(root) = &operation.selection_set.selections[0] else { panic!("a field was asked for") };
    let Selection::Field(rows) = &root.selection_set.selections[0] else { panic!("a field was asked for") };
    let values = values(&rows.selection_set);
    let number = |name: &str| request["variables"][name].as_u64().unwrap();
    let (page, size) = (number("page"), number("size"));
    world.asked.push((page, size, values));
    if world.budget.is_some_and(|budget| values > budget) {
        return refused(std::iter::once("The query is too complex".to_owned()));
    }
    let from = ((page * size) as usize).min(world.rows.len());
    let to = (from + size as usize).min(world.rows.len());
    let given = &world.rows[from..to];
    let is_poisoned = given.iter().any(|row| world.poisoned.contains(row["id"].as_str().unwrap()));
    if is_poisoned && (values > 1 || world.nameless) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let texts: Vec<String> = given.iter().map(|row| text(row, &rows.selection_set)).collect();
    let (last, total) = (to == world.rows.len(), world.rows.len());
    format!(r#"{{"data":{{"members":{{"rows":[{}],"last":{last},"total":{total}}}}}}}"#, texts.join(","))
        .into_response()
}

fn values(set: &SelectionSet) -> usize {
    let fields = set.selections.iter().filter_map(Selection::as_field);
    fields.map(|field| values(&field.selection_set).max(1)).sum()
}

/// A value as text, in the order of the query.
fn text(value: &Value, set: &SelectionSet) -> String {
    match value {
        Value::Array(items) => {
            format!("[{}]", items.iter().map(|item| text(item, set)).collect::<Vec<_>>().join(","))
        }
        Value::Object(members) => {
            let fields = set.selections.iter().filter_map(Selection::as_field);
            let members: Vec<String> = fields
                .map(|field| {
                    format!("\"{}\":{}", field.name, text(&members[field.name.as_str()], &field.selection_set))
                })
                .collect();
            format!("{{{}}}", members.join(","))
        }
        value => value.to_string(),
    }
}
