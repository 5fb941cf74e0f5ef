//! Where every write begins and ends.

use sqlx::{Connection, Sqlite, SqliteConnection, Transaction};

#[cfg(debug_assertions)]
use super::crash;
use super::error::Problem;

/// Begins to write. Another process is waited for here and not later, so that nothing is done in vain.
pub(super) async fn begin(writer: &mut SqliteConnection) -> Result<Transaction<'_, Sqlite>, Problem> {
    #[cfg(debug_assertions)]
    crash::boundary();
    let transaction = writer.begin_with("BEGIN IMMEDIATE").await?;
    #[cfg(debug_assertions)]
    crash::boundary();
    Ok(transaction)
}

/// Makes what was written since the beginning last.
pub(super) async fn commit(transaction: Transaction<'_, Sqlite>) -> Result<(), Problem> {
    #[cfg(debug_assertions)]
    crash::boundary();
    transaction.commit().await?;
    #[cfg(debug_assertions)]
    crash::boundary();
    Ok(())
}
