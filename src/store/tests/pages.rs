use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

#[tokio::test]
async fn new_rows_are_created_and_equal_ones_unchanged() {
    let scratch = Scratch::open().await;
    let first = scratch.sync(0, vec![users(0..130), users(130..137)]).await;
    assert_eq!(first, Counts { fetched: 137, created: 137, ..Counts::default() });
    let before = scratch.user("7").await;
    assert_eq!(before.unified.as_deref(), Some(r#"{"first_name":"Robin","remote_id":"7"}"#));
    assert_eq!((before.created_at, before.changed_at), (at(0), at(0)));

    let second = scratch.sync(5, vec![users(0..137)]).await;
    assert_eq!(second, Counts { fetched: 137, unchanged: 137, ..Counts::default() });
    assert_eq!(scratch.user("7").await, before);
}

#[tokio::test]
async fn only_a_different_unified_form_moves_changed_at() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![vec![user("1", "Robin"), user("2", "Kim")]]).await;

    let counts = scratch.sync(5, vec![vec![user("1", "Robyn"), user("2", "Kim")]]).await;
    assert_eq!(counts, Counts { fetched: 2, changed: 1, unchanged: 1, ..Counts::default() });
    let robyn = scratch.user("1").await;
    assert_eq!(robyn.unified.as_deref(), Some(r#"{"first_name":"Robyn","remote_id":"1"}"#));
    assert_eq!((robyn.created_at, robyn.changed_at), (at(0), at(5)));
    assert_eq!(scratch.user("2").await.changed_at, at(0));
}

#[tokio::test]
async fn raw_revision_issues_and_groups_are_kept_up_to_date_silently() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![vec![user("1", "Robin")]]).await;

    let mut run = scratch.store.begin(NewRun { revision: "r2", ..new_run(5) }).await.unwrap();
    let mut row = with_issue(user("1", "Robin"), Severity::Unmapped);
    row.raw = Bytes::from_static(b"{\"_id\":\"1\",\"note\":\"new\"}");
    row.group = Some("g".into());
    let rows = page(&run, at(5), vec![row]);
    let counts = scratch.store.write_page(&mut run, rows).await.unwrap();
    assert_eq!(counts, Counts { fetched: 1, unchanged: 1, issues: 1, ..Counts::default() });

    let stored = scratch.user("1").await;
    assert_eq!(stored.changed_at, at(0));
    assert_eq!((stored.revision.as_str(), stored.issues.len()), ("r2", 1));
    assert_eq!(stored.group.as_deref(), Some("g"));
    assert_eq!(scratch.store.raw(stored.key).await.unwrap().unwrap(), b"{\"_id\":\"1\",\"note\":\"new\"}");
}

#[tokio::test]
async fn a_row_that_shows_another_group_changed() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![vec![user("1", "Robin")]]).await;
    let shows = RecordWrite { members_of: Some("m".into()), ..user("1", "Robin") };
    assert_eq!(scratch.sync(5, vec![vec![shows.clone()]]).await.changed, 1);
    let stored = scratch.user("1").await;
    assert_eq!((stored.members_of.as_deref(), stored.changed_at), (Some("m"), at(5)));
    assert_eq!(scratch.sync(6, vec![vec![shows]]).await.unchanged, 1);
}

#[tokio::test]
async fn a_rejected_record_keeps_what_it_was() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![vec![user("1", "Robin"), deleted(user("2", "Kim"))]]).await;

    let mut newer = rejected(user("1", "Robin"), "no remote id");
    newer.raw = Bytes::from_static(b"[]");
    let rows = vec![newer, rejected(user("2", "Kim"), "broken"), rejected(user("3", "Sam"), "broken")];
    let counts = scratch.sync(5, vec![rows]).await;
    assert_eq!(counts, Counts { fetched: 3, failed: 3, ..Counts::default() });
    let robin = scratch.user("1").await;
    assert_eq!(robin.unified.as_deref(), Some(r#"{"first_name":"Robin","remote_id":"1"}"#));
    assert_eq!((robin.failure.as_deref(), robin.changed_at), (Some("no remote id"), at(0)));
    assert_eq!(scratch.store.raw(robin.key).await.unwrap().unwrap(), b"[]");
    assert_eq!(scratch.user("2").await.remote_deleted_at, Some(at(0)));
    assert_eq!(scratch.user("3").await.unified, None);

    let counts = scratch.sync(10, vec![vec![user("1", "Robin"), user("3", "Sam"), deleted(user("2", "Kim"))]]).await;
    assert_eq!(counts, Counts { fetched: 3, changed: 1, unchanged: 2, ..Counts::default() });
    assert_eq!(scratch.user("1").await.failure, None);
    assert_eq!(scratch.user("3").await.changed_at, at(10));
}

#[tokio::test]
async fn a_broken_field_counts_as_failed_beside_the_rest() {
    let scratch = Scratch::open().await;
    let rows = vec![with_issue(user("1", "Robin"), Severity::Failed), with_issue(user("2", "Kim"), Severity::Unmapped)];
    let counts = scratch.sync(0, vec![rows]).await;
    assert_eq!(counts, Counts { fetched: 2, created: 2, failed: 1, issues: 2, ..Counts::default() });
    assert_eq!(scratch.user("1").await.issues[0].severity, Severity::Failed);
}

#[tokio::test]
async fn a_flagged_record_is_deleted_once_and_can_come_back() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![vec![user("1", "Robin")]]).await;

    let flagged = || vec![deleted(user("1", "Robin")), deleted(user("2", "Kim"))];
    let counts = scratch.sync(5, vec![flagged()]).await;
    assert_eq!(counts, Counts { fetched: 2, deleted: 2, ..Counts::default() });
    let robin = scratch.user("1").await;
    assert_eq!((robin.remote_deleted_at, robin.changed_at), (Some(at(5)), at(5)));

    let counts = scratch.sync(10, vec![flagged()]).await;
    assert_eq!(counts, Counts { fetched: 2, unchanged: 2, ..Counts::default() });
    assert_eq!(scratch.user("1").await.remote_deleted_at, Some(at(5)));

    let counts = scratch.sync(15, vec![vec![user("1", "Robin"), deleted(user("2", "Kim"))]]).await;
    assert_eq!(counts, Counts { fetched: 2, changed: 1, unchanged: 1, ..Counts::default() });
    let robin = scratch.user("1").await;
    assert_eq!((robin.remote_deleted_at, robin.changed_at), (None, at(15)));
}

#[tokio::test]
async fn a_record_that_comes_twice_is_written_last_and_counted_once() {
    let scratch = Scratch::open().await;
    let pages = vec![vec![user("1", "Old"), user("2", "Kim"), user("1", "New")], vec![user("2", "Kimberly")]];
    let counts = scratch.sync(0, pages).await;
    assert_eq!(counts, Counts { fetched: 2, created: 2, ..Counts::default() });
    assert!(scratch.user("1").await.unified.unwrap().contains("New"));
    assert!(scratch.user("2").await.unified.unwrap().contains("Kimberly"));
    assert_eq!(scratch.store.count(None, &USERS).await.unwrap().live, 2);
}

#[tokio::test]
async fn an_empty_page_moves_the_checkpoint() {
    let scratch = Scratch::open().await;
    let mut run = scratch.store.begin(new_run(0)).await.unwrap();
    let empty = PageWrite { total: Some(12), ..page(&run, at(0), Vec::new()) };
    assert_eq!(scratch.store.write_page(&mut run, empty).await.unwrap(), Counts::default());
    assert_eq!((run.next_page(), run.total()), (1, Some(12)));
}

/// What happens to one record in one run of the property below.
#[derive(Debug, Clone)]
enum Event {
    Absent,
    Live(u8),
    Flagged(u8),
    Rejected,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(Event::Absent),
        (0_u8..3).prop_map(Event::Live),
        (0_u8..3).prop_map(Event::Flagged),
        Just(Event::Rejected),
    ]
}

fn write_of(remote_id: &str, event: &Event) -> Option<RecordWrite> {
    let named = |name: &u8| user(remote_id, &format!("name {name}"));
    match event {
        Event::Absent => None,
        Event::Live(name) => Some(named(name)),
        Event::Flagged(name) => Some(deleted(named(name))),
        Event::Rejected => Some(rejected(named(&0), "broken")),
    }
}

/// A stored record in its simplest form: its unified value and whether it is gone.
type Simple = BTreeMap<String, (Option<String>, bool)>;

/// The rules of the store in a few lines, for comparison.
fn expect(rows: &mut Simple, events: &BTreeMap<String, Event>) {
    for (remote_id, event) in events {
        let before = rows.get(remote_id).cloned();
        let after = match (write_of(remote_id, event), before) {
            (None, None) => continue,
            (None, Some((unified, _))) => (unified, true),
            (Some(RecordWrite { unified: Err(_), .. }), before) => before.unwrap_or((None, false)),
            (Some(row), _) => (Some(String::from_utf8(row.unified.unwrap()).unwrap()), row.deleted),
        };
        rows.insert(remote_id.clone(), after);
    }
}

async fn contents(store: &Store) -> BTreeMap<String, StoredRecord> {
    let all = ListQuery { include_deleted: true, limit: 1000, ..ListQuery::new(&USERS) };
    store.list(all).await.unwrap().into_iter().map(|record| (record.remote_id.clone(), record)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_series_of_syncs_follows_the_rules(
        runs in prop::collection::vec(prop::collection::vec(event(), 0..40), 1..5),
        page_size in 1_usize..40,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let scratch = Scratch::open().await;
            let mut expected = Simple::new();
            for (minute, events) in runs.into_iter().enumerate() {
                let known: BTreeSet<String> = expected.keys().cloned().collect();
                let mut events: BTreeMap<String, Event> =
                    events.into_iter().enumerate().map(|(number, event)| (number.to_string(), event)).collect();
                for remote_id in known {
                    events.entry(remote_id).or_insert(Event::Absent);
                }
                let before = contents(&scratch.store).await;
                let rows: Vec<RecordWrite> =
                    events.iter().filter_map(|(remote_id, event)| write_of(remote_id, event)).collect();
                let sent = rows.len() as u64;
                let rejections = rows.iter().filter(|row| row.unified.is_err()).count() as u64;
                let pages = rows.chunks(page_size).map(<[RecordWrite]>::to_vec).collect();
                let counts = scratch.sync(minute as i64, pages).await;
                expect(&mut expected, &events);

                let after = contents(&scratch.store).await;
                let simple: Simple = after
                    .iter()
                    .map(|(id, row)| (id.clone(), (row.unified.clone(), row.remote_deleted_at.is_some())))
                    .collect();
                prop_assert_eq!(&simple, &expected);
                prop_assert_eq!(counts.fetched, sent);
                prop_assert_eq!(counts.failed, rejections);
                let mut touched = 0;
                for (remote_id, row) in &after {
                    let same = before.get(remote_id).is_some_and(|old| {
                        old.unified == row.unified
                            && old.remote_deleted_at.is_some() == row.remote_deleted_at.is_some()
                    });
                    let old = before.get(remote_id);
                    let expected_at = if same { old.unwrap().changed_at } else { at(minute as i64) };
                    prop_assert_eq!(row.changed_at, expected_at);
                    prop_assert_eq!(old.map_or(row.key, |old| old.key), row.key);
                    let rejected_at_first_sight = old.is_none() && row.unified.is_none();
                    touched += u64::from(!same && !rejected_at_first_sight);
                }
                prop_assert_eq!(counts.created + counts.changed + counts.deleted, touched);
            }
            Ok(())
        })?;
    }
}
