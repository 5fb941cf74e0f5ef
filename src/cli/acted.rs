//! What came of an action, for people and programs.

use serde_json::{Value, json};

use super::context::Context;
use super::error::{CliError, Exit};
use super::table::one_line;
use crate::action::{ActionError, Code, DryRun, DryStep, Operation};
use crate::api::{ActAnswer, ActedAnswer};
use crate::model::Action;

/// The answer in one line of JSON.
pub(super) fn json_of(answer: &ActAnswer) -> String {
    let value = match answer {
        ActAnswer::Done(done) => json!(done),
        ActAnswer::DryRun(dry_run) => json!(dry_run),
        ActAnswer::Error(error) => json!({ "error": error }),
    };
    format!("{value}\n")
}

/// What a command ends with that had an action done.
pub(super) fn answer_exit(answer: &ActAnswer) -> Exit {
    let error = match answer {
        ActAnswer::Done(_) => return Exit::Done,
        ActAnswer::DryRun(dry_run) => match &dry_run.error {
            Some(error) => error,
            None => return Exit::Done,
        },
        ActAnswer::Error(error) => error,
    };
    match error.code {
        _ if error.resumable || !error.done.is_empty() => Exit::WithFailures,
        Code::Unclear | Code::TimedOut => Exit::WithFailures,
        Code::JobClosed
        | Code::ApplicationExists
        | Code::Refused
        | Code::PermissionMissing
        | Code::AuthenticationInvalid
        | Code::RemoteUnavailable
        | Code::RemoteRateLimited
        | Code::RemoteError => Exit::Source,
        _ => Exit::Configuration,
    }
}

/// Says what came of it.
pub(super) fn told(context: &Context, answer: &ActAnswer, connection: &str, explain: bool) -> Result<(), CliError> {
    let terminal = &context.terminal;
    match answer {
        ActAnswer::Done(done) => terminal.print(&done_text(context, done, connection))?,
        ActAnswer::DryRun(dry_run) => {
            terminal.print(&dry_text(context, dry_run, explain))?;
            if let Some(error) = &dry_run.error {
                terminal.trouble(&error_text(context, error));
            }
        }
        ActAnswer::Error(error) => terminal.trouble(&error_text(context, error)),
    }
    Ok(())
}

fn done_text(context: &Context, done: &ActedAnswer, connection: &str) -> String {
    let paint = context.terminal.stdout;
    let how = if done.repeated { "was done before, and is not done again" } else { "is done" };
    let mut text = format!("{} {how} (run {})\n", paint.bold(&done.action), done.run);
    if let Some(record) = &done.result {
        let record: Value = serde_json::from_str(record.get()).unwrap_or(Value::Null);
        let id = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        let model = Action::named(&done.action).and_then(|action| action.result).map_or("", |model| model.name);
        text.push_str(&format!("  {model} {}, at the source {}\n", id("id"), one_line(&id("remote_id"))));
        let get = context.spell(&format!("get {model} {} --connection {connection}", id("id")));
        text.push_str(&format!("  `{get}` shows it\n"));
    }
    for warning in &done.warnings {
        text.push_str(&format!("  {} {}\n", paint.yellow("warning:"), one_line(warning)));
    }
    text
}

/// Why an action did not come to its end, and what to do about it.
pub(super) fn error_text(context: &Context, error: &ActionError) -> String {
    let paint = context.terminal.stderr;
    let mut text = format!("{} {} ({})", paint.red("error:"), error.message, error.code);
    if error.problems.len() > 1 || error.problems.iter().any(|problem| !error.message.contains(&problem.message)) {
        for problem in &error.problems {
            text.push_str(&format!("\n  {problem}"));
        }
    }
    if let Some(step) = &error.step {
        text.push_str(&format!("\n  it ended at the step {step}"));
    }
    match error.done.as_slice() {
        [] if !error.resumable && error.run.is_some() => text.push_str("\n  nothing was written"),
        [] => {}
        done => text.push_str(&format!("\n  written, and stays: {}", done.join(", "))),
    }
    if !error.undone.is_empty() {
        text.push_str(&format!("\n  not done: {}", error.undone.join(", ")));
    }
    if let Some(run) = error.run.as_ref().filter(|_| error.resumable) {
        let resume = context.spell(&format!("actions resume {run}"));
        text.push_str(&format!("\n  `{resume}` goes on with it, and so does the same input again"));
    }
    text
}

fn dry_text(context: &Context, dry_run: &DryRun, explain: bool) -> String {
    let paint = context.terminal.stdout;
    let DryRun { action, connection, revision, ids, steps, warnings, .. } = dry_run;
    let mut text =
        format!("{} on connection {connection}, by revision {revision}; no change is sent\n", paint.bold(action));
    for id in ids {
        text.push_str(&format!("  {} is {} {}\n", id.pointer, id.entity, one_line(&id.remote_id)));
    }
    for step in steps {
        text.push_str(&step_text(context, step, explain));
    }
    for warning in warnings {
        text.push_str(&format!("\n{} {}\n", paint.yellow("warning:"), one_line(warning)));
    }
    text
}

fn step_text(context: &Context, step: &DryStep, explain: bool) -> String {
    let paint = context.terminal.stdout;
    let is_change = matches!(step.kind.as_str(), "create" | "update" | "call");
    if step.skipped {
        let when = step.when.as_deref().unwrap_or_default();
        return if explain { format!("\n{} {}: skipped, not `{when}`\n", step.kind, step.path) } else { String::new() };
    }
    if !(explain || is_change || step.kind == "fail") {
        return String::new();
    }
    let mut text = format!("\n{} {}", paint.bold(&step.kind), paint.cyan(&step.path));
    if let Some(when) = step.when.as_ref().filter(|_| explain) {
        text.push_str(&format!(", since `{when}`"));
    }
    text.push('\n');
    if let Some(says) = &step.says {
        text.push_str(&format!("  {}\n", one_line(says)));
    }
    if let Some(sends) = &step.sends {
        text.push_str(&operation_text(context, sends));
    }
    if explain {
        match &step.asks_first {
            Some(first) => {
                text.push_str("  asked before it is sent again:\n");
                text.push_str(&operation_text(context, first));
            }
            None if is_change => text.push_str("  sent again as it is, when its answer is lost\n"),
            None => {}
        }
        if let Some(gives) = step.gives.as_ref().filter(|_| !is_change) {
            text.push_str(&format!("  gives {gives}\n"));
        }
    }
    text
}

fn operation_text(context: &Context, operation: &Operation) -> String {
    let paint = context.terminal.stdout;
    let mut text: String = operation.document.trim().lines().map(|line| format!("  {line}\n")).collect();
    let variables = serde_json::to_string_pretty(&operation.variables).unwrap_or_default();
    text.extend(variables.lines().map(|line| format!("  {line}\n")));
    for (path, function) in &operation.decided {
        text.push_str(&format!("  {} {path} by the function {function}\n", paint.yellow("decided:")));
    }
    text
}
