//! Unified records as they are given out: what was mapped, with what the store knows and what belongs to them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Engine, EngineError};
use crate::connector::Connection;
use crate::mapping::Issue;
use crate::model::typed::Row;
use crate::model::{Kind, Members, Model};
use crate::store::{ListQuery, RowKey, StoredRecord};

/// A unified record.
#[derive(Debug, Clone)]
pub struct Record {
    /// The connection that it came from.
    pub connection: String,
    /// What fitted nowhere when it was mapped.
    pub issues: Vec<Issue>,
    /// Why the latest version could not be mapped; the record shows the one before.
    pub failure: Option<String>,
    json: String,
}

impl Record {
    /// The record as JSON: every field of the model, in the model's order.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The record as a value.
    pub fn value(&self) -> Value {
        serde_json::from_str(&self.json).unwrap_or(Value::Null)
    }

    /// The record as a Rust type, which must be that of its model.
    pub fn read<T: Row>(&self) -> Result<T, EngineError> {
        // What the parser says shows a value, which may be of a person.
        serde_json::from_str(&self.json)
            .map_err(|error| EngineError::NotOfItsType { model: T::MODEL.name, column: error.column() })
    }
}

/// A part of a list.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The records.
    pub records: Vec<Record>,
    /// Where the next part begins; none at the end.
    pub next: Option<RowKey>,
}

/// A part of a list, as Rust types.
#[derive(Debug, Clone)]
pub struct ListingOf<T> {
    /// The records.
    pub records: Vec<T>,
    /// Where the next part begins; none at the end.
    pub next: Option<RowKey>,
}

/// More members than any record has.
const MOST_MEMBERS: u32 = 10_000;

impl Engine {
    pub(super) async fn listing(&self, query: ListQuery<'_>, model: &'static Model) -> Result<Listing, EngineError> {
        // One more than asked for tells whether anything follows.
        let wanted = ListQuery { limit: query.limit.saturating_add(1), ..query };
        let mut stored = self.store.list(wanted).await?;
        let has_more = stored.len() as u64 > u64::from(query.limit);
        stored.truncate(query.limit as usize);
        let next = stored.last().filter(|_| has_more).map(|record| record.key);
        Ok(Listing { records: self.records(model, stored).await?, next })
    }

    pub(super) async fn records(
        &self,
        model: &'static Model,
        stored: Vec<StoredRecord>,
    ) -> Result<Vec<Record>, EngineError> {
        let mut members = MembersOfConnections::default();
        let mut shows_raw: BTreeMap<String, bool> = BTreeMap::new();
        let mut records = Vec::with_capacity(stored.len());
        for record in stored {
            let Some(unified) = record.unified.as_deref() else { continue };
            let mut json = unified.strip_suffix('}').unwrap_or(unified).to_owned();
            for field in model.fields {
                if let Kind::Members(shown) = &field.kind {
                    let list = members.of(self, shown, &record).await?;
                    json.push_str(&format!(",\"{}\":{list}", field.name));
                }
            }
            let shows = match shows_raw.get(&record.connection) {
                Some(shows) => *shows,
                None => {
                    // A connection whose file is gone or broken shows nothing that it may not want shown.
                    let shows = Connection::load(&self.home, &record.connection)
                        .is_ok_and(|connection| connection.options.remote_data);
                    shows_raw.insert(record.connection.clone(), shows);
                    shows
                }
            };
            let raw = if shows { self.store.raw(record.key).await? } else { None };
            let raw = raw.and_then(|raw| serde_json::from_slice::<Box<RawValue>>(&raw).ok());
            json.push_str(&format!(
                ",\"remote_data\":{},\"changed_at\":{},\"remote_deleted_at\":{}}}",
                raw.map_or_else(|| "null".to_owned(), |raw| format!("{{\"{}\":{}}}", model.name, raw.get())),
                timestamp(Some(record.changed_at)),
                timestamp(record.remote_deleted_at),
            ));
            records.push(Record {
                connection: record.connection,
                issues: record.issues,
                failure: record.failure,
                json,
            });
        }
        Ok(records)
    }
}

fn timestamp(moment: Option<Timestamp>) -> String {
    moment.map_or_else(|| "null".to_owned(), |moment| format!("\"{moment:.3}\""))
}

/// The rows that records show, read once for each connection.
#[derive(Default)]
struct MembersOfConnections {
    rows: BTreeMap<String, Vec<(Option<String>, Value)>>,
}

impl MembersOfConnections {
    /// The rows of the record's group, and those of no group, as a JSON list.
    async fn of(
        &mut self,
        engine: &Engine,
        members: &'static Members,
        record: &StoredRecord,
    ) -> Result<String, EngineError> {
        if !self.rows.contains_key(&record.connection) {
            let rows = self.read(engine, members, &record.connection).await?;
            self.rows.insert(record.connection.clone(), rows);
        }
        let shown: Vec<&Value> = self.rows[&record.connection]
            .iter()
            .filter(|(group, _)| group.is_none() || *group == record.members_of)
            .map(|(_, row)| row)
            .collect();
        Ok(serde_json::to_string(&shown).expect("JSON values are JSON"))
    }

    async fn read(
        &self,
        engine: &Engine,
        members: &'static Members,
        connection: &str,
    ) -> Result<Vec<(Option<String>, Value)>, EngineError> {
        let Some(model) = Model::named(members.model) else { return Ok(Vec::new()) };
        let query = ListQuery { connection: Some(connection), limit: MOST_MEMBERS, ..ListQuery::new(model) };
        let stored = engine.store.list(query).await?;
        let mut rows: Vec<(Option<String>, Value)> = stored
            .into_iter()
            .filter_map(|row| {
                let unified: Map<String, Value> = serde_json::from_str(row.unified.as_deref()?).ok()?;
                let value = |field: &str| unified.get(field).cloned().unwrap_or(Value::Null);
                let shown = members.fields.iter().map(|(key, field)| ((*key).to_owned(), value(field)));
                Some((row.group, Value::Object(shown.collect())))
            })
            .collect();
        rows.sort_by_key(|(_, row)| row["index"].as_i64().unwrap_or(i64::MAX));
        Ok(rows)
    }
}
