//! The log on stderr.

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::error::CliError;
use super::terminal::{LogWriter, Terminal};

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line, for whatever gathers logs
    Json,
}

/// Begins to log. `filter` is a level, which is then that of this program only, or a filter in full.
pub(super) fn start(filter: &str, format: LogFormat, terminal: &Terminal) -> Result<(), CliError> {
    let directives = match filter.parse::<tracing::Level>() {
        Ok(level) => format!("warn,crosswalk={level}"),
        Err(_) => filter.to_owned(),
    };
    let filter = EnvFilter::try_new(directives).map_err(|error| {
        CliError::usage(format!(
            "`{filter}` is no log level ({error}); write error, warn, info, debug or trace, or a filter such as \
             crosswalk::source=debug"
        ))
    })?;
    let writer = LogWriter(terminal.bars.clone());
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || writer.clone());
    // A program that runs several commands in one process has begun already.
    let _ = match format {
        LogFormat::Text => log.with_ansi(terminal.stderr.on).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(true).try_init(),
    };
    Ok(())
}
