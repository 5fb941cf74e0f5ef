//! Notices that files of a home changed.
//!
//! What the system announces only means "look again": events are lost, doubled, and named after files that no longer
//! matter. What counts is whether the contents of files differ from those that were told last. Where nothing is announced
//! at all, as on many network file systems, looking every so often takes over by itself.

mod announce;
mod scan;
#[cfg(test)]
mod tests;
mod watcher;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use self::watcher::{Signal, Watcher};
use super::Home;

/// How a home is watched.
#[derive(Debug, Clone)]
pub struct WatchOptions {
    /// How long nothing is announced before files are looked at: an editor writes in several steps.
    pub debounce: Duration,
    /// After so long they are looked at although the announcements do not end.
    pub longest: Duration,
    /// They are looked at so often although nothing is announced.
    pub look_again: Duration,
    /// The same where announcements are of no use.
    pub poll_every: Duration,
    /// Do not wait for announcements.
    pub force_polling: bool,
    /// Announcements get lost.
    #[cfg(test)]
    pub(crate) deaf: bool,
}

impl Default for WatchOptions {
    fn default() -> Self {
        WatchOptions {
            debounce: Duration::from_millis(20),
            longest: Duration::from_millis(500),
            look_again: Duration::from_secs(2),
            poll_every: Duration::from_millis(250),
            force_polling: false,
            #[cfg(test)]
            deaf: false,
        }
    }
}

/// Files that were made, changed or removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Their paths from the home on, in order.
    pub paths: Vec<String>,
}

/// How changes are noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manner {
    /// The system announces them.
    Native,
    /// By looking every so often.
    Polling {
        /// How often.
        every: Duration,
        /// Why nothing else will do.
        why: String,
    },
}

impl fmt::Display for Manner {
    /// As in "changes are noticed …".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Manner::Native => f.write_str("as files are saved"),
            Manner::Polling { every, why } => write!(f, "by looking every {} ms ({why})", every.as_millis()),
        }
    }
}

/// Watches a home until it is dropped.
#[derive(Debug)]
pub struct Watch {
    changes: UnboundedReceiver<BTreeSet<String>>,
    manner: Arc<Mutex<Manner>>,
    signals: Sender<Signal>,
}

impl Watch {
    /// Begins to watch. What is in the files when this returns is known; whatever changes from then on is told.
    pub fn start(home: &Home, options: WatchOptions) -> Watch {
        let (signals, heard) = channel();
        let (told, changes) = unbounded_channel();
        let manner = Arc::new(Mutex::new(Manner::Native));
        let watcher = Watcher::new(home.root(), options, signals.clone(), told, Arc::clone(&manner));
        let spawned = std::thread::Builder::new().name("watch".to_owned()).spawn(move || watcher.run(&heard));
        if let Err(error) = spawned {
            tracing::error!(%error, "changes of files will not be noticed: there is no thread to watch them");
        }
        Watch { changes, manner, signals }
    }

    /// Waits until the contents of files differ from what was told last, and nobody writes any more. Nothing is lost
    /// when the future is dropped.
    pub async fn changed(&mut self) -> Changed {
        let Some(mut paths) = self.changes.recv().await else { return std::future::pending().await };
        while let Ok(more) = self.changes.try_recv() {
            paths.extend(more);
        }
        Changed { paths: paths.into_iter().collect() }
    }

    /// How changes are noticed at this time.
    pub fn manner(&self) -> Manner {
        self.manner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.signals.send(Signal::Stop);
    }
}
