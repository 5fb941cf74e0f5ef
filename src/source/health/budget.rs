//! How many retries a connection has left. Without a budget, a source that fails every request is sent as many times
//! as much as one that is well.

use tokio::time::{Duration, Instant};

use crate::connector::RetryBudget;

/// In this time the floor comes back.
const RENEWAL: Duration = Duration::from_secs(60);

/// Retries in stock: each request brings its share, and time brings the floor. There are never more than the floor.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    left: f64,
    at: Instant,
}

impl Budget {
    pub fn new(of: RetryBudget, now: Instant) -> Budget {
        Budget { left: most(of), at: now }
    }

    /// A request is sent for the first time.
    pub fn earn(&mut self, of: RetryBudget, now: Instant) {
        self.renew(of, now);
        self.left = (self.left + f64::from(of.share) / 100.0).min(most(of));
    }

    /// Takes a retry; false when there is none.
    pub fn spend(&mut self, of: RetryBudget, now: Instant) -> bool {
        self.renew(of, now);
        let has = self.left >= 1.0;
        if has {
            self.left -= 1.0;
        }
        has
    }

    /// How many are left.
    pub fn left(&self, of: RetryBudget, now: Instant) -> u32 {
        let mut copy = self.clone();
        copy.renew(of, now);
        copy.left as u32
    }

    fn renew(&mut self, of: RetryBudget, now: Instant) {
        let passed = now.saturating_duration_since(self.at);
        self.left = (self.left + most(of) * passed.as_secs_f64() / RENEWAL.as_secs_f64()).min(most(of));
        self.at = self.at.max(now);
    }
}

fn most(of: RetryBudget) -> f64 {
    f64::from(of.floor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn retries_never_exceed_their_share_and_the_floor(
            share in 0_u32..100,
            floor in 0_u32..30,
            steps in proptest::collection::vec((0.0_f64..5.0, any::<bool>()), 0..300),
        ) {
            let of = RetryBudget { share, floor };
            let start = Instant::now();
            let mut budget = Budget::new(of, start);
            let (mut now, mut requests, mut retries) = (start, 0_u32, 0_u32);
            for (pause, is_request) in steps {
                now += Duration::from_secs_f64(pause);
                if is_request {
                    budget.earn(of, now);
                    requests += 1;
                } else if budget.spend(of, now) {
                    retries += 1;
                }
                let minutes = (now - start).as_secs_f64() / 60.0;
                let most = f64::from(floor) * (1.0 + minutes) + f64::from(share * requests) / 100.0;
                prop_assert!(f64::from(retries) <= most + 1e-6, "{retries} retries, {most} allowed");
                prop_assert!(budget.left(of, now) <= floor);
            }
        }
    }

    #[test]
    fn requests_and_time_bring_retries_back() {
        let of = RetryBudget { share: 50, floor: 2 };
        let start = Instant::now();
        let mut budget = Budget::new(of, start);
        assert!(budget.spend(of, start) && budget.spend(of, start) && !budget.spend(of, start));
        budget.earn(of, start);
        assert!(!budget.spend(of, start), "half a retry is none");
        budget.earn(of, start);
        assert!(budget.spend(of, start));
        assert!(budget.spend(of, start + Duration::from_secs(30)));
        assert_eq!(budget.left(of, start + Duration::from_secs(300)), 2);
    }
}
