//! What an excerpt of a connection's file, or of a connector's definition, must not show.
//!
//! Such a file can be broken in any way when it is shown, so this looks at lines and words and not at YAML. It hides
//! rather too much.

use crate::diagnostics::Span;

/// Words of a connection's keys behind which a secret may stand.
const TELLING: &[&str] = &["credential", "secret", "passw", "token", "key", "auth", "bearer", "client_id"];

/// Keys of `connector.yaml` behind which one may stand, though none should.
const TELLING_OF_A_CONNECTOR: &[&str] = &["headers", "client_secret", "client_id"];

/// The words of a connection's file that may be secrets: those behind a telling key, and on the lines that are
/// indented further than it. Keys and references are none.
pub(super) fn secrets(text: &str) -> Vec<Span> {
    behind(TELLING, text, |word, after| is_key(word, after, false) || is_reference(word))
}

/// The words of a `connector.yaml` that may be secrets. What stands in braces is a name.
pub(super) fn secrets_of_connector(text: &str) -> Vec<Span> {
    behind(TELLING_OF_A_CONNECTOR, text, |word, after| is_key(word, after, true) || after.starts_with('}'))
}

fn behind(words: &[&str], text: &str, shown: impl Fn(&str, &str) -> bool) -> Vec<Span> {
    let mut hidden = Vec::new();
    let mut telling_indent = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let blank = line.trim().is_empty();
        // The items of a list may stand below their key.
        let is_item = line.trim_start().starts_with('-');
        if !blank && telling_indent.is_some_and(|telling| indent < telling || (indent == telling && !is_item)) {
            telling_indent = None;
        }
        let from = if telling_indent.is_some() { Some(0) } else { telling(words, line) };
        if let Some(from) = from {
            telling_indent = telling_indent.or(Some(indent));
            hide_words(&line[from..], start + from, &shown, &mut hidden);
        }
        start += line.len();
    }
    hidden
}

fn telling(words: &[&str], line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    words.iter().filter_map(|word| lower.find(word)).min()
}

fn hide_words(text: &str, start: usize, shown: &impl Fn(&str, &str) -> bool, hidden: &mut Vec<Span>) {
    let ends = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | '[' | ']' | ',' | '"' | '\'');
    let mut at = 0;
    while let Some(offset) = text[at..].find(|c| !ends(c)) {
        let begin = at + offset;
        let end = text[begin..].find(ends).map_or(text.len(), |length| begin + length);
        if !shown(&text[begin..end], &text[end..]) {
            hidden.push(Span { start: start + begin, end: start + end });
        }
        at = end;
    }
}

fn is_key(word: &str, behind: &str, hyphens: bool) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || (hyphens && c == '-');
    let plain = |name: &str| !name.is_empty() && name.chars().all(letter);
    match word.strip_suffix(':') {
        Some(name) => name.is_empty() || plain(name),
        None => plain(word) && behind.trim_start_matches(['"', '\'']).starts_with(':'),
    }
}

fn is_reference(word: &str) -> bool {
    ["env:", "file:", "vault:"].iter().any(|kind| word.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Connection;
    use super::*;
    use crate::diagnostics::{Problems, SourceFile};

    fn shown(text: &str) -> String {
        let mut shown = text.to_owned();
        for span in secrets(text) {
            shown.replace_range(span.start..span.end, &"*".repeat(span.end - span.start));
        }
        shown
    }

    #[test]
    fn keys_and_references_are_shown_and_nothing_else_of_credentials() {
        let text = "settings: { tenant: acme }\ncredentials: { \"client_id\": \"env:ID\", client_secret: 's3 cr' }\n";
        let expected =
            "settings: { tenant: acme }\ncredentials: { \"client_id\": \"env:ID\", client_secret: '** **' }\n";
        assert_eq!(shown(text), expected);
        let text = "credentials:\n  client_id: abc\n  client_secret: |\n    d e\n\n  # f\noptions: {}\n";
        let expected = "credentials:\n  client_id: ***\n  client_secret: *\n    * *\n\n  * *\noptions: {}\n";
        assert_eq!(shown(text), expected);
    }

    #[test]
    fn a_connector_shows_its_names_and_no_value_of_a_header() {
        let text = "tokens: { url: u }\nheaders:\n  X-Api-Key: s3cr\n  A: \"Bearer {key}\"\nentities: {}\n";
        let mut shown = text.to_owned();
        for span in secrets_of_connector(text) {
            shown.replace_range(span.start..span.end, &"*".repeat(span.end - span.start));
        }
        let expected = "tokens: { url: u }\nheaders:\n  X-Api-Key: ****\n  A: \"****** {key}\"\nentities: {}\n";
        assert_eq!(shown, expected);
    }

    proptest! {
        #[test]
        fn no_report_shows_a_secret(secret in "[a-zA-Z0-9]{12,20}", shape in 0..10_usize, cut in 0..120_usize) {
            let text = &[
                format!("connector: c\ncredentials: {secret}\n"),
                format!("connector: c\ncredentials: [{secret}]\n"),
                format!("connector: c\ncredentials: {{ {secret} }}\n"),
                format!("connector: c\ncredentials: {{ client_id: \"{secret}\", client_secret: env:X, x: 1 }}\n"),
                format!("connector: c\ncredentials:\n  client_secret: '{secret}'\n  client_secret: {secret}\n"),
                format!("credentails:\n  client_secrt: {secret}\n  x: [\nconnector: c\n"),
                format!("connector: c\ncredentials:\n  client_id: >\n    {secret}\n    {secret}\n"),
                format!("connector: c\nsettings: {{ client_secret: {secret} }}\nsandbox: 1\n"),
                format!("connector: c\ncredentials:\n- {secret}\n- {secret}\n"),
                format!("connector: c\ncredentials: {{ ? {secret} : {secret}, client_id: }}\n"),
            ][shape];
            // The file may end anywhere, as long as all of the secret is in it.
            let least = text.rfind(&secret).unwrap() + secret.len();
            let text = &text[..(least + cut).min(text.len())];
            let problems = Problems::new();
            let file = SourceFile::with_secrets("connections/acme.yaml", text, secrets(text));
            let asked_by = |_: &str| Some(vec!["client_id".to_owned(), "client_secret".to_owned()]);
            Connection::parse("acme", &file, asked_by, &problems);
            let report = problems.into_result::<()>(None).unwrap_err().render(false);
            prop_assert!(!report.contains(&secret), "{report}");
        }
    }
}
