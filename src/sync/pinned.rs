//! What the pages of one walk are mapped with.

use std::sync::Arc;

use crate::connector::{Live, Revision};
use crate::mapping::{Labels, Plan};
use crate::model::Model;

/// The revision that a walk began with, and the present one as far as the pages of the walk have what it reads: the
/// query of a walk stays what it is, so a plan that reads more would find nothing there.
#[derive(Debug, Clone)]
pub(super) struct Pinned {
    live: Arc<Live>,
    /// The latest that these pages can be mapped with.
    usable: Arc<Revision>,
    /// What the walk asks for.
    asked: Arc<Plan>,
    /// The names of free fields, if they were read.
    labels: Option<Arc<Labels>>,
}

impl Pinned {
    /// None when the present revision does not map the model.
    pub fn new(live: &Arc<Live>, model: &Model, labels: Option<Arc<Labels>>) -> Option<Pinned> {
        let usable = live.revision();
        let asked = Arc::clone(usable.plan(model)?);
        Some(Pinned { live: Arc::clone(live), usable, asked, labels })
    }

    /// The plan whose query the walk sends.
    pub fn asked(&self) -> &Arc<Plan> {
        &self.asked
    }

    /// The revision that the walk began with, or a later one.
    pub fn revision(&self) -> &Arc<Revision> {
        &self.usable
    }

    pub fn labels(&self) -> Arc<Labels> {
        self.labels.clone().unwrap_or_default()
    }

    /// The revision for the next page.
    pub fn present(&mut self) -> (Arc<Revision>, Arc<Plan>) {
        let model = self.asked.model();
        let present = self.live.revision();
        if let Some(plan) = present.plan(model)
            && self.can_be_mapped_by(plan)
        {
            let plan = Arc::clone(plan);
            self.usable = Arc::clone(&present);
            return (present, plan);
        }
        let plan = self.usable.plan(model).unwrap_or(&self.asked);
        (Arc::clone(&self.usable), Arc::clone(plan))
    }

    fn can_be_mapped_by(&self, plan: &Plan) -> bool {
        self.asked.reads().covers(plan.reads()) && (self.labels.is_some() || !plan.needs_labels())
    }
}
