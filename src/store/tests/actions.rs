use jiff::SignedDuration;

use super::*;

fn new<'a>(id: &'a str, key: &'a str, input: &'a str, minute: i64) -> NewAction<'a> {
    NewAction {
        id,
        connection: CONNECTION,
        action: "add_note",
        key,
        key_for: Some(SignedDuration::from_mins(58)),
        input_hash: input,
        input,
        revision: "r1",
        now: at(minute),
    }
}

async fn begun(store: &Store, new: NewAction<'_>) -> ActionHold {
    match store.begin_action(new).await.unwrap() {
        ActionBegun::New(hold) => hold,
        other => panic!("{other:?}"),
    }
}

fn is_taken(result: Result<(), StoreError>) -> bool {
    matches!(result, Err(StoreError { problem: Problem::ActionTaken { .. }, .. }))
}

#[tokio::test]
async fn a_key_stands_for_one_input_until_its_time_is_over() {
    let scratch = Scratch::open().await;
    let store = &scratch.store;
    let hold = begun(store, new("one", "k", r#"{"a":1}"#, 0)).await;
    let known = store.begin_action(new("two", "k", r#"{"a":1}"#, 1)).await.unwrap();
    assert!(matches!(known, ActionBegun::Known(run) if run.id == "one" && run.state == ActionState::Running));
    let other = store.begin_action(new("two", "k", r#"{"a":2}"#, 1)).await.unwrap();
    assert!(matches!(other, ActionBegun::OtherInput(run) if run.id == "one"));
    let elsewhere = NewAction { connection: "other", ..new("three", "k", r#"{"a":1}"#, 1) };
    begun(store, elsewhere).await;

    let end = ActionEnd { key_until: hold.key_until(at(2)), ..ActionEnd::default() };
    store.end_action(&hold, ActionState::Done, &end, at(2)).await.unwrap();
    let known = store.begin_action(new("four", "k", r#"{"a":1}"#, 59)).await.unwrap();
    assert!(matches!(known, ActionBegun::Known(run) if run.id == "one" && run.state == ActionState::Done));
    begun(store, new("five", "k", r#"{"a":2}"#, 60)).await;
}

#[tokio::test]
async fn a_refusal_frees_its_key_and_keeps_nothing_of_the_input() {
    let scratch = Scratch::open().await;
    let store = &scratch.store;
    let hold = begun(store, new("one", "k", r#"{"name":"Ada"}"#, 0)).await;
    let end = ActionEnd { error: Some("{}".into()), key_until: Some(at(1)), ..ActionEnd::default() };
    store.end_action(&hold, ActionState::Refused, &end, at(1)).await.unwrap();
    assert_eq!(store.resume_action("one", "r1", at(2)).await.unwrap(), None, "nothing is left to be done");
    assert!(!store.action_run("one").await.unwrap().unwrap().has_input);
    begun(store, new("two", "k", r#"{"name":"Ada"}"#, 1)).await;
}

#[tokio::test]
async fn steps_outlive_the_process_and_are_forgotten_with_the_input_at_the_end() {
    let scratch = Scratch::open().await;
    let hold = begun(&scratch.store, new("one", "k", r#"{"name":"Ada"}"#, 0)).await;
    scratch.store.end_step(&hold, "job", "find", (StepState::Done, Some(r#"{"id":1}"#)), at(1)).await.unwrap();
    scratch.store.begin_step(&hold, "candidate", "create", at(2)).await.unwrap();

    let store = Store::open(scratch.store.path()).await.unwrap();
    let (hold, input) = store.resume_action("one", "r2", at(3)).await.unwrap().unwrap();
    assert_eq!((input.as_str(), hold.began_at()), (r#"{"name":"Ada"}"#, at(0)));
    let steps = store.steps_by_path(&hold).await.unwrap();
    assert_eq!((steps["job"].state, steps["job"].result.as_deref()), (StepState::Done, Some(r#"{"id":1}"#)));
    assert_eq!((steps["candidate"].state, steps["candidate"].ended_at), (StepState::Began, None));
    store.begin_step(&hold, "candidate", "create", at(4)).await.unwrap();
    store.end_step(&hold, "candidate", "create", (StepState::Done, Some(r#"{"id":2}"#)), at(5)).await.unwrap();
    store.keep_acted(&hold, CONNECTION, &[(&USERS, vec!["2".into()])], at(5)).await.unwrap();
    let end =
        ActionEnd { result: Some(("users".into(), "2".into())), warnings: vec!["w".into()], ..ActionEnd::default() };
    store.end_action(&hold, ActionState::Done, &end, at(6)).await.unwrap();

    let run = store.action_run("one").await.unwrap().unwrap();
    assert_eq!((run.state, run.revision.as_str(), run.resumed, run.has_input), (ActionState::Done, "r2", 1, false));
    assert_eq!((run.result, run.warnings), (end.result, end.warnings));
    let steps = store.action_steps(&store.action_run("one").await.unwrap().unwrap()).await.unwrap();
    let shown: Vec<_> = steps.iter().map(|step| (step.path.as_str(), step.attempts, step.result.is_some())).collect();
    assert_eq!(shown, [("job", 1, false), ("candidate", 2, false)]);
    assert_eq!(store.acted_records(CONNECTION, &USERS).await.unwrap(), ["2"]);
}

#[tokio::test]
async fn whoever_lost_a_run_writes_nothing_more_of_it() {
    let scratch = Scratch::open().await;
    let store = &scratch.store;
    let first = begun(store, new("one", "k", "{}", 0)).await;
    let (second, _) = store.resume_action("one", "r1", at(1)).await.unwrap().unwrap();
    assert!(is_taken(store.begin_step(&first, "candidate", "create", at(2)).await));
    assert!(is_taken(store.end_action(&first, ActionState::Done, &ActionEnd::default(), at(2)).await));
    store.begin_step(&second, "candidate", "create", at(2)).await.unwrap();
    store.end_action(&second, ActionState::Unclear, &ActionEnd::default(), at(3)).await.unwrap();
    assert!(is_taken(store.begin_step(&second, "note", "create", at(4)).await), "it ended");
    let (third, _) = store.resume_action("one", "r1", at(5)).await.unwrap().unwrap();
    store.begin_step(&third, "note", "create", at(6)).await.unwrap();
}

#[tokio::test]
async fn runs_are_forgotten_when_they_are_old_and_never_within_a_day() {
    let scratch = Scratch::open().await;
    let store = &scratch.store;
    let hold = begun(store, new("one", "k", "{}", 0)).await;
    store.begin_step(&hold, "candidate", "create", at(0)).await.unwrap();
    store.keep_acted(&hold, CONNECTION, &[(&USERS, vec!["2".into()])], at(0)).await.unwrap();
    let day = 24 * 60;
    assert_eq!(store.forget_actions(SignedDuration::ZERO, at(day)).await.unwrap(), 0);
    assert_eq!(store.forget_actions(SignedDuration::from_hours(48), at(day + 1)).await.unwrap(), 0);
    assert_eq!(store.forget_actions(SignedDuration::ZERO, at(day + 1)).await.unwrap(), 1);
    assert_eq!(store.action_run("one").await.unwrap(), None);
    begun(store, new("one", "k", "{}", day)).await;
    assert_eq!(store.acted_records(CONNECTION, &USERS).await.unwrap(), ["2"], "records stay known");
}
