//! A sync that is ended by force goes on where it was, and leaves what an undisturbed one leaves.

use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::home::{Run, TempHome};

/// A tenant of many small pages, some way off.
fn distant() -> TempHome {
    let home = TempHome::new();
    home.write_sandbox("seed: 7, candidates: 60, latency_ms: 30");
    home.set_page_size(4);
    home
}

/// Starts a sync, and waits until it has read so many records or is over.
async fn sync_until(home: &TempHome, fetched: i64) -> Child {
    let mut child = home.command(&["sync", "sandbox"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    loop {
        tokio::time::sleep(Duration::from_millis(3)).await;
        if child.try_wait().unwrap().is_some() {
            return child;
        }
        if home.store().exists()
            && let Ok(Some(read)) = sqlx::query_scalar::<_, Option<i64>>("SELECT sum(fetched) FROM syncs")
                .fetch_one(&mut home.database().await)
                .await
            && read >= fetched
        {
            return child;
        }
    }
}

/// The model and page at which the next sync has to go on.
async fn checkpoint(home: &TempHome) -> Option<(String, i64)> {
    sqlx::query_as("SELECT model, next_page FROM syncs WHERE state = 'running' AND next_page > 0")
        .fetch_optional(&mut home.database().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_killed_sync_goes_on_and_ends_as_if_nothing_had_happened() {
    let undisturbed = distant();
    undisturbed.sync();
    let expected = undisturbed.contents().await;
    let records = expected.len() as i64;

    let mut random = fastrand::Rng::with_seed(20_261_123);
    let mut resumed = 0;
    for _ in 0..6 {
        let home = distant();
        let moment = random.i64(1..records * 3 / 4);
        let mut child = sync_until(&home, moment).await;
        child.kill().unwrap();
        child.wait().unwrap();

        let left = checkpoint(&home).await;
        let run = home.expect(0, &["sync", "sandbox"]);
        if let Some((model, page)) = left {
            resumed += 1;
            let note = format!("\n{model}\n  went on at page {page}, where an earlier sync was broken off\n");
            assert!(run.stdout.contains(&note), "killed after {moment}: {note} is not in\n{}", run.stdout);
        } else {
            assert!(!run.stdout.contains("went on at page"), "{}", run.stdout);
        }
        assert_eq!(home.contents().await, expected, "killed after {moment}");
    }
    assert!(resumed >= 3, "only {resumed} were killed within a model");
}

#[tokio::test]
async fn a_sync_that_is_told_to_begin_anew_does() {
    let home = distant();
    let mut child = sync_until(&home, 30).await;
    child.kill().unwrap();
    child.wait().unwrap();
    let report = home.expect(0, &["sync", "sandbox", "--full", "--json"]).stdout;
    let report: Value = serde_json::from_str(&report).unwrap();
    for model in report["models"].as_array().unwrap() {
        assert_eq!(model["resumed_at_page"], Value::Null);
    }
}

#[tokio::test]
async fn a_sync_that_is_interrupted_says_so_and_goes_on_later() {
    let home = distant();
    let child = sync_until(&home, 60).await;
    interrupt(&child);
    let run = Run::of(&child.wait_with_output().unwrap());
    assert_eq!(run.code, Some(130));
    assert_eq!(run.stdout, "");
    assert!(run.stderr.ends_with("interrupted; what was read is kept, and the next sync goes on from there\n"));
    let (model, page) = checkpoint(&home).await.unwrap();
    let next = home.expect(0, &["sync", "sandbox"]);
    assert!(next.stderr.contains(&format!("{model}: going on at page {page}, where an earlier sync was broken off")));
}

/// Ctrl-C.
pub fn interrupt(child: &Child) {
    let kill = format!("kill -INT {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}
