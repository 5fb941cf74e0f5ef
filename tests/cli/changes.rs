//! What changes at the source between two syncs, through the library.

use crosswalk::connector::Connection;
use crosswalk::engine::{Engine, Record};
use crosswalk::model::{APPLICATIONS, CANDIDATES, JOBS, Model};
use crosswalk::sandbox::{Options, Sandbox};
use crosswalk::source::Credentials;
use crosswalk::store::Counts;
use crosswalk::sync::{State, SyncOptions};
use serde_json::{Value, json};

use crate::home::TempHome;

/// A tenant that is changed and read in turns.
struct Tenant {
    sandbox: Sandbox,
    engine: Engine,
    connection: Connection,
    _home: TempHome,
}

impl Tenant {
    async fn start() -> Tenant {
        let home = TempHome::new();
        let sandbox = Sandbox::start(Options { candidates: 60, ..Options::default() }).await.unwrap();
        let engine = home.engine().await;
        let connection = engine.connection("sandbox").unwrap().with_sandbox(sandbox.base_url());
        Tenant { sandbox, engine, connection, _home: home }
    }

    async fn sync(&self, model: &'static Model) -> Counts {
        let Options { client_id, client_secret, .. } = self.sandbox.options().clone();
        let credentials = Credentials::of_client(client_id, client_secret);
        let options = SyncOptions { models: vec![model], ..SyncOptions::default() };
        let report = self.engine.sync(&self.connection, credentials, &options, |_| {}).await.unwrap();
        assert!(matches!(report.models[0].state, State::Complete), "{:?}", report.models[0].state);
        report.models[0].counts
    }

    async fn first(&self, model: &'static Model) -> Value {
        self.engine.list(None, model, None, 1).await.unwrap().records[0].value()
    }

    async fn get(&self, model: &'static Model, remote_id: &str) -> Record {
        self.engine.get(Some("sandbox"), model, remote_id).await.unwrap().unwrap()
    }
}

fn remote_id(record: &Value) -> &str {
    record["remote_id"].as_str().unwrap()
}

fn set(field: &str, value: Value) -> impl FnOnce(&mut serde_json::Map<String, Value>) {
    let field = field.to_owned();
    move |fields| {
        fields.insert(field, value);
    }
}

/// Created, changed, deleted; everything else is what it was.
fn changes(counts: Counts) -> (u64, u64, u64) {
    assert_eq!(counts.failed, 0);
    (counts.created, counts.changed, counts.deleted)
}

#[tokio::test]
async fn an_edited_record_is_counted_and_shown() {
    let tenant = Tenant::start().await;
    let first = tenant.sync(&JOBS).await;
    assert_eq!(first.created + first.deleted, first.fetched);
    let job = tenant.first(&JOBS).await;
    tenant.sandbox.edit("CRVacancy", remote_id(&job), set("jobTitle", json!("Glazier"))).unwrap();

    let counts = tenant.sync(&JOBS).await;
    assert_eq!(changes(counts), (0, 1, 0));
    assert_eq!(counts.fetched, 1, "what changed is read, and nothing else");
    let edited = tenant.get(&JOBS, remote_id(&job)).await.value();
    assert_eq!(edited["name"], "Glazier");
    assert!(edited["changed_at"].as_str() > job["changed_at"].as_str());
    assert!(edited["remote_updated_at"].as_str() > job["remote_updated_at"].as_str());
    assert_eq!(edited["id"], job["id"]);
}

#[tokio::test]
async fn an_archived_record_is_deleted_and_comes_back() {
    let tenant = Tenant::start().await;
    tenant.sync(&CANDIDATES).await;
    let candidate = tenant.first(&CANDIDATES).await;
    let id = remote_id(&candidate).to_owned();
    let count = || async { tenant.engine.store().count(None, &CANDIDATES).await.unwrap() };
    let before = count().await;

    tenant.sandbox.archive("CREmployee", &id).unwrap();
    assert_eq!(changes(tenant.sync(&CANDIDATES).await), (0, 0, 1));
    assert!(tenant.get(&CANDIDATES, &id).await.value()["remote_deleted_at"].is_string());
    assert_eq!((count().await.live, count().await.deleted), (before.live - 1, before.deleted + 1));
    assert_eq!(changes(tenant.sync(&CANDIDATES).await), (0, 0, 0), "a deletion is counted once");

    tenant.sandbox.edit("CREmployee", &id, set("deleted", json!(0))).unwrap();
    assert_eq!(changes(tenant.sync(&CANDIDATES).await), (0, 1, 0));
    let revived = tenant.get(&CANDIDATES, &id).await.value();
    assert_eq!(revived["remote_deleted_at"], Value::Null);
    assert_eq!(revived["id"], candidate["id"]);
    assert_eq!(count().await, before);
}

#[tokio::test]
async fn a_removed_record_is_deleted_by_a_complete_read() {
    let tenant = Tenant::start().await;
    let first = tenant.sync(&APPLICATIONS).await;
    let application = tenant.first(&APPLICATIONS).await;
    tenant.sandbox.remove_match(remote_id(&application)).unwrap();

    let counts = tenant.sync(&APPLICATIONS).await;
    assert_eq!(changes(counts), (0, 0, 1));
    assert_eq!((counts.fetched, first.deleted), (0, 0), "its absence is seen in the number of rows, and by the ids");
    let removed = tenant.get(&APPLICATIONS, remote_id(&application)).await.value();
    assert!(removed["remote_deleted_at"].is_string());
    assert!(removed["changed_at"].as_str() > application["changed_at"].as_str());
    assert_ne!(tenant.first(&APPLICATIONS).await["id"], application["id"], "what is deleted is not listed");
}

#[tokio::test]
async fn a_record_that_enters_and_leaves_the_filter_is_created_deleted_and_revived() {
    let tenant = Tenant::start().await;
    tenant.sync(&JOBS).await;
    let job = tenant.first(&JOBS).await;
    let id = remote_id(&job).to_owned();
    let set_template = |flag: i64| tenant.sandbox.edit("CRVacancy", &id, set("isTemplate", json!(flag))).unwrap();

    let fresh = Tenant::start().await;
    fresh.sandbox.edit("CRVacancy", &id, set("isTemplate", json!(1))).unwrap();
    let without = fresh.sync(&JOBS).await;
    fresh.sandbox.edit("CRVacancy", &id, set("isTemplate", json!(0))).unwrap();
    let with = fresh.sync(&JOBS).await;
    assert_eq!(changes(with), (1, 0, 0));
    assert_eq!((with.fetched, without.failed), (1, 0));

    set_template(1);
    assert_eq!(changes(tenant.sync(&JOBS).await), (0, 0, 1));
    set_template(0);
    assert_eq!(changes(tenant.sync(&JOBS).await), (0, 1, 0));
    assert_eq!(tenant.get(&JOBS, &id).await.value()["remote_deleted_at"], Value::Null);
}
