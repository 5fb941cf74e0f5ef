//! Actions on a connection, without or with an engine at work.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Engine, Record, running, standing};
use crate::action::{Acting, ActionError, Code, Desk, Done, DryRun, RUNS_ARE_KEPT, Stopping, Wish};
use crate::connector::{Connection, Live, Revision};
use crate::fetch::{Fetcher, Guard, Reach};
use crate::model::Action;
use crate::source::{Caps, Credentials, Health, Source};
use crate::store::{Hold, Problem, StoreError};
use crate::sync::{Pace, Reading};

/// How long another process that is at work on the store is waited for. Actions are short.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What an action did.
#[derive(Debug, Clone)]
pub struct Acted {
    /// The id of the run, by which the journal knows it.
    pub run: String,
    /// The action.
    pub action: &'static Action,
    /// The record that is its result, as the source had it afterwards.
    pub result: Option<Record>,
    /// What was not done as it was asked for.
    pub warnings: Vec<String>,
    /// Whether it was done before, and this only tells of it.
    pub repeated: bool,
}

impl Engine {
    /// The engine, with files of actions fetched from these places as well.
    #[must_use]
    pub fn with_reach(mut self, reach: Reach) -> Engine {
        self.reach = reach;
        self
    }

    /// Does an action, or tells what came of it when it was asked for before. It goes on when this is dropped.
    ///
    /// One process at a time is at work on a store: another one is waited for a while. Where an engine runs,
    /// [`Running::act`](super::Running::act) does it.
    pub async fn act(
        &self,
        connection: &Connection,
        credentials: Credentials,
        wish: Wish,
    ) -> Result<Acted, ActionError> {
        let acting = self.acting(connection, credentials, true).await?;
        let done = acting.act(wish).await;
        self.told(&connection.name, done).await
    }

    /// What an action would do. Its questions are asked, its changes are not sent, and nothing is stored.
    pub async fn dry_run(
        &self,
        connection: &Connection,
        credentials: Credentials,
        wish: &Wish,
    ) -> Result<DryRun, ActionError> {
        self.acting(connection, credentials, false).await?.dry_run(wish).await
    }

    /// Goes on with an action that did not come to its end.
    pub async fn resume_action(
        &self,
        connection: &Connection,
        credentials: Credentials,
        run: &str,
    ) -> Result<Acted, ActionError> {
        let acting = self.acting(connection, credentials, true).await?;
        let done = acting.resume(run).await;
        self.told(&connection.name, done).await
    }

    async fn acting(
        &self,
        connection: &Connection,
        credentials: Credentials,
        writes: bool,
    ) -> Result<Acting, ActionError> {
        let unknown = |error: String| ActionError::new(Code::Unknown, error);
        let revision = Revision::load(self.home(), connection)
            .map_err(|report| unknown(format!("files do not compile:\n{report}")))?;
        let hold =
            if writes { Some(self.hold_to_act(&connection.name).await.map_err(ActionError::of_store)?) } else { None };
        if writes {
            self.store.recover().await.map_err(ActionError::of_store)?;
            let kept = running::kept(&connection.name, &revision);
            self.store.keep_revision(&kept, u32::MAX).await.map_err(ActionError::of_store)?;
            let forgotten = self.store.forget_actions(RUNS_ARE_KEPT, Timestamp::now()).await;
            forgotten.map_err(ActionError::of_store)?;
        }
        let health = Health::new(&connection.name, &Caps::default());
        let source = Source::of_health(revision.remote.clone(), credentials, health);
        let source = source.map_err(|error| ActionError::new(Code::AuthenticationInvalid, error.to_string()))?;
        let reading = Reading {
            connection: connection.name.clone(),
            live: Arc::new(Live::new(revision)),
            source: Arc::new(source),
            store: self.store.clone(),
            pace: Pace::default(),
            tenant: connection.tenant().to_owned(),
            rules: connection.options.sync,
        };
        let mut acting = self.acting_on(connection, reading, Stopping::default())?;
        acting.hold = hold;
        Ok(acting)
    }

    /// What does actions on a connection that is read like this.
    pub(super) fn acting_on(
        &self,
        connection: &Connection,
        reading: Reading,
        stopping: Stopping,
    ) -> Result<Acting, ActionError> {
        if let standing::Seen::Absent(why) = standing::seen_in_its_file(connection) {
            let message = format!("the connection `{}` is not at work: {why}", connection.name);
            return Err(ActionError::new(Code::Inactive, message));
        }
        let models = connection.options.models.iter();
        let models_off: BTreeSet<&'static str> = models.filter(|(_, own)| own.off).map(|(name, _)| *name).collect();
        Ok(Acting {
            reading,
            off: connection.options.actions_off.clone(),
            models_off,
            fetcher: self.fetcher()?,
            desk: self.desk.clone(),
            stopping,
            hold: None,
        })
    }

    fn fetcher(&self) -> Result<Fetcher, ActionError> {
        let mut folder = self.store.path().as_os_str().to_owned();
        folder.push(".files");
        let fetcher = Fetcher::new(Guard::new(self.reach.clone()), std::path::PathBuf::from(folder));
        fetcher.map_err(|error| ActionError::new(Code::Unknown, error.to_string()))
    }

    async fn hold_to_act(&self, connection: &str) -> Result<Hold, StoreError> {
        let began = Instant::now();
        loop {
            match self.store.hold(&format!("acts on the connection `{connection}`")).await {
                Err(StoreError { problem: Problem::Held(_), .. }) if began.elapsed() < PATIENCE => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                held => return held,
            }
        }
    }

    /// What was done, with its record.
    pub(super) async fn told(&self, connection: &str, done: Result<Done, ActionError>) -> Result<Acted, ActionError> {
        let Done { run, action, result, warnings, repeated } = done?;
        let result = match result {
            None => None,
            Some((model, id)) => self.get(Some(connection), model, &id).await.map_err(|error| ActionError {
                run: Some(run.clone()),
                ..ActionError::new(Code::Unknown, error.to_string())
            })?,
        };
        Ok(Acted { run, action, result, warnings, repeated })
    }

    /// What is under way in this process.
    pub(super) fn desk(&self) -> &Desk {
        &self.desk
    }
}
