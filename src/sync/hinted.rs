//! Records that the source told of by itself: read by their ids, beside whatever sync is under way.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::pinned::Pinned;
use super::reread::Reread;
use super::{Reading, labels};
use crate::model::Model;
use crate::source::SourceError;
use crate::store::{Counts, StoreError};

/// More records of a model than that are read faster as pages of what changed.
const MOST: usize = 200;

/// A record that the source told of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Told {
    /// The source's id of it.
    pub remote_id: String,
    /// Whether the source said that it is gone.
    pub gone: bool,
}

/// What became of records that the source told of.
#[derive(Debug, Default)]
pub struct Followed {
    /// What happened to them.
    pub counts: Counts,
    /// Ids of records that only a sync can bring, or take away.
    pub for_sync: Vec<String>,
    /// Ids of records that could not be read.
    pub unread: Vec<String>,
    /// Why the source was asked no further.
    pub broken: Option<SourceError>,
}

impl Reading {
    /// Reads records of a model that the source told of. One is tombstoned at once when the source said that it is gone
    /// and does not give it either; one that it gives all the same is kept. It may go on beside a sync of the same model:
    /// the later look at a row counts.
    ///
    /// What cannot be read by ids is left to the next sync: all of a model without a query for one record, records that are
    /// new where the list leaves some out, and so many of them that pages are faster.
    pub async fn follow(&self, model: &'static Model, told: &[Told]) -> Result<Followed, StoreError> {
        let mut records: HashMap<&str, bool> = HashMap::new();
        for Told { remote_id, gone } in told {
            *records.entry(remote_id).or_default() |= gone;
        }
        if self.keeps_only_created(model) {
            let ours: HashSet<String> = self.store.acted_records(&self.connection, model).await?.into_iter().collect();
            records.retain(|id, _| ours.contains(*id));
            if records.is_empty() {
                return Ok(Followed::default());
            }
        }
        let revision = self.live.revision();
        let all = || records.keys().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        // What is not mapped any more is of no use to anybody.
        let Some(plan) = revision.plan(model) else { return Ok(Followed::default()) };
        let left_to_a_sync = || Followed { for_sync: all(), ..Followed::default() };
        if plan.one().is_none() {
            return Ok(left_to_a_sync());
        }
        let labels = match revision.labels() {
            Some(_) => Some(Arc::new(self.store.labels(&self.connection).await?)),
            None => None,
        };
        if plan.needs_labels() && labels.as_ref().is_none_or(|labels| labels.is_empty()) {
            return Ok(left_to_a_sync());
        }
        let Some(pinned) = Pinned::new(&self.live, model, labels) else { return Ok(Followed::default()) };
        let mut ids = all();
        let mut followed = Followed::default();
        if plan.chooses_rows() {
            let known = self.store.known_ids(&self.connection, model, &ids).await?;
            let (known, unknown) = ids.into_iter().partition(|id| known.contains(id));
            // Nobody has what is gone and was never there.
            followed.for_sync.extend::<Vec<String>>(unknown);
            followed.for_sync.retain(|id| !records[id.as_str()]);
            ids = known;
        }
        if ids.len() > MOST {
            // Only a look at all rows would tell what is gone.
            let (gone, others) = ids.into_iter().partition(|id| records[id.as_str()]);
            followed.for_sync.extend::<Vec<String>>(others);
            ids = gone;
        }
        let said_gone: HashSet<String> = ids.iter().filter(|id| records[id.as_str()]).cloned().collect();
        let Reread { counts, missing, unread, broken, refused } = self.reread_told(&pinned, &ids, &said_gone).await?;
        // A look at all rows tells whether they are really gone.
        followed.for_sync.extend(missing);
        Ok(Followed { counts, unread, broken: broken.or(refused), ..followed })
    }

    /// Reads records that were written at the source a moment ago, whether or not they are known. Those that only a sync can
    /// bring are given as such: the source does not have them yet, or no query gives one of them.
    pub async fn read_written(&self, model: &'static Model, ids: &[String]) -> Result<Followed, StoreError> {
        let revision = self.live.revision();
        let left_to_a_sync = || Followed { for_sync: ids.to_vec(), ..Followed::default() };
        let Some(plan) = revision.plan(model) else { return Ok(left_to_a_sync()) };
        if plan.one().is_none() {
            return Ok(left_to_a_sync());
        }
        let labels = match revision.labels() {
            Some(labels_plan) => {
                let kept = self.store.labels(&self.connection).await?;
                let lacks = plan.needs_labels() && kept.is_empty();
                Some(Arc::new(if lacks { labels::read(self, labels_plan).await? } else { kept }))
            }
            None => None,
        };
        let Some(pinned) = Pinned::new(&self.live, model, labels) else { return Ok(left_to_a_sync()) };
        let Reread { counts, missing, unread, broken, refused } = self.reread(&pinned, ids).await?;
        Ok(Followed { counts, for_sync: missing, unread, broken: broken.or(refused) })
    }
}
