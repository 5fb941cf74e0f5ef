//! Many edits, half of them broken, while records are read, listed and mapped again.

use std::collections::BTreeMap;
use std::time::Duration;

use crosswalk::model::CANDIDATES;
use crosswalk::sandbox::Options;
use crosswalk::store::{ListQuery, Store};

use crate::home::TempHome;

const FILE: &str = "mappings/carerix/candidates.yaml";

/// The mapping of candidates of which two fields say which edit it is.
fn edition(text: &str, number: usize) -> String {
    let mark =
        format!("\nfields:\n  company: {{ value: \"edit {number}\" }}\n  title: {{ value: \"edit {number}\" }}\n");
    let without: String = text
        .lines()
        .filter(|line| !line.starts_with("  company:") && !line.starts_with("  title:"))
        .map(|line| format!("{line}\n"))
        .collect();
    without.replace("\nfields:\n", &mark)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_record_ever_mixes_two_revisions_and_none_fails() {
    let home =
        TempHome::with(Options { candidates: 2_000, latency: Duration::from_millis(5), ..Options::default() }).await;
    let text = home.read(FILE);
    home.save(FILE, &edition(&text, 0));
    let work = home.run().await;
    let mut editions = BTreeMap::from([(work.revision(), "edit 0".to_owned())]);
    let store = work.engine.store().clone();
    let (stop, mut stopped) = tokio::sync::watch::channel(false);
    let reader = tokio::spawn(async move {
        // Whatever is listed at whatever time is of one edit.
        let mut listed = 0;
        while !*stopped.borrow_and_update() {
            listed += whole(&store).await.len();
        }
        listed
    });
    let mut broken = 0;
    for number in 1..=100 {
        if number % 2 == 0 {
            home.save(FILE, &edition(&text, number).replace("company: {", "company: { valeu: 1, "));
        } else {
            home.save(FILE, &edition(&text, number));
        }
        let reload = work.running.reload().await.unwrap();
        if number % 2 == 0 {
            assert!(reload.is_broken());
            broken += 1;
        } else {
            assert!(!reload.is_broken());
            editions.insert(work.revision(), format!("edit {number}"));
        }
        if number % 25 == 0 {
            work.running.sync_now("acme");
        }
    }
    assert_eq!(broken, 50);
    home.save(FILE, &edition(&text, 99));
    work.running.reload().await.unwrap();
    work.until("the syncs end", |status| status.sync.now.is_none() && status.sync.last.is_some()).await;
    work.until_mapped().await;
    stop.send(true).unwrap();
    assert!(reader.await.unwrap() > 0);

    let counts = work.engine.store().count(Some("acme"), &CANDIDATES).await.unwrap();
    assert_eq!(counts.failed, 0);
    let whole = whole(work.engine.store()).await;
    assert!(whole.len() > 1_500, "{}", whole.len());
    for (revision, said) in whole {
        assert_eq!(editions.get(&revision), Some(&said), "a row is of the revision that it names");
        assert_eq!(said, "edit 99");
    }
}

/// The revision and the edit of each stored candidate; of one edit only.
async fn whole(store: &Store) -> Vec<(String, String)> {
    let query = ListQuery { include_deleted: true, limit: 100_000, ..ListQuery::new(&CANDIDATES) };
    let mut rows = Vec::new();
    for stored in store.list(query).await.unwrap() {
        let unified: serde_json::Value = serde_json::from_str(stored.unified.as_deref().unwrap()).unwrap();
        assert_eq!(unified["company"], unified["title"], "{} mixes two edits", stored.remote_id);
        rows.push((stored.revision, unified["company"].as_str().unwrap().to_owned()));
    }
    rows
}
