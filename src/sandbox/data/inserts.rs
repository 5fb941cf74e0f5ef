//! Records that are made while the sandbox runs: drawn like the others, with the next ids.

use super::{
    Change, ChangeKind, EditError, Kind, Moment, Record, Scope, Value, World, attachments, contact_points, employees,
    field_definition, publications, users,
};
use serde_json::{Map, Value as Json};
use std::ops::Range;

impl World {
    /// Makes one more candidate, vacancy, match or user of the office. `given` sets fields over what is drawn. A match
    /// is between `toEmployee` and `toVacancy`, or, when one is not given, between any that have none yet.
    ///
    /// The record was made now. It was never changed in a third of the cases, as the source's may be.
    pub(crate) fn insert(&mut self, kind: &str, given: &Map<String, Json>) -> Result<Vec<Change>, EditError> {
        let known = Kind::from_name(kind).ok_or_else(|| EditError::UnknownKind(kind.to_owned()))?;
        let mut values = self.typed_fields(known, given)?;
        let mut changes = Vec::new();
        let record = match known {
            Kind::Employee => {
                let user = self.add_candidate();
                self.set_birth(user);
                changes.push(self.change(user, ChangeKind::Created, Vec::new()));
                Record::new(Kind::Employee, self.candidates - 1)
            }
            Kind::Vacancy => self.add_vacancy(),
            Kind::User => {
                self.added_office_users += 1;
                Record::new(Kind::User, users::ADDED + self.added_office_users - 1)
            }
            Kind::Match => {
                let end = |values: &mut std::collections::HashMap<String, Value>, name: &str| {
                    values.remove(name).and_then(|value| match value {
                        Value::One(record) => Some(record.row),
                        _ => None,
                    })
                };
                let (candidate, vacancy) = (end(&mut values, "toEmployee"), end(&mut values, "toVacancy"));
                let (candidate, vacancy) = self.free_pair(candidate, vacancy)?;
                Record::new(Kind::Match, self.add_match(candidate, vacancy, Moment::now()))
            }
            _ => return Err(EditError::NotInsertable { kind: known.name() }),
        };
        self.set_birth(record);
        self.edits.set(record, values);
        changes.push(self.change(record, ChangeKind::Created, given.keys().cloned().collect()));
        Ok(changes)
    }

    /// What every new record has, whatever was drawn for it.
    fn set_birth(&mut self, record: Record) {
        let now = Moment::now();
        let unmodified = self.draw(record).below("unmodified since it was inserted", 3) == 0;
        let has = |name: &str| field_definition(record.kind, name).is_some();
        let mut values = vec![("creationDate", Value::Date(now))];
        if has("modificationDate") {
            values.push(("modificationDate", if unmodified { Value::Null } else { Value::Date(now) }));
        }
        if has("deleted") {
            values.push(("deleted", Value::Int(0)));
        }
        if record.kind == Kind::Match && self.field(record, "statusInfo", super::Language::Dutch) != Value::Null {
            values.push(("statusInfoModificationDate", Value::Date(now)));
        }
        self.edits.set(record, values.into_iter().map(|(name, value)| (name.to_owned(), value)));
    }

    /// One more candidate; yields the user behind it.
    fn add_candidate(&mut self) -> Record {
        let candidate = self.draw(Record::new(Kind::Employee, self.candidates));
        let row = users::of_candidate(self.candidates);
        let user = Record::new(Kind::User, row);
        let person = self.draw(user);
        self.emails.push(contact_points::email_count(person, row));
        self.phones.push(contact_points::phone_count(person, row));
        self.urls.push(contact_points::url_count(person, row));
        self.work_histories.push(employees::work_history_count(candidate));
        self.attachments.push(attachments::count(candidate));
        self.candidates += 1;
        user
    }

    fn add_vacancy(&mut self) -> Record {
        let record = Record::new(Kind::Vacancy, self.vacancies);
        let draw = self.draw(record);
        self.publications.push(publications::count(draw));
        self.team.push(users::team_size(draw));
        self.vacancies += 1;
        record
    }

    /// A candidate and a vacancy without a match; the ends that are not given are looked for.
    fn free_pair(&self, candidate: Option<u32>, vacancy: Option<u32>) -> Result<(u32, u32), EditError> {
        let mut rng = fastrand::Rng::with_seed(self.seed ^ u64::from(self.count(Kind::Match)));
        for _ in 0..200 {
            let candidate = candidate.or_else(|| self.some_row(Kind::Employee, Scope::All, &mut rng));
            let vacancy = vacancy.or_else(|| self.some_row(Kind::Vacancy, Scope::All, &mut rng));
            let Some(pair) = candidate.zip(vacancy) else { break };
            let taken = self
                .matches_of_candidate(pair.0)
                .any(|row| super::matches::ends(self, row) == pair && self.exists(Record::new(Kind::Match, row)));
            if !taken {
                return Ok(pair);
            }
        }
        Err(EditError::NoFreePair)
    }

    /// Any row of a type that is neither archived nor removed.
    pub(super) fn some_row(&self, kind: Kind, scope: Scope, rng: &mut fastrand::Rng) -> Option<u32> {
        let ranges = self.ranges(kind, scope);
        let length: usize = ranges.iter().map(Range::len).sum();
        if length == 0 {
            return None;
        }
        let row = |mut nth: usize| {
            let holds = |range: &&Range<u32>| {
                let found = nth < range.len();
                nth -= if found { 0 } else { range.len() };
                found
            };
            let range = ranges.iter().find(holds).cloned().unwrap_or_default();
            range.start + nth as u32
        };
        let start = rng.usize(..length);
        (0..length).map(|step| row((start + step) % length)).find(|&row| {
            let record = Record::new(kind, row);
            self.exists(record) && !self.is_archived(record)
        })
    }
}
