//! `html_to_text`.

use super::{Gives, HostFunction, maybe, text};
use crate::text::html_text;

pub(super) const FUNCTION: HostFunction = HostFunction {
    name: "html_to_text",
    parameters: &[text("html")],
    gives: Gives::Text,
    about: "The text of a piece of HTML: paragraphs and list items stand on lines of their own, entities are decoded, \
        scripts and styles are left out. A text without marks stays as it is. One of more than 512 KiB fails the field.",
    examples: &[
        (r#"html_to_text("<p>Kom <b>werken</b> &amp; leren</p>")"#, r#""Kom werken & leren""#),
        (r#"html_to_text("No marks at all")"#, r#""No marks at all""#),
    ],
    body: |call| match html_text(&call.text(0)) {
        Some(text) => maybe(Some(text.as_ref())),
        None => Err("`html_to_text` takes up to 512 KiB".into()),
    },
};
