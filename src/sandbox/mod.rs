//! A local Carerix: identity server, GraphQL and made-up data.
//!
//! It serves the schema of `mappings/carerix/schema.graphql` with the habits of the real API: unsorted queries come
//! shuffled, filters speak the qualifier language, dates are the wall clock of Amsterdam, archived records hide unless
//! `norestrict` asks for them. Mutations are carried out with the source's habits, and where those are not known, with
//! those of `Habits`.
//!
//! It misbehaves on demand, and its tenant lives: `faults` says how, and `Sandbox` and `/sandbox/…` edit.

mod admin;
mod data;
mod failure;
mod faults;
mod graphql;
mod guide;
mod habits;
mod identity;
mod mutations;
mod options;
mod page;
mod qualifier;
mod resolve;
mod scopes;
mod server;
mod stats;
#[cfg(test)]
mod tests;
mod webhooks;

pub use data::{Churn, EditError, Mail};
pub use faults::{ChurnRule, Concurrency, Cost, Endpoint, Fault, Faults, FaultsError, Poison, Rate, Rule, When};
pub use habits::Habits;
pub use options::Options;
pub use stats::Stats;

use data::{Change, Kind, World};
use graphql::{Request, query_freely};
use page::Orders;
use resolve::Tenant;
use serde_json::{Map, Value, json};
use server::Shared;
use std::net::Ipv4Addr;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A running sandbox. Dropping it stops it.
#[derive(Debug)]
pub struct Sandbox {
    shared: Arc<Shared>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Sandbox {
    /// Draws the data, binds to 127.0.0.1 and serves on the current tokio runtime.
    pub async fn start(options: Options) -> std::io::Result<Sandbox> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let faults = faults::State::new(options.faults.clone()).map_err(std::io::Error::other)?;
        let (seed, candidates) = (options.seed, options.candidates);
        let mut world = tokio::task::spawn_blocking(move || World::new(seed, candidates)).await?;
        world.habits = options.habits;
        let shared = Arc::new(Shared {
            options,
            base_url,
            tokens: Default::default(),
            tenant: RwLock::new(Tenant { world, orders: Orders::default() }),
            faults,
            counters: Default::default(),
            whole: Default::default(),
            hooks: Default::default(),
            runtime: tokio::runtime::Handle::current(),
            closing: Default::default(),
        });
        let (stop, server) = server::serve(listener, Arc::clone(&shared));
        Ok(Sandbox { shared, stop, server })
    }

    /// `http://127.0.0.1:PORT`, for the identity server and the API alike.
    pub fn base_url(&self) -> &str {
        &self.shared.base_url
    }

    /// What the sandbox was started with.
    pub fn options(&self) -> &Options {
        &self.shared.options
    }

    /// How many GraphQL requests were answered so far, the refused ones included.
    pub fn requests(&self) -> u64 {
        self.stats().requests
    }

    /// Changes plain fields of one record, given its type (`CREmployee`), its `_id` and a function that gets the
    /// present values. To-one relations can be set as `{"_id": "…"}`. `modificationDate` becomes the present moment
    /// unless the function changes it.
    pub fn edit(&self, kind: &str, id: &str, change: impl FnOnce(&mut Map<String, Value>)) -> Result<(), EditError> {
        self.rewrite(|world| {
            let before = world.plain_fields(kind, id)?;
            let mut after = before.clone();
            change(&mut after);
            after.retain(|field, value| before.get(field) != Some(value));
            world.edit(kind, id, &after)
        })
        .map(drop)
    }

    /// Makes one more candidate, vacancy, match or user of the office (`CREmployee`, `CRVacancy`, `CRMatch`, `CRUser`),
    /// drawn like the others, with `fields` set over it, and yields its `_id`. A match is between `toEmployee` and
    /// `toVacancy`, given as `{"_id": "…"}`, or between any two that have none yet.
    pub fn insert(&self, kind: &str, fields: &Map<String, Value>) -> Result<String, EditError> {
        let changes = self.rewrite(|world| world.insert(kind, fields))?;
        Ok(changes.into_iter().next_back().map(|change| change.id).unwrap_or_default())
    }

    /// Archives a record: `deleted` becomes 1, and only `norestrict` queries find it.
    pub fn archive(&self, kind: &str, id: &str) -> Result<(), EditError> {
        self.set_archived(kind, id, 1)
    }

    /// Brings an archived record back.
    pub fn unarchive(&self, kind: &str, id: &str) -> Result<(), EditError> {
        self.set_archived(kind, id, 0)
    }

    fn set_archived(&self, kind: &str, id: &str, flag: i32) -> Result<(), EditError> {
        let fields = Map::from_iter([("deleted".to_owned(), json!(flag))]);
        self.rewrite(|world| world.edit(kind, id, &fields)).map(drop)
    }

    /// Deletes a match for good: it leaves no trace.
    pub fn remove_match(&self, id: &str) -> Result<(), EditError> {
        self.remove(Kind::Match.name(), id)
    }

    /// Deletes any record for good. A candidate takes its matches and its user along, a vacancy its matches,
    /// publications and team.
    pub fn remove(&self, kind: &str, id: &str) -> Result<(), EditError> {
        self.rewrite(|world| world.remove(kind, id)).map(drop)
    }

    /// Makes as many changes of the usual mixture as are asked for, and yields how many records they touched.
    pub fn churn(&self, seed: u64, changes: u32) -> usize {
        self.churn_as(Churn::usual(seed, changes))
    }

    /// Makes changes, and yields how many records they touched.
    pub fn churn_as(&self, churn: Churn) -> usize {
        self.shared.churn(churn).len()
    }

    /// Replaces what goes wrong. Running numbers of calls begin anew.
    pub fn set_faults(&self, faults: Faults) -> Result<(), FaultsError> {
        self.shared.faults.set(faults)
    }

    /// What goes wrong at the moment.
    pub fn faults(&self) -> Faults {
        self.shared.faults.plan()
    }

    /// What was done so far.
    pub fn stats(&self) -> Stats {
        self.shared.counters.snapshot()
    }

    /// Refuses every token that was given out so far.
    pub fn revoke_tokens(&self) {
        self.shared.tokens.revoke();
    }

    /// The e-mails that the source would have sent so far.
    pub fn outbox(&self) -> Vec<Mail> {
        self.shared.tenant.read().unwrap_or_else(PoisonError::into_inner).world.outbox.clone()
    }

    /// How writes are taken from now on.
    pub fn set_habits(&self, habits: Habits) {
        self.shared.tenant.write().unwrap_or_else(PoisonError::into_inner).world.habits = habits;
    }

    /// How writes are taken at the moment.
    pub fn habits(&self) -> Habits {
        self.shared.tenant.read().unwrap_or_else(PoisonError::into_inner).world.habits
    }

    /// The `data` of a query or mutation, without token, limits or faults and from the whole schema; or the text of its error.
    /// Pages are as long as `page_cap` allows.
    pub fn query(&self, text: &str) -> Result<Value, String> {
        query_freely(&self.shared, &Request::of(text, None))
    }

    fn rewrite(
        &self,
        change: impl FnOnce(&mut World) -> Result<Vec<Change>, EditError>,
    ) -> Result<Vec<Change>, EditError> {
        self.shared.rewrite(change)
    }

    /// Stops serving and waits until open requests are answered.
    pub async fn stop(self) {
        let Sandbox { stop, server, .. } = self;
        drop(stop);
        // A server that failed has stopped too.
        let _ = server.await;
    }
}
