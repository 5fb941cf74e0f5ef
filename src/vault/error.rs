//! What can be wrong with a vault.

use std::path::PathBuf;

use super::key::{KEY_VARIABLE, NEW_KEY_VARIABLE};

/// Why a vault could not be used. No variant carries a secret or a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// There is no key.
    #[error(
        "the vault needs its key: set the environment variable {variable}; `crosswalk vault key` makes a key for a new vault"
    )]
    NoKey {
        /// The environment variable that should have it.
        variable: &'static str,
    },
    /// What should be a key is none.
    #[error(
        "{variable} holds no key of a vault: {what}; a key is made by `crosswalk vault key`, and a passphrase is none"
    )]
    BadKey {
        /// The environment variable that has it.
        variable: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The key is that of another vault.
    #[error(
        "the key in {KEY_VARIABLE} does not open the vault {}: it was sealed with another key; set the key that was \
         printed when this vault was begun or last rekeyed",
        path.display()
    )]
    WrongKey {
        /// The file.
        path: PathBuf,
    },
    /// The file was changed by something else than this program, or cut off.
    #[error(
        "the vault {} is damaged: {what}; put a copy of the file back, or remove it and enter the credentials anew",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A later version of this program wrote the file.
    #[error(
        "the vault {} has the format {version}, and this version of crosswalk knows {known}; use the version that wrote it",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        version: u64,
        /// The latest format that is known.
        known: u32,
    },
    /// There is no file.
    #[error("there is no vault {}; `crosswalk connect` and `crosswalk vault set` make one", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The vault has no such entry.
    #[error("the vault {} has no entry `{name}`{}; put one in with `crosswalk vault set {name}`", path.display(), meant(close.as_deref()))]
    NoEntry {
        /// The file.
        path: PathBuf,
        /// The name that was asked for.
        name: String,
        /// A name that is much like it.
        close: Option<String>,
    },
    /// No entry can have this name. It is not shown, because it may be a secret in the wrong place.
    #[error(
        "the name of an entry has up to {most} letters, digits and characters of `_-./`, such as acme/client_secret"
    )]
    BadName {
        /// The most characters.
        most: usize,
    },
    /// A secret is empty or too long.
    #[error("the secret for `{name}` has {length} bytes; it must have 1 to {most}")]
    Unfit {
        /// The name of the entry.
        name: String,
        /// How many bytes it has.
        length: usize,
        /// The most bytes.
        most: usize,
    },
    /// Somebody else is writing.
    #[error("the vault {} is being written by another process; try again when that is done", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The new key is the old one.
    #[error("{NEW_KEY_VARIABLE} holds the same key as {KEY_VARIABLE}; make another with `crosswalk vault key`")]
    SameKey,
    /// The file cannot be read or written.
    #[error("the vault {} cannot be {what}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: `read` or `written`.
        what: &'static str,
        /// Why not.
        cause: std::io::Error,
    },
}

fn meant(close: Option<&str>) -> String {
    close.map(|close| format!("; did you mean `{close}`?")).unwrap_or_default()
}
