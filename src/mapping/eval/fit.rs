//! Whether values fit their fields, and what becomes of those that do not.

use super::super::plan::{Fit, Otherwise, Rule, Through};
use super::super::project::Row;
use super::super::trace::Trace;
use super::super::write::{Value, shorten};
use super::{Eval, Found};
use crate::model::Kind;

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    Fits,
    Empty,
    /// It is not in the table or not of the kind.
    Misfit,
}

impl<'e, T: Trace> Eval<'e, '_, '_, T> {
    /// Writes the first of the values in the slots that fits.
    #[inline]
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

    #[inline]
    pub(super) fn fitted(&mut self, rule: &'e Rule, value: Value<'_>, kind: &Kind, out: &mut Vec<u8>) -> Found {
        match self.try_value(rule, &value, kind, out) {
            Tried::Fits => Found::Value,
            Tried::Empty => Found::Empty,
            Tried::Misfit => self.misfit(rule, Some(value), kind, out),
        }
    }

    /// Writes a value if it fits.
    #[inline]
    fn try_value(&mut self, rule: &'e Rule, value: &Value<'_>, kind: &Kind, out: &mut Vec<u8>) -> Tried {
        if *value == Value::Null {
            return Tried::Empty;
        }
        if let Some(fit) = &rule.fit {
            return match self.fit(&fit.through, value, kind, out) {
                Some(()) => Tried::Fits,
                None => Tried::Misfit,
            };
        }
        let start = out.len();
        match value.write(kind, self.manner, out) {
            Ok(()) => {
                self.trace.wrote(value, kind, out, start);
                Tried::Fits
            }
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
        self.otherwise(fit, &value, kind, out)
    }

    fn fit(&mut self, through: &Through, value: &Value<'_>, kind: &Kind, out: &mut Vec<u8>) -> Option<()> {
        let text = value.to_text()?;
        match through {
            Through::Table(table, constants) => {
                let found = table.find(&text).map(|found| &constants[found]);
                self.trace.looked_up(table, &text, found);
                out.extend_from_slice(found?);
                Some(())
            }
            Through::Kind(named) => {
                let found = (named.read)(&text);
                self.trace.read_as(named.name, &text, found.as_deref());
                let value = Value::text(found?);
                let start = out.len();
                value.write(kind, self.manner, out).ok()?;
                self.trace.wrote(&value, kind, out, start);
                Some(())
            }
        }
    }

    fn otherwise(&mut self, fit: &Fit, value: &Value<'_>, kind: &Kind, out: &mut Vec<u8>) -> Found {
        self.trace.otherwise(fit);
        let message = || {
            let text = value.to_text().unwrap_or_default();
            match &fit.through {
                Through::Table(table, _) => format!("`{}` is not in table `{}`", shorten(&text), table.name),
                Through::Kind(kind) => format!("`{}` is no {}", shorten(&text), kind.name),
            }
        };
        match &fit.otherwise.value {
            Otherwise::Next => Found::Empty,
            Otherwise::Value(constant) => self.constant(constant, out),
            Otherwise::Null => {
                self.report(message());
                Found::Stop
            }
            Otherwise::Error => self.fail(message()),
            Otherwise::Keep => {
                let start = out.len();
                match value.write(kind, self.manner, out) {
                    Ok(()) => {
                        self.trace.wrote(value, kind, out, start);
                        Found::Value
                    }
                    Err(why) => {
                        self.report(format!("the source's value {why}"));
                        Found::Stop
                    }
                }
            }
        }
    }
}
