//! `crosswalk history`.

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::context::Context;
use super::error::{CliError, Exit};
use super::model_parser;
use super::table::{Column, Table};
use crate::model::Model;
use crate::store::RunSummary;

const NOTES: &str = "\
A run is one reading of one model. It is the store that remembers them, so no engine has
to run.

Examples:
  crosswalk history                            the last runs of all connections
  crosswalk history acme --model jobs          those of one model
  crosswalk history acme --json --limit 1000 | jq 'select(.state == \"failed\")'";

/// List the runs of syncs, the last one first
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct History {
    /// Only those of this connection
    connection: Option<String>,
    /// Only those of this model
    #[arg(long, value_name = "MODEL", value_parser = model_parser())]
    model: Option<&'static Model>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
    /// Print one JSON object a run
    #[arg(long)]
    json: bool,
}

impl History {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let engine = context.reading_engine().await?;
        if let Some(name) = &self.connection {
            context.expect_connection(&engine, name).await?;
        }
        let runs = engine.store().runs(self.connection.as_deref(), self.model, self.limit).await?;
        let text = if self.json { runs.iter().map(told).collect() } else { table(context, &runs) };
        context.terminal.print(&text)?;
        Ok(Exit::Done)
    }
}

/// How long a run took; none while it is under way.
fn took(run: &RunSummary) -> Option<SignedDuration> {
    run.ended_at.map(|ended_at: Timestamp| ended_at.duration_since(run.started_at))
}

fn told(run: &RunSummary) -> String {
    let counts = run.counts;
    let told = json!({
        "id": run.id,
        "connection": run.connection,
        "model": run.model,
        "kind": run.kind.as_str(),
        "since": run.since.map(|since| since.to_string()),
        "state": run.state.as_str(),
        "started_at": run.started_at.to_string(),
        "ended_at": run.ended_at.map(|at| at.to_string()),
        "seconds": took(run).map(|took| took.as_secs_f64()),
        "revision": run.revision,
        "pages": run.next_page,
        "announced": run.total,
        "fetched": counts.fetched,
        "created": counts.created,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "deleted": counts.deleted,
        "failed": counts.failed,
        "issues": counts.issues,
        "why": run.message,
    });
    format!("{told}\n")
}

fn table(context: &Context, runs: &[RunSummary]) -> String {
    if runs.is_empty() {
        return "nothing was read yet\n".to_owned();
    }
    let mut table = Table::new(vec![
        Column::whole("began"),
        Column::whole("connection"),
        Column::whole("model"),
        Column::whole("kind"),
        Column::whole("state"),
        Column::number("seconds"),
        Column::number("pages"),
        Column::number("fetched"),
        Column::number("created"),
        Column::number("changed"),
        Column::number("deleted"),
        Column::number("failed"),
        Column::wrapped("why it ended"),
    ]);
    for run in runs {
        let counts = run.counts;
        table.row([
            format!("{:.0}", run.started_at),
            run.connection.clone(),
            run.model.clone(),
            run.kind.as_str().to_owned(),
            run.state.as_str().to_owned(),
            took(run).map_or_else(String::new, |took| format!("{:.1}", took.as_secs_f64())),
            run.next_page.to_string(),
            counts.fetched.to_string(),
            counts.created.to_string(),
            counts.changed.to_string(),
            counts.deleted.to_string(),
            counts.failed.to_string(),
            run.message.clone().unwrap_or_default(),
        ]);
    }
    table.render(context.terminal.width, context.terminal.stdout)
}
