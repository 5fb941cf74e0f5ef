//! A source that refuses as it is told, and repeats whatever it was sent wherever it can.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

/// What the access token of the stub is.
pub const TOKEN: &str = "t0ken-of-the-stub-0123456789abcdef";

/// How the identity server answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    Grants,
    /// The status, the code of OAuth 2, and its description; the request's form stands behind it.
    Refuses(u16, &'static str, &'static str),
    UnknownRealm,
    Page(u16),
    Fails,
}

/// How the API answers a query whose root this is; the others are answered.
#[derive(Debug, Clone, Copy)]
pub struct Api {
    pub root: Option<&'static str>,
    pub answer: Answer,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    Rows,
    /// A status with a message.
    Status(u16, &'static str),
    /// An error with this kind and message in the place of data.
    Error(Option<&'static str>, &'static str),
    /// The same beside rows, about a field.
    FieldError(&'static str, &'static str),
    Page,
    Silence,
}

/// Starts one, and gives its address.
pub async fn start(identity: Identity, api: Api) -> String {
    let shared = Arc::new((identity, api));
    let app = Router::new()
        .route("/auth/realms/{realm}/protocol/openid-connect/token", post(token))
        .route("/graphql/v1/graphql", post(graphql))
        .with_state(shared);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    base
}

type Shared = State<Arc<(Identity, Api)>>;

async fn token(State(shared): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let form = String::from_utf8_lossy(&body).into_owned();
    let in_form = url::form_urlencoded::parse(&body).find(|(name, _)| name == "client_secret");
    let in_header = || headers[header::AUTHORIZATION].to_str().unwrap().to_owned();
    let secret = in_form.map_or_else(in_header, |(_, secret)| secret.into_owned());
    match shared.0 {
        Identity::Grants => answer(200, &json!({"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300})),
        Identity::Refuses(status, error, description) => {
            let description = format!("{description} {secret} {form}");
            answer(status, &json!({"error": error, "error_description": description}))
        }
        Identity::UnknownRealm => answer(404, &json!({"error": "Realm does not exist"})),
        Identity::Page(status) => page(status, &form),
        Identity::Fails => answer(500, &json!({"error": "unknown_error", "error_description": secret})),
    }
}

async fn graphql(State(shared): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let request: Value = serde_json::from_slice(&body).unwrap();
    let text = request["query"].as_str().unwrap();
    let roots = ["crUserPage", "crStatusInfoPage", "crVacancyPage", "crEmployeePage", "crMatchPage", "crDataNodePage"];
    let root = roots.into_iter().find(|root| text.contains(&format!("{root}("))).unwrap();
    let carried = headers[header::AUTHORIZATION].to_str().unwrap();
    let api = shared.1;
    let rows =
        |errors: Value| json!({"data": {root: {"items": [], "last": true, "totalElements": 3}}, "errors": errors});
    match api.answer {
        _ if api.root.is_some_and(|refused| refused != root) => answer(200, &rows(json!([]))),
        Answer::Rows => answer(200, &rows(json!([]))),
        Answer::Status(status, message) => {
            answer(status, &json!({"errors": [{"message": format!("{message} {carried}")}]}))
        }
        Answer::Error(kind, message) => {
            let error = json!({"message": format!("{message} {carried}"), "extensions": {"errorType": kind}});
            answer(200, &json!({"data": {root: null}, "errors": [error]}))
        }
        Answer::FieldError(path, message) => {
            let error = json!({"message": format!("{message} {carried}"), "path": [root, "items", 0, path]});
            answer(200, &rows(json!([error])))
        }
        Answer::Page => page(200, carried),
        Answer::Silence => std::future::pending().await,
    }
}

fn answer(status: u16, body: &Value) -> Response {
    let json = [(header::CONTENT_TYPE, "application/json")];
    (StatusCode::from_u16(status).unwrap(), json, body.to_string()).into_response()
}

fn page(status: u16, echo: &str) -> Response {
    let html = [(header::CONTENT_TYPE, "text/html")];
    (StatusCode::from_u16(status).unwrap(), html, format!("<html><h1>Log in</h1>{echo}</html>")).into_response()
}
