//! How many requests begin, as it is seen from here.

use tokio::time::{Duration, Instant};

/// How many requests began lately.
#[derive(Debug)]
pub(super) struct Meter {
    since: Instant,
    count: u32,
    before: u32,
}

impl Meter {
    pub fn new(now: Instant) -> Meter {
        Meter { since: now, count: 0, before: 0 }
    }

    pub fn count(&mut self, now: Instant) {
        self.pass(now);
        self.count += 1;
    }

    /// Requests in the last full second, or in the one that goes on.
    pub fn a_second(&mut self, now: Instant) -> f64 {
        self.pass(now);
        f64::from(self.before.max(self.count))
    }

    fn pass(&mut self, now: Instant) {
        match now.saturating_duration_since(self.since).as_secs() {
            0 => {}
            1 => *self = Meter { since: self.since + Duration::from_secs(1), count: 0, before: self.count },
            _ => *self = Meter::new(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_full_second_counts_until_it_is_long_ago() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let mut meter = Meter::new(start);
        for at in 0..10 {
            meter.count(after(at * 50));
        }
        assert_eq!(meter.a_second(after(900)), 10.0);
        meter.count(after(1100));
        assert_eq!(meter.a_second(after(1200)), 10.0);
        assert_eq!(meter.a_second(after(2100)), 1.0);
        assert_eq!(meter.a_second(after(9000)), 0.0);
    }
}
