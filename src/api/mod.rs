//! HTTP over a running engine: the API of the unified models, for those who have a key ([`Api`]); its control, a socket
//! beside the store, which only its owner can open, so that other commands can ask the engine what it does and tell it to look
//! at its files; and the place where sources tell of changes.
//!
//! `routes` is the table of all endpoints. `dispatch` takes a request through it: key, limits, integration, body; the
//! handler of an endpoint is called with what its row says that it needs.

mod acting;
mod actions;
mod answer;
mod call;
mod client;
mod control;
mod dispatch;
mod failure;
mod general;
mod limits;
mod lists;
mod openapi;
mod page;
mod parameters;
mod reply;
mod routes;
mod server;
mod shared;
mod tenant;
#[cfg(test)]
mod tests;
mod tls;
mod webhooks;

pub use acting::{ActAnswer, ActRequest, ActedAnswer, ResumeRequest};
pub use answer::{ReloadAnswer, ReloadedAnswer};
pub use client::{Client, ClientError};
pub use control::{Claim, Control, ControlError, Figures, socket_of};
pub use limits::ApiLimits;
pub use openapi::openapi_text;
pub use routes::{Endpoint, endpoints};
pub use server::{ApiListener, ApiServer};
pub use shared::Api;
pub use tls::{Tls, TlsError};
pub use webhooks::{WebhookListener, WebhookServer, webhooks};
