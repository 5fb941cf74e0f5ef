//! From hints to records: what waits in the inbox is read, many at a time.

use std::collections::{BTreeMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::model::Model;
use crate::store::{Hint, StoreError};
use crate::sync::{Followed, Reading, Told};

/// Hints that are followed at a time.
const AT_ONCE: u32 = 2_000;

/// So often it is tried to read a record; then it is left to a sync.
const ATTEMPTS: u32 = 8;

/// The pause after the first attempt, which doubles from then on, and the longest.
const PAUSE: SignedDuration = SignedDuration::from_secs(2);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_secs(5 * 60);

/// What came of one pass over the inbox of a connection.
#[derive(Debug, Default)]
pub struct Pass {
    /// For each hint that was followed to its end, how long ago it happened, in seconds.
    pub lags: Vec<f64>,
    /// Whether there are records that only a sync brings.
    pub wants_sync: bool,
    /// Why the source was not asked to the end.
    pub trouble: Option<String>,
}

/// Reads the records that are told of in the inbox, and takes the hints out of it: those that a sync brought meanwhile
/// too. One that fails is tried again later. A hint is taken out when its record is stored, so a kill at any moment costs no more
/// than reading some records once more.
pub async fn follow(reading: &Reading) -> Result<Pass, StoreError> {
    let store = &reading.store;
    let mut pass = Pass::default();
    let mut of_models: BTreeMap<String, Vec<Hint>> = BTreeMap::new();
    for hint in store.due_hints(&reading.connection, Timestamp::now(), AT_ONCE).await? {
        of_models.entry(hint.model.clone()).or_default().push(hint);
    }
    for (model, hints) in of_models {
        let told: Vec<Told> =
            hints.iter().map(|hint| Told { remote_id: hint.remote_id.clone(), gone: hint.gone }).collect();
        let followed = match Model::named(&model) {
            Some(model) => reading.follow(model, &told).await?,
            // A later version may have known it.
            None => Followed::default(),
        };
        settle(reading, &hints, &followed, &mut pass).await?;
        pass.trouble = pass.trouble.or(followed.broken.map(|error| error.to_string()));
    }
    pass.wants_sync = wants_sync(reading).await?;
    Ok(pass)
}

async fn settle(reading: &Reading, hints: &[Hint], followed: &Followed, pass: &mut Pass) -> Result<(), StoreError> {
    let now = Timestamp::now();
    let unread: HashSet<&String> = followed.unread.iter().collect();
    let for_sync: HashSet<&String> = followed.for_sync.iter().collect();
    let (mut read, mut left) = (Vec::new(), Vec::new());
    let mut later: BTreeMap<u32, Vec<i64>> = BTreeMap::new();
    for hint in hints {
        if for_sync.contains(&hint.remote_id) || (unread.contains(&hint.remote_id) && hint.attempts + 1 >= ATTEMPTS) {
            left.push(hint.number);
        } else if unread.contains(&hint.remote_id) {
            later.entry(hint.attempts).or_default().push(hint.number);
        } else {
            pass.lags.push(now.duration_since(hint.told_at).as_secs_f64().max(0.0));
            read.push(hint.number);
        }
    }
    let store = &reading.store;
    for (attempts, numbers) in later {
        store.put_off_hints(&numbers, Some(now.saturating_add(pause(attempts)).unwrap_or(now))).await?;
    }
    store.put_off_hints(&left, None).await?;
    store.remove_hints(&read).await
}

fn pause(attempts: u32) -> SignedDuration {
    PAUSE.checked_mul(1 << attempts.min(20)).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

/// Takes out the hints that a sync brought which began after they were told, and says whether others are left.
async fn wants_sync(reading: &Reading) -> Result<bool, StoreError> {
    let (store, connection) = (&reading.store, reading.connection.as_str());
    let mut wants_sync = false;
    for (model, latest) in store.hints_for_sync(connection).await? {
        let run = match Model::named(&model) {
            Some(model) => store.latest_complete(connection, model).await?.map(|run| run.started_at),
            None => Some(Timestamp::MAX),
        };
        if let Some(began_at) = run {
            store.remove_synced_hints(connection, &model, began_at).await?;
        }
        wants_sync |= run.is_none_or(|began_at| began_at <= latest);
    }
    Ok(wants_sync)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        assert_eq!(pause(0), SignedDuration::from_secs(2));
        assert_eq!(pause(3), SignedDuration::from_secs(16));
        assert_eq!(pause(7), SignedDuration::from_secs(256));
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
