//! A death on demand: tests have a process die before or after a transaction begins or commits. Builds without debug
//! assertions have none of this.

use std::sync::atomic::{AtomicU64, Ordering};

/// Boundaries that are still passed alive and the one that is not; 0 when none is to be died at.
static LEFT: AtomicU64 = AtomicU64::new(0);

/// Ends the process at the `number`th boundary from now on, as a kill does: nothing is closed or written back.
pub(crate) fn at_boundary(number: u64) {
    LEFT.store(number, Ordering::Relaxed);
}

/// A boundary of a transaction.
pub(super) fn boundary() {
    let left = LEFT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
    if left == Ok(1) {
        std::process::abort();
    }
}
