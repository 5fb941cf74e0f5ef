//! `crosswalk keys`.

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;
use serde_json::json;

use super::context::Context;
use super::error::{CliError, Exit};
use super::table::{Column, Table};
use crate::connector::{Connection, Revision};
use crate::engine::{ApiKey, Engine, IntegrationId, NewKey};

const NOTES: &str = "\
Keys open the HTTP API of `crosswalk serve`, which need not be restarted for them. A key is
shown once, when it is made; what is kept of it opens nothing. Without --connection it opens
all connections, those included that are made later.

Examples:
  crosswalk keys create acme-backend --connection acme
  crosswalk keys create reports --read-only
  crosswalk keys list
  crosswalk keys revoke acme-backend

Exit codes:
    0  done
    2  wrong usage, or trouble with the store";

/// Make, list and revoke keys of the HTTP API
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Keys {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make a key and print it, once
    Create {
        /// Whom it is for
        #[arg(value_parser = name)]
        name: String,
        /// A connection that it opens, as often as you like; all where there is none
        #[arg(long, value_name = "CONNECTION")]
        connection: Vec<String>,
        /// It may not change anything at a source
        #[arg(long)]
        read_only: bool,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List the keys, without what opens
    List {
        /// Those that were revoked as well
        #[arg(long)]
        all: bool,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Take a key's power away, at once and for good
    Revoke {
        /// Its name or id
        name: String,
    },
}

/// The name of a key: a word that can be typed again.
fn name(text: &str) -> Result<String, String> {
    let is_plain = |character: char| character.is_alphanumeric() || "._-@".contains(character);
    match !text.is_empty() && text.len() <= 100 && text.chars().all(is_plain) {
        true => Ok(text.to_owned()),
        false => Err("write up to 100 letters, digits, hyphens, dots and underscores".to_owned()),
    }
}

impl Keys {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        match &self.what {
            What::Create { name, connection, read_only, json } => {
                let new = NewKey { name: name.clone(), connections: connection.clone(), read_only: *read_only };
                create(context, new, *json).await?;
            }
            What::List { all, json } => list(context, *all, *json).await?,
            What::Revoke { name } => {
                let engine = context.filled_engine().await?;
                let Some(key) = engine.revoke_key(name).await? else {
                    return Err(CliError::usage(format!("there is no key `{name}` that could be revoked")));
                };
                context.terminal.print(&format!("Revoked {} ({})\n", key.name, key.id))?;
            }
        }
        Ok(Exit::Done)
    }
}

async fn create(context: &Context, new: NewKey, as_json: bool) -> Result<(), CliError> {
    let engine = context.engine().await?;
    for connection in &new.connections {
        context.expect_connection(&engine, connection).await?;
    }
    let made = engine.create_key(new).await?.map_err(|taken| CliError::usage(taken.to_string()))?;
    let text = made.text.expose_secret();
    let integrations = integrations(&engine, &made.key);
    if as_json {
        let line = json!({
            "key": text, "id": made.key.id, "name": made.key.name, "connections": made.key.connections,
            "read_only": made.key.read_only, "integrations": integrations.iter().map(|(name, id)| json!({"connection": name, "id": id})).collect::<Vec<_>>(),
        });
        return Ok(context.terminal.print(&format!("{line}\n"))?);
    }
    context.terminal.print(&format!("{text}\n"))?;
    let mut note = String::from("\nThis is the key. It is kept nowhere and not shown again.");
    for (name, id) in &integrations {
        note.push_str(&format!("\nX-Integration-Id of {name}: {id}"));
    }
    context.terminal.note(&note);
    Ok(())
}

/// The connections that a key opens, with what clients call them. Those of which the files do not compile have no such name.
fn integrations(engine: &Engine, key: &ApiKey) -> Vec<(String, String)> {
    let names = engine.home().connections().into_iter().filter(|name| key.opens(name));
    let named = |name: String| {
        let connection = Connection::load(engine.home(), &name).ok()?;
        let revision = Revision::load(engine.home(), &connection).ok()?;
        let id = IntegrationId::new(&revision, &name).to_string();
        Some((name, id))
    };
    names.filter_map(named).collect()
}

async fn list(context: &Context, all: bool, as_json: bool) -> Result<(), CliError> {
    let engine = context.reading_engine().await?;
    let keys = engine.keys().await?.into_iter().filter(|key| all || key.revoked_at.is_none());
    if as_json {
        let lines = keys.map(|key| {
            let line = json!({
                "id": key.id, "name": key.name, "connections": key.connections, "read_only": key.read_only,
                "created_at": key.created_at.to_string(), "revoked_at": key.revoked_at.map(|at| at.to_string()),
            });
            format!("{line}\n")
        });
        return Ok(context.terminal.print(&lines.collect::<String>())?);
    }
    let titles = ["id", "name", "opens", "may", "made", "revoked"];
    let columns = titles.map(|title| if title == "opens" { Column::wrapped(title) } else { Column::whole(title) });
    let mut table = Table::new(columns[..if all { 6 } else { 5 }].to_vec());
    for key in keys {
        let day = |at: jiff::Timestamp| at.strftime("%F %H:%M UTC").to_string();
        table.row([
            key.id,
            key.name,
            key.connections.map_or("all connections".to_owned(), |names| names.join(", ")),
            if key.read_only { "read" } else { "read and write" }.to_owned(),
            day(key.created_at),
            key.revoked_at.map(day).unwrap_or_default(),
        ]);
    }
    Ok(context.terminal.print(&table.render(context.terminal.width, context.terminal.stdout))?)
}
