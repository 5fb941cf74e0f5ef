//! What mapping costs: the compiled plan of the jobs of `mappings/carerix` against the same mapping written by hand
//! in Rust, from the raw text of a record to the unified one. `--quick` measures less carefully.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod by_hand;
mod raw;
mod records;
mod words;

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use crosswalk::connector::{Connection, Home, Revision};
use crosswalk::mapping::{Context, Mapped, Plan};
use crosswalk::model::{CANDIDATES, JOBS};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const CONNECTION: &str = "sandbox";
/// Records a page, as `connector.yaml` says.
const PAGE: usize = 100;
const NOW: &str = "2026-11-20T11:00:00Z";

fn main() {
    let (rounds, repeats) = if std::env::args().any(|argument| argument == "--quick") { (15, 1) } else { (101, 5) };
    let jobs = Records::new(&records::jobs(400));
    let candidates = Records::new(&cases("candidates"));
    let revision = revision(Path::new(ROOT));
    let without_scripts = without_scripts();
    let plan = revision.plan(&JOBS).expect("jobs are mapped");
    let plain = without_scripts.plan(&JOBS).expect("jobs are mapped");
    let candidate_plan = revision.plan(&CANDIDATES).expect("candidates are mapped");
    both_agree(plan, &jobs);

    let mut by_hand = || {
        let around = surroundings();
        let mut mapped = Mapped::default();
        for raw in jobs.iter() {
            by_hand::map(raw, &around, &mut mapped).expect("it maps");
            black_box(&mapped);
        }
    };
    let mut planned = || with_plan(plan, &jobs);
    let mut without_calls = || with_plan(plain, &jobs);
    let mut planned_candidates = || with_plan(candidate_plan, &candidates);
    let medians =
        medians(rounds, repeats, &mut [&mut by_hand, &mut planned, &mut without_calls, &mut planned_candidates]);

    println!("{} jobs of {} bytes on average, one thread", jobs.spans.len(), jobs.text.len() / jobs.spans.len());
    let rows = [
        ("jobs, by hand", &jobs),
        ("jobs, compiled plan", &jobs),
        ("jobs, plan without scripts", &jobs),
        ("candidates, compiled plan", &candidates),
    ];
    println!("{:<28} {:>12} {:>12} {:>10}", "", "µs a record", "records/s", "by hand =");
    let hand = medians[0] / jobs.spans.len() as f64;
    for ((name, page), seconds) in rows.into_iter().zip(&medians) {
        let each = seconds / page.spans.len() as f64;
        let ratio = if name.starts_with("jobs") { format!("{:.2}", each / hand) } else { String::new() };
        println!("{name:<28} {:>12.2} {:>12.0} {ratio:>10}", each * 1e6, 1.0 / each);
    }
}

/// Records on one buffer, as the source sends them.
struct Records {
    text: String,
    spans: Vec<std::ops::Range<usize>>,
}

impl Records {
    fn new(records: &[String]) -> Records {
        let mut all = Records { text: String::new(), spans: Vec::new() };
        for record in records {
            let start = all.text.len();
            all.text.push_str(record);
            all.spans.push(start..all.text.len());
            all.text.push(',');
        }
        all
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        self.spans.iter().map(|span| &self.text[span.clone()])
    }
}

fn context() -> Context<'static> {
    Context::new(CONNECTION, NOW.parse().expect("a moment"))
}

fn surroundings() -> by_hand::Surroundings<'static> {
    by_hand::Surroundings { connection: CONNECTION, tenant: "sandbox", now: NOW.parse().expect("a moment") }
}

/// Maps the records as a sync does: one session for each page of the source.
fn with_plan(plan: &Plan, records: &Records) {
    for page in records.spans.chunks(PAGE) {
        let mut session = plan.session(&context());
        let mut mapped = Mapped::default();
        for span in page {
            session.map(&records.text[span.clone()], &mut mapped).expect("it maps");
            black_box(&mapped);
        }
    }
}

/// Medians of the seconds that each side takes for all records. The sides take turns, so that a slow moment of the
/// machine meets them all.
fn medians(rounds: usize, repeats: u32, sides: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut times = vec![Vec::with_capacity(rounds); sides.len()];
    for _ in 0..rounds {
        for (side, times) in sides.iter_mut().zip(&mut times) {
            let start = Instant::now();
            for _ in 0..repeats {
                side();
            }
            times.push(start.elapsed().as_secs_f64() / f64::from(repeats));
        }
    }
    let median = |mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    times.into_iter().map(median).collect()
}

/// Both sides must decide the same about every record; otherwise the figures would mean nothing.
fn both_agree(plan: &Plan, records: &Records) {
    let mut session = plan.session(&context());
    let (mut planned, mut written) = (Mapped::default(), Mapped::default());
    let read = |mapped: &Mapped| String::from_utf8(mapped.unified.clone()).expect("JSON is text");
    let other = "the mapping and by_hand.rs decide differently; did one of them change without the other?";
    for raw in records.iter() {
        session.map(raw, &mut planned).expect("it maps");
        by_hand::map(raw, &surroundings(), &mut written).expect("it maps");
        assert_eq!(read(&planned), read(&written), "{other}");
        assert_eq!(planned.issues, written.issues, "{other}");
        let rest = |mapped: &Mapped| (mapped.id, mapped.remote_id.clone(), mapped.deleted, mapped.members_of.clone());
        assert_eq!(rest(&planned), rest(&written), "{other}");
    }
}

fn revision(root: &Path) -> Revision {
    let home = Home::new(root);
    let connection = Connection::load(&home, CONNECTION).unwrap_or_else(|report| panic!("{report}"));
    Revision::load(&home, &connection).unwrap_or_else(|report| panic!("{report}"))
}

/// The same connector, but every call of the jobs replaced by a path or a constant: what is left is what the plan
/// costs without scripts.
fn without_scripts() -> Revision {
    let root = tempfile::tempdir().expect("a folder for the copy");
    for folder in ["mappings/carerix/tables", "scripts/carerix", "connections"] {
        copy(&Path::new(ROOT).join(folder), &root.path().join(folder));
    }
    copy(&Path::new(ROOT).join("mappings/carerix"), &root.path().join("mappings/carerix"));
    let path = root.path().join("mappings/carerix/jobs.yaml");
    let mapping = std::fs::read_to_string(&path).expect("the mapping");
    std::fs::write(&path, mapping.lines().map(|line| call_replaced(line) + "\n").collect::<String>())
        .expect("the copy can be written");
    revision(root.path())
}

/// `call: f, args: [a.b, …]` becomes `path: a.b`, or an `each` where `a` is the list of publications.
fn call_replaced(line: &str) -> String {
    let Some((before, call)) = line.split_once("call: ") else { return line.to_owned() };
    let (_, arguments) = call.split_once("args: [").expect("a call has arguments");
    let (arguments, after) = arguments.split_once(']').expect("they end on the same line");
    let path = arguments.split(", ").find(|argument| !argument.starts_with('$')).expect("one is a path");
    match path.strip_prefix("publications.") {
        Some(path) => format!("{before}each: publications, path: {path} }}"),
        None => format!("{before}path: {path}{after}"),
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder") {
        let entry = entry.expect("an entry");
        if entry.path().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a file can be copied");
        }
    }
}

/// The raw records of the test cases of a model, without the blanks that make them readable.
fn cases(model: &str) -> Vec<String> {
    let mut paths: Vec<_> = std::fs::read_dir(Path::new(ROOT).join("tests/cases").join(model))
        .expect("the model has cases")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths.iter().map(|path| compact(&std::fs::read_to_string(path).expect("a case"))).collect()
}

fn compact(json: &str) -> String {
    let (mut in_text, mut escaped) = (false, false);
    json.chars()
        .filter(|&c| {
            let keep = in_text || !c.is_whitespace();
            if c == '"' && !escaped {
                in_text = !in_text;
            }
            escaped = in_text && c == '\\' && !escaped;
            keep
        })
        .collect()
}
