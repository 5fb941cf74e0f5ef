//! What a plan does with the values it reads: which it gives out, which only decide, and which are ids.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::custom::CUSTOM_FIELDS;
use super::plan::{Argument, Check, Each, Fit, Operand, Origin, Part, Rule, Test, Through};
use super::shape::{Column, Node, Scope, Shape};
use super::{Plan, kind};
use crate::model::Kind;
use crate::schema::Scalar;
use crate::table::Table;

/// What a plan does with the values it reads, by their paths from the record.
#[derive(Debug, Clone, Default)]
pub struct Uses {
    /// What becomes of the value at each path. Paths that are fetched and not read are missing.
    pub paths: BTreeMap<String, PathUse>,
    /// The path from a page to its rows. It is no part of the other paths.
    pub rows_of_page: Vec<String>,
}

/// What becomes of the value at a path.
#[derive(Debug, Clone)]
pub struct PathUse {
    /// What the source's schema says of it.
    pub scalar: Scalar,
    /// The name of its type in that schema.
    pub type_name: String,
    /// The unified fields, of the record or of objects in it, that give it out as it is.
    pub shown_in: Vec<&'static str>,
    /// Whether something is decided by it: a table, a kind, a condition, or a function that yields no free text.
    pub decides: bool,
    /// Whether it becomes a number, a flag or a date.
    pub measures: bool,
    /// Whether it is the id of a record.
    pub identifies: bool,
    /// The tables that are asked for it.
    pub tables: Vec<Arc<Table>>,
    /// The texts and numbers that it is compared with, in lower case.
    pub literals: Vec<String>,
}

impl Plan {
    /// What it does with the values it reads.
    pub fn uses(&self) -> Uses {
        let mut uses =
            Uses { paths: BTreeMap::new(), rows_of_page: self.rows_of_page.iter().map(ToString::to_string).collect() };
        let mut walk = Walk { plan: self, uses: &mut uses };
        let here = Place { scope: &self.scope, path: String::new() };
        for key in self.group.iter().chain(&self.members_of) {
            walk.at(&here, key.slot).identifies = true;
        }
        for rule in &self.remote_id.rules {
            walk.rule(rule, Target::Id, &here);
        }
        for field in &self.fields {
            for rule in &field.rules {
                walk.rule(rule, Target::Field(field.name, field.kind), &here);
            }
        }
        if let Some((slot, _)) = self.deletion {
            walk.at(&here, slot).decides = true;
        }
        uses
    }
}

/// What a rule fills.
#[derive(Clone, Copy)]
enum Target {
    Field(&'static str, &'static Kind),
    Id,
}

/// The rows whose rule is looked at.
struct Place<'p> {
    scope: &'p Scope,
    /// From the record to the rows.
    path: String,
}

struct Walk<'u, 'p> {
    plan: &'p Plan,
    uses: &'u mut Uses,
}

impl<'p> Walk<'_, 'p> {
    fn at(&mut self, place: &Place<'p>, slot: usize) -> &mut PathUse {
        let slot = &place.scope.slots[slot];
        let path = joined(&place.path, &slot.path);
        self.uses.paths.entry(path).or_insert_with(|| PathUse {
            scalar: slot.scalar.clone(),
            type_name: slot.type_name.clone(),
            shown_in: Vec::new(),
            decides: false,
            measures: false,
            identifies: false,
            tables: Vec::new(),
            literals: Vec::new(),
        })
    }

    fn column(&mut self, place: &Place<'p>, column: &Column) -> &mut PathUse {
        match column {
            Column::Slot(slot) => self.at(place, *slot),
            Column::Items(list, rest) => self.column(&items(place, *list), rest),
        }
    }

    fn rule(&mut self, rule: &'p Rule, target: Target, place: &Place<'p>) {
        let inner;
        let place = match rule.each {
            Some(Each::Items(list)) => {
                inner = items(place, list);
                &inner
            }
            Some(Each::Present(_)) | None => place,
        };
        if let Some(when) = &rule.when {
            self.test(&when.test, place);
        }
        match &rule.origin {
            Origin::Path(slots) => slots.iter().for_each(|slot| self.read(rule, target, &Column::Slot(*slot), place)),
            Origin::Join { parts, .. } => {
                for part in parts {
                    if let Part::Column(column) = part {
                        self.read(rule, target, column, place);
                    }
                }
            }
            Origin::Call(call) => {
                for argument in &call.arguments {
                    let column = match argument {
                        Argument::Slot(slot) => &Column::Slot(*slot),
                        Argument::Items(column) => column,
                        Argument::Now | Argument::Setting(_) | Argument::Key => continue,
                    };
                    let tables = self.plan.tables_of_scripts.iter().cloned();
                    self.column(place, column).tables.extend(tables);
                    self.read(rule, target, column, place);
                }
            }
            Origin::Object(fields) | Origin::Input(fields) => {
                for field in fields {
                    field.rules.iter().for_each(|rule| self.rule(rule, Target::Field(field.name, field.kind), place));
                }
            }
            Origin::Ref { slots, .. } => slots.iter().for_each(|slot| self.at(place, *slot).identifies = true),
            Origin::All(rules) => rules.iter().for_each(|rule| self.rule(rule, target, place)),
            Origin::CustomFields(custom) => self.at(place, custom.slot).shown_in.push(CUSTOM_FIELDS),
            Origin::Value(_) | Origin::Variable(_) => {}
        }
    }

    /// A value that a rule reads and turns into one of its target.
    fn read(&mut self, rule: &'p Rule, target: Target, column: &Column, place: &Place<'p>) {
        let found = self.column(place, column);
        let kind = match (target, &rule.fit) {
            (Target::Id, _) => {
                found.identifies = true;
                return;
            }
            (_, Some(Fit { through: Through::Table(table, _), .. })) => {
                found.decides = true;
                found.tables.push(Arc::clone(table));
                return;
            }
            (_, Some(Fit { through: Through::Kind(kind), .. })) if !kind::shows_its_text(*kind) => {
                found.decides = true;
                return;
            }
            (Target::Field(name, kind), _) => (name, kind),
        };
        match of_item(kind.1) {
            Kind::Enum { .. } => found.decides = true,
            Kind::Number | Kind::Integer | Kind::Boolean | Kind::Timestamp => found.measures = true,
            Kind::Id(_) => found.identifies = true,
            _ if !found.shown_in.contains(&kind.0) => found.shown_in.push(kind.0),
            _ => {}
        }
    }

    fn test(&mut self, test: &'p Test, place: &Place<'p>) {
        match test {
            Test::And(tests) | Test::Or(tests) => tests.iter().for_each(|test| self.test(test, place)),
            Test::Not(test) => self.test(test, place),
            Test::Named(named) => self.test(&named.test, place),
            Test::Ask(ask) => match &ask.check {
                Check::Compare(_, operand) => self.compared(ask.slot, std::slice::from_ref(operand), place),
                Check::In(operands) => self.compared(ask.slot, operands, place),
                Check::InTable(table, _) => {
                    let found = self.at(place, ask.slot);
                    found.decides = true;
                    found.tables.push(Arc::clone(table));
                }
                // Whether it is there is not changed by what it says.
                Check::Empty | Check::Filled => drop(self.at(place, ask.slot)),
            },
        }
    }

    fn compared(&mut self, slot: usize, operands: &[Operand], place: &Place<'p>) {
        let found = self.at(place, slot);
        found.decides = true;
        for operand in operands {
            match operand {
                Operand::Text(text) => found.literals.push(text.clone()),
                Operand::Number(number) => found.literals.push(number.to_string()),
                Operand::Flag(_) | Operand::Moment(_) | Operand::Now => {}
            }
        }
    }
}

fn of_item(kind: &'static Kind) -> &'static Kind {
    match kind {
        Kind::List(item) => item,
        kind => kind,
    }
}

fn items<'p>(place: &Place<'p>, list: usize) -> Place<'p> {
    let path = path_of_list(&place.scope.root, list, "").unwrap_or_default();
    Place { scope: &place.scope.lists[list].scope, path: joined(&place.path, &path) }
}

/// The path of a list from the start of its scope.
fn path_of_list(shape: &Shape, wanted: usize, path: &str) -> Option<String> {
    shape.members.iter().find_map(|member| {
        let here = joined(path, &member.name);
        match &member.node {
            Node::List { list, .. } if *list == wanted => Some(here),
            Node::Object { shape, .. } => path_of_list(shape, wanted, &here),
            _ => None,
        }
    })
}

fn joined(before: &str, name: &str) -> String {
    if before.is_empty() { name.to_owned() } else { format!("{before}.{name}") }
}
