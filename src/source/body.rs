//! Bodies that are not what they should be, described so that a message may carry it: short, on one line, without
//! secrets.

/// The most characters of foreign text that a message quotes.
const LONGEST: usize = 200;

/// The text on one line, with every secret blotted out, and cut off after [`LONGEST`] characters.
pub(super) fn legible(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "[REDACTED]");
    }
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// What a body is that was meant to be JSON, without a word of it.
pub(super) fn describe(body: &[u8]) -> String {
    let kind = match std::str::from_utf8(body).map(|text| text.trim_start().chars().next()) {
        Err(_) => "no text",
        Ok(None) => return "nothing".to_owned(),
        Ok(Some('{' | '[' | '"')) => "broken JSON",
        Ok(Some('<')) => "markup",
        Ok(Some(_)) => "text",
    };
    format!("{kind}, {} bytes", body.len())
}

/// The same with the beginning of markup or text. Broken JSON is never quoted, because it may hold somebody's record.
pub(super) fn quote(body: &[u8], secrets: &[&str]) -> String {
    let description = describe(body);
    match std::str::from_utf8(body) {
        Ok(text) if !text.trim_start().starts_with(['{', '[', '"']) && !text.trim().is_empty() => {
            format!("{description}: {}", legible(text, secrets))
        }
        _ => description,
    }
}

/// Whether a body that is no JSON is the beginning of some. The parser does not call it one when the cut goes through
/// a number or a character.
pub(super) fn is_cut(body: &[u8], error: Option<&serde_json::Error>) -> bool {
    let text = body.trim_ascii();
    error.is_some_and(serde_json::Error::is_eof) || (text.starts_with(b"{") && !text.ends_with(b"}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn broken_json_is_counted_and_not_quoted() {
        assert_eq!(quote(br#"{"email": "ada@example.org"#, &[]), "broken JSON, 26 bytes");
        assert_eq!(quote(&[0xff, 0xfe], &[]), "no text, 2 bytes");
        assert_eq!(quote(b" \n", &[]), "nothing");
    }

    #[test]
    fn markup_is_quoted_on_one_line() {
        let page = b"<html>\r\n\t<h1>502  Bad Gateway</h1></html>";
        assert_eq!(quote(page, &[]), "markup, 41 bytes: <html> <h1>502 Bad Gateway</h1></html>");
        assert_eq!(describe(page), "markup, 41 bytes");
    }

    proptest! {
        #[test]
        fn a_secret_never_shows_and_the_line_is_short(before in "\\PC{0,250}", secret in "[a-z0-9]{12,40}", after in "\\PC{0,250}") {
            let line = legible(&format!("{before}{secret}{after}"), &[&secret]);
            prop_assert!(!line.contains(&secret));
            prop_assert!(line.chars().count() <= LONGEST + 1);
            prop_assert!(!line.contains(['\n', '\r', '\t']));
        }
    }
}
