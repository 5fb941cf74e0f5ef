//! From a page of the source to the records to write.

use bytes::Bytes;
use jiff::Timestamp;

use super::former::{self, LostField};
use super::pace::InHand;
use super::pinned::Pinned;
use crate::mapping::{Context, Failure, Mapped, Plan, Session};
use crate::model::Id;
use crate::source::{GraphqlError, Page, Position};
use crate::store::RecordWrite;

/// A page, mapped.
pub(super) struct MappedPage {
    pub number: u32,
    /// Where the next page begins.
    pub next: Option<Position>,
    pub total: Option<u64>,
    pub ends_list: bool,
    pub rows: Vec<RecordWrite>,
    /// The hash of the revision that mapped them, all of them.
    pub revision: String,
    /// Held until the page is written.
    pub in_hand: InHand,
    /// Records without an id to store them under, and those that the source could not give and nobody knows.
    pub lost: u64,
    /// What there is to say of the latter.
    pub nameless: Vec<String>,
    /// So many of the last rows are those that the source could not give.
    pub unread: usize,
    /// Fields that read what the source does not have any more.
    pub lost_fields: Vec<LostField>,
}

pub(super) fn map(pinned: &mut Pinned, connection: &str, now: Timestamp, page: &Page, in_hand: InHand) -> MappedPage {
    let labels = pinned.labels();
    let (revision, plan) = pinned.present();
    let context = Context { labels: &labels, ..Context::new(connection, now) };
    let mut session = plan.session(&context);
    let mut mapped = Mapped::default();
    let mut rows = Vec::with_capacity(page.given());
    let mut lost = 0;
    for (at, (item, raw)) in page.items().zip(page.rows()).enumerate() {
        let refusal = page.errors.iter().find(|error| error.row == Some(at)).map(refused);
        match record(&plan, connection, &mut session, &mut mapped, item, raw, refusal) {
            Some(row) => rows.push(row),
            None => lost += 1,
        }
    }
    let lost_fields = LostField::of(&plan, page);
    if !page.lost.is_empty() {
        rows.iter_mut().for_each(|row| row.partial = true);
    }
    let (given, mut nameless) = (rows.len(), Vec::new());
    for row in &page.skipped {
        match former::skipped(&plan, connection, row) {
            Ok(row) => rows.push(row),
            Err(why) => nameless.push(why),
        }
    }
    MappedPage {
        number: page.number,
        next: page.next.clone(),
        total: page.total,
        ends_list: page.ends_list(),
        unread: rows.len() - given,
        rows,
        revision: revision.hash.clone(),
        in_hand,
        lost: lost + nameless.len() as u64,
        nameless,
        lost_fields,
    }
}

/// Maps records that came one by one, with the hash of the revision that did.
pub(super) fn map_each(
    pinned: &mut Pinned,
    connection: &str,
    now: Timestamp,
    texts: Vec<String>,
) -> (String, Vec<RecordWrite>) {
    let labels = pinned.labels();
    let (revision, plan) = pinned.present();
    let context = Context { labels: &labels, ..Context::new(connection, now) };
    let mut session = plan.session(&context);
    let mut mapped = Mapped::default();
    let rows = texts.iter().filter_map(|text| {
        let raw = Bytes::copy_from_slice(text.as_bytes());
        record(&plan, connection, &mut session, &mut mapped, text, raw, None)
    });
    (revision.hash.clone(), rows.collect())
}

pub(super) fn record<'a>(
    plan: &Plan,
    connection: &str,
    session: &mut Session<'_, 'a>,
    mapped: &mut Mapped,
    item: &'a str,
    raw: Bytes,
    refusal: Option<Failure>,
) -> Option<RecordWrite> {
    let partial = refusal.is_some();
    let failure = match session.map(item, mapped) {
        Ok(()) => refusal,
        Err(failure) => Some(refusal.unwrap_or(failure)),
    };
    let remote_id = match &failure {
        Some(_) => plan.identify(item)?,
        None => std::mem::take(&mut mapped.remote_id),
    };
    let id = match (&failure, mapped.id) {
        (None, Some(id)) => id,
        _ => Id::derive(connection, plan.model().name, &remote_id),
    };
    let unified = failure.map_or_else(|| Ok(mapped.unified.clone()), Err);
    Some(RecordWrite {
        remote_id,
        id,
        raw,
        unified,
        deleted: mapped.deleted,
        group: mapped.group.take(),
        members_of: mapped.members_of.take(),
        issues: std::mem::take(&mut mapped.issues),
        partial,
    })
}

/// A record of which the source could not give a field is not mapped: the field would look empty.
fn refused(error: &GraphqlError) -> Failure {
    Failure(match &error.path {
        Some(path) => format!("the source could not give `{path}`: {}", error.message),
        None => format!("the source could not give all of the record: {}", error.message),
    })
}
