//! Homes on disk, changed while they are watched.

mod files;
mod folders;
#[cfg(unix)]
mod links;
mod manner;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::time::timeout;

use super::native::{Native, Refusal};
use super::sight::Folder;
use super::{Changed, Manner, Watch, WatchOptions};
use crate::connector::Home;

/// Nothing takes as long, except on a machine that has stopped.
const LONG: Duration = Duration::from_secs(20);

const HOUR: Duration = Duration::from_hours(1);

/// What a system may lack.
#[derive(Debug, Clone, Copy)]
pub(super) enum Taken {
    /// It says that it will announce changes, and does not.
    Events,
    /// It says that it will not.
    Watches,
}

impl Taken {
    pub fn native(self, folders: &BTreeMap<PathBuf, Folder>) -> Result<Native, Refusal> {
        match self {
            Taken::Events => Native::listen(folders, &mpsc::channel().0),
            Taken::Watches => Err(Refusal::Never("OS file watch limit reached.".to_owned())),
        }
    }
}

/// How a scenario is played.
#[derive(Debug, Clone, Copy)]
enum How {
    /// Nothing is found that was not announced.
    Announced,
    Polled,
}

impl How {
    fn options(self) -> WatchOptions {
        let options = WatchOptions { look_again: HOUR, ..WatchOptions::default() };
        match self {
            How::Announced => WatchOptions { poll_every: HOUR, ..options },
            How::Polled => WatchOptions { poll_every: Duration::from_millis(30), force_polling: true, ..options },
        }
    }
}

/// Plays scenarios both ways.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        mod announced {
            $(#[tokio::test] async fn $name() { super::$name(super::How::Announced).await; })*
        }
        mod polled {
            $(#[tokio::test] async fn $name() { super::$name(super::How::Polled).await; })*
        }
    };
}
use scenarios;

const USER: &str = "mappings/acme/user.yaml";
const LAST: &str = "scripts/acme/last.rhai";

/// A folder that has a home in it.
struct Place {
    folder: TempDir,
    home: PathBuf,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let place = Place { folder, home };
        place.write(USER, "from: User");
        place.write("mappings/acme/connector.yaml", "name: Acme");
        place.write("mappings/acme/schema.graphql", "type Query { a: Int }");
        place.write("mappings/acme/tables/roles.yaml", "a: b");
        place.write("scripts/acme/names.rhai", "fn a() { 1 }");
        place.write("connections/acme.yaml", "connector: acme");
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.home.join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        fs::rename(self.at(from), self.at(to)).unwrap();
    }

    /// As most editors save.
    fn save(&self, path: &str, text: &str) {
        self.write("mappings/4913", text);
        self.rename("mappings/4913", path);
    }

    async fn watch(&self, options: WatchOptions) -> Watched {
        let announces = !options.force_polling && options.taken.is_none();
        let watch = Watch::start(&Home::new(&self.home), options).await.unwrap();
        if announces {
            assert_eq!(watch.manner(), Manner::Native);
        }
        Watched { watch, announces }
    }
}

struct Watched {
    watch: Watch,
    announces: bool,
}

impl Watched {
    /// The next change. Giving up and asking again must lose nothing.
    async fn next(&mut self) -> Changed {
        let begun = Instant::now();
        while begun.elapsed() < LONG {
            if let Ok(changed) = timeout(Duration::from_millis(7), self.watch.changed()).await {
                assert_eq!(changed.announced, self.announces, "{changed:?}");
                return changed;
            }
        }
        panic!("nothing changed; {:?}", self.watch.manner());
    }

    /// Waits until all of these paths, and none but these, have changed. How many changes it took.
    async fn sees(&mut self, paths: &[&str]) -> usize {
        let expected: BTreeSet<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        let (mut seen, mut changes) = (BTreeSet::new(), 0);
        while seen != expected {
            let changed = self.next().await;
            assert!(changed.paths.is_sorted());
            seen.extend(changed.paths);
            changes += 1;
            assert!(seen.is_subset(&expected), "{seen:?}");
        }
        changes
    }

    /// Nothing changed but what is changed now.
    async fn sees_nothing(&mut self, place: &Place) {
        let text = fs::read_to_string(place.at(LAST)).unwrap_or_default();
        place.write(LAST, &(text + "//"));
        self.sees(&[LAST]).await;
    }
}

/// Everything below a folder, read.
fn read_all(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| match path.is_dir() {
            true => read_all(&path),
            false => fs::read(&path).map_or(0, |_| 1),
        })
        .sum()
}
