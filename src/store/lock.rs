//! One process at work on a store: a file beside it that is locked meanwhile, and says who holds it.
//!
//! The lock is the operating system's, and ends with the process however that ends: what a killed one wrote into the file
//! holds nobody up. Reading, and what writes for a moment, needs no lock.

use std::fmt::{self, Display};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::{Problem, StoreError};
use super::{Store, moment};

/// How often and how long a holder is waited for that has not written yet who it is.
const LOOKS: u32 = 5;
const LOOKS_AGAIN_AFTER: Duration = Duration::from_millis(20);

/// Who is at work on a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The number of its process.
    pub pid: u32,
    /// The name of the machine, where that is known.
    pub host: Option<String>,
    /// The name of its program, without arguments: those may hold anything.
    pub program: String,
    /// What it does, as the rest of a sentence that begins with "it".
    pub doing: String,
    /// Since when, as RFC 3339.
    pub since: String,
}

impl Holder {
    fn this_process(doing: &str) -> Holder {
        let program = std::env::current_exe().ok();
        let program = program.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        Holder {
            pid: std::process::id(),
            host: host(),
            program: program.unwrap_or_else(|| "a program".to_owned()),
            doing: doing.to_owned(),
            since: moment::text(Timestamp::now()),
        }
    }
}

impl Display for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Holder { pid, host, program, doing, since } = self;
        write!(out, "process {pid}")?;
        if let Some(host) = host {
            write!(out, " on {host}")?;
        }
        write!(out, " (`{program}`) is at work on it since {since}: it {doing}")
    }
}

/// As long as this lives, no other process works on the store.
#[derive(Debug, Clone)]
pub struct Hold {
    _locked: Arc<Locked>,
}

/// The hold that the clones of a store share.
pub(super) type Shared = Mutex<Weak<Locked>>;

#[derive(Debug)]
pub(super) struct Locked(File);

impl Drop for Locked {
    fn drop(&mut self) {
        // The file stays: were it removed, somebody could lock the one that is gone.
        let _ = self.0.set_len(0);
        let _ = self.0.unlock();
    }
}

impl Store {
    /// Takes the store for work that writes for long; another process that wants the same is refused with
    /// [`Problem::Held`] until this is dropped. `doing` is what is said of it there, as the rest of a sentence that begins
    /// with "it". Whoever works with a clone of this store in the same process shares the hold.
    pub async fn hold(&self, doing: &str) -> Result<Hold, StoreError> {
        for _ in 0..LOOKS {
            match self.try_hold(doing) {
                Err(Problem::Held(None)) => tokio::time::sleep(LOOKS_AGAIN_AFTER).await,
                result => return result.map_err(|problem| self.error(problem)),
            }
        }
        self.try_hold(doing).map_err(|problem| self.error(problem))
    }

    fn try_hold(&self, doing: &str) -> Result<Hold, Problem> {
        let mut shared = self.0.hold.lock().unwrap_or_else(PoisonError::into_inner);
        let locked = match shared.upgrade() {
            Some(locked) => locked,
            None => Arc::new(take(self.path(), doing)?),
        };
        *shared = Arc::downgrade(&locked);
        Ok(Hold { _locked: locked })
    }
}

/// The file that is locked, beside the one that the path leads to in the end.
pub(super) fn path_of(store: &Path) -> PathBuf {
    let mut path = std::fs::canonicalize(store).unwrap_or_else(|_| store.to_owned()).into_os_string();
    path.push(".lock");
    path.into()
}

/// Locks the file, or says who has.
pub(super) fn take(store: &Path, doing: &str) -> Result<Locked, Problem> {
    let path = path_of(store);
    let trouble = |error: io::Error| match error.kind() {
        ErrorKind::ReadOnlyFilesystem => Problem::ReadOnly,
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Problem::DiskFull,
        _ => Problem::CannotOpen(format!("{}: {error}", path.display())),
    };
    let opened = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path);
    let mut file = opened.map_err(trouble)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let text = std::fs::read(&path).unwrap_or_default();
            return Err(Problem::Held(serde_json::from_slice(&text).ok().map(Box::new)));
        }
        Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
            tracing::warn!(path = %path.display(), "files cannot be locked there; nothing keeps a second process from the store");
        }
        Err(TryLockError::Error(error)) => return Err(trouble(error)),
    }
    let holder = serde_json::to_vec(&Holder::this_process(doing)).expect("texts are JSON");
    // A disk that is full keeps nobody from the lock; it is only not known who has it.
    let _ = file.set_len(0).and_then(|()| file.write_all(&holder));
    Ok(Locked(file))
}

/// The name of this machine.
fn host() -> Option<String> {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let name = kernel.or_else(|| std::env::var("HOSTNAME").ok())?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}
