//! A record of a live connection, to become a case.

use std::sync::Arc;

use serde_json::Value;

use super::disguise::{Disguise, Json, Replacement, Salt};
use super::outcome::Outcome;
use crate::connector::{Connection, Home, Revision};
use crate::engine::EngineError;
use crate::mapping::Plan;
use crate::model::{Kind, Model};
use crate::source::{Caps, Credentials, Health, Source};

/// A record as it came from a live connection. It is somebody's, so it is not shown by `Debug`.
pub struct Recording {
    revision: Arc<Revision>,
    plan: Arc<Plan>,
    raw: Json,
}

/// A record with everything personal replaced.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// The text of the case's file.
    pub text: String,
    /// What was replaced, in the order of the record. The old values are personal.
    pub replaced: Vec<Replacement>,
    /// Fields of the unified record that are filled otherwise than those of the record itself: empty in the one and
    /// not in the other, or another word of a fixed set.
    pub altered: Vec<&'static str>,
}

impl Recording {
    /// Asks the source for one record; none when it has no record of that id.
    pub async fn fetch(
        home: &Home,
        connection: &Connection,
        credentials: Credentials,
        model: &'static Model,
        id: &str,
    ) -> Result<Option<Recording>, EngineError> {
        let revision = Arc::new(Revision::load(home, connection)?);
        let missing = |what| cannot(&revision, model, what);
        let plan = revision.plan(model).ok_or_else(|| missing(NO_MAPPING))?;
        let operation = plan.one().ok_or_else(|| missing("add `one: QUERY` to `read` in their mapping"))?;
        let health = Health::new(&connection.name, &Caps::default());
        let source = Source::of_health(revision.remote.clone(), credentials, health)?;
        let Some(raw) = source.record(operation, id).await? else { return Ok(None) };
        Recording::new(Arc::clone(&revision), model, &raw).map(Some)
    }

    /// A record that is at hand: the JSON text of one object.
    pub fn new(revision: Arc<Revision>, model: &'static Model, raw: &str) -> Result<Recording, EngineError> {
        let plan = Arc::clone(revision.plan(model).ok_or_else(|| cannot(&revision, model, NO_MAPPING))?);
        let raw = serde_json::from_str(raw);
        let raw = raw.map_err(|_| cannot(&revision, model, "the record is no JSON, or is nested too deeply"))?;
        Ok(Recording { revision, plan, raw })
    }

    /// The record with everything personal replaced. The same salt gives the same replacements; throw it away, so that
    /// nobody can look up what they stand for.
    pub fn disguise(&self, salt: &Salt) -> Fixture {
        let is_enum = |type_name: &str| self.revision.schema.enum_values(type_name).is_some();
        let (disguised, replaced) = Disguise::new(self.plan.uses(), &is_enum, salt).of(&self.raw);
        let altered = altered(&self.plan, &self.raw.line(), &disguised.line());
        Fixture { text: disguised.pretty(), replaced, altered }
    }
}

const NO_MAPPING: &str = "there is no mapping of them";

fn cannot(revision: &Revision, model: &'static Model, what: &'static str) -> EngineError {
    EngineError::OneRecord { connector: revision.connector.clone(), model: model.name, what }
}

/// The fields that two records fill differently.
fn altered(plan: &Plan, one: &str, other: &str) -> Vec<&'static str> {
    let unified = |raw: &str| Outcome::of(plan, raw).ok().and_then(|outcome| outcome.unified().cloned());
    let (one, other) = (unified(one).unwrap_or_default(), unified(other).unwrap_or_default());
    let fields = plan.model().fields.iter();
    fields
        .filter(|field| !fills_alike(&one[field.name], &other[field.name], &field.kind))
        .map(|field| field.name)
        .collect()
}

fn fills_alike(one: &Value, other: &Value, kind: &Kind) -> bool {
    match (one, other, kind) {
        (Value::Array(one), Value::Array(other), Kind::List(kind)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| fills_alike(one, other, kind))
        }
        (Value::Object(_), Value::Object(_), Kind::Object(fields)) => {
            fields.iter().all(|field| fills_alike(&one[field.name], &other[field.name], &field.kind))
        }
        (Value::String(_), Value::String(_), Kind::Enum { values, .. }) => {
            one == other || !values.iter().any(|value| one == *value || other == *value)
        }
        _ => one.is_null() == other.is_null(),
    }
}

/// Whether a case may be called this: a word for a file's name that means the same everywhere.
pub fn is_name(name: &str) -> bool {
    let is_fit = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-');
    !name.is_empty() && name.len() <= 100 && name.chars().all(is_fit) && !name.starts_with('-')
}
