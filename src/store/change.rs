//! What a record that was read changes about its stored row. Pure: nothing here touches the database.

use aws_lc_rs::digest;

use super::page::RecordWrite;
use super::run::Counts;
use super::scope::RowKey;
use crate::mapping::{Issue, Severity};

/// The first half of a SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Hash([u8; 16]);

/// What stands in the place of a raw record's hash after the record was cleared.
pub(super) const CLEARED: &[u8] = &[];

impl Hash {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut hash = [0; 16];
        hash.copy_from_slice(&digest::digest(&digest::SHA256, bytes).as_ref()[..16]);
        Hash(hash)
    }

    /// A hash from its column. One of another length equals none that is computed.
    pub(super) fn stored(bytes: &[u8]) -> Self {
        Hash(bytes.try_into().unwrap_or_default())
    }

    pub(super) fn into_vec(self) -> Vec<u8> {
        self.0.to_vec()
    }
}

/// The hashes of a record's two large values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hashes {
    unified: Option<Hash>,
    raw: Hash,
}

impl Hashes {
    pub(super) fn of(row: &RecordWrite) -> Self {
        Hashes::mapped_again(row, Hash::of(&row.raw))
    }

    /// Those of a record whose raw form is the stored one.
    pub(super) fn mapped_again(row: &RecordWrite, raw: Hash) -> Self {
        Hashes { unified: row.unified.as_ref().ok().map(|unified| Hash::of(unified)), raw }
    }
}

/// A stored row without its two large values.
#[derive(Debug, Clone)]
pub(super) struct StoredState {
    pub(super) key: RowKey,
    pub(super) unified_hash: Option<Hash>,
    pub(super) raw_hash: Hash,
    pub(super) revision: String,
    pub(super) issues: Option<String>,
    pub(super) failure: Option<String>,
    pub(super) group: Option<String>,
    pub(super) members_of: Option<String>,
    pub(super) changed_at: String,
    pub(super) remote_deleted_at: Option<String>,
    pub(super) seen: i64,
    pub(super) fetched_by: Option<i64>,
}

impl StoredState {
    /// The group in whose records the row is shown; none where it is not.
    pub(super) fn shown_in(&self) -> Option<&str> {
        shown_in(self.unified_hash, self.remote_deleted_at.as_deref(), self.group.as_deref())
    }
}

/// A row of no group is in `""`.
fn shown_in<'a>(unified: Option<Hash>, deleted_at: Option<&str>, group: Option<&'a str>) -> Option<&'a str> {
    (unified.is_some() && deleted_at.is_none()).then_some(group.unwrap_or_default())
}

/// How rows come to be written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Made<'a> {
    /// The hash of the revision that mapped them.
    pub(super) revision: &'a str,
    /// The read that brought them, when they were read now. The source then still has what it does not flag.
    pub(super) read: Option<i64>,
    /// The `$now` of the mapping.
    pub(super) now: &'a str,
    /// The clock.
    pub(super) at: &'a str,
}

/// The read of a record that the source could not give wholly.
const PARTLY: i64 = 0;

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Created,
    Changed,
    Unchanged,
    Deleted,
    /// It could not be mapped as a whole.
    Rejected,
}

/// What those who read unified records are told of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Created,
    Changed,
    Deleted,
}

/// The row as it will be, and which of its parts differ from what is stored.
#[derive(Debug)]
pub(super) struct Change {
    verdict: Verdict,
    pub(super) told: Option<Told>,
    /// More than its revision differs.
    pub(super) touches_record: bool,
    pub(super) touches_unified: bool,
    pub(super) touches_raw: bool,
    pub(super) id: String,
    pub(super) unified_hash: Option<Hash>,
    pub(super) raw_hash: Hash,
    pub(super) revision: String,
    pub(super) issues: Option<String>,
    pub(super) failure: Option<String>,
    pub(super) group: Option<String>,
    pub(super) members_of: Option<String>,
    pub(super) changed_at: String,
    pub(super) remote_deleted_at: Option<String>,
    pub(super) fetched_by: Option<i64>,
}

impl Change {
    /// Compares a record with its stored row.
    pub(super) fn between(stored: Option<&StoredState>, row: &RecordWrite, hashes: Hashes, made: Made<'_>) -> Change {
        let Made { revision, read, now, at } = made;
        let stored_hash = stored.and_then(|stored| stored.unified_hash);
        let unified_hash = hashes.unified.or(stored_hash);
        let deleted_before = stored.and_then(|stored| stored.remote_deleted_at.as_deref());
        let remote_deleted_at = match (row.deleted, &row.unified) {
            // Only who reads a record now can say that it is gone, or back.
            (true, _) if read.is_some() => Some(deleted_before.unwrap_or(now)),
            (false, Ok(_)) if read.is_some() => None,
            _ => deleted_before,
        };
        // A record that a remap cannot map stays as it was.
        let kept = |new: &Option<String>, old: fn(&StoredState) -> &Option<String>| match (stored, &row.unified, read) {
            (Some(stored), Err(_), None) => old(stored).clone(),
            _ => new.clone(),
        };
        let members_of = kept(&row.members_of, |stored| &stored.members_of);
        // What a record shows of others is a part of it.
        let shows_others = stored.is_some_and(|stored| stored.members_of != members_of) && row.unified.is_ok();
        let touches_unified = stored.is_none() || unified_hash != stored_hash;
        let is_changed = touches_unified || shows_others || remote_deleted_at.is_some() != deleted_before.is_some();
        let mut change = Change {
            verdict: match &row.unified {
                Err(_) => Verdict::Rejected,
                Ok(_) if remote_deleted_at.is_some() && deleted_before.is_none() => Verdict::Deleted,
                Ok(_) if stored.is_none() => Verdict::Created,
                Ok(_) if is_changed => Verdict::Changed,
                Ok(_) => Verdict::Unchanged,
            },
            told: (is_changed && unified_hash.is_some()).then_some(match deleted_before {
                None if remote_deleted_at.is_some() => Told::Deleted,
                _ if stored_hash.is_none() => Told::Created,
                _ => Told::Changed,
            }),
            touches_record: is_changed,
            touches_unified,
            touches_raw: true,
            id: row.id.to_string(),
            unified_hash,
            raw_hash: hashes.raw,
            revision: revision.to_owned(),
            issues: issues_text(&row.issues),
            failure: row.unified.as_ref().err().map(|failure| failure.0.clone()),
            group: kept(&row.group, |stored| &stored.group),
            members_of,
            changed_at: stored.filter(|_| !is_changed).map_or(at, |stored| &stored.changed_at).to_owned(),
            remote_deleted_at: remote_deleted_at.map(str::to_owned),
            fetched_by: match read {
                Some(_) if row.partial => Some(PARTLY),
                Some(read) => Some(read),
                None => stored.and_then(|stored| stored.fetched_by),
            },
        };
        if let Some(stored) = stored
            && stored.raw_hash == Hash::default()
            && row.deleted
        {
            // It was deleted so long ago that nothing of it may be kept, and the source still shows it.
            change.verdict = Verdict::Unchanged;
            change.told = None;
            change.touches_record = false;
            return change;
        }
        if let Some(stored) = stored {
            change.touches_raw = change.raw_hash != stored.raw_hash;
            change.touches_record |= change.touches_raw || change.differs_silently(stored);
        }
        change
    }

    /// The group in whose records the row will be shown; none where it will not.
    pub(super) fn shown_in(&self) -> Option<&str> {
        shown_in(self.unified_hash, self.remote_deleted_at.as_deref(), self.group.as_deref())
    }

    /// Whether something differs that is no change to those who read unified records.
    fn differs_silently(&self, stored: &StoredState) -> bool {
        self.issues != stored.issues
            || self.failure != stored.failure
            || self.group != stored.group
            || self.members_of != stored.members_of
            || self.fetched_by != stored.fetched_by
    }

    /// What the record adds to the counts of its run.
    pub(super) fn counts(&self, row: &RecordWrite) -> Counts {
        let one_if = |condition: bool| u64::from(condition);
        let broken_field = row.issues.iter().any(|issue| issue.severity == Severity::Failed);
        Counts {
            fetched: 1,
            created: one_if(self.verdict == Verdict::Created),
            changed: one_if(self.verdict == Verdict::Changed),
            unchanged: one_if(self.verdict == Verdict::Unchanged),
            deleted: one_if(self.verdict == Verdict::Deleted),
            failed: one_if(self.verdict == Verdict::Rejected || broken_field),
            issues: row.issues.len() as u64,
        }
    }
}

fn issues_text(issues: &[Issue]) -> Option<String> {
    (!issues.is_empty()).then(|| serde_json::to_string(issues).expect("issues are plain texts"))
}
