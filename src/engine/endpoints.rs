//! Endpoints of those who are told by webhooks: made, listed, tried and removed.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::credentials::{Missing, kept};
use super::telling::new_id;
use super::{Engine, EngineError};
use crate::connector::Reference;
use crate::diagnostics::closest;
use crate::fetch::{Guard, Reach};
use crate::store::{Delivery, DeliveryFilter, Endpoint, EndpointState};
use crate::vault::Vault;
use crate::webhook::outgoing::{EventType, NotSent, Sender};

/// Every secret begins with this, so that scanners find one that was left somewhere.
const PREFIX: &str = "cwws_";

const SECRET_BYTES: usize = 32;

/// An endpoint to be made.
#[derive(Debug, Clone, Default)]
pub struct NewEndpoint {
    /// Where messages go.
    pub url: String,
    /// What it is told of; everything when there is nothing.
    pub types: Vec<EventType>,
    /// The connections that it is told of; all when there are none.
    pub connections: Vec<String>,
    /// Where its secret is kept; none to have one made and kept in the vault.
    pub secret: Option<Reference>,
}

/// An endpoint that was just made.
#[derive(Debug)]
pub struct MadeEndpoint {
    /// The endpoint.
    pub endpoint: Endpoint,
    /// The secret, if it was made with the endpoint. It is not given again.
    pub secret: Option<SecretString>,
}

impl Engine {
    /// Makes an endpoint, which is told of what happens from now on. The store has no secret, only where it is kept: one that
    /// is made here goes into the vault, under `webhooks/` and the endpoint's id.
    ///
    /// ```no_run
    /// # async fn example(engine: crosswalk::engine::Engine) -> Result<(), Box<dyn std::error::Error>> {
    /// use crosswalk::engine::NewEndpoint;
    /// use crosswalk::fetch::Reach;
    ///
    /// let new = NewEndpoint { url: "https://example.com/hook".to_owned(), ..NewEndpoint::default() };
    /// let made = engine.add_endpoint(new, &Reach::default()).await?;
    /// println!("{} is told of everything", made.endpoint.id);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn add_endpoint(&self, new: NewEndpoint, reach: &Reach) -> Result<MadeEndpoint, EngineError> {
        let url = Guard::new(reach.clone()).url(&new.url)?;
        let id = new_id();
        let (reference, secret) = match new.secret {
            Some(reference) => {
                kept(&self.home, &reference)?;
                (reference, None)
            }
            None => {
                let name = entry(&id);
                let secret = generate();
                let vault = Vault::from_environment(self.home.vault()).map_err(Missing::from)?;
                vault.set([(name.clone(), secret.clone())]).map_err(Missing::from)?;
                (Reference::Vault(name), Some(secret))
            }
        };
        let types: Vec<String> = new.types.iter().map(|kind| kind.as_str().to_owned()).collect();
        let types = (!types.is_empty()).then_some(types.as_slice());
        let connections = (!new.connections.is_empty()).then_some(new.connections.as_slice());
        let about = (types, connections);
        let added = self.store.add_endpoint(&id, url.as_str(), about, &reference.to_string(), Timestamp::now()).await;
        if added.is_err() && secret.is_some() {
            // One that cannot be removed signs nothing.
            let _ = self.forget_secret(&id);
        }
        Ok(MadeEndpoint { endpoint: added?, secret })
    }

    /// How all endpoints stand, the earliest first.
    pub async fn endpoints(&self) -> Result<Vec<EndpointState>, EngineError> {
        Ok(self.store.endpoint_states().await?)
    }

    /// Removes an endpoint with all that waits for it, and its secret from the vault if it was made with it. What the
    /// vault did not do is the second part.
    pub async fn remove_endpoint(&self, id: &str) -> Result<(Endpoint, Result<(), String>), EngineError> {
        let removed = self.store.remove_endpoint(id).await?;
        let Some(endpoint) = removed else { return Err(self.no_endpoint(id).await) };
        let is_its_own = endpoint.secret == Reference::Vault(entry(id)).to_string();
        // Another endpoint may have been given the same one.
        let is_shared = self.store.endpoints().await?.iter().any(|other| other.secret == endpoint.secret);
        let forgotten = if is_its_own && !is_shared { self.forget_secret(id) } else { Ok(()) };
        Ok((endpoint, forgotten))
    }

    /// Sends a message of the type `test` to an endpoint, once, and gives the status of its answer.
    pub async fn test_endpoint(&self, id: &str, reach: &Reach) -> Result<Result<u16, NotSent>, EngineError> {
        let found = self.store.endpoints().await?.into_iter().find(|endpoint| endpoint.id == id);
        let Some(endpoint) = found else { return Err(self.no_endpoint(id).await) };
        let sender = Sender::new(Guard::new(reach.clone()), super::running::TIME_LIMIT)?;
        let secret = match self.endpoint_secret(&endpoint) {
            Ok(secret) => secret,
            Err(what) => return Ok(Err(NotSent::NoSecret(what))),
        };
        Ok(sender.test(&endpoint.url, &secret, &new_id()).await)
    }

    /// Up to `limit` deliveries, the latest first.
    pub async fn deliveries(&self, filter: DeliveryFilter<'_>, limit: u32) -> Result<Vec<Delivery>, EngineError> {
        Ok(self.store.deliveries(filter, limit).await?)
    }

    /// Has deliveries sent once more by the engine that runs, with the same id and body. Their number.
    pub async fn redeliver(&self, filter: DeliveryFilter<'_>) -> Result<u64, EngineError> {
        Ok(self.store.redeliver(filter, Timestamp::now()).await?)
    }

    /// What an endpoint's messages are signed with, or why it is not there.
    pub(super) fn endpoint_secret(&self, endpoint: &Endpoint) -> Result<SecretString, String> {
        let reference = Reference::read(&endpoint.secret).ok_or("the store does not say where it is")?;
        kept(&self.home, &reference).map_err(|missing| missing.to_string())
    }

    fn forget_secret(&self, id: &str) -> Result<(), String> {
        let vault = Vault::from_environment(self.home.vault()).map_err(|error| error.to_string())?;
        vault.remove(&entry(id)).map_err(|error| error.to_string())
    }

    async fn no_endpoint(&self, id: &str) -> EngineError {
        let known = self.store.endpoints().await.unwrap_or_default();
        let close = closest(id, known.iter().map(|endpoint| endpoint.id.as_str()));
        EngineError::NoEndpoint { id: id.to_owned(), close: close.map(str::to_owned) }
    }
}

/// The name of the entry of the vault that has the secret of an endpoint.
fn entry(id: &str) -> String {
    format!("webhooks/{id}")
}

fn generate() -> SecretString {
    let mut bytes = [0; SECRET_BYTES];
    rand::fill(&mut bytes).expect("the system gives random bytes");
    let text = SecretString::from(URL_SAFE_NO_PAD.encode(bytes));
    SecretString::from(format!("{PREFIX}{}", text.expose_secret()))
}
