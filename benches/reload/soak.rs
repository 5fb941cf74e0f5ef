//! Edit after edit, half of them broken, while all candidates are read: no record fails, none mixes two edits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crosswalk::model::CANDIDATES;
use crosswalk::store::ListQuery;

use crate::Outcome;
use crate::home::{BenchHome, Work};
use crate::timing::{Times, rss_mib};

pub async fn run(home: &BenchHome, work: &Work, reloads: usize) -> Outcome<()> {
    let syncing = work.keep_syncing("near");
    let reading = work.keep_reading();
    let mut editions = BTreeMap::new();
    let mut times = Times::default();
    let mut memory = Vec::new();
    let began = Instant::now();
    for number in 0..reloads {
        let mark = format!("soak {number}");
        let is_broken = number % 2 == 1;
        if is_broken {
            home.save_text(&home.edition(&mark).replace("company: { value", "company: { valeu"))?;
        } else {
            home.save(&mark)?;
        }
        let reloading = Instant::now();
        let reload = work.running.reload().await?;
        times.add(reloading.elapsed());
        if reload.is_broken() != is_broken {
            return Err(format!("edit {number} is taken for what it is not: {reload:?}").into());
        }
        if !is_broken {
            editions.insert(work.revision(), mark);
        }
        if number % (reloads / 5).max(1) == 0 {
            memory.push(format!("{:.0}", rss_mib()?));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    memory.push(format!("{:.0}", rss_mib()?));
    let last = format!("soak {}", reloads - 2 + reloads % 2);
    home.save(&last)?;
    work.running.reload().await?;
    editions.insert(work.revision(), last.clone());
    syncing.abort();
    let took = began.elapsed();
    println!("{reloads} reloads in {:.0} s, half of them broken, under a sync: {times}", took.as_secs_f64());
    println!("  memory: {} MiB", memory.join(", "));
    println!("  pages of 250 read meanwhile: {}", reading.stop().await?);
    work.until_synced("near").await?;
    work.until_mapped().await?;
    check(work, &editions, &last).await
}

/// Every row is of the revision that it names, and of the last edit.
async fn check(work: &Work, editions: &BTreeMap<String, String>, last: &str) -> Outcome<()> {
    let counts = work.engine.store().count(Some("near"), &CANDIDATES).await?;
    let mut query =
        ListQuery { connection: Some("near"), include_deleted: true, limit: 1_000, ..ListQuery::new(&CANDIDATES) };
    let (mut rows, mut mixed) = (0, 0);
    loop {
        let stored = work.engine.store().list(query).await?;
        let Some(end) = stored.last() else { break };
        query.after = Some(end.key);
        rows += stored.len();
        for row in stored {
            let unified: serde_json::Value = serde_json::from_str(row.unified.as_deref().unwrap_or("{}"))?;
            let marks = [
                unified["company"].as_str(),
                unified["title"].as_str(),
                editions.get(&row.revision).map(String::as_str),
            ];
            mixed += usize::from(marks != [Some(last); 3]);
        }
    }
    println!("  of {rows} records {} failed and {mixed} are not of the last edit", counts.failed);
    if counts.failed > 0 || mixed > 0 { Err("records were harmed".into()) } else { Ok(()) }
}
