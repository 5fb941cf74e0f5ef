//! `crosswalk status`.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

use clap::Args;
use console::Term;
use jiff::{SignedDuration, Timestamp};

use super::context::Context;
use super::error::{CliError, Exit};
use super::table::{Column, Table};
use super::terminal::Terminal;
use crate::api::{Client, ClientError};
use crate::engine::{ConnectionStatus, Engine, Status as Told};
use crate::store::Standing;

/// How often `--watch` looks.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

const NOTES: &str = "\
A connection is active, invalid (the source has refused its credentials for days) or
inactive (paused, switched off, or without a file). `lag` is how old what is stored is.
Where no engine runs, the store says how the last one left things.

Examples:
  crosswalk status --watch                what changes, as it changes
  crosswalk status --json | jq '.connections[] | select(.failures > 0) | .name'

Exit codes:
    0  all connections run with their present files
    1  a connection is invalid, held, or has broken files; or no engine runs
    2  no engine runs, and there is no store to ask";

/// Show how each connection stands: its syncs, how old what is stored is, and what is wrong
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Status {
    /// Print it as one JSON object
    #[arg(long)]
    json: bool,
    /// Print the figures of the engine, as text for Prometheus
    #[arg(long, conflicts_with_all = ["json", "watch"])]
    metrics: bool,
    /// Go on until Ctrl-C: in place on a terminal, and elsewhere a line, or a JSON object, for each change
    #[arg(long)]
    watch: bool,
}

impl Status {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        context.home()?;
        if self.metrics {
            let client = Client::of_store(&context.store_path()).await.map_err(|error| no_engine(context, error))?;
            context.terminal.print(&client.metrics().await?)?;
            return Ok(Exit::Done);
        }
        if self.watch {
            return tokio::select! {
                ended = self.watch(context) => ended,
                Ok(()) = tokio::signal::ctrl_c() => Ok(Exit::Done),
            };
        }
        let status = ask(context).await?;
        let text = if self.json { json(&status) } else { text(context, &status, Timestamp::now()) };
        context.terminal.print(&text)?;
        Ok(if is_well(&status) { Exit::Done } else { Exit::WithFailures })
    }

    async fn watch(&self, context: &Context) -> Result<Exit, CliError> {
        let mut shown = Shown::default();
        loop {
            let status = ask(context).await?;
            if self.json {
                for connection in shown.changed(&status) {
                    let line = serde_json::to_string(connection).expect("texts and numbers are JSON");
                    context.terminal.print(&format!("{line}\n"))?;
                }
            } else if std::io::stdout().is_terminal() {
                shown.again(&text(context, &status, Timestamp::now()), &context.terminal)?;
            } else {
                for connection in shown.changed(&status) {
                    context.terminal.print(&line(connection, Timestamp::now()))?;
                }
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// What the engine says, or the store where none runs.
async fn ask(context: &Context) -> Result<Told, CliError> {
    match Client::of_store(&context.store_path()).await {
        Ok(client) => Ok(client.status().await?),
        Err(error @ ClientError::NotRunning(_)) if !context.store_path().is_file() => Err(no_engine(context, error)),
        Err(ClientError::NotRunning(_)) => {
            let engine: Engine = context.reading_engine().await?;
            Ok(engine.stored_status().await?)
        }
        Err(error) => Err(error.into()),
    }
}

fn no_engine(context: &Context, error: ClientError) -> CliError {
    match error {
        ClientError::NotRunning(_) => CliError::usage(format!("{error}; start one with `{}`", context.spell("run"))),
        error => error.into(),
    }
}

fn is_well(status: &Told) -> bool {
    let is_wrong = |connection: &ConnectionStatus| {
        connection.broken.is_some() || connection.held.is_some() || connection.state == Some(Standing::Invalid)
    };
    status.running && !status.connections.iter().any(is_wrong)
}

/// What `--watch` has shown.
#[derive(Default)]
struct Shown {
    lines: usize,
    connections: BTreeMap<String, String>,
}

impl Shown {
    /// Shows a text in the place of the one before.
    fn again(&mut self, text: &str, terminal: &Terminal) -> Result<(), CliError> {
        Term::stdout().clear_last_lines(self.lines)?;
        terminal.print(text)?;
        self.lines = text.lines().count();
        Ok(())
    }

    /// The connections of which something is other than before, except figures that always move.
    fn changed<'s>(&mut self, status: &'s Told) -> Vec<&'s ConnectionStatus> {
        let is_other = |connection: &&ConnectionStatus| {
            let now = still(connection);
            self.connections.insert(connection.name.clone(), now.clone()) != Some(now)
        };
        status.connections.iter().filter(is_other).collect()
    }
}

/// What is the same as long as nothing changes.
fn still(connection: &ConnectionStatus) -> String {
    let ConnectionStatus { state, revision, failures, error, broken, held, sync, .. } = connection;
    let reads = sync.now.as_ref().map(|now| &now.model);
    format!("{:?}", (state, revision, failures, error, broken, held, reads, sync.queued, &sync.last, sync.next_at))
}

fn json(status: &Told) -> String {
    format!("{}\n", serde_json::to_string(status).expect("texts and numbers are JSON"))
}

/// A connection in a line of a log.
fn line(connection: &ConnectionStatus, now: Timestamp) -> String {
    let last = connection.sync.tried_at.map_or_else(|| "never".to_owned(), |at| ago(now, at));
    let next = connection.sync.next_at.map_or_else(String::new, |next| format!("; next {}", until(now, next)));
    let error = connection.error.as_ref().map_or_else(String::new, |error| {
        format!("; failed {} times in a row: {}", connection.failures, one_line(error))
    });
    format!(
        "{now:.0} {}: {}, {}; last sync {last}{next}{error}\n",
        connection.name,
        state(connection),
        doing(connection)
    )
}

fn text(context: &Context, status: &Told, now: Timestamp) -> String {
    let mut table = Table::new(vec![
        Column::whole("connection"),
        Column::whole("state"),
        Column::whole("last sync"),
        Column::whole("next"),
        Column::whole("lag"),
        Column::number("failures"),
        Column::whole("revision"),
        Column::wrapped("now"),
    ]);
    for connection in &status.connections {
        let sync = &connection.sync;
        let failed = if connection.error.is_some() { ", failed" } else { "" };
        table.row([
            connection.name.clone(),
            state(connection).to_owned(),
            sync.tried_at.map_or_else(|| "never".to_owned(), |at| format!("{}{failed}", ago(now, at))),
            sync.next_at.map_or_else(String::new, |next| until(now, next)),
            connection.read_at.map_or_else(String::new, |at| length(now.duration_since(at))),
            connection.failures.to_string(),
            connection.revision.clone().unwrap_or_else(|| "none".to_owned()),
            if status.running { doing(connection) } else { "no engine runs".to_owned() },
        ]);
    }
    let terminal = &context.terminal;
    let mut text = table.render(terminal.width, terminal.stdout);
    for connection in &status.connections {
        text.push_str(&remarks(connection));
    }
    let mut shown: Vec<&str> = Vec::new();
    for report in status.connections.iter().filter_map(|connection| connection.broken.as_deref()) {
        if !shown.contains(&report) {
            text.push_str(&format!("\n{}\n{report}\n", terminal.stdout.red("files that cannot be run with")));
            shown.push(report);
        }
    }
    if status.running {
        text.push_str(&format!("\nchanges of files are noticed {}\n", status.watching));
    } else {
        let run = context.spell("run");
        text.push_str(&format!("\nno engine runs; this is what the store says. Start one with `{run}`\n"));
    }
    text
}

/// What is to be said of a connection below the table.
fn remarks(connection: &ConnectionStatus) -> String {
    let name = &connection.name;
    let mut text = String::new();
    if let Some(reason) = &connection.reason {
        text.push_str(&format!("\n{name}: {}: {reason}\n", state(connection)));
    }
    if let Some(held) = &connection.held {
        text.push_str(&format!("\n{name}: somebody has to look before deletions are believed: {held}\n"));
    }
    if let Some(error) = &connection.error {
        text.push_str(&format!("\n{name}: the last sync did not come to its end: {error}\n"));
    }
    for remap in connection.remap.iter().filter(|remap| remap.waiting > 0) {
        let (model, waiting) = (&remap.model, remap.waiting);
        text.push_str(&format!(
            "\n{name}: {waiting} {model} lack what the mapping reads now; the next sync brings it\n"
        ));
    }
    text
}

fn state(connection: &ConnectionStatus) -> &'static str {
    connection.state.map_or("new", Standing::as_str)
}

fn doing(connection: &ConnectionStatus) -> String {
    let mut doing = Vec::new();
    if connection.broken.is_some() {
        doing.push("present files broken".to_owned());
    }
    if connection.held.is_some() {
        doing.push("held".to_owned());
    }
    if connection.sync.queued {
        doing.push("waits for its turn".to_owned());
    }
    if let Some(now) = &connection.sync.now {
        let model = now.model.as_deref().unwrap_or("labels");
        let total = now.total.map_or_else(String::new, |total| format!(" of {total}"));
        doing.push(format!("reads {model}, {}{total}", now.fetched));
    }
    for remap in connection.remap.iter().filter(|remap| remap.left > 0) {
        doing.push(format!("maps {} again, {} left", remap.model, remap.left));
    }
    if doing.is_empty() { "idle".to_owned() } else { doing.join("; ") }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn ago(now: Timestamp, then: Timestamp) -> String {
    format!("{} ago", length(now.duration_since(then)))
}

fn until(now: Timestamp, next: Timestamp) -> String {
    if next < now { "due".to_owned() } else { format!("in {}", length(next.duration_since(now))) }
}

fn length(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h", seconds / 3600),
        _ => format!("{} d", seconds / 86_400),
    }
}
