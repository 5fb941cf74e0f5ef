//! What a crash leaves behind.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use super::*;

/// A resumed run has counted exactly the rows that are stored, and the file is sound.
async fn assert_consistent(store: &Store, page_size: u64) -> Run {
    let check: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(store.readers()).await.unwrap();
    assert_eq!(check, "ok");
    let broken = sqlx::query("PRAGMA foreign_key_check").fetch_all(store.readers()).await.unwrap();
    assert!(broken.is_empty());
    let run = store.begin(new_run(1)).await.unwrap();
    let stored = store.count(None, &USERS).await.unwrap().live;
    assert_eq!(run.counts().fetched, stored);
    assert_eq!(u64::from(run.next_page()) * page_size, stored);
    run
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_taken_in_the_middle_of_writing_opens_at_a_checkpoint() {
    const PAGE: usize = 50;
    let scratch = Scratch::open().await;
    let store = scratch.store.clone();
    let mut run = store.begin(new_run(0)).await.unwrap();
    let writing = tokio::spawn(async move {
        for number in 0.. {
            let rows = page(&run, at(0), users(number * PAGE..(number + 1) * PAGE));
            store.write_page(&mut run, rows).await.unwrap();
        }
    });
    let mut resumed_at = Vec::new();
    for copy in 0..4 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        let path = scratch.folder.path().join(format!("copy{copy}.db"));
        std::fs::copy(scratch.store.path(), &path).unwrap();
        std::fs::copy(scratch.folder.path().join("store.db-wal"), path.with_extension("db-wal")).unwrap();
        let store = Store::open(&path).await.unwrap();
        resumed_at.push(assert_consistent(&store, PAGE as u64).await.next_page());
    }
    writing.abort();
    assert!(resumed_at.is_sorted());
    assert!(resumed_at.last() > Some(&0), "something was written: {resumed_at:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_is_dropped_half_way_leaves_a_whole_number_of_pages() {
    const PAGE: usize = 20;
    let scratch = Scratch::open().await;
    let store = &scratch.store;
    for polls in 1..25 {
        let mut run = assert_consistent(store, PAGE as u64).await;
        let first = run.next_page() as usize * PAGE;
        let rows = page(&run, at(1), users(first..first + PAGE));
        let mut write = pin!(store.write_page(&mut run, rows));
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..polls {
            if let Poll::Ready(result) = write.as_mut().poll(&mut context) {
                result.unwrap();
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    let run = assert_consistent(store, PAGE as u64).await;
    assert!(run.next_page() > 0, "the later rounds got through");
}

#[tokio::test]
async fn a_lost_answer_to_a_commit_cannot_write_a_page_twice() {
    let scratch = Scratch::open().await;
    let mut run = scratch.store.begin(new_run(0)).await.unwrap();
    let rows = page(&run, at(0), users(0..2));
    scratch.store.write_page(&mut run, rows).await.unwrap();
    // As if the commit had succeeded without the run hearing of it.
    run.epoch -= 1;
    let rows = page(&run, at(0), users(2..4));
    let error = scratch.store.write_page(&mut run, rows).await.unwrap_err();
    assert!(matches!(error.problem, Problem::Superseded { .. }));
    assert_eq!(scratch.store.begin(new_run(1)).await.unwrap().counts().fetched, 2);
}
