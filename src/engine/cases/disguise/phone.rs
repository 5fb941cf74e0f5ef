//! How phone numbers are written.

use std::ops::Range;

/// Fewer digits are no phone number, and more are none either.
const DIGITS: Range<usize> = 8..16;

/// The parts of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Parts {
    /// The digits of the country, and the zeros before and after it.
    pub lead: String,
    /// The digits by which people in the country know the number.
    pub national: String,
    /// Where the `(0)` stands that one leaves out when calling from abroad.
    pub hidden: Range<usize>,
}

/// Takes a number apart.
pub(super) fn parts(text: &str) -> Parts {
    let (bare, hidden) = match text.find("(0)") {
        Some(at) => (format!("{}   {}", &text[..at], &text[at + 3..]), at..at + 3),
        None => (text.to_owned(), 0..0),
    };
    let digits: String = bare.chars().filter(char::is_ascii_digit).collect();
    let international = match (bare.trim_start().starts_with('+'), digits.strip_prefix("00")) {
        (true, _) => country(&digits),
        (false, Some(rest)) => 2 + country(rest),
        (false, None) => 0,
    };
    let rest = &digits[international.min(digits.len())..];
    let national = rest.trim_start_matches('0').to_owned();
    Parts { lead: digits[..digits.len() - national.len()].to_owned(), national, hidden }
}

/// How many digits the code of a country has (ITU-T E.164).
fn country(digits: &str) -> usize {
    match digits.as_bytes() {
        [b'1' | b'7', ..] => 1,
        [b'2', b'0' | b'7', ..] | [b'3', b'0'..=b'4' | b'6' | b'9', ..] | [b'4', b'0' | b'1' | b'3'..=b'9', ..] => 2,
        [b'5', b'1'..=b'8', ..] | [b'6', b'0'..=b'6', ..] | [b'8', b'1' | b'2' | b'4' | b'6', ..] => 2,
        [b'9', b'0'..=b'5' | b'8', ..] => 2,
        _ => 3.min(digits.len()),
    }
}

/// The length of the number that a text begins with. Where it is known to be one, it may begin with any digit.
pub(super) fn number(text: &str, is_known: bool) -> Option<usize> {
    let first = text.chars().next()?;
    if !(matches!(first, '+' | '(' | '0') || (is_known && first.is_ascii_digit())) {
        return None;
    }
    let is_part = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '(' | ')' | '-' | '.' | '/' | '+');
    let end = text.find(|c: char| !is_part(c)).unwrap_or(text.len());
    let number = text[..end].trim_end_matches(|c: char| !c.is_ascii_digit());
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    let is_one = DIGITS.contains(&digits) && !super::dates::is_date(number);
    let is_written_so = number.char_indices().all(|(at, c)| c != '+' || at == 0 || number.starts_with('('));
    (is_one && is_written_so).then_some(number.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_a_country_and_a_rest() {
        for (text, lead, national) in [
            ("+31 (0)6 1234 5678", "31", "612345678"),
            ("0031612345678", "0031", "612345678"),
            ("06-12345678", "0", "612345678"),
            ("+1 202 555 0100", "1", "2025550100"),
            ("+352 27 12 34 56", "352", "27123456"),
            ("+", "", ""),
            ("000", "000", ""),
        ] {
            let parts = parts(text);
            assert_eq!((parts.lead.as_str(), parts.national.as_str()), (lead, national), "{text}");
        }
    }

    #[test]
    fn a_number_is_told_from_dates_and_amounts() {
        assert_eq!(number("06 1234 5678, of mail", false), Some(12));
        assert_eq!(number("+31 (0)20-123 45 67.", false), Some(19));
        for text in ["01-02-2026", "2026-01-02", "36", "12345678", "0 tot 5"] {
            assert_eq!(number(text, false), None, "{text}");
        }
        assert_eq!(number("612345678", true), Some(9));
    }
}
