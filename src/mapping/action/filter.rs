//! Filters in the source's own language, with values in them: each is written by the source's quoting rules, so that no
//! text can end the quotes it stands in.

use serde_json::Value;

use super::super::plan::FieldPlan;

/// How values stand in filters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quoting {
    /// The marks that a text may stand between, the preferred one first.
    pub quotes: Vec<char>,
    /// Characters that no text in a filter may have: those by which the source's language could leave the quotes.
    pub refused: Vec<char>,
}

/// A filter with placeholders.
#[derive(Debug)]
pub(super) struct Filter {
    /// The argument, which is also the variable, that takes it.
    pub argument: String,
    pub pieces: Vec<Piece>,
    /// What the placeholders stand for.
    pub with: Vec<FieldPlan>,
}

/// A part of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Text(String),
    /// The value of that name.
    Value(String),
    /// The mark of the step.
    Key,
}

impl Quoting {
    /// A value as it stands in a filter. Numbers are bare. An error says why it cannot.
    pub fn write(&self, value: &Value) -> Result<String, String> {
        match value {
            Value::Number(number) => Ok(number.to_string()),
            Value::String(text) => self.text(text),
            _ => Err("only a text or a number can stand in a filter".to_owned()),
        }
    }

    fn text(&self, text: &str) -> Result<String, String> {
        if let Some(found) = text.chars().find(|c| c.is_control() || self.refused.contains(c)) {
            let sign = if found.is_control() { "a control character".to_owned() } else { format!("`{found}`") };
            return Err(format!("the text has {sign}, which cannot stand in a filter of this source"));
        }
        match self.quotes.iter().find(|quote| !text.contains(**quote)) {
            Some(quote) => Ok(format!("{quote}{text}{quote}")),
            None => Err("the text has every kind of quote that this source knows, so it cannot stand in a filter".into()),
        }
    }
}
