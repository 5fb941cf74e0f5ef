//! Connections and models by clocks of their own.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crosswalk::engine::RunOptions;

use crate::home::{PATIENCE, TempHome, Work};

/// Runs of each model of a connection.
async fn runs(work: &Work, connection: &str) -> BTreeMap<String, usize> {
    let mut runs = BTreeMap::new();
    for run in work.engine.store().history(Some(connection), 1000).await.unwrap() {
        *runs.entry(run.model).or_default() += 1;
    }
    runs
}

#[tokio::test]
async fn a_model_with_a_clock_of_its_own_is_read_by_it_and_one_that_is_off_is_not() {
    let home = TempHome::new(5).await;
    let options = "options: { every: 5h, models: { jobs: { every: 1s }, candidates: { off: true } } }\n";
    home.write("connections/acme.yaml", &format!("{}{options}", home.read("connections/acme.yaml")));
    let work = home.run_synced().await;
    let end = Instant::now() + PATIENCE;
    while runs(&work, "acme").await["jobs"] < 3 {
        assert!(Instant::now() < end, "{:?}", runs(&work, "acme").await);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let runs = runs(&work, "acme").await;
    assert_eq!((runs.get("users"), runs.get("applications"), runs.get("candidates")), (Some(&1), Some(&1), None));
}

#[tokio::test]
async fn a_connection_that_is_paused_is_not_read_until_it_is_not() {
    let home = TempHome::new(5).await;
    let running = home.read("connections/acme.yaml");
    home.write("connections/acme.yaml", &format!("{running}options: {{ paused: true }}\n"));
    let work = home.run().await;
    assert!(work.running.sync_now("acme"));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(work.status("acme").sync.next_at, None);
    assert_eq!(runs(&work, "acme").await, BTreeMap::new());
    home.save("connections/acme.yaml", &running);
    work.until("it is read", |status| status.sync.last.is_some()).await;
}

#[tokio::test]
async fn no_more_connections_are_read_at_a_time_than_may_be_and_all_get_their_turn() {
    let home = TempHome::new(20).await;
    for number in 0..5 {
        home.connect(&format!("tenant-{number}"));
    }
    let work = home.run_as(RunOptions { max_syncs: 2, stagger: Duration::ZERO, ..RunOptions::default() }).await;
    let (mut most, mut queued) = (0, 0);
    let end = Instant::now() + PATIENCE;
    loop {
        let connections = work.running.status().connections;
        most = most.max(connections.iter().filter(|status| status.sync.now.is_some()).count());
        queued = queued.max(connections.iter().filter(|status| status.sync.queued).count());
        if connections.iter().all(|status| status.sync.last.is_some()) {
            break;
        }
        assert!(Instant::now() < end, "{connections:#?}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(most, 2);
    assert!(queued >= 2, "{queued}");
}

#[tokio::test]
async fn a_time_of_the_day_is_waited_for_once_it_was_read() {
    let home = TempHome::new(5).await;
    let nightly = "options: { cron: \"30 2 * * *\", zone: Europe/Amsterdam, jitter: 0s }\n";
    home.write("connections/acme.yaml", &format!("{}{nightly}", home.read("connections/acme.yaml")));
    let work = home.run_synced().await;
    work.until("the next one is known", |status| status.sync.next_at.is_some()).await;
    let next = work.status("acme").sync.next_at.unwrap();
    let local = next.in_tz("Europe/Amsterdam").unwrap();
    assert_eq!((local.hour(), local.minute(), local.second()), (2, 30, 0), "{local}");
}
