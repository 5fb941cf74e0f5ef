//! What scripts write to the log. It is shown at the level `debug` only, since it may hold data of people, and it is
//! bounded: a function runs for every record.

use std::cell::Cell;

/// So many lines of a session are written.
const MOST_LINES: u32 = 100;
/// So many bytes of a line.
const LONGEST_LINE: usize = 200;

thread_local! {
    static LINES: Cell<u32> = const { Cell::new(0) };
}

/// Says how many lines the session has written that is now called; gives what the last one had.
pub(super) fn resume(lines: u32) -> u32 {
    LINES.replace(lines)
}

/// While this is the number of lines, nothing is written.
pub(super) const MUTED: u32 = u32::MAX;

/// Writes a line, if not too many were.
pub(super) fn write(script: Option<&str>, line: Option<usize>, text: &str) {
    let lines = LINES.get();
    if lines > MOST_LINES {
        return;
    }
    LINES.set(lines + 1);
    let script = script.unwrap_or("a script");
    if lines == MOST_LINES {
        tracing::debug!(target: "crosswalk::script", script, "more lines are not shown");
        return;
    }
    let text = &text[..text.floor_char_boundary(LONGEST_LINE)];
    tracing::debug!(target: "crosswalk::script", script, line, text);
}
