//! Stored records as rows of a list. What is stored is JSON text, and stays as it is: the rest is written beside it.

use std::collections::{BTreeSet, HashMap};

use futures_util::future::BoxFuture;
use serde_json::value::RawValue;

use super::members::{has_all, id, members};
use super::view::View;
use crate::model::{Link, Linked, List, Members};
use crate::store::{ListedRow, RowKey, Snapshot, StoreError};

/// What stands beside the stored records, key by key.
struct Column {
    name: &'static str,
    /// JSON for each row, in the order of the rows.
    values: Vec<String>,
}

/// The rows of a list as JSON.
pub(super) async fn rows(
    snapshot: &mut Snapshot,
    view: &View,
    list: &'static List,
    stored: &[ListedRow],
    include_deleted: bool,
) -> Result<Vec<String>, StoreError> {
    let mut columns = Vec::new();
    for (field, members) in list.members() {
        let values = match view.shows(members.model) {
            true => grouped(snapshot, members, stored).await?,
            false => vec!["[]".to_owned(); stored.len()],
        };
        columns.push(Column { name: field.name, values });
    }
    columns.extend(linked(snapshot, view, list.linked, stored, include_deleted).await?);
    let raw = if view.remote_data {
        let keys: Vec<RowKey> = stored.iter().map(|row| row.key).collect();
        snapshot.raw(list.model.name, &keys).await?
    } else {
        HashMap::new()
    };
    let row = |(at, row): (usize, &ListedRow)| {
        let mut json = open(&row.json);
        for column in &columns {
            push(&mut json, column.name, &column.values[at]);
        }
        for empty in list.empty {
            push(&mut json, empty.name, if empty.list { "[]" } else { "null" });
        }
        let raw = raw.get(&row.key).and_then(|raw| serde_json::from_slice::<&RawValue>(raw).ok());
        match raw {
            Some(raw) => push(&mut json, "remote_data", &format!("{{\"{}\":{}}}", list.model.name, raw.get())),
            None => push(&mut json, "remote_data", "null"),
        }
        push(&mut json, "changed_at", &quoted(&row.changed_at));
        push(&mut json, "remote_deleted_at", &row.remote_deleted_at.as_deref().map_or("null".to_owned(), quoted));
        json.push('}');
        json
    };
    Ok(stored.iter().enumerate().map(row).collect())
}

/// A stored object without its end, with room for more.
fn open(json: &str) -> String {
    const ROOM: usize = 1024;
    let mut text = String::with_capacity(json.len() + ROOM);
    text.push_str(json.strip_suffix('}').unwrap_or("{"));
    text
}

fn push(object: &mut String, key: &str, value: &str) {
    if !object.ends_with('{') {
        object.push(',');
    }
    object.push('"');
    object.push_str(key);
    object.push_str("\":");
    object.push_str(value);
}

/// A text in which nothing is to be escaped.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// What rows show of others.
fn linked<'a>(
    snapshot: &'a mut Snapshot,
    view: &'a View,
    linked: &'static [Linked],
    rows: &'a [ListedRow],
    include_deleted: bool,
) -> BoxFuture<'a, Result<Vec<Column>, StoreError>> {
    Box::pin(async move {
        let by: Vec<&'static str> = linked
            .iter()
            .filter_map(|linked| match linked.link {
                Link::One { by, .. } => Some(by),
                Link::Many { .. } => None,
            })
            .collect();
        // What each row points at, in the order of `by`.
        let named: Vec<Vec<&str>> = rows.iter().map(|row| members(&row.json, &by)).collect();
        let mut columns = Vec::new();
        for shown in linked {
            let is_shown = view.shows(shown.model);
            let values = match shown.link {
                Link::One { by: field, .. } => {
                    let place = by.iter().position(|by| *by == field).unwrap_or_default();
                    let wanted: Vec<Option<&str>> =
                        named.iter().map(|named| id(named[place]).filter(|_| is_shown)).collect();
                    one(snapshot, shown, &wanted, include_deleted).await?
                }
                Link::Many { .. } if is_shown => many(snapshot, view, shown, rows, include_deleted).await?,
                Link::Many { .. } => vec!["[]".to_owned(); rows.len()],
            };
            columns.push(Column { name: shown.name, values });
        }
        Ok(columns)
    })
}

/// The rows with these ids, each where it is wanted.
async fn one(
    snapshot: &mut Snapshot,
    shown: &'static Linked,
    wanted: &[Option<&str>],
    include_deleted: bool,
) -> Result<Vec<String>, StoreError> {
    let ids: BTreeSet<&str> = wanted.iter().flatten().copied().collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    let names = names(shown.fields);
    let beginnings = snapshot.of_ids(shown.model, &ids, include_deleted, true).await?;
    let (mut found, cut): (Vec<ListedRow>, Vec<ListedRow>) =
        beginnings.into_iter().partition(|row| has_all(&row.json, &names));
    let cut: Vec<&str> = cut.iter().map(|row| row.id.as_str()).collect();
    found.extend(snapshot.of_ids(shown.model, &cut, include_deleted, false).await?);
    let found: HashMap<&str, String> =
        found.iter().map(|row| (row.id.as_str(), object(row, shown.fields) + "}")).collect();
    let value =
        |wanted: &Option<&str>| wanted.and_then(|id| found.get(id).cloned()).unwrap_or_else(|| "null".to_owned());
    Ok(wanted.iter().map(value).collect())
}

/// The rows that name each of these, as lists.
async fn many(
    snapshot: &mut Snapshot,
    view: &View,
    shown: &'static Linked,
    rows: &[ListedRow],
    include_deleted: bool,
) -> Result<Vec<String>, StoreError> {
    let ids: Vec<&str> = rows.iter().filter(|row| !row.is_cleared).map(|row| row.id.as_str()).collect();
    let (owners, found): (Vec<String>, Vec<ListedRow>) =
        snapshot.of_candidates(shown.model, &ids).await?.into_iter().unzip();
    let columns = linked(snapshot, view, shown.linked, &found, include_deleted).await?;
    let mut lists: HashMap<&str, String> = HashMap::new();
    for (at, (owner, row)) in owners.iter().zip(&found).enumerate() {
        let list = lists.entry(owner).or_default();
        list.push(if list.is_empty() { '[' } else { ',' });
        let mut json = object(row, shown.fields);
        for column in &columns {
            push(&mut json, column.name, &column.values[at]);
        }
        list.push_str(&json);
        list.push('}');
    }
    let list = |row: &ListedRow| lists.get(row.id.as_str()).map_or_else(|| "[]".to_owned(), |list| format!("{list}]"));
    Ok(rows.iter().map(list).collect())
}

/// The fields that stand in the record itself.
fn names(fields: &'static [(&'static str, &'static str)]) -> Vec<&'static str> {
    fields.iter().map(|(_, field)| *field).filter(|field| !matches!(*field, "id" | "changed_at")).collect()
}

/// Some fields of a row under other keys, without the end of the object.
fn object(row: &ListedRow, fields: &'static [(&'static str, &'static str)]) -> String {
    let mut values = members(&row.json, &names(fields)).into_iter();
    let mut json = "{".to_owned();
    for (key, field) in fields {
        match *field {
            "id" => push(&mut json, key, &quoted(&row.id)),
            "changed_at" => push(&mut json, key, &quoted(&row.changed_at)),
            _ => push(&mut json, key, values.next().unwrap_or("null")),
        }
    }
    json
}

/// For each row the rows of the group that it shows, and those of no group, as lists in the order of their `index`.
async fn grouped(
    snapshot: &mut Snapshot,
    shown: &'static Members,
    rows: &[ListedRow],
) -> Result<Vec<String>, StoreError> {
    let groups: BTreeSet<&str> = rows.iter().filter_map(|row| row.members_of.as_deref()).collect();
    let groups: Vec<&str> = groups.into_iter().collect();
    let found = snapshot.of_groups(shown.model, &groups).await?;
    let names: Vec<&str> = shown.fields.iter().map(|(_, field)| *field).collect();
    let mut entries: Vec<(Option<&str>, i64, String)> = found
        .iter()
        .map(|row| {
            let (mut json, mut index) = ("{".to_owned(), None);
            for ((key, _), value) in shown.fields.iter().zip(members(&row.json, &names)) {
                if *key == "index" {
                    index = value.parse().ok();
                }
                push(&mut json, key, value);
            }
            (row.group.as_deref(), index.unwrap_or(i64::MAX), json + "}")
        })
        .collect();
    entries.sort_by_key(|(_, index, _)| *index);
    let mut lists: HashMap<Option<&str>, String> = HashMap::new();
    for group in rows.iter().map(|row| row.members_of.as_deref()) {
        lists.entry(group).or_insert_with(|| {
            let shown = entries.iter().filter(|(of, _, _)| of.is_none() || *of == group);
            let shown: Vec<&str> = shown.map(|(_, _, json)| json.as_str()).collect();
            format!("[{}]", shown.join(","))
        });
    }
    let list = |row: &ListedRow| match row.is_cleared {
        true => "[]".to_owned(),
        false => lists[&row.members_of.as_deref()].clone(),
    };
    Ok(rows.iter().map(list).collect())
}
