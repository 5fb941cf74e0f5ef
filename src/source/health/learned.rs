//! A limit that is learned: it falls by half when the source says that it is too high, and rises slowly again.

use tokio::time::{Duration, Instant};

/// What is left of a limit that falls.
const FALL: f64 = 0.5;

/// How long it stays there. Whatever the source complains of meanwhile lets it fall again.
const QUIET: Duration = Duration::from_secs(10);

/// In how many seconds it rises by as much as it can be at most.
const RISE: f64 = 60.0;

/// A limit: of requests a second, or of requests under way.
#[derive(Debug, Clone)]
pub(super) struct Learned {
    /// What it is when the source is content; none when there is no limit then.
    most: Option<f64>,
    least: f64,
    fallen: Option<Fallen>,
}

#[derive(Debug, Clone, Copy)]
struct Fallen {
    to: f64,
    /// How far it rises. Where there is no limit by itself, this is what was in use when the source complained.
    top: f64,
    at: Instant,
}

impl Learned {
    pub fn new(most: Option<f64>, least: f64) -> Learned {
        Learned { most: most.map(|most| most.max(least)), least, fallen: None }
    }

    /// The limit at this moment.
    pub fn at(&self, now: Instant) -> Option<f64> {
        let Some(Fallen { to, top, at }) = self.fallen else { return self.most };
        let risen = top * now.saturating_duration_since(at + QUIET).as_secs_f64() / RISE;
        if to + risen < top { Some(to + risen) } else { self.most }
    }

    /// The source turned a request away that began at `began`. `in_use` is how much was asked of it, for a limit that
    /// there is not by itself. False when the limit has fallen since: what was under way then says nothing of it.
    pub fn fall(&mut self, began: Instant, in_use: f64, now: Instant) -> bool {
        if self.fallen.is_some_and(|fallen| began < fallen.at) {
            return false;
        }
        let present = self.at(now);
        let top = match (self.most, present, self.fallen) {
            (Some(most), _, _) => most,
            (None, Some(_), Some(fallen)) => fallen.top,
            (None, _, _) => in_use.max(self.least),
        };
        let to = (present.unwrap_or(top) * FALL).max(self.least);
        self.fallen = Some(Fallen { to, top: top.max(to), at: now });
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(start: Instant, seconds: f64) -> Instant {
        start + Duration::from_secs_f64(seconds)
    }

    #[test]
    fn it_falls_by_half_and_rises_after_quiet() {
        let start = Instant::now();
        let mut limit = Learned::new(Some(8.0), 0.5);
        assert!(limit.fall(start, 0.0, start));
        assert_eq!(limit.at(after(start, 10.0)), Some(4.0));
        assert_eq!(limit.at(after(start, 25.0)), Some(6.0));
        assert_eq!(limit.at(after(start, 60.0)), Some(8.0));
        // A request that was under way when it fell lets it fall no further, one that began later does.
        assert!(!limit.fall(start - Duration::from_secs(1), 0.0, after(start, 1.0)));
        assert!(limit.fall(after(start, 1.0), 0.0, after(start, 2.0)));
        assert_eq!(limit.at(after(start, 2.0)), Some(2.0));
    }

    #[test]
    fn where_there_is_no_limit_one_is_learned_and_forgotten() {
        let start = Instant::now();
        let mut limit = Learned::new(None, 0.5);
        assert_eq!(limit.at(start), None);
        assert!(limit.fall(start, 40.0, start));
        assert_eq!(limit.at(start), Some(20.0));
        assert!(limit.fall(after(start, 1.0), 20.0, after(start, 1.0)));
        assert_eq!(limit.at(after(start, 1.0)), Some(10.0));
        assert_eq!(
            limit.at(after(start, 31.0)),
            Some(10.0 + 40.0 * 20.0 / 60.0),
            "it rises to what it first fell from"
        );
        assert_eq!(limit.at(after(start, 60.0)), None);
    }

    proptest! {
        #[test]
        fn it_stays_within_its_bounds_and_only_time_lets_it_rise(
            most in proptest::option::of(0.2_f64..100.0),
            steps in proptest::collection::vec((0.0_f64..40.0, any::<bool>(), 0.0_f64..200.0), 0..40),
        ) {
            let least = 0.1;
            let start = Instant::now();
            let mut limit = Learned::new(most, least);
            let mut seconds = 0.0;
            for (pause, complaint, in_use) in steps {
                seconds += pause;
                let now = after(start, seconds);
                let before = limit.at(now);
                if complaint {
                    prop_assert!(limit.fall(now, in_use, now));
                    let fallen = limit.at(now).or(most);
                    let expected = before.map(|before| (before * 0.5).max(least));
                    if let (Some(expected), Some(fallen)) = (expected, fallen) {
                        prop_assert!((fallen - expected).abs() < 1e-9 || fallen == least);
                    }
                }
                if let Some(value) = limit.at(now) {
                    prop_assert!(value >= least && most.is_none_or(|most| value <= most), "{value}");
                }
            }
            prop_assert_eq!(limit.at(after(start, seconds + 1000.0)), most);
        }
    }
}
