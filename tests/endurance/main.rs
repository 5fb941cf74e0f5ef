//! Syncs that go on for years: what changed, what vanished, and all that goes wrong meanwhile.

#[path = "../shared/copy.rs"]
mod copy;
mod deletions;
mod deltas;
mod drift;
mod tenant;
mod webhooks;
