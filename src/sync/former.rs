//! What was stored before stays where the source gives less than it did: rows that it cannot give at all, and fields
//! that it does not have any more.

use std::collections::HashMap;

use bytes::Bytes;

use super::mapper::MappedPage;
use crate::mapping::{Failure, Issue, Plan, Severity};
use crate::model::{Id, Kind, Model};
use crate::schema::Lost;
use crate::source::{Page, Skipped, members};
use crate::store::{RecordWrite, Store, StoreError, StoredRecord};

/// A field that reads what the source does not have any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LostField {
    pub name: &'static str,
    /// What it is where nothing was stored before.
    empty: &'static str,
    /// What the source does not have.
    pub reasons: Vec<String>,
}

impl LostField {
    /// The fields that a plan cannot fill from a page.
    pub fn of(plan: &Plan, page: &Page) -> Vec<LostField> {
        let lost_to = |field: &str| -> Vec<String> {
            let source = plan.sources().iter().find(|source| source.field == field);
            let reads = |lost: &Lost| {
                source.is_some_and(|source| source.paths.iter().chain(&source.objects).any(|path| lost.holds(path)))
            };
            page.lost.iter().filter(|lost| reads(lost)).map(|lost| lost.reason.clone()).collect()
        };
        let fields = plan.model().fields.iter().map(|field| LostField {
            name: field.name,
            empty: if matches!(field.kind, Kind::List(_)) { "[]" } else { "null" },
            reasons: lost_to(field.name),
        });
        fields.filter(|field| !field.reasons.is_empty()).collect()
    }

    /// Says once which fields they are.
    pub fn tell(fields: &[LostField], model: &Model, told: &mut bool) {
        if *told || fields.is_empty() {
            return;
        }
        *told = true;
        for field in fields {
            let why = field.reasons.join("; ");
            tracing::warn!(model = model.name, field = field.name, "the field keeps what it was: {why}");
        }
    }
}

/// What is written of a row that the source cannot give. The error is why nothing is: nobody knows which row it is.
pub(super) fn skipped(plan: &Plan, connection: &str, row: &Skipped) -> Result<RecordWrite, String> {
    let known = row.ids.as_deref().and_then(|ids| Some((ids, plan.identify(ids)?)));
    let Some((ids, remote_id)) = known else {
        return Err(format!(
            "the source cannot give the record at position {} of its list: {}",
            row.position, row.cause
        ));
    };
    Ok(RecordWrite {
        id: Id::derive(connection, plan.model().name, &remote_id),
        remote_id,
        raw: Bytes::copy_from_slice(ids.as_bytes()),
        unified: Err(Failure(format!("the source cannot give this record: {}", row.cause))),
        deleted: false,
        group: None,
        members_of: None,
        issues: Vec::new(),
        partial: true,
    })
}

/// Fills the gaps of a page with what is stored.
pub(super) async fn fill(
    store: &Store,
    connection: &str,
    model: &'static Model,
    page: &mut MappedPage,
) -> Result<(), StoreError> {
    let MappedPage { rows, lost_fields, unread, .. } = page;
    if lost_fields.is_empty() && *unread == 0 {
        return Ok(());
    }
    let given = rows.len() - *unread;
    let wanted = if lost_fields.is_empty() { &rows[given..] } else { &rows[..] };
    let ids: Vec<&str> = wanted.iter().map(|row| row.remote_id.as_str()).collect();
    let stored = store.of_remote_ids(connection, model, &ids).await?;
    let stored: HashMap<String, StoredRecord> =
        stored.into_iter().map(|record| (record.remote_id.clone(), record)).collect();
    for (at, row) in rows.iter_mut().enumerate() {
        let before = stored.get(&row.remote_id);
        if at >= given {
            let Some(before) = before else { continue };
            if let Some(raw) = store.raw(before.key).await? {
                row.raw = raw.into();
            }
            (row.group, row.members_of) = (before.group.clone(), before.members_of.clone());
        } else if !lost_fields.is_empty() {
            keep(row, lost_fields, before.and_then(|before| before.unified.as_deref()));
        }
    }
    Ok(())
}

/// Gives lost fields the values that they had, and says of each that it failed.
fn keep(row: &mut RecordWrite, lost: &[LostField], before: Option<&str>) {
    let Ok(unified) = &mut row.unified else { return };
    let Some(text) = std::str::from_utf8(unified).ok().and_then(|now| patched(now, lost, before)) else { return };
    *unified = text.into_bytes();
    row.issues.retain(|issue| !lost.iter().any(|field| field.name == issue.field));
    row.issues.extend(lost.iter().flat_map(|field| {
        let issue = |reason: &String| Issue {
            field: field.name.to_owned(),
            severity: Severity::Failed,
            message: reason.clone(),
        };
        field.reasons.iter().map(issue)
    }));
}

fn patched(now: &str, lost: &[LostField], before: Option<&str>) -> Option<String> {
    let before = before.and_then(members).unwrap_or_default();
    let mut text = String::with_capacity(now.len());
    for (name, value) in members(now)? {
        text.push(if text.is_empty() { '{' } else { ',' });
        let value = match lost.iter().find(|field| field.name == name) {
            None => value.get(),
            Some(field) => {
                before.iter().find(|(known, _)| *known == name).map_or(field.empty, |(_, value)| value.get())
            }
        };
        text.push_str(&serde_json::to_string(&name).ok()?);
        text.push(':');
        text.push_str(value);
    }
    text.push('}');
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost() -> Vec<LostField> {
        let field = |name, empty| LostField { name, empty, reasons: vec![format!("`{name}` is gone")] };
        vec![field("name", "null"), field("tags", "[]")]
    }

    fn row(unified: &str) -> RecordWrite {
        let issue = |field: &str| Issue { field: field.into(), severity: Severity::Unmapped, message: "odd".into() };
        RecordWrite {
            remote_id: "7".into(),
            id: Id::derive("acme", "users", "7"),
            raw: Bytes::from_static(b"{}"),
            unified: Ok(unified.as_bytes().to_vec()),
            deleted: false,
            group: None,
            members_of: None,
            issues: vec![issue("name"), issue("mail")],
            partial: true,
        }
    }

    #[test]
    fn a_lost_field_keeps_its_value_and_fails_by_name() {
        let mut row = row(r#"{"id":"x","name":null,"mail":"a \"b\"","tags":[],"at":1.50}"#);
        keep(&mut row, &lost(), Some(r#"{"id":"x","mail":"old","name":"Robin","tags":[{"a": 1}]}"#));
        let unified = String::from_utf8(row.unified.unwrap()).unwrap();
        assert_eq!(unified, r#"{"id":"x","name":"Robin","mail":"a \"b\"","tags":[{"a": 1}],"at":1.50}"#);
        let told: Vec<_> = row.issues.iter().map(|issue| (issue.to_string(), issue.severity)).collect();
        assert_eq!(
            told,
            [
                ("mail: odd".to_owned(), Severity::Unmapped),
                ("name: `name` is gone".to_owned(), Severity::Failed),
                ("tags: `tags` is gone".to_owned(), Severity::Failed),
            ]
        );
    }

    #[test]
    fn a_lost_field_of_a_new_record_is_empty() {
        for before in [None, Some("{}"), Some("no JSON")] {
            let mut row = row(r#"{"name":"by another path","tags":null}"#);
            keep(&mut row, &lost(), before);
            assert_eq!(row.unified.unwrap(), br#"{"name":null,"tags":[]}"#);
        }
    }

    #[test]
    fn a_record_that_failed_as_a_whole_stays_so() {
        let mut row = row("{}");
        row.unified = Err(Failure("no".into()));
        keep(&mut row, &lost(), Some("{}"));
        assert_eq!((row.unified, row.issues.len()), (Err(Failure("no".into())), 2));
    }
}
