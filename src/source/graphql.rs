//! GraphQL over HTTP: the request for a page, and what a page's answer says.

use std::{fmt, ops::Range, sync::Arc};

use bytes::Bytes;
use reqwest::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::{
    body::{describe, is_cut, legible, quote},
    envelope::{Envelope, Shape},
    error::{Request, SourceError},
    transport::Reply,
};
use crate::connector::{Operation, Paging};

/// A page of the remote system's list.
#[derive(Clone)]
pub struct Page {
    /// Its number, from 0.
    pub number: u32,
    /// Whether the remote system says that no page follows.
    pub last: bool,
    /// How many rows all pages have together, if the remote system says so.
    pub total: Option<u64>,
    /// What went wrong with single fields while the rest of the page was answered.
    pub errors: Vec<GraphqlError>,
    text: Text,
    rows: Vec<Range<usize>>,
    given: usize,
}

/// An answer that was found to be text, as such and as bytes.
#[derive(Clone)]
struct Text {
    text: Arc<String>,
    bytes: Bytes,
}

impl Text {
    fn new(text: String) -> Self {
        struct Owner(Arc<String>);
        impl AsRef<[u8]> for Owner {
            fn as_ref(&self) -> &[u8] {
                self.0.as_bytes()
            }
        }
        let text = Arc::new(text);
        let bytes = Bytes::from_owner(Owner(Arc::clone(&text)));
        Self { text, bytes }
    }

    /// Where a part of the text stands.
    fn place(&self, part: &str) -> Range<usize> {
        let start = part.as_ptr() as usize - self.text.as_ptr() as usize;
        start..start + part.len()
    }
}

impl Page {
    /// The JSON text of each row, in order. A row that is `null` is left out.
    pub fn items(&self) -> impl ExactSizeIterator<Item = &str> {
        self.rows.iter().map(|row| &self.text.text[row.clone()])
    }

    /// The same as slices that share the answer's memory.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Bytes> {
        self.rows.iter().map(|row| self.text.bytes.slice(row.clone()))
    }

    /// How many rows the answer has, those that are `null` included.
    pub fn given(&self) -> usize {
        self.given
    }

    /// Whether the list ends here. A short page is no sign of it: the server may cap its pages.
    pub fn ends_list(&self) -> bool {
        self.last || self.given == 0
    }
}

#[cfg(test)]
impl Page {
    /// A page of `given` rows that are numbers.
    pub(super) fn of_numbers(number: u32, given: u64, last: bool, total: Option<u64>) -> Self {
        let (mut text, mut rows) = (String::new(), Vec::new());
        for row in 0..given {
            let start = text.len();
            text.push_str(&row.to_string());
            rows.push(start..text.len());
        }
        Self { number, last, total, errors: Vec::new(), text: Text::new(text), rows, given: given as usize }
    }
}

impl fmt::Debug for Page {
    /// Rows are people's records, so they are counted and not shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("number", &self.number)
            .field("last", &self.last)
            .field("total", &self.total)
            .field("errors", &self.errors.len())
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}

/// An error in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphqlError {
    /// What the remote system says, on one line.
    pub message: String,
    /// The field that it is about, from the root of the answer on, joined by dots.
    pub path: Option<String>,
    /// Its kind, such as `PERMISSION_DENIED`.
    pub kind: Option<String>,
    /// The row that it is about, as an index into [`Page::items`].
    pub row: Option<usize>,
}

impl fmt::Display for GraphqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (&self.kind, &self.path) {
            (Some(kind), Some(path)) => write!(f, " ({kind} at `{path}`)"),
            (Some(kind), None) => write!(f, " ({kind})"),
            (None, Some(path)) => write!(f, " (at `{path}`)"),
            (None, None) => Ok(()),
        }
    }
}

impl GraphqlError {
    pub(super) fn read(raw: &RawValue, token: &str) -> Self {
        let value: Value = serde_json::from_str(raw.get()).unwrap_or_default();
        let message = value["message"].as_str().or(value.as_str()).unwrap_or("no message");
        let path = value["path"].as_array().map(|path| path.iter().map(segment).collect::<Vec<_>>().join("."));
        let kind = ["errorType", "code", "classification"].iter().find_map(|name| value["extensions"][name].as_str());
        Self {
            message: legible(message, &[token]),
            path: path.map(|path| legible(&path, &[token])),
            kind: kind.map(|kind| legible(kind, &[token])),
            row: None,
        }
    }

    pub(super) fn is(&self, kinds: &[&str]) -> bool {
        self.kind.as_deref().is_some_and(|kind| kinds.iter().any(|known| known.eq_ignore_ascii_case(kind)))
    }
}

fn segment(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    query: &'a str,
    operation_name: &'a str,
    variables: Variables,
}

#[derive(Serialize)]
struct Variables {
    page: u32,
    size: u32,
}

/// The body of the request for a page.
pub(super) fn request_body(operation: &Operation, page: u32, size: u32) -> Bytes {
    let variables = Variables { page, size };
    let body = Body { query: &operation.text, operation_name: &operation.name, variables };
    serde_json::to_vec(&body).expect("texts and numbers are always JSON").into()
}

/// Reads answers to requests for one page.
pub(super) struct Reader<'a> {
    pub(super) paging: &'a Paging,
    pub(super) operation: &'a Operation,
    pub(super) number: u32,
    /// The token that the request carried, to blot it out of whatever comes back.
    pub(super) token: &'a str,
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
        let errors: Vec<_> = envelope.errors.iter().map(|raw| GraphqlError::read(raw, self.token)).collect();
        let Some(rows) = &envelope.rows else {
            return Err(self.without_rows(request, errors, envelope.has_data));
        };
        let errors = errors
            .into_iter()
            .zip(&envelope.errors)
            .map(|(error, raw)| GraphqlError { row: self.row_of(raw, rows), ..error })
            .collect();
        Ok(Page {
            number: self.number,
            last: envelope.last.unwrap_or(false),
            total: envelope.total,
            errors,
            given: rows.len(),
            rows: rows.iter().flatten().map(|row| text.place(row)).collect(),
            text,
        })
    }

    pub(super) fn no_json(&self, request: Request, body: &[u8], error: Option<&serde_json::Error>) -> SourceError {
        if is_cut(body, error) {
            let cause = format!("the answer broke off: {}", describe(body));
            return SourceError::Unavailable { request, cause, retry_after: None };
        }
        SourceError::Malformed { request, found: quote(body, &[self.token]) }
    }

    fn shape(&self) -> Shape<'_> {
        Shape {
            root: &self.operation.root,
            items: &self.paging.items,
            last: &self.paging.last,
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
        let [root, items, index, ..] = path.as_slice() else { return None };
        if *root != self.operation.root.as_str() || *items != self.paging.items.as_str() {
            return None;
        }
        let index = usize::try_from(index.as_u64()?).ok()?;
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
        let messages = || errors.iter().map(ToString::to_string).collect();
        let any = |kinds: &[&str]| errors.iter().any(|error| error.is(kinds));
        let all = |kinds: &[&str]| errors.iter().all(|error| error.is(kinds));
        if any(&["UNAUTHENTICATED"]) {
            SourceError::Unauthorized { request }
        } else if any(&["PERMISSION_DENIED", "FORBIDDEN"]) {
            SourceError::Forbidden { request, messages: messages() }
        } else if all(&["UNAVAILABLE"]) {
            let cause = "the remote system says that it is unavailable".to_owned();
            SourceError::Unavailable { request, cause, retry_after: None }
        } else if !has_data {
            // An answer without `data` was refused before it was run: GraphQL specification, "Request Error Result".
            SourceError::Rejected { request, messages: messages() }
        } else {
            SourceError::Failed { request, errors }
        }
    }

    /// What a refusal says: the messages of its errors, or else the beginning of its text.
    fn messages(&self, body: &[u8]) -> Vec<String> {
        #[derive(Deserialize)]
        struct Errors<'a> {
            #[serde(borrow)]
            errors: Vec<&'a RawValue>,
        }
        match serde_json::from_slice::<Errors<'_>>(body) {
            Ok(Errors { errors }) => errors.iter().map(|raw| GraphqlError::read(raw, self.token).to_string()).collect(),
            Err(_) if body.trim_ascii().is_empty() => Vec::new(),
            Err(_) => vec![quote(body, &[self.token])],
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::error::Subject, *};

    fn read(body: &[u8]) -> Result<Page, SourceError> {
        let paging = Paging {
            size: 10,
            prefetch: 1,
            items: "items".to_owned(),
            last: "last".to_owned(),
            total: Some("total".to_owned()),
        };
        let operation = Operation { name: "Things".to_owned(), text: String::new(), root: "thingPage".to_owned() };
        let reader = Reader { paging: &paging, operation: &operation, number: 0, token: "token" };
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
