//! Records of the sandbox in disguise: nothing personal is left, and they map as before.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crosswalk::connector::{Connection, Home, Revision};
use crosswalk::engine::cases::{Fixture, Outcome, Recording, Salt};
use crosswalk::model::MODELS;
use crosswalk::sandbox::{Options, Sandbox};
use crosswalk::source::{Credentials, Source};
use futures_util::StreamExt;
use serde_json::Value;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Records of each model that are looked at.
const RECORDS: usize = 400;

struct Tenant {
    revision: Arc<Revision>,
    source: Source,
    _sandbox: Sandbox,
}

impl Tenant {
    async fn start() -> Tenant {
        let sandbox = Sandbox::start(Options { candidates: 400, ..Options::default() }).await.unwrap();
        let home = Home::new(ROOT);
        let connection = Connection::load(&home, "sandbox").unwrap().with_sandbox(sandbox.base_url());
        let revision = Arc::new(Revision::load(&home, &connection).unwrap());
        let Options { client_id, client_secret, .. } = sandbox.options().clone();
        let credentials = Credentials::of_client(client_id, client_secret);
        let source = Source::new(revision.remote.clone(), credentials).unwrap();
        Tenant { revision, source, _sandbox: sandbox }
    }
}

/// Words of at least four letters.
fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().count() >= 4);
    words.map(str::to_lowercase).collect()
}

/// What the mapping itself names: words of its tables and of its conditions, and those of links and markup.
fn vocabulary() -> BTreeSet<String> {
    let folder = Path::new(ROOT).join("mappings/carerix");
    let tables = std::fs::read_dir(folder.join("tables")).unwrap().map(|entry| entry.unwrap().path());
    let mappings = MODELS.iter().map(|model| folder.join(format!("{}.yaml", model.name)));
    let text: String = tables.chain(mappings).map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let mut words = words(&text);
    words.extend(["https", "http", "example", "strong", "href"].map(str::to_owned));
    words
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// The value without what it says: what is null, and how many of each there are.
fn skeleton(value: &Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Array(items) => items.iter().map(skeleton).collect(),
        Value::Object(members) => members.iter().map(|(key, value)| (key.clone(), skeleton(value))).collect(),
        _ => Value::from("x"),
    }
}

fn must_be_nobodys(fixture: &Fixture, known: &BTreeSet<String>) {
    let mut left = Vec::new();
    texts(&serde_json::from_str(&fixture.text).unwrap(), &mut left);
    let left: BTreeSet<String> = left.iter().flat_map(|text| words(text)).collect();
    for replacement in &fixture.replaced {
        let survivors: Vec<String> =
            words(&replacement.old).intersection(&left).filter(|word| !known.contains(*word)).cloned().collect();
        assert_eq!(survivors, Vec::<String>::new(), "{} of {}", replacement.path, fixture.text);
        let is_address = ["@", "://", "www."].iter().any(|part| replacement.old.contains(part));
        if !is_address {
            assert_eq!(replacement.old.chars().count(), replacement.new.chars().count(), "{replacement:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_of_the_sandbox_map_as_before_and_are_nobodys() {
    let tenant = Tenant::start().await;
    let known = vocabulary();
    for model in MODELS {
        let plan = tenant.revision.plan(model).unwrap();
        let pages = tenant.source.pages(plan.operation(), 0);
        let mut pages = std::pin::pin!(pages);
        let mut looked_at = 0;
        while let Some(page) = pages.next().await {
            for raw in page.unwrap().items().take(RECORDS - looked_at) {
                looked_at += 1;
                let recording = Recording::new(Arc::clone(&tenant.revision), model, raw).unwrap();
                let fixture = recording.disguise(&Salt::of_seed(looked_at as u64));
                must_be_nobodys(&fixture, &known);
                let before = Outcome::of(plan, raw).unwrap();
                let after = Outcome::of(plan, &fixture.text).unwrap();
                let shape = |outcome: &Outcome| skeleton(outcome.unified().unwrap());
                assert_eq!(shape(&before), shape(&after), "{}\n{raw}\n{}", model.name, fixture.text);
                assert_eq!(fixture.altered, Vec::<&str>::new(), "{raw}\n{}", fixture.text);
                for field in ["status", "outcome", "visibility", "employment_type", "salary_period"] {
                    let of = |outcome: &Outcome| outcome.unified().unwrap().get(field).cloned();
                    assert_eq!(of(&before), of(&after), "{field}\n{raw}\n{}", fixture.text);
                }
            }
        }
        assert!(looked_at >= 20, "{looked_at} {} are too few", model.name);
    }
}
