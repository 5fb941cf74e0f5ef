//! What follows from a write in other fields and records.

use super::super::labels::Picklist;
use super::super::node;
use super::{ChangeKind, Effects, Kind, Language, Record, Value, World, field_definition};

/// The plain names of an address, by the row that it stands in.
const PRIMARY: &[&str] = &["emailAddress", "primaryEmailAddress", "firstEmailAddress"];
const PRIVATE: &[&str] = &["emailAddressPrivate", "privateEmailAddress"];
const BUSINESS: &[&str] = &["emailAddressBusiness", "businessEmailAddress"];

const PRIVATE_LABEL: u32 = 0;
const BUSINESS_LABEL: u32 = 1;

impl World {
    /// Brings what depends on the written fields up to date.
    pub(super) fn settle(&mut self, record: Record, names: &[String], is_new: bool, effects: &mut Effects) {
        let has = |wanted: &[&str]| names.iter().any(|name| wanted.contains(&name.as_str()));
        match record.kind {
            Kind::Employee | Kind::User if has(&["firstName", "lastNamePrefix", "lastName"]) => {
                let parts = ["firstName", "lastNamePrefix", "lastName"].map(|name| self.text(record, name));
                let parts: Vec<String> = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect();
                self.write_shared(record, "name", parts.join(" ").into(), effects);
            }
            Kind::Attachment if has(&["content", "toAttachmentData", "filePath"]) => self.settle_file(record, effects),
            Kind::EmployeeAttachment | Kind::ObjectAttachment if is_new => {
                let ends = self.owner_of_link(record).zip(self.one(record, "toAttachment"));
                if let Some((owner, file)) = ends {
                    self.show(owner, file, effects);
                }
            }
            _ => self.settle_item(record, effects),
        }
    }

    /// The same for rows of lists, which depend on whose they are.
    pub(super) fn settle_item(&mut self, item: Record, effects: &mut Effects) {
        match item.kind {
            Kind::EmailAddress => self.settle_address(item, effects),
            Kind::WorkHistory => {
                let Some(candidate) = self.one(item, "toEmployee") else { return };
                if self.one(candidate, "mostRecentWorkHistory") == Some(item) {
                    let employer = self.text(item, "employer");
                    self.write(candidate, "currentEmployerName", employer.into(), effects);
                }
            }
            _ => {}
        }
    }

    /// Writes a plain address of a person, and the row that it stands in.
    pub(super) fn write_address(&mut self, person: Record, name: &str, value: Value, effects: &mut Effects) {
        let (names, label) = match name {
            name if PRIVATE.contains(&name) => (PRIVATE, Some(PRIVATE_LABEL)),
            name if BUSINESS.contains(&name) => (BUSINESS, Some(BUSINESS_LABEL)),
            _ => (PRIMARY, None),
        };
        self.write_names(person, names, &value, effects);
        if !self.habits.plain_addresses_make_rows {
            return;
        }
        let user = self.owner_of(person, "emailAddresses");
        let label = label.map(|label| node(Picklist::EmailLabel, label));
        let is_it = |row: &&Record| match label {
            Some(label) => self.one(**row, "toEmailAddressLabel") == Some(label),
            None => self.field(**row, "isPrimary", Language::Dutch) == Value::Int(1),
        };
        let rows = self.list(user, "emailAddresses");
        let row = rows.iter().find(is_it).copied();
        match (row, &value) {
            (Some(row), Value::Null) => {
                self.drop_from(user, "emailAddresses", row, effects);
                effects.note(row, ChangeKind::Deleted, None);
                self.edits.remove(row);
            }
            (Some(row), _) => {
                self.write(row, "emailAddress", value, effects);
                self.touch(row, effects);
            }
            (None, Value::Null) => {}
            (None, _) => {
                let row = self.make(Kind::EmailAddress, false);
                effects.note(row, ChangeKind::Created, None);
                let values = [
                    ("emailAddress", value),
                    ("isPrimary", Value::flag(label.is_none())),
                    ("toEmailAddressLabel", label.into()),
                ];
                self.edits.set(row, values.map(|(name, value)| (name.to_owned(), value)));
                self.relate(row, "toUser", Some(user), effects);
            }
        }
    }

    /// The plain names follow the row that they stand for, and there is one primary row.
    fn settle_address(&mut self, row: Record, effects: &mut Effects) {
        let Some(user) = self.one(row, "toUser") else { return };
        let value = self.field(row, "emailAddress", Language::Dutch);
        if self.field(row, "isPrimary", Language::Dutch) == Value::Int(1) {
            for other in self.list(user, "emailAddresses").into_iter().filter(|other| *other != row) {
                self.write(other, "isPrimary", Value::Int(0), effects);
            }
            self.write_names(user, PRIMARY, &value, effects);
        }
        if let Some(names) = self.names_of_label(row) {
            self.write_names(user, names, &value, effects);
        }
    }

    fn names_of_label(&self, row: Record) -> Option<&'static [&'static str]> {
        let label = self.one(row, "toEmailAddressLabel")?;
        let labels = [(PRIVATE_LABEL, PRIVATE), (BUSINESS_LABEL, BUSINESS)];
        labels.into_iter().find(|(option, _)| node(Picklist::EmailLabel, *option) == label).map(|(_, names)| names)
    }

    /// The plain names that showed a row which is about to go.
    pub(super) fn forget_address(&mut self, row: Record, effects: &mut Effects) {
        let Some(user) = self.one(row, "toUser") else { return };
        if self.field(row, "isPrimary", Language::Dutch) == Value::Int(1) {
            self.write_names(user, PRIMARY, &Value::Null, effects);
        }
        if let Some(names) = self.names_of_label(row) {
            self.write_names(user, names, &Value::Null, effects);
        }
    }

    /// Sets the names of an address at a user and the candidate that it is.
    fn write_names(&mut self, person: Record, names: &[&str], value: &Value, effects: &mut Effects) {
        for record in [Some(person), self.same_person(person)].into_iter().flatten() {
            for name in names.iter().filter(|name| field_definition(record.kind, name).is_some()) {
                self.write(record, name, value.clone(), effects);
            }
        }
    }
}
