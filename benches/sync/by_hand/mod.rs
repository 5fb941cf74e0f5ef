//! A sync of candidates as one would write it by hand for this one source: typed structs, requests in flight, a
//! thread that maps while the next page comes, one transaction a page.
//!
//! Left out of it are issues, other sources of failure than broken JSON, resuming, retries, tokens that expire, and
//! groups.

mod candidate;
mod store;
mod unified;

use std::collections::HashMap;
use std::sync::Arc;

use aws_lc_rs::digest;
use axum::body::Bytes;
use crosswalk::model::Id;
use futures_util::{StreamExt, stream};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::mpsc;

use self::candidate::Candidate;
use self::store::Store;
pub use self::store::unified;
use crate::process::{Meter, Readings, peak_kib, runtime};
use crate::{CONNECTION, IN_FLIGHT, Outcome, PAGE, Synced, Task, home};

/// Pages that may wait between two stages.
const WAITING: usize = 2;

/// Syncs twice: into an empty store, and again without a change.
pub fn sync(task: &Task) -> Outcome<Synced> {
    runtime()?.block_on(async {
        let request = Arc::new(Request {
            client: Client::builder().no_proxy().build()?,
            endpoint: task.endpoint(),
            operation: home::operation(task)?.text,
        });
        let mut store = Store::open(&task.store).await?;
        let first = measured(task.records, &request, &mut store, 1).await?;
        let second = measured(task.records, &request, &mut store, 2).await?;
        Ok(Synced { first, second, peak_kib: peak_kib()? })
    })
}

async fn measured(records: u32, request: &Arc<Request>, store: &mut Store, run: i64) -> Outcome<Readings> {
    let meter = Meter::start()?;
    let mut pages = mapped_pages(records / PAGE, Arc::clone(request));
    let mut written = 0;
    while let Some(rows) = pages.recv().await {
        written += store.write_page(run, rows?).await?;
    }
    store.finish(run).await?;
    let readings = meter.stop()?;
    if written == records as usize { Ok(readings) } else { Err(format!("{written} of {records} came").into()) }
}

struct Request {
    client: Client,
    endpoint: String,
    operation: String,
}

impl Request {
    async fn page(&self, number: u32) -> Outcome<Bytes> {
        let variables = serde_json::json!({ "page": number, "size": PAGE });
        let body = serde_json::json!({ "query": self.operation, "variables": variables }).to_string();
        let post = self.client.post(&self.endpoint).bearer_auth("replayed").header(CONTENT_TYPE, "application/json");
        Ok(post.body(body).send().await?.error_for_status()?.bytes().await?)
    }
}

fn mapped_pages(pages: u32, request: Arc<Request>) -> mpsc::Receiver<Outcome<Vec<Row>>> {
    let (fetched, mut to_map) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        let mut bodies = stream::iter(0..pages).map(|number| request.page(number)).buffered(IN_FLIGHT);
        while let Some(body) = bodies.next().await {
            if fetched.send(body).await.is_err() {
                break;
            }
        }
    });
    let (mapped, to_write) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        while let Some(body) = to_map.blocking_recv() {
            if mapped.blocking_send(body.and_then(|body| map(&body))).is_err() {
                break;
            }
        }
    });
    to_write
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, rename = "crEmployeePage")]
    page: Items<'a>,
}

#[derive(Deserialize)]
struct Items<'a> {
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

/// A candidate, ready to be compared and written.
struct Row {
    key: i64,
    remote_id: String,
    id: Id,
    deleted: bool,
    unified: String,
    unified_hash: Hash,
    raw: Bytes,
    raw_hash: Hash,
}

fn map(body: &Bytes) -> Outcome<Vec<Row>> {
    let answer: Answer<'_> = serde_json::from_slice(body)?;
    let rows = answer.data.page.items.into_iter().map(|raw| {
        let raw = raw.get();
        let candidate: Candidate<'_> = serde_json::from_str(raw)?;
        let remote_id = candidate.id.trimmed().to_owned();
        let id = Id::derive(CONNECTION, "candidates", &remote_id);
        let unified = serde_json::to_string(&unified::unify(&candidate, id))?;
        Ok(Row {
            key: candidate.number,
            remote_id,
            id,
            deleted: candidate.deleted == 1,
            unified_hash: hash(unified.as_bytes()),
            unified,
            raw_hash: hash(raw.as_bytes()),
            raw: body.slice_ref(raw.as_bytes()),
        })
    });
    rows.collect()
}

type Hash = [u8; 16];

/// The first half of a SHA-256.
fn hash(bytes: &[u8]) -> Hash {
    let mut hash = [0; 16];
    hash.copy_from_slice(&digest::digest(&digest::SHA256, bytes).as_ref()[..16]);
    hash
}

/// What was stored of a candidate.
type Stored = HashMap<i64, (Hash, Hash)>;
