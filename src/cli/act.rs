//! `crosswalk act`.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::Value;

use super::acted::{answer_exit, json_of, told};
use super::context::Context;
use super::error::{CliError, Exit};
use super::source::with_source;
use crate::action::Wish;
use crate::api::{ActAnswer, ActRequest, Client, ClientError};
use crate::connector::Connection;
use crate::model::{ACTIONS, Action};

/// The largest input: files may stand in it, in Base64.
const LARGEST: u64 = 64 << 20;

const NOTES: &str = "\
INPUT is a JSON object; `crosswalk schema --action NAME` prints what stands in it. An id is
the unified one or, for a record that was not read yet, `remote:` and the id of the source.

The same input again within a day is taken for a repetition, and answered with what came of
the first; --key says by another text which wishes are one. What was broken off in the
middle is gone on with. Where `crosswalk run` is at work, it does the action.

Examples:
  crosswalk act acme add_application_note --input note.json
  echo '{\"application_id\": \"remote:4711\", \"content\": \"Called back\"}' |
    crosswalk act acme add_application_note --input -
  crosswalk act acme create_application --input new.json --dry-run --explain

Exit codes:
    0  done, now or before
    1  done in part, or it is not known; `crosswalk actions resume` goes on with it
    2  wrong usage, an input that cannot be used, a wrong file or setting, or trouble with
       the store; nothing was written
    3  the source refused, could not be reached, or gave an answer of no use; nothing was
       written";

/// Do an action at the source of a connection, such as creating an application
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Act {
    /// The name of a file in connections/, without .yaml
    connection: String,
    /// The action
    #[arg(value_parser = action_parser())]
    action: &'static Action,
    /// The file with the input as JSON, or - for stdin
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// The text by which a repetition is known, in place of the input
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Ask the source what is to be asked, show what would be sent, and send no change
    #[arg(long)]
    dry_run: bool,
    /// Show all steps, with their conditions and what is asked before a repetition
    #[arg(long, requires = "dry_run")]
    explain: bool,
    /// Print the answer as one JSON object
    #[arg(long)]
    json: bool,
}

/// Reads the name of an action.
pub(super) fn action_parser() -> impl TypedValueParser<Value = &'static Action> {
    PossibleValuesParser::new(ACTIONS.iter().map(|action| action.name))
        .map(|name| Action::named(&name).expect("only names of actions are let through"))
}

impl Act {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let home = context.home()?;
        let connection = Connection::load(&home, &self.connection)?;
        let input = read(&self.input)?;
        let answer = match Client::of_store(&context.store_path()).await {
            Ok(client) => client.act(&self.request(input)).await?,
            Err(ClientError::NotRunning(_)) => self.act_alone(context, connection, input).await?,
            Err(error) => return Err(error.into()),
        };
        if self.json {
            context.terminal.print(&json_of(&answer))?;
        } else {
            told(context, &answer, &self.connection, self.explain)?;
        }
        Ok(answer_exit(&answer))
    }

    fn request(&self, input: Value) -> ActRequest {
        ActRequest {
            connection: self.connection.clone(),
            action: self.action.name.to_owned(),
            input,
            key: self.key.clone(),
            dry_run: self.dry_run,
        }
    }

    /// Where no engine runs.
    async fn act_alone(&self, context: &Context, connection: Connection, input: Value) -> Result<ActAnswer, CliError> {
        let engine = context.engine().await?;
        let (connection, credentials, _sandbox) = with_source(engine.home(), connection).await?;
        let wish = Wish { action: self.action, input, key: self.key.clone() };
        Ok(match self.dry_run {
            true => engine.dry_run(&connection, credentials, &wish).await.into(),
            false => engine.act(&connection, credentials, wish).await.into(),
        })
    }
}

fn read(path: &Path) -> Result<Value, CliError> {
    let shown = if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() };
    let unreadable = |error: std::io::Error| CliError::usage(format!("{shown} cannot be read: {error}"));
    let mut text = Vec::new();
    if path == Path::new("-") {
        std::io::stdin().lock().take(LARGEST + 1).read_to_end(&mut text).map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(LARGEST + 1).read_to_end(&mut text).map_err(unreadable)?;
    }
    if text.len() as u64 > LARGEST {
        return Err(CliError::usage(format!(
            "{shown} is larger than {} MB; name large files by data_url",
            LARGEST >> 20
        )));
    }
    // The message of the parser quotes nothing, and neither may this one.
    serde_json::from_slice(&text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        CliError::usage(format!("{shown} is no JSON, at line {line}, column {column}"))
    })
}
