//! The library's face: opens a home folder and ties the modules together.

mod acting;
pub mod cases;
mod coverage;
mod credentials;
mod endpoints;
mod error;
mod explain;
mod figures;
mod integration;
mod keys;
mod online;
mod page;
mod preview;
mod pull;
mod record;
mod rollback;
mod running;
mod schemas;
mod standing;
mod telling;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

pub use acting::Acted;
pub use coverage::{Coverage, FieldCoverage, Support};
pub use credentials::{Missing, credentials};
pub use endpoints::{MadeEndpoint, NewEndpoint};
pub use error::EngineError;
pub use explain::{Difference, Explanation, Stored};
pub(crate) use figures::API_REQUESTS;
pub use figures::{API_BOUNDS, API_SECONDS, BOUNDS, FIGURES, Figure, FigureKind, describe};
pub use integration::IntegrationId;
pub use keys::{ApiKey, MadeKey, NameTaken, NewKey};
pub use online::{AccessReport, Cause, FREE_FIELDS, Finding, Probe, ProbeState, Verdict};
pub use page::{CursorError, PAGE_SIZE, Page, PageError, PageQuery, View};
pub use preview::{Against, FieldPreview, ModelPreview, Preview, Remark, Sample};
pub use pull::{SchemaPull, SchemaReader};
pub use record::{Listing, ListingOf, Record};
pub use rollback::{Rollback, RollbackStep};
pub use running::{
    Access, AskedSync, Clock, ConnectionStatus, FromHome, ModelChange, ModelStatus, NotAsked, NotPassed, Outcome,
    Outgoing, Passing, Received, Reload, Reloaded, RemapStatus, RunOptions, Running, Status, SyncKind, SyncNow,
    SyncState, Synced, changes,
};
pub use schemas::{FileSchema, SCHEMAS, input_schema, input_schema_text};

use crate::action::Desk;
use crate::connector::{Connection, Home, Live, Revision};
use crate::fetch::Reach;
use crate::model::Model;
use crate::model::typed::Row;
use crate::source::{Caps, Credentials, Health, Source};
use crate::store::{ConnectionState, ListQuery, RowKey, Store, Unmapped};
use crate::sync::{Event, Pace, Reading, Remapping, SyncOptions, SyncReport, left_for};

/// The name of the store's file in the home folder when no other is given.
pub const STORE_FILE: &str = "crosswalk.db";

/// An engine over one home folder and one store.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use crosswalk::engine::Engine;
/// use crosswalk::model::JOBS;
/// use crosswalk::sync::SyncOptions;
///
/// let engine = Engine::open(".", None).await?;
/// let connection = engine.connection("acme")?;
/// let credentials = engine.credentials(&connection)?;
/// let report = engine.sync(&connection, credentials, &SyncOptions::default(), |_event| {}).await?;
/// println!("{} records failed", report.failed());
/// for job in engine.list(Some("acme"), &JOBS, None, 10).await?.records {
///     println!("{}", job.json());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Engine {
    home: Home,
    store: Store,
    /// Actions under way in this process.
    desk: Desk,
    /// From where files of actions are fetched beside the public web.
    reach: Reach,
}

impl Engine {
    /// Opens the home folder `home` and its store, or the store in the file `store`.
    pub async fn open(home: impl Into<PathBuf>, store: Option<&Path>) -> Result<Engine, EngineError> {
        let home = Home::new(home);
        let default = home.root().join(STORE_FILE);
        let store = Store::open(store.unwrap_or(&default)).await?;
        Ok(Engine { home, store, desk: Desk::default(), reach: Reach::default() })
    }

    /// The same over a store that is there and up to date, to look at it: nothing is written.
    pub async fn open_to_read(home: impl Into<PathBuf>, store: Option<&Path>) -> Result<Engine, EngineError> {
        let home = Home::new(home);
        let default = home.root().join(STORE_FILE);
        let store = Store::open_to_read(store.unwrap_or(&default)).await?;
        Ok(Engine { home, store, desk: Desk::default(), reach: Reach::default() })
    }

    /// The engine with its credentials in another vault than the one in the home folder.
    #[must_use]
    pub fn with_vault(mut self, file: Option<PathBuf>) -> Engine {
        self.home = self.home.with_vault(file);
        self
    }

    /// The home folder.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The connection of that name, as its file says it now.
    pub fn connection(&self, name: &str) -> Result<Connection, EngineError> {
        Ok(Connection::load(&self.home, name)?)
    }

    /// The credentials that a connection points at.
    pub fn credentials(&self, connection: &Connection) -> Result<Credentials, EngineError> {
        credentials(&self.home, connection)
    }

    /// Asks the source of a connection what these credentials open: for a token, then for one row of each model. Nothing
    /// is written.
    pub async fn check_online(
        &self,
        connection: &Connection,
        credentials: Credentials,
    ) -> Result<AccessReport, EngineError> {
        AccessReport::read(&self.home, connection, credentials).await
    }

    /// Reads a connection into the store, and maps stored records again that the present files map otherwise. `observe`
    /// hears what happens meanwhile. Whoever drops this in the middle loses nothing: what was read is kept, and the next
    /// sync goes on from there.
    ///
    /// One process at a time is at work on a store: while another one syncs or runs, this is refused, and says who that is.
    pub async fn sync(
        &self,
        connection: &Connection,
        credentials: Credentials,
        options: &SyncOptions,
        observe: impl FnMut(Event),
    ) -> Result<SyncReport, EngineError> {
        let revision = Revision::load(&self.home, connection)?;
        let health = Health::new(&connection.name, &Caps::default());
        let source = Arc::new(Source::of_health(revision.remote.clone(), credentials, health)?);
        let _hold = self.store.hold(&format!("syncs the connection `{}`", connection.name)).await?;
        self.store.recover().await?;
        self.store.keep_revision(&running::kept(&connection.name, &revision), u32::MAX).await?;
        let live = Arc::new(Live::new(revision));
        let remapping = Remapping {
            connection: connection.name.clone(),
            live: Arc::clone(&live),
            store: self.store.clone(),
            pace: Pace::default(),
        };
        let reading = Reading {
            connection: connection.name.clone(),
            live,
            source,
            store: self.store.clone(),
            pace: Pace::default(),
            tenant: connection.tenant().to_owned(),
            rules: connection.options.sync,
        };
        let began_at = Timestamp::now();
        let live = Arc::clone(&reading.live);
        let mut result = reading.sync(options, observe).await.map_err(EngineError::from);
        self.keep_standing(connection, &result).await;
        let during = (began_at, Timestamp::now());
        telling::tell_sync_end(self, connection, &live.revision(), telling::sync_end(&result), during).await;
        if let Ok(report) = &mut result {
            report.remapped = remapping.run(|_| {}).await?;
        }
        result
    }

    /// Keeps what a sync that nobody's clock began says of a connection.
    async fn keep_standing(&self, connection: &Connection, result: &Result<SyncReport, EngineError>) {
        let error = match result {
            Ok(report) => report.source_error().map(ToString::to_string),
            Err(error) => Some(error.to_string()),
        };
        let credentials = standing::Credentials::of(result);
        let seen = standing::Sync { error, others_fail: false, credentials, next_at: None };
        let (now, invalid_after) = (Timestamp::now(), connection.options.invalid_after);
        standing::keep(&self.store, &connection.name, standing::Seen::Synced(seen), now, invalid_after).await;
    }

    /// The records of a model, of one connection or of all, in the order in which they first came. `after` is the
    /// [`Listing::next`] of an earlier call.
    pub async fn list(
        &self,
        connection: Option<&str>,
        model: &'static Model,
        after: Option<RowKey>,
        limit: u32,
    ) -> Result<Listing, EngineError> {
        let query = ListQuery { connection, after, limit, ..ListQuery::new(model) };
        self.listing(query, model).await
    }

    /// The same as Rust types, such as [`Job`](crate::model::typed::Job).
    pub async fn list_of<T: Row>(
        &self,
        connection: Option<&str>,
        after: Option<RowKey>,
        limit: u32,
    ) -> Result<ListingOf<T>, EngineError> {
        let Listing { records, next } = self.list(connection, T::MODEL, after, limit).await?;
        let records = records.iter().map(Record::read).collect::<Result<_, _>>()?;
        Ok(ListingOf { records, next })
    }

    /// The record with this unified id or id of the source.
    pub async fn get(
        &self,
        connection: Option<&str>,
        model: &'static Model,
        id: &str,
    ) -> Result<Option<Record>, EngineError> {
        match self.store.get(connection, model, id).await? {
            Some(stored) => Ok(self.records(model, vec![stored]).await?.pop()),
            None => Ok(None),
        }
    }

    /// How the connections stand that ever ran: whether they are read, whether the source takes their credentials, and
    /// how their last syncs ended. [`Store::state_changes`] tells of changes.
    pub async fn states(&self) -> Result<Vec<ConnectionState>, EngineError> {
        Ok(self.store.connection_states().await?)
    }

    /// How many stored records of a connection `revision` would map otherwise, by model.
    pub async fn remap_left(
        &self,
        connection: &str,
        revision: &Arc<Revision>,
    ) -> Result<Vec<(&'static Model, Unmapped)>, EngineError> {
        Ok(left_for(&self.store, connection, revision).await?)
    }

    /// Names the store to clients of the HTTP API.
    pub async fn environment(&self) -> Result<String, EngineError> {
        Ok(self.store.environment().await?)
    }

    /// What a connection's mappings fill, field by field.
    pub fn coverage(&self, connection: &Connection) -> Result<Vec<Coverage>, EngineError> {
        Coverage::read(&self.home, connection)
    }
}
