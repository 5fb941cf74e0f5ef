//! Which functions nobody calls.

use std::collections::BTreeSet;

use rhai::{ASTNode, Expr, Position, Stmt};

use super::{Compiled, Function, Scripts, check};
use crate::diagnostics::Place;

impl Scripts {
    /// The functions that neither a mapping nor a function in use calls, with where they are defined. `called` are the
    /// functions that mappings call, each with the name of its script.
    pub fn unused(&self, called: &BTreeSet<(String, String)>) -> Vec<(Function, Place)> {
        let scripts: Vec<(&str, &Compiled)> =
            self.files.iter().filter_map(|(name, script)| Some((name.as_str(), script.as_ref()?))).collect();
        let uses: Vec<Uses> = scripts.iter().map(|(_, script)| Uses::of(script)).collect();
        let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
        let mut open: Vec<(&str, &str)> =
            called.iter().map(|(script, function)| (script.as_str(), function.as_str())).collect();
        while let Some((script, function)) = open.pop() {
            let Some(at) = scripts.iter().position(|(name, _)| *name == script) else { continue };
            if !used.insert((script, function)) {
                continue;
            }
            for (from, called) in &uses[at].names {
                if from.as_deref().is_none_or(|from| from == function) {
                    // Files that a mapping names see each other's functions, so a name may be anybody's.
                    let defined =
                        scripts.iter().filter(|(_, other)| other.functions.iter().any(|known| known.name == *called));
                    open.extend(defined.map(|(name, _)| (*name, called.as_str())));
                }
            }
        }
        let mut unused = Vec::new();
        for (name, script) in &scripts {
            for function in &script.functions {
                if !used.contains(&(*name, function.name.as_str())) {
                    let place = Place::new(&script.file, check::definition(&script.file, &function.name));
                    unused.push((function.clone(), place));
                }
            }
        }
        unused
    }
}

/// What the functions of a file name.
struct Uses {
    /// A function, if it is clear which, and a name in it that may be that of a function.
    names: Vec<(Option<String>, String)>,
}

impl Uses {
    fn of(script: &Compiled) -> Uses {
        let place = |position: Position| (position.line(), position.position());
        let bodies: Vec<_> = script
            .ast
            .iter_fn_def()
            .filter(|function| !function.name.starts_with("anon$"))
            .map(|function| {
                (function.name.to_string(), place(function.body.start_position()), place(function.body.end_position()))
            })
            .collect();
        let mut names = Vec::new();
        script.ast.walk(&mut |nodes: &[ASTNode<'_>]| {
            let (name, position) = match nodes.last() {
                Some(ASTNode::Expr(Expr::FnCall(call, position) | Expr::MethodCall(call, position))) => {
                    (call.name.as_str(), *position)
                }
                Some(ASTNode::Stmt(Stmt::FnCall(call, position))) => (call.name.as_str(), *position),
                // `Fn("name")`, and a function that is named without being called.
                Some(ASTNode::Expr(Expr::StringConstant(text, position))) => (text.as_str(), *position),
                Some(ASTNode::Expr(Expr::Variable(variable, _, position))) => (variable.1.as_str(), *position),
                _ => return true,
            };
            let at = place(position);
            let body = bodies.iter().find(|(_, start, end)| *start <= at && at <= *end);
            names.push((body.map(|(function, ..)| function.clone()), name.to_owned()));
            true
        });
        Uses { names }
    }
}
