//! What editors, version control and clusters do to files.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::time::timeout;

use super::*;

/// Long enough on any machine. Nothing waits so long unless a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

struct Watched {
    folder: TempDir,
    watch: Watch,
}

impl Watched {
    /// A home with a few files, laid out by `lay`.
    fn new(options: WatchOptions, lay: impl FnOnce(&Path)) -> Watched {
        let folder = tempfile::tempdir().unwrap();
        lay(folder.path());
        let home = folder.path().join("home");
        Watched { watch: Watch::start(&Home::new(home), options), folder }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join("home").join(path)
    }

    fn write(&self, path: &str, text: &str) {
        write(&self.path(path), text);
    }

    /// The paths that are told next.
    async fn told(&mut self) -> Vec<String> {
        timeout(PATIENCE, self.watch.changed()).await.expect("a change is told").paths
    }

    /// Waits until this path was told.
    async fn hears_of(&mut self, path: &str) {
        while !self.told().await.iter().any(|told| told == path) {}
    }

    /// Writes something else, and shows that nothing but that is told.
    async fn hears_nothing_but_a_sentinel(&mut self) {
        self.write("connections/sentinel.yaml", &format!("{:?}", std::time::Instant::now()));
        assert_eq!(self.told().await, ["connections/sentinel.yaml"]);
    }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

const JOBS: &str = "mappings/carerix/jobs.yaml";

fn usual(folder: &Path) {
    write(&folder.join("home").join(JOBS), "model: jobs\n");
    write(&folder.join("home/mappings/carerix/users.yaml"), "model: users\n");
    write(&folder.join("home/scripts/carerix/jobs.rhai"), "fn a() { 1 }\n");
    write(&folder.join("home/connections/acme.yaml"), "connector: carerix\n");
}

/// Runs a scenario with announcements and without.
macro_rules! both_ways {
    ($($name:ident: $lay:expr, $scenario:expr;)*) => {
        $(mod $name {
            use super::*;

            #[tokio::test]
            async fn announced() {
                let home = Watched::new(WatchOptions::default(), $lay);
                let manner = Arc::clone(&home.watch.manner);
                ($scenario)(home).await;
                assert_eq!(*manner.lock().unwrap(), Manner::Native, "what was told had been announced");
            }

            #[tokio::test]
            async fn polled() {
                let options = WatchOptions { force_polling: true, poll_every: Duration::from_millis(30), ..WatchOptions::default() };
                ($scenario)(Watched::new(options, $lay)).await;
            }
        })*
    };
}

both_ways! {
    written_in_place: usual, async |mut home: Watched| {
        home.write(JOBS, "model: jobs\n# 1\n");
        assert_eq!(home.told().await, [JOBS]);
        home.write(JOBS, "model: jobs\n# 2\n");
        assert_eq!(home.told().await, [JOBS]);
    };
    saved_by_renaming: usual, async |mut home: Watched| {
        for text in ["one", "two", "one"] {
            home.write("mappings/carerix/4913", "");
            std::fs::remove_file(home.path("mappings/carerix/4913")).unwrap();
            std::fs::rename(home.path(JOBS), home.path("mappings/carerix/jobs.yaml~")).unwrap();
            home.write(JOBS, text);
            std::fs::remove_file(home.path("mappings/carerix/jobs.yaml~")).unwrap();
            home.hears_of(JOBS).await;
            home.write("mappings/carerix/.jobs.new", &format!("{text} again"));
            std::fs::rename(home.path("mappings/carerix/.jobs.new"), home.path(JOBS)).unwrap();
            assert_eq!(home.told().await, [JOBS]);
        }
    };
    many_at_once: usual, async |mut home: Watched| {
        for number in 0..300 {
            home.write(&format!("mappings/carerix/tables/t{number}.yaml"), "keywords: {}\n");
        }
        let mut told = std::collections::BTreeSet::new();
        let mut changes = 0;
        while told.len() < 300 {
            told.extend(home.told().await);
            changes += 1;
        }
        // Looking every so often may see a part of it; announced, it is one change or the machine was slow.
        assert!(changes <= 20, "{changes}");
    };
    nothing_new: usual, async |mut home: Watched| {
        home.write(JOBS, "model: jobs\n");
        for path in [JOBS, "connections/acme.yaml"] {
            std::fs::read(home.path(path)).unwrap();
        }
        home.write("mappings/carerix/.jobs.yaml.swp", "swap");
        home.write("mappings/carerix/jobs.yaml~", "backup");
        home.write("crosswalk.db", "rows");
        home.hears_nothing_but_a_sentinel().await;
    };
    removed_and_made_again: usual, async |mut home: Watched| {
        std::fs::remove_file(home.path(JOBS)).unwrap();
        assert_eq!(home.told().await, [JOBS]);
        home.write(JOBS, "model: jobs\n");
        assert_eq!(home.told().await, [JOBS]);
    };
    a_folder_removed_and_made_again: usual, async |mut home: Watched| {
        for round in 0..2 {
            std::fs::remove_dir_all(home.path("mappings")).unwrap();
            home.hears_of(JOBS).await;
            home.write(JOBS, &format!("round {round}"));
            home.hears_of(JOBS).await;
            home.write(JOBS, &format!("round {round}, edited"));
            home.hears_of(JOBS).await;
        }
    };
    a_new_folder: usual, async |mut home: Watched| {
        home.write("mappings/other/connector.yaml", "name: other\n");
        home.hears_of("mappings/other/connector.yaml").await;
        home.write("mappings/other/connector.yaml", "name: another\n");
        home.hears_of("mappings/other/connector.yaml").await;
    };
    a_config_map: config_map, async |mut home: Watched| {
        for round in 2..5 {
            let folder = home.path("mappings/carerix");
            write(&folder.join(format!("..{round}/jobs.yaml")), &format!("round {round}"));
            symlink(format!("..{round}"), folder.join("..data_tmp")).unwrap();
            std::fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
            std::fs::remove_dir_all(folder.join(format!("..{}", round - 1))).unwrap();
            home.hears_of(JOBS).await;
        }
    };
    a_linked_folder: linked, async |mut home: Watched| {
        write(&home.folder.path().join("v1/carerix/jobs.yaml"), "edited behind the link");
        home.hears_of(JOBS).await;
        symlink(home.folder.path().join("v2"), home.path("next")).unwrap();
        std::fs::rename(home.path("next"), home.path("mappings")).unwrap();
        home.hears_of(JOBS).await;
        write(&home.folder.path().join("v2/carerix/jobs.yaml"), "edited behind the other link");
        home.hears_of(JOBS).await;
    };
    links_in_a_circle: circle, async |mut home: Watched| {
        home.write(JOBS, "model: jobs\n# 1\n");
        home.hears_of(JOBS).await;
    };
}

fn config_map(folder: &Path) {
    usual(folder);
    let connector = folder.join("home/mappings/carerix");
    std::fs::remove_file(connector.join("jobs.yaml")).unwrap();
    write(&connector.join("..1/jobs.yaml"), "round 1");
    symlink("..1", connector.join("..data")).unwrap();
    symlink("..data/jobs.yaml", connector.join("jobs.yaml")).unwrap();
}

fn linked(folder: &Path) {
    usual(folder);
    std::fs::remove_dir_all(folder.join("home/mappings")).unwrap();
    write(&folder.join("v1/carerix/jobs.yaml"), "one");
    write(&folder.join("v2/carerix/jobs.yaml"), "two");
    symlink(folder.join("v1"), folder.join("home/mappings")).unwrap();
}

fn circle(folder: &Path) {
    usual(folder);
    symlink("..", folder.join("home/mappings/carerix/up")).unwrap();
    symlink("nowhere", folder.join("home/mappings/carerix/gone.yaml")).unwrap();
}

#[tokio::test]
async fn a_file_that_is_written_in_parts_is_told_once() {
    let options = WatchOptions { debounce: Duration::from_millis(200), ..WatchOptions::default() };
    let mut home = Watched::new(options, usual);
    for text in ["", "model:", "model: jobs\n# whole\n"] {
        home.write(JOBS, text);
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(home.told().await, [JOBS]);
    home.hears_nothing_but_a_sentinel().await;
}

#[tokio::test]
async fn announcements_that_do_not_come_are_done_without() {
    let options = WatchOptions {
        deaf: true,
        look_again: Duration::from_millis(50),
        poll_every: Duration::from_millis(20),
        ..WatchOptions::default()
    };
    let mut home = Watched::new(options, usual);
    assert_eq!(home.watch.manner(), Manner::Native);
    for round in 0.. {
        assert!(round < 100, "it goes on waiting for announcements");
        let path = home.path(JOBS);
        home.write(JOBS, &format!("round {round}"));
        // As a file that lay there for a while before anybody looked.
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(std::time::SystemTime::now() - Duration::from_secs(1)).unwrap();
        home.hears_of(JOBS).await;
        if let Manner::Polling { why, .. } = home.watch.manner() {
            assert_eq!(why, "the file system does not say when files change");
            break;
        }
    }
    home.write(JOBS, "polled");
    assert_eq!(home.told().await, [JOBS]);
}

#[tokio::test]
async fn a_home_that_is_not_there_is_looked_for() {
    let mut home =
        Watched::new(WatchOptions { poll_every: Duration::from_millis(20), ..WatchOptions::default() }, |_| {});
    assert!(matches!(home.watch.manner(), Manner::Polling { .. }));
    home.write(JOBS, "model: jobs\n");
    home.hears_of(JOBS).await;
}

#[tokio::test]
async fn it_ends_with_its_owner() {
    let home = Watched::new(WatchOptions::default(), usual);
    let manner = Arc::downgrade(&home.watch.manner);
    drop(home);
    let end = std::time::Instant::now() + PATIENCE;
    while manner.upgrade().is_some() {
        assert!(std::time::Instant::now() < end, "the thread goes on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
