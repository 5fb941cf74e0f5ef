//! What an edit of the tenant did, for those who must follow: remembered row orders, and webhooks.

use super::{Record, World};

/// One record that changed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    pub(crate) record: Record,
    /// Kept here, because a removed record is no longer found.
    pub(crate) id: String,
    pub(crate) kind: ChangeKind,
    /// The fields that were set by name.
    pub(crate) fields: Vec<String>,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Created,
    Updated,
    Deleted,
}

impl ChangeKind {
    /// The word in the name of an event.
    pub(crate) fn word(self) -> &'static str {
        match self {
            ChangeKind::Created => "created",
            ChangeKind::Updated => "updated",
            ChangeKind::Deleted => "deleted",
        }
    }
}

impl World {
    pub(super) fn change(&self, record: Record, kind: ChangeKind, fields: Vec<String>) -> Change {
        Change { record, id: self.id(record), kind, fields }
    }
}
