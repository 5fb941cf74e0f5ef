//! `crosswalk rollback`.

use std::io::{BufRead, IsTerminal, stdin};

use clap::Args;

use super::context::Context;
use super::error::{CliError, Exit};
use crate::api::Client;
use crate::engine::Rollback as Steps;

const NOTES: &str = "\
A running engine takes the files over as it does with any edit; records are mapped again from what
is stored. `crosswalk revisions` lists what there is to go back to.

Exit codes:
    0  the files are what they were
    2  nothing was changed: an edit would be lost, or nobody agreed";

/// Put the files of a connection back as they were in an earlier revision
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Rollback {
    /// The connection
    connection: String,
    /// The revision; the beginning of its hash is enough
    revision: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Also over edits that no kept revision has, which are lost then
    #[arg(long)]
    force: bool,
}

impl Rollback {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let engine = context.reading_engine().await?;
        context.expect_connection(&engine, &self.connection).await?;
        let rollback = engine.rollback(&self.connection, &self.revision).await?;
        let terminal = &context.terminal;
        if rollback.steps.is_empty() {
            terminal.print(&format!("the files are those of revision {} already\n", rollback.revision.hash))?;
            return Ok(Exit::Done);
        }
        terminal.print(&text(&self.connection, &rollback))?;
        let lost = rollback.steps.iter().filter(|step| step.loses_edits).count();
        if lost > 0 && !self.force {
            return Err(CliError::usage(format!(
                "{lost} of these files hold edits that no kept revision has; keep a copy of them, and say --force"
            )));
        }
        if !self.yes && !agreed(context)? {
            return Err(CliError::usage("nothing was changed"));
        }
        engine.carry_out(&rollback)?;
        terminal.note("the files are what they were");
        if let Ok(client) = Client::of_store(&context.store_path()).await {
            let answer = client.reload().await?;
            terminal.note(if answer.broken {
                "the running engine cannot run with all of the present files; see `crosswalk status`"
            } else {
                "and the running engine uses them"
            });
        }
        Ok(Exit::Done)
    }
}

fn text(connection: &str, rollback: &Steps) -> String {
    let revision = &rollback.revision;
    let mut text = format!("{connection}: back to revision {}, in use from {:.0}\n", revision.hash, revision.used_at);
    for step in &rollback.steps {
        let what = match (&step.text, step.is_there) {
            (None, _) => "remove ",
            (Some(_), true) => "replace",
            (Some(_), false) => "restore",
        };
        let lost = if step.loses_edits { "   its edits are in no kept revision" } else { "" };
        text.push_str(&format!("  {what}  {}{lost}\n", step.path));
    }
    if !rollback.shared_with.is_empty() {
        text.push_str(&format!("  these connections use the same files: {}\n", rollback.shared_with.join(", ")));
    }
    text
}

fn agreed(context: &Context) -> Result<bool, CliError> {
    if !stdin().is_terminal() {
        return Err(CliError::usage("there is nobody to ask; say --yes"));
    }
    context.terminal.note("Go on? [y/N]");
    let mut answer = String::new();
    stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
