use std::fs;

use super::lock::path_of;
use super::*;

#[tokio::test]
async fn a_second_store_is_told_who_holds_the_first_until_that_lets_go() {
    let scratch = Scratch::open().await;
    let path = scratch.store.path();
    let hold = scratch.store.hold("syncs the connection `acme`").await.unwrap();
    let clone = scratch.store.clone().hold("runs").await.expect("a clone shares the hold");
    let other = Store::open(path).await.expect("who reads, or writes for a moment, is let in");
    let error = other.hold("runs").await.unwrap_err();
    let Problem::Held(Some(holder)) = &error.problem else { panic!("{error:?}") };
    assert_eq!((holder.pid, holder.doing.as_str()), (std::process::id(), "syncs the connection `acme`"));
    let told = error.to_string();
    let expected = format!("store {}: process {}", path.display(), std::process::id());
    assert!(told.starts_with(&expected), "{told}");
    assert!(
        told.ends_with(": it syncs the connection `acme`; wait until it ends or stop it, or name another store"),
        "{told}"
    );
    drop(hold);
    other.hold("runs").await.expect_err("the clone still holds it");
    drop(clone);
    drop(other.hold("runs").await.unwrap());
    assert_eq!(fs::read_to_string(path_of(path)).unwrap(), "", "nobody is named who does not hold it");
}

#[tokio::test]
async fn what_a_killed_process_wrote_holds_nobody_up() {
    let scratch = Scratch::open().await;
    let file = path_of(scratch.store.path());
    for left in ["", "{\"pid\":1,\"host\":null,\"program\":\"crosswalk\",\"doing\":\"runs\",\"since\":\"\"}", "scrap"] {
        fs::write(&file, left).unwrap();
        scratch.store.hold("runs").await.unwrap();
    }
}

#[tokio::test]
async fn one_that_has_not_said_who_it_is_holds_the_store_all_the_same() {
    let scratch = Scratch::open().await;
    let file = fs::File::create(path_of(scratch.store.path())).unwrap();
    file.lock().unwrap();
    let error = scratch.store.hold("runs").await.unwrap_err();
    assert!(matches!(error.problem, Problem::Held(None)), "{error:?}");
    assert!(
        error
            .to_string()
            .ends_with("another process is at work on it; wait until it ends or stop it, or name another store")
    );
    drop(file);
    scratch.store.hold("runs").await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn two_ways_to_one_file_are_one_store() {
    let scratch = Scratch::open().await;
    let way = scratch.folder.path().join("way.db");
    std::os::unix::fs::symlink(scratch.store.path(), &way).unwrap();
    let other = Store::open(&way).await.unwrap();
    let _hold = scratch.store.hold("runs").await.unwrap();
    assert!(matches!(other.hold("runs").await.unwrap_err().problem, Problem::Held(Some(_))));
}

#[tokio::test]
async fn tables_are_not_changed_under_somebody_at_work() {
    let scratch = Scratch::open().await;
    let path = scratch.store.path();
    // As if the last change of the tables had yet to be made.
    let forget = "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    sqlx::query(forget).execute(&mut *scratch.store.writer().await).await.unwrap();
    let _hold = scratch.store.hold("runs").await.unwrap();
    let error = Store::open(path).await.unwrap_err();
    assert!(matches!(error.problem, Problem::Held(Some(_))), "{error:?}");
}
