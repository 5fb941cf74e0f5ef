//! What is told about a script before Rhai reads it: that it is not so deep that reading, running or dropping it would
//! use up the stack.

use std::iter::Peekable;
use std::str::CharIndices;
use std::sync::Arc;

use crate::diagnostics::{Problem, Problems, SourceFile, Span};

/// Nobody writes more by hand.
const LARGEST: usize = 256 << 10;
/// Brackets within brackets.
const DEEPEST: usize = 64;
/// Operators, dots and branches in a row: Rhai nests each in the one before.
const LONGEST_CHAIN: usize = 256;

/// Reports a script that is nested too deep, and says whether it may be read.
pub(super) fn is_shallow(file: &Arc<SourceFile>, problems: &Problems) -> bool {
    let excess = match file.text.len() {
        length if length > LARGEST => Some((LARGEST, "it is larger than 256 KiB")),
        _ => Scanner::new(&file.text).first_excess(),
    };
    let Some((at, what)) = excess else { return true };
    problems.report(
        Problem::error("M0405", format!("this script does not compile: {what}"))
            .at(file, Span { start: at, end: at + 1 }, "reading stopped here")
            .help("put parts of it into functions or scripts of their own"),
    );
    false
}

struct Scanner<'t> {
    text: &'t str,
    chars: Peekable<CharIndices<'t>>,
    /// For each open bracket, and for what is outside of all: how many operators the statement has so far.
    chains: Vec<usize>,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str) -> Scanner<'t> {
        Scanner { text, chars: text.char_indices().peekable(), chains: vec![0] }
    }

    /// Where the text first goes too deep, and in which way.
    fn first_excess(&mut self) -> Option<(usize, &'static str)> {
        while let Some((at, c)) = self.chars.next() {
            match c {
                '/' if self.text[at..].starts_with("//") => self.skip_line(),
                '/' if self.text[at..].starts_with("/*") => self.skip_comment(),
                '"' | '\'' => self.skip_text(c),
                // What stands between backticks may hold code; brackets in it count as well.
                '(' | '[' | '{' => {
                    self.chains.push(0);
                    if self.chains.len() > DEEPEST {
                        return Some((at, "brackets are nested too deep"));
                    }
                }
                ')' | ']' | '}' => {
                    self.chains.pop();
                    if self.chains.is_empty() {
                        self.chains.push(0);
                    }
                }
                ';' | ',' => *self.chain() = 0,
                '+' | '-' | '*' | '/' | '%' | '!' | '&' | '|' | '^' | '=' | '<' | '>' | '.' | '?' | '~' => {
                    *self.chain() += 1;
                }
                'e' if self.is_word(at, "else") => *self.chain() += 1,
                'r' if self.is_word(at, "return") => *self.chain() += 1,
                't' if self.is_word(at, "throw") => *self.chain() += 1,
                _ => {}
            }
            if *self.chain() > LONGEST_CHAIN {
                return Some((at, "a statement has too many parts"));
            }
        }
        None
    }

    fn chain(&mut self) -> &mut usize {
        self.chains.last_mut().expect("there is always one")
    }

    fn is_word(&self, at: usize, word: &str) -> bool {
        let is_of_name = |c: char| c.is_alphanumeric() || c == '_';
        self.text[at..].starts_with(word)
            && !self.text[..at].ends_with(is_of_name)
            && !self.text[at + word.len()..].starts_with(is_of_name)
    }

    fn skip_line(&mut self) {
        while self.chars.next_if(|(_, c)| *c != '\n').is_some() {}
    }

    fn skip_comment(&mut self) {
        let mut depth = 1;
        self.chars.next();
        while let Some((at, _)) = self.chars.next() {
            let rest = &self.text[at..];
            if rest.starts_with("*/") || rest.starts_with("/*") {
                self.chars.next();
                depth = if rest.starts_with('*') { depth - 1 } else { depth + 1 };
                if depth == 0 {
                    return;
                }
            }
        }
    }

    fn skip_text(&mut self, quote: char) {
        while let Some((_, c)) = self.chars.next() {
            match c {
                '\\' => _ = self.chars.next(),
                c if c == quote => return,
                '\n' => return,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_no_code() {
        for text in [
            "/".repeat(1000),
            format!("// {}\nfn f() {{ 1 }}", "=".repeat(1000)),
            format!("/* /* {} */ */ fn f() {{ 1 }}", "(".repeat(1000)),
            format!("fn f() {{ \"{}\" }}", "\\\"((".repeat(1000)),
            format!("fn f() {{ [{}] }}", "1 + 2, ".repeat(1000)),
            format!("fn f() {{ {} }}", "let x = 1 + 2; ".repeat(1000)),
            "fn f(x) { if x == 1 { 2 } else { 3 } }\n".repeat(1000),
        ] {
            assert_eq!(Scanner::new(&text).first_excess(), None, "{}", &text[..50]);
        }
    }

    #[test]
    fn depth_and_chains_are_told() {
        for text in [
            "(".repeat(1000),
            format!("fn f() {{ {}1 }}", "1 + ".repeat(1000)),
            format!("fn f(x) {{ x{} }}", ".y".repeat(1000)),
            format!("fn f(x) {{ if x {{ 1 }}{} }}", " else if x { 1 }".repeat(1000)),
        ] {
            assert!(Scanner::new(&text).first_excess().is_some(), "{}", &text[..50]);
        }
    }
}
