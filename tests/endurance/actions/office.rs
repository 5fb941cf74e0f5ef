//! A home with one connection on which actions are done, in this process and by commands.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosswalk::action::{ActionError, Wish};
use crosswalk::connector::{Connection, Live, Revision};
use crosswalk::engine::{Acted, Engine};
use crosswalk::model::{APPLICATIONS, Action, Model};
use crosswalk::sandbox::{Faults, Options, Sandbox};
use crosswalk::source::{Credentials, Source};
use crosswalk::store::ActionState;
use crosswalk::sync::{Followed, Pace, Reading, SyncOptions, Told};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::copy::copy;
use crate::tenant::{NAME, ROOT};

/// The candidates that a tenant has before anything is done.
pub const BEFORE: u32 = 12;

/// A home, the sandbox that is its source, and an engine over it.
pub struct Office {
    pub sandbox: Sandbox,
    pub engine: Engine,
    folder: TempDir,
}

impl Office {
    /// One whose candidates, jobs and applications were read.
    pub async fn open() -> Office {
        let sandbox = Sandbox::start(Options { candidates: BEFORE, seed: 7, ..Options::default() }).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        for part in ["mappings", "scripts"] {
            copy(&Path::new(ROOT).join(part), &folder.path().join(part));
        }
        std::fs::create_dir(folder.path().join("connections")).unwrap();
        let engine = Engine::open(folder.path(), None).await.unwrap();
        let office = Office { sandbox, engine, folder };
        office.write("mappings/carerix/actions/create_candidate.yaml", include_str!("create_candidate.yaml"));
        office.connect("");
        office.sync().await;
        office
    }

    /// Writes the connection with these options, as YAML in braces.
    pub fn connect(&self, options: &str) {
        let base = self.sandbox.base_url();
        let options = if options.is_empty() { String::new() } else { format!("options: {options}\n") };
        let text = format!(
            "connector: carerix\n\
             settings: {{ tenant: sandbox, realm: sandbox, identity: \"{base}\", api: \"{base}\" }}\n\
             credentials: {{ client_id: \"env:TEST_CLIENT_ID\", client_secret: \"env:TEST_CLIENT_SECRET\" }}\n\
             limits: {{ attempts: 3, pause: 1ms, longest_pause: 5ms, longest_wait: 50ms, timeout: 1s, stall: 500ms, \
             rate: {{ requests: 1000, burst: 100 }} }}\n{options}",
        );
        self.write(&format!("connections/{NAME}.yaml"), &text);
    }

    pub fn home(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.home().join(path)).unwrap();
        assert!(text.contains(from), "{from} is not in {path}");
        self.write(path, &text.replacen(from, to, 1));
    }

    /// Waits until a run is done.
    pub async fn until_done(&self, run: &str) {
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let kept = self.engine.store().action_run(run).await.unwrap().unwrap();
            if kept.state == ActionState::Done {
                return;
            }
            assert!(Instant::now() < end, "{kept:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub fn connection(&self) -> Connection {
        self.engine.connection(NAME).unwrap()
    }

    pub fn credentials(&self) -> Credentials {
        let Options { client_id, client_secret, .. } = self.sandbox.options().clone();
        Credentials::of_client(client_id, client_secret)
    }

    pub async fn sync(&self) {
        let options = SyncOptions::default();
        self.engine.sync(&self.connection(), self.credentials(), &options, |_| {}).await.unwrap();
    }

    /// Follows what the source tells of records, as a webhook does.
    pub async fn follow(&self, model: &'static Model, ids: &[String]) -> Followed {
        let connection = self.connection();
        let revision = Revision::load(self.engine.home(), &connection).unwrap();
        let source = Arc::new(Source::new(revision.remote.clone(), self.credentials()).unwrap());
        let reading = Reading {
            connection: NAME.to_owned(),
            live: Arc::new(Live::new(revision)),
            source,
            store: self.engine.store().clone(),
            pace: Pace::default(),
            tenant: connection.tenant().to_owned(),
            rules: connection.options.sync,
        };
        let told: Vec<Told> = ids.iter().map(|id| Told { remote_id: id.clone(), gone: false }).collect();
        reading.follow(model, &told).await.unwrap()
    }

    pub async fn act(&self, wish: Wish) -> Result<Acted, ActionError> {
        self.engine.act(&self.connection(), self.credentials(), wish).await
    }

    pub async fn resume(&self, run: &str) -> Result<Acted, ActionError> {
        self.engine.resume_action(&self.connection(), self.credentials(), run).await
    }

    pub fn faults(&self, rules: Value) {
        let faults = Faults::parse(&json!({ "rules": rules }).to_string()).unwrap();
        self.sandbox.set_faults(faults).unwrap();
    }

    pub fn calm(&self) {
        self.sandbox.set_faults(Faults::default()).unwrap();
    }

    /// What the source has, whatever faults it has.
    pub fn rows(&self, query: &str, qualifier: &str, fields: &str) -> Vec<Value> {
        let extra = if query == "crToDoPage" { "ekey: note, " } else { "" };
        let text = format!("{{ {query}({extra}qualifier: \"{qualifier}\") {{ items {{ {fields} }} }} }}");
        let answer = self.sandbox.query(&text).unwrap();
        let data = answer.get("data").unwrap_or(&answer);
        data[query]["items"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
    }

    /// Candidates with this address.
    pub fn candidates(&self, email: &str) -> Vec<Value> {
        self.rows("crEmployeePage", &format!("emailAddress = '{email}'"), "_id firstName lastName importID")
    }

    /// The names of the files of a candidate with this address.
    pub fn files(&self, email: &str) -> Vec<String> {
        let fields = "attachments { items { filePath } }";
        let rows = self.rows("crEmployeePage", &format!("emailAddress = '{email}'"), fields);
        let files = rows.iter().flat_map(|row| row["attachments"]["items"].as_array().unwrap().clone());
        let mut names: Vec<String> =
            files.map(|file| file["filePath"].as_str().unwrap_or_default().to_owned()).collect();
        names.sort();
        names
    }

    /// Notes with this text.
    pub fn notes(&self, text: &str) -> usize {
        self.rows("crToDoPage", &format!("toNotes.notes = '{text}'"), "_id").len()
    }

    /// The unified id of some application.
    pub async fn application(&self) -> String {
        let listed = self.engine.list(Some(NAME), &APPLICATIONS, None, 1).await.unwrap();
        listed.records[0].value()["id"].as_str().unwrap().to_owned()
    }

    /// A command on this home.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosswalk"));
        for name in ["CROSSWALK_HOME", "CROSSWALK_STORE", "CROSSWALK_LOG"] {
            command.env_remove(name);
        }
        let options = self.sandbox.options();
        command.env("TEST_CLIENT_ID", &options.client_id).env("TEST_CLIENT_SECRET", &options.client_secret);
        command.current_dir(self.home()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.args(arguments);
        command
    }

    /// Writes an input beside the home, and gives its path.
    pub fn input(&self, name: &str, input: &Value) -> PathBuf {
        let path = self.home().join(format!("{name}.json"));
        std::fs::write(&path, input.to_string()).unwrap();
        path
    }
}

/// Runs a command to its end without holding up the sandbox.
pub async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

pub fn wish(action: &str, input: Value) -> Wish {
    Wish { action: Action::named(action).unwrap(), input, key: None }
}

/// A candidate with two files.
pub fn person(name: &str) -> Value {
    json!({
        "candidate": {
            "first_name": name, "last_name": "van der Ærø", "email_address": format!("{}@example.org", name.to_lowercase()),
        },
        "attachments": [
            { "name": "cv.txt", "type": "CV", "content_type": "text/plain", "data": "QWRhIHdhcyBoZXJlLg==" },
            { "name": "brief.txt", "type": "OTHER", "content_type": "text/plain", "data": "Qm9iIHdhcyBoZXJlLg==" },
        ],
    })
}

pub fn email(name: &str) -> String {
    format!("{}@example.org", name.to_lowercase())
}
