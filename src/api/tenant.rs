//! Who asks, and about which integration.

use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use secrecy::SecretString;

use super::failure::{Code, Failure};
use super::shared::Api;
use crate::connector::Revision;
use crate::engine::{ApiKey, IntegrationId};

/// The header that names the integration.
pub(crate) const INTEGRATION: &str = "x-integration-id";

/// A key that was shown, and is good.
pub(crate) type Key = Arc<ApiKey>;

/// An integration, and a key that opens it. There is no other way to get one than to show the key, and no answer about
/// records without one.
#[derive(Debug, Clone)]
pub(crate) struct Tenant {
    pub key: Key,
    /// The name of the connection.
    pub connection: String,
    /// The same, as clients know it.
    pub id: IntegrationId,
    /// What the connection runs with.
    pub revision: Arc<Revision>,
}

impl Api {
    /// The key of a request.
    pub(super) async fn key_of(&self, headers: &HeaderMap) -> Result<Key, Failure> {
        let refused = |message: &str| Failure::of(Code::PlatformAuthenticationInvalid, message);
        let Some(value) = headers.get(header::AUTHORIZATION) else {
            return Err(refused("send an API key in the header `Authorization: Bearer …`"));
        };
        let text = value.to_str().ok().and_then(bearer);
        let Some(text) = text else {
            return Err(refused("the header `Authorization` has not the form `Bearer …`"));
        };
        match self.engine.key(&SecretString::from(text)).await? {
            Some(key) => Ok(Arc::new(key)),
            None => Err(refused("the API key is unknown or revoked; `crosswalk keys create` makes one")),
        }
    }

    /// The integration that a text names, if the key opens it. It makes no difference to the answer whether there is none
    /// or whether it is somebody else's.
    pub(super) fn tenant(&self, key: Key, named: &str) -> Result<Tenant, Failure> {
        let (tool, name) = named.split_once(':').ok_or_else(Failure::no_integration)?;
        let connection = self.connection_of(name).filter(|connection| key.opens(connection));
        let connection = connection.ok_or_else(Failure::no_integration)?;
        let Some(revision) = self.running.revision(&connection) else {
            return Err(Failure::of(
                Code::IntegrationSetupIncomplete,
                "the files of this integration do not compile, and it never ran; its operator sees why in `crosswalk status`",
            ));
        };
        let id = IntegrationId::new(&revision, &connection);
        if id.tool() != tool {
            return Err(Failure::no_integration());
        }
        Ok(Tenant { key, connection, id, revision })
    }

    /// The connection that has this name or id.
    fn connection_of(&self, name: &str) -> Option<String> {
        if self.running.knows(name) {
            return Some(name.to_owned());
        }
        let known = self.ids().get(name).cloned();
        if let Some(connection) = known.filter(|connection| self.running.knows(connection)) {
            return Some(connection);
        }
        // Ids are digests of names: looking for one costs a digest for each.
        let found =
            self.running.connections().into_iter().find(|known| IntegrationId::id_of(known).as_str() == name)?;
        self.ids().insert(name.to_owned(), found.clone());
        Some(found)
    }

    /// The same of the header.
    pub(super) fn tenant_of(&self, key: Key, headers: &HeaderMap) -> Result<Tenant, Failure> {
        let Some(value) = headers.get(INTEGRATION) else {
            return Err(Failure::invalid(
                "the header `X-Integration-Id` is missing; it names the integration, such as `tool:id`",
            ));
        };
        let named = value.to_str().map_err(|_| Failure::no_integration())?;
        self.tenant(key, named.trim())
    }
}

/// A key that is there, but not for this.
pub(super) fn read_only() -> Failure {
    Failure::of(Code::PlatformAuthenticationInvalid, "this API key may only read; make another one for writes")
        .with_status(StatusCode::FORBIDDEN)
}

/// A key that is bound to connections, where something about all of them is asked.
pub(super) fn bound() -> Failure {
    Failure::of(
        Code::PlatformAuthenticationInvalid,
        "this API key opens some connections only, and this tells of all; make one without `--connection`",
    )
    .with_status(StatusCode::FORBIDDEN)
}

fn bearer(value: &str) -> Option<String> {
    let (scheme, key) = value.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().to_owned()).filter(|key| !key.is_empty())
}
