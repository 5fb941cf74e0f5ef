//! Figures that are taken when somebody asks for them.

use std::path::Path;

use super::Running;
use crate::engine::EngineError;
use crate::engine::figures::{
    EVENTS, FAILURES, HELD, LAG, MESSAGES_DEAD, MESSAGES_WAITING, NEXT_SYNC, REMAP_LEFT, STATE, STORE_BYTES,
    SYNCS_QUEUED, SYNCS_RUNNING,
};
use crate::store::Standing;

impl Running {
    /// Brings the figures up to this moment that nothing else moves: how old what is stored is, when syncs are due, how
    /// connections stand, what is left to be mapped again, and how large the store is.
    pub async fn measure(&self) -> Result<(), EngineError> {
        let status = self.full_status().await;
        let count = |holds: fn(&super::SyncState) -> bool| {
            status.connections.iter().filter(|connection| holds(&connection.sync)).count() as f64
        };
        metrics::gauge!(SYNCS_RUNNING).set(count(|sync| sync.now.is_some()));
        metrics::gauge!(SYNCS_QUEUED).set(count(|sync| sync.queued));
        for connection in &status.connections {
            let name = || connection.name.clone();
            if let Some(lag) = connection.lag_seconds {
                metrics::gauge!(LAG, "connection" => name()).set(lag as f64);
            }
            let next = connection.sync.next_at.map_or(0.0, |next| next.as_second() as f64);
            metrics::gauge!(NEXT_SYNC, "connection" => name()).set(next);
            for standing in Standing::ALL {
                let is_it = connection.state == Some(standing);
                metrics::gauge!(STATE, "connection" => name(), "state" => standing.as_str())
                    .set(f64::from(u8::from(is_it)));
            }
            metrics::gauge!(FAILURES, "connection" => name()).set(connection.failures as f64);
            metrics::gauge!(HELD, "connection" => name()).set(f64::from(u8::from(connection.held.is_some())));
            for remap in &connection.remap {
                metrics::gauge!(REMAP_LEFT, "connection" => name(), "model" => remap.model.clone())
                    .set(remap.left as f64);
            }
        }
        for state in self.shared.engine.endpoints().await? {
            let id = || state.endpoint.id.clone();
            metrics::gauge!(MESSAGES_WAITING, "endpoint" => id()).set(state.waiting as f64);
            metrics::gauge!(MESSAGES_DEAD, "endpoint" => id()).set(state.dead as f64);
        }
        let store = &self.shared.engine.store;
        metrics::gauge!(STORE_BYTES).set(bytes_of(store.path()) as f64);
        metrics::gauge!(EVENTS).set(store.events_stored().await? as f64);
        Ok(())
    }
}

/// The file and what SQLite keeps beside it.
fn bytes_of(store: &Path) -> u64 {
    let beside = |suffix: &str| {
        let mut path = store.as_os_str().to_owned();
        path.push(suffix);
        std::fs::metadata(path).map_or(0, |file| file.len())
    };
    beside("") + beside("-wal") + beside("-shm")
}
