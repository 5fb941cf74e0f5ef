//! What a read of changes asks for and picks up.

use crosswalk::model::{APPLICATIONS, CANDIDATES, JOBS, USERS};
use crosswalk::sync::SyncOptions;
use serde_json::{Value, json};

use crate::tenant::{Tenant, fields};

#[tokio::test]
async fn after_a_first_read_only_what_changed_is_asked_for() {
    let tenant = Tenant::start(400).await;
    let first = tenant.read(&CANDIDATES, SyncOptions::default()).await;
    assert!(first.all && first.since.is_none());
    let whole = tenant.sandbox.stats().operations["crEmployeePage"];

    let ids = tenant.ids(&CANDIDATES).await;
    for id in &ids[..4] {
        tenant.sandbox.edit("CREmployee", id, |it| drop(it.insert("firstName".into(), json!("Nora")))).unwrap();
    }
    let made = tenant.sandbox.insert("CREmployee", &fields(json!({ "firstName": "Ada" }))).unwrap();
    let changes = tenant.read(&CANDIDATES, SyncOptions::default()).await;
    assert!(!changes.all && !changes.swept && changes.since.is_some());
    assert_eq!((changes.counts.created, changes.counts.changed, changes.counts.fetched), (1, 4, 5));
    assert_eq!(tenant.get(&CANDIDATES, &made).await.unwrap()["first_name"], "Ada");
    let asked = tenant.sandbox.stats().operations["crEmployeePage"] - whole;
    assert!(asked <= 3, "two reads of what changed and one of the count, not {asked}");

    let again = tenant.sync(&CANDIDATES).await;
    assert_eq!((again.created, again.changed, again.deleted), (0, 0, 0));
}

#[tokio::test]
async fn short_lists_are_read_whole_each_time() {
    let tenant = Tenant::start(30).await;
    let first = tenant.sync(&USERS).await;
    let again = tenant.read(&USERS, SyncOptions::default()).await;
    assert!(again.all);
    assert_eq!(again.counts.fetched, first.fetched);
}

#[tokio::test]
async fn all_is_read_again_when_it_is_due_asked_for_or_of_another_tenant() {
    let tenant = Tenant::start(30).await;
    tenant.sync(&JOBS).await;
    let all = async |options: SyncOptions| tenant.read(&JOBS, options).await.all;
    assert!(!all(SyncOptions::default()).await);
    assert!(all(SyncOptions { full: true, ..SyncOptions::default() }).await);
    tenant.connect("{ full_every: 0s }");
    assert!(all(SyncOptions::default()).await);
    tenant.connect("{ full_every: 1d }");
    assert!(!all(SyncOptions::default()).await);
    let path = "connections/acme.yaml";
    tenant.edit(path, "seed: 7", "seed: 8");
    assert!(all(SyncOptions::default()).await, "what was read of one tenant says nothing of another");
    tenant.edit(path, "seed: 8 }", "seed: 8 } # a comment");
    assert!(!all(SyncOptions::default()).await);
}

#[tokio::test]
async fn a_path_that_no_record_was_read_with_brings_all_of_them() {
    let tenant = Tenant::start(30).await;
    tenant.sync(&JOBS).await;
    tenant.edit("mappings/carerix/jobs.yaml", "department: agency.name", "department: agency._id");
    let report = tenant.read(&JOBS, SyncOptions::default()).await;
    assert!(report.all);
    let id = &tenant.ids(&JOBS).await[0];
    let job = tenant.get(&JOBS, id).await.unwrap();
    assert!(job["department"].as_str().is_some_and(|id| id.parse::<u32>().is_ok()), "{}", job["department"]);
    assert!(!tenant.read(&JOBS, SyncOptions::default()).await.all, "once");
}

#[tokio::test]
async fn a_record_that_came_in_part_is_read_again_though_it_did_not_change() {
    let tenant = Tenant::start(30).await;
    let all = tenant.sandbox.query("{ crEmployeePage(norestrict: true) { items { _id deleted } } }").unwrap();
    let all = all["crEmployeePage"]["items"].as_array().unwrap().clone();
    let id = all.iter().find(|row| row["deleted"] == 0).unwrap()["_id"].as_str().unwrap();
    let plan = format!(
        "rules: [{{ when: {{ operation: crEmployeePage }}, times: 1, \
         do: {{ partial: {{ paths: ['crEmployeePage.items.#{id}.firstName'] }} }} }}]"
    );
    tenant.sandbox.set_faults(crosswalk::sandbox::Faults::parse(&plan).unwrap()).unwrap();
    let first = tenant.sync(&CANDIDATES).await;
    assert_eq!(first.failed, 1);
    assert_eq!(tenant.get(&CANDIDATES, id).await, None::<Value>, "what is not whole is not shown");
    let second = tenant.sync(&CANDIDATES).await;
    assert_eq!((second.changed, second.failed), (1, 0));
    assert!(tenant.get(&CANDIDATES, id).await.is_some());
}

#[tokio::test]
async fn a_change_of_a_match_is_picked_up() {
    let tenant = Tenant::start(60).await;
    tenant.sync(&APPLICATIONS).await;
    let id = tenant.ids(&APPLICATIONS).await[0].clone();
    tenant.sandbox.edit("CRMatch", &id, |it| drop(it.insert("motivation".into(), json!("Yes")))).unwrap();
    assert_eq!(tenant.sync(&APPLICATIONS).await.fetched, 1);
}

/// ```text
/// cargo test --release --test endurance -- --ignored --nocapture a_hundredth
/// ```
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement over a hundred thousand candidates"]
async fn a_hundredth_that_changed_costs_less_than_three_hundredths_of_the_requests() {
    let tenant = Tenant::start(100_000).await;
    let requests = || tenant.sandbox.stats().operations.get("crEmployeePage").copied().unwrap_or_default();
    let whole = tenant.read(&CANDIDATES, SyncOptions::default()).await;
    let of_all = requests();
    let ids = tenant.ids(&CANDIDATES).await;
    for id in ids.iter().step_by(100) {
        tenant.sandbox.edit("CREmployee", id, |it| drop(it.insert("firstName".into(), json!("Nora")))).unwrap();
    }
    let delta = tenant.read(&CANDIDATES, SyncOptions::default()).await;
    let of_changes = requests() - of_all;
    println!(
        "all: {of_all} requests, {:.1} s; {} changed: {of_changes} requests, {:.1} s",
        whole.elapsed.as_secs_f64(),
        delta.counts.changed,
        delta.elapsed.as_secs_f64()
    );
    assert_eq!(delta.counts.changed, ids.len().div_ceil(100) as u64);
    assert!(of_changes * 100 < of_all * 3);
}
