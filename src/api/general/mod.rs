//! Endpoints about keys, integrations and the server itself.

mod health;
mod keys;

pub(super) use health::{healthz, metrics, readyz};
pub(super) use keys::check_api_key;
