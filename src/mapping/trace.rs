//! What the evaluator tells of its work to whoever explains it. Mapping itself tells nobody: [`Untraced`] has no
//! size, and its calls vanish when they are compiled.

use rhai::Dynamic;

use super::Issue;
use super::calls::Input;
use super::eval::Found;
use super::plan::{Ask, Call, Constant, FieldPlan, Fit, GroupKey, Named, Placed, Rule, Setting, Take, When};
use super::project::Slot;
use super::shape::Scope;
use super::time::Moment;
use super::write::Value;
use crate::model::Kind;
use crate::script::CallError;
use crate::table::Table;

/// Hears of every step in the order in which it is taken. Where a method gets `out` and `start`, what was written
/// begins at `start`; when nothing was, `out` ends there.
pub(super) trait Trace {
    fn enter_field(&mut self, _field: &FieldPlan) {}
    fn leave_field(&mut self, _out: &[u8], _start: usize) {}

    fn enter_rule(&mut self, _rule: &Rule) {}
    fn leave_rule(&mut self, _found: Found, _out: &[u8], _start: usize) {}
    /// The rule yields an entry of a list.
    fn kept(&mut self) {}
    /// The rule yields what the list has already.
    fn duplicate(&mut self, _out: &[u8], _start: usize) {}

    /// Paths start at the items of a list from here on.
    fn enter_list(&mut self, _outer: &Scope, _list: usize) {}
    /// The next item has its turn to be read.
    fn next_item(&mut self) {}
    fn leave_list(&mut self) {}
    /// A rule goes on with the next item.
    fn enter_item(&mut self) {}
    /// `None` when its condition did not hold.
    fn leave_item(&mut self, _found: Option<Found>, _out: &[u8], _start: usize) {}

    /// Whether the object is there that a rule starts at.
    fn present(&mut self, _scope: &Scope, _slot: usize, _is_there: bool) {}
    fn enter_when(&mut self, _when: &When) {}
    fn leave_when(&mut self, _held: bool) {}
    fn enter_group(&mut self, _group: Group<'_>) {}
    fn leave_group(&mut self, _held: bool) {}
    fn asked(&mut self, _ask: &Ask, _scope: &Scope, _seen: &Slot<'_>, _held: bool) {}

    fn read(&mut self, _scope: &Scope, _slot: usize, _seen: &Slot<'_>, _value: &Value<'_>) {}
    fn setting(&mut self, _setting: &Setting) {}
    fn constant(&mut self, _constant: &Constant) {}
    fn joined(&mut self, _with: &str) {}
    fn derived(&mut self, _entity: &str, _out: &[u8], _start: usize) {}
    fn taken(&mut self, _take: Take, _moment: Option<Moment>) {}

    fn enter_object(&mut self) {}
    /// With the field for want of which the object was left out.
    fn leave_object(&mut self, _lacks: Option<&FieldPlan>) {}

    fn enter_call(&mut self, _call: &Call) {}
    fn argument(&mut self) {}
    fn unknown(&mut self, _message: &str) {}
    fn leave_call(&mut self, _call: &Call, _inputs: &[Input<'_>], _result: &Result<Dynamic, CallError>) {}

    /// A custom field was written, from the free field of an id and as it stands there.
    fn custom_field(&mut self, _key: &str, _free: Option<(&str, &str)>, _written: &[u8]) {}

    fn looked_up(&mut self, _table: &Table, _text: &str, _found: Option<&Constant>) {}
    fn read_as(&mut self, _kind: &'static str, _text: &str, _found: Option<&str>) {}
    fn otherwise(&mut self, _fit: &Fit) {}
    fn default(&mut self, _default: &Placed<Constant>) {}
    fn wrote(&mut self, _value: &Value<'_>, _kind: &Kind, _out: &[u8], _start: usize) {}
    fn issue(&mut self, _issue: &Issue) {}

    /// A value by which records belong together.
    fn key(&mut self, _of: KeyOf, _key: &GroupKey, _scope: &Scope, _seen: &Slot<'_>, _value: &Value<'_>) {}
    fn deletion(&mut self, _scope: &Scope, _slot: usize, _seen: &Slot<'_>, _mark: i64, _is_deleted: bool) {}
}

/// Tests that stand together in a condition.
#[derive(Debug, Clone, Copy)]
pub(super) enum Group<'t> {
    All,
    Any,
    Not,
    Named(&'t Named),
}

/// Which of the values it is by which records belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyOf {
    /// The group that the record belongs to.
    Group,
    /// The group whose members it shows.
    Members,
}

/// Nobody listens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Untraced;

impl Trace for Untraced {}
