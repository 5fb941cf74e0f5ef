//! The Rhai engine and its limits.

use std::sync::{Arc, OnceLock};

use rhai::packages::{Package, StandardPackage};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, OptimizationLevel};

use super::limits::Limits;
use super::{arrays, host, log, meter, trail};
use crate::table::Tables;

/// Expressions nested deeper than this are refused, at the top level and in functions.
const DEEPEST_EXPRESSION: (usize, usize) = (64, 32);
/// Variables of one function.
const MOST_VARIABLES: usize = 1000;

/// The engine that runs functions, and the one that runs a call again to see where it got stuck.
#[derive(Debug)]
pub(super) struct Engines {
    pub running: Engine,
    watching: OnceLock<Engine>,
    pub limits: Limits,
    pub tables: Tables,
}

impl Engines {
    pub fn new(tables: &Tables, limits: &Limits) -> Arc<Engines> {
        Arc::new(Engines {
            running: engine(tables, limits.clone()),
            watching: OnceLock::new(),
            limits: limits.clone(),
            tables: tables.clone(),
        })
    }

    /// The same with an engine that was changed.
    pub fn marking(&self, change: impl FnOnce(&mut Engine, &Tables)) -> Arc<Engines> {
        let mut running = engine(&self.tables, self.limits.clone());
        change(&mut running, &self.tables);
        let (limits, tables) = (self.limits.clone(), self.tables.clone());
        Arc::new(Engines { running, watching: OnceLock::new(), limits, tables })
    }

    /// Made when it is needed for the first time.
    pub fn watching(&self) -> &Engine {
        self.watching.get_or_init(|| {
            // Looking on takes time; the run ends by the operations of the first one.
            let mut engine = engine(&self.tables, Limits { time: self.limits.time * 2, ..self.limits.clone() });
            trail::watch(&mut engine);
            engine
        })
    }
}

fn engine(tables: &Tables, limits: Limits) -> Engine {
    let mut engine = Engine::new_raw();
    StandardPackage::new().register_into_engine(&mut engine);
    // Without this, branches that can never run vanish before their calls are checked.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_strict_variables(true);
    engine.set_max_expr_depths(DEEPEST_EXPRESSION.0, DEEPEST_EXPRESSION.1);
    engine.set_max_variables(MOST_VARIABLES);
    engine.set_max_call_levels(limits.call_depth);
    engine.set_max_string_size(limits.string);
    engine.set_max_array_size(limits.array);
    engine.set_max_map_size(limits.map);
    engine.disable_symbol("eval");
    engine.on_print(|text| log::write(None, None, text));
    engine.on_debug(|text, source, position| log::write(source, position.line(), text));
    close_gaps(&mut engine, limits.string);
    arrays::register(&mut engine);
    host::register(&mut engine, tables);
    meter_with(&mut engine, limits);
    engine
}

/// The engine counts operations by itself, but natives that call closures begin to count anew with each.
#[expect(deprecated, reason = "not deprecated, says Rhai: it may change")]
fn meter_with(engine: &mut Engine, limits: Limits) {
    engine.set_max_operations(0);
    let limits = Arc::new(limits);
    let others = Arc::clone(&limits);
    engine.on_progress(move |_| meter::count(&limits));
    engine.on_var(move |_, _, context| meter::look_at_variables(&context, &others).map(|()| None));
}

type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// Functions of Rhai that a script is not given; a call of one does not load. They are shadowed all the same, since
/// `Fn("sleep")` reaches them.
pub(super) const TAKEN_AWAY: &[&str] = &["sleep", "exit", "back_trace", "get_fn_metadata_list"];

/// Limits do not run inside native functions: `replace` could build gigabytes in one call and `sleep` would hold
/// the thread.
fn close_gaps(engine: &mut Engine, longest: usize) {
    let never = |name: &'static str| move || -> Fallible<()> { Err(format!("a script has no `{name}`").into()) };
    for name in TAKEN_AWAY {
        let refuse = never(name);
        engine.register_fn(*name, refuse);
        engine.register_fn(*name, move |_: Dynamic| refuse());
        engine.register_fn(*name, move |_: i64| refuse());
        engine.register_fn(*name, move |_: f64| refuse());
        engine.register_fn(*name, move |_: ImmutableString| refuse());
        engine.register_fn(*name, move |_: ImmutableString, _: i64| refuse());
    }
    let replace = move |text: &mut ImmutableString, find: &str, with: &str| -> Fallible<()> {
        let hits = if find.is_empty() { text.chars().count() + 1 } else { text.matches(find).count() };
        if text.len().saturating_add(hits.saturating_mul(with.len())) > longest {
            return Err(EvalAltResult::ErrorDataTooLarge("Length of string".into(), rhai::Position::NONE).into());
        }
        *text = text.replace(find, with).into();
        Ok(())
    };
    engine.register_fn("replace", move |text: &mut ImmutableString, find: ImmutableString, with: ImmutableString| {
        replace(text, &find, &with)
    });
    engine.register_fn("replace", move |text: &mut ImmutableString, find: ImmutableString, with: char| {
        replace(text, &find, with.encode_utf8(&mut [0; 4]))
    });
    engine.register_fn("replace", move |text: &mut ImmutableString, find: char, with: ImmutableString| {
        replace(text, find.encode_utf8(&mut [0; 4]), &with)
    });
    engine.register_fn("replace", move |text: &mut ImmutableString, find: char, with: char| {
        replace(text, find.encode_utf8(&mut [0; 4]), with.encode_utf8(&mut [0; 4]))
    });
}
