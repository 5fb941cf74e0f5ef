//! YAML with places: a tree whose every node knows where it stands, and a strict reader of maps.
//!
//! Mapping files are read through this tree and not through derived `Deserialize`, because a derive stops at the
//! first thing that is wrong and a person wants to hear of all of them.

mod comment;
mod fields;
mod keys;
mod node;

use std::ops::Range;
use std::sync::Arc;

pub use comment::comment;
pub use fields::Fields;
pub(crate) use fields::{duration, text, texts};
pub use keys::{Choice, Is, Key, Keys};
pub use node::{Entry, Node, Value};

use crate::diagnostics::{Problem, Problems, SourceFile, Span};

/// Something read from a file, and where it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Located<T> {
    /// What was read.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl Located<String> {
    /// The part of the file that a range of the text comes from. Quotes shift it by one. Where escapes or folded
    /// lines shift it further, the same words are looked for; if they cannot be told apart, it is all of the text.
    pub fn part(&self, file: &SourceFile, range: Range<usize>) -> Span {
        let written = file.text.get(self.span.start..self.span.end).unwrap_or_default();
        let quote = usize::from(written.starts_with(['"', '\'']));
        if written.len() == self.value.len() + 2 * quote {
            let span = self.span.part(range.start + quote, range.len());
            // An end is shown by the character behind it.
            return if span.start == span.end { Span { start: span.start, end: span.end + 1 } } else { span };
        }
        let Some(word) = self.value.get(range.clone()).filter(|word| !word.is_empty()) else { return self.span };
        if written.matches(word).count() != self.value.matches(word).count() {
            return self.span;
        }
        let before = self.value[..range.start].matches(word).count();
        let found = written.match_indices(word).nth(before);
        found.map_or(self.span, |(at, _)| self.span.part(at, word.len()))
    }
}

/// Parses one YAML document. Syntax errors, duplicate keys and documents beyond every reason (bombs of anchors,
/// endless nesting) are reported.
pub fn parse(file: &Arc<SourceFile>, problems: &Problems) -> Option<Node> {
    match serde_yaml::from_str_with_options::<serde_yaml::Spanned<node::Raw>>(&file.text, options()) {
        Ok(raw) => Some(node::Reader { file, problems }.node(raw)),
        Err(error) => {
            problems.report(syntax_error(error.without_snippet(), file));
            None
        }
    }
}

/// YAML 1.2, where `yes` is a text, and no larger than a person writes.
fn options() -> serde_yaml::Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            // Each level takes tens of kilobytes of stack in a debug build.
            max_depth: 24,
            max_nodes: 100_000,
            max_aliases: 1_000,
            max_anchors: 1_000,
        },
        // The reader of the tree says where the first one stands.
        duplicate_keys: serde_yaml::options::DuplicateKeyPolicy::PassThrough,
        merge_keys: serde_yaml::options::MergeKeyPolicy::AsOrdinary,
        strict_booleans: true,
    }
}

fn syntax_error(error: &serde_yaml::Error, file: &Arc<SourceFile>) -> Problem {
    use serde_yaml::Error;
    let span = error.location().map(|location| node::span(&location, &file.text)).unwrap_or_default();
    let problem = |what: &str| Problem::error("M0001", format!("this is not valid YAML: {what}"));
    let cause = match error {
        Error::AliasError { error, .. } => error,
        other => other,
    };
    match cause {
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            Problem::error("M0001", "this file unfolds to more than a person writes")
                .at(file, span, "reading stopped here")
                .help("nest less, and repeat less through anchors and aliases")
        }
        Error::MultipleDocuments { .. } => problem("a file holds one document")
            .at(file, span, "a second one begins")
            .help("give it a file of its own, or remove the `---`"),
        Error::UnknownAnchor { .. } => problem("this alias has no anchor")
            .at(file, span, "nothing of that name")
            .help("a text that begins with `*` or `&` stands in quotes"),
        Error::ExternalMessage { msg, .. } if msg.contains("tab") => {
            let tab = file.text.get(span.start..).and_then(|rest| rest.find('\t')).unwrap_or(0);
            let span = Span { start: span.start + tab, end: span.start + tab + 1 };
            problem("lines are indented with spaces").at(file, span, "a tab")
        }
        Error::ExternalMessage { msg, .. } => problem(msg).at(file, span, "reading stopped here"),
        other => {
            let text = other.to_string();
            problem(text.split(" at line ").next().unwrap_or(&text).trim_end_matches([':', ','])).at(
                file,
                span,
                "reading stopped here",
            )
        }
    }
}

#[cfg(test)]
mod tests;
