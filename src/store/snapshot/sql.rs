//! Statements that are put together, with what is bound to them.

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row, SqliteConnection};

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
        self.push(key)
            .push(" > ")
            .number(scope.floor().0)
            .push(" AND ")
            .push(key)
            .push(" <= ")
            .number(scope.ceiling().0)
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

/// Rows that came as one text, because handing over each value by itself costs more than finding it.
#[derive(Debug)]
pub(super) struct Lines(Option<String>);

/// What stands between rows and between their parts. Neither ids nor moments have these, and in JSON they are escaped.
const ROW_END: char = '\u{1e}';
const PART_END: char = '\u{1f}';

/// A record, whole.
pub(super) const WHOLE: &str = "unified.json";

/// The first of it. That is often enough, and jobs are long.
pub(super) const BEGINNING: &str = "substr(unified.json, 1, 512)";

/// Stands for no value.
pub(super) const NOTHING: &str = "'-'";

impl Sql {
    /// Begins to select rows of `records` and `unified`: key, whether it is cleared, id, both moments, the group whose members it
    /// shows as JSON, something else, and the record. No part may be empty or null: `concat_ws` would leave it out.
    pub fn listed(other: &'static str, record: &'static str) -> Sql {
        Sql::new(
            "SELECT concat_ws(char(31), records.key, records.raw_hash = x'', records.id, records.changed_at, \
             coalesce(records.remote_deleted_at, '-'), json_quote(records.members_of), ",
        )
        .push(other)
        .push(", ")
        .push(record)
        .push(") AS line")
    }

    pub async fn fetch_lines(self, connection: &mut SqliteConnection) -> Result<Lines, Problem> {
        let all = Sql::new("SELECT group_concat(line, char(30)) FROM (").push_sql(self).push(")");
        let rows = all.fetch(connection).await?;
        Ok(Lines(rows.first().map_or(Ok(None), |row| row.try_get(0))?))
    }
}

impl Lines {
    pub fn rows(&self) -> impl Iterator<Item = Parts<'_>> {
        self.0.iter().flat_map(|text| text.split(ROW_END)).map(|row| Parts(row.split(PART_END)))
    }
}

/// The parts of a row.
pub(super) struct Parts<'t>(std::str::Split<'t, char>);

impl<'t> Parts<'t> {
    pub fn text(&mut self) -> Result<&'t str, Problem> {
        self.0.next().ok_or_else(|| unreadable("a row lacks a part"))
    }

    pub fn optional(&mut self) -> Result<Option<String>, Problem> {
        Ok(Some(self.text()?).filter(|text| *text != "-").map(str::to_owned))
    }

    pub fn number(&mut self) -> Result<i64, Problem> {
        self.text()?.parse().map_err(unreadable)
    }

    pub fn json<T: serde::de::DeserializeOwned>(&mut self) -> Result<T, Problem> {
        serde_json::from_str(self.text()?).map_err(unreadable)
    }
}

fn unreadable(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Problem {
    Problem::from(sqlx::Error::Decode(error.into()))
}

/// The value of a field of a unified record, such as `unified.json ->> 'name'`. Fields are those of the models, whose names
/// are plain words.
pub(super) fn field(record: &'static str, name: &'static str) -> Sql {
    Sql::new(record).push(".json ->> '").push(name).push("'")
}
