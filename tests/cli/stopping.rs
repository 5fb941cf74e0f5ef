//! An engine that is told to end in the middle of a sync.

use std::time::{Duration, Instant};

use crate::home::TempHome;
use crate::running::Engine;

/// A tenant of many small pages, each of which takes so long.
fn distant(latency_ms: u32) -> TempHome {
    let home = TempHome::new();
    home.write_sandbox(&format!("seed: 7, candidates: 60, latency_ms: {latency_ms}"));
    home.set_page_size(4);
    home
}

/// An engine that is about to get its first page.
fn before_the_first_page<'h>(home: &'h TempHome, arguments: &[&str]) -> (Engine<'h>, Instant) {
    let engine = Engine::start(home, arguments);
    engine.until("it reads", |status| status["connections"][0]["sync"]["now"]["model"].is_string());
    let status = engine.status().unwrap();
    assert_eq!(status["connections"][0]["sync"]["now"]["fetched"], 0, "{status}");
    (engine, Instant::now())
}

/// The models and pages at which the next sync goes on.
async fn checkpoints(home: &TempHome) -> Vec<(String, i64)> {
    sqlx::query_as("SELECT model, next_page FROM syncs WHERE state = 'running' AND next_page > 0 ORDER BY id")
        .fetch_all(&mut home.database().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_page_under_way_is_finished_and_the_next_start_goes_on_there() {
    let home = distant(1500);
    let (engine, told_at) = before_the_first_page(&home, &["--stop-within", "60s"]);
    engine.signal("-TERM");
    let run = engine.ended();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.ends_with("ended; what was under way goes on there the next time\n"), "{}", run.stderr);
    assert!(told_at.elapsed() < Duration::from_secs(30), "it did not read on: {:?}", told_at.elapsed());
    let left = checkpoints(&home).await;
    let [(model, page)] = left.as_slice() else { panic!("no page was finished: {left:?}\n{}", run.stderr) };

    let mut next = home.command(&["sync", "sandbox"]);
    let mut next = next.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let note = format!("{model}: going on at page {page}, where an earlier sync was broken off");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(next.stderr.take().unwrap()));
    assert!(lines.any(|line| line.unwrap() == note), "{note}");
    next.kill().unwrap();
    next.wait().unwrap();
}

#[tokio::test]
async fn a_page_that_takes_too_long_is_given_up() {
    let home = distant(30_000);
    let (engine, told_at) = before_the_first_page(&home, &["--stop-within", "200ms"]);
    engine.signal("-INT");
    let run = engine.ended();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("ended before every page under way was finished"), "{}", run.stderr);
    assert!(told_at.elapsed() < Duration::from_secs(20), "{:?}", told_at.elapsed());
    assert_eq!(checkpoints(&home).await, []);
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let home = distant(30_000);
    let (engine, told_at) = before_the_first_page(&home, &["--stop-within", "10m"]);
    engine.signal("-TERM");
    while home.path().join("crosswalk.db.sock").exists() {
        assert!(told_at.elapsed() < Duration::from_secs(20), "the first signal was not heard");
        std::thread::sleep(Duration::from_millis(10));
    }
    // It listens for the second one as soon as the socket is gone.
    std::thread::sleep(Duration::from_millis(200));
    engine.signal("-TERM");
    let run = engine.ended();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("ended at once"), "{}", run.stderr);
    assert!(told_at.elapsed() < Duration::from_secs(20), "{:?}", told_at.elapsed());
}
