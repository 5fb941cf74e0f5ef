//! What a source calls its free fields and their options.

use std::sync::LazyLock;

use sqlx::Row;

use super::error::StoreError;
use super::statement::Batched;
use super::transaction::{begin, commit};
use super::{Problem, Store};
use crate::mapping::Labels;

static INSERT: LazyLock<Batched> =
    LazyLock::new(|| Batched::rows("INSERT OR REPLACE INTO labels (connection, id, label) VALUES", 3, ""));

impl Store {
    /// The labels of a connection, as they were read last.
    pub async fn labels(&self, connection: &str) -> Result<Labels, StoreError> {
        let rows = sqlx::query("SELECT id, label FROM labels WHERE connection = ?")
            .bind(connection.to_owned())
            .fetch_all(&self.0.readers)
            .await
            .and_then(|rows| rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect());
        rows.map_err(|error| self.error(Problem::from(error)))
    }

    /// Puts these labels in the place of those that were read before.
    pub async fn replace_labels(&self, connection: &str, labels: &Labels) -> Result<(), StoreError> {
        self.write_labels(connection, labels).await.map_err(|problem| self.error(problem))
    }

    async fn write_labels(&self, connection: &str, labels: &Labels) -> Result<(), Problem> {
        let mut writer = self.writer().await;
        let mut transaction = begin(&mut writer).await?;
        sqlx::query("DELETE FROM labels WHERE connection = ?")
            .bind(connection.to_owned())
            .execute(&mut *transaction)
            .await?;
        let rows: Vec<(&str, &str)> = labels.iter().collect();
        INSERT
            .write_rows(&mut transaction, rows, |statement, (id, label)| {
                statement.bind(connection.to_owned()).bind(id.to_owned()).bind(label.to_owned())
            })
            .await?;
        commit(transaction).await?;
        Ok(())
    }
}
