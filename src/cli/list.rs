//! `crosswalk list`.

use clap::Args;
use indicatif::HumanCount;
use serde_json::Value;

use super::context::Context;
use super::error::{CliError, Exit};
use super::model_parser;
use super::show::in_one_line;
use super::table::{Column, Table};
use crate::diagnostics::closest;
use crate::engine::{Engine, Listing, Record};
use crate::model::{Field, Kind, Model};
use crate::store::RowKey;

/// Rows of a table when nothing else is asked for.
const USUAL_LIMIT: u32 = 20;

/// Records that are read from the store at once.
const BATCH: u32 = 500;

/// Columns that every record has beside the fields of its model.
const ROW_COLUMNS: &[&str] = &["id", "connection", "changed_at", "remote_deleted_at", "remote_data"];

/// More columns than these make cells too narrow to read.
const USUAL_COLUMNS: usize = 7;

const EXAMPLES: &str = "\
Examples:
  crosswalk list jobs                                     the first 20
  crosswalk list jobs --limit 5 --columns name,location   a few columns
  crosswalk list jobs --after CURSOR                      go on after an earlier list, which says where
  crosswalk list candidates --json | jq .email_addresses  all of them, for programs";

/// List unified records
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct List {
    /// The model
    #[arg(value_parser = model_parser())]
    model: &'static Model,
    /// Only the records of this connection
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// How many records [default: 20; with --json all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Go on after this place; an earlier list says where it ended
    #[arg(long, value_name = "CURSOR")]
    after: Option<i64>,
    /// The fields to show
    #[arg(long, value_name = "A,B", value_delimiter = ',', conflicts_with = "json")]
    columns: Vec<String>,
    /// Print each record as one line of JSON, in full
    #[arg(long)]
    json: bool,
}

impl List {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let mut columns = self.columns()?;
        let engine = context.filled_engine().await?;
        if let Some(connection) = &self.connection {
            context.expect_connection(&engine, connection).await?;
        }
        if self.columns.is_empty() && self.connection.is_none() && engine.store().connections().await?.len() > 1 {
            columns.insert(1, "connection");
        }
        if self.json {
            self.print_json(context, &engine).await
        } else {
            self.print_table(context, &engine, columns).await
        }
    }

    async fn part(&self, engine: &Engine, after: Option<RowKey>, limit: u32) -> Result<Listing, CliError> {
        Ok(engine.list(self.connection.as_deref(), self.model, after, limit).await?)
    }

    async fn print_json(&self, context: &Context, engine: &Engine) -> Result<Exit, CliError> {
        let mut after = self.after.map(RowKey);
        let mut left = self.limit.unwrap_or(u32::MAX);
        loop {
            let Listing { records, next } = self.part(engine, after, left.min(BATCH)).await?;
            let lines: String = records.iter().flat_map(|record| [record.json(), "\n"]).collect();
            context.terminal.print(&lines)?;
            left = left.saturating_sub(BATCH);
            if next.is_none() || left == 0 {
                return Ok(Exit::Done);
            }
            after = next;
        }
    }

    async fn print_table(&self, context: &Context, engine: &Engine, columns: Vec<&str>) -> Result<Exit, CliError> {
        let limit = self.limit.unwrap_or(USUAL_LIMIT);
        let Listing { records, next } = self.part(engine, self.after.map(RowKey), limit).await?;
        let counts = engine.store().count(self.connection.as_deref(), self.model).await?;
        let name = self.model.name;
        let terminal = &context.terminal;
        if counts.live == 0 {
            terminal.print(&format!(
                "There are no {name} here. Read them with `{}`.\n",
                context.spell("sync CONNECTION")
            ))?;
            return Ok(Exit::Done);
        }
        let mut table = Table::new(columns.iter().map(|column| self.column(column)).collect());
        for record in &records {
            let value = record.value();
            table.row(columns.iter().map(|column| self.cell(record, &value, column)));
        }
        if let Some(width) = terminal.width
            && self.columns.is_empty()
        {
            table.leave_out_what_is_too_much(width);
        }
        let mut text = table.render(terminal.width, terminal.stdout);
        text.push_str(&format!("\n{} of {} {name}", HumanCount(records.len() as u64), HumanCount(counts.live)));
        if counts.deleted > 0 {
            text.push_str(&format!(", and {} deleted", HumanCount(counts.deleted)));
        }
        text.push('\n');
        if let Some(RowKey(key)) = next {
            text.push_str(&format!("next: {}\n", context.spell(&self.next_command(key))));
        }
        terminal.print(&text)?;
        Ok(Exit::Done)
    }

    fn next_command(&self, after: i64) -> String {
        let mut command = format!("list {}", self.model.name);
        if let Some(connection) = &self.connection {
            command.push_str(&format!(" --connection {connection}"));
        }
        if let Some(limit) = self.limit {
            command.push_str(&format!(" --limit {limit}"));
        }
        if !self.columns.is_empty() {
            command.push_str(&format!(" --columns {}", self.columns.join(",")));
        }
        format!("{command} --after {after}")
    }

    /// The columns that were asked for, or those that tell one record from another.
    fn columns(&self) -> Result<Vec<&str>, CliError> {
        if self.columns.is_empty() {
            return Ok(usual_columns(self.model));
        }
        let known: Vec<&str> =
            self.model.fields.iter().map(|field| field.name).chain(ROW_COLUMNS.iter().copied()).collect();
        for column in &self.columns {
            if !known.contains(&column.as_str()) {
                let hint = match closest(column, known.iter().copied()) {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => format!("there are {}", known.join(", ")),
                };
                return Err(CliError::usage(format!("{} have no field `{column}`; {hint}", self.model.name)));
            }
        }
        Ok(self.columns.iter().map(String::as_str).collect())
    }

    fn column(&self, name: &str) -> Column {
        match self.model.field(name).map(|field| field.kind) {
            Some(Kind::Number | Kind::Integer) => Column::number(name),
            Some(Kind::Id(_) | Kind::Timestamp) => Column::whole(name),
            None if name != "remote_data" => Column::whole(name),
            _ if name == "remote_id" => Column::whole(name),
            _ => Column::text(name),
        }
    }

    fn cell(&self, record: &Record, value: &Value, column: &str) -> String {
        if column == "connection" {
            return record.connection.clone();
        }
        let kind = match column {
            "changed_at" | "remote_deleted_at" => Some(&Kind::Timestamp),
            _ => self.model.field(column).map(|field| &field.kind),
        };
        in_one_line(&value[column], kind)
    }
}

/// The source's id, then names, then what sorts records into a few kinds, and so on, with no more than a few of each.
fn usual_columns(model: &'static Model) -> Vec<&'static str> {
    let sorts: [fn(&Field) -> bool; 7] = [
        |field| field.name == "remote_id",
        |field| matches!(field.kind, Kind::Text) && (field.name.ends_with("name") || field.name == "title"),
        |field| matches!(field.kind, Kind::Email),
        |field| matches!(field.kind, Kind::Enum { .. } | Kind::Integer),
        |field| matches!(field.kind, Kind::Object(_)),
        |field| field.name == "remote_updated_at",
        |field| matches!(field.kind, Kind::Id(_)),
    ];
    let of_a_sort = |belongs: fn(&Field) -> bool| model.fields.iter().filter(move |field| belongs(field)).take(3);
    sorts.into_iter().flat_map(of_a_sort).map(|field| field.name).take(USUAL_COLUMNS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MODELS;

    #[test]
    fn every_model_is_listed_by_its_id_and_by_something_that_people_know() {
        for model in MODELS {
            let columns = usual_columns(model);
            assert_eq!(columns[0], "remote_id", "{}", model.name);
            assert!((3..=USUAL_COLUMNS).contains(&columns.len()), "{}: {columns:?}", model.name);
        }
    }
}
