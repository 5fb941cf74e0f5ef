//! `crosswalk check`.

use clap::{Args, ValueEnum};

use super::context::Context;
use super::error::{CliError, Exit};
use crate::connector::{Check as Found, Checked};
use crate::diagnostics::Severity;

const EXAMPLES: &str = "\
Examples:
  crosswalk check                          every connection, and connectors that none uses
  crosswalk check acme                     one connection with its overlay
  crosswalk check --strict                 warnings fail too, for a build server
  crosswalk check --format json | jq .     one object a problem, for editors

Exit codes:
    0  nothing is wrong; there may be warnings
    2  something is wrong, or with --strict there are warnings";

/// Say all that is wrong with mappings, tables, scripts and connections
///
/// Everything is compiled as a sync would do it, overlays included, and nothing is sent or written. Warnings tell of
/// what compiles and is not meant: forgotten fields, rules that are never reached, names that nobody uses.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Check {
    /// The connection; all when it is left out
    connection: Option<String>,
    /// How to print what was found: text or json
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    format: Format,
    /// Fail on warnings as well
    #[arg(long)]
    strict: bool,
}

/// How to print problems.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// With excerpts and carets
    Text,
    /// One JSON object a line
    Json,
}

impl Check {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let found = context.home()?.check(self.connection.as_deref());
        let text = match self.format {
            Format::Json => found.report.problems.iter().map(|problem| problem.json() + "\n").collect(),
            Format::Text => text(&found, context.terminal.stdout.on),
        };
        context.terminal.print(&text)?;
        let fails = found.report.has_errors() || (self.strict && found.report.count(Severity::Warning) > 0);
        Ok(if fails { Exit::Configuration } else { Exit::Done })
    }
}

fn text(found: &Found, color: bool) -> String {
    let checked: String = found.checked.iter().filter_map(summary).collect();
    let gap = if checked.is_empty() || found.report.problems.is_empty() { "" } else { "\n" };
    format!("{checked}{gap}{}\n", found.report.render(color))
}

/// What a connection is made of, once nothing is wrong with it.
fn summary(checked: &Checked) -> Option<String> {
    let revision = checked.revision.as_ref()?;
    let models: Vec<&str> = revision.plans().map(|plan| plan.model().name).collect();
    let connector = checked.connector.as_deref().unwrap_or_default();
    let name = match &checked.connection {
        Some(connection) => format!("connection {connection} ({connector})"),
        None => format!("connector {connector} (no connection uses it)"),
    };
    Some(format!("{name}: {}, revision {}\n", models.join(", "), revision.hash))
}
