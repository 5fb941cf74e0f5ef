//! Actions on the connections of a running engine, and those that an earlier process left in the middle.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::sleep;

use super::member::Member;
use super::{Running, Shared};
use crate::action::{Acting, ActionError, Code, DryRun, Stopping, Wish};
use crate::connector::Revision;
use crate::engine::figures::ACTIONS;
use crate::engine::{Acted, EngineError};
use crate::source::Source;

/// What was left longer ago waits for somebody to say that it is still wanted.
const GOES_ON_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// The pause before what could not be gone on with is tried again; it doubles, up to the longest.
const PAUSE: Duration = Duration::from_secs(30);
const LONGEST_PAUSE: Duration = Duration::from_secs(10 * 60);

/// A source that is kept for its access token, with the revision whose it is.
pub(super) type KeptSource = (Arc<Revision>, Arc<Source>);

impl Running {
    /// Does an action, or tells what came of it when it was asked for before. It goes on when this is dropped.
    pub async fn act(&self, connection: &str, wish: Wish) -> Result<Acted, ActionError> {
        let member = self.shared.member(connection)?;
        let acting = member.acting(&self.shared)?;
        let action = wish.action.name;
        let done = acting.act(wish).await;
        let outcome = match &done {
            Ok(done) if done.repeated => "repeated",
            Ok(_) => "done",
            Err(error) => error.code.as_str(),
        };
        let labels =
            [("connection", connection.to_owned()), ("action", action.to_owned()), ("outcome", outcome.to_owned())];
        metrics::counter!(ACTIONS, &labels).increment(1);
        if done.as_ref().is_err_and(|error| error.code == Code::AuthenticationInvalid) {
            member.forget_source();
        }
        self.shared.engine.told(connection, done).await
    }

    /// What an action would do. Its questions are asked, its changes are not sent, and nothing is stored.
    pub async fn dry_run(&self, connection: &str, wish: &Wish) -> Result<DryRun, ActionError> {
        self.shared.member(connection)?.acting(&self.shared)?.dry_run(wish).await
    }

    /// Goes on with an action that did not come to its end.
    pub async fn resume_action(&self, run: &str) -> Result<Acted, ActionError> {
        let found = self.shared.engine.store.action_run(run).await.map_err(ActionError::of_store)?;
        let Some(found) = found else {
            return Err(ActionError::new(Code::NotFound, format!("the journal has no action {run}")));
        };
        let acting = self.shared.member(&found.connection)?.acting(&self.shared)?;
        self.shared.engine.told(&found.connection, acting.resume(run).await).await
    }
}

impl Shared {
    fn member(&self, connection: &str) -> Result<Arc<Member>, ActionError> {
        if let Some(member) = self.members().get(connection) {
            return Ok(Arc::clone(member));
        }
        Err(match self.broken().get(connection) {
            Some(report) => ActionError::new(
                Code::Unknown,
                format!("the files of the connection `{connection}` cannot be run with:\n{report}"),
            ),
            None => ActionError::new(Code::IntegrationNotFound, format!("no connection `{connection}` runs")),
        })
    }
}

impl Member {
    /// What does actions on the connection as its files are now.
    fn acting(self: &Arc<Self>, shared: &Arc<Shared>) -> Result<Acting, ActionError> {
        let connection = self.state().connection.clone();
        let source = self.kept_source(shared).map_err(|error| match error {
            EngineError::Credentials { .. } | EngineError::Vault { .. } | EngineError::Source(_) => {
                ActionError::new(Code::AuthenticationInvalid, error.to_string())
            }
            error => ActionError::new(Code::Unknown, error.to_string()),
        })?;
        let reading = self.reading(shared, &connection, source);
        let (member, engine) = (Arc::clone(self), Arc::clone(shared));
        let stopping = Stopping::new(move || *engine.stopping.borrow() || member.is_removed.load(Ordering::Acquire));
        shared.engine.acting_on(&connection, reading, stopping)
    }

    fn kept_source(&self, shared: &Shared) -> Result<Arc<Source>, EngineError> {
        let revision = self.live.revision();
        let mut kept = self.acts_with.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, source)) = &*kept
            && Arc::ptr_eq(of, &revision)
        {
            return Ok(Arc::clone(source));
        }
        let connection = self.state().connection.clone();
        let source = Arc::new(self.source(shared, &connection)?);
        *kept = Some((revision, Arc::clone(&source)));
        Ok(source)
    }

    /// The next action reads the credentials anew.
    fn forget_source(&self) {
        *self.acts_with.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Goes on with what an earlier process left in the middle, one after the other. What cannot be gone on with now is
    /// tried again later.
    pub(super) async fn go_on_with_actions(self: Arc<Self>, shared: Arc<Shared>) {
        let mut left: VecDeque<String> = match shared.engine.store.running_actions(&self.name).await {
            Ok(runs) => {
                let now = Timestamp::now();
                let (recent, old): (Vec<_>, Vec<_>) =
                    runs.into_iter().partition(|run| now.duration_since(run.began_at) < GOES_ON_WITHIN);
                for run in old {
                    tracing::warn!(
                        connection = self.name,
                        run = run.id,
                        action = run.action,
                        "an action was left in the middle long ago; `crosswalk actions resume` goes on with it"
                    );
                }
                recent.into_iter().map(|run| run.id).collect()
            }
            Err(error) => {
                tracing::warn!(connection = self.name, %error, "what was left in the middle cannot be read");
                return;
            }
        };
        let mut pause = PAUSE;
        while !left.is_empty() {
            for run in std::mem::take(&mut left) {
                let resumed = match self.acting(&shared) {
                    Ok(acting) => acting.resume(&run).await,
                    Err(error) => Err(error),
                };
                match resumed {
                    Ok(_) => tracing::info!(connection = self.name, run, "an action was gone on with and is done"),
                    Err(error) => {
                        tracing::warn!(connection = self.name, run, code = %error.code, "an action that was left in the middle could not be gone on with");
                        left.extend(may_pass(error.code).then_some(run));
                    }
                }
            }
            if !left.is_empty() {
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Whether it may be otherwise a while later.
fn may_pass(code: Code) -> bool {
    matches!(code, Code::RemoteUnavailable | Code::RemoteRateLimited | Code::Unclear | Code::AuthenticationInvalid)
}
