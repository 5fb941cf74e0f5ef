//! The health of a connection's source: how much it takes, learned from what it says, and when it is left alone.
//!
//! Everything is per connection, so that one tenant in trouble never slows another; only the number of requests under way
//! is bounded for the process as a whole ([`Caps`]).

mod bucket;
mod budget;
mod caps;
mod circuit;
mod learned;
mod meter;
mod pressure;
mod state;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::{Duration, Instant, sleep_until};
use url::Url;

pub use self::caps::Caps;
use self::circuit::{Stopped, Turn};
pub use self::pressure::{CircuitState, Pressure};
use self::state::{Begun, Ready, State};
pub(super) use self::state::{Door, Verdict};
use super::giving_up::OpenCircuit;
use crate::connector::{Limits, Remote};

/// The health of a connection's source. A copy shares it: give one to every [`Source`](super::Source) of a connection,
/// and what one learned holds for the next.
#[derive(Clone)]
pub struct Health(Arc<Shared>);

struct Shared {
    connection: String,
    caps: Caps,
    /// Requests begin one after the other, in the order in which they came.
    turn: tokio::sync::Mutex<()>,
    /// Something changed for whoever has the turn.
    changed: Notify,
    state: Mutex<State>,
    /// The addresses that the state is about.
    of: Mutex<Option<Addresses>>,
}

type Addresses = (Url, Option<Url>);

/// A request that may be sent. It ends when this is dropped.
pub(super) struct Permit {
    health: Health,
    begun: Option<Begun>,
    /// What it waited for before.
    pub(super) waited: Waited,
    _place: OwnedSemaphorePermit,
}

/// What a request waited for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Waited {
    /// How long in all.
    pub(super) time: Duration,
    /// What for, if for anything: what took longest.
    pub(super) why: Option<&'static str>,
}

/// What took less time is no waiting.
const NOTICED: Duration = Duration::from_millis(1);

impl Waited {
    fn note(&mut self, time: Duration, why: &'static str) {
        if time >= NOTICED && time > self.time {
            *self = Waited { time, why: Some(why) };
        }
    }
}

impl Health {
    /// That of a connection that nothing is known of yet. Its name labels what is measured.
    pub fn new(connection: impl Into<String>, caps: &Caps) -> Health {
        Health(Arc::new(Shared {
            connection: connection.into(),
            caps: caps.clone(),
            turn: tokio::sync::Mutex::default(),
            changed: Notify::new(),
            state: Mutex::new(State::new(Limits::default(), caps.of_one(), Instant::now())),
            of: Mutex::default(),
        }))
    }

    /// What the limits are at this moment.
    pub fn pressure(&self) -> Pressure {
        Pressure::of(&self.state(), Instant::now())
    }

    /// The name of the connection.
    pub(super) fn connection(&self) -> &str {
        &self.0.connection
    }

    /// Takes the limits of a remote system from now on. Where it stands elsewhere than before, nothing is known of it any
    /// more. A [`Source`](super::Source) does so when it is made.
    pub fn attach(&self, remote: &Remote) {
        let addresses = (remote.endpoint.clone(), remote.oauth2.as_ref().map(|oauth2| oauth2.token_url.clone()));
        let mut of = self.0.of.lock().unwrap_or_else(PoisonError::into_inner);
        let moved = of.as_ref().is_some_and(|known| *known != addresses);
        *of = Some(addresses);
        {
            let (mut state, now) = (self.state(), Instant::now());
            if moved {
                state.start_anew(now);
            }
            state.limit(remote.limits.clone(), now);
        }
        self.0.changed.notify_one();
        self.show();
    }

    /// A place for a request, as soon as every limit allows it.
    pub(super) async fn enter(&self, door: Door) -> Result<Permit, OpenCircuit> {
        let came = Instant::now();
        // Whoever comes while the circuit is open does not queue up first.
        self.ready(door)?;
        let _turn = self.0.turn.lock().await;
        let mut longest = Waited::default();
        loop {
            let since = Instant::now();
            match self.ready(door)? {
                Ready::Now => {}
                Ready::At(at, held) => {
                    tokio::select! {
                        () = sleep_until(at) => {}
                        () = self.0.changed.notified() => {}
                    }
                    longest.note(since.elapsed(), if held { "the source" } else { "the rate" });
                    continue;
                }
                Ready::AfterAnother => {
                    self.0.changed.notified().await;
                    longest.note(since.elapsed(), "another request");
                    continue;
                }
            }
            // The place comes last, so that nobody keeps one while it waits for something else.
            let place = self.0.caps.place().await;
            longest.note(since.elapsed(), "other connections");
            let now = Instant::now();
            let begun = {
                let mut state = self.state();
                match state.ready(door, now) {
                    Ok(Ready::Now) => state.begin(door, now),
                    Ok(Ready::At(..) | Ready::AfterAnother) => continue,
                    Err(stopped) => return Err(refused(&state, door, stopped)),
                }
            };
            let time = now - came;
            self.count("crosswalk_source_wait_milliseconds_total", time.as_millis() as u64);
            let in_line = (time >= NOTICED).then_some("its turn");
            let waited = Waited { time, why: longest.why.or(in_line) };
            return Ok(Permit { health: self.clone(), begun: Some(begun), waited, _place: place });
        }
    }

    /// A request is to be sent for the first time.
    pub(super) fn earn(&self) {
        self.state().earn(Instant::now());
    }

    /// Takes a retry; false when the connection has none left.
    pub(super) fn spend(&self) -> bool {
        let spent = self.state().spend(Instant::now());
        if spent {
            self.count("crosswalk_source_retries_total", 1);
        }
        spent
    }

    /// Why no request is sent at this moment, if none is.
    pub(super) fn refusal(&self, door: Door) -> Option<OpenCircuit> {
        self.ready(door).err()
    }

    fn ready(&self, door: Door) -> Result<Ready, OpenCircuit> {
        let mut state = self.state();
        state.ready(door, Instant::now()).map_err(|stopped| refused(&state, door, stopped))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, name: &'static str, by: u64) {
        metrics::counter!(name, "connection" => self.0.connection.clone()).increment(by);
    }

    /// Shows what was learned.
    fn show(&self) {
        let pressure = self.pressure();
        let gauge = |name: &'static str, value: f64| {
            metrics::gauge!(name, "connection" => self.0.connection.clone()).set(value);
        };
        gauge("crosswalk_source_rate", pressure.rate.unwrap_or(f64::INFINITY));
        gauge("crosswalk_source_concurrency", pressure.concurrency.map_or(f64::INFINITY, |most| most as f64));
        gauge("crosswalk_source_retries_left", f64::from(pressure.retries_left));
        gauge(
            "crosswalk_source_circuit_open",
            match pressure.circuit {
                CircuitState::Closed => 0.0,
                CircuitState::HalfOpen { .. } => 0.5,
                CircuitState::Open { .. } => 1.0,
            },
        );
    }
}

impl Permit {
    /// The request came to its end: this is what it says of the source, and what it counts as.
    pub(super) fn end(mut self, verdict: Verdict, outcome: &'static str) {
        let Some(begun) = self.begun.take() else { return };
        let Health(shared) = &self.health;
        let connection = shared.connection.as_str();
        let turn = self.health.state().end(begun, verdict, Instant::now());
        metrics::counter!("crosswalk_source_requests_total", "connection" => connection.to_owned(), "outcome" => outcome)
            .increment(1);
        self.health.show();
        match (turn, self.health.pressure().circuit) {
            (Some(Turn::Opened), CircuitState::Open { failures, until, last, .. }) => {
                tracing::warn!(connection, failures, %until, last, "the source is left alone for a while");
            }
            (Some(Turn::Closed), _) => tracing::info!(connection, "the source answers again"),
            _ => {}
        }
        shared.changed.notify_one();
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take() {
            self.health.state().abandon(begun, Instant::now());
            self.health.0.changed.notify_one();
        }
    }
}

fn refused(state: &State, door: Door, stopped: Stopped) -> OpenCircuit {
    let now = Instant::now();
    OpenCircuit {
        failures: stopped.of.failures,
        since: pressure::moment(stopped.of.since, now),
        until: stopped.until.map(|until| pressure::moment(until, now)),
        last: state.last_failure(door).to_owned(),
    }
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health").field("connection", &self.0.connection).finish_non_exhaustive()
    }
}
