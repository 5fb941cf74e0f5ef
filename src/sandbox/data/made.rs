//! Records that clients made. Nothing of them is drawn: they hold what was written, and what follows from it.

use super::labels::Picklist;
use super::{Kind, Language, Moment, Record, Value, World, employees, field_definition, node, users, vacancies};
use aws_lc_rs::digest::{SHA256, digest};
use std::collections::{HashMap, HashSet};
use std::ops::Range;

/// The first row of made records of types that are drawn too; the drawn rows below grow when candidates are inserted.
const MADE: u32 = 5_000_000;

/// The same for contacts at companies, who are users as well.
const MADE_CONTACTS: u32 = 6_000_000;

/// The number of the first made node; drawn ones are numbered by their lists.
const FIRST_NODE: u32 = 20_001;

/// Which records were made.
#[derive(Debug, Default)]
pub(super) struct Made {
    records: HashSet<Record>,
    counts: HashMap<Kind, u32>,
    contacts: u32,
}

impl Made {
    /// The rows of a type whose made records stand apart from the drawn ones.
    pub(super) fn rows(&self, kind: Kind) -> Range<u32> {
        let first = first_row(kind);
        first..first + self.counts.get(&kind).copied().unwrap_or(0)
    }

    pub(super) fn contacts(&self) -> Range<u32> {
        MADE_CONTACTS..MADE_CONTACTS + self.contacts
    }

    /// Whether nothing of the record is drawn.
    pub(super) fn is_blank(&self, record: Record) -> bool {
        !self.records.is_empty() && self.records.contains(&record)
    }
}

/// Types of which no record is drawn count from the start.
fn first_row(kind: Kind) -> u32 {
    match kind {
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
        _ => MADE,
    }
}

/// The number of a made node, and its row.
pub(super) fn node_number(row: u32) -> Option<u32> {
    row.checked_sub(MADE).map(|nth| FIRST_NODE + nth)
}

pub(super) fn node_row(number: u32) -> Option<u32> {
    number.checked_sub(FIRST_NODE).map(|nth| MADE + nth)
}

/// The fields that hold a type's numeric key.
pub(super) fn key_fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Agency => &["agencyID"],
        Kind::Attachment => &["attachmentID"],
        Kind::AttributeChange => &["attributeChangeID"],
        Kind::Company => &["companyID"],
        Kind::DataNode => &["dataNodeID"],
        Kind::EmailAddress => &["emailAddressID"],
        Kind::Employee => &["employeeID"],
        Kind::EmployeeDocument => &["employeeDocumentID"],
        Kind::Job => &["jobID"],
        Kind::Medium => &["mediumID"],
        Kind::NodeType => &["typeID"],
        Kind::ObjectAttachment => &["objectAttachmentID"],
        Kind::PhoneNumber => &["phoneNumberID"],
        Kind::Publication => &["publicationID"],
        Kind::StatusInfo => &["statusInfoID"],
        Kind::ToDo => &["todoID", "toDoID"],
        Kind::Url => &["urlID"],
        Kind::User => &["userID"],
        Kind::UserRole => &["userRoleID"],
        Kind::Vacancy => &["vacancyID"],
        Kind::WorkHistory => &["workHistoryID"],
        _ => &[],
    }
}

/// Whether a field holds the numeric key of its type.
#[cfg(test)]
pub(crate) fn is_key(kind: Kind, field: &str) -> bool {
    key_fields(kind).contains(&field)
}

impl World {
    /// A new record that holds nothing but its key, its moment and its flags. Matches are made by `make_match`.
    pub(super) fn make(&mut self, kind: Kind, is_contact: bool) -> Record {
        let row = match kind {
            Kind::Employee => self.make_candidate(),
            Kind::Vacancy => {
                self.publications.push(0);
                self.team.push(0);
                self.vacancies += 1;
                self.vacancies - 1
            }
            Kind::User if is_contact => {
                self.made.contacts += 1;
                self.made.contacts().end - 1
            }
            Kind::User => {
                self.added_office_users += 1;
                users::ADDED + self.added_office_users - 1
            }
            _ => {
                *self.made.counts.entry(kind).or_default() += 1;
                self.made.rows(kind).end - 1
            }
        };
        let record = Record::new(kind, row);
        self.begin(record);
        if kind == Kind::User && is_contact {
            self.edits.set(record, [("isContact".to_owned(), Value::Int(1)), ("isActive".to_owned(), Value::Int(0))]);
        }
        record
    }

    /// The record and its user, which come together.
    fn make_candidate(&mut self) -> u32 {
        for fan in [&mut self.emails, &mut self.phones, &mut self.urls, &mut self.work_histories, &mut self.attachments]
        {
            fan.push(0);
        }
        let row = self.candidates;
        self.candidates += 1;
        let (candidate, user) = (Record::new(Kind::Employee, row), Record::new(Kind::User, users::of_candidate(row)));
        self.begin(user);
        let ends = [("isEmployee", Value::Int(1)), ("isActive", Value::Int(0)), ("toEmployee", candidate.into())];
        self.edits.set(user, ends.map(|(name, value)| (name.to_owned(), value)));
        self.edits.set(candidate, [("toUser".to_owned(), user.into())]);
        row
    }

    /// A match that holds nothing but its ends.
    pub(super) fn make_match(&mut self, candidate: Record, vacancy: Record) -> Record {
        let record = Record::new(Kind::Match, self.add_match(candidate.row, vacancy.row, Moment::now()));
        self.begin(record);
        let company = self.field(vacancy, "toCompany", Language::Dutch);
        let ends = [("toEmployee", candidate.into()), ("toVacancy", vacancy.into()), ("toCompany", company)];
        self.edits.set(record, ends.map(|(name, value)| (name.to_owned(), value)));
        record
    }

    fn begin(&mut self, record: Record) {
        self.made.records.insert(record);
        let has = |name: &str| field_definition(record.kind, name).is_some();
        let number = Value::from(self.number(record));
        let keys = key_fields(record.kind).iter().map(|name| (*name, number.clone()));
        let flags = ["active", "isActive", "valid"].into_iter().map(|name| (name, Value::Int(1)));
        let moment = [("creationDate", Value::Date(Moment::now()))];
        let values = keys.chain(flags).chain(moment).filter(|(name, _)| has(name));
        self.edits.set(record, values.map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>());
    }

    /// What follows from what a made record holds.
    pub(super) fn made_field(&self, record: Record, name: &str, language: Language) -> Option<Value> {
        match (record.kind, name) {
            (Kind::Employee, "matches" | "matchCount" | "newestMatch") => {
                employees::matches_field(self, record.row, name)
            }
            (Kind::Vacancy, "matches" | "matchCount") => vacancies::matches_field(self, record.row, name),
            (Kind::Vacancy, "activePublicationsCount") => Some(self.live_publications(record).into()),
            (Kind::DataNode, "value" | "label" | "valueWithUnit") => self.text_of(record, "values", "value", language),
            (Kind::StatusInfo, "name" | "statusName" | "displayName") => {
                self.text_of(record, "names", "name", language)
            }
            (Kind::ToDo, "notesAsTextConvertedFromHTML" | "notesAsTextFromHTML") => self.note_as_text(record),
            (Kind::ToDoNotes, "notesHash") => {
                let text = self.text(record, "notes").unwrap_or_default();
                Some(hash(text.as_bytes()).into())
            }
            (Kind::Attachment, "downloadName") => self.text(record, "filePath").map(Value::from),
            (Kind::Attachment, "displayName") => {
                self.text(record, "label").or_else(|| self.text(record, "filePath")).map(Value::from)
            }
            _ => None,
        }
    }

    /// A field that holds a text.
    pub(super) fn text(&self, record: Record, name: &str) -> Option<String> {
        match self.field(record, name, Language::Dutch) {
            Value::Text(text) => Some(text.into_owned()),
            _ => None,
        }
    }

    /// The one record that a field points at.
    pub(super) fn one(&self, record: Record, name: &str) -> Option<Record> {
        match self.field(record, name, Language::Dutch) {
            Value::One(target) => Some(target),
            _ => None,
        }
    }

    /// The records of a list.
    pub(super) fn list(&self, record: Record, name: &str) -> Vec<Record> {
        match self.field(record, name, Language::Dutch) {
            Value::Many(records) => records,
            _ => Vec::new(),
        }
    }

    /// A text that has a row for each language: the asked one, the Dutch one, or any.
    fn text_of(&self, record: Record, rows: &str, name: &str, language: Language) -> Option<Value> {
        let rows = self.list(record, rows);
        let wanted = |language| node(Picklist::Language, language as u32);
        let of = |language| rows.iter().find(|row| self.one(**row, "toLanguageNode") == Some(wanted(language)));
        let row = of(language).or_else(|| of(Language::Dutch)).or(rows.first())?;
        self.text(*row, name).map(Value::from)
    }

    fn live_publications(&self, vacancy: Record) -> u32 {
        let now = Moment::now();
        let date = |record, name| match self.field(record, name, Language::Dutch) {
            Value::Date(moment) => Some(moment),
            _ => None,
        };
        let is_live = |&publication: &Record| {
            let closed = self.field(publication, "closed", Language::Dutch) == Value::Int(1);
            let started = date(publication, "publicationStart").is_some_and(|start| start <= now);
            let ended = date(publication, "publicationEnd").is_some_and(|end| end <= now);
            !closed && !self.is_archived(publication) && started && !ended
        };
        self.list(vacancy, "publications").iter().filter(|publication| is_live(publication)).count() as u32
    }

    fn note_as_text(&self, note: Record) -> Option<Value> {
        let body = self.text(self.one(note, "toNotes")?, "notes")?;
        let is_markup = self.field(note, "isHTML", Language::Dutch) == Value::Int(1);
        Some(if is_markup { without_tags(&body) } else { body }.into())
    }
}

/// The SHA-256 of bytes, in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn without_tags(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len());
    let mut is_inside = false;
    for character in markup.chars() {
        match character {
            '<' => is_inside = true,
            '>' if is_inside => is_inside = false,
            _ if !is_inside => text.push(character),
            _ => {}
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
