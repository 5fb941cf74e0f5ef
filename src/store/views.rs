//! Views for people: each model as a table of typed columns, for the `sqlite3` shell and reporting tools.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::error::Problem;
use crate::model::{Field, Kind, MODELS, Model};

/// Makes the views that are missing or differ from what the models say now. Views of other names are left alone.
pub(super) async fn refresh(connection: &mut SqliteConnection) -> Result<(), Problem> {
    for model in MODELS {
        let wanted = definition(model);
        let present: Option<String> =
            sqlx::query_scalar("SELECT sql FROM sqlite_master WHERE type = 'view' AND name = ?")
                .bind(model.name)
                .fetch_optional(&mut *connection)
                .await?;
        if present.as_deref() == Some(wanted.as_str()) {
            continue;
        }
        let drop = format!("DROP VIEW IF EXISTS \"{}\"", model.name);
        sqlx::query(AssertSqlSafe(drop)).execute(&mut *connection).await?;
        sqlx::query(AssertSqlSafe(wanted)).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The statement that makes the view of a model, exactly as SQLite keeps it.
fn definition(model: &Model) -> String {
    let columns: Vec<String> = model.fields.iter().filter_map(column).collect();
    format!(
        "CREATE VIEW \"{name}\" AS SELECT scopes.connection AS connection, records.id AS id, {columns}, \
         records.changed_at AS changed_at, records.remote_deleted_at AS remote_deleted_at \
         FROM records JOIN scopes ON scopes.number = records.scope JOIN unified ON unified.key = records.key \
         WHERE scopes.model = '{name}'",
        name = model.name,
        columns = columns.join(", "),
    )
}

/// The column of a field; none for what is not stored in the record.
fn column(field: &Field) -> Option<String> {
    let sql_type = match field.kind {
        Kind::Members(_) | Kind::Foreign(_) => return None,
        Kind::Boolean | Kind::Integer => "INTEGER",
        Kind::Number => "REAL",
        Kind::Text
        | Kind::Email
        | Kind::Url
        | Kind::Timestamp
        | Kind::Enum { .. }
        | Kind::Id(_)
        | Kind::Object(_)
        | Kind::List(_)
        | Kind::Map
        | Kind::Shaped(_)
        | Kind::Base64
        | Kind::Any => "TEXT",
    };
    Some(format!("CAST(json_extract(unified.json, '$.{0}') AS {sql_type}) AS \"{0}\"", field.name))
}
