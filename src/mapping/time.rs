//! The source's dates to UTC and back to text, without looking anything up while records are mapped.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use super::signature::Digest;

/// A moment in milliseconds since 1970 in UTC.
pub(super) type Moment = i64;

/// How a source writes dates.
#[derive(Debug, Clone)]
pub struct DateFormat {
    form: Form,
    clock: Clock,
    /// Names what makes a difference to a date. The table of the clock is long, and many slots have one format.
    digest: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// RFC 3339; texts without an offset are read on the clock of the zone.
    Rfc3339,
    /// Parts of a fixed width, on the clock of the zone.
    Fixed(Vec<Piece>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Piece {
    Part(Part, usize),
    Literal(u8),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Part {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    /// `+0200`, `+02:00` or `Z`; it goes before the zone.
    Offset,
}

impl DateFormat {
    /// A format such as `yyyy-MM-dd HH:mm:ss` or `rfc3339`, on the clock of a zone such as `Europe/Amsterdam`.
    pub fn new(format: &str, zone: &str) -> Result<DateFormat, String> {
        let zone = TimeZone::get(zone).map_err(|_| format!("there is no time zone `{zone}`"))?;
        let form = if format == "rfc3339" { Form::Rfc3339 } else { Form::Fixed(pieces(format)?) };
        let clock = Clock::new(zone);
        Ok(DateFormat { digest: digest(&form, &clock), form, clock })
    }

    /// Reads a date.
    pub(super) fn parse(&self, text: &str) -> Option<Moment> {
        match &self.form {
            Form::Rfc3339 => match text.parse::<Timestamp>() {
                Ok(moment) => Some(moment.as_millisecond()),
                Err(_) => self.clock.to_utc(text.parse::<DateTime>().ok()?),
            },
            Form::Fixed(pieces) => match read(pieces, text.as_bytes())? {
                (wall, None) => self.clock.to_utc(wall),
                (wall, Some(offset)) => Some((wall_seconds(wall) - offset) * 1000),
            },
        }
    }

    /// Writes a moment as the source does, to the second.
    pub(super) fn print(&self, moment: Timestamp) -> String {
        let wall = moment.to_zoned(self.clock.zone.clone());
        let pieces = match &self.form {
            Form::Rfc3339 => return format!("{:.0}", wall.timestamp().display_with_offset(wall.offset())),
            Form::Fixed(pieces) => pieces,
        };
        let mut text = Vec::new();
        for piece in pieces {
            let (part, width) = match *piece {
                Piece::Literal(byte) => {
                    text.push(byte);
                    continue;
                }
                Piece::Part(part, width) => (part, width),
            };
            let value = match part {
                Part::Year => i64::from(wall.year()),
                Part::Month => i64::from(wall.month()),
                Part::Day => i64::from(wall.day()),
                Part::Hour => i64::from(wall.hour()),
                Part::Minute => i64::from(wall.minute()),
                Part::Second => i64::from(wall.second()),
                Part::Offset => {
                    text.extend(wall.strftime("%z").to_string().into_bytes());
                    continue;
                }
            };
            text.extend(format!("{value:0width$}").into_bytes());
        }
        String::from_utf8(text).expect("a format is text, and so are numbers")
    }

    /// Writes all that makes a difference to a date.
    pub(super) fn sign(&self, digest: &mut Digest) {
        let DateFormat { form: _, clock: _, digest: own } = self;
        digest.text(own);
    }

    /// The day of a moment on the clock of the zone, as `YYYY-MM-DD`.
    pub(super) fn day(&self, moment: Moment) -> String {
        let timestamp = Timestamp::from_millisecond(moment).unwrap_or(Timestamp::MAX);
        self.clock.zone.to_datetime(timestamp).date().to_string()
    }
}

fn digest(form: &Form, clock: &Clock) -> String {
    let mut digest = Digest::default();
    match form {
        Form::Rfc3339 => digest.tag("rfc3339"),
        Form::Fixed(pieces) => digest.list(pieces, |digest, piece| match piece {
            Piece::Literal(byte) => digest.bytes(&[*byte]),
            Piece::Part(part, width) => {
                digest.tag(match part {
                    Part::Year => "year",
                    Part::Month => "month",
                    Part::Day => "day",
                    Part::Hour => "hour",
                    Part::Minute => "minute",
                    Part::Second => "second",
                    Part::Offset => "offset",
                });
                digest.count(*width);
            }
        }),
    }
    // The name stands for dates that the table does not span.
    let Clock { zone, steps } = clock;
    digest.option(zone.iana_name(), |digest, name| digest.text(name));
    digest.list(steps, |digest, (from, offset)| {
        digest.integer(*from);
        digest.integer(*offset);
    });
    digest.finish()
}

fn pieces(format: &str) -> Result<Vec<Piece>, String> {
    let bytes = format.as_bytes();
    let mut pieces = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let letter = bytes[at];
        if letter == b'\'' {
            let quoted = &format[at + 1..];
            let length = quoted.find('\'').ok_or("a quote in a date format is not closed")?;
            pieces.extend(quoted[..length].bytes().map(Piece::Literal));
            at += length + 2;
            continue;
        }
        let width = bytes[at..].iter().take_while(|byte| **byte == letter).count();
        let part = match letter {
            b'y' => Part::Year,
            b'M' => Part::Month,
            b'd' => Part::Day,
            b'H' => Part::Hour,
            b'm' => Part::Minute,
            b's' => Part::Second,
            b'x' => Part::Offset,
            letter if letter.is_ascii_alphabetic() => {
                return Err(format!("`{}` is no part of a date; known are y, M, d, H, m, s, x", letter as char));
            }
            letter => {
                pieces.push(Piece::Literal(letter));
                at += 1;
                continue;
            }
        };
        pieces.push(Piece::Part(part, width));
        at += width;
    }
    let has = |wanted| pieces.iter().any(|piece| matches!(piece, Piece::Part(part, _) if *part == wanted));
    if !(has(Part::Year) && has(Part::Month) && has(Part::Day)) {
        return Err("a date format needs at least y, M and d, such as `yyyy-MM-dd HH:mm:ss`".to_owned());
    }
    Ok(pieces)
}

/// The time on the wall, and its offset in seconds when the text has one.
fn read(pieces: &[Piece], text: &[u8]) -> Option<(DateTime, Option<i64>)> {
    let mut offset = None;
    let (mut year, mut month, mut day, mut hour, mut minute, mut second) = (0_i16, 0_i8, 0_i8, 0_i8, 0_i8, 0_i8);
    let mut at = 0;
    for piece in pieces {
        match *piece {
            Piece::Literal(byte) => {
                if *text.get(at)? != byte {
                    return None;
                }
                at += 1;
            }
            Piece::Part(Part::Offset, _) => {
                let (seconds, length) = read_offset(text.get(at..)?)?;
                offset = Some(seconds);
                at += length;
            }
            Piece::Part(part, width) => {
                let mut value = 0_i16;
                for byte in text.get(at..at + width)? {
                    let digit = byte.wrapping_sub(b'0');
                    if digit > 9 {
                        return None;
                    }
                    value = value.checked_mul(10)?.checked_add(i16::from(digit))?;
                }
                at += width;
                let small = || i8::try_from(value).ok();
                match part {
                    Part::Year => year = value,
                    Part::Month => month = small()?,
                    Part::Day => day = small()?,
                    Part::Hour => hour = small()?,
                    Part::Minute => minute = small()?,
                    Part::Second => second = small()?,
                    Part::Offset => {}
                }
            }
        }
    }
    if at != text.len() {
        return None;
    }
    Some((DateTime::new(year, month, day, hour, minute, second, 0).ok()?, offset))
}

/// `+0200`, `+02:00` or `Z` in seconds, and its length.
fn read_offset(text: &[u8]) -> Option<(i64, usize)> {
    let number = |tens: u8, ones: u8| {
        let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
        Some(digit(tens)? * 10 + digit(ones)?)
    };
    let (sign, hours, minutes, length) = match *text {
        [b'Z', ..] => return Some((0, 1)),
        [sign, a, b, b':', c, d, ..] => (sign, number(a, b)?, number(c, d)?, 6),
        [sign, a, b, c, d, ..] => (sign, number(a, b)?, number(c, d)?, 5),
        _ => return None,
    };
    let seconds = hours * 3600 + minutes * 60;
    match sign {
        b'+' => Some((seconds, length)),
        b'-' => Some((-seconds, length)),
        _ => None,
    }
}

/// The clock on the wall of a time zone, as a table of the moments at which its offset changes.
///
/// A time that the clock shows twice in autumn is taken the first time; one that it skips in spring is read with
/// the offset from before, as the mail and calendar standards do.
#[derive(Debug, Clone)]
struct Clock {
    zone: TimeZone,
    /// From this wall-clock second on, this offset in seconds holds.
    steps: Vec<(i64, i64)>,
}

/// The table spans these years; other dates take the slow way.
const FIRST_YEAR: i16 = 1950;
const LAST_YEAR: i16 = 2100;

impl Clock {
    fn new(zone: TimeZone) -> Clock {
        let start = DateTime::new(FIRST_YEAR, 1, 1, 0, 0, 0, 0).expect("a date");
        let start = Offset::UTC.to_timestamp(start).expect("a date well inside the range");
        let end = wall_seconds(DateTime::new(LAST_YEAR, 1, 1, 0, 0, 0, 0).expect("a date"));
        let mut offset = i64::from(zone.to_offset(start).seconds());
        let mut steps = vec![(i64::MIN, offset)];
        for change in zone.following(start).take_while(|change| change.timestamp().as_second() < end) {
            let next = i64::from(change.offset().seconds());
            // Both in the gap and in the fold the earlier offset goes on until the later of the two wall times.
            steps.push((change.timestamp().as_second() + offset.max(next), next));
            offset = next;
        }
        Clock { zone, steps }
    }

    fn to_utc(&self, wall: DateTime) -> Option<Moment> {
        let milliseconds = i64::from(wall.subsec_nanosecond()) / 1_000_000;
        if !(FIRST_YEAR..LAST_YEAR).contains(&wall.year()) {
            let moment = self.zone.to_ambiguous_timestamp(wall).compatible().ok()?;
            return Some(moment.as_millisecond());
        }
        let seconds = wall_seconds(wall);
        let after = self.steps.partition_point(|(from, _)| *from <= seconds);
        let (_, offset) = self.steps[after - 1];
        Some((seconds - offset) * 1000 + milliseconds)
    }
}

fn wall_seconds(wall: DateTime) -> i64 {
    let days = i64::from(days_since_1970(wall.year(), wall.month(), wall.day()));
    days * 86_400 + i64::from(wall.hour()) * 3600 + i64::from(wall.minute()) * 60 + i64::from(wall.second())
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar (H. Hinnant's algorithm).
fn days_since_1970(year: i16, month: i8, day: i8) -> i32 {
    let (month, day) = (i32::from(month), i32::from(day));
    let year = i32::from(year) - i32::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// A moment as `YYYY-MM-DDTHH:mm:ss.sssZ`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MomentText([u8; 24]);

impl MomentText {
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits and marks are ASCII")
    }
}

/// The moment as text.
pub(super) fn text(moment: Moment) -> MomentText {
    let timestamp = Timestamp::from_millisecond(moment).unwrap_or(Timestamp::MAX);
    let wall = Offset::UTC.to_datetime(timestamp);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut put = |place: std::ops::Range<usize>, value: i32| {
        let mut rest = value.unsigned_abs();
        for digit in text[place].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    };
    put(0..4, wall.year().max(0).into());
    put(5..7, wall.month().into());
    put(8..10, wall.day().into());
    put(11..13, wall.hour().into());
    put(14..16, wall.minute().into());
    put(17..19, wall.second().into());
    put(20..23, wall.subsec_nanosecond() / 1_000_000);
    MomentText(text)
}

/// Reads what [`text`] gives, and any other RFC 3339 text with an offset.
pub(super) fn parse_utc(text: &str) -> Option<Moment> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    fn amsterdam() -> DateFormat {
        DateFormat::new("yyyy-MM-dd HH:mm:ss", "Europe/Amsterdam").unwrap()
    }

    fn utc(text: &str) -> Option<String> {
        amsterdam().parse(text).map(|moment| self::text(moment).as_str().to_owned())
    }

    #[test]
    fn winter_summer_and_both_clock_changes() {
        assert_eq!(utc("2026-01-15 12:00:00").unwrap(), "2026-01-15T11:00:00.000Z");
        assert_eq!(utc("2026-07-15 12:00:00").unwrap(), "2026-07-15T10:00:00.000Z");
        // The clock jumps from 02:00 to 03:00: a time in between is read with the offset from before.
        assert_eq!(utc("2026-03-29 01:59:59").unwrap(), "2026-03-29T00:59:59.000Z");
        assert_eq!(utc("2026-03-29 02:30:00").unwrap(), "2026-03-29T01:30:00.000Z");
        assert_eq!(utc("2026-03-29 03:00:00").unwrap(), "2026-03-29T01:00:00.000Z");
        // The clock shows 02:30 twice: the first time counts.
        assert_eq!(utc("2026-10-25 02:30:00").unwrap(), "2026-10-25T00:30:00.000Z");
        assert_eq!(utc("2026-10-25 03:00:00").unwrap(), "2026-10-25T02:00:00.000Z");
    }

    #[test]
    fn an_offset_goes_before_the_zone_and_quotes_hold_letters() {
        let format = DateFormat::new("yyyy-MM-dd'T'HH:mm:ss'Z'x", "Europe/Amsterdam").unwrap();
        let utc = |written: &str| format.parse(written).map(|moment| text(moment).as_str().to_owned());
        assert_eq!(utc("2014-10-02T12:00:00Z+0200").unwrap(), "2014-10-02T10:00:00.000Z");
        assert_eq!(utc("2014-10-02T12:00:00Z-03:30").unwrap(), "2014-10-02T15:30:00.000Z");
        assert_eq!(utc("2014-10-02T12:00:00Z"), None);
        assert_eq!(utc("2014-10-02T12:00:00Z+2"), None);
        assert_eq!(format.day(format.parse("2014-10-02T00:30:00Z+0200").unwrap()), "2014-10-02");
        assert!(DateFormat::new("yyyy-MM-dd'T", "UTC").is_err());
    }

    #[test]
    fn what_is_not_a_date_is_refused() {
        for text in [
            "",
            "2026-01-15",
            "2026-02-30 12:00:00",
            "2026-01-15 25:00:00",
            "2026-01-15 12:00:00 ",
            "2026-01-15T12:00:00",
            "maandag",
        ] {
            assert_eq!(utc(text), None, "{text}");
        }
        assert!(DateFormat::new("yyyy-MM-dd", "Europe/Amstelveen").is_err());
        assert!(DateFormat::new("yyyy-QQ-dd", "UTC").is_err());
        assert!(DateFormat::new("HH:mm", "UTC").is_err());
    }

    #[test]
    fn rfc_3339_keeps_its_offset_and_borrows_the_zone_without_one() {
        let format = DateFormat::new("rfc3339", "Europe/Amsterdam").unwrap();
        let utc = |written| text(format.parse(written).unwrap());
        assert_eq!(utc("2026-07-15T12:00:00+05:00").as_str(), "2026-07-15T07:00:00.000Z");
        assert_eq!(utc("2026-07-15T12:00:00.250").as_str(), "2026-07-15T10:00:00.250Z");
    }

    proptest! {
        #[test]
        fn the_table_agrees_with_the_time_zone_database(
            year in 1940_i16..2110, month in 1_i8..=12, day in 1_i8..=28, hour in 0_i8..24, minute in 0_i8..60,
            zone in prop::sample::select(vec!["Europe/Amsterdam", "Europe/London", "America/New_York", "Australia/Lord_Howe", "UTC"]),
        ) {
            let zone = TimeZone::get(zone).unwrap();
            let wall = DateTime::new(year, month, day, hour, minute, 0, 0).unwrap();
            let expected = zone.to_ambiguous_timestamp(wall).compatible().unwrap().as_millisecond();
            prop_assert_eq!(Clock::new(zone).to_utc(wall), Some(expected));
        }

        #[test]
        fn every_half_hour_around_the_clock_changes_agrees(
            change in prop::sample::select(vec![(3_i8, 28_i8), (10, 24)]), half_hours in 0_i64..96, minute in 0_i64..30,
        ) {
            let start = DateTime::new(2026, change.0, change.1, 0, 0, 0, 0).unwrap();
            let wall = start.checked_add(SignedDuration::from_mins(half_hours * 30 + minute)).unwrap();
            let zone = TimeZone::get("Europe/Amsterdam").unwrap();
            let expected = zone.to_ambiguous_timestamp(wall).compatible().unwrap().as_millisecond();
            prop_assert_eq!(amsterdam().parse(&wall.strftime("%Y-%m-%d %H:%M:%S").to_string()), Some(expected));
        }

        #[test]
        fn what_is_written_can_be_read(moment in 0_i64..4_000_000_000_000) {
            prop_assert_eq!(parse_utc(text(moment).as_str()), Some(moment));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            let _ = amsterdam().parse(&text);
        }
    }
}
