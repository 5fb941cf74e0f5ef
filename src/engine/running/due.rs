//! When a model is due: a function of its clock, of when it was read last, and of how that ended.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use jiff::Timestamp;

use crate::connector::Schedule;
use crate::model::Model;

/// Connections with the same clock are spread over this share of its interval, where they do not say another span.
const SHARE: u32 = 10;
/// And over no longer than this.
const WIDEST: Duration = Duration::from_secs(5 * 60);

/// The pause after a first failure; it doubles from then on, up to the interval.
const AFTER_A_FAILURE: Duration = Duration::from_secs(60);

/// The pause after credentials were refused for the first time, and the longest one. The same question too often may
/// lock an account.
const AFTER_A_REFUSAL: Duration = Duration::from_secs(10 * 60);
const LONGEST_AFTER_REFUSALS: Duration = Duration::from_secs(60 * 60);

/// A model of a connection, by its clock.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Due {
    pub model: &'static Model,
    pub schedule: Schedule,
    /// When it began to be read the last time that it was read to its end.
    pub read_at: Option<Timestamp>,
    /// What happened since, if it was tried and not read.
    pub trouble: Option<Trouble>,
}

/// Reads in a row that did not come to their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trouble {
    pub failures: u32,
    /// When the last of them ended.
    pub at: Timestamp,
    /// Whether the source refused the credentials then.
    pub refused: bool,
}

/// How a connection stands apart from others with the same clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spread<'a> {
    pub connection: &'a str,
    pub jitter: Option<Duration>,
}

impl Due {
    /// When it is to be read next. What was never read, and what was missed, is due now.
    pub fn at(&self, spread: Spread<'_>, now: Timestamp) -> Timestamp {
        if let Some(trouble) = self.trouble {
            let interval = self.schedule.interval(trouble.at);
            return later(trouble.at, spread.pause(trouble, interval));
        }
        // One that lies ahead was taken by a clock that was wrong.
        let Some(read_at) = self.read_at.filter(|read_at| *read_at <= now) else { return now };
        let next = self.schedule.after(read_at);
        let span = spread.span(self.schedule.interval(read_at));
        match &self.schedule {
            // Never later than it says.
            Schedule::Every(every) => later(read_at, every.saturating_sub(span)),
            // Never earlier.
            Schedule::At(_) => later(next, span),
        }
    }

    /// Whether it is read together with another model of the connection that is due now: a little early, so that models
    /// with the same clock stay together.
    pub fn goes_along(&self, spread: Spread<'_>, now: Timestamp) -> bool {
        let early = match (&self.schedule, self.trouble) {
            (Schedule::Every(every), None) => *every / SHARE,
            _ => Duration::ZERO,
        };
        self.at(spread, now) <= later(now, early)
    }

    /// It began to be read to its end at this moment.
    pub fn was_read(&mut self, began_at: Timestamp) {
        (self.read_at, self.trouble) = (Some(began_at), None);
    }

    /// It was tried, and not read.
    pub fn failed(&mut self, at: Timestamp, refused: bool) {
        let failures = match self.trouble {
            // What the source refused is another matter than what it could not do.
            Some(before) if before.refused == refused => before.failures.saturating_add(1),
            _ => 1,
        };
        self.trouble = Some(Trouble { failures, at, refused });
    }
}

impl Spread<'_> {
    /// How far the connection stands from the first of those with its clock.
    fn span(self, interval: Duration) -> Duration {
        let widest = self.jitter.unwrap_or_else(|| (interval / SHARE).min(WIDEST)).min(interval / 2);
        widest.mul_f64(self.share(0))
    }

    fn pause(self, trouble: Trouble, interval: Duration) -> Duration {
        let (first, longest) = if trouble.refused {
            (AFTER_A_REFUSAL, LONGEST_AFTER_REFUSALS)
        } else {
            (AFTER_A_FAILURE.min(interval), interval)
        };
        let doubled = first.saturating_mul(2_u32.saturating_pow(trouble.failures.saturating_sub(1)));
        let pause = doubled.min(longest);
        pause - pause.mul_f64(0.25 * self.share(trouble.failures))
    }

    /// A number from 0 to below 1, the same for the same connection and `salt`.
    fn share(self, salt: u32) -> f64 {
        let mut hasher = DefaultHasher::new();
        (self.connection, salt).hash(&mut hasher);
        f64::from((hasher.finish() >> 32) as u32) / (f64::from(u32::MAX) + 1.0)
    }
}

/// So much later, or at the end of time.
fn later(moment: Timestamp, by: Duration) -> Timestamp {
    moment.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::connector::Times;
    use crate::model::JOBS;

    const MINUTE: Duration = Duration::from_secs(60);
    const HOUR: Duration = Duration::from_secs(3600);
    const TOGETHER: Spread<'static> = Spread { connection: "acme", jitter: Some(Duration::ZERO) };

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn due(schedule: Schedule, read_at: Option<&str>) -> Due {
        Due { model: &JOBS, schedule, read_at: read_at.map(moment), trouble: None }
    }

    fn nightly() -> Schedule {
        Schedule::At(Times::new("0 2 * * *", "UTC").unwrap())
    }

    #[test]
    fn what_was_never_read_is_due_now() {
        let now = moment("2026-11-24T12:00:00Z");
        for schedule in [Schedule::Every(HOUR), nightly()] {
            let due = due(schedule, None);
            assert_eq!(due.at(Spread { connection: "acme", jitter: None }, now), now);
            assert!(due.goes_along(TOGETHER, now));
        }
    }

    #[test]
    fn a_read_that_lies_ahead_was_told_by_a_wrong_clock() {
        let ahead = due(Schedule::Every(HOUR), Some("2027-11-24T12:00:00Z"));
        let now = moment("2026-11-24T12:00:00Z");
        assert_eq!(ahead.at(TOGETHER, now), now);
    }

    #[test]
    fn an_interval_counts_from_the_beginning_of_the_last_read() {
        let hourly = due(Schedule::Every(HOUR), Some("2026-11-24T12:10:00Z"));
        assert_eq!(hourly.at(TOGETHER, moment("2026-11-24T12:30:00Z")), moment("2026-11-24T13:10:00Z"));
        assert!(!hourly.goes_along(TOGETHER, moment("2026-11-24T13:03:59Z")));
        assert!(hourly.goes_along(TOGETHER, moment("2026-11-24T13:04:00Z")), "a tenth of the interval early");
    }

    #[test]
    fn a_time_that_was_missed_is_made_up_once() {
        let mut nightly = due(nightly(), Some("2026-11-20T02:00:00Z"));
        let now = moment("2026-11-24T12:00:00Z");
        assert!(nightly.at(TOGETHER, now) <= now);
        nightly.was_read(now);
        assert_eq!(nightly.at(TOGETHER, now), moment("2026-11-25T02:00:00Z"));
        assert!(!nightly.goes_along(TOGETHER, moment("2026-11-25T01:59:59Z")), "times of the day are never early");
    }

    #[test]
    fn fifty_connections_with_one_clock_are_spread() {
        let read_at = moment("2026-11-24T12:00:00Z");
        let names: Vec<String> = (0..50).map(|number| format!("tenant-{number}")).collect();
        let spread = |schedule: Schedule| -> BTreeSet<Timestamp> {
            let due = due(schedule, Some("2026-11-24T12:00:00Z"));
            names.iter().map(|name| due.at(Spread { connection: name, jitter: None }, read_at)).collect()
        };
        let hourly = spread(Schedule::Every(HOUR));
        assert!(hourly.len() > 45, "{hourly:?}");
        assert!(*hourly.first().unwrap() >= read_at + 55 * MINUTE && *hourly.last().unwrap() <= read_at + HOUR);
        let width = hourly.last().unwrap().duration_since(*hourly.first().unwrap());
        assert!(width.as_secs() > 180, "{width}");
        let nightly = spread(nightly());
        assert!(nightly.len() > 45, "{nightly:?}");
        let (first, last) = (moment("2026-11-25T02:00:00Z"), moment("2026-11-25T02:05:00Z"));
        assert!(*nightly.first().unwrap() >= first && *nightly.last().unwrap() <= last, "{nightly:?}");
    }

    #[test]
    fn pauses_after_failures_grow_up_to_the_interval() {
        let mut hourly = due(Schedule::Every(HOUR), Some("2026-11-24T12:00:00Z"));
        let mut at = moment("2026-11-24T13:00:00Z");
        let mut pauses = Vec::new();
        for _ in 0..9 {
            hourly.failed(at, false);
            let next = hourly.at(TOGETHER, at);
            pauses.push(next.duration_since(at).as_secs_f64() / 60.0);
            at = next;
        }
        let most = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0];
        for (pause, most) in pauses.iter().zip(most) {
            assert!(*pause <= most && *pause >= most * 0.75, "{pauses:?}");
        }
        hourly.was_read(at);
        assert_eq!(hourly.trouble, None);
    }

    #[test]
    fn refused_credentials_wait_longer() {
        let at = moment("2026-11-24T13:00:00Z");
        let mut often = due(Schedule::Every(MINUTE), None);
        let pause = |due: &Due| due.at(TOGETHER, at).duration_since(at).as_secs() / 60;
        often.failed(at, false);
        assert_eq!(pause(&often), 0);
        often.failed(at, true);
        assert!((7..=10).contains(&pause(&often)), "the count begins anew: {}", pause(&often));
        for _ in 0..20 {
            often.failed(at, true);
        }
        assert!((45..=60).contains(&pause(&often)), "{}", pause(&often));
    }

    proptest! {
        #[test]
        fn the_next_time_is_never_later_than_the_clock_says(
            every in 1_u64..1_000_000, jitter in proptest::option::of(0_u64..1_000_000), name in "[a-z]{1,9}"
        ) {
            let read_at = moment("2026-11-24T12:00:00Z");
            let every = Duration::from_secs(every);
            let spread = Spread { connection: &name, jitter: jitter.map(Duration::from_secs) };
            let next = due(Schedule::Every(every), Some("2026-11-24T12:00:00Z")).at(spread, read_at);
            prop_assert!(next <= read_at + every && next >= read_at + every / 2, "{next}");
        }

        #[test]
        fn pauses_are_never_longer_than_the_interval(
            every in 1_u64..1_000_000, failures in 1_u32..100, name in "[a-z]{1,9}"
        ) {
            let at = moment("2026-11-24T12:00:00Z");
            let every = Duration::from_secs(every);
            let trouble = Some(Trouble { failures, at, refused: false });
            let due = Due { trouble, ..due(Schedule::Every(every), None) };
            let next = due.at(Spread { connection: &name, jitter: None }, at);
            prop_assert!(next > at && next <= at + every, "{next}");
        }
    }
}
