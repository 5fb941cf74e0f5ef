//! Requests of others that are passed on to the source of a connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Running;
use super::member::Member;
use crate::connector::Connection;
use crate::engine::EngineError;
use crate::source::{Astray, PassReply, PassRequest, Passage, SourceError, below};

/// How long a way is used before credentials are looked up again.
const KEPT: Duration = Duration::from_secs(10 * 60);

/// A request that somebody wants passed on.
#[derive(Debug, Clone)]
pub struct Passing<'a> {
    /// The connection.
    pub connection: &'a str,
    /// The part of the source, as its connector names it.
    pub part: &'a str,
    /// `GET`, `POST` and so on.
    pub method: reqwest::Method,
    /// Where to below the part's address, with parameters or without.
    pub path: &'a str,
    /// Parameters behind those of the path.
    pub parameters: &'a [(String, String)],
    /// What it asks to have in its head.
    pub headers: Vec<(String, String)>,
    /// What it sends, with its content type.
    pub body: Option<(String, bytes::Bytes)>,
}

/// Why a request was not passed on, or not answered.
#[derive(Debug, thiserror::Error)]
pub enum NotPassed {
    /// There is no such connection at work, or no such part of its source.
    #[error("the source has no part `{0}` that may be asked")]
    NoPart(String),
    /// The path leads elsewhere.
    #[error(transparent)]
    Astray(#[from] Astray),
    /// The connection is not usable as its files and credentials are.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The source was not reached, or did not answer.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// The ways of a connection that are in use, by the part of the source.
#[derive(Debug, Default)]
pub(super) struct Passages(Mutex<HashMap<String, Known>>);

#[derive(Debug)]
struct Known {
    passage: Arc<Passage>,
    /// What it was made with.
    revision: String,
    connection: String,
    since: Instant,
}

impl Running {
    /// Passes a request on to a part of a connection's source, with its credentials and within its limits. Gives the address
    /// that was asked, and the answer whatever its status.
    pub async fn pass(&self, passing: Passing<'_>) -> Result<(url::Url, PassReply), NotPassed> {
        let no_part = || NotPassed::NoPart(passing.part.to_owned());
        let member = self.shared.members().get(passing.connection).cloned().ok_or_else(no_part)?;
        let revision = member.live.revision();
        let part = revision.passthrough.get(passing.part).ok_or_else(no_part)?;
        let url = below(&part.base, passing.path, passing.parameters)?;
        let passage = self.passage(&member, passing.part)?;
        let request =
            PassRequest { method: passing.method, url: url.clone(), headers: passing.headers, body: passing.body };
        let sent = passage.send(&request).await;
        if sent.as_ref().is_err_and(SourceError::refuses_the_credentials) {
            // Whoever mends them need not wait.
            member.passages.forget(passing.part);
        }
        Ok((url, sent?))
    }

    fn passage(&self, member: &Member, part: &str) -> Result<Arc<Passage>, NotPassed> {
        let revision = member.live.revision();
        let connection = member.state().connection.clone();
        let made_with = fingerprint(&connection);
        let mut known = member.passages.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(part)
            && known.revision == revision.hash
            && known.connection == made_with
            && known.since.elapsed() < KEPT
        {
            return Ok(Arc::clone(&known.passage));
        }
        let of = revision.passthrough.get(part).ok_or_else(|| NotPassed::NoPart(part.to_owned()))?;
        let credentials = self.shared.options.access.credentials(&self.shared.engine.home, &connection)?;
        let passage = Passage::new(revision.remote.clone(), credentials, member.health.clone(), of)?;
        let passage = Arc::new(passage);
        let now = Known {
            passage: Arc::clone(&passage),
            revision: revision.hash.clone(),
            connection: made_with,
            since: Instant::now(),
        };
        known.insert(part.to_owned(), now);
        Ok(passage)
    }
}

impl Passages {
    fn forget(&self, part: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(part);
    }
}

/// What of a connection decides who is asked and with what. It names places of secrets, and none of them.
fn fingerprint(connection: &Connection) -> String {
    format!("{:?} {}", connection.credentials, connection.tenant())
}
