//! The engine's side: a sync as the binary does it, but for the number of requests in flight.

use std::sync::Arc;

use crosswalk::connector::{Live, Sequence, SyncRules};
use crosswalk::model::CANDIDATES;
use crosswalk::source::{Credentials, Source};
use crosswalk::store::Store;
use crosswalk::sync::{Pace, Reading, State, SyncOptions};
use url::Url;

use crate::process::{Meter, Readings, peak_kib, runtime};
use crate::{CONNECTION, IN_FLIGHT, Outcome, Synced, Task, home};

/// Syncs twice: into an empty store, and again without a change.
pub fn sync(task: &Task) -> Outcome<Synced> {
    runtime()?.block_on(async {
        let revision = home::revision(&task.home, &task.server)?;
        let mut remote = revision.remote.clone();
        remote.endpoint = Url::parse(&task.endpoint())?;
        remote.oauth2.as_mut().ok_or("the connector asks for no tokens")?.token_url = Url::parse(&task.token_url())?;
        remote.paging.sequence = Sequence::Numbered { prefetch: IN_FLIGHT };
        let credentials = Credentials::of_client("bench", "bench");
        let reading = Reading {
            connection: CONNECTION.to_owned(),
            live: Arc::new(Live::new(revision)),
            source: Arc::new(Source::new(remote, credentials)?),
            store: Store::open(&task.store).await?,
            pace: Pace::default(),
            tenant: String::new(),
            rules: SyncRules::default(),
        };
        let first = measured(&reading, task.records).await?;
        let second = measured(&reading, task.records).await?;
        Ok(Synced { first, second, peak_kib: peak_kib()? })
    })
}

async fn measured(reading: &Reading, records: u32) -> Outcome<Readings> {
    let options = SyncOptions { models: vec![&CANDIDATES], full: true, ..SyncOptions::default() };
    let meter = Meter::start()?;
    let report = reading.sync(&options, |_| {}).await?;
    let readings = meter.stop()?;
    let candidates = &report.models[0];
    match &candidates.state {
        State::Complete if candidates.counts.fetched == u64::from(records) => Ok(readings),
        state => Err(format!("{:?} after {state:?}", candidates.counts).into()),
    }
}
