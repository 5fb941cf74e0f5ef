//! From the parts of a plan to a digest. Every struct is taken apart and every enum matched whole, so that a part that is added
//! later is not forgotten.

use super::super::condition::Operator;
use super::super::custom::{CustomField, CustomFields, CustomKind, FreeField, Spelling};
use super::super::kind::NamedKind;
use super::super::plan::{
    Argument, Ask, Call, Check, Constant, Each, FieldPlan, Fit, Named, Operand, Origin, Otherwise, Part, Placed, Rule,
    Setting, Take, Test, Through, When,
};
use super::super::shape::{Column, Scope, SlotInfo};
use crate::digest::Digest;
use crate::script::Library;
use crate::table::{Table, Tables};

pub(super) struct Writer<'p> {
    pub digest: Digest,
    scope: &'p Scope,
    library: &'p Library,
    tables: &'p Tables,
}

impl<'p> Writer<'p> {
    pub fn new(scope: &'p Scope, library: &'p Library, tables: &'p Tables) -> Writer<'p> {
        Writer { digest: Digest::default(), scope, library, tables }
    }

    pub fn option<T>(&mut self, value: Option<T>, some: impl FnOnce(&mut Self, T)) {
        match value {
            None => {
                self.digest.number(0);
            }
            Some(value) => {
                self.digest.number(1);
                some(self, value);
            }
        }
    }

    fn list<T>(&mut self, items: &[T], each: impl Fn(&mut Self, &T)) {
        self.digest.count(items.len());
        items.iter().for_each(|item| each(self, item));
    }

    pub fn field(&mut self, field: &FieldPlan) {
        let FieldPlan { name, place: _, replaces: _, key: _, kind: _, required, rules } = field;
        self.digest.text(name).number(i64::from(*required));
        self.list(rules, Self::rule);
    }

    fn rule(&mut self, rule: &Rule) {
        let Rule { place: _, each, when, origin, fit, default, unique, take } = rule;
        let outer = self.scope;
        self.option(each.as_ref(), |writer, each| match each {
            Each::Items(list) => writer.enter(*list),
            Each::Present(slot) => writer.slot(*slot),
        });
        self.option(when.as_ref(), |writer, When { test, text: _, place: _ }| writer.test(test));
        self.origin(origin);
        self.option(fit.as_ref(), Self::fit);
        self.option(default.as_ref(), |writer, Placed { value, place: _ }| writer.constant(value));
        self.option(*unique, |writer, unique| {
            writer.digest.count(unique);
        });
        self.option(*take, |writer, take| {
            writer.digest.text(match take {
                Take::Earliest => "earliest",
                Take::Latest => "latest",
            });
        });
        self.scope = outer;
    }

    fn origin(&mut self, origin: &Origin) {
        match origin {
            Origin::Path(slots) => {
                self.digest.text("path");
                self.list(slots, |writer, slot| writer.slot(*slot));
            }
            Origin::Join { parts, with } => {
                self.digest.text("join").text(with);
                self.list(parts, |writer, part| match part {
                    Part::Column(column) => writer.column(column),
                    Part::Setting(Setting { name: _, value }) => {
                        writer.digest.text("setting").text(value);
                    }
                });
            }
            Origin::Value(value) => {
                self.digest.text("value");
                self.constant(value);
            }
            Origin::Call(call) => self.call(call),
            Origin::Object(fields) => {
                self.digest.text("object");
                self.list(fields, Self::field);
            }
            Origin::Ref { entity, slots } => {
                self.digest.text("ref").text(entity);
                self.list(slots, |writer, slot| writer.slot(*slot));
            }
            Origin::All(rules) => {
                self.digest.text("all");
                self.list(rules, Self::rule);
            }
            Origin::CustomFields(custom) => self.custom_fields(custom),
        }
    }

    fn call(&mut self, call: &Call) {
        let Call { function, arguments, written: _ } = call;
        self.digest.text("call").text(function);
        let code = self.library.code(function, arguments.len());
        self.digest.text(&code.digest);
        // A table that no one can tell to be asked may be any.
        let asked =
            self.tables.iter().filter(|(name, _)| code.tables.as_ref().is_none_or(|asked| asked.contains(*name)));
        for (name, table) in asked {
            self.digest.text(name);
            self.option(table.as_deref(), Self::table);
        }
        self.list(arguments, |writer, argument| match argument {
            Argument::Slot(slot) => writer.slot(*slot),
            Argument::Items(column) => writer.column(column),
            Argument::Now => {
                writer.digest.text("now");
            }
            Argument::Setting(value) => {
                writer.digest.text("setting").text(value);
            }
        });
    }

    fn fit(&mut self, fit: &Fit) {
        let Fit { through, otherwise: Placed { value: otherwise, place: _ } } = fit;
        match through {
            Through::Table(table, constants) => {
                self.digest.text("table").text(&table.name);
                self.table(table);
                // What the values are in this field.
                for entry in rows(table) {
                    self.constant(&constants[entry.1]);
                }
            }
            Through::Kind(NamedKind { name, read: _ }) => {
                self.digest.text("kind").text(name);
            }
        }
        match otherwise {
            Otherwise::Keep => self.digest.text("keep"),
            Otherwise::Null => self.digest.text("null"),
            Otherwise::Error => self.digest.text("error"),
            Otherwise::Next => self.digest.text("next"),
            Otherwise::Value(value) => self.digest.text("value").bytes(value),
        };
    }

    fn table(&mut self, table: &Table) {
        self.digest.text(table.manner().key());
        let rows = rows(table);
        self.digest.count(rows.len());
        for (text, value) in rows {
            self.digest.text(text).text(&table.values[value].0);
        }
    }

    fn test(&mut self, test: &Test) {
        match test {
            Test::And(tests) => {
                self.digest.text("and");
                self.list(tests, Self::test);
            }
            Test::Or(tests) => {
                self.digest.text("or");
                self.list(tests, Self::test);
            }
            Test::Not(test) => {
                self.digest.text("not");
                self.test(test);
            }
            Test::Named(named) => {
                let Named { name: _, test, place: _ } = named.as_ref();
                self.test(test);
            }
            Test::Ask(Ask { slot, check, written: _ }) => {
                self.digest.text("ask");
                self.slot(*slot);
                self.check(check);
            }
        }
    }

    fn check(&mut self, check: &Check) {
        match check {
            Check::Compare(operator, operand) => {
                self.digest.text(match operator {
                    Operator::Equal => "=",
                    Operator::NotEqual => "<>",
                    Operator::Less => "<",
                    Operator::LessOrEqual => "<=",
                    Operator::Greater => ">",
                    Operator::GreaterOrEqual => ">=",
                });
                self.operand(operand);
            }
            Check::In(operands) => {
                self.digest.text("in");
                self.list(operands, Self::operand);
            }
            Check::InTable(table, value) => {
                self.digest.text("in table");
                self.table(table);
                self.option(*value, |writer, value| {
                    writer.digest.text(&table.values[value].0);
                });
            }
            Check::Empty => {
                self.digest.text("empty");
            }
            Check::Filled => {
                self.digest.text("not empty");
            }
        }
    }

    fn operand(&mut self, operand: &Operand) {
        match operand {
            Operand::Number(number) => self.digest.text("number").bytes(&number.to_le_bytes()),
            Operand::Text(text) => self.digest.text("text").text(text),
            Operand::Flag(flag) => self.digest.text("flag").number(i64::from(*flag)),
            Operand::Moment(moment) => self.digest.text("moment").number(*moment),
            Operand::Now => self.digest.text("now"),
        };
    }

    fn custom_fields(&mut self, custom: &CustomFields) {
        let CustomFields { slot, entries, keeps_others, keys, dates } = custom;
        self.digest.text("custom fields").number(i64::from(*keeps_others));
        self.slot(*slot);
        self.list(entries, |writer, CustomField { key, free, kind }| {
            writer.digest.text(key).text(kind.name());
            match free {
                FreeField::Id(id) => writer.digest.text("id").text(id),
                FreeField::Label(label) => writer.digest.text("label").text(label),
            };
        });
        self.list(keys, |writer, Spelling { before, after }| {
            writer.digest.text(before).text(after);
        });
        self.list(dates, |writer, format| {
            writer.digest.text(format.written());
        });
    }

    fn column(&mut self, column: &Column) {
        match column {
            Column::Slot(slot) => self.slot(*slot),
            Column::Items(list, column) => {
                let outer = self.scope;
                self.enter(*list);
                self.column(column);
                self.scope = outer;
            }
        }
    }

    /// Goes on among the items of a list.
    fn enter(&mut self, list: usize) {
        let list = &self.scope.lists[list];
        self.digest.text("items of").text(&list.path);
        self.scope = &list.scope;
    }

    /// What is read, and as what.
    pub fn slot(&mut self, slot: usize) {
        let SlotInfo { path, scalar, type_name: _, date } = &self.scope.slots[slot];
        self.digest.text("slot").text(path).text(&format!("{scalar:?}"));
        self.digest.option(date.as_ref(), |digest, date| {
            digest.text(date.written());
        });
    }

    fn constant(&mut self, constant: &Constant) {
        self.digest.bytes(constant);
    }
}

/// The texts of a table and the indices of their values. The order counts only where the table is asked in it.
fn rows(table: &Table) -> Vec<(&str, usize)> {
    let mut rows: Vec<(&str, usize)> = table.entries.iter().map(|entry| (entry.text.as_str(), entry.value)).collect();
    if table.manner() == crate::table::Manner::Lookup {
        // A stable order, so that of a text that stands there twice the first goes on being the first.
        rows.sort_by_key(|(text, _)| *text);
    }
    rows
}

impl CustomKind {
    fn name(self) -> &'static str {
        CustomKind::NAMES[CustomKind::ALL.iter().position(|kind| *kind == self).unwrap_or_default()]
    }
}
