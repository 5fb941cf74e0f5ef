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

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing::Level;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// What is shown at a level of what is written.
    fn shown(level: Level, written: impl FnOnce()) -> Vec<String> {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, written);
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.trim().to_owned()).collect()
    }

    #[test]
    fn a_line_says_script_and_line() {
        let lines = shown(Level::DEBUG, || {
            resume(0);
            write(Some("scripts/jobs.rhai"), Some(12), "no salary");
        });
        assert_eq!(lines, [r#"DEBUG crosswalk::script: script="scripts/jobs.rhai" line=12 text="no salary""#]);
    }

    #[test]
    fn values_are_not_shown_by_default_and_never_flood() {
        let flood = || {
            resume(0);
            (0..1000).for_each(|_| write(Some("a.rhai"), Some(1), &"ada ".repeat(1000)));
        };
        assert_eq!(shown(Level::INFO, flood), Vec::<String>::new());
        let lines = shown(Level::DEBUG, flood);
        assert_eq!(lines.len(), 101);
        assert!(lines[100].contains("more lines are not shown"), "{}", lines[100]);
        assert!(lines.iter().all(|line| line.len() < 300));
        assert_eq!(
            shown(Level::DEBUG, || {
                resume(MUTED);
                write(None, None, "x")
            }),
            Vec::<String>::new()
        );
    }
}
