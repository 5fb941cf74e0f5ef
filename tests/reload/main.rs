//! Mappings that change while an engine runs: what becomes of records, syncs, readers and other connections.

mod clocks;
mod connections;
#[path = "../shared/copy.rs"]
mod copy;
mod edits;
mod freed;
mod home;
mod limits;
mod load;
mod remap;
mod standing;
mod telling;
