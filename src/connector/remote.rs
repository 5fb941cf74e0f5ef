//! What a source needs to know about the remote system, with a connection's settings filled in.

use std::time::Duration;

use url::Url;

/// How to reach one tenant of the remote system.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Where GraphQL operations are posted.
    pub endpoint: Url,
    /// Where access tokens come from.
    pub token_url: Url,
    /// What a token is asked for; nothing is sent when empty.
    pub scopes: Vec<String>,
    /// Where the client's id and secret stand in the token request.
    pub placement: Placement,
    /// How long before its end a token is no longer used.
    pub expiry_margin: Duration,
    /// How lists are read.
    pub paging: Paging,
    /// When to give up, and when to try again.
    pub limits: Limits,
}

/// Where the client's id and secret stand in the token request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// As form members `client_id` and `client_secret`.
    Body,
    /// In an HTTP Basic header.
    Basic,
}

/// How the pages of a list are shaped and read.
#[derive(Debug, Clone)]
pub struct Paging {
    /// Rows asked for at once.
    pub size: u32,
    /// Pages that may be under way at the same time.
    pub prefetch: usize,
    /// The member of a page that holds its rows.
    pub items: String,
    /// The member that says that no page follows. A page without rows ends the list as well; a short one never does.
    pub last: String,
    /// The member that counts the rows of all pages.
    pub total: Option<String>,
}

/// When to give up, and when to try again.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The longest that one request may take.
    pub timeout: Duration,
    /// How often a request is sent at most, the first time included.
    pub attempts: usize,
    /// The pause before the second attempt; it doubles from then on.
    pub pause: Duration,
    /// The longest pause, also when the remote system asks for more.
    pub longest_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            timeout: Duration::from_secs(60),
            attempts: 4,
            pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(30),
        }
    }
}
