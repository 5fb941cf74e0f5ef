//! A server that answers the requests of a sync from memory. Its pages were recorded from the sandbox; every request
//! gets a copy in which the ids are those of its own records, so any number of different records needs no memory.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{self, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use crosswalk::sandbox::Sandbox;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::net::TcpListener;

use crate::{Outcome, PAGE, home, process, sandbox};

/// Candidates that are recorded.
const RECORDED: u32 = 2_000;

/// The id of the first record. All ids have as many digits.
const FIRST_ID: u32 = 1_000_000;

/// Where the server is, and what it serves.
#[derive(Debug, Serialize, Deserialize)]
pub struct Replayed {
    pub address: String,
    pub bytes_a_record: usize,
}

/// Records pages, says where it serves them, and serves them until it is let go.
pub fn serve(home: &Path) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        let pages = record(home).await?;
        let bytes: usize = pages.iter().map(|page| page.items.len()).sum();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = format!("http://{}", listener.local_addr()?);
        let router = Router::new()
            .route("/token", post(token))
            .route("/{records}/{delay_ms}/graphql", post(answer))
            .with_state(Arc::new(pages));
        tokio::spawn(axum::serve(listener, router).into_future());
        process::report(&Replayed { address, bytes_a_record: bytes / RECORDED as usize })?;
        tokio::task::spawn_blocking(process::wait_for_the_end).await?
    })
}

/// The rows of a page as they are sent, and where the digits of their ids stand.
struct RecordedPage {
    root: String,
    items: Vec<u8>,
    ids: Vec<[Range<usize>; 2]>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: HashMap<&'a str, Items<'a>>,
}

#[derive(Deserialize)]
struct Items<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Ids<'a> {
    #[serde(borrow, rename = "_id")]
    id: &'a RawValue,
    #[serde(borrow, rename = "employeeID")]
    number: &'a RawValue,
}

async fn record(home: &Path) -> Outcome<Vec<RecordedPage>> {
    let sandbox = Sandbox::start(sandbox::options(RECORDED)).await?;
    let revision = home::revision(home, sandbox.base_url())?;
    let operation = home::plan(&revision)?.operation();
    let reader = sandbox::Reader::new(&revision, sandbox.options()).await?;
    let mut pages = Vec::new();
    for number in 0..RECORDED / PAGE {
        pages.push(RecordedPage::read(&reader.page(operation, number).await?)?);
    }
    sandbox.stop().await;
    Ok(pages)
}

impl RecordedPage {
    fn read(body: &[u8]) -> Outcome<RecordedPage> {
        let Answer { data } = serde_json::from_slice(body)?;
        let (root, Items { items: rows }) = data.into_iter().next().ok_or("the sandbox answers")?;
        let (mut items, mut ids) = (Vec::with_capacity(body.len()), Vec::new());
        for row in rows {
            let row = row.get();
            let Ids { id, number } = serde_json::from_str(row)?;
            let start = |part: &RawValue| part.get().as_ptr() as usize - row.as_ptr() as usize;
            let quoted = start(id) + 1..start(id) + id.get().len() - 1;
            let plain = start(number)..start(number) + number.get().len();
            let mut copied = 0;
            let places = [quoted, plain].map(|place| {
                items.extend_from_slice(&row.as_bytes()[copied..place.start]);
                copied = place.end;
                items.extend_from_slice(FIRST_ID.to_string().as_bytes());
                items.len() - FIRST_ID.to_string().len()..items.len()
            });
            items.extend_from_slice(&row.as_bytes()[copied..]);
            items.push(b',');
            ids.push(places);
        }
        items.pop();
        Ok(RecordedPage { root: root.to_owned(), items, ids })
    }

    /// Page `number` of so many records, whose ids are its own. All pages are full.
    fn render(&self, number: u32, records: u32) -> Vec<u8> {
        let head = format!("{{\"data\":{{\"{}\":{{\"items\":[", self.root);
        let first = number * PAGE;
        let last = first + PAGE >= records;
        let tail = format!("],\"last\":{last},\"totalElements\":{records}}}}}}}");
        let mut body = Vec::with_capacity(head.len() + self.items.len() + tail.len());
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(&self.items);
        body.extend_from_slice(tail.as_bytes());
        for (row, places) in (0..).zip(&self.ids) {
            let id = (FIRST_ID + first + row).to_string();
            for place in places {
                body[head.len() + place.start..head.len() + place.end].copy_from_slice(id.as_bytes());
            }
        }
        body
    }
}

#[derive(Deserialize)]
struct Request {
    variables: Variables,
}

#[derive(Deserialize)]
struct Variables {
    page: u32,
}

async fn token() -> Response {
    Json(json!({ "access_token": "replayed", "token_type": "Bearer", "expires_in": 3600 })).into_response()
}

async fn answer(
    State(pages): State<Arc<Vec<RecordedPage>>>,
    extract::Path((records, delay_ms)): extract::Path<(u32, u64)>,
    body: Bytes,
) -> Response {
    if delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    }
    match serde_json::from_slice::<Request>(&body) {
        Ok(Request { variables: Variables { page } }) => {
            let body = pages[page as usize % pages.len()].render(page, records);
            ([(CONTENT_TYPE, "application/json")], body).into_response()
        }
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}
