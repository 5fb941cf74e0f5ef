//! Those who have endpoints are told: what, when, and again until they take it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicI64, AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crosswalk::connector::Reference;
use crosswalk::engine::{Clock, Engine, EngineError, NewEndpoint, Outgoing, RunOptions};
use crosswalk::fetch::Reach;
use crosswalk::store::{DeliveryFilter, DeliveryState, Endpoint};
use crosswalk::webhook::outgoing::EventType;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::home::{COMPANY, PATIENCE, TempHome, Work};

const SECRET: &str = "a secret of the test";

/// What a receiver was sent.
#[derive(Debug, Clone, PartialEq)]
struct Sent {
    signature: String,
    body: Bytes,
}

impl Sent {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The signature as a receiver computes it, from the body as it came and from the body written again.
    fn is_signed(&self) -> bool {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        self.signature == URL_SAFE_NO_PAD.encode(hmac::sign(&key, &self.body))
    }
}

/// Somebody who is told. A status of 0 is no answer at all.
#[derive(Clone)]
struct Receiver {
    address: SocketAddr,
    status: Arc<AtomicU16>,
    under_way: Arc<AtomicUsize>,
    most_under_way: Arc<AtomicUsize>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Receiver {
    async fn start() -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Receiver {
            address: listener.local_addr().unwrap(),
            status: Arc::new(AtomicU16::new(200)),
            under_way: Arc::default(),
            most_under_way: Arc::default(),
            sent: Arc::default(),
        };
        let router = Router::new().route("/hook", post(receive)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// Those of one type.
    fn of(&self, kind: &str) -> Vec<Value> {
        self.sent().iter().map(Sent::json).filter(|message| message["type"] == kind).collect()
    }

    fn reach(&self) -> Reach {
        Reach { exceptions: vec!["127.0.0.1/32".parse().unwrap()], http: true, ports: vec![self.address.port()] }
    }

    async fn endpoint(&self, home: &TempHome, engine: &Engine, types: &[EventType]) -> Endpoint {
        home.write("hook.txt", SECRET);
        let new = NewEndpoint {
            url: format!("http://{}/hook", self.address),
            types: types.to_vec(),
            connections: Vec::new(),
            secret: Some(Reference::File("hook.txt".to_owned())),
        };
        let made = engine.add_endpoint(new, &self.reach()).await.unwrap();
        assert!(made.secret.is_none(), "a secret of one's own is not shown");
        made.endpoint
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let now = receiver.under_way.fetch_add(1, Ordering::SeqCst) + 1;
    receiver.most_under_way.fetch_max(now, Ordering::SeqCst);
    let signature = headers["X-Kombo-Signature"].to_str().unwrap().to_owned();
    assert_eq!(headers["content-type"], "application/json");
    receiver.sent.lock().unwrap().push(Sent { signature, body });
    let status = receiver.status.load(Ordering::SeqCst);
    if status == 0 {
        tokio::time::sleep(PATIENCE).await;
    }
    receiver.under_way.fetch_sub(1, Ordering::SeqCst);
    StatusCode::from_u16(status).unwrap_or(StatusCode::OK)
}

/// A clock that is so many seconds ahead.
fn clock() -> (Arc<AtomicI64>, Clock) {
    let ahead = Arc::new(AtomicI64::new(0));
    let seconds = Arc::clone(&ahead);
    let clock = Clock::new(move || Timestamp::now() + SignedDuration::from_secs(seconds.load(Ordering::SeqCst)));
    (ahead, clock)
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Long enough for something to be told that should not be.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(1200)).await;
}

async fn until_synced(work: &Work) {
    work.until("all connections were read", |status| status.sync.last.is_some() && status.sync.now.is_none()).await;
}

fn models(message: &Value) -> BTreeSet<String> {
    let changed = message["data"]["changed_models"].as_array().unwrap();
    changed.iter().map(|model| model["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn changes_are_told_at_once_and_then_once_a_window_and_never_without_one() {
    let home = TempHome::new(20).await;
    let receiver = Receiver::start().await;
    receiver.endpoint(&home, &home.engine().await, &[]).await;
    let (ahead, clock) = clock();
    // A window that no test run is as long as.
    let window = Duration::from_secs(3600);
    let webhooks = Outgoing { reach: receiver.reach(), window, ..Outgoing::default() };
    let work = home.run_as(RunOptions { clock, webhooks, ..RunOptions::default() }).await;
    until("the first change is told", || !receiver.of("data-changed").is_empty()).await;
    until_synced(&work).await;
    until("the end of the sync is told", || !receiver.of("sync-finished").is_empty()).await;
    until("that it is set up is told", || !receiver.of("integration-state-changed").is_empty()).await;
    // A mapping that is edited changes candidates.
    let before = work.revision();
    home.edit("mappings/carerix/candidates.yaml", COMPANY, "  company: mostRecentWorkHistory.employer");
    work.until_another(&before).await;
    a_while().await;
    assert_eq!(receiver.of("data-changed").len(), 1, "the rest waits for the window");

    ahead.store(3601, Ordering::SeqCst);
    until("the rest is told", || receiver.of("data-changed").len() > 1).await;
    work.running.sync_now("acme");
    until("another sync", || receiver.of("sync-finished").len() > 1).await;
    let told = receiver.of("data-changed");
    let all: BTreeSet<String> = told.iter().flat_map(models).collect();
    assert!(models(&told[1]).contains("ats_candidates"), "{told:?}");
    let expected = ["ats_users", "ats_jobs", "ats_candidates", "ats_application_stages", "ats_applications"];
    assert_eq!(all, expected.map(str::to_owned).into());

    // Nothing changes any more.
    ahead.store(2 * 3601, Ordering::SeqCst);
    work.running.sync_now("acme");
    until("a third sync", || receiver.of("sync-finished").len() > 2).await;
    ahead.store(2 * 3601 + 1800, Ordering::SeqCst);
    a_while().await;
    assert_eq!(receiver.of("data-changed").len(), 2);

    let sent = receiver.sent();
    assert!(sent.iter().all(Sent::is_signed), "{sent:?}");
    let ids: BTreeSet<String> = sent.iter().map(|sent| sent.json()["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), sent.len(), "each message has an id of its own, and nothing came twice");
    let created = receiver.of("integration-created");
    assert_eq!(created.len(), 1);
    let data = &created[0]["data"];
    assert_eq!(told[0]["data"]["integration_id"], data["id"]);
    assert!(data["id"].as_str().unwrap().starts_with(&format!("{}:", data["tool"].as_str().unwrap())), "{data}");
    let state = &receiver.of("integration-state-changed")[0]["data"];
    assert_eq!((&state["state"], &state["setup_status"]), (&"ACTIVE".into(), &"COMPLETED".into()));
    assert_eq!(receiver.of("sync-finished")[0]["data"]["sync_state"], "SUCCEEDED");

    std::fs::remove_file(home.path().join("connections/acme.yaml")).unwrap();
    work.running.reload().await.unwrap();
    until("that it is gone is told", || !receiver.of("integration-deleted").is_empty()).await;
    work.running.stop().await;
}

#[tokio::test]
async fn an_endpoint_is_told_of_nothing_that_happened_before_it_was_made() {
    let home = TempHome::new(5).await;
    let work = home.run_synced().await;
    // That it is set up is noticed a moment later.
    a_while().await;
    let receiver = Receiver::start().await;
    receiver.endpoint(&home, &work.engine, &[]).await;
    work.running.stop().await;
    let webhooks = Outgoing { reach: receiver.reach(), ..Outgoing::default() };
    let work = home.run_as(RunOptions { webhooks, syncs: false, ..RunOptions::default() }).await;
    a_while().await;
    assert_eq!(receiver.sent(), []);
    work.running.stop().await;
}

/// Runs an engine whose clock is moved by `step` until all deliveries stand as they should.
async fn until_all_are(engine: &Engine, state: DeliveryState, ahead: &AtomicI64, step: i64) {
    let end = Instant::now() + PATIENCE;
    loop {
        let deliveries = engine.deliveries(DeliveryFilter::default(), 100).await.unwrap();
        if !deliveries.is_empty() && deliveries.iter().all(|delivery| delivery.state == state) {
            return;
        }
        assert!(Instant::now() < end, "{deliveries:#?}");
        ahead.fetch_add(step, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn what_is_not_taken_is_sent_again_the_same_then_given_up_and_sent_once_more_when_asked() {
    let home = TempHome::new(5).await;
    let receiver = Receiver::start().await;
    receiver.answer(503);
    let endpoint = receiver.endpoint(&home, &home.engine().await, &[EventType::IntegrationCreated]).await;
    let (ahead, clock) = clock();
    let webhooks = Outgoing { reach: receiver.reach(), ..Outgoing::default() };
    let options = RunOptions { clock, webhooks, syncs: false, ..RunOptions::default() };
    let work = home.run_as(options).await;
    until_all_are(&work.engine, DeliveryState::Dead, &ahead, 300).await;
    let sent = receiver.sent();
    assert!(sent.len() >= 8, "{}", sent.len());
    assert!(sent.iter().all(|again| again == &sent[0] && again.is_signed()));
    let deliveries = work.engine.deliveries(DeliveryFilter::default(), 10).await.unwrap();
    assert_eq!(deliveries.len(), 1);
    assert_eq!((deliveries[0].status, deliveries[0].error.as_deref()), (Some(503), Some("status 503")));
    assert_eq!(deliveries[0].attempts as usize, sent.len());
    let state = work.engine.endpoints().await.unwrap().remove(0);
    assert_eq!((state.dead, state.waiting, state.error.as_deref()), (1, 0, Some("status 503")));

    receiver.answer(201);
    let dead = DeliveryFilter { state: Some(DeliveryState::Dead), ..DeliveryFilter::default() };
    assert_eq!(work.engine.redeliver(dead).await.unwrap(), 1);
    until_all_are(&work.engine, DeliveryState::Delivered, &ahead, 1).await;
    let again = receiver.sent();
    assert_eq!(again.len(), sent.len() + 1);
    assert_eq!(again.last(), sent.first());
    let state = work.engine.endpoints().await.unwrap().remove(0);
    assert_eq!((state.dead, state.error), (0, None));
    assert!(state.delivered_at.is_some());

    work.engine.remove_endpoint(&endpoint.id).await.unwrap().1.unwrap();
    assert!(matches!(work.engine.remove_endpoint(&endpoint.id).await, Err(EngineError::NoEndpoint { .. })));
    assert_eq!(work.engine.deliveries(DeliveryFilter::default(), 10).await.unwrap(), []);
    work.running.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_delays_nobody_and_is_asked_once_at_a_time() {
    let home = TempHome::new(5).await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    slow.answer(0);
    let engine = home.engine().await;
    slow.endpoint(&home, &engine, &[]).await;
    quick.endpoint(&home, &engine, &[]).await;
    let mut reach = slow.reach();
    reach.ports.extend(quick.reach().ports);
    let webhooks = Outgoing { reach, time_limit: PATIENCE, ..Outgoing::default() };
    let work = home.run_as(RunOptions { webhooks, ..RunOptions::default() }).await;
    until("the quick one is told all", || !quick.of("sync-finished").is_empty()).await;
    until("the slow one is asked", || !slow.sent().is_empty()).await;
    assert_eq!((slow.sent().len(), slow.most_under_way.load(Ordering::SeqCst)), (1, 1));
    assert!(quick.sent().len() >= 3, "{:?}", quick.sent());
    let waiting = engine.endpoints().await.unwrap();
    assert!(waiting[0].waiting >= 3 && waiting[0].delivered_at.is_none(), "{waiting:?}");

    // What it was sent when the engine ended comes again with the next start, and the rest behind it.
    work.running.stop().await;
    slow.answer(200);
    let mut reach = slow.reach();
    reach.ports.extend(quick.reach().ports);
    let webhooks = Outgoing { reach, ..Outgoing::default() };
    let work = home.run_as(RunOptions { webhooks, ..RunOptions::default() }).await;
    until("the slow one is told the rest", || !slow.of("sync-finished").is_empty()).await;
    let sent = slow.sent();
    assert_eq!(sent[0], sent[1], "the same message");
    assert!(sent.iter().all(Sent::is_signed));
    work.running.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_may_not_be_reached_is_not() {
    let home = TempHome::new(5).await;
    let receiver = Receiver::start().await;
    let engine = home.engine().await;
    let url = format!("http://{}/hook", receiver.address);
    let new = NewEndpoint { url, ..NewEndpoint::default() };
    let refused = engine.add_endpoint(new, &Reach::default()).await.unwrap_err();
    assert!(matches!(refused, EngineError::EndpointRefused(_)), "{refused}");
    // What was allowed when the endpoint was made is asked again when it is sent something.
    receiver.endpoint(&home, &engine, &[]).await;
    let work = home.run_with(false).await;
    let end = Instant::now() + PATIENCE;
    let error = loop {
        let error = engine.endpoints().await.unwrap().remove(0).error;
        if let Some(error) = error {
            break error;
        }
        assert!(Instant::now() < end);
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(error.contains("http:"), "{error}");
    assert_eq!(receiver.sent(), []);
    work.running.stop().await;
}
