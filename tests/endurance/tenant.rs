//! A tenant that lives and fails while it is read.

use std::collections::BTreeMap;
use std::path::Path;

use crosswalk::connector::Connection;
use crosswalk::engine::Engine;
use crosswalk::model::{MODELS, Model};
use crosswalk::sandbox::{Options, Sandbox};
use crosswalk::source::Credentials;
use crosswalk::store::Counts;
use crosswalk::sync::{ModelReport, State, SyncOptions, SyncReport};
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::copy::copy;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

pub const NAME: &str = "acme";

/// A home with one connection, and the sandbox that it reads.
pub struct Tenant {
    pub sandbox: Sandbox,
    pub engine: Engine,
    folder: TempDir,
}

impl Tenant {
    pub async fn start(candidates: u32) -> Tenant {
        Tenant::with(Options { candidates, ..Options::default() }).await
    }

    pub async fn with(options: Options) -> Tenant {
        let sandbox = Sandbox::start(options).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        for part in ["mappings", "scripts"] {
            copy(&Path::new(ROOT).join(part), &folder.path().join(part));
        }
        std::fs::create_dir(folder.path().join("connections")).unwrap();
        let engine = Engine::open(folder.path(), None).await.unwrap();
        let tenant = Tenant { sandbox, engine, folder };
        tenant.connect("");
        // Tests do not wait for hours, and the clocks of both ends are one.
        tenant.edit("mappings/carerix/connector.yaml", "overlap: 2h", "overlap: 0s");
        tenant
    }

    /// Writes the connection with these options, as YAML in braces.
    pub fn connect(&self, options: &str) {
        let options = if options.is_empty() { String::new() } else { format!("options: {options}\n") };
        let text = format!(
            "connector: carerix\nsandbox: {{ seed: 7 }}\n\
             settings: {{ tenant: sandbox, realm: sandbox, identity: \"{{sandbox}}\", api: \"{{sandbox}}\" }}\n{options}",
        );
        std::fs::write(self.folder.path().join(format!("connections/{NAME}.yaml")), text).unwrap();
    }

    pub fn write(&self, path: &str, text: &str) {
        std::fs::write(self.folder.path().join(path), text).unwrap();
    }

    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let path = self.folder.path().join(path);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} is not in {}", path.display());
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    pub fn connection(&self) -> Connection {
        self.engine.connection(NAME).unwrap().with_sandbox(self.sandbox.base_url())
    }

    pub fn credentials(&self) -> Credentials {
        let Options { client_id, client_secret, .. } = self.sandbox.options().clone();
        Credentials::of_client(client_id, client_secret)
    }

    pub async fn report(&self, options: &SyncOptions) -> SyncReport {
        self.engine.sync(&self.connection(), self.credentials(), options, |_| {}).await.unwrap()
    }

    /// One model, which must come to its end.
    pub async fn sync(&self, model: &'static Model) -> Counts {
        let report = self.read(model, SyncOptions::default()).await;
        assert!(matches!(report.state, State::Complete), "{:?}", report.state);
        report.counts
    }

    pub async fn read(&self, model: &'static Model, options: SyncOptions) -> ModelReport {
        let mut report = self.report(&SyncOptions { models: vec![model], ..options }).await;
        report.models.remove(0)
    }

    pub async fn get(&self, model: &'static Model, remote_id: &str) -> Option<Value> {
        Some(self.engine.get(Some(NAME), model, remote_id).await.unwrap()?.value())
    }

    pub async fn is_deleted(&self, model: &'static Model, remote_id: &str) -> bool {
        self.get(model, remote_id).await.is_some_and(|record| !record["remote_deleted_at"].is_null())
    }

    /// The remote ids of what is not deleted, in the order of the list.
    pub async fn ids(&self, model: &'static Model) -> Vec<String> {
        let records = self.engine.list(Some(NAME), model, None, u32::MAX - 1).await.unwrap().records;
        records.iter().map(|record| record.value()["remote_id"].as_str().unwrap().to_owned()).collect()
    }

    /// What is stored of each model and not deleted, by remote ids, but for the times at which it came.
    pub async fn stored(&self) -> BTreeMap<&'static str, BTreeMap<String, Value>> {
        stored(&self.engine).await
    }

    /// What a first read of the tenant as it is now would store, without a fault.
    pub async fn expected(&self) -> BTreeMap<&'static str, BTreeMap<String, Value>> {
        let faults = self.sandbox.faults();
        self.sandbox.set_faults(Default::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("expected.db");
        let engine = Engine::open(self.folder.path(), Some(&store)).await.unwrap();
        let report =
            engine.sync(&self.connection(), self.credentials(), &SyncOptions::default(), |_| {}).await.unwrap();
        assert!(report.models.iter().all(|model| matches!(model.state, State::Complete)));
        self.sandbox.set_faults(faults).unwrap();
        stored(&engine).await
    }

    /// The store has what the tenant has, neither more nor less.
    pub async fn assert_equal(&self, told: &str) {
        let (stored, expected) = (self.stored().await, self.expected().await);
        for (model, expected) in expected {
            let stored = &stored[model];
            let missing: Vec<&String> = expected.keys().filter(|id| !stored.contains_key(*id)).collect();
            let too_many: Vec<&String> = stored.keys().filter(|id| !expected.contains_key(*id)).collect();
            assert!(missing.is_empty() && too_many.is_empty(), "{told}: {model} lacks {missing:?}, has {too_many:?}");
            for (id, expected) in expected {
                assert_eq!(stored[&id], expected, "{told}: {model} {id}");
            }
        }
    }
}

async fn stored(engine: &Engine) -> BTreeMap<&'static str, BTreeMap<String, Value>> {
    let mut all = BTreeMap::new();
    for model in MODELS {
        let records = engine.list(Some(NAME), model, None, u32::MAX - 1).await.unwrap().records;
        let record = |value: Value| {
            let Value::Object(mut fields) = value else { panic!("a record is an object") };
            fields.remove("changed_at");
            (fields["remote_id"].as_str().unwrap().to_owned(), Value::Object(fields))
        };
        all.insert(model.name, records.iter().map(|one| record(one.value())).collect());
    }
    all
}

/// Fields of an edit.
pub fn fields(value: Value) -> Map<String, Value> {
    let Value::Object(fields) = value else { panic!("fields are an object") };
    fields
}
