//! `log`.

use rhai::Dynamic;

use super::super::log;
use super::{Gives, HostFunction, any};

pub(super) const FUNCTION: HostFunction = HostFunction {
    name: "log",
    parameters: &[any("value")],
    gives: Gives::Nothing,
    about: "Writes a value to the log of the engine, with script and line, and gives `()`. It is meant for working on \
        a script: lines are shown at the level `debug` of the target `crosswalk::script` only, since they may hold \
        data of people, and no more than 100 for each model of a sync. `print` does the same.",
    examples: &[(r#"log("no salary")"#, "()")],
    body: |call| {
        let text = call.any(0).to_string();
        log::write(call.context.call_source(), call.context.call_position().line(), &text);
        Ok(Dynamic::UNIT)
    },
};
