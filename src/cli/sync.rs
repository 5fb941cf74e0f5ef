//! `crosswalk sync`.

use clap::Args;

use super::context::Context;
use super::error::{CliError, Exit};
use super::progress::Progress;
use super::source::with_source;
use super::summary::Summary;
use super::{model_parser, terminal::Terminal};
use crate::connector::Connection;
use crate::model::{JOBS, Model};
use crate::sync::{State, SyncOptions, SyncReport};

const NOTES: &str = "\
After a first full read, what changed is read; everything again once a day, or as
`options.full_every` of the connection says. A sync that was broken off goes on
where it ended. A connection with `sandbox` settings starts its own local source.

Examples:
  crosswalk sync sandbox                          everything
  crosswalk sync sandbox --model jobs             one model
  crosswalk sync acme --full                      everything, from the first page on
  crosswalk sync acme --accept-deletions          also where many records are gone
  crosswalk sync acme --json | jq .total.failed   a report for programs

Exit codes:
    0  done
    1  done, but records failed to map or a model could not be read to its end
    2  wrong usage, a wrong file or setting, or trouble with the store
    3  the source could not be reached, refused, or gave an answer of no use
  130  interrupted by Ctrl-C";

/// Read a connection into the store
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Sync {
    /// The name of a file in connections/, without .yaml
    connection: String,
    /// Read only this model; may be repeated
    #[arg(long = "model", value_name = "MODEL", value_parser = model_parser())]
    models: Vec<&'static Model>,
    /// Read everything from the first page on, also where what changed would do
    #[arg(long)]
    full: bool,
    /// Mark as deleted what the source has no more, however much that is
    #[arg(long)]
    accept_deletions: bool,
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
}

impl Sync {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let engine = context.engine().await?;
        let connection = engine.connection(&self.connection)?;
        let (connection, credentials, sandbox) = with_source(engine.home(), connection).await?;
        let options =
            SyncOptions { models: self.models.clone(), full: self.full, accept_deletions: self.accept_deletions };
        let mut progress = Progress::new(&context.terminal);
        let reading = engine.sync(&connection, credentials, &options, |event| progress.observe(event));
        let report = tokio::select! {
            report = reading => Some(report?),
            // Without a handler for the signal the process simply ends.
            Ok(()) = tokio::signal::ctrl_c() => None,
        };
        progress.end();
        let Some(report) = report else {
            // Requests are still under way. The sandbox ends with the process: did it end now, they would complain.
            std::mem::forget(sandbox);
            context.terminal.note("interrupted; what was read is kept, and the next sync goes on from there");
            return Ok(Exit::Interrupted);
        };
        let summary = Summary::of(&report);
        let text =
            if self.json { summary.json() } else { summary.text(context.terminal.width, context.terminal.stdout) };
        context.terminal.print(&text)?;
        complain(&report, &context.terminal);
        let exit = exit(&report);
        if !self.json && matches!(exit, Exit::Done | Exit::WithFailures) {
            self.suggest(context, &connection);
        }
        Ok(exit)
    }

    fn suggest(&self, context: &Context, connection: &Connection) {
        let wanted = |model: &Model| self.models.is_empty() || self.models.contains(&model);
        let shown = if wanted(&JOBS) { JOBS.name } else { self.models[0].name };
        let connector = &connection.connector.value;
        let list = context.spell(&format!("list {shown} --limit 3"));
        let coverage = context.spell(&format!("coverage {}", self.connection));
        let terminal = &context.terminal;
        terminal.note(&format!("\n{}", terminal.stderr.bold("What to try next")));
        terminal.note(&format!("  {list}"));
        terminal.note(&format!("  edit a line of mappings/{connector}/{shown}.yaml and sync again"));
        terminal.note(&format!("  {coverage}"));
    }
}

fn exit(report: &SyncReport) -> Exit {
    let is_incomplete = report.models.iter().any(|model| matches!(model.state, State::Incomplete(_) | State::Held(_)));
    match report.source_error() {
        Some(error) => Exit::of(error),
        None if report.failed() > 0 || is_incomplete => Exit::WithFailures,
        None => Exit::Done,
    }
}

/// Says on stderr what the source would not do, each thing once.
fn complain(report: &SyncReport, terminal: &Terminal) {
    let mut said: Vec<String> = Vec::new();
    for model in &report.models {
        let (State::Interrupted(error) | State::Failed(error)) = &model.state else { continue };
        let line = format!("{} {error}", terminal.stderr.red("error:"));
        if !said.contains(&line) {
            terminal.note(&line);
            said.push(line);
        }
    }
}
