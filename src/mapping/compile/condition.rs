//! Conditions, resolved.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::condition::{self, Condition, Literal, Operator, Word};
use super::super::document::{NamedText, Part};
use super::super::plan::{Ask, Check, Named as NamedTest, Operand, Test};
use super::super::time;
use super::Compiler;
use super::view::View;
use crate::diagnostics::{Place, Problem, Problems, SourceFile, Span};
use crate::schema::Scalar;
use crate::yaml::Located;

/// A condition of the mapping's `conditions`.
pub(in crate::mapping) struct Named {
    file: Arc<SourceFile>,
    name: Located<String>,
    text: Located<String>,
    /// `None` when it cannot be used, which was reported.
    condition: Option<Condition>,
}

impl Named {
    /// Where a word of the condition stands in its file.
    fn part(&self, word: &Word) -> Span {
        self.text.part(&self.file, word.span.start..word.span.end)
    }
}

/// Named conditions, resolved. Those that cannot be read or lead back to themselves are reported.
pub(in crate::mapping) fn named(conditions: &[Part<NamedText>], problems: &Problems) -> Vec<Named> {
    let mut named: Vec<Named> = conditions
        .iter()
        .map(|Part { file, value: NamedText { name, text } }| Named {
            file: Arc::clone(file),
            name: name.clone(),
            text: text.clone(),
            condition: parse(file, text, problems),
        })
        .collect();
    break_circles(&mut named, problems);
    named
}

/// Each circle is reported once and broken at one of its conditions.
fn break_circles(named: &mut [Named], problems: &Problems) {
    let index: HashMap<String, usize> =
        named.iter().enumerate().map(|(at, one)| (one.name.value.clone(), at)).collect();
    let mut done = vec![false; named.len()];
    for start in 0..named.len() {
        // Conditions from `start` to the one under work, each with the names in it that are still to be followed.
        let mut way: Vec<(usize, Vec<(usize, Word)>)> = Vec::new();
        let enter = |at: usize, named: &[Named]| (at, followed(&named[at], &index));
        if !done[start] {
            way.push(enter(start, named));
        }
        while let Some((at, names)) = way.last_mut() {
            let at = *at;
            let Some((next, word)) = names.pop() else {
                done[at] = true;
                way.pop();
                continue;
            };
            if let Some(first) = way.iter().position(|(known, _)| *known == next) {
                let circle: Vec<&str> = way[first..]
                    .iter()
                    .map(|(at, _)| *at)
                    .chain([next])
                    .map(|at| named[at].name.value.as_str())
                    .collect();
                problems.report(
                    Problem::error("M0503", format!("the condition `{}` leads back to itself", named[next].name.value))
                        .at(&named[at].file, named[at].part(&word), "closes the circle")
                        .because(Place::new(&named[next].file, named[next].name.span), "begins here")
                        .help(format!("the circle is {}", circle.join(" → "))),
                );
                named[at].condition = None;
                if let Some((_, names)) = way.last_mut() {
                    names.clear();
                }
            } else if !done[next] {
                way.push(enter(next, named));
            }
        }
    }
}

/// The conditions that a condition names.
fn followed(one: &Named, index: &HashMap<String, usize>) -> Vec<(usize, Word)> {
    fn collect(condition: &Condition, index: &HashMap<String, usize>, found: &mut Vec<(usize, Word)>) {
        match condition {
            Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| collect(part, index, found)),
            Condition::Not(inner) => collect(inner, index, found),
            Condition::Named(word) => found.extend(index.get(&word.text).map(|at| (*at, word.clone()))),
            Condition::Compare { .. } | Condition::In { .. } | Condition::InTable { .. } | Condition::Empty { .. } => {}
        }
    }
    let mut found = Vec::new();
    if let Some(condition) = &one.condition {
        collect(condition, index, &mut found);
    }
    found
}

/// The setting that a condition asks about.
fn setting(condition: &Condition) -> Option<Word> {
    match condition {
        Condition::Compare { path, .. } | Condition::In { path, .. } | Condition::Empty { path } => {
            path.text.starts_with('$').then(|| path.clone())
        }
        Condition::InTable { path, .. } | Condition::Named(path) => path.text.starts_with('$').then(|| path.clone()),
        Condition::And(_) | Condition::Or(_) | Condition::Not(_) => None,
    }
}

/// Parses a condition and reports what is wrong with its syntax.
fn parse(file: &Arc<SourceFile>, text: &Located<String>, problems: &Problems) -> Option<Condition> {
    match condition::parse(&text.value) {
        Ok(condition) => Some(condition),
        Err(error) => {
            let span = text.part(file, error.span.start..error.span.end);
            problems.report(
                Problem::error("M0501", "this condition cannot be read")
                    .at(file, span, error.message)
                    .help(error.help.unwrap_or("write such as `deleted = 0 and (code = 'web' or end is empty)`")),
            );
            None
        }
    }
}

/// Conditions that name conditions that name conditions multiply.
const MOST_TESTS: usize = 10_000;

/// Conditions that name conditions may go this deep.
const DEEPEST: usize = 16;

impl<'a> Compiler<'a> {
    pub(in crate::mapping) fn test(&self, text: &Located<String>, view: &mut View<'_>) -> Option<Test> {
        let condition = parse(self.file, text, self.problems)?;
        self.resolve(&condition, text, view)
    }

    fn resolve(&self, condition: &Condition, text: &Located<String>, view: &mut View<'_>) -> Option<Test> {
        self.state.tests.set(self.state.tests.get() + 1);
        if self.state.tests.get() > MOST_TESTS {
            // Said once: all that follow would say the same.
            if self.state.tests.get() == MOST_TESTS + 1 {
                self.unfolds_too_far(text.span);
            }
            return None;
        }
        if let Some(name) = setting(condition) {
            return self.test_setting(&name, condition, text);
        }
        match condition {
            Condition::And(parts) => Some(Test::And(self.resolve_all(parts, text, view)?)),
            Condition::Or(parts) => Some(Test::Or(self.resolve_all(parts, text, view)?)),
            Condition::Not(inner) => match &**inner {
                Condition::Empty { path } if !path.text.starts_with('$') => {
                    self.ask(path, Check::Filled, condition, text, view)
                }
                inner => Some(Test::Not(Box::new(self.resolve(inner, text, view)?))),
            },
            Condition::Empty { path } => self.ask(path, Check::Empty, condition, text, view),
            Condition::Compare { path, operator, literal, literal_span } => {
                let slot = self.asked(view, &self.located(path, text))?;
                let scalar = self.scalar(view, slot).clone();
                if scalar == Scalar::Boolean && !matches!(operator, Operator::Equal | Operator::NotEqual) {
                    self.wrong(text, *literal_span, "true and false have no order");
                    return None;
                }
                let check = Check::Compare(*operator, self.operand(literal, *literal_span, &scalar, text)?);
                Some(Test::Ask(Ask { slot, check, written: condition.to_string().into() }))
            }
            Condition::In { path, literals } => {
                let slot = self.asked(view, &self.located(path, text))?;
                let scalar = self.scalar(view, slot).clone();
                let operands = literals.iter().map(|(literal, span)| self.operand(literal, *span, &scalar, text));
                let check = Check::In(operands.collect::<Option<Vec<_>>>()?);
                Some(Test::Ask(Ask { slot, check, written: condition.to_string().into() }))
            }
            Condition::InTable { path, table, value } => {
                let slot = self.asked(view, &self.located(path, text))?;
                let check = self.in_table(table, value.as_ref(), text)?;
                Some(Test::Ask(Ask { slot, check, written: condition.to_string().into() }))
            }
            Condition::Named(name) => self.named(name, text, view),
        }
    }

    /// A question about what a connection says: the answer is known.
    fn test_setting(&self, name: &Word, condition: &Condition, text: &Located<String>) -> Option<Test> {
        let key = &name.text[1..];
        let Some(value) = self.dialect.settings.get(key) else {
            self.unknown_setting(key, text.part(self.file, name.span.start..name.span.end));
            return None;
        };
        let is = |literal: &Literal, span: Span| {
            let Literal::Text(wanted) = literal else {
                self.wrong(text, span, "a setting holds text");
                return None;
            };
            let known = self.dialect.setting_values.get(key);
            if let Some(known) = known.filter(|known| !known.iter().any(|known| known.eq_ignore_ascii_case(wanted))) {
                self.problems.report(
                    Problem::error("M0505", "this comparison can never hold")
                        .at(self.file, text.part(self.file, span.start..span.end), format!("no value of `{key}`"))
                        .suggest(wanted, known.iter().map(String::as_str)),
                );
                return None;
            }
            Some(value.to_lowercase() == wanted.to_lowercase())
        };
        let held = match condition {
            Condition::Compare { operator: Operator::Equal, literal, literal_span, .. } => is(literal, *literal_span)?,
            Condition::Compare { operator: Operator::NotEqual, literal, literal_span, .. } => {
                !is(literal, *literal_span)?
            }
            Condition::In { literals, .. } => {
                let found: Vec<Option<bool>> = literals.iter().map(|(literal, span)| is(literal, *span)).collect();
                found.into_iter().collect::<Option<Vec<bool>>>()?.contains(&true)
            }
            Condition::Empty { .. } => value.trim().is_empty(),
            _ => {
                self.wrong(text, name.span, "a setting is compared by `=`, `!=`, `in` and `is empty`");
                return None;
            }
        };
        // All of nothing holds, any of nothing does not.
        Some(if held { Test::And(Vec::new()) } else { Test::Or(Vec::new()) })
    }

    fn ask(
        &self,
        path: &Word,
        check: Check,
        condition: &Condition,
        text: &Located<String>,
        view: &mut View<'_>,
    ) -> Option<Test> {
        let slot = self.asked(view, &self.located(path, text))?;
        Some(Test::Ask(Ask { slot, check, written: condition.to_string().into() }))
    }

    fn resolve_all(&self, parts: &[Condition], text: &Located<String>, view: &mut View<'_>) -> Option<Vec<Test>> {
        // All parts are looked at, so that all that is wrong is reported.
        let tests: Vec<Option<Test>> = parts.iter().map(|part| self.resolve(part, text, view)).collect();
        tests.into_iter().collect()
    }

    fn named(&self, name: &Word, text: &Located<String>, view: &mut View<'_>) -> Option<Test> {
        let Some(named) = self.conditions.iter().find(|known| known.name.value == name.text) else {
            let problem = Problem::error("M0502", format!("there is no condition `{}`", name.text)).at(
                self.file,
                text.part(self.file, name.span.start..name.span.end),
                "neither compared nor defined",
            );
            self.problems.report(match self.comparison(&name.text, view) {
                Some(comparison) => problem.help(format!("compare the path, such as `{comparison}`")),
                None => problem.suggest(&name.text, self.conditions.iter().map(|known| known.name.value.as_str())),
            });
            return None;
        };
        let depth = self.state.depth.get();
        if depth == DEEPEST {
            self.within(&named.file).unfolds_too_far(named.name.span);
            return None;
        }
        let condition = named.condition.as_ref()?;
        let used = Place::new(self.file, text.part(self.file, name.span.start..name.span.end));
        let outer = self.state.used.replace(Some(used));
        self.state.depth.set(depth + 1);
        let test = self.within(&named.file).resolve(condition, &named.text, view);
        self.state.depth.set(depth);
        self.state.used.replace(outer);
        let place = Place::new(&named.file, named.text.span);
        Some(Test::Named(Box::new(NamedTest { name: name.text.clone(), test: test?, place })))
    }

    /// How to ask for what a path leads to, if the name is one.
    fn comparison(&self, name: &str, view: &View<'_>) -> Option<String> {
        let last = self.schema.walk(&view.row_type, name).ok()?.pop()?;
        match last.target.object() {
            None => Some(format!("{name} is not empty")),
            Some(object) => {
                let field = self.schema.scalars_of(object).first().copied()?;
                Some(format!("{name}.{field} is not empty"))
            }
        }
    }

    fn unfolds_too_far(&self, span: Span) {
        self.problems.report(
            Problem::error("M0506", "the conditions of this mapping unfold to more than a person writes")
                .at(self.file, span, "reading stopped here")
                .help("let fewer conditions name one another"),
        );
    }

    fn in_table(&self, table: &Word, value: Option<&Word>, text: &Located<String>) -> Option<Check> {
        let table = self.known_table(&self.located(table, text))?;
        self.goes_through(format!("table {}", table.name));
        self.state.lookups.borrow_mut().push((table.name.clone(), None));
        let Some(value) = value else { return Some(Check::InTable(table, None)) };
        let found = table.values.iter().position(|(known, _)| *known == value.text);
        if found.is_none() {
            self.problems.report(
                Problem::error("M0305", format!("the table `{}` has no value `{}`", table.name, value.text))
                    .at(self.file, self.located(value, text).span, "no row stands for it")
                    .suggest(&value.text, table.values.iter().map(|(known, _)| known.as_str())),
            );
        }
        found.map(|at| Check::InTable(table, Some(at)))
    }

    fn operand(&self, literal: &Literal, span: Span, scalar: &Scalar, text: &Located<String>) -> Option<Operand> {
        if let Literal::Variable(name) = literal
            && name != "now"
            && !self.dialect.settings.contains_key(name)
        {
            self.unknown_setting(name, text.part(self.file, span.start..span.end));
            return None;
        }
        let operand = match (scalar, literal) {
            (Scalar::Int | Scalar::Float, Literal::Number(value)) => Some(Operand::Number(*value)),
            (Scalar::Int, Literal::Flag(flag)) => self
                .dialect
                .flags
                .iter()
                .find(|(_, meaning)| *meaning == flag)
                .map(|(value, _)| Operand::Number(*value as f64)),
            (Scalar::Text, Literal::Text(value)) => Some(Operand::Text(value.to_lowercase())),
            (Scalar::Text, Literal::Number(value)) => Some(Operand::Text(value.to_string())),
            (Scalar::Boolean, Literal::Flag(value)) => Some(Operand::Flag(*value)),
            (Scalar::DateTime, Literal::Text(value)) => time::parse_utc(value).map(Operand::Moment),
            (Scalar::DateTime, Literal::Variable(name)) if name == "now" => Some(Operand::Now),
            (Scalar::Text, Literal::Variable(name)) => {
                self.dialect.settings.get(name).map(|value| Operand::Text(value.to_lowercase()))
            }
            _ => None,
        };
        if operand.is_none() {
            self.wrong(text, span, &format!("the path holds {}", scalar.describe()));
        }
        operand
    }

    pub(super) fn unknown_setting(&self, name: &str, span: Span) {
        let known: Vec<String> =
            self.dialect.settings.keys().map(String::as_str).chain(["now"]).map(|known| format!("${known}")).collect();
        self.problems.report(
            Problem::error("M0504", format!("there is no setting `{name}`"))
                .at(self.file, span, "not among the settings of connector.yaml")
                .suggest(&format!("${name}"), known.iter().map(String::as_str)),
        );
    }

    fn wrong(&self, text: &Located<String>, span: Span, why: &str) {
        self.problems.report(
            Problem::error("M0505", "this comparison can never hold")
                .at(self.file, text.part(self.file, span.start..span.end), why)
                .help("compare numbers with numbers, text with 'text', dates with $now or '2026-01-31T00:00:00Z'"),
        );
    }

    /// A word of a condition, with its place in the file.
    fn located(&self, word: &Word, text: &Located<String>) -> Located<String> {
        Located { value: word.text.clone(), span: text.part(self.file, word.span.start..word.span.end) }
    }
}
