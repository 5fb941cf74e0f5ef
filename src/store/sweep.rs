//! Looking which rows there are, by their ids alone, and which have to be read anew.

use std::collections::HashSet;
use std::sync::LazyLock;

use sqlx::Row;

use super::change::CLEARED;
use super::error::{Problem, StoreError};
use super::run::{self, Counts, Progress, Run};
use super::scope::Scope;
use super::statement::Batched;
use super::transaction::{begin, commit};
use super::{Store, natural};
use crate::model::Model;

static KNOWN: LazyLock<Batched> = LazyLock::new(|| {
    Batched::set("UPDATE records SET seen = ? WHERE scope = ? AND vanished = 0 AND remote_id IN").returning("remote_id")
});

/// A page of ids and what follows it.
#[derive(Debug)]
pub struct SweepPage {
    /// The page to read next.
    pub next_page: u32,
    /// Where that page begins, for a source whose pages have no numbers of their own.
    pub next_cursor: Option<String>,
    /// The rows that the source announces; none keeps what is known.
    pub total: Option<u64>,
    /// The source's ids.
    pub ids: Vec<String>,
}

impl Store {
    /// Marks the rows of these ids as seen by the run, with the checkpoint after the page: all of it, or nothing. Gives the
    /// ids that no row has that is still there: they have to be read.
    pub async fn write_sweep(&self, run: &mut Run, page: SweepPage) -> Result<Vec<String>, StoreError> {
        self.mark_swept(run, page).await.map_err(|problem| self.error(problem))
    }

    async fn mark_swept(&self, run: &mut Run, page: SweepPage) -> Result<Vec<String>, Problem> {
        let mut unknown: HashSet<String> = page.ids.iter().cloned().collect();
        let ids: Vec<String> = unknown.iter().cloned().collect();
        let mut progress = Progress {
            next_page: page.next_page,
            next_cursor: page.next_cursor,
            total: page.total.or(run.progress.total),
            counts: run.progress.counts,
        };
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        let (id, scope) = (run.id, run.scope.number());
        let statements = KNOWN.pieces(
            &ids,
            |statement| statement.bind(id).bind(scope),
            |statement, id: &String| statement.bind(id.clone()),
        );
        for statement in statements {
            for row in statement.fetch_all(&mut *transaction).await? {
                unknown.remove(row.try_get::<&str, _>(0)?);
            }
        }
        // What is new shows in the count: by it a run that goes on knows that it had some.
        let (fetched, created) = (ids.len() as u64, unknown.len() as u64);
        progress.counts += Counts { fetched, created, ..Counts::default() };
        run::save(&mut transaction, run, &progress).await?;
        commit(transaction).await?;
        run.epoch += 1;
        run.progress = progress;
        Ok(page.ids.into_iter().filter(|id| unknown.remove(id)).collect())
    }

    /// How many rows the source has as far as is known, those that it marks as deleted included.
    pub async fn count_present(&self, connection: &str, model: &Model) -> Result<u64, StoreError> {
        let count = async {
            let scopes = Scope::of(self.readers(), Some(connection), model).await?;
            let Some((scope, _)) = scopes.first() else { return Ok(0) };
            let count: i64 =
                sqlx::query_scalar("SELECT count(*) FROM records WHERE key > ? AND key <= ? AND vanished = 0")
                    .bind(scope.floor().0)
                    .bind(scope.ceiling().0)
                    .fetch_one(self.readers())
                    .await?;
            Ok(natural(count))
        };
        count.await.map_err(|problem| self.error(problem))
    }

    /// The remote ids of up to `limit` rows that the source could not give wholly when they were read last.
    pub async fn partly_read(&self, connection: &str, model: &Model, limit: u32) -> Result<Vec<String>, StoreError> {
        let ids = async {
            let scopes = Scope::of(self.readers(), Some(connection), model).await?;
            let Some((scope, _)) = scopes.first() else { return Ok(Vec::new()) };
            let ids = sqlx::query_scalar(
                "SELECT remote_id FROM records WHERE key > ? AND key <= ? AND fetched_by = 0 AND vanished = 0 \
                 AND raw_hash <> ? LIMIT ?",
            );
            let ids = ids.bind(scope.floor().0).bind(scope.ceiling().0).bind(CLEARED).bind(limit);
            Ok(ids.fetch_all(self.readers()).await?)
        };
        ids.await.map_err(|problem: Problem| self.error(problem))
    }
}
