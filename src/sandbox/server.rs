//! The HTTP server around both endpoints.

use super::graphql::{Documents, graphql};
use super::identity::{Tokens, discovery, token};
use super::options::Options;
use super::resolve::Tenant;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, RwLock};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What the API takes at most.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// What all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) base_url: String,
    pub(super) tokens: Tokens,
    pub(super) documents: Documents,
    pub(super) tenant: RwLock<Tenant>,
    pub(super) requests: AtomicU64,
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/auth/realms/{realm}/protocol/openid-connect/token", post(token))
        .route("/auth/realms/{realm}/.well-known/openid-configuration", get(discovery))
        .route("/graphql/v1/graphql", post(graphql))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(shared)
}

/// Serves until the returned sender is used or dropped.
pub(super) fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
) -> (oneshot::Sender<()>, JoinHandle<std::io::Result<()>>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, router(shared)).with_graceful_shutdown(async move {
        // A dropped sender is as good a sign as a used one.
        let _ = stopped.await;
    });
    (stop, tokio::spawn(server.into_future()))
}
