//! Why a command did not do what it was asked, and the exit code that says so.

use std::io;
use std::process::ExitCode;

use super::terminal::Paint;
use crate::api::{ClientError, ControlError};
use crate::diagnostics::Report;
use crate::engine::EngineError;
use crate::source::{ErrorClass, SourceError};
use crate::store::StoreError;
use crate::vault::VaultError;

/// What a command ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// All was done.
    Done,
    /// All was done, but some records did not map or were not seen.
    WithFailures,
    /// The command, a setting, a file or the store is at fault.
    Configuration,
    /// The source could not be reached, or refused.
    Source,
    /// Something would become other.
    Changes,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl Exit {
    pub fn of(error: &SourceError) -> Exit {
        match error.class() {
            ErrorClass::Setting => Exit::Configuration,
            ErrorClass::Unreachable | ErrorClass::Refused | ErrorClass::Unusable => Exit::Source,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::WithFailures => 1,
            Exit::Configuration => 2,
            Exit::Source => 3,
            Exit::Changes => 10,
            // As a shell says it of a process that ended by SIGINT.
            Exit::Interrupted => 130,
        })
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// What was asked for does not exist or does not fit.
    #[error("{0}")]
    Usage(String),
    /// There is no engine to ask, or it did not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The engine cannot be asked by others.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The vault cannot be used.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The output cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl CliError {
    pub fn usage(message: impl Into<String>) -> CliError {
        CliError::Usage(message.into())
    }

    pub fn exit(&self) -> Exit {
        match self {
            // Whoever reads the output has seen enough.
            CliError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done,
            CliError::Engine(EngineError::Source(error)) => Exit::of(error),
            _ => Exit::Configuration,
        }
    }

    /// What to show; nothing when there is nobody to show it to.
    pub fn render(&self, paint: Paint) -> Option<String> {
        match self {
            CliError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
            CliError::Engine(EngineError::Files(report)) => Some(report.render(paint.on)),
            error => Some(format!("{} {error}", paint.red("error:"))),
        }
    }
}

impl From<Report> for CliError {
    fn from(report: Report) -> CliError {
        CliError::Engine(report.into())
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> CliError {
        CliError::Engine(error.into())
    }
}
