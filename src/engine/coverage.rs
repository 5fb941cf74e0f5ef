//! What a connector's mappings fill.

use serde::Serialize;

use super::EngineError;
use crate::connector::{Connection, Home, Revision};
use crate::diagnostics::Place;
use crate::mapping::Plan;
use crate::model::Kind;
use crate::yaml;

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
    pub support: Support,
    /// The paths of the source that its rules read.
    pub from: Vec<String>,
    /// The tables, functions and kinds that take part.
    pub through: Vec<String>,
    /// What the comment beside the rule says.
    pub note: Option<String>,
    /// Where the rule stands: file and line.
    pub place: Option<String>,
    /// Where the rule of the connector stands that an overlay took the place of.
    pub replaces: Option<String>,
    /// What the field means.
    pub about: &'static str,
}

/// Whether a field is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    /// A rule fills it.
    Mapped,
    /// The mapping says that the source has nothing for it.
    Absent,
    /// No file says anything of it.
    Unsaid,
}

impl Support {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Support::Mapped => "yes",
            Support::Absent => "no source",
            Support::Unsaid => "not mapped",
        }
    }
}

impl Coverage {
    /// What the mappings of a connection fill, model by model. It needs the files only, no store.
    pub fn read(home: &Home, connection: &Connection) -> Result<Vec<Coverage>, EngineError> {
        let revision = Revision::load(home, connection)?;
        Ok(Coverage::of_revision(&revision))
    }

    /// What a revision fills, model by model.
    pub fn of_revision(revision: &Revision) -> Vec<Coverage> {
        revision.plans().map(|plan| Coverage::of(plan)).collect()
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
                support: match (source.mapped, &source.place) {
                    (true, _) => Support::Mapped,
                    (false, Some(_)) => Support::Absent,
                    (false, None) => Support::Unsaid,
                },
                from: source.paths.clone(),
                through,
                note: source.place.as_ref().and_then(|place| yaml::comment(&place.file, place.span)),
                place: source.place.as_ref().map(Place::to_string),
                replaces: source.replaces.as_ref().map(Place::to_string),
                about: field.about,
            }
        });
        Coverage { model: model.name, query: plan.operation().root.clone(), fields: fields.collect() }
    }
}
