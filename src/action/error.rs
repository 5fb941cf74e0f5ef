//! Why an action did not come to its end.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::fetch::FetchError;
use crate::source::{ErrorClass, SourceError};
use crate::store::StoreError;

/// What kind of trouble it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The input cannot be used.
    InputInvalid,
    /// Something that the input names is not there.
    NotFound,
    /// The job takes no applications.
    JobClosed,
    /// The candidate applied for the job before.
    ApplicationExists,
    /// The source does not do it.
    Refused,
    /// The connection is not at work.
    Inactive,
    /// The connector does not know the action.
    ActionNotAvailable,
    /// The action is switched off.
    ActionDisabled,
    /// The connector does not know a model that the action touches.
    ModelNotAvailable,
    /// A model that the action touches is switched off.
    ModelDisabled,
    /// The source does not permit it.
    PermissionMissing,
    /// The source does not take the credentials.
    AuthenticationInvalid,
    /// The source cannot be reached.
    RemoteUnavailable,
    /// The source asks for fewer requests.
    RemoteRateLimited,
    /// The source answers with something of no use.
    RemoteError,
    /// It was ended in the middle, and can be gone on with.
    TimedOut,
    /// It is not known whether a step happened.
    Unclear,
    /// There is no such connection.
    IntegrationNotFound,
    /// Something is wrong on this side.
    Unknown,
}

impl Code {
    /// The name of the code.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::InputInvalid => "input_invalid",
            Code::NotFound => "not_found",
            Code::JobClosed => "job_closed",
            Code::ApplicationExists => "application_exists",
            Code::Refused => "refused",
            Code::Inactive => "inactive",
            Code::ActionNotAvailable => "action_not_available",
            Code::ActionDisabled => "action_disabled",
            Code::ModelNotAvailable => "model_not_available",
            Code::ModelDisabled => "model_disabled",
            Code::PermissionMissing => "permission_missing",
            Code::AuthenticationInvalid => "authentication_invalid",
            Code::RemoteUnavailable => "remote_unavailable",
            Code::RemoteRateLimited => "remote_rate_limited",
            Code::RemoteError => "remote_error",
            Code::TimedOut => "timed_out",
            Code::Unclear => "unclear",
            Code::IntegrationNotFound => "integration_not_found",
            Code::Unknown => "unknown",
        }
    }

    /// What a failure of the source means. One of a question cannot be a refusal of what is asked for.
    pub(super) fn of_source(error: &SourceError, is_change: bool) -> Code {
        if error.refuses_the_credentials() || matches!(error, SourceError::MissingCredential { .. }) {
            return Code::AuthenticationInvalid;
        }
        match error {
            SourceError::GivenUp { cause, .. } => Code::of_source(cause, is_change),
            SourceError::Forbidden { .. } => Code::PermissionMissing,
            SourceError::Failed { errors, .. } if errors.iter().any(|error| error.means_denied()) => {
                Code::PermissionMissing
            }
            SourceError::Throttled { .. } => Code::RemoteRateLimited,
            error => match error.class() {
                ErrorClass::Unreachable => Code::RemoteUnavailable,
                ErrorClass::Setting => Code::Unknown,
                ErrorClass::Refused if is_change => Code::Refused,
                ErrorClass::Unusable if is_change && matches!(error, SourceError::Failed { .. }) => Code::Refused,
                ErrorClass::Refused | ErrorClass::Unusable => Code::RemoteError,
            },
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is wrong with an input, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputProblem {
    /// The place as a JSON pointer, such as `/candidate/email_address`.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for InputProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => write!(f, "the input {}", self.message),
            pointer => write!(f, "{pointer}: {}", self.message),
        }
    }
}

/// Why an action did not come to its end, and how far it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ActionError {
    /// What kind of trouble it is.
    pub code: Code,
    /// What went wrong, and what to do about it.
    pub message: String,
    /// What is wrong with the input.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<InputProblem>,
    /// The id of the run, where one was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The step at which it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What was written at the source, and stays.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<String>,
    /// What was not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undone: Vec<String>,
    /// Whether the run can be gone on with.
    #[serde(default)]
    pub resumable: bool,
}

impl ActionError {
    /// One of which nothing else is known.
    pub fn new(code: Code, message: String) -> ActionError {
        ActionError {
            code,
            message,
            problems: Vec::new(),
            run: None,
            step: None,
            done: Vec::new(),
            undone: Vec::new(),
            resumable: false,
        }
    }

    /// What is wrong with an input, all of it.
    pub fn of_input(problems: Vec<InputProblem>) -> ActionError {
        let message = match problems.as_slice() {
            [only] => only.to_string(),
            several => format!("the input has {} mistakes", several.len()),
        };
        ActionError { problems, ..ActionError::new(Code::InputInvalid, message) }
    }

    /// Trouble with the store.
    pub fn of_store(error: StoreError) -> ActionError {
        ActionError::new(Code::Unknown, error.to_string())
    }

    pub(super) fn of_source(error: &SourceError, is_change: bool) -> ActionError {
        ActionError::new(Code::of_source(error, is_change), error.to_string())
    }

    /// Trouble with a file at a place of the input.
    pub(super) fn of_file(error: &FetchError, pointer: &str) -> ActionError {
        match error {
            FetchError::Io(_) => ActionError::new(Code::Unknown, error.to_string()),
            error => {
                ActionError::of_input(vec![InputProblem { pointer: pointer.to_owned(), message: error.to_string() }])
            }
        }
    }
}
