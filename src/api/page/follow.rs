//! `GET /status/events`: how the connections stand, as server-sent events; one at once, and one for each change.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};

use crate::api::failure::{Failure, Family};
use crate::api::shared::Api;
use crate::api::tenant::Key;
use crate::engine::Status;

/// How often it is looked whether something changed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// After how many looks without a change something is sent, so that nobody on the way takes the connection for dead.
const SILENT_LOOKS: u32 = 15;

/// Streams at the same time.
const STREAMS: usize = 64;

/// What all streams share: one look serves them all.
struct Watched {
    api: Arc<Api>,
    latest: Mutex<Option<(Instant, Arc<Status>)>>,
    places: Arc<Semaphore>,
}

/// A stream that is under way.
struct Following {
    watched: Arc<Watched>,
    headers: HeaderMap,
    /// What was sent last.
    sent: String,
    silent: u32,
    _place: OwnedSemaphorePermit,
}

pub(super) fn route(api: Arc<Api>) -> Router {
    let watched = Watched { api, latest: Mutex::default(), places: Arc::new(Semaphore::new(STREAMS)) };
    Router::new().route("/status/events", get(follow)).with_state(Arc::new(watched))
}

async fn follow(State(watched): State<Arc<Watched>>, headers: HeaderMap) -> Response {
    if let Err(failure) = watched.api.key_of(&headers).await {
        return refused(&failure);
    }
    let Ok(place) = Arc::clone(&watched.places).try_acquire_owned() else {
        let message = format!("{STREAMS} others follow already; close a page that nobody looks at");
        return refused(&Failure::without_code(StatusCode::SERVICE_UNAVAILABLE, "Too many followers", message));
    };
    let following = Following { watched, headers, sent: String::new(), silent: 0, _place: place };
    let events = stream::unfold(following, |mut following| async move {
        let event = following.next().await?;
        Some((Ok::<Bytes, Infallible>(event.into()), following))
    });
    let head = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (head, Body::from_stream(events)).into_response()
}

fn refused(failure: &Failure) -> Response {
    let head = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (failure.status, head, failure.body(Family::General)).into_response()
}

impl Following {
    /// What is sent next; none when the stream ends: with the server, or with its key.
    async fn next(&mut self) -> Option<String> {
        loop {
            if !self.sent.is_empty() {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            let api = &self.watched.api;
            if api.is_ending() {
                return None;
            }
            // Asked each time, so that a key that is revoked shows nothing more.
            let key = api.key_of(&self.headers).await.ok()?;
            let latest = self.watched.latest().await;
            let told = text(&latest, &key);
            if told != self.sent {
                self.silent = 0;
                self.sent.clone_from(&told);
                return Some(format!("data: {told}\n\n"));
            }
            self.silent += 1;
            if self.silent == SILENT_LOOKS {
                self.silent = 0;
                return Some(": still here\n\n".to_owned());
            }
        }
    }
}

impl Watched {
    async fn latest(&self) -> Arc<Status> {
        let mut latest = self.latest.lock().await;
        match &*latest {
            Some((at, status)) if at.elapsed() < LOOK_AGAIN => Arc::clone(status),
            _ => {
                let status = Arc::new(self.api.running.full_status().await);
                *latest = Some((Instant::now(), Arc::clone(&status)));
                status
            }
        }
    }
}

/// What a key may see, in one line. What changes by itself with the time is left out: the page knows the clock.
fn text(status: &Status, key: &Key) -> String {
    let mut seen = status.clone();
    seen.connections.retain(|connection| key.opens(&connection.name));
    for connection in &mut seen.connections {
        (connection.lag_seconds, connection.pressure) = (None, None);
    }
    if key.connections.is_some() {
        // It may name what belongs to others.
        seen.store_trouble = seen.store_trouble.map(|_| "the store is in trouble".to_owned());
    }
    serde_json::to_string(&seen).expect("texts and numbers are JSON")
}
