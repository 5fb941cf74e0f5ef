//! Filters in the source's own language, with values in them: each is written by the source's quoting rules, so that no
//! text can end the quotes it stands in.

use std::ops::Range;

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
            None => {
                Err("the text has every kind of quote that this source knows, so it cannot stand in a filter".into())
            }
        }
    }
}

/// The parts of a filter as it is written: texts and placeholders. Where a placeholder stands between quotes, its place.
pub(super) fn placeholders(text: &str) -> Vec<Result<Piece, Range<usize>>> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut quote = None;
    let mut rest = text.char_indices();
    while let Some((at, sign)) = rest.next() {
        if sign == '$' {
            let name: String = text[at + 1..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            if !name.is_empty() {
                for _ in name.chars() {
                    rest.next();
                }
                if quote.is_some() {
                    pieces.push(Err(at..at + 1 + name.len()));
                }
                if !plain.is_empty() {
                    pieces.push(Ok(Piece::Text(std::mem::take(&mut plain))));
                }
                pieces.push(Ok(if name == "key" { Piece::Key } else { Piece::Value(name) }));
                continue;
            }
        }
        match quote {
            Some(open) if open == sign => quote = None,
            None if matches!(sign, '\'' | '"') => quote = Some(sign),
            _ => {}
        }
        plain.push(sign);
    }
    if !plain.is_empty() {
        pieces.push(Ok(Piece::Text(plain)));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn quoting() -> Quoting {
        Quoting { quotes: vec!['\'', '"'], refused: vec!['\\'] }
    }

    #[test]
    fn a_text_stands_between_quotes_that_it_lacks() {
        let written = |value: Value| quoting().write(&value);
        assert_eq!(written(json!("ada@example.org")).unwrap(), "'ada@example.org'");
        assert_eq!(written(json!("O'Neil")).unwrap(), "\"O'Neil\"");
        assert_eq!(written(json!("5\" disk")).unwrap(), "'5\" disk'");
        assert_eq!(written(json!(12)).unwrap(), "12");
        assert_eq!(written(json!(2.5)).unwrap(), "2.5");
        assert!(written(json!("O'Neil \"Bob\"")).unwrap_err().contains("every kind of quote"));
        assert!(written(json!("a\\b")).unwrap_err().contains("`\\`"));
        assert!(written(json!("a\nb")).unwrap_err().contains("control character"));
        assert!(written(json!(null)).is_err() && written(json!([1])).is_err());
    }

    #[test]
    fn placeholders_stand_outside_of_quotes() {
        let text = |text: &str| Ok(Piece::Text(text.to_owned()));
        let value = |name: &str| Ok(Piece::Value(name.to_owned()));
        assert_eq!(
            placeholders("a = $mail and b = $key"),
            [text("a = "), value("mail"), text(" and b = "), Ok(Piece::Key)]
        );
        assert_eq!(placeholders("price = '$ 5'"), [text("price = '$ 5'")]);
        assert!(placeholders("a = '$mail'").contains(&Err(5..10)));
        assert!(placeholders("a = \"it's $mail\"").contains(&Err(10..15)));
        assert_eq!(placeholders("a = 'x' or b = $c"), [text("a = 'x' or b = "), value("c")]);
    }

    /// A reader of filters of its own: the texts between quotes, and what stands outside of them.
    fn read(filter: &str) -> Option<(Vec<String>, String)> {
        let (mut texts, mut outside) = (Vec::new(), String::new());
        let mut rest = filter;
        while let Some(at) = rest.find(['\'', '"']) {
            outside.push_str(&rest[..at]);
            let quote = rest[at..].chars().next()?;
            let inside = &rest[at + 1..];
            let end = inside.find(quote)?;
            texts.push(inside[..end].to_owned());
            rest = &inside[end + 1..];
        }
        outside.push_str(rest);
        Some((texts, outside))
    }

    proptest! {
        #[test]
        fn no_text_leaves_its_quotes(text in "\\PC{0,30}|['\"\\\\a =)(orand]{0,20}|.{0,20}") {
            match quoting().write(&Value::from(text.as_str())) {
                Ok(written) => {
                    let filter = format!("a = {written} and b = 1");
                    prop_assert_eq!(read(&filter), Some((vec![text], "a =  and b = 1".to_owned())));
                }
                Err(_) => {
                    let hopeless = text.contains('\'') && text.contains('"');
                    prop_assert!(hopeless || text.contains('\\') || text.chars().any(char::is_control));
                }
            }
        }
    }
}
