//! Overlays: what a connection says in the place of parts of a mapping.
//!
//! An overlay is written like a mapping. A field that it names takes the place of the whole field, a condition that of
//! the condition of its name, and so on; what it does not name stays. What came from it keeps its place in the
//! overlay's file, so every message about it points there.

use std::sync::Arc;

use super::custom::CUSTOM_FIELDS;
use super::document::{Changes, Document, Part, ReadChanges, Reader};
use super::keys::{OVERLAY, OVERLAY_READ};
use crate::diagnostics::{Place, Problems, SourceFile};
use crate::yaml::{self, Fields, Located};

/// An overlay of one model.
#[derive(Debug)]
pub struct Overlay {
    file: Arc<SourceFile>,
    model: Located<String>,
    read: ReadChanges,
    changes: Changes,
}

impl Overlay {
    /// Reads an overlay and reports everything in it that is not of the language.
    pub fn parse(file: &Arc<SourceFile>, problems: &Problems) -> Option<Overlay> {
        let node = yaml::parse(file, problems)?;
        let fields = Fields::open(&node, &OVERLAY, file, problems)?;
        let reader = Reader { file, problems };
        let read = fields.get("read").map_or_else(
            || Some(ReadChanges::default()),
            |node| {
                let fields = Fields::open(node, &OVERLAY_READ, file, problems)?;
                let read = reader.read_changes(&fields);
                fields.close();
                Some(read)
            },
        );
        let mut changes = reader.changes(&fields);
        fields.close();
        Some(Overlay { file: Arc::clone(file), model: changes.model.take()?, read: read?, changes })
    }

    /// The file.
    pub fn file(&self) -> &Arc<SourceFile> {
        &self.file
    }

    /// The model whose mapping it changes.
    pub fn model(&self) -> &Located<String> {
        &self.model
    }
}

impl Document {
    /// The mapping with the overlay's parts in the place of its own.
    pub fn overlay(&mut self, overlay: Overlay) {
        let Overlay { read, changes, .. } = overlay;
        self.read.filter = read.filter.or(self.read.filter.take());
        self.read.sort = read.sort.or(self.read.sort.take());
        replace(&mut self.read.arguments, read.arguments, |one, other| one.key.value == other.key.value);
        for script in changes.scripts {
            if self.scripts.iter().all(|known| known.value.value != script.value.value) {
                self.scripts.push(script);
            }
        }
        replace(&mut self.conditions, changes.conditions, |one, other| one.name.value == other.name.value);
        self.group = changes.group.or(self.group.take());
        self.also.extend(changes.also);
        // Of the two ways to fill custom fields, the overlay's counts.
        if let Some(mut section) = changes.custom_fields {
            self.fields.retain(|part| part.value.name.value != CUSTOM_FIELDS);
            if let Some(below) = self.custom_fields.take() {
                section.value.lay_over(below);
            }
            self.custom_fields = Some(section);
        } else if changes.fields.iter().any(|part| part.value.name.value == CUSTOM_FIELDS) {
            self.custom_fields = None;
        }
        for mut part in changes.fields {
            match self.fields.iter_mut().find(|known| known.value.name.value == part.value.name.value) {
                Some(known) => {
                    part.value.replaces = Some(Place::new(&known.file, known.value.name.span));
                    *known = part;
                }
                None => self.fields.push(part),
            }
        }
    }
}

/// Puts each of `parts` in the place of the one that is the same, or behind all others.
pub(super) fn replace<T>(known: &mut Vec<Part<T>>, parts: Vec<Part<T>>, same: impl Fn(&T, &T) -> bool) {
    for part in parts {
        match known.iter_mut().find(|known| same(&known.value, &part.value)) {
            Some(known) => *known = part,
            None => known.push(part),
        }
    }
}
