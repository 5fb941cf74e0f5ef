//! The remote system: credentials, requests, pages.
//!
//! [`Source`] reads the lists of one tenant over GraphQL. It retries what is worth retrying, keeps the access token
//! fresh, and hands out each page's rows as the text that came, without parsing them. [`Health`] says how much is asked of
//! it at a time.

mod access;
mod asking;
mod body;
mod divide;
mod envelope;
mod error;
mod form;
mod giving_up;
mod graphql;
mod health;
mod introspect;
mod kinds;
mod oauth;
mod page;
mod paging;
mod parts;
mod passage;
mod record;
mod text;
mod transport;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::Stream;
use futures_util::future::{BoxFuture, Either};
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use tracing::{Instrument, debug_span};

pub use access::Credentials;
pub use error::{ErrorClass, Request, SourceError, Subject};
pub use giving_up::{GivenUp, Late, OpenCircuit};
pub use graphql::GraphqlError;
pub use health::{Caps, CircuitState, Health, Pressure};
pub use page::{Page, Position, Skipped};
pub(crate) use parts::members;
pub use passage::{Astray, PassReply, PassRequest, Passage, below};

use crate::connector::{Operation, Paging, Remote, Sequence};
use access::{Access, Pass};
use asking::Asking;
use graphql::Reader;
use health::Door;
use transport::{Attempts, Transport};

/// One tenant of the remote system, ready to be read.
pub struct Source {
    remote: Remote,
    endpoint: Transport,
    access: Access,
    health: Health,
}

impl Source {
    /// A source for `remote`, of which nothing is known yet. Nothing is sent; a URL to which secrets must not be sent is
    /// refused.
    pub fn new(remote: Remote, credentials: Credentials) -> Result<Self, SourceError> {
        let name = remote.endpoint.host_str().unwrap_or_default().to_owned();
        Self::of_health(remote, credentials, Health::new(name, &Caps::default()))
    }

    /// The same for a connection of which something is known: what was learned of its limits holds, and what this source
    /// learns holds for the next.
    pub fn of_health(remote: Remote, credentials: Credentials, health: Health) -> Result<Self, SourceError> {
        let endpoint = Transport::new("endpoint", &remote.endpoint, &remote.limits, (&health, Door::Endpoint))?;
        let access = Access::new(&remote, &credentials, &health)?;
        health.attach(&remote);
        Ok(Self { remote, endpoint, access, health })
    }

    /// What the limits of the connection are at this moment, and what the remote system said.
    pub fn pressure(&self) -> Pressure {
        self.health.pressure()
    }

    /// Gets an access token, if requests carry one.
    pub async fn authenticate(&self) -> Result<(), SourceError> {
        self.access.pass().await.map(drop)
    }

    /// The page of an operation's list that begins at a position: a number is enough where pages have one. It is asked for
    /// as it is; only [`Source::pages`] finds ways around what does not come.
    pub async fn page(&self, operation: &Operation, at: impl Into<Position>) -> Result<Page, SourceError> {
        self.read(operation, &at.into(), self.remote.paging.size, Attempts::All).await
    }

    /// So many rows from a position on. Numbers of pages count pages of that size.
    async fn read(
        &self,
        operation: &Operation,
        at: &Position,
        size: u32,
        attempts: Attempts,
    ) -> Result<Page, SourceError> {
        let paging = Paging { size, ..self.remote.paging.clone() };
        let pass = self.access.pass().await?;
        match self.fetch(operation, at, (&paging, attempts), &pass).await {
            Err(refusal @ SourceError::Unauthorized { .. }) => {
                let pass = self.access.another(pass, refusal).await?;
                self.fetch(operation, at, (&paging, attempts), &pass).await
            }
            answer => answer,
        }
    }

    /// How many rows an operation's list has, if the remote system says so: a page of one row tells.
    pub async fn count(&self, operation: &Operation) -> Result<Option<u64>, SourceError> {
        Ok(self.read(operation, &Position::default(), 1, Attempts::All).await?.total)
    }

    /// The record that an operation gives for an id, as the text that came; none when there is no such record.
    pub async fn record(&self, operation: &Operation, id: &str) -> Result<Option<String>, SourceError> {
        let pass = self.access.pass().await?;
        match self.fetch_record(operation, id, &pass).await {
            Err(refusal @ SourceError::Unauthorized { .. }) => {
                let pass = self.access.another(pass, refusal).await?;
                self.fetch_record(operation, id, &pass).await
            }
            answer => answer,
        }
    }

    /// Whether pages begin at cursors, and not at numbers.
    pub fn reads_by_cursor(&self) -> bool {
        matches!(self.remote.paging.sequence, Sequence::Cursors { .. })
    }

    /// The pages from `from` on, in order. Numbered pages are read ahead, up to `pages.prefetch` of them at a time; where
    /// pages begin at cursors, each is asked for when the one before it came.
    ///
    /// The stream ends after the page that says it is the last, after a numbered page without rows, after a page
    /// without the cursor that is needed, and after an error. A page that is merely short does not end it. Requests
    /// make headway only while the stream is polled, so give it a task of its own to read on while a page is worked on.
    ///
    /// A page that does not come is asked for in smaller ones. Of numbered pages, single rows that the source cannot give
    /// stand in [`Page::skipped`], up to `limits.skipped_rows` of them. What rows do not have any more at the source stands in
    /// [`Page::lost`], and an operation that is too complex for it is asked in parts.
    pub fn pages<'a>(
        &'a self,
        operation: &'a Operation,
        from: impl Into<Position>,
    ) -> impl Stream<Item = Result<Page, SourceError>> + Send + 'a {
        let from = from.into();
        match self.remote.paging.sequence {
            Sequence::Numbered { prefetch } => {
                let pages = paging::in_order(self.numbered(operation, from.page), from.page, prefetch);
                Either::Left(pages)
            }
            Sequence::Cursors { .. } => {
                let again = |page: &Page| SourceError::CursorAgain { request: self.request(operation, page.number) };
                let asking = Asking::new(self, operation, from.page);
                let page = move |at: Position| {
                    let (asking, span) = (Arc::clone(&asking), debug_span!("page", page = at.page));
                    async move { asking.at_cursor(at).await }.instrument(span)
                };
                Either::Right(paging::by_cursor(page, from, again))
            }
        }
    }

    /// The pages from the last to the first, one at a time, for rows that may move to the end while they are read: in an
    /// order in which rows change, none is missed. Where pages have no numbers or the remote system does not count its rows,
    /// from the first to the last. What does not come is dealt with as by [`Source::pages`].
    pub fn pages_backwards<'a>(
        &'a self,
        operation: &'a Operation,
    ) -> impl Stream<Item = Result<Page, SourceError>> + Send + 'a {
        if self.reads_by_cursor() {
            return Either::Left(self.pages(operation, 0));
        }
        Either::Right(paging::backwards(self.numbered(operation, 0)))
    }

    /// What asks for a numbered page of a walk that begins at `from`.
    fn numbered<'a>(
        &'a self,
        operation: &'a Operation,
        from: u32,
    ) -> impl Fn(u32) -> BoxFuture<'a, Result<Page, SourceError>> + Send + 'a {
        let asking = Asking::new(self, operation, from);
        move |number| {
            let asking = Arc::clone(&asking);
            async move { asking.numbered(number).await }.instrument(debug_span!("page", page = number)).boxed()
        }
    }

    async fn fetch(
        &self,
        operation: &Operation,
        at: &Position,
        (paging, attempts): (&Paging, Attempts),
        pass: &Pass<'_>,
    ) -> Result<Page, SourceError> {
        let body = graphql::request_body(operation, at, paging);
        let (headers, secrets) = (pass.headers(), pass.secrets());
        let again = &self.remote.limits.retry.errors;
        let reader = Reader { paging, operation, number: at.page, secrets: &secrets, again };
        self.endpoint
            .send(
                subject(operation, at.page),
                attempts,
                |post| {
                    post.headers(headers.clone())
                        .header(ACCEPT, "application/json")
                        .header(CONTENT_TYPE, "application/json")
                        .body(body.clone())
                },
                |request, reply| reader.read(request, reply),
            )
            .await
    }

    fn request(&self, operation: &Operation, page: u32) -> Request {
        Request { subject: subject(operation, page), url: self.endpoint.address(), attempts: 1 }
    }
}

fn subject(operation: &Operation, page: u32) -> Subject {
    Subject::Page { operation: operation.name.clone(), page }
}

impl Source {
    async fn fetch_record(
        &self,
        operation: &Operation,
        id: &str,
        pass: &Pass<'_>,
    ) -> Result<Option<String>, SourceError> {
        let body = record::request_body(operation, id);
        let (headers, secrets) = (pass.headers(), pass.secrets());
        let again = &self.remote.limits.retry.errors;
        let reader = Reader { paging: &self.remote.paging, operation, number: 0, secrets: &secrets, again };
        self.endpoint
            .send(
                Subject::Record { operation: operation.name.clone() },
                Attempts::All,
                |post| {
                    post.headers(headers.clone())
                        .header(ACCEPT, "application/json")
                        .header(CONTENT_TYPE, "application/json")
                        .body(body.clone())
                },
                |request, reply| reader.read_record(request, reply.status, &reply.body),
            )
            .await
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("endpoint", &self.endpoint.address()).finish_non_exhaustive()
    }
}
