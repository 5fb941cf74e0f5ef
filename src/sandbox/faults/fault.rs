//! What can go wrong.

use super::super::data::Churn;
use super::Endpoint;
use serde::{Deserialize, Serialize};

/// What goes wrong. Names of errors and bodies that no reference documents are inferred (F).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fault {
    /// Token: 401 `invalid_client`, as when the secret was replaced (F).
    InvalidClient,
    /// Token: 400 `invalid_scope` (F).
    InvalidScope,
    /// Token: 404, as for a realm that does not exist (F).
    UnknownRealm,
    /// Token: the token is good for this many seconds.
    Lifetime {
        /// Seconds; 0 is over at once.
        seconds: u64,
    },
    /// All tokens that were given out are refused from now on.
    RevokeTokens,
    /// GraphQL: 401 with an HTML page, as for a token that is over.
    Unauthorized,
    /// GraphQL: 403, as a partner reports for a missing scope.
    Forbidden,
    /// GraphQL: 200 with `PERMISSION_DENIED` on the root fields that the rule names, or on all.
    Denied,
    /// 429 (F).
    Throttled {
        /// Seconds to wait, in `Retry-After`; without it there is no such header.
        #[serde(default)]
        retry_after: Option<u64>,
        /// Whether `Retry-After` is an HTTP date.
        #[serde(default)]
        as_date: bool,
    },
    /// GraphQL: an error in the shape of the API on the root fields that the rule names, or on all.
    Error {
        /// As `UNAVAILABLE` or `INTERNAL`.
        error_type: String,
        /// As `TOO_MANY_REQUESTS`, `ENHANCE_YOUR_CALM` or `THROTTLED_CPU`.
        #[serde(default)]
        error_detail: Option<String>,
        /// The text.
        #[serde(default)]
        message: Option<String>,
        /// The HTTP status.
        #[serde(default = "ok")]
        status: u16,
    },
    /// GraphQL: the values at these places are null, each with an error.
    Partial {
        /// As `crVacancyPage.items.3.jobTitle`; `*` is every row, and `#1007` the one with this id.
        paths: Vec<String>,
        /// The type of the errors.
        #[serde(default = "internal")]
        error_type: String,
    },
    /// Any status, with the JSON that Spring makes of an exception (F).
    Status {
        /// The status.
        code: u16,
        /// Seconds to wait, in `Retry-After`.
        #[serde(default)]
        retry_after: Option<u64>,
        /// Whether `Retry-After` is an HTTP date.
        #[serde(default)]
        as_date: bool,
    },
    /// An HTML page, as proxies send it.
    Html {
        /// The status.
        #[serde(default = "ok")]
        code: u16,
    },
    /// No body.
    Empty {
        /// The status.
        #[serde(default = "ok")]
        code: u16,
    },
    /// The right body under another name.
    ContentType {
        /// The `Content-Type`.
        value: String,
    },
    /// The answer comes later; a delivery too.
    Delay {
        /// Milliseconds.
        ms: u64,
    },
    /// The body stops in its middle, and goes on later.
    Stall {
        /// Milliseconds.
        ms: u64,
    },
    /// The connection is reset before anything was answered.
    Reset,
    /// The connection is reset in the middle of the body.
    ResetInBody,
    /// The body ends in its middle, though its length is right.
    Truncated,
    /// The body is no JSON.
    InvalidJson,
    /// The body is no UTF-8.
    InvalidUtf8,
    /// The tenant changes.
    Churn(Churn),
    /// Fields go from the schema.
    RemoveFields {
        /// As `CRVacancy.jobTitle`.
        fields: Vec<String>,
    },
    /// Fields come back.
    RestoreFields {
        /// As `CRVacancy.jobTitle`.
        fields: Vec<String>,
    },
    /// Webhook: the delivery never comes, and counts as made.
    Lose,
    /// Webhook: the delivery comes twice.
    Duplicate,
    /// Webhook: the signature does not fit the body.
    BadSignature,
}

pub(super) fn ok() -> u16 {
    200
}

fn internal() -> String {
    "INTERNAL".to_owned()
}

impl Fault {
    /// The fault's name in a plan, by which it is counted.
    pub fn name(&self) -> &'static str {
        match self {
            Fault::InvalidClient => "invalid_client",
            Fault::InvalidScope => "invalid_scope",
            Fault::UnknownRealm => "unknown_realm",
            Fault::Lifetime { .. } => "lifetime",
            Fault::RevokeTokens => "revoke_tokens",
            Fault::Unauthorized => "unauthorized",
            Fault::Forbidden => "forbidden",
            Fault::Denied => "denied",
            Fault::Throttled { .. } => "throttled",
            Fault::Error { .. } => "error",
            Fault::Partial { .. } => "partial",
            Fault::Status { .. } => "status",
            Fault::Html { .. } => "html",
            Fault::Empty { .. } => "empty",
            Fault::ContentType { .. } => "content_type",
            Fault::Delay { .. } => "delay",
            Fault::Stall { .. } => "stall",
            Fault::Reset => "reset",
            Fault::ResetInBody => "reset_in_body",
            Fault::Truncated => "truncated",
            Fault::InvalidJson => "invalid_json",
            Fault::InvalidUtf8 => "invalid_utf8",
            Fault::Churn(_) => "churn",
            Fault::RemoveFields { .. } => "remove_fields",
            Fault::RestoreFields { .. } => "restore_fields",
            Fault::Lose => "lose",
            Fault::Duplicate => "duplicate",
            Fault::BadSignature => "bad_signature",
        }
    }

    pub(super) fn can_happen_at(&self, endpoint: Endpoint) -> bool {
        let of_token =
            matches!(self, Fault::InvalidClient | Fault::InvalidScope | Fault::UnknownRealm | Fault::Lifetime { .. });
        let of_graphql = matches!(
            self,
            Fault::Unauthorized
                | Fault::Forbidden
                | Fault::Denied
                | Fault::Error { .. }
                | Fault::Partial { .. }
                | Fault::RemoveFields { .. }
                | Fault::RestoreFields { .. }
                | Fault::Churn(_)
        );
        let of_webhook = matches!(self, Fault::Lose | Fault::Duplicate | Fault::BadSignature);
        match endpoint {
            Endpoint::Token => !of_graphql && !of_webhook,
            Endpoint::Graphql => !of_token && !of_webhook,
            Endpoint::Webhook => of_webhook || matches!(self, Fault::Delay { .. }),
        }
    }
}
