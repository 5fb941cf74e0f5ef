//! Statements over many rows at once, in a few fixed sizes so that each is prepared only once.

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Sqlite, SqliteConnection};

use super::error::Problem;

/// A statement with its parameters still to be bound.
pub(super) type Statement = Query<'static, Sqlite, SqliteArguments>;

/// The most rows first. A page of a source is usually a hundred.
const SIZES: [usize; 4] = [100, 25, 5, 1];

/// The text of one statement for each of [`SIZES`].
#[derive(Debug)]
pub(super) struct Batched([String; SIZES.len()]);

impl Batched {
    /// A statement that takes any number of rows: `{head} (?, ?), (?, ?) {tail}`.
    pub(super) fn rows(head: &str, columns: usize, tail: &str) -> Self {
        let row = format!("({})", vec!["?"; columns].join(", "));
        Batched(SIZES.map(|size| format!("{head} {} {tail}", vec![row.as_str(); size].join(", "))))
    }

    /// A statement about a set of values: `{head} (?, ?, ?)`.
    pub(super) fn set(head: &str) -> Self {
        Batched(SIZES.map(|size| format!("{head} ({})", vec!["?"; size].join(", "))))
    }

    /// The same, giving this column of the rows that it is about.
    pub(super) fn returning(self, column: &str) -> Self {
        Batched(self.0.map(|text| format!("{text} RETURNING {column}")))
    }

    /// Runs the statement over all rows, in as few pieces as the sizes allow.
    pub(super) async fn write_rows<T>(
        &'static self,
        connection: &mut SqliteConnection,
        rows: Vec<T>,
        bind: impl Fn(Statement, T) -> Statement,
    ) -> Result<(), Problem> {
        let mut rows = rows.into_iter();
        for (size, text) in SIZES.iter().zip(&self.0) {
            while rows.len() >= *size {
                let statement = rows.by_ref().take(*size).fold(sqlx::query(text.as_str()), &bind);
                statement.execute(&mut *connection).await?;
            }
        }
        Ok(())
    }

    /// One statement for each piece of the set, with `first` bound before the values. The last value fills up a
    /// piece that is not full, which changes nothing in a set.
    pub(super) fn pieces<T: Clone>(
        &'static self,
        values: &[T],
        first: impl Fn(Statement) -> Statement,
        bind: impl Fn(Statement, &T) -> Statement,
    ) -> Vec<Statement> {
        let pieces = values.chunks(SIZES[0]).filter_map(|piece| {
            let (size, text) = SIZES.iter().zip(&self.0).rev().find(|(size, _)| **size >= piece.len())?;
            let padding = std::iter::repeat_n(piece.last()?, size - piece.len());
            Some(piece.iter().chain(padding).fold(first(sqlx::query(text.as_str())), &bind))
        });
        pieces.collect()
    }
}
