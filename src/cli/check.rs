//! `crosswalk check`.

use clap::{Args, ValueEnum};

use super::context::Context;
use super::error::{CliError, Exit};
use super::{access, source::with_source};
use crate::connector::{Check as Found, Checked, Connection};
use crate::diagnostics::Severity;
use crate::engine::AccessReport;

const EXAMPLES: &str = "\
Examples:
  crosswalk check                          every connection, and connectors that none uses
  crosswalk check acme                     one connection with its overlay
  crosswalk check --strict                 warnings fail too, for a build server
  crosswalk check --format json | jq .     one object a problem, for editors
  crosswalk check acme --online            ask the source as well what the credentials open

Exit codes:
    0  nothing is wrong; there may be warnings
    2  something is wrong, or with --strict there are warnings, or the source refuses
    3  the source could not be reached";

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
    /// When nothing is wrong, ask the source for a token and for one row of each model
    #[arg(long, requires = "connection")]
    online: bool,
    /// With --online: print what the source said as one JSON object
    #[arg(long, requires = "online", conflicts_with = "format")]
    json: bool,
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
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let found = context.home()?.check(self.connection.as_deref());
        let text = match self.format {
            Format::Json => found.report.problems.iter().map(|problem| problem.json() + "\n").collect(),
            Format::Text => text(&found, context.terminal.stdout.on),
        };
        let fails = found.report.has_errors() || (self.strict && found.report.count(Severity::Warning) > 0);
        if !self.json || fails {
            context.terminal.print(&text)?;
        }
        match &self.connection {
            _ if fails => Ok(Exit::Configuration),
            Some(connection) if self.online => self.ask(context, connection).await,
            _ => Ok(Exit::Done),
        }
    }

    async fn ask(&self, context: &Context, name: &str) -> Result<Exit, CliError> {
        let home = context.home()?;
        let connection = Connection::load(&home, name)?;
        let (connection, credentials, _sandbox) = with_source(&home, connection).await?;
        let report = AccessReport::read(&home, &connection, credentials).await?;
        let text = match self.format {
            _ if self.json => access::json(&report),
            Format::Json => access::json(&report),
            Format::Text => format!("\n{}", access::text(&report, context.terminal.stdout)),
        };
        context.terminal.print(&text)?;
        Ok(access::exit(&report))
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
