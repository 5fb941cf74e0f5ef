//! How long `crosswalk check` takes: every file of the connector read, compiled and looked over.
//!
//! A person saves and looks up: 100 ms is what feels at once.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::time::{Duration, Instant};

use crosswalk::connector::Home;

const ROUNDS: usize = 40;
const LIMIT: Duration = Duration::from_millis(100);

fn main() {
    let home = Home::new(env!("CARGO_MANIFEST_DIR"));
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            let check = home.check(Some("sandbox"));
            let took = began.elapsed();
            assert!(check.report.problems.is_empty(), "{}", check.report);
            took
        })
        .collect();
    times.sort();
    let (first, median, last) = (times[0], times[ROUNDS / 2], times[ROUNDS - 1]);
    println!("check of the whole connector, {ROUNDS} rounds: min {first:.1?}, median {median:.1?}, max {last:.1?}");
    println!("limit {LIMIT:?}: {}", if median < LIMIT { "kept" } else { "BROKEN" });
    assert!(median < LIMIT, "a check takes too long");
}
