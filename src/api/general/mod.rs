//! Endpoints about keys, integrations and the server itself.

mod coverage;
mod custom_fields;
mod force_sync;
mod health;
mod integrations;
mod keys;
mod multipart;
mod passthrough;
mod tools;

pub(super) use custom_fields::{custom_fields, map_custom_field};
pub(super) use force_sync::force_sync;
pub(super) use health::{healthz, metrics, readyz};
pub(super) use integrations::integration;
pub(super) use keys::check_api_key;
pub(super) use passthrough::passthrough;
pub(super) use tools::tools;
