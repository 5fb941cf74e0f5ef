//! The entries of list fields.

use super::super::plan::{Each, Origin, Rule};
use super::super::project::Row;
use super::{Eval, Found};
use crate::model::Kind;

impl<'e> Eval<'e, '_, '_> {
    pub(super) fn list(&mut self, rules: &'e [Rule], kind: &Kind, row: Row, out: &mut Vec<u8>) -> bool {
        out.push(b'[');
        let start = out.len();
        for rule in rules {
            self.entries(rule, kind, row, start, out);
            if out.len() > start {
                break;
            }
        }
        let found = out.len() > start;
        out.push(b']');
        found
    }

    /// Appends the entries of a rule. `start` is where the list's first entry stands.
    fn entries(&mut self, rule: &'e Rule, kind: &Kind, row: Row, start: usize, out: &mut Vec<u8>) {
        let mut seen = Vec::new();
        self.entries_of(rule, rule.unique, &mut seen, kind, row, start, out);
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one list; a struct would only rename it")]
    fn entries_of(
        &mut self,
        rule: &'e Rule,
        unique: Option<usize>,
        seen: &mut Vec<std::ops::Range<usize>>,
        kind: &Kind,
        row: Row,
        start: usize,
        out: &mut Vec<u8>,
    ) {
        if let (Origin::All(rules), true) = (&rule.origin, self.applies(rule, row)) {
            for rule in rules {
                self.entries_of(rule, unique, seen, kind, row, start, out);
            }
            return;
        }
        let mut push = |eval: &mut Self, row: Row| {
            let before = out.len();
            if before > start {
                out.push(b',');
            }
            eval.mark_key = unique;
            eval.mark = 0..0;
            let found = eval.origin(rule, kind, row, out) == Found::Value;
            eval.mark_key = None;
            let mark = eval.mark.clone();
            let key = &out[mark.clone()];
            if !found || seen.iter().any(|earlier| same_text(&out[earlier.clone()], key)) {
                out.truncate(before);
            } else if unique.is_some() && key != b"null" {
                seen.push(mark);
            }
        };
        let Some(Each::Items(list)) = rule.each else {
            if self.applies(rule, row) {
                push(self, row);
            }
            return;
        };
        let (outer, projection) = (self.scope, self.projection);
        self.scope = &outer.lists[list].scope;
        for item in projection.items(row, list) {
            if self.holds(rule, item) {
                push(self, item);
            }
        }
        self.scope = outer;
    }
}

/// Whether two JSON texts differ in case only.
fn same_text(one: &[u8], other: &[u8]) -> bool {
    let lower = |json: &[u8]| std::str::from_utf8(json).map(str::to_lowercase);
    one.eq_ignore_ascii_case(other)
        || (!(one.is_ascii() && other.is_ascii()) && matches!((lower(one), lower(other)), (Ok(a), Ok(b)) if a == b))
}
