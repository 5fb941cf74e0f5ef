//! What an engine learned of a source outlives its syncs, and is nobody else's.

use std::net::TcpListener;

use crosswalk::source::CircuitState;

use crate::home::TempHome;

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
