use serde_json::json;
use sqlx::Row;

use super::*;
use crate::model::{Kind, MODELS};

#[tokio::test]
async fn a_view_shows_typed_columns() {
    let scratch = Scratch::open().await;
    let unified = json!({
        "remote_id": "12", "name": "Welder", "job_code": "0042", "confidential": true, "weekly_hours": 36,
        "salary_amount": 2750.5, "location": { "city": "Breda" }, "job_postings": [], "opened_at": null,
        "remote_created_at": "2026-11-20T10:00:00.000Z",
    });
    let mut run = scratch.store.begin(NewRun { model: &JOBS, ..new_run(0) }).await.unwrap();
    let failing = rejected(record(CONNECTION, &JOBS, "13", json!({})), "broken");
    let rows = page(&run, at(3), vec![record(CONNECTION, &JOBS, "12", unified), failing]);
    scratch.store.write_page(&mut run, rows).await.unwrap();

    let shown = |column: &str| format!("typeof({column}) || ' ' || coalesce({column}, '-')");
    for (column, expected) in [
        ("connection", "text acme"),
        ("id", &format!("text {}", Id::derive(CONNECTION, "jobs", "12"))),
        ("remote_id", "text 12"),
        ("job_code", "text 0042"),
        ("confidential", "integer 1"),
        ("weekly_hours", "real 36.0"),
        ("salary_amount", "real 2750.5"),
        ("location", r#"text {"city":"Breda"}"#),
        ("job_postings", "text []"),
        ("opened_at", "null -"),
        ("contact_id", "null -"),
        ("remote_created_at", "text 2026-11-20T10:00:00.000Z"),
        ("changed_at", "text 2026-11-20T06:03:00.000Z"),
        ("remote_deleted_at", "null -"),
    ] {
        let query = sqlx::AssertSqlSafe(format!("SELECT {} FROM jobs", shown(column)));
        let rows = sqlx::query(query).fetch_all(scratch.store.readers()).await.unwrap();
        assert_eq!(rows.len(), 1, "a record that never mapped is not shown");
        assert_eq!(rows[0].get::<String, _>(0), expected, "{column}");
    }
}

#[tokio::test]
async fn every_model_has_a_view_of_its_stored_fields() {
    let scratch = Scratch::open().await;
    for model in MODELS {
        let query = sqlx::AssertSqlSafe(format!("SELECT name FROM pragma_table_info('{}')", model.name));
        let columns: Vec<String> = sqlx::query_scalar(query).fetch_all(scratch.store.readers()).await.unwrap();
        let stored = model.fields.iter().filter(|field| !matches!(field.kind, Kind::Members(_)));
        let mut expected = vec!["connection", "id"];
        expected.extend(stored.map(|field| field.name));
        expected.extend(["changed_at", "remote_deleted_at"]);
        assert_eq!(columns, expected, "{}", model.name);
    }
}

#[tokio::test]
async fn a_view_that_differs_is_made_anew_and_others_are_kept() {
    let scratch = Scratch::open().await;
    let mut writer = scratch.store.writer().await;
    for statement in [
        "DROP VIEW users",
        "CREATE VIEW users AS SELECT 1 AS outdated",
        "DROP VIEW jobs",
        "CREATE VIEW my_own AS SELECT 2 AS kept",
    ] {
        sqlx::query(statement).execute(&mut *writer).await.unwrap();
    }
    drop(writer);
    let store = Store::open(scratch.store.path()).await.unwrap();
    sqlx::query("SELECT first_name FROM users").fetch_all(store.readers()).await.unwrap();
    sqlx::query("SELECT job_code FROM jobs").fetch_all(store.readers()).await.unwrap();
    let kept: i64 = sqlx::query_scalar("SELECT kept FROM my_own").fetch_one(store.readers()).await.unwrap();
    assert_eq!(kept, 2);
}
