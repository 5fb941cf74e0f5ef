//! What the store says of connections, whether an engine runs or not.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::status::{ConnectionStatus, ModelStatus, Status, SyncState};
use super::{Running, Shared};
use crate::connector::Connection;
use crate::engine::{Engine, EngineError};
use crate::model::{MODELS, Model};
use crate::store::{ConnectionState, RunState};

impl Engine {
    /// What the store says of all connections: what an engine that runs no more has left behind.
    pub async fn stored_status(&self) -> Result<Status, EngineError> {
        let states = self.store.connection_states().await?;
        let mut names: BTreeSet<String> = self.store.connections().await?.into_iter().collect();
        names.extend(states.iter().map(|state| state.connection.clone()));
        names.extend(self.home.connections());
        let mut connections = Vec::new();
        for name in names {
            connections.push(self.stored_status_of(&name, &states).await?);
        }
        Ok(Status {
            running: false,
            started_at: None,
            watching: "not at all".to_owned(),
            reloads: Default::default(),
            store_trouble: None,
            connections,
        })
    }

    async fn stored_status_of(&self, name: &str, states: &[ConnectionState]) -> Result<ConnectionStatus, EngineError> {
        let mut status = ConnectionStatus::unknown(name);
        if let Some(state) = states.iter().find(|state| state.connection == name) {
            status.take_state(state);
            status.sync.next_at = state.next_at;
        }
        status.revision = self.store.revisions(Some(name), 1).await?.pop().map(|revision| revision.hash);
        status.take_models(self.models_of(name).await?, Timestamp::now());
        Ok(status)
    }

    /// How far each model was read that ever was tried.
    async fn models_of(&self, connection: &str) -> Result<Vec<ModelStatus>, EngineError> {
        // What the file switched off is not expected to be fresh.
        let options = Connection::load(&self.home, connection).map(|connection| connection.options).unwrap_or_default();
        let is_off = |model: &Model| options.models.get(model.name).is_some_and(|own| own.off);
        let mut models = Vec::new();
        for model in MODELS.iter().filter(|model| !is_off(model)) {
            let Some(latest) = self.store.runs(Some(connection), Some(model), 1).await?.pop() else { continue };
            let complete = self.store.latest_complete(connection, model).await?;
            let chain = self.store.chain(connection, model).await?;
            // What changed is read on while deletions are held.
            let held = chain.held().map(|run| run.message.unwrap_or_default());
            let is_wrong = latest.state == RunState::Failed || latest.state == RunState::Incomplete;
            models.push(ModelStatus {
                model: model.name.to_owned(),
                read_at: complete.map(|run| run.started_at),
                next_at: None,
                failures: 0,
                error: latest.message.filter(|_| is_wrong),
                held,
            });
        }
        Ok(models)
    }
}

impl Running {
    /// What goes on at this moment, with what the store says of each connection, those included that run no more.
    pub async fn full_status(&self) -> Status {
        self.shared.full_status().await
    }

    /// The same of one connection that runs.
    pub async fn full_status_of(&self, connection: &str) -> Result<Option<ConnectionStatus>, EngineError> {
        let member = self.shared.members().get(connection).cloned();
        let Some(member) = member else { return Ok(None) };
        let now = self.shared.now();
        let mut status = ConnectionStatus::of(&member, now);
        let engine = &self.shared.engine;
        let states = engine.store.connection_states().await?;
        status.add(engine.stored_status_of(connection, &states).await?, now);
        Ok(Some(status))
    }
}

impl Shared {
    pub(super) async fn full_status(&self) -> Status {
        let mut status = self.status();
        let now = self.now();
        let stored = match self.engine.stored_status().await {
            Ok(stored) => stored.connections,
            Err(error) => {
                // What the engine knows by itself is worth most when the store is in trouble.
                status.store_trouble = Some(error.to_string());
                Vec::new()
            }
        };
        for stored in stored {
            match status.connections.iter_mut().find(|live| live.name == stored.name) {
                None => status.connections.push(stored),
                Some(live) => live.add(stored, now),
            }
        }
        status.connections.sort_by(|one, other| one.name.cmp(&other.name));
        status
    }
}

impl ConnectionStatus {
    /// One of which nothing is known but its name.
    pub(super) fn unknown(name: &str) -> ConnectionStatus {
        ConnectionStatus {
            name: name.to_owned(),
            state: None,
            state_since: None,
            reason: None,
            connector: None,
            revision: None,
            since: None,
            broken: None,
            failures: 0,
            error: None,
            read_at: None,
            lag_seconds: None,
            held: None,
            sync: SyncState::default(),
            pressure: None,
            models: Vec::new(),
            mapping_again: false,
            remap: Vec::new(),
        }
    }

    fn take_state(&mut self, state: &ConnectionState) {
        self.state = Some(state.standing);
        self.state_since = Some(state.since);
        self.reason.clone_from(&state.reason);
        self.failures = state.failures;
        self.error.clone_from(&state.error);
        self.sync.tried_at = state.tried_at;
    }

    /// Takes over how far each model was read: what the connection has is as old as the oldest of them.
    fn take_models(&mut self, models: Vec<ModelStatus>, now: Timestamp) {
        let oldest = models.iter().map(|model| model.read_at).min();
        self.read_at = oldest.flatten();
        self.lag_seconds = self.read_at.map(|read_at| now.duration_since(read_at).as_secs().max(0).cast_unsigned());
        self.held = models.iter().find_map(|model| Some(format!("{}: {}", model.model, model.held.as_ref()?)));
        self.models = models;
    }

    /// Adds what the store says to what the engine does.
    fn add(&mut self, stored: ConnectionStatus, now: Timestamp) {
        let ConnectionStatus { state, state_since, reason, failures, error, sync, .. } = stored;
        (self.state, self.state_since, self.reason) = (state, state_since, reason);
        (self.failures, self.error) = (failures, error);
        self.sync.tried_at = sync.tried_at;
        let clocks = std::mem::take(&mut self.models);
        let mut models = stored.models;
        // Nor is what the mapping no longer reads.
        models.retain(|model| clocks.is_empty() || clocks.iter().any(|clock| clock.model == model.model));
        for clock in clocks {
            match models.iter_mut().find(|model| model.model == clock.model) {
                Some(model) => (model.next_at, model.failures) = (clock.next_at, clock.failures),
                None => models.push(clock),
            }
        }
        self.take_models(models, now);
    }
}
