//! When a message that was not taken is sent again.

use jiff::{SignedDuration, Timestamp};

/// The pause after the first attempt; each further one is three times as long, up to the longest.
const FIRST: SignedDuration = SignedDuration::from_secs(5);
const LONGEST: SignedDuration = SignedDuration::from_hours(2);

/// So long it is tried.
const PATIENCE: SignedDuration = SignedDuration::from_hours(24);

/// When a message is sent again that was sent `attempts` times in vain, the first time at `since`; none when it has been for a
/// day. `drawn`, from 0 to 1, makes the pause up to a quarter shorter or longer, so that what failed together does not
/// come back together.
pub fn next_attempt(attempts: u32, since: Timestamp, now: Timestamp, drawn: f64) -> Option<Timestamp> {
    let times = 3_i32.checked_pow(attempts.saturating_sub(1));
    let pause = times.and_then(|times| FIRST.checked_mul(times)).map_or(LONGEST, |pause| pause.min(LONGEST));
    let pause = pause.mul_f64(0.75 + drawn.clamp(0.0, 1.0) / 2.0);
    let next = now.saturating_add(pause).unwrap_or(now);
    // A clock that was set back does not make it be tried forever.
    let tried = next.duration_since(since.min(now));
    (tried <= PATIENCE).then_some(next)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_grow_for_a_day() {
        let since: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        let (mut now, mut pauses) = (since, Vec::new());
        while let Some(next) = next_attempt(pauses.len() as u32 + 1, since, now, 0.5) {
            pauses.push(next.duration_since(now).as_secs());
            now = next;
        }
        assert_eq!(pauses[..8], [5, 15, 45, 135, 405, 1215, 3645, 7200]);
        assert!(pauses[8..].iter().all(|pause| *pause == 7200));
        assert_eq!(pauses.len(), 18);
        assert!(now.duration_since(since) > SignedDuration::from_hours(22));
    }

    proptest! {
        #[test]
        fn an_attempt_lies_ahead_and_within_the_day(attempts: u32, late in 0_i64..100_000, drawn: f64) {
            let since: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
            let now = since + SignedDuration::from_secs(late);
            if let Some(next) = next_attempt(attempts, since, now, drawn) {
                prop_assert!(next > now && next.duration_since(since) <= SignedDuration::from_hours(24));
            }
        }
    }
}
