//! What the source of a connection tells by itself: taken at once, followed a moment later.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::member::Member;
use super::{Running, Shared};
use crate::connector::{Reference, Webhooks};
use crate::engine::figures::{WEBHOOK_INBOX, WEBHOOK_LAG, WEBHOOKS_RECEIVED, WEBHOOKS_REFUSED};
use crate::engine::{EngineError, credentials};
use crate::source::Source;
use crate::store::NewHint;
use crate::sync::Reading;
use crate::webhook::{Checked, Event, Gate, Key, Proof, Refused, check, check_for_nobody, follow};

/// How long hints gather before they are followed: a change of many records tells of each.
const GATHER: Duration = Duration::from_millis(200);

/// How long the inbox is left alone when nothing comes, or after trouble with the store.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
const AFTER_TROUBLE: Duration = Duration::from_secs(5);

/// How long webhooks wait while the source refuses the credentials.
const AFTER_A_REFUSAL: Duration = Duration::from_secs(60);

/// While records wait for a sync: how often it is looked whether it came, and how long after one was asked for another is;
/// twice as long each time, since a model that cannot be read waits forever.
const LOOK_FOR_SYNC: Duration = Duration::from_secs(2);
const SYNC_AGAIN: Duration = Duration::from_secs(15);
const LONGEST_SYNC_AGAIN: Duration = Duration::from_secs(60 * 60);

/// How long the key of a source is waited for, and how long after a look it is looked for again: one that is not there,
/// and one that signatures do not fit any more.
const KEY_WITHIN: Duration = Duration::from_secs(5);
const KEY_AGAIN: Duration = Duration::from_secs(10);
const KEY_ANEW: Duration = Duration::from_secs(60);

/// So many windows of its events the deliveries of a source are remembered, and how often old ones are forgotten.
const REMEMBERED: i32 = 4;
const FORGET_EVERY: Duration = Duration::from_secs(10 * 60);

/// What became of a request of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Received {
    /// It is in the store, and is followed in a moment.
    Taken,
    /// It came before.
    Again,
    /// Its time is too far from now; the next sync brings what it tells.
    OutOfTime,
    /// Its event has no meaning here.
    Unheard,
}

impl Received {
    fn as_str(self) -> &'static str {
        match self {
            Received::Taken => "taken",
            Received::Again => "again",
            Received::OutOfTime => "out_of_time",
            Received::Unheard => "unheard",
        }
    }
}

/// The place of a connection at which its source tells of changes.
#[derive(Debug)]
pub(super) struct Inlet {
    wake: Notify,
    gate: Mutex<Gate>,
    /// The lock is held while the key is fetched, so that it is fetched once.
    known: tokio::sync::Mutex<Option<Known>>,
    task: Mutex<Option<AbortHandle>>,
}

/// What was found out last of what requests are held to.
#[derive(Debug)]
struct Known {
    of: Wanted,
    at: Instant,
    proof: Option<Arc<Proof>>,
}

/// Where what requests are held to is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    key_url: Option<url::Url>,
    key: Option<Reference>,
    secret: Option<Reference>,
}

impl Default for Inlet {
    fn default() -> Self {
        Inlet {
            wake: Notify::new(),
            gate: Mutex::new(Gate::new(Instant::now())),
            known: tokio::sync::Mutex::default(),
            task: Mutex::default(),
        }
    }
}

impl Running {
    /// Takes a request by which the source of a connection tells of a change. Once this returns [`Received::Taken`], the
    /// event is in the store, whatever happens to the process; the record is read within a second or so.
    pub async fn receive(&self, connection: &str, headers: &HeaderMap, body: &[u8]) -> Result<Received, Refused> {
        let member = self.shared.members().get(connection).cloned();
        let received = match &member {
            Some(member) => member.receive(&self.shared, headers, body).await,
            None => Err(check_for_nobody(body)),
        };
        // A name that somebody made up is no label.
        let name = member.as_ref().map_or("", |member| member.name.as_str()).to_owned();
        match received {
            Ok(received) => {
                metrics::counter!(WEBHOOKS_RECEIVED, "connection" => name, "outcome" => received.as_str()).increment(1);
            }
            Err(refused) => {
                let reason = refused.as_str();
                match refused {
                    // The source itself sent these, so the files do not fit it.
                    Refused::Tenant | Refused::Malformed => tracing::warn!(
                        connection = name,
                        reason,
                        "a signed webhook was refused; compare `webhooks` in connector.yaml with what the source sends"
                    ),
                    _ => tracing::debug!(connection = name, reason, "a webhook was refused"),
                }
                metrics::counter!(WEBHOOKS_REFUSED, "connection" => name, "reason" => reason).increment(1);
            }
        }
        received
    }
}

impl Member {
    async fn receive(&self, shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Result<Received, Refused> {
        let revision = self.live.revision();
        let Some(rules) = &revision.webhooks else { return Err(check_for_nobody(body)) };
        let Some(proof) = self.proof(shared, rules, KEY_AGAIN).await else {
            check_for_nobody(body);
            return Err(Refused::NoKey);
        };
        let now = Timestamp::now();
        let mut checked = check(rules, &proof, headers, body, now);
        if matches!(checked, Err(Refused::Signature | Refused::Secret))
            && let Some(other) = self.proof(shared, rules, KEY_ANEW).await
            && !Arc::ptr_eq(&proof, &other)
        {
            checked = check(rules, &other, headers, body, now);
        }
        let Event { delivery, time, meaning, remote_id } = match checked? {
            Checked::Event(event) => event,
            Checked::OutOfTime => return Ok(Received::OutOfTime),
            Checked::Unheard => return Ok(Received::Unheard),
        };
        if !self.inlet.gate.lock().unwrap_or_else(PoisonError::into_inner).admits(Instant::now()) {
            return Err(Refused::TooMany);
        }
        let hint = NewHint {
            connection: &self.name,
            delivery: &delivery,
            model: meaning.model,
            remote_id: &remote_id,
            gone: meaning.gone,
            told_at: time,
            now,
        };
        match shared.engine.store.take_hint(hint).await {
            Ok(true) => {
                self.inlet.wake.notify_one();
                Ok(Received::Taken)
            }
            Ok(false) => Ok(Received::Again),
            Err(error) => {
                tracing::error!(connection = self.name, %error, "a webhook could not be kept; its source sends it again");
                Err(Refused::Store)
            }
        }
    }

    /// What requests are held to, as far as it can be found out. What is older than `again` and did not do is looked for
    /// anew.
    async fn proof(&self, shared: &Shared, rules: &Webhooks, again: Duration) -> Option<Arc<Proof>> {
        let own = self.state().connection.webhooks.clone();
        let reference = |place: &Option<crate::yaml::Located<Reference>>| place.as_ref().map(|it| it.value.clone());
        let wanted =
            Wanted { key_url: rules.key_url.clone(), key: reference(&own.key), secret: reference(&own.secret) };
        let mut known = self.inlet.known.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.of == wanted) {
            let is_recent = known.at.elapsed() < again;
            // A key that is there does until it does not fit.
            if is_recent || (known.proof.is_some() && again == KEY_AGAIN) {
                return known.proof.clone();
            }
        }
        let before = known.take().filter(|known| known.of == wanted).and_then(|known| known.proof);
        let found = match timeout(KEY_WITHIN, self.find_proof(shared, &wanted)).await {
            Ok(found) => found.map_err(|error| error.to_string()),
            Err(_) => Err(format!("it did not come within {KEY_WITHIN:?}")),
        };
        let proof = match found {
            Ok(proof) => Some(Arc::new(proof)),
            Err(why) => {
                tracing::warn!(connection = self.name, why, "what webhooks prove themselves with cannot be had now");
                before
            }
        };
        *known = Some(Known { of: wanted, at: Instant::now(), proof: proof.clone() });
        proof
    }

    async fn find_proof(&self, shared: &Shared, wanted: &Wanted) -> Result<Proof, EngineError> {
        let connection = self.state().connection.clone();
        let home = &shared.engine.home;
        let secret = |reference: &Reference| credentials::secret(home, &connection, reference);
        let unusable = |what: String| EngineError::Credentials { connection: self.name.clone(), what };
        let text = match (&wanted.key, &wanted.key_url) {
            (Some(key), _) => secrecy::ExposeSecret::expose_secret(&secret(key)?).to_owned(),
            (None, Some(url)) => self.source(shared, &connection)?.text("key of webhooks", url).await?,
            (None, None) => {
                return Err(unusable("it names no public key for webhooks; write `webhooks: { key: … }`".to_owned()));
            }
        };
        let key =
            Key::parse(&text).map_err(|error| unusable(format!("the public key of webhooks is of no use: {error}")))?;
        Ok(Proof { key, secret: wanted.secret.as_ref().map(secret).transpose()? })
    }

    /// Begins to follow what is told, and what was told before.
    pub(super) fn start_following(self: &Arc<Self>, shared: &Arc<Shared>) {
        let task = tokio::spawn(Arc::clone(self).keep_followed(Arc::clone(shared)));
        self.inlet.replace(Some(task.abort_handle()));
    }

    /// Ends that at once. What is in the inbox stays there.
    pub(super) fn stop_following(&self) {
        self.inlet.replace(None);
    }

    async fn keep_followed(self: Arc<Self>, shared: Arc<Shared>) {
        let mut follower = Follower { member: &self, shared: &shared, source: None, sync_asked: None, forgot: None };
        loop {
            let next = match follower.pass().await {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(connection = self.name, %error, "what the source told could not be followed; it is tried later");
                    AFTER_TROUBLE
                }
            };
            tokio::select! {
                () = sleep(next) => {}
                () = self.inlet.wake.notified() => sleep(GATHER).await,
            }
        }
    }
}

impl Inlet {
    fn replace(&self, task: Option<AbortHandle>) {
        let before = std::mem::replace(&mut *self.task.lock().unwrap_or_else(PoisonError::into_inner), task);
        if let Some(before) = before {
            before.abort();
        }
    }
}

/// Follows what the source of one connection tells.
struct Follower<'a> {
    member: &'a Member,
    shared: &'a Shared,
    /// Kept while it does, for its access token.
    source: Option<Arc<Source>>,
    /// When a sync was asked for last, and how long it is until another is.
    sync_asked: Option<(Instant, Duration)>,
    forgot: Option<Instant>,
}

impl Follower<'_> {
    /// Follows what is in the inbox now. Gives how long nothing else is to be done.
    async fn pass(&mut self) -> Result<Duration, EngineError> {
        let (member, store) = (self.member, &self.shared.engine.store);
        self.forget().await?;
        let inbox = store.inbox(&member.name).await?;
        metrics::gauge!(WEBHOOK_INBOX, "connection" => member.name.clone()).set(inbox.hints as f64);
        if inbox.hints == 0 {
            return Ok(LOOK_AGAIN);
        }
        if member.was_refused() {
            // The sync asks with its own pauses whether the credentials are taken again.
            return Ok(AFTER_A_REFUSAL);
        }
        let reading = self.reading()?;
        let pass = match follow(&reading).await {
            Ok(pass) => pass,
            Err(error) => {
                self.source = None;
                return Err(error.into());
            }
        };
        for lag in &pass.lags {
            metrics::histogram!(WEBHOOK_LAG, "connection" => member.name.clone()).record(*lag);
        }
        if let Some(why) = &pass.trouble {
            // The next one begins with a new token.
            self.source = None;
            tracing::warn!(
                connection = member.name,
                why,
                "records that the source told of could not be read; it is tried later"
            );
        } else {
            self.source = Some(reading.source);
        }
        match pass.wants_sync {
            true => self.ask_for_sync(),
            false => self.sync_asked = None,
        }
        let inbox = store.inbox(&member.name).await?;
        metrics::gauge!(WEBHOOK_INBOX, "connection" => member.name.clone()).set(inbox.hints as f64);
        let longest = if pass.wants_sync { LOOK_FOR_SYNC } else { LOOK_AGAIN };
        let next = inbox.next_at.map_or(longest, |next| {
            Duration::try_from(next.duration_since(Timestamp::now())).unwrap_or_default().max(GATHER)
        });
        Ok(next.min(longest))
    }

    fn reading(&mut self) -> Result<Reading, EngineError> {
        let (member, shared) = (self.member, self.shared);
        let connection = member.state().connection.clone();
        let source = match self.source.take() {
            Some(source) => source,
            None => Arc::new(member.source(shared, &connection)?),
        };
        Ok(member.reading(shared, &connection, source))
    }

    /// Asks for a sync now, unless one is under way: that may bring the records as well.
    fn ask_for_sync(&mut self) {
        let next = match self.sync_asked {
            Some((asked, again)) if asked.elapsed() < again => return,
            Some((_, again)) => (again * 2).min(LONGEST_SYNC_AGAIN),
            None => SYNC_AGAIN,
        };
        if self.member.state().sync.now.is_none() {
            self.sync_asked = Some((Instant::now(), next));
            self.member.sync_now.notify_one();
        }
    }

    async fn forget(&mut self) -> Result<(), EngineError> {
        let revision = self.member.live.revision();
        let Some(rules) = &revision.webhooks else { return Ok(()) };
        if self.forgot.is_some_and(|forgot| forgot.elapsed() < FORGET_EVERY) {
            return Ok(());
        }
        self.forgot = Some(Instant::now());
        let window = SignedDuration::try_from(rules.window).unwrap_or(SignedDuration::MAX);
        let before = Timestamp::now().saturating_sub(window.saturating_mul(REMEMBERED)).unwrap_or(Timestamp::MIN);
        Ok(self.shared.engine.store.forget_deliveries(&self.member.name, before).await?)
    }
}
