//! What all connections of a process share.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Requests under way at the same time, over all connections, where nobody says how many.
const REQUESTS: usize = 64;

/// What all connections of a process may use together. A copy shares it.
#[derive(Debug, Clone)]
pub struct Caps {
    requests: usize,
    free: Arc<Semaphore>,
}

impl Caps {
    /// So many requests may be under way at the same time, at least 1.
    pub fn new(requests: usize) -> Caps {
        let requests = requests.clamp(1, Semaphore::MAX_PERMITS);
        Caps { requests, free: Arc::new(Semaphore::new(requests)) }
    }

    /// Requests that may be under way at the same time.
    pub fn requests(&self) -> usize {
        self.requests
    }

    /// Requests that are under way.
    pub fn under_way(&self) -> usize {
        self.requests - self.free.available_permits()
    }

    /// What one connection may take of it: not all, or it could keep every other waiting.
    pub(super) fn of_one(&self) -> usize {
        self.requests.saturating_sub(1).max(1)
    }

    /// A place. Places are given in the order in which they were asked for, and a connection asks for one at a time, so
    /// that all get their turn.
    pub(super) async fn place(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.free).acquire_owned().await.expect("the places are never closed")
    }
}

impl Default for Caps {
    fn default() -> Self {
        Caps::new(REQUESTS)
    }
}
