//! Conditions.

use super::super::condition::Operator;
use super::super::plan::{Ask, Check, Each, Operand, Rule, Test};
use super::super::project::{Row, Slot};
use super::super::trace::{Group, Trace};
use super::Eval;

impl<'e, T: Trace> Eval<'e, '_, '_, T> {
    /// Whether a rule without a list has its turn.
    #[inline]
    pub(super) fn applies(&mut self, rule: &'e Rule, row: Row) -> bool {
        if let Some(Each::Present(slot)) = rule.each {
            let is_there = *self.projection.slot(row, slot) == Slot::Bool(true);
            self.trace.present(self.scope, slot, is_there);
            if !is_there {
                return false;
            }
        }
        self.holds(rule, row)
    }

    #[inline]
    pub(super) fn holds(&mut self, rule: &'e Rule, row: Row) -> bool {
        let Some(when) = &rule.when else { return true };
        self.trace.enter_when(when);
        let held = self.test(&when.test, row);
        self.trace.leave_when(held);
        held
    }

    #[inline]
    pub(in crate::mapping) fn test(&mut self, test: &'e Test, row: Row) -> bool {
        let held = match test {
            Test::Ask(ask) => return self.ask(ask, row),
            Test::And(tests) => {
                self.trace.enter_group(Group::All);
                tests.iter().all(|test| self.test(test, row))
            }
            Test::Or(tests) => {
                self.trace.enter_group(Group::Any);
                tests.iter().any(|test| self.test(test, row))
            }
            Test::Not(test) => {
                self.trace.enter_group(Group::Not);
                !self.test(test, row)
            }
            Test::Named(named) => {
                self.trace.enter_group(Group::Named(named));
                self.test(&named.test, row)
            }
        };
        self.trace.leave_group(held);
        held
    }

    #[inline]
    fn ask(&mut self, ask: &'e Ask, row: Row) -> bool {
        let seen = self.projection.slot(row, ask.slot);
        let held = match &ask.check {
            Check::Empty => *seen == Slot::Null,
            Check::Filled => *seen != Slot::Null,
            Check::Compare(operator, operand) => self.compare(seen, *operator, operand),
            Check::In(operands) => operands.iter().any(|operand| self.compare(seen, Operator::Equal, operand)),
            Check::InTable(table, value) => {
                let found = match seen {
                    Slot::Text(text) => table.find(&text.read()),
                    Slot::Int(number) => table.find(&number.to_string()),
                    _ => None,
                };
                found.is_some_and(|found| value.is_none_or(|value| value == found))
            }
        };
        self.trace.asked(ask, self.scope, seen, held);
        held
    }

    #[inline]
    fn compare(&self, seen: &Slot<'_>, operator: Operator, operand: &Operand) -> bool {
        let ordering = match (seen, operand) {
            (Slot::Int(value), Operand::Number(number)) => (*value as f64).partial_cmp(number),
            (Slot::Float(value), Operand::Number(number)) => value.partial_cmp(number),
            (Slot::Bool(value), Operand::Flag(flag)) => Some(value.cmp(flag)),
            (Slot::Text(text), Operand::Text(wanted)) => Some(compare_texts(&text.read(), wanted)),
            (Slot::Time(date), Operand::Moment(moment)) => Some(date.cmp(moment)),
            (Slot::Time(date), Operand::Now) => Some(date.cmp(&self.now.moment)),
            _ => None,
        };
        match operator {
            Operator::NotEqual => ordering.is_none_or(|ordering| ordering.is_ne()),
            Operator::Equal => ordering.is_some_and(|ordering| ordering.is_eq()),
            Operator::Less => ordering.is_some_and(|ordering| ordering.is_lt()),
            Operator::LessOrEqual => ordering.is_some_and(|ordering| ordering.is_le()),
            Operator::Greater => ordering.is_some_and(|ordering| ordering.is_gt()),
            Operator::GreaterOrEqual => ordering.is_some_and(|ordering| ordering.is_ge()),
        }
    }
}

/// Compares without regard to case; `wanted` is in lower case.
fn compare_texts(text: &str, wanted: &str) -> std::cmp::Ordering {
    if text.is_ascii() && wanted.is_ascii() {
        return text.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(wanted.bytes());
    }
    text.to_lowercase().as_str().cmp(wanted)
}
