//! How much a key may ask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// The window over which requests of a key are counted.
const WINDOW: Duration = Duration::from_secs(60);

/// Bodies larger than this wait for each other.
pub(super) const SMALL: usize = 1 << 20;

/// Memory for large bodies that are under way at the same time, in units of [`SMALL`].
const LARGE_AT_ONCE: usize = 256;

/// How much is let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiLimits {
    /// Requests of a key in a minute; none bounds them when 0.
    pub requests_a_minute: u32,
    /// Requests of a key at the same time, at least 1.
    pub at_once: usize,
    /// Bytes of the largest body of a write. Other bodies are at most 1 MiB.
    pub largest_body: usize,
    /// How long a request may take.
    pub time: Duration,
    /// How long a write may take.
    pub time_of_writes: Duration,
    /// Connections of clients at the same time.
    pub clients: usize,
}

impl Default for ApiLimits {
    fn default() -> ApiLimits {
        ApiLimits {
            requests_a_minute: 6000,
            at_once: 64,
            largest_body: 48 << 20,
            time: Duration::from_secs(30),
            time_of_writes: Duration::from_secs(5 * 60),
            clients: 1024,
        }
    }
}

/// What the headers of an answer say of the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Allowance {
    pub limit: u32,
    pub remaining: u32,
    /// Seconds until the window ends, rounded up.
    pub reset: u64,
    /// Whether this one was too many.
    pub exceeded: bool,
}

/// What keys have asked so far.
#[derive(Debug)]
pub(super) struct Gate {
    limits: ApiLimits,
    keys: Mutex<HashMap<String, Asked>>,
    pub large_bodies: Arc<Semaphore>,
}

#[derive(Debug)]
struct Asked {
    since: Instant,
    requests: u32,
    under_way: usize,
}

/// A request of a key that is under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Entered {
    gate: Arc<Gate>,
    key: String,
}

impl Gate {
    pub fn new(limits: ApiLimits) -> Gate {
        Gate { limits, keys: Mutex::default(), large_bodies: Arc::new(Semaphore::new(LARGE_AT_ONCE)) }
    }

    pub fn limits(&self) -> &ApiLimits {
        &self.limits
    }

    /// Counts a request. None when nothing bounds them.
    pub fn count(&self, key: &str, now: Instant) -> Option<Allowance> {
        let limit = self.limits.requests_a_minute;
        if limit == 0 {
            return None;
        }
        let mut keys = self.keys();
        let asked = keys.entry(key.to_owned()).or_insert(Asked { since: now, requests: 0, under_way: 0 });
        if now.duration_since(asked.since) >= WINDOW {
            (asked.since, asked.requests) = (now, 0);
        }
        let exceeded = asked.requests >= limit;
        if !exceeded {
            asked.requests += 1;
        }
        let left = WINDOW.saturating_sub(now.duration_since(asked.since));
        let reset = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Some(Allowance { limit, remaining: limit - asked.requests, reset, exceeded })
    }

    /// Lets a request in, unless so many of its key are under way.
    pub fn enter(self: &Arc<Self>, key: &str) -> Option<Entered> {
        let mut keys = self.keys();
        let asked =
            keys.entry(key.to_owned()).or_insert_with(|| Asked { since: Instant::now(), requests: 0, under_way: 0 });
        if asked.under_way >= self.limits.at_once.max(1) {
            return None;
        }
        asked.under_way += 1;
        Some(Entered { gate: Arc::clone(self), key: key.to_owned() })
    }

    /// How many places a body of so many bytes takes among the large ones.
    pub fn places(bytes: usize) -> u32 {
        u32::try_from(bytes.div_ceil(SMALL).min(LARGE_AT_ONCE)).unwrap_or(u32::MAX)
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<String, Asked>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(asked) = self.gate.keys().get_mut(&self.key) {
            asked.under_way -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_so_many_requests_a_minute_and_others_have_theirs() {
        let gate = Gate::new(ApiLimits { requests_a_minute: 2, ..ApiLimits::default() });
        let began = Instant::now();
        let at = |second: u64| began + Duration::from_secs(second);
        let told = |allowance: Option<Allowance>| allowance.map(|it| (it.remaining, it.reset, it.exceeded)).unwrap();
        assert_eq!(told(gate.count("a", at(0))), (1, 60, false));
        assert_eq!(told(gate.count("a", at(10))), (0, 50, false));
        assert_eq!(told(gate.count("a", at(59))), (0, 1, true));
        assert_eq!(told(gate.count("b", at(59))), (1, 60, false));
        assert_eq!(told(gate.count("a", at(60))), (1, 60, false));
    }

    #[test]
    fn a_request_that_ended_makes_room() {
        let gate = Arc::new(Gate::new(ApiLimits { at_once: 1, ..ApiLimits::default() }));
        let first = gate.enter("a").expect("there is room");
        assert!(gate.enter("a").is_none());
        assert!(gate.enter("b").is_some());
        drop(first);
        assert!(gate.enter("a").is_some());
    }
}
