//! The entries of list fields.

use std::ops::Range;

use super::super::plan::{Each, Origin, Rule};
use super::super::project::Row;
use super::super::trace::Trace;
use super::{Eval, Found};
use crate::model::Kind;

/// The list under work.
struct Entries {
    /// Where its first entry stands.
    start: usize,
    /// The field whose values may come only once, and where those stand that came.
    unique: Option<usize>,
    seen: Vec<Range<usize>>,
}

impl<'e, T: Trace> Eval<'e, '_, '_, T> {
    pub(super) fn list(&mut self, rules: &'e [Rule], kind: &Kind, row: Row, out: &mut Vec<u8>) -> bool {
        out.push(b'[');
        let start = out.len();
        for rule in rules {
            let mut entries = Entries { start, unique: rule.unique, seen: Vec::new() };
            self.entries(rule, &mut entries, kind, row, out);
            if out.len() > start {
                break;
            }
        }
        let found = out.len() > start;
        out.push(b']');
        found
    }

    /// Appends the entries of a rule.
    fn entries(&mut self, rule: &'e Rule, entries: &mut Entries, kind: &Kind, row: Row, out: &mut Vec<u8>) {
        let start = out.len();
        self.trace.enter_rule(rule);
        self.entries_of(rule, entries, kind, row, out);
        self.trace.leave_rule(if out.len() > start { Found::Value } else { Found::Empty }, out, start);
    }

    fn entries_of(&mut self, rule: &'e Rule, entries: &mut Entries, kind: &Kind, row: Row, out: &mut Vec<u8>) {
        let Some(Each::Items(list)) = rule.each else {
            if !self.applies(rule, row) {
                return;
            }
            self.gather(rule, entries, kind, row, out);
            return;
        };
        let (outer, projection) = (self.scope, self.projection);
        self.trace.enter_list(outer, list);
        self.scope = &outer.lists[list].scope;
        for item in projection.items(row, list) {
            self.trace.enter_item();
            let start = out.len();
            let found = self.holds(rule, item).then(|| self.gather(rule, entries, kind, item, out));
            self.trace.leave_item(found, out, start);
        }
        self.scope = outer;
        self.trace.leave_list();
    }

    /// Appends what a rule yields for one row.
    fn gather(&mut self, rule: &'e Rule, entries: &mut Entries, kind: &Kind, row: Row, out: &mut Vec<u8>) -> Found {
        let Origin::All(rules) = &rule.origin else { return self.entry(rule, entries, kind, row, out) };
        let before = out.len();
        for rule in rules {
            self.entries(rule, entries, kind, row, out);
        }
        if out.len() > before { Found::Value } else { Found::Empty }
    }

    /// Appends the entry of a rule, unless the list has it already.
    fn entry(&mut self, rule: &'e Rule, entries: &mut Entries, kind: &Kind, row: Row, out: &mut Vec<u8>) -> Found {
        let before = out.len();
        if before > entries.start {
            out.push(b',');
        }
        let start = out.len();
        self.mark_key = entries.unique;
        self.mark = 0..0;
        let found = self.origin(rule, kind, row, out);
        self.mark_key = None;
        if found != Found::Value {
            out.truncate(before);
            return found;
        }
        let mark = self.mark.clone();
        let key = &out[mark.clone()];
        if entries.seen.iter().any(|earlier| same_text(&out[earlier.clone()], key)) {
            self.trace.duplicate(out, start);
            out.truncate(before);
            return Found::Empty;
        }
        if entries.unique.is_some() && key != b"null" {
            entries.seen.push(mark);
        }
        self.trace.kept();
        Found::Value
    }
}

/// Whether two JSON texts differ in case only.
fn same_text(one: &[u8], other: &[u8]) -> bool {
    let lower = |json: &[u8]| std::str::from_utf8(json).map(str::to_lowercase);
    one.eq_ignore_ascii_case(other)
        || (!(one.is_ascii() && other.is_ascii()) && matches!((lower(one), lower(other)), (Ok(a), Ok(b)) if a == b))
}
