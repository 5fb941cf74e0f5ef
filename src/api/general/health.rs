//! What those ask who run the server.

use axum::http::StatusCode;
use serde_json::json;

use crate::api::call::Call;
use crate::api::failure::Failure;
use crate::api::reply::Answer;
use crate::api::tenant::Key;

/// Text for Prometheus.
const FIGURES: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The process is there.
pub(in crate::api) async fn healthz(_: Call) -> Result<Answer, Failure> {
    Ok(Answer::json(json!({"status": "ok"}).to_string()))
}

/// Requests may be sent here.
pub(in crate::api) async fn readyz(call: Call) -> Result<Answer, Failure> {
    let unready = |why: &str| Answer {
        status: StatusCode::SERVICE_UNAVAILABLE,
        ..Answer::json(json!({"status": "unready", "reason": why}).to_string())
    };
    if call.api.is_ending() {
        return Ok(unready("the server is about to end"));
    }
    if let Err(error) = call.api.engine.environment().await {
        tracing::warn!(%error, "the store cannot be read");
        return Ok(unready("the store cannot be read"));
    }
    Ok(Answer::json(json!({"status": "ready"}).to_string()))
}

/// The figures of the process. They name connections, so a key must open all of them.
pub(in crate::api) async fn metrics(call: Call, _: Key) -> Result<Answer, Failure> {
    Ok(Answer::plain(FIGURES, call.api.figures().await))
}
