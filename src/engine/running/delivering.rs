//! Messages on their way: one queue and one request under way for each endpoint.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Semaphore;
use tokio::task::{Id, JoinError, JoinSet};

use super::Shared;
use crate::engine::figures::MESSAGES_SENT;
use crate::store::{DueDelivery, Settled, StoreError};
use crate::webhook::outgoing::{NotSent, Sender, next_attempt};

/// How long the queue of an endpoint stands still behind a failure; twice as long behind each further one, up to the
/// longest. A single message that an endpoint does not like so holds up no other for long.
const REST: SignedDuration = SignedDuration::from_secs(1);
const LONGEST_REST: SignedDuration = SignedDuration::from_secs(60);

/// What is under way to endpoints.
pub(super) struct Delivering {
    work: Arc<Work>,
    under_way: JoinSet<()>,
    /// The endpoint of each task.
    busy: HashMap<Id, String>,
}

/// What all deliveries have in common.
struct Work {
    shared: Arc<Shared>,
    sender: Sender,
    turns: Semaphore,
    rests: Mutex<BTreeMap<String, Rest>>,
}

/// Why the queue of an endpoint stands still.
#[derive(Debug, Clone, Copy)]
struct Rest {
    failures: u32,
    until: Timestamp,
}

impl Delivering {
    pub fn new(shared: &Arc<Shared>, sender: Sender) -> Delivering {
        let turns = Semaphore::new(shared.options.webhooks.at_once.max(1));
        let work = Work { shared: Arc::clone(shared), sender, turns, rests: Mutex::default() };
        Delivering { work: Arc::new(work), under_way: JoinSet::new(), busy: HashMap::new() }
    }

    /// Begins to send to each endpoint for which something is due, unless it is being sent something.
    pub async fn begin(&mut self) -> Result<(), StoreError> {
        while let Some(ended) = self.under_way.try_join_next_with_id() {
            self.ended_with(ended);
        }
        let now = self.work.shared.now();
        for endpoint in self.work.shared.engine.store.endpoints_with_due(now).await? {
            let is_busy = self.busy.values().any(|busy| *busy == endpoint);
            if is_busy || self.work.rests(&endpoint, now) {
                continue;
            }
            let (work, to) = (Arc::clone(&self.work), endpoint.clone());
            let task = self.under_way.spawn(async move { work.empty(&to).await });
            self.busy.insert(task.id(), endpoint);
        }
        Ok(())
    }

    /// Waits until the queue of an endpoint has come to its end or to a rest.
    pub async fn ended(&mut self) {
        match self.under_way.join_next_with_id().await {
            Some(ended) => self.ended_with(ended),
            None => std::future::pending().await,
        }
    }

    /// Waits for the requests that are under way. No other begins: the engine is stopping.
    pub async fn end(mut self) {
        while self.under_way.join_next().await.is_some() {}
    }

    fn ended_with(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(%error, "sending a message broke off; it is sent again");
                error.id()
            }
        };
        self.busy.remove(&id);
    }
}

impl Work {
    /// Sends what is due to an endpoint, one after the other, until nothing is or something fails.
    async fn empty(&self, endpoint: &str) {
        loop {
            let Ok(_turn) = self.turns.acquire().await else { return };
            if *self.shared.stopping.borrow() {
                return;
            }
            let store = &self.shared.engine.store;
            let sent = match store.due_delivery(endpoint, self.shared.now()).await {
                Ok(Some(due)) => self.send(due).await,
                Ok(None) => return,
                Err(error) => Err(error),
            };
            match sent {
                Ok(true) => drop(self.resting().remove(endpoint)),
                Ok(false) => return self.rest(endpoint),
                Err(error) => {
                    tracing::warn!(endpoint, %error, "the store does not keep what came of a message; it is sent again");
                    return self.rest(endpoint);
                }
            }
        }
    }

    /// Sends a message and keeps what came of it. True when it was taken.
    async fn send(&self, due: DueDelivery) -> Result<bool, StoreError> {
        let DueDelivery { number, endpoint, message, body, attempts, since } = due;
        let sent = match self.shared.engine.endpoint_secret(&endpoint) {
            Ok(secret) => self.sender.send(&endpoint.url, &secret, body).await,
            Err(what) => Err(NotSent::NoSecret(what)),
        };
        let now = self.shared.now();
        let endpoint = endpoint.id;
        let (settled, outcome) = match sent {
            Ok(status) => {
                tracing::debug!(endpoint, message, status, "a message was taken");
                (Settled::Delivered { status }, "delivered")
            }
            Err(not_sent) => {
                let (status, error) = (not_sent.status(), not_sent.to_string());
                match next_attempt(attempts + 1, since, now, fastrand::f64()) {
                    Some(due_at) => {
                        tracing::warn!(endpoint, message, error, again_at = %due_at, "a message was not taken");
                        (Settled::Again { status, error, due_at }, "failed")
                    }
                    None => {
                        tracing::error!(
                            endpoint,
                            message,
                            error,
                            "a message was not taken for a day and is sent no more; see `crosswalk webhooks redeliver`"
                        );
                        (Settled::Dead { status, error }, "dead")
                    }
                }
            }
        };
        metrics::counter!(MESSAGES_SENT, "endpoint" => endpoint, "outcome" => outcome).increment(1);
        self.shared.engine.store.settle_delivery(number, settled, now).await?;
        Ok(outcome == "delivered")
    }

    fn rest(&self, endpoint: &str) {
        let mut resting = self.resting();
        let failures = resting.get(endpoint).map_or(0, |rest| rest.failures) + 1;
        let rest = REST.checked_mul(1 << (failures - 1).min(16)).unwrap_or(LONGEST_REST).min(LONGEST_REST);
        let now = self.shared.now();
        resting.insert(endpoint.to_owned(), Rest { failures, until: now.saturating_add(rest).unwrap_or(now) });
    }

    fn rests(&self, endpoint: &str, now: Timestamp) -> bool {
        // A clock that was set back keeps no endpoint waiting.
        let is_ahead = |rest: &Rest| now < rest.until && rest.until.duration_since(now) <= LONGEST_REST;
        self.resting().get(endpoint).is_some_and(is_ahead)
    }

    fn resting(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Rest>> {
        self.rests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
