//! GraphQL over HTTP: the request for a page, and what a page's answer says.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::{
    body::{describe, is_cut, legible, quote},
    envelope::{Envelope, Shape},
    error::{Request, SourceError},
    kinds::Meaning,
    page::{Page, Position, Text},
    transport::Reply,
};
use crate::connector::{EndMember, Operation, Paging, Sequence};

/// An error in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphqlError {
    /// What the remote system says, on one line.
    pub message: String,
    /// The field that it is about, from the root of the answer on, joined by dots.
    pub path: Option<String>,
    /// Its kind, such as `PERMISSION_DENIED`.
    pub kind: Option<String>,
    /// What that is in detail, such as `THROTTLED_CPU` of `UNAVAILABLE`.
    pub detail: Option<String>,
    /// The row that it is about, as an index into [`Page::items`].
    pub row: Option<usize>,
}

impl fmt::Display for GraphqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (self.detail.as_ref().or(self.kind.as_ref()), &self.path) {
            (Some(kind), Some(path)) => write!(f, " ({kind} at `{path}`)"),
            (Some(kind), None) => write!(f, " ({kind})"),
            (None, Some(path)) => write!(f, " (at `{path}`)"),
            (None, None) => Ok(()),
        }
    }
}

impl GraphqlError {
    pub(super) fn read(raw: &RawValue, secrets: &[&str]) -> Self {
        let value: Value = serde_json::from_str(raw.get()).unwrap_or_default();
        let message = value["message"].as_str().or(value.as_str()).unwrap_or("no message");
        let path = value["path"].as_array().map(|path| path.iter().map(segment).collect::<Vec<_>>().join("."));
        let kind = ["errorType", "code", "classification"].iter().find_map(|name| value["extensions"][name].as_str());
        let detail = value["extensions"]["errorDetail"].as_str();
        Self {
            message: legible(message, secrets),
            path: path.map(|path| legible(&path, secrets)),
            kind: kind.map(|kind| legible(kind, secrets)),
            detail: detail.map(|detail| legible(detail, secrets)),
            row: None,
        }
    }

    /// Whether its kind says that a permission is missing.
    pub fn means_denied(&self) -> bool {
        self.is(&["PERMISSION_DENIED", "FORBIDDEN"])
    }

    pub(super) fn is(&self, kinds: &[&str]) -> bool {
        self.kinds().any(|kind| kinds.iter().any(|known| known.eq_ignore_ascii_case(kind)))
    }

    /// What it is called, in detail first.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &str> {
        self.detail.as_deref().into_iter().chain(self.kind.as_deref())
    }
}

fn segment(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a, V> {
    query: &'a str,
    operation_name: &'a str,
    variables: &'a V,
}

/// The body of a request for an operation with these variables.
pub(super) fn body(operation: &Operation, variables: &impl Serialize) -> Bytes {
    let body = Body { query: &operation.text, operation_name: &operation.name, variables };
    serde_json::to_vec(&body).expect("variables are always JSON").into()
}

#[derive(Serialize)]
struct Variables<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<u32>,
    size: u32,
    /// The first page has none, not `null`: some servers take that for a cursor and refuse it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<&'a str>,
}

/// The body of the request for the page that begins at a position.
pub(super) fn request_body(operation: &Operation, at: &Position, paging: &Paging) -> Bytes {
    let filter = operation.filter.as_deref();
    let variables = match paging.sequence {
        Sequence::Numbered { .. } => Variables { page: Some(at.page), size: paging.size, cursor: None, filter },
        Sequence::Cursors { .. } => {
            let cursor = at.cursor.as_deref().and_then(|cursor| serde_json::from_str(cursor).ok());
            Variables { page: None, size: paging.size, cursor, filter }
        }
    };
    body(operation, &variables)
}

/// Reads answers to requests for one page.
pub(super) struct Reader<'a> {
    pub(super) paging: &'a Paging,
    pub(super) operation: &'a Operation,
    pub(super) number: u32,
    /// The secrets that the request carried, to blot them out of whatever comes back.
    pub(super) secrets: &'a [&'a str],
    /// Kinds of errors that may pass, beside those that are known to.
    pub(super) again: &'a [String],
}

impl Reader<'_> {
    /// The page in an answer, or what the answer says instead.
    pub(super) fn read(&self, request: Request, reply: Reply) -> Result<Page, SourceError> {
        let Reply { status, body, .. } = reply;
        match status {
            StatusCode::OK => self.read_page(request, body),
            _ => Err(self.refusal(request, status, &body)),
        }
    }

    /// What an answer of another status than 200 means.
    pub(super) fn refusal(&self, request: Request, status: StatusCode, body: &[u8]) -> SourceError {
        let errors = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Vec::new(),
            _ => self.errors(body).unwrap_or_default(),
        };
        if let Some(meaning) = Meaning::of(&errors, self.again) {
            return meaning.error(request, &errors);
        }
        match status {
            StatusCode::UNAUTHORIZED => SourceError::Unauthorized { request },
            StatusCode::FORBIDDEN => SourceError::Forbidden { request, messages: self.messages(body) },
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                SourceError::Rejected { request, messages: self.messages(body) }
            }
            _ => SourceError::Status { request, status, messages: self.messages(body) },
        }
    }

    fn read_page(&self, request: Request, body: Vec<u8>) -> Result<Page, SourceError> {
        let text = match String::from_utf8(body) {
            Ok(text) => Text::new(text),
            Err(error) => return Err(self.no_json(request, error.as_bytes(), None)),
        };
        let shape = self.shape();
        let mut envelope = Envelope::new(&shape);
        match envelope.read(&text.text) {
            Ok(()) => {}
            Err(error) if error.is_data() => {
                let (member, expected) = envelope.stopped_at();
                return Err(SourceError::Misshapen { request, member, expected });
            }
            Err(error) => return Err(self.no_json(request, &text.bytes, Some(&error))),
        }
        let errors: Vec<_> = envelope.errors.iter().map(|raw| GraphqlError::read(raw, self.secrets)).collect();
        let Some(rows) = &envelope.rows else {
            return Err(self.without_rows(request, errors, envelope.has_data));
        };
        let errors = errors
            .into_iter()
            .zip(&envelope.errors)
            .map(|(error, raw)| GraphqlError { row: self.row_of(raw, rows), ..error })
            .collect();
        let given = rows.len();
        let says_last = self.paging.end.as_ref().zip(envelope.end).map(|(member, value)| member.means_last(value));
        let after = self.number.saturating_add(1);
        let (last, next) = match self.paging.sequence {
            Sequence::Numbered { .. } => (says_last == Some(true) || given == 0, Some(Position::from(after))),
            Sequence::Cursors { .. } => {
                let next = envelope.next.map(|cursor| Position { page: after, cursor: Some(cursor.to_owned()) });
                (says_last.unwrap_or(next.is_none()), next)
            }
        };
        Ok(Page {
            number: self.number,
            last,
            next,
            total: envelope.total,
            errors,
            skipped: Vec::new(),
            lost: Arc::default(),
            given,
            rows: rows.iter().flatten().map(|row| text.place(row)).collect(),
            text,
        })
    }

    pub(super) fn no_json(&self, request: Request, body: &[u8], error: Option<&serde_json::Error>) -> SourceError {
        if is_cut(body, error) {
            let cause = format!("the answer broke off: {}", describe(body));
            return SourceError::Unavailable { request, cause, retry_after: None };
        }
        SourceError::Malformed { request, found: quote(body, self.secrets) }
    }

    fn shape(&self) -> Shape<'_> {
        let next = match &self.paging.sequence {
            Sequence::Numbered { .. } => None,
            Sequence::Cursors { next } => Some(next.as_str()),
        };
        Shape {
            root: &self.operation.root,
            items: &self.paging.items,
            end: self.paging.end.as_ref().map(EndMember::path),
            next,
            total: self.paging.total.as_deref(),
        }
    }

    /// The row that an error's path leads through, counted without the rows that are `null`.
    fn row_of(&self, raw: &RawValue, rows: &[Option<&str>]) -> Option<usize> {
        #[derive(Deserialize)]
        struct Path {
            path: Vec<Value>,
        }
        let Path { path } = serde_json::from_str(raw.get()).ok()?;
        let (root, path) = path.split_first()?;
        // The index stands behind the member that is the list, and that is one of those on the way to the rows.
        let names = path.iter().take_while(|segment| segment.is_string()).count();
        let mut way = self.paging.items.split('.');
        let is_on_the_way = names > 0 && path[..names].iter().all(|name| way.next() == name.as_str());
        if *root != self.operation.root.as_str() || !is_on_the_way {
            return None;
        }
        let index = usize::try_from(path.get(names)?.as_u64()?).ok()?;
        rows.get(index)?.map(|_| rows[..index].iter().flatten().count())
    }

    /// What an answer without a list means.
    fn without_rows(&self, request: Request, errors: Vec<GraphqlError>, has_data: bool) -> SourceError {
        if errors.is_empty() {
            let member = format!("data.{}.{}", self.operation.root, self.paging.items);
            return SourceError::Misshapen { request, member, expected: "list" };
        }
        self.failure(request, errors, has_data)
    }

    /// What the errors of an answer mean that has nothing else of use.
    pub(super) fn failure(&self, request: Request, errors: Vec<GraphqlError>, has_data: bool) -> SourceError {
        if let Some(meaning) = Meaning::of(&errors, self.again) {
            meaning.error(request, &errors)
        } else if !has_data {
            // An answer without `data` was refused before it was run: GraphQL specification, "Request Error Result".
            SourceError::Rejected { request, messages: texts(&errors) }
        } else {
            SourceError::Failed { request, errors }
        }
    }

    /// What a refusal says: the messages of its errors, or else the beginning of its text.
    fn messages(&self, body: &[u8]) -> Vec<String> {
        match self.errors(body) {
            Some(errors) => texts(&errors),
            None if body.trim_ascii().is_empty() => Vec::new(),
            None => vec![quote(body, self.secrets)],
        }
    }

    /// The errors of a refusal, if it is one in GraphQL.
    fn errors(&self, body: &[u8]) -> Option<Vec<GraphqlError>> {
        #[derive(Deserialize)]
        struct Errors<'a> {
            #[serde(borrow)]
            errors: Vec<&'a RawValue>,
        }
        let Errors { errors } = serde_json::from_slice(body).ok()?;
        Some(errors.iter().map(|raw| GraphqlError::read(raw, self.secrets)).collect())
    }
}

pub(super) fn texts(errors: &[GraphqlError]) -> Vec<String> {
    errors.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::error::Subject, *};

    fn read(body: &[u8]) -> Result<Page, SourceError> {
        let paging = Paging {
            size: 10,
            sequence: Sequence::Numbered { prefetch: 1 },
            items: "items".to_owned(),
            end: Some(EndMember::Last("last".to_owned())),
            total: Some("total".to_owned()),
        };
        read_by(&paging, body)
    }

    fn read_by_cursor(body: &[u8]) -> Result<Page, SourceError> {
        let paging = Paging {
            size: 10,
            sequence: Sequence::Cursors { next: "info.end".to_owned() },
            items: "edges.node".to_owned(),
            end: Some(EndMember::HasNext("info.more".to_owned())),
            total: None,
        };
        read_by(&paging, body)
    }

    fn read_by(paging: &Paging, body: &[u8]) -> Result<Page, SourceError> {
        let operation = Operation {
            name: "Things".to_owned(),
            text: String::new(),
            root: "thingPage".to_owned(),
            ..Operation::default()
        };
        let reader = Reader { paging, operation: &operation, number: 0, secrets: &["token"], again: &[] };
        let request = Request { subject: Subject::Token, url: String::new(), attempts: 1 };
        reader.read_page(request, body.to_vec())
    }

    /// Any JSON value, as text.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e9..1e9).prop_map(Value::from),
            "\\PC{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                proptest::collection::hash_map("\\PC{0,6}", inner, 0..4)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    fn body(rows: &[Value]) -> String {
        serde_json::json!({"data": {"thingPage": {"items": rows, "last": false, "total": 7}}}).to_string()
    }

    proptest! {
        #[test]
        fn rows_are_slices_of_the_body(rows in proptest::collection::vec(value(), 0..6)) {
            let page = read(body(&rows).as_bytes()).unwrap();
            let expected: Vec<_> = rows.iter().filter(|row| !row.is_null()).map(Value::to_string).collect();
            prop_assert_eq!(page.items().collect::<Vec<_>>(), expected);
            prop_assert!(page.rows().eq(page.items()));
            prop_assert_eq!(page.given(), rows.len());
        }

        #[test]
        fn rows_of_connections_are_slices_of_the_body(rows in proptest::collection::vec(value(), 0..6), cursor in "\\PC{1,12}") {
            let edges: Vec<Value> = rows.iter().map(|row| serde_json::json!({"at": row, "node": row})).collect();
            let info = serde_json::json!({"end": cursor, "more": true});
            let body = serde_json::json!({"data": {"thingPage": {"edges": edges, "info": info}}}).to_string();
            let page = read_by_cursor(body.as_bytes()).unwrap();
            let expected: Vec<_> = rows.iter().filter(|row| !row.is_null()).map(Value::to_string).collect();
            prop_assert_eq!(page.items().collect::<Vec<_>>(), expected);
            prop_assert_eq!(page.given(), rows.len());
            let next = Position { page: 1, cursor: Some(Value::from(cursor).to_string()) };
            prop_assert_eq!(page.next.as_ref(), Some(&next));
            // The cursor goes back as it came.
            let paging = Paging { size: 1, sequence: Sequence::Cursors { next: String::new() }, items: String::new(), end: None, total: None };
            let operation = Operation::default();
            let sent: Value = serde_json::from_slice(&request_body(&operation, &next, &paging)).unwrap();
            prop_assert_eq!(sent["variables"]["cursor"].to_string(), next.cursor.unwrap());
        }

        #[test]
        fn the_beginning_of_an_answer_is_an_answer_that_broke_off(
            rows in proptest::collection::vec(value(), 0..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let body = body(&rows);
            let beginning = &body.as_bytes()[..cut.index(body.len())];
            let error = read(beginning).unwrap_err();
            prop_assert!(error.is_transient(), "{}", error);
        }

        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(read(&bytes).is_err());
        }
    }
}
