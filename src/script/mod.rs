//! Rhai under limits: compile, check names and arity, call.
//!
//! A script file holds functions and nothing else. They see their arguments, each other and the host's functions;
//! no file, network, clock or state.

mod arrays;
mod call;
mod check;
mod code;
mod docs;
mod engine;
mod error;
mod follow;
mod host;
mod import;
mod limits;
mod log;
mod meter;
mod source;
mod trail;
mod unused;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rhai::{AST, ImmutableString, Module, OptimizationLevel, Position, Scope, Shared};

use self::check::Visible;
use self::code::Code;
use self::engine::Engines;
use self::import::Import;
use crate::diagnostics::{Place, Problem, Problems, SourceFile, Span};
use crate::table::Tables;
use crate::yaml::Located;

pub use call::Caller;
pub use code::Reached;
pub use docs::{definitions, reference};
pub use error::{CallError, Frame};
pub use follow::{Asked, Followed, Follower};
pub use limits::Limits;

/// The script files of a connector, compiled.
#[derive(Debug)]
pub struct Scripts {
    engines: Arc<Engines>,
    /// The functions of the language and the host, with the number of their arguments.
    native: BTreeSet<(String, usize)>,
    /// A file that cannot be used has its name taken all the same: what is wrong with it was reported.
    files: BTreeMap<String, Option<Compiled>>,
}

#[derive(Debug)]
struct Compiled {
    file: Arc<SourceFile>,
    /// As it was written.
    ast: AST,
    /// The functions in the form in which they run.
    module: Shared<Module>,
    functions: Vec<Function>,
    code: BTreeMap<String, Arc<Code>>,
    imports: Vec<Import>,
}

/// The functions that one mapping may call.
#[derive(Debug, Clone)]
pub struct Library {
    engines: Arc<Engines>,
    /// The functions of all files, those that are only imported included.
    modules: Vec<Shared<Module>>,
    /// What the files call the files that they import.
    imports: Vec<(ImmutableString, Shared<Module>)>,
    files: Vec<Arc<SourceFile>>,
    functions: Vec<Function>,
    /// The code of the functions of all files.
    code: BTreeMap<String, Arc<Code>>,
    /// The tables that its functions name outright.
    tables: BTreeSet<String>,
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

impl Scripts {
    /// Compiles the files of a connector, by the names that mappings use. A file that could not be read is `None`.
    /// Their functions run within `limits`.
    pub fn compile(
        files: &BTreeMap<String, Option<Arc<SourceFile>>>,
        tables: &Tables,
        limits: &Limits,
        problems: &Problems,
    ) -> Scripts {
        let engines = Engines::new(tables, limits);
        let compile = |file: &Option<Arc<SourceFile>>| {
            let file = file.as_ref()?;
            let compiled = Compiled::new(&engines, file, problems)?;
            check::tables(&compiled.ast, tables, file, problems);
            Some(compiled)
        };
        let files = files.iter().map(|(name, file)| (name.clone(), compile(file))).collect();
        import::check(&files, problems);
        Scripts { native: check::native_functions(&engines.running), engines, files }
    }

    /// The functions of the files that a mapping names, each with the file that names it. Names that two files
    /// define, calls of functions that do not exist and unknown files are reported.
    pub fn library(&self, wanted: &[(&Arc<SourceFile>, &Located<String>)], problems: &Problems) -> Library {
        let mut named: Vec<&Compiled> = Vec::new();
        let mut complete = true;
        for (mapping, name) in wanted {
            match self.files.get(&name.value) {
                Some(Some(script)) => named.push(script),
                Some(None) => complete = false,
                None => {
                    complete = false;
                    problems.report(
                        Problem::error("M0401", format!("there is no script `{}`", name.value))
                            .at(mapping, name.span, "no such file")
                            .suggest(&name.value, self.files.keys().map(String::as_str)),
                    );
                }
            }
        }
        let imported = import::reached(&named, &self.files);
        let all: Vec<&Compiled> = named.iter().chain(&imported).copied().collect();
        self.check(&named, &imported, complete, problems);
        import::check_names(&all, problems);
        let imports = all.iter().flat_map(|script| &script.imports).filter_map(|import| {
            let script = self.files.get(&import.script.value)?.as_ref()?;
            Some((import.alias.value.as_str().into(), Shared::clone(&script.module)))
        });
        Library {
            engines: Arc::clone(&self.engines),
            modules: all.iter().map(|script| Shared::clone(&script.module)).collect(),
            imports: imports.collect(),
            files: named.iter().map(|script| Arc::clone(&script.file)).collect(),
            functions: named.iter().flat_map(|script| &script.functions).cloned().collect(),
            code: all.iter().flat_map(|script| script.code.clone()).collect(),
            tables: all.iter().flat_map(|script| check::named_tables(&script.ast)).collect(),
            complete,
        }
    }

    /// Reports names that two of the files define, and calls of functions that do not exist.
    fn check(&self, named: &[&Compiled], imported: &[&Compiled], complete: bool, problems: &Problems) {
        let mut known: BTreeMap<&str, &Compiled> = BTreeMap::new();
        for script in named.iter().chain(imported) {
            for function in &script.functions {
                let first = known.entry(&function.name).or_insert(script);
                if first.file.path != script.file.path {
                    problems.report(
                        Problem::error("M0402", format!("two scripts define `{}`", function.name))
                            .at(&script.file, check::definition(&script.file, &function.name), "defined here too")
                            .because(
                                Place::new(&first.file, check::definition(&first.file, &function.name)),
                                "defined here",
                            )
                            .help("rename one of them"),
                    );
                }
            }
        }
        let together: Vec<_> = named.iter().flat_map(|script| script.functions()).collect();
        for script in named {
            let visible = Visible { native: &self.native, scripted: together.clone(), complete };
            check::calls(script, &visible, self, problems);
        }
        for script in imported {
            // An imported file is on its own, whoever imports it.
            let scripted = script.functions().collect();
            check::calls(script, &Visible { native: &self.native, scripted, complete: true }, self, problems);
        }
    }

    /// The script that defines a function.
    fn defining(&self, function: &str) -> Option<&str> {
        let defines = |script: &Compiled| script.functions.iter().any(|known| known.name == function);
        self.files.iter().find(|(_, script)| script.as_ref().is_some_and(defines)).map(|(name, _)| name.as_str())
    }
}

impl Compiled {
    fn new(engines: &Engines, file: &Arc<SourceFile>, problems: &Problems) -> Option<Compiled> {
        let engine = &engines.running;
        let ast = check::compile(engine, file, problems)?;
        let imports = import::imports(&ast, file, problems);
        let mut functions: Vec<Function> = ast
            .iter_functions()
            .filter(|function| !function.name.starts_with("anon$"))
            .map(|function| Function {
                name: function.name.to_owned(),
                parameters: function.params.iter().map(|name| (*name).to_owned()).collect(),
                file: file.path.clone(),
            })
            .collect();
        functions.sort_by(|one, other| (&one.name, one.parameters.len()).cmp(&(&other.name, other.parameters.len())));
        let names: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
        let code = code::code(engine, file, &names);
        // What can be computed once is.
        let optimized = engine.optimize_ast(&Scope::new(), ast.clone(), OptimizationLevel::Simple);
        Some(Compiled { file: Arc::clone(file), ast, module: module(&optimized, file), functions, code, imports })
    }

    /// The functions, each with the file.
    fn functions(&self) -> impl Iterator<Item = (&Function, &Arc<SourceFile>)> {
        self.functions.iter().map(|function| (function, &self.file))
    }
}

/// The functions of a file, to be called.
fn module(ast: &AST, file: &SourceFile) -> Shared<Module> {
    let mut module = Module::clone(ast.shared_lib());
    module.set_id(file.path.as_str());
    module.build_index();
    module.into()
}

impl Library {
    /// The names of the tables that its functions ask, as far as they name them outright.
    pub fn tables(&self) -> &BTreeSet<String> {
        &self.tables
    }

    /// Where a function is defined.
    pub fn definition(&self, function: &Function) -> Place {
        let file = self.files.iter().find(|file| file.path == function.file).expect("functions come from these files");
        Place::new(file, check::definition(file, &function.name))
    }

    /// The function of that name and with so many parameters.
    pub fn function(&self, name: &str, parameters: usize) -> Option<&Function> {
        self.functions.iter().find(|known| known.name == name && known.parameters.len() == parameters)
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
