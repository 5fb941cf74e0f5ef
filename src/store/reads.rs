//! Which read brought a raw record: by it is known what the record can be mapped to.

use super::Store;
use super::error::{Problem, StoreError};
use super::scope::Scope;
use crate::mapping::Reads;
use crate::model::Model;

/// The number of a read in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReadsNumber(pub(super) i64);

impl Store {
    /// The number of a read.
    pub async fn reads_number(&self, reads: &Reads) -> Result<ReadsNumber, StoreError> {
        let paths = serde_json::to_string(reads).expect("texts are JSON");
        let number = sqlx::query_scalar(
            "INSERT INTO reads (paths) VALUES (?) ON CONFLICT (paths) DO UPDATE SET paths = excluded.paths RETURNING number",
        )
        .bind(paths)
        .fetch_one(&mut *self.writer().await)
        .await;
        number.map(ReadsNumber).map_err(|error| self.error(Problem::from(error)))
    }

    /// The reads that brought the raw records of a connection and model.
    pub async fn reads_of(&self, connection: &str, model: &'static Model) -> Result<Vec<ReadsNumber>, StoreError> {
        self.numbers_of(connection, model).await.map_err(|problem| self.error(problem))
    }

    async fn numbers_of(&self, connection: &str, model: &'static Model) -> Result<Vec<ReadsNumber>, Problem> {
        let scopes = Scope::of(self.readers(), Some(connection), model).await?;
        let Some((scope, _)) = scopes.first() else { return Ok(Vec::new()) };
        let numbers: Vec<i64> =
            sqlx::query_scalar("SELECT DISTINCT fetched_by FROM records WHERE key > ? AND key <= ? AND fetched_by > 0")
                .bind(scope.floor().0)
                .bind(scope.ceiling().0)
                .fetch_all(self.readers())
                .await?;
        Ok(numbers.into_iter().map(ReadsNumber).collect())
    }

    /// All reads that there were.
    pub async fn reads(&self) -> Result<Vec<(ReadsNumber, Reads)>, StoreError> {
        let rows: Result<Vec<(i64, String)>, sqlx::Error> =
            sqlx::query_as("SELECT number, paths FROM reads ORDER BY number").fetch_all(self.readers()).await;
        let rows = rows.map_err(|error| self.error(Problem::from(error)))?;
        // What cannot be told covers nothing.
        let known = |(number, paths): (i64, String)| Some((ReadsNumber(number), serde_json::from_str(&paths).ok()?));
        Ok(rows.into_iter().filter_map(known).collect())
    }
}
