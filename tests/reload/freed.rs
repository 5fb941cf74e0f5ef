//! What an old revision leaves behind.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crosswalk::connector::Revision;

use crate::home::{JOBS, PATIENCE, TempHome};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revision_is_freed_when_its_last_user_is_done() {
    let home = TempHome::new(60).await;
    let work = home.run_synced().await;
    let user: Arc<Revision> = work.running.revision("acme").unwrap();
    let mut before: Vec<Weak<Revision>> = vec![Arc::downgrade(&user)];
    let text = home.read(JOBS);
    for round in 0..20 {
        home.save(JOBS, &text.replace("department: agency.name", &format!("department: {{ value: \"{round}\" }}")));
        work.running.reload().await.unwrap();
        before.push(Arc::downgrade(&work.running.revision("acme").unwrap()));
    }
    work.until_mapped().await;
    // The last is in use, and somebody holds on to the first.
    let end = Instant::now() + PATIENCE;
    while alive(&before) != 2 {
        assert!(Instant::now() < end, "{} revisions are alive", alive(&before));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(user);
    assert_eq!(alive(&before), 1);
    work.running.stop().await;
    drop(work);
    let end = Instant::now() + PATIENCE;
    while alive(&before) > 0 {
        assert!(Instant::now() < end, "the last revision outlives its engine");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn alive(revisions: &[Weak<Revision>]) -> usize {
    revisions.iter().filter(|revision| revision.strong_count() > 0).count()
}
