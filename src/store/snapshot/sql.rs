//! Statements that are put together, with what is bound to them.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::super::error::Problem;
use super::super::scope::Scope;

/// A statement, or a part of one. Its text is made of what stands in this program; what comes from elsewhere is bound.
#[derive(Debug, Default, Clone)]
pub(super) struct Sql {
    text: String,
    bound: Vec<Bound>,
}

#[derive(Debug, Clone)]
enum Bound {
    Text(String),
    Number(i64),
}

impl Sql {
    pub fn new(text: &'static str) -> Sql {
        Sql { text: text.to_owned(), bound: Vec::new() }
    }

    pub fn push(mut self, text: &'static str) -> Sql {
        self.text.push_str(text);
        self
    }

    pub fn push_sql(mut self, other: Sql) -> Sql {
        self.text.push_str(&other.text);
        self.bound.extend(other.bound);
        self
    }

    pub fn text(mut self, value: impl Into<String>) -> Sql {
        self.text.push('?');
        self.bound.push(Bound::Text(value.into()));
        self
    }

    pub fn number(mut self, value: i64) -> Sql {
        self.text.push('?');
        self.bound.push(Bound::Number(value));
        self
    }

    /// Any of these texts, after `IN`.
    pub fn any_of<T: serde::Serialize>(self, values: &[T]) -> Sql {
        let values = serde_json::to_string(values).expect("texts are JSON");
        self.push("(SELECT value FROM json_each(").text(values).push("))")
    }

    /// That the key, as it is called there, is one of a scope.
    pub fn within(self, key: &'static str, scope: Scope) -> Sql {
        self.push(key).push(" > ").number(scope.floor().0).push(" AND ").push(key).push(" <= ").number(scope.ceiling().0)
    }

    pub async fn fetch(self, connection: &mut SqliteConnection) -> Result<Vec<SqliteRow>, Problem> {
        let statement = sqlx::query(AssertSqlSafe(self.text));
        let statement = self.bound.into_iter().fold(statement, |statement, bound| match bound {
            Bound::Text(text) => statement.bind(text),
            Bound::Number(number) => statement.bind(number),
        });
        Ok(statement.fetch_all(connection).await?)
    }
}

/// The value of a field of a unified record, such as `unified.json ->> 'name'`. Fields are those of the models, whose names
/// are plain words.
pub(super) fn field(record: &'static str, name: &'static str) -> Sql {
    Sql::new(record).push(".json ->> '").push(name).push("'")
}
