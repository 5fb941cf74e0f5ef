//! What tests change between two reads.

use super::{Change, ChangeKind, Kind, Language, Moment, Record, Scope, Value, World, field_definition};
use serde_json::{Map, Value as Json};
use std::collections::{HashMap, HashSet};

/// Why an edit was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// No such record type in the schema.
    #[error("the schema has no record type `{0}`")]
    UnknownKind(String),
    /// No record with this id.
    #[error("there is no {kind} with the id `{id}`")]
    UnknownRecord {
        /// The type that was asked for.
        kind: String,
        /// The id that was asked for.
        id: String,
    },
    /// The type has no such field.
    #[error("`{kind}` has no field `{field}`")]
    UnknownField {
        /// The record's type.
        kind: &'static str,
        /// The field that was set.
        field: String,
    },
    /// The value cannot stand in this field.
    #[error("`{kind}.{field}` is of type {expected}, which {value} does not fit")]
    Unfit {
        /// The record's type.
        kind: &'static str,
        /// The field that was set.
        field: String,
        /// The field's type in the schema.
        expected: String,
        /// The value as it was given.
        value: String,
    },
    /// Records of this type come with others.
    #[error("a {kind} cannot be made by itself; CREmployee, CRVacancy, CRMatch and CRUser can")]
    NotInsertable {
        /// The type that was asked for.
        kind: &'static str,
    },
    /// A candidate can be on a vacancy only once.
    #[error("there is a match between the candidate and the vacancy already")]
    NoFreePair,
}

/// Edited fields and removed records, laid over the drawn data.
#[derive(Debug, Default)]
pub(super) struct Edits {
    fields: HashMap<Record, HashMap<String, Value>>,
    removed: HashSet<Record>,
}

impl Edits {
    pub(super) fn field(&self, record: Record, name: &str) -> Option<Value> {
        if self.fields.is_empty() {
            return None;
        }
        self.fields.get(&record)?.get(name).cloned()
    }

    /// Lays values over those that were drawn.
    pub(super) fn set(&mut self, record: Record, values: impl IntoIterator<Item = (String, Value)>) {
        self.fields.entry(record).or_default().extend(values);
    }

    /// The records of a type in which a field was written, in the order of their rows.
    pub(super) fn written(&self, kind: Kind, name: &str) -> Vec<Record> {
        let fields = self.fields.iter().filter(|(record, fields)| record.kind == kind && fields.contains_key(name));
        let mut records: Vec<Record> = fields.map(|(record, _)| *record).collect();
        records.sort_by_key(|record| record.row);
        records
    }

    pub(super) fn remove(&mut self, record: Record) {
        self.removed.insert(record);
    }

    pub(super) fn is_removed(&self, record: Record) -> bool {
        !self.removed.is_empty() && self.removed.contains(&record)
    }
}

impl World {
    /// Sets fields of one record. `modificationDate` becomes the present moment unless it is among the fields, because
    /// clients ask for changes since a time on their own clock.
    pub(crate) fn edit(&mut self, kind: &str, id: &str, changes: &Map<String, Json>) -> Result<Vec<Change>, EditError> {
        let record = self.find_by_name(kind, id)?;
        let values = self.typed_fields(record.kind, changes)?;
        if field_definition(record.kind, "modificationDate").is_some() {
            self.edits.set(record, [("modificationDate".to_owned(), Value::Date(Moment::now()))]);
        }
        self.edits.set(record, values);
        Ok(vec![self.change(record, ChangeKind::Updated, changes.keys().cloned().collect())])
    }

    /// Deletes a record for good, without a trace. A candidate takes its matches and its user along, a vacancy its
    /// matches, publications and team.
    pub(crate) fn remove(&mut self, kind: &str, id: &str) -> Result<Vec<Change>, EditError> {
        let record = self.find_by_name(kind, id)?;
        let mut gone = vec![record];
        let also = |kind: Kind, rows: Vec<u32>| rows.into_iter().map(move |row| Record::new(kind, row));
        match record.kind {
            Kind::Employee => {
                gone.extend(also(Kind::Match, self.matches_of_candidate(record.row).collect()));
                gone.push(Record::new(Kind::User, super::users::of_candidate(record.row)));
            }
            Kind::Vacancy => {
                gone.extend(also(Kind::Match, self.matches_on_vacancy(record.row).collect()));
                gone.extend(also(Kind::Publication, self.publications.of(record.row).collect()));
                gone.extend(also(Kind::VacancyUser, self.team.of(record.row).collect()));
            }
            _ => {}
        }
        gone.retain(|&record| self.exists(record));
        let changes = gone.iter().map(|&record| self.change(record, ChangeKind::Deleted, Vec::new())).collect();
        self.edits.removed.extend(gone);
        Ok(changes)
    }

    /// Reads JSON members as values of the fields that they name.
    pub(super) fn typed_fields(
        &self,
        kind: Kind,
        fields: &Map<String, Json>,
    ) -> Result<HashMap<String, Value>, EditError> {
        fields.iter().map(|(field, value)| Ok((field.clone(), self.typed(kind, field, value)?))).collect()
    }

    fn find_by_name(&self, kind: &str, id: &str) -> Result<Record, EditError> {
        let known = Kind::from_name(kind).ok_or_else(|| EditError::UnknownKind(kind.to_owned()))?;
        self.find(known, Scope::All, id)
            .ok_or_else(|| EditError::UnknownRecord { kind: kind.to_owned(), id: id.to_owned() })
    }

    /// Reads a JSON value as the schema's type of the field; a to-one relation is written as `{"_id": "…"}`.
    fn typed(&self, kind: Kind, field: &str, value: &Json) -> Result<Value, EditError> {
        let definition = field_definition(kind, field)
            .ok_or_else(|| EditError::UnknownField { kind: kind.name(), field: field.to_owned() })?;
        let type_name = definition.ty.inner_named_type().as_str();
        let typed = match (type_name, value) {
            (_, Json::Null) => (!definition.ty.is_non_null()).then_some(Value::Null),
            ("Int", Json::Number(number)) => number.as_i64().map(Value::Int),
            ("Float", Json::Number(number)) => number.as_f64().map(Value::Float),
            ("String", Json::String(text)) => Some(Value::from(text.clone())),
            ("NSCalendarDate", Json::String(text)) => Moment::parse(text).map(Value::Date),
            ("NSDictionary", Json::Object(_)) | ("NSArray", Json::Array(_)) => Some(Value::Json(value.clone())),
            (relation, Json::Object(reference)) => Kind::from_name(relation)
                .zip(reference.get("_id").and_then(Json::as_str))
                .and_then(|(kind, id)| self.find(kind, Scope::All, id))
                .map(Value::One),
            _ => None,
        };
        typed.ok_or_else(|| EditError::Unfit {
            kind: kind.name(),
            field: field.to_owned(),
            expected: definition.ty.to_string(),
            value: value.to_string(),
        })
    }

    /// The fields of a record that are plain values, as JSON, for an edit to start from.
    pub(crate) fn plain_fields(&self, kind: &str, id: &str) -> Result<Map<String, Json>, EditError> {
        let record = self.find_by_name(kind, id)?;
        let type_definition = super::SCHEMA.get_object(record.kind.name());
        let names = type_definition.into_iter().flat_map(|definition| definition.fields.keys());
        let plain = names.filter(|name| !name.starts_with('_')).filter_map(|name| {
            let json = match self.field(record, name, Language::Dutch) {
                Value::Null => Json::Null,
                Value::Int(number) => number.into(),
                Value::Float(number) => number.into(),
                Value::Text(text) => text.into_owned().into(),
                Value::Date(moment) => moment.to_string().into(),
                Value::Json(json) => json,
                Value::One(_) | Value::Many(_) => return None,
            };
            Some((name.to_string(), json))
        });
        Ok(plain.collect())
    }
}
