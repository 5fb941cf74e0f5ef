//! What the source tells by itself, from its request to the store.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosswalk::api::{WebhookListener, WebhookServer};
use crosswalk::connector::{Connection, Home, Live, Revision};
use crosswalk::engine::{Access, EngineError, RunOptions, Running};
use crosswalk::model::{APPLICATIONS, CANDIDATES, JOBS, Model};
use crosswalk::sandbox::{Faults, Options};
use crosswalk::source::{Credentials, Source};
use crosswalk::store::{RunKind, RunState};
use crosswalk::sync::{Pace, Reading, Told};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::tenant::{NAME, Tenant, fields};

/// Long enough on any machine. Nothing waits so long unless a test fails.
const PATIENCE: Duration = Duration::from_secs(90);

/// The sandbox of a tenant.
#[derive(Debug)]
struct Local {
    base: String,
    client: (String, String),
}

impl Access for Local {
    fn place<'a>(&'a self, connection: Connection) -> BoxFuture<'a, Connection> {
        Box::pin(async { connection.with_sandbox(&self.base) })
    }

    fn credentials(&self, _: &Home, _: &Connection) -> Result<Credentials, EngineError> {
        let (id, secret) = self.client.clone();
        Ok(Credentials::of_client(id, secret))
    }
}

/// An engine at work on a tenant, and the address at which it takes webhooks.
struct Work {
    tenant: Tenant,
    running: Arc<Running>,
    server: WebhookServer,
    http: reqwest::Client,
}

impl Work {
    /// Runs a tenant that was read before: nothing is due for an hour.
    async fn start(tenant: Tenant) -> Work {
        tenant.report(&Default::default()).await;
        Work::again(tenant, true).await
    }

    async fn again(tenant: Tenant, syncs: bool) -> Work {
        let Options { client_id, client_secret, .. } = tenant.sandbox.options().clone();
        let local = Local { base: tenant.sandbox.base_url().to_owned(), client: (client_id, client_secret) };
        let options = RunOptions { access: Arc::new(local), syncs, watch: None, ..RunOptions::default() };
        let running = Arc::new(tenant.engine.run(options).await.unwrap());
        let listener = WebhookListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let server = listener.serve(Arc::clone(&running)).unwrap();
        Work { tenant, running, server, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    fn url(&self, connection: &str) -> String {
        format!("http://{}/webhooks/{connection}", self.server.address())
    }

    /// Makes the hook at the source.
    async fn register(&self, events: &[&str]) {
        let sandbox = &self.tenant.sandbox;
        let base = sandbox.base_url();
        let Options { realm, client_id, client_secret, .. } = sandbox.options().clone();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &client_id),
            ("client_secret", &client_secret),
            ("scope", "urn:cx/cx5Wrapper:data:manage"),
        ];
        let token = format!("{base}/auth/realms/{realm}/protocol/openid-connect/token");
        let token: Value = self.http.post(token).form(&form).send().await.unwrap().json().await.unwrap();
        let post = async |path: &str, body: Value| -> Value {
            let request = self.http.post(format!("{base}/webhooks/v1/{path}"));
            let answer = request.bearer_auth(token["access_token"].as_str().unwrap()).json(&body).send().await.unwrap();
            assert_eq!(answer.status(), StatusCode::CREATED);
            answer.json().await.unwrap()
        };
        let application = post("applications", json!({"_kind": "Application", "name": "Crosswalk"})).await;
        let filters: Vec<Value> = events.iter().map(|event| json!({ "eventType": event })).collect();
        let path = format!("applications/{}/webhooks", application["_id"].as_str().unwrap());
        post(&path, json!({"_kind": "Webhook", "url": self.url(NAME), "filters": filters})).await;
    }

    async fn until(&self, what: &str, holds: impl AsyncFn(&Work) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !holds(self).await {
            assert!(Instant::now() < end, "{what}: {:#?}", self.running.status());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn until_is(&self, model: &'static Model, id: &str, field: &str, value: &str) {
        let is = async |work: &Work| work.tenant.get(model, id).await.is_some_and(|record| record[field] == value);
        self.until(&format!("{field} of {id} is {value}"), is).await;
    }

    async fn inbox(&self) -> u64 {
        self.tenant.engine.store().inbox(NAME).await.unwrap().hints
    }

    async fn until_followed(&self) {
        self.until("the inbox is empty", async |work: &Work| work.inbox().await == 0).await;
    }

    async fn until_synced(&self) {
        let done = async |work: &Work| {
            let sync = &work.running.status().connections[0].sync;
            sync.now.is_none() && sync.last.is_some()
        };
        self.until("a sync ended", done).await;
    }

    async fn kinds(&self, limit: u32) -> Vec<RunKind> {
        let history = self.tenant.engine.store().history(Some(NAME), limit).await.unwrap();
        history.into_iter().map(|run| run.kind).collect()
    }

    fn one_by_one(&self) -> u64 {
        let operations = self.tenant.sandbox.stats().operations;
        ["crEmployee", "crMatch", "crVacancy"].iter().filter_map(|query| operations.get(*query)).sum()
    }

    fn edit(&self, kind: &str, id: &str, field: &str, value: Value) {
        self.tenant.sandbox.edit(kind, id, |it| drop(it.insert(field.to_owned(), value))).unwrap();
    }
}

/// A source whose key is ours.
struct Signer(RsaKeyPair);

impl Signer {
    /// Gives the tenant's connection the public half, and a secret.
    fn of(tenant: &Tenant) -> Signer {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        tenant.write("key.txt", &STANDARD.encode(pair.public_key().as_der().unwrap().as_ref()));
        tenant.write("secret.txt", "pear\n");
        tenant.edit(
            "connections/acme.yaml",
            "connector: carerix\n",
            "connector: carerix\nwebhooks: { key: \"file:key.txt\", secret: \"file:secret.txt\" }\n",
        );
        Signer(pair)
    }

    fn sign(&self, body: &[u8]) -> String {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body, &mut signature).unwrap();
        STANDARD.encode(signature)
    }

    /// Sends a body with its signature, and gives the answer's status. It must have no body.
    async fn send(&self, work: &Work, body: &str) -> StatusCode {
        self.send_as(work, NAME, body, &self.sign(body.as_bytes()), "pear").await
    }

    async fn send_as(&self, work: &Work, connection: &str, body: &str, signature: &str, secret: &str) -> StatusCode {
        let request = work.http.post(work.url(connection)).header("Cx-Signature", signature);
        let answer = request.header("X-Crosswalk-Secret", secret).body(body.to_owned()).send().await.unwrap();
        let status = answer.status();
        assert_eq!(answer.text().await.unwrap(), "");
        status
    }
}

fn event(delivery: &str, kind: &str, id: &str, time: Timestamp) -> String {
    let data = json!({"entityId": id, "changedFields": []});
    json!({"id": delivery, "time": time.to_string(), "type": kind, "tenant": "sandbox", "data": data}).to_string()
}

fn now() -> Timestamp {
    Timestamp::now()
}

const ALL: &[&str] = &[
    "cremployee:created",
    "cremployee:updated",
    "crvacancy:created",
    "crvacancy:updated",
    "crmatch:created",
    "crmatch:updated",
    "crmatch:deleted",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_in_the_store_without_a_sync() {
    let work = Work::start(Tenant::start(40).await).await;
    work.register(ALL).await;
    let before = work.kinds(100).await.len();
    let candidate = work.tenant.ids(&CANDIDATES).await[0].clone();
    work.edit("CREmployee", &candidate, "firstName", json!("Nora"));
    work.until_is(&CANDIDATES, &candidate, "first_name", "Nora").await;
    let job = work.tenant.ids(&JOBS).await[0].clone();
    work.edit("CRVacancy", &job, "jobTitle", json!("Glazier"));
    work.until_is(&JOBS, &job, "name", "Glazier").await;
    let born = work.tenant.sandbox.insert("CREmployee", &fields(json!({ "firstName": "Ada" }))).unwrap();
    work.until_is(&CANDIDATES, &born, "first_name", "Ada").await;
    let matched = work.tenant.ids(&APPLICATIONS).await[0].clone();
    work.tenant.sandbox.remove_match(&matched).unwrap();
    let is_gone = async |work: &Work| work.tenant.is_deleted(&APPLICATIONS, &matched).await;
    work.until("the match is tombstoned", is_gone).await;
    work.until_followed().await;
    let kinds = work.kinds(100).await;
    let new = &kinds[..kinds.len() - before];
    assert!(new.iter().all(|kind| *kind == RunKind::Reread), "{new:?}");
    let last = work.tenant.engine.store().last_event().await.unwrap();
    let events = work.tenant.engine.store().events(last - 1, 1).await.unwrap();
    assert_eq!((events[0].model.as_str(), events[0].deleted), ("applications", 1), "it is told to whoever listens");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_list_leaves_out_does_not_come_by_its_id() {
    let work = Work::start(Tenant::start(40).await).await;
    work.register(ALL).await;
    // Whether a new vacancy is in the list, only the list tells: a sync is asked for.
    let template = work.tenant.sandbox.insert("CRVacancy", &fields(json!({ "isTemplate": 1 }))).unwrap();
    let job =
        work.tenant.sandbox.insert("CRVacancy", &fields(json!({ "jobTitle": "Cooper", "isTemplate": 0 }))).unwrap();
    work.until_is(&JOBS, &job, "name", "Cooper").await;
    work.until_followed().await;
    assert_eq!(work.tenant.get(&JOBS, &template).await, None);
    work.until_synced().await;
    work.tenant.assert_equal("after the sync").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deliveries_that_are_doubled_delayed_or_badly_signed_do_no_harm_and_lost_ones_are_found_by_a_sync() {
    let options = Options { candidates: 40, webhook_pause: Duration::from_millis(20), ..Options::default() };
    let work = Work::start(Tenant::with(options).await).await;
    work.register(ALL).await;
    let plan = "rules:\n  - { on: webhook, when: { numbers: [1] }, do: duplicate }\n  \
                - { on: webhook, when: { numbers: [2] }, do: bad_signature }\n  \
                - { on: webhook, when: { numbers: [3] }, do: { delay: { ms: 700 } } }\n  \
                - { on: webhook, when: { numbers: [6] }, do: lose }\n";
    work.tenant.sandbox.set_faults(Faults::parse(plan).unwrap()).unwrap();
    let ids = work.tenant.ids(&CANDIDATES).await;
    let arrived = async |count: u64| {
        let is = async |work: &Work| work.tenant.sandbox.stats().deliveries.values().sum::<u64>() >= count;
        work.until("a delivery ended", is).await;
    };
    // 1: twice. 2: refused, and 3 is its late second attempt. 4 and 5 come meanwhile, of the same record. 6 is lost.
    work.edit("CREmployee", &ids[0], "firstName", json!("Twice"));
    arrived(1).await;
    work.edit("CREmployee", &ids[1], "firstName", json!("Bad"));
    work.until("it was refused", async |work: &Work| work.tenant.sandbox.stats().faults.values().sum::<u64>() >= 3)
        .await;
    work.edit("CREmployee", &ids[1], "firstName", json!("Overtaking"));
    work.edit("CREmployee", &ids[1], "firstName", json!("Last"));
    arrived(4).await;
    work.until_is(&CANDIDATES, &ids[1], "first_name", "Last").await;
    work.edit("CREmployee", &ids[2], "firstName", json!("Lost"));
    arrived(5).await;
    work.until_followed().await;
    assert_eq!(work.tenant.sandbox.stats().deliveries["lost"], 1);
    assert_eq!(work.tenant.get(&CANDIDATES, &ids[0]).await.unwrap()["first_name"], "Twice");
    assert_ne!(work.tenant.get(&CANDIDATES, &ids[2]).await.unwrap()["first_name"], "Lost");
    work.running.sync_now(NAME);
    work.until_is(&CANDIDATES, &ids[2], "first_name", "Lost").await;
    work.until_synced().await;
    work.tenant.assert_equal("after the sync").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_source_signed_is_taken_and_once() {
    let tenant = Tenant::start(20).await;
    let signer = Signer::of(&tenant);
    tenant.report(&Default::default()).await;
    let work = Work::again(tenant, false).await;
    let id = &work.tenant.ids(&CANDIDATES).await[0];
    let good = event("d-1", "cremployee:updated", id, now());
    let signature = signer.sign(good.as_bytes());
    for (connection, signature, secret) in [
        (NAME, "", "pear"),
        (NAME, "AAAA", "pear"),
        (NAME, signer.sign(b"other").as_str(), "pear"),
        (NAME, &signature, "apple"),
        (NAME, &signature, ""),
        ("nobody", &signature, "pear"),
        ("..%2F..", &signature, "pear"),
    ] {
        let status = signer.send_as(&work, connection, &good, signature, secret).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{connection} {secret}");
    }
    assert_eq!(
        signer.send_as(&work, NAME, &good[..good.len() - 4], &signature, "pear").await,
        StatusCode::UNAUTHORIZED
    );
    let other_tenant = good.replace("\"sandbox\"", "\"others\"");
    assert_eq!(signer.send(&work, &other_tenant).await, StatusCode::UNAUTHORIZED);
    for malformed in ["", "{", "[]", &good.replace("d-1", ""), &good.replace("\"time\"", "\"tine\"")] {
        assert_eq!(signer.send(&work, malformed).await, StatusCode::BAD_REQUEST, "{malformed}");
    }
    let large = format!("{good}{}", " ".repeat(1 << 20));
    assert_eq!(signer.send(&work, &large).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(work.http.get(work.url(NAME)).send().await.unwrap().status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(work.inbox().await, 0);

    // A body that breaks off is nobody's loss but its sender's.
    let mut half = tokio::net::TcpStream::connect(work.server.address()).await.unwrap();
    let head = format!(
        "POST /webhooks/{NAME} HTTP/1.1\r\nHost: x\r\nCx-Signature: {signature}\r\nContent-Length: {}\r\n\r\n",
        good.len()
    );
    half.write_all(head.as_bytes()).await.unwrap();
    half.write_all(&good.as_bytes()[..10]).await.unwrap();
    half.shutdown().await.unwrap();
    let mut answer = String::new();
    half.read_to_string(&mut answer).await.unwrap();
    assert!(!answer.contains("200 OK") && !answer.contains("entityId"), "{answer}");
    assert_eq!(work.inbox().await, 0);

    assert_eq!(signer.send(&work, &good).await, StatusCode::OK);
    assert_eq!(signer.send(&work, &good).await, StatusCode::OK, "the source is told that it arrived");
    assert_eq!(work.inbox().await, 1, "and it is taken once");
    let hour = SignedDuration::from_hours(1);
    for (delivery, time) in [("d-2", now() - hour), ("d-3", now() + hour)] {
        assert_eq!(signer.send(&work, &event(delivery, "cremployee:updated", id, time)).await, StatusCode::OK);
    }
    assert_eq!(signer.send(&work, &event("d-4", "crshoe:polished", id, now())).await, StatusCode::OK);
    assert_eq!(work.inbox().await, 1, "old ones, early ones and those without a meaning are left to the next sync");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_followed_after_a_kill() {
    let tenant = Tenant::start(30).await;
    let signer = Signer::of(&tenant);
    tenant.report(&Default::default()).await;
    // Nothing follows here: as if it were killed right behind the answer.
    let work = Work::again(tenant, false).await;
    let id = work.tenant.ids(&CANDIDATES).await[0].clone();
    let matched = work.tenant.ids(&APPLICATIONS).await[..2].to_vec();
    work.edit("CREmployee", &id, "firstName", json!("Nora"));
    work.tenant.sandbox.remove_match(&matched[0]).unwrap();
    for (delivery, kind, id) in [
        ("d-1", "cremployee:updated", &id),
        ("d-2", "crmatch:deleted", &matched[0]),
        // This one is there all the same.
        ("d-3", "crmatch:deleted", &matched[1]),
        ("d-4", "cremployee:updated", &"no-such-id".to_owned()),
    ] {
        assert_eq!(signer.send(&work, &event(delivery, kind, id, now())).await, StatusCode::OK);
    }
    let Work { tenant, running, server, .. } = work;
    drop((running, server));
    assert_eq!(tenant.engine.store().inbox(NAME).await.unwrap().hints, 4);

    let work = Work::again(tenant, true).await;
    work.until_is(&CANDIDATES, &id, "first_name", "Nora").await;
    let is_gone = async |work: &Work| work.tenant.is_deleted(&APPLICATIONS, &matched[0]).await;
    work.until("the match is tombstoned", is_gone).await;
    // What the source does not know makes it look at all rows.
    work.until_followed().await;
    assert!(!work.tenant.is_deleted(&APPLICATIONS, &matched[1]).await);
    work.until_synced().await;
    work.tenant.assert_equal("in the end").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_events_is_few_reads() {
    let tenant = Tenant::start(30).await;
    let signer = Signer::of(&tenant);
    let work = Work::start(tenant).await;
    let ids = work.tenant.ids(&CANDIDATES).await;
    let before = work.one_by_one();
    for id in &ids[..5] {
        work.edit("CREmployee", id, "firstName", json!("Flood"));
    }
    let deliver = async |number: usize| {
        let body = event(&format!("d-{number}"), "cremployee:updated", &ids[number % 5], now());
        assert_eq!(signer.send(&work, &body).await, StatusCode::OK);
    };
    for round in 0..100 {
        let ten: Vec<_> = (0..10).map(|at| deliver(round * 10 + at)).collect();
        futures_util::future::join_all(ten).await;
    }
    work.until_followed().await;
    for id in &ids[..5] {
        assert_eq!(work.tenant.get(&CANDIDATES, id).await.unwrap()["first_name"], "Flood");
    }
    let asked = work.one_by_one() - before;
    assert!((5..=500).contains(&asked), "{asked} reads of 1,000 events");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_cannot_be_read_is_tried_again() {
    let work = Work::start(Tenant::start(20).await).await;
    work.register(ALL).await;
    let plan = "rules: [{ when: { operation: crEmployee }, times: 2, do: { status: { code: 500 } } }]";
    work.tenant.sandbox.set_faults(Faults::parse(plan).unwrap()).unwrap();
    let id = work.tenant.ids(&CANDIDATES).await[0].clone();
    work.edit("CREmployee", &id, "firstName", json!("Nora"));
    work.until_is(&CANDIDATES, &id, "first_name", "Nora").await;
    assert_eq!(work.tenant.sandbox.stats().faults.values().sum::<u64>(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_told_while_all_is_read() {
    let options = Options { candidates: 60, latency: Duration::from_millis(40), ..Options::default() };
    let tenant = Tenant::with(options).await;
    tenant.edit("mappings/carerix/connector.yaml", "  size: 100\n  prefetch: 4\n", "  size: 5\n  prefetch: 1\n");
    tenant.connect("{ full_every: 0s }");
    let work = Work::start(tenant).await;
    work.register(ALL).await;
    let ids = work.tenant.ids(&APPLICATIONS).await;
    let candidates = work.tenant.ids(&CANDIDATES).await;
    let reads = async |model: &str, fetched: u64| {
        let is = async |work: &Work| {
            let now = work.running.status().connections[0].sync.now.clone();
            now.is_some_and(|now| now.model.as_deref() == Some(model) && now.fetched >= fetched)
        };
        work.until(&format!("{model} are read"), is).await;
    };
    work.running.sync_now(NAME);
    reads("candidates", 10).await;
    for id in [&candidates[0], &candidates[30], &candidates[candidates.len() - 1]] {
        work.edit("CREmployee", id, "firstName", json!("Nora"));
    }
    reads("applications", 10).await;
    for id in [&ids[0], &ids[20], &ids[ids.len() - 1]] {
        work.tenant.sandbox.remove_match(id).unwrap();
    }
    work.edit("CRMatch", &ids[1], "motivation", json!("Yes"));
    for id in [&ids[0], &ids[20], &ids[ids.len() - 1]] {
        work.until("it is tombstoned", async |work: &Work| work.tenant.is_deleted(&APPLICATIONS, id).await).await;
    }
    work.until_synced().await;
    work.until_followed().await;
    for run in work.tenant.engine.store().history(Some(NAME), 20).await.unwrap() {
        assert!(matches!(run.state, RunState::Complete), "{run:?}");
    }
    work.tenant.assert_equal("when it was read").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_without_a_query_for_one_waits_for_a_sync() {
    let tenant = Tenant::start(30).await;
    tenant.edit("mappings/carerix/applications.yaml", "  one: crMatch\n", "");
    let work = Work::start(tenant).await;
    work.register(ALL).await;
    let id = work.tenant.ids(&APPLICATIONS).await[0].clone();
    work.edit("CRMatch", &id, "creationDate", json!("2020-01-01 10:00:00"));
    let is_there = async |work: &Work| {
        let record = work.tenant.get(&APPLICATIONS, &id).await.unwrap();
        record["remote_created_at"].as_str().is_some_and(|at| at.starts_with("2020-01-01T09:00:00"))
    };
    work.until("the sync brought it", is_there).await;
    work.until_followed().await;
    assert_eq!(work.one_by_one(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_records_are_left_to_the_pages_of_a_sync() {
    let tenant = Tenant::start(300).await;
    tenant.report(&Default::default()).await;
    let connection = tenant.connection();
    let revision = Revision::load(tenant.engine.home(), &connection).unwrap();
    let source = Arc::new(Source::new(revision.remote.clone(), tenant.credentials()).unwrap());
    let reading = Reading {
        connection: NAME.to_owned(),
        live: Arc::new(Live::new(revision)),
        source,
        store: tenant.engine.store().clone(),
        pace: Pace::default(),
        tenant: connection.tenant().to_owned(),
        rules: connection.options.sync,
    };
    let told = |ids: &[String]| -> Vec<Told> {
        let once = || ids.iter().map(|id| Told { remote_id: id.clone(), gone: false });
        once().chain(once()).collect()
    };
    let ids = tenant.ids(&CANDIDATES).await;
    let few = reading.follow(&CANDIDATES, &told(&ids[..20])).await.unwrap();
    assert_eq!((few.counts.unchanged, few.for_sync.len(), few.unread.len()), (20, 0, 0));
    let mut many = told(&ids[..210]);
    many.push(Told { remote_id: ids[3].clone(), gone: true });
    let many = reading.follow(&CANDIDATES, &many).await.unwrap();
    assert_eq!((many.counts.unchanged, many.for_sync.len()), (1, 209), "only what is said to be gone is asked for");
    assert!(!tenant.is_deleted(&CANDIDATES, &ids[3]).await, "and it is there");
    let operations = tenant.sandbox.stats().operations;
    assert_eq!(operations["crEmployee"], 21);
}
