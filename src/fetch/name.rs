//! Names of files that are safe to show, to send and to save under.

/// The most characters of a name.
const LONGEST: usize = 128;

/// A longer end of a name is no extension.
const LONGEST_EXTENSION: usize = 16;

/// What a file without a name is called.
const NAMELESS: &str = "file";

/// The name of a file as it is used: what follows the last slash of either kind, without what cannot be seen or means
/// something to a system of files, at most 128 characters, with its extension kept.
pub fn file_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|c| !is_unseen(*c)).map(replaced).collect();
    let seen = trimmed(&seen);
    let (stem, extension) = split(seen);
    let room = LONGEST - extension.chars().count() - 1;
    let mut stem: String = stem.chars().take(room).collect();
    stem.truncate(stem.trim_end_matches(is_edge).len());
    if is_reserved(&stem) {
        stem.insert(0, '_');
    }
    match (stem.is_empty(), extension.is_empty()) {
        (true, true) => NAMELESS.to_owned(),
        (true, false) => format!("{NAMELESS}.{extension}"),
        (false, true) => stem,
        (false, false) => format!("{stem}.{extension}"),
    }
}

/// A text of somebody else as it may stand in a message.
pub(super) fn printable(text: &str, longest: usize) -> String {
    text.chars().filter(|c| !is_unseen(*c)).take(longest).collect()
}

/// Stem and extension; the extension is empty when there is none.
pub(super) fn split(name: &str) -> (&str, &str) {
    let is_extension =
        |end: &str| !end.is_empty() && end.len() <= LONGEST_EXTENSION && end.chars().all(|c| c.is_ascii_alphanumeric());
    match name.rsplit_once('.') {
        Some((stem, end)) if is_extension(end) => (stem, end),
        _ => (name, ""),
    }
}

/// Dots and spaces at the ends are lost on one system or hide a file on another.
fn trimmed(name: &str) -> &str {
    name.trim_matches(is_edge)
}

fn is_edge(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

/// Whether a character shows nothing, or turns the direction in which others are shown.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

fn replaced(c: char) -> char {
    if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*') { '_' } else { c }
}

/// Whether a name is one of a device, on a system where such names are.
fn is_reserved(stem: &str) -> bool {
    let first = stem.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    if matches!(first.as_str(), "con" | "prn" | "aux" | "nul" | "conin$" | "conout$") {
        return true;
    }
    let number = first.strip_prefix("com").or_else(|| first.strip_prefix("lpt"));
    number.is_some_and(|number| {
        let mut digits = number.chars();
        matches!((digits.next(), digits.next()), (Some('0'..='9' | '¹' | '²' | '³'), None))
    })
}
