//! The way to a file through symbolic links.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// As many links as Linux follows.
const MOST_LINKS: usize = 40;

/// Where a path leads, and what would make it lead elsewhere.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// The path without links; nothing when something is missing on the way.
    pub real: Option<PathBuf>,
    /// Folders, and the names in them that are links on this way, or the one that is missing.
    pub turns: Vec<(PathBuf, OsString)>,
}

impl Way {
    /// Follows an absolute path. `fs::canonicalize` would not tell where the links are, and each of them can be swapped.
    pub fn to(path: &Path) -> Way {
        let mut way = Way::default();
        let mut at = PathBuf::new();
        let mut ahead: VecDeque<OsString> = parts(path).collect();
        let mut links = 0;
        while let Some(part) = ahead.pop_front() {
            match Path::new(&part).components().next() {
                Some(Component::Normal(_)) => {}
                Some(Component::ParentDir) => {
                    at.pop();
                    continue;
                }
                Some(Component::CurDir) | None => continue,
                Some(Component::RootDir | Component::Prefix(_)) => {
                    at.push(part);
                    continue;
                }
            }
            let next = at.join(&part);
            let Ok(metadata) = fs::symlink_metadata(&next) else {
                way.turns.push((at, part));
                return way;
            };
            if !metadata.is_symlink() {
                at = next;
                continue;
            }
            way.turns.push((at.clone(), part));
            links += 1;
            let Ok(target) = fs::read_link(&next) else { return way };
            if links > MOST_LINKS {
                return way;
            }
            for part in parts(&target).collect::<Vec<_>>().into_iter().rev() {
                ahead.push_front(part);
            }
        }
        way.real = Some(at);
        way
    }
}

fn parts(path: &Path) -> impl Iterator<Item = OsString> {
    path.components().map(|part| part.as_os_str().to_owned())
}
