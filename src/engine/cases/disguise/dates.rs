//! Dates moved by a number of days.

use jiff::ToSpan;
use jiff::civil::Date;

/// How a date may begin a text. The length is that of all forms.
const LENGTH: usize = 10;

/// Whether a text is a date, perhaps with a time behind it.
pub(super) fn is_date(text: &str) -> bool {
    read(text).is_some()
}

/// The text with its date moved by `days`, if it is one.
pub(super) fn moved(text: &str, days: i32) -> Option<String> {
    let (date, sign, year_first) = read(text)?;
    let date = date.checked_add(days.days()).ok()?;
    let (year, month, day) = (date.year(), date.month(), date.day());
    let moved = if year_first {
        format!("{year:04}{sign}{month:02}{sign}{day:02}")
    } else {
        format!("{day:02}{sign}{month:02}{sign}{year:04}")
    };
    Some(format!("{moved}{}", &text[LENGTH..]))
}

/// The date that a text begins with, the sign between its parts, and whether the year comes first.
fn read(text: &str) -> Option<(Date, char, bool)> {
    let (date, behind) = text.split_at_checked(LENGTH)?;
    let is_time = |c: char| c.is_ascii_digit() || matches!(c, 'T' | 'Z' | ' ' | ':' | '.' | '+' | '-');
    if !behind.chars().all(is_time) || !(behind.is_empty() || behind.starts_with(['T', ' '])) {
        return None;
    }
    let sign = date.chars().find(|c| !c.is_ascii_digit()).filter(|sign| matches!(sign, '-' | '/' | '.'))?;
    let parts: Vec<&str> = date.split(sign).collect();
    let [first, second, third] = parts[..] else { return None };
    let number = |part: &str| part.parse::<i16>().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit()));
    let year_first = first.len() == 4;
    let (year, day) = if year_first { (first, third) } else { (third, first) };
    if (year.len(), second.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let date = Date::new(number(year)?, number(second)?.try_into().ok()?, number(day)?.try_into().ok()?).ok()?;
    Some((date, sign, year_first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_moved_in_the_form_they_are_written_in() {
        assert_eq!(moved("1984-03-01", -1).as_deref(), Some("1984-02-29"));
        assert_eq!(moved("1984-03-01 08:00:00", 31).as_deref(), Some("1984-04-01 08:00:00"));
        assert_eq!(moved("01-03-1984", -1).as_deref(), Some("29-02-1984"));
        assert_eq!(moved("31.12.1999", 1).as_deref(), Some("01.01.2000"));
        for none in ["1984", "32-01-1984", "12-12-12", "06-12345678", "2026-01-02 and more", "é984-03-01"] {
            assert_eq!(moved(none, 1), None, "{none}");
        }
    }
}
