//! What the output goes to: colours, width, and writing that never tears a progress bar.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use console::{Style, Term};
use indicatif::{MultiProgress, ProgressDrawTarget};
use jiff::Timestamp;
use serde_json::json;

use super::log::LogFormat;

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless the environment variable `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    fn on(self, stream: &impl IsTerminal) -> bool {
        let is_wanted = || std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let is_able = || std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        match self {
            Color::Auto => stream.is_terminal() && is_wanted() && is_able(),
            Color::Always => true,
            Color::Never => false,
        }
    }
}

/// The two streams of the process.
#[derive(Debug, Clone)]
pub(super) struct Terminal {
    /// How results are painted.
    pub stdout: Paint,
    /// How messages are painted.
    pub stderr: Paint,
    /// Columns that a line of a result may have; any number when nobody sees it.
    pub width: Option<usize>,
    /// How messages are written.
    pub format: LogFormat,
    /// The progress bars; they draw nothing unless messages go to a terminal.
    pub bars: MultiProgress,
}

impl Terminal {
    pub fn new(color: Color, format: LogFormat) -> Terminal {
        let is_seen = io::stderr().is_terminal();
        let target = if is_seen { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Terminal {
            stdout: Paint { on: color.on(&io::stdout()) },
            stderr: Paint { on: color.on(&io::stderr()) },
            width: width(),
            format,
            bars: MultiProgress::with_draw_target(target),
        }
    }

    /// Whether messages go to a terminal.
    pub fn is_interactive(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Writes to stdout.
    pub fn print(&self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        stdout.flush()
    }

    /// Writes a line to stderr, above the progress bars. There is no one to tell when that fails.
    pub fn note(&self, line: &str) {
        self.write("INFO", line);
    }

    /// The same of what went wrong.
    pub fn trouble(&self, line: &str) {
        self.write("ERROR", line);
    }

    fn write(&self, level: &str, line: &str) {
        let line = match self.format {
            LogFormat::Text => line.to_owned(),
            // As the log writes them, so that all of stderr can be read alike.
            LogFormat::Json => {
                let timestamp = Timestamp::now().to_string();
                json!({ "timestamp": timestamp, "level": level, "message": line.trim(), "target": "crosswalk" })
                    .to_string()
            }
        };
        self.bars.suspend(|| {
            let _ = writeln!(io::stderr(), "{line}");
        });
    }
}

/// `COLUMNS` when it is set, for pipes and tests; else the width of the terminal.
fn width() -> Option<usize> {
    let set = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    let seen = || Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    set.or_else(|| seen().filter(|_| io::stdout().is_terminal()))
}

/// Puts colours on a text, or leaves it alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    /// Whether there are colours.
    pub on: bool,
}

impl Paint {
    pub fn bold(self, text: &str) -> String {
        self.apply(Style::new().bold(), text)
    }

    pub fn red(self, text: &str) -> String {
        self.apply(Style::new().red().bold(), text)
    }

    pub fn yellow(self, text: &str) -> String {
        self.apply(Style::new().yellow(), text)
    }

    pub fn green(self, text: &str) -> String {
        self.apply(Style::new().green(), text)
    }

    pub fn cyan(self, text: &str) -> String {
        self.apply(Style::new().cyan(), text)
    }

    fn apply(self, style: Style, text: &str) -> String {
        style.force_styling(self.on).apply_to(text).to_string()
    }
}

/// Writes log lines above the progress bars.
#[derive(Debug, Clone)]
pub(super) struct LogWriter(pub MultiProgress);

impl Write for LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| io::stderr().write_all(line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
