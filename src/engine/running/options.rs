//! How an engine runs.

use std::sync::Arc;
use std::time::Duration;

use super::access::{Access, FromHome};
use super::clock::Clock;
use crate::connector::WatchOptions;
use crate::fetch::Reach;
use crate::source::Caps;

/// How an engine runs.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// Where the sources of connections are.
    pub access: Arc<dyn Access>,
    /// Whether connections are read by the clock.
    pub syncs: bool,
    /// Whether the store is written. Without, nothing is synced or mapped again, and another engine may be at work on it.
    pub writes: bool,
    /// Connections that are read at the same time; the others wait for their turn, in the order in which they came.
    pub max_syncs: usize,
    /// The time between connections that begin together, when the engine starts.
    pub stagger: Duration,
    /// Revisions of each connection of which the files are kept in the store.
    pub keep: u32,
    /// How changes of files are noticed; none when only [`super::Running::reload`] looks.
    pub watch: Option<WatchOptions>,
    /// Requests to sources that may be under way at the same time, over all connections.
    pub max_requests: usize,
    /// How those are told who have endpoints.
    pub webhooks: Outgoing,
    /// What time it is.
    pub clock: Clock,
}

/// How those are told who have endpoints.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// What may be reached beyond public addresses.
    pub reach: Reach,
    /// The least time between two messages that tell of changes of one connection. What changes meanwhile is gathered.
    pub window: Duration,
    /// How long an endpoint may take to answer.
    pub time_limit: Duration,
    /// Endpoints that are sent something at the same time.
    pub at_once: usize,
}

/// How long an endpoint may take to answer, where nobody says otherwise.
pub(in crate::engine) const TIME_LIMIT: Duration = Duration::from_secs(10);

impl Default for Outgoing {
    fn default() -> Outgoing {
        Outgoing { reach: Reach::default(), window: Duration::from_secs(30), time_limit: TIME_LIMIT, at_once: 64 }
    }
}

impl Default for RunOptions {
    fn default() -> Self {
        RunOptions {
            access: Arc::new(FromHome),
            syncs: true,
            writes: true,
            max_syncs: 8,
            stagger: Duration::from_millis(100),
            keep: super::KEPT,
            watch: Some(WatchOptions::default()),
            max_requests: Caps::default().requests(),
            webhooks: Outgoing::default(),
            clock: Clock::default(),
        }
    }
}
