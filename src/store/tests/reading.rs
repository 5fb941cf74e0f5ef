use std::time::Duration;

use sqlx::Connection;

use super::*;

fn remote_ids(records: &[StoredRecord]) -> Vec<&str> {
    records.iter().map(|record| record.remote_id.as_str()).collect()
}

async fn sync_of(scratch: &Scratch, connection: &'static str, remote_ids: &[&str]) {
    let mut run = scratch.store.begin(NewRun { connection, ..new_run(0) }).await.unwrap();
    let rows = remote_ids
        .iter()
        .map(|remote_id| record(connection, &USERS, remote_id, serde_json::json!({ "remote_id": remote_id })))
        .collect();
    let rows = page(&run, at(0), rows);
    scratch.store.write_page(&mut run, rows).await.unwrap();
}

#[tokio::test]
async fn a_record_is_found_by_either_id() {
    let scratch = Scratch::open().await;
    sync_of(&scratch, "acme", &["1", "2"]).await;
    sync_of(&scratch, "other", &["1"]).await;
    let id = Id::derive("other", "users", "1");
    let found = scratch.store.get(None, &USERS, id.as_str()).await.unwrap().unwrap();
    assert_eq!((found.connection.as_str(), found.remote_id.as_str()), ("other", "1"));
    assert_eq!(found.id, id.as_str());
    assert_eq!(scratch.store.get(Some("other"), &USERS, "1").await.unwrap().unwrap(), found);
    assert_eq!(scratch.store.get(None, &USERS, "2").await.unwrap().unwrap().connection, "acme");

    assert_eq!(scratch.store.get(Some("acme"), &USERS, id.as_str()).await.unwrap(), None);
    assert_eq!(scratch.store.get(None, &JOBS, id.as_str()).await.unwrap(), None);
    assert_eq!(scratch.store.get(None, &JOBS, "1").await.unwrap(), None);
    assert_eq!(scratch.store.get(Some("nobody"), &USERS, "1").await.unwrap(), None);
}

#[tokio::test]
async fn a_remote_id_of_several_connections_is_ambiguous() {
    let scratch = Scratch::open().await;
    sync_of(&scratch, "acme", &["1"]).await;
    sync_of(&scratch, "other", &["1"]).await;
    let error = scratch.store.get(None, &USERS, "1").await.unwrap_err();
    assert!(error.to_string().ends_with("name one of acme, other"), "{error}");
}

#[tokio::test]
async fn a_list_goes_through_all_connections_page_by_page() {
    let scratch = Scratch::open().await;
    sync_of(&scratch, "acme", &["3", "1", "2"]).await;
    sync_of(&scratch, "other", &["9"]).await;
    let mut query = ListQuery { limit: 2, ..ListQuery::new(&USERS) };
    let first = scratch.store.list(query).await.unwrap();
    assert_eq!(remote_ids(&first), ["3", "1"]);
    query.after = Some(first[1].key);
    let second = scratch.store.list(query).await.unwrap();
    assert_eq!(remote_ids(&second), ["2", "9"]);
    assert_eq!(second[1].connection, "other");
    query.after = Some(second[1].key);
    assert!(scratch.store.list(query).await.unwrap().is_empty());

    let of_acme = ListQuery { connection: Some("acme"), ..ListQuery::new(&USERS) };
    assert_eq!(remote_ids(&scratch.store.list(of_acme).await.unwrap()), ["3", "1", "2"]);
    assert!(scratch.store.list(ListQuery { limit: 0, ..of_acme }).await.unwrap().is_empty());
    assert!(scratch.store.list(ListQuery::new(&JOBS)).await.unwrap().is_empty());
}

#[tokio::test]
async fn deleted_records_and_other_groups_are_left_out() {
    let scratch = Scratch::open().await;
    let grouped = RecordWrite { group: Some("g".into()), ..user("2", "Kim") };
    scratch.sync(0, vec![vec![user("1", "Robin"), grouped, deleted(user("3", "Sam"))]]).await;
    let query = ListQuery::new(&USERS);
    assert_eq!(remote_ids(&scratch.store.list(query).await.unwrap()), ["1", "2"]);
    let all = ListQuery { include_deleted: true, ..query };
    assert_eq!(remote_ids(&scratch.store.list(all).await.unwrap()), ["1", "2", "3"]);
    let group = ListQuery { group: Some("g"), ..query };
    assert_eq!(remote_ids(&scratch.store.list(group).await.unwrap()), ["2"]);
}

#[tokio::test]
async fn counts_tell_live_gone_and_troubled_apart() {
    let scratch = Scratch::open().await;
    let rows = vec![
        user("1", "Robin"),
        deleted(user("2", "Kim")),
        rejected(user("3", "Sam"), "broken"),
        with_issue(user("4", "Alex"), Severity::Unmapped),
    ];
    scratch.sync(0, vec![rows]).await;
    let counts = scratch.store.count(Some(CONNECTION), &USERS).await.unwrap();
    assert_eq!(counts, RecordCounts { live: 3, deleted: 1, failed: 1, with_issues: 1 });
    assert_eq!(scratch.store.count(Some("other"), &USERS).await.unwrap(), RecordCounts::default());
    assert_eq!(scratch.store.raw(RowKey(1)).await.unwrap(), None);
}

#[tokio::test]
async fn reading_never_waits_for_a_writer() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![users(0..3)]).await;
    let mut writer = scratch.store.writer().await;
    let mut transaction = writer.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::query("DELETE FROM records").execute(&mut *transaction).await.unwrap();

    let reading = async {
        let all = scratch.store.list(ListQuery::new(&USERS)).await.unwrap();
        let one = scratch.store.get(Some(CONNECTION), &USERS, "1").await.unwrap();
        (all.len(), one.is_some(), scratch.store.count(None, &USERS).await.unwrap().live)
    };
    let read = tokio::time::timeout(Duration::from_secs(2), reading).await.expect("no reader waits");
    assert_eq!(read, (3, true, 3));
    transaction.commit().await.unwrap();
    assert!(scratch.store.list(ListQuery::new(&USERS)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_walk_is_stable_while_rows_are_added_and_changed() {
    let scratch = Scratch::open().await;
    let mut run = scratch.store.begin(new_run(0)).await.unwrap();
    let rows = page(&run, at(0), users(0..30));
    scratch.store.write_page(&mut run, rows).await.unwrap();

    let mut query = ListQuery { limit: 7, ..ListQuery::new(&USERS) };
    let mut walked = Vec::new();
    for added in 30..50 {
        let records = scratch.store.list(query).await.unwrap();
        let Some(last) = records.last() else { break };
        query.after = Some(last.key);
        walked.extend(records.into_iter().map(|record| record.remote_id));
        let rows = page(&run, at(added as i64), vec![user("0", "changed"), user(&added.to_string(), "added")]);
        scratch.store.write_page(&mut run, rows).await.unwrap();
    }
    let expected: Vec<String> = (0..walked.len()).map(|number| number.to_string()).collect();
    assert!(walked.len() >= 30);
    assert_eq!(walked, expected);
}
