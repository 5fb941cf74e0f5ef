//! Orchard: a made-up applicant tracking system that speaks GraphQL with cursors, on this machine.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard};
use std::time::Duration;

use apollo_compiler::resolvers::{Execution, FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonMap;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

pub const KEY: &str = "orchard-k3y/with+signs=";

static SCHEMA: LazyLock<Valid<Schema>> = LazyLock::new(|| {
    let text = include_str!("home/mappings/orchard/schema.graphql");
    Schema::parse_and_validate(text, "schema.graphql").unwrap()
});

/// A running Orchard.
pub struct Orchard {
    pub url: String,
    state: Arc<Mutex<World>>,
}

/// What it holds, how it behaves and what it was asked.
#[derive(Default)]
pub struct World {
    /// The rows of each list, by the query that gives them.
    rows: Map<String, Value>,
    pub latency: Duration,
    /// Cursors of an earlier generation are refused.
    generation: u64,
    /// Every page says that it ends at the same cursor.
    pub goes_round: bool,
    /// Rows that are counted and never come.
    pub announced_too_many: usize,
    /// Every page that was asked for: the query and its cursor.
    pub asked: Vec<(String, Option<String>)>,
    pub refused: usize,
}

impl World {
    /// The rows of a query, to be changed.
    pub fn rows(&mut self, query: &str) -> &mut Vec<Value> {
        self.rows.get_mut(query).unwrap().as_array_mut().unwrap()
    }

    /// The row of that id.
    pub fn row(&mut self, query: &str, id: &str) -> &mut Value {
        self.rows(query).iter_mut().find(|row| row["id"] == id).unwrap()
    }

    /// Forgets all cursors that were given so far.
    pub fn expire_cursors(&mut self) {
        self.generation += 1;
    }
}

impl Orchard {
    pub async fn start() -> Orchard {
        let state = Arc::new(Mutex::new(World { rows: grown(), ..World::default() }));
        let app = Router::new().route("/graphql", post(graphql)).with_state(Arc::clone(&state));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Orchard { url, state }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.state.lock().unwrap()
    }
}

async fn graphql(State(state): State<Arc<Mutex<World>>>, headers: HeaderMap, body: Bytes) -> Response {
    let latency = state.lock().unwrap().latency;
    tokio::time::sleep(latency).await;
    let sent = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    let mut world = state.lock().unwrap();
    if sent.as_deref() != Some(&format!("Bearer {KEY}")) {
        world.refused += 1;
        let message = format!("what is {}?", sent.unwrap_or_default());
        return (StatusCode::UNAUTHORIZED, Json(json!({"errors": [{"message": message}]}))).into_response();
    }
    let request: Value = serde_json::from_slice(&body).unwrap();
    let document = ExecutableDocument::parse_and_validate(&SCHEMA, request["query"].as_str().unwrap(), "query.graphql");
    let document = match document {
        Ok(document) => document,
        Err(invalid) => {
            let errors: Vec<Value> = invalid.errors.iter().map(|error| json!({"message": error.to_string()})).collect();
            return (StatusCode::BAD_REQUEST, Json(json!({"errors": errors}))).into_response();
        }
    };
    let variables: JsonMap = serde_json::from_value(request["variables"].clone()).unwrap();
    let asked = Mutex::new(Vec::new());
    let response = Execution::new(&SCHEMA, &document)
        .raw_variable_values(&variables)
        .execute_sync(&Query { world: &world, asked: &asked })
        .map_err(|error| error.to_graphql_error(&document.sources).message);
    world.asked.extend(asked.into_inner().unwrap());
    match response {
        Ok(response) => Json(serde_json::to_value(response).unwrap()).into_response(),
        Err(message) => (StatusCode::BAD_REQUEST, Json(json!({"errors": [{"message": message}]}))).into_response(),
    }
}

/// `Query`.
struct Query<'w> {
    world: &'w World,
    asked: &'w Mutex<Vec<(String, Option<String>)>>,
}

impl ObjectValue for Query<'_> {
    fn type_name(&self) -> &str {
        "Query"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let arguments = arguments(info);
        assert!(arguments.get("after").is_none_or(Value::is_string), "no cursor is sent as null");
        let after = arguments["after"].as_str();
        self.asked.lock().unwrap().push((info.field_name().to_owned(), after.map(str::to_owned)));
        let expired = || FieldError { message: format!("the cursor {} has expired", after.unwrap_or_default()) };
        let from = match after.map(|cursor| cursor.split_once('-').unwrap()) {
            None => 0,
            Some((generation, from)) if generation == self.world.generation.to_string() => from.parse().unwrap(),
            Some(_) => return Err(expired()),
        };
        let rows = self.world.rows[info.field_name()].as_array().unwrap();
        let wanted = |row: &&Value| match arguments.get("filter") {
            Some(filter) => {
                let states = filter["states"].as_array().unwrap();
                states.contains(&row["state"]) && (filter["withDeleted"] == true || row["deleted"] == false)
            }
            None => true,
        };
        let mut rows: Vec<Value> = rows.iter().filter(wanted).cloned().collect();
        if arguments["orderBy"].is_array() {
            rows.sort_by_key(|row| (row["createdAt"].to_string(), row["number"].as_i64()));
        }
        let first = arguments["first"].as_u64().unwrap() as usize;
        let end = (from + first).min(rows.len());
        let cursor_at = if self.world.goes_round { 1 } else { end };
        Ok(connection(
            info,
            Part {
                has_next: end < rows.len() || self.world.goes_round,
                end_cursor: format!("{}-{cursor_at}", self.world.generation),
                total: rows.len() + self.world.announced_too_many,
                rows: rows[from.min(end)..end].to_vec(),
            },
        ))
    }
}

fn arguments(info: &ResolveInfo<'_>) -> Value {
    serde_json::to_value(info.arguments()).unwrap()
}

/// A part of a list.
struct Part {
    rows: Vec<Value>,
    has_next: bool,
    end_cursor: String,
    total: usize,
}

fn connection<'a>(info: &ResolveInfo<'_>, part: Part) -> ResolvedValue<'a> {
    let edges: Vec<Value> = part.rows.into_iter().map(|node| json!({"node": node})).collect();
    let page_info = json!({"hasNextPage": part.has_next, "endCursor": part.end_cursor});
    let members = json!({"edges": edges, "pageInfo": page_info, "totalCount": part.total});
    thing(info.field_definition().ty.inner_named_type(), members)
}

/// An object of an answer: its members as they are kept.
struct Thing {
    type_name: String,
    members: Value,
}

fn thing<'a>(type_name: &str, members: Value) -> ResolvedValue<'a> {
    ResolvedValue::object(Thing { type_name: type_name.to_owned(), members })
}

impl ObjectValue for Thing {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let type_name = info.field_definition().ty.inner_named_type().as_str();
        Ok(match &self.members[info.field_name()] {
            Value::Array(rows) if info.field_definition().ty.is_list() => {
                ResolvedValue::list(rows.iter().map(move |row| thing(type_name, row.clone())))
            }
            Value::Array(rows) => {
                let first = arguments(info)["first"].as_u64().unwrap_or(2) as usize;
                let given = rows.len().min(first);
                connection(
                    info,
                    Part {
                        rows: rows[..given].to_vec(),
                        has_next: given < rows.len(),
                        end_cursor: format!("0-{given}"),
                        total: rows.len(),
                    },
                )
            }
            Value::Object(members) => thing(type_name, Value::Object(members.clone())),
            value => ResolvedValue::leaf(value.clone()),
        })
    }
}

/// Everything that grows in a small orchard. People are made up.
fn grown() -> Map<String, Value> {
    let pick = |names: &[&'static str], at: usize| names[at % names.len()];
    let given = |at| pick(&["Robin", "Sam", "Noor", "Kim", "Alex", "Jo", "Charlie"], at);
    let family = |at| pick(&["Applewood", "Pearson", "Plumtree", "Quincey", "Medlar"], at);
    let moment = |at: usize, offset: &str| format!("2026-0{}-{:02}T09:30:00{offset}", 1 + at % 9, 1 + at % 28);

    let member = |at: usize| {
        let rights = match at {
            0 => json!([{"key": "admin", "label": "Administrator"}, {"key": "gardener", "label": "Gardener"}]),
            _ => json!([{"key": "recruit", "label": "Recruiter"}]),
        };
        json!({
            "id": format!("m{at}"), "givenName": given(at), "familyName": family(at),
            "mail": format!("m{at}@orchard.example.org"), "active": at != 4, "deleted": at == 5, "rights": rights,
        })
    };
    let flow = |at: usize| json!({"id": format!("f{}", at % 2), "name": pick(&["Office", "Field"], at)});
    let step = |at: usize| {
        let name = ["New", "Talk", "Trial day", "Offer", "Started"][at];
        let flow = if at == 0 { Value::Null } else { flow(at) };
        json!({"id": format!("s{at}"), "name": name, "rank": at * 10, "archived": at == 3, "flow": flow})
    };
    let opening = |at: usize| {
        json!({
            "id": format!("o{at}"), "number": 100 + at, "title": format!("{} picker", pick(&["Apple", "Pear", "Plum"], at)),
            "state": pick(&["LIVE", "DRAFT", "PAUSED", "FILLED"], at), "contract": pick(&["PERMANENT", "TEMPORARY", "TRAINEE"], at),
            "remote": at.is_multiple_of(5), "secret": at == 2,
            "pay": {"low": 2000.0 + at as f64, "high": if at == 0 { 2000.0 } else { 3000.0 }, "currency": "eur", "per": "per month"},
            "place": {"street": "Lane 1", "town": "Tiel", "postcode": "4001 AA", "country": "NLD"},
            "team": [
                {"role": "lead", "member": member(at % 4)},
                {"role": "manager", "member": member((at + 1) % 4)},
                {"role": "taster", "member": member((at + 2) % 4)},
            ],
            "flow": flow(at), "createdAt": moment(13 - at, "+02:00"), "updatedAt": moment(at, "Z"),
            "closesAt": if at == 4 { json!("2026-02-01T00:00:00-05:00") } else { Value::Null }, "deleted": at == 13,
        })
    };
    let person = |at: usize| {
        json!({
            "id": format!("p{at}"), "givenName": given(at + 3), "familyName": family(at + 1),
            "headline": if at.is_multiple_of(2) { "Grafter at Twigs & Co" } else { "Grafter" },
            "contacts": [
                {"kind": "mail", "value": format!("p{at}@example.org"), "private": true},
                {"kind": "phone", "value": format!("+31 6 0000 {at:04}"), "private": false},
                {"kind": "mail", "value": "no address", "private": false},
            ],
            "labels": if at.is_multiple_of(3) { json!([{"id": "l1", "text": "Ladder"}]) } else { json!([]) },
            "place": {"town": "Buren", "country": "Belgium"},
            "createdAt": moment(at, "-03:30"), "deleted": false,
        })
    };
    let candidacy = |at: usize| {
        let rejected = at % 3 == 2;
        json!({
            "id": format!("c{at}"), "person": {"id": format!("p{}", at % 30)}, "opening": {"id": format!("o{}", at % 13)},
            "step": {"id": format!("s{}", at % 5)}, "verdict": pick(&["OPEN", "ACCEPTED", "REJECTED"], at),
            "reason": if rejected { json!({"id": "l2", "text": "Afraid of ladders"}) } else { Value::Null },
            "decidedAt": if rejected { json!(moment(at, "+01:00")) } else { Value::Null },
            "createdAt": moment(at, "Z"), "deleted": false,
        })
    };
    let rows = |count: usize, row: &dyn Fn(usize) -> Value| Value::Array((0..count).map(row).collect());
    Map::from_iter([
        ("members".to_owned(), rows(6, &member)),
        ("steps".to_owned(), rows(5, &step)),
        ("openings".to_owned(), rows(14, &opening)),
        ("people".to_owned(), rows(30, &person)),
        ("candidacies".to_owned(), rows(41, &candidacy)),
    ])
}
