//! Webhooks: requests by which the source tells of changes, and those by which this engine tells [others](outgoing).
//!
//! An event is a hint and no more: what it says of a record is not believed, the record is read. So [`check`] decides
//! whether a request came from the source, the [inbox](crate::store::Store::take_hint) of the store keeps what it tells before it is
//! answered, and [`follow`] reads the records, many hints at a time. What is lost on the way, the next sync finds.

mod check;
mod follow;
mod gate;
mod key;
pub mod outgoing;

pub use check::{Checked, Event, Proof, Refused, check, check_for_nobody};
pub use follow::{Pass, follow};
pub use gate::Gate;
pub use key::{Key, KeyError};
