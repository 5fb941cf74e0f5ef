//! Where sources tell of changes: `POST /webhooks/{connection}`.
//!
//! Answers have no body, and say the same of a connection that there is not as of a signature that does not fit.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::engine::Running;
use crate::webhook::Refused;

/// The largest request.
const LARGEST: usize = 1 << 20;

/// How long a request may take, from its head to its answer. Sources wait for ten seconds.
const TIME_LIMIT: Duration = Duration::from_secs(9);

/// Requests that are read and looked at at the same time.
const AT_ONCE: usize = 64;

/// An address at which nobody is answered yet.
#[derive(Debug)]
pub struct WebhookListener(TcpListener);

/// Takes webhooks, until it is dropped.
#[derive(Debug)]
pub struct WebhookServer {
    address: SocketAddr,
    serving: JoinHandle<()>,
}

#[derive(Clone)]
struct Served {
    running: Arc<Running>,
    turns: Arc<Semaphore>,
}

impl WebhookListener {
    /// Takes the address. Port 0 is any that is free.
    pub async fn bind(address: SocketAddr) -> io::Result<WebhookListener> {
        TcpListener::bind(address).await.map(WebhookListener)
    }

    /// Begins to hand requests to an engine.
    pub fn serve(self, running: Arc<Running>) -> io::Result<WebhookServer> {
        let address = self.0.local_addr()?;
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(self.0, webhooks(running)).await {
                tracing::error!(%error, "no webhooks are taken any more");
            }
        });
        Ok(WebhookServer { address, serving })
    }
}

impl WebhookServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for WebhookServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// The route of webhooks, for a server that has others as well.
pub fn webhooks(running: Arc<Running>) -> Router {
    Router::new()
        .route("/webhooks/{connection}", post(receive))
        .layer(DefaultBodyLimit::max(LARGEST))
        .with_state(Served { running, turns: Arc::new(Semaphore::new(AT_ONCE)) })
}

async fn receive(State(served): State<Served>, Path(connection): Path<String>, request: Request) -> Response {
    let taken = tokio::time::timeout(TIME_LIMIT, take(&served, &connection, request)).await;
    match taken.unwrap_or(StatusCode::SERVICE_UNAVAILABLE) {
        StatusCode::TOO_MANY_REQUESTS => {
            let after = [(header::RETRY_AFTER, HeaderValue::from_static("1"))];
            (StatusCode::TOO_MANY_REQUESTS, after).into_response()
        }
        status => status.into_response(),
    }
}

async fn take(served: &Served, connection: &str, request: Request) -> StatusCode {
    let Ok(_turn) = served.turns.acquire().await else { return StatusCode::SERVICE_UNAVAILABLE };
    let headers = request.headers().clone();
    let body = match Bytes::from_request(request, &()).await {
        Ok(body) => body,
        Err(rejection) => return rejection.status(),
    };
    match served.running.receive(connection, &headers, &body).await {
        Ok(_) => StatusCode::OK,
        Err(Refused::Malformed) => StatusCode::BAD_REQUEST,
        Err(Refused::TooMany) => StatusCode::TOO_MANY_REQUESTS,
        Err(Refused::Store) => StatusCode::SERVICE_UNAVAILABLE,
        Err(_) => StatusCode::UNAUTHORIZED,
    }
}
