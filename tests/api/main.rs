//! `crosswalk serve` from outside: the binary itself, asked over HTTP, with sandboxes for sources.

#[path = "../shared/copy.rs"]
mod copy;
mod custom_fields;
mod ending;
mod integrations;
mod keys;
mod lists;
mod passthrough;
mod reading;
mod server;
mod shapes;
mod syncing;
mod tls;
