//! The command line from end to end: the binary itself, in home folders of its own, over the sandbox.

mod cases;
mod changes;
mod home;
mod reading;
mod recording;
mod refusals;
mod resuming;
mod screens;
mod views;
