//! A short text at another address of the remote system.

use reqwest::header::ACCEPT;
use reqwest::{Method, RequestBuilder};
use url::Url;

use super::Source;
use super::access::Pass;
use super::error::{SourceError, Subject};
use super::graphql::Reader;
use super::health::Door;
use super::transport::{Attempts, Transport};
use crate::connector::Operation;

/// The longest text.
const LONGEST: usize = 64 << 10;

impl Source {
    /// The text at `url`, which is one of the remote system too: a request carries what all carry. `setting` is what to call
    /// the address in messages.
    pub async fn text(&self, setting: &'static str, url: &Url) -> Result<String, SourceError> {
        let transport = Transport::new(setting, url, &self.remote.limits, (&self.health, Door::Endpoint))?;
        let pass = self.access.pass().await?;
        match self.fetch_text(&transport, setting, &pass).await {
            Err(refusal @ SourceError::Unauthorized { .. }) => {
                let pass = self.access.another(pass, refusal).await?;
                self.fetch_text(&transport, setting, &pass).await
            }
            answer => answer,
        }
    }

    async fn fetch_text(
        &self,
        transport: &Transport,
        setting: &'static str,
        pass: &Pass<'_>,
    ) -> Result<String, SourceError> {
        let (headers, secrets) = (pass.headers(), pass.secrets());
        let operation = Operation::default();
        let again = &self.remote.limits.retry.errors;
        let reader = Reader { paging: &self.remote.paging, operation: &operation, number: 0, secrets: &secrets, again };
        transport
            .send(
                Subject::Text { what: setting },
                Attempts::All,
                |post| getting(post).headers(headers.clone()).header(ACCEPT, "*/*"),
                |request, reply| match String::from_utf8(reply.body) {
                    Ok(text) if reply.status.is_success() && text.len() <= LONGEST => Ok(text),
                    Ok(text) if reply.status.is_success() => {
                        drop(text);
                        Err(SourceError::TooLarge { request, limit: LONGEST })
                    }
                    Ok(text) => Err(reader.refusal(request, reply.status, text.as_bytes())),
                    Err(error) => Err(reader.refusal(request, reply.status, error.as_bytes())),
                },
            )
            .await
    }
}

/// The same request, to read and not to write.
fn getting(post: RequestBuilder) -> RequestBuilder {
    let (client, request) = post.build_split();
    match request {
        Ok(mut request) => {
            *request.method_mut() = Method::GET;
            RequestBuilder::from_parts(client, request)
        }
        // What could not be built says so when it is sent.
        Err(_) => client.get(""),
    }
}
