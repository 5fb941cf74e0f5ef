//! A source against small servers on this machine.

mod answers;
mod commands;
mod cursors;
mod dividing;
mod forms;
mod keys;
mod limits;
mod pages;
mod retries;
mod secrets;
mod tokens;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::post,
};
use futures_util::{TryStreamExt, future::BoxFuture};
use serde_json::{Value, json};
use url::Url;

use super::*;
use crate::connector::{EndMember, Faults, Header, HeaderPart, Limits, OAuth2, Paging, Placement, Rate, Sequence};

const SECRET: &str = "s3cr3t/with+signs=";

/// A request for a token, as the identity server sees it.
struct TokenCall {
    /// How many came before.
    before: usize,
    headers: HeaderMap,
    form: Vec<(String, String)>,
}

/// A request for a page, as the remote system sees it.
struct PageCall {
    /// How many came before.
    before: usize,
    page: u64,
    size: u64,
    authorization: String,
    headers: HeaderMap,
    body: Value,
}

/// A remote system on this machine.
struct Server {
    url: Url,
    token_calls: Arc<AtomicUsize>,
    page_calls: Arc<AtomicUsize>,
    most_under_way: Arc<AtomicUsize>,
}

impl Server {
    /// One whose tokens are `token-1`, `token-2` and so on, and live for an hour.
    async fn start(pages: impl Fn(PageCall) -> BoxFuture<'static, Response> + Send + Sync + 'static) -> Self {
        Self::with_tokens(|call| grant(call.before + 1, json!(3600)), pages).await
    }

    async fn with_tokens(
        tokens: impl Fn(TokenCall) -> Response + Send + Sync + 'static,
        pages: impl Fn(PageCall) -> BoxFuture<'static, Response> + Send + Sync + 'static,
    ) -> Self {
        let [token_calls, page_calls, under_way, most_under_way] = [(); 4].map(|()| Arc::new(AtomicUsize::new(0)));
        let (tokens, pages) = (Arc::new(tokens), Arc::new(pages));
        let token_count = Arc::clone(&token_calls);
        let (page_count, most) = (Arc::clone(&page_calls), Arc::clone(&most_under_way));
        let app = Router::new()
            .route(
                "/token",
                post(async move |headers: HeaderMap, body: Bytes| {
                    let form = url::form_urlencoded::parse(&body).into_owned().collect();
                    tokens(TokenCall { before: token_count.fetch_add(1, Ordering::SeqCst), headers, form })
                }),
            )
            .route(
                "/graphql",
                post(async move |headers: HeaderMap, body: Bytes| {
                    most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let body: Value = serde_json::from_slice(&body).unwrap();
                    let answer = pages(PageCall {
                        before: page_count.fetch_add(1, Ordering::SeqCst),
                        page: body["variables"]["page"].as_u64().unwrap_or_default(),
                        size: body["variables"]["size"].as_u64().unwrap_or_default(),
                        authorization: headers
                            .get(header::AUTHORIZATION)
                            .map(|value| value.to_str().unwrap().to_owned())
                            .unwrap_or_default(),
                        headers,
                        body,
                    })
                    .await;
                    under_way.fetch_sub(1, Ordering::SeqCst);
                    answer
                }),
            );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, token_calls, page_calls, most_under_way }
    }

    /// How to reach it: quick retries, four pages at a time.
    fn remote(&self) -> Remote {
        Remote {
            endpoint: self.url.join("/graphql").unwrap(),
            oauth2: Some(OAuth2 {
                token_url: self.url.join("/token").unwrap(),
                scopes: vec!["things:read".to_owned(), "people:read".to_owned()],
                placement: Placement::Body,
                expiry_margin: Duration::from_secs(1),
            }),
            headers: Vec::new(),
            paging: Paging {
                size: 10,
                sequence: Sequence::Numbered { prefetch: 4 },
                items: "items".to_owned(),
                end: Some(EndMember::Last("last".to_owned())),
                total: Some("total".to_owned()),
            },
            limits: Limits {
                timeout: Duration::from_secs(5),
                attempts: 3,
                pause: Duration::from_millis(5),
                longest_pause: Duration::from_millis(50),
                skipped_rows: 3,
                longest_wait: Duration::from_secs(60),
                rate: Some(Rate { requests: 1_000_000, per: Duration::from_secs(1), burst: 1000 }),
                ..Limits::default()
            },
            faults: Faults { too_complex: vec!["complex".to_owned()] },
        }
    }

    fn source(&self) -> Source {
        source(self.remote())
    }

    fn token_calls(&self) -> usize {
        self.token_calls.load(Ordering::SeqCst)
    }

    fn page_calls(&self) -> usize {
        self.page_calls.load(Ordering::SeqCst)
    }
}

fn source(remote: Remote) -> Source {
    Source::new(remote, Credentials::of_client("client:1", SECRET)).unwrap()
}

fn operation() -> Operation {
    Operation {
        name: "Things".to_owned(),
        text: "query Things($page: Int, $size: Int) { thingPage(page: $page, size: $size) { items { id } } }"
            .to_owned(),
        root: "thingPage".to_owned(),
        ..Operation::default()
    }
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn grant(number: usize, expires_in: Value) -> Response {
    let token = format!("token-{number}");
    json_answer(StatusCode::OK, &json!({"access_token": token, "token_type": "bearer", "expires_in": expires_in}))
}

fn list(items: Value, last: bool, total: Option<u64>) -> Value {
    json!({"data": {"thingPage": {"items": items, "last": last, "total": total}}})
}

/// An answer that does not depend on anything but how many came before.
fn answers(
    answer: impl Fn(usize) -> Response + Send + Sync + 'static,
) -> impl Fn(PageCall) -> BoxFuture<'static, Response> + Send + Sync + 'static {
    move |call| {
        let answer = answer(call.before);
        Box::pin(async move { answer })
    }
}

fn one_row() -> Response {
    json_answer(StatusCode::OK, &list(json!([{"id": 1}]), true, Some(1)))
}

/// The page `call` asks for of a list of `rows` numbers, in pages of at most `cap`.
fn slice(call: &PageCall, rows: u64, cap: u64) -> Value {
    let size = call.size.min(cap);
    let from = (call.page * size).min(rows);
    let to = (from + size).min(rows);
    list(json!((from..to).collect::<Vec<_>>()), to == rows, Some(rows))
}

async fn numbers(source: &Source, from: impl Into<Position>) -> Vec<u64> {
    let pages: Vec<Page> = source.pages(&operation(), from).try_collect().await.unwrap();
    pages.iter().flat_map(Page::items).map(|row| row.parse().unwrap()).collect()
}
