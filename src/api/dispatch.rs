//! A request from its head to its answer.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::{BodyDataStream, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use futures_util::{FutureExt, StreamExt};
use tracing::Instrument;

use super::call::Call;
use super::failure::{Code, Failure, Family};
use super::limits::{Allowance, Gate, SMALL};
use super::reply::Answer;
use super::routes::{Found, Handler, Reply, Route, Values, find};
use super::shared::Api;
use super::tenant::{self, Key};
use crate::engine::{API_REQUESTS, API_SECONDS};
use crate::model::Id;

/// How long what nobody wants is read.
const DRAIN_WITHIN: Duration = Duration::from_secs(5);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// What is known of a request when it is logged. Neither its query nor values of its path are: they may be somebody's name.
#[derive(Debug, Default)]
pub(super) struct Told {
    key: Option<String>,
    connection: Option<String>,
    allowance: Option<Allowance>,
    /// What was sent and not read.
    unread: Option<BodyDataStream>,
}

/// Answers a request, whatever it is.
pub(super) async fn dispatch(State(api): State<Arc<Api>>, request: Request) -> Response {
    let began = Instant::now();
    let id = request_id();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let span = tracing::info_span!("request", id);
    let mut told = Told::default();
    let (name, family, result) = match find(&method, &path) {
        Found::Route(route, values) => {
            let result = within(&api, route, values, request, &mut told).instrument(span).await;
            (route.name, route.family, result)
        }
        Found::OtherMethods(methods) => {
            told.unread = Some(request.into_body().into_data_stream());
            ("", Family::of_path(&path), Err(other_method(&methods)))
        }
        Found::Nothing => {
            told.unread = Some(request.into_body().into_data_stream());
            ("", Family::of_path(&path), Err(nowhere()))
        }
    };
    let is_read = match told.unread.take() {
        Some(unread) => drained(unread, api.gate.limits().largest_body).await,
        None => true,
    };
    let mut response = finish(&id, family, result, &told);
    if !is_read {
        // What is still to come would be taken for the next request.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let (status, time) = (response.status().as_u16(), began.elapsed());
    let milliseconds = time.as_millis() as u64;
    // Only what the table knows is a label: a client can make up any other.
    let method = if name.is_empty() { "" } else { method_name(&method) };
    tracing::info!(
        id,
        operation = name,
        method,
        status,
        milliseconds,
        key = told.key,
        connection = told.connection,
        "answered"
    );
    let labels = [("operation", name.to_owned()), ("status", status.to_string())];
    metrics::counter!(API_REQUESTS, &labels).increment(1);
    metrics::histogram!(API_SECONDS, "operation" => name).record(time);
    response
}

fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "",
    }
}

/// Answers in the time that there is for it.
pub(super) async fn within(
    api: &Arc<Api>,
    route: &'static Route,
    values: Values,
    request: Request,
    told: &mut Told,
) -> Result<Answer, Failure> {
    let limits = api.gate.limits();
    let time = if route.writes { limits.time_of_writes } else { limits.time };
    let answering = AssertUnwindSafe(answer(api, route, values, request, told)).catch_unwind();
    match tokio::time::timeout(time, answering).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => {
            tracing::error!("the handler panicked");
            Err(Failure::internal())
        }
        Err(_) => Err(late(time)),
    }
}

async fn answer(
    api: &Arc<Api>,
    route: &'static Route,
    values: Values,
    request: Request,
    told: &mut Told,
) -> Result<Answer, Failure> {
    let (head, body) = request.into_parts();
    told.unread = Some(body.into_data_stream());
    let key = match route.handler {
        Handler::Open(_) => None,
        _ => Some(api.key_of(&head.headers).await?),
    };
    let mut _entered = None;
    if let Some(key) = &key {
        told.key = Some(key.id.clone());
        told.allowance = api.gate.count(&key.id, Instant::now());
        if let Some(Allowance { exceeded: true, limit, reset, .. }) = told.allowance {
            return Err(Failure::of(
                Code::PlatformRateLimitExceeded,
                format!("this API key has made its {limit} requests of this minute; try again in {reset} s"),
            ));
        }
        _entered = Some(api.gate.enter(&key.id).ok_or_else(|| {
            let at_once = api.gate.limits().at_once;
            Failure::of(
                Code::PlatformConcurrencyLimitExceeded,
                format!("this API key has {at_once} requests under way; wait until one is answered"),
            )
        })?);
        if route.writes && key.read_only {
            return Err(tenant::read_only());
        }
    }
    let who = who(api, route, key, &values, &head.headers)?;
    if let Who::Tenant(tenant) = &who {
        told.connection = Some(tenant.connection.clone());
    }
    if route.writes && !api.running.writes() {
        return Err(only_reads());
    }
    let most = if route.writes { api.gate.limits().largest_body } else { SMALL };
    let announced = length(&head.headers);
    if announced.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    let _place = match announced.unwrap_or(most) {
        length if length > SMALL => {
            let places = Arc::clone(&api.gate.large_bodies).acquire_many_owned(Gate::places(length)).await;
            Some(places.map_err(|_| Failure::internal())?)
        }
        _ => None,
    };
    let body = match &mut told.unread {
        Some(unread) => read(unread, most).await?,
        None => Bytes::new(),
    };
    told.unread = None;
    let call = Call::new(api, head.headers, values, head.uri.query(), body);
    let reply = match (route.handler, who) {
        (Handler::Open(handler), _) => handler(call),
        (Handler::Keyed(handler) | Handler::Operator(handler), Who::Key(key)) => handler(call, key),
        (Handler::Tenant(handler) | Handler::TenantInPath(handler), Who::Tenant(tenant)) => handler(call, tenant),
        _ => return Err(Failure::internal()),
    };
    if route.writes { to_its_end(reply).await } else { reply.await }
}

/// Who asks, as the endpoint needs to know it.
enum Who {
    Anybody,
    Key(Key),
    Tenant(tenant::Tenant),
}

fn who(api: &Api, route: &Route, key: Option<Key>, values: &Values, headers: &HeaderMap) -> Result<Who, Failure> {
    let Some(key) = key else { return Ok(Who::Anybody) };
    Ok(match route.handler {
        Handler::Open(_) => Who::Anybody,
        Handler::Keyed(_) => Who::Key(key),
        Handler::Operator(_) if key.connections.is_some() => return Err(tenant::bound()),
        Handler::Operator(_) => Who::Key(key),
        Handler::Tenant(_) => Who::Tenant(api.tenant_of(key, headers)?),
        Handler::TenantInPath(_) => {
            let named = values.iter().find(|(name, _)| *name == "integration_id");
            Who::Tenant(api.tenant(key, named.map_or("", |(_, value)| value))?)
        }
    })
}

/// In a task of its own: whoever asked may go away or wait no longer, and half a write is worse than a whole one.
async fn to_its_end(reply: Reply) -> Result<Answer, Failure> {
    match tokio::spawn(reply.in_current_span()).await {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Failure::internal()),
        },
    }
}

async fn read(chunks: &mut BodyDataStream, most: usize) -> Result<Bytes, Failure> {
    let mut read = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Failure::invalid("the body broke off"))?;
        if read.len() + chunk.len() > most {
            return Err(too_large(most));
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read.into())
}

/// Reads to its end what nobody wants, so that the client hears the answer: one that is still sending would hear that the
/// connection broke off. False when that would take too long.
async fn drained(mut chunks: BodyDataStream, most: usize) -> bool {
    let drained = async {
        let mut left = most;
        while let Some(chunk) = chunks.next().await {
            let Ok(chunk) = chunk else { return false };
            let Some(less) = left.checked_sub(chunk.len()) else { return false };
            left = less;
        }
        true
    };
    tokio::time::timeout(DRAIN_WITHIN, drained).await.unwrap_or_default()
}

/// How long the body is, as far as the head says it. One without a body says nothing.
fn length(headers: &HeaderMap) -> Option<usize> {
    match headers.get(header::CONTENT_LENGTH) {
        Some(length) => length.to_str().ok()?.parse().ok(),
        None if headers.contains_key(header::TRANSFER_ENCODING) => None,
        None => Some(0),
    }
}

/// The answer with all that every answer has.
fn finish(id: &str, family: Family, result: Result<Answer, Failure>, told: &Told) -> Response {
    let mut response = match result {
        Ok(answer) => answer.into_response(),
        Err(failure) => {
            let mut response = Answer::json(failure.body(family)).into_response();
            *response.status_mut() = failure.status;
            if let Some(allow) = failure.allow.and_then(|allow| HeaderValue::from_str(&allow).ok()) {
                response.headers_mut().insert(header::ALLOW, allow);
            }
            if failure.status == StatusCode::UNAUTHORIZED {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
    };
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(allowance) = told.allowance {
        headers.insert(LIMIT, allowance.limit.into());
        headers.insert(REMAINING, allowance.remaining.into());
        headers.insert(RESET, allowance.reset.into());
        if allowance.exceeded {
            headers.insert(header::RETRY_AFTER, allowance.reset.into());
        }
    }
    response
}

/// A text that no other request has.
fn request_id() -> String {
    let drawn: [u64; 2] = [fastrand::u64(..), fastrand::u64(..)];
    Id::derive("", "request", &format!("{drawn:?}")).to_string()
}

fn nowhere() -> Failure {
    Failure::without_code(
        StatusCode::NOT_FOUND,
        "Not found",
        "there is nothing at this path; the paths of the API begin with /v1/, which belongs to the base URL of an SDK",
    )
}

fn other_method(methods: &[&Method]) -> Failure {
    let allow = methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(", ");
    let message = format!("this path does not take this method; it takes {allow}");
    let failure = Failure::without_code(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", message);
    Failure { allow: Some(allow), ..failure }
}

fn too_large(most: usize) -> Failure {
    Failure::invalid(format!("the body is larger than {most} bytes")).with_status(StatusCode::PAYLOAD_TOO_LARGE)
}

fn late(after: Duration) -> Failure {
    Failure::of(Code::PlatformTaskTimedOut, format!("the request was not done within {} s", after.as_secs()))
}

/// What a server says that only reads the store.
pub(super) fn only_reads() -> Failure {
    Failure::without_code(
        StatusCode::CONFLICT,
        "This server only reads",
        "this server was started with --no-sync and only answers what is stored; send this to the one that syncs",
    )
}
