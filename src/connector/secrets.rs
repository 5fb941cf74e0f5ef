//! What an excerpt of a connection's file must not show.
//!
//! The file can be broken in any way when it is shown, so this looks at lines and words and not at YAML. It hides
//! rather too much.

use crate::diagnostics::Span;

/// Words of keys behind which a secret may stand.
const TELLING: &[&str] = &["credential", "secret", "passw", "token", "api_key", "apikey", "client_id"];

/// The words of a connection's file that may be secrets: those behind a telling key, and on the lines that are
/// indented further than it. Keys and references are none.
pub(super) fn secrets(text: &str) -> Vec<Span> {
    let mut hidden = Vec::new();
    let mut telling_indent = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let blank = line.trim().is_empty();
        if !blank && telling_indent.is_some_and(|telling| indent <= telling) {
            telling_indent = None;
        }
        let from = if telling_indent.is_some() { Some(0) } else { telling(line) };
        if let Some(from) = from {
            telling_indent = telling_indent.or(Some(indent));
            hide_words(&line[from..], start + from, &mut hidden);
        }
        start += line.len();
    }
    hidden
}

fn telling(line: &str) -> Option<usize> {
    let lower = line.to_ascii_lowercase();
    TELLING.iter().filter_map(|word| lower.find(word)).min()
}

fn hide_words(text: &str, start: usize, hidden: &mut Vec<Span>) {
    let ends = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | '[' | ']' | ',' | '"' | '\'');
    let mut at = 0;
    while let Some(offset) = text[at..].find(|c| !ends(c)) {
        let begin = at + offset;
        let end = text[begin..].find(ends).map_or(text.len(), |length| begin + length);
        if !is_key(&text[begin..end], &text[end..]) && !is_reference(&text[begin..end]) {
            hidden.push(Span { start: start + begin, end: start + end });
        }
        at = end;
    }
}

fn is_key(word: &str, behind: &str) -> bool {
    let plain = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    match word.strip_suffix(':') {
        Some(name) => name.is_empty() || plain(name),
        None => plain(word) && behind.trim_start_matches(['"', '\'']).starts_with(':'),
    }
}

fn is_reference(word: &str) -> bool {
    word.starts_with("env:") || word.starts_with("file:")
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

    proptest! {
        #[test]
        fn no_report_shows_a_secret(secret in "[a-zA-Z0-9]{12,20}", shape in 0..9_usize, cut in 0..120_usize) {
            let text = &[
                format!("connector: c\ncredentials: {secret}\n"),
                format!("connector: c\ncredentials: [{secret}]\n"),
                format!("connector: c\ncredentials: {{ {secret} }}\n"),
                format!("connector: c\ncredentials: {{ client_id: \"{secret}\", client_secret: env:X, x: 1 }}\n"),
                format!("connector: c\ncredentials:\n  client_secret: '{secret}'\n  client_secret: {secret}\n"),
                format!("credentails:\n  client_secrt: {secret}\n  x: [\nconnector: c\n"),
                format!("connector: c\ncredentials:\n  client_id: >\n    {secret}\n    {secret}\n"),
                format!("connector: c\nsettings: {{ client_secret: {secret} }}\nsandbox: 1\n"),
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
