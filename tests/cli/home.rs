//! Home folders to try things in, and the binary that is tried.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use crosswalk::engine::Engine;
use crosswalk::model::{MODELS, Model};
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Row, SqliteConnection};
use tempfile::TempDir;

use crate::copy::copy;

pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Small enough to be read in no time, large enough to have every kind of record.
const FEW: u32 = 60;

/// A home folder with the mappings and scripts that come with the engine.
pub struct TempHome {
    folder: TempDir,
}

/// What a run of the binary left behind.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl TempHome {
    /// A home with the connection `sandbox`, to a sandbox of few records.
    pub fn new() -> TempHome {
        let home = TempHome::with_connection("sandbox");
        home.write_sandbox(&format!("seed: 7, candidates: {FEW}"));
        home
    }

    /// A home with the connection `sandbox` as it comes with the engine.
    pub fn with_the_usual_sandbox() -> TempHome {
        let home = TempHome::with_connection("sandbox");
        let usual = std::fs::read_to_string(Path::new(ROOT).join("connections/sandbox.yaml")).unwrap();
        home.write("connections/sandbox.yaml", &usual);
        home
    }

    /// A home with the connection `local`, to an address that is running or is not.
    pub fn with_address(base: &str) -> TempHome {
        let home = TempHome::with_connection("local");
        home.write(
            "connections/local.yaml",
            &format!(
                "connector: carerix\n\
                 settings: {{ tenant: sandbox, realm: sandbox, identity: \"{base}\", api: \"{base}\" }}\n\
                 credentials: {{ client_id: \"env:TEST_CLIENT_ID\", client_secret: \"env:TEST_CLIENT_SECRET\" }}\n"
            ),
        );
        home
    }

    /// The same with the cases that come with the engine, and their snapshots.
    pub fn with_cases() -> TempHome {
        let home = TempHome::new();
        copy(&Path::new(ROOT).join("tests/cases"), &home.path().join("tests/cases"));
        let snapshots = home.path().join("snapshots");
        std::fs::create_dir(&snapshots).unwrap();
        for entry in std::fs::read_dir(Path::new(ROOT).join("snapshots")).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if name.ends_with(".snap") && MODELS.iter().any(|model| name.starts_with(&format!("{}__", model.name))) {
                std::fs::copy(entry.path(), snapshots.join(name)).unwrap();
            }
        }
        home
    }

    fn with_connection(name: &str) -> TempHome {
        let home = TempHome { folder: tempfile::tempdir().unwrap() };
        for folder in ["mappings", "scripts"] {
            copy(&Path::new(ROOT).join(folder), &home.path().join(folder));
        }
        std::fs::create_dir(home.path().join("connections")).unwrap();
        home.write(&format!("connections/{name}.yaml"), "");
        home
    }

    /// What the sandbox of the connection `sandbox` is started with.
    pub fn write_sandbox(&self, settings: &str) {
        self.write(
            "connections/sandbox.yaml",
            &format!(
                "connector: carerix\nsandbox: {{ {settings} }}\n\
                 settings: {{ tenant: sandbox, realm: sandbox, identity: \"{{sandbox}}\", api: \"{{sandbox}}\" }}\n\
                 options: {{ remote_data: true }}\n"
            ),
        );
    }

    /// Pages of `size` rows, so that a small tenant has many.
    pub fn set_page_size(&self, size: u32) {
        self.edit("mappings/carerix/connector.yaml", "  size: 100\n", &format!("  size: {size}\n"));
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn store(&self) -> PathBuf {
        self.path().join("crosswalk.db")
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).unwrap()
    }

    pub fn write(&self, path: &str, text: &str) {
        std::fs::write(self.path().join(path), text).unwrap();
    }

    /// Replaces what must stand in the file exactly once.
    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.path().join(path)).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{path} has not one `{from}`");
        self.write(path, &text.replace(from, to));
    }

    /// The binary, in an environment that nobody has touched.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = crosswalk(arguments);
        command.current_dir(self.path());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(&self.command(arguments).output().unwrap())
    }

    /// Runs what must end with this code.
    pub fn expect(&self, code: i32, arguments: &[&str]) -> Run {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}\n{}\n{}", run.stdout, run.stderr);
        run
    }

    /// Syncs, and gives the report.
    pub fn sync(&self) -> Value {
        let run = self.expect(0, &["sync", "sandbox", "--json"]);
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.stdout))
    }

    /// `list --json` of every model.
    pub fn lists(&self) -> BTreeMap<&'static str, String> {
        let list = |model: &'static Model| (model.name, self.expect(0, &["list", model.name, "--json"]).stdout);
        MODELS.iter().map(|model| list(model)).collect()
    }

    pub async fn engine(&self) -> Engine {
        Engine::open(self.path(), None).await.unwrap()
    }

    /// The store as any program reads it.
    pub async fn database(&self) -> SqliteConnection {
        SqliteConnectOptions::new().filename(self.store()).read_only(true).connect().await.unwrap()
    }

    /// All that the store knows of every record, except when it happened.
    pub async fn contents(&self) -> Vec<String> {
        let rows = sqlx::query(
            "SELECT concat_ws(' | ', scopes.connection, scopes.model, records.key, records.remote_id, records.id, \
             hex(records.raw_hash), records.issues, records.failure, records.group_key, records.members_of, \
             records.remote_deleted_at IS NULL, unified.json) \
             FROM records JOIN scopes ON scopes.number = records.scope LEFT JOIN unified ON unified.key = records.key \
             ORDER BY records.key",
        )
        .fetch_all(&mut self.database().await)
        .await
        .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

impl Run {
    pub fn of(output: &Output) -> Run {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Run { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

/// The binary, in an environment that nobody has touched.
pub fn crosswalk(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crosswalk"));
    let from_outside = [
        "CROSSWALK_HOME",
        "CROSSWALK_STORE",
        "CROSSWALK_VAULT",
        "CROSSWALK_VAULT_KEY",
        "CROSSWALK_ALLOW_NETWORKS",
        "CROSSWALK_ALLOW_HTTP",
        "CROSSWALK_ALLOW_PORTS",
        "CROSSWALK_LOG",
        "CROSSWALK_LOG_FORMAT",
        "COLUMNS",
        "NO_COLOR",
        "CLICOLOR_FORCE",
    ];
    for name in from_outside {
        command.env_remove(name);
    }
    command.args(arguments).stdin(Stdio::null());
    command
}

/// The sandbox that comes with the engine, read once for all tests that only look.
pub fn usual_tenant() -> &'static TempHome {
    static HOME: OnceLock<TempHome> = OnceLock::new();
    HOME.get_or_init(|| {
        let home = TempHome::with_the_usual_sandbox();
        home.sync();
        home
    })
}

/// Each line as a record.
pub fn records(lines: &str) -> Vec<Value> {
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The counts of a model in a report.
pub fn counts<'a>(report: &'a Value, model: &str) -> &'a Value {
    let models = report["models"].as_array().unwrap();
    models.iter().find(|report| report["model"] == model).unwrap_or_else(|| panic!("no {model} in {report}"))
}

/// Where and how snapshots are kept: without what differs from run to run.
pub fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(ROOT).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[port]");
    settings.add_filter(r"changed_at( +)\d{4}-\d\d-\d\dT[\d:.]+Z", "changed_at${1}[moment]");
    settings.add_filter(r"revision [0-9a-f]{16}", "revision [hash]");
    settings.add_filter(r"(?m) +\d+\.\d$", " [s]");
    settings.add_filter(r"\d+\.\d s", "[s] s");
    settings
}

/// Compares a text with its snapshot.
#[macro_export]
macro_rules! assert_screen {
    ($name:expr, $text:expr) => {
        $crate::home::snapshots().bind(|| insta::assert_snapshot!(format!("cli__{}", $name), $text))
    };
}
