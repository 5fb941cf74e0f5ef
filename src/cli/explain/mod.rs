//! `crosswalk explain`.

mod layout;
mod summary;
mod tree;

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;

use self::layout::{Line, layout};
use super::context::Context;
use super::error::{CliError, Exit};
use super::model_parser;
use super::show::in_json;
use crate::engine::{Explanation, Stored};
use crate::mapping::Labels;
use crate::mapping::explain::Spot;
use crate::model::Model;

const EXAMPLES: &str = "\
Examples:
  crosswalk explain jobs 42                            every field in a line or two
  crosswalk explain jobs 42 --field employment_type    one field, step by step
  crosswalk explain candidates 7 --field phone_numbers[0].type
  crosswalk explain jobs --case full                   the raw record in tests/cases/jobs/full.json
  crosswalk explain jobs 42 --json | jq '.fields[0]'   for programs";

/// Show why a record has its values, step by step
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Explain {
    /// The model
    #[arg(value_parser = model_parser())]
    model: &'static Model,
    /// The unified id, the id of the source, a .json file with a raw record, or - for one on stdin
    #[arg(required_unless_present = "case")]
    id: Option<String>,
    /// One field, step by step: name, location.city, phone_numbers[0].type
    #[arg(long, value_name = "FIELD")]
    field: Option<String>,
    /// The connection; may be left out when only one has the record, or for a file when there is only one
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// A raw record in tests/cases/MODEL/, by its name or as MODEL/NAME
    #[arg(long, value_name = "CASE", conflicts_with = "id")]
    case: Option<String>,
    /// What $now is, such as 2026-01-31T00:00:00Z [default: this moment]
    #[arg(long, value_name = "MOMENT")]
    now: Option<Timestamp>,
    /// Print it as JSON, with nothing shortened
    #[arg(long)]
    json: bool,
}

/// Where a raw record comes from when it is not the store.
enum Fixture {
    File(PathBuf),
    Stdin,
}

impl Explain {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let explanation = match self.fixture(context)? {
            Some(fixture) => self.of_fixture(context, &fixture)?,
            None => self.of_stored(context).await?,
        };
        let text = match &self.field {
            None if self.json => json(&explanation),
            None => self.text(context, &explanation, summary::lines(&explanation.mapped)),
            Some(path) => {
                let spot = explanation.mapped.find(path).map_err(|error| CliError::usage(error.0))?;
                if self.json { json_of(spot) } else { self.text(context, &explanation, tree::lines(path, spot)) }
            }
        };
        context.terminal.print(&text)?;
        Ok(Exit::Done)
    }

    /// The file that is meant, if the id or the case names one.
    fn fixture(&self, context: &Context) -> Result<Option<Fixture>, CliError> {
        if let Some(case) = &self.case {
            let name = case.strip_suffix(".json").unwrap_or(case);
            let name = name.strip_prefix(self.model.name).and_then(|name| name.strip_prefix('/')).unwrap_or(name);
            let folder = context.home.join("tests/cases").join(self.model.name);
            let file = folder.join(format!("{name}.json"));
            if file.is_file() {
                return Ok(Some(Fixture::File(file)));
            }
            let known = cases(&folder);
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let hint = crate::diagnostics::closest(name, known).map(|close| format!("; did you mean `{close}`?"));
            let hint = hint.unwrap_or_default();
            return Err(CliError::usage(format!("there is no case `{name}` in {}{hint}", folder.display())));
        }
        Ok(match self.id.as_deref() {
            Some("-") => Some(Fixture::Stdin),
            Some(id) if id.ends_with(".json") && Path::new(id).is_file() => Some(Fixture::File(id.into())),
            Some(id) if id.ends_with(".json") => return Err(CliError::usage(format!("there is no file {id}"))),
            _ => None,
        })
    }

    fn of_fixture(&self, context: &Context, fixture: &Fixture) -> Result<Explanation, CliError> {
        let raw = match fixture {
            Fixture::File(path) => std::fs::read_to_string(path)
                .map_err(|error| CliError::usage(format!("{} cannot be read: {error}", path.display())))?,
            Fixture::Stdin => {
                let mut raw = String::new();
                let read = std::io::stdin().read_to_string(&mut raw);
                read.map_err(|error| CliError::usage(format!("stdin cannot be read: {error}")))?;
                raw
            }
        };
        if let Err(error) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&raw) {
            let what = match fixture {
                Fixture::File(path) => path.display().to_string(),
                Fixture::Stdin => "stdin".to_owned(),
            };
            return Err(CliError::usage(format!("{what} is not one JSON object: {error}")));
        }
        let (home, connection) = context.connection(self.connection.as_deref(), "`--connection NAME`")?;
        Ok(Explanation::of_raw(&home, &connection, self.model, &raw, &Labels::default(), self.now())?)
    }

    async fn of_stored(&self, context: &Context) -> Result<Explanation, CliError> {
        let engine = context.filled_engine().await?;
        let connection = self.connection.as_deref();
        if let Some(connection) = connection {
            context.expect_connection(&engine, connection).await?;
        }
        let id = self.id.as_deref().unwrap_or_default();
        let found = engine.explain(connection, self.model, id, self.now()).await?;
        found.ok_or_else(|| self.absent(context, id))
    }

    fn absent(&self, context: &Context, id: &str) -> CliError {
        let name = self.model.name;
        let list = context.spell(&format!("list {name}"));
        CliError::usage(format!(
            "there is no record {id} in {name}; `{list}` shows what there is, a sync reads what is new"
        ))
    }

    fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    fn text(&self, context: &Context, explanation: &Explanation, lines: Vec<Line>) -> String {
        let mut all = head(explanation);
        all.push(Line::empty());
        all.extend(lines);
        layout(&all, context.terminal.width, context.terminal.stdout)
    }
}

/// The names of the cases in a folder.
fn cases(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let names = entries.filter_map(|entry| {
        let path = entry.ok()?.path();
        path.extension().filter(|extension| *extension == "json")?;
        Some(path.file_stem()?.to_str()?.to_owned())
    });
    names.collect()
}

/// What is explained, and what the store says of it.
fn head(explanation: &Explanation) -> Vec<Line> {
    let mapped = &explanation.mapped;
    let id = mapped.remote_id.as_deref().unwrap_or("without an id");
    let title = format!("{} {id} of connection {}", mapped.model, mapped.connection);
    let mut lines =
        vec![Line::title(title), Line::plain(format!("revision {}, $now is {}", explanation.revision, mapped.now))];
    if let Some(failure) = &mapped.failure {
        lines.push(Line::issue(format!("does not map: {failure}")));
    }
    if let Some(deletion) = mapped.deletion.as_ref().filter(|deletion| deletion.deleted) {
        lines.push(Line::issue(format!("is deleted: {} is {}", deletion.seen.path, deletion.seen.raw)));
    }
    if let Some(stored) = &explanation.stored {
        lines.extend(stored_lines(stored, &explanation.revision));
    }
    lines
}

fn stored_lines(stored: &Stored, revision: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(failure) = &stored.failure {
        lines.push(Line::issue(format!("the latest version could not be mapped when it came: {failure}")));
    }
    if stored.differs.is_empty() {
        return lines;
    }
    let with =
        if stored.revision == revision { "the same files".to_owned() } else { format!("revision {}", stored.revision) };
    lines.push(Line::issue(format!("the store holds other values, made with {with} before {}:", stored.changed_at)));
    for difference in &stored.differs {
        let (before, now) = (in_json(&difference.stored, 60), in_json(&difference.now, 60));
        lines.push(Line::issue(format!("{}: stored {before}, now {now}", difference.field)).deeper(1));
    }
    lines
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).expect("an explanation is made of texts, numbers and lists") + "\n"
}

/// Only what was asked for. An entry of a list is the rule that made it, with its item alone.
fn json_of(spot: Spot<'_>) -> String {
    match spot.entry.filter(|_| spot.ends_at_entry) {
        None => json(spot.field),
        Some(entry) => {
            let mut rule = entry.rule.clone();
            rule.items.retain(|item| Some(item) == entry.item);
            json(&rule)
        }
    }
}
