//! `crosswalk schema`.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::context::Context;
use super::error::{CliError, Exit};
use super::source::with_source;
use super::table::{Column, Table};
use super::terminal::Terminal;
use crate::connector::Home;
use crate::engine::{FileSchema, SCHEMAS, SchemaPull, SchemaReader, input_schema_text};
use crate::model::{ACTIONS, Action};
use crate::script::definitions;

/// Where the definitions of the host's functions stand in a home folder.
const DEFINITIONS: &str = "scripts/crosswalk.d.rhai";

/// How wide a table is whose lines go to a file or a pager: wrapping loses nothing.
const UNSEEN_WIDTH: usize = 100;

const NOTES: &str = "\
Examples:
  crosswalk schema                         write the schemas for editors into the home folder
  crosswalk schema --check                 say which of them are stale, for a build server
  crosswalk schema --print mapping         to stdout
  crosswalk schema --action create_candidate
                                           what an action is given, to stdout
  crosswalk schema --rhai                  write the functions of the host for Rhai's language server
  crosswalk schema --pull acme --dry-run   what is new at the source, and what it would break
  crosswalk schema --pull acme             and write it into the connector's schema.graphql

Exit codes:
    0  done
    2  wrong usage or a wrong file, a stale schema, or mappings that no longer compile
    3  the source could not be reached, refused, or does not describe itself";

/// Write what editors complete and check files by, or refresh the source's types
///
/// The schemas say which keys, fields and values the files of a home folder may have. With --pull the source itself is
/// asked for its types: the connector's schema.graphql is brought up to date, comments and all, and what that means for
/// the mappings is told. Types that the file does not have are left out.
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Schema {
    /// Write nothing; fail when a schema is stale
    #[arg(long, group = "what")]
    check: bool,
    /// Print one: mapping, table, connector, connection, overlay, overlay_table
    #[arg(long, value_name = "NAME", group = "what", hide_possible_values = true, value_parser = names())]
    print: Option<String>,
    /// Print what this action is given
    #[arg(long, value_name = "ACTION", group = "what", value_parser = actions())]
    action: Option<String>,
    /// Write scripts/crosswalk.d.rhai, by which Rhai's language server knows the functions of the host
    #[arg(long, group = "what")]
    rhai: bool,
    /// Refresh the types of this connection's source
    #[arg(long, value_name = "CONNECTION", group = "what")]
    pull: Option<String>,
    /// With --pull: take every type of the source
    #[arg(long, requires = "pull")]
    all: bool,
    /// With --pull: write nothing
    #[arg(long, requires = "pull")]
    dry_run: bool,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(SCHEMAS.iter().map(|schema| schema.name))
}

fn actions() -> PossibleValuesParser {
    PossibleValuesParser::new(ACTIONS.iter().map(|action| action.name))
}

impl Schema {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        if let Some(schema) = self.print.as_deref().and_then(FileSchema::named) {
            context.terminal.print(&schema.text())?;
            return Ok(Exit::Done);
        }
        if let Some(action) = self.action.as_deref().and_then(Action::named) {
            context.terminal.print(&input_schema_text(action))?;
            return Ok(Exit::Done);
        }
        let home = context.home()?;
        match &self.pull {
            Some(connection) => self.pull(context, &home, connection).await,
            None if self.rhai => write_definitions(&context.terminal, &home),
            None if self.check => check(context, &home),
            None => write(&context.terminal, &home),
        }
    }

    async fn pull(&self, context: &Context, home: &Home, name: &str) -> Result<Exit, CliError> {
        let (_, connection) = context.connection(Some(name), "")?;
        let (connection, credentials, _sandbox) = with_source(home, connection).await?;
        let pulled = SchemaPull::read(home, &connection, credentials, self.all).await?;
        let terminal = &context.terminal;
        terminal.print(&report(&pulled, terminal))?;
        if pulled.problems.has_errors() {
            let rendered = pulled.problems.render(terminal.stderr.on);
            // The last line says that nothing was changed, which is not so.
            let problems = rendered.rsplit_once("\n\n").map_or(rendered.as_str(), |(problems, _)| problems);
            let mend = if self.dry_run {
                "would no longer compile"
            } else {
                "no longer compiles: mend it before the next sync"
            };
            terminal.note(&format!("{problems}\n\nWhat is pointed at {mend}.\n"));
        }
        if pulled.changes.is_empty() {
            terminal.print(&format!("{} is as the source says.\n", pulled.path))?;
        } else if self.dry_run {
            terminal.print(&format!("{} was not written.\n", pulled.path))?;
        } else {
            pulled.write(home).map_err(|error| cannot_write(&pulled.path, &error))?;
            terminal.print(&format!("{} was written.\n", pulled.path))?;
        }
        Ok(if pulled.problems.has_errors() { Exit::Configuration } else { Exit::Done })
    }
}

fn cannot_write(path: &str, error: &std::io::Error) -> CliError {
    CliError::usage(format!("cannot write {path}: {error}"))
}

fn write(terminal: &Terminal, home: &Home) -> Result<Exit, CliError> {
    for schema in SCHEMAS {
        let is_current = schema.is_current(home);
        if !is_current {
            schema.write(home).map_err(|error| cannot_write(schema.path, &error))?;
        }
        let what = if is_current { "is current" } else { "was written" };
        terminal.print(&format!("{} {what}\n", schema.path))?;
    }
    Ok(Exit::Done)
}

fn write_definitions(terminal: &Terminal, home: &Home) -> Result<Exit, CliError> {
    let path = home.root().join(DEFINITIONS);
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder.and_then(|()| std::fs::write(path, definitions())).map_err(|error| cannot_write(DEFINITIONS, &error))?;
    terminal.print(&format!("{DEFINITIONS} was written\n"))?;
    Ok(Exit::Done)
}

fn check(context: &Context, home: &Home) -> Result<Exit, CliError> {
    let schemas = SCHEMAS.iter().filter(|schema| !schema.is_current(home)).map(|schema| schema.path);
    // The definitions are for those who asked for them once.
    let written = std::fs::read_to_string(home.root().join(DEFINITIONS));
    let rhai = written.is_ok_and(|written| written != definitions()).then_some(DEFINITIONS);
    let stale: Vec<&str> = schemas.chain(rhai).collect();
    match stale.as_slice() {
        [] => Ok(Exit::Done),
        paths => Err(CliError::usage(format!(
            "stale: {}; bring up to date with `{}`",
            paths.join(", "),
            context.spell(if paths == [DEFINITIONS] { "schema --rhai" } else { "schema" })
        ))),
    }
}

/// What is different, and who reads it.
fn report(pulled: &SchemaPull, terminal: &Terminal) -> String {
    let width = Some(terminal.width.unwrap_or(UNSEEN_WIDTH));
    let mut text = String::new();
    if !pulled.changes.is_empty() {
        let mut table = Table::new(vec![Column::wrapped("of the source"), Column::wrapped("what became of it")]);
        for change in &pulled.changes {
            table.row([&change.place(), &change.kind.to_string()]);
        }
        text.push_str(&format!("{}\n", table.render(width, terminal.stdout)));
    }
    if !pulled.readers.is_empty() {
        let mut table =
            Table::new(vec![Column::wrapped("is read by"), Column::wrapped("as"), Column::wrapped("which")]);
        for reader in &pulled.readers {
            table.row([&place(reader), &reader.path, &format!("{} {}", reader.change.place(), reader.change.kind)]);
        }
        text.push_str(&format!("{}\n", table.render(width, terminal.stdout)));
    }
    text
}

fn place(reader: &SchemaReader) -> String {
    match &reader.field {
        Some(field) => format!("{}.{field}", reader.model),
        None => reader.model.to_owned(),
    }
}
