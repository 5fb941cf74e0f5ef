//! What was edited while nobody ran, remaps that are broken off, and records that could not be mapped.

use std::time::Duration;

use crosswalk::engine::RunOptions;
use crosswalk::model::{CANDIDATES, JOBS as JOBS_MODEL};

use crate::home::{COMPANY, JOBS, TempHome};

const CANDIDATES_FILE: &str = "mappings/carerix/candidates.yaml";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_made_while_nobody_ran_is_caught_up_with() {
    let home = TempHome::new(20).await;
    home.run_synced().await.running.stop().await;
    home.edit(JOBS, "  department: agency.name", "  department: { value: Later }");
    let requests = home.sandbox.requests();
    let work = home.run().await;
    work.until_mapped().await;
    assert!(work.records(&JOBS_MODEL).await.iter().all(|job| job["department"] == "Later"));
    assert_eq!(home.sandbox.requests(), requests);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_remap_that_is_broken_off_again_and_again_comes_to_its_end() {
    let home = TempHome::new(1500).await;
    home.run_synced().await.running.stop().await;
    home.edit(CANDIDATES_FILE, COMPANY, "  company: { value: Somewhere }");
    let mut broken_off = 0;
    for _ in 0..5 {
        let work = home.run_with(false).await;
        while work.status("acme").mapping_again && !work.status("acme").remap.iter().any(|remap| remap.mapped > 0) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        work.running.stop().await;
        let records = work.records(&CANDIDATES).await;
        let done = records.iter().filter(|candidate| candidate["company"] == "Somewhere").count();
        broken_off += usize::from(done > 0 && done < records.len());
    }
    let work = home.run_with(false).await;
    work.until_mapped().await;
    let records = work.records(&CANDIDATES).await;
    assert!(records.len() > 1000 && records.iter().all(|candidate| candidate["company"] == "Somewhere"));
    assert!(broken_off > 0, "no remap was broken off in the middle");
    // Each row was told of once.
    let events = work.engine.store().events(0, u32::MAX).await.unwrap();
    let told: u64 =
        events.iter().filter(|event| event.cause == crosswalk::store::Cause::Remap).map(|event| event.changed).sum();
    let all = work.engine.store().count(Some("acme"), &CANDIDATES).await.unwrap();
    assert!(told <= all.live + all.deleted, "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reference_to_something_else_is_mapped_again() {
    let home = TempHome::new(20).await;
    let work = home.run_synced().await;
    let (before, jobs) = (work.revision(), work.records(&JOBS_MODEL).await);
    let contact = "contact_id: { ref: users, path: owner._id }";
    home.edit(JOBS, contact, "contact_id: { ref: users, path: [toProductNode._id, owner._id] }");
    work.until_another(&before).await;
    let after = work.records(&JOBS_MODEL).await;
    assert!(jobs.iter().zip(&after).any(|(before, after)| before["contact_id"] != after["contact_id"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_could_not_be_mapped_are_tried_again_with_the_next_revision() {
    let home = TempHome::new(20).await;
    home.edit(JOBS, "\nfields:\n  remote_id: _id\n", "\nfields:\n  remote_id: workLocation\n");
    let work = home.run_synced().await;
    let failed = work.engine.store().count(Some("acme"), &JOBS_MODEL).await.unwrap();
    let before = work.revision();
    home.edit(JOBS, "\nfields:\n  remote_id: workLocation\n", "\nfields:\n  remote_id: _id\n");
    work.until_another(&before).await;
    // Rows that have another id now say so, and none of them is lost.
    let now = work.engine.store().count(Some("acme"), &JOBS_MODEL).await.unwrap();
    assert_eq!(now.live, failed.live);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_watched_or_read_where_that_is_not_wanted() {
    let home = TempHome::new(5).await;
    let engine = home.engine().await;
    let options = RunOptions { syncs: false, watch: None, ..RunOptions::default() };
    let running = engine.run(options).await.unwrap();
    let revision = running.revision("acme").unwrap().hash.clone();
    home.edit(JOBS, "  department: agency.name", "  department: { value: Later }");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(running.revision("acme").unwrap().hash, revision);
    assert!(running.reload().await.unwrap().changes());
    assert_ne!(running.revision("acme").unwrap().hash, revision);
    assert_eq!(home.sandbox.requests(), 0);
}
