//! Points in time, printed and read as the wall clock of Amsterdam.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, fmt::strtime};
use std::fmt;
use std::sync::LazyLock;

const SECONDS_A_DAY: i64 = 86_400;

/// The day that all data lies around: 2026-11-20 00:00:00 in Amsterdam.
pub(crate) const REFERENCE: Moment = Moment(1_795_129_200);

/// 2099-01-01 00:00:00 in Amsterdam, for what must stay in the future.
pub(crate) const FAR_FUTURE: Moment = Moment(4_070_905_200);

/// 02:30 of the night when the clock goes back: the first pass, then the second. Both print the same.
pub(crate) const AUTUMN_HALF_PAST_TWO: [Moment; 2] = [Moment(1_792_888_200), Moment(1_792_891_800)];

/// The last second before the clock goes forward, and the first one after; 02:00 to 03:00 does not exist between them.
pub(crate) const SPRING_EDGES: [Moment; 2] = [Moment(1_774_745_999), Moment(1_774_746_000)];

/// The rule of the Netherlands since 1996. Given as a rule, it needs no time zone database on the machine.
static AMSTERDAM: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").expect("the rule is a valid POSIX time zone"));

/// Which clock a date without a zone was read from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) enum WallClock {
    #[default]
    Amsterdam,
    Utc,
}

/// Seconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) i64);

impl Moment {
    /// The time on the clock of this machine; only edits use it, never the data.
    pub(crate) fn now() -> Moment {
        Moment(Timestamp::now().as_second())
    }

    /// This many days later, or earlier when negative.
    pub(crate) fn plus_days(self, days: i64) -> Moment {
        Moment(self.0 + days * SECONDS_A_DAY)
    }

    /// This many seconds later.
    pub(crate) fn plus_seconds(self, seconds: i64) -> Moment {
        Moment(self.0 + seconds)
    }

    /// Reads `yyyy-MM-dd HH:mm:ss`, in Amsterdam unless a zone follows: `Etc/GMT`, `GMT`, `UTC`, `+0200`, ….
    pub(crate) fn parse(text: &str) -> Option<Moment> {
        Moment::parse_on(text, WallClock::Amsterdam)
    }

    /// The same, with a wall clock for texts without a zone.
    pub(crate) fn parse_on(text: &str, clock_on_the_wall: WallClock) -> Option<Moment> {
        let text = text.trim();
        let (clock, zone) = text.split_at_checked(19)?;
        let clock = DateTime::strptime("%Y-%m-%d %H:%M:%S", clock).ok()?;
        let zone = match zone.trim() {
            "" if clock_on_the_wall == WallClock::Utc => TimeZone::UTC,
            "" | "Europe/Amsterdam" => AMSTERDAM.clone(),
            "Etc/GMT" | "GMT" | "Etc/UTC" | "UTC" | "Z" => TimeZone::UTC,
            offset => TimeZone::fixed(parse_offset(offset)?),
        };
        Some(Moment(clock.to_zoned(zone).ok()?.timestamp().as_second()))
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_second(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Prints the moment in GMT, as clients write it into a qualifier.
    pub(crate) fn in_gmt(self) -> impl fmt::Display {
        strtime::format("%Y-%m-%d %H:%M:%S Etc/GMT", self.timestamp()).unwrap_or_default()
    }
}

fn parse_offset(text: &str) -> Option<Offset> {
    let (sign, digits) = match text.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, text.strip_prefix('-')?),
    };
    if digits.len() != 4 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(2);
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}

/// The API's form: the wall clock of Amsterdam, without its offset.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = AMSTERDAM.to_datetime(self.timestamp());
        let (date, time) = (clock.date(), clock.time());
        write!(
            f,
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            date.year(),
            date.month(),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_fixed_moments_print_as_documented() {
        assert_eq!(REFERENCE.to_string(), "2026-11-20 00:00:00");
        assert_eq!(FAR_FUTURE.to_string(), "2099-01-01 00:00:00");
        assert_eq!(AUTUMN_HALF_PAST_TWO.map(|moment| moment.to_string()), ["2026-10-25 02:30:00"; 2]);
        assert_eq!(SPRING_EDGES.map(|m| m.to_string()), ["2026-03-29 01:59:59", "2026-03-29 03:00:00"]);
    }

    #[test]
    fn a_zone_changes_the_moment_and_its_absence_means_amsterdam() {
        let bare = Moment::parse("2026-07-01 12:00:00").unwrap();
        assert_eq!(Moment::parse("2026-07-01 12:00:00 +0200"), Some(bare));
        assert_eq!(Moment::parse("2026-07-01 10:00:00 Etc/GMT"), Some(bare));
        assert_eq!(Moment::parse("2026-07-01 10:00:00 +0000"), Some(bare));
        assert_ne!(Moment::parse("2026-07-01 12:00:00 GMT"), Some(bare));
    }

    #[test]
    fn a_bare_date_or_an_unknown_zone_is_refused() {
        for text in ["2026-07-01", "2026-07-01 12:00", "2026-13-01 12:00:00", "2026-07-01 12:00:00 Mars", "é"] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn gmt_text_reads_back(seconds in 0_i64..4_000_000_000) {
            prop_assert_eq!(Moment::parse(&Moment(seconds).in_gmt().to_string()), Some(Moment(seconds)));
        }

        #[test]
        fn parsing_never_panics(text in ".{0,40}") {
            let _ = Moment::parse(&text);
        }
    }
}
