//! Why there is no file. None of these tells an address in full: its path and what follows may be secrets or names of people.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use super::address::Kind;

/// Why an address is not connected to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It is no address.
    #[error("it is no web address ({0}); give it in full, such as https://example.com/file.pdf")]
    Malformed(String),
    /// It is one of something else than the web.
    #[error("addresses that begin with `{0}:` are not fetched; give one that begins with https:")]
    Scheme(String),
    /// It is not encrypted.
    #[error("it begins with http:, so everyone on the way could read and change it; give one that begins with https:")]
    PlainHttp,
    /// It begins encrypted and leads to something that is not.
    #[error("it leads from https: to http:; have it lead to an address that begins with https:")]
    Downgrade,
    /// It carries a user name or a password.
    #[error("it carries a user name or a password; give one that opens without them")]
    Credentials,
    /// Its port is not one of the web.
    #[error("port {0} is not one that is fetched from; give an address without a port")]
    Port(u16),
    /// It leads to somewhere that is not public.
    #[error(
        "it leads to {address}, {kind}; give a public one, or have whoever runs crosswalk add its network to the exceptions"
    )]
    Address {
        /// The address that was not connected to.
        address: IpAddr,
        /// What is wrong with it.
        kind: Kind,
    },
}

/// Why there is no file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The address is not connected to.
    #[error("the address is refused: {0}")]
    Refused(#[from] Refused),
    /// No connection came about.
    #[error("the server cannot be reached ({0})")]
    Unreachable(String),
    /// The answer broke off.
    #[error("the answer broke off ({0})")]
    BrokenOff(String),
    /// The server does not give the file.
    #[error("the server answers with status {0} and not with the file; see that the address opens without a login")]
    Status(u16),
    /// The address leads on and on.
    #[error("the address leads on more than {0} times")]
    Redirects(usize),
    /// It took too long.
    #[error("the file did not come within {after:?}")]
    Late {
        /// How long was waited.
        after: Duration,
    },
    /// Nothing more came.
    #[error("after {received} bytes, nothing came for {after:?}")]
    Stalled {
        /// How long was waited.
        after: Duration,
        /// How much had come.
        received: u64,
    },
    /// The server compressed it, though it was asked not to.
    #[error("the server sends the file as `{encoding}` though it was asked to send it as it is")]
    Encoded {
        /// How.
        encoding: String,
    },
    /// It is larger than it may be.
    #[error(
        "the file is too large: it has {}, and {} are the most",
        .announced.map_or("more bytes".to_owned(), size), size(*.limit)
    )]
    TooLarge {
        /// The most bytes that it may have.
        limit: u64,
        /// How many it has, when that is known.
        announced: Option<u64>,
    },
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// Its type is not one of those that are taken.
    #[error("the file is of type {content_type}; taken are {}", .types.join(", "))]
    Type {
        /// Its type.
        content_type: String,
        /// The types that are taken.
        types: Vec<String>,
    },
    /// It is something else than it is said to be.
    #[error("the file is said to be {said} and is {found}; see what the address yields when nobody is logged in")]
    Disguised {
        /// The type that it is said to have.
        said: String,
        /// What it is.
        found: &'static str,
    },
    /// A text is not Base64.
    #[error("the data is no Base64: {what} at character {at}")]
    Base64 {
        /// What is wrong.
        what: &'static str,
        /// The number of the character, from 1.
        at: usize,
    },
    /// A data URL stands where Base64 should.
    #[error(
        "the data begins with `data:`; leave out everything up to the comma, and give the type as the file's content type"
    )]
    DataUrl,
    /// The file cannot be kept.
    #[error("the file cannot be kept on this machine: {0}")]
    Io(String),
}

impl FetchError {
    /// Whether it may be otherwise the next time.
    pub fn is_transient(&self) -> bool {
        match self {
            FetchError::Status(status) => matches!(status, 408 | 425 | 429 | 500..=599),
            FetchError::Unreachable(_)
            | FetchError::BrokenOff(_)
            | FetchError::Late { .. }
            | FetchError::Stalled { .. }
            | FetchError::Io(_) => true,
            _ => false,
        }
    }

    /// What went wrong with a request.
    pub(crate) fn broken(error: &reqwest::Error) -> FetchError {
        let mut cause: Option<&(dyn Error + 'static)> = error.source();
        let mut innermost = "no reason given".to_owned();
        while let Some(inner) = cause {
            if let Some(refused) = inner.downcast_ref::<Refused>() {
                return FetchError::Refused(refused.clone());
            }
            innermost = inner.to_string();
            cause = inner.source();
        }
        if error.is_connect() {
            FetchError::Unreachable(innermost)
        } else if error.is_timeout() {
            FetchError::Unreachable("no connection came about in time".to_owned())
        } else {
            FetchError::BrokenOff(innermost)
        }
    }
}

/// A number of bytes, as it is told.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

impl From<std::io::Error> for FetchError {
    fn from(error: std::io::Error) -> FetchError {
        FetchError::Io(error.to_string())
    }
}
