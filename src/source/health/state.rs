//! What is known of a connection's source, and what that allows: a state machine that is told what time it is.

use tokio::time::{Duration, Instant};

use super::bucket::Bucket;
use super::budget::Budget;
use super::circuit::{Circuit, Stopped, Ticket, Turn};
use super::learned::Learned;
use super::meter::Meter;
use crate::connector::Limits;

/// The lowest that a learned rate falls, in requests a second.
const SLOWEST: f64 = 0.25;

/// The least that is taken for the rate in use when the source complains and no rate was set: a single early request
/// would otherwise teach a crawl.
const UNSAID: f64 = 8.0;

/// Where a request goes. Each has a circuit of its own: a healthy identity server proves nothing of the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Door {
    Endpoint,
    Tokens,
}

/// What a request says of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) enum Verdict {
    /// It answers, be it with a refusal.
    Answers,
    /// It wants fewer requests: in a second, or at the same time.
    Throttles { at_once: bool, hold: Option<Duration> },
    /// It does not answer as it should; `late` when the time ran out.
    Fails { late: bool, hold: Option<Duration>, why: String },
}

#[derive(Debug)]
pub(super) struct State {
    pub limits: Limits,
    /// Requests that a connection may have under way whatever its limits, so that it never takes all of the process.
    pub at_most: usize,
    rate: Learned,
    bucket: Bucket,
    meter: Meter,
    concurrency: Learned,
    pub under_way: usize,
    held_until: Option<Instant>,
    budget: Budget,
    circuits: [Circuit; 2],
    /// What was said last by a request that failed, through each door.
    last_failures: [String; 2],
    pub counts: Counts,
}

/// What happened since the connection began.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub requests: u64,
    pub throttled: u64,
    pub failed: u64,
    pub retries: u64,
}

/// When a request may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ready {
    Now,
    /// Not before; `held` when the source asked for it, and not the rate.
    At(Instant, bool),
    /// When another came to its end.
    AfterAnother,
}

/// A request that began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begun {
    pub door: Door,
    at: Instant,
    ticket: Ticket,
}

impl State {
    pub fn new(limits: Limits, at_most: usize, now: Instant) -> State {
        let rate = limits.rate.map(|rate| rate.a_second());
        State {
            at_most,
            rate: Learned::new(rate, SLOWEST),
            bucket: Bucket::full(limits.rate.map_or(1.0, |rate| f64::from(rate.burst)), now),
            meter: Meter::new(now),
            concurrency: Learned::new(limits.concurrency.map(|most| most as f64), 1.0),
            under_way: 0,
            held_until: None,
            budget: Budget::new(limits.retry_budget, now),
            circuits: [Circuit::closed(), Circuit::closed()],
            last_failures: [String::new(), String::new()],
            counts: Counts::default(),
            limits,
        }
    }

    /// Takes other limits. What was learned under those before is forgotten where they differ.
    pub fn limit(&mut self, limits: Limits, now: Instant) {
        let fresh = State::new(limits, self.at_most, now);
        if fresh.limits.rate != self.limits.rate {
            (self.rate, self.bucket) = (fresh.rate, fresh.bucket);
        }
        if fresh.limits.concurrency != self.limits.concurrency {
            self.concurrency = fresh.concurrency;
        }
        if fresh.limits.retry_budget != self.limits.retry_budget {
            self.budget = fresh.budget;
        }
        self.limits = fresh.limits;
    }

    /// Forgets what was learned, of a source that now stands elsewhere.
    pub fn start_anew(&mut self, now: Instant) {
        let State { limits, at_most, under_way, mut circuits, counts, .. } =
            std::mem::replace(self, State::new(Limits::default(), 1, now));
        circuits.iter_mut().for_each(Circuit::reset);
        *self = State { under_way, circuits, counts, ..State::new(limits, at_most, now) };
    }

    /// Requests a second that may begin now; none while nothing bounds them.
    pub fn rate(&self, now: Instant) -> Option<f64> {
        self.rate.at(now)
    }

    /// Requests that may be under way now; none while only the process bounds them.
    pub fn concurrency(&self, now: Instant) -> Option<usize> {
        self.concurrency.at(now).map(|most| (most as usize).clamp(1, self.at_most))
    }

    pub fn held_until(&self, now: Instant) -> Option<Instant> {
        self.held_until.filter(|until| *until > now)
    }

    pub fn retries_left(&self, now: Instant) -> u32 {
        self.budget.left(self.limits.retry_budget, now)
    }

    pub fn stopped(&self, door: Door) -> Option<Stopped> {
        self.circuits[door as usize].stopped()
    }

    pub fn last_failure(&self, door: Door) -> &str {
        &self.last_failures[door as usize]
    }

    /// Whether and when a request may begin.
    pub fn ready(&mut self, door: Door, now: Instant) -> Result<Ready, Stopped> {
        self.circuits[door as usize].admits(now)?;
        if let Some(until) = self.held_until(now) {
            return Ok(Ready::At(until, true));
        }
        if self.under_way >= self.concurrency(now).unwrap_or(self.at_most) {
            return Ok(Ready::AfterAnother);
        }
        if let Some(rate) = self.rate(now) {
            self.bucket.fill(rate, self.burst(), now);
            let next = self.bucket.next(rate);
            if next > now {
                return Ok(Ready::At(next, false));
            }
        }
        Ok(Ready::Now)
    }

    /// A request begins that is ready.
    pub fn begin(&mut self, door: Door, now: Instant) -> Begun {
        if self.rate(now).is_some() {
            self.bucket.take();
        }
        self.meter.count(now);
        self.under_way += 1;
        self.counts.requests += 1;
        Begun { door, at: now, ticket: self.circuits[door as usize].begin() }
    }

    /// A request came to its end.
    pub fn end(&mut self, begun: Begun, verdict: Verdict, now: Instant) -> Option<Turn> {
        let (hold, answers) = match &verdict {
            Verdict::Answers => (None, true),
            Verdict::Throttles { at_once, hold } => {
                self.counts.throttled += 1;
                match at_once {
                    true => self.crowded(begun, now),
                    false => self.too_fast(begun, now),
                }
                // It is there, and says what it wants: that is no reason to send nothing.
                (*hold, true)
            }
            Verdict::Fails { late, hold, why } => {
                self.counts.failed += 1;
                if *late {
                    self.crowded(begun, now);
                }
                self.last_failures[begun.door as usize].clone_from(why);
                (*hold, false)
            }
        };
        if let Some(hold) = hold {
            let until = now + hold.min(self.limits.longest_wait);
            self.held_until = Some(self.held_until.map_or(until, |before| before.max(until)));
            self.bucket.empty(until);
        }
        self.under_way -= 1;
        self.circuits[begun.door as usize].end(begun.ticket, answers, self.limits.circuit, now)
    }

    /// A request was given up by whoever sent it.
    pub fn abandon(&mut self, begun: Begun, now: Instant) {
        self.under_way -= 1;
        self.circuits[begun.door as usize].abandon(begun.ticket, now);
    }

    /// A request is sent for the first time.
    pub fn earn(&mut self, now: Instant) {
        self.budget.earn(self.limits.retry_budget, now);
    }

    /// Takes a retry; false when there is none left.
    pub fn spend(&mut self, now: Instant) -> bool {
        let spent = self.budget.spend(self.limits.retry_budget, now);
        self.counts.retries += u64::from(spent);
        spent
    }

    fn too_fast(&mut self, begun: Begun, now: Instant) {
        let in_use = self.meter.a_second(now).max(UNSAID);
        if self.rate.fall(begun.at, in_use, now) {
            self.bucket.empty(now);
        }
    }

    fn crowded(&mut self, begun: Begun, now: Instant) {
        self.concurrency.fall(begun.at, self.under_way as f64, now);
    }

    /// A learned rate without a burst of its own has one request at a time.
    fn burst(&self) -> f64 {
        self.limits.rate.map_or(1.0, |rate| f64::from(rate.burst))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::connector::Rate;

    fn limits(rate: Option<Rate>, concurrency: Option<usize>) -> Limits {
        Limits { rate, concurrency, longest_wait: Duration::from_secs(60), ..Limits::default() }
    }

    fn throttled(hold: Option<u64>) -> Verdict {
        Verdict::Throttles { at_once: false, hold: hold.map(Duration::from_secs) }
    }

    fn failed() -> Verdict {
        Verdict::Fails { late: false, hold: None, why: "gone".to_owned() }
    }

    #[test]
    fn what_the_source_asks_for_holds_the_whole_connection_up_to_a_ceiling() {
        let start = Instant::now();
        let mut state = State::new(limits(None, None), 8, start);
        let begun = state.begin(Door::Endpoint, start);
        state.end(begun, throttled(Some(30)), start);
        let until = start + Duration::from_secs(30);
        for door in [Door::Endpoint, Door::Tokens] {
            assert_eq!(state.ready(door, start), Ok(Ready::At(until, true)));
        }
        let begun = state.begin(Door::Endpoint, until);
        state.end(begun, throttled(Some(3600)), until);
        assert_eq!(state.held_until(until), Some(until + Duration::from_secs(60)));
        // A shorter word does not shorten a longer one.
        let begun = state.begin(Door::Endpoint, until);
        state.end(begun, throttled(Some(1)), until);
        assert_eq!(state.held_until(until), Some(until + Duration::from_secs(60)));
    }

    #[test]
    fn throttles_lower_the_rate_and_lateness_the_concurrency() {
        let start = Instant::now();
        let rate = Rate { requests: 8, per: Duration::from_secs(1), burst: 8 };
        let mut state = State::new(limits(Some(rate), Some(4)), 64, start);
        let both = [(); 2].map(|()| state.begin(Door::Endpoint, start));
        let now = start + Duration::from_millis(100);
        for begun in both {
            state.end(begun, throttled(None), now);
        }
        assert_eq!((state.rate(now), state.concurrency(now)), (Some(4.0), Some(4)), "both were one complaint");
        assert_eq!(state.ready(Door::Endpoint, now), Ok(Ready::At(now + Duration::from_millis(250), false)));
        let begun = state.begin(Door::Endpoint, now);
        state.end(begun, Verdict::Fails { late: true, hold: None, why: String::new() }, now);
        assert_eq!((state.rate(now), state.concurrency(now)), (Some(4.0), Some(2)));
        assert_eq!((state.counts.requests, state.counts.throttled, state.counts.failed), (3, 2, 1));
        let later = now + Duration::from_secs(120);
        assert_eq!((state.rate(later), state.concurrency(later)), (Some(8.0), Some(4)));
    }

    #[test]
    fn each_door_has_a_circuit_of_its_own() {
        let start = Instant::now();
        let mut state = State::new(limits(None, None), 8, start);
        let failures = state.limits.circuit.failures;
        for at in 1..=failures {
            let begun = state.begin(Door::Endpoint, start);
            let turn = state.end(begun, failed(), start);
            assert_eq!(turn.is_some(), at == failures);
        }
        assert_eq!(state.ready(Door::Tokens, start), Ok(Ready::Now));
        let stopped = state.ready(Door::Endpoint, start).unwrap_err();
        assert_eq!((stopped.of.failures, state.last_failure(Door::Endpoint)), (failures, "gone"));
    }

    #[test]
    fn throttles_open_no_circuit() {
        let start = Instant::now();
        let mut state = State::new(limits(None, None), 8, start);
        for _ in 0..100 {
            let begun = state.begin(Door::Endpoint, start);
            assert_eq!(state.end(begun, throttled(None), start), None);
        }
    }

    #[test]
    fn other_limits_forget_what_was_learned_under_the_old_ones() {
        let start = Instant::now();
        let rate = |requests| Some(Rate { requests, per: Duration::from_secs(1), burst: 1 });
        let mut state = State::new(limits(rate(8), Some(4)), 64, start);
        let begun = state.begin(Door::Endpoint, start);
        state.end(begun, Verdict::Throttles { at_once: true, hold: None }, start);
        let begun = state.begin(Door::Endpoint, start);
        state.end(begun, throttled(None), start);
        assert_eq!((state.rate(start), state.concurrency(start)), (Some(4.0), Some(2)));
        state.limit(limits(rate(20), Some(4)), start);
        assert_eq!((state.rate(start), state.concurrency(start)), (Some(20.0), Some(2)));
    }

    proptest! {
        /// A random life: whatever the source says, no more requests are under way than are allowed, none begins while
        /// the connection is held, and no stretch of time has more than its rate and burst.
        #[test]
        fn no_life_breaks_a_limit(
            a_second in 1_u32..20,
            burst in 1_u32..6,
            most in 1_usize..6,
            steps in proptest::collection::vec((0_u8..6, 0_u64..1500, any::<prop::sample::Index>()), 1..200),
        ) {
            let start = Instant::now();
            let rate = Rate { requests: a_second, per: Duration::from_secs(1), burst };
            let mut limits = limits(Some(rate), Some(most));
            limits.circuit.failures = u32::MAX;
            let mut state = State::new(limits, 64, start);
            let (mut now, mut under_way, mut began) = (start, Vec::new(), Vec::new());
            let mut held: Option<Instant> = None;
            for (step, pause, at) in steps {
                now += Duration::from_millis(pause);
                let verdict = match step {
                    0..=2 => {
                        if state.ready(Door::Endpoint, now) == Ok(Ready::Now) {
                            prop_assert!(under_way.len() < most);
                            prop_assert!(held.is_none_or(|until| now >= until));
                            under_way.push(state.begin(Door::Endpoint, now));
                            began.push((now - start).as_secs_f64());
                        }
                        continue;
                    }
                    3 => Verdict::Answers,
                    4 => {
                        let hold = (pause % 3 == 0).then(|| Duration::from_millis(pause));
                        Verdict::Throttles { at_once: pause % 2 == 0, hold }
                    }
                    _ => failed(),
                };
                if !under_way.is_empty() {
                    if let Verdict::Throttles { hold: Some(hold), .. } = verdict {
                        held = held.max(Some(now + hold));
                    }
                    state.end(under_way.swap_remove(at.index(under_way.len())), verdict, now);
                    prop_assert_eq!(state.under_way, under_way.len());
                }
            }
            for (at, from) in began.iter().enumerate() {
                for (count, to) in began[at..].iter().enumerate() {
                    let allowed = (to - from) * f64::from(a_second) + f64::from(burst);
                    prop_assert!((count + 1) as f64 <= allowed + 0.001, "{began:?}");
                }
            }
        }
    }
}
