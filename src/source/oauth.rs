//! Access tokens by the client credentials grant of OAuth 2 (RFC 6749, section 4.4).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{
    RequestBuilder, StatusCode,
    header::{ACCEPT, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tracing::debug;
use url::form_urlencoded::byte_serialize;

use super::{
    access::Credentials,
    body::{describe, is_cut, legible},
    error::{Request, SourceError, Subject},
    health::{Door, Health},
    transport::{Attempts, Reply, Transport},
};
use crate::connector::{Limits, OAUTH2_CREDENTIALS, OAuth2, Placement};

/// How long a token is used when the identity server does not say how long it lives.
const UNSTATED_LIFE: Duration = Duration::from_secs(60);

/// How long a token is used at most.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// The access token that all requests of a source share.
pub(super) struct Tokens {
    transport: Transport,
    client_id: SecretString,
    client_secret: SecretString,
    scopes: String,
    placement: Placement,
    margin: Duration,
    /// The lock is held while a new token is fetched, so that requests which wait for one do not ask for their own.
    current: Mutex<Option<Arc<Token>>>,
}

/// An access token.
pub(super) struct Token {
    text: SecretString,
    usable_until: Instant,
}

impl Token {
    /// The value of the header `Authorization`.
    pub(super) fn authorization(&self) -> HeaderValue {
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.text.expose_secret()))
            .expect("a token is kept only when it fits into a header");
        value.set_sensitive(true);
        value
    }

    /// The token itself, to blot it out of foreign text.
    pub(super) fn secret(&self) -> &SecretString {
        &self.text
    }
}

impl Tokens {
    pub(super) fn new(
        oauth2: &OAuth2,
        limits: &Limits,
        credentials: &Credentials,
        health: &Health,
    ) -> Result<Self, SourceError> {
        let [client_id, client_secret] = OAUTH2_CREDENTIALS;
        Ok(Self {
            transport: Transport::new("token URL", &oauth2.token_url, limits, (health, Door::Tokens))?,
            client_id: credentials.expect(client_id)?.clone(),
            client_secret: credentials.expect(client_secret)?.clone(),
            scopes: oauth2.scopes.join(" "),
            placement: oauth2.placement,
            margin: oauth2.expiry_margin,
            current: Mutex::new(None),
        })
    }

    /// A token that is good for now: the current one, or a new one.
    pub(super) async fn current(&self) -> Result<Arc<Token>, SourceError> {
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_ref().filter(|token| Instant::now() < token.usable_until) {
            return Ok(Arc::clone(token));
        }
        // Dropping the old one first keeps it from being used when the new one does not come.
        *current = None;
        let token = Arc::new(self.fetch().await?);
        *current = Some(Arc::clone(&token));
        Ok(token)
    }

    /// Forgets a token that was refused, unless another request has already replaced it.
    pub(super) async fn discard(&self, refused: &Arc<Token>) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|token| Arc::ptr_eq(token, refused)) {
            *current = None;
        }
    }

    async fn fetch(&self) -> Result<Token, SourceError> {
        // The life of a token is counted from before the request, so that a slow answer cannot stretch it.
        let asked_at = Instant::now();
        let grant = self
            .transport
            .send(Subject::Token, Attempts::All, |post| self.ask(post), |request, reply| self.read(request, reply))
            .await?;
        let life = usable_life(grant.expires_in, self.margin);
        debug!(usable_seconds = life.as_secs(), "new access token");
        Ok(Token { text: grant.access_token, usable_until: asked_at + life })
    }

    fn ask(&self, post: RequestBuilder) -> RequestBuilder {
        let (client_id, client_secret) = (self.client_id.expose_secret(), self.client_secret.expose_secret());
        let mut form = vec![("grant_type", "client_credentials")];
        if !self.scopes.is_empty() {
            form.push(("scope", &self.scopes));
        }
        let post = post.header(ACCEPT, "application/json");
        match self.placement {
            Placement::Body => {
                form.extend([("client_id", client_id), ("client_secret", client_secret)]);
                post.form(&form)
            }
            // Both halves are form-encoded first: RFC 6749, section 2.3.1.
            Placement::Basic => post.basic_auth(form_encoded(client_id), Some(form_encoded(client_secret))).form(&form),
        }
    }

    fn read(&self, request: Request, reply: Reply) -> Result<Grant, SourceError> {
        let Reply { status, body, .. } = reply;
        match status {
            StatusCode::OK => self.read_grant(request, &body),
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let (error, description) = self.read_refusal(&body);
                Err(SourceError::Credentials { request, status, error, description })
            }
            _ => {
                let (error, description) = self.read_refusal(&body);
                Err(SourceError::Status {
                    request,
                    status,
                    messages: [Some(error), description].into_iter().flatten().collect(),
                })
            }
        }
    }

    fn read_grant(&self, request: Request, body: &[u8]) -> Result<Grant, SourceError> {
        let misshapen = |member: &str, expected| SourceError::Misshapen {
            request: request.clone(),
            member: member.to_owned(),
            expected,
        };
        let answer: TokenAnswer = match serde_json::from_slice(body) {
            Ok(answer) => answer,
            Err(error) if is_cut(body, Some(&error)) => {
                return Err(SourceError::Unavailable {
                    request,
                    cause: "the answer broke off".to_owned(),
                    retry_after: None,
                });
            }
            Err(error) if error.is_data() => return Err(misshapen("access_token", "token")),
            Err(_) => return Err(SourceError::Malformed { request, found: describe(body) }),
        };
        if answer.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(misshapen("token_type", "`Bearer`"));
        }
        if answer.access_token.is_empty() || HeaderValue::try_from(&answer.access_token).is_err() {
            return Err(misshapen("access_token", "token that fits into a header"));
        }
        Ok(Grant { access_token: answer.access_token.into(), expires_in: answer.expires_in })
    }

    /// The error code and its description, or a word on what came instead.
    fn read_refusal(&self, body: &[u8]) -> (String, Option<String>) {
        let secret = self.client_secret.expose_secret();
        let encoded = form_encoded(secret);
        let basic = STANDARD.encode(format!("{}:{encoded}", form_encoded(self.client_id.expose_secret())));
        let clean = |text: &str| legible(text, &[secret, &encoded, &basic]);
        match serde_json::from_slice::<RefusalAnswer>(body) {
            Ok(answer) => (clean(&answer.error), answer.error_description.as_deref().map(clean)),
            // The rest is not quoted: it may repeat the request.
            Err(_) => (describe(body), None),
        }
    }
}

/// What the identity server granted.
struct Grant {
    access_token: SecretString,
    expires_in: Option<f64>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    token_type: Option<String>,
    expires_in: Option<f64>,
}

#[derive(Deserialize)]
struct RefusalAnswer {
    error: String,
    error_description: Option<String>,
}

fn form_encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// How long a token is used. A margin longer than half a token's life would leave no time to use it.
fn usable_life(expires_in: Option<f64>, margin: Duration) -> Duration {
    match expires_in.map(Duration::try_from_secs_f64) {
        Some(Ok(life)) => (life - margin.min(life / 2)).min(LONGEST_LIFE),
        Some(Err(_)) | None => UNSTATED_LIFE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_until_its_margin() {
        let margin = Duration::from_secs(60);
        assert_eq!(usable_life(Some(300.0), margin), Duration::from_secs(240));
        assert_eq!(usable_life(Some(60.0), margin), Duration::from_secs(30));
        assert_eq!(usable_life(Some(0.0), margin), Duration::ZERO);
        assert_eq!(usable_life(None, margin), UNSTATED_LIFE);
        assert_eq!(usable_life(Some(-1.0), margin), UNSTATED_LIFE);
        assert_eq!(usable_life(Some(1e18), margin), LONGEST_LIFE);
    }
}
