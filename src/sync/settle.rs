//! What is concluded from rows that a look at all of them did not see.

use super::pinned::Pinned;
use super::report::{ModelReport, State};
use super::{Reading, SyncOptions, now};
use crate::connector::SyncRules;
use crate::store::{Counts, Outcome, Run, StoreError, Unseen};

/// Rows that were not seen are asked for one by one while they are not more.
const ASKED_FOR: u32 = 200;

impl Reading {
    /// Ends a run that came to the end of all rows. What it did not see is gone if the source does not have it either when
    /// it is asked for it, or when all are looked at again: a list that changes while it is read is not read whole.
    pub(super) async fn settle(
        &self,
        pinned: &Pinned,
        run: Run,
        options: &SyncOptions,
        report: &mut ModelReport,
    ) -> Result<Counts, StoreError> {
        let unseen = self.store.unseen(&run).await?;
        if !options.accept_deletions
            && let Some(why) = implausible(unseen, &self.rules)
        {
            tracing::warn!(connection = self.connection, model = run.model().name, "{why}");
            report.state = State::Held(why.clone());
            return self.store.finish(run, Outcome::Held(why), now()).await;
        }
        let mut alive = Vec::new();
        let mut confirmed = unseen.rows == 0;
        if !confirmed && unseen.rows <= u64::from(ASKED_FOR) && pinned.asked().one().is_some() {
            alive = self.still_there(pinned, &run).await?;
            confirmed = alive.is_empty();
        }
        match pinned.asked().ids() {
            _ if confirmed => {}
            Some(ids) => {
                if let Err(why) = self.look_again(pinned, ids).await? {
                    let why = format!("what is gone could not be confirmed: {why}");
                    return self.end_incomplete(run, why, report).await;
                }
                // Those that the list has were missed; those that it has no more are gone.
                let gone = self.store.unseen_ids(&run, u32::MAX).await?;
                alive.retain(|id| !gone.contains(id));
                report.counts += self.reread(pinned, &alive).await?.counts;
            }
            None => {
                // One look at a list that changes is not enough, and there is no other way to look. What is there is read.
                let reread = self.reread(pinned, &alive).await?;
                report.counts += reread.counts;
                if unseen.rows > u64::from(ASKED_FOR) || !reread.unread.is_empty() || !reread.missing.is_empty() {
                    report.state = State::Complete;
                    return self.store.finish(run, Outcome::Read, now()).await;
                }
            }
        }
        report.state = State::Complete;
        self.store.finish(run, Outcome::Complete, now()).await
    }

    /// The ids that the run did not see of rows that the source gives when it is asked for them, or does not deny.
    async fn still_there(&self, pinned: &Pinned, run: &Run) -> Result<Vec<String>, StoreError> {
        let ids = self.store.unseen_ids(run, ASKED_FOR).await?;
        let Some(one) = pinned.asked().one() else { return Ok(ids) };
        let answers = self.records(one, ids).await;
        Ok(answers.into_iter().filter(|(_, answer)| !matches!(answer, Ok(None))).map(|(id, _)| id).collect())
    }
}

/// Why so many deletions are not believed.
pub(super) fn implausible(unseen: Unseen, rules: &SyncRules) -> Option<String> {
    let Unseen { rows, of } = unseen;
    let share = u128::from(rules.most_deleted);
    let too_many = rows > rules.few_deleted && u128::from(rows) * 100 > u128::from(of) * share;
    too_many
        .then(|| format!("{rows} of {of} records would be marked as deleted, and more than {share} % are not believed"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_believed_and_so_are_a_few() {
        let rules = SyncRules { most_deleted: 20, few_deleted: 10, ..SyncRules::default() };
        let believed = |rows, of| implausible(Unseen { rows, of }, &rules).is_none();
        assert!(believed(0, 0) && believed(10, 10) && believed(20, 100) && believed(200, 1000));
        assert!(!believed(11, 11) && !believed(21, 100) && !believed(u64::MAX, u64::MAX));
        let trusting = SyncRules { most_deleted: 100, ..rules };
        assert!(implausible(Unseen { rows: 500, of: 500 }, &trusting).is_none());
    }
}
