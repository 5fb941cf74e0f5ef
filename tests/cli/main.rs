//! The command line from end to end: the binary itself, in home folders of its own, over the sandbox.

mod changes;
mod explain;
mod home;
mod reading;
mod refusals;
mod resuming;
mod screens;
mod views;
