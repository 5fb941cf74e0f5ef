//! The format of the file, and its cryptography.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{self, HKDF_SHA256, Salt};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::VaultError;
use super::key::VaultKey;

/// The format that is written.
const VERSION: u32 = 1;

const SALT: usize = 32;
const KEY_ID: usize = 8;

/// A vault as its file holds it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Sealed {
    crosswalk_vault: u32,
    /// What the key of this file is derived with.
    salt: String,
    /// Tells which key the file was sealed with, and nothing about it.
    key: String,
    /// Nothing, sealed with the list of names.
    names: String,
    /// Nonce, text and tag of each entry.
    entries: BTreeMap<String, String>,
}

/// The version alone: what else there is, only that version knows.
#[derive(Deserialize)]
struct Version {
    crosswalk_vault: u64,
}

/// What is derived for one file.
struct FileKey {
    id: String,
    key: LessSafeKey,
}

impl FileKey {
    fn derive(key: &VaultKey, salt: &[u8]) -> FileKey {
        struct IdLength;
        impl hkdf::KeyType for IdLength {
            fn len(&self) -> usize {
                KEY_ID
            }
        }
        // The id hangs on the key alone, so that a salt that was changed is not taken for another key.
        let mut id = [0; KEY_ID];
        Salt::new(HKDF_SHA256, b"crosswalk vault 1 key id")
            .extract(key.bytes())
            .expand(&[], IdLength)
            .and_then(|id_of_key| id_of_key.fill(&mut id))
            .expect("eight bytes are not too many");
        let derived = Salt::new(HKDF_SHA256, salt).extract(key.bytes());
        let key = derived.expand(&[b"crosswalk vault 1 file key"], &AES_256_GCM).expect("nor are thirty-two");
        FileKey { id: STANDARD.encode(id), key: LessSafeKey::new(UnboundKey::from(key)) }
    }

    fn seal(&self, about: &[u8], text: &[u8]) -> String {
        let nonce: [u8; NONCE_LEN] = random();
        let mut sealed = Zeroizing::new(Vec::with_capacity(text.len() + AES_256_GCM.tag_len()));
        sealed.extend_from_slice(text);
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(about), &mut *sealed)
            .expect("a secret is not too long");
        STANDARD.encode([&nonce[..], &sealed[..]].concat())
    }

    fn open(&self, about: &[u8], sealed: &str) -> Option<Zeroizing<Vec<u8>>> {
        let mut sealed = Zeroizing::new(STANDARD.decode(sealed).ok()?);
        let (nonce, text) = sealed.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = self.key.open_in_place(nonce, Aad::from(about), text).ok()?;
        Some(Zeroizing::new(text.to_vec()))
    }
}

impl Sealed {
    pub fn seal(entries: &BTreeMap<String, SecretString>, key: &VaultKey) -> Sealed {
        let salt: [u8; SALT] = random();
        let file = FileKey::derive(key, &salt);
        let sealed = entries
            .iter()
            .map(|(name, secret)| (name.clone(), file.seal(&about_entry(name), secret.expose_secret().as_bytes())))
            .collect();
        let names = file.seal(&about_names(entries.keys()), &[]);
        Sealed { crosswalk_vault: VERSION, salt: STANDARD.encode(salt), key: file.id, names, entries: sealed }
    }

    pub fn parse(bytes: &[u8], path: &Path) -> Result<Sealed, VaultError> {
        let damaged = |what| VaultError::Damaged { path: path.to_owned(), what };
        let version: Version =
            serde_json::from_slice(bytes).map_err(|_| damaged("it is cut off, or no vault at all"))?;
        if version.crosswalk_vault > u64::from(VERSION) {
            return Err(VaultError::Newer { path: path.to_owned(), version: version.crosswalk_vault, known: VERSION });
        }
        if version.crosswalk_vault == 0 {
            return Err(damaged("there is no format 0"));
        }
        serde_json::from_slice(bytes).map_err(|_| damaged("a part of it is missing or of another kind"))
    }

    pub fn text(&self) -> String {
        serde_json::to_string_pretty(self).expect("texts are JSON") + "\n"
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Makes sure that it was sealed with this key, and that no entry came or went since.
    pub fn check(&self, key: &VaultKey, path: &Path) -> Result<(), VaultError> {
        self.file_key(key, path).map(drop)
    }

    /// The secret of this name.
    pub fn open(&self, name: &str, key: &VaultKey, path: &Path) -> Result<Option<SecretString>, VaultError> {
        let file = self.file_key(key, path)?;
        self.entries.get(name).map(|sealed| open_entry(&file, name, sealed, path)).transpose()
    }

    /// All secrets by name.
    pub fn open_all(&self, key: &VaultKey, path: &Path) -> Result<BTreeMap<String, SecretString>, VaultError> {
        let file = self.file_key(key, path)?;
        self.entries.iter().map(|(name, sealed)| Ok((name.clone(), open_entry(&file, name, sealed, path)?))).collect()
    }

    fn file_key(&self, key: &VaultKey, path: &Path) -> Result<FileKey, VaultError> {
        let damaged = |what| VaultError::Damaged { path: path.to_owned(), what };
        let salt = STANDARD.decode(&self.salt).ok().filter(|salt| salt.len() == SALT);
        let file = FileKey::derive(key, &salt.ok_or_else(|| damaged("its salt is none"))?);
        let names = file.open(&about_names(self.entries.keys()), &self.names);
        match names {
            Some(_) if file.id == self.key => Ok(file),
            None if file.id != self.key => Err(VaultError::WrongKey { path: path.to_owned() }),
            _ => Err(damaged("its head or its list of names is not what was sealed")),
        }
    }
}

fn open_entry(file: &FileKey, name: &str, sealed: &str, path: &Path) -> Result<SecretString, VaultError> {
    let what = "an entry is not the one that was sealed under its name";
    let damaged = || VaultError::Damaged { path: path.to_owned(), what };
    let text = file.open(&about_entry(name), sealed).ok_or_else(damaged)?;
    std::str::from_utf8(&text).map(SecretString::from).map_err(|_| damaged())
}

fn about_entry(name: &str) -> Vec<u8> {
    [b"crosswalk vault 1 entry\0", name.as_bytes()].concat()
}

fn about_names<'a>(names: impl Iterator<Item = &'a String>) -> Vec<u8> {
    let mut about = b"crosswalk vault 1 names".to_vec();
    for name in names {
        about.push(0);
        about.extend_from_slice(name.as_bytes());
    }
    about
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
