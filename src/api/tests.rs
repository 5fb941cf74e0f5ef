//! What every route has in common, tried on all that the table has. The engine is at work on a home whose sources nobody
//! asks.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Method, Request, StatusCode};
use futures_util::FutureExt;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::call::Call;
use super::dispatch::{dispatch, within};
use super::failure::{Code, Failure, Family};
use super::limits::ApiLimits;
use super::reply::Answer;
use super::routes::{Handler, ROUTES, Route};
use super::shared::Api;
use super::tenant::INTEGRATION;
use crate::engine::{Engine, IntegrationId, NewKey, RunOptions};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A server without a listener, over the connections `acme` and `birch`.
struct Server {
    _home: TempDir,
    api: Arc<Api>,
}

/// An answer.
struct Answered {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: Value,
}

impl Answered {
    fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or("")
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

impl Server {
    async fn start(limits: ApiLimits) -> Server {
        let home = tempfile::tempdir().unwrap();
        for folder in ["mappings", "scripts"] {
            copy(&Path::new(ROOT).join(folder), &home.path().join(folder));
        }
        std::fs::create_dir(home.path().join("connections")).unwrap();
        for name in ["acme", "birch"] {
            let text = "connector: carerix\nsettings: { tenant: x, realm: x }\n\
                        credentials: { client_id: \"env:NOBODY_SETS_THIS\", client_secret: \"env:NOBODY_SETS_THIS\" }\n";
            std::fs::write(home.path().join(format!("connections/{name}.yaml")), text).unwrap();
        }
        let engine = Engine::open(home.path(), None).await.unwrap();
        let options = RunOptions { syncs: false, watch: None, ..RunOptions::default() };
        let running = Arc::new(engine.run(options).await.unwrap());
        let api = Api::new(engine, running, Arc::new(String::new), limits).await.unwrap();
        Server { _home: home, api }
    }

    async fn key(&self, name: &str, connections: &[&str], read_only: bool) -> String {
        let connections = connections.iter().map(|name| (*name).to_owned()).collect();
        let new = NewKey { name: name.to_owned(), connections, read_only };
        self.api.engine.create_key(new).await.unwrap().unwrap().text.expose_secret().to_owned()
    }

    fn id_of(&self, connection: &str) -> String {
        IntegrationId::new(&self.api.running.revision(connection).unwrap(), connection).to_string()
    }

    /// Asks a route, about an integration where it wants one.
    async fn ask(&self, route: &Route, key: Option<&str>, integration: &str) -> Answered {
        let path = route.path.replace("{integration_id}", integration);
        let path: Vec<&str> = path.split('/').map(|piece| if piece.starts_with('{') { "x" } else { piece }).collect();
        let mut request = Request::builder().method(route.method.clone()).uri(path.join("/"));
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        if matches!(route.handler, Handler::Tenant(_)) {
            request = request.header(INTEGRATION, integration);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn send(&self, request: Request<Body>) -> Answered {
        let response = dispatch(State(Arc::clone(&self.api)), request).await;
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 20).await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        assert!(head.headers.contains_key("x-request-id"), "every answer has an id");
        Answered { status: head.status, headers: head.headers, body }
    }
}

fn wants_a_key(route: &Route) -> bool {
    !matches!(route.handler, Handler::Open(_))
}

fn wants_an_integration(route: &Route) -> bool {
    matches!(route.handler, Handler::Tenant(_) | Handler::TenantInPath(_))
}

fn is_error(answered: &Answered) {
    let error = &answered.body["error"];
    assert_eq!(answered.body["status"], "error", "{}", answered.body);
    assert_eq!(answered.headers["content-type"], "application/json");
    let keys: Vec<&String> = error.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["code", "log_url", "message", "title"]);
    assert!(error["message"].is_string());
}

#[tokio::test]
async fn no_route_answers_who_has_no_right_to_it() {
    let server = Server::start(ApiLimits::default()).await;
    let all = server.key("all", &[], false).await;
    let acme = server.key("acme", &["acme"], false).await;
    let reader = server.key("reader", &["acme"], true).await;
    let revoked = server.key("revoked", &[], false).await;
    server.api.engine.revoke_key("revoked").await.unwrap().unwrap();
    let (own, foreign) = (server.id_of("acme"), server.id_of("birch"));
    let mut other_secret = all[..all.len() - 1].to_owned();
    other_secret.push(if all.ends_with('A') { 'B' } else { 'A' });
    let mut tried = 0;
    for route in ROUTES {
        let name = route.name;
        if !wants_a_key(route) {
            assert!(server.ask(route, None, "").await.status.is_success(), "{name}");
            continue;
        }
        for wrong in [None, Some(revoked.as_str()), Some(&other_secret), Some("cwk_"), Some("nonsense")] {
            let answered = server.ask(route, wrong, &own).await;
            is_error(&answered);
            assert_eq!(answered.status, StatusCode::UNAUTHORIZED, "{name}");
            assert_eq!(answered.code(), "PLATFORM.AUTHENTICATION_INVALID", "{name}");
            assert!(!answered.headers.contains_key("ratelimit-limit"), "{name}: nobody's limit");
        }
        if wants_an_integration(route) {
            let not_there = format!("{}:ZZZZZZZZZZZZZZZZZZZZZZZZ", own.split_once(':').unwrap().0);
            let mut said = Vec::new();
            for other in [
                foreign.as_str(),
                &not_there,
                "other:birch",
                "carerixgraphql:birch",
                "birch",
                ":",
                &own.replace("carerix", "x"),
            ] {
                let answered = server.ask(route, Some(&acme), other).await;
                is_error(&answered);
                assert_eq!(answered.status, StatusCode::NOT_FOUND, "{name} {other}");
                assert_eq!(answered.code(), "PLATFORM.INTEGRATION_NOT_FOUND", "{name}");
                said.push(answered.body);
            }
            said.dedup();
            assert_eq!(said.len(), 1, "{name} tells apart what is not there and what is not yours");
        }
        let answered = server.ask(route, Some(&reader), &own).await;
        if route.writes {
            is_error(&answered);
            assert_eq!(answered.status, StatusCode::FORBIDDEN, "{name}");
        } else if matches!(route.handler, Handler::Operator(_)) {
            assert_eq!(answered.status, StatusCode::FORBIDDEN, "{name} tells of all connections");
        } else {
            assert_ne!(answered.status, StatusCode::FORBIDDEN, "{name}");
        }
        // Whoever has the right gets past all that, by the id or by the name.
        for named in [own.as_str(), "carerixgraphql:acme"] {
            let answered = server.ask(route, Some(&all), named).await;
            assert!(!matches!(answered.status.as_u16(), 401 | 403), "{name}: {}", answered.body);
            assert_ne!(answered.code(), "PLATFORM.INTEGRATION_NOT_FOUND", "{name}");
            assert!(answered.headers.contains_key("ratelimit-limit"), "{name}");
        }
        tried += 1;
    }
    assert!(tried > 5, "{tried}");
}

#[tokio::test]
async fn without_the_header_an_integration_is_asked_for() {
    let server = Server::start(ApiLimits::default()).await;
    let key = server.key("all", &[], false).await;
    for route in ROUTES.iter().filter(|route| matches!(route.handler, Handler::Tenant(_))) {
        let request = Request::builder()
            .method(route.method.clone())
            .uri(route.path.replace(['{', '}'], ""))
            .header("authorization", format!("bearer  {key}"));
        let answered = server.send(request.body(Body::empty()).unwrap()).await;
        is_error(&answered);
        assert_eq!((answered.status, answered.code()), (StatusCode::BAD_REQUEST, "PLATFORM.INPUT_INVALID"));
        assert!(answered.body["error"]["message"].as_str().unwrap().contains("X-Integration-Id"));
    }
}

#[tokio::test]
async fn whatever_is_asked_is_answered_in_the_envelope() {
    let server = Server::start(ApiLimits::default()).await;
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "/v1", 404),
        ("GET", "/v1/", 404),
        ("POST", "/v1/ats/nothing", 404),
        ("GET", "/v1/%ff", 404),
        ("DELETE", "/v1/check-api-key", 405),
        ("BREW", "/v1/force-sync", 405),
        ("HEAD", "/healthz", 200),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answered = server.send(request).await;
        assert_eq!(answered.status.as_u16(), status, "{method} {path}");
        match status {
            200 => {}
            405 => assert!(answered.headers.contains_key("allow")),
            _ => is_error(&answered),
        }
    }
}

#[tokio::test]
async fn a_key_has_its_requests_of_a_minute() {
    let limits = ApiLimits { requests_a_minute: 2, ..ApiLimits::default() };
    let server = Server::start(limits).await;
    let (key, other) = (server.key("one", &[], false).await, server.key("two", &[], false).await);
    let route = ROUTES.iter().find(|route| route.name == "check_api_key").unwrap();
    let header = |answered: &Answered, name: &str| answered.headers[name].to_str().unwrap().to_owned();
    let first = server.ask(route, Some(&key), "").await;
    assert_eq!((header(&first, "ratelimit-limit"), header(&first, "ratelimit-remaining")), ("2".into(), "1".into()));
    let reset: u64 = header(&first, "ratelimit-reset").parse().unwrap();
    assert!((1..=60).contains(&reset));
    assert!(server.ask(route, Some(&key), "").await.status.is_success());
    let third = server.ask(route, Some(&key), "").await;
    is_error(&third);
    assert_eq!((third.status.as_u16(), third.code()), (429, "PLATFORM.RATE_LIMIT_EXCEEDED"));
    assert_eq!(header(&third, "ratelimit-remaining"), "0");
    assert!(third.headers.contains_key("retry-after"));
    assert!(server.ask(route, Some(&other), "").await.status.is_success(), "others have theirs");
}

#[tokio::test]
async fn a_body_has_its_bounds_and_is_json() {
    let limits = ApiLimits { largest_body: 2000, ..ApiLimits::default() };
    let server = Server::start(limits).await;
    let key = server.key("all", &[], false).await;
    let id = server.id_of("acme");
    let post = |body: Body, length: Option<usize>| {
        let mut request = Request::post("/v1/passthrough/carerixgraphql/graphql")
            .header("authorization", format!("Bearer {key}"))
            .header(INTEGRATION, &id);
        request = match length {
            Some(length) => request.header("content-length", length),
            None => request.header("transfer-encoding", "chunked"),
        };
        server.send(request.body(body).unwrap())
    };
    let large = "x".repeat(2001);
    for answered in [post(Body::from(large.clone()), Some(2001)).await, post(Body::from(large), None).await] {
        is_error(&answered);
        assert_eq!((answered.status.as_u16(), answered.code()), (413, "PLATFORM.INPUT_INVALID"));
    }
    for wrong in
        ["", " ", "{", "[1", "{\"method\": 5, \"path\": \"secret-name\"}", "{\"method\": \"GET\"}", "null", "\u{7f}"]
    {
        let answered = post(Body::from(wrong), Some(wrong.len())).await;
        is_error(&answered);
        assert_eq!((answered.status.as_u16(), answered.code()), (400, "PLATFORM.INPUT_INVALID"), "{wrong}");
        assert!(!answered.body.to_string().contains("secret-name"), "values are not repeated: {}", answered.body);
    }
}

async fn panics(_: Call) -> Result<Answer, Failure> {
    panic!("on purpose")
}

async fn takes_forever(_: Call) -> Result<Answer, Failure> {
    std::future::pending().await
}

static PANICS: Route = route(false, |call| Box::pin(panics(call)));

static PANICS_WRITING: Route = route(true, |call| Box::pin(panics(call)));

static TAKES_FOREVER: Route = route(false, |call| Box::pin(takes_forever(call)));

const fn route(writes: bool, handler: fn(Call) -> super::routes::Reply) -> Route {
    Route {
        name: "",
        method: Method::GET,
        path: "/",
        summary: "",
        family: Family::General,
        writes,
        handler: Handler::Open(handler),
    }
}

#[tokio::test]
async fn a_handler_that_panics_or_takes_too_long_is_answered_for() {
    let limits = ApiLimits { time: Duration::from_millis(20), ..ApiLimits::default() };
    let server = Server::start(limits).await;
    let ask = |route: &'static Route| {
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        let api = Arc::clone(&server.api);
        async move { within(&api, route, Vec::new(), request, &mut Default::default()).await.unwrap_err() }.boxed()
    };
    for route in [&PANICS, &PANICS_WRITING] {
        assert_eq!(ask(route).await, Failure::internal());
    }
    let late = ask(&TAKES_FOREVER).await;
    assert_eq!((late.status, late.code), (StatusCode::GATEWAY_TIMEOUT, Some(Code::PlatformTaskTimedOut)));
}

#[test]
fn general_endpoints_have_codes_of_the_platform_only() {
    for code in Code::ALL {
        let failure = Failure::of(*code, "m");
        let code_in = |family| {
            let body: Value = serde_json::from_str(&failure.body(family)).unwrap();
            body["error"]["code"].clone()
        };
        assert_eq!(code_in(Family::Ats), code.as_str());
        let general = code_in(Family::General);
        match code.as_str().starts_with("PLATFORM.") {
            true => assert_eq!(general, code.as_str()),
            false => assert_eq!(general, Value::Null),
        }
        assert!(failure.status.is_client_error() || failure.status.is_server_error());
    }
    let body: Value = serde_json::from_str(&Failure::no_record("job").body(Family::Ats)).unwrap();
    assert_eq!(body["error"]["log_url"], json!(null));
}
