//! Rows that are mapped again, beside the syncs that write them.

use std::collections::BTreeMap;

use super::*;

const SECOND: &str = "r2";

/// Keeps revision `hash` with this signature of the plan of users.
async fn keep(store: &Store, hash: &str, signature: &str) {
    let plan = KeptPlan { signature: signature.into(), detail: "{}".into() };
    let new = NewRevision {
        connection: CONNECTION.into(),
        hash: hash.into(),
        connector: "carerix".into(),
        files: BTreeMap::new(),
        plans: BTreeMap::from([("users", plan)]),
        at: at(0),
    };
    store.keep_revision(&new, 10).await.unwrap();
}

fn target(signature: &str) -> RemapTarget {
    RemapTarget {
        connection: CONNECTION.into(),
        model: &USERS,
        signature: signature.into(),
        readable: vec![ReadsNumber(1)],
    }
}

/// What is left to map, with the first name that the second revision gives.
async fn work(store: &Store, first_name: &str) -> Vec<(RawRecord, RecordWrite)> {
    let raw = store.to_remap(&target("s2"), RowKey(0), 100).await.unwrap();
    let map = |raw: RawRecord| {
        let value: serde_json::Value = serde_json::from_str(&Unpacker::default().text(&raw).unwrap()).unwrap();
        let row = user(value["_id"].as_str().unwrap(), first_name);
        (raw, row)
    };
    raw.into_iter().map(map).collect()
}

async fn write(store: &Store, rows: Vec<(RawRecord, RecordWrite)>) -> Remapped {
    let write = RemapWrite { target: &target("s2"), revision: SECOND, now: at(9), at: at(9), rows };
    store.write_remapped(write).await.unwrap()
}

#[tokio::test]
async fn rows_of_another_plan_are_mapped_again_and_only_what_differs_changes() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![vec![user("1", "Robin"), user("2", "Kim"), user("3", "Alex")]]).await;
    keep(&scratch.store, "r1", "s1").await;
    keep(&scratch.store, SECOND, "s2").await;
    let before = scratch.store.last_event().await.unwrap();
    assert_eq!(scratch.store.unmapped(&target("s2")).await.unwrap(), Unmapped { ready: 3, waiting: 0 });

    let done = write(&scratch.store, work(&scratch.store, "Kim").await).await;
    assert_eq!(done, Remapped { mapped: 3, changed: 2, failed: 0 });
    assert_eq!(scratch.store.unmapped(&target("s2")).await.unwrap(), Unmapped::default());
    assert_eq!((scratch.user("1").await.changed_at, scratch.user("2").await.changed_at), (at(9), at(0)));
    assert_eq!((scratch.user("1").await.revision.as_str(), scratch.user("2").await.revision.as_str()), ("r2", "r2"));

    let events = scratch.store.events(before, 10).await.unwrap();
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((event.cause, event.changed, event.created, event.deleted), (Cause::Remap, 2, 0, 0));
    let keys = vec![scratch.user("1").await.key, scratch.user("3").await.key];
    assert_eq!((event.keys.as_ref(), event.revision.as_str()), (Some(&keys), SECOND));
    assert_eq!(scratch.store.forget_events(at(5)).await.unwrap(), before as u64);
    assert_eq!(scratch.store.events(0, 10).await.unwrap(), events);
}

#[tokio::test]
async fn revisions_with_the_same_plan_have_nothing_to_map() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![users(0..5)]).await;
    keep(&scratch.store, "r1", "s2").await;
    keep(&scratch.store, SECOND, "s2").await;
    assert_eq!(scratch.store.unmapped(&target("s2")).await.unwrap(), Unmapped::default());
    assert!(scratch.store.to_remap(&target("s2"), RowKey(0), 10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_was_not_read_waits_and_what_the_source_could_not_give_does_not() {
    let scratch = Scratch::open().await;
    let mut run = scratch.store.begin(new_run(0)).await.unwrap();
    let partial = RecordWrite { partial: true, ..rejected(user("9", "Sam"), "the source could not give `x`") };
    let first = page(&run, at(0), vec![user("1", "Robin"), partial]);
    scratch.store.write_page(&mut run, first).await.unwrap();
    let later = PageWrite { fetched_by: ReadsNumber(2), ..page(&run, at(0), vec![user("2", "Kim")]) };
    scratch.store.write_page(&mut run, later).await.unwrap();
    keep(&scratch.store, "r1", "s1").await;
    assert_eq!(scratch.store.unmapped(&target("s2")).await.unwrap(), Unmapped { ready: 1, waiting: 1 });
    let rows = work(&scratch.store, "Alex").await;
    assert_eq!(rows.iter().map(|(_, row)| row.remote_id.as_str()).collect::<Vec<_>>(), ["1"]);
}

#[tokio::test]
async fn a_row_that_a_sync_wrote_meanwhile_is_left_alone() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![vec![user("1", "Robin"), user("2", "Kim")]]).await;
    let taken = work(&scratch.store, "Alex").await;
    scratch.sync(1, vec![vec![user("1", "Robyn"), user("2", "Kim")]]).await;
    assert_eq!(write(&scratch.store, taken).await, Remapped { mapped: 1, changed: 1, failed: 0 });
    let robyn = scratch.user("1").await;
    assert_eq!((robyn.revision.as_str(), robyn.changed_at), ("r1", at(1)));
    assert!(robyn.unified.unwrap().contains("Robyn"));
}

#[tokio::test]
async fn mapping_again_neither_deletes_nor_revives_nor_forgets_who_saw_a_row() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![users(1..4)]).await;
    scratch.sync(1, vec![users(1..3)]).await;
    assert_eq!(scratch.user("3").await.remote_deleted_at, Some(at(1)));
    let mut rows = work(&scratch.store, "Alex").await;
    rows[0].1.deleted = true;
    rows[1].1 = RecordWrite { group: None, ..rejected(rows[1].1.clone(), "a broken rule") };
    assert_eq!(write(&scratch.store, rows).await.changed, 2);
    assert_eq!(scratch.user("3").await.remote_deleted_at, Some(at(1)));
    assert_eq!(scratch.user("1").await.remote_deleted_at, None);
    // A run that sees nothing new deletes only what it does not see.
    let counts = scratch.sync(10, vec![users(1..3)]).await;
    assert_eq!((counts.deleted, counts.fetched), (0, 2));
}

#[tokio::test]
async fn a_page_that_was_compared_before_a_remap_is_compared_again() {
    // Both write at the same time, over and over: whatever the order, a row is of one revision, and its unified form is that
    // revision's.
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![users(0..50)]).await;
    keep(&scratch.store, "r1", "s1").await;
    keep(&scratch.store, SECOND, "s2").await;
    let syncing = async {
        for minute in 1..20 {
            scratch.sync(minute, vec![users(0..50)]).await;
        }
    };
    let remapping = async {
        for _ in 0..60 {
            write(&scratch.store, work(&scratch.store, "Alex").await).await;
        }
    };
    tokio::join!(syncing, remapping);
    for stored in scratch.store.list(ListQuery::new(&USERS)).await.unwrap() {
        let expected = if stored.revision == SECOND { "Alex" } else { "Robin" };
        assert!(stored.unified.as_ref().unwrap().contains(expected), "{stored:?}");
    }
}

#[tokio::test]
async fn a_record_that_could_not_be_mapped_becomes_new_when_it_can() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![vec![rejected(user("1", "Robin"), "a broken rule")]]).await;
    assert_eq!(scratch.store.last_event().await.unwrap(), 0);
    let done = write(&scratch.store, work(&scratch.store, "Robin").await).await;
    assert_eq!(done, Remapped { mapped: 1, changed: 1, failed: 0 });
    assert_eq!(scratch.user("1").await.failure, None);
    assert_eq!(scratch.store.events(0, 5).await.unwrap()[0].created, 1);
}
