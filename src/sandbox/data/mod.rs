//! The made-up tenant. Relations are kept in memory; everything else is drawn when it is asked for.

mod attachments;
mod changes;
mod churn;
mod contact_points;
mod draw;
mod edits;
mod employees;
mod fan;
mod inserts;
mod kind;
mod labels;
mod made;
mod matches;
mod moment;
mod nodes;
mod organisation;
mod outbox;
mod paths;
mod publications;
mod stages;
mod users;
mod vacancies;
mod vacancy_texts;
mod value;
mod words;
mod writes;

pub(crate) use changes::{Change, ChangeKind};
pub use churn::Churn;
pub use edits::EditError;
pub(crate) use kind::Kind;
#[cfg(test)]
pub(crate) use made::is_key;
pub(crate) use moment::{Moment, WallClock};
pub use outbox::Mail;
pub(crate) use paths::KeyPath;
pub(crate) use value::{Record, Value};
pub(crate) use writes::{Outcome, activity_key, kind_of_mutation};

use super::habits::Habits;
use apollo_compiler::Schema;
use apollo_compiler::schema::{FieldDefinition, Type};
use apollo_compiler::validation::Valid;
use draw::Draw;
use edits::Edits;
use fan::{Backlinks, Fan};
use labels::{NODE_TYPES, Picklist};
use moment::REFERENCE;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

/// The schema that the sandbox serves and that connectors are checked against.
pub(crate) static SCHEMA: LazyLock<Valid<Schema>> = LazyLock::new(|| {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/mappings/carerix/schema.graphql"));
    Schema::parse_and_validate(text, "schema.graphql").expect("the schema in the repository is valid")
});

/// The languages that texts exist in; any other falls back to Dutch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    Dutch,
    English,
}

impl Language {
    /// The language of a `language` argument.
    pub(crate) fn of_argument(argument: Option<&str>) -> Language {
        match argument {
            Some("ENGLISH") => Language::English,
            _ => Language::Dutch,
        }
    }

    fn choose(self, dutch: &'static str, english: &'static str) -> &'static str {
        match self {
            Language::Dutch => dutch,
            Language::English => english,
        }
    }
}

/// Which users a query is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// Every record of the type.
    All,
    /// Users of the office itself.
    Office,
    /// Contacts at companies.
    Contacts,
    /// Notes, tasks and the like: one of the kinds that share a type, by its number.
    ToDos(u8),
}

/// The whole data set and what was edited in it.
#[derive(Debug)]
pub(crate) struct World {
    seed: u64,
    candidates: u32,
    vacancies: u32,
    /// How many vacancies the matches were drawn over.
    drawn_vacancies: u32,
    added_office_users: u32,
    publications: Fan,
    team: Fan,
    emails: Fan,
    phones: Fan,
    urls: Fan,
    work_histories: Fan,
    attachments: Fan,
    matches: Fan,
    matches_of_vacancies: Backlinks,
    added_matches: matches::Added,
    made: made::Made,
    edits: Edits,
    /// The bytes of the files that were written, by their `CRAttachmentData`.
    contents: HashMap<Record, Vec<u8>>,
    pub(crate) outbox: Vec<Mail>,
    pub(crate) habits: Habits,
}

const OFFICE_USERS: u32 = 25;
const CONTACTS: u32 = 30;
const COMPANIES: u32 = 40;
const AGENCIES: u32 = 3;

impl World {
    /// Draws the relations of a tenant with this many candidates.
    pub(crate) fn new(seed: u64, candidates: u32) -> World {
        let vacancies = 120.max(candidates / 20);
        let users = OFFICE_USERS + CONTACTS + candidates;
        let draw = |kind, row| Draw::new(seed, kind, row);
        let matches = Fan::new(candidates, |row| matches::count(draw(Kind::Employee, row)));
        let vacancy_of = |row| {
            let (candidate, nth) = matches.parent(row);
            matches::vacancy(draw(Kind::Employee, candidate), nth, vacancies)
        };
        let matches_of_vacancies = Backlinks::new(vacancies, matches.len(), vacancy_of);
        World {
            seed,
            candidates,
            vacancies,
            drawn_vacancies: vacancies,
            added_office_users: 0,
            publications: Fan::new(vacancies, |row| publications::count(draw(Kind::Vacancy, row))),
            team: Fan::new(vacancies, |row| users::team_size(draw(Kind::Vacancy, row))),
            emails: Fan::new(users, |row| contact_points::email_count(draw(Kind::User, row), row)),
            phones: Fan::new(users, |row| contact_points::phone_count(draw(Kind::User, row), row)),
            urls: Fan::new(users, |row| contact_points::url_count(draw(Kind::User, row), row)),
            work_histories: Fan::new(candidates, |row| employees::work_history_count(draw(Kind::Employee, row))),
            attachments: Fan::new(candidates, |row| attachments::count(draw(Kind::Employee, row))),
            matches,
            matches_of_vacancies,
            added_matches: matches::Added::default(),
            made: made::Made::default(),
            edits: Edits::default(),
            contents: HashMap::new(),
            outbox: Vec::new(),
            habits: Habits::default(),
        }
    }

    /// The rows of a type, whether archived or not; removed ones are left out by `exists`.
    pub(crate) fn rows(&self, kind: Kind, scope: Scope) -> impl Iterator<Item = u32> + use<> {
        self.ranges(kind, scope).into_iter().flatten()
    }

    /// Whether a row is one of those.
    pub(crate) fn has_row(&self, kind: Kind, scope: Scope, row: u32) -> bool {
        self.ranges(kind, scope).iter().any(|range| range.contains(&row))
    }

    /// Made rows stand apart from the drawn ones, and those of added users too, because the drawn users have the
    /// candidates' users behind them.
    fn ranges(&self, kind: Kind, scope: Scope) -> [Range<u32>; 3] {
        let users = OFFICE_USERS + CONTACTS;
        let added = users::ADDED..users::ADDED + self.added_office_users;
        match (kind, scope) {
            (Kind::User, Scope::Office) => [0..OFFICE_USERS, added, 0..0],
            (Kind::User, Scope::Contacts) => [OFFICE_USERS..users, self.made.contacts(), 0..0],
            (Kind::User, _) => [0..users + self.candidates, added, self.made.contacts()],
            _ => [0..self.count(kind), self.made.rows(kind), 0..0],
        }
    }

    /// Whether a record is of the scope; for users their rows tell it.
    pub(crate) fn is_of(&self, record: Record, scope: Scope) -> bool {
        match scope {
            Scope::ToDos(key) => self.field(record, "todoTypeKey", Language::Dutch) == Value::Int(key.into()),
            _ => true,
        }
    }

    fn count(&self, kind: Kind) -> u32 {
        match kind {
            Kind::Agency => AGENCIES,
            Kind::Attachment => self.attachments.len(),
            Kind::Company => COMPANIES,
            Kind::DataNode => nodes::count(),
            Kind::DataNodeValue => 2 * nodes::count(),
            Kind::EmailAddress => self.emails.len(),
            Kind::Employee => self.candidates,
            Kind::Match => self.matches.len() + self.added_matches.len(),
            Kind::Medium => organisation::media_count(),
            Kind::NodeType => NODE_TYPES.len() as u32,
            Kind::PhoneNumber => self.phones.len(),
            Kind::Publication => self.publications.len(),
            Kind::StatusInfo => stages::count(),
            Kind::StatusInfoName => 2 * stages::count(),
            Kind::Url => self.urls.len(),
            Kind::User => OFFICE_USERS + CONTACTS + self.candidates + self.added_office_users,
            Kind::UserRole => users::role_count(),
            Kind::Vacancy => self.vacancies,
            Kind::VacancyUser => self.team.len(),
            Kind::WorkHistory => self.work_histories.len(),
            Kind::AttachmentData
            | Kind::AttachmentView
            | Kind::AttributeChange
            | Kind::EmployeeAttachment
            | Kind::EmployeeDocument
            | Kind::Job
            | Kind::MatchAttachment
            | Kind::ObjectAttachment
            | Kind::ToDo
            | Kind::ToDoNotes => 0,
        }
    }

    /// The place of a record in the order of an unsorted query: shuffled, but always the same.
    pub(crate) fn shuffle_key(&self, record: Record) -> u64 {
        self.draw(record).roll("unsorted order")
    }

    /// Whether the record was not removed for good.
    pub(crate) fn exists(&self, record: Record) -> bool {
        !self.edits.is_removed(record)
    }

    /// Whether the record is archived. Types without the flag never are.
    pub(crate) fn is_archived(&self, record: Record) -> bool {
        self.field(record, "deleted", Language::Dutch) == Value::Int(1)
    }

    /// The record with this `_id`.
    pub(crate) fn find(&self, kind: Kind, scope: Scope, id: &str) -> Option<Record> {
        let row = match kind {
            Kind::Match => matches::find(self, id)?,
            Kind::DataNode => {
                let number = id.parse().ok()?;
                made::node_row(number).or_else(|| nodes::find(number))?
            }
            _ => id.parse::<u32>().ok()?.checked_sub(kind.first_id())?,
        };
        let record = Record::new(kind, row);
        let is_there = self.has_row(kind, scope, row) && self.id(record) == id && self.exists(record);
        (is_there && self.is_of(record, scope)).then_some(record)
    }

    /// The `_id` of a record.
    pub(crate) fn id(&self, record: Record) -> String {
        match record.kind {
            Kind::Match => matches::id(self, record.row),
            _ => self.number(record).to_string(),
        }
    }

    /// The numeric key of a record.
    fn number(&self, record: Record) -> u32 {
        match record.kind {
            Kind::DataNode => made::node_number(record.row).unwrap_or_else(|| nodes::number(record.row)),
            kind => kind.first_id() + record.row,
        }
    }

    fn draw(&self, record: Record) -> Draw {
        Draw::new(self.seed, record.kind, record.row)
    }

    /// The value of a field that the schema has; GraphQL, filters and sorting all read it here.
    pub(crate) fn field(&self, record: Record, name: &str, language: Language) -> Value {
        let value = self.edits.field(record, name).or_else(|| self.drawn_field(record, name, language));
        match value {
            Some(Value::Many(records)) => {
                Value::Many(records.into_iter().filter(|&record| self.exists(record)).collect())
            }
            Some(Value::One(target)) if !self.exists(target) => absent(record.kind, name),
            Some(value) => value,
            None => absent(record.kind, name),
        }
    }

    /// What is told from other fields, whether they were drawn or written.
    fn told_field(&self, record: Record, name: &str, language: Language) -> Option<Value> {
        match record.kind {
            Kind::Employee => employees::told_field(self, record, name),
            Kind::AttachmentData | Kind::Attachment if name == "content" => self.content(record),
            Kind::Match if matches!(name, "attachmentCount" | "cvAttachmentCount" | "allAttachments") => {
                self.files_of_match(record, name)
            }
            Kind::DataNode if matches!(name, "value" | "label" | "valueWithUnit") && !self.made.is_blank(record) => {
                let row = Record::new(Kind::DataNodeValue, 2 * record.row + language as u32);
                self.edits.field(row, "value")
            }
            _ => None,
        }
    }

    fn drawn_field(&self, record: Record, name: &str, language: Language) -> Option<Value> {
        let row = record.row;
        match name {
            "_id" => return Some(self.id(record).into()),
            "_kind" => return Some(record.kind.name().into()),
            _ => {}
        }
        if let Some(value) = self.told_field(record, name, language) {
            return Some(value);
        }
        if self.made.is_blank(record) {
            return self.made_field(record, name, language);
        }
        match record.kind {
            Kind::Agency => organisation::agency_field(self, row, name),
            Kind::Attachment => attachments::field(self, row, name),
            Kind::Company => organisation::company_field(self, row, name),
            Kind::DataNode => nodes::field(row, name, language),
            Kind::DataNodeValue => nodes::value_field(row, name),
            Kind::EmailAddress => contact_points::email_field(self, row, name),
            Kind::Employee => employees::field(self, row, name),
            Kind::Match => matches::field(self, row, name),
            Kind::Medium => organisation::medium_field(row, name),
            Kind::NodeType => nodes::type_field(row, name),
            Kind::PhoneNumber => contact_points::phone_field(self, row, name),
            Kind::Publication => publications::field(self, row, name),
            Kind::StatusInfo => stages::field(row, name, language),
            Kind::StatusInfoName => stages::name_field(row, name),
            Kind::Url => contact_points::url_field(self, row, name),
            Kind::User => users::field(self, row, name),
            Kind::UserRole => users::role_field(row, name),
            Kind::Vacancy => vacancies::field(self, row, name),
            Kind::VacancyUser => users::team_field(self, row, name),
            Kind::WorkHistory => employees::work_history_field(self, row, name),
            _ => None,
        }
    }
}

/// What a field holds that no record fills: 0 for a flag, the reference day for a date that must not be null, an
/// empty list, or null.
fn absent(kind: Kind, name: &str) -> Value {
    let Some(definition) = field_definition(kind, name) else { return Value::Null };
    let type_name = definition.ty.inner_named_type().as_str();
    match &definition.ty {
        Type::NonNullNamed(_) if type_name == "Int" => Value::Int(0),
        Type::NonNullNamed(_) if type_name == "NSCalendarDate" => Value::Date(REFERENCE),
        Type::NonNullNamed(_) if type_name == "NSDictionary" => Value::Json(serde_json::json!({})),
        _ if Kind::from_page_name(type_name).is_some() => Value::Many(Vec::new()),
        _ => Value::Null,
    }
}

/// The schema's definition of a field.
pub(crate) fn field_definition(kind: Kind, name: &str) -> Option<&'static FieldDefinition> {
    SCHEMA.type_field(kind.name(), name).ok().map(|component| &***component)
}

/// A picklist option as a record.
fn node(list: Picklist, option: u32) -> Record {
    Record::new(Kind::DataNode, nodes::row(list, option))
}

/// An option dealt from the whole list.
fn dealt_node(draw: Draw, fact: &str, list: Picklist) -> Record {
    node(list, draw.card(fact, list.len()))
}

/// A moment during office hours, up to `days` before the reference day.
fn office_hour(draw: Draw, fact: &str, days: u64) -> Moment {
    let chance = draw.roll(fact);
    let second_of_day = 8 * 3_600 + (chance >> 32) % (9 * 3_600);
    REFERENCE.plus_days(-1 - (chance % days.max(1)) as i64).plus_seconds(second_of_day as i64)
}

/// A moment between two others; the earlier one when they do not leave room.
fn between(draw: Draw, fact: &str, from: Moment, to: Moment) -> Moment {
    let room = (to.0 - from.0).max(1) as u64;
    from.plus_seconds(draw.below(fact, room) as i64)
}
