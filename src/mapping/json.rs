//! JSON text, read where it stands. Texts stay as the source wrote them, escapes included, so that they can be copied
//! into the unified record; what is skipped is only checked.

use std::borrow::Cow;

/// A place in a JSON text.
#[derive(Debug)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

/// The text is no JSON. [`explain`] finds the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed {
    at: usize,
}

pub(super) type Scanned<T> = Result<T, Malformed>;

/// A number as JSON knows it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

/// A text on its way from the source or a script to the unified record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Text<'t> {
    /// Reads as it is written in JSON.
    Plain(&'t str),
    /// As it is written in JSON; each escape in it is the one that [`push_escaped`] would write.
    Escaped(&'t str),
    /// As it reads.
    Decoded(Cow<'t, str>),
}

/// Deeper nesting than any record has is refused, so that no text can exhaust the stack.
const DEEPEST: usize = 128;

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, at: 0 }
    }

    /// The first byte of what comes next; 0 at the end.
    #[inline]
    pub fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                Some(byte) => return *byte,
                None => return 0,
            }
        }
    }

    /// Goes past `byte` if it comes next.
    #[inline]
    pub fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == byte;
        self.at += usize::from(found);
        found
    }

    /// Goes past `text` if it comes next.
    #[inline]
    pub fn take_all(&mut self, text: &[u8]) -> bool {
        self.peek();
        let end = self.at + text.len();
        let found = self.text.as_bytes().get(self.at..end) == Some(text);
        if found {
            self.at = end;
        }
        found
    }

    #[inline]
    pub fn expect(&mut self, byte: u8) -> Scanned<()> {
        if self.take(byte) { Ok(()) } else { Err(self.malformed()) }
    }

    /// Checks that nothing follows.
    pub fn end(&mut self) -> Scanned<()> {
        self.peek();
        if self.at == self.text.len() { Ok(()) } else { Err(self.malformed()) }
    }

    fn malformed(&self) -> Malformed {
        Malformed { at: self.at }
    }

    pub fn null(&mut self) -> Scanned<()> {
        self.word("null")
    }

    pub fn boolean(&mut self) -> Scanned<bool> {
        let value = self.peek() == b't';
        self.word(if value { "true" } else { "false" }).map(|()| value)
    }

    fn word(&mut self, word: &str) -> Scanned<()> {
        if self.take_all(word.as_bytes()) { Ok(()) } else { Err(self.malformed()) }
    }

    /// A text.
    #[inline]
    pub fn text(&mut self) -> Scanned<Text<'a>> {
        let (written, escapes) = self.quoted()?;
        match escapes {
            Escapes::None => Ok(Text::Plain(written)),
            Escapes::Usual => Ok(Text::Escaped(written)),
            Escapes::Unusual => {
                let start = self.at - written.len() - 2;
                let decoded = serde_json::from_str(&self.text[start..self.at]).map_err(|_| Malformed { at: start })?;
                Ok(Text::Decoded(Cow::Owned(decoded)))
            }
        }
    }

    /// What stands between two quotes.
    #[inline]
    fn quoted(&mut self) -> Scanned<(&'a str, Escapes)> {
        self.expect(b'"')?;
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut escapes = Escapes::None;
        loop {
            self.at += plain_length(&bytes[self.at..]);
            match bytes.get(self.at) {
                Some(b'"') => break,
                Some(b'\\') => escapes = escapes.max(self.escape()?),
                _ => return Err(self.malformed()),
            }
        }
        self.at += 1;
        Ok((&self.text[start..self.at - 1], escapes))
    }

    fn escape(&mut self) -> Scanned<Escapes> {
        let rest = &self.text.as_bytes()[self.at + 1..];
        let (escapes, length) = match rest {
            [b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => (Escapes::Usual, 2),
            [b'/', ..] => (Escapes::Unusual, 2),
            [b'u', a, b, c, d, ..] if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) => {
                (Escapes::Unusual, 6)
            }
            _ => return Err(self.malformed()),
        };
        self.at += length;
        Ok(escapes)
    }

    /// A number. Whole ones that are too large for an integer become floats.
    pub fn number(&mut self) -> Scanned<Number> {
        let (written, is_whole) = self.digits()?;
        if let (true, Ok(number)) = (is_whole, written.parse()) {
            return Ok(Number::Int(number));
        }
        match written.parse() {
            Ok(number) if f64::is_finite(number) => Ok(Number::Float(number)),
            _ => Err(self.malformed()),
        }
    }

    /// The text of a number, and whether it has neither fraction nor exponent.
    fn digits(&mut self) -> Scanned<(&'a str, bool)> {
        self.peek();
        let bytes = self.text.as_bytes();
        let start = self.at;
        let is = |at: usize, wanted: &[u8]| bytes.get(at).is_some_and(|byte| wanted.contains(byte));
        let past_digits = |at: usize| at + bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut at = start + usize::from(is(start, b"-"));
        let whole = at;
        at = past_digits(at);
        let mut is_valid = at > whole && (at == whole + 1 || bytes[whole] != b'0');
        let end_of_whole = at;
        if is(at, b".") {
            let fraction = at + 1;
            at = past_digits(fraction);
            is_valid &= at > fraction;
        }
        if is(at, b"eE") {
            let exponent = at + 1 + usize::from(is(at + 1, b"+-"));
            at = past_digits(exponent.min(bytes.len()));
            is_valid &= at > exponent;
        }
        if !is_valid {
            return Err(self.malformed());
        }
        self.at = at;
        Ok((&self.text[start..at], at == end_of_whole))
    }

    /// Goes past any value and returns how it is written.
    #[inline]
    pub fn skip(&mut self) -> Scanned<&'a str> {
        self.peek();
        let start = self.at;
        self.skip_nested(0)?;
        Ok(&self.text[start..self.at])
    }

    fn skip_nested(&mut self, depth: usize) -> Scanned<()> {
        if depth == DEEPEST {
            return Err(self.malformed());
        }
        match self.peek() {
            b'"' => self.quoted().map(drop),
            b'{' => {
                let mut more = self.open(b'}');
                while more {
                    self.quoted()?;
                    self.expect(b':')?;
                    self.skip_nested(depth + 1)?;
                    more = self.next(b'}')?;
                }
                Ok(())
            }
            b'[' => {
                let mut more = self.open(b']');
                while more {
                    self.skip_nested(depth + 1)?;
                    more = self.next(b']')?;
                }
                Ok(())
            }
            b'n' => self.null(),
            b't' | b'f' => self.boolean().map(drop),
            _ => self.digits().map(drop),
        }
    }

    /// Goes past an opening bracket, which comes next. Whether anything stands before the closing one.
    #[inline]
    pub fn open(&mut self, close: u8) -> bool {
        self.at += 1;
        !self.take(close)
    }

    /// Goes past a comma or the closing bracket. Whether anything more stands before the closing one.
    #[inline]
    pub fn next(&mut self, close: u8) -> Scanned<bool> {
        if self.take(b',') {
            return Ok(true);
        }
        self.expect(close).map(|()| false)
    }

    /// The name of a member.
    pub fn name(&mut self) -> Scanned<Text<'a>> {
        let name = self.text()?;
        self.expect(b':')?;
        Ok(name)
    }
}

/// Says in words what is wrong with a text.
pub(super) fn explain(text: &str, malformed: Malformed) -> String {
    // The other reader has the words. It lets texts pass that no Rust string can hold, as long as nobody reads them.
    match serde_json::from_str::<serde_json::Value>(text) {
        Err(error) => error.to_string(),
        Ok(_) => format!("this is no JSON from column {} on", malformed.at + 1),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Escapes {
    None,
    /// Those that [`push_escaped`] writes.
    Usual,
    Unusual,
}

impl<'t> Text<'t> {
    /// As it reads.
    pub fn read(&self) -> Cow<'_, str> {
        match self {
            Text::Plain(text) => Cow::Borrowed(text),
            Text::Escaped(written) => Cow::Owned(unescape(written)),
            Text::Decoded(text) => Cow::Borrowed(text),
        }
    }

    /// Writes it as it stands between quotes.
    #[inline]
    pub fn push(&self, out: &mut Vec<u8>) {
        match self {
            Text::Plain(written) | Text::Escaped(written) => out.extend_from_slice(written.as_bytes()),
            Text::Decoded(text) => push_escaped(text, out),
        }
    }

    /// The same text, without a copy.
    pub fn borrowed(&self) -> Text<'_> {
        match self {
            Text::Plain(text) => Text::Plain(text),
            Text::Escaped(text) => Text::Escaped(text),
            Text::Decoded(text) => Text::Decoded(Cow::Borrowed(text)),
        }
    }

    /// What is left without outer blanks, if anything is.
    #[inline]
    pub fn trimmed(self) -> Option<Text<'t>> {
        let trimmed = match self {
            Text::Plain(text) if is_trimmed(text) => return Some(self),
            Text::Plain(text) => Text::Plain(text.trim()),
            Text::Escaped(text) => Text::Escaped(trim_escaped(text)),
            Text::Decoded(Cow::Borrowed(text)) => Text::Decoded(Cow::Borrowed(text.trim())),
            Text::Decoded(Cow::Owned(text)) if text.trim().len() < text.len() => {
                Text::Decoded(Cow::Owned(text.trim().to_owned()))
            }
            text => text,
        };
        let (Text::Plain(text) | Text::Escaped(text)) = trimmed else {
            return Some(trimmed).filter(|text| !text.read().is_empty());
        };
        (!text.is_empty()).then_some(trimmed)
    }
}

/// Whether a text certainly begins and ends with a visible character.
#[inline]
fn is_trimmed(text: &str) -> bool {
    let ends = (text.as_bytes().first(), text.as_bytes().last());
    matches!(ends, (Some(first), Some(last)) if first.is_ascii_graphic() && last.is_ascii_graphic())
}

/// Escapes of blanks.
const ESCAPED_BLANKS: [&str; 4] = ["\\n", "\\r", "\\t", "\\f"];

fn trim_escaped(written: &str) -> &str {
    let mut rest = written.trim();
    while let Some(shorter) = ESCAPED_BLANKS.iter().find_map(|blank| rest.strip_prefix(blank)) {
        rest = shorter.trim_start();
    }
    while let Some(shorter) = ESCAPED_BLANKS.iter().find_map(|blank| rest.strip_suffix(blank)) {
        // After an odd number of other backslashes, this one is the second half of an escape.
        let backslashes = shorter.bytes().rev().take_while(|byte| *byte == b'\\').count();
        if backslashes % 2 == 1 {
            break;
        }
        rest = shorter.trim_end();
    }
    rest
}

fn unescape(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        text.push(match rest.as_bytes()[at + 1] {
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            other => char::from(other),
        });
        rest = &rest[at + 2..];
    }
    text.push_str(rest);
    text
}

/// Writes a text as it stands between quotes in JSON.
pub(super) fn push_escaped(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    loop {
        let (plain, special) = rest.split_at(plain_length(rest));
        out.extend_from_slice(plain);
        let [byte, after @ ..] = special else { return };
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            0x08 => b'b',
            0x0c => b'f',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            _ => b'u',
        };
        out.extend_from_slice(&[b'\\', short]);
        if short == b'u' {
            let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
            out.extend_from_slice(&[b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        }
        rest = after;
    }
}

/// How many bytes come before the first quote, backslash or control character.
#[inline]
fn plain_length(bytes: &[u8]) -> usize {
    // Without a way out in the middle, the compiler looks at all bytes of a chunk at once. That is for long texts.
    let (chunks, _) = bytes.as_chunks::<16>();
    let is_plain = |chunk: &&[u8; 16]| !chunk.iter().fold(false, |found, byte| found | is_special(*byte));
    let skipped = 16 * chunks.iter().take_while(is_plain).count();
    let (words, rest) = bytes[skipped..].as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        if let Some(place) = special_in(u64::from_le_bytes(*word)) {
            return skipped + 8 * index + place;
        }
    }
    let plain = rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len());
    skipped + 8 * words.len() + plain
}

#[inline]
fn is_special(byte: u8) -> bool {
    byte < 0x20 || byte == b'"' || byte == b'\\'
}

/// The place of the first special byte among eight, found without a loop.
#[inline]
fn special_in(word: u64) -> Option<usize> {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // Sets the high bit of each byte below `bound`. A borrow can only spoil bytes behind the first that is found.
    let below = |word: u64, bound: u64| word.wrapping_sub(EACH * bound) & !word & (EACH * 0x80);
    let found =
        below(word, 0x20) | below(word ^ (EACH * u64::from(b'"')), 1) | below(word ^ (EACH * u64::from(b'\\')), 1);
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    fn skipped(text: &str) -> Scanned<&str> {
        let mut scanner = Scanner::new(text);
        let value = scanner.skip()?;
        scanner.end()?;
        Ok(value)
    }

    fn text(json: &str) -> Text<'_> {
        Scanner::new(json).text().unwrap()
    }

    #[test]
    fn numbers_follow_the_grammar() {
        for (json, expected) in [
            ("0", Some(Number::Int(0))),
            ("-12", Some(Number::Int(-12))),
            ("2.50", Some(Number::Float(2.5))),
            ("1e3", Some(Number::Float(1000.0))),
            ("18446744073709551615", Some(Number::Float(18_446_744_073_709_551_615.0))),
            ("1e999", None),
            ("-", None),
            ("1.", None),
            ("1e", None),
            (".5", None),
            ("", None),
        ] {
            assert_eq!(Scanner::new(json).number().ok(), expected, "{json}");
        }
        assert!(skipped("012").is_err());
    }

    #[test]
    fn usual_escapes_stay_as_they_are_written() {
        assert_eq!(text(r#""a\n\"b\"""#), Text::Escaped(r#"a\n\"b\""#));
        assert_eq!(text(r#""a\n\"b\"""#).read(), "a\n\"b\"");
        assert_eq!(text(r#""caf\u00e9 1\/2""#), Text::Decoded("café 1/2".into()));
        assert!(Scanner::new(r#""\ud800""#).text().is_err());
    }

    #[test]
    fn escaped_blanks_are_trimmed_and_escaped_backslashes_are_not() {
        assert_eq!(text(r#"" \r\n a\tb \n\n""#).trimmed(), Some(Text::Escaped(r"a\tb")));
        assert_eq!(text(r#""C:\\n""#).trimmed(), Some(Text::Escaped(r"C:\\n")));
        assert_eq!(text(r#""\n \t""#).trimmed(), None);
        assert_eq!(text("\" \"").trimmed(), None);
    }

    #[test]
    fn nesting_has_an_end() {
        assert!(skipped(&format!("{}{}", "[".repeat(100), "]".repeat(100))).is_ok());
        assert!(skipped(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        let broken = r#"{"a": }"#;
        assert!(explain(broken, skipped(broken).unwrap_err()).contains("expected value at line 1"));
        let lonely = r#"["\ud800"]"#;
        assert!(explain(lonely, Scanner::new(&lonely[1..]).text().unwrap_err()).contains("hex escape"));
    }

    proptest! {
        #[test]
        fn what_is_json_is_what_serde_says(text in r#"[\[\]{}:,"a0-9.eE+\\nu \t-]{0,24}|\{"a": *(null|true|-?[0-9.e]{1,6}|"[^"]{0,6}"),?\}"#) {
            prop_assert_eq!(skipped(&text).ok(), serde_json::from_str::<&RawValue>(&text).ok().map(RawValue::get));
        }

        #[test]
        fn a_text_reads_trims_and_writes_as_serde_says(content in r#"[ \n\t\\"/nté-]{0,24}|\PC{0,40}|.{0,40}"#) {
            let json = serde_json::to_string(&content).unwrap();
            let read = text(&json);
            prop_assert_eq!(read.read().into_owned(), content.as_str());
            let Some(trimmed) = read.trimmed() else {
                prop_assert_eq!(content.trim(), "");
                return Ok(());
            };
            let mut written = Vec::new();
            trimmed.push(&mut written);
            let written = format!("\"{}\"", String::from_utf8(written).unwrap());
            prop_assert_eq!(written, serde_json::to_string(content.trim()).unwrap());
        }

        #[test]
        fn special_bytes_are_found_where_they_stand(bytes in prop::collection::vec(0_u8..128, 0..70), at in 0_usize..70) {
            let mut bytes = bytes;
            // Without them, most chunks would have several.
            bytes.iter_mut().for_each(|byte| *byte = byte.saturating_add(0x23).max(b'#'));
            if let Some(byte) = bytes.get_mut(at) {
                *byte = b"\"\\\n\x1f\0"[at % 5];
            }
            let expected = bytes.iter().position(|byte| is_special(*byte)).unwrap_or(bytes.len());
            prop_assert_eq!(plain_length(&bytes), expected);
        }

        #[test]
        fn escapes_are_those_of_serde(text in ".{0,60}|[\\x00-\\x30\\\\]{0,40}") {
            let mut written = Vec::new();
            push_escaped(&text, &mut written);
            let written = format!("\"{}\"", String::from_utf8(written).unwrap());
            prop_assert_eq!(written, serde_json::to_string(&text).unwrap());
        }
    }
}
