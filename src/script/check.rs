//! What can be told about a script without running it.

use std::collections::BTreeSet;
use std::sync::Arc;

use rhai::{AST, ASTNode, Engine, Expr, Stmt};

use super::span_at;
use crate::diagnostics::{Problem, Problems, SourceFile, Span};

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
                .at(file, span_at(file, statement.position()), "this would run with every call")
                .help("move it into a function"),
        );
    }
    ast.set_source(file.path.as_str());
    Some(ast)
}

/// Reports calls of functions that do not exist, or not with that many arguments.
pub(super) fn calls(
    engine: &Engine,
    ast: &AST,
    scripted: &BTreeSet<(String, usize)>,
    file: &Arc<SourceFile>,
    problems: &Problems,
) {
    let native = native_functions(engine);
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
            || scripted.contains(&(name.to_owned(), arity))
            || native.contains(&(name.to_owned(), arity));
        if !exists {
            let known: BTreeSet<&str> =
                scripted.iter().chain(&native).map(|(name, _)| name.as_str()).filter(|name| is_word(name)).collect();
            let problem = if known.contains(name) {
                Problem::error("M0404", format!("`{name}` does not take {arity} arguments"))
            } else {
                Problem::error("M0403", format!("there is no function `{name}`")).suggest(name, known)
            };
            problems.report(problem.at(file, span_at(file, position), "cannot be called"));
        }
        true
    });
}

fn native_functions(engine: &Engine) -> BTreeSet<(String, usize)> {
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
