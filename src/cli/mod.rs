//! The command line: one file a command.

mod access;
mod act;
mod acted;
mod actions;
mod ask;
mod check;
mod connect;
mod context;
mod coverage;
mod diff;
mod error;
mod explain;
mod get;
mod history;
mod keys;
mod list;
mod log;
mod new;
mod plan;
mod private;
mod progress;
mod reach;
mod record;
mod reload;
mod revisions;
mod rollback;
mod run;
mod sandbox;
mod schema;
mod serve;
mod show;
mod source;
mod status;
mod summary;
mod sync;
mod table;
mod terminal;
mod test;
mod vault;
mod webhooks;
mod work;

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use self::context::Context;
use self::error::{CliError, Exit};
use self::log::LogFormat;
pub use self::private::keep_memory_private;
use self::terminal::{Color, Terminal};
use crate::model::{MODELS, Model};

const EXIT_CODES: &str = "\
Exit codes:
    0  done
    1  done, but records failed to map or a model could not be read to its end
    2  wrong usage, a wrong file or setting, or trouble with the store
    3  the source could not be reached, refused, or gave an answer of no use
  130  interrupted by Ctrl-C";

const EXAMPLES: &str = "\
Examples:
  crosswalk sync sandbox                read the local sandbox into the store
  crosswalk list jobs --limit 3         look at what was read
  crosswalk connect acme                connect a tenant of your own
  crosswalk check                       see what is wrong with mappings
  crosswalk coverage sandbox            see where every field comes from
  crosswalk plan sandbox                see what an edited mapping would do to what is stored
  crosswalk run                         sync by the clock; mappings may change meanwhile
  crosswalk explain jobs 1101           see why a record has its values
  crosswalk sync acme --log debug       watch every request";

/// Reads an applicant tracking system into unified records, by mappings that are plain files
#[derive(Debug, Parser)]
#[command(
    name = "crosswalk",
    version,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"),
)]
struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What all commands have in common.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
struct Common {
    /// The folder with mappings/, scripts/ and connections/
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "CROSSWALK_HOME",
        hide_env_values = true,
        default_value = "."
    )]
    home: PathBuf,
    /// The file that holds what was read [default: crosswalk.db in DIR]
    #[arg(long, global = true, value_name = "FILE", env = "CROSSWALK_STORE", hide_env_values = true)]
    store: Option<PathBuf>,
    /// The file with encrypted credentials [default: crosswalk.vault in DIR]
    #[arg(long, global = true, value_name = "FILE", env = "CROSSWALK_VAULT", hide_env_values = true)]
    vault: Option<PathBuf>,
    /// What to log: error, warn, info, debug, trace, or a filter [default: warn, and info for `run` and `serve`]
    #[arg(long, global = true, value_name = "LEVEL", env = "CROSSWALK_LOG", hide_env_values = true)]
    log: Option<String>,
    /// How to write the log: text, or json for one object a line
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        env = "CROSSWALK_LOG_FORMAT",
        hide_env_values = true,
        default_value = "text",
        hide_possible_values = true
    )]
    log_format: LogFormat,
    /// When to use colours: auto (not with NO_COLOR), always, never
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    color: Color,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    Serve(serve::Serve),
    Keys(keys::Keys),
    Status(status::Status),
    History(history::History),
    Reload(reload::Reload),
    Plan(plan::Plan),
    Revisions(revisions::Revisions),
    Rollback(rollback::Rollback),
    Sync(sync::Sync),
    List(list::List),
    Get(get::Get),
    Check(check::Check),
    Connect(connect::Connect),
    Vault(vault::Vault),
    Webhooks(webhooks::Webhooks),
    Explain(explain::Explain),
    Coverage(coverage::Coverage),
    New(new::New),
    Schema(schema::Schema),
    Test(test::Test),
    Record(record::Record),
    Act(act::Act),
    Actions(actions::Actions),
    Sandbox(sandbox::Sandbox),
}

/// Runs the command that the arguments name, and says how it ended. The first argument is the name of the program.
pub async fn run(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
    let Cli { common, command } = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout and trouble to stderr; a closed one ends the matter quietly.
            let _ = error.print();
            return if error.use_stderr() { Exit::Configuration } else { Exit::Done }.into();
        }
    };
    let terminal = Terminal::new(common.color, common.log_format);
    #[cfg(debug_assertions)]
    die_where_tests_want();
    let usual = if matches!(command, Command::Run(_) | Command::Serve(_)) { "info" } else { "warn" };
    let filter = common.log.as_deref().unwrap_or(usual);
    let result = match log::start(filter, common.log_format, &terminal) {
        Ok(()) => {
            let Common { home, store, vault, .. } = common;
            command.run(&Context { home, store, vault, terminal: terminal.clone() }).await
        }
        Err(error) => Err(error),
    };
    let exit = result.unwrap_or_else(|error| {
        if let Some(text) = error.render(terminal.stderr) {
            terminal.trouble(&text);
        }
        error.exit()
    });
    exit.into()
}

/// Has the process die in the middle of its work, as the tests of crashes ask by a variable.
#[cfg(debug_assertions)]
fn die_where_tests_want() {
    let boundary = std::env::var("CROSSWALK_CRASH_AT").ok().and_then(|number| number.parse().ok());
    if let Some(boundary) = boundary {
        crate::store::die_at_boundary(boundary);
    }
}

impl Command {
    async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        match self {
            Command::Run(run) => run.run(context).await,
            Command::Serve(serve) => serve.run(context).await,
            Command::Keys(keys) => keys.run(context).await,
            Command::Status(status) => status.run(context).await,
            Command::History(history) => history.run(context).await,
            Command::Reload(reload) => reload.run(context).await,
            Command::Plan(plan) => plan.run(context).await,
            Command::Revisions(revisions) => revisions.run(context).await,
            Command::Rollback(rollback) => rollback.run(context).await,
            Command::Sync(sync) => sync.run(context).await,
            Command::List(list) => list.run(context).await,
            Command::Get(get) => get.run(context).await,
            Command::Check(check) => check.run(context).await,
            Command::Connect(connect) => connect.run(context).await,
            Command::Vault(vault) => vault.run(context),
            Command::Webhooks(webhooks) => webhooks.run(context).await,
            Command::Explain(explain) => explain.run(context).await,
            Command::Coverage(coverage) => coverage.run(context),
            Command::New(new) => new.run(context),
            Command::Schema(schema) => schema.run(context).await,
            Command::Test(test) => test.run(context),
            Command::Record(record) => record.run(context).await,
            Command::Act(act) => act.run(context).await,
            Command::Actions(actions) => actions.run(context).await,
            Command::Sandbox(sandbox) => sandbox.run(context).await,
        }
    }
}

/// Writes an error to stderr, for a program that could not even begin. Nothing happens when that is closed.
pub fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "error: {message}");
}

/// Reads the name of a model.
fn model_parser() -> impl TypedValueParser<Value = &'static Model> {
    PossibleValuesParser::new(MODELS.iter().map(|model| model.name))
        .map(|name| Model::named(&name).expect("only names of models are let through"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_of_the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
