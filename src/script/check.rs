//! What can be told about a script without running it.

use std::collections::BTreeSet;
use std::sync::Arc;

use rhai::{AST, ASTNode, Engine, Expr, Stmt};

use super::{Library, counted, span_at};
use crate::diagnostics::{Problem, Problems, SourceFile, Span};
use crate::table::{Manner, Tables};

/// Keywords that are called like functions.
const BUILT_IN: &[&str] = &["print", "debug", "type_of", "Fn", "call", "curry", "is_shared", "is_def_var", "is_def_fn"];

pub(super) fn compile(engine: &Engine, file: &Arc<SourceFile>, problems: &Problems) -> Option<AST> {
    let mut ast = match engine.compile(&file.text) {
        Ok(ast) => ast,
        Err(error) => {
            problems.report(Problem::error("M0405", format!("this script does not compile: {}", error.err_type())).at(
                file,
                span_at(file, error.position()),
                "reading stopped here",
            ));
            return None;
        }
    };
    if let Some(statement) = ast.statements().iter().find(|statement| !matches!(statement, Stmt::Noop(_))) {
        problems.report(
            Problem::error("M0406", "a script holds functions and nothing else")
                .at(file, span_at(file, statement.position()), "belongs to no function")
                .help("move it into the function that needs it"),
        );
    }
    ast.set_source(file.path.as_str());
    Some(ast)
}

/// Reports calls of functions that do not exist, or not with that many arguments.
pub(super) fn calls(
    ast: &AST,
    native: &BTreeSet<(String, usize)>,
    library: &Library,
    file: &Arc<SourceFile>,
    problems: &Problems,
) {
    let scripted = library.functions.iter().map(|function| (function.name.as_str(), function.parameters.len()));
    let known: BTreeSet<(&str, usize)> =
        scripted.chain(native.iter().map(|(name, arity)| (name.as_str(), *arity))).collect();
    ast.walk(&mut |nodes: &[ASTNode<'_>]| {
        let (call, extra, position) = match nodes.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, position))) => (call, 0, *position),
            Some(ASTNode::Expr(Expr::MethodCall(call, position))) => (call, 1, *position),
            Some(ASTNode::Stmt(Stmt::FnCall(call, position))) => (call, 0, *position),
            _ => return true,
        };
        let name = call.name.as_str();
        let arity = call.args.len() + extra;
        let exists = call.op_token.is_some()
            || !call.namespace.is_empty()
            || BUILT_IN.contains(&name)
            || known.contains(&(name, arity));
        if !exists {
            let arities: Vec<usize> =
                known.iter().filter(|(known, _)| *known == name).map(|(_, arity)| *arity).collect();
            if !arities.is_empty() {
                problems.report(wrong_arity(name, arity, &arities, library).at(
                    file,
                    span_at(file, position),
                    "cannot be called like this",
                ));
            } else if library.complete {
                let words: BTreeSet<&str> = known.iter().map(|(name, _)| *name).filter(|name| is_word(name)).collect();
                problems.report(
                    Problem::error("M0403", format!("there is no function `{name}`"))
                        .at(file, span_at(file, position), "no such function")
                        .suggest(name, words),
                );
            }
        }
        true
    });
}

fn wrong_arity(name: &str, found: usize, arities: &[usize], library: &Library) -> Problem {
    let wanted: Vec<String> = arities.iter().map(usize::to_string).collect();
    let problem = Problem::error("M0404", format!("`{name}` does not take {}", counted(found)));
    match library.functions.iter().find(|function| function.name == name) {
        Some(function) => problem
            .because(library.definition(function), "defined here")
            .help(format!("its parameters are ({})", function.parameters.join(", "))),
        None => problem.help(format!("it takes {}; in `x.f(y)` the x counts as well", wanted.join(" or "))),
    }
}

/// Reports tables that do not exist or are of the other manner, where a script names them outright.
pub(super) fn tables(ast: &AST, tables: &Tables, file: &Arc<SourceFile>, problems: &Problems) {
    ast.walk(&mut |nodes: &[ASTNode<'_>]| {
        let (Some(ASTNode::Expr(Expr::FnCall(call, _))) | Some(ASTNode::Stmt(Stmt::FnCall(call, _)))) = nodes.last()
        else {
            return true;
        };
        let manner = match call.name.as_str() {
            "keyword" => Manner::Keywords,
            "lookup" => Manner::Lookup,
            _ => return true,
        };
        let Some(Expr::StringConstant(name, position)) = call.args.first() else { return true };
        let start = span_at(file, *position).start + 1;
        let span = Span { start, end: start + name.len() };
        match tables.get(name.as_str()) {
            None => problems.report(
                Problem::error("M0301", format!("there is no table `{name}`"))
                    .at(file, span, "no such file in tables/")
                    .suggest(name, tables.keys().map(String::as_str)),
            ),
            Some(Some(table)) if table.manner() != manner => {
                let (is, call) = match table.manner() {
                    Manner::Keywords => ("a keyword table", "keyword"),
                    Manner::Lookup => ("a lookup table", "lookup"),
                };
                problems.report(
                    Problem::error("M0301", format!("`{name}` is {is}"))
                        .at(file, span, "searched in another manner")
                        .help(format!("call `{call}`")),
                );
            }
            Some(_) => {}
        }
        true
    });
}

/// The tables that functions ask by name.
pub(super) fn named_tables(ast: &AST) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    ast.walk(&mut |nodes: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::FnCall(call, _)) | ASTNode::Stmt(Stmt::FnCall(call, _))) = nodes.last()
            && matches!(call.name.as_str(), "keyword" | "lookup")
            && let Some(Expr::StringConstant(name, _)) = call.args.first()
        {
            names.insert(name.to_string());
        }
        true
    });
    names
}

pub(super) fn native_functions(engine: &Engine) -> BTreeSet<(String, usize)> {
    engine
        .gen_fn_signatures(true)
        .iter()
        .filter_map(|signature| {
            let (name, rest) = signature.split_once('(')?;
            let parameters = rest.split(") ->").next().unwrap_or(rest).trim_end_matches(')');
            // A type such as `Result<A, B>` never stands among the parameters, so commas count them.
            let arity = if parameters.trim().is_empty() { 0 } else { parameters.split(',').count() };
            Some((name.trim().to_owned(), arity))
        })
        .collect()
}

fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Where a function's name stands in its definition.
pub(super) fn definition(file: &SourceFile, name: &str) -> Span {
    let mut from = 0;
    while let Some(at) = file.text[from..].find(name) {
        let start = from + at;
        let end = start + name.len();
        let before = file.text[..start].trim_end();
        let after = file.text[end..].trim_start();
        if before.ends_with("fn") && after.starts_with('(') {
            return Span { start, end };
        }
        from = end;
    }
    Span::default()
}
