//! `/webhooks/v1`: applications and their hooks.

use super::super::server::Shared;
use super::events::Filter;
use super::{Webhook, uuid};
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::Arc;
use url::{Url, form_urlencoded};

/// How many filters a hook may have.
const MOST_FILTERS: usize = 10;

type Server = State<Arc<Shared>>;

pub(in crate::sandbox) fn router(shared: Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/applications", get(applications).post(create_application))
        .route("/applications/{application}", get(application).delete(delete_application))
        .route("/applications/{application}/webhooks", get(webhooks).post(create_webhook))
        .route("/applications/{application}/webhooks/{webhook}", get(webhook).delete(delete_webhook))
        .route("/applications/{application}/webhooks/{webhook}/{switch}", post(switch))
        .route("/signature-key", get(signature_key))
        .layer(from_fn_with_state(shared, admit))
}

async fn admit(State(shared): Server, request: Request, next: Next) -> Response {
    let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if shared.tokens.admits(token).is_some() {
        next.run(request).await
    } else {
        (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, "Bearer")]).into_response()
    }
}

fn refused(status: StatusCode, problem: &str) -> Response {
    (status, Json(json!({"message": problem}))).into_response()
}

fn not_found() -> Response {
    refused(StatusCode::NOT_FOUND, "Not found")
}

async fn public_key(shared: &Arc<Shared>) -> Result<String, Box<Response>> {
    let shared = Arc::clone(shared);
    let key = tokio::task::spawn_blocking(move || shared.hooks.key().public_pem()).await;
    key.map_err(|error| Box::new(refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string())))
}

/// The key as PEM; in which form the source serves it is not known (F).
async fn signature_key(State(shared): Server) -> Response {
    match public_key(&shared).await {
        Ok(key) => ([(header::CONTENT_TYPE, "application/x-pem-file")], key).into_response(),
        Err(response) => *response,
    }
}

async fn create_application(State(shared): Server, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let Some(name) = body["name"].as_str().filter(|_| body["_kind"] == "Application") else {
        return refused(StatusCode::BAD_REQUEST, "an application has `_kind: Application` and a `name`");
    };
    let key = match public_key(&shared).await {
        Ok(key) => key,
        Err(response) => return *response,
    };
    let mut registry = shared.hooks.registry();
    let id = registry.next_id();
    registry.applications.insert(id.clone(), name.to_owned());
    let made = json!({"_kind": "Application", "_id": id, "name": name, "publicKey": key});
    (StatusCode::CREATED, Json(made)).into_response()
}

async fn applications(State(shared): Server) -> Response {
    let registry = shared.hooks.registry();
    let items: Vec<Value> = registry.applications.keys().map(|id| json!({"_kind": "Application", "_id": id})).collect();
    Json(json!({ "items": items })).into_response()
}

async fn application(State(shared): Server, Path(id): Path<String>) -> Response {
    let name = shared.hooks.registry().applications.get(&id).cloned();
    let Some(name) = name else { return not_found() };
    match public_key(&shared).await {
        Ok(key) => Json(json!({"_kind": "Application", "_id": id, "name": name, "publicKey": key})).into_response(),
        Err(response) => *response,
    }
}

async fn delete_application(State(shared): Server, Path(id): Path<String>) -> Response {
    let mut registry = shared.hooks.registry();
    if registry.applications.remove(&id).is_none() {
        return not_found();
    }
    registry.webhooks.retain(|_, webhook| webhook.application != id);
    StatusCode::NO_CONTENT.into_response()
}

async fn create_webhook(State(shared): Server, Path(application): Path<String>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let webhook = match read_webhook(&application, &body) {
        Ok(webhook) => webhook,
        Err(problem) => return refused(StatusCode::BAD_REQUEST, &problem),
    };
    let mut registry = shared.hooks.registry();
    if !registry.applications.contains_key(&application) {
        return not_found();
    }
    let id = registry.next_id();
    registry.webhooks.insert(id.clone(), webhook);
    (StatusCode::CREATED, Json(json!({"_kind": "Webhook", "_id": id}))).into_response()
}

fn read_webhook(application: &str, body: &Value) -> Result<Webhook, String> {
    if body["_kind"] != "Webhook" {
        return Err("a webhook has `_kind: Webhook`".to_owned());
    }
    let url = body["url"].as_str().and_then(|url| Url::parse(url).ok());
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https")).ok_or("`url` is no address of HTTP")?;
    let filters = body["filters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if filters.is_empty() || filters.len() > MOST_FILTERS {
        return Err(format!("a webhook has 1 to {MOST_FILTERS} filters"));
    }
    let header = |header: &Value| {
        let (name, value) = (header["name"].as_str()?, header["value"].as_str()?);
        let valid = HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok();
        valid.then(|| (name.to_owned(), value.to_owned()))
    };
    let headers = body["customHeaders"].as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(Webhook {
        application: application.to_owned(),
        url,
        filters: filters.iter().map(Filter::read).collect::<Result<_, _>>()?,
        headers: headers.iter().map(header).collect::<Option<_>>().ok_or("a custom header has a name and a value")?,
        enabled: true,
        recent: VecDeque::new(),
    })
}

/// The members that `?fields=` asks for.
fn wanted(query: Option<String>) -> Vec<String> {
    let query = query.unwrap_or_default();
    let fields = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "fields");
    fields.flat_map(|(_, value)| value.split(',').map(|field| field.trim().to_owned()).collect::<Vec<_>>()).collect()
}

async fn webhooks(State(shared): Server, Path(application): Path<String>, RawQuery(query): RawQuery) -> Response {
    let fields = wanted(query);
    let registry = shared.hooks.registry();
    if !registry.applications.contains_key(&application) {
        return not_found();
    }
    let own = registry.webhooks.iter().filter(|(_, webhook)| webhook.application == application);
    let items: Vec<Value> = own.map(|(id, webhook)| webhook.members(id, &fields)).collect();
    Json(json!({ "items": items })).into_response()
}

async fn webhook(
    State(shared): Server,
    Path((application, id)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let fields = wanted(query);
    let registry = shared.hooks.registry();
    let webhook = registry.webhooks.get(&id).filter(|webhook| webhook.application == application);
    webhook.map_or_else(not_found, |webhook| Json(webhook.members(&id, &fields)).into_response())
}

async fn delete_webhook(State(shared): Server, Path((application, id)): Path<(String, String)>) -> Response {
    let mut registry = shared.hooks.registry();
    if registry.webhooks.get(&id).is_none_or(|webhook| webhook.application != application) {
        return not_found();
    }
    registry.webhooks.remove(&id);
    StatusCode::NO_CONTENT.into_response()
}

/// `enable` forgets how earlier deliveries went.
async fn switch(State(shared): Server, Path((application, id, switch)): Path<(String, String, String)>) -> Response {
    let mut registry = shared.hooks.registry();
    let webhook = registry.webhooks.get_mut(&id).filter(|webhook| webhook.application == application);
    let Some(webhook) = webhook.filter(|_| matches!(&*switch, "enable" | "disable")) else { return not_found() };
    webhook.enabled = switch == "enable";
    webhook.recent.clear();
    Json(webhook.members(&id, &["status".to_owned()])).into_response()
}

/// The id of an event.
pub(super) fn event_id() -> String {
    uuid(fastrand::u32(..))
}
