//! Conditions (`when`): `deleted = 0 and (medium.code = 'web' or end is empty)`.

use std::fmt;

use crate::diagnostics::Span;

/// A condition as it is written. Spans are bytes within the condition's text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    And(Vec<Condition>),
    Or(Vec<Condition>),
    Not(Box<Condition>),
    Compare {
        path: Word,
        operator: Operator,
        literal: Literal,
        literal_span: Span,
    },
    In {
        path: Word,
        literals: Vec<(Literal, Span)>,
    },
    /// The path's text stands in a table, as any value or as the named one.
    InTable {
        path: Word,
        table: Word,
        value: Option<Word>,
    },
    Empty {
        path: Word,
    },
    /// One of the mapping's named conditions.
    Named(Word),
}

/// A path or name, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    pub text: String,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Number(f64),
    Text(String),
    Flag(bool),
    /// `$now` or a setting, without the `$`.
    Variable(String),
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = |parts: &[Condition], word: &str| parts.iter().map(inside).collect::<Vec<_>>().join(word);
        match self {
            Condition::And(parts) => f.write_str(&all(parts, " and ")),
            Condition::Or(parts) => f.write_str(&all(parts, " or ")),
            Condition::Not(inner) => match &**inner {
                Condition::Empty { path } => write!(f, "{} is not empty", path.text),
                inner => write!(f, "not {}", inside(inner)),
            },
            Condition::Compare { path, operator, literal, .. } => write!(f, "{} {operator} {literal}", path.text),
            Condition::In { path, literals } => {
                let literals: Vec<String> = literals.iter().map(|(literal, _)| literal.to_string()).collect();
                write!(f, "{} in ({})", path.text, literals.join(", "))
            }
            Condition::InTable { path, table, value: None } => write!(f, "{} in table {}", path.text, table.text),
            Condition::InTable { path, table, value: Some(value) } => {
                write!(f, "{} in table {} as '{}'", path.text, table.text, value.text)
            }
            Condition::Empty { path } => write!(f, "{} is empty", path.text),
            Condition::Named(name) => f.write_str(&name.text),
        }
    }
}

/// A condition within another one.
fn inside(condition: &Condition) -> String {
    match condition {
        Condition::And(_) | Condition::Or(_) => format!("({condition})"),
        condition => condition.to_string(),
    }
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
        })
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Number(number) => write!(f, "{number}"),
            // The language has no escapes: a text holds one kind of quote at most.
            Literal::Text(text) if text.contains('\'') => write!(f, "\"{text}\""),
            Literal::Text(text) => write!(f, "'{text}'"),
            Literal::Flag(flag) => write!(f, "{flag}"),
            Literal::Variable(name) => write!(f, "${name}"),
        }
    }
}

/// What is wrong with a condition, and where.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SyntaxError {
    pub message: String,
    pub span: Span,
    /// What to do, if that can be told.
    pub help: Option<&'static str>,
}

/// Words that join tests, so that nothing can be called by them.
const RESERVED: &[&str] = &["and", "or", "in", "is"];

/// Deeper nesting than any person writes is refused, so that no text can exhaust the stack.
const DEEPEST: usize = 32;

pub(super) fn parse(text: &str) -> Result<Condition, SyntaxError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, at: 0, end: text.len(), depth: 0 };
    let condition = parser.any()?;
    match parser.peek() {
        None => Ok(condition),
        Some(_) => Err(parser.expected("`and`, `or` or the end")),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Literal(Literal),
    Operator(Operator),
    Open,
    Close,
    Comma,
}

fn tokens(text: &str) -> Result<Vec<(Token, Span)>, SyntaxError> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let next_is_equal = bytes.get(at + 1) == Some(&b'=');
        let (token, length) = match byte {
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'(' => (Token::Open, 1),
            b')' => (Token::Close, 1),
            b',' => (Token::Comma, 1),
            b'=' => (Token::Operator(Operator::Equal), 1 + usize::from(next_is_equal)),
            b'!' if next_is_equal => (Token::Operator(Operator::NotEqual), 2),
            b'<' if next_is_equal => (Token::Operator(Operator::LessOrEqual), 2),
            b'>' if next_is_equal => (Token::Operator(Operator::GreaterOrEqual), 2),
            b'<' => (Token::Operator(Operator::Less), 1),
            b'>' => (Token::Operator(Operator::Greater), 1),
            b'\'' | b'"' => {
                let Some(length) = text[at + 1..].find(byte as char) else {
                    let span = Span { start, end: text.len() };
                    return Err(SyntaxError { message: "this text never ends".into(), span, help: None });
                };
                let inside = &text[at + 1..at + 1 + length];
                (Token::Literal(Literal::Text(inside.to_owned())), length + 2)
            }
            _ => {
                let rest = &text[at..];
                let length = rest
                    .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.' | '$' | '-' | '+')))
                    .unwrap_or(rest.len());
                if length == 0 {
                    let length = rest.chars().next().map_or(1, char::len_utf8);
                    let span = Span { start, end: start + length };
                    let help = match byte {
                        b'&' => Some("write `and`"),
                        b'|' => Some("write `or`"),
                        b'!' => Some("write `not` before a test, `!=` between two values"),
                        _ => None,
                    };
                    return Err(SyntaxError { message: "this mark has no meaning in a condition".into(), span, help });
                }
                (word(&rest[..length]), length)
            }
        };
        at += length;
        tokens.push((token, Span { start, end: at }));
    }
    Ok(tokens)
}

fn word(text: &str) -> Token {
    if let Some(name) = text.strip_prefix('$') {
        return Token::Literal(Literal::Variable(name.to_owned()));
    }
    match text {
        "true" => Token::Literal(Literal::Flag(true)),
        "false" => Token::Literal(Literal::Flag(false)),
        _ if text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.')) => match text.parse() {
            Ok(number) => Token::Literal(Literal::Number(number)),
            Err(_) => Token::Word(text.to_owned()),
        },
        _ => Token::Word(text.to_owned()),
    }
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Condition, SyntaxError> {
        let mut parts = vec![self.all()?];
        while self.keyword("or") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Or(parts) })
    }

    fn all(&mut self) -> Result<Condition, SyntaxError> {
        let mut parts = vec![self.negation()?];
        while self.keyword("and") {
            parts.push(self.negation()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::And(parts) })
    }

    fn negation(&mut self) -> Result<Condition, SyntaxError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.expected("less nesting"));
        }
        let condition = if self.keyword("not") {
            Condition::Not(Box::new(self.negation()?))
        } else if self.take(&Token::Open) {
            let inner = self.any()?;
            if !self.take(&Token::Close) {
                return Err(self.expected("`)`"));
            }
            inner
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn test(&mut self) -> Result<Condition, SyntaxError> {
        let (text, span) = match self.next() {
            Some((Token::Word(text), span)) => (text, span),
            // A setting is asked like a path.
            Some((Token::Literal(Literal::Variable(name)), span)) => (format!("${name}"), span),
            _ => {
                self.at = self.at.saturating_sub(1);
                return Err(self.expected("a path or the name of a condition"));
            }
        };
        if RESERVED.iter().any(|word| text.eq_ignore_ascii_case(word)) {
            self.at -= 1;
            return Err(self.expected("a path or the name of a condition"));
        }
        let path = Word { text, span };
        if let Some(Token::Operator(operator)) = self.peek() {
            let operator = *operator;
            self.at += 1;
            let (literal, literal_span) = self.literal()?;
            return Ok(Condition::Compare { path, operator, literal, literal_span });
        }
        if self.keyword("in") {
            if self.keyword("table") {
                return self.table(path);
            }
            return self.list().map(|literals| Condition::In { path, literals });
        }
        if self.keyword("is") {
            let negated = self.keyword("not");
            if !self.keyword("empty") {
                return Err(self.expected("`empty`"));
            }
            let empty = Condition::Empty { path };
            return Ok(if negated { Condition::Not(Box::new(empty)) } else { empty });
        }
        Ok(Condition::Named(path))
    }

    fn table(&mut self, path: Word) -> Result<Condition, SyntaxError> {
        let Some((Token::Word(text), span)) = self.next() else {
            self.at = self.at.saturating_sub(1);
            return Err(self.expected("the name of a table"));
        };
        let table = Word { text, span };
        if !self.keyword("as") {
            return Ok(Condition::InTable { path, table, value: None });
        }
        match self.literal()? {
            (Literal::Text(text), span) => Ok(Condition::InTable { path, table, value: Some(Word { text, span }) }),
            (_, span) => {
                Err(SyntaxError { message: "a value of the table in quotes is expected here".into(), span, help: None })
            }
        }
    }

    fn list(&mut self) -> Result<Vec<(Literal, Span)>, SyntaxError> {
        if !self.take(&Token::Open) {
            return Err(self.expected("`(`"));
        }
        let mut literals = vec![self.literal()?];
        while self.take(&Token::Comma) {
            literals.push(self.literal()?);
        }
        if self.take(&Token::Close) { Ok(literals) } else { Err(self.expected("`,` or `)`")) }
    }

    fn literal(&mut self) -> Result<(Literal, Span), SyntaxError> {
        match self.next() {
            Some((Token::Literal(literal), span)) => Ok((literal, span)),
            _ => {
                self.at = self.at.saturating_sub(1);
                let mut error = self.expected("a number, a text in quotes, true, false, $now or a $setting");
                if let Some(Token::Word(_)) = self.peek() {
                    error.help = Some("a text stands in quotes: `'web'`");
                }
                Err(error)
            }
        }
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.at += usize::from(found);
        found
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn next(&mut self) -> Option<(Token, Span)> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn expected(&self, what: &str) -> SyntaxError {
        let span = self.tokens.get(self.at).map_or(Span { start: self.end, end: self.end }, |(_, span)| *span);
        SyntaxError { message: format!("{what} is expected here"), span, help: None }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shape(condition: &Condition) -> String {
        let all = |parts: &[Condition], word: &str| parts.iter().map(shape).collect::<Vec<_>>().join(word);
        match condition {
            Condition::And(parts) => format!("({})", all(parts, " & ")),
            Condition::Or(parts) => format!("({})", all(parts, " | ")),
            Condition::Not(inner) => format!("!{}", shape(inner)),
            Condition::Compare { path, operator, .. } => format!("{} {operator:?}", path.text),
            Condition::In { path, literals } => format!("{} in {}", path.text, literals.len()),
            Condition::InTable { path, table, value } => {
                format!("{} in {} {:?}", path.text, table.text, value.as_ref().map(|value| &value.text))
            }
            Condition::Empty { path } => format!("{} empty", path.text),
            Condition::Named(word) => word.text.clone(),
        }
    }

    #[test]
    fn and_binds_closer_than_or() {
        let parsed = parse("live and a.b = 'x' or not (c is not empty) and d in (1, 'two', $now)").unwrap();
        assert_eq!(shape(&parsed), "((live & a.b Equal) | (!!c empty & d in 3))");
    }

    #[test]
    fn a_table_may_be_asked_for_any_value_or_for_one() {
        let parsed = parse("not a.b in table words and c in table words as 'X'").unwrap();
        assert_eq!(shape(&parsed), "(!a.b in words None & c in words Some(\"X\"))");
    }

    #[test]
    fn mistakes_have_a_place() {
        for (text, at, expected) in [
            ("a =", 3, "a number, a text"),
            ("a = b", 4, "a number, a text"),
            ("a = 1 b", 6, "`and`, `or` or the end"),
            ("(a = 1", 6, "`)`"),
            ("a is 3", 5, "`empty`"),
            ("a = 'x", 4, "never ends"),
            ("a ? 1", 2, "no meaning"),
            ("", 0, "a path"),
            ("a in 3", 5, "`(`"),
            ("a in table 'x'", 11, "the name of a table"),
            ("a in table x as 3", 16, "in quotes"),
            ("a = 1 or or b", 9, "a path"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.message.contains(expected), "{text}: {}", error.message);
            assert_eq!(error.span.start, at, "{text}");
        }
    }

    #[test]
    fn a_condition_is_written_as_it_is_read() {
        for text in [
            "a.b >= 2.5 and (c = 'x' or not live)",
            "a in (1, 'two', \"it's\", true, $now)",
            "a in table words as 'X' or b in table words",
            "a is empty and b is not empty and not (c < 1 and d != 2)",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z.$'\" ()=<>!,0-9€-]{0,60}") {
            let _ = parse(&text);
        }

        #[test]
        fn nesting_has_an_end(depth in 33_usize..5000) {
            prop_assert!(parse(&"(".repeat(depth)).is_err());
        }
    }
}
