//! A digest of what something says: by it two things are told to be the same without keeping either.

use aws_lc_rs::digest;

/// Takes in one part after the other. Each is told apart from what stands beside it.
pub struct Digest(digest::Context);

impl Default for Digest {
    fn default() -> Digest {
        Digest(digest::Context::new(&digest::SHA256))
    }
}

impl Digest {
    /// Takes in a text.
    pub fn text(&mut self, text: &str) -> &mut Digest {
        self.bytes(text.as_bytes())
    }

    /// Takes in bytes.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Digest {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Takes in a number.
    pub fn number(&mut self, number: i64) -> &mut Digest {
        self.0.update(&number.to_le_bytes());
        self
    }

    /// Takes in how many parts follow.
    pub fn count(&mut self, count: usize) -> &mut Digest {
        self.number(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Takes in what may be absent.
    pub fn option<T>(&mut self, value: Option<T>, some: impl FnOnce(&mut Digest, T)) -> &mut Digest {
        match value {
            None => self.number(0),
            Some(value) => {
                self.number(1);
                some(self, value);
                self
            }
        }
    }

    /// The first half of the bytes, in hexadecimal letters.
    pub fn hex(self) -> String {
        let digest = self.0.finish();
        digest.as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Short enough for people to read and type.
    pub fn short(self) -> String {
        let mut hex = self.hex();
        hex.truncate(16);
        hex
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let of = |parts: &[&str]| {
            let mut digest = Digest::default();
            parts.iter().for_each(|part| {
                digest.text(part);
            });
            digest.hex()
        };
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["", "a"]), of(&["a", ""]));
        assert_eq!(of(&["a"]).len(), 32);
    }
}
