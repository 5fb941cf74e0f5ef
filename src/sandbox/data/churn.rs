//! A tenant that lives: edits, inserts, archivings and deletions, drawn from a seed.

use super::labels::Picklist;
use super::words::JOB_TITLES;
use super::{Change, EditError, Kind, Language, Moment, Record, Scope, Value, World, stages};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

/// How much of what happens to a tenant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Churn {
    /// What the changes are drawn from.
    pub seed: u64,
    /// How many records are edited: vacancies, candidates, matches and users.
    pub edits: u32,
    /// How many are made: mostly matches and candidates, some vacancies and users.
    pub inserts: u32,
    /// How many candidates and vacancies are archived; a fourth of the turns brings one back instead.
    pub archives: u32,
    /// How many are deleted for good: mostly matches, which leave no trace, now and then a candidate or a vacancy.
    pub deletes: u32,
}

impl Churn {
    /// `changes` of the usual mixture: many edits, fewer inserts, some archivings and deletions.
    pub fn usual(seed: u64, changes: u32) -> Churn {
        let (inserts, archives, deletes) = (changes / 6, changes / 10, changes / 12);
        Churn { seed, edits: changes - inserts - archives - deletes, inserts, archives, deletes }
    }

    /// How many changes this asks for.
    pub fn len(&self) -> u32 {
        self.edits + self.inserts + self.archives + self.deletes
    }

    /// Whether nothing happens.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[derive(Clone, Copy)]
enum Turn {
    Edit,
    Insert,
    Archive,
    Delete,
}

impl World {
    /// Makes the changes in a drawn order. A turn that finds nothing to change is left out.
    pub(crate) fn churn(&mut self, churn: Churn) -> Vec<Change> {
        let mut rng = fastrand::Rng::with_seed(churn.seed ^ 0x5eed);
        let parts = [
            (Turn::Edit, churn.edits),
            (Turn::Insert, churn.inserts),
            (Turn::Archive, churn.archives),
            (Turn::Delete, churn.deletes),
        ];
        let mut turns: Vec<Turn> =
            parts.into_iter().flat_map(|(turn, count)| std::iter::repeat_n(turn, count as usize)).collect();
        rng.shuffle(&mut turns);
        let mut changes = Vec::new();
        for turn in turns {
            let done = match turn {
                Turn::Edit => self.some_edit(&mut rng),
                Turn::Insert => self.some_insert(&mut rng),
                Turn::Archive => self.some_archiving(&mut rng),
                Turn::Delete => self.some_deletion(&mut rng),
            };
            changes.extend(done.into_iter().flatten());
        }
        changes
    }

    fn some_edit(&mut self, rng: &mut fastrand::Rng) -> Option<Vec<Change>> {
        let (kind, scope) = match rng.u32(..8) {
            0..3 => (Kind::Employee, Scope::All),
            3..5 => (Kind::Vacancy, Scope::All),
            5..7 => (Kind::Match, Scope::All),
            _ => (Kind::User, Scope::Office),
        };
        let record = Record::new(kind, self.some_row(kind, scope, rng)?);
        let fields = self.new_values(record, rng);
        self.edit(kind.name(), &self.id(record), &fields).ok()
    }

    /// Fields with other values than now.
    fn new_values(&self, record: Record, rng: &mut fastrand::Rng) -> Map<String, Json> {
        let number = rng.u32(10..1_000);
        let (title, ..) = JOB_TITLES[rng.usize(..JOB_TITLES.len())];
        let (field, value) = match (record.kind, rng.u32(..3)) {
            (Kind::Employee, 0) => ("currentEmployerName", json!(format!("Bedrijf {number}"))),
            (Kind::Employee, 1) => ("homeCity", json!(format!("Stad {number}"))),
            (Kind::Employee, _) => ("mobileNumber", json!(format!("06 0000 0{number:03}"))),
            (Kind::Vacancy, 0) => ("jobTitle", json!(format!("{title} {number}"))),
            (Kind::Vacancy, 1) => ("minSalary", json!(2_000.0 + f64::from(number))),
            (Kind::Vacancy, _) => {
                let status = super::node(Picklist::VacancyStatus, number % Picklist::VacancyStatus.len());
                ("toStatusNode", json!({"_id": self.id(status)}))
            }
            (Kind::Match, 0 | 1) => return self.next_stage(record, rng),
            (Kind::Match, _) => ("notes", json!(format!("Gebeld, {number}"))),
            _ => ("jobTitle", json!(format!("Recruiter {number}"))),
        };
        Map::from_iter([(field.to_owned(), value)])
    }

    /// A move to another stage of the procedure.
    fn next_stage(&self, record: Record, rng: &mut fastrand::Rng) -> Map<String, Json> {
        let procedure = self.follow(record, "toVacancy.toProductNode", Language::Dutch).into_iter().next();
        let own = |stage: &u32| {
            let of = self.field(Record::new(Kind::StatusInfo, *stage), "toProductGroupNode", Language::Dutch);
            of == Value::Null || Some(&of) == procedure.as_ref()
        };
        let open: Vec<u32> = (0..stages::count()).filter(own).collect();
        let stage = Record::new(Kind::StatusInfo, open[rng.usize(..open.len())]);
        Map::from_iter([
            ("statusInfo".to_owned(), json!({"_id": self.id(stage)})),
            ("statusInfoModificationDate".to_owned(), json!(Moment::now().to_string())),
        ])
    }

    fn some_insert(&mut self, rng: &mut fastrand::Rng) -> Option<Vec<Change>> {
        let kind = match rng.u32(..8) {
            0..3 => Kind::Employee,
            3..5 => Kind::Vacancy,
            5..7 => Kind::Match,
            _ => Kind::User,
        };
        self.insert(kind.name(), &Map::new()).ok()
    }

    fn some_archiving(&mut self, rng: &mut fastrand::Rng) -> Option<Vec<Change>> {
        let kind = if rng.bool() { Kind::Employee } else { Kind::Vacancy };
        let archived = (rng.u32(..4) == 0)
            .then(|| {
                let mut rows = self.rows(kind, Scope::All).map(|row| Record::new(kind, row));
                rows.find(|&record| self.exists(record) && self.is_archived(record))
            })
            .flatten();
        let record = match archived {
            Some(record) => record,
            None => Record::new(kind, self.some_row(kind, Scope::All, rng)?),
        };
        let flag = Map::from_iter([("deleted".to_owned(), json!(i32::from(archived.is_none())))]);
        self.edit(kind.name(), &self.id(record), &flag).ok()
    }

    fn some_deletion(&mut self, rng: &mut fastrand::Rng) -> Option<Vec<Change>> {
        let kind = match rng.u32(..10) {
            0 => Kind::Employee,
            1 => Kind::Vacancy,
            _ => Kind::Match,
        };
        let record = Record::new(kind, self.some_row(kind, Scope::All, rng)?);
        let removed: Result<_, EditError> = self.remove(kind.name(), &self.id(record));
        removed.ok()
    }
}
