//! The HTTP server: connections of clients, each with its time and its end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::dispatch::dispatch;
use super::shared::Api;
use super::tls::Tls;
use super::webhooks::webhooks;

/// How long a client may take for the head of a request, and do nothing between two.
const HEAD_WITHIN: Duration = Duration::from_secs(75);

/// How long a client may take to agree on the encryption.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);

/// The largest head of a request.
const LARGEST_HEAD: usize = 64 << 10;

/// How long the server waits when the system gives it no connection, such as for want of file handles.
const AFTER_TROUBLE: Duration = Duration::from_millis(100);

/// An address at which nobody is answered yet.
#[derive(Debug)]
pub struct ApiListener {
    listener: TcpListener,
    tls: Option<Tls>,
}

/// Answers requests, until it is dropped.
#[derive(Debug)]
pub struct ApiServer {
    api: Arc<Api>,
    address: SocketAddr,
    end: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

impl ApiListener {
    /// Takes the address. Port 0 is any that is free. Without `tls`, requests come unencrypted.
    pub async fn bind(address: SocketAddr, tls: Option<Tls>) -> io::Result<ApiListener> {
        Ok(ApiListener { listener: TcpListener::bind(address).await?, tls })
    }

    /// Begins to answer. Where the engine reads its sources, it also takes what those tell at `/webhooks/{connection}`.
    pub fn serve(self, api: Arc<Api>) -> io::Result<ApiServer> {
        let address = self.listener.local_addr()?;
        let router = Router::new().fallback(dispatch).with_state(Arc::clone(&api));
        let router = match api.running.syncs() {
            true => router.merge(webhooks(Arc::clone(&api.running))),
            false => router,
        };
        let (end, ended) = oneshot::channel();
        let clients = Arc::new(Semaphore::new(api.gate.limits().clients.max(1)));
        let serving = tokio::spawn(accept(self, router, clients, ended));
        Ok(ApiServer { api, address, end: Some(end), serving })
    }
}

impl ApiServer {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no connections any more, answers what is under way, and ends what takes `longest`. True when nothing did.
    pub async fn stop_within(mut self, longest: Duration) -> bool {
        self.api.end();
        drop(self.end.take());
        timeout(longest, &mut self.serving).await.is_ok()
    }
}

impl Drop for ApiServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Takes connections until it is told to end, and then waits for those that are open.
async fn accept(
    ApiListener { listener, tls }: ApiListener,
    router: Router,
    clients: Arc<Semaphore>,
    mut ended: oneshot::Receiver<()>,
) {
    let graceful = GracefulShutdown::new();
    // Ends them all when this ends, however it does.
    let mut connections = JoinSet::new();
    loop {
        let taken = tokio::select! {
            biased;
            _ = &mut ended => break,
            Some(_) = connections.join_next() => continue,
            taken = next(&listener, &clients) => taken,
        };
        let (stream, place) = match taken {
            Ok(taken) => taken,
            Err(error) => {
                tracing::warn!(%error, "no connection of a client could be taken");
                sleep(AFTER_TROUBLE).await;
                continue;
            }
        };
        let (router, tls, watcher) = (router.clone(), tls.clone(), graceful.watcher());
        connections.spawn(async move {
            let _place = place;
            let _ = stream.set_nodelay(true);
            match tls {
                None => serve(stream, router, watcher).await,
                Some(tls) => match timeout(HANDSHAKE_WITHIN, tls.accept(stream)).await {
                    Ok(Ok(stream)) => serve(stream, router, watcher).await,
                    Ok(Err(error)) => tracing::debug!(%error, "a client did not agree on the encryption"),
                    Err(_) => tracing::debug!("a client did not agree on the encryption in time"),
                },
            }
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// The next connection, and its place among those that there may be.
async fn next(
    listener: &TcpListener,
    clients: &Arc<Semaphore>,
) -> io::Result<(TcpStream, Option<OwnedSemaphorePermit>)> {
    // Nobody closes the semaphore.
    let place = Arc::clone(clients).acquire_owned().await.ok();
    Ok((listener.accept().await?.0, place))
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(stream: S, router: Router, watcher: Watcher) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%error, "the connection of a client broke off");
    }
}
