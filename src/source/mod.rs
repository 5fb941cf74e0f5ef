//! The remote system: credentials, requests, pages.
//!
//! [`Source`] reads the lists of one tenant over GraphQL. It retries what is worth retrying, keeps the access token
//! fresh, and hands out each page's rows as the text that came, without parsing them.

mod access;
mod body;
mod envelope;
mod error;
mod graphql;
mod introspect;
mod oauth;
mod page;
mod paging;
mod record;
mod text;
mod transport;

#[cfg(test)]
mod tests;

use std::fmt;

use futures_util::Stream;
use futures_util::future::Either;
use reqwest::header::{ACCEPT, CONTENT_TYPE};

pub use access::Credentials;
pub use error::{ErrorClass, Request, SourceError, Subject};
pub use graphql::GraphqlError;
pub use page::{Page, Position};

use crate::connector::{Operation, Remote, Sequence};
use access::{Access, Pass};
use graphql::Reader;
use transport::Transport;

/// One tenant of the remote system, ready to be read.
pub struct Source {
    remote: Remote,
    endpoint: Transport,
    access: Access,
}

impl Source {
    /// A source for `remote`. Nothing is sent yet; a URL to which secrets must not be sent is refused.
    pub fn new(remote: Remote, credentials: Credentials) -> Result<Self, SourceError> {
        let endpoint = Transport::new("endpoint", &remote.endpoint, &remote.limits)?;
        let access = Access::new(&remote, &credentials)?;
        Ok(Self { remote, endpoint, access })
    }

    /// Gets an access token, if requests carry one.
    pub async fn authenticate(&self) -> Result<(), SourceError> {
        self.access.pass().await.map(drop)
    }

    /// The page of an operation's list that begins at a position: a number is enough where pages have one.
    pub async fn page(&self, operation: &Operation, at: impl Into<Position>) -> Result<Page, SourceError> {
        let at = at.into();
        let pass = self.access.pass().await?;
        match self.fetch(operation, &at, &pass).await {
            Err(refusal @ SourceError::Unauthorized { .. }) => {
                let pass = self.access.another(pass, refusal).await?;
                self.fetch(operation, &at, &pass).await
            }
            answer => answer,
        }
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
    pub fn pages<'a>(
        &'a self,
        operation: &'a Operation,
        from: impl Into<Position>,
    ) -> impl Stream<Item = Result<Page, SourceError>> + Send + 'a {
        let from = from.into();
        match self.remote.paging.sequence {
            Sequence::Numbered { prefetch } => {
                let pages = paging::in_order(move |page| self.page(operation, page), from.page, prefetch);
                Either::Left(pages)
            }
            Sequence::Cursors { .. } => {
                let again = |page: &Page| SourceError::CursorAgain { request: self.request(operation, page.number) };
                Either::Right(paging::by_cursor(move |at| self.page(operation, at), from, again))
            }
        }
    }

    /// The pages from the last to the first, one at a time, for rows that may move to the end while they are read: in an
    /// order in which rows change, none is missed. Where pages have no numbers or the remote system does not count its rows,
    /// from the first to the last.
    pub fn pages_backwards<'a>(
        &'a self,
        operation: &'a Operation,
    ) -> impl Stream<Item = Result<Page, SourceError>> + Send + 'a {
        if self.reads_by_cursor() {
            return Either::Left(self.pages(operation, 0));
        }
        Either::Right(paging::backwards(move |page| self.page(operation, page)))
    }

    async fn fetch(&self, operation: &Operation, at: &Position, pass: &Pass<'_>) -> Result<Page, SourceError> {
        let body = graphql::request_body(operation, at, &self.remote.paging);
        let (headers, secrets) = (pass.headers(), pass.secrets());
        let reader = Reader { paging: &self.remote.paging, operation, number: at.page, secrets: &secrets };
        self.endpoint
            .send(
                subject(operation, at.page),
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
        let reader = Reader { paging: &self.remote.paging, operation, number: 0, secrets: &secrets };
        self.endpoint
            .send(
                Subject::Record { operation: operation.name.clone() },
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
