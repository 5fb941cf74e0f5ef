//! Rules: when they apply, and what becomes of their values.

use super::super::plan::{Ask, Check, Each, Fit, Named, Operand, Otherwise, Placed, Rule, Take, Test, Through, When};
use super::Digest;
use super::record::{At, Signer};
use crate::mapping::kind::NamedKind;
use crate::table::{Manner, Table};

impl<'p> Signer<'p> {
    pub fn rule(&mut self, rule: &Rule, at: &At<'p>, digest: &mut Digest) {
        let Rule { place: _, each, when, origin, fit, default, unique, take } = rule;
        let items = match each {
            None => {
                digest.tag("once");
                None
            }
            Some(Each::Present(slot)) => {
                digest.tag("present");
                self.slot(*slot, at, digest);
                None
            }
            Some(Each::Items(list)) => {
                digest.tag("items");
                Some(self.list(*list, at, digest))
            }
        };
        let at = items.as_ref().unwrap_or(at);
        digest.option(when.as_ref(), |digest, when| {
            let When { test, text: _, place: _ } = when;
            self.test(test, at, digest);
        });
        self.origin(origin, at, digest);
        digest.option(fit.as_ref(), |digest, fit| self::fit(fit, digest));
        digest.option(default.as_ref(), |digest, default| {
            let Placed { value, place: _ } = default;
            digest.bytes(value);
        });
        digest.option(unique.as_ref(), |digest, key| digest.count(*key));
        digest.option(take.as_ref(), |digest, take| {
            digest.tag(match take {
                Take::Earliest => "earliest",
                Take::Latest => "latest",
            });
        });
    }

    fn test(&mut self, test: &Test, at: &At<'p>, digest: &mut Digest) {
        match test {
            Test::And(tests) => {
                digest.tag("and");
                digest.list(tests, |digest, test| self.test(test, at, digest));
            }
            Test::Or(tests) => {
                digest.tag("or");
                digest.list(tests, |digest, test| self.test(test, at, digest));
            }
            Test::Not(test) => {
                digest.tag("not");
                self.test(test, at, digest);
            }
            // A name says nothing to a record.
            Test::Named(named) => {
                let Named { name: _, test, place: _ } = &**named;
                self.test(test, at, digest);
            }
            Test::Ask(ask) => {
                let Ask { slot, check, written: _ } = ask;
                digest.tag("ask");
                self.slot(*slot, at, digest);
                self::check(check, digest);
            }
        }
    }
}

fn check(check: &Check, digest: &mut Digest) {
    match check {
        Check::Compare(operator, operand) => {
            digest.tag(&operator.to_string());
            self::operand(operand, digest);
        }
        Check::In(operands) => {
            digest.tag("in");
            digest.list(operands, |digest, operand| self::operand(operand, digest));
        }
        Check::InTable(table, value) => {
            digest.tag("in table");
            let mut rows = table.meaning(|row| value.is_none_or(|value| value == row));
            // What stands for another value is like what stands nowhere, unless it hides something that follows.
            match table.manner() {
                Manner::Lookup => rows.retain(|(is_meant, _)| *is_meant),
                Manner::Keywords => _ = rows.pop_if(|(is_meant, _)| !*is_meant),
            }
            manner(table, digest);
            digest.list(&rows, |digest, (is_meant, texts)| {
                digest.flag(*is_meant);
                digest.list(texts, |digest, text| digest.text(text));
            });
        }
        Check::Empty => digest.tag("is empty"),
        Check::Filled => digest.tag("is not empty"),
    }
}

fn operand(operand: &Operand, digest: &mut Digest) {
    match operand {
        Operand::Number(number) => digest.float(*number),
        Operand::Text(text) => digest.text(text),
        Operand::Flag(flag) => digest.flag(*flag),
        Operand::Moment(moment) => digest.integer(*moment),
        Operand::Now => digest.tag("$now"),
    }
}

fn fit(fit: &Fit, digest: &mut Digest) {
    let Fit { through, otherwise: Placed { value: otherwise, place: _ } } = fit;
    match through {
        Through::Table(table, constants) => {
            digest.tag("table");
            self::table(table, |value| &*constants[value], digest);
            // An issue names the table.
            let is_named = matches!(otherwise, Otherwise::Null | Otherwise::Error);
            digest.option(is_named.then_some(&table.name), |digest, name| digest.text(name));
        }
        Through::Kind(NamedKind { name, read: _ }) => {
            digest.tag("kind");
            digest.text(name);
        }
    }
    match otherwise {
        Otherwise::Keep => digest.tag("keep"),
        Otherwise::Null => digest.tag("null"),
        Otherwise::Error => digest.tag("error"),
        Otherwise::Next => digest.tag("next"),
        Otherwise::Value(constant) => digest.bytes(constant),
    }
}

/// What a table says, with what its values are written as.
pub(super) fn table<'t>(table: &'t Table, value: impl Fn(usize) -> &'t [u8], digest: &mut Digest) {
    manner(table, digest);
    digest.list(&table.meaning(value), |digest, (value, texts)| {
        digest.bytes(value);
        digest.list(texts, |digest, text| digest.text(text));
    });
}

fn manner(table: &Table, digest: &mut Digest) {
    digest.tag(match table.manner() {
        Manner::Lookup => "lookup",
        Manner::Keywords => "keywords",
    });
}
