//! Whether values fit their fields, and what becomes of those that do not.

use super::super::plan::{Otherwise, Rule, Through};
use super::super::project::Row;
use super::super::write::{Value, shorten};
use super::{Eval, Found, write_constant};
use crate::model::Kind;

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    Fits,
    Empty,
    /// It is not in the table or not of the kind.
    Misfit,
}

impl<'e> Eval<'e, '_, '_> {
    /// Writes the first of the values in the slots that fits.
    pub(super) fn path(&mut self, rule: &'e Rule, slots: &[usize], kind: &Kind, row: Row, out: &mut Vec<u8>) -> Found {
        let mut last = None;
        for slot in slots {
            let value = self.read(row, *slot);
            match self.try_value(rule, &value, kind, out) {
                Tried::Fits => return Found::Value,
                Tried::Empty => {}
                Tried::Misfit => last = Some(value),
            }
        }
        self.misfit(rule, last, kind, out)
    }

    pub(super) fn fitted(&mut self, rule: &'e Rule, value: Value<'_>, kind: &Kind, out: &mut Vec<u8>) -> Found {
        match self.try_value(rule, &value, kind, out) {
            Tried::Fits => Found::Value,
            Tried::Empty => Found::Empty,
            Tried::Misfit => self.misfit(rule, Some(value), kind, out),
        }
    }

    /// Writes a value if it fits.
    fn try_value(&mut self, rule: &'e Rule, value: &Value<'_>, kind: &Kind, out: &mut Vec<u8>) -> Tried {
        if *value == Value::Null {
            return Tried::Empty;
        }
        let written = match &rule.fit {
            None => value.write(kind, &self.plan.flags, out),
            Some(fit) => match self.fit(&fit.through, value, kind, out) {
                Some(()) => Ok(()),
                None => return Tried::Misfit,
            },
        };
        match written {
            Ok(()) => Tried::Fits,
            Err(why) => {
                self.report(format!("the source's value {why}"));
                Tried::Empty
            }
        }
    }

    /// Does what the rule says about the last value that did not fit.
    fn misfit(&mut self, rule: &'e Rule, last: Option<Value<'_>>, kind: &Kind, out: &mut Vec<u8>) -> Found {
        let (Some(value), Some(fit)) = (last, &rule.fit) else {
            return Found::Empty;
        };
        self.otherwise(&fit.otherwise, &fit.through, &value, kind, out)
    }

    fn fit(&self, through: &Through, value: &Value<'_>, kind: &Kind, out: &mut Vec<u8>) -> Option<()> {
        let text = value.to_text()?;
        match through {
            Through::Table(table, constants) => {
                out.extend_from_slice(&constants[table.find(&text)?]);
                Some(())
            }
            Through::Kind(named) => {
                let value = Value::text((named.read)(&text)?);
                value.write(kind, &self.plan.flags, out).ok()
            }
        }
    }

    fn otherwise(
        &mut self,
        otherwise: &Otherwise,
        through: &Through,
        value: &Value<'_>,
        kind: &Kind,
        out: &mut Vec<u8>,
    ) -> Found {
        let message = || {
            let text = value.to_text().unwrap_or_default();
            match through {
                Through::Table(table, _) => format!("`{}` is not in table `{}`", shorten(&text), table.name),
                Through::Kind(kind) => format!("`{}` is no {}", shorten(&text), kind.name),
            }
        };
        match otherwise {
            Otherwise::Next => Found::Empty,
            Otherwise::Value(constant) => write_constant(constant, out),
            Otherwise::Null => {
                self.report(message());
                Found::Stop
            }
            Otherwise::Error => self.fail(message()),
            Otherwise::Keep => match value.write(kind, &self.plan.flags, out) {
                Ok(()) => Found::Value,
                Err(why) => {
                    self.report(format!("the source's value {why}"));
                    Found::Stop
                }
            },
        }
    }
}
