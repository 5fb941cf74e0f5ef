//! The store from the outside, over files in temporary folders.

mod actions;
mod damage;
mod hints;
mod holding;
mod lists;
mod opening;
mod pages;
mod reading;
mod remap;
mod revisions;
mod runs;
mod speed;
mod states;
mod survival;
mod views;

use bytes::Bytes;
use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::mapping::{Failure, Issue, Severity};
use crate::model::{Id, JOBS, Model, USERS};

const CONNECTION: &str = "acme";

/// A store in a folder that goes away with it.
struct Scratch {
    folder: TempDir,
    store: Store,
}

impl Scratch {
    async fn open() -> Scratch {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store.db")).await.unwrap();
        Scratch { folder, store }
    }

    /// One complete run with these pages, begun at minute `minute`.
    async fn sync(&self, minute: i64, pages: Vec<Vec<RecordWrite>>) -> Counts {
        let mut run = self.store.begin(new_run(minute)).await.unwrap();
        for rows in pages {
            let page = page(&run, at(minute), rows);
            self.store.write_page(&mut run, page).await.unwrap();
        }
        self.store.finish(run, Outcome::Complete, at(minute)).await.unwrap()
    }

    async fn user(&self, remote_id: &str) -> StoredRecord {
        self.store.get(Some(CONNECTION), &USERS, remote_id).await.unwrap().expect("the user is stored")
    }
}

/// Minute `minute` of a made-up morning.
fn at(minute: i64) -> Timestamp {
    let morning: Timestamp = "2026-11-20T06:00:00Z".parse().unwrap();
    morning + jiff::SignedDuration::from_mins(minute)
}

fn new_run(minute: i64) -> NewRun<'static> {
    NewRun {
        kind: RunKind::Full,
        since: None,
        tenant: "t",
        connection: CONNECTION,
        model: &USERS,
        revision: "r1",
        operation: "o1",
        choice: "c1",
        now: at(minute),
        full: false,
    }
}

/// The next page of a run.
fn page(run: &Run, at: Timestamp, rows: Vec<RecordWrite>) -> PageWrite {
    PageWrite {
        next_page: run.next_page() + 1,
        next_cursor: None,
        total: None,
        revision: run.revision().to_owned(),
        fetched_by: ReadsNumber(1),
        at,
        rows,
    }
}

fn user(remote_id: &str, first_name: &str) -> RecordWrite {
    record(CONNECTION, &USERS, remote_id, serde_json::json!({ "remote_id": remote_id, "first_name": first_name }))
}

fn record(connection: &str, model: &Model, remote_id: &str, unified: serde_json::Value) -> RecordWrite {
    RecordWrite {
        remote_id: remote_id.to_owned(),
        id: Id::derive(connection, model.name, remote_id),
        raw: Bytes::from(format!("{{\"_id\":\"{remote_id}\",\"source\":{unified}}}")),
        unified: Ok(unified.to_string().into_bytes()),
        deleted: false,
        group: None,
        members_of: None,
        issues: Vec::new(),
        partial: false,
    }
}

fn deleted(record: RecordWrite) -> RecordWrite {
    RecordWrite { deleted: true, ..record }
}

fn rejected(record: RecordWrite, reason: &str) -> RecordWrite {
    RecordWrite { unified: Err(Failure(reason.to_owned())), ..record }
}

fn with_issue(record: RecordWrite, severity: Severity) -> RecordWrite {
    let issue = Issue { field: "email".into(), severity, message: "not an e-mail address".into() };
    RecordWrite { issues: vec![issue], ..record }
}

fn users(numbers: std::ops::Range<usize>) -> Vec<RecordWrite> {
    numbers.map(|number| user(&number.to_string(), "Robin")).collect()
}
