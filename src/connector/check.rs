//! Everything of a home, checked at once.

use std::collections::{BTreeMap, BTreeSet};

use super::{Connection, Home, Revision, load};
use crate::diagnostics::{Problem, Problems, Report, Severity};

/// What a check found.
#[derive(Debug)]
pub struct Check {
    /// What is wrong or worth a look, over all connections.
    pub report: Report,
    /// What was checked.
    pub checked: Vec<Checked>,
}

/// A connection, or a connector that no connection uses.
#[derive(Debug)]
pub struct Checked {
    /// The connection.
    pub connection: Option<String>,
    /// Its connector, if its file could be read.
    pub connector: Option<String>,
    /// What it compiles to, if nothing is wrong.
    pub revision: Option<Revision>,
}

impl Home {
    /// Checks a connection, or all of them and the connectors that none uses.
    pub fn check(&self, connection: Option<&str>) -> Check {
        let names = connection.map_or_else(|| self.connections(), |name| vec![name.to_owned()]);
        let mut rounds: Vec<(Checked, Report)> = names.iter().map(|name| self.round(name)).collect();
        let all = Problems::with_warnings();
        if connection.is_none() {
            let used: BTreeSet<&String> = rounds.iter().filter_map(|(checked, _)| checked.connector.as_ref()).collect();
            let unused: Vec<String> = self.connectors().into_iter().filter(|name| !used.contains(name)).collect();
            rounds.extend(unused.iter().map(|connector| self.round_of_connector(connector)));
            self.unused_overlays(&all);
        }
        merge(&rounds, &all);
        Check { report: all.into_report(), checked: rounds.into_iter().map(|(checked, _)| checked).collect() }
    }

    fn round(&self, name: &str) -> (Checked, Report) {
        let problems = Problems::with_warnings();
        let connection = Connection::read(self, name, &problems);
        let revision = connection.as_ref().and_then(|connection| load(self, connection, &problems));
        let connector = connection.map(|connection| connection.connector.value);
        finish(Some(name.to_owned()), connector, revision, problems)
    }

    fn round_of_connector(&self, connector: &str) -> (Checked, Report) {
        let problems = Problems::with_warnings();
        let revision = load(self, &Connection::of_nobody(connector), &problems);
        finish(None, Some(connector.to_owned()), revision, problems)
    }

    fn unused_overlays(&self, problems: &Problems) {
        let connections = self.connections();
        let used: BTreeSet<String> = connections
            .iter()
            .filter_map(|name| Connection::read(self, name, &Problems::new())?.overlay)
            .map(|overlay| overlay.value)
            .collect();
        for name in self.overlays().iter().filter(|name| !used.contains(*name)) {
            let help = if connections.contains(name) {
                format!("write `overlay: {name}` into connections/{name}.yaml")
            } else {
                "name it with `overlay` in a connection, or remove it".to_owned()
            };
            problems.report(Problem::warning("M0617", format!("no connection uses connections/{name}/")).help(help));
        }
    }
}

fn finish(
    connection: Option<String>,
    connector: Option<String>,
    revision: Option<Revision>,
    problems: Problems,
) -> (Checked, Report) {
    let report = problems.into_report();
    let revision = revision.filter(|_| !report.has_errors());
    (Checked { connection, connector, revision }, report)
}

/// An error of one connection counts. What one connection has no use for, another may have: a warning counts when all
/// connections of the connector have it, or when it is about a file of their own.
fn merge(rounds: &[(Checked, Report)], all: &Problems) {
    let mut connections: BTreeMap<&Option<String>, usize> = BTreeMap::new();
    for (checked, _) in rounds {
        *connections.entry(&checked.connector).or_default() += 1;
    }
    for (checked, report) in rounds {
        for problem in &report.problems {
            let is_own = problem.place.as_ref().is_none_or(|(place, _)| place.file.path.starts_with("connections/"));
            let told = || {
                let same = rounds.iter().filter(|(other, _)| other.connector == checked.connector);
                same.filter(|(_, report)| report.problems.contains(problem)).count()
            };
            if problem.severity == Severity::Error || is_own || told() == connections[&checked.connector] {
                all.report(problem.clone());
            }
        }
    }
}
