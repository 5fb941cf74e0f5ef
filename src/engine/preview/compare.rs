//! One record after the other: what it is, and what it would be.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{FieldPreview, ModelPreview, Remark, Sample};
use crate::mapping::{Context, Failure, Issue, Labels, Mapped, Plan};
use crate::store::{StoredRaw, Unpacker};

/// Messages that are kept of each kind: there may be as many as there are records.
const MOST_MESSAGES: usize = 20;

/// What was found in the records of a model so far.
pub(super) struct Comparison {
    plan: Arc<Plan>,
    before: Option<Arc<Plan>>,
    connection: String,
    labels: Arc<Labels>,
    now: Timestamp,
    samples: usize,
    /// Fields of which nobody knows what they become in a record that lacks what they read.
    unknown: Vec<String>,
    fields: BTreeMap<String, FieldPreview>,
    changed: u64,
    new_issues: Remarks,
    mended_issues: Remarks,
    new_failures: Remarks,
    mended_failures: u64,
}

/// A record as one side has it.
struct Side {
    unified: Option<Map<String, Value>>,
    issues: Vec<Issue>,
    failure: Option<String>,
}

#[derive(Default)]
struct Remarks(BTreeMap<String, u64>);

impl Comparison {
    pub fn new(
        plan: &Arc<Plan>,
        before: Option<&Arc<Plan>>,
        connection: &str,
        labels: &Arc<Labels>,
        now: Timestamp,
        samples: usize,
        unknown: Vec<String>,
    ) -> Comparison {
        Comparison {
            plan: Arc::clone(plan),
            before: before.cloned(),
            connection: connection.to_owned(),
            labels: Arc::clone(labels),
            now,
            samples,
            unknown,
            fields: BTreeMap::new(),
            changed: 0,
            new_issues: Remarks::default(),
            mended_issues: Remarks::default(),
            new_failures: Remarks::default(),
            mended_failures: 0,
        }
    }

    /// Compares records. The first of each pair says that it lacks what the plan reads.
    pub fn add(&mut self, rows: &[(bool, StoredRaw)]) {
        let mut unpacker = Unpacker::default();
        let (plan, before) = (Arc::clone(&self.plan), self.before.clone());
        let (labels, connection) = (Arc::clone(&self.labels), self.connection.clone());
        let context = Context { labels: &labels, ..Context::new(&connection, self.now) };
        for (lacks, row) in rows {
            // Without its raw form, or with a part of it, a record stays what it is.
            let Some(text) = unpacker.text(&row.raw).filter(|_| row.fetched_by.is_some()) else { continue };
            let mut mapped = Mapped::default();
            let result = plan.session(&context).map(&text, &mut mapped);
            let after = match Side::mapped(&mut mapped, result) {
                side if side.failure.is_none() && mapped.remote_id != row.raw.remote_id => Side {
                    failure: Some("it gets another `remote_id`; the next sync brings it under that".to_owned()),
                    ..side
                },
                side => side,
            };
            let before = match &before {
                Some(before) => {
                    let mut mapped = Mapped::default();
                    let result = before.session(&context).map(&text, &mut mapped);
                    Side::mapped(&mut mapped, result)
                }
                None => Side::stored(row),
            };
            self.compare(row, *lacks, before, after);
        }
    }

    fn compare(&mut self, row: &StoredRaw, lacks: bool, before: Side, after: Side) {
        match (&before.failure, &after.failure) {
            (None, Some(failure)) => return self.new_failures.add(failure.clone()),
            (Some(_), None) => self.mended_failures += 1,
            (Some(_), Some(_)) => return,
            (None, None) => {}
        }
        let is_known = |field: &str| !lacks || !self.unknown.iter().any(|unknown| unknown == field);
        let fresh = |of: &[Issue], than: &[Issue]| -> Vec<String> {
            of.iter().filter(|issue| is_known(&issue.field) && !than.contains(issue)).map(ToString::to_string).collect()
        };
        let (new, mended) = (fresh(&after.issues, &before.issues), fresh(&before.issues, &after.issues));
        let Some(then) = after.unified else { return };
        let now = before.unified.unwrap_or_default();
        let differing: Vec<(String, Value)> = then
            .into_iter()
            .filter(|(field, value)| is_known(field) && now.get(field).unwrap_or(&Value::Null) != value)
            .collect();
        self.changed += u64::from(!differing.is_empty());
        for (field, value) in differing {
            let entry = self.fields.entry(field.clone()).or_insert_with(|| FieldPreview {
                field: field.clone(),
                changed: 0,
                samples: Vec::new(),
            });
            entry.changed += 1;
            let before = now.get(&field).cloned().unwrap_or_default();
            // The same change again shows nothing new.
            let is_shown = entry.samples.iter().any(|sample| sample.before == before && sample.after == value);
            if entry.samples.len() < self.samples && !is_shown {
                let (id, remote_id) = (row.id.clone(), row.raw.remote_id.clone());
                entry.samples.push(Sample { id, remote_id, before, after: value });
            }
        }
        new.into_iter().for_each(|message| self.new_issues.add(message));
        mended.into_iter().for_each(|message| self.mended_issues.add(message));
    }

    pub fn finish(mut self, preview: &mut ModelPreview) {
        let model = self.plan.model();
        let fields = model.fields.iter().filter_map(|field| self.fields.remove(field.name));
        preview.fields = fields.collect();
        preview.changed = self.changed;
        preview.new_issues = self.new_issues.listed();
        preview.mended_issues = self.mended_issues.listed();
        preview.new_failures = self.new_failures.listed();
        preview.mended_failures = self.mended_failures;
        preview.unknown_fields = self.unknown;
    }
}

impl Side {
    fn mapped(mapped: &mut Mapped, result: Result<(), Failure>) -> Side {
        match result {
            Ok(()) => Side {
                unified: serde_json::from_slice(&mapped.unified).ok(),
                issues: std::mem::take(&mut mapped.issues),
                failure: None,
            },
            Err(failure) => Side { unified: None, issues: Vec::new(), failure: Some(failure.0) },
        }
    }

    fn stored(row: &StoredRaw) -> Side {
        Side {
            unified: row.unified.as_deref().and_then(|unified| serde_json::from_str(unified).ok()),
            issues: row.issues.clone(),
            failure: row.failure.clone(),
        }
    }
}

impl Remarks {
    fn add(&mut self, message: String) {
        *self.0.entry(message).or_default() += 1;
    }

    /// The most frequent ones; the rest as one.
    fn listed(self) -> Vec<Remark> {
        let mut remarks: Vec<Remark> =
            self.0.into_iter().map(|(message, records)| Remark { message, records }).collect();
        remarks.sort_by_key(|remark| std::cmp::Reverse(remark.records));
        if remarks.len() > MOST_MESSAGES {
            let rest = remarks.split_off(MOST_MESSAGES);
            let records = rest.iter().map(|remark| remark.records).sum();
            remarks.push(Remark { message: format!("{} other messages", rest.len()), records });
        }
        remarks
    }
}
