//! Text to tokens.

use super::{Operator, SyntaxError};

/// A token and the character it begins at, counted from 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) position: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum TokenKind {
    /// A key path, a word such as `AND` or `nil`, or the type of a cast.
    Word(String),
    Text(String),
    Number(f64),
    Operator(Operator),
    Open,
    Close,
    End,
}

/// Splits a qualifier into tokens; the last one is always `End`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let characters: Vec<char> = text.chars().collect();
    let mut lexer = Lexer { characters: &characters, at: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        let ended = token.kind == TokenKind::End;
        tokens.push(token);
        if ended {
            return Ok(tokens);
        }
    }
}

struct Lexer<'t> {
    characters: &'t [char],
    at: usize,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn next(&mut self) -> Result<Token, SyntaxError> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        let position = self.at + 1;
        let kind = match self.peek() {
            None => TokenKind::End,
            Some('(') => self.single(TokenKind::Open),
            Some(')') => self.single(TokenKind::Close),
            Some(quote @ ('\'' | '"')) => self.text(quote)?,
            Some('=' | '!' | '<' | '>') => self.operator()?,
            Some(c) if c.is_ascii_digit() || c == '-' => self.number()?,
            Some(c) if c.is_ascii_alphabetic() || c == '_' => self.word(),
            Some(other) => return Err(self.error(format!("unexpected `{other}`"))),
        };
        Ok(Token { kind, position })
    }

    fn single(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 1;
        kind
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> String {
        let rest = &self.characters[self.at..];
        let taken: String = rest.iter().copied().take_while(|&c| accept(c)).collect();
        self.at += taken.chars().count();
        taken
    }

    fn text(&mut self, quote: char) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        self.at += 1;
        let text = self.take_while(|c| c != quote);
        if self.peek().is_none() {
            self.at = start;
            return Err(self.error("a text without its closing quote".to_owned()));
        }
        self.at += 1;
        Ok(TokenKind::Text(text))
    }

    fn operator(&mut self) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        let operator = match self.take_while(|c| matches!(c, '=' | '!' | '<' | '>')).as_str() {
            "=" | "==" => Operator::Equal,
            "!=" => Operator::NotEqual,
            "<" => Operator::Less,
            "<=" => Operator::LessOrEqual,
            ">" => Operator::Greater,
            ">=" => Operator::GreaterOrEqual,
            other => {
                let problem = format!("unknown operator `{other}`");
                self.at = start;
                return Err(self.error(problem));
            }
        };
        Ok(TokenKind::Operator(operator))
    }

    fn number(&mut self) -> Result<TokenKind, SyntaxError> {
        let start = self.at;
        let digits = self.take_while(|c| c.is_ascii_digit() || matches!(c, '-' | '.'));
        match digits.parse() {
            Ok(number) => Ok(TokenKind::Number(number)),
            Err(_) => {
                self.at = start;
                Err(self.error(format!("`{digits}` is not a number")))
            }
        }
    }

    fn word(&mut self) -> TokenKind {
        TokenKind::Word(self.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')))
    }

    fn error(&self, problem: String) -> SyntaxError {
        SyntaxError { problem, position: self.at + 1 }
    }
}
