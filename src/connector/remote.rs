//! What a source needs to know about the remote system, with a connection's settings filled in.

use std::time::Duration;

use url::Url;

/// How to reach one tenant of the remote system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Where GraphQL operations are posted.
    pub endpoint: Url,
    /// How access tokens are got, where requests carry one.
    pub oauth2: Option<OAuth2>,
    /// What else every request carries, such as a key.
    pub headers: Vec<Header>,
    /// How lists are read.
    pub paging: Paging,
    /// How much is asked of it, when to give up, and when to try again.
    pub limits: Limits,
    /// What its refusals mean.
    pub faults: Faults,
}

/// What refusals of the remote system mean, by words in their messages and kinds, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// The query asks for too much at once, and for less of each row at a time it may be answered.
    pub too_complex: Vec<String>,
}

/// How access tokens are got: by the client credentials grant of OAuth 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuth2 {
    /// Where access tokens come from.
    pub token_url: Url,
    /// What a token is asked for; nothing is sent when empty.
    pub scopes: Vec<String>,
    /// Where the client's id and secret stand in the token request.
    pub placement: Placement,
    /// How long before its end a token is no longer used.
    pub expiry_margin: Duration,
}

/// The credentials that a token request needs.
pub const OAUTH2_CREDENTIALS: [&str; 2] = ["client_id", "client_secret"];

/// A header whose value may hold credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// The parts of its value, one after the other.
    pub value: Vec<HeaderPart>,
}

/// A part of a header's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderPart {
    /// A text that is no secret.
    Text(String),
    /// The credential of this name.
    Credential(String),
}

/// Where the client's id and secret stand in the token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// As form members `client_id` and `client_secret`.
    Body,
    /// In an HTTP Basic header.
    Basic,
}

/// How the pages of a list are shaped and read. Members of a page are named by their paths, such as `info.next`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paging {
    /// Rows asked for at once.
    pub size: u32,
    /// How one page follows another.
    pub sequence: Sequence,
    /// The path to the rows. It leads through one list: `items`, or `edges.node`.
    pub items: String,
    /// The member that says that no page follows. Without it, only a page without rows or without a cursor is the last; a
    /// short one never is.
    pub end: Option<EndMember>,
    /// The member that counts the rows of all pages.
    pub total: Option<String>,
}

/// How one page follows another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sequence {
    /// Pages have numbers, from 0, and up to `prefetch` of them may be under way at the same time.
    Numbered {
        /// How many, at least 1.
        prefetch: usize,
    },
    /// A page says where the next one begins.
    Cursors {
        /// The member that does.
        next: String,
    },
}

/// A member of a page that says whether it is the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndMember {
    /// It is true of the last page.
    Last(String),
    /// It is true of all but the last page.
    HasNext(String),
}

impl EndMember {
    /// The path of the member.
    pub fn path(&self) -> &str {
        let (EndMember::Last(path) | EndMember::HasNext(path)) = self;
        path
    }

    /// Whether a page whose member has this value is the last.
    pub fn means_last(&self, value: bool) -> bool {
        matches!(self, EndMember::Last(_)) == value
    }
}

/// How much is asked of the remote system, when to give up, and when to try again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest until an answer begins.
    pub timeout: Duration,
    /// The longest pause within an answer.
    pub stall: Duration,
    /// The longest until an answer is whole, however it flows.
    pub whole: Duration,
    /// How often a request is sent at most, the first time included.
    pub attempts: usize,
    /// The longest pause before the second attempt; it doubles from then on. Each pause is drawn from zero up to it.
    pub pause: Duration,
    /// The longest pause that is drawn.
    pub longest_pause: Duration,
    /// The longest that the connection is still when the remote system asks for it.
    pub longest_wait: Duration,
    /// How many requests may begin in a time; none where nothing bounds them.
    pub rate: Option<Rate>,
    /// How many requests may be under way at the same time; none where only the process bounds them.
    pub concurrency: Option<usize>,
    /// What else is worth another try.
    pub retry: Retry,
    /// How many retries there may be in all.
    pub retry_budget: RetryBudget,
    /// When nothing is sent any more for a while.
    pub circuit: CircuitLimits,
    /// How many single rows of a list may be skipped in one walk because the remote system cannot give them.
    pub skipped_rows: u32,
}

/// How many requests may begin in a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many, at least 1.
    pub requests: u32,
    /// In this time, at least 1 ms.
    pub per: Duration,
    /// So many at once after a time without any, at least 1.
    pub burst: u32,
}

impl Rate {
    /// Requests a second.
    pub fn a_second(&self) -> f64 {
        f64::from(self.requests.max(1)) / self.per.max(Duration::from_millis(1)).as_secs_f64()
    }
}

/// What is worth another try beside what always is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Retry {
    /// Statuses of answers.
    pub statuses: Vec<u16>,
    /// Kinds of GraphQL errors.
    pub errors: Vec<String>,
}

/// How many retries a connection has. There are never more in stock than the floor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryBudget {
    /// How many a hundred requests bring.
    pub share: u32,
    /// How many a minute brings.
    pub floor: u32,
}

/// When nothing is sent any more for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitLimits {
    /// After so many requests that failed one after the other.
    pub failures: u32,
    /// How long at first; it doubles each time that the request fails that is sent then.
    pub pause: Duration,
    /// How long at most.
    pub longest_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            timeout: Duration::from_secs(60),
            stall: Duration::from_secs(30),
            whole: Duration::from_secs(10 * 60),
            attempts: 4,
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
            longest_wait: Duration::from_secs(5 * 60),
            rate: None,
            concurrency: None,
            retry: Retry::default(),
            retry_budget: RetryBudget { share: 20, floor: 20 },
            circuit: CircuitLimits {
                failures: 20,
                pause: Duration::from_secs(30),
                longest_pause: Duration::from_secs(10 * 60),
            },
            skipped_rows: 20,
        }
    }
}
