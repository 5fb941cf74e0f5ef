//! What a call of a function runs: its own code and that of all it may call, without how it is written. Code is a row of
//! tokens here, so that comments, blanks and the place in the file are none of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::{Engine, Token};

use super::limits::Limits;
use super::{Library, host};
use crate::diagnostics::SourceFile;
use crate::table::Table;

/// What a call of a function may run and ask.
#[derive(Debug)]
pub struct Reached<'l> {
    /// The tokens of every function that may run, by name. Functions of one name are together.
    pub functions: BTreeMap<&'l str, &'l str>,
    /// The tables that may be asked, by name; none where a name has no usable table.
    pub tables: Vec<(&'l str, Option<&'l Table>)>,
    /// What the call may use.
    pub limits: &'l Limits,
}

/// The functions of one name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Code {
    tokens: String,
    /// The words and texts in it, each of which may be the name of a function.
    names: BTreeSet<String>,
    /// Whether a function may be called whose name is known only when it is.
    calls_any: bool,
    /// The tables that are asked by name.
    tables: BTreeSet<String>,
    /// Whether a table may be asked whose name is known only then.
    asks_any: bool,
}

/// Functions of Rhai that take the name of another in place of a closure.
const TAKE_NAMES: &[&str] =
    &["map", "filter", "index_of", "some", "all", "dedup", "reduce", "reduce_rev", "sort", "drain", "retain"];

/// Functions that Rhai calls for operators and texts without their being named.
const UNNAMED: &[&str] = &["contains", "to_string", "to_debug"];

impl Library {
    /// What a call of the functions of that name may run. It is rather more than less: a word that is the name of a
    /// function counts as its call.
    pub fn reached(&self, function: &str) -> Reached<'_> {
        let mut functions = BTreeMap::new();
        let (mut tables, mut asks_any) = (BTreeSet::new(), false);
        let mut open: Vec<&str> = vec![function];
        while let Some(name) = open.pop() {
            let Some((name, code)) = self.code.get_key_value(name) else { continue };
            if functions.insert(name.as_str(), code.tokens.as_str()).is_some() {
                continue;
            }
            tables.extend(code.tables.iter().map(String::as_str));
            asks_any |= code.asks_any || code.calls_any;
            if code.calls_any {
                open.extend(self.code.keys().map(String::as_str));
            } else {
                open.extend(code.names.iter().map(String::as_str));
                open.extend(UNNAMED);
            }
        }
        let known = &self.engines.tables;
        let tables = match asks_any {
            true => known.iter().map(|(name, table)| (name.as_str(), table.as_deref())).collect(),
            false => tables.into_iter().map(|name| (name, known.get(name).and_then(Option::as_deref))).collect(),
        };
        Reached { functions, tables, limits: &self.engines.limits }
    }
}

/// The code of a file's functions by their names, which `functions` has.
pub(super) fn code(engine: &Engine, file: &SourceFile, functions: &[&str]) -> BTreeMap<String, Arc<Code>> {
    let known: BTreeSet<&str> = functions.iter().copied().collect();
    let read = read(engine, file).filter(|read| read.keys().map(String::as_str).eq(known.iter().copied()));
    let read = read.unwrap_or_else(|| {
        // Rhai reads it otherwise than it is read here: then every change counts.
        let whole = Code { tokens: file.text.clone(), calls_any: true, ..Code::default() };
        known.iter().map(|name| ((*name).to_owned(), whole.clone())).collect()
    });
    read.into_iter().map(|(name, code)| (name, Arc::new(code))).collect()
}

fn read(engine: &Engine, file: &SourceFile) -> Option<BTreeMap<String, Code>> {
    let mut functions: BTreeMap<String, Vec<Vec<Token>>> = BTreeMap::new();
    // What stands outside of functions ends with a semicolon.
    for item in items(tokens(engine, &file.text)?) {
        if let Some(at) = item.iter().position(|token| *token == Token::Fn) {
            let name = item[at..].iter().take_while(|token| **token != Token::LeftParen).filter_map(word).last()?;
            functions.entry(name.to_owned()).or_default().push(item);
        }
    }
    Some(functions.into_iter().map(|(name, definitions)| (name, Code::of(definitions))).collect())
}

/// The tokens of a script without its comments.
fn tokens(engine: &Engine, text: &str) -> Option<Vec<Token>> {
    let texts = [text];
    let (stream, control) = engine.lex(&texts);
    let mut tokens = Vec::new();
    // For each open brace, whether it stands in a text, which then goes on behind it.
    let mut braces: Vec<bool> = Vec::new();
    let mut opens_in_text = false;
    for (token, _) in stream {
        match &token {
            Token::EOF => return braces.is_empty().then_some(tokens),
            Token::LexError(_) => return None,
            Token::Comment(_) => continue,
            Token::InterpolatedString(_) => opens_in_text = true,
            Token::LeftBrace | Token::MapStart => braces.push(std::mem::take(&mut opens_in_text)),
            Token::RightBrace => control.borrow_mut().is_within_text = braces.pop()?,
            // `()` and `( )` are the same.
            Token::Unit => {
                tokens.extend([Token::LeftParen, Token::RightParen]);
                continue;
            }
            _ => {}
        }
        tokens.push(token);
    }
    None
}

/// The functions, and what stands between them.
fn items(tokens: Vec<Token>) -> Vec<Vec<Token>> {
    let mut items = vec![Vec::new()];
    let mut depth = 0_usize;
    for token in tokens {
        match token {
            Token::LeftBrace | Token::MapStart => depth += 1,
            Token::RightBrace => depth = depth.saturating_sub(1),
            _ => {}
        }
        let ends = depth == 0 && matches!(token, Token::RightBrace | Token::SemiColon);
        items.last_mut().expect("there is always one").push(token);
        if ends {
            items.push(Vec::new());
        }
    }
    items
}

fn word(token: &Token) -> Option<&str> {
    match token {
        Token::Identifier(word) | Token::Reserved(word) | Token::Custom(word) => Some(word),
        _ => None,
    }
}

impl Code {
    fn of(definitions: Vec<Vec<Token>>) -> Code {
        let mut code = Code::default();
        for definition in &definitions {
            for (at, token) in definition.iter().enumerate() {
                if let Token::StringConstant(text) = token {
                    code.names.insert(text.to_string());
                    code.asks_any |= host::asks_tables(text);
                } else if let Some(word) = word(token) {
                    code.names.insert(word.to_owned());
                    code.word(word, &definition[at + 1..]);
                }
            }
        }
        // Whatever a token is, this tells it from every other one, and says nothing of its place.
        let mut texts: Vec<String> = definitions.iter().map(|definition| format!("{definition:?}")).collect();
        texts.sort_unstable();
        code.tokens = texts.join("\n");
        code
    }

    /// What a word does to the tokens behind it.
    fn word(&mut self, word: &str, behind: &[Token]) {
        if host::asks_tables(word) {
            match behind {
                [Token::LeftParen, Token::StringConstant(table), Token::Comma, ..] => {
                    self.tables.insert(table.to_string());
                }
                _ => self.asks_any = true,
            }
        } else if word == "Fn" {
            let is_named = matches!(behind, [Token::LeftParen, Token::StringConstant(_), Token::RightParen, ..]);
            self.calls_any |= !is_named;
        } else if TAKE_NAMES.contains(&word) && matches!(behind, [Token::LeftParen, ..]) {
            let is_named = match &behind[1..] {
                [Token::Pipe | Token::Or | Token::RightParen, ..] => true,
                [Token::StringConstant(_), end, ..] => matches!(end, Token::Comma | Token::RightParen),
                _ => false,
            };
            self.calls_any |= !is_named;
        } else if word == "is_def_fn" {
            self.calls_any = true;
        }
    }
}
