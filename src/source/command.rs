//! One operation with variables of its own, apart from lists: a question, or a change. A change is sent again only while it
//! certainly did not happen; what its failure tells of it is [`Effect`].

use std::collections::HashMap;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Source;
use super::access::Pass;
use super::error::{Request, SourceError, Subject};
use super::graphql::{GraphqlError, Reader};
use super::transport::{Attempts, Reply};
use crate::connector::Operation;

/// An operation that is sent once.
#[derive(Debug, Clone, Copy)]
pub struct Command<'a> {
    /// The name of the operation in the document.
    pub name: &'a str,
    /// The document.
    pub text: &'a str,
    /// The field of the query or mutation type whose value is wanted.
    pub root: &'a str,
    /// The variables, as a JSON object.
    pub variables: &'a str,
}

/// What a change brought.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The value of the mutation's field as the text that came; none when it is null.
    pub value: Option<String>,
    /// What went wrong with parts of the answer. The change happened all the same.
    pub errors: Vec<GraphqlError>,
}

/// Whether a change happened, as far as its failure tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It did not, and may at another time.
    NotNow,
    /// It did not: the remote system refuses it as it is.
    Refused,
    /// The remote system answered with errors from its midst: it most likely did not, but may have in part.
    Doubtful,
    /// Nobody knows: no answer came, or none of use.
    Unknown,
}

impl SourceError {
    /// What the failure of a change tells of whether it happened.
    pub fn effect(&self) -> Effect {
        match self {
            Self::GivenUp { cause, .. } => cause.effect(),
            // Without a token nothing was sent.
            error if error.request().is_some_and(|request| request.subject == Subject::Token) => match error {
                Self::Credentials { .. } => Effect::Refused,
                _ => Effect::NotNow,
            },
            Self::Throttled { .. } | Self::CircuitOpen { .. } | Self::Tls { .. } => Effect::NotNow,
            Self::Unavailable { .. } if self.found_nobody() => Effect::NotNow,
            Self::Unavailable { .. } | Self::Timeout { .. } => Effect::Unknown,
            Self::Status { status, .. } if status.is_server_error() => Effect::Unknown,
            Self::Malformed { .. } | Self::Misshapen { .. } | Self::TooLarge { .. } => Effect::Unknown,
            Self::Failed { errors, .. } => match errors.iter().all(|error| error.is(CLEAR)) {
                true => Effect::Refused,
                false => Effect::Doubtful,
            },
            _ => Effect::Refused,
        }
    }
}

/// Kinds of errors by which a server says that it did nothing.
const CLEAR: &[&str] = &[
    "BAD_REQUEST",
    "BAD_USER_INPUT",
    "INVALID_ARGUMENT",
    "VALIDATION",
    "ValidationError",
    "GRAPHQL_VALIDATION_FAILED",
    "FIELD_NOT_FOUND",
    "UNIMPLEMENTED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "CONFLICT",
    "FAILED_PRECONDITION",
    "MISSING_RESOURCE",
];

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    data: Option<HashMap<String, Option<&'a RawValue>>>,
    #[serde(borrow, default)]
    errors: Option<Vec<&'a RawValue>>,
}

/// An answer taken apart.
struct Read {
    has_data: bool,
    /// Whether the answer has the wanted field, be it null.
    has_root: bool,
    value: Option<String>,
    errors: Vec<GraphqlError>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    query: &'a str,
    operation_name: &'a str,
    variables: &'a RawValue,
}

impl Command<'_> {
    fn body(&self) -> Bytes {
        let variables = serde_json::from_str(self.variables).expect("variables are a JSON object");
        let body = Body { query: self.text, operation_name: self.name, variables };
        serde_json::to_vec(&body).expect("texts are always JSON").into()
    }

    fn operation(&self) -> Operation {
        Operation { name: self.name.to_owned(), root: self.root.to_owned(), ..Operation::default() }
    }
}

impl Source {
    /// Asks a question: the value of the query's field, as the text that came; none when it is null, or the remote system
    /// says that there is no such thing. What may pass is tried again. A value that came with errors is not given out: what
    /// they are about would look empty.
    pub async fn ask(&self, command: &Command<'_>) -> Result<Option<String>, SourceError> {
        self.send(command, Attempts::All, |reader, request, reply| {
            let Read { has_data, value, errors, .. } = reader.read_answer(&request, reply)?;
            if value.is_none() && has_data && errors.iter().all(|error| error.is(&["NOT_FOUND"])) {
                return Ok(None);
            }
            match errors.is_empty() {
                true => Ok(value),
                false => Err(reader.failure(request, errors, has_data)),
            }
        })
        .await
    }

    /// Asks for a change. It is sent again only while it certainly did not happen; [`SourceError::effect`] says what a failure
    /// tells. A value is an answer whatever errors stand beside it.
    pub async fn change(&self, command: &Command<'_>) -> Result<Changed, SourceError> {
        self.send(command, Attempts::WhileUndone, |reader, request, reply| {
            let Read { has_data, has_root, value, errors } = reader.read_answer(&request, reply)?;
            match value {
                Some(_) => Ok(Changed { value, errors }),
                None if !errors.is_empty() => Err(reader.failure(request, errors, has_data)),
                None if has_root => Ok(Changed { value: None, errors }),
                None => {
                    let member = format!("data.{}", command.root);
                    Err(SourceError::Misshapen { request, member, expected: "value" })
                }
            }
        })
        .await
    }

    async fn send<T>(
        &self,
        command: &Command<'_>,
        attempts: Attempts,
        read: impl Fn(&Reader<'_>, Request, Reply) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let body = command.body();
        let pass = self.access.pass().await?;
        match self.send_with(command, attempts, &body, &pass, &read).await {
            Err(refusal @ SourceError::Unauthorized { .. }) => {
                let pass = self.access.another(pass, refusal).await?;
                self.send_with(command, attempts, &body, &pass, &read).await
            }
            answer => answer,
        }
    }

    async fn send_with<T>(
        &self,
        command: &Command<'_>,
        attempts: Attempts,
        body: &Bytes,
        pass: &Pass<'_>,
        read: &impl Fn(&Reader<'_>, Request, Reply) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let (headers, secrets, operation) = (pass.headers(), pass.secrets(), command.operation());
        let again = &self.remote.limits.retry.errors;
        let reader = Reader { paging: &self.remote.paging, operation: &operation, number: 0, secrets: &secrets, again };
        self.endpoint
            .send(
                Subject::Command { operation: command.name.to_owned() },
                attempts,
                |post| {
                    post.headers(headers.clone())
                        .header(ACCEPT, "application/json")
                        .header(CONTENT_TYPE, "application/json")
                        .body(body.clone())
                },
                |request, reply| read(&reader, request, reply),
            )
            .await
    }
}

impl Reader<'_> {
    fn read_answer(&self, request: &Request, reply: Reply) -> Result<Read, SourceError> {
        let Reply { status, body, .. } = reply;
        if status != StatusCode::OK {
            return Err(self.refusal(request.clone(), status, &body));
        }
        let answer: Answer<'_> = match serde_json::from_slice(&body) {
            Ok(answer) => answer,
            Err(error) if error.is_data() => {
                let (request, member) = (request.clone(), "data".to_owned());
                return Err(SourceError::Misshapen { request, member, expected: "object" });
            }
            Err(error) => return Err(self.no_json(request.clone(), &body, Some(&error))),
        };
        let errors = answer.errors.unwrap_or_default();
        let errors = errors.iter().map(|raw| GraphqlError::read(raw, self.secrets)).collect();
        let has_data = answer.data.is_some();
        let root = answer.data.and_then(|mut data| data.remove(self.operation.root.as_str()));
        let has_root = root.is_some();
        let value = root.flatten().map(|value| value.get()).filter(|value| *value != "null").map(str::to_owned);
        Ok(Read { has_data, has_root, value, errors })
    }
}
