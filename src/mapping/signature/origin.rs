//! Where values come from.

use super::super::custom::{CustomField, CustomFields, CustomKind, FreeField};
use super::super::plan::{Argument, Call, Origin, Part, Setting, Variable};
use super::super::shape::Column;
use super::Digest;
use super::record::{At, Signer};

impl<'p> Signer<'p> {
    pub fn origin(&mut self, origin: &Origin, at: &At<'p>, digest: &mut Digest) {
        match origin {
            Origin::Path(slots) => {
                digest.tag("path");
                digest.list(slots, |digest, slot| self.slot(*slot, at, digest));
            }
            Origin::Join { parts, with } => {
                digest.tag("join");
                digest.text(with);
                digest.list(parts, |digest, part| match part {
                    Part::Column(column) => self.column(column, at, digest),
                    Part::Setting(Setting { name: _, value }) => {
                        digest.tag("setting");
                        digest.text(value);
                    }
                    Part::Key => digest.tag("$key"),
                });
            }
            Origin::Value(constant) => {
                digest.tag("value");
                digest.bytes(constant);
            }
            Origin::Call(call) => {
                digest.tag("call");
                self.call(call, at, digest);
            }
            Origin::Object(fields) => {
                digest.tag("object");
                digest.list(fields, |digest, field| self.field(field, at, digest));
            }
            Origin::Input(fields) => {
                digest.tag("input");
                digest.list(fields, |digest, field| self.field(field, at, digest));
            }
            Origin::Variable(Variable::Setting(Setting { name: _, value })) => {
                digest.tag("setting");
                digest.text(value);
            }
            Origin::Variable(Variable::Now) => digest.tag("$now"),
            Origin::Variable(Variable::Key) => digest.tag("$key"),
            Origin::Ref { entity, slots } => {
                digest.tag("ref");
                digest.text(entity);
                digest.list(slots, |digest, slot| self.slot(*slot, at, digest));
            }
            Origin::All(rules) => {
                digest.tag("all");
                digest.list(rules, |digest, rule| self.rule(rule, at, digest));
            }
            Origin::CustomFields(custom) => {
                digest.tag("custom fields");
                self.custom_fields(custom, at, digest);
            }
        }
    }

    fn column(&mut self, column: &Column, at: &At<'p>, digest: &mut Digest) {
        match column {
            Column::Slot(slot) => {
                digest.tag("slot");
                self.slot(*slot, at, digest);
            }
            Column::Items(list, column) => {
                digest.tag("items");
                let items = self.list(*list, at, digest);
                self.column(column, &items, digest);
            }
        }
    }

    fn call(&mut self, call: &Call, at: &At<'p>, digest: &mut Digest) {
        let Call { function, arguments, written: _ } = call;
        digest.text(function);
        digest.list(arguments, |digest, argument| match argument {
            Argument::Slot(slot) => {
                digest.tag("slot");
                self.slot(*slot, at, digest);
            }
            Argument::Items(column) => self.column(column, at, digest),
            Argument::Now => digest.tag("$now"),
            Argument::Setting(value) => {
                digest.tag("setting");
                digest.text(value);
            }
            Argument::Key => digest.tag("$key"),
        });
        super::script::reached(&self.library.reached(function), digest);
    }

    fn custom_fields(&mut self, custom: &CustomFields, at: &At<'p>, digest: &mut Digest) {
        let CustomFields { slot, entries, keeps_others, keys, dates } = custom;
        self.slot(*slot, at, digest);
        digest.list(entries, |digest, entry| {
            let CustomField { key, free, kind } = entry;
            digest.text(key);
            match free {
                FreeField::Id(id) => {
                    digest.tag("id");
                    digest.text(id);
                }
                FreeField::Label(label) => {
                    digest.tag("label");
                    digest.text(label);
                }
            }
            digest.tag(match kind {
                CustomKind::Any => "any",
                CustomKind::Text => "text",
                CustomKind::Number => "number",
                CustomKind::Integer => "integer",
                CustomKind::Boolean => "boolean",
                CustomKind::Date => "date",
                CustomKind::DateTime => "datetime",
                CustomKind::Choice => "choice",
                CustomKind::Choices => "choices",
            });
        });
        digest.flag(*keeps_others);
        digest.list(keys, |digest, spelling| spelling.sign(digest));
        digest.list(dates, |digest, format| format.sign(digest));
    }
}
