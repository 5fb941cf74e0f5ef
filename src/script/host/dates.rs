//! Dates. A moment is a text such as `2026-11-20T10:00:00.000Z`, as mappings hand dates over; a day is one such as
//! `2026-11-20`.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, Timestamp, ToSpan, Zoned};
use rhai::Dynamic;

use super::{Call, Gives, HostFunction, Outcome, integer, maybe, text};
use crate::diagnostics::closest;

pub(super) const FUNCTIONS: &[HostFunction] = &[
    HostFunction {
        name: "add_days",
        parameters: &[text("date"), integer("days")],
        gives: Gives::Text,
        about: "The date so many days later, or earlier if `days` is negative. A moment keeps its time of day, a day \
            is a day again. `()` when the text is no date.",
        examples: &[
            (r#"add_days("2026-11-20T10:00:00.000Z", 14)"#, r#""2026-12-04T10:00:00.000Z""#),
            (r#"add_days("2026-03-01", -1)"#, r#""2026-02-28""#),
        ],
        body: |call| moved(call, Span::try_days),
    },
    HostFunction {
        name: "add_months",
        parameters: &[text("date"), integer("months")],
        gives: Gives::Text,
        about: "The date so many months later, or earlier if `months` is negative; the last day of the month where it \
            has no such day. `()` when the text is no date.",
        examples: &[
            (r#"add_months("2026-01-31", 1)"#, r#""2026-02-28""#),
            (r#"add_months("2026-11-20T10:00:00.000Z", -12)"#, r#""2025-11-20T10:00:00.000Z""#),
        ],
        body: |call| moved(call, Span::try_months),
    },
    HostFunction {
        name: "days_between",
        parameters: &[text("from"), text("to")],
        gives: Gives::Integer,
        about: "How many whole days lie between two dates; it is negative when the second is the earlier one. Of a \
            moment and a day, the day begins at midnight UTC. `()` when one of the texts is no date.",
        examples: &[
            (r#"days_between("2026-11-20", "2026-12-04")"#, "14"),
            (r#"days_between("2026-11-20T10:00:00.000Z", "2026-11-21T09:00:00.000Z")"#, "0"),
            (r#"days_between("2026-12-04", "2026-11-20")"#, "-14"),
        ],
        body: |call| {
            let (Some(from), Some(to)) = (When::read(&call.text(0)), When::read(&call.text(1))) else {
                return Ok(Dynamic::UNIT);
            };
            let seconds = to.moment().as_second() - from.moment().as_second();
            Ok((seconds / (24 * 60 * 60)).into())
        },
    },
    HostFunction {
        name: "date_part",
        parameters: &[text("date"), text("part")],
        gives: Gives::Integer,
        about: "A part of a date as it is written: `year`, `month`, `day`, `hour`, `minute`, `second`, `weekday` (Monday \
            is 1), `week` (of ISO 8601) or `day_of_year`. `()` when the text is no date, or a day is asked for its time.",
        examples: &[
            (r#"date_part("2026-11-20T10:00:00.000Z", "year")"#, "2026"),
            (r#"date_part("2026-11-20", "weekday")"#, "5"),
            (r#"date_part("2026-11-20", "hour")"#, "()"),
        ],
        body: part,
    },
    HostFunction {
        name: "date",
        parameters: &[text("date")],
        gives: Gives::Text,
        about: "The day of a moment as it is written, without its time. For the day somewhere on earth, move it there \
            with `to_zone` first. `()` when the text is no date.",
        examples: &[
            (r#"date("2026-11-20T23:30:00.000Z")"#, r#""2026-11-20""#),
            (r#"date(to_zone("2026-11-20T23:30:00.000Z", "Europe/Amsterdam"))"#, r#""2026-11-21""#),
        ],
        body: |call| maybe(When::read(&call.text(0)).map(|when| when.civil().date().to_string())),
    },
    HostFunction {
        name: "to_zone",
        parameters: &[text("date"), text("zone")],
        gives: Gives::Text,
        about: "The moment as clocks show it in a zone of the time zone database. `()` when the text is no moment. Give \
            such a text to other functions of dates, not to a field: compared as texts, moments of different zones \
            are not in order.",
        examples: &[
            (r#"to_zone("2026-07-01T10:00:00.000Z", "Europe/Amsterdam")"#, r#""2026-07-01T12:00:00.000+02:00""#),
            (r#"to_zone("2026-11-20T10:00:00.000Z", "America/New_York")"#, r#""2026-11-20T05:00:00.000-05:00""#),
        ],
        body: |call| {
            let name = call.text(1);
            let zone = TimeZone::get(&name).map_err(|_| format!("there is no time zone `{name}`"))?;
            maybe(match When::read(&call.text(0)) {
                Some(When::Moment(moment, _)) => Some(written(&moment.to_zoned(zone))),
                _ => None,
            })
        },
    },
];

/// A date that a text says.
enum When {
    /// With the offset from UTC in which it was written.
    Moment(Timestamp, Offset),
    Day(Date),
}

impl When {
    fn read(text: &str) -> Option<When> {
        let text = text.trim();
        if let Ok(moment) = text.parse::<Timestamp>() {
            let pieces = jiff::fmt::temporal::Pieces::parse(text).ok()?;
            let offset = pieces.to_numeric_offset().unwrap_or(Offset::UTC);
            return Some(When::Moment(moment, offset));
        }
        (text.len() == "yyyy-mm-dd".len()).then(|| text.parse().ok().map(When::Day))?
    }

    /// Date and time as they are written.
    fn civil(&self) -> DateTime {
        match self {
            When::Moment(moment, offset) => offset.to_datetime(*moment),
            When::Day(day) => day.to_datetime(jiff::civil::Time::midnight()),
        }
    }

    fn moment(&self) -> Timestamp {
        match self {
            When::Moment(moment, _) => *moment,
            When::Day(_) => Offset::UTC.to_timestamp(self.civil()).unwrap_or(Timestamp::MIN),
        }
    }
}

fn written(moment: &Zoned) -> String {
    if moment.offset() == Offset::UTC {
        return moment.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    }
    moment.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

fn moved(call: &Call<'_>, span: fn(Span, i64) -> Result<Span, jiff::Error>) -> Outcome {
    let Ok(span) = span(0.days(), call.integer(1)) else { return Ok(Dynamic::UNIT) };
    maybe(When::read(&call.text(0)).and_then(|when| match when {
        When::Moment(moment, offset) => {
            let zoned = moment.to_zoned(TimeZone::fixed(offset));
            zoned.checked_add(span).ok().map(|zoned| written(&zoned))
        }
        When::Day(day) => day.checked_add(span).ok().map(|day| day.to_string()),
    }))
}

const PARTS: &[&str] = &["year", "month", "day", "hour", "minute", "second", "weekday", "week", "day_of_year"];

fn part(call: &Call<'_>) -> Outcome {
    let part = call.text(1);
    if !PARTS.contains(&part.as_str()) {
        let hint = closest(&part, PARTS.iter().copied()).map(|close| format!("; did you mean `{close}`?"));
        return Err(format!("a date has no part `{part}`{}", hint.unwrap_or_default()).into());
    }
    let Some(when) = When::read(&call.text(0)) else { return Ok(Dynamic::UNIT) };
    if matches!(when, When::Day(_)) && matches!(part.as_str(), "hour" | "minute" | "second") {
        return Ok(Dynamic::UNIT);
    }
    let civil = when.civil();
    let number = match part.as_str() {
        "year" => i64::from(civil.year()),
        "month" => i64::from(civil.month()),
        "day" => i64::from(civil.day()),
        "hour" => i64::from(civil.hour()),
        "minute" => i64::from(civil.minute()),
        "second" => i64::from(civil.second()),
        "weekday" => i64::from(civil.weekday().to_monday_one_offset()),
        "week" => i64::from(civil.date().iso_week_date().week()),
        _ => i64::from(civil.day_of_year()),
    };
    Ok(number.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_days_are_told_apart() {
        assert!(matches!(When::read("2026-11-20T10:00:00Z"), Some(When::Moment(..))));
        assert!(matches!(When::read(" 2026-11-20 "), Some(When::Day(_))));
        for text in ["", "soon", "20-11-2026", "2026-13-01", "2026-11-20T10:00:00", "2026-11-20 10:00", "2026"] {
            assert!(When::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_moment_stays_in_its_offset() {
        let when = When::read("2026-11-20T23:30:00.000-05:00").unwrap();
        assert_eq!(when.civil().to_string(), "2026-11-20T23:30:00");
        assert_eq!(when.moment().to_string(), "2026-11-21T04:30:00Z");
    }
}
