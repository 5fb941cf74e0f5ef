//! Which rows changed after a moment, with what they show of others.
//!
//! Where few rows changed, they are named. Where many did, a page of the list is soon full, and each row is asked.

use sqlx::Row;

use super::narrow::Condition;
use super::sql::{Sql, field};
use super::{Problem, Snapshot};
use crate::model::{Link, Linked, List};
use crate::store::scope::Scope;

/// So many rows of a model may have changed for them to be named.
pub(super) const FEW: u32 = 5_000;

/// A row that another one of the list shows, or a row that shows it.
#[derive(Clone, Copy)]
struct Shown {
    scope: Scope,
    link: Link,
}

impl Snapshot {
    /// The condition that a row, or what it shows of the linked rows given, changed after a moment.
    pub(super) async fn changed(
        &mut self,
        list: &'static List,
        linked: &[&'static Linked],
        scope: Scope,
        after: &str,
    ) -> Result<Condition, Problem> {
        let shown = linked.iter().filter_map(|linked| {
            let counts = !matches!(linked.link, Link::One { counts: false, .. });
            Some(Shown { scope: self.scopes.of(linked.model).filter(|_| counts)?, link: linked.link })
        });
        let shown: Vec<Shown> = shown.collect();
        let mut groups = Vec::new();
        for (_, members) in list.members() {
            if let Some(scope) = self.scopes.of(members.model) {
                groups.extend(self.regrouped(scope, after).await?);
            }
        }
        let mut is_few = groups.is_empty();
        for scope in std::iter::once(scope).chain(shown.iter().map(|shown| shown.scope)) {
            is_few = is_few && self.changed_few(scope, after).await?;
        }
        Ok(if is_few { named(scope, &shown, after) } else { asked(&shown, &groups, after) })
    }

    /// The groups to which rows came after a moment, or that they left.
    async fn regrouped(&mut self, scope: Scope, after: &str) -> Result<Vec<String>, Problem> {
        let rows = regrouped(scope, after).fetch(&mut self.transaction).await?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    async fn changed_few(&mut self, scope: Scope, after: &str) -> Result<bool, Problem> {
        let count = Sql::new("SELECT count(*) FROM (SELECT 1 FROM records INDEXED BY records_changed WHERE scope = ")
            .number(scope.number())
            .push(" AND changed_at > ")
            .text(after)
            .push(" LIMIT ")
            .number(i64::from(self.few) + 1)
            .push(")");
        let rows = count.fetch(&mut self.transaction).await?;
        let count: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
        Ok(count <= i64::from(self.few))
    }
}

fn regrouped(scope: Scope, after: &str) -> Sql {
    Sql::new("SELECT owner FROM memberships INDEXED BY memberships_changed WHERE scope = ")
        .number(scope.number())
        .push(" AND changed_at > ")
        .text(after)
}

/// From the rows of a scope that changed.
fn from_changed(scope: Scope, after: &str) -> Sql {
    Sql::new(" FROM records AS changed INDEXED BY records_changed")
        .push(" WHERE changed.scope = ")
        .number(scope.number())
        .push(" AND changed.changed_at > ")
        .text(after)
}

fn named(scope: Scope, shown: &[Shown], after: &str) -> Condition {
    let mut keys = Sql::new("SELECT changed.key").push_sql(from_changed(scope, after));
    for other in shown {
        keys = keys.push(" UNION ALL ");
        keys = match other.link {
            Link::One { by, .. } => keys
                .push("SELECT holder.key FROM unified AS holder INDEXED BY unified_of_candidates WHERE ")
                .push("instr(holder.json, '\"candidate_id\":\"') > 0 AND ")
                .within("+holder.key", scope)
                .push(" AND ")
                .push_sql(field("holder", by))
                .push(" IN (SELECT +changed.id")
                .push_sql(from_changed(other.scope, after))
                .push(")"),
            Link::Many { by } => keys
                .push("SELECT holder.key FROM records AS holder INDEXED BY records_by_id WHERE ")
                .within("+holder.key", scope)
                .push(" AND holder.id IN (SELECT ")
                .push("(SELECT ")
                .push_sql(field("unified", by))
                .push(" FROM unified WHERE unified.key = changed.key)")
                .push_sql(from_changed(other.scope, after))
                .push(" UNION ALL ")
                .push_sql(regrouped(other.scope, after))
                .push(")"),
        };
    }
    Condition::keys(keys)
}

fn asked(shown: &[Shown], groups: &[String], after: &str) -> Condition {
    let mut sql = Sql::new("(records.changed_at > ").text(after);
    for other in shown {
        sql = match other.link {
            Link::One { by, .. } => sql
                .push(" OR EXISTS (SELECT 1 FROM records AS other INDEXED BY records_by_id WHERE other.id = ")
                .push_sql(field("unified", by))
                .push(" AND ")
                .within("+other.key", other.scope)
                .push(" AND other.changed_at > ")
                .text(after)
                .push(")"),
            Link::Many { by } => sql
                .push(
                    " OR EXISTS (SELECT 1 FROM unified AS shown INDEXED BY unified_of_candidates \
                     CROSS JOIN records AS other ON other.key = shown.key \
                     WHERE instr(shown.json, '\"candidate_id\":\"') > 0 AND ",
                )
                .push_sql(field("shown", by))
                // An index over an expression serves only what has no type of its own: `+` takes that of the column away.
                .push(" = +records.id AND ")
                .within("+shown.key", other.scope)
                .push(" AND other.changed_at > ")
                .text(after)
                .push(") OR records.id IN (")
                .push_sql(regrouped(other.scope, after))
                .push(")"),
        };
    }
    if groups.iter().any(String::is_empty) {
        // Rows of no group are shown in all.
        sql = sql.push(" OR 1");
    } else if !groups.is_empty() {
        sql = sql.push(" OR records.members_of IN ").any_of(groups);
    }
    Condition { sql: sql.push(")"), names_keys: false }
}
