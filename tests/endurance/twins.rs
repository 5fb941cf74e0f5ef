//! Two stores of one tenant: one of which the syncs are disturbed, and one that is read in peace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crosswalk::engine::Engine;
use crosswalk::sandbox::{Churn, Faults, Options, Sandbox};
use crosswalk::source::Credentials;
use crosswalk::sync::{State, SyncOptions};
use serde_json::json;
use tempfile::TempDir;

use crate::copy::copy;
use crate::picture::Picture;
use crate::tenant::{NAME, ROOT, fields};

/// What there is to do for the next sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scene {
    /// Both stores are empty.
    First,
    /// Records changed, came and went.
    Changes,
    /// So they did, and a mapping was edited: what is stored is mapped again.
    Mapped,
    /// What is deleted is cleared at once.
    Cleared,
    /// Everything is due to be read again.
    Everything,
    /// A record comes in part, and is read again by its id.
    InPart,
    /// Rows came and went without a word: ids are looked at, twice, and rows are read by them.
    Silent,
}

impl Scene {
    pub const ALL: [Scene; 7] =
        [Scene::First, Scene::Changes, Scene::Mapped, Scene::Cleared, Scene::Everything, Scene::InPart, Scene::Silent];

    fn options(self) -> &'static str {
        match self {
            Scene::Cleared => "deletions: { most: 100, clear_after: 0s }",
            Scene::Everything => "full_every: 0s, deletions: { most: 100 }",
            _ => "deletions: { most: 100 }",
        }
    }
}

/// A home with one connection to a sandbox that goes on living while processes die.
pub struct Twins {
    pub sandbox: Sandbox,
    /// How often a running engine reads it.
    pub every: Option<&'static str>,
    folder: TempDir,
    calm: Engine,
    stores: u32,
    hidden_job: Option<String>,
    /// Of both stores, when they were equal last.
    before: [Picture; 2],
}

impl Twins {
    pub async fn start(seed: u64) -> Twins {
        let sandbox = Sandbox::start(Options { candidates: 40, seed, ..Options::default() }).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        for part in ["mappings", "scripts"] {
            copy(&Path::new(ROOT).join(part), &folder.path().join(part));
        }
        std::fs::create_dir(folder.path().join("connections")).unwrap();
        let calm = Engine::open(folder.path(), Some(&folder.path().join("calm-0.db"))).await.unwrap();
        let twins = Twins {
            sandbox,
            every: None,
            folder,
            calm,
            stores: 0,
            hidden_job: None,
            before: [Picture::default(), Picture::default()],
        };
        let connector = "mappings/carerix/connector.yaml";
        twins.edit(connector, "overlap: 2h", "overlap: 0s");
        twins.edit(connector, "  size: 100\n", "  size: 15\n");
        twins
    }

    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    /// The store of which the syncs are disturbed.
    pub fn store(&self) -> PathBuf {
        self.home().join(format!("disturbed-{}.db", self.stores))
    }

    fn edit(&self, path: &str, from: &str, to: &str) {
        let path = self.home().join(path);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} is not in {}", path.display());
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// Makes what a sync then has to do.
    pub async fn set(&mut self, scene: Scene, seed: u64) {
        let base = self.sandbox.base_url();
        let text = format!(
            "connector: carerix\n\
             settings: {{ tenant: sandbox, realm: sandbox, identity: \"{base}\", api: \"{base}\" }}\n\
             credentials: {{ client_id: \"env:TEST_CLIENT_ID\", client_secret: \"env:TEST_CLIENT_SECRET\" }}\n\
             options: {{ every: {}, {} }}\n",
            self.every.unwrap_or("1h"),
            scene.options()
        );
        std::fs::write(self.home().join(format!("connections/{NAME}.yaml")), text).unwrap();
        self.sandbox.churn_as(Churn { seed, edits: 6, inserts: 2, archives: 2, deletes: 2 });
        match scene {
            Scene::First => {
                self.stores += 1;
                let calm = self.home().join(format!("calm-{}.db", self.stores));
                self.calm = Engine::open(self.home(), Some(&calm)).await.unwrap();
                self.before = [Picture::default(), Picture::default()];
            }
            Scene::Mapped => {
                self.turn("mappings/carerix/jobs.yaml", "department: agency.name", "department: { value: Everywhere }");
                let company = "company: [currentEmployerName, mostRecentWorkHistory.employer]";
                self.turn("mappings/carerix/candidates.yaml", company, "company: { value: Somewhere }");
            }
            Scene::InPart => {
                let id = self.some("crEmployeePage", seed);
                let name = format!("Nora {seed}");
                self.sandbox.edit("CREmployee", &id, |it| drop(it.insert("firstName".into(), json!(name)))).unwrap();
                let plan = format!(
                    "rules: [{{ when: {{ operation: crEmployeePage }}, times: 1, \
                     do: {{ partial: {{ paths: ['crEmployeePage.items.#{id}.firstName'] }} }} }}]"
                );
                self.sandbox.set_faults(Faults::parse(&plan).unwrap()).unwrap();
            }
            Scene::Silent => {
                let long_ago = "2024-05-01 10:00:00";
                let ago = json!({ "firstName": "Ada", "creationDate": long_ago, "modificationDate": long_ago });
                self.sandbox.insert("CREmployee", &fields(ago)).unwrap();
                let (id, flag) = match self.hidden_job.take() {
                    Some(id) => (id, 0),
                    None => (self.some("crVacancyPage", seed), 1),
                };
                let hidden = json!({ "isTemplate": flag, "modificationDate": long_ago });
                // It may be gone for good meanwhile.
                let edited = self.sandbox.edit("CRVacancy", &id, |it| it.extend(fields(hidden)));
                self.hidden_job = (flag == 1 && edited.is_ok()).then_some(id);
            }
            Scene::Changes | Scene::Cleared | Scene::Everything => {}
        }
    }

    /// Puts one line in the place of the other, whichever is there.
    fn turn(&self, path: &str, one: &str, other: &str) {
        let text = std::fs::read_to_string(self.home().join(path)).unwrap();
        let (from, to) = if text.contains(one) { (one, other) } else { (other, one) };
        self.edit(path, from, to);
    }

    /// The id of some row that is not flagged as deleted.
    fn some(&self, query: &str, seed: u64) -> String {
        let answer =
            self.sandbox.query(&format!("{{ {query}(norestrict: true) {{ items {{ _id deleted }} }} }}")).unwrap();
        let rows = answer[query]["items"].as_array().unwrap();
        let live: Vec<&str> =
            rows.iter().filter(|row| row["deleted"] == 0).filter_map(|row| row["_id"].as_str()).collect();
        live[seed as usize % live.len()].to_owned()
    }

    pub fn credentials(&self) -> Credentials {
        let Options { client_id, client_secret, .. } = self.sandbox.options().clone();
        Credentials::of_client(client_id, client_secret)
    }

    /// Reads the tenant into the store that is left in peace, and gives what both hold.
    async fn pictures(&self, what: &str) -> [Picture; 2] {
        self.sandbox.set_faults(Faults::default()).unwrap();
        let connection = self.calm.connection(NAME).unwrap();
        let report = self.calm.sync(&connection, self.credentials(), &SyncOptions::default(), |_| {}).await.unwrap();
        for model in &report.models {
            assert!(matches!(model.state, State::Complete), "{what}: {} {:?}", model.model.name, model.state);
        }
        [Picture::of(&self.store()).await, Picture::of(self.calm.store().path()).await]
    }

    /// The same where both were not read at the same moments: one may have seen what the other did not, and compared is
    /// what is there now.
    pub async fn assert_live(&mut self, what: &str) {
        let [disturbed, calm] = self.pictures(what).await;
        let live = |picture: &Picture| {
            let mut live = picture.clone();
            live.rows.retain(|_, row| !row.deleted);
            live.contents()
        };
        let difference = differences(&live(&disturbed), &live(&calm));
        assert!(difference.is_empty(), "{what}: {} differ\n{}", difference.len(), difference.join("\n"));
        assert_eq!(disturbed.running, Vec::<String>::new(), "{what}: runs that nobody goes on with");
        disturbed.assert_told_what_happened(&self.before[0], what);
        self.before = [disturbed, calm];
    }

    /// Reads the tenant into the store that is left in peace, and compares it with the other.
    pub async fn assert_equal(&mut self, scene: Scene, what: &str) {
        let [disturbed, calm] = self.pictures(what).await;
        let difference = differences(&disturbed.contents(), &calm.contents());
        assert!(
            difference.is_empty(),
            "{what}: {} differ\n{}",
            difference.len(),
            difference[..difference.len().min(6)].join("\n")
        );
        assert_eq!(disturbed.running, Vec::<String>::new(), "{what}: runs that nobody goes on with");
        for (picture, before) in [&disturbed, &calm].into_iter().zip(&self.before) {
            picture.assert_told_what_happened(before, what);
            picture.assert_told_what_vanished(before, what);
        }
        // A record that came in part was told of once more when it came whole.
        if scene != Scene::InPart {
            let (told, expected) =
                (disturbed.sums_after(self.before[0].last_number()), calm.sums_after(self.before[1].last_number()));
            assert_eq!(told, expected, "{what}: created, changed and deleted, as they were told");
        }
        self.before = [disturbed, calm];
    }
}

fn differences(one: &BTreeMap<(String, String), String>, other: &BTreeMap<(String, String), String>) -> Vec<String> {
    let keys: std::collections::BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let differ = keys.into_iter().filter(|key| one.get(*key) != other.get(*key));
    differ.map(|key| format!("{key:?}\n  disturbed: {:?}\n  in peace:  {:?}", one.get(key), other.get(key))).collect()
}
