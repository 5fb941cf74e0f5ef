//! Joined texts, and columns of values.

use std::borrow::Cow;

use super::super::json::{Text, push_escaped};
use super::super::plan::Part;
use super::super::project::Row;
use super::super::shape::Column;
use super::super::trace::Trace;
use super::super::write::Value;
use super::{Eval, Found};

impl<'e, T: Trace> Eval<'e, '_, '_, T> {
    /// The parts that are not empty, joined. Settings alone make no text: they say nothing about the record.
    pub(super) fn join(&mut self, parts: &'e [Part], with: &str, row: Row) -> String {
        let mut joined = String::new();
        let mut found = false;
        for part in parts {
            let mut push = |text: &str| {
                if !joined.is_empty() {
                    joined.push_str(with);
                }
                joined.push_str(text);
            };
            match part {
                Part::Setting(setting) => {
                    self.trace.setting(setting);
                    push(&setting.value);
                }
                Part::Key => {
                    found |= self.key.is_some();
                    self.key.into_iter().for_each(|key| push(key));
                }
                Part::Column(column) => self.column(column, row, &mut |value| {
                    if let Some(text) = value.to_text() {
                        found = true;
                        push(&text);
                    }
                }),
            }
        }
        self.trace.joined(with);
        if found { joined } else { String::new() }
    }

    /// Does the same for a text field, and writes the parts where they belong: that spares long texts a copy.
    pub(super) fn write_joined(&mut self, parts: &'e [Part], with: &str, row: Row, out: &mut Vec<u8>) -> Found {
        let before = out.len();
        let start = before + 1;
        let mut found = false;
        out.push(b'"');
        for part in parts {
            let mut push = |text: Text<'_>| {
                if out.len() > start {
                    push_escaped(with, out);
                }
                text.push(out);
            };
            match part {
                Part::Setting(setting) => {
                    self.trace.setting(setting);
                    push(Text::Decoded(Cow::Borrowed(&setting.value)));
                }
                Part::Key => {
                    found |= self.key.is_some();
                    self.key.into_iter().for_each(|key| push(Text::Decoded(Cow::Borrowed(key))));
                }
                Part::Column(column) => self.column(column, row, &mut |value| {
                    if let Some(text) = value.into_text() {
                        found = true;
                        push(text);
                    }
                }),
            }
        }
        self.trace.joined(with);
        if !found {
            out.truncate(before);
            return Found::Empty;
        }
        out.push(b'"');
        Found::Value
    }

    /// Hands every value of a column to `take`, nulls included.
    pub(super) fn column(&mut self, column: &'e Column, row: Row, take: &mut dyn FnMut(Value<'e>)) {
        match column {
            Column::Slot(slot) => take(self.read(row, *slot)),
            Column::Items(list, column) => {
                let (outer, projection) = (self.scope, self.projection);
                self.trace.enter_list(outer, *list);
                self.scope = &outer.lists[*list].scope;
                for item in projection.items(row, *list) {
                    self.trace.next_item();
                    self.column(column, item, take);
                }
                self.scope = outer;
                self.trace.leave_list();
            }
        }
    }
}
