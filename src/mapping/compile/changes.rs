//! The operations that read rows that changed, and those that read only ids.

use super::super::changes::Changes;
use super::super::dialect::ChangedRows;
use super::super::document::Read;
use super::super::plan::{FieldPlan, Operation, Origin};
use super::super::shape::Scope;
use super::Compiler;
use super::operation::Filter;
use crate::diagnostics::Problem;

impl Compiler<'_> {
    /// Like the read of all rows. None where the source or its rows have nothing to ask for changes by, or the mapping wants them whole. `before` is
    /// the number of problems before this mapping.
    pub(super) fn changes(
        &self,
        whole: &Operation,
        read: &Read,
        row_type: &str,
        scope: &Scope,
        before: usize,
    ) -> Option<Changes> {
        let rule = self.dialect.changes.as_ref().filter(|_| !read.whole && self.problems.count() == before)?;
        let has_path = |path: &String| self.schema.has_value(row_type, path.trim_start_matches('-'));
        if !rule.reads.iter().all(|rows| rows.sort.iter().all(has_path)) {
            return None;
        }
        let operation = |rows: &ChangedRows| {
            let filter = match &read.filter {
                Some(own) => rule.joined.replace("{where}", &own.value.value).replace("{changes}", &rows.filter),
                None => rows.filter.clone(),
            };
            let select = |text: &mut String| self.select(&scope.root, scope, 3, text);
            let text = self.list_text(&whole.name, read, Filter::Variable, &rows.sort, select)?;
            Some(Operation { text, filter: Some(filter), ..whole.clone() })
        };
        let reads: Vec<Operation> = rule.reads.iter().filter_map(operation).collect();
        if let Some(operation) = reads.first()
            && let Err(mut messages) = self.schema.validate(&operation.text)
        {
            messages.dedup();
            self.problems.report(
                Problem::error("M0192", "the source's schema does not allow to ask for rows that changed like this")
                    .at(self.file, read.query.span, messages.join("; "))
                    .help("look at `changes` and `pages` in connector.yaml, or write `whole: true` under `read` here"),
            );
            return None;
        }
        Some(Changes { rule: rule.clone(), reads })
    }

    /// What reads the ids of all rows and nothing else. None where an id is not just a value of the row.
    pub(super) fn ids(
        &self,
        whole: &Operation,
        read: &Read,
        row_type: &str,
        (remote_id, of): (&FieldPlan, &Scope),
        before: usize,
    ) -> Option<Operation> {
        if self.problems.count() != before {
            return None;
        }
        let mut scope = Scope::default();
        for rule in &remote_id.rules {
            let Origin::Path(slots) = &rule.origin else { return None };
            for slot in slots {
                scope.keep(&self.schema.walk(row_type, &of.slots[*slot].path).ok()?);
            }
        }
        let select = |text: &mut String| self.select(&scope.root, &scope, 3, text);
        let text = self.list_text(&whole.name, read, Filter::Own, &[], select)?;
        self.schema.validate(&text).ok()?;
        Some(Operation { text, needed: Vec::new(), ..whole.clone() })
    }
}
