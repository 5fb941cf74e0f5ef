//! The revision that a connection runs with.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::Revision;

/// One atomic pointer to the running revision. Whoever takes it keeps what it points at to the end of a page, a batch
/// or an answer, however often it is swapped meanwhile; a revision is freed when its last user lets go of it.
#[derive(Debug)]
pub struct Live(ArcSwap<Revision>);

impl Live {
    /// A connection that runs with this revision.
    pub fn new(revision: Revision) -> Live {
        Live(ArcSwap::from_pointee(revision))
    }

    /// The revision that is in use now.
    pub fn revision(&self) -> Arc<Revision> {
        self.0.load_full()
    }

    /// Puts a revision in the place of the one in use, which is given back.
    pub fn swap(&self, revision: Revision) -> Arc<Revision> {
        self.0.swap(Arc::new(revision))
    }
}
