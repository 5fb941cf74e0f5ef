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
    /// The functions of the language and the host, with the number of their arguments.
    native: BTreeSet<(String, usize)>,
    /// A file that cannot be used has its name taken all the same: what is wrong with it was reported.
    files: BTreeMap<String, Option<Compiled>>,
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
    /// Whether all files are there. What is missing may define any function.
    complete: bool,
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
    /// Compiles the files of a connector, by the names that mappings use. A file that could not be read is `None`.
    pub fn compile(files: &BTreeMap<String, Option<Arc<SourceFile>>>, tables: &Tables, problems: &Problems) -> Scripts {
        let engine = Arc::new(engine::engine(tables));
        let compile = |file: &Option<Arc<SourceFile>>| {
            let file = Arc::clone(file.as_ref()?);
            let ast = check::compile(&engine, &file, problems)?;
            check::tables(&ast, tables, &file, problems);
            Some(Compiled { file, ast })
        };
        let files = files.iter().map(|(name, file)| (name.clone(), compile(file))).collect();
        Scripts { native: check::native_functions(&engine), engine, files }
    }

    /// The functions of the files that a mapping names. Names that two files define, calls of functions that do not
    /// exist and unknown files are reported.
    pub fn library(&self, wanted: &[Located<String>], mapping: &Arc<SourceFile>, problems: &Problems) -> Library {
        let mut library = Library {
            engine: Arc::clone(&self.engine),
            ast: AST::empty(),
            files: Vec::new(),
            functions: Vec::new(),
            complete: true,
        };
        for name in wanted {
            match self.files.get(&name.value) {
                Some(Some(script)) => library.add(script, problems),
                Some(None) => library.complete = false,
                None => {
                    library.complete = false;
                    problems.report(
                        Problem::error("M0401", format!("there is no script `{}`", name.value))
                            .at(mapping, name.span, "no such file")
                            .suggest(&name.value, self.files.keys().map(String::as_str)),
                    );
                }
            }
        }
        library.ast = call::optimized(&self.engine, library.ast);
        let used = wanted.iter().filter_map(|name| self.files.get(&name.value)?.as_ref());
        for script in used {
            check::calls(&script.ast, &self.native, &library, &script.file, problems);
        }
        library
    }

    /// The script that defines a function.
    fn defining(&self, function: &str) -> Option<&str> {
        let defines = |script: &Compiled| script.ast.iter_functions().any(|known| known.name == function);
        self.files.iter().find(|(_, script)| script.as_ref().is_some_and(defines)).map(|(name, _)| name.as_str())
    }
}

impl Library {
    /// The names of the tables that its functions ask, as far as they name them outright.
    pub fn tables(&self) -> BTreeSet<String> {
        check::named_tables(&self.ast)
    }

    fn add(&mut self, script: &Compiled, problems: &Problems) {
        let mut functions: Vec<_> = script.ast.iter_functions().collect();
        functions.sort_by_key(|function| function.name);
        for function in functions {
            let earlier = self.functions.iter().find(|known| known.name == function.name);
            if let Some(earlier) = earlier.filter(|earlier| earlier.file != script.file.path) {
                problems.report(
                    Problem::error("M0402", format!("two scripts define `{}`", function.name))
                        .at(&script.file, check::definition(&script.file, function.name), "defined here too")
                        .because(self.definition(earlier), "defined here")
                        .help("rename one of them"),
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

    /// Where a function is defined.
    fn definition(&self, function: &Function) -> Place {
        let file = self.files.iter().find(|file| file.path == function.file).expect("functions come from these files");
        Place::new(file, check::definition(file, &function.name))
    }

    /// The functions, by file.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// Checks that `function` exists and takes `arguments` arguments. `scripts` are those that could be listed.
    pub fn check(
        &self,
        function: &Located<String>,
        arguments: usize,
        scripts: &Scripts,
        mapping: &Arc<SourceFile>,
        problems: &Problems,
    ) -> bool {
        let same_name: Vec<&Function> = self.functions.iter().filter(|known| known.name == function.value).collect();
        if same_name.iter().any(|known| known.parameters.len() == arguments) {
            return true;
        }
        if let Some(known) = same_name.first() {
            let wanted = counted(known.parameters.len());
            problems.report(
                Problem::error("M0404", format!("`{}` takes {wanted}, not {arguments}", known.name))
                    .at(mapping, function.span, format!("called with {arguments}"))
                    .because(self.definition(known), "defined here")
                    .help(format!("its parameters are ({})", known.parameters.join(", "))),
            );
        } else if self.complete {
            let problem = Problem::error("M0403", format!("there is no script function `{}`", function.value)).at(
                mapping,
                function.span,
                "no such function in the scripts of this mapping",
            );
            problems.report(match scripts.defining(&function.value) {
                Some(script) => problem.help(format!("add `{script}` to `scripts`: it defines this function")),
                None => problem.suggest(&function.value, self.functions.iter().map(|known| known.name.as_str())),
            });
        }
        false
    }
}

fn counted(arguments: usize) -> String {
    format!("{arguments} argument{}", if arguments == 1 { "" } else { "s" })
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
