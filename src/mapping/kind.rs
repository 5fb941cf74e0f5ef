//! Named kinds (`as: country`): meanings that a text can have beyond its type. Scripts have functions for the same.

use std::borrow::Cow;

use crate::text;

/// A kind that rules can name.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamedKind {
    pub name: &'static str,
    /// What it turns a text into, if the text is of the kind.
    pub read: fn(&str) -> Option<Cow<'_, str>>,
}

pub(super) const KINDS: &[NamedKind] = &[
    NamedKind { name: "country", read: text::country },
    NamedKind { name: "currency", read: text::currency },
    NamedKind { name: "email", read: text::email },
    NamedKind { name: "html_text", read: text::html_text },
    NamedKind { name: "url_host", read: text::url_host },
];

/// The names of the kinds.
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.name)
}

impl NamedKind {
    pub fn named(name: &str) -> Option<NamedKind> {
        KINDS.iter().copied().find(|kind| kind.name == name)
    }
}

/// Whether what comes of it is a part of the text itself, rather than a word for it.
pub(super) fn shows_its_text(kind: NamedKind) -> bool {
    matches!(kind.name, "email" | "html_text" | "url_host")
}
