//! The end of a server, and what it is told to bear.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::server::{Answered, TempHome};

#[tokio::test]
async fn what_is_under_way_is_answered_before_the_end() {
    let home = TempHome::new(&[]);
    home.connect("acme", "seed: 7, candidates: 20, latency_ms: 1000", "options: { paused: true }\n");
    let mut server = home.serve(&[]);
    let keyed = home.key("all", "acme", &[]);
    let query = "{ crUserPage(pageable: { page: 0, size: 1 }) { totalElements } }";
    let asked = json!({"method": "POST", "path": "/graphql", "data": {"query": query}});
    let slow = server.request(reqwest::Method::POST, "/passthrough/carerixgraphql/graphql", &keyed).json(&asked);
    let slow = tokio::spawn(Answered::of(slow));
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    server.tell_to_end();
    let answered = slow.await.unwrap();
    assert_eq!(answered.data()["status"], 200, "{}", server.said());
    assert_eq!(server.ended().await, Some(0), "{}", server.said());
    assert!(server.client.get(format!("{}/healthz", server.root())).send().await.is_err(), "nobody is in");
}

#[tokio::test]
async fn health_needs_no_key() {
    let home = TempHome::new(&["acme"]);
    let server = home.serve(&[]);
    for (path, says) in [("healthz", "ok"), ("readyz", "ready")] {
        let answered = Answered::of(server.client.get(format!("{}/{path}", server.root()))).await;
        assert_eq!((answered.status.as_u16(), &answered.body["status"]), (200, &json!(says)));
    }
    let answered = Answered::of(server.client.get(format!("{}/metrics", server.root()))).await;
    answered.error(401, json!("PLATFORM.AUTHENTICATION_INVALID"));
    // Where sources tell of changes there is no envelope, and nothing is said without a signature.
    let told = Answered::of(server.client.post(format!("{}/webhooks/acme", server.root())).body("{}")).await;
    assert_eq!((told.status.as_u16(), told.body), (401, Value::Null));
}

#[tokio::test]
async fn limits_are_what_the_flags_say() {
    let home = TempHome::new(&["acme"]);
    let server = home.serve(&["--rate-limit", "2", "--max-body", "1"]);
    let keyed = home.key("all", "acme", &[]);
    let large = json!({"method": "POST", "path": "/x", "data": "x".repeat((1 << 20) + 1)});
    server.post("/passthrough/carerixgraphql/graphql", &keyed, large).await.error(413, json!("PLATFORM.INPUT_INVALID"));
    let answered = server.get("/check-api-key", &keyed).await;
    answered.data();
    assert_eq!(answered.headers["ratelimit-remaining"], "0");
    server.get("/check-api-key", &keyed).await.error(429, json!("PLATFORM.RATE_LIMIT_EXCEEDED"));
}

#[test]
fn an_address_that_is_taken_is_said() {
    let home = TempHome::new(&["acme"]);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = home.run(&["serve", &address]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains(&format!("nobody can be answered at {address}")));
}
