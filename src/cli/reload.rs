//! `crosswalk reload`.

use clap::Args;

use super::context::Context;
use super::error::{CliError, Exit};
use super::terminal::Terminal;
use crate::api::{Client, ReloadedAnswer};
use crate::engine::ModelChange;

const NOTES: &str = "\
A running engine notices by itself that files changed. This makes it look at once, and
waits until what it found is in use.

Exit codes:
    0  the present files are in use
    2  they cannot be run with, and the last good ones go on; or no engine runs";

/// Make the running engine look at its files now, and say what that led to
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Reload {
    /// Print the answer as one JSON object
    #[arg(long)]
    json: bool,
}

impl Reload {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        context.home()?;
        let answer = Client::of_store(&context.store_path()).await?.reload().await?;
        let terminal = &context.terminal;
        if self.json {
            terminal.print(&format!("{}\n", serde_json::to_string(&answer).expect("texts and numbers are JSON")))?;
        } else {
            terminal.print(&answer.connections.iter().map(said).collect::<String>())?;
            reports(&answer.connections, terminal);
        }
        Ok(if answer.broken { Exit::Configuration } else { Exit::Done })
    }
}

/// Every report once: connections share files.
fn reports(connections: &[ReloadedAnswer], terminal: &Terminal) {
    let mut said: Vec<&str> = Vec::new();
    for report in connections.iter().filter_map(|answer| answer.report.as_deref()) {
        if !said.contains(&report) {
            terminal.note(report);
            said.push(report);
        }
    }
}

fn said(answer: &ReloadedAnswer) -> String {
    let ReloadedAnswer { connection, revision, before, models, .. } = answer;
    let revision = revision.as_deref().unwrap_or_default();
    match answer.outcome.as_str() {
        "swapped" => {
            let before = before.as_deref().unwrap_or_default();
            let models =
                if models.is_empty() { "  maps as before\n".to_owned() } else { models.iter().map(change).collect() };
            format!("{connection}: revision {revision} is in use, in place of {before}\n{models}")
        }
        "unchanged" => format!("{connection}: revision {revision} stays in use; no file changed\n"),
        "started" => format!("{connection}: runs, with revision {revision}\n"),
        "stopped" => format!("{connection}: runs no more; its file is gone\n"),
        _ if revision.is_empty() => format!("{connection}: cannot run; there is no revision before to go on with\n"),
        _ => format!("{connection}: the last good revision {revision} stays in use\n"),
    }
}

fn change(change: &ModelChange) -> String {
    let ModelChange { model, fields, new_paths, other_rows, removed } = change;
    if *removed {
        return format!("  {model}: mapped no more\n");
    }
    let mut text =
        format!("  {model}: {}\n", if fields.is_empty() { "no field".to_owned() } else { fields.join(", ") });
    if !new_paths.is_empty() {
        text.push_str(&format!(
            "    reads {} from the next sync on; until then its records stay what they are\n",
            new_paths.join(", ")
        ));
    }
    if *other_rows {
        text.push_str("    asks for other records from the next sync on\n");
    }
    text
}
