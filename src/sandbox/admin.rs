//! The sandbox's own endpoints: faults, counts, and changes of the tenant. They ask for no token; the sandbox listens
//! on this machine only.

use super::data::{Change, Churn, EditError};
use super::faults::Faults;
use super::graphql::{Request, query_freely};
use super::habits::Habits;
use super::server::Shared;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use std::sync::{Arc, PoisonError};

type Server = State<Arc<Shared>>;

pub(super) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/faults", get(faults).put(set_faults).delete(no_faults))
        .route("/habits", get(habits).put(set_habits))
        .route("/outbox", get(outbox).delete(empty_outbox))
        .route("/stats", get(stats))
        .route("/tokens", delete(revoke))
        .route("/churn", post(churn))
        .route("/query", post(query))
        .route("/records/{kind}", post(insert))
        .route("/records/{kind}/{id}", get(record).post(edit).delete(remove))
}

fn refused(status: StatusCode, problem: impl ToString) -> Response {
    (status, Json(json!({"error": problem.to_string()}))).into_response()
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    let body = if body.trim_ascii().is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| format!("the body: {error}"))
}

async fn faults(State(shared): Server) -> Response {
    Json(shared.faults.plan()).into_response()
}

async fn set_faults(State(shared): Server, body: Bytes) -> Response {
    let text = String::from_utf8_lossy(&body);
    match Faults::parse(&text).and_then(|plan| shared.faults.set(plan)) {
        Ok(()) => faults(State(shared)).await,
        Err(error) => refused(StatusCode::BAD_REQUEST, error),
    }
}

async fn no_faults(State(shared): Server) -> Response {
    match shared.faults.set(Faults::default()) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, error),
    }
}

async fn habits(State(shared): Server) -> Response {
    Json(shared.tenant.read().unwrap_or_else(PoisonError::into_inner).world.habits).into_response()
}

async fn set_habits(State(shared): Server, body: Bytes) -> Response {
    match read::<Habits>(&body) {
        Ok(habits) => {
            shared.tenant.write().unwrap_or_else(PoisonError::into_inner).world.habits = habits;
            Json(habits).into_response()
        }
        Err(problem) => refused(StatusCode::BAD_REQUEST, problem),
    }
}

async fn outbox(State(shared): Server) -> Response {
    Json(&shared.tenant.read().unwrap_or_else(PoisonError::into_inner).world.outbox).into_response()
}

async fn empty_outbox(State(shared): Server) -> StatusCode {
    shared.tenant.write().unwrap_or_else(PoisonError::into_inner).world.outbox.clear();
    StatusCode::NO_CONTENT
}

async fn stats(State(shared): Server) -> Response {
    Json(shared.counters.snapshot()).into_response()
}

async fn revoke(State(shared): Server) -> StatusCode {
    shared.tokens.revoke();
    StatusCode::NO_CONTENT
}

async fn query(State(shared): Server, body: Bytes) -> Response {
    let request: Request = match read(&body) {
        Ok(request) => request,
        Err(problem) => return refused(StatusCode::BAD_REQUEST, problem),
    };
    let answered = tokio::task::spawn_blocking(move || query_freely(&shared, &request)).await;
    match answered {
        Ok(Ok(data)) => Json(json!({"data": data})).into_response(),
        Ok(Err(problem)) => refused(StatusCode::BAD_REQUEST, problem),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, error),
    }
}

async fn churn(State(shared): Server, body: Bytes) -> Response {
    let churn: Churn = match read(&body) {
        Ok(churn) => churn,
        Err(problem) => return refused(StatusCode::BAD_REQUEST, problem),
    };
    match tokio::task::spawn_blocking(move || shared.churn(churn)).await {
        Ok(changes) => changed(StatusCode::OK, Ok(changes)),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, error),
    }
}

async fn record(State(shared): Server, Path((kind, id)): Path<(String, String)>) -> Response {
    let tenant = shared.tenant.read().unwrap_or_else(PoisonError::into_inner);
    match tenant.world.plain_fields(&kind, &id) {
        Ok(fields) => Json(Value::Object(fields)).into_response(),
        Err(error) => changed(StatusCode::OK, Err(error)),
    }
}

async fn insert(State(shared): Server, Path(kind): Path<String>, body: Bytes) -> Response {
    match read::<Map<String, Value>>(&body) {
        Ok(fields) => changed(StatusCode::CREATED, shared.rewrite(|world| world.insert(&kind, &fields))),
        Err(problem) => refused(StatusCode::BAD_REQUEST, problem),
    }
}

async fn edit(State(shared): Server, Path((kind, id)): Path<(String, String)>, body: Bytes) -> Response {
    match read::<Map<String, Value>>(&body) {
        Ok(fields) => changed(StatusCode::OK, shared.rewrite(|world| world.edit(&kind, &id, &fields))),
        Err(problem) => refused(StatusCode::BAD_REQUEST, problem),
    }
}

async fn remove(State(shared): Server, Path((kind, id)): Path<(String, String)>) -> Response {
    changed(StatusCode::OK, shared.rewrite(|world| world.remove(&kind, &id)))
}

/// What became of which records.
fn changed(status: StatusCode, changes: Result<Vec<Change>, EditError>) -> Response {
    let changes = match changes {
        Ok(changes) => changes,
        Err(error @ (EditError::UnknownKind(_) | EditError::UnknownRecord { .. })) => {
            return refused(StatusCode::NOT_FOUND, error);
        }
        Err(error) => return refused(StatusCode::BAD_REQUEST, error),
    };
    let one = |change: &Change| {
        json!({
            "type": change.record.kind.name(), "id": change.id, "change": change.kind.word(), "fields": change.fields,
        })
    };
    (status, Json(json!({"changes": changes.iter().map(one).collect::<Vec<_>>()}))).into_response()
}
