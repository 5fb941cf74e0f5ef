//! `crosswalk status`.

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::context::Context;
use super::error::{CliError, Exit};
use super::table::{Column, Table};
use crate::api::{Client, ClientError};
use crate::engine::{ConnectionStatus, Status as Told};

const NOTES: &str = "\
Exit codes:
    0  all connections run with their present files
    1  some do not
    2  no engine runs";

/// Show what the running engine does at this moment
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Status {
    /// Print it as one JSON object
    #[arg(long)]
    json: bool,
    /// Print the figures of the engine, as text for Prometheus
    #[arg(long, conflicts_with = "json")]
    metrics: bool,
}

impl Status {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        context.home()?;
        let client = match Client::of_store(&context.store_path()).await {
            Err(error @ ClientError::NotRunning(_)) => {
                return Err(CliError::usage(format!("{error}; start one with `{}`", context.spell("run"))));
            }
            client => client?,
        };
        if self.metrics {
            context.terminal.print(&client.metrics().await?)?;
            return Ok(Exit::Done);
        }
        let status = client.status().await?;
        let text = if self.json {
            format!("{}\n", serde_json::to_string(&status).expect("texts and numbers are JSON"))
        } else {
            text(context, &status, Timestamp::now())
        };
        context.terminal.print(&text)?;
        let is_broken = status.connections.iter().any(|connection| connection.broken.is_some());
        Ok(if is_broken { Exit::WithFailures } else { Exit::Done })
    }
}

fn text(context: &Context, status: &Told, now: Timestamp) -> String {
    let mut table = Table::new(vec![
        Column::whole("connection"),
        Column::whole("revision"),
        Column::whole("since"),
        Column::wrapped("now"),
        Column::whole("last sync"),
        Column::whole("next"),
    ]);
    for connection in &status.connections {
        let sync = &connection.sync;
        table.row([
            connection.name.clone(),
            connection.revision.clone().unwrap_or_else(|| "none".to_owned()),
            connection.since.map_or_else(String::new, |since| ago(now, since)),
            doing(connection),
            sync.last.as_ref().map_or_else(String::new, |last| {
                format!("{}{}", ago(now, last.ended_at), if last.error.is_some() { ", failed" } else { "" })
            }),
            sync.next_at.map_or_else(String::new, |next| format!("in {}", length(next.duration_since(now)))),
        ]);
    }
    let terminal = &context.terminal;
    let mut text = table.render(terminal.width, terminal.stdout);
    for connection in &status.connections {
        if let Some(error) = connection.sync.last.as_ref().and_then(|last| last.error.as_ref()) {
            text.push_str(&format!("\n{}: the last sync did not come to its end: {error}\n", connection.name));
        }
        for remap in connection.remap.iter().filter(|remap| remap.waiting > 0) {
            let (name, model, waiting) = (&connection.name, &remap.model, remap.waiting);
            text.push_str(&format!(
                "\n{name}: {waiting} {model} lack what the mapping reads now; the next sync brings it\n"
            ));
        }
    }
    let mut shown: Vec<&str> = Vec::new();
    for report in status.connections.iter().filter_map(|connection| connection.broken.as_deref()) {
        if !shown.contains(&report) {
            text.push_str(&format!("\n{}\n{report}\n", terminal.stdout.red("files that cannot be run with")));
            shown.push(report);
        }
    }
    text.push_str(&format!("\nchanges of files are noticed {}\n", status.watching));
    text
}

fn doing(connection: &ConnectionStatus) -> String {
    let mut doing = Vec::new();
    if connection.broken.is_some() {
        doing.push("present files broken".to_owned());
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

fn ago(now: Timestamp, then: Timestamp) -> String {
    format!("{} ago", length(now.duration_since(then)))
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
