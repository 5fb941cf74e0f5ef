//! Ids of unified rows.

use std::fmt;

use aws_lc_rs::digest;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const LENGTH: usize = 24;
const DIGITS_PER_WORD: usize = 8;

/// The id of a unified row: 24 characters of base58.
///
/// It is derived from the connection, the entity and the source's own id, so it is the same after every sync, and
/// a reference can be written before the row it points at was read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id([u8; LENGTH]);

impl Id {
    /// The id of the record `remote_id` of an entity (a model, or something inside one such as a tag).
    pub fn derive(connection: &str, entity: &str, remote_id: &str) -> Id {
        let mut text = Vec::with_capacity(128);
        for part in [connection, entity, remote_id] {
            // Lengths keep ("a", "bc") apart from ("ab", "c").
            text.extend_from_slice(&(part.len() as u64).to_le_bytes());
            text.extend_from_slice(part.as_bytes());
        }
        let hash = digest::digest(&digest::SHA256, &text);
        let mut id = [0; LENGTH];
        for (word, digits) in hash.as_ref().chunks_exact(8).zip(id.chunks_exact_mut(DIGITS_PER_WORD)) {
            // Eight digits use 47 of the 64 bits, which leaves no bias worth naming.
            let mut rest = u64::from_le_bytes(word.try_into().expect("chunks of eight bytes"));
            for digit in digits {
                *digit = ALPHABET[(rest % 58) as usize];
                rest /= 58;
            }
        }
        Id(id)
    }

    /// Whether a text could be an id.
    pub fn is_one(text: &str) -> bool {
        text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte))
    }

    /// The 24 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("base58 is ASCII")
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_never_changes_between_versions() {
        assert_eq!(Id::derive("acme", "jobs", "12").as_str(), "5ZKGLqxfgCaQRRrXyfe5Ka3G");
    }

    proptest! {
        #[test]
        fn ids_are_24_characters_of_base58(connection in ".*", entity in ".*", remote in ".*") {
            let id = Id::derive(&connection, &entity, &remote);
            prop_assert_eq!(id.as_str().len(), 24);
            prop_assert!(id.as_str().bytes().all(|byte| ALPHABET.contains(&byte)));
            prop_assert!(Id::is_one(id.as_str()));
        }

        #[test]
        fn different_records_have_different_ids(a in ("[a-c]{0,3}", "[a-c]{0,3}", "[a-c]{0,3}"), b in ("[a-c]{0,3}", "[a-c]{0,3}", "[a-c]{0,3}")) {
            let same = Id::derive(&a.0, &a.1, &a.2) == Id::derive(&b.0, &b.1, &b.2);
            prop_assert_eq!(same, a == b);
        }
    }
}
