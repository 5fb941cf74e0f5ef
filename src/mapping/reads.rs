//! What the read of a plan fetches of each row.

use std::collections::BTreeSet;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::signature::Digest;

/// The values that are fetched of each row, as paths of the source's fields below the row. A list inside a row stands
/// with the arguments that it is asked with: `phones(page: {number: 0, size: 100}).items.number`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reads(BTreeSet<String>);

/// What is asked of an object of which only matters whether it is there.
pub(super) const TYPE_NAME: &str = "__typename";

impl Reads {
    pub(super) fn add(&mut self, path: String) {
        self.0.insert(path);
    }

    /// Whether rows that were fetched for this have all that `other` reads.
    pub fn covers(&self, other: &Reads) -> bool {
        other.0.iter().all(|path| self.has(path))
    }

    /// What rows that were fetched for this lack of what `wanted` reads, each once: paths without arguments, unless
    /// nothing else differs.
    pub fn missing(&self, wanted: &Reads) -> Vec<String> {
        let known: BTreeSet<String> = self.0.iter().map(|path| plain(path)).collect();
        let readable = |path: &String| {
            let without = plain(path);
            let shown = if known.contains(&without) { path } else { &without };
            shown.strip_suffix(TYPE_NAME).map_or(shown.as_str(), |object| object.trim_end_matches('.')).to_owned()
        };
        let missing: BTreeSet<String> = wanted.0.iter().filter(|path| !self.has(path)).map(readable).collect();
        missing.into_iter().collect()
    }

    /// A short name of all of it.
    pub fn hash(&self) -> String {
        let mut digest = Digest::default();
        digest.list(&self.0, |digest, path| digest.text(path));
        digest.finish()
    }

    /// The paths, with arguments.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    fn has(&self, path: &str) -> bool {
        // Whatever is read of an object tells that it is there.
        let within = path.strip_suffix(TYPE_NAME).filter(|object| object.ends_with('.'));
        let is_entered = |object: &str| {
            let from = (Bound::Included(object), Bound::Unbounded);
            self.0.range::<str, _>(from).next().is_some_and(|known| known.starts_with(object))
        };
        self.0.contains(path) || within.is_some_and(is_entered)
    }
}

/// A path without arguments.
fn plain(path: &str) -> String {
    let (mut plain, mut depth, mut quoted, mut escaped) = (String::new(), 0_usize, false, false);
    for c in path.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if depth > 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(paths: &[&str]) -> Reads {
        Reads(paths.iter().map(|path| (*path).to_owned()).collect())
    }

    #[test]
    fn what_is_missing_is_named_as_people_would() {
        let had = reads(&["id", "team(page: {size: 50}).rows.id", "owner.name"]);
        let wanted =
            reads(&["id", "team(page: {size: 100}).rows.id", "team(page: {size: 100}).rows.mail", "boss.__typename"]);
        assert!(!had.covers(&wanted) && wanted.covers(&wanted));
        assert_eq!(had.missing(&wanted), ["boss", "team(page: {size: 100}).rows.id", "team.rows.mail"]);
        assert_eq!(had.missing(&reads(&["owner.__typename", "id"])), Vec::<String>::new());
        assert_eq!(had.missing(&reads(&["own.__typename"])), ["own"]);
        assert_eq!(plain(r#"a(b: "x(\")y", c: (1)).d"#), "a.d");
    }

    #[test]
    fn they_are_kept_as_a_list() {
        let kept = reads(&["b", "a"]);
        let json = serde_json::to_string(&kept).unwrap();
        assert_eq!(json, r#"["a","b"]"#);
        assert_eq!(serde_json::from_str::<Reads>(&json).unwrap(), kept);
        assert_ne!(kept.hash(), reads(&["ab"]).hash());
    }
}
