//! Keys: made, used, bound and revoked while a server is at work.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Answered, Keyed, TempHome};

#[tokio::test]
async fn a_key_that_is_made_or_revoked_meanwhile_counts_at_once() {
    let home = TempHome::new(&["acme"]);
    let server = home.serve(&[]);
    let greeting = server.said();
    assert!(greeting.contains("make one with `crosswalk keys create NAME`"), "{greeting}");

    let keyed = home.key("backend", "acme", &[]);
    let data = server.get("/check-api-key", &keyed).await.data().clone();
    assert!(data["environment_id"].as_str().is_some_and(|id| id.len() == 24), "{data}");
    home.expect(&["keys", "revoke", "backend"]);
    server.get("/check-api-key", &keyed).await.error(401, json!("PLATFORM.AUTHENTICATION_INVALID"));

    // The name is free again, and the environment is the same.
    let other = home.key("backend", "acme", &[]);
    assert_eq!(server.get("/check-api-key", &other).await.data(), &data);
    let twice = home.run(&["keys", "create", "backend"]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&twice.stderr).contains("there is a key `backend` already"));
}

#[tokio::test]
async fn what_opens_is_nowhere_but_in_the_hand_of_whoever_made_it() {
    let home = TempHome::new(&["acme"]);
    let server = home.serve(&["--log", "trace"]);
    let keyed = home.key("backend", "acme", &[]);
    server.until_synced(&keyed).await;
    server.get("/check-api-key?email=ada%40example.org", &keyed).await.data();
    server.get("/nothing/ada-lovelace", &keyed).await.error(404, Value::Null);
    let secret = keyed.key.rsplit('_').next().unwrap();
    assert!(secret.len() > 10);
    let said = server.said();
    assert!(said.contains("operation=\"check_api_key\""), "{said}");
    for somebodys in [secret, "ada%40example.org", "ada@example.org", "ada-lovelace"] {
        assert!(!said.contains(somebodys), "{somebodys} is in the log");
    }
    let listed = home.expect(&["keys", "list", "--json"]);
    assert!(listed.contains("\"name\":\"backend\"") && !listed.contains(secret));
    for entry in std::fs::read_dir(home.path()).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_file() {
            let bytes = std::fs::read(entry.path()).unwrap();
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{:?}", entry.path());
        }
    }
}

#[tokio::test]
async fn a_bound_key_knows_nothing_of_other_connections() {
    let home = TempHome::new(&["acme", "birch"]);
    let server = home.serve(&[]);
    let all = home.key("all", "birch", &[]);
    let acme = home.key("acme", "acme", &["--connection", "acme"]);
    let foreign = Keyed { integration: all.integration.clone(), ..acme.clone() };
    let path = format!("/integrations/{}", all.integration);
    server.get(&path, &all).await.data();
    let not_yours = server.get(&path, &acme).await;
    let message = not_yours.error(404, json!("PLATFORM.INTEGRATION_NOT_FOUND"));
    let not_there = server.get("/integrations/carerixgraphql:ZZZZZZZZZZZZZZZZZZZZZZZZ", &acme).await;
    assert_eq!(not_there.error(404, json!("PLATFORM.INTEGRATION_NOT_FOUND")), message);
    server.post("/force-sync", &foreign, json!({})).await.error(404, json!("PLATFORM.INTEGRATION_NOT_FOUND"));
    let metrics = |keyed: &Keyed| server.client.get(format!("{}/metrics", server.root())).bearer_auth(&keyed.key);
    Answered::of(metrics(&acme)).await.error(403, json!("PLATFORM.AUTHENTICATION_INVALID"));
    let text = metrics(&all).send().await.unwrap().text().await.unwrap();
    assert!(text.contains("crosswalk_api_requests_total{operation=\"integration\",status=\"404\"} 2"), "{text}");
    let unknown = home.run(&["keys", "create", "x", "--connection", "acmee"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("did you mean `acme`"));
}

#[tokio::test]
async fn a_key_that_only_reads_changes_nothing() {
    let home = TempHome::new(&["acme"]);
    let server = home.serve(&[]);
    let reader = home.key("reader", "acme", &["--read-only"]);
    let asked = json!({"method": "GET", "path": "/"});
    let answered = server.post("/passthrough/carerixgraphql/graphql", &reader, asked).await;
    answered.error(403, json!("PLATFORM.AUTHENTICATION_INVALID"));
    server.get(&format!("/integrations/{}", reader.integration), &reader).await.data();
}

#[tokio::test]
async fn both_ways_to_write_an_integration_lead_to_it() {
    let home = TempHome::new(&["acme"]);
    let server = home.serve(&[]);
    let keyed = home.key("all", "acme", &[]);
    let (tool, id) = keyed.integration.split_once(':').unwrap();
    assert_eq!((tool, id.len()), ("carerixgraphql", 24));
    for written in [keyed.integration.clone(), format!("{tool}:acme"), format!("{tool}%3A{id}")] {
        let answered = server.get(&format!("/integrations/{written}"), &keyed).await;
        assert_eq!(answered.data()["id"], keyed.integration.as_str());
    }
    let by_name = Keyed { integration: format!("{tool}:acme"), ..keyed };
    server.post("/force-sync", &by_name, json!({"type": "DELTA"})).await.data();
    let without = server.client.request(Method::POST, format!("{}/force-sync", server.base)).bearer_auth(&by_name.key);
    Answered::of(without).await.error(400, json!("PLATFORM.INPUT_INVALID"));
}
