//! What the control answers.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::engine::{ModelChange, Outcome, Reload, Reloaded};

/// What a look at the files led to.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReloadAnswer {
    /// How long it took.
    pub took_ms: f64,
    /// Whether the files of some connection cannot be run with.
    pub broken: bool,
    /// Each connection.
    pub connections: Vec<ReloadedAnswer>,
}

/// A connection after its files were looked at.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReloadedAnswer {
    /// Its name.
    pub connection: String,
    /// `started`, `swapped`, `unchanged`, `broken` or `stopped`.
    pub outcome: String,
    /// The hash of the revision that it runs with now.
    pub revision: Option<String>,
    /// The hash of the one before, when that was swapped.
    pub before: Option<String>,
    /// The models that are mapped otherwise.
    pub models: Vec<ModelChange>,
    /// What is wrong with its files, as pictures.
    pub report: Option<String>,
    /// The same for programs, one object each.
    pub problems: Vec<Box<RawValue>>,
}

impl From<Reload> for ReloadAnswer {
    fn from(reload: Reload) -> ReloadAnswer {
        ReloadAnswer {
            took_ms: reload.took.as_secs_f64() * 1e3,
            broken: reload.is_broken(),
            connections: reload.connections.into_iter().map(ReloadedAnswer::from).collect(),
        }
    }
}

impl From<Reloaded> for ReloadedAnswer {
    fn from(Reloaded { connection, outcome }: Reloaded) -> ReloadedAnswer {
        let plain = |outcome: &str, revision| ReloadedAnswer {
            connection,
            outcome: outcome.to_owned(),
            revision,
            before: None,
            models: Vec::new(),
            report: None,
            problems: Vec::new(),
        };
        match outcome {
            Outcome::Started { revision } => plain("started", Some(revision)),
            Outcome::Unchanged { revision } => plain("unchanged", Some(revision)),
            Outcome::Stopped => plain("stopped", None),
            Outcome::Swapped { from, to, models } => {
                ReloadedAnswer { before: Some(from), models, ..plain("swapped", Some(to)) }
            }
            Outcome::Broken { report, keeps } => {
                let problems = report.problems.iter().filter_map(|problem| RawValue::from_string(problem.json()).ok());
                ReloadedAnswer {
                    report: Some(report.to_string()),
                    problems: problems.collect(),
                    ..plain("broken", keeps)
                }
            }
        }
    }
}
