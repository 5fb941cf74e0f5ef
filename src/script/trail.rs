//! Where a call got stuck. When a limit stops a call, Rhai says neither the place nor who called whom, and looking on
//! all the time would be slow. Functions are pure, so the call is simply run once more, with somebody looking on.

use std::cell::RefCell;

use rhai::debugger::{DebuggerCommand, DebuggerEvent};
use rhai::{Engine, EvalContext, ImmutableString, Position};

/// A function that was called and has not returned.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub function: ImmutableString,
    /// The path of the file that defines it.
    pub source: Option<ImmutableString>,
    /// Where it was called, in the file of its caller.
    pub called_at: Position,
}

/// The calls under way, outermost first, and where the innermost stands.
#[derive(Debug, Default)]
pub(super) struct Trail {
    pub calls: Vec<Call>,
    pub position: Position,
}

thread_local! {
    static TRAIL: RefCell<Trail> = RefCell::default();
}

/// Lets an engine leave a trail.
#[expect(deprecated, reason = "not deprecated, says Rhai: it may change")]
pub(super) fn watch(engine: &mut Engine) {
    engine.register_debugger(
        |_, debugger| debugger,
        |context, event, _, _, position| {
            if matches!(event, DebuggerEvent::Start | DebuggerEvent::Step) {
                step(&context, position);
            }
            Ok(DebuggerCommand::StepInto)
        },
    );
}

fn step(context: &EvalContext<'_, '_, '_, '_, '_, '_>, position: Position) {
    TRAIL.with_borrow_mut(|trail| {
        let calls = context.global_runtime_state().debugger().call_stack();
        trail.calls.truncate(calls.len());
        for call in &calls[trail.calls.len()..] {
            trail.calls.push(Call { function: call.fn_name.clone(), source: call.source.clone(), called_at: call.pos });
        }
        if !position.is_none() {
            trail.position = position;
        }
    });
}

/// Begins a new trail and gives what was left of the one before.
pub(super) fn take() -> Trail {
    TRAIL.take()
}
