//! What the system announces.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;

use notify::event::{AccessKind, AccessMode};
use notify::{ErrorKind, Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tracing::debug;

use super::looker::Word;
use super::sight::Folder;

/// Listens to a set of folders. A new set means a new listener: what is told while there is none is made up for by looking once
/// more, and nothing needs to be known of what a moved or removed folder does to a listener.
pub(super) struct Native {
    ears: Arc<Ears>,
    /// Listens until it is dropped.
    _watcher: RecommendedWatcher,
}

/// Why the system does not announce changes.
pub(super) enum Refusal {
    /// A folder went away; looking again tells which are there.
    Moving,
    /// It cannot.
    Never(String),
}

struct Ears {
    folders: BTreeMap<PathBuf, Folder>,
    /// A folder was removed or moved, and the system no longer tells what happens in the one that takes its place.
    lost: AtomicBool,
    words: Sender<Word>,
}

impl Native {
    pub fn listen(folders: &BTreeMap<PathBuf, Folder>, words: &Sender<Word>) -> Result<Native, Refusal> {
        let ears = Ears { folders: folders.clone(), lost: AtomicBool::new(false), words: words.clone() };
        let ears = Arc::new(ears);
        let handler = Arc::clone(&ears);
        let mut watcher = notify::recommended_watcher(move |event| handler.hear(event)).map_err(refusal)?;
        for (path, folder) in folders.iter().filter(|(path, _)| !is_within_a_tree(path, folders)) {
            match watcher.watch(path, mode(folder)).map_err(refusal) {
                Ok(()) => {}
                // What lies around a home need not be ours to read; a change of it is found by looking.
                Err(Refusal::Never(why)) if folder.names.is_some() && std::fs::read_dir(path).is_err() => {
                    debug!(folder = %path.display(), why, "a folder is not listened to");
                }
                Err(refusal) => return Err(refusal),
            }
        }
        Ok(Native { ears, _watcher: watcher })
    }

    /// Whether it still listens to these folders, and to no others.
    pub fn hears(&self, folders: &BTreeMap<PathBuf, Folder>) -> bool {
        !self.ears.lost.load(Ordering::Acquire) && self.ears.folders == *folders
    }
}

/// Linux listens to each folder by itself anyway, and would take one for another where links are. Elsewhere a tree is listened to as
/// a whole.
const TREES: bool = !cfg!(target_os = "linux");

fn mode(folder: &Folder) -> RecursiveMode {
    if TREES && folder.names.is_none() { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive }
}

fn is_within_a_tree(path: &Path, folders: &BTreeMap<PathBuf, Folder>) -> bool {
    TREES && path.ancestors().skip(1).any(|above| folders.get(above).is_some_and(|folder| folder.names.is_none()))
}

fn refusal(error: notify::Error) -> Refusal {
    match &error.kind {
        ErrorKind::PathNotFound => Refusal::Moving,
        ErrorKind::Io(inner) if inner.kind() == io::ErrorKind::NotFound => Refusal::Moving,
        _ => Refusal::Never(error.to_string()),
    }
}

impl Ears {
    fn hear(&self, event: notify::Result<Event>) {
        let word = match event {
            Err(error) => Word::Failed(error.to_string()),
            Ok(event) if self.matters(&event) => Word::Event,
            Ok(_) => return,
        };
        // An error means that nobody watches any more.
        let _ = self.words.send(word);
    }

    fn matters(&self, event: &Event) -> bool {
        let goes = matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(notify::event::ModifyKind::Name(_)));
        if event.need_rescan() || (goes && event.paths.iter().any(|path| self.folders.contains_key(path))) {
            self.lost.store(true, Ordering::Release);
            return true;
        }
        // Looking opens files and folders: whoever minds that looks for ever.
        if let EventKind::Access(access) = event.kind
            && access != AccessKind::Close(AccessMode::Write)
        {
            return false;
        }
        event.paths.is_empty() || event.paths.iter().any(|path| self.concerns(path))
    }

    fn concerns(&self, path: &Path) -> bool {
        let folder = path.parent().and_then(|parent| self.folders.get(parent));
        match (folder.and_then(|folder| folder.names.as_ref()), path.file_name()) {
            (Some(names), Some(name)) => names.contains(name) || self.folders.contains_key(path),
            _ => true,
        }
    }
}
