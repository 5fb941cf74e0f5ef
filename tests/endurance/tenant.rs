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

pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

pub const NAME: &str = "acme";

/// Nobody waits for what goes wrong on purpose.
const QUICK: &str =
    "limits: { attempts: 3, pause: 1ms, longest_pause: 5ms, longest_wait: 50ms, timeout: 1s, stall: 500ms }\n";

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
             settings: {{ tenant: sandbox, realm: sandbox, identity: \"{{sandbox}}\", api: \"{{sandbox}}\" }}\n{QUICK}{options}",
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
    pub async fn stored(&self) -> Records {
        stored(&self.engine, NAME).await
    }

    /// What a first read of the tenant as it is now would store, without a fault.
    pub async fn expected(&self) -> Records {
        let faults = self.sandbox.faults();
        self.sandbox.set_faults(Default::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let store = folder.path().join("expected.db");
        let engine = Engine::open(self.folder.path(), Some(&store)).await.unwrap();
        let report =
            engine.sync(&self.connection(), self.credentials(), &SyncOptions::default(), |_| {}).await.unwrap();
        assert!(report.models.iter().all(|model| matches!(model.state, State::Complete)));
        self.sandbox.set_faults(faults).unwrap();
        stored(&engine, NAME).await
    }

    /// The store has what the tenant has, neither more nor less.
    pub async fn assert_equal(&self, told: &str) {
        assert_eq!(difference(&self.stored().await, &self.expected().await), Vec::<String>::new(), "{told}");
    }
}

/// Records of each model by their remote ids.
pub type Records = BTreeMap<&'static str, BTreeMap<String, Value>>;

/// What differs between what is stored and what should be.
pub fn difference(stored: &Records, expected: &Records) -> Vec<String> {
    let mut differs = Vec::new();
    for (model, expected) in expected {
        let stored = &stored[model];
        differs.extend(expected.keys().filter(|id| !stored.contains_key(*id)).map(|id| format!("{model} lacks {id}")));
        for (id, record) in stored {
            match expected.get(id) {
                Some(expected) if expected == record => {}
                Some(expected) => differs.push(format!("{model} {id} is {record} and should be {expected}")),
                None => differs.push(format!("{model} has {id}, which is gone")),
            }
        }
    }
    differs
}

pub async fn stored(engine: &Engine, connection: &str) -> Records {
    let mut all = BTreeMap::new();
    for model in MODELS {
        let records = engine.list(Some(connection), model, None, u32::MAX - 1).await.unwrap().records;
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
