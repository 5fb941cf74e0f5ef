//! How fast it is. Run with `cargo test --release --lib store::tests::speed -- --ignored --nocapture`.

use std::io::Write;
use std::time::Instant;

use super::*;

const PAGE: usize = 100;
const PAGES: usize = 500;

/// Text of a size that compresses like a record: known keys, unknown values.
fn filling(random: &mut fastrand::Rng, size: usize) -> String {
    let mut text = String::with_capacity(size + 40);
    while text.len() < size {
        text.push_str("\"toDataNodeLabel\":{\"value\":\"");
        text.extend((0..20).map(|_| random.alphanumeric()));
        text.push_str("\",\"isActive\":1},");
    }
    text
}

fn pages(random: &mut fastrand::Rng, edition: usize) -> Vec<Vec<RecordWrite>> {
    let one = |number: usize, random: &mut fastrand::Rng| {
        let remote_id = number.to_string();
        RecordWrite {
            id: Id::derive(CONNECTION, "users", &remote_id),
            raw: Bytes::from(filling(random, 5_000)),
            unified: Ok(serde_json::json!({ "edition": edition, "text": filling(random, 1_300) })
                .to_string()
                .into_bytes()),
            remote_id,
            deleted: false,
            group: None,
            members_of: None,
            issues: Vec::new(),
        }
    };
    (0..PAGES).map(|page| (0..PAGE).map(|row| one(page * PAGE + row, random)).collect()).collect()
}

#[tokio::test]
#[ignore = "a measurement"]
async fn rows_a_second() {
    let scratch = Scratch::open().await;
    let mut random = fastrand::Rng::with_seed(7);
    let first = pages(&mut random, 1);
    let second = pages(&mut random, 2);
    let mut report = std::io::stderr();
    for (what, revision, pages) in [
        ("new", "r1", first.clone()),
        ("unchanged", "r1", first.clone()),
        ("same form, new revision", "r2", first),
        ("changed", "r2", second),
    ] {
        let full = NewRun { revision, full: true, ..new_run(0) };
        let begun = Instant::now();
        let mut run = scratch.store.begin(full).await.unwrap();
        for rows in pages {
            let rows = page(&run, at(0), rows);
            scratch.store.write_page(&mut run, rows).await.unwrap();
        }
        let counts = scratch.store.finish(run, Outcome::Complete, at(0)).await.unwrap();
        let rate = (PAGE * PAGES) as f64 / begun.elapsed().as_secs_f64();
        writeln!(report, "{what:>24}: {rate:>9.0} rows/s  {counts:?}").unwrap();
    }
    let begun = Instant::now();
    let mut query = ListQuery::new(&USERS);
    let mut read = 0;
    while let Some(last) = scratch.store.list(query).await.unwrap().last() {
        query.after = Some(last.key);
        read += PAGE;
    }
    writeln!(report, "{:>24}: {:>9.0} rows/s", "listed", read as f64 / begun.elapsed().as_secs_f64()).unwrap();
    let size = std::fs::metadata(scratch.store.path()).unwrap().len() / (PAGE * PAGES) as u64;
    writeln!(report, "{:>24}: {size:>9} bytes a row", "file").unwrap();
}
