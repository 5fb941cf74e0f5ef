//! Questions on a terminal, and secrets from stdin. A secret is never shown and never an argument: arguments stand in the
//! list of processes and in the history of the shell.

use std::io::{self, IsTerminal, Read};

use console::Term;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use super::error::CliError;

/// The most that is read from stdin.
const MOST: u64 = 1 << 20;

/// Whether somebody can be asked.
pub(super) fn is_possible() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks for a text; what stands in brackets is taken when nothing is typed.
pub(super) fn text(question: &str, usual: Option<&str>) -> Result<String, CliError> {
    let terminal = Term::stderr();
    let usual_shown = usual.map(|usual| format!(" [{usual}]")).unwrap_or_default();
    terminal.write_str(&format!("{question}{usual_shown}: "))?;
    let line = terminal.read_line()?;
    let answer = line.trim();
    Ok(if answer.is_empty() { usual.unwrap_or_default() } else { answer }.to_owned())
}

/// Asks for a secret, which is not shown while it is typed.
pub(super) fn secret(question: &str) -> Result<SecretString, CliError> {
    let terminal = Term::stderr();
    terminal.write_str(&format!("{question} (not shown): "))?;
    let line = Zeroizing::new(terminal.read_secure_line()?);
    Ok(SecretString::from(line.trim()))
}

/// All that comes by stdin.
pub(super) fn stdin() -> Result<Zeroizing<String>, CliError> {
    let mut text = Zeroizing::new(String::with_capacity(4096));
    let read = io::stdin().lock().take(MOST).read_to_string(&mut text);
    read.map_err(|error| CliError::usage(format!("stdin cannot be read: {error}")))?;
    Ok(text)
}
