//! What changing a mapping costs while an engine runs: how soon it is in use, how fast stored records are mapped
//! again, and what syncs and readers notice of it.
//!
//! The source is the sandbox, in a process of its own. `--quick` uses 5,000 candidates in place of 100,000.
#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod home;
mod soak;
mod timing;

use std::time::{Duration, Instant};

use crosswalk::model::CANDIDATES;

use home::{BenchHome, Source, Work};
use timing::{Times, rss_mib};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Edits of which the time is taken.
const EDITS: usize = 200;

fn main() -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [child, candidates, latency] = arguments.as_slice()
        && child == "child"
    {
        return runtime.block_on(home::serve(candidates.parse()?, Duration::from_millis(latency.parse()?)));
    }
    if arguments.iter().any(|argument| argument == "--remap-only") {
        return runtime.block_on(remap_only());
    }
    let is_quick = arguments.iter().any(|argument| argument == "--quick");
    runtime.block_on(bench(if is_quick { 5_000 } else { 100_000 }, if is_quick { 100 } else { 1_000 }))
}

async fn bench(candidates: u32, reloads: usize) -> Outcome<()> {
    let near = Source::start(candidates, 0)?;
    let far = Source::start(5_000, 50)?;
    let home = BenchHome::new(&near, &far)?;
    let work = home.run().await?;

    let began = Instant::now();
    work.until_synced("near").await?;
    let fetch = began.elapsed();
    let records = work.engine.store().count(Some("near"), &CANDIDATES).await?;
    let records = records.live + records.deleted;
    println!("first sync of {records} candidates: {}", rate(records, fetch));

    let alone = remap(&home, &work, "alone").await?;
    println!(
        "mapped again, every record other: {}; {:.1} times as fast as fetching",
        rate(records, alone),
        ratio(fetch, alone)
    );
    let same = remap_text(&work, || home.save_without_effect("alone")).await?;
    println!("mapped again, no record other: {}; {:.1} times", rate(records, same), ratio(fetch, same));
    let busy = {
        let syncing = work.keep_syncing("far");
        let reading = work.keep_reading();
        let busy = remap(&home, &work, "beside others").await?;
        syncing.abort();
        let pages = reading.stop().await?;
        println!("pages of 250 read meanwhile: {pages}");
        busy
    };
    println!("  the same beside a sync and a reader: {}; {:.1} times", rate(records, busy), ratio(fetch, busy));

    let undisturbed = resync(&work).await?;
    let comments = resync_under(&work, |number| home.comment(number)).await?;
    let rules = resync_under(&work, |number| match number % 2 {
        0 => home.save_without_effect("alone"),
        _ => home.save("alone"),
    })
    .await?;
    let fields = resync_under(&work, |number| home.save(&format!("edit {number}"))).await?;
    let again = resync(&work).await?;
    let undisturbed = undisturbed.min(again);
    println!("sync of the same records, undisturbed: {}", rate(records, undisturbed));
    println!("  a comment saved every second: {:.2} of that", ratio(undisturbed, comments));
    println!("  a rule changed every second, to the same effect: {:.2} of that", ratio(undisturbed, rules));
    println!("  every record changed every second: {:.2} of that", ratio(undisturbed, fields));

    let syncing = async || {
        let began = Instant::now();
        work.sync("far").await.map(|()| began.elapsed())
    };
    let quiet = syncing().await?;
    let editing = async {
        for number in 0.. {
            home.save(&format!("far {number}"))?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Outcome::Ok(Duration::ZERO)
    };
    let edited = tokio::select! { took = syncing() => took?, failed = editing => failed? };
    println!("  the same of a source that takes 50 ms an answer: {:.2}", ratio(quiet, edited));
    home.disconnect("far")?;
    work.running.reload().await?;
    work.until_mapped().await?;

    let syncing = work.keep_syncing("near");
    let mut times = Times::default();
    for number in 0..EDITS {
        times.add(edit(&home, &work, number).await?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    syncing.abort();
    println!("from rename to the revision in use, {EDITS} edits under a sync: {times}");

    println!("memory before the reloads: {:.0} MiB", rss_mib()?);
    soak::run(&home, &work, reloads).await?;
    work.running.stop().await;
    Ok(())
}

/// Maps the same records again and again, for a profiler.
async fn remap_only() -> Outcome<()> {
    let (near, far) = (Source::start(30_000, 0)?, Source::start(10, 0)?);
    let home = BenchHome::new(&near, &far)?;
    let work = home.run().await?;
    work.until_synced("near").await?;
    for number in 0..10 {
        println!("{:.2?}", remap(&home, &work, &number.to_string()).await?);
    }
    Ok(())
}

/// Changes one field, and waits until all records are mapped again.
async fn remap(home: &BenchHome, work: &Work, mark: &str) -> Outcome<Duration> {
    remap_text(work, || home.save(mark)).await
}

async fn remap_text(work: &Work, save: impl FnOnce() -> Outcome<Instant>) -> Outcome<Duration> {
    let before = work.revision();
    save()?;
    work.until_another(&before).await?;
    let began = Instant::now();
    work.until_mapped().await?;
    Ok(began.elapsed())
}

/// Reads all candidates again.
async fn resync(work: &Work) -> Outcome<Duration> {
    work.until_mapped().await?;
    let began = Instant::now();
    work.sync("near").await?;
    Ok(began.elapsed())
}

/// The same while somebody saves an edit every second.
async fn resync_under(work: &Work, save: impl Fn(usize) -> Outcome<Instant>) -> Outcome<Duration> {
    work.until_mapped().await?;
    let editing = async {
        for number in 0.. {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if let Err(error) = save(number) {
                return error;
            }
        }
        unreachable!("there is always another edit")
    };
    tokio::select! {
        took = resync(work) => took,
        error = editing => Err(error),
    }
}

/// How long it takes from saving the mapping until it is in use.
async fn edit(home: &BenchHome, work: &Work, number: usize) -> Outcome<Duration> {
    let before = work.revision();
    let saved = home.save(&format!("timed {number}"))?;
    while work.revision() == before {
        if saved.elapsed() > Duration::from_secs(10) {
            return Err("an edit is not noticed".into());
        }
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
    Ok(saved.elapsed())
}

fn rate(records: u64, took: Duration) -> String {
    format!("{:.2} s, {:.0} a second", took.as_secs_f64(), records as f64 / took.as_secs_f64())
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}
