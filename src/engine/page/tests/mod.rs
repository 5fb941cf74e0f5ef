mod speed;

use bytes::Bytes;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::mapping::Reads;
use crate::model::{APPLICATION_STAGES, APPLICATIONS, CANDIDATES, Id, JOBS, MODELS, USERS};
use crate::store::{NewRun, Outcome, PageWrite, RecordWrite, RunKind};

const CONNECTION: &str = "acme";

/// An engine whose store has whatever is written to it.
struct Kept {
    engine: Engine,
    view: View,
    _folder: TempDir,
}

fn id(model: &str, remote_id: &str) -> String {
    Id::derive(CONNECTION, model, remote_id).to_string()
}

fn row(model: &Model, remote_id: &str, mut unified: Value) -> RecordWrite {
    unified["id"] = json!(id(model.name, remote_id));
    unified["remote_id"] = json!(remote_id);
    RecordWrite {
        remote_id: remote_id.to_owned(),
        id: Id::derive(CONNECTION, model.name, remote_id),
        raw: Bytes::from(format!("{{\"raw\":\"{remote_id}\"}}")),
        unified: Ok(unified.to_string().into_bytes()),
        deleted: false,
        group: None,
        members_of: None,
        issues: Vec::new(),
        partial: false,
    }
}

impl Kept {
    async fn new() -> Kept {
        let folder = tempfile::tempdir().unwrap();
        let engine = Engine::open(folder.path(), None).await.unwrap();
        Kept { engine, view: View::of_all(CONNECTION), _folder: folder }
    }

    /// Everything is read, and this is what there is.
    async fn filled() -> Kept {
        let kept = Kept::new().await;
        let stage = |remote_id: &str, group: Option<&str>, index: i64| RecordWrite {
            group: group.map(str::to_owned),
            ..row(
                &APPLICATION_STAGES,
                remote_id,
                json!({"name": format!("stage {remote_id}"), "status": "ACTIVE", "global_index": index, "custom_fields": null}),
            )
        };
        kept.write(&USERS, vec![row(&USERS, "1", json!({"email": "a@b.nl"}))]).await;
        kept.write(
            &APPLICATION_STAGES,
            vec![stage("1", Some("g"), 20), stage("2", None, 10), stage("3", Some("h"), 0)],
        )
        .await;
        let job = RecordWrite { members_of: Some("g".into()), ..row(&JOBS, "1", json!({"name": "Baker \"x\""})) };
        kept.write(&JOBS, vec![job, row(&JOBS, "2", json!({"name": "Cook"}))]).await;
        let candidate =
            |remote_id: &str| row(&CANDIDATES, remote_id, json!({"first_name": "Robin", "tags": [{"a": 1}]}));
        kept.write(&CANDIDATES, vec![candidate("1"), candidate("2")]).await;
        let application = |remote_id: &str, candidate: &str, job: &str, stage: &str| {
            let ids = json!({
                "outcome": "PENDING", "candidate_id": id("candidates", candidate), "job_id": id("jobs", job),
                "current_stage_id": id("application_stages", stage),
            });
            row(&APPLICATIONS, remote_id, ids)
        };
        kept.write(
            &APPLICATIONS,
            vec![application("1", "1", "1", "1"), application("2", "1", "2", "9"), application("3", "9", "1", "2")],
        )
        .await;
        kept
    }

    /// A whole read of a model. Rows that are not among these are gone.
    async fn write(&self, model: &'static Model, rows: Vec<RecordWrite>) {
        self.write_pages(model, RunKind::Full, vec![rows]).await;
    }

    async fn write_pages(
        &self,
        model: &'static Model,
        kind: RunKind,
        pages: impl IntoIterator<Item = Vec<RecordWrite>>,
    ) {
        let store = self.engine.store();
        let now = Timestamp::now();
        let new = NewRun {
            kind,
            since: None,
            tenant: "t",
            connection: CONNECTION,
            model,
            revision: "r",
            operation: "o",
            choice: "c",
            now,
            full: true,
        };
        let mut run = store.begin(new).await.unwrap();
        let fetched_by = store.reads_number(&Reads::default()).await.unwrap();
        for rows in pages {
            let page = PageWrite {
                next_page: run.next_page() + 1,
                next_cursor: None,
                total: None,
                revision: "r".to_owned(),
                fetched_by,
                at: Timestamp::now(),
                rows,
            };
            store.write_page(&mut run, page).await.unwrap();
        }
        store.finish(run, Outcome::Complete, now).await.unwrap();
    }

    async fn page(&self, query: &PageQuery) -> Page {
        self.engine.page(&self.view, query).await.unwrap()
    }

    async fn rows(&self, query: &PageQuery) -> Vec<Value> {
        self.page(query).await.rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
    }
}

#[tokio::test]
async fn rows_show_what_belongs_to_them() {
    let kept = Kept::filled().await;
    let candidates = kept.rows(&PageQuery::new(&CANDIDATES)).await;
    assert_eq!(candidates.len(), 2);
    let applications = candidates[0]["applications"].as_array().unwrap();
    assert_eq!(applications.len(), 2);
    assert_eq!(
        applications[0]["current_stage"],
        json!({"id": id("application_stages", "1"), "name": "stage 1", "remote_id": "1", "index": 20})
    );
    assert_eq!(applications[0]["job"], json!({"id": id("jobs", "1"), "remote_id": "1", "name": "Baker \"x\""}));
    assert_eq!((&applications[1]["current_stage"], &applications[1]["outcome"]), (&Value::Null, &json!("PENDING")));
    assert!(applications[0]["changed_at"].is_string());
    assert_eq!(candidates[1]["applications"], json!([]));

    let applications = kept.rows(&PageQuery::new(&APPLICATIONS)).await;
    assert_eq!(applications[0]["candidate"]["first_name"], "Robin");
    assert_eq!(applications[0]["candidate"]["tags"], json!([{"a": 1}]));
    assert_eq!(applications[0]["current_stage"]["status"], "ACTIVE");
    assert_eq!((&applications[0]["interviews"], &applications[0]["offers"]), (&json!([]), &json!([])));
    assert_eq!(applications[2]["candidate"], Value::Null);

    let jobs = kept.rows(&PageQuery::new(&JOBS)).await;
    let stages = |job: &Value| -> Vec<String> {
        job["stages"].as_array().unwrap().iter().map(|stage| stage["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(stages(&jobs[0]), ["stage 2", "stage 1"]);
    assert_eq!(stages(&jobs[1]), ["stage 2"]);
    assert_eq!(jobs[0]["screening_questions"], json!([]));
    assert_eq!((&jobs[0]["remote_data"], &jobs[0]["remote_deleted_at"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_long_record_is_shown_in_others_as_a_short_one_is() {
    let kept = Kept::filled().await;
    let long = |at: usize| "é".repeat(at);
    // Keys are written in the order of the alphabet here, so the name stands behind the text.
    let jobs = vec![
        row(&JOBS, "1", json!({"description": long(2_000), "name": "last"})),
        row(&JOBS, "2", json!({"description": long(480), "name": long(40)})),
    ];
    kept.write(&JOBS, jobs).await;
    let shown = kept.rows(&PageQuery::new(&APPLICATIONS)).await;
    assert_eq!(shown[0]["job"], json!({"id": id("jobs", "1"), "remote_id": "1", "name": "last"}));
    assert_eq!(shown[1]["job"], json!({"id": id("jobs", "2"), "remote_id": "2", "name": long(40)}));
}

#[tokio::test]
async fn what_is_gone_is_hidden_everywhere_unless_it_is_asked_for() {
    let kept = Kept::filled().await;
    kept.write(&CANDIDATES, vec![]).await;
    kept.write(&APPLICATION_STAGES, vec![]).await;
    assert!(kept.rows(&PageQuery::new(&CANDIDATES)).await.is_empty());
    let shown = kept.rows(&PageQuery::new(&APPLICATIONS)).await;
    assert_eq!((&shown[0]["candidate"], &shown[0]["current_stage"]), (&Value::Null, &Value::Null));
    assert_eq!(shown[0]["candidate_id"], json!(id("candidates", "1")));
    let with_gone = PageQuery { include_deleted: true, ..PageQuery::new(&APPLICATIONS) };
    assert_eq!(kept.rows(&with_gone).await[0]["candidate"]["remote_id"], "1");
    assert_eq!(kept.rows(&PageQuery::new(&JOBS)).await[0]["stages"], json!([]));

    let gone = PageQuery { include_deleted: true, ..PageQuery::new(&CANDIDATES) };
    let candidate = &kept.rows(&gone).await[0];
    assert!(candidate["remote_deleted_at"].is_string());
    assert_eq!(candidate["applications"].as_array().unwrap().len(), 2);
    kept.engine.store().clear_deleted(CONNECTION, Timestamp::now()).await.unwrap();
    let cleared = &kept.rows(&gone).await[0];
    assert_eq!((&cleared["remote_id"], &cleared["first_name"]), (&json!("1"), &Value::Null));
    assert_eq!((&cleared["tags"], &cleared["applications"]), (&json!([]), &json!([])));
    assert!(cleared["remote_deleted_at"].is_string());
}

#[tokio::test]
async fn a_list_is_refused_until_all_that_it_shows_was_read() {
    let kept = Kept::new().await;
    let refused = async |model: &Model| match kept.engine.page(&kept.view, &PageQuery::new(model)).await {
        Err(PageError::FirstSync { models, .. }) => models,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&USERS).await, ["users"]);
    kept.write(&USERS, vec![]).await;
    assert!(kept.rows(&PageQuery::new(&USERS)).await.is_empty());
    kept.write(&CANDIDATES, vec![]).await;
    kept.write(&JOBS, vec![]).await;
    assert_eq!(refused(&CANDIDATES).await, ["application_stages", "applications"]);
}

#[tokio::test]
async fn filters_that_the_source_cannot_have_find_nothing_or_are_left_out() {
    let mut kept = Kept::filled().await;
    kept.view.forget("candidates", "email_addresses");
    let email = List::of(&CANDIDATES).filter("email").unwrap();
    let asked = PageQuery::new(&CANDIDATES).by(email, Wanted::Texts(vec!["nobody@b.nl".into()])).unwrap();
    assert!(kept.rows(&asked).await.is_empty());
    let ignoring = PageQuery { ignore_unsupported_filters: true, ..asked };
    assert_eq!(kept.rows(&ignoring).await.len(), 2);
    // One that the source has is not left out.
    let name = List::of(&CANDIDATES).filter("first_name").unwrap();
    let ignoring = ignoring.by(name, Wanted::Texts(vec!["nobody".into()])).unwrap();
    assert!(kept.rows(&ignoring).await.is_empty());
    assert!(PageQuery::new(&CANDIDATES).by(name, Wanted::Texts(vec![])).is_none());
}

#[tokio::test]
async fn a_cursor_goes_on_where_it_was_given_and_nowhere_else() {
    let kept = Kept::filled().await;
    for model in MODELS {
        for page_size in 1..4 {
            let mut query = PageQuery { page_size, ..PageQuery::new(model) };
            let all = kept.rows(&PageQuery::new(model)).await;
            let mut walked = Vec::new();
            loop {
                let page = kept.page(&query).await;
                assert!(page.rows.len() <= page_size as usize);
                walked.extend(page.rows.iter().map(|row| serde_json::from_str::<Value>(row).unwrap()));
                query.cursor = page.next;
                if query.cursor.is_none() {
                    break;
                }
            }
            assert_eq!(walked, all);
        }
    }
    let first = PageQuery { page_size: 1, ..PageQuery::new(&CANDIDATES) };
    let next = kept.page(&first).await.next;
    let refused = async |query: PageQuery, view: &View| match kept.engine.page(view, &query).await {
        Err(PageError::Cursor(error)) => error,
        other => panic!("{other:?}"),
    };
    let with_gone = PageQuery { cursor: next.clone(), include_deleted: true, ..first.clone() };
    assert_eq!(refused(with_gone, &kept.view).await, CursorError::OfAnother);
    let of_jobs = PageQuery { cursor: next.clone(), ..PageQuery::new(&JOBS) };
    assert_eq!(refused(of_jobs, &kept.view).await, CursorError::OfAnother);
    let narrowed = PageQuery { cursor: next, ..first.clone() }.of_ids(["x"]);
    assert_eq!(refused(narrowed, &kept.view).await, CursorError::OfAnother);
    let made_up = PageQuery { cursor: Some("eyJrIjoxfQ".into()), ..first };
    assert_eq!(refused(made_up, &kept.view).await, CursorError::Unknown);
}
