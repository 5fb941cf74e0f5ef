//! What can go wrong on the way to the remote system and back.

use std::{fmt, time::Duration};

use reqwest::StatusCode;
use thiserror::Error;
use url::Url;

use super::giving_up::{GivenUp, Late, OpenCircuit};
use super::graphql::GraphqlError;

/// How the cause of an [`SourceError::Unavailable`] begins where nobody was reached.
pub(super) const NO_CONNECTION: &str = "no connection";

/// What a request asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// An access token.
    Token,
    /// A page of an operation's list.
    Page {
        /// The name of the operation.
        operation: String,
        /// The number of the page, from 0.
        page: u32,
    },
    /// The types of the remote system.
    Schema,
    /// A short text at an address of its own.
    Text {
        /// What it is.
        what: &'static str,
    },
    /// One record.
    Record {
        /// The name of the operation.
        operation: String,
    },
    /// Something else, once.
    Command {
        /// The name of the operation.
        operation: String,
    },
}

/// The request that an error is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What it asked for.
    pub subject: Subject,
    /// Where it was sent.
    pub url: String,
    /// How often it was sent so far.
    pub attempts: usize,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.subject {
            Subject::Token => write!(f, "access token from {}", self.url)?,
            Subject::Schema => write!(f, "schema of {}", self.url)?,
            Subject::Text { what } => write!(f, "{what} {}", self.url)?,
            Subject::Page { operation, page } => write!(f, "operation `{operation}`, page {page} at {}", self.url)?,
            Subject::Record { operation } => write!(f, "operation `{operation}`, one record at {}", self.url)?,
            Subject::Command { operation } => write!(f, "operation `{operation}` at {}", self.url)?,
        }
        if self.attempts > 1 {
            write!(f, " ({} attempts)", self.attempts)?;
        }
        Ok(())
    }
}

/// Why a page could not be read.
///
/// No variant carries the client's secret or an access token.
#[derive(Debug, Error)]
pub enum SourceError {
    /// A URL of the connection must not be used, so nothing was sent.
    #[error("the {setting} `{url}` cannot be used: {reason}; correct it in the connection or its connector")]
    Setting {
        /// Which URL it is.
        setting: &'static str,
        /// The URL, without user name, password and query.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The HTTP client could not be set up.
    #[error("the HTTP client could not be set up: {reason}; check this machine's TLS certificates and proxy settings")]
    Client {
        /// What the HTTP client says.
        reason: String,
    },
    /// A credential that the connector asks for was not given, so nothing was sent.
    #[error("the credential `{name}` is missing; name it under `credentials` of the connection")]
    MissingCredential {
        /// Its name.
        name: String,
    },
    /// A header cannot carry what the connection puts into it, so nothing was sent.
    #[error(
        "the header `{name}` cannot carry its value: it has characters that no header may have; \
         check the credentials and settings of the connection"
    )]
    UnusableHeader {
        /// The name of the header.
        name: String,
    },
    /// The remote system refused the key that the requests carry.
    #[error("{request}: the key was refused; check the credentials of the connection")]
    KeyRefused {
        /// The request that was refused.
        request: Request,
    },
    /// The remote system gave a cursor that it had given before, and reading on would never end.
    #[error(
        "{request}: the next page would begin where an earlier one did; \
         check `next` under `pages` of the connector, or ask the operator of the remote system"
    )]
    CursorAgain {
        /// The request whose answer has the cursor.
        request: Request,
    },
    /// The identity server refused the client.
    #[error(
        "{request}: the identity server refused the client: {} ({status}); \
         check the client id, the client secret and the scopes of the connection",
        refusal(error, description.as_deref())
    )]
    Credentials {
        /// The request for a token.
        request: Request,
        /// The status of the answer.
        status: StatusCode,
        /// The error code of OAuth 2, such as `invalid_client`.
        error: String,
        /// What the identity server says about it.
        description: Option<String>,
    },
    /// The remote system refused a token that had only just been issued.
    #[error(
        "{request}: the access token was refused, a newly issued one as well; \
         check that the endpoint and the token URL belong to the same tenant and that the client may use this API"
    )]
    Unauthorized {
        /// The request that was refused.
        request: Request,
    },
    /// The client lacks a right.
    #[error(
        "{request}: access denied: {}; give the client the scope or the right that this read needs",
        list(messages)
    )]
    Forbidden {
        /// The request that was refused.
        request: Request,
        /// What the remote system says.
        messages: Vec<String>,
    },
    /// The remote system did not accept the query.
    #[error(
        "{request}: the query was rejected: {}; \
         compare the paths and the filter of the mapping with the schema of the remote system",
        list(messages)
    )]
    Rejected {
        /// The request that was refused.
        request: Request,
        /// What the remote system says.
        messages: Vec<String>,
    },
    /// The remote system does not tell its types.
    #[error(
        "{request}: the source does not describe itself: {}; \
         ask its operator to allow introspection for this client, or for the schema as a file, \
         and put that in the place of schema.graphql",
        list(messages)
    )]
    NotDescribed {
        /// The request that was refused.
        request: Request,
        /// What the remote system says.
        messages: Vec<String>,
    },
    /// The query was run, and ended in errors instead of a list.
    #[error(
        "{request}: errors came instead of rows: {}; \
         leave out what they name, or ask the operator of the remote system",
        list(errors)
    )]
    Failed {
        /// The request that failed.
        request: Request,
        /// The errors in the answer.
        errors: Vec<GraphqlError>,
    },
    /// The remote system asks for fewer requests.
    #[error(
        "{request}: {}{}{}; it is asked less from now on; try again later, or lower `limits.{}`",
        if *at_once { "too many requests at the same time" } else { "too many requests" },
        said(messages),
        wait(*retry_after),
        if *at_once { "concurrency" } else { "rate" },
    )]
    Throttled {
        /// The request that was turned away.
        request: Request,
        /// Whether there were too many at the same time, and not in a time.
        at_once: bool,
        /// What the remote system says.
        messages: Vec<String>,
        /// How long the remote system asks to wait.
        retry_after: Option<Duration>,
    },
    /// There was no connection, it broke, or a gateway answered that nobody is in.
    #[error("{request}: unavailable: {cause}{}; check the network and the URL, or try again later", wait(*retry_after))]
    Unavailable {
        /// The request that got no answer.
        request: Request,
        /// What happened.
        cause: String,
        /// How long the remote system asks to wait.
        retry_after: Option<Duration>,
    },
    /// There was a connection, and it could not be trusted or encrypted.
    #[error(
        "{request}: no secure connection: {reason}; check the URL, this machine's clock and TLS certificates, \
         and that no proxy stands in between"
    )]
    Tls {
        /// The request that was not sent.
        request: Request,
        /// What is wrong with the connection.
        reason: String,
    },
    /// The answer did not come in time.
    #[error("{request}: {}", late.said(*after))]
    Timeout {
        /// The request that took too long.
        request: Request,
        /// How long it was waited for.
        after: Duration,
        /// What did not come.
        late: Late,
    },
    /// Nothing was sent: one request after the other failed before.
    #[error("{request}: not sent, because {open}")]
    CircuitOpen {
        /// The request that was not sent.
        request: Request,
        /// Why not, and until when.
        open: Box<OpenCircuit>,
    },
    /// A request failed and was not tried again, though it might succeed.
    #[error("{cause}; it was not tried again: {}", why.said())]
    GivenUp {
        /// How it failed.
        cause: Box<SourceError>,
        /// Why it was not tried again.
        why: GivenUp,
    },
    /// The answer has a status that this protocol has no use for.
    #[error("{request}: unexpected {status}: {}; {}", list(messages), advice(*status))]
    Status {
        /// The request that was answered.
        request: Request,
        /// The status of the answer.
        status: StatusCode,
        /// What the remote system says.
        messages: Vec<String>,
    },
    /// The answer is not JSON.
    #[error(
        "{request}: the answer is not JSON: {found}; check the URL, and that no login page or gateway answers in its place"
    )]
    Malformed {
        /// The request that was answered.
        request: Request,
        /// What came instead, in at most a line.
        found: String,
    },
    /// The answer is JSON, but a member is missing or of another kind.
    #[error("{request}: the answer has no {expected} at `{member}`; check `pages` in the connector, or the token URL")]
    Misshapen {
        /// The request that was answered.
        request: Request,
        /// The path of the member.
        member: String,
        /// What should be there.
        expected: &'static str,
    },
    /// The answer is larger than one may be.
    #[error("{request}: the answer is larger than {limit} bytes; lower `pages.size`")]
    TooLarge {
        /// The request that was answered.
        request: Request,
        /// The largest answer that is read.
        limit: usize,
    },
    /// More single rows cannot be read than may be skipped.
    #[error(
        "{request}: more than {most} records cannot be read, the last one because of this: {cause}; \
         ask the operator of the remote system, or raise `limits.skipped_rows`"
    )]
    TooManySkipped {
        /// The request for the last of them.
        request: Request,
        /// How many may be skipped.
        most: u32,
        /// What came in place of the last one.
        cause: String,
    },
    /// The remote system does not have any more what a read cannot do without.
    #[error(
        "{request}: {reason}, and no record can be stored without it; \
         refresh schema.graphql (`crosswalk schema --pull`) and correct the mapping, or ask the operator of the remote system"
    )]
    Gone {
        /// The request that was refused.
        request: Request,
        /// What it does not have.
        reason: String,
    },
    /// The first row behind a cursor cannot be read, and so neither can what follows it.
    #[error(
        "{request}: the record at the cursor cannot be read: {cause}; \
         a list that is read by cursors cannot be read past it, so ask the operator of the remote system"
    )]
    Impassable {
        /// The request for the row.
        request: Request,
        /// What came in its place.
        cause: String,
    },
}

/// What kind of trouble an error is, for an exit code or an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// A setting is wrong: nothing was sent.
    Setting,
    /// The remote system could not be reached or could not answer: nothing on this side is known to be wrong.
    Unreachable,
    /// The remote system was reached and refused.
    Refused,
    /// The remote system answered with something that is not understood.
    Unusable,
}

impl SourceError {
    /// Whether the same request may well succeed later, with nothing changed on this side.
    pub fn is_transient(&self) -> bool {
        match self {
            // What is no JSON is mostly the page of a gateway, and sometimes a wrong URL: another try is cheap.
            Self::Throttled { .. }
            | Self::Unavailable { .. }
            | Self::Timeout { .. }
            | Self::Malformed { .. }
            | Self::CircuitOpen { .. } => true,
            Self::GivenUp { cause, .. } => cause.is_transient(),
            _ => false,
        }
    }

    /// What kind of trouble this is.
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Setting { .. }
            | Self::Client { .. }
            | Self::MissingCredential { .. }
            | Self::UnusableHeader { .. } => ErrorClass::Setting,
            Self::Throttled { .. } | Self::Unavailable { .. } | Self::Timeout { .. } | Self::Tls { .. } => {
                ErrorClass::Unreachable
            }
            Self::CircuitOpen { .. } => ErrorClass::Unreachable,
            Self::GivenUp { cause, .. } => cause.class(),
            Self::Status { status, .. } if status.is_server_error() => ErrorClass::Unreachable,
            Self::Credentials { .. }
            | Self::Unauthorized { .. }
            | Self::KeyRefused { .. }
            | Self::Forbidden { .. }
            | Self::Rejected { .. }
            | Self::Gone { .. }
            | Self::NotDescribed { .. }
            | Self::Status { .. } => ErrorClass::Refused,
            Self::Failed { .. }
            | Self::Malformed { .. }
            | Self::Misshapen { .. }
            | Self::TooLarge { .. }
            | Self::TooManySkipped { .. }
            | Self::Impassable { .. }
            | Self::CursorAgain { .. } => ErrorClass::Unusable,
        }
    }

    /// Whether the remote system does not take the credentials, whatever is asked.
    pub fn refuses_the_credentials(&self) -> bool {
        matches!(self, Self::Credentials { .. } | Self::Unauthorized { .. } | Self::KeyRefused { .. })
    }

    /// Whether the remote system understood who asks, and would not answer this request: the place in a list that it
    /// names may be one that the remote system no longer knows.
    pub fn refuses_the_request(&self) -> bool {
        match self {
            Self::Rejected { .. } | Self::Failed { .. } => true,
            Self::Status { status, .. } => status.is_client_error(),
            _ => false,
        }
    }

    /// Whether it would befall any other request as well: who asks is refused, gets no token, or does not reach the source.
    pub fn befalls_all_requests(&self) -> bool {
        match self {
            Self::GivenUp { cause, .. } => cause.befalls_all_requests(),
            Self::CircuitOpen { .. } | Self::Tls { .. } => true,
            Self::Unavailable { request, cause, .. } => {
                request.subject == Subject::Token || cause.starts_with(NO_CONNECTION)
            }
            Self::Throttled { request, .. } | Self::Timeout { request, .. } | Self::Status { request, .. } => {
                request.subject == Subject::Token
            }
            other => other.refuses_the_credentials() || other.class() == ErrorClass::Setting,
        }
    }

    /// Whether it is about this one answer, and not about who asks or how it is reached.
    pub fn is_of_one_answer(&self) -> bool {
        match self {
            Self::Rejected { .. } | Self::Failed { .. } | Self::Misshapen { .. } | Self::Malformed { .. } => true,
            Self::TooLarge { .. } => true,
            Self::Status { status, .. } => status.is_server_error(),
            _ => false,
        }
    }

    /// The request that it is about; none where nothing was to be sent yet.
    pub fn request(&self) -> Option<&Request> {
        match self {
            Self::Setting { .. }
            | Self::Client { .. }
            | Self::MissingCredential { .. }
            | Self::UnusableHeader { .. } => None,
            Self::GivenUp { cause, .. } => cause.request(),
            Self::KeyRefused { request }
            | Self::CursorAgain { request }
            | Self::Credentials { request, .. }
            | Self::Unauthorized { request }
            | Self::Forbidden { request, .. }
            | Self::Rejected { request, .. }
            | Self::NotDescribed { request, .. }
            | Self::Failed { request, .. }
            | Self::Throttled { request, .. }
            | Self::Unavailable { request, .. }
            | Self::Tls { request, .. }
            | Self::Timeout { request, .. }
            | Self::CircuitOpen { request, .. }
            | Self::Status { request, .. }
            | Self::Malformed { request, .. }
            | Self::Misshapen { request, .. }
            | Self::TooLarge { request, .. }
            | Self::TooManySkipped { request, .. }
            | Self::Gone { request, .. }
            | Self::Impassable { request, .. } => Some(request),
        }
    }

    /// Whether nobody was reached, so that nothing was sent.
    pub(super) fn found_nobody(&self) -> bool {
        matches!(self, Self::Unavailable { cause, .. } if cause.starts_with(NO_CONNECTION))
    }

    /// How long the remote system asks to wait before the next attempt.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } | Self::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What the remote system says about it, as far as that is kept.
    pub(super) fn messages(&self) -> &[String] {
        match self {
            Self::Forbidden { messages, .. }
            | Self::Rejected { messages, .. }
            | Self::NotDescribed { messages, .. }
            | Self::Throttled { messages, .. }
            | Self::Status { messages, .. } => messages,
            _ => &[],
        }
    }
}

/// A URL as it may be shown: a user name, a password or a query may hold a secret.
pub(super) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // A URL that cannot have a user name has none to hide.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

fn refusal(error: &str, description: Option<&str>) -> String {
    match description {
        Some(description) => format!("{error}: {description}"),
        None => error.to_owned(),
    }
}

/// The first messages in one line: a query with one wrong path may well fail in every row.
pub(super) fn list(messages: &[impl fmt::Display]) -> String {
    const SHOWN: usize = 3;
    if messages.is_empty() {
        return "no reason given".to_owned();
    }
    let mut line = messages.iter().take(SHOWN).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    if messages.len() > SHOWN {
        line.push_str(&format!("; and {} more", messages.len() - SHOWN));
    }
    line
}

/// The same behind a colon, if there are any.
fn said(messages: &[String]) -> String {
    if messages.is_empty() { String::new() } else { format!(": {}", list(messages)) }
}

fn wait(asked: Option<Duration>) -> String {
    asked.map(|asked| format!(" (it asks to wait {} s)", asked.as_secs())).unwrap_or_default()
}

fn advice(status: StatusCode) -> &'static str {
    if status.is_redirection() {
        "redirects are not followed, so set the URL that is meant"
    } else if status.is_server_error() {
        "the remote system failed: ask its operator, or try again later"
    } else {
        "check the URL"
    }
}
