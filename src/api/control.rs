//! The control of a running engine.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinHandle;

use super::acting;
use super::answer::ReloadAnswer;
use super::shared::render;
use crate::engine::Running;

/// Gives the figures of the process, as text for Prometheus.
pub type Figures = Arc<dyn Fn() -> String + Send + Sync>;

/// The socket of a running engine, until it is dropped.
#[derive(Debug)]
pub struct Control {
    path: PathBuf,
    serving: JoinHandle<()>,
}

/// Why there is no control.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Another engine is at work on the store.
    #[error("another `crosswalk run` is at work on this store (its socket is {}); stop it first, or name another store", .0.display())]
    Taken(PathBuf),
    /// The socket cannot be made.
    #[error("the socket {} cannot be made: {cause}", path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
}

/// Where the socket of an engine stands that is at work on this store.
pub fn socket_of(store: &Path) -> PathBuf {
    let mut path = store.as_os_str().to_owned();
    path.push(".sock");
    path.into()
}

#[derive(Clone)]
pub(super) struct Served {
    pub(super) running: Arc<Running>,
    figures: Figures,
}

impl Control {
    /// Whether an engine listens there. A socket that a killed one left behind does not count.
    pub async fn is_taken(path: &Path) -> bool {
        match UnixStream::connect(path).await {
            Ok(_) => true,
            // One of somebody else, which may not be asked, is one all the same.
            Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused),
        }
    }

    /// Takes the place at `path`, for the owner of the process only. Whoever asks waits until [`Claim::serve`].
    pub async fn claim(path: PathBuf) -> Result<Claim, ControlError> {
        if Control::is_taken(&path).await {
            return Err(ControlError::Taken(path));
        }
        let _ = std::fs::remove_file(&path);
        let listener = bind(&path).map_err(|cause| ControlError::Socket { path: path.clone(), cause })?;
        Ok(Claim { path, listener })
    }
}

/// A socket at which nobody is answered yet.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    listener: UnixListener,
}

impl Claim {
    /// Answers for an engine.
    pub fn serve(self, running: Arc<Running>, figures: Figures) -> Control {
        let Claim { path, listener } = self;
        let router = Router::new()
            .route("/reload", post(reload))
            .route("/status", get(status))
            .route("/metrics", get(metrics))
            .route("/act", post(acting::act).layer(DefaultBodyLimit::max(acting::LARGEST)))
            .route("/resume", post(acting::resume))
            .with_state(Served { running, figures });
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the control of the engine ended");
            }
        });
        Control { path, serving }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.serving.abort();
        let _ = std::fs::remove_file(&self.path);
    }
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn reload(State(served): State<Served>) -> Response {
    match served.running.reload().await {
        Ok(reload) => Json(ReloadAnswer::from(reload)).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn status(State(served): State<Served>) -> Response {
    Json(served.running.full_status().await).into_response()
}

async fn metrics(State(served): State<Served>) -> Response {
    render(&served.running, &served.figures).await.into_response()
}
