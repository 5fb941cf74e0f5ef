//! `crosswalk record`.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

use clap::Args;

use super::context::Context;
use super::error::{CliError, Exit};
use super::model_parser;
use super::source::with_source;
use super::table::{Column, Table, one_line};
use crate::connector::{Connection, Home};
use crate::engine::cases::{Fixture, Recording, Salt, State, Suite, is_name};
use crate::model::Model;

/// How wide a table is whose lines go to a file.
const UNSEEN_WIDTH: usize = 100;

/// A value is shown up to so many characters: enough to know it again.
const SHOWN: usize = 40;

const NOTES: &str = "\
ID is the id of the record in the source, as remote_id has it. What the mapping
gives out or does not read is replaced: names, addresses, phone numbers, links,
texts and ids, the same by the same. Labels, flags, amounts and the dates of the
record stay. Look at the table before you say yes; values as they were are shown
on a terminal only.

Examples:
  crosswalk record acme jobs 4711 --as salary_in_steps
  crosswalk record acme candidates 42 --as two_countries --dry-run
  crosswalk record sandbox users 101 --as planner --yes

Exit codes:
    0  the case is written, or with --dry-run could be
    2  wrong usage, a wrong file or setting, or no such record
    3  the source could not be reached, refused, or gave an answer of no use";

/// Save one record of a source as a case, with personal data replaced
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Record {
    /// The name of a file in connections/, without .yaml
    connection: String,
    /// The model
    #[arg(value_parser = model_parser())]
    model: &'static Model,
    /// The id of the record in the source
    id: String,
    /// The name of the case, after the branch of the mapping that it is for
    #[arg(long = "as", value_name = "NAME")]
    name: String,
    /// Write without asking
    #[arg(long)]
    yes: bool,
    /// Show what would be replaced, and write nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Replace a case of that name
    #[arg(long)]
    force: bool,
    /// Draw the replacements from this number. Whoever knows it can look up what they stand for
    #[arg(long, value_name = "N", hide = true)]
    seed: Option<u64>,
}

impl Record {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let home = context.home()?;
        let connection = Connection::load(&home, &self.connection)?;
        let path = self.path(&home, &connection)?;
        let can_ask = io::stdin().is_terminal() && io::stderr().is_terminal();
        if !(self.yes || self.dry_run || can_ask) {
            return Err(CliError::usage("there is nobody to ask; say --yes to write, or --dry-run to look"));
        }
        let (connection, credentials, _sandbox) = with_source(&home, connection).await?;
        let recording = Recording::fetch(&home, &connection, credentials, self.model, &self.id).await?;
        let Some(recording) = recording else {
            let name = self.model.name;
            return Err(CliError::usage(format!(
                "`{}` has no record {} in {name}",
                self.connection,
                one_line(&self.id)
            )));
        };
        let salt = self.seed.map_or_else(Salt::random, Salt::of_seed);
        let fixture = recording.disguise(&salt);
        self.show(context, &fixture)?;
        if self.dry_run {
            context.terminal.note("nothing was written");
            return Ok(Exit::Done);
        }
        if !self.yes && !ask(&format!("write {path}? [y/N] "))? {
            context.terminal.note("nothing was written");
            return Ok(Exit::Done);
        }
        write(&home.root().join(&path), &fixture.text)
            .map_err(|error| CliError::usage(format!("cannot write {path}: {error}")))?;
        context.terminal.print(&format!("{path} is written\n"))?;
        self.tell_what_a_test_says(context, &home, &connection)
    }

    /// Where the case will be, from the home.
    fn path(&self, home: &Home, connection: &Connection) -> Result<String, CliError> {
        let name = &self.name;
        if !is_name(name) {
            return Err(CliError::usage(format!(
                "`{}` is no name for a case: write letters, digits, _ and - only",
                one_line(name)
            )));
        }
        let folder = format!("{}/{}", Suite::folder(home, &connection.connector.value), self.model.name);
        let file = format!("{name}.json");
        let known = std::fs::read_dir(home.root().join(&folder)).into_iter().flatten().flatten();
        let mut known = known.filter_map(|entry| entry.file_name().into_string().ok());
        let twin = known.find(|known| known.to_lowercase() == file.to_lowercase() && (*known != file || !self.force));
        match twin {
            Some(twin) if twin == file => {
                Err(CliError::usage(format!("there is a case {folder}/{file} already; --force replaces it")))
            }
            Some(twin) => Err(CliError::usage(format!(
                "there is a case {folder}/{twin}, which differs in letter case only; choose another name"
            ))),
            None => Ok(format!("{folder}/{file}")),
        }
    }

    /// What was replaced. What stood there before goes to a terminal only.
    fn show(&self, context: &Context, fixture: &Fixture) -> Result<(), CliError> {
        let terminal = &context.terminal;
        let is_seen = io::stdout().is_terminal();
        let mut titles = vec![Column::text("path")];
        titles.extend(is_seen.then(|| Column::text("was")));
        titles.push(Column::text("is now"));
        let mut table = Table::new(titles);
        for replacement in &fixture.replaced {
            let was = is_seen.then(|| shortened(&replacement.old));
            let cells = [Some(replacement.path.clone()), was, Some(shortened(&replacement.new))];
            table.row(cells.into_iter().flatten());
        }
        let count = fixture.replaced.len();
        let mut text = if count == 0 {
            String::new()
        } else {
            format!("{}\n", table.render(Some(terminal.width.unwrap_or(UNSEEN_WIDTH)), terminal.stdout))
        };
        let values = if count == 1 { "value is" } else { "values are" };
        text.push_str(&format!("{count} {values} replaced\n"));
        if !fixture.altered.is_empty() {
            let fields = fixture.altered.join(", ");
            text.push_str(&format!("these fields map otherwise than those of the record itself: {fields}\n"));
        }
        terminal.print(&text)?;
        Ok(())
    }

    fn tell_what_a_test_says(&self, context: &Context, home: &Home, connection: &Connection) -> Result<Exit, CliError> {
        let title = format!("{}/{}", self.model.name, self.name);
        let suite = Suite::open(home, connection)?;
        let case = suite.cases().iter().find(|case| case.title() == title && case.file.is_some());
        let checked = case.map(|case| suite.check(case)).transpose()?;
        let says = match checked.map(|checked| checked.state) {
            Some(State::Same) => "that it maps as its snapshot says",
            Some(State::Different { .. }) => "that it differs from its snapshot",
            Some(State::New { .. }) => "that it is new; --accept makes its snapshot",
            Some(State::Unreadable(_) | State::NoCase) | None => "that it cannot be read",
        };
        let command = context.spell(&format!("test --connection {} {title}", self.connection));
        context.terminal.print(&format!("`{command}` will say {says}\n"))?;
        Ok(Exit::Done)
    }
}

/// Asks on the terminal. Anything but a yes is a no.
fn ask(question: &str) -> io::Result<bool> {
    io::stderr().write_all(question.as_bytes())?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(is_yes(&answer))
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

fn shortened(text: &str) -> String {
    console::truncate_str(&one_line(text), SHOWN, "…").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        assert!(["y\n", "Y", " yes\r\n"].into_iter().all(is_yes));
        assert!(!["", "\n", "n", "yesterday", "ja"].into_iter().any(is_yes));
    }
}
