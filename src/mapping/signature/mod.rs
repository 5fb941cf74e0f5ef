//! What a plan does, whatever its files are written like.
//!
//! A digest is taken of the compiled plan and not of texts. Each part of a plan is taken apart here with all its members
//! named, so that a new one does not compile before somebody says whether it counts.

mod digest;
mod origin;
mod record;
mod rule;
mod script;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub(super) use self::digest::Digest;
use super::plan::Plan;

/// What a plan does: a digest for each field of the model, and one for the rest.
///
/// Plans with equal signatures make the same of every raw record in the same context: the same unified record, marks,
/// groups and issues. Comments, white space, the order of keys, the names of files, conditions and settings, and whether
/// an overlay says something do not count.
///
/// One thing may differ all the same: the issue of a script that failed says where it did, and lines move. The places
/// are those of the files as they were when the record was mapped.
///
/// In doubt a change counts: renaming a variable of a function does, and so does the order of `a and b`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Signature(BTreeMap<String, String>);

impl Signature {
    /// Stands among the fields for what is none: the version of the engine, deletion, the group, what numbers mean as
    /// flags, and the shape of what is read beside the fields.
    pub const RECORD: &str = "(record)";

    /// What a compiled plan does.
    pub(super) fn of(plan: &Plan) -> Signature {
        Signature(record::digests(plan).into_iter().map(|(name, digest)| (name.to_owned(), digest)).collect())
    }

    /// A short name of all of it.
    pub fn hash(&self) -> String {
        let mut digest = Digest::default();
        for (name, field) in &self.0 {
            digest.text(name);
            digest.text(field);
        }
        digest.finish()
    }

    /// The fields that an earlier plan fills in another way, those that only one of both has included, by name.
    /// [`Signature::RECORD`] comes first.
    pub fn changed_fields(&self, earlier: &Signature) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(earlier.0.keys()).collect();
        names.into_iter().filter(|name| self.0.get(*name) != earlier.0.get(*name)).cloned().collect()
    }
}
