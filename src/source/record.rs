//! One record by its id: the request, and what its answer says.

use std::collections::HashMap;

use bytes::Bytes;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::{Request, SourceError};
use super::graphql::{self, GraphqlError, Reader};
use crate::connector::Operation;

/// The id is a variable: whatever it says, it is never a part of the query.
#[derive(Serialize)]
struct Variables<'a> {
    id: &'a str,
}

/// The body of the request for a record.
pub(super) fn request_body(operation: &Operation, id: &str) -> Bytes {
    graphql::body(operation, &Variables { id })
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow, default)]
    data: Option<HashMap<String, Option<&'a RawValue>>>,
    #[serde(borrow, default)]
    errors: Option<Vec<&'a RawValue>>,
}

impl Reader<'_> {
    /// The record in an answer; none when the remote system has no such record. A record that came with errors is not
    /// given out: what they are about would look empty.
    pub(super) fn read_record(
        &self,
        request: Request,
        status: StatusCode,
        body: &[u8],
    ) -> Result<Option<String>, SourceError> {
        if status != StatusCode::OK {
            return Err(self.refusal(request, status, body));
        }
        let answer: Answer<'_> = match serde_json::from_slice(body) {
            Ok(answer) => answer,
            Err(error) if error.is_data() => {
                return Err(SourceError::Misshapen { request, member: "data".to_owned(), expected: "object" });
            }
            Err(error) => return Err(self.no_json(request, body, Some(&error))),
        };
        let errors = answer.errors.unwrap_or_default();
        let errors: Vec<GraphqlError> = errors.iter().map(|raw| GraphqlError::read(raw, self.secrets)).collect();
        let has_data = answer.data.is_some();
        let found = answer.data.and_then(|mut data| data.remove(self.operation.root.as_str())).flatten();
        if found.is_none() && has_data && errors.iter().all(|error| error.is(&["NOT_FOUND"])) {
            return Ok(None);
        }
        if !errors.is_empty() {
            return Err(self.failure(request, errors, has_data));
        }
        match found {
            Some(record) if record.get().starts_with('{') => Ok(Some(record.get().to_owned())),
            _ => {
                let member = format!("data.{}", self.operation.root);
                Err(SourceError::Misshapen { request, member, expected: "object" })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::Subject;
    use super::*;
    use crate::connector::{Paging, Sequence};

    fn read(status: StatusCode, body: &str) -> Result<Option<String>, SourceError> {
        let paging = Paging {
            size: 1,
            sequence: Sequence::Numbered { prefetch: 1 },
            items: "items".to_owned(),
            end: None,
            total: None,
        };
        let operation = Operation {
            name: "things".to_owned(),
            text: String::new(),
            root: "thing".to_owned(),
            ..Operation::default()
        };
        let reader = Reader { paging: &paging, operation: &operation, number: 0, secrets: &["t0ken"], again: &[] };
        let request = Request { subject: Subject::Token, url: String::new(), attempts: 1 };
        reader.read_record(request, status, body.as_bytes())
    }

    #[test]
    fn a_record_is_the_text_that_came_and_an_absent_one_none() {
        let ok = |body: &str| read(StatusCode::OK, body).unwrap();
        assert_eq!(ok(r#"{"data": {"thing": {"a" : 1}}}"#).as_deref(), Some(r#"{"a" : 1}"#));
        assert_eq!(ok(r#"{"data": {"thing": null}}"#), None);
        let not_found =
            r#"{"data": {"thing": null}, "errors": [{"message": "x", "extensions": {"code": "NOT_FOUND"}}]}"#;
        assert_eq!(ok(not_found), None);
    }

    #[test]
    fn what_is_not_a_whole_record_is_an_error() {
        for body in [
            r#"{"data": {"thing": {"a": null}}, "errors": [{"message": "no right"}]}"#,
            r#"{"data": null, "errors": [{"message": "NOT_FOUND"}]}"#,
            r#"{"data": {"thing": [1]}}"#,
            r#"{"data": 1}"#,
            r#"{}"#,
            r#"{"data": {"thing": {"#,
            "<html>",
        ] {
            assert!(read(StatusCode::OK, body).is_err(), "{body}");
        }
        let refused = read(StatusCode::FORBIDDEN, r#"{"errors": [{"message": "t0ken is not good"}]}"#).unwrap_err();
        assert!(!refused.to_string().contains("t0ken"), "{refused}");
    }

    #[test]
    fn an_id_is_a_value_of_the_request_and_nothing_else() {
        let operation = Operation {
            name: "o".to_owned(),
            text: "query o { x }".to_owned(),
            root: "x".to_owned(),
            ..Operation::default()
        };
        for id in ["1' or '1'='1", "\"", "a\nb", "}) { y"] {
            let body: serde_json::Value = serde_json::from_slice(&request_body(&operation, id)).unwrap();
            assert_eq!(body["query"], "query o { x }");
            assert_eq!(body["variables"]["id"], id);
        }
    }
}
