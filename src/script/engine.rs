//! The Rhai engine and its limits.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rhai::packages::{Package, StandardPackage};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, OptimizationLevel};

use super::host;
use crate::table::Tables;

const MOST_OPERATIONS: u64 = 500_000;
const DEEPEST_CALL: usize = 32;
const LONGEST_CALL: Duration = Duration::from_millis(300);
/// Rhai counts an array of strings by the sum of their lengths, so this stays well above one long text.
const LONGEST_STRING: usize = 4 << 20;
const LONGEST_ARRAY: usize = 20_000;
const LARGEST_MAP: usize = 10_000;
/// The clock is read once for so many operations.
const OPERATIONS_A_LOOK: u64 = 1024;

thread_local! {
    static STARTED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Forgets when the last call began; the next look at the clock starts anew. A call that ends within its first
/// thousand operations, as nearly all do, never looks at the clock.
pub(super) fn start_clock() {
    STARTED.set(None);
}

pub(super) fn engine(tables: &Tables) -> Engine {
    let mut engine = Engine::new_raw();
    StandardPackage::new().register_into_engine(&mut engine);
    // Without this, branches that can never run vanish before their calls are checked.
    engine.set_optimization_level(OptimizationLevel::None);
    engine.set_strict_variables(true);
    engine.set_max_operations(MOST_OPERATIONS);
    engine.set_max_call_levels(DEEPEST_CALL);
    engine.set_max_string_size(LONGEST_STRING);
    engine.set_max_array_size(LONGEST_ARRAY);
    engine.set_max_map_size(LARGEST_MAP);
    engine.disable_symbol("eval");
    engine.disable_symbol("import");
    engine.on_print(|text| tracing::debug!(%text, "a script printed"));
    engine.on_debug(|text, _, position| tracing::debug!(%text, %position, "a script printed"));
    engine.on_progress(|operations| {
        if operations % OPERATIONS_A_LOOK != 0 {
            return None;
        }
        let started = STARTED.get().unwrap_or_else(|| {
            let now = Instant::now();
            STARTED.set(Some(now));
            now
        });
        (started.elapsed() > LONGEST_CALL).then_some(Dynamic::UNIT)
    });
    close_gaps(&mut engine);
    host::register(&mut engine, tables);
    engine
}

type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// Limits do not run inside native functions: `replace` could build gigabytes in one call and `sleep` would hold
/// the thread.
fn close_gaps(engine: &mut Engine) {
    engine.register_fn("sleep", |_: i64| -> Fallible<()> { Err("a script cannot sleep".into()) });
    engine.register_fn("sleep", |_: f64| -> Fallible<()> { Err("a script cannot sleep".into()) });
    engine.register_fn("replace", |text: &mut ImmutableString, find: ImmutableString, with: ImmutableString| {
        replace(text, &find, &with)
    });
    engine.register_fn("replace", |text: &mut ImmutableString, find: ImmutableString, with: char| {
        replace(text, &find, with.encode_utf8(&mut [0; 4]))
    });
    engine.register_fn("replace", |text: &mut ImmutableString, find: char, with: ImmutableString| {
        replace(text, find.encode_utf8(&mut [0; 4]), &with)
    });
    engine.register_fn("replace", |text: &mut ImmutableString, find: char, with: char| {
        replace(text, find.encode_utf8(&mut [0; 4]), with.encode_utf8(&mut [0; 4]))
    });
}

fn replace(text: &mut ImmutableString, find: &str, with: &str) -> Fallible<()> {
    let hits = if find.is_empty() { text.chars().count() + 1 } else { text.matches(find).count() };
    if text.len().saturating_add(hits.saturating_mul(with.len())) > LONGEST_STRING {
        return Err("`replace` would make too long a text".into());
    }
    *text = text.replace(find, with).into();
    Ok(())
}
