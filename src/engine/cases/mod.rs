//! The cases of a connector: raw records in `tests/cases/`, and the snapshots of what they map to.
//!
//! ```text
//! tests/cases/jobs/full.json       →  snapshots/jobs__full.snap
//! tests/cases/acme/jobs/full.json  →  snapshots/acme__jobs__full.snap    of the connector `acme`, if it has a folder
//! ```
//!
//! A [`Suite`] maps them and says which match their snapshots; a [`Recording`] makes a new one of a live record. The
//! snapshots are those of insta, byte for byte.

mod disguise;
mod fixture;
mod outcome;
mod pattern;
mod snapshot;
mod suite;

pub use disguise::{Replacement, Salt};
pub use fixture::{Fixture, Recording, is_name};
pub use outcome::{Outcome, Unreadable};
pub use suite::{Case, Checked, State, Suite};

/// The connection that the ids in snapshots are derived with, whichever connection maps the cases: so they do not
/// depend on how somebody calls a tenant.
pub const CONNECTION: &str = "acme";

/// `$now` of all cases, so that what is open today does not close in a snapshot tomorrow.
pub const NOW: &str = "2026-11-20T11:00:00Z";

/// The folder of the cases in a home.
pub const CASES: &str = "tests/cases";

/// The file beside the folders of cases that names free fields and options, as the source's own list would.
pub const LABELS: &str = "labels.json";

/// The folder of the snapshots in a home.
pub const SNAPSHOTS: &str = "snapshots";
