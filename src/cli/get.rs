//! `crosswalk get`.

use clap::Args;
use serde_json::Value;

use super::context::Context;
use super::error::{CliError, Exit};
use super::model_parser;
use super::show::in_lines;
use super::table::wrap;
use crate::engine::{Engine, Record};
use crate::mapping::Severity;
use crate::model::Model;

const EXAMPLES: &str = "\
Examples:
  crosswalk get jobs 42                         by the id of the source
  crosswalk get jobs 5ZKGLqxfgCaQRRrXyfe5Ka3G   by the unified id
  crosswalk get jobs 42 --json | jq .stages     the bare record, for programs";

/// Show one unified record, with what did not map
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Get {
    /// The model
    #[arg(value_parser = model_parser())]
    model: &'static Model,
    /// The unified id, or the id of the source
    id: String,
    /// The connection, where several have the same id of the source
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// Print the bare record as one line of JSON
    #[arg(long)]
    json: bool,
}

impl Get {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let engine = context.filled_engine().await?;
        if let Some(connection) = &self.connection {
            context.expect_connection(&engine, connection).await?;
        }
        let record = match engine.get(self.connection.as_deref(), self.model, &self.id).await? {
            Some(record) => record,
            None => return Err(self.absent(context, &engine).await?),
        };
        let text = if self.json { format!("{}\n", record.json()) } else { self.text(context, &record) };
        context.terminal.print(&text)?;
        Ok(Exit::Done)
    }

    /// Why there is nothing to show.
    async fn absent(&self, context: &Context, engine: &Engine) -> Result<CliError, CliError> {
        let (id, name) = (&self.id, self.model.name);
        let stored = engine.store().get(self.connection.as_deref(), self.model, id).await?;
        Ok(CliError::usage(match stored.and_then(|stored| stored.failure) {
            Some(failure) => {
                format!("the record {id} of {name} never mapped: {failure}; mend the mapping and sync again")
            }
            None => {
                let list = context.spell(&format!("list {name}"));
                format!("there is no record {id} in {name}; `{list}` shows what there is, a sync reads what is new")
            }
        }))
    }

    fn text(&self, context: &Context, record: &Record) -> String {
        let paint = context.terminal.stdout;
        let width = context.terminal.width;
        let mut value = record.value();
        let id = value["id"].as_str().unwrap_or_default().to_owned();
        if let Value::Object(members) = &mut value {
            members.remove("id");
            if let Some(Value::Object(raw)) = members.get("remote_data").and_then(|raw| raw.get(self.model.name)) {
                let shown = format!("{} fields of the source's own record; --json shows them", raw.len());
                members.insert("remote_data".to_owned(), shown.into());
            }
        }
        let title = format!("{} {} of connection {}", self.model.name, id, record.connection);
        let mut text = format!("{}\n{}", paint.bold(&title), in_lines(&value, self.model.fields, width, paint));
        let remarks = remarks(record);
        if !remarks.is_empty() {
            text.push_str(&format!("\n{}\n", paint.bold("What did not map")));
        }
        for remark in remarks {
            let lines = width.map_or_else(|| vec![remark.clone()], |width| wrap(&remark, width.saturating_sub(2)));
            text.extend(lines.iter().map(|line| format!("  {line}\n")));
        }
        text
    }
}

fn remarks(record: &Record) -> Vec<String> {
    let failure =
        record.failure.iter().map(|failure| format!("the latest version: {failure}; shown is the one before"));
    let issues = record.issues.iter().map(|issue| match issue.severity {
        Severity::Failed => format!("failed: {issue}"),
        Severity::Unmapped => issue.to_string(),
    });
    failure.chain(issues).collect()
}
