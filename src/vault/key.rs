//! The key of a vault: 256 random bits, written with a checksum.
//!
//! A passphrase is none. A vault is opened by a service that nobody sits at, so its key has to stand in the environment
//! anyway and nobody types it; a passphrase would only be easier to guess for whoever finds the file. The
//! checksum tells a key that was copied badly from the key of another vault.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox, SecretString};

use super::VaultError;

/// The environment variable that has the key.
pub const KEY_VARIABLE: &str = "CROSSWALK_VAULT_KEY";

/// The environment variable that has the key which is to follow.
pub const NEW_KEY_VARIABLE: &str = "CROSSWALK_VAULT_NEW_KEY";

/// What a key begins with, so that searches for forgotten secrets can find one.
const PREFIX: &str = "cwvk1_";

const LENGTH: usize = 32;
const CHECKSUM: usize = 4;

/// A key that opens a vault.
pub struct VaultKey(SecretBox<[u8; LENGTH]>);

impl VaultKey {
    /// A new key.
    pub fn generate() -> VaultKey {
        VaultKey(SecretBox::init_with_mut(|bytes: &mut [u8; LENGTH]| {
            rand::fill(bytes).expect("the system gives random bytes");
        }))
    }

    /// The key in an environment variable.
    pub fn from_environment(variable: &'static str) -> Result<VaultKey, VaultError> {
        let text = Zeroizing::new(std::env::var(variable).unwrap_or_default());
        if text.trim().is_empty() {
            return Err(VaultError::NoKey { variable });
        }
        VaultKey::parse(text.trim()).map_err(|what| VaultError::BadKey { variable, what })
    }

    /// Reads a key as [`VaultKey::text`] writes it. An error says what is wrong, without a word of the text.
    pub fn parse(text: &str) -> Result<VaultKey, &'static str> {
        let body = text.strip_prefix(PREFIX).ok_or("it does not begin with `cwvk1_`")?;
        let wrong = "it is not base64 of the right length, so a part is missing or too much";
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(body).map_err(|_| wrong)?);
        if bytes.len() != LENGTH + CHECKSUM {
            return Err(wrong);
        }
        let (key, sum) = bytes.split_at(LENGTH);
        if sum != checksum(key) {
            return Err("its checksum does not fit, so a character is wrong");
        }
        Ok(VaultKey(SecretBox::init_with_mut(|bytes: &mut [u8; LENGTH]| bytes.copy_from_slice(key))))
    }

    /// The key as text, with its checksum.
    pub fn text(&self) -> SecretString {
        let key = self.0.expose_secret();
        let mut bytes = Zeroizing::new([0; LENGTH + CHECKSUM]);
        bytes[..LENGTH].copy_from_slice(key);
        bytes[LENGTH..].copy_from_slice(&checksum(key));
        let body = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
        SecretString::from(format!("{PREFIX}{}", body.as_str()))
    }

    pub(super) fn bytes(&self) -> &[u8; LENGTH] {
        self.0.expose_secret()
    }

    /// Whether two keys are the same one.
    pub fn is_same(&self, other: &VaultKey) -> bool {
        verify_slices_are_equal(self.bytes(), other.bytes()).is_ok()
    }
}

impl Clone for VaultKey {
    fn clone(&self) -> VaultKey {
        VaultKey(SecretBox::init_with_mut(|bytes: &mut [u8; LENGTH]| bytes.copy_from_slice(self.bytes())))
    }
}

impl fmt::Debug for VaultKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VaultKey([REDACTED])")
    }
}

fn checksum(key: &[u8]) -> [u8; CHECKSUM] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"crosswalk vault key checksum");
    context.update(key);
    let digest = context.finish();
    std::array::from_fn(|at| digest.as_ref()[at])
}
