//! What a connector's mappings fill.

use serde::Serialize;

use super::EngineError;
use crate::connector::{Connection, Home, Revision};
use crate::mapping::Plan;
use crate::model::Kind;

/// A model and its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The model.
    pub model: &'static str,
    /// The field of the source's query type that is read.
    pub query: String,
    /// Its fields, in the order of the model.
    pub fields: Vec<FieldCoverage>,
}

/// A field, and what it is filled from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldCoverage {
    /// The field.
    pub field: String,
    /// Whether a rule fills it.
    pub mapped: bool,
    /// The paths of the source that its rules read.
    pub from: Vec<String>,
    /// The tables, functions and kinds that take part.
    pub through: Vec<String>,
    /// What the field means.
    pub about: &'static str,
}

impl Coverage {
    /// What the mappings of a connection fill, model by model. It needs the files only, no store.
    pub fn read(home: &Home, connection: &Connection) -> Result<Vec<Coverage>, EngineError> {
        let revision = Revision::load(home, connection)?;
        Ok(revision.plans().map(|plan| Coverage::of(plan)).collect())
    }

    fn of(plan: &Plan) -> Coverage {
        let model = plan.model();
        let fields = plan.sources().iter().zip(model.fields).map(|(source, field)| {
            let mut through = source.through.clone();
            if let Kind::Members(members) = &field.kind {
                through.push(format!("the group of {}", members.model));
            }
            FieldCoverage {
                field: source.field.clone(),
                mapped: source.mapped,
                from: source.paths.clone(),
                through,
                about: field.about,
            }
        });
        Coverage { model: model.name, query: plan.operation().root.clone(), fields: fields.collect() }
    }
}
