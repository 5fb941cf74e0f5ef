//! Mapping a record: pure, and from the raw text straight into the bytes of the unified record.

mod call;
mod fit;
mod join;
mod list;
mod test;

use std::borrow::Cow;

use jiff::Timestamp;
use rhai::ImmutableString;

use super::calls::Calls;
use super::custom::{CustomFields, Reading};
use super::json::Scanner;
use super::plan::{Constant, Each, FieldPlan, GroupKey, Origin, Plan, Rule, Take, Variable, unmapped};
use super::project::{Projection, Row, Slot};
use super::shape::Scope;
use super::time;
use super::trace::{KeyOf, Trace, Untraced};
use super::write::{Manner, Value, push_text, shorten};
use super::{Context, Failure, Issue, Labels, Mapped, Severity};
use crate::model::{Id, Kind};

/// Maps the records of one page, one after the other, and reuses its memory.
pub struct Session<'p, 'a> {
    plan: &'p Plan,
    context: Context<'p>,
    now: Now,
    projection: Projection<'a>,
    calls: Calls<'p>,
}

/// `$now`, and as scripts see it.
#[derive(Clone)]
pub(super) struct Now {
    moment: time::Moment,
    text: ImmutableString,
}

impl Now {
    pub fn new(now: Timestamp) -> Now {
        let moment = now.as_millisecond();
        Now { moment, text: time::text(moment).as_str().into() }
    }
}

impl Plan {
    /// Begins to map records that live at least as long as the session.
    pub fn session<'p, 'a>(&'p self, context: &Context<'p>) -> Session<'p, 'a> {
        Session {
            plan: self,
            context: *context,
            now: Now::new(context.now),
            projection: Projection::default(),
            calls: Calls::new(self.library.caller()),
        }
    }
}

impl<'a> Session<'_, 'a> {
    /// Maps a record into `mapped`, which is cleared first.
    pub fn map(&mut self, raw: &'a str, mapped: &mut Mapped) -> Result<(), Failure> {
        self.map_traced(raw, mapped, &mut Untraced)
    }

    /// Does the same, and tells `trace` of every step.
    pub(super) fn map_traced(
        &mut self,
        raw: &'a str,
        mapped: &mut Mapped,
        trace: &mut impl Trace,
    ) -> Result<(), Failure> {
        mapped.clear();
        let plan = self.plan;
        let row = self.projection.read(&plan.scope, &plan.rows_of_page, raw)?;
        let Mapped { remote_id, id, unified, deleted, group, members_of, issues } = mapped;
        for misfit in self.projection.misfits() {
            let message = format!("the source sent something else than {} in `{}`", misfit.wanted, misfit.path);
            let issue = unmapped("remote_data", message);
            trace.issue(&issue);
            tell(issues, issue);
        }
        let mut eval = Eval {
            connection: self.context.connection,
            labels: self.context.labels,
            now: &self.now,
            key: None,
            manner: Manner { flags: &plan.flags, terms: None },
            projection: &self.projection,
            calls: &mut self.calls,
            scope: &plan.scope,
            field: "remote_id",
            issues,
            trace,
            mark_key: None,
            mark: 0..0,
        };
        if !eval.remote_id(&plan.remote_id, row, remote_id, unified) {
            return Err(Failure("the record has no remote id".to_owned()));
        }
        let derived = Id::derive(self.context.connection, plan.model.name, remote_id);
        *id = Some(derived);
        unified.extend_from_slice(b"{\"id\":\"");
        unified.extend_from_slice(derived.as_str().as_bytes());
        unified.extend_from_slice(b"\",\"remote_id\":");
        push_text(remote_id, unified);
        for field in &plan.fields {
            unified.push(b',');
            eval.field = field.name;
            eval.field(field, row, unified);
        }
        unified.push(b'}');
        *deleted = plan.deletion.is_some_and(|(slot, mark)| match eval.projection.slot(row, slot) {
            Slot::Int(value) => *value == mark,
            Slot::Bool(value) => i64::from(*value) == mark,
            _ => false,
        });
        if let Some((slot, mark)) = plan.deletion {
            eval.trace.deletion(eval.scope, slot, eval.projection.slot(row, slot), mark, *deleted);
        }
        *group = eval.key(KeyOf::Group, plan.group.as_ref(), row);
        *members_of = eval.key(KeyOf::Members, plan.members_of.as_ref(), row);
        Ok(())
    }
}

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// It wrote a value.
    Value,
    /// It had none; the next alternative has its turn.
    Empty,
    /// It had one that did not fit, which was reported; the field is null.
    Stop,
}

/// Makes values of a row by rules.
pub(super) struct Eval<'e, 'p, 'a, T> {
    /// The connection, for ids.
    pub connection: &'e str,
    pub labels: &'e Labels,
    pub now: &'e Now,
    /// `$key`, where there is one.
    pub key: Option<&'e ImmutableString>,
    pub manner: Manner<'e>,
    pub projection: &'e Projection<'a>,
    pub calls: &'e mut Calls<'p>,
    /// The scope of the row under work.
    pub scope: &'e Scope,
    /// The field of the record under work, for issues.
    pub field: &'static str,
    pub issues: &'e mut Vec<Issue>,
    pub trace: &'e mut T,
    /// Of the next object to be written: the field whose bytes are wanted in `mark`.
    pub mark_key: Option<usize>,
    pub mark: std::ops::Range<usize>,
}

impl<'e, T: Trace> Eval<'e, '_, '_, T> {
    /// Reads the remote id; `scratch` is empty before and after.
    fn remote_id(&mut self, field: &'e FieldPlan, row: Row, remote_id: &mut String, scratch: &mut Vec<u8>) -> bool {
        self.trace.enter_field(field);
        let found = self.alternatives(&field.rules, &Kind::Text, row, scratch) == Found::Value;
        self.trace.leave_field(scratch, 0);
        if found {
            let written = std::str::from_utf8(scratch).expect("what was written is JSON");
            let text = Scanner::new(written).text().expect("what was written is a text");
            remote_id.push_str(&text.read());
        }
        scratch.clear();
        found
    }

    /// Writes the key and the value of a field: null or an empty list when there is none.
    pub(in crate::mapping) fn field(&mut self, field: &'e FieldPlan, row: Row, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&field.key);
        let start = out.len();
        self.trace.enter_field(field);
        let found = if let Kind::List(item) = field.kind {
            self.list(&field.rules, item, row, out)
        } else {
            let found = self.alternatives(&field.rules, field.kind, row, out) == Found::Value;
            if !found {
                out.extend_from_slice(b"null");
            }
            found
        };
        self.trace.leave_field(out, start);
        found
    }

    pub(in crate::mapping) fn alternatives(
        &mut self,
        rules: &'e [Rule],
        kind: &Kind,
        row: Row,
        out: &mut Vec<u8>,
    ) -> Found {
        for rule in rules {
            let start = out.len();
            self.trace.enter_rule(rule);
            let found = self.single(rule, kind, row, out);
            self.trace.leave_rule(found, out, start);
            if found != Found::Empty {
                return found;
            }
        }
        Found::Empty
    }

    /// The value of a rule in a field that holds one: of an `each`, the first item that has one.
    #[inline]
    fn single(&mut self, rule: &'e Rule, kind: &Kind, row: Row, out: &mut Vec<u8>) -> Found {
        if let (Some(take), Origin::Path(slots)) = (rule.take, &rule.origin) {
            return match self.extreme(rule, take, slots, row) {
                (_, Some(moment)) => self.fitted(rule, Value::Time(moment), kind, out),
                (true, None) => self.default(rule, out),
                (false, None) => Found::Empty,
            };
        }
        let Some(Each::Items(list)) = rule.each else {
            return if self.applies(rule, row) { self.origin(rule, kind, row, out) } else { Found::Empty };
        };
        let (outer, projection) = (self.scope, self.projection);
        self.trace.enter_list(outer, list);
        self.scope = &outer.lists[list].scope;
        let mut found = Found::Empty;
        for item in projection.items(row, list) {
            let start = out.len();
            self.trace.enter_item();
            let tried = self.holds(rule, item).then(|| self.origin(rule, kind, item, out));
            self.trace.leave_item(tried, out, start);
            found = tried.unwrap_or(Found::Empty);
            if found != Found::Empty {
                break;
            }
        }
        self.scope = outer;
        self.trace.leave_list();
        found
    }

    /// The first or last of the dates that a rule's paths lead to, in the row or in the items of its list, and whether
    /// the rule applied to any.
    fn extreme(&mut self, rule: &'e Rule, take: Take, slots: &[usize], row: Row) -> (bool, Option<time::Moment>) {
        let mut best = None;
        let mut look = |eval: &mut Self, row: Row| {
            for slot in slots {
                if let Value::Time(moment) = eval.read(row, *slot) {
                    best = Some(best.map_or(moment, |best| match take {
                        Take::Earliest => moment.min(best),
                        Take::Latest => moment.max(best),
                    }));
                }
            }
        };
        let Some(Each::Items(list)) = rule.each else {
            let applied = self.applies(rule, row);
            if applied {
                look(self, row);
            }
            self.trace.taken(take, best);
            return (applied, best);
        };
        let (outer, projection) = (self.scope, self.projection);
        self.trace.enter_list(outer, list);
        self.scope = &outer.lists[list].scope;
        let mut applied = false;
        for item in projection.items(row, list) {
            self.trace.enter_item();
            let held = self.holds(rule, item);
            if held {
                look(self, item);
            }
            applied |= held;
            self.trace.leave_item(held.then_some(Found::Empty), &[], 0);
        }
        self.scope = outer;
        self.trace.leave_list();
        self.trace.taken(take, best);
        (applied, best)
    }

    fn origin(&mut self, rule: &'e Rule, kind: &Kind, row: Row, out: &mut Vec<u8>) -> Found {
        let found = match &rule.origin {
            Origin::Object(fields) => self.object(fields, row, out),
            Origin::Input(fields) => self.input_object(fields, row, out),
            Origin::Variable(variable) => {
                let value = self.variable(variable);
                self.fitted(rule, value, kind, out)
            }
            Origin::Value(constant) => self.constant(constant, out),
            Origin::Ref { entity, slots } => self.reference(entity, slots, row, out),
            Origin::Path(slots) => self.path(rule, slots, kind, row, out),
            Origin::Join { parts, with } if rule.fit.is_none() && matches!(kind, Kind::Text) => {
                self.write_joined(parts, with, row, out)
            }
            Origin::Join { parts, with } => {
                let joined = self.join(parts, with, row);
                self.fitted(rule, Value::text(Cow::Owned(joined)), kind, out)
            }
            Origin::Call(call) => match self.call(call, row) {
                Ok(result) => self.returned(rule, result, kind, out),
                Err(message) => self.fail(message),
            },
            Origin::CustomFields(custom) => self.custom_fields(custom, row, out),
            Origin::All(_) => Found::Empty,
        };
        if found == Found::Empty { self.default(rule, out) } else { found }
    }

    fn custom_fields(&mut self, custom: &'e CustomFields, row: Row, out: &mut Vec<u8>) -> Found {
        let Value::Json(dictionary) = self.read(row, custom.slot) else { return Found::Empty };
        let with = Reading { labels: self.labels, flags: self.manner.flags };
        let mut told = Vec::new();
        let found = custom.write(&dictionary, with, out, self.trace, |message| told.push(message));
        told.into_iter().for_each(|message| self.report(message));
        if found { Found::Value } else { Found::Empty }
    }

    #[inline]
    fn default(&mut self, rule: &'e Rule, out: &mut Vec<u8>) -> Found {
        let Some(default) = &rule.default else { return Found::Empty };
        self.trace.default(default);
        out.extend_from_slice(&default.value);
        Found::Value
    }

    #[inline]
    fn constant(&mut self, constant: &Constant, out: &mut Vec<u8>) -> Found {
        self.trace.constant(constant);
        out.extend_from_slice(constant);
        Found::Value
    }

    /// Writes an object, unless all its fields are null or one that it cannot do without is.
    fn object(&mut self, fields: &'e [FieldPlan], row: Row, out: &mut Vec<u8>) -> Found {
        // Taken away meanwhile, since objects inside this one have marks of their own.
        let mark_key = self.mark_key.take();
        self.trace.enter_object();
        let mut mark = 0..0;
        let start = out.len();
        let mut any = false;
        for (at, field) in fields.iter().enumerate() {
            out.push(if at == 0 { b'{' } else { b',' });
            let value_start = out.len() + field.key.len();
            let found = self.field(field, row, out);
            if field.required && !found {
                self.trace.leave_object(Some(field));
                out.truncate(start);
                return Found::Empty;
            }
            any |= found;
            if mark_key == Some(at) {
                mark = value_start..out.len();
            }
        }
        self.trace.leave_object(None);
        if !any {
            out.truncate(start);
            return Found::Empty;
        }
        out.push(b'}');
        self.mark = mark;
        Found::Value
    }

    /// Writes an input object: members without a value are left out, and so is the object when none has one.
    fn input_object(&mut self, fields: &'e [FieldPlan], row: Row, out: &mut Vec<u8>) -> Found {
        self.trace.enter_object();
        let start = out.len();
        let mut missing = Vec::new();
        for field in fields {
            let before = out.len();
            out.push(if before == start { b'{' } else { b',' });
            if !self.field(field, row, out) {
                out.truncate(before);
                missing.extend(Some(field).filter(|field| field.required));
            }
        }
        self.trace.leave_object(None);
        if out.len() == start {
            return Found::Empty;
        }
        for field in missing {
            self.trace.enter_field(field);
            self.fail("has no value, and the source demands one".to_owned());
            self.trace.leave_field(out, out.len());
        }
        out.push(b'}');
        Found::Value
    }

    fn variable(&mut self, variable: &'e Variable) -> Value<'e> {
        match variable {
            Variable::Setting(setting) => {
                self.trace.setting(setting);
                Value::text(Cow::Borrowed(&setting.value))
            }
            Variable::Now => Value::Time(self.now.moment),
            Variable::Key => self.key.map_or(Value::Null, |key| Value::text(Cow::Borrowed(key))),
        }
    }

    fn reference(&mut self, entity: &str, slots: &[usize], row: Row, out: &mut Vec<u8>) -> Found {
        for slot in slots {
            let value = self.read(row, *slot);
            if let Some(remote_id) = value.to_text() {
                let id = Id::derive(self.connection, entity, &remote_id);
                let start = out.len();
                out.push(b'"');
                out.extend_from_slice(id.as_str().as_bytes());
                out.push(b'"');
                self.trace.derived(entity, out, start);
                return Found::Value;
            }
        }
        Found::Empty
    }

    /// The value of a slot. A date that cannot be read is reported and null.
    #[inline]
    fn read(&mut self, row: Row, slot: usize) -> Value<'e> {
        let seen = self.projection.slot(row, slot);
        let value = self.value(seen, slot);
        self.trace.read(self.scope, slot, seen, &value);
        value
    }

    #[inline]
    fn value(&mut self, seen: &'e Slot<'_>, slot: usize) -> Value<'e> {
        match seen {
            Slot::Null => Value::Null,
            Slot::Bool(value) => Value::Bool(*value),
            Slot::Int(value) => Value::Int(*value),
            Slot::Float(value) => Value::Float(*value),
            Slot::Text(text) => Value::Text(text.borrowed()),
            Slot::Time(moment) => Value::Time(*moment),
            Slot::Json(json) => Value::Json(Cow::Borrowed(json)),
            Slot::NoDate(text) => {
                let (path, text) = (&self.scope.slots[slot].path, text.read());
                self.report(format!("`{path}` holds `{}`, which is no date of this source", shorten(&text)));
                Value::Null
            }
        }
    }

    /// A value by which records belong together.
    fn key(&mut self, of: KeyOf, key: Option<&GroupKey>, row: Row) -> Option<String> {
        let key = key?;
        let seen = self.projection.slot(row, key.slot);
        let value = self.value(seen, key.slot);
        self.trace.key(of, key, self.scope, seen, &value);
        value.to_text().map(Cow::into_owned)
    }

    fn report(&mut self, message: String) {
        self.tell(unmapped(self.field, message));
    }

    fn fail(&mut self, message: String) -> Found {
        self.tell(Issue { field: self.field.to_owned(), severity: Severity::Failed, message });
        Found::Stop
    }

    fn tell(&mut self, issue: Issue) {
        self.trace.issue(&issue);
        tell(self.issues, issue);
    }
}

/// Adds an issue unless the record has it already: a value that two rules of a field stumble over is one finding.
fn tell(issues: &mut Vec<Issue>, issue: Issue) {
    if !issues.contains(&issue) {
        issues.push(issue);
    }
}
