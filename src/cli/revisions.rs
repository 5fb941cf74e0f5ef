//! `crosswalk revisions`.

use std::collections::BTreeMap;

use clap::Args;

use super::context::Context;
use super::error::{CliError, Exit};
use super::table::{Column, Table};
use crate::mapping::Signature;
use crate::store::KeptRevision;

const NOTES: &str = "\
Each revision stands with what it changed about the one that came into use before it.

Examples:
  crosswalk revisions sandbox       what the connection ran with
  crosswalk rollback sandbox 4f2a   put the files of one of them back";

/// List the revisions that connections ran with, the last one first
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Revisions {
    /// Only those of this connection
    connection: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
    /// Print one JSON object a revision
    #[arg(long)]
    json: bool,
}

/// What a revision changed about the one before it.
#[derive(Debug, Default, serde::Serialize)]
struct Changed {
    /// Paths of files; none when those of one of the two are not kept.
    files: Option<Vec<String>>,
    /// Fields by model.
    fields: BTreeMap<String, Vec<String>>,
}

impl Revisions {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let engine = context.reading_engine().await?;
        if let Some(name) = &self.connection {
            context.expect_connection(&engine, name).await?;
        }
        let revisions = engine.store().revisions(self.connection.as_deref(), u32::MAX).await?;
        let shown = revisions.iter().take(self.limit as usize).map(|revision| {
            let is_before = |other: &&KeptRevision| {
                other.connection == revision.connection && revision.before.as_ref() == Some(&other.hash)
            };
            (revision, revisions.iter().find(is_before).map(|before| changed(before, revision)))
        });
        let text = if self.json { shown.map(json).collect() } else { table(context, shown.collect()) };
        context.terminal.print(&text)?;
        Ok(Exit::Done)
    }
}

fn changed(before: &KeptRevision, after: &KeptRevision) -> Changed {
    let files = before.files.as_ref().zip(after.files.as_ref()).map(|(before, after)| {
        let mut paths: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
        paths.sort();
        paths.dedup();
        paths.retain(|path| before.get(path) != after.get(path));
        paths
    });
    let signature = |of: &KeptRevision, model: &str| -> Signature {
        of.plans.get(model).and_then(|plan| serde_json::from_str(&plan.detail).ok()).unwrap_or_default()
    };
    let fields = after.plans.keys().filter_map(|model| {
        let fields = signature(after, model).changed_fields(&signature(before, model));
        (!fields.is_empty()).then(|| (model.clone(), fields))
    });
    Changed { files, fields: fields.collect() }
}

fn json((revision, changed): (&KeptRevision, Option<Changed>)) -> String {
    let told = serde_json::json!({
        "connection": revision.connection,
        "revision": revision.hash,
        "connector": revision.connector,
        "first_used_at": revision.first_used_at.to_string(),
        "used_at": revision.used_at.to_string(),
        "kept": revision.files.is_some(),
        "changed": changed,
        "records_changed": revision.remapped,
    });
    format!("{told}\n")
}

fn table(context: &Context, shown: Vec<(&KeptRevision, Option<Changed>)>) -> String {
    if shown.is_empty() {
        return "no connection ran with a revision yet\n".to_owned();
    }
    let mut table = Table::new(vec![
        Column::whole("revision"),
        Column::whole("in use from"),
        Column::text("connection"),
        Column::wrapped("changed about the one before"),
        Column::number("records"),
    ]);
    for (revision, changed) in shown {
        let records: u64 = revision.remapped.values().sum();
        let gone = if revision.files.is_none() { " (files not kept)" } else { "" };
        table.row([
            revision.hash.clone(),
            format!("{:.0}", revision.used_at),
            revision.connection.clone(),
            format!("{}{gone}", changed.map_or_else(|| "the first that is known".to_owned(), said)),
            records.to_string(),
        ]);
    }
    table.render(context.terminal.width, context.terminal.stdout)
}

fn said(Changed { files, fields }: Changed) -> String {
    let files = files.map(|files| match files.len() {
        0 => "no file".to_owned(),
        1 => files[0].clone(),
        several => format!("{several} files"),
    });
    let fields: Vec<String> =
        fields.into_iter().map(|(model, fields)| format!("{model}: {}", fields.join(", "))).collect();
    let fields = if fields.is_empty() { "no field".to_owned() } else { fields.join("; ") };
    match files {
        Some(files) => format!("{files}; {fields}"),
        None => fields,
    }
}
