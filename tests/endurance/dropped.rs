//! A sync that whoever called it gives up in the middle.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use crosswalk::engine::Engine;
use crosswalk::sync::SyncOptions;

use crate::picture::Picture;
use crate::tenant::NAME;
use crate::twins::{Scene, Twins};

/// Where a sync is dropped.
#[derive(Debug, Clone, Copy)]
enum At {
    /// Once it has said so many things.
    Event(u32),
    /// Once it has waited so often.
    Wait(u32),
}

/// Syncs until it is dropped. Whether it was.
async fn sync(twins: &Twins, engine: &Engine, at: At) -> bool {
    let connection = engine.connection(NAME).unwrap();
    let (events, mut waits) = (Cell::new(0), 0);
    let options = SyncOptions::default();
    let mut syncing = pin!(engine.sync(&connection, twins.credentials(), &options, |_| events.set(events.get() + 1)));
    poll_fn(|context| {
        let is_over = syncing.as_mut().poll(context).map(|report| drop(report.unwrap()));
        waits += 1;
        match at {
            _ if is_over.is_ready() => Poll::Ready(false),
            At::Event(number) if events.get() >= number => Poll::Ready(true),
            At::Wait(number) if waits >= number => Poll::Ready(true),
            _ => Poll::Pending,
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_is_dropped_anywhere_is_as_if_it_had_not_begun_or_had_gone_on() {
    let mut twins = Twins::start(11).await;
    let mut random = fastrand::Rng::with_seed(11);
    let mut engine = Engine::open(twins.home(), Some(&twins.store())).await.unwrap();
    let mut dropped = 0;
    for number in 0..28 {
        let scene = Scene::ALL[number % Scene::ALL.len()];
        twins.set(scene, random.u64(..)).await;
        if scene == Scene::First {
            engine = Engine::open(twins.home(), Some(&twins.store())).await.unwrap();
        }
        let mut what = format!("{scene:?} {number}");
        let mut told = Picture::default();
        // All in one process, at once and with the same connections to the store: whatever is left of one meets the next.
        for _ in 0..3 {
            let at = if random.bool() { At::Event(random.u32(1..24)) } else { At::Wait(random.u32(1..160)) };
            if sync(&twins, &engine, at).await {
                what.push_str(&format!(", dropped {at:?}"));
                dropped += 1;
            }
            if random.bool() {
                let left = Picture::of(&twins.store()).await;
                left.assert_tells_on(&told, &what);
                told = left;
            }
        }
        for _ in 0..2 {
            assert!(!sync(&twins, &engine, At::Wait(u32::MAX)).await);
        }
        twins.assert_equal(scene, &what).await;
    }
    assert!(dropped > 40, "{dropped}");
}
