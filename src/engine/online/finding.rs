//! What it means when the source refuses, and what to do about it.

use std::collections::BTreeMap;

use reqwest::StatusCode;
use serde::Serialize;

use super::ProbeState;
use crate::connector::{Connection, Form, FormAddress, Permissions, Remote};
use crate::source::{GraphqlError, SourceError};

/// What is wrong, where, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What kind of trouble it is.
    pub cause: Cause,
    /// What is wrong, in a sentence without a full stop.
    pub what: String,
    /// The permissions of which one is missing, the most general first.
    pub permissions: Vec<String>,
    /// What to do, each a sentence without a full stop.
    pub help: Vec<String>,
    /// What the source said.
    pub says: String,
}

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The identity server knows no such tenant.
    UnknownTenant,
    /// The client's id or secret is wrong.
    WrongClient,
    /// The client gets no tokens of its own.
    TokensOff,
    /// The client may not have a scope that is asked for.
    ScopeRefused,
    /// The identity server refused for another reason.
    TokenRefused,
    /// The source refuses tokens that were only just issued, or the key.
    NotLetIn,
    /// A permission is missing.
    MissingPermission,
    /// Something else answers at the address.
    WrongAddress,
    /// The source rejects the query.
    WrongQuery,
    /// Nobody answers at the address, or not in time.
    Unreachable,
    /// The connection cannot be trusted or encrypted.
    Tls,
    /// The source asks for fewer requests, or is not well.
    Busy,
    /// Errors came in the place of rows, or beside them.
    Errors,
}

impl Cause {
    /// Whether somebody has to change something.
    pub fn is_refusal(self) -> bool {
        !matches!(self, Cause::Unreachable | Cause::Tls | Cause::Busy)
    }

    /// Whether all that is asked of the same source would end alike.
    pub(super) fn is_of_all(self) -> bool {
        matches!(self, Cause::NotLetIn | Cause::WrongAddress | Cause::Unreachable | Cause::Tls | Cause::Busy)
    }
}

impl Finding {
    pub(super) fn state(&self) -> ProbeState {
        if self.cause.is_refusal() { ProbeState::Refused } else { ProbeState::Failed }
    }
}

/// Tells what errors mean to one connection.
pub(super) struct Judge<'a> {
    connection: &'a str,
    form: &'a Form,
    permissions: &'a Permissions,
    settings: BTreeMap<&'a str, String>,
    remote: &'a Remote,
}

impl<'a> Judge<'a> {
    pub fn new(form: &'a Form, connection: &'a Connection, remote: &'a Remote) -> Judge<'a> {
        let value = |name: &str, default: Option<&String>| {
            connection.settings.get(name).map(|value| &value.value).or(default).cloned().unwrap_or_default()
        };
        let settings =
            form.settings.iter().map(|setting| (setting.name.as_str(), value(&setting.name, setting.default.as_ref())));
        let connection = connection.name.as_str();
        Judge { connection, settings: settings.collect(), permissions: &form.permissions, form, remote }
    }

    /// Why there is no token.
    pub fn of_token(&self, error: &SourceError) -> Finding {
        let help = &self.permissions.help;
        let client = || help.client.iter().cloned().collect::<Vec<_>>();
        match error {
            SourceError::Credentials { status, error: code, description, .. } => {
                let says = description.as_deref().map_or_else(|| code.clone(), |text| format!("{code}: {text}"));
                let says = format!("{says} ({status})");
                let off = self.permissions.says_tokens_are_off(&says);
                match code.as_str() {
                    "unauthorized_client" if off || *status == StatusCode::BAD_REQUEST => Finding {
                        cause: Cause::TokensOff,
                        what: "the client may not ask for tokens of its own".to_owned(),
                        permissions: Vec::new(),
                        help: help.tokens.iter().cloned().collect(),
                        says,
                    },
                    "invalid_client" | "unauthorized_client" => Finding {
                        cause: Cause::WrongClient,
                        what: format!("{} is wrong, or the client is switched off", self.credentials()),
                        permissions: Vec::new(),
                        help: client(),
                        says,
                    },
                    "invalid_scope" => Finding {
                        cause: Cause::ScopeRefused,
                        what: "the client may not have the scope that is asked for".to_owned(),
                        permissions: self
                            .remote
                            .oauth2
                            .as_ref()
                            .map(|oauth2| oauth2.scopes.clone())
                            .unwrap_or_default(),
                        help: help.permission.iter().cloned().collect(),
                        says,
                    },
                    _ => Finding {
                        cause: Cause::TokenRefused,
                        what: "the identity server gives no token".to_owned(),
                        permissions: Vec::new(),
                        help: client(),
                        says,
                    },
                }
            }
            SourceError::Status { status: StatusCode::NOT_FOUND, messages, .. } if !is_markup(messages) => Finding {
                cause: Cause::UnknownTenant,
                what: "the identity server knows no such tenant".to_owned(),
                permissions: Vec::new(),
                help: self.about(&self.form.token_url),
                says: said(messages, StatusCode::NOT_FOUND),
            },
            other => self.of_address(other, "the identity server", &self.form.token_url),
        }
    }

    /// Why there is no page of a query.
    pub fn of_page(&self, query: &str, error: &SourceError) -> Finding {
        let help = &self.permissions.help;
        match error {
            SourceError::Forbidden { messages, .. } => self.missing(query, listed(messages)),
            SourceError::Rejected { messages, .. } | SourceError::Status { messages, .. }
                if messages.iter().any(|message| self.permissions.denies(message)) =>
            {
                self.missing(query, listed(messages))
            }
            SourceError::Failed { errors, .. } => {
                let says = listed(&errors.iter().map(ToString::to_string).collect::<Vec<_>>());
                if errors.iter().any(|error| self.denies(error)) {
                    return self.missing(query, says);
                }
                self.errors("errors came instead of rows", says)
            }
            SourceError::Unauthorized { .. } => Finding {
                cause: Cause::NotLetIn,
                what: "the API refuses the token that the identity server only just gave".to_owned(),
                permissions: Vec::new(),
                help: [
                    self.about(&self.form.token_url),
                    self.about(&self.form.endpoint),
                    help.refused_token.iter().cloned().collect(),
                ]
                .concat(),
                says: "401 Unauthorized".to_owned(),
            },
            SourceError::KeyRefused { .. } => Finding {
                cause: Cause::NotLetIn,
                what: format!("{} is wrong, or no longer valid", self.credentials()),
                permissions: Vec::new(),
                help: help.client.iter().cloned().collect(),
                says: "the key was refused".to_owned(),
            },
            SourceError::Rejected { messages, .. } => Finding {
                cause: Cause::WrongQuery,
                what: "the source rejects the query".to_owned(),
                permissions: Vec::new(),
                help: vec![format!(
                    "compare the mapping with what the source has now: crosswalk schema --pull {} --dry-run",
                    self.connection
                )],
                says: listed(messages),
            },
            other => self.of_address(other, "the API", &self.form.endpoint),
        }
    }

    /// Why some fields have no values though rows came.
    pub fn of_fields(&self, query: &str, errors: &[GraphqlError]) -> Option<Finding> {
        if errors.is_empty() {
            return None;
        }
        let says = listed(&errors.iter().map(ToString::to_string).collect::<Vec<_>>());
        if errors.iter().any(|error| self.denies(error)) {
            return Some(self.missing(query, says));
        }
        Some(self.errors("rows came, and errors in the place of some of their fields", says))
    }

    fn denies(&self, error: &GraphqlError) -> bool {
        error.means_denied() || self.permissions.denies(&error.message)
    }

    fn missing(&self, query: &str, says: String) -> Finding {
        Finding {
            cause: Cause::MissingPermission,
            what: "a permission is missing".to_owned(),
            permissions: self.permissions.opening(query),
            help: self.permissions.help.permission.iter().cloned().collect(),
            says,
        }
    }

    fn errors(&self, what: &str, says: String) -> Finding {
        let help = vec!["leave out what they name, or ask the operator of the source".to_owned()];
        Finding { cause: Cause::Errors, what: what.to_owned(), permissions: Vec::new(), help, says }
    }

    /// What is the same whoever was asked.
    fn of_address(&self, error: &SourceError, who: &str, address: &FormAddress) -> Finding {
        let (cause, what, says) = match error {
            SourceError::Tls { reason, .. } => {
                (Cause::Tls, format!("there is no secure connection to {who}"), reason.clone())
            }
            SourceError::Unavailable { cause, .. } => {
                (Cause::Unreachable, format!("{who} cannot be reached"), cause.clone())
            }
            SourceError::Timeout { after, .. } => {
                (Cause::Unreachable, format!("{who} does not answer"), format!("nothing within {after:?}"))
            }
            SourceError::Throttled { .. } => {
                (Cause::Busy, format!("{who} asks for fewer requests"), "429 Too Many Requests".to_owned())
            }
            SourceError::Status { status, messages, .. } if status.is_server_error() => {
                (Cause::Busy, format!("{who} is not well"), said(messages, *status))
            }
            SourceError::Status { status, messages, .. } => {
                (Cause::WrongAddress, format!("something else than {who} answers"), said(messages, *status))
            }
            SourceError::Malformed { found, .. } => {
                (Cause::WrongAddress, format!("something else than {who} answers"), found.clone())
            }
            SourceError::Misshapen { member, expected, .. } => (
                Cause::WrongAddress,
                format!("something else than {who} answers"),
                format!("JSON without {expected} at `{member}`"),
            ),
            other => (Cause::Errors, format!("{who} gives an answer of no use"), other.to_string()),
        };
        let help = match cause {
            Cause::Tls => {
                let local = "check this machine's clock and TLS certificates, and that no proxy stands in between";
                [vec![local.to_owned()], self.about_settings(&address.host)].concat()
            }
            Cause::Busy => vec!["try again later".to_owned()],
            Cause::Unreachable => {
                let network = "check the network, the name server and the firewall of this machine";
                [self.about_settings(&address.host), vec![network.to_owned()]].concat()
            }
            _ => self.about(address),
        };
        Finding { cause, what, permissions: Vec::new(), help, says }
    }

    /// What settings are and what the connection says.
    fn about(&self, address: &FormAddress) -> Vec<String> {
        [self.about_settings(&address.host), self.about_settings(&address.path)].concat()
    }

    fn about_settings(&self, names: &[String]) -> Vec<String> {
        let setting = |name: &String| {
            let about = &self.form.settings.iter().find(|setting| setting.name == *name)?.about;
            let value = self.settings.get(name.as_str())?;
            let about = if about.is_empty() { String::new() } else { format!(": {about}") };
            Some(format!("check the setting `{name}`, which is `{value}`{about}"))
        };
        names.iter().filter_map(setting).collect()
    }

    fn credentials(&self) -> String {
        match self.form.credentials.as_slice() {
            [] => "a credential".to_owned(),
            [only] => format!("`{only}`"),
            several => several.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or "),
        }
    }
}

/// The first messages in one line.
fn listed(messages: &[String]) -> String {
    const SHOWN: usize = 3;
    if messages.is_empty() {
        return "no reason".to_owned();
    }
    let mut line = messages.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
    if messages.len() > SHOWN {
        line.push_str(&format!("; and {} more", messages.len() - SHOWN));
    }
    line
}

fn said(messages: &[String], status: StatusCode) -> String {
    if messages.is_empty() { status.to_string() } else { format!("{} ({status})", listed(messages)) }
}

/// Whether a page for people came.
fn is_markup(messages: &[String]) -> bool {
    messages.first().is_some_and(|message| message.starts_with("markup"))
}
