//! All fields, each in a line or two.

use console::{measure_text_width, truncate_str};

use super::super::show::in_json;
use super::layout::Line;
use super::tree::is_nothing;
use crate::mapping::explain::{Explanation, Field, Lookup, Outcome, Read, Rule, Step, Turn};

/// Characters of a value that are shown.
const MOST: usize = 200;

/// Characters of a line that says where a value comes from.
const LONGEST: usize = 150;

pub(super) fn lines(explanation: &Explanation) -> Vec<Line> {
    let widest = explanation.fields.iter().map(|field| measure_text_width(field.name)).max().unwrap_or(0);
    // Even, since lines stand in by two.
    let margin = (widest + 2).next_multiple_of(2);
    let mut lines = Vec::new();
    for field in &explanation.fields {
        let padding = " ".repeat(margin - measure_text_width(field.name));
        let rule = deciding(field);
        let place = rule.map(|rule| &rule.place).or(field.place.as_ref());
        let text = format!("{}{padding}{}", field.name, in_json(&field.value, MOST));
        lines.push(Line::plain(text).at(place).cut().place_margin(margin));
        let how = truncate_str(&how(field, rule), LONGEST, "…").into_owned();
        lines.push(Line::plain(how).deeper(margin / 2).flush());
    }
    if let Some(group) = &explanation.group {
        let value =
            group.value.as_ref().map_or_else(|| "none".to_owned(), |value| in_json(&value.as_str().into(), MOST));
        lines.push(Line::empty());
        lines.push(Line::plain(format!("belongs to group {value} by {}", group.seen.path)).at(Some(&group.place)));
    }
    if !explanation.issues.is_empty() {
        lines.push(Line::empty());
        lines.extend(explanation.issues.iter().map(|issue| Line::issue(issue.to_string())));
    }
    lines
}

/// The rule that made a field what it is.
fn deciding(field: &Field) -> Option<&Rule> {
    field.rules.iter().find(|rule| matches!(rule.outcome, Outcome::Value | Outcome::Stopped))
}

fn how(field: &Field, rule: Option<&Rule>) -> String {
    if field.place.is_none() {
        return "no file says what fills it".to_owned();
    }
    let Some(rule) = rule else { return nothing(field) };
    let mut gathered = Gathered { nulls_too: rule.origin == "members", ..Gathered::default() };
    gathered.rule(rule);
    let from = gathered.from();
    let through = gathered.through.join(", ");
    let mut text = match (rule.origin, from.is_empty()) {
        ("value", _) => "a constant".to_owned(),
        ("call", _) => from,
        ("join", _) => format!("joined: {from}"),
        ("members", _) => format!("the group in {from}"),
        (_, true) => "constants".to_owned(),
        (_, false) => from,
    };
    if !through.is_empty() {
        text.push_str(&format!(" through {through}"));
    }
    if let Some(when) = &rule.turn.when {
        text.push_str(&format!(", when {}", when.text));
    }
    if field.rules.len() > 1 {
        let number = field.rules.iter().take_while(|other| !std::ptr::eq(*other, rule)).count() + 1;
        text.push_str(&format!("; alternative {number} of {}", field.rules.len()));
    }
    if rule.outcome == Outcome::Stopped { format!("does not fit: {text}") } else { text }
}

/// Why nothing fills a field.
fn nothing(field: &Field) -> String {
    if field.rules.is_empty() {
        return "switched off".to_owned();
    }
    let mut gathered = Gathered { nulls_too: true, ..Gathered::default() };
    field.rules.iter().for_each(|rule| gathered.rule(rule));
    let from = gathered.from();
    if from.is_empty() { "no condition holds".to_owned() } else { format!("no value from {from}") }
}

/// Where values come from.
#[derive(Default)]
struct Gathered {
    nulls_too: bool,
    paths: Vec<String>,
    through: Vec<String>,
}

impl Gathered {
    fn from(&self) -> String {
        self.paths.join(", ")
    }

    fn rule(&mut self, rule: &Rule) {
        self.turn(&rule.turn);
        for item in &rule.items {
            if self.nulls_too || matches!(item.outcome, Outcome::Value | Outcome::LookedAt) {
                self.turn(&item.turn);
            }
        }
        if let (Some(each), true) = (&rule.each, self.nulls_too && rule.items.is_empty()) {
            self.add(each.path.clone());
        }
    }

    fn turn(&mut self, turn: &Turn) {
        for step in &turn.steps {
            match step {
                Step::Read(read) => self.read(read),
                Step::Setting { name, .. } => self.add(format!("${name}")),
                Step::Call(call) => {
                    let arguments: Vec<&str> = call.arguments.iter().map(|argument| argument.from.as_str()).collect();
                    self.add(format!("{}({})", call.function, arguments.join(", ")));
                }
                Step::Table(Lookup { table, hit: Some(_), .. }) => self.goes_through(format!("table {table}")),
                Step::Kind { kind, value: Some(_), .. } => self.goes_through((*kind).to_owned()),
                Step::Default { .. } => self.goes_through("a default".to_owned()),
                Step::Object { fields, .. } => {
                    let filled = fields.iter().filter(|field| self.nulls_too || !is_nothing(&field.value));
                    let rules: Vec<&Rule> = filled.filter_map(deciding).collect();
                    rules.into_iter().for_each(|rule| self.rule(rule));
                }
                Step::Rules { rules } => {
                    let useful = rules.iter().filter(|rule| self.nulls_too || !is_nothing(&rule.value));
                    let rules: Vec<&Rule> = useful.collect();
                    rules.into_iter().for_each(|rule| self.rule(rule));
                }
                _ => {}
            }
        }
    }

    fn read(&mut self, read: &Read) {
        if self.nulls_too || !read.value.is_null() {
            self.add(without_numbers(&read.path));
        }
    }

    fn add(&mut self, path: String) {
        if !self.paths.contains(&path) {
            self.paths.push(path);
        }
    }

    fn goes_through(&mut self, what: String) {
        if !self.through.contains(&what) {
            self.through.push(what);
        }
    }
}

/// `readers.name` of `readers[0].name`: of all items alike.
fn without_numbers(path: &str) -> String {
    path.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect()
}
