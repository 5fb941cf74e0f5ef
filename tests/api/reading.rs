//! `--no-sync`: servers that only read, beside one that is at work on the store.

use serde_json::{Value, json};

use crate::server::TempHome;

#[tokio::test]
async fn readers_stand_beside_the_one_that_syncs() {
    let home = TempHome::new(&["acme"]);
    let syncing = home.serve(&[]);
    let keyed = home.key("all", "acme", &[]);
    syncing.until_synced(&keyed).await;
    let second = home.run(&["serve", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("at work"), "{:?}", second.stderr);
    let (one, other) = (home.serve(&["--no-sync"]), home.serve(&["--no-sync"]));
    for reader in [&one, &other] {
        let path = format!("/integrations/{}", keyed.integration);
        assert_eq!(reader.get(&path, &keyed).await.data()["setup_status"], "COMPLETED");
        let message = reader.post("/force-sync", &keyed, json!({})).await.error(409, Value::Null);
        assert!(message.contains("--no-sync"), "{message}");
        let asked = json!({"method": "GET", "path": "/"});
        reader.post("/passthrough/carerixgraphql/graphql", &keyed, asked).await.error(409, Value::Null);
    }
    let late = home.key("late", "acme", &[]);
    let environment = syncing.get("/check-api-key", &late).await.data().clone();
    assert_eq!(one.get("/check-api-key", &late).await.data(), &environment);
    home.expect(&["keys", "revoke", "late"]);
    one.get("/check-api-key", &late).await.error(401, json!("PLATFORM.AUTHENTICATION_INVALID"));
    // An edit is in use in all of them.
    home.connect("acme", "seed: 7, candidates: 20", "end_user: { organization_name: Other }\n");
    for server in [&syncing, &one, &other] {
        server.until(&keyed, "the edit is in use", |data| data["end_user"]["organization_name"] == "Other").await;
    }
    drop(syncing);
    one.get("/check-api-key", &keyed).await.data();
}

#[tokio::test]
async fn a_reader_needs_something_to_read() {
    let home = TempHome::new(&["acme"]);
    let refused = home.run(&["serve", "127.0.0.1:0", "--no-sync"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("there is no store"));
}
