//! Everything of a home, checked at once.

use std::collections::BTreeSet;

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
        let mut rounds: Vec<Round> = names.iter().flat_map(|name| self.rounds(name)).collect();
        let all = Problems::with_warnings();
        if connection.is_none() {
            let used: BTreeSet<&String> = rounds.iter().filter_map(|round| round.checked.connector.as_ref()).collect();
            let unused: Vec<String> = self.connectors().into_iter().filter(|name| !used.contains(name)).collect();
            rounds.extend(unused.iter().map(|connector| self.round_of_connector(connector)));
            self.unused_overlays(&all);
        }
        merge(&rounds, &all);
        let checked = rounds.into_iter().filter(|round| !round.is_bare).map(|round| round.checked).collect();
        Check { report: all.into_report(), checked }
    }

    /// A connection, and the same without its overlay: what the overlay leaves without a use is no fault of the
    /// connector.
    fn rounds(&self, name: &str) -> Vec<Round> {
        let problems = Problems::with_warnings();
        let Some(connection) = Connection::read(self, name, &problems) else {
            return vec![Round::new(Some(name), None, None, problems)];
        };
        let bare = connection.overlay.as_ref().map(|_| {
            let round = self.round(&Connection { overlay: None, ..connection.clone() }, Problems::with_warnings());
            Round { is_bare: true, ..round }
        });
        std::iter::once(self.round(&connection, problems)).chain(bare).collect()
    }

    fn round(&self, connection: &Connection, problems: Problems) -> Round {
        let revision = load(self, connection, &problems);
        let name = (!connection.is_of_nobody()).then_some(connection.name.as_str());
        Round::new(name, Some(&connection.connector.value), revision, problems)
    }

    fn round_of_connector(&self, connector: &str) -> Round {
        self.round(&Connection::of_nobody(connector), Problems::with_warnings())
    }

    fn unused_overlays(&self, problems: &Problems) {
        let connections = self.connections();
        let used: BTreeSet<String> = connections
            .iter()
            .filter_map(|name| Connection::read(self, name, &Problems::new())?.overlay)
            .map(|overlay| overlay.value)
            .collect();
        // A folder without files of an overlay may hold anything.
        let holds_files = |name: &str| self.overlay_files(name, &Problems::new()).all().next().is_some();
        for name in self.overlays().iter().filter(|name| !used.contains(*name) && holds_files(name)) {
            let help = if connections.contains(name) {
                format!("write `overlay: {name}` into connections/{name}.yaml")
            } else {
                "name it with `overlay` in a connection, or remove it".to_owned()
            };
            problems.report(Problem::warning("M0617", format!("no connection uses connections/{name}/")).help(help));
        }
    }
}

/// What was found with one connection.
struct Round {
    checked: Checked,
    report: Report,
    /// Its overlay was left away.
    is_bare: bool,
}

impl Round {
    fn new(connection: Option<&str>, connector: Option<&str>, revision: Option<Revision>, problems: Problems) -> Round {
        let report = problems.into_report();
        let revision = revision.filter(|_| !report.has_errors());
        let checked =
            Checked { connection: connection.map(str::to_owned), connector: connector.map(str::to_owned), revision };
        Round { checked, report, is_bare: false }
    }
}

/// An error of one connection counts. What one connection has no use for, another may have: a warning counts when all
/// connections of the connector have it, or when it is about a file of their own.
fn merge(rounds: &[Round], all: &Problems) {
    for round in rounds.iter().filter(|round| !round.is_bare) {
        let of_same = || rounds.iter().filter(|other| other.checked.connector == round.checked.connector);
        for problem in &round.report.problems {
            let is_own = problem.place.as_ref().is_none_or(|(place, _)| place.file.path.starts_with("connections/"));
            let is_told = || of_same().all(|other| other.report.problems.contains(problem));
            if problem.severity == Severity::Error || is_own || is_told() {
                all.report(problem.clone());
            }
        }
    }
}
