//! What a write did to which records.

use super::{Change, ChangeKind, Record, World};

/// The records that a write made, changed or removed, in the order in which it came to them.
#[derive(Debug, Default)]
pub(super) struct Effects(Vec<(Record, ChangeKind, Vec<String>)>);

impl Effects {
    /// Remembers what happened to a record; what was made by the write stays made, whatever is changed of it later.
    pub(super) fn note(&mut self, record: Record, kind: ChangeKind, field: Option<&str>) {
        let at = match self.0.iter().position(|(known, ..)| *known == record) {
            Some(at) => at,
            None => {
                self.0.push((record, kind, Vec::new()));
                self.0.len() - 1
            }
        };
        let (_, known, fields) = &mut self.0[at];
        if kind != ChangeKind::Updated {
            *known = kind;
        }
        if let Some(field) = field.filter(|field| !fields.iter().any(|name| name == field)) {
            fields.push(field.to_owned());
        }
    }

    pub(super) fn into_changes(self, world: &World) -> Vec<Change> {
        self.0.into_iter().map(|(record, kind, fields)| world.change(record, kind, fields)).collect()
    }
}
