//! Where the credentials of a connection are kept.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::EngineError;
use crate::connector::{Connection, Home, Reference};
use crate::source::Credentials;
use crate::vault::{Vault, VaultError};

/// The credentials that a connection of a home points at. It needs no store.
pub fn credentials(home: &Home, connection: &Connection) -> Result<Credentials, EngineError> {
    let Some(sources) = &connection.credentials else {
        let what = "its file names none".to_owned();
        return Err(EngineError::Credentials { connection: connection.name.clone(), what });
    };
    sources.iter().map(|(name, reference)| Ok((name.as_str(), secret(home, connection, reference)?))).collect()
}

/// What a reference of a connection leads to.
pub(super) fn secret(home: &Home, connection: &Connection, reference: &Reference) -> Result<SecretString, EngineError> {
    kept(home, reference).map_err(|missing| {
        let connection = connection.name.clone();
        match missing {
            Missing::Place(what) => EngineError::Credentials { connection, what },
            Missing::Vault(cause) => EngineError::Vault { connection, cause },
        }
    })
}

/// Why a reference leads to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// There is no such variable or file.
    #[error("{0}")]
    Place(String),
    /// The vault does not give it.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What a reference leads to.
pub(super) fn kept(home: &Home, reference: &Reference) -> Result<SecretString, Missing> {
    match reference {
        Reference::Environment(name) => std::env::var(name)
            .ok()
            .map(Zeroizing::new)
            .filter(|value| !value.is_empty())
            .map(|value| SecretString::from(value.as_str()))
            .ok_or_else(|| Missing::Place(format!("the environment variable {name} is not set"))),
        Reference::File(path) => read_file(&home.root().join(path))
            .map_err(|error| Missing::Place(format!("the file {path} cannot be read: {error}"))),
        Reference::Vault(name) => Ok(in_vault(home, name)?),
    }
}

fn in_vault(home: &Home, name: &str) -> Result<SecretString, VaultError> {
    Vault::from_environment(home.vault())?.get(name)
}

fn read_file(path: &Path) -> std::io::Result<SecretString> {
    warn_if_others_can_read(path);
    let text = Zeroizing::new(std::fs::read_to_string(path)?);
    Ok(SecretString::from(text.trim()))
}

/// A file is told of once, though its secret is read before every sync.
fn warn_if_others_can_read(path: &Path) {
    static TOLD: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if others_can_read(path) && TOLD.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned()) {
        let path = path.display();
        tracing::warn!("everybody on this machine can read the secret in {path}; take that away: chmod o-rwx {path}");
    }
}

#[cfg(unix)]
fn others_can_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o007 != 0)
}

#[cfg(not(unix))]
fn others_can_read(_path: &Path) -> bool {
    false
}
