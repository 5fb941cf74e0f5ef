//! A local Carerix: identity server, GraphQL and made-up data.
//!
//! It serves the schema of `mappings/carerix/schema.graphql` with the habits of the real API: unsorted queries come
//! shuffled, filters speak the qualifier language, dates are the wall clock of Amsterdam, archived records hide unless
//! `norestrict` asks for them. It reads only; mutations are refused.

mod data;
mod failure;
mod graphql;
mod guide;
mod identity;
mod options;
mod page;
mod qualifier;
mod resolve;
mod server;
#[cfg(test)]
mod tests;

pub use data::EditError;
pub use options::Options;

use data::{Kind, World};
use page::Orders;
use resolve::Tenant;
use serde_json::{Map, Value, json};
use server::Shared;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU64, Ordering};
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
        let (seed, candidates) = (options.seed, options.candidates);
        let world = tokio::task::spawn_blocking(move || World::new(seed, candidates)).await?;
        let shared = Arc::new(Shared {
            options,
            base_url,
            tokens: Default::default(),
            documents: Default::default(),
            tenant: RwLock::new(Tenant { world, orders: Orders::default() }),
            requests: AtomicU64::new(0),
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
        self.shared.requests.load(Ordering::Relaxed)
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
    }

    /// Archives a record: `deleted` becomes 1, and only `norestrict` queries find it.
    pub fn archive(&self, kind: &str, id: &str) -> Result<(), EditError> {
        let archived = Map::from_iter([("deleted".to_owned(), json!(1))]);
        self.rewrite(|world| world.edit(kind, id, &archived))
    }

    /// Deletes a match for good: it leaves no trace.
    pub fn remove_match(&self, id: &str) -> Result<(), EditError> {
        self.rewrite(|world| world.remove(Kind::Match, id))
    }

    fn rewrite(&self, change: impl FnOnce(&mut World) -> Result<(), EditError>) -> Result<(), EditError> {
        let mut tenant = self.shared.tenant.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut tenant.world)?;
        tenant.orders.forget();
        Ok(())
    }

    /// Stops serving and waits until open requests are answered.
    pub async fn stop(self) {
        let Sandbox { stop, server, .. } = self;
        drop(stop);
        // A server that failed has stopped too.
        let _ = server.await;
    }
}
