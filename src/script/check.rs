//! What can be told about a script without running it.

use std::collections::BTreeSet;
use std::sync::Arc;

use rhai::{AST, ASTNode, Engine, Expr, ParseErrorType, Stmt};

use super::engine::TAKEN_AWAY;
use super::{Compiled, Function, Scripts, counted, host, source, span_at};
use crate::diagnostics::{Place, Problem, Problems, SourceFile, Span};
use crate::table::{Manner, Tables};

/// Keywords that are called like functions.
const BUILT_IN: &[&str] = &["print", "debug", "type_of", "Fn", "call", "curry", "is_shared", "is_def_var", "is_def_fn"];

pub(super) fn compile(engine: &Engine, file: &Arc<SourceFile>, problems: &Problems) -> Option<AST> {
    if !source::is_shallow(file, problems) {
        return None;
    }
    let mut ast = match engine.compile(&file.text) {
        Ok(ast) => ast,
        Err(error) => {
            let what = error.err_type();
            let problem = Problem::error("M0405", format!("this script does not compile: {what}")).at(
                file,
                span_at(file, error.position()),
                "reading stopped here",
            );
            problems.report(match what {
                ParseErrorType::ModuleUndefined(name) => {
                    problem.help(format!("write such as `import \"{name}\" as {name};` at the top of the script"))
                }
                _ => problem,
            });
            return None;
        }
    };
    let is_allowed = |statement: &&Stmt| matches!(statement, Stmt::Noop(_) | Stmt::Import(..));
    if let Some(statement) = ast.statements().iter().find(|statement| !is_allowed(statement)) {
        problems.report(
            Problem::error("M0406", "a script holds functions and nothing else")
                .at(file, span_at(file, statement.position()), "belongs to no function")
                .help("move it into the function that needs it"),
        );
    }
    ast.set_source(file.path.as_str());
    Some(ast)
}

/// What a function can call by its bare name.
pub(super) struct Visible<'s> {
    /// The functions of the language and the host, with the number of their arguments.
    pub native: &'s BTreeSet<(String, usize)>,
    /// The functions of scripts.
    pub scripted: Vec<(&'s Function, &'s Arc<SourceFile>)>,
    /// Whether all scripts are there. What is missing may define any function.
    pub complete: bool,
}

impl Visible<'_> {
    fn arities(&self, name: &str) -> BTreeSet<usize> {
        let native = self.native.iter().filter(|(known, _)| known == name).map(|(_, arity)| *arity);
        let scripted = self.scripted.iter().filter(|(known, _)| known.name == name);
        native.chain(scripted.map(|(known, _)| known.parameters.len())).collect()
    }

    fn words(&self) -> BTreeSet<&str> {
        let native = self.native.iter().map(|(name, _)| name.as_str());
        native.chain(self.scripted.iter().map(|(known, _)| known.name.as_str())).filter(|name| is_word(name)).collect()
    }
}

/// Reports calls of functions that do not exist, or not with that many arguments.
pub(super) fn calls(script: &Compiled, visible: &Visible<'_>, scripts: &Scripts, problems: &Problems) {
    script.ast.walk(&mut |nodes: &[ASTNode<'_>]| {
        let (call, extra, position) = match nodes.last() {
            Some(ASTNode::Expr(Expr::FnCall(call, position))) => (call, 0, *position),
            Some(ASTNode::Expr(Expr::MethodCall(call, position))) => (call, 1, *position),
            Some(ASTNode::Stmt(Stmt::FnCall(call, position))) => (call, 0, *position),
            Some(ASTNode::Expr(Expr::ThisPtr(position))) => {
                problems.report(
                    Problem::error("M0410", "a script has no `this`")
                        .at(&script.file, span_at(&script.file, *position), "nothing is bound to it")
                        .help("give the function a parameter, and call it as `f(x)`"),
                );
                return true;
            }
            Some(ASTNode::Expr(Expr::Variable(variable, _, position))) if !variable.2.is_empty() => {
                let name = format!("{}::{}", variable.2, variable.1);
                problems.report(
                    Problem::error("M0403", format!("there is no value `{name}`"))
                        .at(&script.file, span_at(&script.file, *position), "no such value")
                        .help(format!("an import gives functions; call it as `{name}(…)`")),
                );
                return true;
            }
            _ => return true,
        };
        if call.op_token.is_some() {
            return true;
        }
        let name = call.name.as_str();
        let arity = call.args.len() + extra;
        let span = span_at(&script.file, position);
        if call.namespace.is_empty() {
            if !BUILT_IN.contains(&name) {
                bare(&script.file, name, arity, span, visible, problems);
            }
        } else {
            let alias = call.namespace.to_string();
            qualified(script, &alias, name, arity, span, scripts, problems);
        }
        true
    });
}

fn bare(file: &Arc<SourceFile>, name: &str, arity: usize, span: Span, visible: &Visible<'_>, problems: &Problems) {
    let arities = visible.arities(name);
    if arities.contains(&arity) {
        return;
    }
    if !arities.is_empty() {
        let defined = visible.scripted.iter().find(|(known, _)| known.name == name);
        problems.report(wrong_arity(name, arity, &arities, defined.copied()).at(
            file,
            span,
            "cannot be called like this",
        ));
    } else if visible.complete {
        problems.report(
            Problem::error("M0403", format!("there is no function `{name}`"))
                .at(file, span, "no such function")
                .suggest(name, visible.words()),
        );
    }
}

/// A call `alias::name(…)` of a function of an imported script.
fn qualified(
    script: &Compiled,
    alias: &str,
    name: &str,
    arity: usize,
    span: Span,
    scripts: &Scripts,
    problems: &Problems,
) {
    let Some(import) = script.imports.iter().find(|import| import.alias.value == alias) else {
        problems.report(
            Problem::error("M0403", format!("there is no function `{alias}::{name}`"))
                .at(&script.file, span, format!("`{alias}` is no import"))
                .suggest(alias, script.imports.iter().map(|import| import.alias.value.as_str())),
        );
        return;
    };
    // An import that is not there was reported.
    let Some(Some(imported)) = scripts.files.get(&import.script.value) else { return };
    let same_name: Vec<&Function> = imported.functions.iter().filter(|known| known.name == name).collect();
    let arities: BTreeSet<usize> = same_name.iter().map(|known| known.parameters.len()).collect();
    if arities.contains(&arity) {
        return;
    }
    problems.report(match same_name.first() {
        Some(known) => wrong_arity(name, arity, &arities, Some((known, &imported.file))).at(
            &script.file,
            span,
            "cannot be called like this",
        ),
        None => Problem::error("M0403", format!("there is no function `{alias}::{name}`"))
            .at(&script.file, span, format!("no such function in {}", imported.file.path))
            .suggest(name, imported.functions.iter().map(|known| known.name.as_str())),
    });
}

fn wrong_arity(
    name: &str,
    found: usize,
    arities: &BTreeSet<usize>,
    defined: Option<(&Function, &Arc<SourceFile>)>,
) -> Problem {
    let wanted: Vec<String> = arities.iter().map(usize::to_string).collect();
    let problem = Problem::error("M0404", format!("`{name}` does not take {}", counted(found)));
    match defined {
        Some((function, file)) => problem
            .because(Place::new(file, definition(file, &function.name)), "defined here")
            .help(format!("its parameters are ({})", function.parameters.join(", "))),
        None => match host::parameters(name) {
            Some(parameters) => problem.help(format!("its parameters are ({})", parameters.join(", "))),
            None => problem.help(format!("it takes {}; in `x.f(y)` the x counts as well", wanted.join(" or "))),
        },
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
        .filter(|(name, _)| !TAKEN_AWAY.contains(&name.as_str()))
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
