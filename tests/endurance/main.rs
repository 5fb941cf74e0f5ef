//! Syncs that go on for years: what changed, what vanished, and all that goes wrong meanwhile.

// Measurements say what they found.
#![allow(clippy::print_stdout)]

mod actions;
#[path = "../shared/copy.rs"]
mod copy;
mod crash;
mod deletions;
mod deltas;
mod drift;
mod dropped;
mod faults;
mod picture;
mod soak;
mod tenant;
mod trouble;
mod twins;
mod webhooks;
