//! How many deliveries of a connection are taken in a while.

use std::time::Instant;

/// Deliveries a second that are taken for as long as they come.
const A_SECOND: f64 = 100.0;

/// Deliveries that are taken at once after a rest.
const AT_ONCE: f64 = 5_000.0;

/// Lets through so many deliveries at once, and so many a second: the inbox of one busy source leaves room on the disk,
/// and time to write, for the others.
#[derive(Debug)]
pub struct Gate {
    left: f64,
    at: Instant,
}

impl Gate {
    /// A gate that is wide open.
    pub fn new(now: Instant) -> Gate {
        Gate { left: AT_ONCE, at: now }
    }

    /// Whether one more goes through now.
    pub fn admits(&mut self, now: Instant) -> bool {
        let rested = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + rested * A_SECOND).min(AT_ONCE);
        self.at = self.at.max(now);
        let admits = self.left >= 1.0;
        if admits {
            self.left -= 1.0;
        }
        admits
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn many_go_through_at_once_and_then_so_many_a_second() {
        let began = Instant::now();
        let mut gate = Gate::new(began);
        let passed = (0..10_000).filter(|_| gate.admits(began)).count();
        assert_eq!(passed, 5_000);
        let later = began + Duration::from_secs(2);
        assert_eq!((0..10_000).filter(|_| gate.admits(later)).count(), 200);
        assert!(!gate.admits(began), "a clock that goes back gives nothing");
        let rested = later + Duration::from_secs(3600);
        assert_eq!((0..10_000).filter(|_| gate.admits(rested)).count(), 5_000);
    }
}
