//! All cases of a connector, and whether they map as their snapshots say.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use super::outcome::{Outcome, Unreadable};
use super::snapshot::{Snapshot, json};
use super::{CASES, LABELS, SNAPSHOTS, pattern};
use crate::connector::{Connection, Home, Revision};
use crate::diagnostics::{Problem, Problems, Report, closest};
use crate::mapping::Labels;
use crate::model::{MODELS, Model};

/// The cases of a connector.
#[derive(Debug)]
pub struct Suite {
    root: PathBuf,
    revision: Revision,
    /// What the cases' free fields and options are called.
    labels: Labels,
    cases: Vec<Case>,
}

/// A case: a raw record, a snapshot that has lost its record, or a folder that is none of cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its model; none for a folder that belongs to no model.
    pub model: Option<&'static Model>,
    /// The name of its file, without `.json`.
    pub name: String,
    /// The file of the raw record, from the home; none when only the snapshot is left.
    pub file: Option<String>,
    /// The file of the snapshot, from the home.
    pub snapshot: Option<String>,
    /// Why the case cannot be mapped, if that shows by its name.
    trouble: Option<String>,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It maps as its snapshot says.
    Same,
    /// It maps otherwise.
    Different {
        /// The content of the snapshot.
        expected: String,
        /// What it maps to.
        found: String,
    },
    /// It has no snapshot.
    New {
        /// What it maps to.
        found: String,
    },
    /// It is no record, or nothing maps it.
    Unreadable(Unreadable),
    /// There is a snapshot, and no case.
    NoCase,
}

/// A case that was mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The case.
    pub case: Case,
    /// What came of it.
    pub state: State,
}

impl Case {
    /// What it is called: `jobs/full`.
    pub fn title(&self) -> String {
        match self.model {
            Some(model) => format!("{}/{}", model.name, self.name),
            None => self.name.clone(),
        }
    }

    /// The name of its snapshot: `jobs__full`.
    pub fn snapshot_name(&self) -> &str {
        let file = self.snapshot.as_deref().unwrap_or_default();
        let name = file.rsplit('/').next().unwrap_or(file);
        name.strip_suffix(".snap").unwrap_or(name)
    }

    /// Whether one of the patterns names this case and can mean no other.
    pub fn is_named(&self, patterns: &[String]) -> bool {
        patterns.iter().any(|pattern| !pattern::is_open(pattern) && self.is_meant(std::slice::from_ref(pattern)))
    }

    fn is_meant(&self, patterns: &[String]) -> bool {
        let model = self.model.map_or("", |model| model.name);
        patterns.is_empty() || patterns.iter().any(|pattern| pattern::fits(pattern, model, &self.name))
    }
}

/// The labels of the cases in a folder: names by the ids that the source gives to free fields and options.
fn labels(home: &Home, folder: &str) -> Result<Labels, Report> {
    let path = format!("{folder}/{LABELS}");
    let full = home.root().join(&path);
    if !full.is_file() {
        return Ok(Labels::default());
    }
    let read = std::fs::read_to_string(&full).map_err(|error| error.to_string());
    let labels = read.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
    let labels: BTreeMap<String, String> = labels.map_err(|why| {
        let problem = Problem::error("M0010", format!("cannot read {path}: {why}"));
        let problems = Problems::new();
        problems.report(problem.help("write such as { \"10362\": \"Driving licence\" }"));
        problems.into_report()
    })?;
    Ok(labels.into_iter().collect())
}

impl Suite {
    /// Compiles what the connection runs with, and lists the cases of its connector.
    pub fn open(home: &Home, connection: &Connection) -> Result<Suite, Report> {
        let revision = Revision::load(home, connection)?;
        let cases = Listing { home, connector: &revision.connector }.cases();
        let labels = labels(home, &Suite::folder(home, &revision.connector))?;
        Ok(Suite { root: home.root().to_owned(), revision, labels, cases })
    }

    /// The folder of a connector's cases, from the home: its own if there is one, else the one of all.
    pub fn folder(home: &Home, connector: &str) -> String {
        let own = format!("{CASES}/{connector}");
        let is_own = Model::named(connector).is_none() && home.root().join(&own).is_dir();
        if is_own { own } else { CASES.to_owned() }
    }

    /// What maps the cases.
    pub fn revision(&self) -> &Revision {
        &self.revision
    }

    /// All cases in order: those of a model together, the models as a sync reads them.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The cases that the patterns mean, such as `jobs/full`, `jobs` or `jobs/closed_*`; all when there are none. A
    /// pattern that means nothing is given back, with the name that comes next to it.
    pub fn select(&self, patterns: &[String]) -> Result<Vec<&Case>, (String, Option<String>)> {
        for pattern in patterns {
            if !self.cases.iter().any(|case| case.is_meant(std::slice::from_ref(pattern))) {
                let titles: Vec<String> = self.cases.iter().map(Case::title).collect();
                let models = MODELS.iter().map(|model| model.name);
                let known = titles.iter().map(String::as_str).chain(models);
                return Err((pattern.clone(), closest(pattern, known).map(str::to_owned)));
            }
        }
        Ok(self.cases.iter().filter(|case| case.is_meant(patterns)).collect())
    }

    /// What the case maps to.
    pub fn outcome(&self, case: &Case) -> Result<Outcome, Unreadable> {
        if let Some(trouble) = &case.trouble {
            return Err(Unreadable(trouble.clone()));
        }
        let (Some(model), Some(file)) = (case.model, &case.file) else {
            return Err(Unreadable("it has no raw record".to_owned()));
        };
        let Some(plan) = self.revision.plan(model) else {
            return Err(Unreadable(format!("the connector `{}` does not map {}", self.revision.connector, model.name)));
        };
        let raw =
            std::fs::read(self.root.join(file)).map_err(|error| Unreadable(format!("cannot read it: {error}")))?;
        let raw = String::from_utf8(raw).map_err(|_| Unreadable("it is not UTF-8 text".to_owned()))?;
        Outcome::with_labels(plan, &raw, &self.labels)
    }

    /// Maps a case and compares it with its snapshot. Nothing is written. A snapshot that cannot be read is an error.
    pub fn check(&self, case: &Case) -> io::Result<Checked> {
        let state = match (&case.file, self.snapshot(case)?) {
            (None, Some(_)) => State::NoCase,
            (_, snapshot) => match self.outcome(case) {
                Err(unreadable) => State::Unreadable(unreadable),
                Ok(outcome) => {
                    let found = json(outcome.value());
                    match snapshot {
                        None => State::New { found },
                        Some(snapshot) if snapshot.content() == found => State::Same,
                        Some(snapshot) => State::Different { expected: snapshot.content().to_owned(), found },
                    }
                }
            },
        };
        Ok(Checked { case: case.clone(), state })
    }

    /// Writes what differs or is new beside the snapshot as `.snap.new`, for a review; takes away what an earlier run
    /// left there for a case that matches again.
    pub fn propose(&self, checked: &Checked) -> io::Result<()> {
        let Some(path) = self.snapshot_path(&checked.case) else { return Ok(()) };
        match &checked.state {
            State::Different { found, .. } | State::New { found } => {
                Snapshot::new(found, Snapshot::read(&path)?.as_ref()).write(&pending(&path))
            }
            State::Same | State::NoCase => remove(&pending(&path)),
            State::Unreadable(_) => Ok(()),
        }
    }

    /// Takes what a case maps to now as its snapshot; of a snapshot without a case, removes it.
    pub fn accept(&self, checked: &Checked) -> io::Result<()> {
        let Some(path) = self.snapshot_path(&checked.case) else { return Ok(()) };
        match &checked.state {
            State::Different { found, .. } | State::New { found } => {
                Snapshot::new(found, Snapshot::read(&path)?.as_ref()).write(&path)?;
            }
            State::NoCase => remove(&path)?,
            State::Same => {}
            State::Unreadable(_) => return Ok(()),
        }
        remove(&pending(&path))
    }

    fn snapshot(&self, case: &Case) -> io::Result<Option<Snapshot>> {
        match self.snapshot_path(case) {
            Some(path) => Snapshot::read(&path),
            None => Ok(None),
        }
    }

    fn snapshot_path(&self, case: &Case) -> Option<PathBuf> {
        Some(self.root.join(case.snapshot.as_ref()?))
    }
}

fn pending(path: &Path) -> PathBuf {
    path.with_extension("snap.new")
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The files of a home that make up the cases of a connector.
struct Listing<'a> {
    home: &'a Home,
    connector: &'a str,
}

impl Listing<'_> {
    /// A connector with a folder of its own in `tests/cases` has its cases there, and no others.
    fn cases(&self) -> Vec<Case> {
        let folder = Suite::folder(self.home, self.connector);
        let prefix = if folder == CASES { String::new() } else { format!("{}__", self.connector) };
        let mut cases: Vec<Case> = MODELS.iter().flat_map(|model| self.of_model(model, &folder, &prefix)).collect();
        cases.extend(self.strays(&folder));
        cases
    }

    fn of_model(&self, model: &'static Model, folder: &str, prefix: &str) -> Vec<Case> {
        let folder = format!("{folder}/{}", model.name);
        let prefix = format!("{prefix}{}__", model.name);
        let root = self.home.root();
        let names = names(&root.join(&folder), ".json");
        let mut twins: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for name in &names {
            twins.entry(name.to_lowercase()).or_default().push(name);
        }
        let trouble = |name: &str| {
            let other = twins[&name.to_lowercase()].iter().find(|other| **other != name)?;
            Some(format!("`{other}` differs from it in letter case only, and some file systems cannot tell them apart"))
        };
        let snapshot = |name: &str| Some(format!("{SNAPSHOTS}/{prefix}{name}.snap"));
        let cases = names.iter().map(|name| Case {
            model: Some(model),
            name: name.clone(),
            file: Some(format!("{folder}/{name}.json")),
            snapshot: snapshot(name),
            trouble: trouble(name),
        });
        let left: BTreeSet<String> = self::names(&root.join(SNAPSHOTS), ".snap")
            .into_iter()
            .filter_map(|file| file.strip_prefix(prefix.as_str()).map(str::to_owned))
            .filter(|name| !names.contains(name))
            .collect();
        let left = left.iter().map(|name| Case {
            model: Some(model),
            name: name.clone(),
            file: None,
            snapshot: snapshot(name),
            trouble: None,
        });
        cases.chain(left).collect()
    }

    /// Folders whose cases would never be looked at: those of no model and no connector, and those of models where
    /// every connector has a folder of its own.
    fn strays(&self, folder: &str) -> Vec<Case> {
        let mut strays = self.strays_in(folder);
        let connectors = self.home.connectors();
        if folder != CASES && connectors.iter().all(|connector| Suite::folder(self.home, connector) != CASES) {
            strays.extend(self.strays_in(CASES));
        }
        strays
    }

    fn strays_in(&self, folder: &str) -> Vec<Case> {
        let connectors = self.home.connectors();
        let is_model = |name: &str| Model::named(name).is_some();
        let is_looked_at = Suite::folder(self.home, self.connector) == folder;
        let is_known = |name: &str| {
            (is_looked_at && is_model(name)) || (folder == CASES && connectors.iter().any(|known| known == name))
        };
        let found = std::fs::read_dir(self.home.root().join(folder)).into_iter().flatten().flatten();
        let folders = found.filter(|entry| entry.path().is_dir());
        let mut names: Vec<String> = folders.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.retain(|name| !name.starts_with('.') && !is_known(name));
        names.sort();
        let stray = |name: String| {
            let file = format!("{folder}/{name}");
            let trouble = if is_model(&name) {
                format!("cases of the connector `{0}` are in {CASES}/{0}, so nothing looks at these", self.connector)
            } else {
                let hint = closest(&name, MODELS.iter().map(|model| model.name));
                let hint = hint.map_or(String::new(), |close| format!("; did you mean `{close}`?"));
                format!("it is the folder of no model and no connector{hint}")
            };
            Case { model: None, trouble: Some(trouble), name: format!("{name}/"), file: Some(file), snapshot: None }
        };
        names.into_iter().map(stray).collect()
    }
}

/// The names of the files in a folder with this ending, without it, in order. Editors leave hidden ones.
fn names(folder: &Path, ending: &str) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
        .filter(|name| !name.is_empty() && !name.starts_with('.'))
        .collect();
    names.sort();
    names
}
