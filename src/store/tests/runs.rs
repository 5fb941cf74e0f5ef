use super::*;

async fn states(store: &Store) -> Vec<(i64, RunState)> {
    store.history(None, 10).await.unwrap().into_iter().map(|run| (run.id, run.state)).collect()
}

#[tokio::test]
async fn a_run_that_broke_off_goes_on_where_it_was() {
    let scratch = Scratch::open().await;
    let mut run = scratch.store.begin(new_run(0)).await.unwrap();
    assert!(!run.resumed());
    let first = PageWrite { total: Some(7), next_cursor: Some("17".into()), ..page(&run, at(1), users(0..5)) };
    scratch.store.write_page(&mut run, first).await.unwrap();
    let id = run.id();
    drop(run);

    let store = Store::open(scratch.store.path()).await.unwrap();
    let mut run = store.begin(new_run(59)).await.unwrap();
    assert!(run.resumed());
    assert_eq!((run.id(), run.now(), run.next_page(), run.total()), (id, at(0), 1, Some(7)));
    assert_eq!(run.next_cursor(), Some("17"));
    assert_eq!(run.counts(), Counts { fetched: 5, created: 5, ..Counts::default() });
    assert_eq!((run.connection(), run.model(), run.revision()), (CONNECTION, &USERS, "r1"));
    let second = page(&run, at(59), users(4..7));
    store.write_page(&mut run, second).await.unwrap();
    let counts = store.finish(run, Outcome::Complete, at(60)).await.unwrap();
    assert_eq!(counts, Counts { fetched: 7, created: 7, ..Counts::default() });
}

#[tokio::test]
async fn a_run_is_not_continued_when_it_is_old_or_other_or_over() {
    let other_revision = NewRun { revision: "r2", operation: "o2", ..new_run(10) };
    let full = NewRun { full: true, ..new_run(10) };
    for new in [other_revision, full, new_run(60), new_run(-1)] {
        let scratch = Scratch::open().await;
        let first = scratch.store.begin(new_run(0)).await.unwrap();
        let second = scratch.store.begin(new).await.unwrap();
        assert!(!second.resumed());
        assert_eq!((second.now(), second.next_page()), (new.now, 0));
        assert_eq!(
            states(&scratch.store).await,
            [(second.id(), RunState::Running), (first.id(), RunState::Incomplete)]
        );
    }
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![users(0..1)]).await;
    assert!(!scratch.store.begin(new_run(1)).await.unwrap().resumed());
}

#[tokio::test]
async fn models_and_connections_have_runs_of_their_own() {
    let scratch = Scratch::open().await;
    let users_run = scratch.store.begin(new_run(0)).await.unwrap();
    let jobs = scratch.store.begin(NewRun { model: &JOBS, ..new_run(0) }).await.unwrap();
    let other = scratch.store.begin(NewRun { connection: "other", ..new_run(0) }).await.unwrap();
    assert!(!jobs.resumed() && !other.resumed());
    scratch.store.finish(users_run, Outcome::Complete, at(1)).await.unwrap();
    let of_other = scratch.store.history(Some("other"), 10).await.unwrap();
    assert_eq!(of_other.len(), 1);
    assert_eq!((of_other[0].model.as_str(), of_other[0].connection.as_str()), ("users", "other"));
    assert_eq!(scratch.store.connections().await.unwrap(), ["acme", "other"]);
}

#[tokio::test]
async fn only_a_complete_run_deletes_what_it_did_not_see() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![users(0..4)]).await;
    for outcome in [Outcome::Incomplete("total is implausible".into()), Outcome::Failed("timed out".into())] {
        let mut run = scratch.store.begin(new_run(5)).await.unwrap();
        let rows = page(&run, at(5), users(0..2));
        scratch.store.write_page(&mut run, rows).await.unwrap();
        let counts = scratch.store.finish(run, outcome, at(6)).await.unwrap();
        assert_eq!(counts, Counts { fetched: 2, unchanged: 2, ..Counts::default() });
        assert_eq!(scratch.user("3").await.remote_deleted_at, None);
    }
    let history = scratch.store.history(None, 2).await.unwrap();
    assert_eq!(history[0].message.as_deref(), Some("timed out"));
    assert_eq!((history[1].state, history[1].ended_at), (RunState::Incomplete, Some(at(6))));

    let mut run = scratch.store.begin(new_run(10)).await.unwrap();
    let rows = page(&run, at(11), users(0..2));
    scratch.store.write_page(&mut run, rows).await.unwrap();
    let counts = scratch.store.finish(run, Outcome::Complete, at(12)).await.unwrap();
    assert_eq!(counts, Counts { fetched: 2, unchanged: 2, deleted: 2, ..Counts::default() });
    let gone = scratch.user("3").await;
    assert_eq!((gone.remote_deleted_at, gone.changed_at), (Some(at(10)), at(12)));
    assert_eq!(scratch.store.history(None, 1).await.unwrap()[0].counts, counts);
}

#[tokio::test]
async fn a_tombstone_is_set_once_and_lifted_when_the_record_is_seen_again() {
    let scratch = Scratch::open().await;
    scratch.sync(0, vec![users(0..2)]).await;
    assert_eq!(scratch.sync(5, vec![users(0..1)]).await.deleted, 1);
    assert_eq!(scratch.sync(10, vec![users(0..1)]).await.deleted, 0);
    assert_eq!(scratch.user("1").await.remote_deleted_at, Some(at(5)));
    let counts = scratch.sync(15, vec![users(0..2)]).await;
    assert_eq!(counts, Counts { fetched: 2, changed: 1, unchanged: 1, ..Counts::default() });
    let back = scratch.user("1").await;
    assert_eq!((back.remote_deleted_at, back.changed_at), (None, at(15)));
}

#[tokio::test]
async fn tombstones_stay_within_the_connection_and_model() {
    let scratch = Scratch::open().await;
    let mut other = scratch.store.begin(NewRun { connection: "other", ..new_run(0) }).await.unwrap();
    let rows = page(&other, at(0), vec![record("other", &USERS, "1", serde_json::json!({}))]);
    scratch.store.write_page(&mut other, rows).await.unwrap();
    let mut jobs = scratch.store.begin(NewRun { model: &JOBS, ..new_run(0) }).await.unwrap();
    let rows = page(&jobs, at(0), vec![record(CONNECTION, &JOBS, "1", serde_json::json!({}))]);
    scratch.store.write_page(&mut jobs, rows).await.unwrap();
    scratch.sync(0, vec![users(0..1)]).await;
    assert_eq!(scratch.sync(5, vec![]).await.deleted, 1);
    assert_eq!(scratch.store.count(Some("other"), &USERS).await.unwrap().live, 1);
    assert_eq!(scratch.store.count(None, &JOBS).await.unwrap().live, 1);
}

#[tokio::test]
async fn a_restarted_run_forgets_what_it_saw() {
    let scratch = Scratch::open().await;
    let mut run = scratch.store.begin(new_run(0)).await.unwrap();
    let rows = PageWrite { total: Some(9), next_cursor: Some("17".into()), ..page(&run, at(0), users(0..3)) };
    scratch.store.write_page(&mut run, rows).await.unwrap();
    let id = run.id();
    scratch.store.restart(&mut run).await.unwrap();
    assert_eq!((run.id(), run.next_page(), run.total(), run.counts()), (id, 0, None, Counts::default()));
    assert_eq!(run.next_cursor(), None);

    let rows = page(&run, at(1), users(1..3));
    scratch.store.write_page(&mut run, rows).await.unwrap();
    let counts = scratch.store.finish(run, Outcome::Complete, at(2)).await.unwrap();
    assert_eq!(counts, Counts { fetched: 2, unchanged: 2, deleted: 1, ..Counts::default() });
    assert!(scratch.user("0").await.remote_deleted_at.is_some());
}

#[tokio::test]
async fn a_run_that_was_taken_over_writes_nothing_more() {
    let scratch = Scratch::open().await;
    let mut stale = scratch.store.begin(new_run(0)).await.unwrap();
    let mut holder = scratch.store.begin(new_run(1)).await.unwrap();
    assert_eq!(stale.id(), holder.id());
    let rows = page(&holder, at(1), users(0..2));
    scratch.store.write_page(&mut holder, rows).await.unwrap();

    let rows = page(&stale, at(1), vec![user("0", "Stale"), user("9", "Stale")]);
    let error = scratch.store.write_page(&mut stale, rows).await.unwrap_err();
    assert!(matches!(error.problem, Problem::Superseded { .. }), "{error:?}");
    assert!(scratch.store.restart(&mut stale).await.is_err());
    assert!(scratch.store.finish(stale, Outcome::Complete, at(2)).await.is_err());
    assert_eq!(scratch.store.count(None, &USERS).await.unwrap(), RecordCounts { live: 2, ..Default::default() });
    assert!(scratch.user("0").await.unified.unwrap().contains("Robin"));

    let rows = page(&holder, at(1), users(2..3));
    scratch.store.write_page(&mut holder, rows).await.unwrap();
}

#[tokio::test]
async fn old_runs_are_forgotten_but_for_the_latest_of_each_kind() {
    let scratch = Scratch::open().await;
    for minute in [0, 10, 20] {
        scratch.sync(minute, vec![users(0..2)]).await;
    }
    let delta = NewRun { kind: RunKind::Delta, since: Some(at(20)), ..new_run(30) };
    let run = scratch.store.begin(delta).await.unwrap();
    scratch.store.finish(run, Outcome::Read, at(31)).await.unwrap();
    let failed = scratch.store.begin(NewRun { kind: RunKind::Delta, ..new_run(40) }).await.unwrap();
    scratch.store.finish(failed, Outcome::Failed("no".into()), at(41)).await.unwrap();

    let before = scratch.store.chain(CONNECTION, &USERS).await.unwrap();
    assert_eq!(scratch.store.forget_runs(CONNECTION, at(60)).await.unwrap(), 3);
    assert_eq!(scratch.store.chain(CONNECTION, &USERS).await.unwrap(), before);
    assert_eq!(scratch.store.history(None, 10).await.unwrap().len(), 2);
    assert_eq!(scratch.store.forget_runs(CONNECTION, at(60)).await.unwrap(), 0);
    let next = scratch.store.begin(new_run(50)).await.unwrap();
    assert!(next.id() > 5, "a number is never given twice");
}
