//! Rhai under limits: compile, check names and arity, call.
//!
//! A script file holds functions and nothing else. They see their arguments, each other and the host's functions;
//! no file, network, clock or state.

mod call;
mod check;
mod engine;
mod host;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::{AST, Engine, Position};

use crate::diagnostics::{Place, Problem, Problems, SourceFile, Span};
use crate::table::Tables;
use crate::yaml::Located;

pub use call::Caller;

/// The script files of a connector, compiled.
#[derive(Debug)]
pub struct Scripts {
    engine: Arc<Engine>,
    files: BTreeMap<String, Compiled>,
}

#[derive(Debug)]
struct Compiled {
    file: Arc<SourceFile>,
    ast: AST,
}

/// The functions that one mapping may call.
#[derive(Debug, Clone)]
pub struct Library {
    engine: Arc<Engine>,
    /// All functions, in the form in which they run.
    ast: AST,
    files: Vec<Arc<SourceFile>>,
    functions: Vec<Function>,
}

/// A function of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The names of its parameters.
    pub parameters: Vec<String>,
    /// The file that defines it.
    pub file: String,
}

/// Why a call failed: what a script threw, or the limit it ran into, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({place})")]
pub struct CallError {
    /// What went wrong.
    pub message: String,
    /// File, line and column.
    pub place: String,
}

impl Scripts {
    /// Compiles the files of a connector, by the names that mappings use.
    pub fn compile(files: &BTreeMap<String, Arc<SourceFile>>, tables: &Tables, problems: &Problems) -> Scripts {
        let engine = Arc::new(engine::engine(tables));
        let files = files
            .iter()
            .filter_map(|(name, file)| {
                let ast = check::compile(&engine, file, problems)?;
                Some((name.clone(), Compiled { file: Arc::clone(file), ast }))
            })
            .collect();
        Scripts { engine, files }
    }

    /// The functions of the files that a mapping names. Names that two files define, calls of functions that do not
    /// exist and unknown files are reported.
    pub fn library(&self, wanted: &[Located<String>], mapping: &Arc<SourceFile>, problems: &Problems) -> Library {
        let mut library =
            Library { engine: Arc::clone(&self.engine), ast: AST::empty(), files: Vec::new(), functions: Vec::new() };
        for name in wanted {
            let Some(script) = self.files.get(&name.value) else {
                problems.report(
                    Problem::error("M0401", format!("there is no script `{}`", name.value))
                        .at(mapping, name.span, "no such file, or it does not compile")
                        .suggest(&name.value, self.files.keys().map(String::as_str)),
                );
                continue;
            };
            library.add(script, problems);
        }
        library.ast = call::optimized(&self.engine, library.ast);
        let known: BTreeSet<(String, usize)> =
            library.functions.iter().map(|function| (function.name.clone(), function.parameters.len())).collect();
        for name in wanted {
            if let Some(script) = self.files.get(&name.value) {
                check::calls(&self.engine, &script.ast, &known, &script.file, problems);
            }
        }
        library
    }
}

impl Library {
    fn add(&mut self, script: &Compiled, problems: &Problems) {
        for function in script.ast.iter_functions() {
            let earlier = self.functions.iter().find(|known| known.name == function.name);
            if let Some(earlier) = earlier.filter(|earlier| earlier.file != script.file.path) {
                let span = check::definition(&script.file, function.name);
                problems.report(
                    Problem::error("M0402", format!("two scripts define `{}`", function.name))
                        .at(&script.file, span, "defined here too")
                        .help(format!("the other is in {}; rename one of them", earlier.file)),
                );
            }
            self.functions.push(Function {
                name: function.name.to_owned(),
                parameters: function.params.iter().map(|name| (*name).to_owned()).collect(),
                file: script.file.path.clone(),
            });
        }
        self.ast.combine(script.ast.clone());
        self.files.push(Arc::clone(&script.file));
    }

    /// The functions, by file.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// Checks that `function` exists and takes `arguments` arguments.
    pub fn check(
        &self,
        function: &Located<String>,
        arguments: usize,
        mapping: &Arc<SourceFile>,
        problems: &Problems,
    ) -> bool {
        let same_name: Vec<&Function> = self.functions.iter().filter(|known| known.name == function.value).collect();
        if same_name.iter().any(|known| known.parameters.len() == arguments) {
            return true;
        }
        problems.report(match same_name.first() {
            None => Problem::error("M0403", format!("there is no script function `{}`", function.value))
                .at(mapping, function.span, "no such function in the scripts of this mapping")
                .suggest(&function.value, self.functions.iter().map(|known| known.name.as_str())),
            Some(known) => {
                let wanted = known.parameters.len();
                let file =
                    self.files.iter().find(|file| file.path == known.file).expect("functions come from these files");
                Problem::error(
                    "M0404",
                    format!(
                        "`{}` takes {wanted} argument{}, not {arguments}",
                        known.name,
                        if wanted == 1 { "" } else { "s" }
                    ),
                )
                .at(mapping, function.span, format!("called with {arguments}"))
                .because(Place::new(file, check::definition(file, &known.name)), "defined here")
                .help(format!("its parameters are ({})", known.parameters.join(", ")))
            }
        });
        false
    }
}

fn span_at(file: &SourceFile, position: Position) -> Span {
    let (Some(line), column) = (position.line(), position.position().unwrap_or(1)) else {
        return Span { start: file.text.len(), end: file.text.len() };
    };
    let start: usize = file.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = file.text.get(start..).unwrap_or_default();
    let start = start + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at);
    let word = file.text[start..].find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(0).max(1);
    Span { start, end: (start + word).min(file.text.len()) }
}

#[cfg(test)]
mod tests;
