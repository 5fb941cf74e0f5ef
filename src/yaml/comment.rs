//! The comments that people write beside what they explain.

use crate::diagnostics::{SourceFile, Span};

/// What a comment says of the key at `span`: the one behind it on its line, or else the lines of comment right above
/// it.
pub fn comment(file: &SourceFile, span: Span) -> Option<String> {
    let text = file.text.as_str();
    let start = text.get(..span.start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].split('\n').next().unwrap_or_default();
    if let Some(behind) = behind(&line[span.start - start..]) {
        return Some(behind.to_owned());
    }
    let indent = &line[..span.start - start];
    if !indent.trim().is_empty() {
        return None;
    }
    let above = text[..start].lines().rev().map_while(|line| {
        let rest = line.strip_prefix(indent)?.strip_prefix('#')?;
        Some(rest.trim())
    });
    let mut lines: Vec<&str> = above.collect();
    lines.reverse();
    Some(lines.join(" ")).filter(|comment| !comment.is_empty())
}

/// The comment at the end of a line. A `#` in quotes or within a word begins none.
fn behind(line: &str) -> Option<&str> {
    let mut quote = None;
    let mut before = ' ';
    for (at, character) in line.char_indices() {
        match (quote, character) {
            (None, '#') if before.is_whitespace() => {
                return Some(line[at + 1..].trim()).filter(|text| !text.is_empty());
            }
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(character),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
        before = character;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, key: &str) -> Option<String> {
        let start = text.find(key).unwrap();
        comment(&SourceFile::new("a.yaml", text), Span { start, end: start + key.len() })
    }

    #[test]
    fn a_comment_stands_behind_or_above() {
        let text = "fields:\n  # Of the\n  # file.\n  name: a # the name\n\n  # Above.\n  # Both lines.\n  other:\n    - b\n  # Not at once above.\n\n  third: c\n";
        assert_eq!(said(text, "name").as_deref(), Some("the name"));
        assert_eq!(said(text, "other").as_deref(), Some("Above. Both lines."));
        assert_eq!(said(text, "third"), None);
        assert_eq!(said(text, "fields"), None);
    }

    #[test]
    fn a_hash_in_a_text_is_no_comment() {
        assert_eq!(said("a: \"x # y\"\n", "a"), None);
        assert_eq!(said("a: 'x # y' # z\n", "a").as_deref(), Some("z"));
        assert_eq!(said("a: x#y\n", "a"), None);
        assert_eq!(said("a: people's # whose\n", "a").as_deref(), Some("whose"));
        assert_eq!(said("{ a: x, b: y } # both\n", "b").as_deref(), Some("both"));
    }
}
