//! The sandbox by itself: what it costs to serve the same records, so that it hides nobody else's cost.

use std::path::Path;
use std::time::Instant;

use axum::body::Bytes;
use crosswalk::connector::{Operation, Remote, Revision};
use crosswalk::sandbox::{Options, Sandbox};
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::process::{self, Child, runtime};
use crate::{IN_FLIGHT, Outcome, PAGE, home};

/// A sandbox with so many candidates.
pub fn options(candidates: u32) -> Options {
    Options { candidates, ..Options::default() }
}

/// Reads pages and looks at none.
pub struct Reader {
    client: Client,
    remote: Remote,
    token: String,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
}

impl Reader {
    pub async fn new(revision: &Revision, sandbox: &Options) -> Outcome<Reader> {
        let (client, remote) = (Client::builder().no_proxy().build()?, revision.remote.clone());
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &sandbox.client_id),
            ("client_secret", &sandbox.client_secret),
        ];
        let oauth2 = remote.oauth2.as_ref().ok_or("the connector asks for no tokens")?;
        let asked = client.post(oauth2.token_url.clone()).form(&form).send();
        let Token { access_token: token } = asked.await?.error_for_status()?.json().await?;
        Ok(Reader { client, remote, token })
    }

    pub async fn page(&self, operation: &Operation, number: u32) -> Outcome<Bytes> {
        let body = json!({ "query": operation.text, "variables": { "page": number, "size": PAGE } }).to_string();
        let post = self.client.post(self.remote.endpoint.clone()).bearer_auth(&self.token);
        let answer = post.header(CONTENT_TYPE, "application/json").body(body).send().await?;
        Ok(answer.error_for_status()?.bytes().await?)
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Serving {
    address: String,
    seconds_to_start: f64,
}

/// Serves the sandbox until it is let go.
pub fn serve(records: u32) -> Outcome<()> {
    runtime()?.block_on(async {
        let begun = Instant::now();
        let sandbox = Sandbox::start(options(records)).await?;
        let (address, seconds_to_start) = (sandbox.base_url().to_owned(), begun.elapsed().as_secs_f64());
        process::report(&Serving { address, seconds_to_start })?;
        tokio::task::spawn_blocking(process::wait_for_the_end).await?
    })
}

/// Reads all records from a sandbox, one page after the other and then several at a time.
pub fn measure(home: &Path, records: u32) -> Outcome<()> {
    let mut sandbox = Child::start(&["sandbox", &records.to_string()])?;
    let Serving { address, seconds_to_start } = sandbox.line()?;
    println!("ready after {seconds_to_start:.1} s");
    println!("{:<34}{:>10}{:>10}{:>10}", "", "records/s", "ms/page", "µs CPU");
    for in_flight in [1, IN_FLIGHT] {
        let (begun, before) = (Instant::now(), sandbox.cpu_seconds()?);
        runtime()?.block_on(async {
            let revision = home::revision(home, &address)?;
            let operation = home::plan(&revision)?.operation();
            let reader = Reader::new(&revision, &options(records)).await?;
            let pages = stream::iter(0..records / PAGE).map(|number| reader.page(operation, number));
            pages.buffered(in_flight).try_for_each(async |_| Ok(())).await
        })?;
        let (seconds, cpu) = (begun.elapsed().as_secs_f64(), sandbox.cpu_seconds()? - before);
        let (each, pages) = (f64::from(records), f64::from(records / PAGE));
        println!(
            "{:<34}{:>10.0}{:>10.2}{:>10.1}",
            format!("{in_flight} in flight"),
            each / seconds,
            seconds * 1e3 * in_flight as f64 / pages,
            cpu / each * 1e6
        );
    }
    Ok(())
}
