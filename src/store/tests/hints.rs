use super::*;

fn hint(delivery: &'static str, remote_id: &'static str, minute: i64) -> NewHint<'static> {
    NewHint {
        connection: CONNECTION,
        delivery,
        model: &USERS,
        remote_id,
        gone: false,
        told_at: at(minute),
        now: at(minute),
    }
}

fn reread(minute: i64) -> NewRun<'static> {
    NewRun { kind: RunKind::Reread, full: true, ..new_run(minute) }
}

#[tokio::test]
async fn a_delivery_is_taken_once_and_survives_a_kill() {
    let scratch = Scratch::open().await;
    assert!(scratch.store.take_hint(hint("d1", "7", 0)).await.unwrap());
    assert!(!scratch.store.take_hint(hint("d1", "8", 1)).await.unwrap());
    assert!(scratch.store.take_hint(NewHint { connection: "other", ..hint("d1", "7", 1) }).await.unwrap());
    assert!(scratch.store.take_hint(NewHint { gone: true, ..hint("d2", "7", 1) }).await.unwrap());

    let store = Store::open(scratch.store.path()).await.unwrap();
    let hints = store.due_hints(CONNECTION, at(1), 10).await.unwrap();
    let told: Vec<_> = hints.iter().map(|hint| (hint.remote_id.as_str(), hint.gone, hint.received_at)).collect();
    assert_eq!(told, [("7", false, at(0)), ("7", true, at(1))]);
    assert_eq!(store.inbox(CONNECTION).await.unwrap(), Inbox { hints: 2, next_at: Some(at(0)) });

    store.forget_deliveries(CONNECTION, at(1)).await.unwrap();
    assert!(store.take_hint(hint("d1", "7", 2)).await.unwrap(), "it was forgotten");
    assert!(!store.take_hint(hint("d2", "7", 2)).await.unwrap());
}

#[tokio::test]
async fn hints_are_removed_put_off_and_left_to_a_sync() {
    let scratch = Scratch::open().await;
    let store = &scratch.store;
    for (delivery, id) in [("d1", "1"), ("d2", "2"), ("d3", "3")] {
        store.take_hint(hint(delivery, id, 0)).await.unwrap();
    }
    let numbers: Vec<i64> =
        store.due_hints(CONNECTION, at(0), 10).await.unwrap().iter().map(|hint| hint.number).collect();
    store.remove_hints(&numbers[..1]).await.unwrap();
    store.put_off_hints(&numbers[1..2], Some(at(5))).await.unwrap();
    store.put_off_hints(&numbers[2..], None).await.unwrap();
    assert!(store.due_hints(CONNECTION, at(4), 10).await.unwrap().is_empty());
    let late = store.due_hints(CONNECTION, at(5), 10).await.unwrap();
    assert_eq!((late.len(), late[0].remote_id.as_str(), late[0].attempts), (1, "2", 1));
    assert_eq!(store.inbox(CONNECTION).await.unwrap(), Inbox { hints: 2, next_at: Some(at(5)) });

    assert_eq!(store.hints_for_sync(CONNECTION).await.unwrap(), [("users".to_owned(), at(0))]);
    store.remove_synced_hints(CONNECTION, "users", at(0)).await.unwrap();
    assert_eq!(store.inbox(CONNECTION).await.unwrap().hints, 2, "it was told when that sync had begun");
    store.remove_synced_hints(CONNECTION, "users", at(1)).await.unwrap();
    assert_eq!(store.inbox(CONNECTION).await.unwrap().hints, 1);
}

#[tokio::test]
async fn a_row_that_is_gone_is_tombstoned_and_told() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![users(0..3)]).await;
    let before = scratch.store.last_event().await.unwrap();
    let mut run = scratch.store.begin(reread(5)).await.unwrap();
    let gone = ["1".to_owned(), "9".to_owned()];
    assert_eq!(scratch.store.delete_gone(&mut run, &gone, at(6)).await.unwrap(), 1);
    assert_eq!(scratch.store.delete_gone(&mut run, &gone, at(6)).await.unwrap(), 0, "once");
    assert_eq!(scratch.store.finish(run, Outcome::Read, at(6)).await.unwrap().deleted, 1);
    let row = scratch.user("1").await;
    assert_eq!((row.remote_deleted_at, row.changed_at), (Some(at(5)), at(6)));
    let events = scratch.store.events(before, 10).await.unwrap();
    assert_eq!((events.len(), events[0].deleted), (1, 1));
    assert_eq!(events[0].keys.as_deref(), Some(&[row.key][..]));
    let known = scratch.store.known_ids(CONNECTION, &USERS, &gone).await.unwrap();
    assert!(known.is_empty(), "{known:?}");
    assert_eq!(scratch.sync(10, vec![users(0..3)]).await.changed, 1, "and it can come back");
}

#[tokio::test]
async fn of_two_runs_at_a_time_that_which_began_later_counts() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![users(0..3)]).await;
    let mut full = scratch.store.begin(NewRun { full: true, ..new_run(5) }).await.unwrap();
    // A page is under way while the source tells of its records, and of one that is new.
    let mut told = scratch.store.begin(reread(6)).await.unwrap();
    let rows = page(&told, at(6), vec![user("0", "Later"), user("8", "Born")]);
    scratch.store.write_page(&mut told, rows).await.unwrap();
    assert_eq!(scratch.store.delete_gone(&mut told, &["1".to_owned()], at(6)).await.unwrap(), 1);
    scratch.store.finish(told, Outcome::Read, at(6)).await.unwrap();

    let rows = vec![user("0", "Earlier"), user("1", "Earlier"), user("2", "Robin"), user("9", "New")];
    let rows = PageWrite { total: Some(4), ..page(&full, at(7), rows) };
    scratch.store.write_page(&mut full, rows).await.unwrap();
    let counts = scratch.store.finish(full, Outcome::Complete, at(8)).await.unwrap();
    assert_eq!(counts, Counts { fetched: 4, created: 1, unchanged: 3, ..Counts::default() });
    assert!(scratch.user("0").await.unified.unwrap().contains("Later"));
    assert!(scratch.user("1").await.remote_deleted_at.is_some(), "what is gone does not come back with an old page");
    assert!(scratch.user("8").await.remote_deleted_at.is_none(), "what came meanwhile is not taken as gone");
    let keys: std::collections::BTreeSet<_> =
        [scratch.user("8").await.key, scratch.user("9").await.key, scratch.user("2").await.key].into();
    assert_eq!(keys.len(), 3, "each new row has a key of its own");
    assert_eq!(
        scratch.sync(20, vec![vec![user("0", "Newest"), user("2", "Robin"), user("8", "Born")]]).await.changed,
        1
    );
}

#[tokio::test]
async fn runs_that_write_at_the_same_moment_lose_nothing() {
    let scratch = Scratch::open().await;
    let mut full = scratch.store.begin(new_run(0)).await.unwrap();
    let mut told = scratch.store.begin(reread(1)).await.unwrap();
    for round in 0..20 {
        let of_full = page(&full, at(2), users(round * 10..round * 10 + 7));
        let of_told = page(&told, at(2), users(round * 10 + 4..round * 10 + 10));
        let (one, other) =
            tokio::join!(scratch.store.write_page(&mut full, of_full), scratch.store.write_page(&mut told, of_told));
        one.unwrap();
        other.unwrap();
    }
    let one = scratch.store.finish(told, Outcome::Read, at(3)).await.unwrap();
    let other = scratch.store.finish(full, Outcome::Complete, at(3)).await.unwrap();
    assert_eq!(one.created + other.created, 200);
    assert_eq!(scratch.store.count(None, &USERS).await.unwrap().live, 200);
    for number in 0..200 {
        let row = scratch.user(&number.to_string()).await;
        assert!(row.unified.unwrap().contains(&format!("\"remote_id\":\"{number}\"")));
        let raw = scratch.store.raw(row.key).await.unwrap().unwrap();
        assert!(String::from_utf8_lossy(&raw).contains(&format!("\"_id\":\"{number}\"")));
    }
}
