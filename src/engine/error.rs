//! What can go wrong, and what it means to whoever runs the engine.

use crate::diagnostics::Report;
use crate::source::SourceError;
use crate::store::StoreError;

/// Why the engine could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// Files of the home folder do not compile.
    #[error("{0}")]
    Files(#[from] Report),
    /// The credentials of a connection cannot be found.
    #[error("connection `{connection}` has no credentials: {what}")]
    Credentials {
        /// The connection.
        connection: String,
        /// What is missing.
        what: String,
    },
    /// One record cannot be asked for.
    #[error("the connector `{connector}` cannot give one of its {model}: {what}")]
    OneRecord {
        /// The connector.
        connector: String,
        /// The model.
        model: &'static str,
        /// What is missing.
        what: &'static str,
    },
    /// The source cannot be used as the connection says.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
