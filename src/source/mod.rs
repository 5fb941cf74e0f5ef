//! The remote system: tokens, requests, pages.
//!
//! [`Source`] reads the lists of one tenant over GraphQL. It retries what is worth retrying, keeps the access token
//! fresh, and hands out each page's rows as the text that came, without parsing them.

mod body;
mod envelope;
mod error;
mod graphql;
mod oauth;
mod paging;
mod record;
mod transport;

#[cfg(test)]
mod tests;

use std::fmt;

use futures_util::Stream;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};

pub use error::{ErrorClass, Request, SourceError, Subject};
pub use graphql::{GraphqlError, Page};
pub use oauth::Credentials;

use crate::connector::{Operation, Remote};
use graphql::Reader;
use oauth::{Token, Tokens};
use transport::Transport;

/// One tenant of the remote system, ready to be read.
pub struct Source {
    remote: Remote,
    endpoint: Transport,
    tokens: Tokens,
}

impl Source {
    /// A source for `remote`. Nothing is sent yet; a URL to which secrets must not be sent is refused.
    pub fn new(remote: Remote, credentials: Credentials) -> Result<Self, SourceError> {
        let endpoint = Transport::new("endpoint", &remote.endpoint, &remote.limits)?;
        let tokens = Tokens::new(&remote, credentials)?;
        Ok(Self { remote, endpoint, tokens })
    }

    /// One page of an operation's list.
    pub async fn page(&self, operation: &Operation, page: u32) -> Result<Page, SourceError> {
        let token = self.tokens.current().await?;
        match self.fetch(operation, page, &token).await {
            Err(SourceError::Unauthorized { .. }) => {
                self.tokens.discard(&token).await;
                let token = self.tokens.current().await?;
                self.fetch(operation, page, &token).await
            }
            answer => answer,
        }
    }

    /// The record that an operation gives for an id, as the text that came; none when there is no such record.
    pub async fn record(&self, operation: &Operation, id: &str) -> Result<Option<String>, SourceError> {
        let token = self.tokens.current().await?;
        match self.fetch_record(operation, id, &token).await {
            Err(SourceError::Unauthorized { .. }) => {
                self.tokens.discard(&token).await;
                let token = self.tokens.current().await?;
                self.fetch_record(operation, id, &token).await
            }
            answer => answer,
        }
    }

    /// The pages from `from` on, in order, with up to `paging.prefetch` of them under way at a time.
    ///
    /// The stream ends after the page that says it is the last, after a page without rows, and after an error. A page
    /// that is merely short does not end it. Requests make headway only while the stream is polled, so give it a task
    /// of its own to read on while a page is worked on.
    pub fn pages<'a>(
        &'a self,
        operation: &'a Operation,
        from: u32,
    ) -> impl Stream<Item = Result<Page, SourceError>> + Send + 'a {
        paging::in_order(move |page| self.page(operation, page), from, self.remote.paging.prefetch)
    }

    async fn fetch(&self, operation: &Operation, page: u32, token: &Token) -> Result<Page, SourceError> {
        let body = graphql::request_body(operation, page, self.remote.paging.size);
        let authorization = token.authorization();
        let reader = Reader { paging: &self.remote.paging, operation, number: page, token: token.expose() };
        self.endpoint
            .send(
                Subject::Page { operation: operation.name.clone(), page },
                |post| {
                    post.header(AUTHORIZATION, authorization.clone())
                        .header(ACCEPT, "application/json")
                        .header(CONTENT_TYPE, "application/json")
                        .body(body.clone())
                },
                |request, reply| reader.read(request, reply),
            )
            .await
    }
}

impl Source {
    async fn fetch_record(
        &self,
        operation: &Operation,
        id: &str,
        token: &Token,
    ) -> Result<Option<String>, SourceError> {
        let body = record::request_body(operation, id);
        let authorization = token.authorization();
        let reader = Reader { paging: &self.remote.paging, operation, number: 0, token: token.expose() };
        self.endpoint
            .send(
                Subject::Record { operation: operation.name.clone() },
                |post| {
                    post.header(AUTHORIZATION, authorization.clone())
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
