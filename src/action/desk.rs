//! What is under way in this process: parallel equal requests become one, and who asked may go away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared, join_all};
use tokio::task::AbortHandle;

use super::{ActionError, Code, Done};

/// What came of an action.
pub(super) type Outcome = Result<Done, ActionError>;

/// The actions under way in a process. Its clones are one.
#[derive(Debug, Clone, Default)]
pub struct Desk(Arc<Mutex<HashMap<String, Work>>>);

#[derive(Debug, Clone)]
struct Work {
    outcome: Shared<BoxFuture<'static, Outcome>>,
    task: AbortHandle,
}

impl Desk {
    /// Begins work of this name in a task of its own, unless it is under way, and waits for what comes of it.
    pub(super) async fn join<F>(&self, name: String, work: impl FnOnce() -> F + Send + 'static) -> Outcome
    where
        F: Future<Output = Outcome> + Send + 'static,
    {
        let outcome = {
            let mut under_way = self.under_way();
            match under_way.get(&name) {
                Some(work) => work.outcome.clone(),
                None => {
                    let leave = Leave { desk: self.clone(), name: name.clone() };
                    let task = tokio::spawn(async move {
                        let _leave = leave;
                        work().await
                    });
                    let abort = task.abort_handle();
                    let outcome =
                        task.map(|ended| ended.unwrap_or_else(|error| Err(broken_off(&error)))).boxed().shared();
                    under_way.insert(name, Work { outcome: outcome.clone(), task: abort });
                    outcome
                }
            }
        };
        outcome.await
    }

    /// Waits until nothing is under way.
    pub async fn idle(&self) {
        loop {
            let under_way: Vec<_> = self.under_way().values().map(|work| work.outcome.clone()).collect();
            if under_way.is_empty() {
                return;
            }
            join_all(under_way).await;
            tokio::task::yield_now().await;
        }
    }

    /// Ends what is under way at once. The journal tells how far it came.
    pub fn end(&self) {
        let tasks: Vec<AbortHandle> = self.under_way().values().map(|work| work.task.clone()).collect();
        tasks.iter().for_each(AbortHandle::abort);
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<String, Work>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes work off the desk when its task ends, however it does.
struct Leave {
    desk: Desk,
    name: String,
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.desk.under_way().remove(&self.name);
    }
}

fn broken_off(error: &tokio::task::JoinError) -> ActionError {
    match error.is_cancelled() {
        true => ActionError {
            resumable: true,
            ..ActionError::new(Code::TimedOut, "the engine was ended; the action can be gone on with".to_owned())
        },
        false => ActionError::new(Code::Unknown, "the program failed in the middle of the action".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::model::ACTIONS;

    fn done() -> Outcome {
        Ok(Done { run: "r".into(), action: ACTIONS[0], result: None, warnings: Vec::new(), repeated: false })
    }

    #[tokio::test]
    async fn equal_work_is_done_once_and_goes_on_when_nobody_waits() {
        let (desk, times) = (Desk::default(), Arc::new(AtomicUsize::new(0)));
        let work = || {
            let times = Arc::clone(&times);
            desk.join("a".into(), move || async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                times.fetch_add(1, Ordering::SeqCst);
                done()
            })
        };
        let together = join_all((0..32).map(|_| work())).await;
        assert!(together.iter().all(Result::is_ok));
        assert_eq!(times.load(Ordering::SeqCst), 1);
        assert!(tokio::time::timeout(Duration::from_millis(1), work()).await.is_err());
        desk.idle().await;
        assert_eq!(times.load(Ordering::SeqCst), 2);
        work().await.unwrap();
        assert_eq!(times.load(Ordering::SeqCst), 3, "what ended is not told again");
    }

    #[tokio::test]
    async fn what_is_ended_or_fails_is_told_and_leaves_the_desk() {
        let desk = Desk::default();
        let waits = desk.clone();
        let waiting = tokio::spawn(async move { waits.join("a".into(), std::future::pending).await });
        while desk.under_way().is_empty() {
            tokio::task::yield_now().await;
        }
        desk.end();
        let ended = waiting.await.unwrap().unwrap_err();
        assert_eq!((ended.code, ended.resumable), (Code::TimedOut, true));
        let failed = desk.join("b".into(), || async { panic!("on purpose") }).await.unwrap_err();
        assert_eq!(failed.code, Code::Unknown);
        desk.idle().await;
    }
}
