//! Records that actions made or changed: by these a connection is read that keeps nothing else.

use jiff::Timestamp;

use super::Store;
use super::action::{ActionHold, touch};
use super::error::{Problem, StoreError};
use super::transaction::{begin, commit};
use crate::model::Model;

impl Store {
    /// Writes down which records an action of a connection made or changed: a model, and the source's ids.
    pub async fn keep_acted(
        &self,
        hold: &ActionHold,
        connection: &str,
        records: &[(&'static Model, Vec<String>)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let write = async {
            let mut writer = self.writer().await;
            let mut transaction = begin(&mut writer).await?;
            let at = touch(&mut transaction, hold, now).await?;
            for (model, ids) in records {
                for id in ids {
                    sqlx::query(
                        "INSERT INTO acted_records (connection, model, remote_id, run, at) VALUES (?, ?, ?, ?, ?) \
                         ON CONFLICT (connection, model, remote_id) DO UPDATE SET run = excluded.run, at = excluded.at",
                    )
                    .bind(connection.to_owned())
                    .bind(model.name)
                    .bind(id.clone())
                    .bind(hold.id().to_owned())
                    .bind(at.clone())
                    .execute(&mut *transaction)
                    .await?;
                }
            }
            commit(transaction).await
        };
        write.await.map_err(|problem: Problem| self.error(problem))
    }

    /// The source's ids of the records of a model that actions made or changed, in their order as texts.
    pub async fn acted_records(&self, connection: &str, model: &Model) -> Result<Vec<String>, StoreError> {
        let ids = sqlx::query_scalar(
            "SELECT remote_id FROM acted_records WHERE connection = ? AND model = ? ORDER BY remote_id",
        )
        .bind(connection.to_owned())
        .bind(model.name.to_owned())
        .fetch_all(self.readers())
        .await;
        ids.map_err(|error| self.error(error.into()))
    }
}
