//! Where the sources of connections are: a home says it all, but for what is started beside the engine.

use futures_util::future::BoxFuture;

use crate::connector::{Connection, Home};
use crate::engine::{EngineError, credentials};
use crate::source::Credentials;

/// Finds the source of a connection. [`FromHome`] does where every source is a remote system.
pub trait Access: std::fmt::Debug + Send + Sync {
    /// Fills in what the address of the source hangs on. It is asked again whenever files change, and about a
    /// connection that it was asked about before.
    fn place<'a>(&'a self, connection: Connection) -> BoxFuture<'a, Connection>;

    /// The credentials for a connection that was placed.
    fn credentials(&self, home: &Home, connection: &Connection) -> Result<Credentials, EngineError>;
}

/// Takes connections as their files say them.
#[derive(Debug, Clone, Copy, Default)]
pub struct FromHome;

impl Access for FromHome {
    fn place<'a>(&'a self, connection: Connection) -> BoxFuture<'a, Connection> {
        Box::pin(async { connection })
    }

    fn credentials(&self, home: &Home, connection: &Connection) -> Result<Credentials, EngineError> {
        credentials(home, connection)
    }
}
