//! What is in the files of a home, and whether it is still the same.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};

use crate::connector::still::{DEEPEST, READ};

/// A file that was written so lately may be written again without another time or length to show for it.
const FRESH: Duration = Duration::from_secs(2);

/// The files of a home by path, and the folders that they are in.
#[derive(Debug, Default)]
pub(super) struct Scan {
    files: BTreeMap<String, Seen>,
    /// Each with what tells it from another of the same name.
    pub folders: BTreeSet<(PathBuf, u64)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    stamp: Stamp,
    /// None when it cannot be read.
    digest: Option<[u8; 32]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    number: u64,
}

impl Scan {
    /// Looks at the files below `root`. Those that look untouched since `before` are not read again.
    pub fn take(root: &Path, before: &Scan) -> Scan {
        let mut scan = Scan::default();
        for (folder, extensions) in READ {
            scan.folder(root, folder, extensions, DEEPEST, before);
        }
        scan
    }

    fn folder(&mut self, root: &Path, folder: &str, extensions: &[&str], depth: usize, before: &Scan) {
        let full = root.join(folder);
        let Ok(entries) = std::fs::read_dir(&full) else { return };
        if let (Ok(real), Ok(metadata)) = (std::fs::canonicalize(&full), std::fs::metadata(&full)) {
            self.folders.insert((real, number(&metadata)));
        }
        for entry in entries.flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.starts_with('.') {
                continue;
            }
            let (path, full) = (format!("{folder}/{name}"), entry.path());
            let Ok(metadata) = std::fs::metadata(&full) else { continue };
            if metadata.is_dir() {
                if depth > 1 {
                    self.folder(root, &path, extensions, depth - 1, before);
                }
            } else if full.extension().is_some_and(|found| extensions.iter().any(|known| found == *known)) {
                let seen = Seen::look(&full, &metadata, before.files.get(&path));
                self.files.insert(path, seen);
            }
        }
    }

    /// The files that are not what they were.
    pub fn differing(&self, before: &Scan) -> BTreeSet<String> {
        let paths = self.files.keys().chain(before.files.keys());
        let digest = |scan: &Scan, path: &str| scan.files.get(path).map(|seen| seen.digest);
        paths.filter(|path| digest(self, path) != digest(before, path)).cloned().collect()
    }

    /// Whether all of these files, as far as they are there, were written longer ago than `age`.
    pub fn are_older(&self, paths: &BTreeSet<String>, age: Duration) -> bool {
        let is_older = |path: &String| {
            let modified = self.files.get(path).and_then(|seen| seen.stamp.modified);
            modified.is_none_or(|modified| modified.elapsed().is_ok_and(|ago| ago > age))
        };
        paths.iter().all(is_older)
    }
}

impl Seen {
    fn look(path: &Path, metadata: &Metadata, before: Option<&Seen>) -> Seen {
        let stamp = Stamp { length: metadata.len(), modified: metadata.modified().ok(), number: number(metadata) };
        let is_settled = stamp.modified.is_some_and(|at| at.elapsed().is_ok_and(|ago| ago > FRESH));
        match before {
            Some(before) if is_settled && before.stamp == stamp => before.clone(),
            _ => Seen { stamp, digest: contents(path, metadata.len()) },
        }
    }
}

fn contents(path: &Path, length: u64) -> Option<[u8; 32]> {
    // What is too large to be read is told apart by its length only.
    let bytes = if length > crate::connector::files::LARGEST {
        length.to_le_bytes().to_vec()
    } else {
        std::fs::read(path).ok()?
    };
    digest(&SHA256, &bytes).as_ref().try_into().ok()
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    // A copy of the number on another device is as good as never the same file.
    metadata.ino() ^ metadata.dev().rotate_left(32)
}

#[cfg(not(unix))]
fn number(_metadata: &Metadata) -> u64 {
    0
}
