//! What a running engine does at this moment.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::due::Spread;
use super::member::{Member, State};
use crate::engine::EngineError;
use crate::source::Pressure;
use crate::store::Standing;
use crate::sync::{Event, SyncReport};

/// What a running engine does at this moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// Whether an engine runs. The rest is what the store says where none does.
    pub running: bool,
    /// When it began to run.
    pub started_at: Option<Timestamp>,
    /// How it notices that files changed.
    pub watching: String,
    /// How often files were looked at since: what that led to.
    pub reloads: BTreeMap<String, u64>,
    /// What is wrong with the store, so that what it would say is missing.
    #[serde(default)]
    pub store_trouble: Option<String>,
    /// Each connection, in the order of their names.
    pub connections: Vec<ConnectionStatus>,
}

/// What a connection does at this moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConnectionStatus {
    /// Its name.
    pub name: String,
    /// How it stands; none when it never ran.
    pub state: Option<Standing>,
    /// Since when.
    pub state_since: Option<Timestamp>,
    /// Why, unless it is active.
    pub reason: Option<String>,
    /// Its connector; none when its file cannot be read.
    pub connector: Option<String>,
    /// The hash of the revision that it runs with; none when there is none that compiles.
    pub revision: Option<String>,
    /// Since when it runs with it.
    pub since: Option<Timestamp>,
    /// What is wrong with its present files, as pictures.
    pub broken: Option<String>,
    /// Syncs in a row that did not come to their end.
    pub failures: u64,
    /// Why the last of them did not.
    pub error: Option<String>,
    /// The moment of which it has everything that the source had; none while a model was never read to its end.
    pub read_at: Option<Timestamp>,
    /// How long ago that was, in seconds.
    pub lag_seconds: Option<u64>,
    /// Why somebody has to look before deletions are believed.
    pub held: Option<String>,
    /// Its syncs.
    pub sync: SyncState,
    /// How much is asked of its source at this moment, and what that said; none when it never ran.
    pub pressure: Option<Pressure>,
    /// Its models, by their clocks.
    pub models: Vec<ModelStatus>,
    /// Whether stored records are looked through for what is to be mapped again.
    pub mapping_again: bool,
    /// What is to be mapped again, by model.
    pub remap: Vec<RemapStatus>,
}

/// A model of a connection, by its clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelStatus {
    /// The model.
    pub model: String,
    /// When it began to be read the last time that it was read to its end.
    pub read_at: Option<Timestamp>,
    /// When it is read next; none when the clock does not bring it.
    pub next_at: Option<Timestamp>,
    /// Times in a row that it could not be read.
    pub failures: u32,
    /// Why it was not read to its end the last time.
    pub error: Option<String>,
    /// Why somebody has to look before deletions are believed.
    pub held: Option<String>,
}

/// The syncs of a connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncState {
    /// The one that is under way.
    pub now: Option<SyncNow>,
    /// The last one since the engine began to run.
    pub last: Option<Synced>,
    /// When the last one ended, of whichever engine.
    pub tried_at: Option<Timestamp>,
    /// Whether one is due and waits for its turn.
    pub queued: bool,
    /// When the next one begins; none while one is under way, and when the clock brings none.
    pub next_at: Option<Timestamp>,
}

/// A sync that is under way.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncNow {
    /// The model that is read.
    pub model: Option<String>,
    /// Records of it that were read.
    pub fetched: u64,
    /// Records of it that the source announced.
    pub total: Option<u64>,
}

/// A sync that ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Synced {
    /// When it began.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Records that were read.
    pub fetched: u64,
    /// Records that could not be mapped, as a whole or in a field.
    pub failed: u64,
    /// Why it did not come to its end.
    pub error: Option<String>,
    /// The ids of the wishes for it that it answers.
    #[serde(default)]
    pub asked: Vec<String>,
}

/// What is to be mapped again of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemapStatus {
    /// The model.
    pub model: String,
    /// Records that were mapped again.
    pub mapped: u64,
    /// Those of them that changed by it.
    pub changed: u64,
    /// Records that are still to be mapped again.
    pub left: u64,
    /// Records that lack what the revision reads: the next sync brings them.
    pub waiting: u64,
}

impl SyncNow {
    pub(super) fn hear(&mut self, event: &Event) {
        match event {
            Event::Started { model, .. } => {
                *self = SyncNow { model: Some(model.name.to_owned()), ..SyncNow::default() }
            }
            Event::Page { fetched, total, .. } => (self.fetched, self.total) = (*fetched, *total),
            Event::Restarted { .. } | Event::Finished(_) => {}
        }
    }
}

impl Synced {
    pub(super) fn of(report: &SyncReport, began_at: Timestamp, ended_at: Timestamp) -> Synced {
        Synced {
            began_at,
            ended_at,
            fetched: report.models.iter().map(|model| model.counts.fetched).sum(),
            failed: report.failed(),
            error: report.source_error().map(ToString::to_string),
            asked: Vec::new(),
        }
    }

    pub(super) fn failed(error: &EngineError, began_at: Timestamp, ended_at: Timestamp) -> Synced {
        Synced { began_at, ended_at, fetched: 0, failed: 0, error: Some(error.to_string()), asked: Vec::new() }
    }
}

impl ConnectionStatus {
    pub(super) fn of(member: &Member, now: Timestamp) -> ConnectionStatus {
        let State { connection, since, broken, sync, dues, remap, remaps_asked, remaps_done, .. } =
            member.state().clone();
        let remap = remap.iter().map(|progress| RemapStatus {
            model: progress.model.name.to_owned(),
            mapped: progress.done.mapped,
            changed: progress.done.changed,
            left: progress.left.ready,
            waiting: progress.left.waiting,
        });
        let spread = Spread { connection: &member.name, jitter: connection.options.jitter };
        let models = dues.iter().map(|due| ModelStatus {
            model: due.model.name.to_owned(),
            read_at: due.read_at,
            next_at: Some(due.at(spread, now)),
            failures: due.trouble.map_or(0, |trouble| trouble.failures),
            error: None,
            held: None,
        });
        ConnectionStatus {
            connector: Some(connection.connector.value),
            revision: Some(member.live.revision().hash.clone()),
            since: Some(since),
            broken: broken.map(|report| report.to_string()),
            pressure: Some(member.health.pressure()),
            models: models.collect(),
            mapping_again: remaps_asked != remaps_done,
            remap: remap.collect(),
            sync,
            ..ConnectionStatus::unknown(&member.name)
        }
    }

    /// A connection that never ran.
    pub(super) fn of_broken(name: &str, report: &crate::diagnostics::Report) -> ConnectionStatus {
        ConnectionStatus { broken: Some(report.to_string()), ..ConnectionStatus::unknown(name) }
    }
}
