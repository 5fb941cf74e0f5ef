//! HTTP over a running engine. So far this is its control: a socket beside the store, which only its owner can open, so that
//! other commands can ask the engine what it does and tell it to look at its files; and the place where sources tell of
//! changes.

mod acting;
mod answer;
mod client;
mod control;
mod webhooks;

pub use acting::{ActAnswer, ActRequest, ActedAnswer, ResumeRequest};
pub use answer::{ReloadAnswer, ReloadedAnswer};
pub use client::{Client, ClientError};
pub use control::{Claim, Control, ControlError, Figures, socket_of};
pub use webhooks::{WebhookListener, WebhookServer, webhooks};
