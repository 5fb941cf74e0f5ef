//! Calling functions, many times over.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rhai::{Caches, Dynamic, Engine, EvalAltResult, EvalContext, FnArgsVec, GlobalRuntimeState, Scope};

use super::{CallError, Library, host, log, meter, trail};

/// Calls functions of a library and keeps what Rhai looked up for them: a second call of a function costs a fraction
/// of the first.
pub struct Caller<'l> {
    library: &'l Library,
    global: GlobalRuntimeState,
    caches: Caches,
    scope: Scope<'static>,
    /// The lines that were written to the log.
    lines: u32,
}

impl Library {
    /// Begins to call functions.
    pub fn caller(&self) -> Caller<'_> {
        let global = self.global(&self.engines.running);
        Caller { library: self, global, caches: Caches::new(), scope: Scope::new(), lines: 0 }
    }

    /// The state in which functions of this library see each other and what they import.
    fn global(&self, engine: &Engine) -> GlobalRuntimeState {
        let mut global = engine.new_global_runtime_state();
        global.lib.extend(self.modules.iter().cloned());
        for (name, module) in &self.imports {
            global.push_import(name.clone(), module.clone());
        }
        global
    }
}

impl Caller<'_> {
    /// Calls a function with what `arguments` makes; that is asked for again when the call is stopped by a limit, to
    /// find out where. What the function reports through `unknown` is handed to `unknown`.
    pub fn call(
        &mut self,
        function: &str,
        arguments: impl Fn() -> FnArgsVec<Dynamic>,
        mut unknown: impl FnMut(String),
    ) -> Result<Dynamic, CallError> {
        meter::begin(None);
        let others = log::resume(self.lines);
        let Caller { library, global, caches, scope, .. } = self;
        let engine = &library.engines.running;
        let run = || run(engine, global, caches, scope, function, arguments());
        let result = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
            // No function is known to panic; if one does, it takes its field with it and nothing else.
            self.global = library.global(engine);
            self.caches = Caches::new();
            self.scope.clear();
            Err("a function of the host broke off".into())
        });
        self.lines = log::resume(others);
        host::take_unknown(&mut unknown);
        result.map_err(|error| self.library.explain(function, &arguments, &error))
    }
}

fn run(
    engine: &Engine,
    global: &mut GlobalRuntimeState,
    caches: &mut Caches,
    scope: &mut Scope<'static>,
    function: &str,
    mut arguments: FnArgsVec<Dynamic>,
) -> Result<Dynamic, Box<EvalAltResult>> {
    let mut arguments: FnArgsVec<&mut Dynamic> = arguments.iter_mut().collect();
    let result =
        EvalContext::new(engine, global, caches, scope, None).call_fn_raw(function, false, false, &mut arguments);
    scope.rewind(0);
    result.and_then(|value| meter::end().map(|()| value))
}

impl Library {
    fn explain(&self, function: &str, arguments: &impl Fn() -> FnArgsVec<Dynamic>, error: &EvalAltResult) -> CallError {
        let limits = &self.engines.limits;
        let thrown = CallError::thrown(error, function, &self.functions, limits);
        if thrown.position().is_some() {
            return thrown;
        }
        let trail = self.watch(function, arguments());
        CallError::new(thrown.message, &trail, function, &self.functions)
    }

    /// Runs a call again that failed at a place that Rhai does not tell, and gives where it was by then.
    fn watch(&self, function: &str, arguments: FnArgsVec<Dynamic>) -> trail::Trail {
        let engine = self.engines.watching();
        meter::begin(Some(meter::operations()));
        trail::take();
        let others = log::resume(log::MUTED);
        let again = run(engine, &mut self.global(engine), &mut Caches::new(), &mut Scope::new(), function, arguments);
        log::resume(others);
        host::take_unknown(&mut |_| {});
        drop(again);
        trail::take()
    }
}
