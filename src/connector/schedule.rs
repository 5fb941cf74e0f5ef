//! When a connection or a model is read: so long after the last time, or at times of the day.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A day, for times that stand so far apart that nothing else is known of them.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// When something is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// So long after it began the last time.
    Every(Duration),
    /// At these times.
    At(Times),
}

/// Times by the clock of a time zone, as cron writes them.
///
/// Where the clock goes forward, a time that does not exist is the first one after the gap. Where it goes back, a time of
/// the repeated hour comes once, and a step such as `*/15` goes on through both.
#[derive(Clone)]
pub struct Times {
    text: String,
    cron: Arc<Cron>,
    zone: TimeZone,
}

/// Why a text does not say times.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongTimes {
    /// Cron cannot be read.
    #[error("`{0}` is not a schedule: {1}")]
    Cron(String, String),
    /// It can be read, and no day is like that.
    #[error("`{0}` never comes")]
    Never(String),
    /// The time zone database has no such zone.
    #[error("there is no time zone `{0}`")]
    Zone(String),
}

impl Times {
    /// Reads five fields (minute, hour, day of the month, month, day of the week), by the clock of a zone of the time zone
    /// database.
    pub fn new(text: &str, zone: &str) -> Result<Times, WrongTimes> {
        let text = text.trim().to_owned();
        let wrong = |why: String| WrongTimes::Cron(text.clone(), why);
        let fields = text.split_whitespace().count();
        if fields != 5 {
            return Err(wrong(format!("it has {fields} fields, not 5")));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(&text).map_err(|error| wrong(told(error)))?;
        let zone = TimeZone::get(zone).map_err(|_| WrongTimes::Zone(zone.to_owned()))?;
        let times = Times { text, cron: Arc::new(cron), zone };
        match times.first_after(Timestamp::UNIX_EPOCH) {
            Some(_) => Ok(times),
            None => Err(WrongTimes::Never(times.text)),
        }
    }

    /// The first time after a moment.
    fn first_after(&self, moment: Timestamp) -> Option<Timestamp> {
        let from = moment.to_zoned(self.zone.clone());
        self.cron.find_next_occurrence(&from, false).ok().map(|zoned| zoned.timestamp())
    }
}

fn told(error: CronError) -> String {
    match error {
        CronError::InvalidPattern(why) | CronError::IllegalCharacters(why) | CronError::ComponentError(why) => why,
        other => other.to_string(),
    }
    .trim_end_matches('.')
    .to_owned()
}

impl PartialEq for Times {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.zone == other.zone
    }
}

impl Eq for Times {}

impl fmt::Debug for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Times({self})")
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.text, self.zone.iana_name().unwrap_or("UTC"))
    }
}

impl Schedule {
    /// When the next time is after one that began at `last`.
    pub fn after(&self, last: Timestamp) -> Timestamp {
        match self {
            Schedule::Every(every) => later(last, *every),
            Schedule::At(times) => times.first_after(last).unwrap_or_else(|| later(last, DAY)),
        }
    }

    /// How long it is from one time to the next, after one that began at `last`.
    pub fn interval(&self, last: Timestamp) -> Duration {
        match self {
            Schedule::Every(every) => *every,
            Schedule::At(_) => {
                let next = self.after(last);
                Duration::try_from(self.after(next).duration_since(next)).unwrap_or(DAY)
            }
        }
    }
}

/// So much later, or at the end of time.
fn later(moment: Timestamp, by: Duration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn times(text: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::At(Times::new(text, zone).unwrap());
        let mut at = moment(from);
        let mut found = Vec::new();
        for _ in 0..count {
            at = schedule.after(at);
            found.push(at.to_string());
        }
        found
    }

    #[test]
    fn an_interval_counts_from_the_beginning() {
        let hourly = Schedule::Every(Duration::from_secs(3600));
        assert_eq!(hourly.after(moment("2026-11-24T12:10:00Z")), moment("2026-11-24T13:10:00Z"));
        assert_eq!(Schedule::Every(Duration::MAX).after(moment("2026-11-24T12:10:00Z")), Timestamp::MAX);
    }

    #[test]
    fn times_are_of_their_zone() {
        assert_eq!(times("30 2 * * *", "UTC", "2026-06-01T00:00:00Z", 1), ["2026-06-01T02:30:00Z"]);
        assert_eq!(times("30 2 * * *", "Europe/Amsterdam", "2026-06-01T00:00:00Z", 1), ["2026-06-01T00:30:00Z"]);
        assert_eq!(times("0 9 * * MON", "America/New_York", "2026-11-24T00:00:00Z", 1), ["2026-11-30T14:00:00Z"]);
    }

    #[test]
    fn a_time_that_the_clock_skips_comes_right_after_the_gap() {
        // On 29 March 2026 the clock of Amsterdam goes from 02:00 to 03:00, which is 01:00 UTC.
        let nightly = times("30 2 * * *", "Europe/Amsterdam", "2026-03-28T12:00:00Z", 3);
        assert_eq!(nightly, ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"]);
        let hourly = times("0 * * * *", "Europe/Amsterdam", "2026-03-28T23:30:00Z", 3);
        assert_eq!(hourly, ["2026-03-29T00:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T02:00:00Z"]);
    }

    #[test]
    fn a_time_that_the_clock_repeats_comes_once_and_a_step_goes_on() {
        // On 25 October 2026 the clock of Amsterdam goes from 03:00 back to 02:00, which is 01:00 UTC.
        let nightly = times("30 2 * * *", "Europe/Amsterdam", "2026-10-24T12:00:00Z", 2);
        assert_eq!(nightly, ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
        let steps = times("*/30 * * * *", "Europe/Amsterdam", "2026-10-24T23:45:00Z", 5);
        assert_eq!(
            steps,
            [
                "2026-10-25T00:00:00Z",
                "2026-10-25T00:30:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T01:30:00Z",
                "2026-10-25T02:00:00Z"
            ]
        );
    }

    #[test]
    fn intervals_of_times_are_from_one_to_the_next() {
        let nightly = Schedule::At(Times::new("0 2 * * *", "UTC").unwrap());
        assert_eq!(nightly.interval(moment("2026-11-24T12:00:00Z")), DAY);
        let steps = Schedule::At(Times::new("*/5 * * * *", "UTC").unwrap());
        assert_eq!(steps.interval(moment("2026-11-24T12:00:01Z")), Duration::from_secs(300));
    }

    #[test]
    fn what_says_no_times_is_refused() {
        let wrong = |text, zone| Times::new(text, zone).unwrap_err();
        assert_eq!(wrong("@daily", "UTC"), WrongTimes::Cron("@daily".into(), "it has 1 fields, not 5".into()));
        assert!(matches!(wrong("0 0 2 * * *", "UTC"), WrongTimes::Cron(..)));
        assert!(matches!(wrong("61 2 * * *", "UTC"), WrongTimes::Cron(..)));
        assert!(matches!(wrong("x 2 * * *", "UTC"), WrongTimes::Cron(..)));
        assert_eq!(wrong("0 0 30 2 *", "UTC"), WrongTimes::Never("0 0 30 2 *".into()));
        assert_eq!(wrong("0 2 * * *", "Europe/Amsterdan"), WrongTimes::Zone("Europe/Amsterdan".into()));
    }
}
