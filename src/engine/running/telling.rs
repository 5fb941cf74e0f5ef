//! What happened becomes messages for those who have endpoints.
//!
//! Changes of records are told from the events in the store, and how far they are told is kept beside the messages. So nothing
//! is lost when the engine ends: what happened meanwhile, by a sync of hand as well, is told when it runs again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::Shared;
use super::delivering::Delivering;
use super::member::{AFTER_TROUBLE, Member};
use crate::engine::EngineError;
use crate::engine::telling::{integration, message, who_wants};
use crate::fetch::Guard;
use crate::model::MODELS;
use crate::store::{Endpoint, Standing, StoreError, Telling, Untold, Window};
use crate::webhook::outgoing::{Event, EventType, Integration, Sender, SetupStatus};

/// How often it is looked whether there is something to tell or to send.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How often it is looked how connections stand, when nothing says that one stands otherwise.
const LOOK_AT_CONNECTIONS: Duration = Duration::from_secs(60);

/// How often old messages are forgotten, how long those can be read that were taken, and those that were given up.
const FORGET_EVERY: Duration = Duration::from_secs(60 * 60);
const TAKEN_ARE_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
const DEAD_ARE_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What was known of a connection when it was looked at last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    integration: Integration,
    state: Standing,
    setup: SetupStatus,
}

/// Where the last look ended.
#[derive(Debug, Default)]
struct Looked {
    /// The number of an event up to which all are told.
    floor: i64,
    at_connections: Option<Instant>,
    forgot: Option<Instant>,
}

impl Shared {
    /// What sends messages.
    pub(super) fn sender(&self) -> Result<Sender, EngineError> {
        let options = &self.options.webhooks;
        Ok(Sender::new(Guard::new(options.reach.clone()), options.time_limit)?)
    }

    /// Tells what happens and sends what is due, until the engine stops.
    pub(super) async fn keep_telling(self: Arc<Self>, sender: Sender) {
        let mut stopping = self.stopping.subscribe();
        let mut looked = Looked::default();
        let mut delivering = Delivering::new(&self, sender);
        loop {
            let told = self.tell_outside(&mut looked).await;
            let pause = match (told, delivering.begin().await) {
                (Ok(()), Ok(())) => LOOK_AGAIN,
                (Err(error), _) | (_, Err(error)) => {
                    tracing::warn!(%error, "webhooks wait until the store can be read and written");
                    AFTER_TROUBLE
                }
            };
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stopping| *stopping) => break,
                () = sleep(pause) => {}
                () = delivering.ended() => {}
            }
        }
        delivering.end().await;
    }

    async fn tell_outside(&self, looked: &mut Looked) -> Result<(), StoreError> {
        let store = &self.engine.store;
        let now = self.now();
        let mut telling = Telling::default();
        let endpoints = store.endpoints().await?;
        let floor = self.tell_changes(&endpoints, now, looked.floor, &mut telling).await?;
        let is_time = looked.at_connections.is_none_or(|at| at.elapsed() > LOOK_AT_CONNECTIONS);
        let looks = self.look.swap(false, Ordering::AcqRel) || is_time;
        let mut result = Ok(());
        if looks {
            result = self.tell_standings(&endpoints, now, &mut telling).await;
        }
        if result.is_ok() && !telling.is_empty() {
            result = store.tell(telling, now).await;
        }
        if looks && result.is_err() {
            self.look.store(true, Ordering::Release);
        }
        result?;
        looked.floor = floor;
        if looks {
            looked.at_connections = Some(Instant::now());
        }
        if looked.forgot.is_none_or(|forgot| forgot.elapsed() > FORGET_EVERY) {
            store.forget_messages(now - TAKEN_ARE_KEPT, now - DEAD_ARE_KEPT).await?;
            looked.forgot = Some(Instant::now());
        }
        Ok(())
    }

    /// Tells of changes of records: at once, and then once a window. Gives the number of an event up to which all are told.
    async fn tell_changes(
        &self,
        endpoints: &[Endpoint],
        now: Timestamp,
        floor: i64,
        telling: &mut Telling,
    ) -> Result<i64, StoreError> {
        let store = &self.engine.store;
        let last = store.last_event().await?;
        if last == floor {
            return Ok(floor);
        }
        // A store that was put back has fewer events than there were.
        let floor = if last < floor { 0 } else { floor };
        let mut changed: BTreeMap<String, Vec<Untold>> = BTreeMap::new();
        for untold in store.untold(floor).await? {
            changed.entry(untold.connection.clone()).or_default().push(untold);
        }
        let windows: BTreeMap<String, Window> =
            store.windows().await?.into_iter().map(|window| (window.connection.clone(), window)).collect();
        let mut next_floor = last;
        for (connection, untold) in changed {
            let event = untold.iter().map(|untold| untold.event).max().unwrap_or_default();
            let window = windows.get(&connection);
            let told_at = window.and_then(|window| window.told_at);
            let of = self.known_as(&connection).await?;
            let wanting = || {
                who_wants(endpoints, EventType::DataChanged, &connection)
                    .filter(|endpoint| event > endpoint.after_event)
            };
            let told_at = match of {
                Some(of) if wanting().next().is_some() => {
                    if !is_open(told_at, now, self.options.webhooks.window) {
                        next_floor = next_floor.min(window.map_or(0, |window| window.event));
                        continue;
                    }
                    telling.messages.extend(message(&changes(&untold), &connection, &of, wanting()));
                    Some(now)
                }
                // There is nobody to tell, or nothing to call it by.
                _ => told_at,
            };
            telling.windows.push(Window { connection, event, told_at });
        }
        Ok(next_floor)
    }

    /// What those who are told call a connection.
    async fn known_as(&self, connection: &str) -> Result<Option<Integration>, StoreError> {
        let member = self.members().get(connection).cloned();
        if let Some(member) = member {
            return Ok(Some(member.integration()));
        }
        let known = self.engine.store.known_integrations().await?;
        let found = known.into_iter().find(|(name, _)| name == connection);
        Ok(found.and_then(|(_, known)| read(&known)).map(|known| known.integration))
    }

    /// Tells which connections are new or gone, and which stand otherwise than when they were looked at last.
    async fn tell_standings(
        &self,
        endpoints: &[Endpoint],
        now: Timestamp,
        telling: &mut Telling,
    ) -> Result<(), StoreError> {
        let store = &self.engine.store;
        let mut known: BTreeMap<String, String> = store.known_integrations().await?.into_iter().collect();
        let states = store.connection_states().await?;
        let members: Vec<Arc<Member>> = self.members().values().cloned().collect();
        for member in members {
            let name = &member.name;
            let Some(state) = states.iter().find(|state| state.connection == *name) else { continue };
            let is =
                Known { integration: member.integration(), state: state.standing, setup: member.setup(self).await? };
            let written = serde_json::to_string(&is).expect("texts are JSON");
            let was = known.remove(name);
            if was.as_ref() == Some(&written) {
                continue;
            }
            let event = match was.as_deref().and_then(read) {
                None => Some(Event::Created),
                Some(was) if (was.state, was.setup) != (is.state, is.setup) => {
                    Some(Event::StateChanged(is.state, is.setup, now))
                }
                Some(_) => None,
            };
            if let Some(event) = event {
                // A connection that was there before the endpoint is not new to it.
                let since = match event {
                    Event::Created => store.last_state_change(name).await?,
                    _ => i64::MAX,
                };
                let wanting = who_wants(endpoints, event.kind(), name).filter(|endpoint| since > endpoint.after_state);
                telling.messages.extend(message(&event, name, &is.integration, wanting));
            }
            telling.known.push((name.clone(), Some(written)));
        }
        // A disk that is not mounted says nothing about connections.
        let files = self.engine.home.connections();
        if !self.engine.home.root().join("connections").is_dir() {
            return Ok(());
        }
        for (name, was) in known {
            if files.contains(&name) {
                continue;
            }
            if let Some(was) = read(&was) {
                let wanting = who_wants(endpoints, EventType::IntegrationDeleted, &name);
                telling.messages.extend(message(&Event::Deleted(now), &name, &was.integration, wanting));
            }
            telling.known.push((name, None));
        }
        Ok(())
    }
}

impl Member {
    fn integration(&self) -> Integration {
        integration(&self.state().connection, &self.live.revision())
    }

    /// Whether each of its models was read to its end once.
    async fn setup(&self, shared: &Shared) -> Result<SetupStatus, StoreError> {
        let options = self.state().connection.options.clone();
        for plan in self.live.revision().plans() {
            let model = plan.model();
            let is_off = options.models.get(model.name).is_some_and(|own| own.off);
            if !is_off && shared.engine.store.latest_complete(&self.name, model).await?.is_none() {
                return Ok(SetupStatus::FinalSyncPending);
            }
        }
        Ok(SetupStatus::Completed)
    }
}

/// What a later version wrote is not known.
fn read(known: &str) -> Option<Known> {
    serde_json::from_str(known).ok()
}

fn changes(untold: &[Untold]) -> Event {
    let is_told = |name: &str| untold.iter().any(|untold| untold.model == name);
    Event::DataChanged(MODELS.iter().map(|model| model.name).filter(|name| is_told(name)).map(str::to_owned).collect())
}

/// Whether changes may be told again. A clock that was set back keeps nobody from being told.
fn is_open(told_at: Option<Timestamp>, now: Timestamp, window: Duration) -> bool {
    told_at.is_none_or(|told_at| {
        let passed = now.duration_since(told_at);
        passed.is_negative() || Duration::try_from(passed).is_ok_and(|passed| passed >= window)
    })
}
