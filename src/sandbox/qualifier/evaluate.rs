//! A condition held against a record.
//!
//! As in the database below the API, a comparison with an absent value is neither true nor false, and only records
//! for which the whole condition is true are found.

use super::{Literal, Operator, Qualifier};
use crate::sandbox::data::Value;
use std::cmp::Ordering;

/// What conditions are held against: the values at a key path, several when it crosses a to-many relation, and a
/// single `Null` when it ends nowhere.
pub(crate) trait Rows {
    fn values(&self, path: &str) -> Vec<Value>;
}

/// Whether the condition holds; `None` when that cannot be told because a value is absent.
pub(crate) fn evaluate(qualifier: &Qualifier, rows: &impl Rows) -> Option<bool> {
    match qualifier {
        Qualifier::Compare { path, operator, literal } => compare_path(path, *operator, literal, rows),
        Qualifier::And(parts) => decide(parts.iter().map(|part| evaluate(part, rows)), false),
        Qualifier::Or(parts) => decide(parts.iter().map(|part| evaluate(part, rows)), true),
        Qualifier::Not(inner) => evaluate(inner, rows).map(|holds| !holds),
    }
}

/// One `decisive` part decides; otherwise one unknown part leaves all unknown.
fn decide(parts: impl Iterator<Item = Option<bool>>, decisive: bool) -> Option<bool> {
    let mut outcome = Some(!decisive);
    for part in parts {
        match part {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => outcome = None,
        }
    }
    outcome
}

/// True when any value at the path fits. `_id` is no attribute of the database, so a filter on it finds nothing.
fn compare_path(path: &str, operator: Operator, literal: &Literal, rows: &impl Rows) -> Option<bool> {
    if path == "_id" || path.ends_with("._id") {
        return Some(false);
    }
    decide(rows.values(path).iter().map(|value| compare(value, operator, literal)), true)
}

fn compare(value: &Value, operator: Operator, literal: &Literal) -> Option<bool> {
    match (operator, literal) {
        (Operator::Equal, Literal::Nil) => Some(*value == Value::Null),
        (Operator::NotEqual, Literal::Nil) => Some(*value != Value::Null),
        (_, Literal::Nil) => None,
        (Operator::Like, Literal::Text(pattern)) => Some(matches_pattern(pattern, &text_of(value)?)),
        (Operator::CaseInsensitiveLike, Literal::Text(pattern)) => {
            Some(matches_pattern(&pattern.to_lowercase(), &text_of(value)?.to_lowercase()))
        }
        _ => order(value, literal).map(|order| fits(order, operator)),
    }
}

fn fits(order: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Equal => order.is_eq(),
        Operator::NotEqual => order.is_ne(),
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        Operator::GreaterOrEqual => order.is_ge(),
        Operator::Like | Operator::CaseInsensitiveLike => false,
    }
}

/// How a value stands to a literal; numbers in quotes count as numbers beside a numeric field, and the other way round.
fn order(value: &Value, literal: &Literal) -> Option<Ordering> {
    match (value, literal) {
        (Value::Text(text), Literal::Text(other)) => Some(text.as_ref().cmp(other)),
        (Value::Text(text), Literal::Number(number)) => text.trim().parse::<f64>().ok()?.partial_cmp(number),
        (Value::Date(moment), Literal::Date(other)) => Some(moment.cmp(other)),
        (Value::Int(_) | Value::Float(_), Literal::Number(number)) => number_of(value)?.partial_cmp(number),
        (Value::Int(_) | Value::Float(_), Literal::Text(text)) => {
            number_of(value)?.partial_cmp(&text.trim().parse::<f64>().ok()?)
        }
        _ => None,
    }
}

fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Float(number) => Some(*number),
        _ => None,
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.to_string()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// `*` stands for any text, `?` for any one character.
pub(super) fn matches_pattern(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut last_star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                last_star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == '?' || c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match last_star {
                Some((star, from)) => {
                    last_star = Some((star, from + 1));
                    p = star + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == '*')
}
