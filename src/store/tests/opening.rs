use std::time::Duration;

use sqlx::{ConnectOptions, Connection};

use super::*;

async fn problem_of(path: &Path) -> Problem {
    Store::open(path).await.expect_err("the file cannot be a store").problem
}

#[tokio::test]
async fn an_empty_path_becomes_a_store_and_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("some/where/store.db");
    for round in 0..2 {
        let store = Store::open(&path).await.unwrap();
        let migrations: i64 =
            sqlx::query_scalar("SELECT count(*) FROM _sqlx_migrations").fetch_one(store.readers()).await.unwrap();
        assert_eq!(migrations, schema::migrations().len() as i64);
        assert_eq!(store.connections().await.unwrap().len(), round);
        store.begin(new_run(0)).await.unwrap();
    }
}

#[tokio::test]
async fn a_store_of_the_first_schema_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut old = schema::options(&path).connect().await.unwrap();
    let first = sqlx::migrate::Migrator::with_migrations(schema::migrations()[..1].to_vec());
    first.run_direct(None, &mut old, false).await.unwrap();
    sqlx::query(
        "INSERT INTO syncs (connection, model, revision, state, started_at, next_page, total, fetched) \
         VALUES ('acme', 'users', 'r1', 'running', ?, 3, 9, 6)",
    )
    .bind(moment::text(at(0)))
    .execute(&mut old)
    .await
    .unwrap();
    old.close().await.unwrap();

    let store = Store::open(&path).await.unwrap();
    let mut run = store.begin(new_run(1)).await.unwrap();
    // What it asked for was not written down then, so nobody knows whether it is the same.
    assert!(!run.resumed());
    assert_eq!((run.next_page(), store.history(None, 2).await.unwrap()[1].counts.fetched), (0, 6));
    let rows = PageWrite { next_cursor: Some("\"c4\"".into()), ..page(&run, at(1), users(0..2)) };
    store.write_page(&mut run, rows).await.unwrap();
    assert_eq!(store.history(None, 1).await.unwrap()[0].next_cursor.as_deref(), Some("\"c4\""));
}

#[tokio::test]
async fn opening_again_changes_nothing() {
    let scratch = Scratch::open().await;
    let version = async |store: &Store| -> i64 {
        sqlx::query_scalar("PRAGMA schema_version").fetch_one(store.readers()).await.unwrap()
    };
    let before = version(&scratch.store).await;
    let again = Store::open(scratch.store.path()).await.unwrap();
    assert_eq!(version(&again).await, before);
}

#[tokio::test]
async fn two_openings_at_once_share_a_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let path = path.clone();
            tokio::spawn(async move { Store::open(&path).await.map(drop) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn pragmas_are_set() {
    let scratch = Scratch::open().await;
    let mut writer = scratch.store.writer().await;
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut *writer).await.unwrap();
    assert_eq!(journal, "wal");
    for (pragma, expected) in [
        ("PRAGMA synchronous", 1),
        ("PRAGMA page_size", 8192),
        ("PRAGMA wal_autocheckpoint", 8192),
        ("PRAGMA foreign_keys", 1),
        ("PRAGMA busy_timeout", 10_000),
    ] {
        let value: i64 = sqlx::query_scalar(pragma).fetch_one(&mut *writer).await.unwrap();
        assert_eq!(value, expected, "{pragma}");
    }
    let written = sqlx::query("DELETE FROM records").execute(scratch.store.readers()).await;
    assert!(matches!(written.map_err(Problem::from), Err(Problem::ReadOnly)), "readers only read");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("letter.txt");
    let letter = "Dear Robin, this is not a database. ".repeat(200);
    std::fs::write(&path, &letter).unwrap();
    let error = Store::open(&path).await.unwrap_err();
    assert!(matches!(error.problem, Problem::NotADatabase), "{error:?}");
    assert_eq!(
        error.to_string(),
        format!("store {}: the file is not a database; name another file, or move this one away", path.display())
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), letter);
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let mut other = schema::options(&path).connect().await.unwrap();
    sqlx::query("CREATE TABLE notes (text TEXT)").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(problem_of(&path).await, Problem::OtherProgram));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let scratch = Scratch::open().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99, 'later', 1, x'00', 0)",
    )
    .execute(&mut *scratch.store.writer().await)
    .await
    .unwrap();
    assert!(matches!(problem_of(scratch.store.path()).await, Problem::NewerSchema(99)));
}

#[tokio::test]
async fn a_read_only_file_is_refused() {
    let scratch = Scratch::open().await;
    let path = scratch.store.path();
    let options = schema::options(path).create_if_missing(false).read_only(true);
    let error = Store::open_with(path, options).await.unwrap_err();
    assert!(matches!(error.problem, Problem::ReadOnly), "{error:?}");
}

#[tokio::test]
async fn a_path_that_cannot_be_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(problem_of(folder.path()).await, Problem::CannotOpen(_)));
    std::fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(problem_of(&folder.path().join("file/store.db")).await, Problem::CannotOpen(_)));
}

#[tokio::test]
async fn a_full_disk_is_named_and_the_page_before_is_kept() {
    let scratch = Scratch::open().await;
    let store = &scratch.store;
    let mut run = store.begin(new_run(0)).await.unwrap();
    let first = page(&run, at(0), users(0..10));
    store.write_page(&mut run, first).await.unwrap();
    let mut writer = store.writer().await;
    sqlx::query("PRAGMA max_page_count = 1").execute(&mut *writer).await.unwrap();
    drop(writer);

    let second = page(&run, at(0), users(10..2000));
    let error = store.write_page(&mut run, second).await.unwrap_err();
    assert!(matches!(error.problem, Problem::DiskFull), "{error:?}");
    assert_eq!(run.next_page(), 1);
    assert_eq!(store.count(None, &USERS).await.unwrap().live, 10);

    let mut writer = store.writer().await;
    sqlx::query("PRAGMA max_page_count = 1000000").execute(&mut *writer).await.unwrap();
    drop(writer);
    let second = page(&run, at(0), users(10..2000));
    assert_eq!(store.write_page(&mut run, second).await.unwrap().created, 1990);
}

#[tokio::test]
async fn another_process_that_keeps_writing_is_named() {
    let scratch = Scratch::open().await;
    let path = scratch.store.path();
    let hasty = schema::options(path).busy_timeout(Duration::from_millis(20));
    let store = Store::open_with(path, hasty).await.unwrap();
    let mut other = scratch.store.writer().await;
    let _held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let error = store.begin(new_run(0)).await.unwrap_err();
    assert!(matches!(error.problem, Problem::Busy), "{error:?}");
}
