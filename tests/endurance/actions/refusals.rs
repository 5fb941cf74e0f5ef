//! What is refused before anything is written, what is switched off, and what only actions made.

use crosswalk::action::Code;
use crosswalk::model::{APPLICATIONS, CANDIDATES};
use crosswalk::store::ActionState;
use crosswalk::sync::{State, SyncOptions};
use serde_json::json;

use super::office::{Office, email, output, person, wish};
use crate::tenant::NAME;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mistakes_are_told_at_once_and_nothing_is_kept_of_them() {
    let office = Office::open().await;
    let mut input = person("Ada");
    input["candidate"]["email_address"] = json!("nowhere");
    input["candidate"].as_object_mut().unwrap().remove("first_name");
    let error = office.act(wish("create_candidate", input)).await.unwrap_err();
    let pointers: Vec<&str> = error.problems.iter().map(|problem| problem.pointer.as_str()).collect();
    assert_eq!(error.code, Code::InputInvalid);
    assert_eq!(pointers, ["/candidate/email_address", "/candidate/first_name"]);
    assert!(error.run.is_none() && office.engine.store().action_runs(None, 9).await.unwrap().is_empty());

    let unknown = json!({"application_id": "1".repeat(24), "content": "?"});
    let error = office.act(wish("add_application_note", unknown)).await.unwrap_err();
    assert_eq!((error.code, error.problems[0].pointer.as_str()), (Code::NotFound, "/application_id"));
    let unknown = json!({"application_id": "remote:1.1", "content": "?"});
    let error = office.act(wish("add_application_note", unknown)).await.unwrap_err();
    assert_eq!((error.code, error.problems[0].pointer.as_str()), (Code::NotFound, "/application_id"));
    assert!(!error.resumable && error.run.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_not_remembered() {
    let office = Office::open().await;
    office.faults(json!([{"when": {"operation": "crEmployeeCreate"}, "do": "denied"}]));
    let error = office.act(wish("create_candidate", person("Ada"))).await.unwrap_err();
    assert_eq!((error.code, error.resumable), (Code::PermissionMissing, false));
    let kept = office.engine.store().action_run(error.run.as_deref().unwrap()).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.has_input), (ActionState::Refused, false));
    office.calm();
    let acted = office.act(wish("create_candidate", person("Ada"))).await.unwrap();
    assert!(!acted.repeated && Some(acted.run) != error.run);
    let mut other = person("Ada");
    other["candidate"]["last_name"] = json!("Berg");
    let exists = office.act(wish("create_candidate", other)).await.unwrap_err();
    assert_eq!(
        (exists.code, exists.problems[0].pointer.as_str()),
        (Code::ApplicationExists, "/candidate/email_address")
    );
    assert_eq!(office.candidates(&email("Ada")).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_is_down_or_in_a_hurry_is_told_apart() {
    let office = Office::open().await;
    let code = async |rule: serde_json::Value| {
        office.faults(json!([rule]));
        office.act(wish("create_candidate", person("Ada"))).await.unwrap_err().code
    };
    assert_eq!(code(json!({"do": {"throttled": {}}})).await, Code::RemoteRateLimited);
    assert_eq!(code(json!({"do": {"status": {"code": 503}}})).await, Code::RemoteUnavailable);
    assert_eq!(code(json!({"on": "token", "do": "invalid_client"})).await, Code::AuthenticationInvalid);
    assert_eq!(code(json!({"do": "forbidden"})).await, Code::PermissionMissing);
    office.calm();
    assert!(office.candidates(&email("Ada")).is_empty());
    office.act(wish("create_candidate", person("Ada"))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_switched_off_is_not_done() {
    let office = Office::open().await;
    let code = async |options: &str| {
        office.connect(options);
        office.act(wish("create_candidate", person("Ada"))).await.unwrap_err().code
    };
    assert_eq!(code("{ actions: { create_candidate: off } }").await, Code::ActionDisabled);
    assert_eq!(code("{ models: { candidates: { off: true } } }").await, Code::ModelDisabled);
    assert_eq!(code("{ paused: true }").await, Code::Inactive);
    office.connect("{ actions: { create_candidate: on, add_application_note: off } }");
    std::fs::remove_file(office.home().join("mappings/carerix/actions/add_application_note.yaml")).unwrap();
    let note = json!({"application_id": "remote:1.1", "content": "?"});
    let error = office.act(wish("add_application_note", note)).await.unwrap_err();
    assert_eq!(error.code, Code::ActionNotAvailable);
    assert!(office.candidates(&email("Ada")).is_empty());
    office.act(wish("create_candidate", person("Ada"))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stage_may_be_set_again_and_a_dry_run_sends_nothing() {
    let office = Office::open().await;
    let listed = office.engine.list(Some(NAME), &APPLICATIONS, None, 1).await.unwrap();
    let application = listed.records[0].value();
    let stage = json!({"application_id": application["id"], "stage_id": application["current_stage_id"]});
    let dry = async |action: &str, input| {
        let wanted = wish(action, input);
        office.engine.dry_run(&office.connection(), office.credentials(), &wanted).await.unwrap()
    };
    let moved = dry("set_application_stage", stage.clone()).await;
    let sent = moved.steps.iter().find(|step| step.kind == "update").unwrap().sends.as_ref().unwrap();
    assert!(sent.document.contains("crMatchUpdate") && sent.variables["_id"] == application["remote_id"], "{sent:?}");
    assert!(office.engine.store().action_runs(None, 9).await.unwrap().is_empty());
    assert!(!office.sandbox.stats().operations.contains_key("crMatchUpdate"));

    let office_act = async || office.act(wish("set_application_stage", stage.clone())).await.unwrap();
    let (first, second) = (office_act().await, office_act().await);
    assert!(first.run != second.run && !second.repeated);

    let create = dry("create_candidate", person("Ada")).await;
    assert!(create.error.is_none(), "{:?}", create.error);
    let uploads: Vec<_> = create.steps.iter().filter(|step| step.path.ends_with("create_upload")).collect();
    assert_eq!(uploads.len(), 2);
    let shown = serde_json::to_string(&create).unwrap();
    assert!(shown.contains("<13 bytes in Base64>") && !shown.contains("QWRh"), "{shown}");
    assert!(office.candidates(&email("Ada")).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_may_keep_only_what_actions_made() {
    let office = Office::open().await;
    let acted = office.act(wish("create_candidate", person("Ada"))).await.unwrap();
    let id = acted.result.unwrap().value()["remote_id"].as_str().unwrap().to_owned();
    office.connect("{ only_created: true }");
    office.sandbox.edit("CREmployee", &id, |fields| drop(fields.insert("firstName".into(), json!("Eva")))).unwrap();
    let options = SyncOptions { models: vec![&CANDIDATES], ..SyncOptions::default() };
    let read = async |options: &SyncOptions| {
        let report = office.engine.sync(&office.connection(), office.credentials(), options, |_| {}).await.unwrap();
        report.models[0].clone()
    };
    let held = read(&options).await;
    assert!(matches!(&held.state, State::Held(why) if why.contains("made by no action")), "{:?}", held.state);
    assert_eq!((held.counts.fetched, held.counts.deleted), (1, 0), "the others are left alone");
    let get = async |id: &str| office.engine.get(Some(NAME), &CANDIDATES, id).await.unwrap().unwrap().value();
    assert_eq!(get(&id).await["first_name"], "Eva");

    let accepted = read(&SyncOptions { accept_deletions: true, ..options.clone() }).await;
    assert!(matches!(accepted.state, State::Complete), "{:?}", accepted.state);
    assert!(accepted.counts.deleted > 0);
    let left = office.engine.list(Some(NAME), &CANDIDATES, None, 99).await.unwrap().records;
    assert_eq!(left.len(), 1);
    // What others add does not come, also not when the source tells of it.
    let other = office.sandbox.insert("CREmployee", json!({"firstName": "Nobody"}).as_object().unwrap()).unwrap();
    let followed = office.follow(&CANDIDATES, &[id.clone(), other]).await;
    assert_eq!((followed.counts.fetched, followed.for_sync, followed.unread), (1, Vec::new(), Vec::new()));
    assert!(matches!(read(&options).await.state, State::Complete));
    assert_eq!(office.engine.list(Some(NAME), &CANDIDATES, None, 99).await.unwrap().records.len(), 1);

    // One that the source has no more goes.
    office.sandbox.remove("CREmployee", &id).unwrap();
    let read_again = read(&options).await;
    assert!(matches!(read_again.state, State::Complete), "{:?}", read_again.state);
    assert_eq!(read_again.counts.deleted, 1);

    office.connect("");
    let all = read(&options).await;
    assert!(matches!(all.state, State::Complete) && all.all, "{:?}", all.state);
    assert!(office.engine.list(Some(NAME), &CANDIDATES, None, 99).await.unwrap().records.len() > 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_can_be_looked_at() {
    let office = Office::open().await;
    let acted = office.act(wish("create_candidate", person("Ada"))).await.unwrap();
    let shown = async |arguments: &[&str], code: i32| {
        let output = output(office.command(arguments)).await;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{told}");
        String::from_utf8(output.stdout).unwrap() + &told
    };
    let listed = shown(&["actions", "list", NAME], 0).await;
    assert!(listed.contains(&acted.run) && listed.contains("create_candidate"), "{listed}");
    let one = shown(&["actions", "show", &acted.run], 0).await;
    assert!(one.contains("create_upload") && one.contains("done"), "{one}");
    let again = shown(&["actions", "resume", &acted.run], 0).await;
    assert!(again.contains("was done before"), "{again}");
    shown(&["actions", "show", "nothing"], 2).await;
    let input = office.input("wrong", &json!({"content": "?"}));
    let wrong = shown(&["act", NAME, "add_application_note", "--input", input.to_str().unwrap()], 2).await;
    assert!(wrong.contains("/application_id"), "{wrong}");
    office.faults(json!([{"do": {"status": {"code": 503}}}]));
    let input = office.input("note", &json!({"application_id": "remote:1.1", "content": "?"}));
    let down = shown(&["act", NAME, "add_application_note", "--input", input.to_str().unwrap()], 3).await;
    assert!(down.contains("nothing was written") && down.contains("remote_unavailable"), "{down}");
}
