//! What narrows a list, as conditions on `records` and `unified`.

use jiff::civil::Date;

use super::Scopes;
use super::sql::{Sql, field};
use crate::model::{Filter, Id, Model, Takes, Test};
use crate::store::scope::Scope;

/// Something that narrows a list.
#[derive(Debug, Clone)]
pub enum Narrow {
    /// Rows with one of these unified ids.
    Ids(Vec<String>),
    /// Rows with one of these ids of the source.
    RemoteIds(Vec<String>),
    /// Rows that a filter of the list finds.
    By(&'static Filter, Wanted),
}

/// What a filter looks for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum Wanted {
    /// One of these texts.
    Texts(Vec<String>),
    /// This day or a later one.
    From(Date),
}

impl Wanted {
    /// Whether a filter takes this.
    pub fn fits(&self, takes: Takes) -> bool {
        match (self, takes) {
            (Wanted::Texts(texts), Takes::Text) => texts.len() == 1,
            (Wanted::Texts(_), Takes::Texts) | (Wanted::From(_), Takes::Day) => true,
            _ => false,
        }
    }

    fn texts(&self) -> &[String] {
        match self {
            Wanted::Texts(texts) => texts,
            Wanted::From(_) => &[],
        }
    }

    fn text(&self) -> String {
        match self {
            Wanted::Texts(texts) => texts.first().cloned().unwrap_or_default(),
            Wanted::From(day) => day.to_string(),
        }
    }
}

/// Rows of which a condition is true.
pub(super) struct Condition {
    pub sql: Sql,
    /// Whether it names the keys, so that they need not be looked for among all.
    pub names_keys: bool,
}

impl Condition {
    pub fn of(narrow: &Narrow, model: &'static Model, scope: Scope, scopes: &Scopes, connection: &str) -> Condition {
        match narrow {
            Narrow::Ids(ids) => Condition::keys(
                Sql::new("SELECT named.key FROM records AS named INDEXED BY records_by_id WHERE named.id IN ")
                    .any_of(ids),
            ),
            Narrow::RemoteIds(ids) => Condition::keys(
                Sql::new("SELECT named.key FROM records AS named WHERE named.scope = ")
                    .number(scope.number())
                    .push(" AND named.remote_id IN ")
                    .any_of(ids),
            ),
            Narrow::By(filter, wanted) => Condition::by(filter.test, wanted, model, scope, scopes, connection),
        }
    }

    /// Rows with the keys that a statement gives. The statement may give others too: the list stays within its scope.
    pub fn keys(statement: Sql) -> Condition {
        Condition { sql: Sql::new("records.key IN (").push_sql(statement).push(")"), names_keys: true }
    }

    fn plain(sql: Sql) -> Condition {
        Condition { sql, names_keys: false }
    }

    fn by(
        test: Test,
        wanted: &Wanted,
        model: &'static Model,
        scope: Scope,
        scopes: &Scopes,
        connection: &str,
    ) -> Condition {
        let value = |name| field("unified", name);
        match test {
            Test::OneOf("job_id") => {
                Condition::keys(Sql::new("SELECT named.key").push_sql(of_jobs(wanted.texts(), scope)))
            }
            Test::OneOf(name) => Condition::plain(value(name).push(" IN ").any_of(wanted.texts())),
            Test::OneOfAddresses(name) => Condition::plain(
                Sql::new("lower(")
                    .push_sql(value(name))
                    .push(") IN ")
                    .any_of(&wanted.texts().iter().map(|text| text.to_ascii_lowercase()).collect::<Vec<_>>()),
            ),
            Test::Caseless(name) => Condition::plain(
                Sql::new("(").push_sql(value(name)).push(") = ").text(wanted.text()).push(" COLLATE caseless"),
            ),
            Test::Contains(name) => {
                let pattern = format!("%{}%", escaped(&wanted.text()));
                Condition::plain(value(name).push(" LIKE ").text(pattern).push(" ESCAPE '\\'"))
            }
            // The moment's text begins with its day.
            Test::FromDay(name) => Condition::plain(value(name).push(" >= ").text(wanted.text())),
            Test::Email => Condition::keys(
                Sql::new("SELECT named.key FROM emails AS named WHERE named.email = ")
                    .text(wanted.text().to_ascii_lowercase())
                    .push(" AND ")
                    .within("named.key", scope),
            ),
            Test::OneOfRemote(name) => {
                let entity = match model.field(name).map(|field| field.kind) {
                    Some(crate::model::Kind::Id(entity)) => entity,
                    _ => "",
                };
                let ids = wanted.texts().iter().map(|id| Id::derive(connection, entity, id).to_string()).collect();
                Condition::by(Test::OneOf(name), &Wanted::Texts(ids), model, scope, scopes, connection)
            }
            Test::Through { model, by, .. } => {
                let Some(through) = scopes.of(model) else { return Condition::plain(Sql::new("0")) };
                Condition::keys(
                    Sql::new("SELECT owner.key FROM records AS owner INDEXED BY records_by_id WHERE ")
                        .within("+owner.key", scope)
                        .push(" AND owner.id IN (SELECT named.json ->> '")
                        .push(by)
                        .push("'")
                        .push_sql(of_jobs(wanted.texts(), through))
                        .push(" AND EXISTS (SELECT 1 FROM records AS other WHERE other.key = named.key AND other.remote_deleted_at IS NULL))"),
                )
            }
        }
    }
}

/// From the rows that name one of these jobs.
fn of_jobs(jobs: &[String], scope: Scope) -> Sql {
    Sql::new(
        " FROM unified AS named INDEXED BY unified_of_jobs \
         WHERE instr(named.json, '\"job_id\":\"') > 0 AND named.json ->> 'job_id' IN ",
    )
    .any_of(jobs)
    .push(" AND ")
    .within("named.key", scope)
}

/// A text of which nothing means anything to `LIKE`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
