//! What is said when a request was not done: a status, a code of a closed list, and words.

use axum::http::StatusCode;
use serde::Serialize;

use crate::engine::EngineError;
use crate::store::StoreError;

/// What clients branch on. A general endpoint has those of `PLATFORM` only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "the list is closed and whole, whether an endpoint uses all of it or not")]
pub(crate) enum Code {
    PlatformRateLimitExceeded,
    PlatformConcurrencyLimitExceeded,
    PlatformIntegrationNotFound,
    PlatformInputInvalid,
    PlatformUnknownError,
    PlatformAuthenticationInvalid,
    PlatformTaskTimedOut,
    IntegrationPermissionMissing,
    IntegrationAuthenticationInvalid,
    IntegrationQaFailed,
    IntegrationSetupSyncPending,
    IntegrationSetupIncomplete,
    IntegrationInactive,
    IntegrationModelNotAvailable,
    IntegrationModelDisabled,
    IntegrationActionNotAvailable,
    IntegrationActionDisabled,
    RemoteServiceUnavailable,
    RemoteRateLimitExceeded,
    RemoteInputInvalid,
    RemoteUnknownHttpError,
    AtsJobClosed,
    AtsApplicationAlreadyExists,
}

impl Code {
    /// As it is written.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Code::PlatformRateLimitExceeded => "PLATFORM.RATE_LIMIT_EXCEEDED",
            Code::PlatformConcurrencyLimitExceeded => "PLATFORM.CONCURRENCY_LIMIT_EXCEEDED",
            Code::PlatformIntegrationNotFound => "PLATFORM.INTEGRATION_NOT_FOUND",
            Code::PlatformInputInvalid => "PLATFORM.INPUT_INVALID",
            Code::PlatformUnknownError => "PLATFORM.UNKNOWN_ERROR",
            Code::PlatformAuthenticationInvalid => "PLATFORM.AUTHENTICATION_INVALID",
            Code::PlatformTaskTimedOut => "PLATFORM.TASK_TIMED_OUT",
            Code::IntegrationPermissionMissing => "INTEGRATION.PERMISSION_MISSING",
            Code::IntegrationAuthenticationInvalid => "INTEGRATION.AUTHENTICATION_INVALID",
            Code::IntegrationQaFailed => "INTEGRATION.QA_FAILED",
            Code::IntegrationSetupSyncPending => "INTEGRATION.SETUP_SYNC_PENDING",
            Code::IntegrationSetupIncomplete => "INTEGRATION.SETUP_INCOMPLETE",
            Code::IntegrationInactive => "INTEGRATION.INACTIVE",
            Code::IntegrationModelNotAvailable => "INTEGRATION.MODEL_NOT_AVAILABLE",
            Code::IntegrationModelDisabled => "INTEGRATION.MODEL_DISABLED",
            Code::IntegrationActionNotAvailable => "INTEGRATION.ACTION_NOT_AVAILABLE",
            Code::IntegrationActionDisabled => "INTEGRATION.ACTION_DISABLED",
            Code::RemoteServiceUnavailable => "REMOTE.SERVICE_UNAVAILABLE",
            Code::RemoteRateLimitExceeded => "REMOTE.RATE_LIMIT_EXCEEDED",
            Code::RemoteInputInvalid => "REMOTE.INPUT_INVALID",
            Code::RemoteUnknownHttpError => "REMOTE.UNKNOWN_HTTP_ERROR",
            Code::AtsJobClosed => "ATS.JOB_CLOSED",
            Code::AtsApplicationAlreadyExists => "ATS.APPLICATION_ALREADY_EXISTS",
        }
    }

    /// The status of an answer with it, where nothing else is said.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Code::PlatformRateLimitExceeded | Code::PlatformConcurrencyLimitExceeded => StatusCode::TOO_MANY_REQUESTS,
            Code::PlatformIntegrationNotFound => StatusCode::NOT_FOUND,
            Code::PlatformUnknownError => StatusCode::INTERNAL_SERVER_ERROR,
            Code::PlatformAuthenticationInvalid => StatusCode::UNAUTHORIZED,
            Code::PlatformTaskTimedOut => StatusCode::GATEWAY_TIMEOUT,
            Code::IntegrationPermissionMissing => StatusCode::FORBIDDEN,
            Code::IntegrationQaFailed | Code::IntegrationSetupSyncPending | Code::IntegrationSetupIncomplete => {
                StatusCode::CONFLICT
            }
            Code::RemoteServiceUnavailable | Code::RemoteRateLimitExceeded => StatusCode::SERVICE_UNAVAILABLE,
            Code::RemoteInputInvalid | Code::RemoteUnknownHttpError => StatusCode::BAD_GATEWAY,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Code::PlatformRateLimitExceeded => "Too many requests",
            Code::PlatformConcurrencyLimitExceeded => "Too many requests at the same time",
            Code::PlatformIntegrationNotFound => "No such integration",
            Code::PlatformInputInvalid => "The request is not valid",
            Code::PlatformUnknownError => "Something went wrong here",
            Code::PlatformAuthenticationInvalid => "The API key does not open this",
            Code::PlatformTaskTimedOut => "It took too long",
            Code::IntegrationPermissionMissing => "A permission is missing at the source",
            Code::IntegrationAuthenticationInvalid => "The source does not take the credentials",
            Code::IntegrationQaFailed => "The integration is held back",
            Code::IntegrationSetupSyncPending => "The first sync is not through",
            Code::IntegrationSetupIncomplete => "The integration is not set up",
            Code::IntegrationInactive => "The integration is inactive",
            Code::IntegrationModelNotAvailable => "The source has no such model",
            Code::IntegrationModelDisabled => "The model is switched off",
            Code::IntegrationActionNotAvailable => "The source has no such action",
            Code::IntegrationActionDisabled => "The action is switched off",
            Code::RemoteServiceUnavailable => "The source does not answer",
            Code::RemoteRateLimitExceeded => "The source asks for fewer requests",
            Code::RemoteInputInvalid => "The source refused the input",
            Code::RemoteUnknownHttpError => "The source answered with an error",
            Code::AtsJobClosed => "The job is closed",
            Code::AtsApplicationAlreadyExists => "The candidate has applied already",
        }
    }

    pub(super) fn is_general(self) -> bool {
        self.as_str().starts_with("PLATFORM.")
    }
}

/// Which codes an endpoint may give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Endpoints about keys and integrations.
    General,
    /// Endpoints of the unified models.
    Ats,
}

impl Family {
    /// That of a path that leads nowhere.
    pub(crate) fn of_path(path: &str) -> Family {
        if path.starts_with("/v1/ats/") { Family::Ats } else { Family::General }
    }
}

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub status: StatusCode,
    pub code: Option<Code>,
    pub title: &'static str,
    /// What is wrong and what to do. It may be shown to anybody who may send the request.
    pub message: String,
    /// Where more stands of what happened.
    pub log_url: Option<String>,
    /// The methods that a path has, when it does not have the one that was asked for.
    pub allow: Option<String>,
}

impl Failure {
    /// With a code, and the status that belongs to it.
    pub(crate) fn of(code: Code, message: impl Into<String>) -> Failure {
        Failure {
            status: code.status(),
            code: Some(code),
            title: code.title(),
            message: message.into(),
            log_url: None,
            allow: None,
        }
    }

    /// Something for which the contract has no code.
    pub(crate) fn without_code(status: StatusCode, title: &'static str, message: impl Into<String>) -> Failure {
        Failure { status, code: None, title, message: message.into(), log_url: None, allow: None }
    }

    /// Something that the request should have said otherwise.
    pub(crate) fn invalid(message: impl Into<String>) -> Failure {
        Failure::of(Code::PlatformInputInvalid, message)
    }

    /// A record that is not there, or not in this integration.
    pub(crate) fn no_record(what: &str) -> Failure {
        Failure::without_code(
            StatusCode::NOT_FOUND,
            "Not found",
            format!("there is no such {what} in this integration"),
        )
    }

    /// An integration that is not there or that the key does not open: nobody can tell which.
    pub(crate) fn no_integration() -> Failure {
        Failure::of(
            Code::PlatformIntegrationNotFound,
            "there is no such integration for this key; `X-Integration-Id` is the tool, a colon and the id, such as \
             `crosswalk keys create` prints them",
        )
    }

    /// Something that is nobody's business but the operator's. What happened is in the log.
    pub(crate) fn internal() -> Failure {
        Failure::of(
            Code::PlatformUnknownError,
            "the server could not do this; its log says why, under the id in the header `x-request-id`",
        )
    }

    /// The same answer with another status.
    #[must_use]
    pub(crate) fn with_status(self, status: StatusCode) -> Failure {
        Failure { status, ..self }
    }

    /// The body of the answer.
    pub(crate) fn body(&self, family: Family) -> String {
        let code = self.code.filter(|code| family == Family::Ats || code.is_general());
        let error = Written {
            code: code.map(Code::as_str),
            title: self.title,
            message: &self.message,
            log_url: self.log_url.as_deref(),
        };
        serde_json::to_string(&Envelope { status: "error", error }).expect("texts are JSON")
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    status: &'static str,
    error: Written<'a>,
}

/// All four are always there.
#[derive(Serialize)]
struct Written<'a> {
    code: Option<&'static str>,
    title: &'static str,
    message: &'a str,
    log_url: Option<&'a str>,
}

impl Code {
    /// All of them.
    pub(crate) const ALL: &[Code] = &[
        Code::PlatformRateLimitExceeded,
        Code::PlatformConcurrencyLimitExceeded,
        Code::PlatformIntegrationNotFound,
        Code::PlatformInputInvalid,
        Code::PlatformUnknownError,
        Code::PlatformAuthenticationInvalid,
        Code::PlatformTaskTimedOut,
        Code::IntegrationPermissionMissing,
        Code::IntegrationAuthenticationInvalid,
        Code::IntegrationQaFailed,
        Code::IntegrationSetupSyncPending,
        Code::IntegrationSetupIncomplete,
        Code::IntegrationInactive,
        Code::IntegrationModelNotAvailable,
        Code::IntegrationModelDisabled,
        Code::IntegrationActionNotAvailable,
        Code::IntegrationActionDisabled,
        Code::RemoteServiceUnavailable,
        Code::RemoteRateLimitExceeded,
        Code::RemoteInputInvalid,
        Code::RemoteUnknownHttpError,
        Code::AtsJobClosed,
        Code::AtsApplicationAlreadyExists,
    ];
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Failure {
        tracing::error!(%error, "a request could not be done");
        Failure::internal()
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure::from(EngineError::from(error))
    }
}
