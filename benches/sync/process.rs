//! Processes of the bench: how they are started, how they answer, and what the kernel says about them.

use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Outcome;

/// The kernel counts processor time of processes in hundredths of a second.
const TICKS_A_SECOND: f64 = 100.0;

/// A part of the bench in a process of its own, which ends with this value.
pub struct Child {
    process: std::process::Child,
    output: BufReader<ChildStdout>,
}

impl Child {
    /// Starts this program again with a part to play.
    pub fn start(part: &[&str]) -> Outcome<Child> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("child")
            .args(part)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = BufReader::new(process.stdout.take().ok_or("the output is piped")?);
        Ok(Child { process, output })
    }

    /// What it says next.
    pub fn line<T: DeserializeOwned>(&mut self) -> Outcome<T> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(serde_json::from_str(&line).map_err(|error| format!("a process of the bench failed: {error}"))?)
    }

    /// Its processor time so far.
    pub fn cpu_seconds(&self) -> Outcome<f64> {
        cpu_seconds(&self.process.id().to_string())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It ends when its input does, or has ended already.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// Says what the process that started this one wants to know.
pub fn report<T: Serialize>(answer: &T) -> Outcome<()> {
    println!("{}", serde_json::to_string(answer)?);
    Ok(())
}

/// Waits until the process that started this one lets go of it.
pub fn wait_for_the_end() -> Outcome<()> {
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// What a piece of work cost this process.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Readings {
    pub seconds: f64,
    pub cpu_seconds: f64,
    /// Processor time of each kind of thread, by name.
    pub threads: Vec<(String, f64)>,
}

/// Reads clocks before a piece of work, for the differences after it.
pub struct Meter {
    begun: Instant,
    cpu_seconds: f64,
    threads: Vec<(String, f64)>,
}

impl Meter {
    pub fn start() -> Outcome<Meter> {
        Ok(Meter { begun: Instant::now(), cpu_seconds: cpu_seconds("self")?, threads: threads()? })
    }

    pub fn stop(self) -> Outcome<Readings> {
        let seconds = self.begun.elapsed().as_secs_f64();
        let before = |name: &str| self.threads.iter().find(|thread| thread.0 == name).map_or(0.0, |thread| thread.1);
        let threads = threads()?.into_iter().map(|(name, after)| (name.clone(), after - before(&name)));
        Ok(Readings {
            seconds,
            cpu_seconds: cpu_seconds("self")? - self.cpu_seconds,
            threads: threads.filter(|thread| thread.1 > 0.01).collect(),
        })
    }
}

fn cpu_seconds(process: &str) -> Outcome<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name of the program stands in parentheses and may hold blanks.
    let fields = stat.rsplit_once(')').ok_or("the kernel's line is of another form")?.1;
    let ticks = fields.split_ascii_whitespace().skip(11).take(2).map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / TICKS_A_SECOND)
}

/// Processor time of the threads that are alive, those of the same name together. Numbers at the end of a name only
/// tell threads of a kind apart.
fn threads() -> Outcome<Vec<(String, f64)>> {
    let mut kinds: Vec<(String, f64)> = Vec::new();
    for thread in std::fs::read_dir("/proc/self/task")? {
        let folder = thread?.path();
        // A thread may end while it is looked at.
        let Ok(times) = std::fs::read_to_string(folder.join("schedstat")) else { continue };
        let Ok(name) = std::fs::read_to_string(folder.join("comm")) else { continue };
        let nanoseconds: f64 = times.split_ascii_whitespace().next().unwrap_or("0").parse()?;
        let name = name.trim().trim_end_matches(|c: char| c.is_ascii_digit() || c == '-').to_owned();
        match kinds.iter_mut().find(|kind| kind.0 == name) {
            Some(kind) => kind.1 += nanoseconds / 1e9,
            None => kinds.push((name, nanoseconds / 1e9)),
        }
    }
    kinds.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(kinds)
}

/// The most memory that this process ever held.
pub fn peak_kib() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("the kernel names the peak")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

/// A runtime whose two kinds of thread can be told apart by name: two that run tasks, and any number for work that
/// blocks.
pub fn runtime() -> Outcome<tokio::runtime::Runtime> {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static STARTED: AtomicUsize = AtomicUsize::new(0);
    let name = || match STARTED.fetch_add(1, Ordering::Relaxed) {
        0 | 1 => "tasks".to_owned(),
        _ => "blocking".to_owned(),
    };
    let builder = &mut tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).thread_name_fn(name).enable_all().build()?;
    // Both have taken up their work before any other thread is started.
    std::thread::sleep(Duration::from_millis(50));
    Ok(runtime)
}
