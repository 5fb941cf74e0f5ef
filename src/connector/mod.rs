//! A connector's folder, compiled into one immutable revision.

mod remote;

pub use crate::mapping::Operation;
pub use remote::{Limits, Paging, Placement, Remote};
