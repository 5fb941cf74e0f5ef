//! YAML with places: a tree whose every node knows where it stands, and a strict reader of maps.
//!
//! Mapping files are read through this tree and not through derived `Deserialize`, because a derive stops at the
//! first thing that is wrong and a person wants to hear of all of them.

mod fields;
mod node;

use std::sync::Arc;

pub use fields::Fields;
pub(crate) use fields::{text, texts};
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

/// Parses one YAML document. Syntax errors, duplicate keys and documents beyond every reason (bombs of anchors,
/// endless nesting) are reported.
pub fn parse(file: &Arc<SourceFile>, problems: &Problems) -> Option<Node> {
    match serde_yaml::from_str::<serde_yaml::Spanned<node::Raw>>(&file.text) {
        Ok(raw) => Some(node::Node::from_raw(raw, &file.text)),
        Err(error) => {
            let error = error.without_snippet();
            let span = error.location().map(|location| node::span(&location, &file.text)).unwrap_or_default();
            let text = error.to_string();
            let message = text.split(" at line ").next().unwrap_or(&text).trim_end_matches([':', ',']);
            problems.report(Problem::error("M0001", format!("this is not valid YAML: {message}")).at(
                file,
                span,
                "reading stopped here",
            ));
            None
        }
    }
}
