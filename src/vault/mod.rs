//! Secrets at rest: one encrypted file, and the key that opens it.
//!
//! The file is JSON, `{"crosswalk_vault": 1, "salt": .., "key": .., "names": .., "entries": {NAME: ..}}`, with everything
//! but the names of the entries encrypted. Each write draws a new salt, derives a new file key from it and the vault's
//! key (HKDF-SHA-256), and seals every entry anew with AES-256-GCM and its name as associated data. So no nonce meets its like under
//! one key, an entry opens under no other name and in no other file, and the list of names is sealed as a whole. What is
//! not prevented is that the whole file is put back as it was earlier.

mod error;
mod file;
mod key;
mod seal;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

pub use error::VaultError;
pub(crate) use file::replace;
pub use key::{KEY_VARIABLE, NEW_KEY_VARIABLE, VaultKey};

use file::Lock;
use seal::Sealed;

/// The name of a vault's file in the home folder when no other is given.
pub const VAULT_FILE: &str = "crosswalk.vault";

/// The longest name of an entry.
const LONGEST_NAME: usize = 128;

/// The longest secret, in bytes.
const LONGEST_SECRET: usize = 64 << 10;

/// A larger file is no vault.
const LARGEST_FILE: u64 = 16 << 20;

/// A vault and the key that opens it. The file is read anew for each question, so that what one process puts in, the
/// next question of another finds.
#[derive(Debug, Clone)]
pub struct Vault {
    path: PathBuf,
    key: VaultKey,
}

impl Vault {
    /// The vault in a file, which need not be there before something is put in.
    pub fn new(path: impl Into<PathBuf>, key: VaultKey) -> Vault {
        Vault { path: path.into(), key }
    }

    /// The same with the key from the environment variable [`KEY_VARIABLE`].
    pub fn from_environment(path: impl Into<PathBuf>) -> Result<Vault, VaultError> {
        Ok(Vault::new(path, VaultKey::from_environment(KEY_VARIABLE)?))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the entries of a file, in order. They are no secrets and need no key; whether nobody has tampered with
    /// them is not known.
    pub fn names(path: &Path) -> Result<Vec<String>, VaultError> {
        Ok(read(path)?.names().map(str::to_owned).collect())
    }

    /// Makes sure that the key opens the file, if there is one.
    pub fn check(&self) -> Result<(), VaultError> {
        match read(&self.path) {
            Err(VaultError::Missing { .. }) => Ok(()),
            sealed => sealed?.check(&self.key, &self.path),
        }
    }

    /// The secret of this name.
    pub fn get(&self, name: &str) -> Result<SecretString, VaultError> {
        let sealed = read(&self.path)?;
        sealed.check(&self.key, &self.path)?;
        sealed.open(name, &self.key, &self.path)?.ok_or_else(|| self.no_entry(name, &sealed))
    }

    /// Keeps secrets under their names, all of them or none. What had one of the names is replaced.
    pub fn set(&self, secrets: impl IntoIterator<Item = (String, SecretString)>) -> Result<(), VaultError> {
        let secrets: Vec<(String, SecretString)> = secrets.into_iter().collect();
        for (name, secret) in &secrets {
            check_name(name)?;
            let length = secret.expose_secret().len();
            if length == 0 || length > LONGEST_SECRET {
                return Err(VaultError::Unfit { name: name.clone(), length, most: LONGEST_SECRET });
            }
        }
        let _lock = Lock::take(&self.path)?;
        let mut all = self.all()?.unwrap_or_default();
        all.extend(secrets);
        self.write(&all, &self.key)
    }

    /// Forgets the secret of this name.
    pub fn remove(&self, name: &str) -> Result<(), VaultError> {
        let _lock = Lock::take(&self.path)?;
        let sealed = read(&self.path)?;
        let mut all = sealed.open_all(&self.key, &self.path)?;
        match all.remove(name) {
            Some(_) => self.write(&all, &self.key),
            None => Err(self.no_entry(name, &sealed)),
        }
    }

    /// Seals all entries with another key. The present one opens the file no longer, though it opens copies of it that
    /// were made before. The number of entries.
    pub fn rekey(&self, new: &VaultKey) -> Result<usize, VaultError> {
        let _lock = Lock::take(&self.path)?;
        let all = read(&self.path)?.open_all(&self.key, &self.path)?;
        self.write(&all, new)?;
        Ok(all.len())
    }

    fn all(&self) -> Result<Option<BTreeMap<String, SecretString>>, VaultError> {
        match read(&self.path) {
            Err(VaultError::Missing { .. }) => Ok(None),
            sealed => sealed?.open_all(&self.key, &self.path).map(Some),
        }
    }

    fn write(&self, entries: &BTreeMap<String, SecretString>, key: &VaultKey) -> Result<(), VaultError> {
        let text = Sealed::seal(entries, key).text();
        replace(&self.path, text.as_bytes(), true).map_err(|cause| self.io("written", cause))
    }

    fn no_entry(&self, name: &str, sealed: &Sealed) -> VaultError {
        let names = sealed.names().collect::<Vec<_>>();
        let close = crate::diagnostics::closest(name, names.iter().copied()).map(str::to_owned);
        VaultError::NoEntry { path: self.path.clone(), name: name.to_owned(), close }
    }

    fn io(&self, what: &'static str, cause: std::io::Error) -> VaultError {
        VaultError::Io { path: self.path.clone(), what, cause }
    }
}

/// Makes sure that an entry can have this name.
pub fn check_name(name: &str) -> Result<(), VaultError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    if !name.is_empty() && name.len() <= LONGEST_NAME && name.chars().all(fits) {
        return Ok(());
    }
    Err(VaultError::BadName { most: LONGEST_NAME })
}

fn read(path: &Path) -> Result<Sealed, VaultError> {
    let io = |cause: std::io::Error| match cause.kind() {
        ErrorKind::NotFound => VaultError::Missing { path: path.to_owned() },
        _ => VaultError::Io { path: path.to_owned(), what: "read", cause },
    };
    if fs::metadata(path).map_err(io)?.len() > LARGEST_FILE {
        return Err(VaultError::Damaged { path: path.to_owned(), what: "it is larger than any vault" });
    }
    Sealed::parse(&fs::read(path).map_err(io)?, path)
}
