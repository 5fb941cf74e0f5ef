//! Equal requests, lost answers and what is told of them.

use std::sync::Arc;

use crosswalk::action::{Code, Wish};
use crosswalk::engine::{RunOptions, Running};
use crosswalk::store::ActionState;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::office::{Office, email, output, person, wish};
use crate::tenant::NAME;

async fn running(office: &Office) -> Running {
    let options = office.sandbox.options().clone();
    // Nothing else in this process reads them.
    let access = Known { client: (options.client_id, options.client_secret) };
    let run = RunOptions { access: Arc::new(access), syncs: false, watch: None, ..RunOptions::default() };
    office.engine.run(run).await.unwrap()
}

#[derive(Debug)]
struct Known {
    client: (String, String),
}

impl crosswalk::engine::Access for Known {
    fn place<'a>(
        &'a self,
        connection: crosswalk::connector::Connection,
    ) -> futures_util::future::BoxFuture<'a, crosswalk::connector::Connection> {
        Box::pin(async { connection })
    }

    fn credentials(
        &self,
        _: &crosswalk::connector::Home,
        _: &crosswalk::connector::Connection,
    ) -> Result<crosswalk::source::Credentials, crosswalk::engine::EngineError> {
        let (id, secret) = self.client.clone();
        Ok(crosswalk::source::Credentials::of_client(id, secret))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_equal_requests_make_one_candidate() {
    let office = Office::open().await;
    let running = running(&office).await;
    let acted = join_all((0..32).map(|_| running.act(NAME, wish("create_candidate", person("Ada"))))).await;
    let acted: Vec<_> = acted.into_iter().map(Result::unwrap).collect();
    assert!(acted.iter().all(|one| one.run == acted[0].run));
    let made = office.candidates(&email("Ada"));
    assert_eq!(made.len(), 1);
    assert_eq!(made[0]["lastName"], "van der Ærø");
    let record = acted[0].result.as_ref().unwrap().value();
    assert_eq!((&record["remote_id"], &record["first_name"]), (&made[0]["_id"], &json!("Ada")), "it was read again");
    assert_eq!(office.files(&email("Ada")), ["brief.txt", "cv.txt"]);

    // The same a while later, spelled otherwise.
    let mut again = person(" Ada ");
    again["candidate"]["email_address"] = json!("ada@example.org");
    let told = running.act(NAME, wish("create_candidate", again)).await.unwrap();
    assert!(told.repeated && told.run == acted[0].run && told.result.is_some());
    assert_eq!(office.candidates(&email("Ada")).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_commands_make_one_candidate_and_what_runs_is_asked() {
    let office = Office::open().await;
    let input = office.input("ada", &person("Ada"));
    let act =
        || output(office.command(&["act", NAME, "create_candidate", "--json", "--input", input.to_str().unwrap()]));
    let outputs = join_all((0..4).map(|_| act())).await;
    let runs: Vec<Value> = outputs
        .iter()
        .map(|output| {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            serde_json::from_slice(&output.stdout).unwrap()
        })
        .collect();
    assert!(runs.iter().all(|run| run["run"] == runs[0]["run"]), "{runs:?}");
    assert_eq!(runs.iter().filter(|run| run["repeated"] == false).count(), 1);
    assert_eq!((office.candidates(&email("Ada")).len(), office.files(&email("Ada")).len()), (1, 2));

    // With an engine at work nobody else may act on its store; it does so itself.
    let running = Arc::new(running(&office).await);
    let socket = crosswalk::api::socket_of(office.engine.store().path());
    let claim = crosswalk::api::Control::claim(socket).await.unwrap();
    let _control = claim.serve(Arc::clone(&running), Arc::new(String::new));
    let input = office.input("bob", &person("Bob"));
    let arguments = ["act", NAME, "create_candidate", "--json", "--input", input.to_str().unwrap()];
    let done = output(office.command(&arguments)).await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let done: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&done["repeated"], &done["result"]["first_name"]), (&json!(false), &json!("Bob")));
    let resumed = output(office.command(&["actions", "resume", done["run"].as_str().unwrap(), "--json"])).await;
    let resumed: Value = serde_json::from_slice(&resumed.stdout).unwrap();
    assert_eq!((&resumed["repeated"], &resumed["run"]), (&json!(true), &done["run"]));
    assert_eq!(office.candidates(&email("Bob")).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_are_looked_for_before_anything_is_sent_again() {
    let office = Office::open().await;
    let lost = ["reset", "reset_in_body", "truncated", "invalid_json"];
    for (number, fault) in lost.into_iter().enumerate() {
        for after in [true, false] {
            let name = format!("Lost{number}{after}");
            let rule =
                |operation: &str| json!({"when": {"operation": operation}, "times": 1, "after": after, "do": fault});
            office.faults(json!([rule("crEmployeeCreate"), rule("crEmployeeAttachmentCreate")]));
            let acted = office.act(wish("create_candidate", person(&name))).await.unwrap();
            assert!(!acted.repeated);
            assert_eq!(office.candidates(&email(&name)).len(), 1, "{fault} {after}");
            assert_eq!(office.files(&email(&name)), ["brief.txt", "cv.txt"], "{fault} {after}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_found_out_is_told_and_gone_on_with() {
    let office = Office::open().await;
    // The answer is lost, and so is every later one: nobody knows.
    office.faults(json!([
        {"when": {"operation": "crEmployeeCreate"}, "after": true, "do": "reset"},
        {"when": {"operation": "crEmployeePage", "from": 2}, "do": {"status": {"code": 503}}},
    ]));
    let error = office.act(wish("create_candidate", person("Ada"))).await.unwrap_err();
    assert_eq!((error.code, error.resumable, error.step.as_deref()), (Code::Unclear, true, Some("create_candidate")));
    assert_eq!(error.done, Vec::<String>::new());
    let run = error.run.unwrap();
    assert_eq!(office.candidates(&email("Ada")).len(), 1, "it happened");
    let kept = office.engine.store().action_run(&run).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.has_input), (ActionState::Unclear, true));

    // Still nothing can be found out.
    let again = office.resume(&run).await.unwrap_err();
    assert_eq!((again.code, again.run.as_deref()), (Code::Unclear, Some(run.as_str())));
    office.calm();
    // The same wish again goes on with it.
    let acted = office.act(wish("create_candidate", person("Ada"))).await.unwrap();
    assert_eq!((acted.run, acted.repeated), (run.clone(), false));
    assert_eq!((office.candidates(&email("Ada")).len(), office.files(&email("Ada")).len()), (1, 2));
    let kept = office.engine.store().action_run(&run).await.unwrap().unwrap();
    assert_eq!((kept.state, kept.resumed, kept.has_input), (ActionState::Done, 2, false));
    let steps = office.engine.store().action_steps(&kept).await.unwrap();
    assert!(steps.iter().all(|step| step.result.is_none()), "nothing of a person is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_done_before_a_failure_stays_and_the_rest_is_gone_on_with() {
    let office = Office::open().await;
    office.faults(json!([{"when": {"operation": "crEmployeeAttachmentCreate", "from": 2}, "do": "denied"}]));
    let error = office.act(wish("create_candidate", person("Ada"))).await.unwrap_err();
    assert_eq!((error.code, error.resumable), (Code::PermissionMissing, true));
    assert_eq!(error.done.len(), 2, "{error:?}");
    assert!(error.undone[0].contains("[1].create_upload"), "{error:?}");
    assert_eq!((office.candidates(&email("Ada")).len(), office.files(&email("Ada")).len()), (1, 1));
    office.calm();
    let run = error.run.as_deref().unwrap();
    let began = office.engine.store().action_run(run).await.unwrap().unwrap();
    // The files change meanwhile: it goes on with what they say then.
    office.edit("mappings/carerix/actions/create_candidate.yaml", "label: file.name", "label: attachment.type");
    let acted = office.resume(run).await.unwrap();
    assert!(acted.result.is_some());
    let ended = office.engine.store().action_run(run).await.unwrap().unwrap();
    assert_ne!(ended.revision, began.revision);
    let labels = "attachments { items { label } }";
    let row = &office.rows("crEmployeePage", &format!("emailAddress = '{}'", email("Ada")), labels)[0];
    assert!(row.to_string().contains("OTHER") && row.to_string().contains("cv.txt"), "{row}");
    assert_eq!((office.candidates(&email("Ada")).len(), office.files(&email("Ada")).len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_ends_behind_the_step_and_the_next_start_goes_on() {
    let office = Office::open().await;
    let engine = running(&office).await;
    office.faults(json!([{"when": {"operation": "crEmployeeCreate"}, "after": true, "do": {"delay": {"ms": 600}}}]));
    let acting = engine.act(NAME, wish("create_candidate", person("Ada")));
    let stopping = async {
        while office.candidates(&email("Ada")).is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        engine.stop_within(std::time::Duration::from_secs(30)).await
    };
    let (acted, in_time) = tokio::join!(acting, stopping);
    let error = acted.unwrap_err();
    assert_eq!((error.code, error.resumable, in_time), (Code::TimedOut, true, true));
    assert_eq!(error.done.len(), 1, "the step under way was waited for");
    assert!(office.files(&email("Ada")).is_empty());
    drop(engine);
    office.calm();

    let _engine = running(&office).await;
    office.until_done(&error.run.unwrap()).await;
    assert_eq!((office.candidates(&email("Ada")).len(), office.files(&email("Ada")).len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_goes_ends_its_actions_behind_a_step_and_one_that_comes_back_goes_on() {
    let office = Office::open().await;
    let engine = running(&office).await;
    office.faults(json!([{"when": {"operation": "crEmployeeCreate"}, "after": true, "do": {"delay": {"ms": 600}}}]));
    let acting = engine.act(NAME, wish("create_candidate", person("Ada")));
    let going = async {
        while office.candidates(&email("Ada")).is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        std::fs::remove_file(office.home().join(format!("connections/{NAME}.yaml"))).unwrap();
        engine.reload().await.unwrap();
    };
    let (acted, ()) = tokio::join!(acting, going);
    let error = acted.unwrap_err();
    assert_eq!((error.code, error.resumable, error.done.len()), (Code::TimedOut, true, 1));
    let gone = engine.act(NAME, wish("create_candidate", person("Bob"))).await.unwrap_err();
    assert_eq!(gone.code, Code::IntegrationNotFound);
    office.calm();
    office.connect("");
    engine.reload().await.unwrap();
    office.until_done(error.run.as_deref().unwrap()).await;
    assert_eq!((office.candidates(&email("Ada")).len(), office.files(&email("Ada")).len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_step_may_become_a_warning_and_stays_so() {
    let office = Office::open().await;
    office.edit(
        "mappings/carerix/actions/create_candidate.yaml",
        "        already: { query: crEmployeeAttachmentPage, where: importID = $key }",
        "        already: { query: crEmployeeAttachmentPage, where: importID = $key }\n        \
         on_error: { warn: \"a file was not taken\" }",
    );
    office.faults(json!([
        {"when": {"operation": "crEmployeeAttachmentCreate"}, "do": {"error": {"error_type": "BAD_REQUEST"}}, "times": 1},
        {"when": {"operation": "crEmployeeAttachmentCreate", "from": 2}, "do": {"status": {"code": 503}}},
        {"when": {"operation": "crEmployeeAttachmentPage"}, "do": {"status": {"code": 503}}},
    ]));
    let error = office.act(wish("create_candidate", person("Ada"))).await.unwrap_err();
    assert_eq!(error.code, Code::Unclear);
    office.calm();
    let acted = office.act(wish("create_candidate", person("Ada"))).await.unwrap();
    assert_eq!(acted.warnings, ["a file was not taken"]);
    assert_eq!(office.files(&email("Ada")), ["brief.txt"], "what was refused is not sent again");
    let again = office.act(wish("create_candidate", person("Ada"))).await.unwrap();
    assert_eq!((again.repeated, again.warnings), (true, acted.warnings));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_stands_for_one_wish() {
    let office = Office::open().await;
    let id = office.application().await;
    let note = |text: &str| Wish {
        key: Some("call-1".into()),
        ..wish("add_application_note", json!({"application_id": id, "content": text}))
    };
    let first = office.act(note("Called back.")).await.unwrap();
    let again = office.act(note("Called back.")).await.unwrap();
    assert!(again.repeated && again.run == first.run);
    let other = office.act(note("Called again.")).await.unwrap_err();
    assert_eq!((other.code, other.run), (Code::InputInvalid, Some(first.run)));
    assert_eq!((office.notes("Called back."), office.notes("Called again.")), (1, 0));
    // Another key is another wish, though it says the same.
    let wanted = Wish { key: Some("call-2".into()), ..note("Called back.") };
    assert!(!office.act(wanted).await.unwrap().repeated);
    assert_eq!(office.notes("Called back."), 2);
}
