//! What mapping one record needs and yields.

use std::fmt;
use std::sync::LazyLock;

use jiff::Timestamp;

use super::Labels;
use crate::model::Id;

/// What a mapping may know beside the record itself.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The connection, for ids.
    pub connection: &'a str,
    /// `$now`: when the sync began. It is the same for all records of a sync, so that a sync that was interrupted
    /// and resumed yields what an undisturbed one does.
    pub now: Timestamp,
    /// What the source calls its free fields and their options.
    pub labels: &'a Labels,
}

pub(super) static NO_LABELS: LazyLock<Labels> = LazyLock::new(Labels::default);

impl<'a> Context<'a> {
    /// A context in which no free field has a name.
    pub fn new(connection: &'a str, now: Timestamp) -> Context<'a> {
        Context { connection, now, labels: &NO_LABELS }
    }
}

/// A record as a mapping made it. One value serves a whole page: [`Mapped::clear`] keeps its buffers.
#[derive(Debug, Default)]
pub struct Mapped {
    /// The source's id.
    pub remote_id: String,
    /// The unified id.
    pub id: Option<Id>,
    /// The unified record as JSON: every field of the model in the model's order, without those that the store
    /// adds when it is read.
    pub unified: Vec<u8>,
    /// Whether the source marks the record as deleted.
    pub deleted: bool,
    /// The group that the record belongs to, for the `members` of other records.
    pub group: Option<String>,
    /// The group whose members are shown in the record.
    pub members_of: Option<String>,
    /// What fitted nowhere.
    pub issues: Vec<Issue>,
}

impl Mapped {
    /// Empties everything and keeps the memory.
    pub fn clear(&mut self) {
        self.remote_id.clear();
        self.id = None;
        self.unified.clear();
        self.deleted = false;
        self.group = None;
        self.members_of = None;
        self.issues.clear();
    }

    /// The issues that make the record count as failed.
    pub fn failures(&self) -> impl Iterator<Item = &Issue> {
        self.issues.iter().filter(|issue| issue.severity == Severity::Failed)
    }
}

/// A value that did not fit its field. It is stored with the record and counted; it never stops a sync.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Issue {
    /// The field of the unified record.
    pub field: String,
    /// Whether a value was lost or a rule broke.
    pub severity: Severity,
    /// What went wrong, without the value itself where it may be personal.
    pub message: String,
}

/// How bad an [`Issue`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A value fitted nowhere; the field is null.
    Unmapped,
    /// The rule of the field broke: a script threw, or `otherwise: error` was reached. The field is null and the
    /// record counts as failed.
    Failed,
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// Why a record could not be mapped at all. It is kept raw and tried again with the next revision.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);
