//! Work that would keep tasks from running.

/// Begins at once what takes processor time and waits for nothing, on a thread that no task needs.
pub(crate) fn in_the_background<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = T> {
    let work = tokio::task::spawn_blocking(work);
    // Nothing but a panic ends it early: a runtime that shuts down does not poll this any more.
    async move { work.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())) }
}
