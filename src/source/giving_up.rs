//! What was waited for in vain, and why it was not tried again.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

/// What did not come in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// The beginning of the answer.
    Beginning,
    /// The rest of the answer, of which so many bytes had come.
    Rest(usize),
    /// The end of an answer that kept coming.
    End,
}

impl Late {
    pub(super) fn said(self, after: Duration) -> String {
        match self {
            Late::Beginning => {
                format!("no answer within {after:?}; try again later, lower `pages.size` or raise `limits.timeout`")
            }
            Late::Rest(bytes) => format!(
                "the answer stalled: {bytes} bytes came, and nothing more within {after:?}; \
                 try again later, or raise `limits.stall`"
            ),
            Late::End => {
                format!(
                    "no complete answer within {after:?}; try again later, lower `pages.size` or raise `limits.whole`"
                )
            }
        }
    }
}

/// Why a request was not tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GivenUp {
    /// The connection used up its retries.
    Budget,
    /// So many requests failed one after the other that none is sent for a while.
    Circuit,
}

impl GivenUp {
    pub(super) fn said(self) -> &'static str {
        match self {
            GivenUp::Budget => {
                "too many requests of this connection failed, and its retries are used up \
                 (`limits.retry_share`, `limits.retry_floor`)"
            }
            GivenUp::Circuit => {
                "too many requests failed one after the other, and none is sent for a while (`limits.circuit`)"
            }
        }
    }
}

/// A circuit that lets no request through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCircuit {
    /// How many requests failed one after the other.
    pub failures: u32,
    /// Since when.
    pub since: Timestamp,
    /// When one is sent again, to see; none while one is under way.
    pub until: Option<Timestamp>,
    /// What the last one said that failed.
    pub last: String,
}

impl fmt::Display for OpenCircuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OpenCircuit { failures, since, until, last } = self;
        write!(f, "the last {failures} requests failed, since {}; ", seconds(*since))?;
        match until {
            Some(until) => write!(f, "one is sent after {} to see whether it answers again", seconds(*until))?,
            None => f.write_str("one is under way to see whether it answers again")?,
        }
        write!(f, "; the last one said: {last}")
    }
}

/// A moment without fractions of seconds.
fn seconds(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
