//! What is kept of revisions.

use std::collections::BTreeMap;

use super::*;

fn revision(hash: &str, minute: i64, files: &[(&str, &str)]) -> NewRevision {
    NewRevision {
        connection: CONNECTION.into(),
        hash: hash.into(),
        connector: "carerix".into(),
        files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect(),
        plans: BTreeMap::new(),
        at: at(minute),
    }
}

#[tokio::test]
async fn the_files_of_the_last_revisions_are_kept() {
    let scratch = Scratch::open().await;
    let store = &scratch.store;
    store.keep_revision(&revision("a", 0, &[("x.yaml", "one"), ("y.yaml", "same")]), 2).await.unwrap();
    store.keep_revision(&revision("b", 1, &[("x.yaml", "two"), ("y.yaml", "same")]), 2).await.unwrap();
    // The first comes into use again, so that the second is now the oldest of two.
    store.keep_revision(&revision("a", 2, &[("x.yaml", "one"), ("y.yaml", "same")]), 2).await.unwrap();
    store.keep_revision(&revision("c", 3, &[("x.yaml", "three"), ("y.yaml", "same")]), 2).await.unwrap();
    let kept = store.revisions(Some(CONNECTION), 10).await.unwrap();
    assert_eq!(kept.iter().map(|kept| kept.hash.as_str()).collect::<Vec<_>>(), ["c", "a", "b"]);
    assert_eq!((kept[1].first_used_at, kept[1].used_at), (at(0), at(2)));
    assert_eq!(kept.iter().map(|kept| kept.before.as_deref()).collect::<Vec<_>>(), [Some("a"), Some("b"), Some("a")]);
    let files = store.files_of(&kept[1]).await.unwrap().unwrap();
    assert_eq!(files, BTreeMap::from([("x.yaml".into(), "one".into()), ("y.yaml".into(), "same".into())]));
    assert_eq!(store.files_of(&kept[2]).await.unwrap(), None);
    assert!(store.keeps_text("one").await.unwrap() && store.keeps_text("same").await.unwrap());
    assert!(!store.keeps_text("two").await.unwrap());
}

#[tokio::test]
async fn one_connection_does_not_forget_the_files_of_another() {
    let scratch = Scratch::open().await;
    let other = NewRevision { connection: "other".into(), ..revision("o", 0, &[("x.yaml", "mine")]) };
    scratch.store.keep_revision(&other, 1).await.unwrap();
    for (minute, hash) in ["a", "b", "c"].into_iter().enumerate() {
        let text = format!("text {hash}");
        let new = revision(hash, minute as i64, &[("x.yaml", &text)]);
        scratch.store.keep_revision(&new, 1).await.unwrap();
    }
    let kept = scratch.store.revisions(Some("other"), 10).await.unwrap();
    assert_eq!(scratch.store.files_of(&kept[0]).await.unwrap().unwrap()["x.yaml"], "mine");
    assert_eq!(scratch.store.revisions(None, 10).await.unwrap().len(), 4);
}
