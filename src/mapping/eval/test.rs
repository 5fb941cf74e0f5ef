//! Conditions.

use super::super::condition::Operator;
use super::super::plan::{Each, Operand, Rule, Test};
use super::super::project::{Row, Slot};
use super::Eval;

impl<'e> Eval<'e, '_, '_> {
    /// Whether a rule without a list has its turn.
    pub(super) fn applies(&self, rule: &Rule, row: Row) -> bool {
        let present = match rule.each {
            Some(Each::Present(slot)) => *self.projection.slot(row, slot) == Slot::Bool(true),
            _ => true,
        };
        present && self.holds(rule, row)
    }

    pub(super) fn holds(&self, rule: &Rule, row: Row) -> bool {
        rule.when.as_ref().is_none_or(|test| self.test(test, row))
    }

    fn test(&self, test: &Test, row: Row) -> bool {
        match test {
            Test::And(tests) => tests.iter().all(|test| self.test(test, row)),
            Test::Or(tests) => tests.iter().any(|test| self.test(test, row)),
            Test::Not(test) => !self.test(test, row),
            Test::Empty(slot) => *self.projection.slot(row, *slot) == Slot::Null,
            Test::Compare(slot, operator, operand) => self.compare(row, *slot, *operator, operand),
            Test::InTable(slot, table, value) => match self.projection.slot(row, *slot) {
                Slot::Text(text) => {
                    table.find(&text.read()).is_some_and(|found| value.is_none_or(|value| value == found))
                }
                Slot::Int(number) => {
                    table.find(&number.to_string()).is_some_and(|found| value.is_none_or(|value| value == found))
                }
                _ => false,
            },
            Test::In(slot, operands) => {
                operands.iter().any(|operand| self.compare(row, *slot, Operator::Equal, operand))
            }
        }
    }

    fn compare(&self, row: Row, slot: usize, operator: Operator, operand: &Operand) -> bool {
        let ordering = match (self.projection.slot(row, slot), operand) {
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
