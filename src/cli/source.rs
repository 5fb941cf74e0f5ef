//! The source of a connection: a sandbox that is started for it, or the remote system.

use std::time::Duration;

use super::error::CliError;
use crate::connector::{Connection, Home, SandboxSettings};
use crate::engine::credentials;
use crate::sandbox;
use crate::source::Credentials;

/// The connection with the credentials for its source: the sandbox that it asks for, which is then running, or the
/// remote system.
pub(super) async fn with_source(
    home: &Home,
    connection: Connection,
) -> Result<(Connection, Credentials, Option<sandbox::Sandbox>), CliError> {
    let Some(settings) = connection.sandbox else {
        let credentials = credentials(home, &connection)?;
        return Ok((connection, credentials, None));
    };
    let sandbox = sandbox::Sandbox::start(options(settings))
        .await
        .map_err(|error| CliError::usage(format!("the sandbox cannot be started: {error}")))?;
    let connection = connection.with_sandbox(sandbox.base_url());
    let sandbox::Options { client_id, client_secret, .. } = sandbox.options().clone();
    Ok((connection, Credentials::of_client(client_id, client_secret), Some(sandbox)))
}

pub(super) fn options(settings: SandboxSettings) -> sandbox::Options {
    let usual = sandbox::Options::default();
    sandbox::Options {
        seed: settings.seed.unwrap_or(usual.seed),
        candidates: settings.candidates.unwrap_or(usual.candidates),
        latency: settings.latency_ms.map_or(usual.latency, Duration::from_millis),
        ..usual
    }
}
