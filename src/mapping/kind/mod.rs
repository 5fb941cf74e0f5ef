//! Named kinds (`as: country`): meanings that a text can have beyond its type. One file each.

mod country;
mod currency;
mod url_host;

use std::borrow::Cow;

/// A kind that rules can name.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedKind {
    pub name: &'static str,
    /// What it turns a text into, if the text is of the kind.
    pub read: fn(&str) -> Option<Cow<'_, str>>,
}

pub(super) const KINDS: &[NamedKind] = &[
    NamedKind { name: "country", read: country::read },
    NamedKind { name: "currency", read: currency::read },
    NamedKind { name: "url_host", read: url_host::read },
];

impl NamedKind {
    pub fn named(name: &str) -> Option<NamedKind> {
        KINDS.iter().copied().find(|kind| kind.name == name)
    }
}

/// Whether what comes of it is a part of the text itself, rather than a word for it.
pub(super) fn shows_its_text(kind: NamedKind) -> bool {
    kind.name == "url_host"
}
