//! Names and kinds of a source's types that live as long as the program, so that plans can point to them as they point to
//! the tables of the unified model.
//!
//! They are never freed. There are no more of them than the schemas and the files that were loaded have distinct names, each
//! kept once however often a file is loaded again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::model::Kind;

static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
static KINDS: Mutex<BTreeMap<String, &'static Kind>> = Mutex::new(BTreeMap::new());

/// The name, kept.
pub(in crate::mapping) fn name(name: &str) -> &'static str {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.into());
    names.insert(kept);
    kept
}

/// The kind, kept. What it points to lives for ever already.
pub(in crate::mapping) fn kind(kind: Kind) -> &'static Kind {
    let mut kinds = KINDS.lock().unwrap_or_else(PoisonError::into_inner);
    kinds.entry(format!("{kind:?}")).or_insert_with(|| Box::leak(Box::new(kind)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Foreign;

    #[test]
    fn each_is_kept_once() {
        assert!(std::ptr::eq(name(&String::from("Thing")), name("Thing")));
        let object = || kind(Kind::Foreign(Foreign::Object(name("Thing"))));
        assert!(std::ptr::eq(kind(Kind::List(object())), kind(Kind::List(object()))));
        assert!(!std::ptr::eq(object(), kind(Kind::Foreign(Foreign::Choice(name("Thing"))))));
    }
}
