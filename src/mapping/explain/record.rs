//! Writes down what the evaluator tells.

use std::cell::OnceCell;

use rhai::Dynamic;
use serde_json::Value as Json;

use super::super::calls::{Input, argument};
use super::super::eval::Found;
use super::super::plan::{
    Ask, Call as PlanCall, Constant, Each as PlanEach, FieldPlan, Fit, GroupKey, Origin, Otherwise, Placed, Plan,
    Rule as PlanRule, Setting, Take, When as PlanWhen,
};
use super::super::project::Slot;
use super::super::shape::Scope;
use super::super::time::{self, Moment};
use super::super::trace::{self, KeyOf, Trace};
use super::super::write::Value;
use super::{
    Argument, Call, Deletion, Each, Field, Group, Hit, Issue, Item, Location, Lookup, Outcome, Read, Reading, Rule,
    Step, Test, TestKind, Turn, When,
};
use crate::model::Kind;
use crate::script::{Asked, CallError, Follower};
use crate::table::Table;

/// Writes down what the evaluator tells of one record.
pub(super) struct Recorder<'p> {
    plan: &'p Plan,
    follower: OnceCell<Follower>,
    /// The record as a tree, unless it has a text that no tree can hold.
    raw: Option<Json>,
    /// The lists that were entered, the outer ones first.
    way: Vec<Segment>,
    /// What was begun and not finished, the outer ones first.
    frames: Vec<Frame>,
    record: Record,
}

/// What was written down.
#[derive(Default)]
pub(super) struct Record {
    pub fields: Vec<Field>,
    pub deletion: Option<Deletion>,
    pub group: Option<Group>,
    pub members: Option<Group>,
}

/// A list on the way to the present row.
struct Segment {
    path: String,
    /// How many of its items had their turn, the present one counted.
    turns: usize,
}

enum Frame {
    Field {
        field: Field,
        is_list: bool,
        /// How many rules had their turn.
        tried: usize,
        /// How many entries the list has.
        entries: usize,
    },
    Rule {
        rule: Rule,
        /// The rule goes over a list, which it has not entered yet.
        awaits_list: bool,
        is_duplicate: bool,
    },
    Item {
        item: Item,
        is_duplicate: bool,
    },
    Object(Vec<Field>),
    Call(Call),
    When(When),
    Tests(Test),
}

impl<'p> Recorder<'p> {
    pub fn new(plan: &'p Plan, raw: &str) -> Recorder<'p> {
        Recorder {
            plan,
            follower: OnceCell::new(),
            raw: serde_json::from_str(raw).ok(),
            way: Vec::new(),
            frames: Vec::new(),
            record: Record::default(),
        }
    }

    pub fn into_record(self) -> Record {
        self.record
    }

    /// The present row as the source sent it, and its path.
    fn row(&self) -> (Option<&Json>, String) {
        let mut row = self.raw.as_ref();
        let mut path = String::new();
        for segment in &self.way {
            push_path(&mut path, &segment.path);
            let item = rows(row, &segment.path, &self.plan.rows_of_page).nth(segment.turns.saturating_sub(1));
            path.push_str(&format!("[{}]", item.map_or(segment.turns.saturating_sub(1), |(index, _)| index)));
            row = item.map(|(_, item)| item);
        }
        (row, path)
    }

    fn seen(&self, scope: &Scope, slot: usize, seen: &Slot<'_>, value: Json) -> Read {
        let name = &scope.slots[slot].path;
        let (row, mut path) = self.row();
        push_path(&mut path, name);
        let raw = member(row, name);
        let reading = match (raw, seen) {
            (_, Slot::NoDate(_)) => Some(Reading::NoDate),
            (None, _) if row.is_some() => Some(Reading::Missing),
            (Some(Json::String(_)), Slot::Null) => Some(Reading::Blank),
            (Some(Json::String(_)), Slot::Time(_)) => Some(Reading::Date),
            (Some(Json::String(raw)), Slot::Text(text)) if *raw != text.read() => Some(Reading::Trimmed),
            (Some(Json::Object(_) | Json::Array(_)), Slot::Null) => Some(Reading::WrongShape),
            _ => None,
        };
        let raw = match (raw, seen) {
            (Some(raw), _) => raw.clone(),
            // Without a tree, what was read must do.
            (None, Slot::NoDate(text)) => text.read().into(),
            (None, _) => value.clone(),
        };
        Read { path, raw, value, reading }
    }

    fn turn(&mut self) -> Option<&mut Turn> {
        self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Rule { rule, .. } => Some(&mut rule.turn),
            Frame::Item { item, .. } => Some(&mut item.turn),
            _ => None,
        })
    }

    fn step(&mut self, step: Step) {
        if let Some(turn) = self.turn() {
            turn.steps.push(step);
        }
    }

    fn finished(&mut self, field: Field) {
        match self.frames.last_mut() {
            Some(Frame::Object(fields)) => fields.push(field),
            _ => self.record.fields.push(field),
        }
    }

    fn tested(&mut self, test: Test) {
        match self.frames.last_mut() {
            Some(Frame::When(when)) => when.test = test,
            Some(Frame::Tests(Test { kind, .. })) => match kind {
                TestKind::All { tests }
                | TestKind::Any { tests }
                | TestKind::Not { tests }
                | TestKind::Named { tests, .. } => tests.push(test),
                TestKind::Asked { .. } => {}
            },
            _ => {}
        }
    }

    fn in_a_list(&self) -> bool {
        self.frames.iter().rev().find_map(|frame| match frame {
            Frame::Field { is_list, .. } => Some(*is_list),
            _ => None,
        }) == Some(true)
    }
}

impl Trace for Recorder<'_> {
    fn enter_field(&mut self, field: &FieldPlan) {
        self.frames.push(Frame::Field {
            field: Field {
                name: field.name,
                place: field.place.as_deref().map(Location::from),
                replaces: field.replaces.as_deref().map(Location::from),
                value: Json::Null,
                rules: field.rules.iter().map(untried).collect(),
            },
            is_list: matches!(field.kind, Kind::List(_)),
            tried: 0,
            entries: 0,
        });
    }

    fn leave_field(&mut self, out: &[u8], start: usize) {
        if let Some(Frame::Field { mut field, .. }) = self.frames.pop() {
            field.value = json(&out[start..]);
            self.finished(field);
        }
    }

    fn enter_rule(&mut self, rule: &PlanRule) {
        let awaits_list = matches!(rule.each, Some(PlanEach::Items(_)));
        self.frames.push(Frame::Rule { rule: untried(rule), awaits_list, is_duplicate: false });
    }

    fn leave_rule(&mut self, found: Found, out: &[u8], start: usize) {
        let Some(Frame::Rule { mut rule, is_duplicate, .. }) = self.frames.pop() else { return };
        let is_absent = rule.each.as_ref().is_some_and(|each| each.count == 0);
        let has_items = !rule.items.is_empty();
        rule.outcome = match found {
            _ if is_duplicate => Outcome::Duplicate,
            Found::Empty if is_absent => Outcome::Absent,
            Found::Empty if rule.turn.when.as_ref().is_some_and(|when| !when.held) => Outcome::Condition,
            Found::Empty if has_items && rule.items.iter().all(|item| item.outcome == Outcome::Condition) => {
                Outcome::Condition
            }
            found => outcome(found),
        };
        if !is_duplicate {
            rule.value = if self.in_a_list() { entries(&out[start..]) } else { json(&out[start..]) };
        }
        match self.frames.last_mut() {
            Some(Frame::Field { field, tried, .. }) => {
                if let Some(untried) = field.rules.get_mut(*tried) {
                    *untried = rule;
                }
                *tried += 1;
            }
            _ => {
                let Some(Turn { steps, .. }) = self.turn() else { return };
                match steps.last_mut() {
                    Some(Step::Rules { rules }) => rules.push(rule),
                    _ => steps.push(Step::Rules { rules: vec![rule] }),
                }
            }
        }
    }

    fn kept(&mut self) {
        let entry = self.frames.iter_mut().rev().find_map(|frame| match frame {
            Frame::Field { entries, .. } => {
                *entries += 1;
                Some(*entries - 1)
            }
            _ => None,
        });
        if let Some(turn) = self.turn() {
            turn.entry = entry;
        }
    }

    fn duplicate(&mut self, out: &[u8], start: usize) {
        match self.frames.last_mut() {
            Some(Frame::Rule { rule, is_duplicate, .. }) => {
                *is_duplicate = true;
                rule.value = json(&out[start..]);
            }
            Some(Frame::Item { item, is_duplicate }) => {
                *is_duplicate = true;
                item.value = json(&out[start..]);
            }
            _ => {}
        }
    }

    fn enter_list(&mut self, outer: &Scope, list: usize) {
        let name = outer.lists[list].path.clone();
        let (row, mut path) = self.row();
        let count = rows(row, &name, &self.plan.rows_of_page).count();
        push_path(&mut path, &name);
        if let Some(Frame::Rule { rule, awaits_list, .. }) = self.frames.last_mut()
            && *awaits_list
        {
            *awaits_list = false;
            rule.each = Some(Each { path, count });
        }
        self.way.push(Segment { path: name, turns: 0 });
    }

    fn next_item(&mut self) {
        if let Some(list) = self.way.last_mut() {
            list.turns += 1;
        }
    }

    fn leave_list(&mut self) {
        self.way.pop();
    }

    fn enter_item(&mut self) {
        self.next_item();
        let (_, path) = self.row();
        let item = Item { path, outcome: Outcome::Empty, value: Json::Null, turn: Turn::default() };
        self.frames.push(Frame::Item { item, is_duplicate: false });
    }

    fn leave_item(&mut self, found: Option<Found>, out: &[u8], start: usize) {
        let Some(Frame::Item { mut item, is_duplicate }) = self.frames.pop() else { return };
        let in_a_list = self.in_a_list();
        let Some(Frame::Rule { rule, .. }) = self.frames.last_mut() else { return };
        item.outcome = match found {
            None => Outcome::Condition,
            Some(_) if is_duplicate => Outcome::Duplicate,
            Some(found) => outcome(found),
        };
        if !is_duplicate {
            let written = &out[start..];
            item.value = match (in_a_list, rule.origin) {
                (true, "all") => entries(written),
                _ => json(written.strip_prefix(b",").unwrap_or(written)),
            };
        }
        rule.items.push(item);
    }

    fn present(&mut self, scope: &Scope, slot: usize, is_there: bool) {
        let (_, mut path) = self.row();
        push_path(&mut path, &scope.slots[slot].path);
        if let Some(Frame::Rule { rule, .. }) = self.frames.last_mut() {
            rule.each = Some(Each { path, count: usize::from(is_there) });
        }
    }

    fn enter_when(&mut self, when: &PlanWhen) {
        let nothing = Test { held: false, kind: TestKind::All { tests: Vec::new() } };
        let place = Location::from(&*when.place);
        self.frames.push(Frame::When(When { text: when.text.to_string(), place, held: false, test: nothing }));
    }

    fn leave_when(&mut self, held: bool) {
        if let Some(Frame::When(mut when)) = self.frames.pop() {
            when.held = held;
            if let Some(turn) = self.turn() {
                turn.when = Some(when);
            }
        }
    }

    fn enter_group(&mut self, group: trace::Group<'_>) {
        let tests = Vec::new();
        let kind = match group {
            trace::Group::All => TestKind::All { tests },
            trace::Group::Any => TestKind::Any { tests },
            trace::Group::Not => TestKind::Not { tests },
            trace::Group::Named(named) => {
                TestKind::Named { name: named.name.clone(), place: Location::from(&named.place), tests }
            }
        };
        self.frames.push(Frame::Tests(Test { held: false, kind }));
    }

    fn leave_group(&mut self, held: bool) {
        if let Some(Frame::Tests(test)) = self.frames.pop() {
            self.tested(Test { held, ..test });
        }
    }

    fn asked(&mut self, ask: &Ask, scope: &Scope, seen: &Slot<'_>, held: bool) {
        let seen = self.seen(scope, ask.slot, seen, slot_json(seen));
        self.tested(Test { held, kind: TestKind::Asked { text: ask.written.to_string(), seen } });
    }

    fn read(&mut self, scope: &Scope, slot: usize, seen: &Slot<'_>, value: &Value<'_>) {
        let read = self.seen(scope, slot, seen, value_json(value));
        match self.frames.last_mut() {
            Some(Frame::Call(Call { arguments, .. })) => {
                if let Some(argument) = arguments.last_mut() {
                    argument.reads.push(read);
                }
            }
            _ => self.step(Step::Read(read)),
        }
    }

    fn setting(&mut self, setting: &Setting) {
        self.step(Step::Setting { name: setting.name.clone(), value: setting.value.to_string() });
    }

    fn constant(&mut self, constant: &Constant) {
        // The value of an `otherwise` stands there already.
        let is_said = matches!(self.turn().and_then(|turn| turn.steps.last()), Some(Step::Otherwise { .. }));
        if !is_said {
            self.step(Step::Constant { value: json(constant) });
        }
    }

    fn joined(&mut self, with: &str) {
        self.step(Step::Join { with: with.to_owned() });
    }

    fn derived(&mut self, entity: &str, out: &[u8], start: usize) {
        self.step(Step::Id { entity: entity.to_owned(), value: json(&out[start..]) });
    }

    fn taken(&mut self, take: Take, moment: Option<Moment>) {
        let which = match take {
            Take::Earliest => "earliest",
            Take::Latest => "latest",
        };
        if let Some(Frame::Rule { rule, .. }) = self.frames.last_mut() {
            for item in rule.items.iter_mut().filter(|item| item.outcome == Outcome::Empty) {
                item.outcome = Outcome::LookedAt;
            }
        }
        let value = moment.map_or(Json::Null, |moment| time::text(moment).as_str().into());
        self.step(Step::Taken { which, value });
    }

    fn enter_object(&mut self) {
        self.frames.push(Frame::Object(Vec::new()));
    }

    fn leave_object(&mut self, lacks: Option<&FieldPlan>) {
        if let Some(Frame::Object(fields)) = self.frames.pop() {
            self.step(Step::Object { fields, lacks: lacks.map(|field| field.name) });
        }
    }

    fn enter_call(&mut self, call: &PlanCall) {
        self.frames.push(Frame::Call(Call { function: call.function.clone(), ..Call::default() }));
    }

    fn argument(&mut self) {
        if let Some(Frame::Call(Call { arguments, .. })) = self.frames.last_mut() {
            let nothing = String::new();
            arguments.push(Argument { name: nothing.clone(), from: nothing, value: Json::Null, reads: Vec::new() });
        }
    }

    fn unknown(&mut self, message: &str) {
        if let Some(Frame::Call(Call { unknown, .. })) = self.frames.last_mut() {
            unknown.push(message.to_owned());
        }
    }

    fn leave_call(&mut self, plan: &PlanCall, inputs: &[Input<'_>], result: &Result<Dynamic, CallError>) {
        let Some(Frame::Call(mut call)) = self.frames.pop() else { return };
        let library = &self.plan.library;
        let definition = library.function(&plan.function, inputs.len());
        call.place = definition.map(|function| Location::from(&library.definition(function)));
        let values: Vec<Dynamic> = inputs.iter().map(argument).collect();
        for (at, argument) in call.arguments.iter_mut().enumerate() {
            argument.name = definition.map_or_else(String::new, |function| function.parameters[at].clone());
            argument.from = plan.written[at].clone();
            argument.value = dynamic_json(&values[at]);
        }
        match result {
            Ok(result) => {
                call.result = dynamic_json(result);
                let follower = self.follower.get_or_init(|| library.follower());
                let followed = follower.follow(&plan.function, &values);
                // What it gave the second time tells of the first only if it is the same.
                if let Some(followed) = followed.filter(|followed| dynamic_json(&followed.result) == call.result) {
                    call.returned = Some(Location::from(&followed.place));
                    call.tables = followed.asked.into_iter().map(Lookup::from).collect();
                }
            }
            Err(error) => call.error = Some(error.to_string()),
        }
        self.step(Step::Call(call));
    }

    fn custom_field(&mut self, key: &str, free: Option<(&str, &str)>, written: &[u8]) {
        let (id, raw) = free.map_or((None, Json::Null), |(id, raw)| (Some(id.to_owned()), json(raw.as_bytes())));
        self.step(Step::CustomField { key: key.to_owned(), id, raw, value: json(written) });
    }

    fn looked_up(&mut self, table: &Table, text: &str, found: Option<&Constant>) {
        let hit = found.and_then(|constant| {
            let hit = table.hit(text)?;
            Some(Hit { word: hit.word, value: json(constant), place: Location::from(&hit.place) })
        });
        self.step(Step::Table(Lookup { table: table.name.clone(), text: text.to_owned(), hit }));
    }

    fn read_as(&mut self, kind: &'static str, text: &str, found: Option<&str>) {
        self.step(Step::Kind { kind, text: text.to_owned(), value: found.map(str::to_owned) });
    }

    fn otherwise(&mut self, fit: &Fit) {
        let (does, value) = match &fit.otherwise.value {
            Otherwise::Keep => ("keep", None),
            Otherwise::Null => ("null", None),
            Otherwise::Error => ("error", None),
            Otherwise::Next => ("next", None),
            Otherwise::Value(constant) => ("value", Some(json(constant))),
        };
        self.step(Step::Otherwise { does, value, place: Location::from(&*fit.otherwise.place) });
    }

    fn default(&mut self, default: &Placed<Constant>) {
        self.step(Step::Default { value: json(&default.value), place: Location::from(&*default.place) });
    }

    fn wrote(&mut self, value: &Value<'_>, kind: &Kind, out: &[u8], start: usize) {
        let (from, value) = (value_json(value), json(&out[start..]));
        let is_same_number = matches!((from.as_f64(), value.as_f64()), (Some(from), Some(value)) if from == value);
        if from != value && !is_same_number {
            self.step(Step::Convert { to: kind.describe(), from, value });
        }
    }

    fn issue(&mut self, issue: &Issue) {
        self.step(Step::Issue(issue.clone()));
    }

    fn key(&mut self, of: KeyOf, key: &GroupKey, scope: &Scope, seen: &Slot<'_>, value: &Value<'_>) {
        let group = Group {
            place: Location::from(&key.place),
            seen: self.seen(scope, key.slot, seen, value_json(value)),
            value: value.to_text().map(std::borrow::Cow::into_owned),
        };
        match of {
            KeyOf::Group => self.record.group = Some(group),
            KeyOf::Members => self.record.members = Some(group),
        }
    }

    fn deletion(&mut self, scope: &Scope, slot: usize, seen: &Slot<'_>, mark: i64, is_deleted: bool) {
        let seen = self.seen(scope, slot, seen, slot_json(seen));
        self.record.deletion = Some(Deletion { seen, mark, deleted: is_deleted });
    }
}

impl From<Asked> for Lookup {
    fn from(asked: Asked) -> Lookup {
        let hit = asked.hit.map(|(hit, value)| Hit {
            word: hit.word,
            value: value.into(),
            place: Location::from(&hit.place),
        });
        Lookup { table: asked.table, text: asked.text, hit }
    }
}

/// A rule that had no turn yet.
fn untried(rule: &PlanRule) -> Rule {
    let origin = match &rule.origin {
        Origin::Path(_) => "path",
        Origin::Join { .. } => "join",
        Origin::Value(_) => "value",
        Origin::Call(_) => "call",
        Origin::Object(_) | Origin::Input(_) => "object",
        Origin::Variable(_) => "path",
        Origin::Ref { .. } => "ref",
        Origin::All(_) => "all",
        Origin::CustomFields(_) => "custom_fields",
    };
    Rule {
        place: Location::from(&*rule.place),
        origin,
        outcome: Outcome::NotTried,
        value: Json::Null,
        each: None,
        items: Vec::new(),
        turn: Turn::default(),
    }
}

fn outcome(found: Found) -> Outcome {
    match found {
        Found::Value => Outcome::Value,
        Found::Empty => Outcome::Empty,
        Found::Stop => Outcome::Stopped,
    }
}

fn push_path(path: &mut String, name: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(name);
}

/// The member that a dotted path leads to.
fn member<'j>(row: Option<&'j Json>, path: &str) -> Option<&'j Json> {
    path.split('.').try_fold(row?, |value, name| value.get(name))
}

/// The rows of a list, with their numbers in it.
fn rows<'j>(
    row: Option<&'j Json>,
    path: &str,
    rows_of_page: &'j [Box<str>],
) -> impl Iterator<Item = (usize, &'j Json)> {
    let list = member(row, path);
    let (list, inside) = match list {
        Some(list) if !list.is_array() => {
            // The path to the rows goes through a list where each row stands in an edge.
            let at = rows_of_page.iter().scan(Some(list), |here, name| {
                *here = here.filter(|here| !here.is_array()).and_then(|here| here.get(&**name));
                Some(*here)
            });
            let found = at.enumerate().find(|(_, here)| here.is_some_and(Json::is_array));
            found.map_or((None, &[][..]), |(depth, list)| (list, &rows_of_page[depth + 1..]))
        }
        list => (list, &[][..]),
    };
    let items = list.and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let row = |item| inside.iter().try_fold(item, |item: &'j Json, name| item.get(&**name));
    items
        .iter()
        .enumerate()
        .filter_map(move |(index, item)| Some((index, row(item)?)))
        .filter(|(_, row)| row.is_object())
}

/// What was written; null when nothing was.
fn json(written: &[u8]) -> Json {
    serde_json::from_slice(written).unwrap_or(Json::Null)
}

/// The entries that were written to a list, perhaps behind others.
fn entries(written: &[u8]) -> Json {
    let written = written.strip_prefix(b",").unwrap_or(written);
    json(&[b"[", written, b"]"].concat())
}

fn slot_json(slot: &Slot<'_>) -> Json {
    match slot {
        Slot::Null | Slot::NoDate(_) => Json::Null,
        Slot::Bool(value) => (*value).into(),
        Slot::Int(value) => (*value).into(),
        Slot::Float(value) => (*value).into(),
        Slot::Text(text) => text.read().into(),
        Slot::Time(moment) => time::text(*moment).as_str().into(),
        Slot::Json(json) => self::json(json.as_bytes()),
    }
}

fn value_json(value: &Value<'_>) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Text(text) => text.read().into(),
        Value::Time(moment) => time::text(*moment).as_str().into(),
        Value::Json(json) => self::json(json.as_bytes()),
    }
}

fn dynamic_json(value: &Dynamic) -> Json {
    serde_json::to_value(value).unwrap_or_else(|_| value.to_string().into())
}
