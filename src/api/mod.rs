//! HTTP over a running engine. So far this is its control: a socket beside the store, which only its owner can open, so that
//! other commands can ask the engine what it does and tell it to look at its files.

mod answer;
mod client;
mod control;

pub use answer::{ReloadAnswer, ReloadedAnswer};
pub use client::{Client, ClientError};
pub use control::{Claim, Control, ControlError, Figures, socket_of};
