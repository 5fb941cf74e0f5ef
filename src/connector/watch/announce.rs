//! What the system announces.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::watcher::Signal;
use crate::connector::still::READ;

/// Watches of the system, on all folders of a home.
pub(super) struct Announcements {
    /// They end when it is dropped.
    _native: RecommendedWatcher,
}

impl Announcements {
    /// Asks for announcements about the home at `root`, and about the folders that it leads to.
    pub fn ask(
        root: &Path,
        folders: &BTreeSet<(PathBuf, u64)>,
        signals: Sender<Signal>,
    ) -> Result<Announcements, notify::Error> {
        let home = root.to_owned();
        let hear = move |event: notify::Result<Event>| {
            // An error may mean that events were lost, so it is a reason to look too.
            if event.as_ref().map_or(true, |event| matters(event, &home)) {
                let _ = signals.send(Signal::Announced);
            }
        };
        let mut native = notify::recommended_watcher(hear)?;
        native.watch(root, RecursiveMode::NonRecursive)?;
        for folder in READ.iter().map(|(folder, _)| root.join(folder)).filter(|folder| folder.is_dir()) {
            native.watch(&folder, RecursiveMode::Recursive)?;
        }
        // A folder behind a link is watched where it is.
        let real_root = std::fs::canonicalize(root)?;
        for (folder, _) in folders.iter().filter(|(folder, _)| !folder.starts_with(&real_root)) {
            native.watch(folder, RecursiveMode::NonRecursive)?;
        }
        Ok(Announcements { _native: native })
    }
}

/// Reading is announced too, and a reload reads. The store and other files of the home are written all the time.
fn matters(event: &Event, root: &Path) -> bool {
    match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => {}
        EventKind::Access(_) => return false,
        _ => {}
    }
    let is_foreign = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_ours = READ.iter().any(|(folder, _)| *folder == name) || name.starts_with("..");
        path.parent() == Some(root) && !is_ours
    };
    event.paths.is_empty() || !event.paths.iter().all(is_foreign)
}
