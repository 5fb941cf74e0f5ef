//! Rows that cannot be read.

use super::super::data::{Record, World};
use super::plan::Poison;
use std::sync::{Arc, OnceLock};

/// The poisoned rows, watched over while one request is executed.
#[derive(Debug, Default)]
pub(crate) struct Poisoning {
    rows: Arc<[Poison]>,
    hit: OnceLock<usize>,
}

impl Poisoning {
    pub(super) fn new(rows: Arc<[Poison]>) -> Poisoning {
        Poisoning { rows, hit: OnceLock::new() }
    }

    /// Takes note of a field that is read; `nested` when its record was reached through another.
    pub(crate) fn reads(&self, world: &World, record: Record, field: &str, nested: bool) {
        let hit = self.rows.iter().position(|poison| {
            poison.kind == record.kind.name()
                && (poison.nested || !nested)
                && (poison.only_when_selecting.is_empty()
                    || poison.only_when_selecting.iter().any(|name| name == field))
                && poison.id == world.id(record)
        });
        if let Some(hit) = hit {
            // The first one decides.
            let _ = self.hit.set(hit);
        }
    }

    /// The row that spoiled the request.
    pub(crate) fn hit(&self) -> Option<&Poison> {
        self.hit.get().map(|&nth| &self.rows[nth])
    }
}
