//! Notices that files of a home changed.
//!
//! What the system announces only means "look again": which files changed is found by comparing contents. So renames need no
//! joining, a save without a change is nothing, and a folder that announces nothing is found out.

mod looker;
mod native;
mod sight;
#[cfg(test)]
mod tests;
mod way;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::absolute;
use std::sync::{Arc, mpsc};
use std::thread::Builder;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tracing::dispatcher;

use self::looker::{Looker, Word};
use self::sight::Content;
use super::files::Home;

/// How a home is watched.
#[derive(Debug, Clone)]
pub struct WatchOptions {
    /// The quiet time after the last event before files are looked at.
    pub debounce: Duration,
    /// Events that do not end are looked at after this.
    pub longest: Duration,
    /// Files are looked at this often although nothing was announced.
    pub look_again: Duration,
    /// Files are looked at this often when nothing is to be expected from the system.
    pub poll_every: Duration,
    /// Does not ask the system to announce changes.
    pub force_polling: bool,
    /// What a test takes from the system.
    #[cfg(test)]
    taken: Option<tests::Taken>,
}

impl Default for WatchOptions {
    fn default() -> WatchOptions {
        WatchOptions {
            debounce: Duration::from_millis(20),
            longest: Duration::from_millis(500),
            look_again: Duration::from_secs(2),
            poll_every: Duration::from_millis(250),
            force_polling: false,
            #[cfg(test)]
            taken: None,
        }
    }
}

impl WatchOptions {
    /// The same, whether or not the system is asked to announce changes.
    #[must_use]
    pub fn polling(self, force_polling: bool) -> WatchOptions {
        WatchOptions { force_polling, ..self }
    }
}

/// Files that differ from what they were when a change was told of last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The files that are new, different or gone, from the home on, in order. A folder is among them when it cannot be read.
    pub paths: Vec<String>,
    /// Whether the system announced it, or it was found by looking.
    pub announced: bool,
}

/// How changes are noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Manner {
    /// The system announces them.
    Native,
    /// Files are looked at again and again.
    Polling {
        /// Why the system is not relied upon.
        why: String,
    },
}

impl fmt::Display for Manner {
    /// As in "changes of files are noticed …".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Manner::Native => f.write_str("as they are saved"),
            Manner::Polling { why } => write!(f, "by looking every so often ({why})"),
        }
    }
}

/// Watches the files that a home reads, until it is dropped.
#[derive(Debug)]
pub struct Watch {
    seen: watch::Receiver<Seen>,
    told: Contents,
    words: mpsc::Sender<Word>,
}

type Contents = Arc<BTreeMap<String, Content>>;

/// What the thread saw last when things were quiet.
#[derive(Debug)]
struct Seen {
    contents: Contents,
    announced: bool,
    manner: Manner,
}

impl Watch {
    /// Begins to watch. What changes after this returned is told of, so files are best read after it and not before.
    ///
    /// Fails when the home is a relative path and there is no current folder, or when no thread can be had. A home that does not
    /// exist is waited for.
    pub async fn start(home: &Home, options: WatchOptions) -> io::Result<Watch> {
        let root = absolute(home.root())?;
        let (words, heard) = mpsc::channel();
        let (out, seen) =
            watch::channel(Seen { contents: Contents::default(), announced: false, manner: Manner::Native });
        let (ready, is_ready) = oneshot::channel();
        // A thread of its own, since looking blocks; it logs where the caller does.
        let log = dispatcher::get_default(Clone::clone);
        let speak = words.clone();
        Builder::new().name("crosswalk-watch".to_owned()).spawn(move || {
            dispatcher::with_default(&log, || {
                let looker = Looker::new(root, options, (speak, heard), out);
                if ready.send(()).is_ok() {
                    looker.run();
                }
            });
        })?;
        is_ready.await.map_err(io::Error::other)?;
        let told = seen.borrow().contents.clone();
        Ok(Watch { seen, told, words })
    }

    /// Waits until contents differ from what was told of last, or from the start, and things are quiet. Nothing is lost when the
    /// future is dropped.
    pub async fn changed(&mut self) -> Changed {
        loop {
            if self.seen.changed().await.is_err() {
                tracing::error!("the thread that watches the home ended; changes are no longer noticed");
                return std::future::pending().await;
            }
            if let Some(changed) = self.take() {
                return changed;
            }
        }
    }

    /// Looks at all files now, whatever was announced. Nothing is lost when the future is dropped.
    pub async fn look(&mut self) -> Option<Changed> {
        let (done, is_done) = oneshot::channel();
        // An error means that the thread ended; what it saw last still counts.
        if self.words.send(Word::Look(done)).is_ok() {
            let _ = is_done.await;
        }
        self.take()
    }

    /// How changes are noticed at present.
    pub fn manner(&self) -> Manner {
        self.seen.borrow().manner.clone()
    }

    fn take(&mut self) -> Option<Changed> {
        let seen = self.seen.borrow_and_update();
        let paths = sight::difference(&self.told, &seen.contents);
        self.told = seen.contents.clone();
        (!paths.is_empty()).then_some(Changed { paths, announced: seen.announced })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // An error means that the thread ended already.
        let _ = self.words.send(Word::Stop);
    }
}
