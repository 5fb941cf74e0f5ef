//! The name that a server gives a file, or that stands in its address.

use percent_encoding::percent_decode_str;
use url::Url;

/// The name in a header `Content-Disposition` (RFC 6266). The one that says how it is encoded counts more.
pub(super) fn name(header: &[u8]) -> Option<String> {
    // What is no UTF-8 was written byte for byte as Latin 1.
    let header = match std::str::from_utf8(header) {
        Ok(text) => text.to_owned(),
        Err(_) => header.iter().map(|byte| char::from(*byte)).collect(),
    };
    let parameters = parameters(&header);
    let find = |wanted: &str| {
        parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.as_str())
    };
    let encoded = find("filename*").and_then(extended);
    encoded.or_else(|| find("filename").map(str::to_owned)).filter(|name| !name.trim().is_empty())
}

/// The last part of an address's path, decoded.
pub(super) fn last_part(url: &Url) -> String {
    let last = url.path_segments().and_then(|parts| parts.rev().find(|part| !part.is_empty())).unwrap_or_default();
    percent_decode_str(last).decode_utf8_lossy().into_owned()
}

/// A value such as `UTF-8'en'na%C3%AFve.pdf`.
fn extended(value: &str) -> Option<String> {
    let mut parts = value.splitn(3, '\'');
    let (charset, _language, text) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    if charset.eq_ignore_ascii_case("utf-8") {
        String::from_utf8(bytes).ok()
    } else if charset.eq_ignore_ascii_case("iso-8859-1") {
        Some(bytes.into_iter().map(char::from).collect())
    } else {
        None
    }
}

/// Names and values after the first semicolon, unquoted.
fn parameters(header: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = header.split_once(';').map_or("", |(_, rest)| rest);
    while !rest.is_empty() {
        let Some((name, after)) = rest.split_once('=') else { break };
        let name = name.trim_matches(|c: char| c.is_whitespace() || c == ';').to_owned();
        let after = after.trim_start();
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let (value, left) = after.split_once(';').unwrap_or((after, ""));
                (value.trim().to_owned(), left)
            }
        };
        found.push((name, value));
        rest = left;
    }
    found
}

/// What stands before the closing quote, and what follows it.
fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => {
                let left = &quoted[at + 1..];
                return (value, left.split_once(';').map_or("", |(_, left)| left));
            }
            // Paths of Windows come unescaped; only these two are ever escaped.
            '\\' if matches!(quoted[at + 1..].chars().next(), Some('"' | '\\')) => {
                value.extend(characters.next().map(|(_, c)| c));
            }
            c => value.push(c),
        }
    }
    (value, "")
}
