//! Errors in the shape that the API gives them.

use apollo_compiler::resolvers::FieldError;
use apollo_compiler::response::GraphQLError;
use serde_json::{Value as Json, json};

/// Splits the class from the text while an error travels through the executor, which carries one string.
const SEPARATOR: char = '\u{1f}';

/// What the executor puts in front of the text of every resolver's error.
const EXECUTOR_PREFIX: &str = "resolver error: ";

/// Why a field has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    error_type: String,
    error_detail: Option<String>,
    message: String,
}

impl Failure {
    /// The request cannot be right.
    pub(crate) fn bad_request(message: &str) -> Failure {
        Failure { error_type: "BAD_REQUEST".to_owned(), error_detail: None, message: message.to_owned() }
    }

    /// There is no such record.
    pub(crate) fn not_found(message: &str) -> Failure {
        Failure::of("NOT_FOUND", None, message)
    }

    /// The request would be right if the records stood otherwise.
    pub(crate) fn precondition(message: &str) -> Failure {
        Failure::of("FAILED_PRECONDITION", None, message)
    }

    /// The token does not reach so far.
    pub(crate) fn denied() -> Failure {
        Failure::of("PERMISSION_DENIED", None, "Access denied")
    }

    fn internal(message: &str) -> Failure {
        Failure::of("INTERNAL", None, message)
    }

    /// Any error of the API's classes.
    pub(crate) fn of(error_type: &str, error_detail: Option<&str>, message: &str) -> Failure {
        Failure {
            error_type: error_type.to_owned(),
            error_detail: error_detail.map(str::to_owned),
            message: message.to_owned(),
        }
    }

    /// The error by itself.
    pub(crate) fn error(&self) -> Json {
        self.to_json(None)
    }

    /// The error at a place in the answer.
    pub(crate) fn at(&self, path: &[Json]) -> Json {
        let mut error = self.error();
        error["path"] = json!(path);
        error
    }

    /// The body of an answer that is nothing but this error.
    pub(crate) fn alone(&self) -> Json {
        json!({ "errors": [self.error()] })
    }

    /// The same with `data`, as after an execution.
    pub(crate) fn without_data(&self) -> Json {
        json!({ "data": null, "errors": [self.error()] })
    }

    /// Reads what `FieldError::from` wrote; anything else is a fault of the sandbox itself.
    fn from_executor(message: &str) -> Failure {
        let message = message.strip_prefix(EXECUTOR_PREFIX).unwrap_or(message);
        let mut parts = message.splitn(3, SEPARATOR);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(error_type), Some(detail), Some(text)) => Failure {
                error_type: error_type.to_owned(),
                error_detail: (!detail.is_empty()).then(|| detail.to_owned()),
                message: text.to_owned(),
            },
            _ => Failure::internal(message),
        }
    }

    fn to_json(&self, error: Option<&GraphQLError>) -> Json {
        let mut body = json!({
            "message": self.message,
            "extensions": {
                "errorType": self.error_type,
                "errorDetail": self.error_detail,
                "classification": self.error_type,
            },
        });
        if let Some(error) = error {
            body["locations"] = json!(error.locations);
            if !error.path.is_empty() {
                body["path"] = json!(error.path);
            }
        }
        body
    }
}

impl From<Failure> for FieldError {
    fn from(failure: Failure) -> FieldError {
        let detail = failure.error_detail.unwrap_or_default();
        FieldError { message: format!("{}{SEPARATOR}{detail}{SEPARATOR}{}", failure.error_type, failure.message) }
    }
}

/// An error of a field while the rest of the answer stands.
pub(crate) fn field_error(error: &GraphQLError) -> Json {
    Failure::from_executor(&error.message).to_json(Some(error))
}

/// The body of an answer to a request that was not executed.
pub(crate) fn refusal(errors: &[GraphQLError]) -> Json {
    let errors: Vec<Json> =
        errors.iter().map(|error| Failure::bad_request(&in_its_words(&error.message)).to_json(Some(error))).collect();
    json!({ "errors": errors })
}

/// A member of a variable that is missing, in the words of graphql-java (F).
fn in_its_words(message: &str) -> String {
    match message.strip_prefix("Missing value for non-null input object field ").and_then(|rest| rest.split_once('.')) {
        Some((_, field)) => {
            format!("Variable 'request' has an invalid value: Field '{field}' has coerced Null value for NonNull type")
        }
        None => message.to_owned(),
    }
}

/// The body of an answer to a query that selects fields which are not there: messages, and lines and columns.
pub(crate) fn undefined(problems: &[(String, Option<(usize, usize)>)]) -> Json {
    let error = |(message, place): &(String, Option<(usize, usize)>)| {
        let mut error = Failure::bad_request(message).error();
        error["extensions"]["classification"] = json!("ValidationError");
        if let Some((line, column)) = place {
            error["locations"] = json!([{ "line": line, "column": column }]);
        }
        error
    };
    json!({ "errors": problems.iter().map(error).collect::<Vec<_>>() })
}
