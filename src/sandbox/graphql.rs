//! The GraphQL endpoint: admits, validates and executes.

use super::failure::{Failure, field_error, undefined};
use super::faults::{Answer, Call, Endpoint, Fault, Fired, Invalid, Known, Target, nulled, refusal, spoiled};
use super::mutations::{Mutating, mutate};
use super::resolve::{Context, Query};
use super::scopes::Scopes;
use super::server::{Line, Shared};
use apollo_compiler::Schema;
use apollo_compiler::executable::Operation;
use apollo_compiler::request::RequestError;
use apollo_compiler::resolvers::{Execution, ObjectValue};
use apollo_compiler::response::{GraphQLError, JsonMap};
use apollo_compiler::validation::Valid;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::sync::{Arc, PoisonError};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    pub(super) query: String,
    #[serde(default)]
    pub(super) variables: Option<JsonMap>,
    #[serde(default)]
    operation_name: Option<String>,
}

impl Request {
    pub(super) fn of(query: &str, variables: Option<JsonMap>) -> Request {
        Request { query: query.to_owned(), variables, operation_name: None }
    }
}

/// What an execution yields.
#[derive(Debug, Serialize)]
pub(super) struct Body {
    pub(super) data: Option<JsonMap>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<Json>,
}

/// `POST /graphql/v1/graphql`.
pub(super) async fn graphql(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let under_way = shared.counters.begin();
    shared.wait(shared.options.latency).await;
    let answer = match shared.faults.limit(under_way.at_once) {
        Some((limit, answer)) => {
            shared.counters.fault(limit);
            answer
        }
        None => respond(&shared, &headers, body).await,
    };
    shared.counters.answered(&answer);
    drop(under_way);
    answer.send(&line, shared.closing())
}

async fn respond(shared: &Arc<Shared>, headers: &HeaderMap, body: Bytes) -> Answer {
    let request: Result<Request, _> = serde_json::from_slice(&body);
    let call = request.as_ref().ok().and_then(|request| call(shared, request)).unwrap_or_default();
    shared.counters.called(&call);
    let fired = shared.faults.fire(Endpoint::Graphql, &call);
    shared.begin_faults(&fired).await;
    if let Some(churn) = shared.faults.churn(&call) {
        shared.counters.fault("churn");
        shared.churn(churn);
    }
    let instead = fired.iter().find_map(|fired| Some((fired, refusal(Target::Graphql, fired, call.roots.len())?)));
    if let Some((_, answer)) = instead.as_ref().filter(|(fired, _)| !fired.after) {
        return answer.clone();
    }
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some(scopes) = shared.tokens.admits(authorization) else {
        return Answer::html(StatusCode::UNAUTHORIZED).with(header::WWW_AUTHENTICATE, "Bearer");
    };
    let request = match request {
        Ok(request) => request,
        Err(error) => {
            let failure = Failure::bad_request(&format!("the body: {error}"));
            return Answer::json(StatusCode::BAD_REQUEST, &failure.alone());
        }
    };
    let (worker, faults) = (Arc::clone(shared), fired.clone());
    let executed = tokio::task::spawn_blocking(move || answer(&worker, &request, &scopes, &faults)).await;
    let made = executed.unwrap_or_else(|_| Answer::empty(StatusCode::INTERNAL_SERVER_ERROR));
    for fired in fired.iter().filter(|fired| fired.after) {
        if let Fault::Delay { ms } = fired.fault {
            shared.wait(std::time::Duration::from_millis(ms)).await;
        }
    }
    let made = instead.map_or(made, |(_, answer)| answer);
    fired.iter().fold(made, |answer, fired| answer.damage(&fired.fault))
}

/// What a request asks for, if it is a valid one.
fn call(shared: &Shared, request: &Request) -> Option<Call> {
    let known = shared.faults.served().validated(&request.query).ok()?;
    let operation = known.document.operations.get(request.operation_name.as_deref()).ok()?;
    let none = JsonMap::new();
    Some(Call::of(&known.document, &known.shape, operation, request.variables.as_ref().unwrap_or(&none)))
}

/// Executes a request, with the faults that change what is in the answer.
fn answer(shared: &Arc<Shared>, request: &Request, scopes: &Scopes, fired: &[Fired]) -> Answer {
    let served = shared.faults.served();
    let known = match served.validated(&request.query) {
        Ok(known) => known,
        Err(Invalid::Undefined(fields)) => {
            shared.counters.fault("undefined_field");
            return Answer::json(StatusCode::BAD_REQUEST, &undefined(&fields));
        }
        Err(Invalid::Other(errors)) => return refuse(&errors),
    };
    let located = |error: RequestError| refuse(&[error.to_graphql_error(&known.document.sources)]);
    let operation = match known.document.operations.get(request.operation_name.as_deref()) {
        Ok(operation) => operation,
        Err(error) => return located(error),
    };
    let none = JsonMap::new();
    let variables = request.variables.as_ref().unwrap_or(&none);
    if let Some(answer) = shared.faults.too_expensive(&known.document, operation, variables) {
        shared.counters.fault("cost");
        return answer;
    }
    let poison = shared.faults.poisoning();
    let is_refusal = |fired: &&Fired| !fired.after && matches!(fired.fault, Fault::Denied | Fault::Error { .. });
    let refused: Vec<String> = fired.iter().filter(is_refusal).flat_map(|fired| fired.keys.clone()).collect();
    let (schema, poison, refused) = (served.schema(), &poison, refused.as_slice());
    let asked = Mutating { schema, known: &known, operation, variables, poison, scopes, refused };
    let executed = execute(shared, &asked);
    let Body { mut data, mut errors } = match executed {
        Ok(body) => body,
        Err(error) => return located(error),
    };
    if let Some(row) = poison.hit() {
        shared.counters.fault("poisoned");
        let roots: Vec<String> =
            operation.root_fields(&known.document).map(|field| field.response_key().to_string()).collect();
        return spoiled(row, &roots);
    }
    let statuses = fired.iter().filter_map(|fired| nulled(&mut data, &mut errors, fired));
    let status = statuses.last().and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::OK);
    Answer::json(status, &Body { data, errors })
}

fn refuse(errors: &[GraphQLError]) -> Answer {
    Answer::json(StatusCode::BAD_REQUEST, &super::failure::refusal(errors))
}

/// Executes an operation: a query against the tenant as it stands, a mutation by itself.
fn execute(shared: &Arc<Shared>, asked: &Mutating<'_>) -> Result<Body, RequestError> {
    if asked.operation.is_mutation() {
        return mutate(shared, asked);
    }
    let tenant = shared.tenant.read().unwrap_or_else(PoisonError::into_inner);
    let (page_cap, clock) = (shared.options.page_cap, shared.options.clock());
    let query = Query(Context { tenant: &tenant, page_cap, clock, poison: asked.poison, scopes: asked.scopes });
    execute_with(asked.schema, asked.known, asked.operation, asked.variables, &query)
}

/// Executes an operation on a root.
pub(super) fn execute_with(
    schema: &Valid<Schema>,
    known: &Known,
    operation: &Operation,
    variables: &JsonMap,
    root: &dyn ObjectValue,
) -> Result<Body, RequestError> {
    let execution = Execution::new(schema, &known.document)
        .operation(operation)
        .raw_variable_values(variables)
        .enable_schema_introspection(true);
    let response = execution.execute_sync(root)?;
    Ok(Body { data: response.data, errors: response.errors.iter().map(field_error).collect() })
}

/// Answers a query, or carries out a mutation, without a token, faults or limits.
pub(super) fn query_freely(shared: &Arc<Shared>, request: &Request) -> Result<Json, String> {
    let served = &shared.whole;
    let known = served.validated(&request.query).map_err(|invalid| match invalid {
        Invalid::Undefined(fields) => fields.into_iter().map(|(message, _)| message).collect::<Vec<_>>().join("\n"),
        Invalid::Other(errors) => errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join("\n"),
    })?;
    let operation = known.document.operations.get(request.operation_name.as_deref());
    let operation = operation.map_err(|_| "the query holds several operations".to_owned())?;
    let none = JsonMap::new();
    let variables = request.variables.as_ref().unwrap_or(&none);
    let (free, scopes) = (Default::default(), Scopes::whole());
    let (schema, poison, refused) = (served.schema(), &free, [].as_slice());
    let asked = Mutating { schema, known: &known, operation, variables, poison, scopes: &scopes, refused };
    let body = execute(shared, &asked);
    let body = body.map_err(|error| error.message().to_string())?;
    match body.errors.first() {
        Some(error) => Err(error.to_string()),
        None => serde_json::to_value(body.data).map_err(|error| error.to_string()),
    }
}

impl Shared {
    /// Carries out what happens before an answer is made.
    pub(super) async fn begin_faults(self: &Arc<Self>, fired: &[Fired]) {
        for fired in fired {
            self.counters.fault(fired.fault.name());
            match &fired.fault {
                Fault::Delay { ms } if !fired.after => self.wait(std::time::Duration::from_millis(*ms)).await,
                Fault::RevokeTokens => self.tokens.revoke(),
                Fault::Churn(churn) => drop(self.churn(*churn)),
                Fault::RemoveFields { fields } => self.faults.change_schema(fields, &[]),
                Fault::RestoreFields { fields } => self.faults.change_schema(&[], fields),
                _ => {}
            }
        }
    }
}
