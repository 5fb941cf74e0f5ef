//! Rows that are gone, and when that is believed.

use std::time::Duration;

use crosswalk::model::{APPLICATIONS, CANDIDATES, JOBS};
use crosswalk::sandbox::Faults;
use crosswalk::store::{Cause, RunKind, RunState};
use crosswalk::sync::{State, SyncOptions};
use serde_json::json;

use crate::tenant::{NAME, Tenant};

async fn runs(tenant: &Tenant) -> Vec<RunKind> {
    let history = tenant.engine.store().history(Some(NAME), 3).await.unwrap();
    history.into_iter().map(|run| run.kind).rev().collect()
}

#[tokio::test]
async fn a_row_that_vanished_is_seen_in_the_count_and_found_by_the_ids() {
    let tenant = Tenant::start(60).await;
    tenant.sync(&APPLICATIONS).await;
    let ids = tenant.ids(&APPLICATIONS).await;
    tenant.sandbox.remove_match(&ids[3]).unwrap();
    let report = tenant.read(&APPLICATIONS, SyncOptions::default()).await;
    assert!(report.swept && !report.all);
    assert_eq!(report.counts.deleted, 1);
    assert!(tenant.is_deleted(&APPLICATIONS, &ids[3]).await);
    assert_eq!(runs(&tenant).await, [RunKind::Full, RunKind::Delta, RunKind::Sweep]);
    let again = tenant.read(&APPLICATIONS, SyncOptions::default()).await;
    assert!(!again.swept, "the numbers agree again");
}

#[tokio::test]
async fn a_row_that_left_the_filter_is_gone_though_it_can_still_be_asked_for() {
    let tenant = Tenant::start(40).await;
    tenant.sync(&JOBS).await;
    let id = tenant.ids(&JOBS).await[0].clone();
    let set = |flag: i64| tenant.sandbox.edit("CRVacancy", &id, |it| drop(it.insert("isTemplate".into(), json!(flag))));
    set(1).unwrap();
    let report = tenant.read(&JOBS, SyncOptions::default()).await;
    assert_eq!((report.swept, report.counts.deleted), (true, 1));
    assert_eq!(runs(&tenant).await, [RunKind::Delta, RunKind::Sweep, RunKind::Confirm]);
    set(0).unwrap();
    assert_eq!(tenant.sync(&JOBS).await.changed, 1);
    assert!(!tenant.is_deleted(&JOBS, &id).await, "it is back");
}

#[tokio::test]
async fn so_many_deletions_are_held_until_somebody_accepts_them() {
    let tenant = Tenant::start(60).await;
    tenant.sync(&APPLICATIONS).await;
    let ids = tenant.ids(&APPLICATIONS).await;
    let gone = &ids[..ids.len() / 2];
    for id in gone {
        tenant.sandbox.remove_match(id).unwrap();
    }
    for full in [false, true, false] {
        let report = tenant.read(&APPLICATIONS, SyncOptions { full, ..SyncOptions::default() }).await;
        let State::Held(why) = &report.state else { panic!("{:?}", report.state) };
        assert!(why.contains(&format!("{} of {} records", gone.len(), ids.len())), "{why}");
        assert_eq!(report.counts.deleted, 0);
    }
    assert_eq!(tenant.ids(&APPLICATIONS).await, ids, "nothing was taken away");
    let events = tenant.engine.store().events(0, 1000).await.unwrap();
    assert_eq!(
        events.iter().filter(|event| event.cause == Cause::Held).count(),
        2,
        "told once a look, and not by each sync"
    );
    // What changes goes on to be read.
    tenant
        .sandbox
        .edit("CRMatch", &ids[ids.len() - 1], |it| drop(it.insert("motivation".into(), json!("Yes"))))
        .unwrap();
    assert_eq!(tenant.read(&APPLICATIONS, SyncOptions::default()).await.counts.fetched, 1);

    let accepted = tenant.read(&APPLICATIONS, SyncOptions { accept_deletions: true, ..SyncOptions::default() }).await;
    assert!(matches!(accepted.state, State::Complete), "{:?}", accepted.state);
    assert_eq!(accepted.counts.deleted, gone.len() as u64);
    assert_eq!(tenant.ids(&APPLICATIONS).await, ids[gone.len()..]);
    tenant.sync(&APPLICATIONS).await;
}

#[tokio::test]
async fn an_option_says_how_much_is_believed() {
    let tenant = Tenant::start(60).await;
    tenant.sync(&APPLICATIONS).await;
    let ids = tenant.ids(&APPLICATIONS).await;
    for id in &ids[..4] {
        tenant.sandbox.remove_match(id).unwrap();
    }
    tenant.connect("{ deletions: { most: 1, few: 3 } }");
    let held = tenant.read(&APPLICATIONS, SyncOptions::default()).await;
    assert!(matches!(held.state, State::Held(_)));
    tenant.connect("{ deletions: { most: 50, few: 0 } }");
    assert_eq!(tenant.sync(&APPLICATIONS).await.deleted, 4);
}

#[tokio::test]
async fn what_is_deleted_for_long_is_cleared_and_stays_so_until_it_returns() {
    let tenant = Tenant::start(40).await;
    tenant.sync(&CANDIDATES).await;
    let id = tenant.ids(&CANDIDATES).await[0].clone();
    tenant.sandbox.archive("CREmployee", &id).unwrap();
    tenant.sync(&CANDIDATES).await;
    let kept = tenant.get(&CANDIDATES, &id).await.unwrap();
    assert!(kept["first_name"].is_string());

    tenant.connect("{ remote_data: true, deletions: { clear_after: 0s } }");
    let full = SyncOptions { full: true, ..SyncOptions::default() };
    for _ in 0..2 {
        // The source still shows it, whole.
        tenant.read(&CANDIDATES, full.clone()).await;
        let cleared = tenant.get(&CANDIDATES, &id).await.unwrap();
        let fields = cleared.as_object().unwrap();
        for (name, value) in fields {
            let stays = ["id", "remote_id", "remote_deleted_at", "changed_at"].contains(&name.as_str());
            assert_eq!(!(value.is_null() || value == &json!([])), stays, "{name}: {value}");
        }
        assert_eq!(cleared["changed_at"], kept["changed_at"]);
    }
    tenant.connect("");
    tenant.sandbox.unarchive("CREmployee", &id).unwrap();
    tenant.sync(&CANDIDATES).await;
    let back = tenant.get(&CANDIDATES, &id).await.unwrap();
    assert_eq!((&back["first_name"], &back["id"]), (&kept["first_name"], &kept["id"]));
    assert!(back["remote_deleted_at"].is_null());
}

#[tokio::test]
async fn a_list_with_a_lasting_gap_is_not_read_whole_by_every_sync() {
    let tenant = Tenant::start(40).await;
    tenant.sync(&JOBS).await;
    let id = tenant.ids(&JOBS).await[3].clone();
    let plan = format!("poisoned: [{{ type: CRVacancy, id: '{id}' }}]");
    tenant.sandbox.set_faults(Faults::parse(&plan).unwrap()).unwrap();
    tenant.connect("{ full_every: 3s }");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let tried = tenant.read(&JOBS, SyncOptions::default()).await;
    assert!(tried.all && matches!(tried.state, State::Incomplete(_)), "{:?}", tried.state);

    let other = tenant.ids(&JOBS).await[5].clone();
    tenant.sandbox.edit("CRVacancy", &other, |it| drop(it.insert("jobTitle".into(), json!("Glazier")))).unwrap();
    let next = tenant.read(&JOBS, SyncOptions::default()).await;
    assert!(!next.all && matches!(next.state, State::Complete), "{:?}", next.state);
    assert_eq!(tenant.get(&JOBS, &other).await.unwrap()["name"], "Glazier", "what changed is read meanwhile");
    assert!(!tenant.is_deleted(&JOBS, &id).await);
}

#[tokio::test]
async fn what_was_held_and_is_there_again_is_held_no_more() {
    let tenant = Tenant::start(60).await;
    tenant.sync(&APPLICATIONS).await;
    let all = tenant.sandbox.stats().operations["crMatchPage"];
    assert!(all > 0);
    // The source hides most of its rows for a while, as when a client loses rights.
    tenant.edit(
        "mappings/carerix/applications.yaml",
        "  query: crMatchPage\n",
        "  query: crMatchPage\n  where: toEmployee.employeeID < 10010\n",
    );
    let held = tenant.read(&APPLICATIONS, SyncOptions::default()).await;
    assert!(matches!(held.state, State::Held(_)), "{:?}", held.state);
    tenant.edit("mappings/carerix/applications.yaml", "  where: toEmployee.employeeID < 10010\n", "");
    tenant.sync(&APPLICATIONS).await;
    let history = tenant.engine.store().chain(NAME, &APPLICATIONS).await.unwrap();
    assert!(history.full.is_some_and(|run| run.state == RunState::Complete));
}
