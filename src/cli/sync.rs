//! `crosswalk sync`.

use std::time::Duration;

use clap::Args;

use super::context::Context;
use super::error::{CliError, Exit};
use super::progress::Progress;
use super::summary::Summary;
use super::{model_parser, terminal::Terminal};
use crate::connector::{Connection, Home, SandboxSettings};
use crate::engine;
use crate::model::{JOBS, Model};
use crate::sandbox;
use crate::source::Credentials;
use crate::sync::{State, SyncOptions, SyncReport};

const NOTES: &str = "\
A sync that was broken off goes on where it ended. A connection with `sandbox`
settings starts its own local source.

Examples:
  crosswalk sync sandbox                          everything
  crosswalk sync sandbox --model jobs             one model
  crosswalk sync acme --full                      from the first page, whatever was broken off
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
    /// Begin at the first page even where a sync was broken off
    #[arg(long)]
    full: bool,
    /// Print the report as one JSON object
    #[arg(long)]
    json: bool,
}

impl Sync {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let engine = context.engine().await?;
        let connection = engine.connection(&self.connection)?;
        let (connection, credentials, sandbox) = with_source(engine.home(), connection).await?;
        let options = SyncOptions { models: self.models.clone(), full: self.full };
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

/// The connection with the credentials for its source: the sandbox that it asks for, which is then running, or the
/// remote system.
pub(super) async fn with_source(
    home: &Home,
    connection: Connection,
) -> Result<(Connection, Credentials, Option<sandbox::Sandbox>), CliError> {
    let Some(settings) = connection.sandbox else {
        let credentials = engine::credentials(home, &connection)?;
        return Ok((connection, credentials, None));
    };
    let sandbox = sandbox::Sandbox::start(options(settings))
        .await
        .map_err(|error| CliError::usage(format!("the sandbox cannot be started: {error}")))?;
    let connection = connection.with_sandbox(sandbox.base_url());
    let sandbox::Options { client_id, client_secret, .. } = sandbox.options().clone();
    Ok((connection, Credentials::of_client(client_id, client_secret), Some(sandbox)))
}

fn options(settings: SandboxSettings) -> sandbox::Options {
    let usual = sandbox::Options::default();
    sandbox::Options {
        seed: settings.seed.unwrap_or(usual.seed),
        candidates: settings.candidates.unwrap_or(usual.candidates),
        latency: settings.latency_ms.map_or(usual.latency, Duration::from_millis),
        ..usual
    }
}

fn exit(report: &SyncReport) -> Exit {
    let is_incomplete = report.models.iter().any(|model| matches!(model.state, State::Incomplete(_)));
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
