//! Processes that are killed in the middle of an action, and sources that lose answers meanwhile.

use std::os::unix::process::ExitStatusExt;
use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};

use super::office::{Office, email, output, person};
use crate::tenant::NAME;

/// Runs that are drawn, unless `CROSSWALK_ACTION_SEEDS` says how many.
const SEEDS: u64 = 6;

/// Of the points at which a process can be killed, every so many is, unless `CROSSWALK_ACTION_STRIDE` says otherwise.
const STRIDE: u64 = 7;

fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |number| number.parse().unwrap())
}

/// What is wanted, and what there has to be in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Note,
    Candidate,
}

impl Wanted {
    fn action(self) -> &'static str {
        match self {
            Wanted::Note => "add_application_note",
            Wanted::Candidate => "create_candidate",
        }
    }

    async fn input(self, office: &Office, name: &str) -> Value {
        match self {
            Wanted::Note => json!({"application_id": office.application().await, "content": format!("Called {name}.")}),
            Wanted::Candidate => person(name),
        }
    }

    /// How often it came true: of a candidate, with all files.
    fn found(self, office: &Office, name: &str) -> usize {
        match self {
            Wanted::Note => office.notes(&format!("Called {name}.")),
            Wanted::Candidate => {
                assert_eq!(office.files(&email(name)), ["brief.txt", "cv.txt"], "{name}");
                office.candidates(&email(name)).len()
            }
        }
    }
}

async fn act(office: &Office, wanted: Wanted, input: &str, crash: Option<u64>) -> Output {
    let mut command = office.command(&["act", NAME, wanted.action(), "--json", "--input", input]);
    if let Some(boundary) = crash {
        command.env("CROSSWALK_CRASH_AT", boundary.to_string());
    }
    output(command).await
}

fn assert_done(output: &Output, what: &str) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {}\n{told}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Kills a process at every so many boundaries of its transactions, and does the same again.
async fn at_each_boundary(wanted: Wanted) {
    let office = Office::open().await;
    let stride = number("CROSSWALK_ACTION_STRIDE", STRIDE);
    let mut killed = 0;
    for boundary in (1..).step_by(usize::try_from(stride).unwrap()) {
        let name = format!("At{boundary}");
        let input = office.input("wanted", &wanted.input(&office, &name).await);
        let died = act(&office, wanted, input.to_str().unwrap(), Some(boundary)).await;
        let ended = died.status.signal().is_none();
        killed += u32::from(!ended);
        let what = format!("{wanted:?} killed at {boundary}");
        assert_done(&act(&office, wanted, input.to_str().unwrap(), None).await, &what);
        assert_eq!(wanted.found(&office, &name), 1, "{what}");
        if ended {
            break;
        }
    }
    assert!(killed >= 3, "{killed}");
    println!("{wanted:?}: killed {killed} times at boundaries; one each");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_note_whose_process_is_killed_at_any_point_is_there_once() {
    if cfg!(debug_assertions) {
        at_each_boundary(Wanted::Note).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_candidate_whose_process_is_killed_at_any_point_is_there_once() {
    if cfg!(debug_assertions) {
        at_each_boundary(Wanted::Candidate).await;
    }
}

/// Faults that lose the answer to a change, or to a question, before or after it is worked on.
fn faults(random: &mut fastrand::Rng) -> Value {
    let kinds = [
        json!("reset"),
        json!("reset_in_body"),
        json!("truncated"),
        json!("invalid_json"),
        json!({"html": {"code": 502}}),
    ];
    let rules = (0..random.usize(0..3)).map(|_| {
        json!({
            "when": {"mutation": random.u8(0..4) > 0, "probability": 0.5},
            "times": random.u64(1..3),
            "after": random.u8(0..3) > 0,
            "do": kinds[random.usize(..kinds.len())],
        })
    });
    rules.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_killed_and_lost_there_is_one_of_each_in_the_end() {
    let office = Office::open().await;
    let (mut killed, mut open) = (0, 0);
    for seed in 0..number("CROSSWALK_ACTION_SEEDS", SEEDS) {
        let mut random = fastrand::Rng::with_seed(seed);
        let wanted = if random.bool() { Wanted::Note } else { Wanted::Candidate };
        let name = format!("Seed{seed}");
        let input = office.input("wanted", &wanted.input(&office, &name).await);
        let input = input.to_str().unwrap();
        for _ in 0..random.u32(1..4) {
            office.faults(faults(&mut random));
            let output = if cfg!(debug_assertions) && random.bool() {
                let boundary = random.u64(1..60);
                act(&office, wanted, input, Some(boundary)).await
            } else {
                kill_after(&office, wanted, input, Duration::from_millis(random.u64(20..400))).await
            };
            killed += u32::from(output.status.signal().is_some());
            open += u32::from(output.status.code() == Some(1));
            if output.status.success() {
                break;
            }
        }
        office.calm();
        assert_done(&act(&office, wanted, input, None).await, &name);
        assert_eq!(wanted.found(&office, &name), 1, "{name}");
        let told = assert_done(&act(&office, wanted, input, None).await, &name);
        assert_eq!(told["repeated"], true, "{name}");
    }
    println!("{killed} processes were killed, {open} runs were left open; one of each");
}

/// Kills a process so long after it began, wherever that is.
async fn kill_after(office: &Office, wanted: Wanted, input: &str, moment: Duration) -> Output {
    let mut child = office.command(&["act", NAME, wanted.action(), "--json", "--input", input]).spawn().unwrap();
    tokio::time::sleep(moment).await;
    // It may have ended.
    let _ = child.kill();
    tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap()
}
