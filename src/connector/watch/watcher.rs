//! The thread that looks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::announce::Announcements;
use super::scan::Scan;
use super::{Manner, WatchOptions};

/// An announcement may take so long. Only a change that is older was not announced.
const IN_FLIGHT: Duration = Duration::from_millis(300);

/// What the thread hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Something happened to files.
    Announced,
    /// Nobody wants to know any more.
    Stop,
}

pub(super) struct Watcher {
    root: PathBuf,
    options: WatchOptions,
    signals: Sender<Signal>,
    told: UnboundedSender<BTreeSet<String>>,
    manner: Arc<Mutex<Manner>>,
    announcements: Option<Announcements>,
    known: Scan,
}

impl Watcher {
    pub fn new(
        root: &Path,
        options: WatchOptions,
        signals: Sender<Signal>,
        told: UnboundedSender<BTreeSet<String>>,
        manner: Arc<Mutex<Manner>>,
    ) -> Watcher {
        let known = Scan::take(root, &Scan::default());
        let mut watcher = Watcher { root: root.to_owned(), options, signals, told, manner, announcements: None, known };
        if watcher.options.force_polling {
            watcher.poll("as it was asked for".to_owned());
        } else {
            watcher.ask();
        }
        // What changed before it was to be announced.
        watcher.known = Scan::take(root, &Scan::default());
        watcher
    }

    pub fn run(mut self, heard: &Receiver<Signal>) {
        loop {
            let patience = if self.is_polling() { self.options.poll_every } else { self.options.look_again };
            let announced = match heard.recv_timeout(patience) {
                Ok(Signal::Announced) => true,
                Err(RecvTimeoutError::Timeout) => false,
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            };
            if announced && !self.settles(heard) {
                return;
            }
            let mut scan = Scan::take(&self.root, &self.known);
            // Files that are written while they are looked at are looked at again.
            let mut rounds = 0;
            while let Ok(signal) = heard.try_recv() {
                rounds += 1;
                if signal == Signal::Stop || !self.settles(heard) {
                    return;
                }
                scan = Scan::take(&self.root, &self.known);
                if rounds == 10 {
                    break;
                }
            }
            if !self.take(scan, announced || rounds > 0) {
                return;
            }
        }
    }

    /// Waits until nothing is announced for a while. False when nobody wants to know any more.
    fn settles(&self, heard: &Receiver<Signal>) -> bool {
        let end = Instant::now() + self.options.longest;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match heard.recv_timeout(self.options.debounce.min(left)) {
                Ok(Signal::Announced) if !left.is_zero() => {}
                Ok(Signal::Announced) | Err(RecvTimeoutError::Timeout) => return true,
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
            }
        }
    }

    /// Tells what differs. False when nobody wants to know any more.
    fn take(&mut self, scan: Scan, announced: bool) -> bool {
        let differing = scan.differing(&self.known);
        let has_moved = scan.folders != self.known.folders;
        let unheard = !announced && !self.is_polling() && scan.are_older(&differing, IN_FLIGHT);
        self.known = scan;
        if has_moved && !self.is_polling() {
            self.ask();
        }
        if differing.is_empty() {
            return true;
        }
        if unheard {
            self.poll("the file system does not say when files change".to_owned());
        }
        self.told.send(differing).is_ok()
    }

    /// Has changes announced, in the place of what was asked before: a folder that was removed and made again is
    /// another one to the system.
    fn ask(&mut self) {
        self.announcements = None;
        #[cfg(test)]
        if self.options.deaf {
            return;
        }
        match Announcements::ask(&self.root, &self.known.folders, self.signals.clone()) {
            Ok(announcements) => {
                self.announcements = Some(announcements);
                // What happened in between was announced to nobody.
                let _ = self.signals.send(Signal::Announced);
            }
            Err(error) => self.poll(format!("the system cannot announce changes: {error}")),
        }
    }

    fn poll(&mut self, why: String) {
        let every = self.options.poll_every;
        if !self.options.force_polling {
            tracing::warn!(
                home = %self.root.display(),
                every_ms = every.as_millis(),
                why,
                "files are looked at every so often from now on, as their changes are not announced"
            );
        }
        *self.manner.lock().unwrap_or_else(PoisonError::into_inner) = Manner::Polling { every, why };
    }

    fn is_polling(&self) -> bool {
        matches!(*self.manner.lock().unwrap_or_else(PoisonError::into_inner), Manner::Polling { .. })
    }
}
