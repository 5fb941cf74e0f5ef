//! A text replaced piece by piece: tags stay, words and numbers go, and addresses, links and phone numbers stay what
//! they are.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::phone::Parts;
use super::words::Words;
use super::{markup, phone};

/// Where replaced links and addresses lead: nowhere.
const NOWHERE: &str = "example.org";

/// Texts and what they are replaced by.
pub(super) struct Texts<'s> {
    pub words: Words<'s>,
    addresses: HashMap<String, String>,
    taken: HashSet<String>,
}

/// How a text is replaced.
#[derive(Clone, Copy, Default)]
pub(super) struct Manner {
    /// It is a phone number even where it does not look like one.
    pub phone: bool,
    /// It is an id: a single digit counts too.
    pub id: bool,
}

impl<'s> Texts<'s> {
    pub fn new(words: Words<'s>) -> Texts<'s> {
        Texts { words, addresses: HashMap::new(), taken: HashSet::new() }
    }

    /// The replacement of a text, but for the parts in `kept`.
    pub fn replace(&mut self, text: &str, kept: &[Range<usize>], manner: Manner) -> String {
        let mut scan = Scan { texts: self, text, kept, manner, at: 0, out: String::with_capacity(text.len()) };
        scan.run(text.len());
        scan.out
    }

    /// An address of nobody for an address. Different ones stay different.
    fn address(&mut self, address: &str) -> String {
        let lower = address.to_lowercase();
        let (local, domain) = address.split_once('@').unwrap_or((address, ""));
        let mut new = self.bare(local);
        if let Some(known) = self.addresses.get(&lower) {
            // The same address may be written with other capitals elsewhere.
            let known = known.clone();
            let suffix = known.get(new.len()..).filter(|_| known.starts_with(&new.to_lowercase()));
            new.push_str(suffix.unwrap_or_default());
        } else {
            if self.taken.contains(&new.to_lowercase()) {
                let first = domain.split('.').next().unwrap_or_default();
                new = format!("{new}-{}", self.bare(first));
            }
            while self.taken.contains(&new.to_lowercase()) {
                new.push('x');
            }
            self.taken.insert(new.to_lowercase());
            self.addresses.insert(lower, new.to_lowercase());
        }
        format!("{new}@{NOWHERE}")
    }

    /// Words and numbers replaced, and everything else left.
    fn bare(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let end = run(rest).max(first.len_utf8());
            let (piece, behind) = rest.split_at(end);
            rest = behind;
            out.push_str(&self.piece(piece, Manner::default()));
        }
        out
    }

    /// The replacement of a run of letters or of digits, or of a character that is neither.
    fn piece(&mut self, piece: &str, manner: Manner) -> String {
        match piece.chars().next() {
            Some(first) if first.is_alphabetic() => self.words.word(piece),
            Some(first) if is_digit(first) && (manner.id || piece.chars().count() > 1) => self.words.number(piece),
            _ => piece.to_owned(),
        }
    }

    /// A phone number with its country, its first digit and its grouping, and an end of its own: so it belongs to
    /// nobody, and two ways to write one number stay two ways to write one.
    fn phone(&mut self, text: &str) -> String {
        let Parts { lead, national, hidden } = phone::parts(text);
        let new = format!("{lead}{}", self.subscriber(&national));
        let mut new = new.chars();
        let replaced = |(at, old): (usize, char)| match old {
            old if hidden.contains(&at) => old,
            old if old.is_ascii_digit() => new.next().unwrap_or('0'),
            old => old,
        };
        text.char_indices().map(replaced).collect()
    }

    fn subscriber(&mut self, national: &str) -> String {
        const END: usize = 4;
        const TELLING: usize = 8;
        if national.len() <= END {
            return if national.len() > 1 { self.words.number(national) } else { national.to_owned() };
        }
        let key = &national[national.len().saturating_sub(TELLING)..];
        let end = self.words.ending(key, END);
        let first = if national.len() >= TELLING { &national[..1] } else { "" };
        format!("{first}{}{end}", "0".repeat(national.len() - END - first.len()))
    }
}

/// How many bytes from the beginning are letters, or are digits.
fn run(text: &str) -> usize {
    let is_same: fn(char) -> bool = match text.chars().next() {
        Some(first) if first.is_alphabetic() => char::is_alphabetic,
        Some(first) if is_digit(first) => is_digit,
        _ => return 0,
    };
    text.find(|character| !is_same(character)).unwrap_or(text.len())
}

/// Some letters have the value of a number; they are letters.
fn is_digit(character: char) -> bool {
    character.is_numeric() && !character.is_alphabetic()
}

/// A walk through a text.
struct Scan<'t, 's> {
    texts: &'t mut Texts<'s>,
    text: &'t str,
    kept: &'t [Range<usize>],
    manner: Manner,
    at: usize,
    out: String,
}

impl Scan<'_, '_> {
    fn run(&mut self, end: usize) {
        while self.at < end {
            let rest = &self.text[self.at..end];
            let begins = !self.manner.id && !self.text[..self.at].ends_with(char::is_alphanumeric);
            if let Some(length) = markup::tag(rest) {
                self.tag(length);
            } else if let Some(length) = markup::entity(rest) {
                self.copy(length);
            } else if let Some(scheme) = ["mailto:", "tel:"].iter().find(|scheme| begins && rest.starts_with(**scheme))
            {
                self.copy(scheme.len());
            } else if let Some(length) = link(rest).filter(|_| begins) {
                self.link(length);
            } else if let Some(length) = address(rest).filter(|_| begins) {
                self.out.push_str(&self.texts.address(&rest[..length]));
                self.at += length;
            } else if let Some(length) = phone::number(rest, self.manner.phone).filter(|_| begins) {
                self.out.push_str(&self.texts.phone(&rest[..length]));
                self.at += length;
            } else {
                self.piece(end);
            }
        }
    }

    fn copy(&mut self, length: usize) {
        self.out.push_str(&self.text[self.at..self.at + length]);
        self.at += length;
    }

    /// The next run of letters or digits up to where something kept begins or ends, or the next character.
    fn piece(&mut self, end: usize) {
        let rest = &self.text[self.at..end];
        let length = run(rest).max(rest.chars().next().map_or(1, char::len_utf8));
        let stop = self.at + length;
        let borders = self.kept.iter().flat_map(|range| [range.start, range.end]);
        let stop = borders.filter(|border| (self.at + 1..stop).contains(border)).min().unwrap_or(stop);
        if self.kept.iter().any(|range| range.start <= self.at && stop <= range.end) {
            self.copy(stop - self.at);
        } else {
            let piece = &self.text[self.at..stop];
            self.out.push_str(&self.texts.piece(piece, self.manner));
            self.at = stop;
        }
    }

    /// A tag: its name and those of its attributes stay, their values go.
    fn tag(&mut self, length: usize) {
        let end = self.at + length;
        let mut quote = None;
        while self.at < end {
            let rest = &self.text[self.at..end];
            let next = rest.chars().next().unwrap_or('>');
            match quote {
                Some(open) => {
                    let value = rest.find(open).map_or(end, |at| self.at + at);
                    self.run(value);
                    self.copy((end - self.at).min(1));
                    quote = None;
                }
                None if matches!(next, '"' | '\'') => {
                    quote = Some(next);
                    self.copy(1);
                }
                None => {
                    let word = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
                    if markup::is_name(&rest[..word]) { self.copy(word) } else { self.piece(end) }
                }
            }
        }
    }

    /// A link: its scheme and the shape of its path stay. Of its host, only what a table looks for does.
    fn link(&mut self, length: usize) {
        let end = self.at + length;
        let link = &self.text[self.at..end];
        let scheme = link.find("://").map_or(0, |at| at + 3);
        let host_end = link[scheme..].find(['/', '?', '#']).map_or(length, |at| scheme + at);
        let host = self.at + scheme..self.at + host_end;
        self.copy(scheme);
        let found: Vec<Range<usize>> = self
            .kept
            .iter()
            .map(|range| range.start.max(host.start)..range.end.min(host.end))
            .filter(|range| range.start < range.end && self.text[range.clone()].contains('.'))
            .collect();
        let from = found.iter().map(|range| range.start).min();
        let to = found.iter().map(|range| range.end).max();
        match from.zip(to) {
            Some((from, to)) => self.out.push_str(&format!("{}.", &self.text[from..to])),
            None if scheme == 0 => self.out.push_str("www."),
            None => {}
        }
        self.out.push_str(NOWHERE);
        self.at = host.end;
        while self.at < end {
            let escape = self.text.as_bytes()[self.at..end].get(..3).filter(|bytes| bytes[0] == b'%');
            if escape.is_some_and(|bytes| bytes[1..].iter().all(u8::is_ascii_hexdigit)) {
                self.copy(3);
            } else {
                self.piece(end);
            }
        }
    }
}

/// Whether a text is or holds an address, a link or a phone number.
pub(super) fn looks_personal(text: &str) -> bool {
    let starts = text.char_indices().filter(|(at, _)| !text[..*at].ends_with(char::is_alphanumeric));
    starts
        .map(|(at, _)| &text[at..])
        .any(|rest| link(rest).is_some() || address(rest).is_some() || phone::number(rest, false).is_some())
}

fn link(text: &str) -> Option<usize> {
    let lower: String = text.chars().take(8).map(|c| c.to_ascii_lowercase()).collect();
    ["https://", "http://", "ftp://", "www."].iter().find(|begin| lower.starts_with(**begin))?;
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '|')).unwrap_or(text.len());
    let link = text[..end].trim_end_matches(['.', ',', ';', ':', '!', ')', ']']);
    let behind = link.rsplit("//").next().unwrap_or_default();
    (behind.len() > "www.".len() || !lower.starts_with("www.")).then_some(link.len())
}

fn address(text: &str) -> Option<usize> {
    let is_local = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '\'');
    let at = text.find(|c: char| !is_local(c)).filter(|at| *at > 0)?;
    let behind = text[at..].strip_prefix('@')?;
    let end = behind.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '-'))).unwrap_or(behind.len());
    let domain = behind[..end].trim_end_matches(['.', '-']);
    let is_domain = domain.contains('.') && !domain.starts_with(['.', '-']) && !domain.contains("..");
    is_domain.then_some(at + 1 + domain.len())
}
