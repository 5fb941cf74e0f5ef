//! `force-sync`: a sync on demand, one of a kind at a time.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::{PATIENCE, TempHome};

fn last(home: &TempHome) -> Value {
    let status: Value = serde_json::from_str(&home.expect(&["status", "--json"])).unwrap();
    status["connections"][0]["sync"]["last"].clone()
}

async fn until_answered(home: &TempHome, id: &str) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let last = last(home);
        if last["asked"].as_array().is_some_and(|asked| asked.iter().any(|it| it == id)) {
            return last;
        }
        assert!(Instant::now() < end, "the sync {id} does not come: {last}");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

#[tokio::test]
async fn a_sync_is_asked_for_once_and_comes() {
    let home = TempHome::new(&[]);
    home.connect("acme", "seed: 7, candidates: 20, latency_ms: 150", "");
    let server = home.serve(&[]);
    let keyed = home.key("all", "acme", &[]);
    server.until_synced(&keyed).await;
    let changed = until_idle(&home).await;

    let first = server.post("/force-sync", &keyed, json!({"type": "DELTA"})).await.data().clone();
    assert_eq!((&first["type"], &first["already_queued"]), (&json!("DELTA"), &json!(false)));
    let again = server.post("/force-sync", &keyed, json!({"type": "DELTA"})).await.data().clone();
    assert_eq!((&again["sync_id"], &again["already_queued"]), (&first["sync_id"], &json!(true)));
    let full = server.post("/force-sync", &keyed, Value::Null).await;
    full.error(400, json!("PLATFORM.INPUT_INVALID"));
    let full = server.post("/force-sync", &keyed, json!({})).await.data().clone();
    assert_eq!((&full["type"], &full["already_queued"]), (&json!("FULL"), &json!(false)));
    assert_ne!(full["sync_id"], first["sync_id"]);
    let delta = until_answered(&home, first["sync_id"].as_str().unwrap()).await;
    assert_eq!(delta["error"], Value::Null);
    let whole = until_answered(&home, full["sync_id"].as_str().unwrap()).await;
    assert_eq!(whole["fetched"], changed["fetched"], "everything is read again");
    server.post("/force-sync", &keyed, json!({"type": "SOME"})).await.error(400, json!("PLATFORM.INPUT_INVALID"));
}

/// The last sync, once none is under way.
async fn until_idle(home: &TempHome) -> Value {
    let end = Instant::now() + PATIENCE;
    loop {
        let last = last(home);
        if last.is_object() {
            return last;
        }
        assert!(Instant::now() < end, "no sync ends");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}
