//! A server at work on a home of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use crate::copy::copy;

pub const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Long enough on any machine. Nothing waits so long unless a test fails.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A home with connections to sandboxes of their own.
pub struct TempHome(TempDir);

/// A running server. It is killed with its owner.
pub struct Server {
    pub process: Child,
    pub base: String,
    pub client: reqwest::Client,
    said: Arc<Mutex<String>>,
}

/// An answer.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

/// A key, and the integration that it is used for.
#[derive(Debug, Clone)]
pub struct Keyed {
    pub key: String,
    pub integration: String,
}

impl TempHome {
    pub fn new(connections: &[&str]) -> TempHome {
        let home = TempHome(tempfile::tempdir().unwrap());
        for folder in ["mappings", "scripts"] {
            copy(&Path::new(ROOT).join(folder), &home.path().join(folder));
        }
        std::fs::create_dir(home.path().join("connections")).unwrap();
        for name in connections {
            home.connect(name, "seed: 7, candidates: 20", "");
        }
        home
    }

    pub fn connect(&self, name: &str, sandbox: &str, rest: &str) {
        let text = format!(
            "connector: carerix\nsandbox: {{ {sandbox} }}\n\
             settings: {{ tenant: sandbox, realm: sandbox, identity: \"{{sandbox}}\", api: \"{{sandbox}}\" }}\n{rest}"
        );
        self.write(&format!("connections/{name}.yaml"), &text);
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let beside = path.with_extension("new");
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(beside, path).unwrap();
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_crosswalk"));
        for name in [
            "CROSSWALK_HOME",
            "CROSSWALK_STORE",
            "CROSSWALK_VAULT",
            "CROSSWALK_VAULT_KEY",
            "CROSSWALK_LOG",
            "CROSSWALK_LOG_FORMAT",
        ] {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// The output of what must go well.
    pub fn expect(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Makes a key, for the integration of a connection.
    pub fn key(&self, name: &str, connection: &str, flags: &[&str]) -> Keyed {
        let made = self.expect(&[&["keys", "create", name, "--json"], flags].concat());
        let made: Value = serde_json::from_str(&made).unwrap();
        let integrations = made["integrations"].as_array().unwrap();
        let integration =
            integrations.iter().find(|it| it["connection"] == connection).map(|it| it["id"].as_str().unwrap());
        Keyed { key: made["key"].as_str().unwrap().to_owned(), integration: integration.unwrap_or_default().to_owned() }
    }

    pub fn serve(&self, flags: &[&str]) -> Server {
        Server::start(self.command(&[&["serve", "127.0.0.1:0"], flags].concat()), reqwest::Client::new())
    }
}

impl Server {
    pub fn start(mut command: Command, client: reqwest::Client) -> Server {
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let said = Arc::new(Mutex::new(String::new()));
        let mut base = None;
        for line in lines.by_ref().map(Result::unwrap) {
            said.lock().unwrap().push_str(&format!("{line}\n"));
            if let Some((_, rest)) = line.split_once("the API is at ") {
                base = rest.split(';').next().map(|base| base.trim().to_owned());
                break;
            }
        }
        let Some(base) = base else { panic!("it does not say where it is: {}", said.lock().unwrap()) };
        // Whoever writes there is not kept waiting.
        let writes = Arc::clone(&said);
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| writes.lock().unwrap().push_str(&format!("{line}\n")));
        });
        Server { process, base, client, said }
    }

    /// All that it said so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub fn request(&self, method: Method, path: &str, keyed: &Keyed) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base)).bearer_auth(&keyed.key);
        request.header("x-integration-id", &keyed.integration)
    }

    pub async fn get(&self, path: &str, keyed: &Keyed) -> Answered {
        Answered::of(self.request(Method::GET, path, keyed)).await
    }

    pub async fn post(&self, path: &str, keyed: &Keyed, body: Value) -> Answered {
        Answered::of(self.request(Method::POST, path, keyed).json(&body)).await
    }

    /// The server's own address, without `/v1`.
    pub fn root(&self) -> &str {
        self.base.strip_suffix("/v1").unwrap()
    }

    /// What the answer to a key says of its integration, once that holds.
    pub async fn until(&self, keyed: &Keyed, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let answered = self.get(&format!("/integrations/{}", keyed.integration), keyed).await;
            if holds(&answered.body["data"]) {
                return answered.body["data"].clone();
            }
            assert!(Instant::now() < end, "{what}: {}\n{}", answered.body, self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub async fn until_synced(&self, keyed: &Keyed) -> Value {
        self.until(keyed, "it was synced", |data| data["setup_status"] == "COMPLETED").await
    }

    /// Tells it to end.
    pub fn tell_to_end(&self) {
        let id = i32::try_from(self.process.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(id).unwrap(), rustix::process::Signal::TERM)
            .unwrap();
    }

    /// Waits until it has ended. Gives its exit code.
    pub async fn ended(&mut self) -> Option<i32> {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < end, "it does not end: {}", self.said());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Answered {
    pub async fn of(request: RequestBuilder) -> Answered {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answered { status, headers, body }
    }

    /// The data of what was done.
    pub fn data(&self) -> &Value {
        assert_eq!((self.status.as_u16(), &self.body["status"]), (200, &Value::from("success")), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/json");
        &self.body["data"]
    }

    /// The error of what was not.
    pub fn error(&self, status: u16, code: Value) -> String {
        assert_eq!((self.status.as_u16(), &self.body["error"]["code"]), (status, &code), "{}", self.body);
        assert_eq!(self.body["status"], "error");
        assert_eq!(self.headers["content-type"], "application/json");
        self.body["error"]["message"].as_str().unwrap().to_owned()
    }
}
