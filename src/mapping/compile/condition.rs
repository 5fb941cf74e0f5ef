//! Conditions, resolved.

use std::sync::Arc;

use super::super::condition::{self, Condition, Literal, Operator, Word};
use super::super::plan::{Operand, Test};
use super::super::time;
use super::view::View;
use super::{Compiler, within};
use crate::diagnostics::{Problem, Problems, SourceFile, Span};
use crate::schema::Scalar;
use crate::yaml::Located;

/// Parses a condition and reports what is wrong with its syntax.
pub(super) fn parse(file: &Arc<SourceFile>, text: &Located<String>, problems: &Problems) -> Option<Condition> {
    match condition::parse(&text.value) {
        Ok(condition) => Some(condition),
        Err(error) => {
            let span = within(file, text, error.span.start, error.span.end);
            problems.report(
                Problem::error("M0501", format!("this condition cannot be read: {}", error.message))
                    .at(file, span, "here")
                    .help("write such as `deleted = 0 and (code = 'web' or end is empty)`"),
            );
            None
        }
    }
}

/// Conditions that name conditions may go this deep.
const DEEPEST: usize = 16;

impl Compiler<'_> {
    pub(super) fn test(&self, text: &Located<String>, view: &mut View<'_>) -> Option<Test> {
        let condition = parse(self.file, text, self.problems)?;
        self.resolve(&condition, text, view, 0)
    }

    fn resolve(
        &self,
        condition: &Condition,
        text: &Located<String>,
        view: &mut View<'_>,
        depth: usize,
    ) -> Option<Test> {
        match condition {
            Condition::And(parts) => Some(Test::And(self.resolve_all(parts, text, view, depth)?)),
            Condition::Or(parts) => Some(Test::Or(self.resolve_all(parts, text, view, depth)?)),
            Condition::Not(inner) => Some(Test::Not(Box::new(self.resolve(inner, text, view, depth)?))),
            Condition::Empty { path } => Some(Test::Empty(self.slot(view, &self.located(path, text))?)),
            Condition::Compare { path, operator, literal, literal_span } => {
                let slot = self.slot(view, &self.located(path, text))?;
                let scalar = self.scalar(view, slot).clone();
                if scalar == Scalar::Boolean && !matches!(operator, Operator::Equal | Operator::NotEqual) {
                    self.wrong(text, *literal_span, "true and false have no order");
                    return None;
                }
                Some(Test::Compare(slot, *operator, self.operand(literal, *literal_span, &scalar, text)?))
            }
            Condition::In { path, literals } => {
                let slot = self.slot(view, &self.located(path, text))?;
                let scalar = self.scalar(view, slot).clone();
                let operands = literals.iter().map(|(literal, span)| self.operand(literal, *span, &scalar, text));
                Some(Test::In(slot, operands.collect::<Option<Vec<_>>>()?))
            }
            Condition::Named(name) => self.named(name, text, view, depth),
        }
    }

    fn resolve_all(
        &self,
        parts: &[Condition],
        text: &Located<String>,
        view: &mut View<'_>,
        depth: usize,
    ) -> Option<Vec<Test>> {
        // All parts are looked at, so that all that is wrong is reported.
        let tests: Vec<Option<Test>> = parts.iter().map(|part| self.resolve(part, text, view, depth)).collect();
        tests.into_iter().collect()
    }

    fn named(&self, name: &Word, text: &Located<String>, view: &mut View<'_>, depth: usize) -> Option<Test> {
        let Some((_, named_text, condition)) = self.conditions.iter().find(|(known, ..)| *known == name.text) else {
            self.problems.report(
                Problem::error("M0502", format!("there is no condition `{}`", name.text))
                    .at(
                        self.file,
                        within(self.file, text, name.span.start, name.span.end),
                        "neither compared nor defined",
                    )
                    .suggest(&name.text, self.conditions.iter().map(|(known, ..)| known.as_str())),
            );
            return None;
        };
        if depth > DEEPEST {
            self.problems.report(
                Problem::error("M0503", format!("the condition `{}` leads back to itself", name.text)).at(
                    self.file,
                    named_text.span,
                    "in a circle",
                ),
            );
            return None;
        }
        self.resolve(condition, named_text, view, depth + 1)
    }

    fn operand(&self, literal: &Literal, span: Span, scalar: &Scalar, text: &Located<String>) -> Option<Operand> {
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
            (Scalar::Text, Literal::Variable(name)) => match self.dialect.settings.get(name) {
                Some(value) => Some(Operand::Text(value.to_lowercase())),
                None => {
                    self.unknown_setting(name, within(self.file, text, span.start, span.end));
                    return None;
                }
            },
            _ => None,
        };
        if operand.is_none() {
            self.wrong(text, span, &format!("the path holds {}", scalar.describe()));
        }
        operand
    }

    pub(super) fn unknown_setting(&self, name: &str, span: Span) {
        let known = self.dialect.settings.keys().map(String::as_str).chain(["now"]);
        self.problems.report(
            Problem::error("M0504", format!("there is no setting `{name}`"))
                .at(self.file, span, "not among the settings of connector.yaml")
                .suggest(name, known),
        );
    }

    fn wrong(&self, text: &Located<String>, span: Span, why: &str) {
        self.problems.report(
            Problem::error("M0505", "this comparison can never hold")
                .at(self.file, within(self.file, text, span.start, span.end), why)
                .help("compare numbers with numbers, text with 'text', dates with $now or '2026-01-31T00:00:00Z'"),
        );
    }

    /// A word of a condition, with its place in the file.
    fn located(&self, word: &Word, text: &Located<String>) -> Located<String> {
        Located { value: word.text.clone(), span: within(self.file, text, word.span.start, word.span.end) }
    }
}
