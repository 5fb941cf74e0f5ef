//! What the sandbox did.

use super::data::Change;
use super::faults::{Answer, Call};
use axum::http::StatusCode;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Counts since the sandbox was started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// GraphQL requests, the refused ones included.
    pub requests: u64,
    /// The same by root field.
    pub operations: BTreeMap<String, u64>,
    /// Answers of the GraphQL endpoint by HTTP status.
    pub statuses: BTreeMap<u16, u64>,
    /// Answers with HTTP 429, of both endpoints.
    pub throttled: u64,
    /// The most GraphQL requests that were under way at once.
    pub max_concurrent: u64,
    /// Requests of tokens.
    pub token_requests: u64,
    /// Tokens that were given out.
    pub tokens: u64,
    /// Faults that acted, by the name in the plan; and `rate_limit`, `concurrency_limit`, `cost`, `poisoned` and
    /// `undefined_field`.
    pub faults: BTreeMap<String, u64>,
    /// Mutations that were carried out, whether or not their answers arrived.
    pub mutations: u64,
    /// Records of the tenant that were made, changed or removed since it was drawn.
    pub changes: BTreeMap<String, u64>,
    /// Attempts to deliver an event, by how they ended.
    pub deliveries: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    stats: Mutex<Stats>,
    under_way: AtomicU64,
}

/// A request that is under way until this is dropped.
pub(super) struct UnderWay<'c> {
    counters: &'c Counters,
    /// How many there are with this one.
    pub(super) at_once: u64,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.counters.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Counters {
    fn stats(&self) -> MutexGuard<'_, Stats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn snapshot(&self) -> Stats {
        self.stats().clone()
    }

    pub(super) fn begin(&self) -> UnderWay<'_> {
        let at_once = self.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        let mut stats = self.stats();
        stats.max_concurrent = stats.max_concurrent.max(at_once);
        UnderWay { counters: self, at_once }
    }

    pub(super) fn called(&self, call: &Call) {
        let mut stats = self.stats();
        for root in &call.roots {
            *stats.operations.entry(root.name.clone()).or_default() += 1;
        }
    }

    pub(super) fn answered(&self, answer: &Answer) {
        let mut stats = self.stats();
        stats.requests += 1;
        *stats.statuses.entry(answer.status.as_u16()).or_default() += 1;
        stats.throttled += u64::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }

    pub(super) fn token_answered(&self, answer: &Answer) {
        let mut stats = self.stats();
        stats.token_requests += 1;
        stats.throttled += u64::from(answer.status == StatusCode::TOO_MANY_REQUESTS);
    }

    pub(super) fn token_given(&self) {
        self.stats().tokens += 1;
    }

    pub(super) fn fault(&self, name: &str) {
        *self.stats().faults.entry(name.to_owned()).or_default() += 1;
    }

    pub(super) fn change(&self, word: &str) {
        *self.stats().changes.entry(word.to_owned()).or_default() += 1;
    }

    pub(super) fn mutated(&self, changes: &[Change]) {
        let mut stats = self.stats();
        stats.mutations += 1;
        for change in changes {
            *stats.changes.entry(change.kind.word().to_owned()).or_default() += 1;
        }
    }

    pub(super) fn delivery(&self, end: &str) {
        *self.stats().deliveries.entry(end.to_owned()).or_default() += 1;
    }
}
