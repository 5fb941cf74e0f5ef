//! Who goes first: mapping stored records again yields to syncs.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedMutexGuard};

use crate::model::Model;

/// How many times longer than its own work a remap waits for syncs at most, so that it comes to its end however busy
/// they are.
const PATIENCE: u32 = 10;

/// Shared by the syncs and remaps of a process. A sync that waits for its source is in nobody's way.
#[derive(Debug, Clone, Default)]
pub struct Pace(Arc<Shared>);

/// Held by one at a time.
type Turn = Arc<tokio::sync::Mutex<()>>;

#[derive(Debug, Default)]
struct Shared {
    /// Pages that are mapped or written now, or wait for it.
    pages: AtomicUsize,
    idle: Notify,
    /// Rereads, of each connection and model.
    rereads: Mutex<HashMap<(String, &'static str), Turn>>,
}

/// A page that a sync has in hand.
#[derive(Debug)]
pub(super) struct InHand(Arc<Shared>);

impl Pace {
    /// Says that a page is there to be mapped and written.
    pub(super) fn page(&self) -> InHand {
        self.0.pages.fetch_add(1, Ordering::Relaxed);
        InHand(Arc::clone(&self.0))
    }

    /// Waits for other rereads of a model of a connection: a new run ends the one before it. The turn lasts until this is
    /// dropped.
    pub(super) async fn reread(&self, connection: &str, model: &Model) -> OwnedMutexGuard<()> {
        let turn = {
            let mut rereads = self.0.rereads.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(rereads.entry((connection.to_owned(), model.name)).or_default())
        };
        turn.lock_owned().await
    }

    /// After work that took `worked`: waits while syncs have pages in hand.
    pub(super) async fn yield_to_syncs(&self, worked: Duration) {
        tokio::task::yield_now().await;
        let idle = async {
            loop {
                let told = self.0.idle.notified();
                if self.0.pages.load(Ordering::Relaxed) == 0 {
                    return;
                }
                told.await;
            }
        };
        let _ = tokio::time::timeout(worked * PATIENCE, idle).await;
    }
}

impl Drop for InHand {
    fn drop(&mut self) {
        if self.0.pages.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}
