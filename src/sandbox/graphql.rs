//! The GraphQL endpoint: admits, validates and executes.

use super::data::SCHEMA;
use super::failure::{field_error, malformed, refusal};
use super::resolve::{Mutation, Query};
use super::server::Shared;
use apollo_compiler::ExecutableDocument;
use apollo_compiler::resolvers::{Execution, ObjectValue};
use apollo_compiler::response::{ExecutionResponse, GraphQLError, JsonMap};
use apollo_compiler::validation::Valid;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// How many validated documents are remembered before all are forgotten.
const REMEMBERED_DOCUMENTS: usize = 256;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    query: String,
    #[serde(default)]
    variables: Option<JsonMap>,
    #[serde(default)]
    operation_name: Option<String>,
}

#[derive(Debug, Serialize)]
struct Answer {
    data: Option<JsonMap>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Json>,
}

/// Documents that were parsed and found valid before, by their text.
#[derive(Debug, Default)]
pub(super) struct Documents {
    known: Mutex<HashMap<String, Arc<Valid<ExecutableDocument>>>>,
}

impl Documents {
    fn validated(&self, text: &str) -> Result<Arc<Valid<ExecutableDocument>>, Vec<GraphQLError>> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(document) = lock().get(text) {
            return Ok(Arc::clone(document));
        }
        let document = ExecutableDocument::parse_and_validate(&SCHEMA, text, "query.graphql")
            .map_err(|invalid| invalid.errors.iter().map(|error| error.to_json()).collect::<Vec<_>>())?;
        let document = Arc::new(document);
        let mut known = lock();
        if known.len() >= REMEMBERED_DOCUMENTS {
            known.clear();
        }
        known.insert(text.to_owned(), Arc::clone(&document));
        Ok(document)
    }
}

/// `POST /graphql/v1/graphql`.
pub(super) async fn graphql(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    if !shared.options.latency.is_zero() {
        tokio::time::sleep(shared.options.latency).await;
    }
    let response = if shared.tokens.admits(headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok())) {
        let worker = Arc::clone(&shared);
        let executed = tokio::task::spawn_blocking(move || answer(&worker, &body)).await;
        executed.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    } else {
        let page = Html("<html><head><title>401 Authorization Required</title></head></html>");
        (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")], page).into_response()
    };
    shared.requests.fetch_add(1, Ordering::Relaxed);
    response
}

fn json_response(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, "application/json")], bytes).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn answer(shared: &Shared, body: &[u8]) -> Response {
    let request: Request = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => return json_response(StatusCode::BAD_REQUEST, &malformed(&format!("the body: {error}"))),
    };
    match execute(shared, &request) {
        Ok(response) => {
            let errors = response.errors.iter().map(field_error).collect();
            json_response(StatusCode::OK, &Answer { data: response.data, errors })
        }
        Err(errors) => json_response(StatusCode::BAD_REQUEST, &refusal(&errors)),
    }
}

fn execute(shared: &Shared, request: &Request) -> Result<ExecutionResponse, Vec<GraphQLError>> {
    let document = shared.documents.validated(&request.query)?;
    let located = |error: apollo_compiler::request::RequestError| vec![error.to_graphql_error(&document.sources)];
    let operation = document.operations.get(request.operation_name.as_deref()).map_err(located)?;
    let no_variables = JsonMap::new();
    let execution = Execution::new(&SCHEMA, &document)
        .operation(operation)
        .raw_variable_values(request.variables.as_ref().unwrap_or(&no_variables))
        .enable_schema_introspection(true);
    let tenant = shared.tenant.read().unwrap_or_else(PoisonError::into_inner);
    let query = Query { tenant: &tenant, page_cap: shared.options.page_cap };
    let root: &dyn ObjectValue = if operation.is_mutation() { &Mutation } else { &query };
    execution.execute_sync(root).map_err(located)
}
