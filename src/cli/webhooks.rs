//! `crosswalk webhooks`.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::context::Context;
use super::error::{CliError, Exit};
use super::reach::ReachOptions;
use super::table::{Column, Table};
use crate::connector::Reference;
use crate::engine::{EngineError, NewEndpoint};
use crate::store::{Delivery, DeliveryFilter, DeliveryState, EndpointState};
use crate::webhook::outgoing::EventType;

const NOTES: &str = "\
An endpoint is told by POST of what happens: which models changed, how syncs ended, how
connections stand. `crosswalk run` or `serve` sends; this command may be used meanwhile.
Each message is signed with the endpoint's secret, which is shown once. It is kept in the
vault, or elsewhere with --secret. Only public https addresses are reached, unless --allow-…
says otherwise, here and at `run`.

Examples:
  crosswalk webhooks add https://example.com/hook --event data-changed
  crosswalk webhooks add https://example.com/acme --connection acme --secret env:HOOK_SECRET
  crosswalk webhooks test 7hTq…                      see whether it answers
  crosswalk webhooks list                            what waits, and what went wrong
  crosswalk webhooks deliveries --state dead         what was given up after a day
  crosswalk webhooks redeliver --state dead          send it once more

Exit codes:
    0  done
    1  `test`: the endpoint did not take the message
    2  wrong usage, or trouble with the store or the vault";

/// Tell others by webhooks: their endpoints, and what was sent
#[derive(Debug, Args)]
#[command(after_help = NOTES)]
pub(super) struct Webhooks {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make an endpoint and print its secret, once
    Add {
        /// Where messages go
        url: String,
        /// What it is told of, as often as you like; everything where there is none
        #[arg(long, value_name = "TYPE", value_parser = event_parser())]
        event: Vec<EventType>,
        /// A connection that it is told of, as often as you like; all where there is none
        #[arg(long, value_name = "CONNECTION")]
        connection: Vec<String>,
        /// Where its secret is kept: env:NAME, file:PATH or vault:NAME; one is made for the vault where this is not said
        #[arg(long, value_name = "PLACE", value_parser = reference)]
        secret: Option<Reference>,
        #[command(flatten)]
        reach: ReachOptions,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// List the endpoints, and how they stand
    List {
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Remove an endpoint with all that waits for it
    Remove {
        /// The id of the endpoint
        id: String,
    },
    /// Send a message of the type `test` now, once
    Test {
        /// The id of the endpoint
        id: String,
        #[command(flatten)]
        reach: ReachOptions,
    },
    /// List what was sent and what waits, the latest first
    Deliveries {
        /// The id of an endpoint
        endpoint: Option<String>,
        /// Only those that stand so
        #[arg(long, value_name = "STATE", value_parser = state_parser())]
        state: Option<DeliveryState>,
        /// The most that are listed
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
        /// Print one JSON object a line, with what is sent
        #[arg(long)]
        json: bool,
    },
    /// Send messages once more, with the same id and body
    Redeliver {
        /// The id of a message
        #[arg(required_unless_present = "state")]
        message: Option<String>,
        /// All that stand so
        #[arg(long, value_name = "STATE", value_parser = state_parser(), conflicts_with = "message")]
        state: Option<DeliveryState>,
        /// Only to this endpoint
        #[arg(long, value_name = "ID")]
        endpoint: Option<String>,
    },
}

impl Webhooks {
    pub async fn run(&self, context: &Context) -> Result<Exit, CliError> {
        match &self.what {
            What::Add { url, event, connection, secret, reach, json } => {
                let new = NewEndpoint {
                    url: url.clone(),
                    types: event.clone(),
                    connections: connection.clone(),
                    secret: secret.clone(),
                };
                add(context, new, reach, *json).await?;
            }
            What::List { json } => list(context, *json).await?,
            What::Remove { id } => {
                let (endpoint, forgotten) = context.filled_engine().await?.remove_endpoint(id).await?;
                context.terminal.print(&format!("Removed {} ({})\n", endpoint.id, endpoint.url))?;
                if let Err(trouble) = forgotten {
                    context.terminal.note(&format!(
                        "Its secret is still in the vault, as webhooks/{}, since {trouble}",
                        endpoint.id
                    ));
                }
            }
            What::Test { id, reach } => {
                let sent = context.reading_engine().await?.test_endpoint(id, &reach.reach()).await?;
                return match sent {
                    Ok(status) => {
                        context.terminal.print(&format!("It took the message, with status {status}\n"))?;
                        Ok(Exit::Done)
                    }
                    Err(not_sent) => {
                        context.terminal.print(&format!("It did not take the message: {not_sent}\n"))?;
                        Ok(Exit::WithFailures)
                    }
                };
            }
            What::Deliveries { endpoint, state, limit, json } => {
                let filter = DeliveryFilter { endpoint: endpoint.as_deref(), state: *state, message: None };
                deliveries(context, filter, *limit, *json).await?;
            }
            What::Redeliver { message, state, endpoint } => {
                let filter =
                    DeliveryFilter { endpoint: endpoint.as_deref(), state: *state, message: message.as_deref() };
                let count = context.filled_engine().await?.redeliver(filter).await?;
                if count == 0 {
                    return Err(CliError::usage("there is no such message; `crosswalk webhooks deliveries` has all"));
                }
                let what = if count == 1 { "1 message is".to_owned() } else { format!("{count} messages are") };
                context.terminal.print(&format!("{what} sent once more by the engine that runs\n"))?;
            }
        }
        Ok(Exit::Done)
    }
}

fn event_parser() -> impl TypedValueParser<Value = EventType> {
    PossibleValuesParser::new(EventType::ALL.map(EventType::as_str))
        .map(|name| EventType::named(&name).expect("only names of types are let through"))
}

fn state_parser() -> impl TypedValueParser<Value = DeliveryState> {
    PossibleValuesParser::new(DeliveryState::ALL.map(DeliveryState::as_str))
        .map(|name| DeliveryState::named(&name).expect("only names of states are let through"))
}

fn reference(text: &str) -> Result<Reference, &'static str> {
    // A secret that stands here by mistake is not shown again.
    Reference::read(text).ok_or("write env:NAME, file:PATH or vault:NAME; if this was a secret, choose another one")
}

async fn add(context: &Context, new: NewEndpoint, reach: &ReachOptions, as_json: bool) -> Result<(), CliError> {
    let engine = context.engine().await?;
    for connection in &new.connections {
        context.expect_connection(&engine, connection).await?;
    }
    let made = engine.add_endpoint(new, &reach.reach()).await.map_err(|error| match error {
        EngineError::EndpointSecret(missing) => CliError::usage(format!(
            "{}; or name a place of your own with --secret env:NAME or file:PATH",
            EngineError::EndpointSecret(missing)
        )),
        error => error.into(),
    })?;
    let endpoint = &made.endpoint;
    let secret = made.secret.as_ref().map(ExposeSecret::expose_secret);
    if as_json {
        let line = json!({
            "id": endpoint.id, "url": endpoint.url, "types": endpoint.types, "connections": endpoint.connections,
            "secret": secret, "secret_is_in": endpoint.secret,
        });
        return Ok(context.terminal.print(&format!("{line}\n"))?);
    }
    let secret_line = secret.map_or(String::new(), |secret| format!("secret: {secret}\n"));
    context.terminal.print(&format!("id: {}\n{secret_line}", endpoint.id))?;
    context.terminal.note(&match secret {
        Some(_) => format!("\nThis secret signs its messages. It is kept as {} and not shown again.", endpoint.secret),
        None => format!("\nIts messages are signed with what is in {}.", endpoint.secret),
    });
    Ok(())
}

async fn list(context: &Context, as_json: bool) -> Result<(), CliError> {
    let states = context.reading_engine().await?.endpoints().await?;
    if as_json {
        let lines = states.iter().map(|state| format!("{}\n", endpoint_json(state)));
        return Ok(context.terminal.print(&lines.collect::<String>())?);
    }
    let mut table = Table::new(vec![
        Column::whole("id"),
        Column::wrapped("url"),
        Column::wrapped("told of"),
        Column::number("waiting"),
        Column::number("dead"),
        Column::whole("last taken"),
        Column::wrapped("trouble"),
    ]);
    for state in states {
        let endpoint = &state.endpoint;
        let types = endpoint.types.as_ref().map_or("everything".to_owned(), |types| types.join(", "));
        let of = endpoint.connections.as_ref().map_or(String::new(), |names| format!(" of {}", names.join(", ")));
        table.row([
            endpoint.id.clone(),
            endpoint.url.clone(),
            format!("{types}{of}"),
            state.waiting.to_string(),
            state.dead.to_string(),
            state.delivered_at.map(minute).unwrap_or_default(),
            state.error.unwrap_or_default(),
        ]);
    }
    Ok(context.terminal.print(&table.render(context.terminal.width, context.terminal.stdout))?)
}

async fn deliveries(context: &Context, filter: DeliveryFilter<'_>, limit: u32, as_json: bool) -> Result<(), CliError> {
    let deliveries = context.reading_engine().await?.deliveries(filter, limit).await?;
    if as_json {
        let lines = deliveries.iter().map(|delivery| format!("{}\n", delivery_json(delivery)));
        return Ok(context.terminal.print(&lines.collect::<String>())?);
    }
    let mut table = Table::new(vec![
        Column::whole("message"),
        Column::whole("endpoint"),
        Column::whole("type"),
        Column::text("connection"),
        Column::whole("happened"),
        Column::whole("state"),
        Column::number("sent"),
        Column::wrapped("trouble"),
    ]);
    for delivery in deliveries {
        let next = match delivery.state {
            DeliveryState::Waiting if delivery.attempts > 0 => format!("; again at {}", minute(delivery.due_at)),
            _ => String::new(),
        };
        table.row([
            delivery.message,
            delivery.endpoint,
            delivery.kind,
            delivery.connection,
            minute(delivery.at),
            delivery.state.as_str().to_owned(),
            delivery.attempts.to_string(),
            delivery.error.map_or(String::new(), |error| format!("{error}{next}")),
        ]);
    }
    Ok(context.terminal.print(&table.render(context.terminal.width, context.terminal.stdout))?)
}

fn minute(at: Timestamp) -> String {
    at.strftime("%F %H:%M UTC").to_string()
}

fn endpoint_json(state: &EndpointState) -> Value {
    let endpoint = &state.endpoint;
    json!({
        "id": endpoint.id, "url": endpoint.url, "types": endpoint.types, "connections": endpoint.connections,
        "secret_is_in": endpoint.secret, "created_at": endpoint.created_at.to_string(), "waiting": state.waiting,
        "dead": state.dead, "delivered_at": state.delivered_at.map(|at| at.to_string()), "error": state.error,
    })
}

fn delivery_json(delivery: &Delivery) -> Value {
    json!({
        "message": delivery.message, "endpoint": delivery.endpoint, "type": delivery.kind,
        "connection": delivery.connection, "at": delivery.at.to_string(), "state": delivery.state.as_str(),
        "attempts": delivery.attempts, "due_at": delivery.due_at.to_string(), "status": delivery.status,
        "error": delivery.error, "ended_at": delivery.ended_at.map(|at| at.to_string()), "body": delivery.body,
    })
}
