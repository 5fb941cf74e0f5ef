//! The circuit of a connection: when one request after the other fails, none is sent for a while.

use tokio::time::{Duration, Instant};

use crate::connector::CircuitLimits;

#[derive(Debug, Clone)]
pub(super) struct Circuit {
    state: State,
    /// Counts changes of the state: what was sent before one says nothing of the state after it.
    round: u64,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Requests go. So many failed since one was answered.
    Closed { failures: u32 },
    /// None goes until `until`.
    Open { of: Opened, until: Instant },
    /// One went, to see.
    Trying { of: Opened },
}

/// Why the circuit is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opened {
    /// Since when none was answered.
    pub since: Instant,
    /// How many failed.
    pub failures: u32,
    /// How long none is sent.
    pause: Duration,
}

/// A request that a circuit let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// A circuit that lets nothing through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stopped {
    pub of: Opened,
    /// When a request goes again; none while one is under way to see.
    pub until: Option<Instant>,
}

/// What the result of a request changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Opened,
    Closed,
}

impl Circuit {
    pub fn closed() -> Circuit {
        Circuit { state: State::Closed { failures: 0 }, round: 0 }
    }

    /// Whether a request may go.
    pub fn admits(&self, now: Instant) -> Result<(), Stopped> {
        match self.stopped() {
            Some(stopped) if stopped.until.is_none_or(|until| now < until) => Err(stopped),
            _ => Ok(()),
        }
    }

    /// What keeps requests back, also when the time has come for one to see.
    pub fn stopped(&self) -> Option<Stopped> {
        match self.state {
            State::Closed { .. } => None,
            State::Open { of, until } => Some(Stopped { of, until: Some(until) }),
            State::Trying { of } => Some(Stopped { of, until: None }),
        }
    }

    /// A request goes that was admitted.
    pub fn begin(&mut self) -> Ticket {
        if let State::Open { of, .. } = self.state {
            self.turn(State::Trying { of });
        }
        Ticket(self.round)
    }

    /// A request came to its end: it was answered, or it failed.
    pub fn end(&mut self, ticket: Ticket, answered: bool, of: CircuitLimits, now: Instant) -> Option<Turn> {
        if ticket.0 != self.round {
            return None;
        }
        match (self.state, answered) {
            (State::Closed { .. }, true) => {
                self.state = State::Closed { failures: 0 };
                None
            }
            (State::Closed { failures }, false) if failures + 1 < of.failures => {
                self.state = State::Closed { failures: failures + 1 };
                None
            }
            (State::Closed { failures }, false) => {
                let pause = of.pause.min(of.longest_pause);
                self.open(Opened { since: now, failures: failures.saturating_add(1), pause }, now)
            }
            (State::Trying { .. }, true) => {
                self.turn(State::Closed { failures: 0 });
                Some(Turn::Closed)
            }
            (State::Trying { of: Opened { since, failures, pause } }, false) => {
                let pause = pause.saturating_mul(2).min(of.longest_pause);
                self.open(Opened { since, failures: failures.saturating_add(1), pause }, now)
            }
            // No ticket is of a round in which none goes.
            (State::Open { .. }, _) => None,
        }
    }

    /// Lets requests through again, and forgets why it did not.
    pub fn reset(&mut self) {
        self.turn(State::Closed { failures: 0 });
    }

    /// A request came to no end. If it went to see, another may.
    pub fn abandon(&mut self, ticket: Ticket, now: Instant) {
        if let State::Trying { of } = self.state
            && ticket.0 == self.round
        {
            self.turn(State::Open { of, until: now });
        }
    }

    fn open(&mut self, of: Opened, now: Instant) -> Option<Turn> {
        self.turn(State::Open { of, until: now + of.pause });
        Some(Turn::Opened)
    }

    fn turn(&mut self, state: State) {
        self.state = state;
        self.round += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LIMITS: CircuitLimits =
        CircuitLimits { failures: 3, pause: Duration::from_secs(10), longest_pause: Duration::from_secs(60) };

    fn fail(circuit: &mut Circuit, now: Instant) -> Option<Turn> {
        circuit.admits(now).unwrap();
        let ticket = circuit.begin();
        circuit.end(ticket, false, LIMITS, now)
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_its_pauses_grow() {
        let start = Instant::now();
        let mut circuit = Circuit::closed();
        assert_eq!([fail(&mut circuit, start), fail(&mut circuit, start)], [None, None]);
        let ticket = circuit.begin();
        assert_eq!(circuit.end(ticket, true, LIMITS, start), None, "an answer counts from nothing again");
        assert_eq!([fail(&mut circuit, start), fail(&mut circuit, start)], [None, None]);
        assert_eq!(fail(&mut circuit, start), Some(Turn::Opened));
        let mut now = start;
        for pause in [10, 20, 40, 60, 60] {
            let pause = Duration::from_secs(pause);
            let stopped = circuit.admits(now).unwrap_err();
            assert_eq!((stopped.of.since, stopped.until), (start, Some(now + pause)));
            now += pause;
            assert_eq!(fail(&mut circuit, now), Some(Turn::Opened));
        }
        assert_eq!(circuit.stopped().unwrap().of.failures, 8);
        now += Duration::from_secs(60);
        let probe = circuit.begin();
        assert_eq!(circuit.admits(now).unwrap_err().until, None, "one goes to see");
        assert_eq!(circuit.end(probe, true, LIMITS, now), Some(Turn::Closed));
        assert_eq!(circuit.admits(now), Ok(()));
    }

    #[test]
    fn one_that_went_to_see_and_was_given_up_lets_another_see() {
        let start = Instant::now();
        let mut circuit = Circuit::closed();
        for _ in 0..3 {
            fail(&mut circuit, start);
        }
        let later = start + Duration::from_secs(10);
        let probe = circuit.begin();
        circuit.abandon(probe, later);
        assert_eq!(circuit.admits(later), Ok(()));
        let another = circuit.begin();
        assert_eq!(circuit.end(probe, true, LIMITS, later), None, "the first says nothing any more");
        assert_eq!(circuit.end(another, true, LIMITS, later), Some(Turn::Closed));
    }

    #[derive(Debug, Clone)]
    enum Step {
        Begin,
        End(prop::sample::Index, bool),
        Abandon(prop::sample::Index),
        Wait(u64),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => Just(Step::Begin),
            3 => (any::<prop::sample::Index>(), prop::bool::weighted(0.3)).prop_map(|(at, answered)| Step::End(at, answered)),
            1 => any::<prop::sample::Index>().prop_map(Step::Abandon),
            1 => (0_u64..40).prop_map(Step::Wait),
        ]
    }

    proptest! {
        #[test]
        fn nothing_goes_while_it_is_open_and_only_one_to_see(steps in proptest::collection::vec(step(), 0..200)) {
            let mut now = Instant::now();
            let mut circuit = Circuit::closed();
            let mut under_way: Vec<(Ticket, bool)> = Vec::new();
            let (mut opened_at, mut in_a_row) = (None, 0);
            for step in steps {
                match step {
                    Step::Wait(seconds) => now += Duration::from_secs(seconds),
                    Step::Begin => {
                        let to_see = circuit.stopped().is_some();
                        match circuit.admits(now) {
                            Err(_) => prop_assert!(opened_at.is_some(), "it opens only by failures in a row"),
                            Ok(()) => {
                                if to_see {
                                    prop_assert!(under_way.iter().all(|(_, sees)| !sees), "a second went to see");
                                    prop_assert!(now >= opened_at.unwrap() + LIMITS.pause);
                                }
                                under_way.push((circuit.begin(), to_see));
                            }
                        }
                    }
                    Step::End(at, answered) if !under_way.is_empty() => {
                        let (ticket, sees) = under_way.swap_remove(at.index(under_way.len()));
                        let counts = circuit.stopped().is_none() && opened_at.is_none();
                        match circuit.end(ticket, answered, LIMITS, now) {
                            Some(Turn::Opened) => {
                                prop_assert!(sees || in_a_row + 1 >= LIMITS.failures);
                                opened_at = Some(now);
                                in_a_row = 0;
                            }
                            Some(Turn::Closed) => {
                                prop_assert!(sees && answered);
                                opened_at = None;
                                in_a_row = 0;
                            }
                            // Those from before it opened and closed again do not count.
                            None if counts && ticket == Ticket(circuit.round) => in_a_row = if answered { 0 } else { in_a_row + 1 },
                            None => {}
                        }
                    }
                    Step::Abandon(at) if !under_way.is_empty() => {
                        let (ticket, _) = under_way.swap_remove(at.index(under_way.len()));
                        circuit.abandon(ticket, now);
                    }
                    Step::End(..) | Step::Abandon(_) => {}
                }
            }
        }
    }
}
