//! One message, sent once.

use std::time::Duration;

use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use secrecy::SecretString;
use tokio::time::timeout;

use super::body;
use super::sign::{SIGNATURE_HEADER, sign};
use crate::fetch::{FetchError, Guard};

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// The endpoint answered otherwise than with a status from 200 to 299.
    #[error("status {0}")]
    Status(u16),
    /// It did not answer in time.
    #[error("no answer within {0:?}")]
    Late(Duration),
    /// It was not reached, or may not be.
    #[error(transparent)]
    Unreachable(#[from] FetchError),
    /// There is nothing to sign with.
    #[error("its secret is not there: {0}")]
    NoSecret(String),
}

impl NotSent {
    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            NotSent::Status(status) => Some(*status),
            _ => None,
        }
    }
}

/// Sends messages to endpoints that a guard lets through.
#[derive(Debug, Clone)]
pub struct Sender {
    guard: Guard,
    client: Client,
    time_limit: Duration,
}

impl Sender {
    /// Sends through a guard. An endpoint has `time_limit` to answer.
    pub fn new(guard: Guard, time_limit: Duration) -> Result<Sender, FetchError> {
        let client = guard.client().map_err(|error| FetchError::Io(error.to_string()))?;
        Ok(Sender { guard, client, time_limit })
    }

    /// Posts a body with its signature, and gives the status of the answer. Redirects are not followed, and what an
    /// endpoint answers beside its status is not read.
    pub async fn send(&self, url: &str, secret: &SecretString, body: String) -> Result<u16, NotSent> {
        timeout(self.time_limit, self.post(url, secret, body)).await.map_err(|_| NotSent::Late(self.time_limit))?
    }

    /// Sends a message by which an endpoint is tried.
    pub async fn test(&self, url: &str, secret: &SecretString, id: &str) -> Result<u16, NotSent> {
        self.send(url, secret, body::test(id)).await
    }

    async fn post(&self, url: &str, secret: &SecretString, body: String) -> Result<u16, NotSent> {
        let url = self.guard.url(url).map_err(FetchError::from)?;
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(SIGNATURE_HEADER, sign(secret, body.as_bytes()))
            .body(body);
        let response = request.send().await.map_err(|error| FetchError::broken(&error))?;
        match response.status() {
            status if status.is_success() => Ok(status.as_u16()),
            status => Err(NotSent::Status(status.as_u16())),
        }
    }
}
