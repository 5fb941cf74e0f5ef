//! Webhooks, from the side of a receiver.

use super::super::Faults;
use super::*;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Takes deliveries and answers with one status.
struct Receiver {
    url: String,
    status: Arc<AtomicU16>,
    taken: Arc<Mutex<Vec<(HeaderMap, Bytes)>>>,
}

type Kept = (Arc<AtomicU16>, Arc<Mutex<Vec<(HeaderMap, Bytes)>>>);

async fn take(State((status, taken)): State<Kept>, headers: HeaderMap, body: Bytes) -> StatusCode {
    taken.lock().unwrap().push((headers, body));
    StatusCode::from_u16(status.load(Ordering::SeqCst)).unwrap()
}

impl Receiver {
    async fn open() -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let (status, taken): Kept = (Arc::new(AtomicU16::new(204)), Arc::default());
        let router = Router::new().route("/hook", post(take)).with_state((Arc::clone(&status), Arc::clone(&taken)));
        tokio::spawn(axum::serve(listener, router).into_future());
        Receiver { url, status, taken }
    }

    /// Waits until there are that many deliveries.
    async fn wait_for(&self, count: usize) -> Vec<(HeaderMap, Bytes)> {
        let there = async {
            loop {
                let taken = self.taken.lock().unwrap().clone();
                if taken.len() >= count {
                    return taken;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), there).await.expect("deliveries")
    }

    fn events(taken: &[(HeaderMap, Bytes)]) -> Vec<Value> {
        taken.iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
    }
}

impl Session {
    async fn hooks(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/webhooks/v1/{path}", self.sandbox.base_url());
        let request = self.client.request(method, url).bearer_auth(&self.token);
        let response = request.json(&body).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    /// The path of a new hook, and the public key of its application.
    async fn hook(&self, url: &str, filters: Value) -> (String, String) {
        let (status, application) =
            self.hooks(Method::POST, "applications", json!({"_kind": "Application", "name": "Acme"})).await;
        assert_eq!(status, 201);
        let path = format!("applications/{}/webhooks", application["_id"].as_str().unwrap());
        let headers = json!([{"name": "X-Shared", "value": "secret"}]);
        let body = json!({"_kind": "Webhook", "url": url, "filters": filters, "customHeaders": headers});
        let (status, hook) = self.hooks(Method::POST, &path, body).await;
        assert_eq!((status, &hook["_kind"]), (201, &json!("Webhook")));
        (format!("{path}/{}", hook["_id"].as_str().unwrap()), application["publicKey"].as_str().unwrap().to_owned())
    }
}

fn quick() -> Options {
    Options { webhook_pause: Duration::from_millis(20), ..small() }
}

fn is_signed(key: &str, (headers, body): &(HeaderMap, Bytes)) -> bool {
    let key: String = key.lines().filter(|line| !line.starts_with("--")).collect();
    let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, STANDARD.decode(key).unwrap());
    key.verify(body, &STANDARD.decode(&headers["cx-signature"]).unwrap()).is_ok()
}

#[tokio::test]
async fn changes_are_told_with_a_signature() {
    let session = Session::open(quick()).await;
    let receiver = Receiver::open().await;
    let filters = json!([
        {"eventType": "cremployee:created"}, {"eventType": "cremployee:updated"}, {"eventType": "crmatch:deleted"}
    ]);
    let (path, key) = session.hook(&receiver.url, filters).await;
    let sandbox = &session.sandbox;
    let set = json!({"firstName": "Aagje", "currentEmployerName": "Bakker"});
    let id = sandbox.insert("CREmployee", set.as_object().unwrap()).unwrap();
    receiver.wait_for(1).await;
    sandbox
        .edit("CREmployee", &id, |fields| drop(fields.insert("currentEmployerName".to_owned(), json!("Bouwer"))))
        .unwrap();
    receiver.wait_for(2).await;
    sandbox.edit("CRVacancy", "1010", |fields| drop(fields.insert("jobTitle".to_owned(), json!("Glazier")))).unwrap();
    let found = sandbox.query("{ crMatchPage(pageable: {size: 1}) { items { _id } } }").unwrap();
    let matched = found["crMatchPage"]["items"][0]["_id"].as_str().unwrap();
    sandbox.remove_match(matched).unwrap();
    let taken = receiver.wait_for(3).await;
    let events = Receiver::events(&taken);
    let told: Vec<(&Value, &Value, &Value)> = events
        .iter()
        .map(|event| (&event["type"], &event["data"]["entityId"], &event["data"]["changedFields"]))
        .collect();
    assert_eq!(told[0], (&json!("cremployee:created"), &json!(id), &json!(["currentemployername", "firstname"])));
    assert_eq!(told[1], (&json!("cremployee:updated"), &json!(id), &json!(["currentemployername"])));
    assert_eq!(told[2], (&json!("crmatch:deleted"), &json!(matched), &json!([])));
    assert_eq!((&events[0]["tenant"], events[0]["time"].as_str().unwrap().ends_with('Z')), (&json!("sandbox"), true));
    assert!(path.contains(events[0]["applicationId"].as_str().unwrap()));
    assert!(path.ends_with(events[0]["webhookId"].as_str().unwrap()));
    for delivery in &taken {
        assert!(is_signed(&key, delivery));
        assert_eq!(delivery.0["x-shared"], "secret");
    }
    let url = format!("{}/webhooks/v1/signature-key", sandbox.base_url());
    let served = session.client.get(url).bearer_auth(&session.token).send().await.unwrap().text().await.unwrap();
    assert_eq!(served, key);
    assert_eq!(sandbox.stats().deliveries["arrived"], 3);
}

#[tokio::test]
async fn writes_are_told_as_well() {
    let session = Session::open(quick()).await;
    let receiver = Receiver::open().await;
    let filters = json!([{"eventType": "cremployee:created"}, {"eventType": "crmatch:created"}, {"eventType": "crmatch:updated"}]);
    session.hook(&receiver.url, filters).await;
    let create = "mutation { crMatchCreate(request: {_kind: \"CRMatch\", toVacancy: {_kind: \"CRVacancy\", _id: \"1001\"}, \
        toEmployee: {_kind: \"CREmployee\", lastName: \"Berg\"}}) { _id toEmployee { _id } } }";
    let made = session.write(create, json!({})).await;
    receiver.wait_for(2).await;
    let update = format!(
        "mutation {{ crMatchUpdate(_id: \"{}\", request: {{_kind: \"CRMatch\", notes: \"Ja\"}}) {{ _id }} }}",
        id_of(&made)
    );
    session.write(&update, json!({})).await;
    let mut told: Vec<(String, Value, bool)> = Receiver::events(&receiver.wait_for(3).await)
        .iter()
        .map(|event| {
            let fields = event["data"]["changedFields"].as_array().unwrap();
            (
                event["type"].as_str().unwrap().to_owned(),
                event["data"]["entityId"].clone(),
                fields.contains(&json!("notes")),
            )
        })
        .collect();
    told.sort_by(|one, other| one.0.cmp(&other.0));
    let told_of = |event: &str, id: &Value, notes: bool| (event.to_owned(), id.clone(), notes);
    assert_eq!(
        told,
        [
            told_of("cremployee:created", &made["toEmployee"]["_id"], false),
            told_of("crmatch:created", &made["_id"], false),
            told_of("crmatch:updated", &made["_id"], true),
        ]
    );
}

#[tokio::test]
async fn conditions_choose_among_events() {
    let session = Session::open(quick()).await;
    let receiver = Receiver::open().await;
    let filters = json!([
        {"eventType": "crvacancy:updated", "condition": "metadata.paths has any of ['toStatusNode', 'fte']"},
        {"eventType": "crmatch:updated", "condition": "data.statusinfo eq '26'"},
    ]);
    session.hook(&receiver.url, filters).await;
    let sandbox = &session.sandbox;
    let set = |kind: &str, id: &str, field: &str, value: Value| {
        sandbox.edit(kind, id, |fields| drop(fields.insert(field.to_owned(), value))).unwrap();
    };
    set("CRVacancy", "1010", "jobTitle", json!("Glazier"));
    set("CRVacancy", "1011", "fte", json!(0.31));
    let found = sandbox.query("{ crMatchPage(pageable: {size: 1}) { items { _id } } }").unwrap();
    let matched = found["crMatchPage"]["items"][0]["_id"].as_str().unwrap();
    set("CRMatch", matched, "statusInfo", json!({"_id": "27"}));
    set("CRMatch", matched, "statusInfo", json!({"_id": "26"}));
    let events = Receiver::events(&receiver.wait_for(2).await);
    let mut ids: Vec<&str> = events.iter().map(|event| event["data"]["entityId"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let mut expected = [matched, "1011"];
    expected.sort_unstable();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn hooks_are_listed_switched_and_deleted() {
    let session = Session::open(quick()).await;
    let receiver = Receiver::open().await;
    let (path, _) = session.hook(&receiver.url, json!([{"type": "crvacancy:updated"}])).await;
    let (list, id) = path.rsplit_once('/').unwrap();
    let listed = session.hooks(Method::GET, list, json!({})).await.1;
    assert_eq!(listed, json!({"items": [{"_kind": "Webhook", "_id": id}]}));
    let listed = session.hooks(Method::GET, &format!("{list}?fields=filters,url,status"), json!({})).await.1;
    assert_eq!(listed["items"][0]["status"], "ENABLED");
    assert_eq!(listed["items"][0]["url"], receiver.url);
    assert_eq!(listed["items"][0]["filters"][0]["eventType"], "crvacancy:updated");
    let touch = |title: &str| {
        let title = json!(title);
        session.sandbox.edit("CRVacancy", "1010", |fields| drop(fields.insert("jobTitle".to_owned(), title))).unwrap();
    };
    assert_eq!(session.hooks(Method::POST, &format!("{path}/disable"), json!({})).await.1["status"], "DISABLED");
    touch("Unheard");
    assert_eq!(session.hooks(Method::POST, &format!("{path}/enable"), json!({})).await.1["status"], "ENABLED");
    touch("Heard");
    receiver.wait_for(1).await;
    assert_eq!(session.hooks(Method::DELETE, &path, json!({})).await.0, 204);
    assert_eq!(session.hooks(Method::GET, &path, json!({})).await.0, 404);
    touch("Unheard again");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(receiver.wait_for(1).await.len(), 1);
}

#[tokio::test]
async fn what_is_no_hook_is_refused() {
    let mut session = Session::open(quick()).await;
    let (path, _) = session.hook("http://127.0.0.1:9/", json!([{"eventType": "crmatch:created"}])).await;
    let list = path.rsplit_once('/').unwrap().0.to_owned();
    let filter = json!({"eventType": "crmatch:created"});
    for (url, filters) in [
        ("ftp://example.org/", json!([filter])),
        ("http://127.0.0.1:9/", json!(vec![filter.clone(); 11])),
        ("http://127.0.0.1:9/", json!([])),
        ("http://127.0.0.1:9/", json!([{"eventType": "crshoe:created"}])),
        ("http://127.0.0.1:9/", json!([{"eventType": "crmatch:created", "condition": "toStatusNode = 1"}])),
    ] {
        let body = json!({"_kind": "Webhook", "url": url, "filters": filters});
        assert_eq!(session.hooks(Method::POST, &list, body.clone()).await.0, 400, "{body}");
    }
    assert_eq!(session.hooks(Method::PUT, &path, json!({})).await.0, 405, "there is no update");
    session.token = "made.up.token".to_owned();
    assert_eq!(session.hooks(Method::GET, &list, json!({})).await.0, 401);
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_and_a_hook_that_fails_is_switched_off() {
    let session = Session::open(quick()).await;
    let receiver = Receiver::open().await;
    let (path, key) = session.hook(&receiver.url, json!([{"eventType": "crvacancy:updated"}])).await;
    receiver.status.store(500, Ordering::SeqCst);
    let touch = |title: String| {
        let title = json!(title);
        session.sandbox.edit("CRVacancy", "1010", |fields| drop(fields.insert("jobTitle".to_owned(), title))).unwrap();
    };
    touch("First".to_owned());
    let tries = receiver.wait_for(2).await;
    assert_eq!(tries[0].1, tries[1].1, "the same event");
    assert!(is_signed(&key, &tries[1]));
    receiver.status.store(201, Ordering::SeqCst);
    let arrived = async {
        while !session.sandbox.stats().deliveries.contains_key("arrived") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), arrived).await.unwrap();
    receiver.status.store(302, Ordering::SeqCst);
    for nth in 0..10 {
        touch(format!("Title {nth}"));
    }
    let disabled = async {
        while session.hooks(Method::GET, &format!("{path}?fields=status"), json!({})).await.1["status"] != "DISABLED" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), disabled).await.unwrap();
}

#[tokio::test]
async fn deliveries_are_lost_doubled_delayed_and_badly_signed() {
    let session = Session::open(quick()).await;
    let receiver = Receiver::open().await;
    let (_, key) = session.hook(&receiver.url, json!([{"eventType": "crvacancy:updated"}])).await;
    let plan = "rules:\n  - { on: webhook, when: { numbers: [1] }, do: lose }\n  \
                - { on: webhook, when: { numbers: [2] }, do: duplicate }\n  \
                - { on: webhook, when: { numbers: [3] }, do: { delay: { ms: 2500 } } }\n  \
                - { on: webhook, when: { numbers: [4], operation: 'crvacancy:updated' }, do: bad_signature }\n";
    session.sandbox.set_faults(Faults::parse(plan).unwrap()).unwrap();
    let touch = async |title: &str| {
        let before = session.sandbox.stats().faults.values().sum::<u64>();
        let value = json!(title);
        session.sandbox.edit("CRVacancy", "1010", |fields| drop(fields.insert("jobTitle".to_owned(), value))).unwrap();
        // The next event must not overtake this one on its way to the rules.
        while session.sandbox.stats().faults.values().sum::<u64>() == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    touch("Lost").await;
    touch("Doubled").await;
    receiver.wait_for(2).await;
    touch("Late").await;
    touch("Badly signed").await;
    let taken = receiver.wait_for(4).await;
    let ids: Vec<Value> = Receiver::events(&taken).into_iter().map(|mut event| event["id"].take()).collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
    let signed: Vec<bool> = taken.iter().map(|delivery| is_signed(&key, delivery)).collect();
    assert_eq!(signed.iter().filter(|&&good| !good).count(), 1, "{signed:?}");
    assert!(!signed[2] && signed[3], "the late one came last");
    assert_eq!(session.sandbox.stats().deliveries["lost"], 1);
}
