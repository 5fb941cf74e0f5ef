//! What an engine learned of a source outlives its syncs, and is nobody else's.

use std::net::TcpListener;

use std::time::{Duration, Instant};

use crosswalk::engine::RunOptions;
use crosswalk::sandbox::Options;
use crosswalk::source::CircuitState;

use crate::home::{PATIENCE, TempHome};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_share_what_the_process_may_ask_and_all_get_their_turn() {
    let home = TempHome::new(150).await;
    for name in ["birch", "cedar"] {
        home.connect(name);
    }
    home.edit("mappings/carerix/connector.yaml", "  size: 100\n", "  size: 10\n");
    let engine = home.engine().await;
    let options = RunOptions { access: home.access(), watch: None, max_requests: 1, ..RunOptions::default() };
    let running = engine.run(options).await.unwrap();
    let (end, mut most) = (Instant::now() + PATIENCE, 0);
    loop {
        let connections = running.status().connections;
        let pressures = connections.iter().filter_map(|connection| connection.pressure.as_ref());
        most = pressures.map(|pressure| pressure.under_way).fold(most, usize::max);
        if connections.iter().all(|connection| connection.sync.last.as_ref().is_some_and(|last| last.error.is_none())) {
            break;
        }
        assert!(Instant::now() < end, "{connections:#?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(most, 1, "four would be asked for ahead");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_is_down_is_left_alone_from_sync_to_sync_and_others_go_on() {
    let home = TempHome::new(20).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    home.write(
        "connections/birch.yaml",
        &format!(
            "connector: carerix\nsandbox: {{ seed: 7 }}\n\
             settings: {{ tenant: sandbox, realm: sandbox, identity: \"{nobody}\", api: \"{nobody}\" }}\n\
             limits: {{ attempts: 1, circuit: {{ failures: 2, pause: 1h, longest_pause: 1h }} }}\n"
        ),
    );
    let work = home.run_synced().await;
    let ended = |name: &str| work.status(name).sync.last.unwrap();
    assert_eq!(ended("acme").error, None);
    let mut last = ended("birch");
    assert!(last.error.as_ref().unwrap().contains("unavailable: no connection"), "{last:?}");
    for _ in 0..2 {
        work.running.sync_now("birch");
        work.until("birch was tried again", |status| {
            let synced = status.sync.last.as_ref().unwrap();
            status.name == "acme" || (synced.ended_at > last.ended_at && status.sync.now.is_none())
        })
        .await;
        last = ended("birch");
    }
    let error = last.error.unwrap();
    assert!(error.contains("not sent, because the last 2 requests failed"), "{error}");
    let pressure = work.status("birch").pressure.unwrap();
    assert_eq!(pressure.requests, 2);
    assert!(matches!(pressure.circuit, CircuitState::Open { failures: 2, .. }), "{pressure:?}");
    let pressure = work.status("acme").pressure.unwrap();
    assert!(pressure.requests > 2 && pressure.failed == 0, "{pressure:?}");
    assert_eq!(pressure.circuit, CircuitState::Closed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_change_under_a_sync_without_beginning_it_anew() {
    let home =
        TempHome::with(Options { candidates: 400, latency: Duration::from_millis(20), ..Options::default() }).await;
    home.edit("mappings/carerix/connector.yaml", "  size: 100\n", "  size: 10\n");
    let work = home.run().await;
    let fetched = || work.status("acme").sync.now.filter(|now| now.model.as_deref() == Some("candidates"));
    let read = |at_least: u64| fetched().is_some_and(|now| now.fetched >= at_least);
    work.until("some candidates were read", |_| read(50)).await;
    let before = work.revision();
    let text = home.read("connections/acme.yaml");
    home.write("connections/acme.yaml", &format!("{text}limits: {{ rate: {{ requests: 500 }}, concurrency: 1 }}\n"));
    work.until("the new limits are in use", |status| status.revision.as_deref() != Some(&before)).await;
    let pressure = work.status("acme").pressure.unwrap();
    assert_eq!((pressure.rate, pressure.concurrency), (Some(500.0), Some(1)));
    assert!(read(50) || work.status("acme").sync.last.is_some(), "{:?}", work.status("acme").sync);
    work.until("all were read", |status| status.sync.last.is_some()).await;
    assert_eq!(work.status("acme").sync.last.unwrap().error, None);
    let history = work.engine.store().history(Some("acme"), 20).await.unwrap();
    let runs = history.iter().filter(|run| run.model == "candidates").count();
    assert_eq!(runs, 1, "it did not begin anew");
}
