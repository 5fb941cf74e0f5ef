//! What the limits of a connection are at this moment.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::circuit::Stopped;
use super::state::{Door, State};

/// What the limits of a connection are at this moment, and what its source said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pressure {
    /// Requests a second that may begin; none while nothing bounds them.
    pub rate: Option<f64>,
    /// Requests that may be under way at the same time; none while only the process bounds them.
    pub concurrency: Option<usize>,
    /// Requests that are under way.
    pub under_way: usize,
    /// Requests that were sent, the repeated ones included.
    pub requests: u64,
    /// Requests that the source turned away because they were too many.
    pub throttled: u64,
    /// Requests that were not answered as they should.
    pub failed: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Requests that may be sent again now.
    pub retries_left: u32,
    /// No request is sent before: the source asked for it.
    pub held_until: Option<Timestamp>,
    /// Whether requests are sent at all.
    pub circuit: CircuitState,
}

/// Whether requests are sent at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CircuitState {
    /// They are.
    Closed,
    /// None is: one after the other failed.
    Open {
        /// Since when.
        since: Timestamp,
        /// When one is sent again, to see.
        until: Timestamp,
        /// How many failed.
        failures: u32,
        /// What the last of them said.
        last: String,
    },
    /// One is sent, to see.
    HalfOpen {
        /// Since when none was answered.
        since: Timestamp,
        /// How many failed.
        failures: u32,
        /// What the last of them said.
        last: String,
    },
}

impl Pressure {
    /// What is not as usual, in a line for people; none when nothing is.
    pub fn remark(&self) -> Option<String> {
        let seconds = |moment: &Timestamp| moment.strftime("%H:%M:%SZ").to_string();
        match &self.circuit {
            CircuitState::Open { since, until, failures, last } => {
                let (since, until) = (seconds(since), seconds(until));
                return Some(format!("left alone since {since} until {until}, after {failures} failures: {last}"));
            }
            CircuitState::HalfOpen { failures, .. } => {
                return Some(format!("one request goes to see whether it answers, after {failures} failures"));
            }
            CircuitState::Closed => {}
        }
        if let Some(until) = &self.held_until {
            return Some(format!("still until {}, as the source asked", seconds(until)));
        }
        let out_of_retries = self.retries_left == 0 && self.retries > 0;
        out_of_retries.then(|| "no retries left, too many requests failed".to_owned())
    }

    pub(super) fn of(state: &State, now: Instant) -> Pressure {
        let stopped = [Door::Tokens, Door::Endpoint].into_iter().find_map(|door| Some((door, state.stopped(door)?)));
        let circuit = match stopped {
            None => CircuitState::Closed,
            Some((door, Stopped { of, until })) => {
                let (since, failures) = (moment(of.since, now), of.failures);
                let last = state.last_failure(door).to_owned();
                match until.filter(|until| *until > now) {
                    Some(until) => CircuitState::Open { since, until: moment(until, now), failures, last },
                    None => CircuitState::HalfOpen { since, failures, last },
                }
            }
        };
        Pressure {
            rate: state.rate(now),
            concurrency: state.concurrency(now),
            under_way: state.under_way,
            requests: state.counts.requests,
            throttled: state.counts.throttled,
            failed: state.counts.failed,
            retries: state.counts.retries,
            retries_left: state.retries_left(now),
            held_until: state.held_until(now).map(|until| moment(until, now)),
            circuit,
        }
    }
}

/// What the clock on the wall shows at a moment.
pub(super) fn moment(at: Instant, now: Instant) -> Timestamp {
    let ahead = SignedDuration::try_from(at.saturating_duration_since(now)).unwrap_or(SignedDuration::MAX);
    let ago = SignedDuration::try_from(now.saturating_duration_since(at)).unwrap_or(SignedDuration::MAX);
    let present = Timestamp::now();
    present.saturating_add(ahead).and_then(|moment| moment.saturating_sub(ago)).unwrap_or(present)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_as_usual_is_said_in_a_line() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let usual = Pressure {
            rate: Some(8.0),
            concurrency: None,
            under_way: 1,
            requests: 20,
            throttled: 0,
            failed: 3,
            retries: 3,
            retries_left: 17,
            held_until: None,
            circuit: CircuitState::Closed,
        };
        assert_eq!(usual.remark(), None);
        assert_eq!(
            Pressure { retries_left: 0, ..usual.clone() }.remark().as_deref(),
            Some("no retries left, too many requests failed")
        );
        let held = Pressure { held_until: Some(at("2026-11-24T12:00:07.5Z")), ..usual.clone() };
        assert_eq!(held.remark().as_deref(), Some("still until 12:00:07Z, as the source asked"));
        let circuit = CircuitState::Open {
            since: at("2026-11-24T11:59:00Z"),
            until: at("2026-11-24T12:00:00Z"),
            failures: 10,
            last: "nobody was in".to_owned(),
        };
        let open = Pressure { circuit, ..held };
        assert_eq!(
            open.remark().as_deref(),
            Some("left alone since 11:59:00Z until 12:00:00Z, after 10 failures: nobody was in")
        );
        let json = serde_json::to_string(&open).unwrap();
        assert!(json.contains(r#""circuit":{"state":"open","since":"#), "{json}");
        assert_eq!(serde_json::from_str::<Pressure>(&json).unwrap(), open);
    }
}
