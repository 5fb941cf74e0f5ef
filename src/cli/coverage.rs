//! `crosswalk coverage`.

use clap::{Args, ValueEnum};

use super::context::Context;
use super::error::{CliError, Exit};
use super::table::{Column, Table};
use crate::engine::{self, FieldCoverage, Support};

/// How wide a table is whose lines go to a file or a pager: wrapping loses nothing.
const UNSEEN_WIDTH: usize = 100;

const EXAMPLES: &str = "\
Examples:
  crosswalk coverage                                 of the only connection
  crosswalk coverage acme --format markdown          for a document, such as docs/coverage.md
  crosswalk coverage acme --json | jq '.[].query'    for programs";

/// Show where every unified field comes from
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Coverage {
    /// The connection; may be left out when there is only one, or only one with a sandbox
    connection: Option<String>,
    /// How to print it: table, markdown or json
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_possible_values = true, conflicts_with = "json")]
    format: Format,
    /// The same as --format json
    #[arg(long)]
    json: bool,
}

/// How to print a table.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For a terminal
    Table,
    /// For a document
    Markdown,
    /// For programs
    Json,
}

impl Coverage {
    pub fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let (home, connection) = context.connection(self.connection.as_deref(), "`crosswalk coverage NAME`")?;
        let coverage = engine::Coverage::read(&home, &connection)?;
        let terminal = &context.terminal;
        let text = match self.format {
            _ if self.json => json(&coverage),
            Format::Table => {
                let width = terminal.width.unwrap_or(UNSEEN_WIDTH);
                let table = table(&coverage).render(Some(width), terminal.stdout);
                format!("{table}\n{}\n", balance(&coverage))
            }
            Format::Markdown => markdown(&coverage),
            Format::Json => json(&coverage),
        };
        terminal.print(&text)?;
        Ok(Exit::Done)
    }
}

fn table(coverage: &[engine::Coverage]) -> Table {
    let columns = vec![Column::text("field"), Column::wrapped("comes from"), Column::wrapped("note")];
    let mut table = Table::new(columns);
    for model in coverage {
        table.heading(format!("{}, read from {}", model.model, model.query));
        for field in &model.fields {
            table.row([&field.field, &field.from.join(", "), &remarks(field).join("; ")]);
        }
    }
    table
}

fn markdown(coverage: &[engine::Coverage]) -> String {
    let mut text =
        "# Coverage\n\nWhat fills each unified field, by `crosswalk coverage --format markdown`.\n".to_owned();
    for model in coverage {
        text.push_str(&format!("\n## {}\n\nRead from `{}`.\n\n", model.model, model.query));
        text.push_str("| field | support | comes from | note |\n|---|---|---|---|\n");
        for field in &model.fields {
            let from: Vec<String> = field.from.iter().map(|path| format!("`{path}`")).collect();
            let cells =
                [&format!("`{}`", field.field), field.support.word(), &from.join(", "), &notes(field).join("; ")];
            text.push_str(&format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | ")));
        }
    }
    text.push_str(&format!("\n{}.\n", balance(coverage)));
    text
}

/// What a terminal shows beside the paths.
fn remarks(field: &FieldCoverage) -> Vec<String> {
    let support = match field.support {
        Support::Mapped => None,
        support => Some(support.word().to_owned()),
    };
    support.into_iter().chain(notes(field)).collect()
}

fn notes(field: &FieldCoverage) -> Vec<String> {
    let overlaid = field.place.as_ref().zip(field.replaces.as_ref());
    let overlaid = overlaid.map(|(place, replaces)| format!("{place} in place of {replaces}"));
    field.through.iter().cloned().chain(overlaid).chain(field.note.clone()).collect()
}

fn balance(coverage: &[engine::Coverage]) -> String {
    let fields = || coverage.iter().flat_map(|model| &model.fields);
    let mapped = fields().filter(|field| field.support == Support::Mapped).count();
    format!("{mapped} of {} fields have a source", fields().count())
}

fn json(coverage: &[engine::Coverage]) -> String {
    serde_json::to_string_pretty(coverage).expect("coverage is made of texts") + "\n"
}
