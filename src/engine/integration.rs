//! What a connection is called outside: its tool and an id.

use std::fmt;

use crate::connector::Revision;
use crate::model::Id;

/// A connection as clients of the HTTP API know it: `tool:id`.
///
/// The id is derived from the connection's name, as those of its records are: it stays as long as the file has its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrationId {
    tool: String,
    id: Id,
}

impl IntegrationId {
    /// That of a connection, which runs with `revision`.
    pub fn new(revision: &Revision, connection: &str) -> IntegrationId {
        IntegrationId { tool: revision.tool.slug.clone(), id: IntegrationId::id_of(connection) }
    }

    /// What stands behind the colon.
    pub fn id_of(connection: &str) -> Id {
        Id::derive(connection, "integrations", "")
    }

    /// What stands before it: the slug of the tool.
    pub fn tool(&self) -> &str {
        &self.tool
    }
}

impl fmt::Display for IntegrationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.tool, self.id)
    }
}
