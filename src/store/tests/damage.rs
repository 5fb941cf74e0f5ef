//! Files that something went wrong with: what is said of them, and that nothing is lost once they are mended.

use std::fs;

use sqlx::{ConnectOptions, Connection};

use super::*;

const PAGE: usize = 40;

/// A folder with a file of a few pages of a run, as a kill leaves it: the last ones only in its log, where `log` says so.
async fn left_by_a_kill(name: &str, log: bool) -> TempDir {
    let (living, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = living.path().join("store.db");
    let store = Store::open(&path).await.unwrap();
    let mut run = store.begin(new_run(0)).await.unwrap();
    let write = async |run: &mut Run, number: usize| {
        let rows = users(number * PAGE..(number + 1) * PAGE).into_iter().map(|row| user(&row.remote_id, name));
        let page = page(run, at(0), rows.collect());
        store.write_page(run, page).await.unwrap();
    };
    for number in 0..6 {
        write(&mut run, number).await;
    }
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *store.writer().await).await.unwrap();
    fs::copy(&path, folder.path().join("store.db")).unwrap();
    if log {
        for number in 6..12 {
            write(&mut run, number).await;
        }
        fs::copy(living.path().join("store.db-wal"), folder.path().join("store.db-wal")).unwrap();
    }
    folder
}

/// Opens the store, reads all of it, and writes to it.
async fn use_all(path: &Path) -> Result<(), StoreError> {
    let store = Store::open(path).await?;
    store.history(None, 100).await?;
    store.events(0, 100).await?;
    store.list(ListQuery { limit: 10_000, ..ListQuery::new(&USERS) }).await?;
    store.stored_raw(CONNECTION, &USERS, RowKey(0), 10_000).await?;
    let mut run = store.begin(new_run(2)).await?;
    let rows = page(&run, at(2), users(0..6 * PAGE).into_iter().map(|row| user(&row.remote_id, "Ann")).collect());
    store.write_page(&mut run, rows).await?;
    store.finish(run, Outcome::Complete, at(2)).await?;
    Ok(())
}

/// The same with files of these contents. Each in a folder of its own: connections to others may yet be closing.
async fn use_files(file: &[u8], log: Option<&[u8]>) -> Result<(), StoreError> {
    let folder = with_files(file, log);
    use_all(&folder.path().join("store.db")).await
}

fn with_files(file: &[u8], log: Option<&[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("store.db"), file).unwrap();
    if let Some(log) = log {
        fs::write(folder.path().join("store.db-wal"), log).unwrap();
    }
    folder
}

fn read(folder: &TempDir, name: &str) -> Vec<u8> {
    fs::read(folder.path().join(name)).unwrap()
}

fn is_named(problem: &Problem) -> bool {
    matches!(problem, Problem::Damaged | Problem::Unreadable(_) | Problem::NotADatabase | Problem::OtherProgram)
}

#[tokio::test]
async fn pages_that_were_overwritten_are_damage_and_a_copy_is_as_good_as_before() {
    let whole = read(&left_by_a_kill("Robin", false).await, "store.db");
    let mut random = fastrand::Rng::with_seed(5);
    let mut named = 0;
    for _ in 0..12 {
        let mut damaged = whole.clone();
        let first = random.usize(1..whole.len() / 8192 - 1) * 8192;
        let last = (first + random.usize(1..12) * 8192).min(whole.len());
        damaged[first..last].fill_with(|| random.u8(..));
        match use_files(&damaged, None).await {
            // Room that nobody uses, or an index that was not looked into.
            Ok(()) => {}
            Err(error) => {
                assert!(is_named(&error.problem), "{error:?}");
                named += 1;
            }
        }
    }
    assert!(named > 6, "{named}");
    use_files(&whole, None).await.unwrap();
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_damage() {
    let whole = read(&left_by_a_kill("Robin", false).await, "store.db");
    for length in [1, 99, 100, 4000, 8192, 8192 * 3, whole.len() / 2, whole.len() - 8192] {
        match use_files(&whole[..length], None).await {
            Err(error) => assert!(is_named(&error.problem), "{length}: {error:?}"),
            Ok(()) => panic!("a part of it is missing: {length} of {}", whole.len()),
        }
    }
    use_files(&whole, None).await.unwrap();
}

#[tokio::test]
async fn a_log_that_was_cut_off_loses_the_last_pages_only() {
    let left = left_by_a_kill("Robin", true).await;
    let (file, log) = (read(&left, "store.db"), read(&left, "store.db-wal"));
    let mut reached = Vec::new();
    for part in 0..=10 {
        let folder = with_files(&file, Some(&log[..log.len() * part / 10]));
        let store = Store::open(&folder.path().join("store.db")).await.unwrap();
        let stored = store.count(None, &USERS).await.unwrap().live;
        let run = store.begin(new_run(2)).await.unwrap();
        assert_eq!((stored % PAGE as u64, run.counts().fetched), (0, stored), "{part}");
        let check: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(store.readers()).await.unwrap();
        assert_eq!(check, "ok");
        reached.push(stored);
    }
    assert!(reached.is_sorted() && reached.last() == Some(&(12 * PAGE as u64)), "{reached:?}");
}

#[tokio::test]
async fn the_log_of_another_file_is_never_taken_for_a_whole_store() {
    let (one, other) = (left_by_a_kill("Robin", false).await, left_by_a_kill("Ann", true).await);
    let folder = with_files(&read(&one, "store.db"), Some(&read(&other, "store.db-wal")));
    let path = folder.path().join("store.db");
    match use_all(&path).await {
        Err(error) => assert!(is_named(&error.problem), "{error:?}"),
        Ok(()) => {
            let mut file = schema::options(&path).connect().await.unwrap();
            let check: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut file).await.unwrap();
            file.close().await.unwrap();
            assert_eq!(check, "ok", "it was taken for whole");
        }
    }
}

#[tokio::test]
async fn a_store_goes_on_with_the_file_that_was_put_in_the_place_of_a_damaged_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = Store::open(&path).await.unwrap();
    let mut run = store.begin(new_run(0)).await.unwrap();
    let first = page(&run, at(0), users(0..PAGE));
    store.write_page(&mut run, first).await.unwrap();
    drop(run);
    let copy = folder.path().join("copy.db");
    sqlx::query("VACUUM INTO ?").bind(copy.to_str()).execute(&mut *store.writer().await).await.unwrap();
    for file in [&path, &path.with_extension("db-wal")] {
        let length = fs::metadata(file).unwrap().len() as usize;
        fs::write(file, vec![0x5a; length]).unwrap();
    }
    let error = store.count(None, &USERS).await.expect_err("nothing of it can be read");
    assert!(is_named(&error.problem), "{error:?}");
    let error = store.recover().await.expect_err("it is still damaged");
    assert!(is_named(&error.problem), "{error:?}");

    fs::rename(&copy, &path).unwrap();
    remove_log(&path);
    assert_eq!(store.recover().await.unwrap(), 1);
    let mut run = store.begin(new_run(1)).await.unwrap();
    assert_eq!((run.resumed(), run.next_page(), store.count(None, &USERS).await.unwrap().live), (true, 1, PAGE as u64));
    let second = page(&run, at(0), users(PAGE..2 * PAGE));
    store.write_page(&mut run, second).await.unwrap();
}

#[tokio::test]
async fn a_store_whose_file_is_gone_makes_no_new_one() {
    let scratch = Scratch::open().await;
    let path = scratch.store.path();
    scratch.store.error(Problem::Damaged);
    fs::rename(path, path.with_extension("away")).unwrap();
    remove_log(path);
    let error = scratch.store.recover().await.unwrap_err();
    assert!(matches!(error.problem, Problem::CannotOpen(_)), "{error:?}");
    assert!(!path.exists());
    fs::rename(path.with_extension("away"), path).unwrap();
    scratch.store.recover().await.unwrap();
    scratch.sync(0, vec![users(0..3)]).await;
}

#[tokio::test]
async fn a_transaction_that_the_database_gave_up_does_not_stand_in_the_way_of_the_next() {
    let scratch = Scratch::open().await;
    let store = &scratch.store;
    let mut run = store.begin(new_run(0)).await.unwrap();
    {
        // As after some errors of the disk: the database has rolled back, and the driver does not know.
        let mut writer = store.writer().await;
        let mut transaction = transaction::begin(&mut writer).await.unwrap();
        sqlx::query("ROLLBACK").execute(&mut *transaction).await.unwrap();
    }
    let rows = page(&run, at(0), users(0..3));
    store.write_page(&mut run, rows).await.expect_err("the driver believes that it is in a transaction");
    store.recover().await.unwrap();
    let rows = page(&run, at(0), users(0..3));
    assert_eq!(store.write_page(&mut run, rows).await.unwrap().created, 3);
}

fn remove_log(path: &Path) {
    for extension in ["db-wal", "db-shm"] {
        let _ = fs::remove_file(path.with_extension(extension));
    }
}
