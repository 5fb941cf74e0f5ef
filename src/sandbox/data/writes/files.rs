//! Files: their bytes, and the rows that say whose they are.

use super::super::made::hash;
use super::{ChangeKind, Effects, Kind, Language, Record, Scope, Value, World};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The types of files by their endings.
const TYPES: &[(&str, &str)] = &[
    ("pdf", "application/pdf"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("rtf", "application/rtf"),
    ("txt", "text/plain"),
    ("html", "text/html"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("zip", "application/zip"),
];

fn type_of(file_name: &str) -> &'static str {
    let ending = file_name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).unwrap_or_default();
    TYPES.iter().find(|(known, _)| *known == ending).map_or("application/octet-stream", |(_, name)| name)
}

impl World {
    /// The bytes of a file in base64, if it was written here; drawn files have none.
    pub(in super::super) fn content(&self, record: Record) -> Option<Value> {
        let data = if record.kind == Kind::Attachment { self.one(record, "toAttachmentData")? } else { record };
        self.contents.get(&data).map(|bytes| STANDARD.encode(bytes).into())
    }

    pub(super) fn set_content(&mut self, record: Record, content: Option<Vec<u8>>, effects: &mut Effects) {
        let data = match record.kind {
            Kind::Attachment => self.one(record, "toAttachmentData").unwrap_or_else(|| {
                let data = self.make(Kind::AttachmentData, false);
                effects.note(data, ChangeKind::Created, None);
                self.write(record, "toAttachmentData", data.into(), effects);
                data
            }),
            _ => record,
        };
        effects.note(record, ChangeKind::Updated, Some("content"));
        self.write(data, "contentHash", hash(content.as_deref().unwrap_or_default()).into(), effects);
        match content {
            Some(bytes) => drop(self.contents.insert(data, bytes)),
            None => drop(self.contents.remove(&data)),
        }
    }

    /// What follows from the name and the content of a file.
    pub(super) fn settle_file(&mut self, file: Record, effects: &mut Effects) {
        if let Some(name) = self.text(file, "filePath") {
            self.write(file, "attachmentMimeType", Value::from(type_of(&name)), effects);
        }
        let bytes = self.one(file, "toAttachmentData").and_then(|data| self.contents.get(&data)).map(Vec::len);
        if let Some(bytes) = bytes {
            self.write(file, "size", Value::Int(bytes as i64), effects);
            self.write(file, "attachmentSize", Value::Float(bytes as f64), effects);
        }
    }

    /// Puts a file on a record, with the rows that tell it.
    pub(super) fn attach(&mut self, owner: Record, file: Record, effects: &mut Effects) {
        if self.list(owner, "attachments").contains(&file) {
            return;
        }
        let kind = if owner.kind == Kind::Employee { Kind::EmployeeAttachment } else { Kind::ObjectAttachment };
        let link = self.make(kind, false);
        effects.note(link, ChangeKind::Created, None);
        let (first, second) = self.numbers_of(owner);
        let values = match kind {
            Kind::EmployeeAttachment => vec![("toEmployee", owner.into())],
            _ => vec![
                ("objectEntityName", Value::from(owner.kind.name())),
                ("objectID1", first.into()),
                ("objectID2", second.into()),
            ],
        };
        let values = values.into_iter().chain([("toAttachment", Value::One(file))]);
        self.edits.set(link, values.map(|(name, value)| (name.to_owned(), value)).collect::<Vec<_>>());
        self.show(owner, file, effects);
    }

    /// Shows a file at its owner, once the row that links them is there.
    pub(super) fn show(&mut self, owner: Record, file: Record, effects: &mut Effects) {
        self.add_to(owner, "attachments", file, effects);
        let view = self.make(Kind::AttachmentView, false);
        effects.note(view, ChangeKind::Created, None);
        let (first, second) = self.numbers_of(owner);
        let values = [
            ("attachmentID", Value::from(self.number(file))),
            ("detail", file.into()),
            ("entityID", first.into()),
            ("entityID2", second.into()),
            ("source", owner.into()),
            ("sourceEntityName", Value::from(owner.kind.name())),
        ];
        self.edits.set(view, values.map(|(name, value)| (name.to_owned(), value)));
    }

    /// Takes a file from a record; the file itself stays.
    pub(super) fn detach(&mut self, owner: Record, file: Record, effects: &mut Effects) {
        self.drop_from(owner, "attachments", file, effects);
        let gone: Vec<Record> = [
            (Kind::AttachmentView, "detail"),
            (Kind::EmployeeAttachment, "toAttachment"),
            (Kind::ObjectAttachment, "toAttachment"),
        ]
        .into_iter()
        .flat_map(|(kind, field)| self.made.rows(kind).map(move |row| (Record::new(kind, row), field)))
        .filter(|(row, field)| self.exists(*row) && self.one(*row, field) == Some(file))
        .map(|(row, _)| row)
        .filter(|row| match row.kind {
            Kind::AttachmentView => self.one(*row, "source") == Some(owner),
            _ => self.owner_of_link(*row) == Some(owner),
        })
        .collect();
        for row in gone {
            effects.note(row, ChangeKind::Deleted, None);
            self.edits.remove(row);
        }
    }

    /// The record that a row links a file to.
    pub(super) fn owner_of_link(&self, link: Record) -> Option<Record> {
        if link.kind == Kind::EmployeeAttachment {
            return self.one(link, "toEmployee");
        }
        let kind = Kind::from_name(&self.text(link, "objectEntityName")?)?;
        let number = |name| match self.field(link, name, Language::Dutch) {
            Value::Int(number) => Some(number),
            _ => None,
        };
        let id = match kind {
            Kind::Match if self.habits.vacancy_first_in_match_ids => {
                format!("{}.{}", number("objectID2")?, number("objectID1")?)
            }
            Kind::Match => format!("{}.{}", number("objectID1")?, number("objectID2")?),
            _ => number("objectID1")?.to_string(),
        };
        self.find(kind, Scope::All, &id)
    }

    /// The two numbers of a record in rows about any record: a match has two, others one and 0.
    fn numbers_of(&self, record: Record) -> (u32, u32) {
        let end = |name: &str| self.one(record, name).map_or(0, |end| self.number(end));
        match record.kind {
            Kind::Match => (end("toEmployee"), end("toVacancy")),
            _ => (self.number(record), 0),
        }
    }

    /// The files of a match, as they are counted and listed.
    pub(in super::super) fn files_of_match(&self, record: Record, name: &str) -> Option<Value> {
        let files = self.list(record, "attachments");
        Some(match name {
            "attachmentCount" => Value::Int(files.len() as i64),
            "cvAttachmentCount" => {
                let is_cv = |file: &&Record| {
                    let kind = self.one(**file, "toTypeNode");
                    kind.and_then(|node| self.text(node, "tag")).as_deref() == Some("CVTag")
                };
                Value::Int(files.iter().filter(is_cv).count() as i64)
            }
            _ => {
                let sources = [Some(record), self.one(record, "toEmployee")];
                let views = self.made.rows(Kind::AttachmentView).map(|row| Record::new(Kind::AttachmentView, row));
                let is_of_it = |view: &Record| self.exists(*view) && sources.contains(&self.one(*view, "source"));
                Value::Many(views.filter(is_of_it).collect())
            }
        })
    }
}
