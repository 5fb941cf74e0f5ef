//! What the call under way has used so far. Rhai asks at every operation whether to go on, and shows its variables
//! whenever one is read; it bounds single values by itself, but not how many there are, how deep they are nested, and
//! what is done in closures that native functions call.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use rhai::{Dynamic, EvalAltResult, EvalContext, FnPtr, Position};

use super::limits::Limits;

/// The limit is looked at once for so many operations. A call that ends before, as most do, never reads the clock.
const LOOK: u64 = 16;
/// Variables are weighed after so many operations, or when so much time has passed: some operations copy megabytes.
const OPERATIONS_A_WEIGHING: u64 = 1024;
const TIME_A_WEIGHING: Duration = Duration::from_millis(2);
/// Values nested deeper than this would use up the stack when they are copied or dropped.
const DEEPEST_VALUE: usize = 64;
/// So many bytes of the stack may a call use; threads have two MiB, and what runs between two looks needs some.
const DEEPEST_STACK: usize = 1 << 20;
/// What a value takes beside its text or its items.
const VALUE: usize = size_of::<Dynamic>();
/// What an entry of a map takes beside its key and its value.
const ENTRY: usize = 48;

/// Why a call was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    Operations,
    Time,
    Memory,
    Nesting,
    Stack,
}

impl Stop {
    fn token(self) -> Dynamic {
        Dynamic::from(self as i64)
    }

    /// What the token of a terminated script stands for.
    pub fn of(token: &Dynamic) -> Stop {
        let stops = [Stop::Operations, Stop::Time, Stop::Memory, Stop::Nesting, Stop::Stack];
        stops.into_iter().find(|stop| token.as_int() == Ok(*stop as i64)).unwrap_or(Stop::Operations)
    }
}

impl From<Stop> for Box<EvalAltResult> {
    fn from(stop: Stop) -> Box<EvalAltResult> {
        EvalAltResult::ErrorTerminated(stop.token(), Position::NONE).into()
    }
}

#[derive(Debug, Default)]
struct Meter {
    operations: Cell<u64>,
    /// When the limits are looked at next.
    look_at: Cell<u64>,
    /// The call is stopped here, whatever the limit says.
    stop_at: Cell<Option<u64>>,
    /// Why it was stopped, and after how many operations.
    stopped: Cell<Option<(Stop, u64)>>,
    started: Cell<Option<Instant>>,
    /// Where the stack stood when the call began.
    stack: Cell<usize>,
    /// When variables are weighed next.
    weigh_at: Cell<u64>,
    weigh_after: Cell<Option<Instant>>,
    weighing_is_due: Cell<bool>,
    /// What the variables of the functions that have not returned weighed, by their level of calls.
    levels: RefCell<Vec<(usize, usize)>>,
}

thread_local! {
    static METER: Meter = Meter::default();
}

/// Begins a call. If it is one that is run again, it ends after as many operations as the first run.
pub(super) fn begin(stop_at: Option<u64>) {
    METER.with(|meter| {
        meter.operations.set(0);
        meter.look_at.set(LOOK);
        meter.stop_at.set(stop_at);
        meter.stopped.set(None);
        meter.started.set(None);
        meter.stack.set(stack());
        meter.weigh_at.set(OPERATIONS_A_WEIGHING);
        meter.weigh_after.set(None);
        meter.weighing_is_due.set(false);
        meter.levels.borrow_mut().clear();
    });
}

/// About where the stack stands.
#[inline(never)]
fn stack() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(std::hint::black_box(&here)).addr()
}

/// The operations that the call did before it ended or was stopped.
pub(super) fn operations() -> u64 {
    METER.with(|meter| meter.stopped.get().map_or_else(|| meter.operations.get(), |(_, operations)| operations))
}

/// Fails if the call was stopped. Some native functions go on when a closure fails.
pub(super) fn end() -> Result<(), Box<EvalAltResult>> {
    METER.with(|meter| meter.stopped.get()).map_or(Ok(()), |(stop, _)| Err(stop.into()))
}

/// Counts an operation; gives the reason when it was one too many.
#[inline]
pub(super) fn count(limits: &Limits) -> Option<Dynamic> {
    METER.with(|meter| {
        let operations = meter.operations.get() + 1;
        meter.operations.set(operations);
        if operations < meter.look_at.get() {
            return None;
        }
        meter.look(operations, limits).map(Stop::token)
    })
}

impl Meter {
    /// Remembers why the call is stopped. From now on no operation is allowed.
    fn stop(&self, stop: Stop) -> Stop {
        if self.stopped.get().is_none() {
            self.stopped.set(Some((stop, self.operations.get())));
        }
        self.look_at.set(0);
        stop
    }

    #[cold]
    fn look(&self, operations: u64, limits: &Limits) -> Option<Stop> {
        self.look_at.set(operations + LOOK);
        let stopped = self.stopped.get().map(|(stop, _)| stop);
        stopped.or_else(|| self.excess(operations, limits)).map(|stop| self.stop(stop))
    }

    fn excess(&self, operations: u64, limits: &Limits) -> Option<Stop> {
        if operations > limits.operations || self.stop_at.get().is_some_and(|stop_at| operations >= stop_at) {
            return Some(Stop::Operations);
        }
        if self.stack.get().abs_diff(stack()) > DEEPEST_STACK {
            return Some(Stop::Stack);
        }
        let now = Instant::now();
        let started = self.started.get().unwrap_or_else(|| {
            self.started.set(Some(now));
            self.weigh_after.set(Some(now + TIME_A_WEIGHING));
            now
        });
        if now - started > limits.time {
            return Some(Stop::Time);
        }
        if operations >= self.weigh_at.get() || self.weigh_after.get().is_some_and(|after| now > after) {
            self.weighing_is_due.set(true);
        }
        None
    }

    /// Weighs the variables of the function that runs, and adds what those of its callers weighed.
    #[cold]
    fn weigh(&self, context: &EvalContext<'_, '_, '_, '_, '_, '_>, limits: &Limits) -> Result<(), Stop> {
        self.weighing_is_due.set(false);
        let began = Instant::now();
        let level = context.call_level();
        let mut levels = self.levels.borrow_mut();
        levels.retain(|(known, _)| *known < level);
        let before: usize = levels.iter().map(|(_, weight)| weight).sum();
        let mut weight = Weight { bytes: before, most: limits.memory };
        context.scope().iter_raw().try_for_each(|(_, _, value)| weight.add(value, 0))?;
        levels.push((level, weight.bytes - before));
        self.weigh_at.set(self.operations.get() + OPERATIONS_A_WEIGHING);
        // Weighing takes a small share of the time.
        self.weigh_after.set(Some(Instant::now() + TIME_A_WEIGHING.max(16 * began.elapsed())));
        Ok(())
    }
}

/// Looks at all variables when it is time to.
#[inline]
pub(super) fn look_at_variables(
    context: &EvalContext<'_, '_, '_, '_, '_, '_>,
    limits: &Limits,
) -> Result<(), Box<EvalAltResult>> {
    METER.with(|meter| {
        if !meter.weighing_is_due.get() {
            return Ok(());
        }
        meter.weigh(context, limits).map_err(|stop| meter.stop(stop).into())
    })
}

struct Weight {
    bytes: usize,
    most: usize,
}

impl Weight {
    fn add(&mut self, value: &Dynamic, depth: usize) -> Result<(), Stop> {
        if depth > DEEPEST_VALUE {
            return Err(Stop::Nesting);
        }
        self.bytes += VALUE;
        if let Ok(text) = value.as_immutable_string_ref() {
            self.bytes += text.len();
        } else if let Ok(array) = value.as_array_ref() {
            array.iter().try_for_each(|item| self.add(item, depth + 1))?;
        } else if let Ok(map) = value.as_map_ref() {
            for (key, item) in map.iter() {
                self.bytes += ENTRY + key.len();
                self.add(item, depth + 1)?;
            }
        } else if let Ok(blob) = value.as_blob_ref() {
            self.bytes += blob.len();
        } else if let Some(closure) = value.read_lock::<FnPtr>() {
            closure.curry().iter().try_for_each(|item| self.add(item, depth + 1))?;
        }
        if self.bytes > self.most { Err(Stop::Memory) } else { Ok(()) }
    }
}
