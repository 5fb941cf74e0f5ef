//! Twenty tenants that live and fail, read by one engine for as long as somebody has patience:
//!
//! ```text
//! SOAK_MINUTES=20 cargo test --release --test endurance -- --ignored --nocapture soak
//! ```

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crosswalk::engine::Engine;
use crosswalk::model::MODELS;
use crosswalk::sandbox::{Faults, Options, Sandbox};
use crosswalk::store::RunState;
use crosswalk::sync::{State, SyncOptions};
use tempfile::TempDir;

use crate::copy::copy;
use crate::tenant::{difference, stored};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const CYCLE: Duration = Duration::from_secs(15);

struct Soak {
    folder: TempDir,
    sandboxes: Vec<Sandbox>,
}

fn name(number: usize) -> String {
    format!("tenant_{number:02}")
}

/// Everything goes wrong now and then, and rows come and go between pages.
fn faults(seed: u64) -> Faults {
    let plan = format!(
        "seed: {seed}
rules:
  - {{ when: {{ probability: 0.01 }}, do: {{ throttled: {{ retry_after: 1 }} }} }}
  - {{ when: {{ probability: 0.01 }}, do: {{ status: {{ code: 503 }} }} }}
  - {{ when: {{ probability: 0.005 }}, do: {{ error: {{ error_type: UNAVAILABLE, error_detail: THROTTLED_CPU }} }} }}
  - {{ when: {{ probability: 0.005 }}, do: reset }}
  - {{ when: {{ probability: 0.005 }}, do: reset_in_body }}
  - {{ when: {{ probability: 0.005 }}, do: truncated }}
  - {{ when: {{ probability: 0.003 }}, do: invalid_json }}
  - {{ when: {{ probability: 0.003 }}, do: {{ html: {{ code: 200 }} }} }}
  - {{ when: {{ probability: 0.005 }}, do: {{ html: {{ code: 502 }} }} }}
  - {{ when: {{ probability: 0.02 }}, do: {{ delay: {{ ms: 200 }} }} }}
  - {{ when: {{ probability: 0.002 }}, do: {{ stall: {{ ms: 3000 }} }} }}
  - {{ when: {{ probability: 0.003 }}, do: unauthorized }}
  - {{ when: {{ probability: 0.002 }}, do: revoke_tokens }}
  - {{ when: {{ operation: crEmployeePage, probability: 0.01 }}, do: {{ partial: {{ paths: [crEmployeePage.items.0.firstName] }} }} }}
  - {{ when: {{ operation: crVacancyPage, probability: 0.01 }}, do: denied }}
  - {{ on: token, when: {{ probability: 0.05 }}, do: {{ status: {{ code: 503 }} }} }}
churn: {{ every: 5, do: {{ edits: 3, inserts: 1, archives: 1, deletes: 1 }} }}
"
    );
    Faults::parse(&plan).unwrap()
}

impl Soak {
    async fn start(tenants: usize, candidates: u32) -> Soak {
        let folder = tempfile::tempdir().unwrap();
        for part in ["mappings", "scripts"] {
            copy(&Path::new(ROOT).join(part), &folder.path().join(part));
        }
        std::fs::create_dir(folder.path().join("connections")).unwrap();
        let connector = folder.path().join("mappings/carerix/connector.yaml");
        let text = std::fs::read_to_string(&connector).unwrap();
        std::fs::write(&connector, text.replace("overlap: 2h", "overlap: 5s")).unwrap();
        let mut sandboxes = Vec::new();
        for number in 0..tenants {
            let options = Options { candidates, seed: number as u64, ..Options::default() };
            let sandbox = Sandbox::start(options).await.unwrap();
            let base = sandbox.base_url();
            let text = format!(
                "connector: carerix\n\
                 settings: {{ tenant: t{number}, realm: {realm}, identity: \"{base}\", api: \"{base}\" }}\n\
                 credentials: {{ client_id: \"env:SOAK_ID\", client_secret: \"env:SOAK_SECRET\" }}\n\
                 options: {{ every: {every}s, jitter: 2s, full_every: 5m }}\n\
                 limits: {{ rate: {{ requests: 200 }}, concurrency: 4, timeout: 2s, stall: 1s, pause: 50ms, longest_pause: 1s, \
                 longest_wait: 2s, circuit: {{ failures: 20, pause: 1s, longest_pause: 5s }} }}\n",
                realm = sandbox.options().realm,
                every = CYCLE.as_secs(),
            );
            std::fs::write(folder.path().join(format!("connections/{}.yaml", name(number))), text).unwrap();
            sandboxes.push(sandbox);
        }
        Soak { folder, sandboxes }
    }

    fn run(&self) -> Child {
        let Options { client_id, client_secret, .. } = self.sandboxes[0].options().clone();
        let log = std::fs::File::create(self.folder.path().join("engine.log")).unwrap();
        Command::new(env!("CARGO_BIN_EXE_crosswalk"))
            .args(["--home", self.folder.path().to_str().unwrap(), "--log", "warn", "run"])
            .env("SOAK_ID", client_id)
            .env("SOAK_SECRET", client_secret)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap()
    }

    async fn engine(&self) -> Engine {
        Engine::open_to_read(self.folder.path(), None).await.unwrap()
    }

    /// Whether every model of every connection was read to its end since `since`.
    async fn is_read_since(&self, since: jiff::Timestamp) -> bool {
        let engine = self.engine().await;
        for number in 0..self.sandboxes.len() {
            for model in MODELS {
                let run = engine.store().latest_complete(&name(number), model).await.unwrap();
                if !run.is_some_and(|run| run.started_at > since) {
                    return false;
                }
            }
        }
        true
    }
}

fn rss_mib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
}

async fn soak(tenants: usize, candidates: u32, lasts: Duration) {
    let soak = Soak::start(tenants, candidates).await;
    let mut engine = soak.run();
    let began = Instant::now();
    let first = loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if soak.folder.path().join("crosswalk.db").exists() && soak.is_read_since(jiff::Timestamp::UNIX_EPOCH).await {
            break began.elapsed();
        }
        assert!(began.elapsed() < Duration::from_secs(600), "the first read does not come to its end");
        assert!(engine.try_wait().unwrap().is_none(), "the engine ended");
    };
    println!("{tenants} tenants of {candidates} candidates were read for the first time in {} s", first.as_secs());
    for (number, sandbox) in soak.sandboxes.iter().enumerate() {
        sandbox.set_faults(faults(number as u64)).unwrap();
    }
    let mut memory = Vec::new();
    let began = Instant::now();
    while began.elapsed() < lasts {
        tokio::time::sleep(lasts / 20).await;
        memory.push(rss_mib(engine.id()));
        assert!(engine.try_wait().unwrap().is_none(), "the engine ended");
    }
    let (mut requests, mut changes, mut fired) = (0, 0, std::collections::BTreeMap::<String, u64>::new());
    for sandbox in &soak.sandboxes {
        let stats = sandbox.stats();
        requests += stats.requests;
        changes += stats.changes.values().sum::<u64>();
        stats.faults.into_iter().for_each(|(fault, times)| *fired.entry(fault).or_default() += times);
        sandbox.set_faults(Faults::default()).unwrap();
    }
    println!("MiB of the engine: {memory:?}");
    println!("{requests} requests, {changes} changes of tenants, faults: {fired:?}");
    let quiet = jiff::Timestamp::now();
    let waiting = Instant::now();
    while !soak.is_read_since(quiet).await {
        assert!(waiting.elapsed() < Duration::from_secs(300), "the engine does not recover");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert!(Command::new("kill").arg(engine.id().to_string()).status().unwrap().success());
    assert!(engine.wait().unwrap().success());

    let read = soak.engine().await;
    let history = read.store().history(None, 1_000_000).await.unwrap();
    let of = |state: RunState| history.iter().filter(|run| run.state == state).count();
    println!(
        "{} runs: {} complete, {} failed, {} incomplete, {} held",
        history.len(),
        of(RunState::Complete),
        of(RunState::Failed),
        of(RunState::Incomplete),
        of(RunState::Held)
    );
    let mut divergences = 0;
    for number in 0..tenants {
        let folder = tempfile::tempdir().unwrap();
        let fresh = Engine::open(soak.folder.path(), Some(&folder.path().join("fresh.db"))).await.unwrap();
        let connection = fresh.connection(&name(number)).unwrap();
        let Options { client_id, client_secret, .. } = soak.sandboxes[number].options().clone();
        let credentials = crosswalk::source::Credentials::of_client(client_id, client_secret);
        let report = fresh.sync(&connection, credentials, &SyncOptions::default(), |_| {}).await.unwrap();
        assert!(report.models.iter().all(|model| matches!(model.state, State::Complete)));
        let (has, should) = (stored(&read, &name(number)).await, stored(&fresh, &name(number)).await);
        for told in difference(&has, &should) {
            divergences += 1;
            println!("{}: {told}", name(number));
        }
    }
    println!("{divergences} divergences");
    assert_eq!(divergences, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it takes as long as SOAK_MINUTES says"]
async fn soak_of_twenty_tenants() {
    let minutes = std::env::var("SOAK_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    soak(20, 5000, Duration::from_secs(60 * minutes)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_soak_of_three_tenants() {
    soak(3, 60, Duration::from_secs(8)).await;
}
