//! Keys of the HTTP API: made, shown once, and recognised again.

use std::fmt;

use aws_lc_rs::{constant_time, digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::{Engine, EngineError};
use crate::store::StoredKey;

/// Every key begins with this, so that scanners find one that was left somewhere.
const PREFIX: &str = "cwk_";
/// Bytes of an id, which is written in hexadecimal.
const ID_BYTES: usize = 6;
/// Bytes of a secret. So many random ones need no slow digest.
const SECRET_BYTES: usize = 32;

/// What a key is to open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewKey {
    /// Whom it is for.
    pub name: String,
    /// The connections that it opens; all when there are none.
    pub connections: Vec<String>,
    /// Whether it may only read.
    pub read_only: bool,
}

/// A key that was just made.
#[derive(Debug)]
pub struct MadeKey {
    /// What is kept of it.
    pub key: ApiKey,
    /// The whole key. It is kept nowhere.
    pub text: SecretString,
}

/// A key of the HTTP API, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Tells keys apart; it is no secret.
    pub id: String,
    /// Whom it is for.
    pub name: String,
    /// The connections that it opens; none when all.
    pub connections: Option<Vec<String>>,
    /// Whether it may only read.
    pub read_only: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it opens nothing any more.
    pub revoked_at: Option<Timestamp>,
}

impl ApiKey {
    /// Whether it opens the connection of that name.
    pub fn opens(&self, connection: &str) -> bool {
        self.connections.as_ref().is_none_or(|names| names.iter().any(|name| name == connection))
    }
}

impl From<StoredKey> for ApiKey {
    fn from(stored: StoredKey) -> ApiKey {
        let StoredKey { id, name, digest: _, connections, read_only, created_at, revoked_at } = stored;
        ApiKey { id, name, connections, read_only, created_at, revoked_at }
    }
}

/// The name of a key is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameTaken(pub String);

impl fmt::Display for NameTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is a key `{}` already; choose another name, or revoke that one", self.0)
    }
}

impl std::error::Error for NameTaken {}

impl Engine {
    /// Makes a key. Its text is given here and never again.
    pub async fn create_key(&self, new: NewKey) -> Result<Result<MadeKey, NameTaken>, EngineError> {
        let id: String = random::<ID_BYTES>().iter().map(|byte| format!("{byte:02x}")).collect();
        let secret = URL_SAFE_NO_PAD.encode(random::<SECRET_BYTES>());
        let stored = StoredKey {
            name: new.name,
            digest: digest_of(&secret),
            connections: (!new.connections.is_empty()).then_some(new.connections),
            read_only: new.read_only,
            created_at: Timestamp::now(),
            revoked_at: None,
            id,
        };
        if !self.store.add_key(&stored).await? {
            return Ok(Err(NameTaken(stored.name)));
        }
        let text = SecretString::from(format!("{PREFIX}{}_{secret}", stored.id));
        Ok(Ok(MadeKey { key: stored.into(), text }))
    }

    /// All keys, revoked ones included, the earliest first.
    pub async fn keys(&self) -> Result<Vec<ApiKey>, EngineError> {
        Ok(self.store.keys().await?.into_iter().map(ApiKey::from).collect())
    }

    /// Revokes the key that has this name or id: from now on it opens nothing. None when no key that is not revoked has
    /// it.
    pub async fn revoke_key(&self, name: &str) -> Result<Option<ApiKey>, EngineError> {
        Ok(self.store.revoke_key(name, Timestamp::now()).await?.map(ApiKey::from))
    }

    /// The key whose text this is, unless it is revoked.
    pub async fn key(&self, text: &SecretString) -> Result<Option<ApiKey>, EngineError> {
        let Some((id, secret)) = parts(text.expose_secret()) else { return Ok(None) };
        let Some(stored) = self.store.key(id).await? else { return Ok(None) };
        let is_it = constant_time::verify_slices_are_equal(&stored.digest, &digest_of(secret)).is_ok();
        Ok((is_it && stored.revoked_at.is_none()).then(|| stored.into()))
    }
}

/// The id and the secret in a key.
fn parts(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(PREFIX)?.split_once('_')
}

fn digest_of(secret: &str) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, secret.as_bytes());
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system has randomness");
    bytes
}
