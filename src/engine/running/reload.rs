//! What became of files that changed.

use std::time::Duration;

use crate::connector::{Live, Revision};
use crate::diagnostics::Report;
use crate::mapping::Plan;
use crate::model::{MODELS, Model};

/// What a look at the files of a home led to.
#[derive(Debug, Clone)]
pub struct Reload {
    /// Each connection, in the order of their names.
    pub connections: Vec<Reloaded>,
    /// How long it took to read, compile and swap.
    pub took: Duration,
}

/// A connection after its files were looked at.
#[derive(Debug, Clone)]
pub struct Reloaded {
    /// Its name.
    pub connection: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a connection.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// It is new, and runs from now on.
    Started {
        /// The hash of its revision.
        revision: String,
    },
    /// It runs with another revision from now on.
    Swapped {
        /// The hash of the revision before.
        from: String,
        /// The hash of the revision now.
        to: String,
        /// The models that are mapped otherwise. None when only comments, order or settings differ.
        models: Vec<ModelChange>,
    },
    /// Its files say what they said before.
    Unchanged {
        /// The hash of its revision.
        revision: String,
    },
    /// Its files cannot be run with.
    Broken {
        /// What is wrong with them.
        report: Report,
        /// The hash of the last good revision, with which it goes on; none when there never was one.
        keeps: Option<String>,
    },
    /// Its file is gone, and it runs no more.
    Stopped,
}

impl Reload {
    /// Whether the files of some connection cannot be run with.
    pub fn is_broken(&self) -> bool {
        self.connections.iter().any(|reloaded| matches!(reloaded.outcome, Outcome::Broken { .. }))
    }

    /// Whether some connection runs otherwise than before.
    pub fn changes(&self) -> bool {
        self.connections.iter().any(|reloaded| !matches!(reloaded.outcome, Outcome::Unchanged { .. }))
    }
}

/// A model that another revision maps otherwise.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ModelChange {
    /// Its name.
    pub model: String,
    /// The fields whose plans differ; all when the model was not mapped before.
    pub fields: Vec<String>,
    /// Paths of the source that are read now and were not before. Stored records lack them.
    pub new_paths: Vec<String>,
    /// Whether other records are asked for, whatever is read of each.
    pub other_rows: bool,
    /// Whether it is mapped no more.
    pub removed: bool,
}

/// What a revision maps otherwise than the one before it: by what the plans do, not by how they are written.
pub fn changes(before: &Revision, after: &Revision) -> Vec<ModelChange> {
    let changed = |model: &&'static Model| match (before.plan(model), after.plan(model)) {
        (None, None) => None,
        (before, Some(after)) => of_plan(before.map(AsRef::as_ref), after),
        (Some(_), None) => Some(ModelChange {
            model: model.name.to_owned(),
            fields: Vec::new(),
            new_paths: Vec::new(),
            other_rows: false,
            removed: true,
        }),
    };
    MODELS.iter().filter_map(changed).collect()
}

fn of_plan(before: Option<&Plan>, after: &Plan) -> Option<ModelChange> {
    let change = match before {
        Some(before) => ModelChange {
            model: after.model().name.to_owned(),
            fields: after.signature().changed_fields(before.signature()),
            new_paths: before.reads().missing(after.reads()),
            other_rows: before.rows_signature() != after.rows_signature(),
            removed: false,
        },
        None => ModelChange {
            model: after.model().name.to_owned(),
            fields: after.model().fields.iter().map(|field| field.name.to_owned()).collect(),
            new_paths: Vec::new(),
            other_rows: true,
            removed: false,
        },
    };
    (!change.fields.is_empty() || !change.new_paths.is_empty() || change.other_rows).then_some(change)
}

/// Puts a revision into use.
pub(super) fn swap(live: &Live, revision: Revision) -> Outcome {
    let before = live.revision();
    let models = changes(&before, &revision);
    let (from, to) = (before.hash.clone(), revision.hash.clone());
    live.swap(revision);
    Outcome::Swapped { from, to, models }
}
