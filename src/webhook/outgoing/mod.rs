//! Webhooks to those who use the engine: what is told, how it is written and signed, and when it is sent again.
//!
//! All of it is pure but [`Sender`], which sends one message once. What is to be sent stands in the store's
//! [outbox](crate::store::Store::tell), and a running engine sends it.

mod body;
mod pause;
mod send;
mod sign;

pub use body::{EndUser, Event, EventType, Integration, SetupStatus, SyncEnd, SyncTold};
pub use pause::next_attempt;
pub use send::{NotSent, Sender};
pub use sign::{SIGNATURE_HEADER, sign};
