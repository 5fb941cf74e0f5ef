//! The log on stderr.

use tracing_subscriber::EnvFilter;

use super::error::CliError;
use super::terminal::{LogWriter, Terminal};

/// Begins to log. `filter` is a level, which is then that of this program only, or a filter in full.
pub(super) fn start(filter: &str, terminal: &Terminal) -> Result<(), CliError> {
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
    // A program that runs several commands in one process has begun already.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(terminal.stderr.on)
        .with_writer(move || writer.clone())
        .try_init();
    Ok(())
}
