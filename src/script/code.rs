//! What a function does, as far as its code says: by it a change of a script is told from a change of a comment.

use std::collections::{BTreeMap, BTreeSet};

use rhai::Engine;

use super::limits::Limits;
use super::unused::Uses;
use super::{Compiled, Library, span_at};
use crate::digest::Digest;

/// What a function does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Of the tokens of the function and of all that it calls, and of the limits that they run under.
    pub digest: String,
    /// The tables that they may ask; none when that cannot be told.
    pub tables: Option<BTreeSet<String>>,
}

/// The functions of one library, each with what it does by itself.
#[derive(Debug)]
struct Body<'s> {
    name: &'s str,
    parameters: usize,
    code: String,
    /// Names and texts in it: what it calls, and what it may call.
    names: BTreeSet<&'s str>,
}

/// The functions of the host that ask tables.
const ASKS: [&str; 2] = ["keyword", "lookup"];

/// What each function of these files does, by its name and the number of its parameters.
pub(super) fn of(files: &[&Compiled], tables: &BTreeSet<String>, limits: &Limits) -> BTreeMap<(String, usize), Code> {
    // One that asks of a function no more than that it can be read: what it calls stands elsewhere.
    let mut engine = Engine::new_raw();
    engine.set_max_expr_depths(0, 0);
    let uses: Vec<Uses> = files.iter().map(|file| Uses::of(file)).collect();
    let bodies: Vec<Body<'_>> = files.iter().zip(&uses).flat_map(|(file, uses)| bodies(file, uses, &engine)).collect();
    let code = |start: &Body<'_>| {
        let reached = reached(start, &bodies);
        let mut parts: Vec<(&str, usize, &str)> =
            reached.iter().map(|body| (body.name, body.parameters, body.code.as_str())).collect();
        parts.sort_unstable();
        let mut digest = Digest::default();
        for (name, parameters, code) in parts {
            digest.text(name).count(parameters).text(code);
        }
        let Limits { operations, call_depth, string, array, map, memory, time } = limits;
        digest.text(&format!("{operations} {call_depth} {string} {array} {map} {memory} {time:?}"));
        let named = || reached.iter().flat_map(|body| &body.names);
        let asks = named().any(|name| ASKS.contains(name));
        let asked: BTreeSet<String> =
            named().filter(|name| tables.contains(**name)).map(|name| (*name).to_owned()).collect();
        // A name that is put together may be any.
        let tables = (!asks || !asked.is_empty()).then_some(asked);
        ((start.name.to_owned(), start.parameters), Code { digest: digest.short(), tables })
    };
    bodies.iter().map(code).collect()
}

/// A function and all that it calls. Files that a mapping names see each other's functions, so a name may be anybody's.
fn reached<'b, 's>(start: &'b Body<'s>, bodies: &'b [Body<'s>]) -> Vec<&'b Body<'s>> {
    let mut reached = vec![start];
    let mut at = 0;
    while at < reached.len() {
        let names = &reached[at].names;
        let called = bodies.iter().filter(|body| names.contains(body.name));
        let new: Vec<&Body<'_>> =
            called.filter(|body| !reached.iter().any(|known| std::ptr::eq(*known, *body))).collect();
        reached.extend(new);
        at += 1;
    }
    reached
}

fn bodies<'s>(file: &'s Compiled, uses: &'s Uses, engine: &Engine) -> Vec<Body<'s>> {
    let functions = file.ast.iter_fn_def().filter(|function| !function.name.starts_with("anon$"));
    let bodies = functions.map(|function| {
        let start = span_at(&file.file, function.body.start_position()).start;
        let end = span_at(&file.file, function.body.end_position()).start;
        let parameters: Vec<&str> = function.params.iter().map(|name| name.as_str()).collect();
        let body = file.file.text.get(start..=end).unwrap_or_default();
        let text = format!("fn {}({}) {body}", function.name, parameters.join(", "));
        // What cannot be taken out of its file changes with all of it.
        let code = engine.compact_script(&text).unwrap_or_else(|_| file.file.text.clone());
        let of_it = uses.names.iter().filter(|(of, _)| of.as_deref().is_none_or(|of| of == function.name.as_str()));
        Body {
            name: function.name.as_str(),
            parameters: parameters.len(),
            code,
            names: of_it.map(|(_, name)| name.as_str()).collect(),
        }
    });
    bodies.collect()
}

impl Library {
    /// What the function of that name and with so many parameters does.
    pub fn code(&self, function: &str, parameters: usize) -> &Code {
        static NONE: Code = Code { digest: String::new(), tables: None };
        self.code.get(&(function.to_owned(), parameters)).unwrap_or(&NONE)
    }
}
