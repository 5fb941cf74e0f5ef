//! How fast it is. Run with `cargo test --release --lib store::tests::speed -- --ignored --nocapture`.

use std::io::Write;
use std::time::Instant;

use super::*;

const PAGE: usize = 100;
const PAGES: usize = 500;

/// Processor time of all threads so far. On a busy machine it tells more than the clock.
fn processor_seconds() -> f64 {
    const TICKS_A_SECOND: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks = stat.split_ascii_whitespace().skip(13).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS_A_SECOND
}

/// Members of a JSON object that compress as those of a record do: known keys, many of them empty.
fn members(random: &mut fastrand::Rng, size: usize) -> String {
    const KEYS: [&str; 8] = [
        "toStatusNode",
        "emailAddress",
        "isActive",
        "creationDate",
        "modificationDate",
        "titleInformation",
        "workCity",
        "additionalInfo",
    ];
    let mut text = String::with_capacity(size + 60);
    for key in KEYS.iter().cycle() {
        if text.len() >= size {
            break;
        }
        let value = match random.u8(0..6) {
            0 | 1 => "null".to_owned(),
            2 => random.u8(0..2).to_string(),
            3 => format!("\"2026-11-{:02} {:02}:{:02}:00\"", random.u8(1..29), random.u8(0..24), random.u8(0..60)),
            4 => format!("\"{}\"", random.u32(..)),
            _ => format!("\"{}\"", (0..random.u8(4..30)).map(|_| random.lowercase()).collect::<String>()),
        };
        text.push_str(&format!("\"{key}\":{value},"));
    }
    text
}

fn pages(random: &mut fastrand::Rng, edition: usize) -> Vec<Vec<RecordWrite>> {
    let one = |number: usize, random: &mut fastrand::Rng| {
        let remote_id = number.to_string();
        RecordWrite {
            id: Id::derive(CONNECTION, "users", &remote_id),
            raw: Bytes::from(members(random, 5_000)),
            unified: Ok(serde_json::json!({ "edition": edition, "text": members(random, 1_300) })
                .to_string()
                .into_bytes()),
            remote_id,
            deleted: false,
            group: None,
            members_of: None,
            issues: Vec::new(),
            partial: false,
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
        let (begun, processor) = (Instant::now(), processor_seconds());
        let mut run = scratch.store.begin(full).await.unwrap();
        for rows in pages {
            let rows = page(&run, at(0), rows);
            scratch.store.write_page(&mut run, rows).await.unwrap();
        }
        let counts = scratch.store.finish(run, Outcome::Complete, at(0)).await.unwrap();
        assert_eq!(counts.fetched, (PAGE * PAGES) as u64);
        let rate = counts.fetched as f64 / begun.elapsed().as_secs_f64();
        let cost = (processor_seconds() - processor) * 1e6 / counts.fetched as f64;
        writeln!(report, "{what:>24}: {rate:>9.0} rows/s  {cost:>6.1} µs of processor a row").unwrap();
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
