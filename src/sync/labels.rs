//! The names of free fields and their options: a small list of the source, read whole before the records that need it.

use futures_util::StreamExt;

use super::Reading;
use crate::mapping::{Labels, LabelsPlan};
use crate::source::SourceError;
use crate::store::StoreError;

/// The labels of the connection. When the source does not give them, those of an earlier sync serve: what they do not
/// name is an issue of its record.
pub(super) async fn read(reading: &Reading) -> Result<Labels, StoreError> {
    let Some(plan) = reading.revision.labels() else { return Ok(Labels::default()) };
    match fetch(reading, plan).await {
        Ok(labels) => {
            reading.store.replace_labels(&reading.connection, &labels).await?;
            Ok(labels)
        }
        Err(error) => {
            tracing::warn!(%error, "the names of free fields could not be read; those of the last sync are used");
            reading.store.labels(&reading.connection).await
        }
    }
}

async fn fetch(reading: &Reading, plan: &LabelsPlan) -> Result<Labels, SourceError> {
    let mut pages = std::pin::pin!(reading.source.pages(plan.operation(), 0));
    let mut pairs = Vec::new();
    while let Some(page) = pages.next().await {
        pairs.extend(plan.read(page?.items()));
    }
    Ok(pairs.into_iter().collect())
}
