//! `CRAttachment`: metadata of the files of candidates.

use super::labels::Picklist;
use super::users::{Person, of_candidate, some_office_user};
use super::{Draw, Kind, Record, Value, World, between, node};
use crate::sandbox::data::REFERENCE;

/// How many files a candidate has.
pub(super) fn count(candidate: Draw) -> u32 {
    candidate.deal("files", &[1, 0, 2, 0, 1, 0])
}

pub(super) fn field(world: &World, row: u32, name: &str) -> Option<Value> {
    let draw = world.draw(Record::new(Kind::Attachment, row));
    let (candidate, nth) = world.attachments.parent(row);
    let person = Person::of(world.draw(Record::new(Kind::User, of_candidate(candidate))));
    // The first file of a candidate is the CV.
    let kind = if nth == 0 { 0 } else { 1 + draw.below("document type", 2) as u32 };
    let title = ["CV", "Motivatiebrief", "Diploma"][kind as usize];
    let size = 20_000 + draw.below("size", 400_000) as i64;
    Some(match name {
        "attachmentID" => (Kind::Attachment.first_id() + row).into(),
        "filePath" | "downloadName" => format!("{title} {}.pdf", person.name()).into(),
        "displayName" | "label" => title.into(),
        "attachmentMimeType" => "application/pdf".into(),
        "attachmentSize" => (size as f64).into(),
        "size" => size.into(),
        "toTypeNode" => node(Picklist::DocumentType, kind).into(),
        "owner" => some_office_user(draw, "owner").into(),
        "valid" => Value::Int(1),
        "creationDate" => between(draw, "created", REFERENCE.plus_days(-900), REFERENCE).into(),
        _ => return None,
    })
}
