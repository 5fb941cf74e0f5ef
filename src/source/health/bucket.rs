//! A bucket of tokens: it fills at the present rate, and each request takes one.

use tokio::time::{Duration, Instant};

/// So much may be missing of a token, because fractions of seconds do not add up exactly.
const NEARLY: f64 = 1e-6;

#[derive(Debug, Clone)]
pub(super) struct Bucket {
    tokens: f64,
    /// Up to when it was filled. In the future after [`Bucket::empty`]: nothing comes in until then.
    at: Instant,
}

impl Bucket {
    pub fn full(burst: f64, now: Instant) -> Bucket {
        Bucket { tokens: burst, at: now }
    }

    /// Lets in what came since the last time: `rate` tokens a second, up to `burst`.
    pub fn fill(&mut self, rate: f64, burst: f64, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * rate).min(burst);
        self.at = self.at.max(now);
    }

    /// When a request may begin, at this rate.
    pub fn next(&self, rate: f64) -> Instant {
        let missing = 1.0 - self.tokens;
        if missing <= NEARLY { self.at } else { self.at + Duration::from_secs_f64(missing / rate) }
    }

    pub fn take(&mut self) {
        self.tokens = (self.tokens - 1.0).max(0.0);
    }

    /// Takes out all there is; the next comes in after `from`.
    pub fn empty(&mut self, from: Instant) {
        self.tokens = 0.0;
        self.at = self.at.max(from);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn in_no_stretch_of_time_begin_more_than_rate_and_burst(
            rate in 0.2_f64..50.0,
            burst in 1_u32..10,
            pauses in proptest::collection::vec(0.0_f64..2.0, 1..80),
        ) {
            let (start, burst) = (Instant::now(), f64::from(burst));
            let mut bucket = Bucket::full(burst, start);
            let mut now = start;
            let mut began: Vec<f64> = Vec::new();
            for pause in pauses {
                now += Duration::from_secs_f64(pause);
                bucket.fill(rate, burst, now);
                let next = bucket.next(rate);
                if next > now {
                    // Whoever waits as long as it says need not wait again.
                    now = next + Duration::from_nanos(1);
                    bucket.fill(rate, burst, now);
                    prop_assert!(bucket.next(rate) <= now);
                }
                bucket.take();
                began.push((now - start).as_secs_f64());
            }
            for (at, from) in began.iter().enumerate() {
                for (count, to) in began[at..].iter().enumerate() {
                    prop_assert!((count + 1) as f64 <= (to - from) * rate + burst + 0.001, "{began:?}");
                }
            }
        }
    }

    #[test]
    fn an_emptied_bucket_fills_from_the_moment_that_was_said() {
        let start = Instant::now();
        let mut bucket = Bucket::full(5.0, start);
        bucket.empty(start + Duration::from_secs(30));
        bucket.fill(2.0, 5.0, start + Duration::from_secs(10));
        assert_eq!(bucket.next(2.0), start + Duration::from_millis(30_500));
    }
}
