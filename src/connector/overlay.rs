//! The overlay of a connection: a folder in `connections/` that is laid out like a connector's.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Connection;
use super::files::{Files, Home};
use crate::diagnostics::{Place, Problem, Problems, SourceFile};
use crate::mapping::{Document, Overlay};

impl Home {
    /// The files of a connection's overlay, if it has one.
    pub(super) fn overlay(&self, connection: &Connection, problems: &Problems) -> Option<Files> {
        let name = connection.overlay.as_ref()?;
        let known = self.overlays();
        if known.contains(&name.value) {
            return Some(self.overlay_files(&name.value, problems));
        }
        problems.report(
            Problem::error("M0616", format!("there is no overlay `{}`", name.value))
                .at(&connection.file, name.span, format!("no folder connections/{}/", name.value))
                .suggest(&name.value, known.iter().map(String::as_str)),
        );
        None
    }
}

/// Puts overlays over the mappings of their models.
pub(super) fn lay(overlays: &[Arc<SourceFile>], documents: &mut [Document], problems: &Problems) {
    let mut seen: BTreeMap<String, Place> = BTreeMap::new();
    for file in overlays {
        let Some(overlay) = Overlay::parse(file, problems) else { continue };
        let model = overlay.model().clone();
        let place = Place::new(file, model.span);
        if let Some(earlier) = seen.get(&model.value) {
            problems.report(
                Problem::error("M0213", format!("two files of an overlay change {}", model.value))
                    .at(file, model.span, "changed here too")
                    .because(earlier.clone(), "changed here")
                    .help("put the fields of both into one of them"),
            );
            continue;
        }
        seen.insert(model.value.clone(), place);
        match documents.iter_mut().find(|document| document.model().value == model.value) {
            Some(document) => document.overlay(overlay),
            None => problems.report(
                Problem::error("M0216", format!("the connector does not map `{}`", model.value))
                    .at(file, model.span, "nothing to lay this over")
                    .suggest(&model.value, documents.iter().map(|document| document.model().value.as_str())),
            ),
        }
    }
}
