//! `crosswalk actions`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::acted::{answer_exit, error_text, json_of, told};
use super::context::Context;
use super::error::{CliError, Exit};
use super::source::with_source;
use super::table::{Column, Table, one_line};
use crate::action::ActionError;
use crate::api::{ActAnswer, Client, ClientError};
use crate::connector::Connection;
use crate::store::{ActionRun, ActionState, ActionStep};

const NOTES: &str = "\
The journal keeps every action for 30 days: what it did, which step began and did not end,
and why it ended early. What was asked for is kept only until nothing is left to be done.

Examples:
  crosswalk actions list acme
  crosswalk actions show 5ZKGLqxfgCaQRRrXyfe5Ka3G
  crosswalk actions resume 5ZKGLqxfgCaQRRrXyfe5Ka3G";

/// List what was done at sources, look at one run, or go on with it
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Actions {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the actions of the journal, the last one first
    List {
        /// Only those of this connection
        connection: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: u32,
        /// Print one JSON object an action
        #[arg(long)]
        json: bool,
    },
    /// Show one action with its steps
    Show {
        /// The id of the run
        run: String,
        /// Print it as one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Go on with an action that did not come to its end
    Resume {
        /// The id of the run
        run: String,
        /// Print the answer as one JSON object
        #[arg(long)]
        json: bool,
    },
}

impl Actions {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        match &self.what {
            What::List { connection, limit, json } => list(context, connection.as_deref(), *limit, *json).await,
            What::Show { run, json } => show(context, run, *json).await,
            What::Resume { run, json } => resume(context, run, *json).await,
        }
    }
}

async fn list(context: &Context, connection: Option<&str>, limit: u32, json: bool) -> Result<Exit, CliError> {
    let engine = context.reading_engine().await?;
    if let Some(name) = connection {
        context.expect_connection(&engine, name).await?;
    }
    let runs = engine.store().action_runs(connection, limit).await?;
    let text = if json { runs.iter().map(|run| format!("{}\n", object(run))).collect() } else { table(context, &runs) };
    context.terminal.print(&text)?;
    Ok(Exit::Done)
}

async fn show(context: &Context, id: &str, json: bool) -> Result<Exit, CliError> {
    let engine = context.reading_engine().await?;
    let run = found(engine.store().action_run(id).await?, id)?;
    let steps = engine.store().action_steps(&run).await?;
    let text = if json {
        let mut value = object(&run);
        value["steps"] = steps.iter().map(step_object).collect();
        format!("{value}\n")
    } else {
        text(context, &run, &steps)
    };
    context.terminal.print(&text)?;
    Ok(Exit::Done)
}

async fn resume(context: &Context, id: &str, json: bool) -> Result<Exit, CliError> {
    context.home()?;
    let answer = match Client::of_store(&context.store_path()).await {
        Ok(client) => client.resume(id).await?,
        Err(ClientError::NotRunning(_)) => {
            let engine = context.filled_engine().await?;
            let run = found(engine.store().action_run(id).await?, id)?;
            let connection = Connection::load(engine.home(), &run.connection)?;
            let (connection, credentials, _sandbox) = with_source(engine.home(), connection).await?;
            ActAnswer::from(engine.resume_action(&connection, credentials, id).await)
        }
        Err(error) => return Err(error.into()),
    };
    let connection = context.reading_engine().await?.store().action_run(id).await?.map(|run| run.connection);
    if json {
        context.terminal.print(&json_of(&answer))?;
    } else {
        told(context, &answer, connection.as_deref().unwrap_or_default(), false)?;
    }
    Ok(answer_exit(&answer))
}

fn found(run: Option<ActionRun>, id: &str) -> Result<ActionRun, CliError> {
    run.ok_or_else(|| {
        CliError::usage(format!(
            "the journal has no action {}; `crosswalk actions list` shows what there is",
            one_line(id)
        ))
    })
}

/// Where an action stands. One that runs in the journal may have been left by a process that died.
fn state(run: &ActionRun) -> &'static str {
    match run.state {
        ActionState::Running => "running, or broken off",
        state => state.as_str(),
    }
}

fn error(run: &ActionRun) -> Option<ActionError> {
    run.error.as_deref().and_then(|error| serde_json::from_str(error).ok())
}

fn object(run: &ActionRun) -> Value {
    json!({
        "run": run.id,
        "connection": run.connection,
        "action": run.action,
        "state": run.state.as_str(),
        "began_at": run.began_at.to_string(),
        "ended_at": run.ended_at.map(|at| at.to_string()),
        "resumed": run.resumed,
        "revision": run.revision,
        "result": run.result.as_ref().map(|(model, id)| json!({ "model": model, "remote_id": id })),
        "warnings": run.warnings,
        "error": error(run),
    })
}

fn step_object(step: &ActionStep) -> Value {
    json!({
        "path": step.path,
        "kind": step.kind,
        "state": step.state.as_str(),
        "attempts": step.attempts,
        "began_at": step.began_at.to_string(),
        "ended_at": step.ended_at.map(|at| at.to_string()),
    })
}

fn table(context: &Context, runs: &[ActionRun]) -> String {
    if runs.is_empty() {
        return "nothing was done yet\n".to_owned();
    }
    let mut table = Table::new(vec![
        Column::whole("began"),
        Column::whole("run"),
        Column::whole("connection"),
        Column::whole("action"),
        Column::whole("state"),
        Column::wrapped("result, or why it ended"),
    ]);
    for run in runs {
        let result = run.result.as_ref().map(|(model, id)| format!("{model} {id}"));
        table.row([
            format!("{:.0}", run.began_at),
            run.id.clone(),
            run.connection.clone(),
            run.action.clone(),
            state(run).to_owned(),
            error(run).map(|error| error.message).or(result).unwrap_or_default(),
        ]);
    }
    table.render(context.terminal.width, context.terminal.stdout)
}

fn text(context: &Context, run: &ActionRun, steps: &[ActionStep]) -> String {
    let paint = context.terminal.stdout;
    let mut text = format!("{} on connection {}: {}\n", paint.bold(&run.action), run.connection, state(run));
    text.push_str(&format!("  began {:.0}, by revision {}", run.began_at, run.revision));
    if run.resumed > 0 {
        text.push_str(&format!(", gone on with {} times", run.resumed));
    }
    text.push('\n');
    if let Some((model, id)) = &run.result {
        text.push_str(&format!("  result: {model} {} at the source\n", one_line(id)));
    }
    for warning in &run.warnings {
        text.push_str(&format!("  {} {}\n", paint.yellow("warning:"), one_line(warning)));
    }
    if !steps.is_empty() {
        let mut table = Table::new(vec![
            Column::whole("step"),
            Column::whole("kind"),
            Column::whole("state"),
            Column::number("sent"),
            Column::whole("began"),
        ]);
        for step in steps {
            let sent = if matches!(step.kind.as_str(), "create" | "update" | "call") {
                step.attempts.to_string()
            } else {
                String::new()
            };
            table.row([
                step.path.clone(),
                step.kind.clone(),
                step.state.as_str().to_owned(),
                sent,
                format!("{:.0}", step.began_at),
            ]);
        }
        text.push('\n');
        text.push_str(&table.render(context.terminal.width, paint));
    }
    if let Some(error) = error(run) {
        text.push_str(&format!("\n{}\n", error_text(context, &error)));
    } else if run.state == ActionState::Running {
        let resume = context.spell(&format!("actions resume {}", run.id));
        text.push_str(&format!("\n`{resume}` goes on with it, unless it is under way\n"));
    }
    text
}
