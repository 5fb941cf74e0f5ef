//! The HTTP server around all endpoints.

use super::admin;
use super::data::{Change, Churn, EditError, World};
use super::faults::{Served, State};
use super::graphql::graphql;
use super::identity::{Tokens, discovery, token};
use super::options::Options;
use super::resolve::Tenant;
use super::stats::Counters;
use super::webhooks::{self, Hooks};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::extract::connect_info::Connected;
use axum::routing::{get, post};
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

/// What the API takes at most.
const BODY_LIMIT: usize = 10 * 1024 * 1024;

/// What all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    pub(super) base_url: String,
    pub(super) tokens: Tokens,
    pub(super) tenant: RwLock<Tenant>,
    pub(super) faults: State,
    pub(super) counters: Counters,
    /// The whole schema, for those who ask the tenant past all faults.
    pub(super) whole: Served,
    pub(super) hooks: Hooks,
    /// Where deliveries run, whoever changes the tenant.
    pub(super) runtime: Handle,
    pub(super) closing: watch::Sender<bool>,
}

impl Shared {
    /// Changes the tenant; whoever looks at it sees all of the changes or none.
    pub(super) fn rewrite(
        self: &Arc<Self>,
        change: impl FnOnce(&mut World) -> Result<Vec<Change>, EditError>,
    ) -> Result<Vec<Change>, EditError> {
        let mut tenant = self.tenant.write().unwrap_or_else(PoisonError::into_inner);
        let changes = change(&mut tenant.world)?;
        tenant.orders.follow(&tenant.world, &changes);
        webhooks::announce(self, &tenant.world, &changes);
        for change in &changes {
            self.counters.change(change.kind.word());
        }
        Ok(changes)
    }

    pub(super) fn churn(self: &Arc<Self>, churn: Churn) -> Vec<Change> {
        self.rewrite(|world| Ok(world.churn(churn))).unwrap_or_default()
    }

    /// Waits, but not when the sandbox stops.
    pub(super) async fn wait(&self, pause: Duration) {
        if pause.is_zero() {
            return;
        }
        let mut closing = self.closing();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = closing.wait_for(|closing| *closing) => {}
        }
    }

    pub(super) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/auth/realms/{realm}/protocol/openid-connect/token", post(token))
        .route("/auth/realms/{realm}/.well-known/openid-configuration", get(discovery))
        .route("/graphql/v1/graphql", post(graphql))
        .nest("/webhooks/v1", webhooks::router(Arc::clone(&shared)))
        .nest("/sandbox", admin::router())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(shared)
}

/// Serves until the returned sender is used or dropped.
pub(super) fn serve(listener: TcpListener, shared: Arc<Shared>) -> (oneshot::Sender<()>, JoinHandle<io::Result<()>>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let service = router(Arc::clone(&shared)).into_make_service_with_connect_info::<Line>();
    let server = axum::serve(Wires(listener), service).with_graceful_shutdown(async move {
        // A dropped sender is as good a sign as a used one.
        let _ = stopped.await;
        shared.closing.send_replace(true);
    });
    (stop, tokio::spawn(server.into_future()))
}

/// A client's connection, as an answer sees it: it can be reset.
#[derive(Debug, Clone, Default)]
pub(super) struct Line(Arc<AtomicBool>);

impl Line {
    /// From now on nothing is sent, and the peer is told that the connection was reset.
    pub(super) fn reset(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_reset(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Connected<IncomingStream<'_, Wires>> for Line {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Line {
        stream.io().line.clone()
    }
}

/// Connections that can be reset.
struct Wires(TcpListener);

impl Listener for Wires {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Wire, SocketAddr) {
        loop {
            match self.0.accept().await {
                Ok((stream, address)) => return (Wire { stream, line: Line::default() }, address),
                // Out of file descriptors, most likely: others will be closed.
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

struct Wire {
    stream: TcpStream,
    line: Line,
}

impl Wire {
    fn open(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        match self.line.is_reset() {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(Pin::new(&mut self.stream)),
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.line.is_reset() {
            // Without it the peer would see an orderly end.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.open()?.poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.open()?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.open()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.open()?.poll_shutdown(context)
    }
}
