//! What is seen when a home is looked at: its files, and the folders where a change would show.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;

use super::way::Way;
use crate::connector::files::LARGEST;

/// The folders of a home that are read.
const FOLDERS: [&str; 3] = ["connections", "mappings", "scripts"];

/// What files that are read end in. The leftovers of editors end otherwise, or their names begin with a dot.
const ENDINGS: [&str; 3] = ["graphql", "rhai", "yaml"];

/// Folders within folders that are looked into; a home has three.
const DEEPEST: usize = 6;

/// A file that was read sooner after it was written may be written again without a new time.
const COARSEST_CLOCK: Duration = Duration::from_secs(2);

/// What a file holds, as far as it matters whether it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Content {
    Hash([u8; digest::SHA256_OUTPUT_LEN]),
    /// Too large to be a mapping, so that it is not worth reading.
    Large(u64, Option<SystemTime>),
    Unreadable,
}

/// By which a file is taken for unchanged without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    identity: Identity,
    /// When anything of it was changed, times included; no tool can set it back.
    #[cfg(unix)]
    touched: (i64, i64),
}

/// Tells one file or folder from another that takes its name.
type Identity = (u64, u64);

#[derive(Debug, Clone)]
struct Known {
    stamp: Stamp,
    /// Whether an equal stamp means equal contents.
    trusted: bool,
    content: Content,
}

/// A folder where a change would show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Folder {
    identity: Identity,
    /// The names in it that matter; without them, all do.
    pub names: Option<BTreeSet<OsString>>,
}

/// What was seen when a home was looked at.
#[derive(Debug, Default)]
pub(super) struct Sight {
    files: BTreeMap<String, Known>,
    /// By their real paths.
    pub folders: BTreeMap<PathBuf, Folder>,
}

impl Sight {
    /// Looks at a home. Files that are as they were `before` are not read, unless the look is thorough.
    pub fn of(root: &Path, before: &Sight, thorough: bool) -> Sight {
        let mut eye = Eye { before, thorough, now: SystemTime::now(), sight: Sight::default() };
        eye.home(root);
        eye.sight
    }

    pub fn contents(&self) -> impl Iterator<Item = (&String, &Content)> {
        self.files.iter().map(|(path, known)| (path, &known.content))
    }
}

/// The paths at which two homes differ.
pub(super) fn difference(one: &BTreeMap<String, Content>, other: &BTreeMap<String, Content>) -> Vec<String> {
    let paths: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    paths.into_iter().filter(|path| one.get(*path) != other.get(*path)).cloned().collect()
}

struct Eye<'a> {
    before: &'a Sight,
    thorough: bool,
    now: SystemTime,
    sight: Sight,
}

impl Eye<'_> {
    fn home(&mut self, root: &Path) {
        let Some(root) = self.follow(root) else { return };
        for name in FOLDERS {
            self.mind(&root, OsStr::new(name));
            self.entry(&root, OsStr::new(name), name.to_owned(), &mut vec![root.clone()]);
        }
    }

    /// A file or folder: the folder and name by which it stands on disk, its path in the home, and the real folders above it.
    fn entry(&mut self, folder: &Path, name: &OsStr, path: String, above: &mut Vec<PathBuf>) {
        let mut real = folder.join(name);
        let Ok(mut metadata) = fs::symlink_metadata(&real) else { return };
        let is_link = metadata.is_symlink();
        if is_link {
            let Some(target) = self.follow(&real) else { return };
            let Ok(found) = fs::symlink_metadata(&target) else { return };
            (real, metadata) = (target, found);
        }
        if metadata.is_dir() {
            self.folder(real, path, &metadata, above);
        } else if metadata.is_file()
            && Path::new(&path).extension().is_some_and(|found| ENDINGS.iter().any(|e| *e == found))
        {
            if is_link && let (Some(folder), Some(name)) = (real.parent(), real.file_name()) {
                self.mind(folder, name);
            }
            self.file(&real, path, &metadata);
        }
    }

    fn folder(&mut self, real: PathBuf, path: String, metadata: &Metadata, above: &mut Vec<PathBuf>) {
        // A link to a folder above would be followed for ever.
        if above.len() > DEEPEST || above.contains(&real) {
            return;
        }
        let entries = match fs::read_dir(&real) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return,
            Err(_) => {
                self.sight.files.insert(path, Known::unreadable(metadata));
                return;
            }
        };
        self.sight.folders.insert(real.clone(), Folder { identity: identity(metadata), names: None });
        above.push(real.clone());
        for name in entries.flatten().map(|entry| entry.file_name()) {
            if let Some(text) = name.to_str().filter(|text| !text.starts_with('.')) {
                self.entry(&real, &name, format!("{path}/{text}"), above);
            }
        }
        above.pop();
    }

    fn file(&mut self, real: &Path, path: String, metadata: &Metadata) {
        let before = self
            .before
            .files
            .get(&path)
            .filter(|known| known.trusted && !self.thorough && known.stamp == Stamp::of(metadata));
        let known = match before {
            Some(known) => Some(known.clone()),
            None => Known::read(real, metadata, self.now),
        };
        if let Some(known) = known {
            self.sight.files.insert(path, known);
        }
    }

    fn follow(&mut self, path: &Path) -> Option<PathBuf> {
        let way = Way::to(path);
        for (folder, name) in &way.turns {
            self.mind(folder, name);
        }
        way.real
    }

    /// A name in a folder that would change what is seen.
    fn mind(&mut self, folder: &Path, name: &OsStr) {
        if let Some(folder) = self.sight.folders.get_mut(folder) {
            if let Some(names) = &mut folder.names {
                names.insert(name.to_owned());
            }
        } else if let Ok(metadata) = fs::symlink_metadata(folder) {
            let names = Some(BTreeSet::from([name.to_owned()]));
            self.sight.folders.insert(folder.to_owned(), Folder { identity: identity(&metadata), names });
        }
    }
}

impl Known {
    /// Reads a file; nothing if it went away.
    fn read(path: &Path, metadata: &Metadata, now: SystemTime) -> Option<Known> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return None,
            Err(_) => return Some(Known::unreadable(metadata)),
        };
        // Of the file that was opened: another may have taken the name since.
        let Ok(metadata) = file.metadata() else { return Some(Known::unreadable(metadata)) };
        let stamp = Stamp::of(&metadata);
        let age = stamp.modified.and_then(|modified| now.duration_since(modified).ok());
        let trusted = age.is_some_and(|age| age > COARSEST_CLOCK);
        if stamp.length > LARGEST {
            let content = Content::Large(stamp.length, stamp.modified);
            return Some(Known { stamp, trusted, content });
        }
        let mut bytes = Vec::new();
        match file.by_ref().take(LARGEST).read_to_end(&mut bytes) {
            Ok(_) => Some(Known { stamp, trusted, content: Content::Hash(hash(&bytes)) }),
            Err(_) => Some(Known::unreadable(&metadata)),
        }
    }

    fn unreadable(metadata: &Metadata) -> Known {
        Known { stamp: Stamp::of(metadata), trusted: false, content: Content::Unreadable }
    }
}

fn hash(bytes: &[u8]) -> [u8; digest::SHA256_OUTPUT_LEN] {
    let mut hash = [0; digest::SHA256_OUTPUT_LEN];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

impl Stamp {
    fn of(metadata: &Metadata) -> Stamp {
        Stamp {
            length: metadata.len(),
            modified: metadata.modified().ok(),
            identity: identity(metadata),
            #[cfg(unix)]
            touched: {
                use std::os::unix::fs::MetadataExt;
                (metadata.ctime(), metadata.ctime_nsec())
            },
        }
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

/// Where the standard library tells of no number, the time of creation is the next best.
#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> Identity {
    let created = metadata.created().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    created.map_or((0, 0), |since| (since.as_secs(), u64::from(since.subsec_nanos())))
}
