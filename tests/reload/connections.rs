//! Connections that come, change and go while others run.

use crosswalk::engine::Outcome;
use crosswalk::sandbox::Options;
use std::time::Duration;

use crate::home::{COMPANY, TempHome};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_comes_changes_and_goes_without_touching_the_others() {
    let home = TempHome::new(20).await;
    let work = home.run_synced().await;
    let acme = work.status("acme");

    home.connect("birch");
    work.until_there_are(2).await;
    work.until("the new one was read", |status| status.sync.last.is_some()).await;
    assert_eq!((work.status("acme").since, work.status("acme").sync.last), (acme.since, acme.sync.last.clone()));

    let birch = work.status("birch").revision;
    home.edit("connections/birch.yaml", "seed: 7", "seed: 8");
    work.until("it runs with another revision", |status| status.name == "acme" || status.revision != birch).await;
    assert_eq!(work.status("acme").since, acme.since);

    // A broken file of one leaves the other alone, and a broken mapping is told of both.
    home.edit("connections/birch.yaml", "connector: carerix", "connector: careris");
    work.until("birch is broken", |status| status.name == "acme" || status.broken.is_some()).await;
    assert_eq!(work.status("acme").broken, None);
    home.edit("connections/birch.yaml", "connector: careris", "connector: carerix");
    work.until("birch is mended", |status| status.broken.is_none()).await;

    std::fs::remove_file(home.path().join("connections/birch.yaml")).unwrap();
    work.until_there_are(1).await;
    assert_eq!(work.status("acme").since, acme.since);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_home_that_is_gone_for_a_while_stops_nothing() {
    let home = TempHome::new(5).await;
    let work = home.run_synced().await;
    let (connections, away) = (home.path().join("connections"), home.path().join("away"));
    std::fs::rename(&connections, &away).unwrap();
    work.running.reload().await.unwrap();
    assert_eq!(work.status("acme").broken, None);
    std::fs::rename(&away, &connections).unwrap();
    let reload = work.running.reload().await.unwrap();
    assert!(!reload.changes(), "{reload:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_connection_with_a_broken_file_runs_when_it_is_mended() {
    let home = TempHome::new(5).await;
    let work = home.run_synced().await;
    home.write("connections/birch.yaml", "connector: nobody\n");
    let reload = work.running.reload().await.unwrap();
    let birch = reload.connections.iter().find(|reloaded| reloaded.connection == "birch").unwrap();
    assert!(matches!(&birch.outcome, Outcome::Broken { keeps: None, .. }), "{birch:?}");
    assert_eq!(work.status("birch").revision, None);
    home.connect("birch");
    work.until("birch runs", |status| status.broken.is_none() && status.sync.last.is_some()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_under_way_takes_over_an_edit_with_its_next_page() {
    let home =
        TempHome::with(Options { candidates: 400, latency: Duration::from_millis(40), ..Options::default() }).await;
    let path = "mappings/carerix/connector.yaml";
    home.edit(path, "  size: 100\n", "  size: 10\n");
    let work = home.run().await;
    work.until("candidates are read", |status| {
        status.sync.now.as_ref().is_some_and(|now| now.model.as_deref() == Some("candidates") && now.fetched > 50)
    })
    .await;
    let before = work.revision();
    home.edit("mappings/carerix/candidates.yaml", COMPANY, "  company: { value: Somewhere }");
    work.until_another(&before).await;
    assert!(work.status("acme").sync.now.is_some(), "the sync goes on");
    work.until("it ends", |status| status.sync.now.is_none()).await;
    work.until_mapped().await;
    let candidates = work.records(&crosswalk::model::CANDIDATES).await;
    assert!(candidates.len() > 300 && candidates.iter().all(|candidate| candidate["company"] == "Somewhere"));
    let history = work.engine.store().history(Some("acme"), 10).await.unwrap();
    let runs: Vec<_> = history.iter().filter(|run| run.model == "candidates").collect();
    assert_eq!(runs.len(), 1, "it did not begin anew");
}
