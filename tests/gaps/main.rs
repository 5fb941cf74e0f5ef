//! What becomes of a sync when the source cannot give a row, has a field no more, or finds the query too dear.

mod garden;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crosswalk::connector::{Connection, Home, Live, Revision, SyncRules};
use crosswalk::diagnostics::{Problems, SourceFile};
use crosswalk::model::{MODELS, Model};
use crosswalk::schema::{Schema, Selection};
use crosswalk::source::{Credentials, Source};
use crosswalk::store::{ListQuery, Store, StoredRecord};
use crosswalk::sync::{ModelReport, Pace, Reading, State, SyncOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

use garden::{Garden, SCHEMA};

const CONNECTOR: &str = "
name: garden
title: Garden
settings: { api: { about: Base address } }
endpoint: \"{api}/graphql\"
headers: { Authorization: \"Bearer {key}\" }
pages: { size: 10, items: rows, last: last, total: total, page: page, size_argument: size, sort: null }
deletion: { path: dropped }
limits: { timeout: 5s, attempts: 2, pause: 1ms, longest_pause: 5ms, skipped_rows: 2 }
faults: { too_complex: [complex] }
";

const USERS: &str = "
model: users
read: { query: members }
fields:
  remote_id: id
  first_name: first
  last_name: name.last
  email: mail
  status: { each: name, value: ACTIVE }
  system_roles:
    each: rights
    object: { remote_id: key, remote_label: label, scope: { value: SYSTEM } }
";

struct Tenant {
    garden: Garden,
    store: Store,
    folder: TempDir,
}

fn users() -> &'static Model {
    Model::named("users").unwrap()
}

impl Tenant {
    async fn of(members: usize) -> Tenant {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("crosswalk.db")).await.unwrap();
        Tenant { garden: Garden::start(members).await, store, folder }
    }

    fn revision(&self) -> Revision {
        let url = &self.garden.url;
        let connection =
            format!("connector: garden\nsettings: {{ api: \"{url}\" }}\ncredentials: {{ key: \"env:GARDEN_KEY\" }}\n");
        let texts = [
            ("connections/garden.yaml", connection.as_str()),
            ("mappings/garden/connector.yaml", CONNECTOR),
            ("mappings/garden/schema.graphql", SCHEMA),
            ("mappings/garden/users.yaml", USERS),
        ];
        let home = Home::of_texts(self.folder.path(), texts.map(|(path, text)| (path.to_owned(), text.to_owned())));
        let connection = Connection::load(&home, "garden").unwrap();
        Revision::load(&home, &connection).unwrap_or_else(|report| panic!("{report}"))
    }

    async fn sync(&self) -> ModelReport {
        let revision = self.revision();
        let credentials: Credentials = [("key", "s3cret".to_owned())].into_iter().collect();
        let source = Source::new(revision.remote.clone(), credentials).unwrap();
        let reading = Reading {
            connection: "garden".to_owned(),
            live: Arc::new(Live::new(revision)),
            source: Arc::new(source),
            store: self.store.clone(),
            pace: Pace::default(),
            tenant: "garden".to_owned(),
            rules: SyncRules::default(),
        };
        let report = reading.sync(&SyncOptions::default(), |_| {}).await.unwrap();
        report.models.into_iter().next().unwrap()
    }

    async fn record(&self, id: &str) -> Option<StoredRecord> {
        self.store.get(Some("garden"), users(), id).await.unwrap()
    }

    async fn unified(&self, id: &str) -> Value {
        serde_json::from_str(&self.record(id).await.unwrap().unified.unwrap()).unwrap()
    }

    /// Everything of every record that does not tell when it was written.
    async fn contents(&self) -> Vec<(String, Option<String>, Vec<u8>, Option<String>, bool)> {
        let mut contents = Vec::new();
        for record in self.store.list(ListQuery { include_deleted: true, ..ListQuery::new(users()) }).await.unwrap() {
            let raw = self.store.raw(record.key).await.unwrap().unwrap();
            let is_gone = record.remote_deleted_at.is_some();
            contents.push((record.remote_id, record.unified, raw, record.failure, is_gone));
        }
        contents
    }
}

fn reasons(report: &ModelReport) -> Vec<(bool, &str, u64)> {
    report.reasons.ranked()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_given_is_skipped_by_name_and_stays_what_it_was() {
    let tenant = Tenant::of(34).await;
    assert!(matches!(tenant.sync().await.state, State::Complete));
    let before = tenant.contents().await;
    {
        let mut world = tenant.garden.world();
        world.poisoned.insert("m17".to_owned());
        world.rows[17]["first"] = json!("Changed");
        world.rows[18]["first"] = json!("Changed");
        // This one goes away, which is seen all the same, since the walk is complete.
        world.rows.pop();
    }
    let report = tenant.sync().await;
    assert!(matches!(report.state, State::Complete), "{:?}", report.state);
    let why = "the source cannot give this record: 500 Internal Server Error: no reason given";
    assert_eq!(reasons(&report), [(true, why, 1)]);
    assert_eq!(
        (report.counts.fetched, report.counts.changed, report.counts.failed, report.counts.deleted),
        (33, 1, 1, 1)
    );
    let after = tenant.contents().await;
    let (then, now) = (&before[17], &after[17]);
    assert_eq!((&then.1, &then.2, then.4), (&now.1, &now.2, now.4), "what was read of it stays");
    assert_eq!(now.3.as_deref(), Some(why));
    assert_eq!(tenant.unified("m18").await["first_name"], "Changed");
    assert!(after[33].4, "what is gone is marked");

    tenant.garden.world().poisoned.clear();
    let report = tenant.sync().await;
    assert_eq!((reasons(&report), report.counts.changed), (Vec::new(), 1));
    assert_eq!(tenant.unified("m17").await["first_name"], "Changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_was_never_read_is_told_of() {
    let tenant = Tenant::of(12).await;
    tenant.garden.world().poisoned.insert("m3".to_owned());
    let report = tenant.sync().await;
    assert!(matches!(report.state, State::Complete), "{:?}", report.state);
    assert_eq!((report.counts.fetched, report.counts.created, report.counts.failed), (12, 11, 1));
    let record = tenant.record("m3").await.unwrap();
    assert_eq!(record.unified, None);
    assert!(record.failure.unwrap().starts_with("the source cannot give this record: 500"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_knows_which_row_it_is_nothing_is_taken_for_gone() {
    let tenant = Tenant::of(25).await;
    tenant.sync().await;
    {
        let mut world = tenant.garden.world();
        world.poisoned.insert("m20".to_owned());
        world.nameless = true;
        world.rows.remove(2);
    }
    let report = tenant.sync().await;
    let State::Incomplete(why) = &report.state else { panic!("{:?}", report.state) };
    assert_eq!(why, "1 records came without an id, or not at all");
    let told =
        "the source cannot give the record at position 19 of its list: 500 Internal Server Error: no reason given";
    assert_eq!(reasons(&report), [(true, told, 1)]);
    assert!(tenant.contents().await.iter().all(|(.., is_gone)| !is_gone));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_rows_than_may_be_skipped_fail_the_model() {
    let tenant = Tenant::of(40).await;
    tenant.garden.world().poisoned = ["m3", "m14", "m25"].map(str::to_owned).into();
    let report = tenant.sync().await;
    let State::Failed(error) = &report.state else { panic!("{:?}", report.state) };
    assert!(error.to_string().contains("more than 2 records cannot be read"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_is_gone_fails_by_name_keeps_its_value_and_heals() {
    let tenant = Tenant::of(14).await;
    tenant.sync().await;
    let before = tenant.unified("m5").await;
    {
        let mut world = tenant.garden.world();
        world.gone = Some("mail:");
        world.rows[5]["first"] = json!("Changed");
        world.rows.push(json!({"id": "new", "first": "N", "name": null, "rights": [], "dropped": false}));
    }
    let report = tenant.sync().await;
    assert!(matches!(report.state, State::Complete), "{:?}", report.state);
    let why = "email: the source has no such field any more: `Member.mail`";
    assert_eq!(reasons(&report), [(true, why, 15)]);
    assert_eq!((report.counts.changed, report.counts.created, report.counts.unchanged), (1, 1, 13));
    let after = tenant.unified("m5").await;
    assert_eq!((&after["email"], after["first_name"].as_str()), (&before["email"], Some("Changed")));
    assert_eq!(tenant.unified("new").await["email"], Value::Null);
    let record = tenant.record("m6").await.unwrap();
    assert_eq!((record.failure, record.issues.len()), (None, 1));

    // Again it is tried, and again it is gone.
    let report = tenant.sync().await;
    assert_eq!((report.counts.unchanged, report.counts.failed), (15, 15));
    {
        let mut world = tenant.garden.world();
        world.gone = None;
        world.rows[14]["mail"] = json!("new@example.org");
        world.rows[5]["mail"] = json!("other@example.org");
    }
    let report = tenant.sync().await;
    assert_eq!((reasons(&report), report.counts.changed), (Vec::new(), 2));
    assert_eq!(tenant.unified("m5").await["email"], "other@example.org");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_gone_keeps_its_items() {
    let tenant = Tenant::of(3).await;
    tenant.sync().await;
    let before = tenant.unified("m1").await;
    tenant.garden.world().gone = Some("rights:");
    let report = tenant.sync().await;
    assert_eq!(reasons(&report), [(true, "system_roles: the source has no such field any more: `Member.rights`", 3)]);
    assert_eq!(tenant.unified("m1").await, before);
    assert_eq!(report.counts.unchanged, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_only_asks_whether_an_object_is_there_fails_with_it() {
    let tenant = Tenant::of(3).await;
    tenant.sync().await;
    let before = tenant.unified("m1").await;
    assert_eq!(before["status"], "ACTIVE");
    tenant.garden.world().gone = Some("name:");
    let report = tenant.sync().await;
    let why = |field: &str| format!("{field}: the source has no such field any more: `Member.name`");
    let told: Vec<_> =
        report.reasons.ranked().into_iter().map(|(_, reason, count)| (reason.to_owned(), count)).collect();
    assert_eq!(told, [(why("last_name"), 3), (why("status"), 3)]);
    assert_eq!(tenant.unified("m1").await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_of_deletion_that_is_gone_brings_nobody_back() {
    let tenant = Tenant::of(5).await;
    tenant.garden.world().rows[2]["dropped"] = json!(true);
    tenant.sync().await;
    tenant.garden.world().gone = Some("dropped:");
    let report = tenant.sync().await;
    let State::Failed(error) = &report.state else { panic!("{:?}", report.state) };
    let expected = "the source has no such field any more: `Member.dropped`, and no record can be stored without it";
    assert!(error.to_string().contains(expected), "{error}");
    assert!(tenant.contents().await[2].4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_too_dear_yields_what_it_would_have() {
    let (whole, parted) = (Tenant::of(23).await, Tenant::of(23).await);
    parted.garden.world().budget = Some(3);
    let (report, parted_report) = (whole.sync().await, parted.sync().await);
    assert!(matches!(parted_report.state, State::Complete), "{:?}", parted_report.state);
    assert_eq!(report.counts, parted_report.counts);
    assert_eq!(whole.contents().await, parted.contents().await);
    // Nothing changes when the source changes its mind.
    parted.garden.world().budget = None;
    let report = parted.sync().await;
    assert_eq!((report.counts.unchanged, report.counts.fetched), (23, 23));
}

#[test]
fn parts_of_every_read_are_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let home = Home::new(folder);
    let connection = Connection::load(&home, "sandbox").unwrap();
    let revision = Revision::load(&home, &connection).unwrap();
    let problems = Problems::new();
    let text = std::fs::read_to_string(folder.join("mappings/carerix/schema.graphql")).unwrap();
    let schema = Schema::parse(&SourceFile::new("schema.graphql", text), BTreeMap::new(), "items", &problems).unwrap();
    for model in MODELS {
        let operation = revision.plan(model).unwrap().operation();
        let selection = Selection::parse(&operation.text, &operation.root, &revision.remote.paging.items).unwrap();
        let whole: Vec<&str> = selection.members().into_iter().map(|(name, _)| name).collect();
        assert!(!operation.ids.is_empty(), "{}", model.name);
        for count in [2, 4, 8, 16] {
            let parts = selection.split(count, &operation.ids).unwrap();
            let mut members: Vec<&str> = operation.ids.iter().map(String::as_str).collect();
            for part in &parts {
                assert_eq!(schema.validate(&part.text), Ok(()), "{}", part.text);
                members.extend(part.members.iter().map(String::as_str));
            }
            members.sort_by_key(|name| whole.iter().position(|known| known == name));
            assert_eq!(members, whole, "{} in {count}", model.name);
        }
        let only_ids = selection.part(&[], &operation.ids);
        assert_eq!(schema.validate(&only_ids), Ok(()), "{only_ids}");
        for (name, _) in selection.members().into_iter().filter(|(name, _)| !operation.ids.iter().any(|id| id == name))
        {
            assert_eq!(schema.validate(&selection.without(&[name])), Ok(()), "{} without {name}", model.name);
        }
    }
}
