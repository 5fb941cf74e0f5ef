//! Text out of HTML.

use std::borrow::Cow;
use std::fmt::Write;

/// A longer text is none that a person wrote.
const LONGEST: usize = 512 << 10;
/// Tags deeper than this are left out: what reads them takes a time that grows with the square of the depth.
const DEEPEST: usize = 64;
/// Wide enough that no line is broken.
const WIDTH: usize = 1 << 20;
/// Elements that hold nothing and so have no end tag.
const EMPTY: &[&str] = &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"];

/// The text of an HTML fragment: paragraphs and list items on lines of their own, entities decoded, scripts and styles
/// left out. A text without any mark is trimmed. One of more than 512 KiB is none.
pub fn html_text(text: &str) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if text.len() > LONGEST {
        return None;
    }
    if !text.contains(['<', '&']) {
        return Some(Cow::Borrowed(text));
    }
    let flat = flattened(text);
    let rendered = html2text::config::plain_no_decorate()
        .no_table_borders()
        .no_link_wrapping()
        .string_from_read(flat.as_bytes(), WIDTH)
        .ok()?;
    Some(Cow::Owned(tidied(&rendered)))
}

/// The same text without the tags that stand too deep.
fn flattened(text: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    let mut from = 0;
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(start) = text[at..].find('<').map(|offset| at + offset) {
        let rest = &text[start + 1..];
        let closes = rest.starts_with('/');
        let name = rest.trim_start_matches('/');
        let name = &name[..name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len())];
        let Some(end) = rest.find('>').map(|offset| start + offset + 2) else { break };
        at = if name.is_empty() { start + 1 } else { end };
        if name.is_empty() || EMPTY.iter().any(|empty| empty.eq_ignore_ascii_case(name)) {
            continue;
        }
        let too_deep = if closes {
            depth = depth.saturating_sub(1);
            depth >= DEEPEST
        } else {
            depth += 1;
            depth > DEEPEST
        };
        if too_deep {
            kept.push_str(&text[from..start]);
            from = end;
        }
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    kept.push_str(&text[from..]);
    Cow::Owned(kept)
}

/// Without blanks at the ends of lines, and with one empty line at most between two others.
fn tidied(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            blank += 1;
            continue;
        }
        if !tidy.is_empty() {
            tidy.push_str(if blank > 0 { "\n\n" } else { "\n" });
        }
        blank = 0;
        let _ = write!(tidy, "{line}");
    }
    tidy
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn paragraphs_and_lists_stand_on_lines() {
        let html = "<p>Wij zoeken <b>jou</b> &amp; anderen.</p><ul><li>Eén</li><li>Twee</li></ul><p>Bel<br>ons</p>";
        assert_eq!(html_text(html).unwrap(), "Wij zoeken jou & anderen.\n* Eén\n* Twee\n\nBel\nons");
    }

    #[test]
    fn what_is_not_shown_is_left_out() {
        let html = "<style>p { color: red }</style><script>alert(1)</script><p>Text</p><!-- secret -->";
        assert_eq!(html_text(html).unwrap(), "Text");
    }

    #[test]
    fn plain_text_stays() {
        assert_eq!(html_text("  a long\nstory ").unwrap(), "a long\nstory");
        assert_eq!(html_text("1 < 2 & 3 > 2").unwrap(), "1 < 2 & 3 > 2");
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let started = Instant::now();
        for (open, close) in [("<div>", "</div>"), ("<b>", ""), ("<table><tr><td>", ""), ("<ul><li>", ""), ("<", ">")] {
            let html = format!("{}core{}", open.repeat(30_000), close.repeat(30_000));
            if let Some(text) = html_text(&html) {
                assert!(text.contains("core") || open == "<", "{open}");
            }
        }
        assert_eq!(html_text(&"<p>x".repeat(200_000)), None);
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    }
}
