//! Requests that wait for their place, on a clock that stands still while nothing is done.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::time::{sleep, timeout};

use super::*;
use crate::connector::Rate;

fn health(caps: &Caps, change: impl FnOnce(&mut Limits)) -> Health {
    let health = Health::new("acme", caps);
    let mut limits = Limits::default();
    change(&mut limits);
    health.state().limit(limits, Instant::now());
    health
}

fn rate(requests: u32, burst: u32) -> Option<Rate> {
    Some(Rate { requests, per: Duration::from_secs(1), burst })
}

fn throttles(seconds: u64) -> Verdict {
    Verdict::Throttles { at_once: false, hold: Some(Duration::from_secs(seconds)) }
}

fn fails() -> Verdict {
    Verdict::Fails { late: false, hold: None, why: "nobody was in".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn requests_begin_at_the_rate_and_in_their_order() {
    let health = health(&Caps::default(), |limits| limits.rate = rate(10, 3));
    let start = Instant::now();
    let began = join_all((0..20).map(|_| async {
        let permit = health.enter(Door::Endpoint).await.unwrap();
        let waited = permit.waited;
        permit.end(Verdict::Answers, "answered");
        (start.elapsed().as_millis(), waited.why)
    }))
    .await;
    let times: Vec<u128> = began.iter().map(|(time, _)| *time).collect();
    assert!(times.is_sorted() && times[..3] == [0, 0, 0], "{times:?}");
    for (at, time) in times.iter().enumerate().skip(3) {
        let due = (at as u128 - 2) * 100;
        assert!((due..due + 20).contains(time), "{times:?}");
    }
    assert_eq!((began[0].1, began[19].1), (None, Some("the rate")));
    assert_eq!(health.pressure().requests, 20);
}

#[tokio::test(start_paused = true)]
async fn never_more_are_under_way_than_may_be() {
    let health = health(&Caps::default(), |limits| limits.concurrency = Some(3));
    let (under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    join_all((0..30_u64).map(|at| {
        let (health, under_way, most) = (&health, &under_way, &most);
        async move {
            let permit = health.enter(Door::Endpoint).await.unwrap();
            most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_millis(at * 7 % 50)).await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            // A third of them is given up on the way.
            if at % 3 > 0 {
                permit.end(Verdict::Answers, "answered");
            }
        }
    }))
    .await;
    assert_eq!(most.into_inner(), 3);
    assert_eq!(health.pressure().under_way, 0);
}

#[tokio::test(start_paused = true)]
async fn what_the_source_asks_for_holds_everything_that_waits() {
    let health = health(&Caps::default(), |_| {});
    let start = Instant::now();
    let first = health.enter(Door::Endpoint).await.unwrap();
    first.end(throttles(20), "throttled");
    let held = health.pressure().held_until.unwrap();
    assert!((held.duration_since(Timestamp::now()).as_secs_f64() - 20.0).abs() < 1.0);
    let permits = join_all([Door::Endpoint, Door::Tokens, Door::Endpoint].map(|door| health.enter(door))).await;
    assert!(start.elapsed() >= Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(permits[0].as_ref().ok().unwrap().waited.why, Some("the source"));
    assert_eq!(health.pressure().held_until, None);
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_holds_nobody_up() {
    let health = health(&Caps::default(), |limits| limits.concurrency = Some(1));
    let first = health.enter(Door::Endpoint).await.unwrap();
    assert!(timeout(Duration::from_secs(1), health.enter(Door::Endpoint)).await.is_err());
    let next = async {
        let permit = health.enter(Door::Endpoint).await.unwrap();
        permit.end(Verdict::Answers, "answered");
    };
    let (_, ()) = tokio::join!(
        async {
            sleep(Duration::from_secs(1)).await;
            drop(first);
        },
        next
    );
    assert_eq!(health.pressure().under_way, 0);
}

#[tokio::test(start_paused = true)]
async fn a_circuit_that_opens_turns_away_who_waits_and_lets_one_see() {
    let health = health(&Caps::default(), |limits| {
        limits.circuit.failures = 2;
        limits.concurrency = Some(1);
    });
    health.enter(Door::Endpoint).await.unwrap().end(fails(), "unavailable");
    let second = health.enter(Door::Endpoint).await.unwrap();
    let (waiting, ()) = tokio::join!(health.enter(Door::Endpoint), async { second.end(fails(), "unavailable") });
    let refused = waiting.err().unwrap();
    assert_eq!((refused.failures, refused.last.as_str()), (2, "nobody was in"));
    let CircuitState::Open { since, until, failures: 2, .. } = health.pressure().circuit else { panic!() };
    assert!((until.duration_since(since).as_secs_f64() - 30.0).abs() < 1.0);

    sleep(Duration::from_secs(30)).await;
    let probe = health.enter(Door::Endpoint).await.unwrap();
    assert!(matches!(health.pressure().circuit, CircuitState::HalfOpen { failures: 2, .. }));
    assert_eq!(health.enter(Door::Endpoint).await.err().unwrap().until, None);
    // Whoever sent it gave it up: another may see.
    drop(probe);
    health.enter(Door::Endpoint).await.unwrap().end(Verdict::Answers, "answered");
    assert_eq!(health.pressure().circuit, CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn connections_take_turns_and_none_takes_all() {
    let caps = Caps::new(3);
    let (greedy, modest) = (health(&caps, |limits| limits.concurrency = Some(50)), health(&caps, |_| {}));
    let hold = |health: Health, time: u64| async move {
        let permit = health.enter(Door::Endpoint).await.unwrap();
        sleep(Duration::from_secs(time)).await;
        permit.end(Verdict::Answers, "answered");
    };
    // Two of three places are taken for an hour each.
    let greedy_ones: Vec<_> = (0..10).map(|_| tokio::spawn(hold(greedy.clone(), 3600))).collect();
    tokio::task::yield_now().await;
    assert_eq!(caps.under_way(), 2);
    let start = Instant::now();
    for _ in 0..5 {
        hold(modest.clone(), 1).await;
    }
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    greedy_ones.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(start_paused = true)]
async fn nobody_keeps_a_place_of_the_process_while_it_waits_for_its_own_limits() {
    let caps = Caps::new(2);
    let (slow, other) = (health(&caps, |limits| limits.rate = rate(1, 1)), health(&caps, |_| {}));
    slow.enter(Door::Endpoint).await.unwrap().end(throttles(600), "throttled");
    let waiting = tokio::spawn({
        let slow = slow.clone();
        async move { slow.enter(Door::Endpoint).await.map(drop) }
    });
    tokio::task::yield_now().await;
    assert_eq!(caps.under_way(), 0);
    other.enter(Door::Endpoint).await.unwrap().end(Verdict::Answers, "answered");
    assert_eq!(waiting.await.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_moved_is_met_as_if_for_the_first_time() {
    let health = health(&Caps::default(), |limits| limits.circuit.failures = 1);
    let late = health.enter(Door::Endpoint).await.unwrap();
    health.enter(Door::Endpoint).await.unwrap().end(fails(), "unavailable");
    assert!(health.enter(Door::Endpoint).await.is_err());
    health.state().start_anew(Instant::now());
    assert_eq!(health.pressure().circuit, CircuitState::Closed);
    late.end(fails(), "unavailable");
    assert_eq!(health.pressure().circuit, CircuitState::Closed, "it failed where the source stood before");
    assert_eq!(health.pressure().under_way, 0);
}
