//! Where the rows of one connection and model are: a range of keys of their own.
//!
//! Rows of a scope so lie side by side in the file, and walking, counting or tombstoning them is one pass over a
//! range of the primary key that needs no index.

use std::ops::RangeInclusive;

use sqlx::{Row, SqliteConnection, SqliteExecutor, SqlitePool};

use super::error::Problem;
use crate::model::Model;

/// Bits of a key that number the rows within their scope.
const ROW_BITS: u32 = 40;

/// The key of a row, given once and never changed: the order of a list, and the place where its next page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowKey(pub i64);

/// One connection's rows of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope(i64);

/// By these, whoever compared rows sees that others wrote them meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Marks {
    pub remapped: i64,
    pub written: i64,
}

impl Scope {
    /// The scope of a connection and model, made when there is none.
    pub(super) async fn enter(
        writer: &mut SqliteConnection,
        connection: &str,
        model: &'static Model,
    ) -> Result<Scope, Problem> {
        sqlx::query("INSERT INTO scopes (connection, model) VALUES (?, ?) ON CONFLICT (connection, model) DO NOTHING")
            .bind(connection.to_owned())
            .bind(model.name)
            .execute(&mut *writer)
            .await?;
        let number = sqlx::query_scalar("SELECT number FROM scopes WHERE connection = ? AND model = ?")
            .bind(connection.to_owned())
            .bind(model.name)
            .fetch_one(writer)
            .await?;
        Ok(Scope(number))
    }

    /// The scopes of a model with their connections, in the order of their keys.
    pub(super) async fn of(
        readers: &SqlitePool,
        connection: Option<&str>,
        model: &Model,
    ) -> Result<Vec<(Scope, String)>, Problem> {
        let rows = sqlx::query(
            "SELECT number, connection FROM scopes \
             WHERE model = ?1 AND (?2 IS NULL OR connection = ?2) ORDER BY number",
        )
        .bind(model.name.to_owned())
        .bind(connection.map(str::to_owned))
        .fetch_all(readers)
        .await?;
        rows.iter().map(|row| Ok((Scope(row.try_get(0)?), row.try_get(1)?))).collect()
    }

    /// The scope of this number.
    pub(super) fn numbered(number: i64) -> Scope {
        Scope(number)
    }

    /// The number that stands in the rows.
    pub(super) fn number(self) -> i64 {
        self.0
    }

    /// The key before the first.
    pub(super) fn floor(self) -> RowKey {
        RowKey(self.0 << ROW_BITS)
    }

    /// The last key that there can be.
    pub(super) fn ceiling(self) -> RowKey {
        RowKey(((self.0 + 1) << ROW_BITS) - 1)
    }

    /// All keys that there can be.
    pub(super) fn keys(self) -> RangeInclusive<RowKey> {
        RowKey(self.floor().0 + 1)..=self.ceiling()
    }

    /// Grow when rows were mapped again, and when a run writes.
    pub(super) async fn marks(self, connection: &mut SqliteConnection) -> Result<Marks, Problem> {
        let row = sqlx::query("SELECT remapped, written FROM scopes WHERE number = ?").bind(self.0);
        let row = row.fetch_one(connection).await?;
        Ok(Marks { remapped: row.try_get(0)?, written: row.try_get(1)? })
    }

    /// Tells whoever compared rows before that they were mapped again.
    pub(super) async fn set_remapped(self, connection: &mut SqliteConnection) -> Result<(), Problem> {
        sqlx::query("UPDATE scopes SET remapped = remapped + 1 WHERE number = ?")
            .bind(self.0)
            .execute(connection)
            .await?;
        Ok(())
    }

    /// Grows when a run writes.
    pub(super) async fn written(self, connection: impl SqliteExecutor<'_>) -> Result<i64, Problem> {
        let written = sqlx::query_scalar("SELECT written FROM scopes WHERE number = ?").bind(self.0);
        Ok(written.fetch_one(connection).await?)
    }

    /// Tells a remap that a run wrote.
    pub(super) async fn set_written(self, connection: &mut SqliteConnection) -> Result<(), Problem> {
        sqlx::query("UPDATE scopes SET written = written + 1 WHERE number = ?")
            .bind(self.0)
            .execute(connection)
            .await?;
        Ok(())
    }

    /// The last key that was given, or [`Scope::floor`] when none was.
    pub(super) async fn last_key(self, connection: &mut SqliteConnection) -> Result<RowKey, Problem> {
        let last: Option<i64> =
            sqlx::query_scalar("SELECT key FROM records WHERE key > ? AND key <= ? ORDER BY key DESC LIMIT 1")
                .bind(self.floor().0)
                .bind(self.ceiling().0)
                .fetch_optional(connection)
                .await?;
        Ok(last.map_or(self.floor(), RowKey))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn scopes_never_share_a_key(number in 1_i64..4_000_000, other in 1_i64..4_000_000) {
            let (scope, other) = (Scope(number), Scope(other));
            prop_assert!(scope.keys().start() <= scope.keys().end());
            if scope.0 < other.0 {
                prop_assert!(scope.ceiling() <= other.floor());
                prop_assert!(!other.keys().contains(&scope.ceiling()));
            }
        }
    }
}
