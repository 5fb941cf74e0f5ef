//! The reads of rows that changed since a moment.

use jiff::Timestamp;

use super::dialect::ChangeRule;
use super::plan::Operation;

/// Stands for the moment in the filters of `connector.yaml`.
const SINCE: &str = "{since}";

/// How rows are asked for that changed since a moment.
#[derive(Debug)]
pub struct Changes {
    pub(super) rule: ChangeRule,
    /// Each with its filter, in which the moment is to be filled in.
    pub(super) reads: Vec<Operation>,
}

impl Changes {
    /// The reads that together give every row that changed since `moment`, or since a little earlier, in the order in which
    /// they are to be read: each from its end to its beginning, for a row that changes meanwhile goes to the end of one.
    pub fn since(&self, moment: Timestamp) -> Vec<Operation> {
        let from = moment.saturating_sub(self.rule.overlap).unwrap_or(moment);
        let from = self.rule.since.print(from);
        let fill = |filter: &String| filter.replace(SINCE, &from);
        self.reads.iter().map(|read| Operation { filter: read.filter.as_ref().map(fill), ..read.clone() }).collect()
    }
}
