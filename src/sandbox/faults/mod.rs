//! Faults on demand: a plan says which calls go wrong, and how.
//!
//! `plan` and `fault` are what is written, `state` decides what befalls a call, `bodies` makes answers that are wrong
//! by what they say, and `answer` carries out what is wrong on the wire.

mod answer;
mod bodies;
mod call;
mod cost;
mod fault;
mod plan;
mod poison;
mod served;
mod state;
mod undefined;

pub(super) use answer::Answer;
pub(super) use bodies::{Target, nulled, refusal, spoiled};
pub(super) use call::Call;
pub use fault::Fault;
pub use plan::{ChurnRule, Concurrency, Cost, Endpoint, Faults, FaultsError, Poison, Rate, Rule, When};
pub(super) use poison::Poisoning;
pub(super) use served::{Invalid, Known, Served};
pub(super) use state::{Fired, State};
