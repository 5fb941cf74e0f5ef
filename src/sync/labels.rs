//! The names of free fields and their options: a small list of the source, read whole before the records that need it.

use futures_util::StreamExt;

use super::Reading;
use crate::mapping::{Labels, LabelsPlan};
use crate::source::SourceError;
use crate::store::StoreError;

/// The labels of the connection. When the source does not give them, those of an earlier sync serve: what they do not
/// name is an issue of its record.
pub(super) async fn read(reading: &Reading, plan: &LabelsPlan) -> Result<Labels, StoreError> {
    match fetch(reading, plan).await {
        Ok(None) => {
            tracing::warn!("the source gave no whole list of free fields; those of the last sync are used");
            reading.store.labels(&reading.connection).await
        }
        Ok(Some(labels)) => {
            reading.store.replace_labels(&reading.connection, &labels).await?;
            Ok(labels)
        }
        Err(error) => {
            tracing::warn!(%error, "the names of free fields could not be read; those of the last sync are used");
            reading.store.labels(&reading.connection).await
        }
    }
}

/// None where the list is empty or has gaps: it would take known names away.
async fn fetch(reading: &Reading, plan: &LabelsPlan) -> Result<Option<Labels>, SourceError> {
    let mut pages = std::pin::pin!(reading.source.pages(plan.operation(), 0));
    let mut pairs = Vec::new();
    let mut whole = false;
    while let Some(page) = pages.next().await {
        let page = page?;
        if !page.errors.is_empty() || !page.skipped.is_empty() {
            return Ok(None);
        }
        whole = page.last;
        pairs.extend(plan.read(page.items()));
    }
    Ok((whole && !pairs.is_empty()).then(|| pairs.into_iter().collect()))
}
