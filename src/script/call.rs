//! Calling functions, many times over.

use rhai::{AST, Caches, Dynamic, Engine, EvalAltResult, EvalContext, FnArgsVec, GlobalRuntimeState, Position, Scope};

use super::{CallError, Function, Library, engine, host};

/// Calls functions of a library and keeps what Rhai looked up for them: a second call of a function costs a fraction
/// of the first.
pub struct Caller<'l> {
    library: &'l Library,
    global: GlobalRuntimeState,
    caches: Caches,
    scope: Scope<'static>,
}

impl Library {
    /// Begins to call functions.
    pub fn caller(&self) -> Caller<'_> {
        let mut global = self.engine.new_global_runtime_state();
        global.lib.push(self.ast.shared_lib().clone());
        Caller { library: self, global, caches: Caches::new(), scope: Scope::new() }
    }
}

impl Caller<'_> {
    /// Calls a function, which consumes the arguments. What it reports through `unknown` is handed to `unknown`.
    pub fn call(
        &mut self,
        function: &str,
        arguments: &mut [Dynamic],
        mut unknown: impl FnMut(String),
    ) -> Result<Dynamic, CallError> {
        engine::start_clock();
        self.global.num_operations = 0;
        let result = self.run(function, arguments);
        host::take_unknown(&mut unknown);
        result.map_err(|error| self.library.explain(function, &error))
    }

    fn run(&mut self, function: &str, arguments: &mut [Dynamic]) -> Result<Dynamic, Box<EvalAltResult>> {
        let mut arguments: FnArgsVec<&mut Dynamic> = arguments.iter_mut().collect();
        let Caller { library, global, caches, scope } = self;
        let result = EvalContext::new(&library.engine, global, caches, scope, None).call_fn_raw(
            function,
            false,
            false,
            &mut arguments,
        );
        scope.rewind(0);
        result
    }
}

impl Library {
    fn explain(&self, function: &str, error: &EvalAltResult) -> CallError {
        let inner = error.unwrap_inner();
        let message = match inner {
            EvalAltResult::ErrorRuntime(value, _) => value.clone().into_string().unwrap_or_else(|_| value.to_string()),
            EvalAltResult::ErrorTerminated(..) => "the script took too long".to_owned(),
            other => {
                let mut bare = other.to_string();
                if let Some(at) = bare.rfind(" (line ") {
                    bare.truncate(at);
                }
                bare
            }
        };
        let defined: Option<&Function> = self.functions.iter().find(|known| known.name == function);
        let file = defined.map_or("a script", |known| known.file.as_str());
        CallError { message, place: place(file, function, inner.position()) }
    }
}

fn place(file: &str, function: &str, position: Position) -> String {
    match (position.line(), position.position()) {
        (Some(line), Some(column)) => format!("{file}:{line}:{column}, in `{function}`"),
        _ => format!("{file}, in `{function}`"),
    }
}

/// The functions of `ast` in the form in which they run: what can be computed once is.
pub(super) fn optimized(engine: &Engine, ast: AST) -> AST {
    engine.optimize_ast(&Scope::new(), ast, rhai::OptimizationLevel::Simple)
}
