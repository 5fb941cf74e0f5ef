//! Why a stored record is what it is.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{Engine, EngineError};
use crate::connector::{Connection, Home, Revision};
use crate::mapping::{Context, Labels, explain};
use crate::model::{Kind, Model};
use crate::store::StoredRecord;

/// Why a record is what it is, with the present files of its connection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The hash of the files.
    pub revision: String,
    /// How the present files make the record.
    #[serde(flatten)]
    pub mapped: explain::Explanation,
    /// What the store holds; null for a record that was not stored.
    pub stored: Option<Stored>,
}

/// What the store holds of a record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stored {
    /// The hash of the files that mapped it.
    pub revision: String,
    /// When its unified form changed last, in UTC.
    pub changed_at: String,
    /// Why its latest version could not be mapped.
    pub failure: Option<String>,
    /// The fields that have another value there, in the order of the model. Of a record that never mapped there are none.
    pub differs: Vec<Difference>,
}

/// A field that has another value in the store.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The field.
    pub field: &'static str,
    /// The value in the store.
    pub stored: Value,
    /// The value that the present files give.
    pub now: Value,
}

impl Explanation {
    /// Explains a raw record as one of a connection, whose free fields and options have the names of `labels`. It needs
    /// the files only, no store.
    pub fn of_raw(
        home: &Home,
        connection: &Connection,
        model: &'static Model,
        raw: &str,
        labels: &Labels,
        now: Timestamp,
    ) -> Result<Explanation, EngineError> {
        let revision = Revision::load(home, connection)?;
        let plan = revision
            .plan(model)
            .ok_or_else(|| EngineError::NotMapped { connector: revision.connector.clone(), model: model.name })?;
        let mapped = plan.explain(raw, &Context { labels, ..Context::new(&connection.name, now) });
        Ok(Explanation { revision: revision.hash.clone(), mapped, stored: None })
    }
}

impl Engine {
    /// Explains the stored record with this unified id or id of the source, as it would be mapped at the moment `now`
    /// with the present files. `None` when there is no such record.
    pub async fn explain(
        &self,
        connection: Option<&str>,
        model: &'static Model,
        id: &str,
        now: Timestamp,
    ) -> Result<Option<Explanation>, EngineError> {
        let Some(stored) = self.store.get(connection, model, id).await? else { return Ok(None) };
        let unreadable = || EngineError::NoRaw { model: model.name, id: id.to_owned() };
        let raw = self.store.raw(stored.key).await?.ok_or_else(unreadable)?;
        let raw = String::from_utf8(raw).map_err(|_| unreadable())?;
        let connection = self.connection(&stored.connection)?;
        let labels = self.store.labels(&connection.name).await?;
        let mut explanation = Explanation::of_raw(&self.home, &connection, model, &raw, &labels, now)?;
        explanation.stored = Some(Stored::of(&stored, &explanation.mapped));
        // What is put together when a record is read is the same with any files.
        if let Some(record) = self.records(model, vec![stored]).await?.pop() {
            let mut unified = record.value();
            for field in &mut explanation.mapped.fields {
                if model.field(field.name).is_some_and(|known| matches!(known.kind, Kind::Members(_))) {
                    field.value = unified[field.name].take();
                }
            }
        }
        Ok(Some(explanation))
    }
}

impl Stored {
    fn of(record: &StoredRecord, mapped: &explain::Explanation) -> Stored {
        let unified: Option<Value> = record.unified.as_deref().and_then(|json| serde_json::from_str(json).ok());
        let differs = mapped.fields.iter().filter_map(|field| {
            let stored = unified.as_ref().filter(|_| mapped.failure.is_none())?.get(field.name)?;
            let difference = || Difference { field: field.name, stored: stored.clone(), now: field.value.clone() };
            (*stored != field.value).then(difference)
        });
        Stored {
            revision: record.revision.clone(),
            changed_at: format!("{:.3}", record.changed_at),
            failure: record.failure.clone(),
            differs: differs.collect(),
        }
    }
}
