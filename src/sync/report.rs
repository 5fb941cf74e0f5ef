//! What a sync did.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::mapper::MappedPage;
use super::remap::RemapProgress;
use crate::mapping::Severity;
use crate::model::Model;
use crate::source::SourceError;
use crate::store::Counts;

/// What a sync of a connection did.
#[derive(Debug, Clone)]
pub struct SyncReport {
    /// The connection.
    pub connection: String,
    /// The revision that mapped its records.
    pub revision: String,
    /// Each model, in the order of reading.
    pub models: Vec<ModelReport>,
    /// What was mapped again of what was stored before, because the mapping is another now.
    pub remapped: Vec<RemapProgress>,
}

impl SyncReport {
    /// Records that could not be mapped, as a whole or in a field.
    pub fn failed(&self) -> u64 {
        let read: u64 = self.models.iter().map(|model| model.counts.failed).sum();
        read + self.remapped.iter().map(|progress| progress.done.failed).sum::<u64>()
    }

    /// The first error of the source.
    pub fn source_error(&self) -> Option<&SourceError> {
        self.models.iter().find_map(|model| match &model.state {
            State::Interrupted(error) | State::Failed(error) => Some(error.as_ref()),
            _ => None,
        })
    }
}

/// What a sync did with one model.
#[derive(Debug, Clone)]
pub struct ModelReport {
    /// The model.
    pub model: &'static Model,
    /// Its records.
    pub counts: Counts,
    /// How it ended.
    pub state: State,
    /// Why values and records did not map.
    pub reasons: Reasons,
    /// From when on changes were asked for; none where they were not.
    pub since: Option<Timestamp>,
    /// Whether all records were read.
    pub all: bool,
    /// Whether all ids were read.
    pub swept: bool,
    /// The page at which an interrupted sync went on.
    pub resumed_at: Option<u32>,
    /// Why an interrupted sync could not go on and began anew.
    pub restarted: Option<String>,
    /// How long it took.
    pub elapsed: Duration,
}

/// How the reading of a model ended.
#[derive(Debug, Clone)]
pub enum State {
    /// Everything was read; what the source no longer has is marked as deleted.
    Complete,
    /// The end was reached, but not all rows were seen, for this reason. Nothing was marked as deleted.
    Incomplete(String),
    /// Everything was read, but so much is gone, for this reason, that somebody has to look before it is marked as deleted.
    Held(String),
    /// The source failed for now. The next sync goes on where this one ended.
    Interrupted(Arc<SourceError>),
    /// The source refuses. Nothing was marked as deleted.
    Failed(Arc<SourceError>),
    /// An earlier model showed that there is no use in asking.
    NotRead,
}

impl ModelReport {
    pub(super) fn not_read(model: &'static Model) -> ModelReport {
        ModelReport {
            model,
            counts: Counts::default(),
            state: State::NotRead,
            reasons: Reasons::default(),
            since: None,
            all: false,
            swept: false,
            resumed_at: None,
            restarted: None,
            elapsed: Duration::ZERO,
        }
    }

    /// Whether no other model can be read either.
    pub(super) fn ends_the_sync(&self) -> bool {
        match &self.state {
            State::Interrupted(error) | State::Failed(error) => error.befalls_all_requests(),
            State::NotRead => true,
            State::Complete | State::Incomplete(_) | State::Held(_) => false,
        }
    }
}

/// Why values and records did not map, with how often each reason came up.
#[derive(Debug, Clone, Default)]
pub struct Reasons {
    counts: BTreeMap<(bool, String), u64>,
    others: u64,
}

/// More different reasons than anybody reads.
const MOST: usize = 500;

impl Reasons {
    pub(super) fn add(&mut self, page: &MappedPage) {
        for row in &page.rows {
            if let Err(failure) = &row.unified {
                self.count(true, &failure.0);
            }
            for issue in &row.issues {
                self.count(issue.severity == Severity::Failed, &issue.to_string());
            }
        }
        for why in &page.nameless {
            self.count(true, why);
        }
        for _ in page.nameless.len() as u64..page.lost {
            self.count(true, "the record came without an id and was not stored");
        }
    }

    /// Adds those of another walk.
    pub(super) fn merge(&mut self, other: Reasons) {
        for (key, count) in other.counts {
            *self.counts.entry(key).or_default() += count;
        }
        self.others += other.others;
    }

    fn count(&mut self, failed: bool, reason: &str) {
        let key = (failed, reason.to_owned());
        if self.counts.len() >= MOST && !self.counts.contains_key(&key) {
            self.others += 1;
        } else {
            *self.counts.entry(key).or_default() += 1;
        }
    }

    /// The reasons, failures first and then the most frequent: whether records failed by it, the reason, how often.
    pub fn ranked(&self) -> Vec<(bool, &str, u64)> {
        let mut ranked: Vec<_> =
            self.counts.iter().map(|((failed, reason), count)| (*failed, reason.as_str(), *count)).collect();
        ranked.sort_by(|a, b| (b.0, b.2, a.1).cmp(&(a.0, a.2, b.1)));
        if self.others > 0 {
            ranked.push((false, "other reasons", self.others));
        }
        ranked
    }
}
