//! What the remote system says of its own types.

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::Source;
use super::access::Pass;
use super::body::quote;
use super::error::{Request, SourceError, Subject};
use super::graphql::GraphqlError;
use super::transport::{Attempts, Reply};
use crate::schema::{INTROSPECTION, Introspection};

impl Source {
    /// Asks the remote system for its types. Many refuse: [`SourceError::NotDescribed`] says so.
    pub async fn introspect(&self) -> Result<Introspection, SourceError> {
        let pass = self.access.pass().await?;
        match self.describe(&pass).await {
            Err(refusal @ SourceError::Unauthorized { .. }) => {
                let pass = self.access.another(pass, refusal).await?;
                self.describe(&pass).await
            }
            answer => answer,
        }
    }

    async fn describe(&self, pass: &Pass<'_>) -> Result<Introspection, SourceError> {
        let body = json!({ "query": INTROSPECTION, "operationName": "Introspection" }).to_string();
        let (headers, secrets) = (pass.headers(), pass.secrets());
        self.endpoint
            .send(
                Subject::Schema,
                Attempts::All,
                |post| {
                    post.headers(headers.clone())
                        .header(ACCEPT, "application/json")
                        .header(CONTENT_TYPE, "application/json")
                        .body(body.clone())
                },
                |request, reply| read(request, &reply, &secrets),
            )
            .await
    }
}

/// The types in an answer, or what it says instead. `secrets` are blotted out of whatever comes back.
fn read(request: Request, reply: &Reply, secrets: &[&str]) -> Result<Introspection, SourceError> {
    #[derive(Deserialize)]
    struct Answer<'a> {
        #[serde(default)]
        data: Option<Value>,
        #[serde(borrow, default)]
        errors: Option<Vec<&'a RawValue>>,
    }
    let answer = serde_json::from_slice::<Answer<'_>>(&reply.body);
    let errors: Vec<GraphqlError> = match &answer {
        Ok(answer) => answer.errors.iter().flatten().map(|raw| GraphqlError::read(raw, secrets)).collect(),
        Err(_) => Vec::new(),
    };
    let messages = || {
        if errors.is_empty() && !reply.body.trim_ascii().is_empty() && answer.is_err() {
            return vec![quote(&reply.body, secrets)];
        }
        errors.iter().map(ToString::to_string).collect()
    };
    match reply.status {
        StatusCode::OK => {}
        StatusCode::UNAUTHORIZED => return Err(SourceError::Unauthorized { request }),
        StatusCode::FORBIDDEN | StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
            return Err(SourceError::NotDescribed { request, messages: messages() });
        }
        status => return Err(SourceError::Status { request, status, messages: messages() }),
    }
    let schema = match &answer {
        Ok(answer) => answer.data.as_ref().map_or(&Value::Null, |data| &data["__schema"]),
        Err(_) => return Err(SourceError::Malformed { request, found: quote(&reply.body, secrets) }),
    };
    match schema {
        Value::Object(_) => Introspection::read(schema).map_err(|_| SourceError::Misshapen {
            request,
            member: "data.__schema".to_owned(),
            expected: "description of types",
        }),
        _ if errors.is_empty() => {
            Err(SourceError::Misshapen { request, member: "data.__schema".to_owned(), expected: "object" })
        }
        _ => Err(SourceError::NotDescribed { request, messages: messages() }),
    }
}
