//! One edit after the other.

use crosswalk::model::{CANDIDATES, JOBS as JOBS_MODEL};
use serde_json::Value;

use crate::home::{JOBS, TempHome};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_mapping_is_in_use_at_once_and_no_request_is_sent() {
    let home = TempHome::new(40).await;
    let work = home.run_synced().await;
    let (before, jobs, candidates) =
        (work.revision(), work.records(&JOBS_MODEL).await, work.records(&CANDIDATES).await);
    let (requests, event) = (home.sandbox.requests(), work.engine.store().last_event().await.unwrap());

    home.edit(JOBS, "  department: agency.name", "  department: { value: Everywhere }");
    work.until_another(&before).await;

    let after = work.records(&JOBS_MODEL).await;
    assert!(after.iter().all(|job| job["department"] == "Everywhere"));
    for (before, after) in jobs.iter().zip(&after) {
        let is_other = before["department"] != "Everywhere";
        assert_eq!(before["changed_at"] != after["changed_at"], is_other, "{}", before["remote_id"]);
        let without = |job: &Value| {
            let mut job = job.as_object().unwrap().clone();
            job.retain(|field, _| field != "department" && field != "changed_at");
            job
        };
        assert_eq!(without(before), without(after));
    }
    assert_eq!(work.records(&CANDIDATES).await, candidates);
    assert_eq!(home.sandbox.requests(), requests, "the source was not asked");

    let events = work.engine.store().events(event, 100).await.unwrap();
    assert!(events.iter().all(|event| event.model == "jobs" && event.revision == work.revision()));
    let deleted_too = work.engine.store().count(Some("acme"), &JOBS_MODEL).await.unwrap();
    let told: u64 = events.iter().map(|event| event.changed).sum();
    assert!(told >= jobs.len() as u64 && told <= deleted_too.live + deleted_too.deleted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_comment_or_another_order_maps_nothing_again() {
    let home = TempHome::new(20).await;
    let work = home.run_synced().await;
    let (before, event) = (work.revision(), work.engine.store().last_event().await.unwrap());
    let stored = work.engine.store().get(Some("acme"), &JOBS_MODEL, first_job(&work).await.as_str()).await.unwrap();

    let text = home.read(JOBS);
    home.save(JOBS, &format!("# Another comment.\n{}", text.replace("\n  department:", "\n\n  department:")));
    work.until_another(&before).await;

    let id = first_job(&work).await;
    assert_eq!(work.engine.store().get(Some("acme"), &JOBS_MODEL, &id).await.unwrap(), stored, "not even its revision");
    assert_eq!(work.engine.store().last_event().await.unwrap(), event);
}

async fn first_job(work: &crate::home::Work) -> String {
    work.records(&JOBS_MODEL).await[0]["remote_id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_edit_leaves_the_last_good_revision_in_use_until_it_is_mended() {
    let home = TempHome::new(20).await;
    let work = home.run_synced().await;
    let (before, jobs) = (work.revision(), work.records(&JOBS_MODEL).await);

    home.edit(JOBS, "  department: agency.name", "  department: agency.nam");
    work.until("the edit shows as broken", |status| status.broken.is_some()).await;
    let status = work.status("acme");
    assert_eq!(status.revision, Some(before.clone()));
    let report = status.broken.unwrap();
    assert!(report.contains("unknown field `nam`") && report.contains("mappings/carerix/jobs.yaml:"), "{report}");
    assert_eq!(work.records(&JOBS_MODEL).await, jobs);
    assert!(work.running.reload().await.unwrap().is_broken());

    home.edit(JOBS, "agency.nam", "{ value: Mended }");
    work.until_another(&before).await;
    assert_eq!(work.status("acme").broken, None);
    assert_eq!(work.records(&JOBS_MODEL).await[0]["department"], "Mended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_read_stays_what_it_is_until_a_sync_brings_it() {
    let home = TempHome::new(20).await;
    let work = home.run_synced().await;
    let (before, jobs) = (work.revision(), work.records(&JOBS_MODEL).await);

    home.edit(JOBS, "  department: agency.name", "  department: agency._id");
    work.until_another(&before).await;
    work.until("the records wait", |status| {
        status.remap.iter().any(|remap| remap.model == "jobs" && remap.waiting > 0)
    })
    .await;
    assert_eq!(work.records(&JOBS_MODEL).await, jobs, "nothing is nulled");

    assert!(work.running.sync_now("acme"));
    work.until("a sync brings it", |status| status.remap.iter().all(|remap| remap.waiting == 0)).await;
    let after = work.records(&JOBS_MODEL).await;
    assert!(jobs.iter().zip(&after).any(|(before, after)| before["department"] != after["department"]));
    assert!(after.iter().all(|job| job["department"].as_str().is_none_or(|id| id.parse::<u64>().is_ok())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_are_broken_at_the_start_leave_the_last_good_revision_of_the_store_in_use() {
    let home = TempHome::new(20).await;
    let work = home.run_synced().await;
    let (before, jobs) = (work.revision(), work.records(&JOBS_MODEL).await);
    work.running.stop().await;
    drop(work);

    home.edit(JOBS, "  department: agency.name", "  department: agency.nam");
    let work = home.run().await;
    let status = work.status("acme");
    assert_eq!(status.revision, Some(before));
    assert!(status.broken.unwrap().contains("agency.nam"));
    assert_eq!(work.records(&JOBS_MODEL).await, jobs);
    home.edit(JOBS, "agency.nam", "agency.name");
    work.until("it is mended", |status| status.broken.is_none()).await;
}
