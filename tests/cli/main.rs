//! The command line from end to end: the binary itself, in home folders of its own, over the sandbox.

mod cases;
mod changes;
mod check;
mod connecting;
mod connectors;
#[path = "../shared/copy.rs"]
mod copy;
mod explain;
mod generated;
mod home;
mod outgoing;
mod overlays;
mod planning;
mod reading;
mod recording;
mod refusals;
mod resuming;
mod running;
mod sandbox;
mod schema;
mod screens;
mod stopping;
mod views;
mod walkthrough;
mod watching;
mod webhooks;
