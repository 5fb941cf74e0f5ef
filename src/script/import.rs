//! `import "name" as n;`: the functions of another script of the same connector, under a name. All is resolved when
//! the scripts are loaded; no file is opened while functions run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::{AST, ASTNode, Expr, Ident, Position, Stmt};

use super::{Compiled, span_at};
use crate::diagnostics::{Place, Problem, Problems, SourceFile, Span};
use crate::yaml::Located;

/// An import of a script.
#[derive(Debug)]
pub(super) struct Import {
    /// The script, by its name.
    pub script: Located<String>,
    /// What the file calls it.
    pub alias: Located<String>,
}

/// The imports of a file. Those that stand elsewhere than at the top, or do not say what they import, are reported.
pub(super) fn imports(ast: &AST, file: &Arc<SourceFile>, problems: &Problems) -> Vec<Import> {
    let mut imports = Vec::new();
    let mut at_top: BTreeSet<(Option<usize>, Option<usize>)> = BTreeSet::new();
    let key = |position: Position| (position.line(), position.position());
    for statement in ast.statements() {
        let Stmt::Import(parts, position) = statement else { continue };
        at_top.insert(key(*position));
        match import(parts, file) {
            Some(import) => imports.push(import),
            None => problems.report(misplaced("an import says the script and the name that it gets", file, *position)),
        }
    }
    ast.walk(&mut |nodes: &[ASTNode<'_>]| {
        if let Some(ASTNode::Stmt(Stmt::Import(parts, position))) = nodes.last()
            && !at_top.contains(&key(*position))
        {
            problems.report(misplaced("an import stands at the top of a script", file, *position));
            // What is called by its name is not missing as well.
            imports.extend(import(parts, file));
        }
        true
    });
    imports
}

fn import((script, alias): &(Expr, Ident), file: &SourceFile) -> Option<Import> {
    let Expr::StringConstant(name, place) = script else { return None };
    (!alias.name.is_empty()).then(|| Import {
        script: Located { value: name.to_string(), span: text_at(file, *place, name) },
        alias: Located { value: alias.name.to_string(), span: span_at(file, alias.pos) },
    })
}

fn misplaced(what: &str, file: &Arc<SourceFile>, position: Position) -> Problem {
    Problem::error("M0407", what)
        .at(file, span_at(file, position), "cannot be resolved when the script is loaded")
        .help("write such as `import \"salaries\" as salaries;` above the functions")
}

/// Where a text stands, without its quotes.
fn text_at(file: &SourceFile, position: Position, text: &str) -> Span {
    let start = span_at(file, position).start + 1;
    Span { start, end: start + text.len() }
}

/// Reports imports of scripts that do not exist, and scripts that import each other in a circle.
pub(super) fn check(files: &BTreeMap<String, Option<Compiled>>, problems: &Problems) {
    for script in files.values().flatten() {
        for import in &script.imports {
            let name = &import.script.value;
            if !files.contains_key(name) {
                problems.report(
                    Problem::error("M0401", format!("there is no script `{name}`"))
                        .at(&script.file, import.script.span, "no such file in the scripts of this connector")
                        .suggest(name, files.keys().map(String::as_str)),
                );
            }
        }
    }
    let mut done = BTreeSet::new();
    for name in files.keys() {
        follow(name, files, &mut Vec::new(), &mut done, problems);
    }
}

fn follow<'f>(
    name: &'f str,
    files: &'f BTreeMap<String, Option<Compiled>>,
    way: &mut Vec<&'f str>,
    done: &mut BTreeSet<&'f str>,
    problems: &Problems,
) {
    let Some(Some(script)) = files.get(name) else { return };
    if !done.insert(name) {
        return;
    }
    way.push(name);
    for import in &script.imports {
        let target = import.script.value.as_str();
        match way.iter().position(|step| *step == target) {
            Some(begin) => {
                let circle = way[begin..].iter().chain([&target]);
                let circle: Vec<String> = circle.map(|step| format!("`{step}`")).collect();
                problems.report(
                    Problem::error("M0408", format!("scripts import each other in a circle: {}", circle.join(" → ")))
                        .at(&script.file, import.script.span, "closes the circle")
                        .help("move what both need into a script of its own"),
                );
            }
            None => follow(target, files, way, done, problems),
        }
    }
    way.pop();
}

/// The scripts that `named` import, and those that these import, each once; without `named`.
pub(super) fn reached<'s>(named: &[&'s Compiled], files: &'s BTreeMap<String, Option<Compiled>>) -> Vec<&'s Compiled> {
    let is = |one: &Compiled, other: &Compiled| one.file.path == other.file.path;
    let mut reached: Vec<&Compiled> = Vec::new();
    let mut open: Vec<&Compiled> = named.to_vec();
    while let Some(script) = open.pop() {
        for import in &script.imports {
            let Some(Some(found)) = files.get(&import.script.value) else { continue };
            if !named.iter().chain(&reached).any(|known| is(known, found)) {
                reached.push(found);
                open.push(found);
            }
        }
    }
    reached
}

/// Reports a name that stands for two scripts in files that are used together: Rhai knows one list of names.
pub(super) fn check_names(scripts: &[&Compiled], problems: &Problems) {
    let mut known: BTreeMap<&str, (&Compiled, &Import)> = BTreeMap::new();
    for script in scripts {
        for import in &script.imports {
            let (first, earlier) = *known.entry(&import.alias.value).or_insert((script, import));
            if earlier.script.value != import.script.value {
                problems.report(
                    Problem::error("M0409", format!("`{}` means two scripts", import.alias.value))
                        .at(&script.file, import.alias.span, format!("`{}` here", import.script.value))
                        .because(
                            Place::new(&first.file, earlier.alias.span),
                            format!("`{}` here", earlier.script.value),
                        )
                        .help("call one of them differently: both files are used by one mapping"),
                );
            }
        }
    }
}
