//! `limits` of `connector.yaml` and of a connection: how much a source is asked, when to give up, when to try again.

use std::sync::Arc;
use std::time::Duration;

use super::remote::{CircuitLimits, Limits, Rate, Retry, RetryBudget};
use crate::diagnostics::{Problem, Problems, SourceFile};
use crate::yaml::{Fields, Is, Key, Keys, Node, Value};

pub(super) static LIMITS: Keys = Keys::new(
    "`limits`",
    "How much the source is asked, when to give up, and when to try again",
    &[
        Key::optional(
            "rate",
            Is::Keys(&RATE),
            "How many requests may begin in a time; any number where it is not said",
        )
        .example("{ requests: 10, per: 1s, burst: 5 }"),
        Key::optional(
            "concurrency",
            Is::Integer(1, 1000),
            "Requests under way at the same time; as many as the process has where it is not said",
        ),
        Key::optional("page_size", Is::Integer(1, 10_000), "Rows asked for at once, in the place of `size` of `pages`"),
        Key::optional("timeout", Is::Duration, "The longest until an answer begins; 60s where it is not said"),
        Key::optional("stall", Is::Duration, "The longest pause within an answer; 30s where it is not said"),
        Key::optional(
            "whole",
            Is::Duration,
            "The longest until an answer is whole, however it flows; 10m where it is not said",
        ),
        Key::optional("attempts", Is::Integer(1, 20), "How often a request is sent at most, the first time included"),
        Key::optional(
            "pause",
            Is::Duration,
            "The longest pause before the second attempt; it doubles from then on, and each pause is drawn from zero up to it",
        ),
        Key::optional("longest_pause", Is::Duration, "The longest pause that is drawn"),
        Key::optional(
            "longest_wait",
            Is::Duration,
            "The longest that the connection is still when the source asks for it (`Retry-After`); 5m where it is not said",
        ),
        Key::optional(
            "retry_statuses",
            Is::Several(&Is::Integer(RETRY_STATUSES.0, RETRY_STATUSES.1)),
            "Statuses that are worth another try beside those that always are (502, 503, 504, 520 to 530)",
        )
        .example("[500]"),
        Key::optional(
            "retry_errors",
            Is::Several(&Is::Text),
            "Kinds of GraphQL errors that are worth another try beside those that always are",
        )
        .example("[INTERNAL]"),
        Key::optional(
            "retry_share",
            Is::Integer(0, 100),
            "Retries that a hundred requests bring; 20 where it is not said",
        ),
        Key::optional(
            "retry_floor",
            Is::Integer(0, 10_000),
            "Retries that a minute brings, and the most that are in stock; 20 where it is not said",
        ),
        Key::optional(
            "skipped_rows",
            Is::Integer(0, 10_000),
            "How many single rows of a list may be skipped in a sync because the source cannot give them; 20 where it is not said",
        ),
        Key::optional("circuit", Is::Keys(&CIRCUIT), "When nothing is sent any more for a while"),
    ],
);

/// Statuses that a server failed with.
const RETRY_STATUSES: (i64, i64) = (500, 599);

static RATE: Keys = Keys::new(
    "`rate`",
    "How many requests may begin in a time",
    &[
        Key::required("requests", Is::Integer(1, 100_000), "So many"),
        Key::optional("per", Is::Duration, "In this time; 1s where it is not said"),
        Key::optional(
            "burst",
            Is::Integer(1, 100_000),
            "So many at once after a time without any; 1 where it is not said",
        ),
    ],
);

static CIRCUIT: Keys = Keys::new(
    "`circuit`",
    "When nothing is sent any more for a while",
    &[
        Key::optional(
            "failures",
            Is::Integer(1, 1_000_000),
            "After so many requests that failed one after the other; 20 where it is not said",
        ),
        Key::optional(
            "pause",
            Is::Duration,
            "How long at first; it doubles each time that the request fails that is sent then; 30s where it is not said",
        ),
        Key::optional("longest_pause", Is::Duration, "How long at most; 10m where it is not said"),
    ],
);

/// What a file says of limits.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SaidLimits {
    timeout: Option<Duration>,
    stall: Option<Duration>,
    whole: Option<Duration>,
    attempts: Option<usize>,
    pause: Option<Duration>,
    longest_pause: Option<Duration>,
    longest_wait: Option<Duration>,
    rate: Option<Rate>,
    concurrency: Option<usize>,
    page_size: Option<u32>,
    retry_statuses: Option<Vec<u16>>,
    retry_errors: Option<Vec<String>>,
    retry_share: Option<u32>,
    retry_floor: Option<u32>,
    skipped_rows: Option<u32>,
    circuit: SaidCircuit,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct SaidCircuit {
    failures: Option<u32>,
    pause: Option<Duration>,
    longest_pause: Option<Duration>,
}

impl SaidLimits {
    pub fn parse(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<SaidLimits> {
        let fields = Fields::open(node, &LIMITS, file, problems)?;
        let said = SaidLimits {
            timeout: fields.duration("timeout"),
            stall: fields.duration("stall"),
            whole: fields.duration("whole"),
            attempts: number(&fields, "attempts"),
            pause: fields.duration("pause"),
            longest_pause: fields.duration("longest_pause"),
            longest_wait: fields.duration("longest_wait"),
            rate: fields.get("rate").and_then(|node| rate(node, file, problems)),
            concurrency: number(&fields, "concurrency"),
            page_size: number(&fields, "page_size"),
            retry_statuses: fields.get("retry_statuses").map(|node| statuses(node, file, problems)),
            retry_errors: fields
                .get("retry_errors")
                .map(|_| fields.texts("retry_errors").into_iter().map(|text| text.value).collect()),
            retry_share: number(&fields, "retry_share"),
            retry_floor: number(&fields, "retry_floor"),
            skipped_rows: number(&fields, "skipped_rows"),
            circuit: fields.get("circuit").and_then(|node| circuit(node, file, problems)).unwrap_or_default(),
        };
        fields.close();
        Some(said)
    }

    /// The same without what keeps a remote system from being asked too much: what stands in its place is local.
    pub fn of_a_sandbox(&self) -> SaidLimits {
        SaidLimits { rate: None, concurrency: None, ..self.clone() }
    }

    /// How many rows are asked for at once, if it says so.
    pub fn page_size(&self) -> Option<u32> {
        self.page_size
    }

    /// The limits with these in the place of others.
    pub fn over(&self, limits: Limits) -> Limits {
        let SaidLimits { timeout, stall, whole, attempts, pause, longest_pause, longest_wait, .. } = *self;
        let SaidLimits { rate, concurrency, retry_share, retry_floor, skipped_rows, circuit, .. } = *self;
        let (retry, budget, of) = (limits.retry, limits.retry_budget, limits.circuit);
        Limits {
            timeout: timeout.unwrap_or(limits.timeout),
            stall: stall.unwrap_or(limits.stall),
            whole: whole.unwrap_or(limits.whole),
            attempts: attempts.unwrap_or(limits.attempts),
            pause: pause.unwrap_or(limits.pause),
            longest_pause: longest_pause.unwrap_or(limits.longest_pause),
            longest_wait: longest_wait.unwrap_or(limits.longest_wait),
            rate: rate.or(limits.rate),
            concurrency: concurrency.or(limits.concurrency),
            retry: Retry {
                statuses: self.retry_statuses.clone().unwrap_or(retry.statuses),
                errors: self.retry_errors.clone().unwrap_or(retry.errors),
            },
            retry_budget: RetryBudget {
                share: retry_share.unwrap_or(budget.share),
                floor: retry_floor.unwrap_or(budget.floor),
            },
            skipped_rows: skipped_rows.unwrap_or(limits.skipped_rows),
            circuit: CircuitLimits {
                failures: circuit.failures.unwrap_or(of.failures),
                pause: circuit.pause.unwrap_or(of.pause),
                longest_pause: circuit.longest_pause.unwrap_or(of.longest_pause),
            },
        }
    }
}

fn number<N: TryFrom<i64>>(fields: &Fields<'_>, key: &'static str) -> Option<N> {
    fields.integer(key).and_then(|number| N::try_from(number).ok())
}

fn rate(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<Rate> {
    let fields = Fields::open(node, &RATE, file, problems)?;
    fields.require("requests");
    let requests = number(&fields, "requests");
    let per = fields.duration("per").unwrap_or(Duration::from_secs(1)).max(Duration::from_millis(1));
    let burst = number(&fields, "burst");
    fields.close();
    Some(Rate { requests: requests?, per, burst: burst.unwrap_or(1) })
}

fn circuit(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Option<SaidCircuit> {
    let fields = Fields::open(node, &CIRCUIT, file, problems)?;
    let said = SaidCircuit {
        failures: number(&fields, "failures"),
        pause: fields.duration("pause"),
        longest_pause: fields.duration("longest_pause"),
    };
    fields.close();
    Some(said)
}

/// One status, or a list of them.
fn statuses(node: &Node, file: &Arc<SourceFile>, problems: &Problems) -> Vec<u16> {
    let nodes = match &node.value {
        Value::List(items) => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    let status = |node: &Node| {
        let (low, high) = RETRY_STATUSES;
        match node.value {
            Value::Int(status) if (low..=high).contains(&status) => u16::try_from(status).ok(),
            _ => {
                problems.report(
                    Problem::error("M0003", format!("`retry_statuses` are whole numbers from {low} to {high}"))
                        .at(file, node.span, "no status of a server that failed")
                        .help("what the source refuses, it refuses the next time too"),
                );
                None
            }
        }
    };
    nodes.iter().filter_map(status).collect()
}
