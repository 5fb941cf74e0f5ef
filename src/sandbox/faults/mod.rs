//! Faults on demand: a plan says which calls go wrong, and how.
//!
//! `plan` is what is written, `state` decides what befalls a call, `answer` carries it out on the wire.

mod answer;
mod bodies;
mod call;
mod cost;
mod plan;
mod poison;
mod served;
mod state;
mod undefined;

pub(super) use answer::Answer;
pub(super) use bodies::{Target, nulled, refusal, spoiled};
pub(super) use call::Call;
pub use plan::{ChurnRule, Concurrency, Cost, Endpoint, Fault, Faults, FaultsError, Poison, Rate, Rule, When};
pub(super) use poison::Poisoning;
pub(super) use served::{Invalid, Known, Served};
pub(super) use state::{Fired, State};
