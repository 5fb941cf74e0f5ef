//! A connector's folder, compiled into one immutable revision.

mod remote;

pub use remote::{Limits, Operation, Paging, Placement, Remote};
