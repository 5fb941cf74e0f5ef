//! Mappings that change while an engine runs: what becomes of records, syncs, readers and other connections.

mod connections;
mod edits;
mod freed;
mod home;
mod load;
mod remap;
