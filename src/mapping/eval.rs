//! Mapping a record: pure, and from the raw text straight into the bytes of the unified record.

use std::borrow::Cow;

use rhai::{Dynamic, FnArgsVec, ImmutableString};

use super::calls::{Calls, Input};
use super::condition::Operator;
use super::custom::{CustomFields, Reading};
use super::json::{Scanner, Text, push_escaped};
use super::plan::{
    Argument, Constant, Each, FieldPlan, Operand, Origin, Otherwise, Part, Plan, Rule, Take, Test, Through, unmapped,
};
use super::project::{Projection, Row, Slot};
use super::shape::{Column, Scope};
use super::time;
use super::write::{Value, push_text, shorten};
use super::{Context, Failure, Issue, Mapped, Severity};
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
struct Now {
    moment: time::Moment,
    text: ImmutableString,
}

impl Plan {
    /// Begins to map records that live at least as long as the session.
    pub fn session<'p, 'a>(&'p self, context: &Context<'p>) -> Session<'p, 'a> {
        let moment = context.now.as_millisecond();
        Session {
            plan: self,
            context: *context,
            now: Now { moment, text: time::text(moment).as_str().into() },
            projection: Projection::default(),
            calls: Calls::new(self.library.caller()),
        }
    }
}

impl<'a> Session<'_, 'a> {
    /// Maps a record into `mapped`, which is cleared first.
    pub fn map(&mut self, raw: &'a str, mapped: &mut Mapped) -> Result<(), Failure> {
        mapped.clear();
        let plan = self.plan;
        let row = self.projection.read(&plan.scope, &plan.rows_of_page, raw)?;
        let Mapped { remote_id, id, unified, deleted, group, members_of, issues } = mapped;
        for misfit in self.projection.misfits() {
            let message = format!("the source sent something else than {} in `{}`", misfit.wanted, misfit.path);
            tell(issues, unmapped("remote_data", message));
        }
        let mut eval = Eval {
            plan,
            context: self.context,
            now: &self.now,
            projection: &self.projection,
            calls: &mut self.calls,
            scope: &plan.scope,
            field: "remote_id",
            issues,
            mark_key: None,
            mark: 0..0,
        };
        if !eval.remote_id(row, remote_id, unified) {
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
        *group = plan.group.and_then(|slot| eval.read(row, slot).to_text().map(Cow::into_owned));
        *members_of = plan.members_of.and_then(|slot| eval.read(row, slot).to_text().map(Cow::into_owned));
        Ok(())
    }
}

/// What became of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// It wrote a value.
    Value,
    /// It had none; the next alternative has its turn.
    Empty,
    /// It had one that did not fit, which was reported; the field is null.
    Stop,
}

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    Fits,
    Empty,
    /// It is not in the table or not of the kind.
    Misfit,
}

struct Eval<'e, 'p, 'a> {
    plan: &'e Plan,
    context: Context<'e>,
    now: &'e Now,
    projection: &'e Projection<'a>,
    calls: &'e mut Calls<'p>,
    /// The scope of the row under work.
    scope: &'e Scope,
    /// The field of the record under work, for issues.
    field: &'static str,
    issues: &'e mut Vec<Issue>,
    /// Of the next object to be written: the field whose bytes are wanted in `mark`.
    mark_key: Option<usize>,
    mark: std::ops::Range<usize>,
}

impl<'e> Eval<'e, '_, '_> {
    /// Reads the remote id; `scratch` is empty before and after.
    fn remote_id(&mut self, row: Row, remote_id: &mut String, scratch: &mut Vec<u8>) -> bool {
        let plan = self.plan;
        let found = self.alternatives(&plan.remote_id, &Kind::Text, row, scratch) == Found::Value;
        if found {
            let written = std::str::from_utf8(scratch).expect("what was written is JSON");
            let text = Scanner::new(written).text().expect("what was written is a text");
            remote_id.push_str(&text.read());
        }
        scratch.clear();
        found
    }

    /// Writes the key and the value of a field: null or an empty list when there is none.
    fn field(&mut self, field: &'e FieldPlan, row: Row, out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(&field.key);
        if let Kind::List(item) = field.kind {
            return self.list(&field.rules, item, row, out);
        }
        let found = self.alternatives(&field.rules, field.kind, row, out) == Found::Value;
        if !found {
            out.extend_from_slice(b"null");
        }
        found
    }

    fn alternatives(&mut self, rules: &'e [Rule], kind: &Kind, row: Row, out: &mut Vec<u8>) -> Found {
        for rule in rules {
            match self.single(rule, kind, row, out) {
                Found::Empty => {}
                found => return found,
            }
        }
        Found::Empty
    }

    /// The value of a rule in a field that holds one: of an `each`, the first item that has one.
    fn single(&mut self, rule: &'e Rule, kind: &Kind, row: Row, out: &mut Vec<u8>) -> Found {
        if let (Some(take), Origin::Path(slots)) = (rule.take, &rule.origin) {
            return match self.extreme(rule, take, slots, row) {
                Some(moment) => self.fitted(rule, Value::Time(moment), kind, out),
                None => rule.default.as_ref().map_or(Found::Empty, |default| write_constant(default, out)),
            };
        }
        let Some(Each::Items(list)) = rule.each else {
            return if self.applies(rule, row) { self.origin(rule, kind, row, out) } else { Found::Empty };
        };
        let (outer, projection) = (self.scope, self.projection);
        self.scope = &outer.lists[list].scope;
        let mut found = Found::Empty;
        for item in projection.items(row, list) {
            if self.holds(rule, item) {
                found = self.origin(rule, kind, item, out);
                if found != Found::Empty {
                    break;
                }
            }
        }
        self.scope = outer;
        found
    }

    /// The first or last of the dates that a rule's paths lead to, in the row or in the items of its list.
    fn extreme(&mut self, rule: &'e Rule, take: Take, slots: &[usize], row: Row) -> Option<time::Moment> {
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
            if self.applies(rule, row) {
                look(self, row);
            }
            return best;
        };
        let (outer, projection) = (self.scope, self.projection);
        self.scope = &outer.lists[list].scope;
        for item in projection.items(row, list) {
            if self.holds(rule, item) {
                look(self, item);
            }
        }
        self.scope = outer;
        best
    }

    fn list(&mut self, rules: &'e [Rule], kind: &Kind, row: Row, out: &mut Vec<u8>) -> bool {
        out.push(b'[');
        let start = out.len();
        for rule in rules {
            self.entries(rule, kind, row, start, out);
            if out.len() > start {
                break;
            }
        }
        let found = out.len() > start;
        out.push(b']');
        found
    }

    /// Appends the entries of a rule. `start` is where the list's first entry stands.
    fn entries(&mut self, rule: &'e Rule, kind: &Kind, row: Row, start: usize, out: &mut Vec<u8>) {
        let mut seen = Vec::new();
        self.entries_of(rule, rule.unique, &mut seen, kind, row, start, out);
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one list; a struct would only rename it")]
    fn entries_of(
        &mut self,
        rule: &'e Rule,
        unique: Option<usize>,
        seen: &mut Vec<std::ops::Range<usize>>,
        kind: &Kind,
        row: Row,
        start: usize,
        out: &mut Vec<u8>,
    ) {
        if let (Origin::All(rules), true) = (&rule.origin, self.applies(rule, row)) {
            for rule in rules {
                self.entries_of(rule, unique, seen, kind, row, start, out);
            }
            return;
        }
        let mut push = |eval: &mut Self, row: Row| {
            let before = out.len();
            if before > start {
                out.push(b',');
            }
            eval.mark_key = unique;
            eval.mark = 0..0;
            let found = eval.origin(rule, kind, row, out) == Found::Value;
            eval.mark_key = None;
            let mark = eval.mark.clone();
            let key = &out[mark.clone()];
            if !found || seen.iter().any(|earlier| same_text(&out[earlier.clone()], key)) {
                out.truncate(before);
            } else if unique.is_some() && key != b"null" {
                seen.push(mark);
            }
        };
        let Some(Each::Items(list)) = rule.each else {
            if self.applies(rule, row) {
                push(self, row);
            }
            return;
        };
        let (outer, projection) = (self.scope, self.projection);
        self.scope = &outer.lists[list].scope;
        for item in projection.items(row, list) {
            if self.holds(rule, item) {
                push(self, item);
            }
        }
        self.scope = outer;
    }

    /// Whether a rule without a list has its turn.
    fn applies(&self, rule: &Rule, row: Row) -> bool {
        let present = match rule.each {
            Some(Each::Present(slot)) => *self.projection.slot(row, slot) == Slot::Bool(true),
            _ => true,
        };
        present && self.holds(rule, row)
    }

    fn holds(&self, rule: &Rule, row: Row) -> bool {
        rule.when.as_ref().is_none_or(|test| self.test(test, row))
    }

    fn origin(&mut self, rule: &'e Rule, kind: &Kind, row: Row, out: &mut Vec<u8>) -> Found {
        let found = match &rule.origin {
            Origin::Object(fields) => self.object(fields, row, out),
            Origin::Value(constant) => write_constant(constant, out),
            Origin::Ref { entity, slots } => self.reference(entity, slots, row, out),
            Origin::Path(slots) => self.path(rule, slots, kind, row, out),
            Origin::Join { parts, with } if rule.fit.is_none() && matches!(kind, Kind::Text) => {
                self.write_joined(parts, with, row, out)
            }
            Origin::Join { parts, with } => {
                let joined = self.join(parts, with, row);
                self.fitted(rule, Value::text(Cow::Owned(joined)), kind, out)
            }
            Origin::Call { function, arguments } => match self.call(function, arguments, row) {
                Ok(result) => self.returned(rule, result, kind, out),
                Err(message) => self.fail(message),
            },
            Origin::CustomFields(custom) => self.custom_fields(custom, row, out),
            Origin::All(_) => Found::Empty,
        };
        match (&rule.default, found) {
            (Some(default), Found::Empty) => write_constant(default, out),
            _ => found,
        }
    }

    fn custom_fields(&mut self, custom: &'e CustomFields, row: Row, out: &mut Vec<u8>) -> Found {
        let Slot::Json(dictionary) = self.projection.slot(row, custom.slot) else { return Found::Empty };
        let with = Reading { labels: self.context.labels, flags: &self.plan.flags };
        let (field, issues) = (self.field, &mut *self.issues);
        match custom.write(dictionary, with, out, |message| tell(issues, unmapped(field, message))) {
            true => Found::Value,
            false => Found::Empty,
        }
    }

    /// Writes the first of the values in the slots that fits.
    fn path(&mut self, rule: &'e Rule, slots: &[usize], kind: &Kind, row: Row, out: &mut Vec<u8>) -> Found {
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

    fn fitted(&mut self, rule: &'e Rule, value: Value<'_>, kind: &Kind, out: &mut Vec<u8>) -> Found {
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

    /// Writes an object, unless all its fields are null or one that it cannot do without is.
    fn object(&mut self, fields: &'e [FieldPlan], row: Row, out: &mut Vec<u8>) -> Found {
        // Taken away meanwhile, since objects inside this one have marks of their own.
        let mark_key = self.mark_key.take();
        let mut mark = 0..0;
        let start = out.len();
        let mut any = false;
        for (at, field) in fields.iter().enumerate() {
            out.push(if at == 0 { b'{' } else { b',' });
            let value_start = out.len() + field.key.len();
            let found = self.field(field, row, out);
            if field.required && !found {
                out.truncate(start);
                return Found::Empty;
            }
            any |= found;
            if mark_key == Some(at) {
                mark = value_start..out.len();
            }
        }
        if !any {
            out.truncate(start);
            return Found::Empty;
        }
        out.push(b'}');
        self.mark = mark;
        Found::Value
    }

    fn reference(&mut self, entity: &str, slots: &[usize], row: Row, out: &mut Vec<u8>) -> Found {
        for slot in slots {
            let value = self.read(row, *slot);
            if let Some(remote_id) = value.to_text() {
                let id = Id::derive(self.context.connection, entity, &remote_id);
                out.push(b'"');
                out.extend_from_slice(id.as_str().as_bytes());
                out.push(b'"');
                return Found::Value;
            }
        }
        Found::Empty
    }

    /// The parts that are not empty, joined. Settings alone make no text: they say nothing about the record.
    fn join(&mut self, parts: &'e [Part], with: &str, row: Row) -> String {
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
                Part::Setting(text) => push(text),
                Part::Column(column) => self.column(column, row, &mut |value| {
                    if let Some(text) = value.to_text() {
                        found = true;
                        push(&text);
                    }
                }),
            }
        }
        if found { joined } else { String::new() }
    }

    /// Does the same for a text field, and writes the parts where they belong: that spares long texts a copy.
    fn write_joined(&mut self, parts: &'e [Part], with: &str, row: Row, out: &mut Vec<u8>) -> Found {
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
                Part::Setting(text) => push(Text::Decoded(Cow::Borrowed(text))),
                Part::Column(column) => self.column(column, row, &mut |value| {
                    if let Some(text) = value.into_text() {
                        found = true;
                        push(text);
                    }
                }),
            }
        }
        if !found {
            out.truncate(before);
            return Found::Empty;
        }
        out.push(b'"');
        Found::Value
    }

    /// Hands every value of a column to `take`, nulls included.
    fn column(&mut self, column: &'e Column, row: Row, take: &mut dyn FnMut(Value<'e>)) {
        match column {
            Column::Slot(slot) => take(self.read(row, *slot)),
            Column::Items(list, column) => {
                let (outer, projection) = (self.scope, self.projection);
                self.scope = &outer.lists[*list].scope;
                for item in projection.items(row, *list) {
                    self.column(column, item, take);
                }
                self.scope = outer;
            }
        }
    }

    fn call(&mut self, function: &str, arguments: &'e [Argument], row: Row) -> Result<Dynamic, String> {
        let inputs: FnArgsVec<Input<'e>> = arguments.iter().map(|argument| self.input(argument, row)).collect();
        let (field, issues) = (self.field, &mut *self.issues);
        let result = self.calls.call(function, &inputs, |message| tell(issues, unmapped(field, message)));
        result.map_err(|error| error.to_string())
    }

    fn input(&mut self, argument: &'e Argument, row: Row) -> Input<'e> {
        match argument {
            Argument::Slot(slot) => Input::One(self.read(row, *slot)),
            Argument::Items(column) => {
                let mut values = Vec::new();
                self.column(column, row, &mut |value| values.push(value));
                Input::Many(values)
            }
            Argument::Now => Input::Fixed(&self.now.text),
            Argument::Setting(value) => Input::Fixed(value),
        }
    }

    /// Writes what a script returned.
    fn returned(&mut self, rule: &'e Rule, result: Dynamic, kind: &Kind, out: &mut Vec<u8>) -> Found {
        if !result.is_string() {
            return self.fitted(rule, value(result), kind, out);
        }
        let text = result.into_immutable_string().expect("it is a text");
        self.fitted(rule, Value::text(Cow::Borrowed(&text)), kind, out)
    }

    /// The value of a slot. A date that cannot be read is reported and null.
    fn read(&mut self, row: Row, slot: usize) -> Value<'e> {
        match self.projection.slot(row, slot) {
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

    fn report(&mut self, message: String) {
        tell(self.issues, unmapped(self.field, message));
    }

    fn fail(&mut self, message: String) -> Found {
        tell(self.issues, Issue { field: self.field.to_owned(), severity: Severity::Failed, message });
        Found::Stop
    }
}

/// Adds an issue unless the record has it already: a value that two rules of a field stumble over is one finding.
fn tell(issues: &mut Vec<Issue>, issue: Issue) {
    if !issues.contains(&issue) {
        issues.push(issue);
    }
}

fn write_constant(constant: &Constant, out: &mut Vec<u8>) -> Found {
    out.extend_from_slice(constant);
    Found::Value
}

/// Whether two JSON texts differ in case only.
fn same_text(one: &[u8], other: &[u8]) -> bool {
    let lower = |json: &[u8]| std::str::from_utf8(json).map(str::to_lowercase);
    one.eq_ignore_ascii_case(other)
        || (!(one.is_ascii() && other.is_ascii()) && matches!((lower(one), lower(other)), (Ok(a), Ok(b)) if a == b))
}

/// Compares without regard to case; `wanted` is in lower case.
fn compare_texts(text: &str, wanted: &str) -> std::cmp::Ordering {
    if text.is_ascii() && wanted.is_ascii() {
        return text.bytes().map(|byte| byte.to_ascii_lowercase()).cmp(wanted.bytes());
    }
    text.to_lowercase().as_str().cmp(wanted)
}

/// What a script returned, unless it is a text.
fn value(result: Dynamic) -> Value<'static> {
    if result.is_unit() {
        return Value::Null;
    }
    if let Ok(value) = result.as_bool() {
        return Value::Bool(value);
    }
    if let Ok(value) = result.as_int() {
        return Value::Int(value);
    }
    if let Ok(value) = result.as_float() {
        return Value::Float(value);
    }
    if result.is_char() {
        return Value::text(Cow::Owned(result.to_string()));
    }
    serde_json::to_string(&result).map_or(Value::Null, |json| Value::Json(Cow::Owned(json)))
}
