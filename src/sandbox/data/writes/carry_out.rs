//! Drafts become records. Nothing fails here: what can be wrong was found before.

use super::draft::{Draft, Write};
use super::{ChangeKind, Effects, Kind, Language, Record, Value, World, activity_key, field_definition};
use serde_json::{Map, Value as Json};

/// The kinds of records that share `CRToDo`, with their numbers; only that of tasks was seen (F).
pub(super) const KINDS_OF_ACTIVITY: &[(&str, u8)] = &[
    ("task", 0),
    ("note", 1),
    ("meeting", 2),
    ("email", 3),
    ("activity", 4),
    ("campaign", 5),
    ("edition", 6),
    ("newsLetter", 7),
    ("system", 8),
];

/// Relations whose record comes with its owner: an object without an `_id` changes the one that is there.
fn comes_along(kind: Kind, field: &str) -> bool {
    matches!(
        (kind, field),
        (Kind::Employee, "toUser") | (Kind::ToDo, "toNotes") | (Kind::Attachment, "toAttachmentData")
    )
}

/// Fields that a candidate and the user behind it share.
const OF_THE_PERSON: &[&str] = &[
    "firstName",
    "lastNamePrefix",
    "lastName",
    "initials",
    "title",
    "name",
    "emailAddress",
    "primaryEmailAddress",
    "firstEmailAddress",
    "emailAddressPrivate",
    "emailAddressBusiness",
    "businessEmailAddress",
    "phoneNumber",
    "phoneNumberBusiness",
    "mobileNumber",
];

impl World {
    /// Makes or changes a record; `parent` has it in one of its lists.
    pub(super) fn carry_out(&mut self, mut draft: Draft, parent: Option<Record>, effects: &mut Effects) -> Record {
        let there = match draft.record {
            None if draft.kind == Kind::Match => self.begin_match(&mut draft, parent, effects),
            record => record,
        };
        let record = there.unwrap_or_else(|| self.new_record(&draft, effects));
        let is_new = draft.record.is_none();
        let stage = (record.kind == Kind::Match).then(|| self.one(record, "statusInfo")).flatten();
        let is_touched = !is_new && draft.writes.iter().any(|(_, write)| !matches!(write, Write::Many(_)));
        let names: Vec<String> = draft.writes.iter().map(|(name, _)| name.clone()).collect();
        for (name, write) in draft.writes {
            self.write_field(record, &name, write, effects);
        }
        if record.kind == Kind::Match {
            let is_dated = names.iter().any(|name| name == "statusInfoModificationDate");
            self.moved(record, stage, is_dated, effects);
        }
        self.settle(record, &names, is_new, effects);
        if is_touched {
            self.touch(record, effects);
        }
        record
    }

    fn new_record(&mut self, draft: &Draft, effects: &mut Effects) -> Record {
        let is_contact = draft.ekey.as_deref() == Some("Contact");
        let record = self.make(draft.kind, is_contact);
        effects.note(record, ChangeKind::Created, None);
        if let Some(user) = self.one(record, "toUser").filter(|_| record.kind == Kind::Employee) {
            effects.note(user, ChangeKind::Created, None);
        }
        if record.kind == Kind::ToDo {
            let asked = draft.ekey.as_deref().and_then(activity_key);
            let given = ["todoTypeKey", "toDoTypeKey"].iter().find_map(|name| match draft.value(name) {
                Some(Value::Int(key)) => Some(*key),
                _ => None,
            });
            let key = asked.map(i64::from).or(given).unwrap_or(0);
            let is = |wanted: i64| Value::flag(key == wanted);
            let values = [
                ("todoTypeKey", Value::Int(key)),
                ("toDoTypeKey", Value::Int(key)),
                ("isTask", is(0)),
                ("isNote", is(1)),
                ("isMeeting", is(2)),
                ("isEmail", is(3)),
            ];
            self.edits.set(record, values.map(|(name, value)| (name.to_owned(), value)));
        }
        record
    }

    fn write_field(&mut self, record: Record, name: &str, write: Write, effects: &mut Effects) {
        match write {
            Write::Value(_) if matches!(name, "todoTypeKey" | "toDoTypeKey") => {}
            Write::Value(value) => self.write_value(record, name, value, effects),
            Write::Merge(members) => self.merge_members(record, name, members, effects),
            Write::Content(content) => self.set_content(record, content, effects),
            Write::One(None) => self.relate(record, name, None, effects),
            Write::One(Some(mut target)) => {
                if target.record.is_none() && comes_along(record.kind, name) {
                    target.record = self.one(record, name);
                }
                let target = self.carry_out(*target, None, effects);
                self.relate(record, name, Some(target), effects);
            }
            Write::Many(items) => {
                for item in items {
                    let (owner, remove) = (self.owner_of(record, name), item.remove);
                    let item = self.carry_out(item, Some(owner), effects);
                    match remove {
                        true => self.take_out(owner, name, item, effects),
                        false => self.put_in(owner, name, item, effects),
                    }
                }
            }
        }
    }

    fn write_value(&mut self, record: Record, name: &str, value: Value, effects: &mut Effects) {
        if name == "additionalInfo" {
            return self.write_free_fields(record, value, effects);
        }
        match self.is_person(record) {
            true if name.contains("mailAddress") => self.write_address(record, name, value, effects),
            _ => self.write_shared(record, name, value, effects),
        }
    }

    pub(super) fn is_person(&self, record: Record) -> bool {
        matches!(record.kind, Kind::Employee | Kind::User)
    }

    /// Sets a field, and the same field of the candidate's user or the user's candidate.
    pub(super) fn write_shared(&mut self, record: Record, name: &str, value: Value, effects: &mut Effects) {
        if OF_THE_PERSON.contains(&name)
            && let Some(other) = self.same_person(record)
            && field_definition(other.kind, name).is_some()
        {
            self.write(other, name, value.clone(), effects);
        }
        self.write(record, name, value, effects);
    }

    /// The user of a candidate, or the candidate of a user.
    pub(super) fn same_person(&self, record: Record) -> Option<Record> {
        match record.kind {
            Kind::Employee => self.one(record, "toUser"),
            Kind::User => self.one(record, "toEmployee"),
            _ => None,
        }
    }

    /// Replaces the free fields, under each of the names by which they are read.
    fn write_free_fields(&mut self, record: Record, value: Value, effects: &mut Effects) {
        for twin in ["additionalInfo", "additionalInfoPartial", "additionalInfoList"] {
            if field_definition(record.kind, twin).is_some() {
                self.write(record, twin, value.clone(), effects);
            }
        }
    }

    fn merge_members(&mut self, record: Record, name: &str, given: Map<String, Json>, effects: &mut Effects) {
        let whole = name.trim_end_matches("Partial");
        let mut members = match self.field(record, whole, Language::Dutch) {
            Value::Json(Json::Object(members)) => members,
            _ => Map::new(),
        };
        for (key, value) in given {
            // Some rows have the bare number.
            members.remove(key.trim_start_matches('_'));
            if value.is_null() {
                members.remove(&key);
            } else {
                members.insert(key, value);
            }
        }
        self.write_free_fields(record, Value::Json(Json::Object(members)), effects);
    }
}
