//! What lets a request in: credentials, and the headers that carry them.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded::byte_serialize;

use super::error::SourceError;
use super::health::Health;
use super::oauth::{Token, Tokens};
use crate::connector::{Header, HeaderPart, OAUTH2_CREDENTIALS, Remote};

/// What a connection proves itself with: secrets by the names that its connector gives them.
#[derive(Debug, Clone, Default)]
pub struct Credentials(BTreeMap<String, SecretString>);

impl Credentials {
    /// Those of an OAuth 2 client.
    pub fn of_client(id: impl Into<String>, secret: impl Into<String>) -> Credentials {
        let values: [String; 2] = [id.into(), secret.into()];
        OAUTH2_CREDENTIALS.into_iter().zip(values).collect()
    }

    pub(super) fn expect(&self, name: &str) -> Result<&SecretString, SourceError> {
        self.0.get(name).ok_or_else(|| SourceError::MissingCredential { name: name.to_owned() })
    }
}

impl<N: Into<String>> FromIterator<(N, String)> for Credentials {
    fn from_iter<I: IntoIterator<Item = (N, String)>>(values: I) -> Self {
        Credentials(values.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

impl<N: Into<String>> FromIterator<(N, SecretString)> for Credentials {
    fn from_iter<I: IntoIterator<Item = (N, SecretString)>>(values: I) -> Self {
        Credentials(values.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

/// The headers of a source's requests, and the tokens where some carry one.
pub(super) struct Access {
    headers: HeaderMap,
    secrets: Vec<SecretString>,
    tokens: Option<Tokens>,
}

/// What one request carries.
pub(super) struct Pass<'a> {
    access: &'a Access,
    token: Option<Arc<Token>>,
}

impl Access {
    pub(super) fn new(remote: &Remote, credentials: &Credentials, health: &Health) -> Result<Access, SourceError> {
        let mut headers = HeaderMap::new();
        let mut secrets = Vec::new();
        for header in &remote.headers {
            let (name, value) = filled(header, credentials, &mut secrets)?;
            headers.insert(name, value);
        }
        let tokens = remote.oauth2.as_ref().map(|oauth2| Tokens::new(oauth2, &remote.limits, credentials, health));
        let tokens = tokens.transpose()?;
        Ok(Access { headers, secrets, tokens })
    }

    /// What the next request carries: with a token, the current one or a new one.
    pub(super) async fn pass(&self) -> Result<Pass<'_>, SourceError> {
        let token = match &self.tokens {
            Some(tokens) => Some(tokens.current().await?),
            None => None,
        };
        Ok(Pass { access: self, token })
    }

    /// What to carry in place of what was refused; `refusal` when there is nothing else.
    pub(super) async fn another(&self, refused: Pass<'_>, refusal: SourceError) -> Result<Pass<'_>, SourceError> {
        let (Some(tokens), Some(token)) = (&self.tokens, &refused.token) else {
            return Err(match refusal {
                SourceError::Unauthorized { request } => SourceError::KeyRefused { request },
                other => other,
            });
        };
        tokens.discard(token).await;
        self.pass().await
    }
}

impl Pass<'_> {
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = self.access.headers.clone();
        if let Some(token) = &self.token {
            headers.insert(AUTHORIZATION, token.authorization());
        }
        headers
    }

    /// Whether it has a token, in whose place there may be another.
    pub(super) fn has_token(&self) -> bool {
        self.token.is_some()
    }

    /// Everything that must not be shown.
    pub(super) fn secrets(&self) -> Vec<&str> {
        let token = self.token.as_ref().map(|token| token.secret());
        token.into_iter().chain(&self.access.secrets).map(|secret| secret.expose_secret()).collect()
    }
}

/// A header with the credentials filled in; they are added to `secrets`.
fn filled(
    header: &Header,
    credentials: &Credentials,
    secrets: &mut Vec<SecretString>,
) -> Result<(HeaderName, HeaderValue), SourceError> {
    let mut value = String::new();
    for part in &header.value {
        match part {
            HeaderPart::Text(text) => value.push_str(text),
            HeaderPart::Credential(name) => {
                let secret = credentials.expect(name)?;
                value.push_str(secret.expose_secret());
                let encoded: String = byte_serialize(secret.expose_secret().as_bytes()).collect();
                secrets.extend([secret.clone(), SecretString::from(encoded)]);
            }
        }
    }
    let unusable = || SourceError::UnusableHeader { name: header.name.clone() };
    let name = HeaderName::try_from(&header.name).map_err(|_| unusable())?;
    let mut value = HeaderValue::try_from(value).map_err(|_| unusable())?;
    value.set_sensitive(true);
    Ok((name, value))
}
