//! One field, step by step.

use serde_json::Value;

use super::super::show::in_json;
use super::layout::{Line, columns};
use crate::mapping::Severity;
use crate::mapping::explain::{
    Argument, Call, Entry, Field, Item, Location, Lookup, Outcome, Read, Reading, Rule, Spot, Step, Test, TestKind,
    Turn, When,
};

/// Characters of a value that are shown.
const MOST: usize = 160;

/// Characters of a value that is shown again further down.
const FEW: usize = 40;

/// Everything about a field, or about an entry of a list.
pub(super) fn lines(path: &str, spot: Spot<'_>) -> Vec<Line> {
    let mut tree = Tree { lines: Vec::new() };
    match spot.entry.filter(|_| spot.ends_at_entry) {
        Some(entry) => tree.entry(path, entry),
        None => tree.field(path, spot.field, 0),
    }
    if let (Some(entry), false) = (spot.entry, spot.ends_at_entry) {
        let list = path.rsplit_once(']').map_or(path, |(list, _)| list);
        tree.push(0, Line::empty());
        let from = entry.item.map_or_else(String::new, |item| format!(" from {}", item.path));
        tree.push(0, Line::plain(format!("{list}] is made{from}")).at(Some(&entry.rule.place)));
    }
    tree.lines
}

struct Tree {
    lines: Vec<Line>,
}

impl Tree {
    fn push(&mut self, depth: usize, line: Line) {
        self.lines.push(line.deeper(depth));
    }

    fn entry(&mut self, path: &str, entry: Entry<'_>) {
        self.push(0, title(path, entry.value()).at(Some(&entry.rule.place)));
        if let Some(item) = entry.item {
            self.push(1, Line::plain(format!("from {}", item.path)));
        }
        self.turn(entry.turn(), &entry.rule.place, 1);
    }

    fn field(&mut self, name: &str, field: &Field, depth: usize) {
        self.push(depth, title(name, &field.value).at(field.place.as_ref()));
        if let Some(replaced) = &field.replaces {
            self.push(depth + 1, Line::plain("in place of").at(Some(replaced)));
        }
        let Some(place) = &field.place else {
            return self.push(depth + 1, Line::plain("no file says what fills it"));
        };
        match field.rules.as_slice() {
            [] => self.push(depth + 1, Line::plain("switched off here")),
            [only] => {
                let is_there = only.place.file == place.file && only.place.line == place.line;
                let says_all = matches!(only.outcome, Outcome::Value) && only.each.is_none();
                match (is_there, says_all) {
                    (true, true) => {}
                    (true, false) => self.push(depth + 1, Line::plain(outcome(only))),
                    (false, _) => self.push(depth + 1, Line::plain(outcome(only)).at(Some(&only.place))),
                }
                self.rule(only, depth + 1);
            }
            rules => self.rules(rules, "alternative", depth + 1),
        }
    }

    fn rules(&mut self, rules: &[Rule], word: &str, depth: usize) {
        let count = rules.len();
        let tried = rules.iter().take_while(|rule| rule.outcome != Outcome::NotTried).count();
        for (at, rule) in rules.iter().take(tried).enumerate() {
            let text = format!("{word} {} of {count}: {}", at + 1, outcome(rule));
            self.push(depth, Line::plain(text).at(Some(&rule.place)));
            self.rule(rule, depth + 1);
        }
        match count - tried {
            0 => {}
            1 => self.push(depth, Line::plain(format!("{word} {count} of {count}: not tried"))),
            2 => self.push(depth, Line::plain(format!("{word}s {} and {count} of {count}: not tried", tried + 1))),
            _ => self.push(depth, Line::plain(format!("{word}s {} to {count} of {count}: not tried", tried + 1))),
        }
    }

    fn rule(&mut self, rule: &Rule, depth: usize) {
        for item in &rule.items {
            self.push(depth, Line::plain(format!("{}: {}", item.path, item_outcome(item))));
            self.turn(&item.turn, &rule.place, depth + 1);
        }
        if let Some(each) = rule.each.as_ref().filter(|each| each.count > rule.items.len() && !rule.items.is_empty()) {
            let left = each.count - rule.items.len();
            let text = if left == 1 {
                "1 more item was not needed".to_owned()
            } else {
                format!("{left} more items were not needed")
            };
            self.push(depth, Line::plain(text));
        }
        self.turn(&rule.turn, &rule.place, depth);
    }

    fn turn(&mut self, turn: &Turn, rule: &Location, depth: usize) {
        if let Some(when) = &turn.when {
            self.when(when, rule, depth);
        }
        let mut steps = turn.steps.as_slice();
        while let Some((step, rest)) = steps.split_first() {
            // What was read together stands in columns.
            let reads = steps.iter().map_while(source).collect::<Vec<_>>();
            if reads.is_empty() {
                self.step(step, depth);
                steps = rest;
            } else {
                self.table(&reads, depth);
                steps = &steps[reads.len()..];
            }
        }
    }

    fn table(&mut self, rows: &[Vec<String>], depth: usize) {
        for line in columns(rows) {
            self.push(depth, Line::plain(line));
        }
    }

    fn when(&mut self, when: &When, rule: &Location, depth: usize) {
        let place = Some(&when.place).filter(|place| place.line != rule.line || place.file != rule.file);
        let text = format!("when {}: {}", when.text, yes(when.held));
        match &when.test.kind {
            TestKind::Asked { seen, .. } => {
                self.push(depth, Line::plain(format!("{text}, {}", it_is(seen))).at(place));
            }
            TestKind::All { tests } | TestKind::Any { tests } => {
                self.push(depth, Line::plain(text).at(place));
                self.tests(tests, depth + 1);
            }
            TestKind::Named { name, place, tests } if *name == when.text => {
                let text = format!("{text}{}", tests.first().map_or("", of_them));
                self.push(depth, Line::plain(text).at(Some(place)));
                self.named(tests, depth + 1);
            }
            TestKind::Not { .. } | TestKind::Named { .. } => {
                self.push(depth, Line::plain(text).at(place));
                self.test(&when.test, depth + 1);
            }
        }
    }

    fn tests(&mut self, tests: &[Test], depth: usize) {
        for test in tests {
            self.test(test, depth);
        }
    }

    fn test(&mut self, test: &Test, depth: usize) {
        let held = yes(test.held);
        match &test.kind {
            TestKind::Asked { text, seen } => self.push(depth, Line::plain(format!("{text}: {held}, {}", it_is(seen)))),
            TestKind::Not { tests } => {
                self.push(depth, Line::plain(format!("not: {held}")));
                self.tests(tests, depth + 1);
            }
            TestKind::All { tests } | TestKind::Any { tests } => {
                self.push(depth, Line::plain(format!("{held}{}", of_them(test))));
                self.tests(tests, depth + 1);
            }
            TestKind::Named { name, place, tests } => {
                let text = format!("{name}: {held}{}", tests.first().map_or("", of_them));
                self.push(depth, Line::plain(text).at(Some(place)));
                self.named(tests, depth + 1);
            }
        }
    }

    /// What a named condition is. Whether it is all or one of its parts was said with its name.
    fn named(&mut self, tests: &[Test], depth: usize) {
        match tests {
            [Test { kind: TestKind::All { tests } | TestKind::Any { tests }, .. }] => self.tests(tests, depth),
            tests => self.tests(tests, depth),
        }
    }

    fn step(&mut self, step: &Step, depth: usize) {
        let line = match step {
            Step::Read(_) | Step::Setting { .. } => return,
            Step::Constant { value } => Line::plain(format!("value {}", in_json(value, MOST))),
            Step::Join { with } if with.is_empty() => Line::plain("joined"),
            Step::Join { with } => Line::plain(format!("joined with {}", in_json(&with.as_str().into(), MOST))),
            Step::Id { entity, value } => Line::plain(format!("id of {entity} {}", in_json(value, MOST))),
            Step::Taken { which, value } => Line::plain(format!("{which} of them {}", in_json(value, MOST))),
            Step::Object { fields, lacks } => return self.object(fields, *lacks, depth),
            Step::Rules { rules } => return self.rules(rules, "rule", depth),
            Step::CustomField { key, id, raw, value } => {
                let from = match id {
                    Some(id) => format!("free field {id} {}", in_json(raw, MOST)),
                    None => "no such free field".to_owned(),
                };
                Line::plain(format!("{key} = {} from {from}", in_json(value, MOST)))
            }
            Step::Call(call) => return self.call(call, depth),
            Step::Table(lookup) => asked(lookup),
            Step::Kind { kind, text, value } => {
                let text = in_json(&text.as_str().into(), MOST);
                match value {
                    Some(value) => {
                        Line::plain(format!("as {kind}: {text} is {}", in_json(&value.as_str().into(), MOST)))
                    }
                    None => Line::plain(format!("as {kind}: {text} is none")),
                }
            }
            Step::Otherwise { does, value, place } => {
                let does = value.as_ref().map_or_else(|| (*does).to_owned(), |value| in_json(value, MOST));
                Line::plain(format!("otherwise {does}")).at(Some(place))
            }
            Step::Default { value, place } => Line::plain(format!("default {}", in_json(value, MOST))).at(Some(place)),
            Step::Convert { to, from, value } => {
                Line::plain(format!("as {to}: {} is {}", in_json(from, FEW), in_json(value, MOST)))
            }
            Step::Issue(issue) => Line::issue(match issue.severity {
                Severity::Failed => format!("failed: {}", issue.message),
                Severity::Unmapped => format!("reported: {}", issue.message),
            }),
            Step::Members { model, group: Some(group) } => {
                Line::plain(format!("shows the {model} of group {group}, and those of no group"))
            }
            Step::Members { model, group: None } => Line::plain(format!("shows the {model} of no group")),
        };
        self.push(depth, line);
    }

    fn object(&mut self, fields: &[Field], lacks: Option<&str>, depth: usize) {
        if let Some(lacks) = lacks {
            self.push(depth, Line::plain(format!("left out for want of `{lacks}`")));
        }
        for field in fields.iter().filter(|field| field.place.is_some()) {
            self.field(field.name, field, depth);
        }
    }

    fn call(&mut self, call: &Call, depth: usize) {
        self.push(depth, Line::plain(format!("call {}", call.function)).at(call.place.as_ref()));
        let arguments: Vec<Vec<String>> = call.arguments.iter().map(argument).collect();
        self.table(&arguments, depth + 1);
        for lookup in &call.tables {
            self.push(depth + 1, asked(lookup));
        }
        for unknown in &call.unknown {
            self.push(depth + 1, Line::issue(format!("reported: {unknown}")));
        }
        match &call.error {
            Some(error) => self.push(depth, Line::issue(format!("failed: {error}"))),
            None => {
                let line = Line::plain(format!("returned {}", in_json(&call.result, MOST)));
                self.push(depth, line.at(call.returned.as_ref()));
            }
        }
    }
}

/// A table that was asked.
fn asked(lookup: &Lookup) -> Line {
    let (table, text) = (&lookup.table, in_json(&lookup.text.as_str().into(), MOST));
    match &lookup.hit {
        Some(hit) => {
            let value = in_json(&hit.value, MOST);
            Line::plain(format!("table {table}: {text} by `{}` is {value}", hit.word)).at(Some(&hit.place))
        }
        None => Line::plain(format!("table {table}: {text} is not in it")),
    }
}

/// A name and its value. What is in an object or a list follows, so that its end is of no use here.
fn title(name: &str, value: &Value) -> Line {
    let line = Line::title(format!("{name} = {}", in_json(value, MOST)));
    if value.is_object() || value.is_array() { line.cut() } else { line }
}

/// A value of the source or of the connection in columns.
fn source(step: &Step) -> Option<Vec<String>> {
    match step {
        Step::Read(read) => Some(vec![read.path.clone(), reading(read)]),
        Step::Setting { name, value } => Some(vec![format!("${name}"), in_json(&value.as_str().into(), MOST)]),
        _ => None,
    }
}

fn argument(argument: &Argument) -> Vec<String> {
    let value = match argument.reads.as_slice() {
        [read] if read.path == argument.from && read.value == argument.value => reading(read),
        _ => in_json(&argument.value, MOST),
    };
    vec![argument.name.clone(), argument.from.clone(), value]
}

fn reading(read: &Read) -> String {
    let raw = in_json(&read.raw, MOST);
    match read.reading {
        None => raw,
        Some(Reading::Missing) => "null, not in the record".to_owned(),
        Some(Reading::Trimmed | Reading::Date) => format!("{raw} → {}", in_json(&read.value, MOST)),
        Some(Reading::Blank) => format!("{raw}, which counts as null"),
        Some(Reading::NoDate) => format!("{raw}, which is no date"),
        Some(Reading::WrongShape) => format!("{raw}, which is no single value"),
    }
}

fn it_is(read: &Read) -> String {
    match read.reading {
        Some(Reading::Missing) => "it is not in the record".to_owned(),
        _ => format!("it is {}", reading(read)),
    }
}

fn yes(held: bool) -> &'static str {
    if held { "yes" } else { "no" }
}

/// How many of some tests held.
fn of_them(test: &Test) -> &'static str {
    match (&test.kind, test.held) {
        (TestKind::All { .. }, true) => ", all of",
        (TestKind::All { .. }, false) => ", not all of",
        (TestKind::Any { .. }, true) => ", one of",
        (TestKind::Any { .. }, false) => ", none of",
        _ => "",
    }
}

/// What became of a rule.
fn outcome(rule: &Rule) -> String {
    let over = rule.each.as_ref().map_or_else(String::new, |each| format!("over {}, ", each.path));
    let entries = rule.value.as_array().map(Vec::len);
    match (rule.outcome, &rule.each) {
        (Outcome::Absent, Some(each)) if rule.items.is_empty() => format!("{} is empty or not there", each.path),
        (Outcome::Value, _) => match (rule.turn.entry, entries) {
            (Some(entry), _) => format!("{over}entry [{entry}]"),
            (None, Some(count)) => format!("{over}{}", counted(count)),
            _ => format!("{over}gives {}", in_json(&rule.value, FEW)),
        },
        (outcome, _) => format!("{over}{}", word(outcome)),
    }
}

fn item_outcome(item: &Item) -> String {
    match (item.outcome, item.turn.entry) {
        (Outcome::Value, Some(entry)) => format!("entry [{entry}]"),
        (Outcome::Value, None) => format!("gives {}", in_json(&item.value, FEW)),
        (outcome, _) => word(outcome).to_owned(),
    }
}

fn counted(entries: usize) -> String {
    if entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") }
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Value => "gives a value",
        Outcome::Empty => "no value",
        Outcome::Stopped => "a value that does not fit",
        Outcome::Condition => "its condition does not hold",
        Outcome::Absent => "not there",
        Outcome::Duplicate => "left out, as the list has it already",
        Outcome::LookedAt => "looked at",
        Outcome::NotTried => "not tried",
    }
}

/// Whether a value says nothing.
pub(super) fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(Vec::is_empty)
}
