//! What a whole sync costs: this engine against a sync written by hand for the same candidates, both reading
//! pre-rendered pages over HTTP into a fresh SQLite file.
//!
//! Every part runs in a process of its own, so that its processor time and its memory are its own: the server that
//! replays pages, the engine, the sync by hand, the sandbox. `--quick` reads 5,000 records; `--records N` as many as
//! you like.
#![expect(clippy::print_stdout, reason = "a bench prints its figures, and its processes talk through their output")]

mod by_hand;
mod home;
mod ours;
mod process;
mod replay;
mod sandbox;

use std::path::{Path, PathBuf};

use process::{Child, Readings};
use serde::{Deserialize, Serialize};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Requests that each side may have under way.
const IN_FLIGHT: usize = 8;

/// What the operation asks for in a page.
const PAGE: u32 = 100;

const CONNECTION: &str = "sandbox";

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What a process is asked to sync.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Task {
    home: PathBuf,
    /// The base address of the replay server.
    server: String,
    records: u32,
    delay_ms: u64,
    store: PathBuf,
}

impl Task {
    fn endpoint(&self) -> String {
        format!("{}/{}/{}/graphql", self.server, self.records, self.delay_ms)
    }

    fn token_url(&self) -> String {
        format!("{}/token", self.server)
    }
}

/// What a sync into an empty store and a second one cost.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Synced {
    first: Readings,
    second: Readings,
    peak_kib: u64,
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["child", "replay", home] => replay::serve(Path::new(home)),
        ["child", "engine", task] => process::report(&ours::sync(&serde_json::from_str(task)?)?),
        ["child", "by hand", task] => process::report(&by_hand::sync(&serde_json::from_str(task)?)?),
        ["child", "sandbox", records] => sandbox::serve(records.parse()?),
        _ => compare(&words),
    }
}

fn compare(words: &[&str]) -> Outcome<()> {
    let records = match words.iter().position(|word| *word == "--records") {
        Some(at) => words.get(at + 1).ok_or("--records wants a number")?.parse()?,
        None if words.contains(&"--quick") => 5_000,
        None => 100_000,
    };
    let rounds = if words.contains(&"--quick") { 1 } else { 3 };
    let scratch = tempfile::tempdir()?;
    let home = home::prepare(&scratch.path().join("home"))?;
    let mut server = Child::start(&["replay", path(&home)])?;
    let replayed: replay::Replayed = server.line()?;
    println!(
        "{records} candidates of {} bytes, pages of {PAGE}, {IN_FLIGHT} requests in flight",
        replayed.bytes_a_record
    );

    let bench = Bench { scratch: scratch.path(), home: &home, server: &server, address: replayed.address };
    bench.check_agreement()?;
    println!("\n{:<34}{:>10}{:>10}{:>10}{:>10}{:>10}", "", "records/s", "µs CPU", "server", "again/s", "peak MiB");
    for delay_ms in [0, 50] {
        let rates = bench.measure(records, delay_ms, rounds)?;
        println!("{:<34}{:>10.2}{:>30.2}", "  engine / by hand", rates[0].0 / rates[1].0, rates[0].1 / rates[1].1);
    }
    if records > 10_000 {
        println!("\nmemory: a tenth of the records");
        bench.measure(records / 10, 0, 1)?;
    }
    drop(server);
    println!("\nthe sandbox itself, serving the same records");
    sandbox::measure(&home, records)
}

/// What all measurements share.
struct Bench<'b> {
    scratch: &'b Path,
    home: &'b Path,
    server: &'b Child,
    address: String,
}

impl Bench<'_> {
    /// Runs both sides in turns, so that a slow moment of the machine meets both, and prints their medians. Returns
    /// records a second of the first and the second sync of each side.
    fn measure(&self, records: u32, delay_ms: u64, rounds: usize) -> Outcome<[(f64, f64); 2]> {
        let mut sides = [("engine", Vec::new()), ("by hand", Vec::new())];
        for _ in 0..rounds {
            for (side, runs) in &mut sides {
                runs.push(self.run(side, records, delay_ms)?);
            }
        }
        let rates = sides.map(|(side, mut runs)| {
            runs.sort_by(|a, b| a.0.first.seconds.total_cmp(&b.0.first.seconds));
            let (synced, server_seconds) = &runs[runs.len() / 2];
            let each = f64::from(records);
            let rate = |readings: &Readings| each / readings.seconds;
            println!(
                "{:<34}{:>10.0}{:>10.1}{:>10.1}{:>10.0}{:>10}",
                format!("{side}, {records} records, {delay_ms} ms"),
                rate(&synced.first),
                synced.first.cpu_seconds / each * 1e6,
                server_seconds / (2.0 * each) * 1e6,
                rate(&synced.second),
                synced.peak_kib / 1024,
            );
            for (thread, seconds) in &synced.first.threads {
                println!("{:>44}{:>10.1}", thread, seconds / each * 1e6);
            }
            (rate(&synced.first), rate(&synced.second))
        });
        Ok(rates)
    }

    fn run(&self, side: &str, records: u32, delay_ms: u64) -> Outcome<(Synced, f64)> {
        let store = self.store(side);
        let folder = store.parent().ok_or("a store has a folder")?;
        std::fs::create_dir_all(folder)?;
        let task =
            Task { home: self.home.to_owned(), server: self.address.clone(), records, delay_ms, store: store.clone() };
        let before = self.server.cpu_seconds()?;
        let synced = Child::start(&[side, &serde_json::to_string(&task)?])?.line()?;
        let server_seconds = self.server.cpu_seconds()? - before;
        std::fs::remove_dir_all(folder)?;
        Ok((synced, server_seconds))
    }

    fn store(&self, side: &str) -> PathBuf {
        self.scratch.join(side).join("store.db")
    }

    /// Both sides must come to the same unified records, or they cannot be compared.
    fn check_agreement(&self) -> Outcome<()> {
        let mut found = Vec::new();
        for side in ["engine", "by hand"] {
            let store = self.store(side);
            std::fs::create_dir_all(store.parent().ok_or("a store has a folder")?)?;
            let task = Task {
                home: self.home.to_owned(),
                server: self.address.clone(),
                records: 2_000,
                delay_ms: 0,
                store: store.clone(),
            };
            let _: Synced = Child::start(&[side, &serde_json::to_string(&task)?])?.line()?;
            found.push(by_hand::unified(&store)?);
        }
        let same = found[0].iter().filter(|(id, json)| found[1].get(*id) == Some(*json)).count();
        println!("both sides wrote the same unified JSON for {same} of {} candidates", found[0].len());
        if same * 100 < found[0].len() * 99 {
            for (id, json) in found[0].iter().filter(|(id, json)| found[1].get(*id) != Some(*json)).take(1) {
                println!("engine:  {json}\nby hand: {}", found[1].get(id).map_or("nothing", String::as_str));
            }
            return Err("the two sides do not do the same".into());
        }
        Ok(())
    }
}

fn path(path: &Path) -> &str {
    path.to_str().expect("the scratch folder has a plain name")
}
