//! Texts that mean something: what form they have, and how they are written.
//!
//! Each form has a regular expression for the JSON Schema beside it, which lets through at least what is read here.

use std::borrow::Cow;

use email_address::{EmailAddress, Options};
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use url::Url;

use super::super::Id;

/// What stands before an id of the source.
const REMOTE: &str = "remote:";
/// How many characters an id may have.
const MOST_OF_AN_ID: usize = 255;

/// A text that is not blank.
pub(crate) const TEXT_PATTERN: &str =
    r"[^\s\u0000-\u001F\u007F-\u009F][^\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]*";
pub(crate) const EMAIL_PATTERN: &str = r"\S.*@[^\s@]+";
pub(crate) const URL_PATTERN: &str = r"[hH][tT][tT][pP][sS]?://\S+";
pub(crate) const ID_PATTERN: &str = r"(?:[1-9A-HJ-NP-Za-km-z]{24}|remote:.*\S.*)";
pub(crate) const BASE64_PATTERN: &str = r"[A-Za-z0-9+/\s]+=?\s*=?";
pub(crate) const MOMENT_PATTERN: &str =
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?";

/// Whether a text has characters that are none, such as NUL. Tabs and the ends of lines are fine.
pub(super) fn has_controls(text: &str) -> bool {
    text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
}

/// Whether a text is an address such as `ada+test@example.org`, and nothing beside it.
pub(super) fn is_email(text: &str) -> bool {
    let options = Options::default().without_display_text().without_domain_literal().with_required_tld();
    EmailAddress::parse_with_options(text, options).is_ok()
}

/// Whether a text is an absolute address of the web.
pub(super) fn is_web_address(text: &str) -> bool {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https"))
        && !text.contains(char::is_whitespace)
        && Url::parse(text).is_ok_and(|url| url.has_host())
}

/// An id: one of ours, or `remote:` and the source's.
pub(super) fn id(text: &str) -> Option<Cow<'_, str>> {
    if Id::is_one(text) {
        return Some(Cow::Borrowed(text));
    }
    let remote = text.strip_prefix(REMOTE)?;
    let id = remote.trim();
    if id.is_empty() || id.chars().count() > MOST_OF_AN_ID || id.contains(char::is_control) {
        return None;
    }
    Some(if id.len() == remote.len() { Cow::Borrowed(text) } else { Cow::Owned(format!("{REMOTE}{id}")) })
}

/// A day or a moment, with a zone or in UTC, as `YYYY-MM-DDTHH:mm:ss.sssZ`. A day is its first moment.
pub(super) fn moment(text: &str) -> Option<String> {
    let (date, rest) = text.split_at_checked(10)?;
    let (time, zone) = split_zone(rest);
    let date: Date = has_form(date, "dddd-dd-dd").then(|| date.parse().ok())??;
    let time = match time.strip_prefix(['T', ' ']) {
        Some(time) => time_of_day(time)?,
        None if time.is_empty() => Time::midnight(),
        None => return None,
    };
    let moment = offset(zone)?.to_timestamp(date.to_datetime(time)).ok()?;
    let wall = Offset::UTC.to_datetime(moment);
    (wall.year() > 0).then(|| format!("{}Z", wall.strftime("%Y-%m-%dT%H:%M:%S%.3f")))
}

fn split_zone(text: &str) -> (&str, &str) {
    let at = text.rfind(['Z', '+', '-']).unwrap_or(text.len());
    text.split_at(at)
}

fn time_of_day(text: &str) -> Option<Time> {
    let (clock, fraction) = text.split_once('.').map_or((text, None), |(clock, fraction)| (clock, Some(fraction)));
    if fraction.is_some_and(|fraction| fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let clock: Time = has_form(clock, "dd:dd:dd").then(|| clock.parse().ok())??;
    let digits = fraction.unwrap_or_default().bytes().chain(std::iter::repeat(b'0')).take(3);
    let millisecond = digits.fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0'));
    clock.with().millisecond(millisecond).build().ok()
}

fn offset(zone: &str) -> Option<Offset> {
    match zone {
        "" | "Z" => return Some(Offset::UTC),
        zone if !has_form(zone.get(1..)?, "dd:dd") => return None,
        _ => {}
    }
    let part = |range: std::ops::Range<usize>| zone.get(range)?.parse::<i32>().ok();
    let (hours, minutes) = (part(1..3)?, part(4..6)?);
    let seconds = (hours * 60 + minutes) * 60;
    (hours < 24 && minutes < 60).then_some(())?;
    Offset::from_seconds(if zone.starts_with('-') { -seconds } else { seconds }).ok()
}

/// Whether a text is of this form, in which `d` is a digit.
fn has_form(text: &str, form: &str) -> bool {
    text.len() == form.len()
        && text.bytes().zip(form.bytes()).all(|(byte, form)| match form {
            b'd' => byte.is_ascii_digit(),
            form => byte == form,
        })
}

/// Why a text is no Base64 that could be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotBase64 {
    /// It is an address that holds its content.
    DataUrl,
    Malformed,
    TooLarge,
}

/// Base64 (RFC 4648, the standard alphabet) of at most so many bytes, without blanks and with padding. Nothing is
/// decoded.
pub(super) fn base64(text: &str, most: usize) -> Result<String, NotBase64> {
    if text.starts_with("data:") {
        return Err(NotBase64::DataUrl);
    }
    let blanks = text.bytes().filter(u8::is_ascii_whitespace).count();
    let padding =
        text.bytes().rev().filter(|byte| !byte.is_ascii_whitespace()).take_while(|byte| *byte == b'=').count();
    let symbols = text.len() - blanks - padding;
    if symbols / 4 * 3 + (symbols % 4).saturating_sub(1) > most {
        return Err(NotBase64::TooLarge);
    }
    let mut plain = String::with_capacity(symbols + 3);
    plain.extend(text.chars().filter(|c| !c.is_ascii_whitespace()));
    plain.truncate(symbols);
    // The last symbol has bits to spare; what would be lost in them was cut off or written by hand.
    let spare = match symbols % 4 {
        0 => 0,
        2 => 0x0F,
        3 => 0x03,
        _ => return Err(NotBase64::Malformed),
    };
    let wanted = (4 - symbols % 4) % 4;
    let last = plain.bytes().last().and_then(value_of).ok_or(NotBase64::Malformed)?;
    let known = plain.bytes().all(|byte| value_of(byte).is_some());
    if !known || last & spare != 0 || (padding != 0 && padding != wanted) {
        return Err(NotBase64::Malformed);
    }
    plain.extend(std::iter::repeat_n('=', wanted));
    Ok(plain)
}

fn value_of(symbol: u8) -> Option<u8> {
    match symbol {
        b'A'..=b'Z' => Some(symbol - b'A'),
        b'a'..=b'z' => Some(symbol - b'a' + 26),
        b'0'..=b'9' => Some(symbol - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_are_read_with_and_without_time_and_zone() {
        for (written, read) in [
            ("2026-03-01", "2026-03-01T00:00:00.000Z"),
            ("2026-03-01Z", "2026-03-01T00:00:00.000Z"),
            ("2026-03-01T10:20:30", "2026-03-01T10:20:30.000Z"),
            ("2026-03-01 10:20:30", "2026-03-01T10:20:30.000Z"),
            ("2026-03-01T10:20:30.678000Z", "2026-03-01T10:20:30.678Z"),
            ("2026-03-01T10:20:30.12345678901234Z", "2026-03-01T10:20:30.123Z"),
            ("2026-03-01T10:20:30.5", "2026-03-01T10:20:30.500Z"),
            ("2026-03-01T00:20:30+02:00", "2026-02-28T22:20:30.000Z"),
            ("2026-03-01T10:20:30-05:30", "2026-03-01T15:50:30.000Z"),
        ] {
            assert_eq!(moment(written).as_deref(), Some(read), "{written}");
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "tomorrow",
            "01-03-2026",
            "2026-3-1",
            "2026-02-30",
            "2026-03-01T",
            "2026-03-01T10",
            "2026-03-01T10:20",
            "2026-03-01T25:00:00",
            "2026-03-01T10:20:30.",
            "2026-03-01T10:20:30+2",
            "2026-03-01T10:20:30+02:00:00",
            "2026-03-01T10:20:30+99:00",
            "2026-03-01T10:20:30ZZ",
            "2026-03-01x10:20:30",
            "0000-01-01",
            "2026-03-0é1",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_of_the_web_has_a_scheme_and_a_host() {
        for text in ["https://example.org/a?b=c#d", "HTTP://EXAMPLE.org", "https://[::1]/", "https://münchen.example/ä"]
        {
            assert!(is_web_address(text), "{text}");
        }
        for text in [
            "example.org",
            "https:example.org",
            "https://",
            "ftp://example.org",
            "javascript:alert(1)",
            "https://a b.org",
        ] {
            assert!(!is_web_address(text), "{text}");
        }
    }

    #[test]
    fn an_email_address_stands_alone() {
        for text in ["ada@example.org", "ada+test@example.org", "o'neil@sub.example.co.uk", "józef@example.org"] {
            assert!(is_email(text), "{text}");
        }
        for text in ["ada", "ada@", "ada@localhost", "Ada <ada@example.org>", "ada@[127.0.0.1]", "a b@example.org"] {
            assert!(!is_email(text), "{text}");
        }
    }

    #[test]
    fn base64_is_bounded_before_it_is_decoded() {
        assert_eq!(base64("QUJD", 3).as_deref(), Ok("QUJD"));
        assert_eq!(base64("QUJD", 2), Err(NotBase64::TooLarge));
        assert_eq!(base64("QUI=", 2).as_deref(), Ok("QUI="));
        assert_eq!(base64("QUI=", 1), Err(NotBase64::TooLarge));
        assert_eq!(base64("QQ\r\n==", 1).as_deref(), Ok("QQ=="));
        assert_eq!(base64("QQ", 1).as_deref(), Ok("QQ=="));
        for text in ["Q", "QQ=", "QR==", "QUI==", "Q_J-", "QQ==QQ==", "é"] {
            assert_eq!(base64(text, 100), Err(NotBase64::Malformed), "{text}");
        }
        assert_eq!(base64("data:text/plain;base64,QUJD", 100), Err(NotBase64::DataUrl));
    }

    proptest! {
        #[test]
        fn what_is_taken_as_base64_can_be_decoded(bytes in prop::collection::vec(any::<u8>(), 1..40), most in 0_usize..50) {
            let written = STANDARD.encode(&bytes);
            let taken = base64(&written, most);
            prop_assert_eq!(taken.is_ok(), bytes.len() <= most);
            prop_assert_eq!(base64(written.trim_end_matches('='), 50), Ok(written));
        }

        #[test]
        fn no_other_text_is_taken_as_base64(text in "[A-Za-d0-3+/=]{1,9}") {
            if let Ok(taken) = base64(&text, 100) {
                prop_assert!(STANDARD.decode(taken).is_ok());
            }
        }

        #[test]
        fn a_moment_is_read_as_the_time_zone_library_reads_it(seconds in -60_000_000_000_i64..200_000_000_000, offset in -1439_i32..=1439) {
            let moment = Timestamp::from_second(seconds).unwrap();
            let offset = Offset::from_seconds(offset * 60).unwrap();
            let written = moment.display_with_offset(offset).to_string();
            prop_assert_eq!(super::moment(&written).unwrap().parse::<Timestamp>().unwrap(), moment);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = (moment(&text), base64(&text, 9), id(&text), is_email(&text), is_web_address(&text));
        }
    }
}
