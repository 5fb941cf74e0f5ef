//! The filter language of the API: the text form of a WebObjects qualifier.
//!
//! `parse` turns text into the tree below, `evaluate` holds the tree against records.

mod evaluate;
mod lex;
mod parse;
#[cfg(test)]
mod tests;

pub(crate) use evaluate::{Rows, evaluate};
pub(crate) use parse::parse;

use super::data::{Moment, WallClock};
use std::fmt;

/// A condition on one record.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Qualifier {
    Compare { path: String, operator: Operator, literal: Literal },
    And(Vec<Qualifier>),
    Or(Vec<Qualifier>),
    Not(Box<Qualifier>),
}

/// How a value is held against a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Like,
    CaseInsensitiveLike,
}

/// The right side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Nil,
    Text(String),
    Number(f64),
    Date(Moment),
}

/// Why a text is no qualifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("qualifier: {problem} at character {position}")]
pub(crate) struct SyntaxError {
    pub(crate) problem: String,
    /// Counted from 1.
    pub(crate) position: usize,
}

impl Qualifier {
    /// Every key path of the condition.
    pub(crate) fn paths(&self) -> Vec<&str> {
        match self {
            Qualifier::Compare { path, .. } => vec![path],
            Qualifier::And(parts) | Qualifier::Or(parts) => parts.iter().flat_map(Qualifier::paths).collect(),
            Qualifier::Not(inner) => inner.paths(),
        }
    }

    fn is_comparison(&self) -> bool {
        matches!(self, Qualifier::Compare { .. })
    }
}

impl fmt::Display for Qualifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |f: &mut fmt::Formatter<'_>, parts: &[Qualifier], word: &str| {
            for (nth, part) in parts.iter().enumerate() {
                if nth > 0 {
                    write!(f, " {word} ")?;
                }
                write_operand(f, part)?;
            }
            Ok(())
        };
        match self {
            Qualifier::Compare { path, operator, literal } => write!(f, "{path} {operator} {literal}"),
            Qualifier::And(parts) => joined(f, parts, "AND"),
            Qualifier::Or(parts) => joined(f, parts, "OR"),
            Qualifier::Not(inner) => {
                f.write_str("NOT ")?;
                write_operand(f, inner)
            }
        }
    }
}

fn write_operand(f: &mut fmt::Formatter<'_>, operand: &Qualifier) -> fmt::Result {
    if operand.is_comparison() { write!(f, "{operand}") } else { write!(f, "({operand})") }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Like => "like",
            Operator::CaseInsensitiveLike => "caseInsensitiveLike",
        })
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Nil => f.write_str("nil"),
            // The language has no escape, so a text holds one kind of quote at most.
            Literal::Text(text) if text.contains('\'') => write!(f, "\"{text}\""),
            Literal::Text(text) => write!(f, "'{text}'"),
            Literal::Number(number) => write!(f, "{number}"),
            Literal::Date(moment) => write!(f, "(NSCalendarDate) '{}'", moment.in_gmt()),
        }
    }
}
