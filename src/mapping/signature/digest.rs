//! Digests of what is written into them.

use aws_lc_rs::digest::{Context, SHA256};

/// A digest under work. Whatever is written says of what type and length it is, so that no two rows of values look the
/// same.
pub(in crate::mapping) struct Digest(Context);

impl Default for Digest {
    fn default() -> Digest {
        Digest(Context::new(&SHA256))
    }
}

impl Digest {
    /// What follows: the name of a member or of a variant.
    pub fn tag(&mut self, name: &str) {
        self.part(b't', name.as_bytes());
    }

    pub fn text(&mut self, text: &str) {
        self.part(b's', text.as_bytes());
    }

    pub fn bytes(&mut self, bytes: &[u8]) {
        self.part(b'b', bytes);
    }

    pub fn integer(&mut self, number: i64) {
        self.part(b'i', &number.to_le_bytes());
    }

    /// A number of things, or the place of one among others.
    pub fn count(&mut self, count: usize) {
        self.part(b'c', &(count as u64).to_le_bytes());
    }

    pub fn float(&mut self, number: f64) {
        self.part(b'f', &number.to_bits().to_le_bytes());
    }

    pub fn flag(&mut self, flag: bool) {
        self.part(b'?', &[u8::from(flag)]);
    }

    /// Says whether there is a value, which `write` writes.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Digest, T)) {
        self.flag(value.is_some());
        if let Some(value) = value {
            write(self, value);
        }
    }

    /// Says how many values there are, each of which `write` writes.
    pub fn list<T>(
        &mut self,
        values: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
        mut write: impl FnMut(&mut Digest, T),
    ) {
        let values = values.into_iter();
        self.count(values.len());
        values.for_each(|value| write(self, value));
    }

    /// Its first 16 digits.
    pub fn finish(self) -> String {
        self.0.finish().as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn part(&mut self, kind: u8, bytes: &[u8]) {
        self.0.update(&[kind]);
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }
}
