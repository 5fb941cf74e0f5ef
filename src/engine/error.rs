//! What can go wrong, and what it means to whoever runs the engine.

use super::credentials::Missing;
use crate::diagnostics::Report;
use crate::fetch::{FetchError, Refused};
use crate::source::SourceError;
use crate::store::StoreError;
use crate::vault::VaultError;

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
    /// The vault does not give a credential of a connection.
    #[error("connection `{connection}` has no credentials: {cause}")]
    Vault {
        /// The connection.
        connection: String,
        /// What is wrong with the vault.
        cause: VaultError,
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
    /// The connector has no mapping of the model.
    #[error("connector `{connector}` does not map {model}")]
    NotMapped {
        /// The connector.
        connector: String,
        /// The model.
        model: &'static str,
    },
    /// A record is not as its Rust type says, which is a fault of the engine.
    #[error("a record of {model} is not as its type says, from column {column} of its JSON on")]
    NotOfItsType {
        /// The model.
        model: &'static str,
        /// Where its JSON stops to be as it should.
        column: usize,
    },
    /// The store keeps a record without what the source sent.
    #[error("the store has no readable raw record of {id} in {model}; the next sync brings one")]
    NoRaw {
        /// The model.
        model: &'static str,
        /// The id that was asked for.
        id: String,
    },
    /// No revision has this hash, or several have it.
    #[error(
        "connection `{connection}` never ran with one certain revision `{revision}`; `crosswalk revisions` lists them"
    )]
    NoRevision {
        /// The connection.
        connection: String,
        /// What was asked for.
        revision: String,
    },
    /// The files of a revision are gone.
    #[error(
        "the files of revision {revision} of connection `{connection}` are not kept any more; only those of the last ones are"
    )]
    NotKept {
        /// The connection.
        connection: String,
        /// The revision.
        revision: String,
    },
    /// A file of the home cannot be written.
    #[error("{} cannot be written: {cause}", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Files cannot be watched.
    #[error("the files of the home cannot be watched: {0}")]
    Watch(std::io::Error),
    /// Nothing may be sent to the address of an endpoint.
    #[error("the address of the endpoint is refused: {0}")]
    EndpointRefused(#[from] Refused),
    /// The secret of an endpoint cannot be kept or found.
    #[error("the secret of the endpoint cannot be kept or found: {0}")]
    EndpointSecret(#[from] Missing),
    /// Messages cannot be sent at all.
    #[error("webhooks cannot be sent: {0}")]
    Sender(#[from] FetchError),
    /// There is no endpoint with this id.
    #[error(
        "there is no endpoint `{id}`{}; `crosswalk webhooks list` has all",
        close.as_ref().map_or(String::new(), |close| format!(", did you mean `{close}`"))
    )]
    NoEndpoint {
        /// What was asked for.
        id: String,
        /// One that is nearly called so.
        close: Option<String>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
