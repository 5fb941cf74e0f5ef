//! What of a connection can be read: which models it maps, what fills their fields, and what is shown.

use std::collections::{BTreeMap, BTreeSet};

use super::PageError;
use crate::connector::{Connection, Revision};
use crate::model::{List, Model};
use crate::store::Narrow;

/// What of a connection can be read.
#[derive(Debug, Clone)]
pub struct View {
    pub(super) connection: String,
    /// The models that are mapped, with the fields that their mappings fill.
    mapped: BTreeMap<&'static str, BTreeSet<String>>,
    /// Those that are switched off.
    off: BTreeSet<&'static str>,
    pub(super) remote_data: bool,
}

impl View {
    /// That of a connection with a revision that it runs with.
    pub fn of(connection: &Connection, revision: &Revision) -> View {
        let filled = |sources: &[crate::mapping::FieldSource]| {
            sources.iter().filter(|source| source.mapped).map(|source| source.field.clone()).collect()
        };
        let off = connection.options.models.iter().filter(|(_, options)| options.off);
        View {
            connection: connection.name.clone(),
            mapped: revision.plans().map(|plan| (plan.model().name, filled(plan.sources()))).collect(),
            off: off.map(|(model, _)| *model).collect(),
            remote_data: connection.options.remote_data,
        }
    }

    /// That of a connection that maps all there is.
    #[cfg(test)]
    pub(super) fn of_all(connection: &str) -> View {
        let fields = |model: &Model| model.fields.iter().map(|field| field.name.to_owned()).collect();
        View {
            connection: connection.to_owned(),
            mapped: crate::model::MODELS.iter().map(|model| (model.name, fields(model))).collect(),
            off: BTreeSet::new(),
            remote_data: false,
        }
    }

    /// The same, with nothing that fills a field.
    #[cfg(test)]
    pub(super) fn forget(&mut self, model: &str, field: &str) {
        self.mapped.get_mut(model).unwrap().remove(field);
    }

    /// The name of the connection.
    pub fn connection(&self) -> &str {
        &self.connection
    }

    /// Whether records of a model can be read, and why not.
    pub(super) fn check(&self, model: &'static Model) -> Result<(), PageError> {
        let connection = || self.connection.clone();
        if !self.mapped.contains_key(model.name) {
            return Err(PageError::NotMapped { connection: connection(), model: model.name });
        }
        if self.off.contains(model.name) {
            return Err(PageError::Disabled { connection: connection(), model: model.name });
        }
        Ok(())
    }

    /// Whether rows of a model are shown. All others are as if they were not there.
    pub(super) fn shows(&self, model: &str) -> bool {
        self.mapped.contains_key(model) && !self.off.contains(model)
    }

    /// The models that have to be read before a list can be shown.
    pub(super) fn models_of(&self, list: &'static List) -> Vec<&'static Model> {
        let shown = list.shown_models().into_iter().filter(|model| self.shows(model.name));
        std::iter::once(list.model).chain(shown).collect()
    }

    /// Whether the source has what something looks for.
    pub(super) fn supports(&self, narrow: &Narrow, model: &'static Model) -> bool {
        match narrow {
            Narrow::Ids(_) | Narrow::RemoteIds(_) => true,
            Narrow::By(filter, _) => filter.test.needs(model).iter().all(|(model, field)| {
                self.shows(model) && self.mapped.get(model).is_some_and(|fields| fields.contains(*field))
            }),
        }
    }
}
