//! Tokens to a condition, by recursive descent: `OR` binds weakest, then `AND`, then `NOT`.

use super::lex::{Token, TokenKind, tokens};
use super::{Literal, Moment, Operator, Qualifier, SyntaxError, WallClock};

/// Deeper nesting is refused, so that no text can exhaust the stack.
const MAX_DEPTH: usize = 64;

/// Reads a qualifier; dates without a zone are those of the given clock.
pub(crate) fn parse(text: &str, clock: WallClock) -> Result<Qualifier, SyntaxError> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0, clock };
    let qualifier = parser.any_of()?;
    match &parser.peek().kind {
        TokenKind::End => Ok(qualifier),
        _ => Err(parser.error("expected `AND`, `OR` or the end")),
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    depth: usize,
    clock: WallClock,
}

impl<'t> Parser<'t> {
    fn peek(&self) -> &'t Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn advance(&mut self) -> &'t Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn error(&self, problem: &str) -> SyntaxError {
        SyntaxError { problem: problem.to_owned(), position: self.peek().position }
    }

    /// Takes the next token when it is this word, in any case.
    fn accept_word(&mut self, word: &str) -> bool {
        let found = matches!(&self.peek().kind, TokenKind::Word(text) if text.eq_ignore_ascii_case(word));
        if found {
            self.at += 1;
        }
        found
    }

    fn expect_close(&mut self) -> Result<(), SyntaxError> {
        match self.peek().kind {
            TokenKind::Close => {
                self.at += 1;
                Ok(())
            }
            _ => Err(self.error("expected `)`")),
        }
    }

    fn any_of(&mut self) -> Result<Qualifier, SyntaxError> {
        self.chain("OR", Parser::all_of, Qualifier::Or)
    }

    fn all_of(&mut self) -> Result<Qualifier, SyntaxError> {
        self.chain("AND", Parser::operand, Qualifier::And)
    }

    fn chain(
        &mut self,
        word: &str,
        operand: fn(&mut Parser<'t>) -> Result<Qualifier, SyntaxError>,
        join: fn(Vec<Qualifier>) -> Qualifier,
    ) -> Result<Qualifier, SyntaxError> {
        let first = operand(self)?;
        let mut parts = vec![first];
        while self.accept_word(word) {
            parts.push(operand(self)?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { join(parts) })
    }

    fn operand(&mut self) -> Result<Qualifier, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        let operand = if self.accept_word("NOT") {
            Qualifier::Not(Box::new(self.operand()?))
        } else if self.peek().kind == TokenKind::Open {
            self.at += 1;
            let inner = self.any_of()?;
            self.expect_close()?;
            inner
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(operand)
    }

    fn comparison(&mut self) -> Result<Qualifier, SyntaxError> {
        let path = match &self.peek().kind {
            TokenKind::Word(path) if path.split('.').all(|key| !key.is_empty()) => path.clone(),
            _ => return Err(self.error("expected a key path")),
        };
        self.at += 1;
        let operator = self.operator()?;
        let literal_at = self.peek().position;
        let literal = self.literal()?;
        let is_pattern = matches!(operator, Operator::Like | Operator::CaseInsensitiveLike);
        if is_pattern && !matches!(literal, Literal::Text(_)) {
            let problem = format!("`{operator}` wants a text");
            return Err(SyntaxError { problem, position: literal_at });
        }
        Ok(Qualifier::Compare { path, operator, literal })
    }

    fn operator(&mut self) -> Result<Operator, SyntaxError> {
        if self.accept_word("like") {
            return Ok(Operator::Like);
        }
        if self.accept_word("caseInsensitiveLike") {
            return Ok(Operator::CaseInsensitiveLike);
        }
        match self.peek().kind {
            TokenKind::Operator(operator) => {
                self.at += 1;
                Ok(operator)
            }
            _ => Err(self.error("expected an operator")),
        }
    }

    fn literal(&mut self) -> Result<Literal, SyntaxError> {
        if self.accept_word("nil") {
            return Ok(Literal::Nil);
        }
        match &self.peek().kind {
            TokenKind::Text(text) => {
                self.at += 1;
                Ok(Literal::Text(text.clone()))
            }
            TokenKind::Number(number) => {
                self.at += 1;
                Ok(Literal::Number(*number))
            }
            TokenKind::Open => self.cast(),
            _ => Err(self.error("expected a value")),
        }
    }

    /// `(NSCalendarDate) '…'` or `(NSNumber) …`.
    fn cast(&mut self) -> Result<Literal, SyntaxError> {
        self.at += 1;
        let kind = self.advance();
        self.expect_close()?;
        let value = self.advance();
        let refuse = |problem: &str, at: &Token| SyntaxError { problem: problem.to_owned(), position: at.position };
        match &kind.kind {
            TokenKind::Word(name) if name == "NSCalendarDate" => match &value.kind {
                TokenKind::Text(text) => Moment::parse_on(text, self.clock).map(Literal::Date),
                _ => None,
            }
            .ok_or_else(|| refuse("expected a date such as '2026-01-31 00:00:00 Etc/GMT'", value)),
            TokenKind::Word(name) if name == "NSNumber" => match &value.kind {
                TokenKind::Number(number) => Some(*number),
                TokenKind::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
                _ => None,
            }
            .map(Literal::Number)
            .ok_or_else(|| refuse("expected a number", value)),
            _ => Err(refuse("expected `NSCalendarDate` or `NSNumber`", kind)),
        }
    }
}
