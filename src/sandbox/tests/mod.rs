//! The sandbox as its clients see it: through HTTP.

mod admin;
mod apply;
mod data;
mod faults;
mod guide;
mod identity;
mod lists;
mod living;
mod mutations;
mod paging;
mod queries;
mod rights;
mod round_trip;
mod scale;
mod stages;
mod webhooks;
mod write_faults;

use super::{Habits, Options, Sandbox};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

/// A sandbox with a client that holds a token.
struct Session {
    sandbox: Sandbox,
    client: Client,
    token: String,
}

fn small() -> Options {
    Options { candidates: 300, ..Options::default() }
}

impl Session {
    async fn open(options: Options) -> Session {
        let sandbox = Sandbox::start(options).await.unwrap();
        let client = Client::new();
        let options = sandbox.options();
        let reply = request_token(
            &client,
            &sandbox,
            &[
                ("grant_type", "client_credentials"),
                ("client_id", &options.client_id),
                ("client_secret", &options.client_secret),
            ],
        )
        .await;
        assert_eq!(reply.status(), StatusCode::OK);
        let reply: Value = reply.json().await.unwrap();
        let token = reply["access_token"].as_str().unwrap().to_owned();
        Session { sandbox, client, token }
    }

    async fn post(&self, body: Value) -> Response {
        let url = format!("{}/graphql/v1/graphql", self.sandbox.base_url());
        self.client.post(url).bearer_auth(&self.token).json(&body).send().await.unwrap()
    }

    /// The `data` of a query that must succeed without any error.
    async fn data(&self, query: &str) -> Value {
        self.data_with(query, json!({})).await
    }

    async fn data_with(&self, query: &str, variables: Value) -> Value {
        let response = self.post(json!({"query": query, "variables": variables})).await;
        let status = response.status();
        let mut body: Value = response.json().await.unwrap();
        assert_eq!((status, &body["errors"]), (StatusCode::OK, &Value::Null), "{query}");
        body["data"].take()
    }

    /// The single error of a query whose other fields were answered.
    async fn error(&self, query: &str) -> Value {
        let response = self.post(json!({"query": query})).await;
        assert_eq!(response.status(), StatusCode::OK);
        let body: Value = response.json().await.unwrap();
        let errors = body["errors"].as_array().unwrap_or_else(|| panic!("no error in {body}"));
        assert_eq!(errors.len(), 1, "{body}");
        errors[0].clone()
    }

    /// The first root field of a mutation that must succeed.
    async fn write(&self, mutation: &str, variables: Value) -> Value {
        let mut data = self.data_with(mutation, variables).await;
        data.as_object_mut().unwrap().values_mut().next().unwrap().take()
    }

    /// The class and the message of the error that a mutation meets.
    async fn refusal(&self, mutation: &str, variables: Value) -> (String, String) {
        let response = self.post(json!({"query": mutation, "variables": variables})).await;
        let body: Value = response.json().await.unwrap();
        let error = &body["errors"][0];
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no error in {body}")).to_owned();
        (text(&error["extensions"]["errorType"]), text(&error["message"]))
    }

    /// The first root field of a query past all faults.
    fn seen(&self, query: &str) -> Value {
        let mut data = self.sandbox.query(query).unwrap();
        data.as_object_mut().unwrap().values_mut().next().unwrap().take()
    }

    /// One string or number of each row of a page query.
    async fn column(&self, query: &str, field: &str) -> Vec<Value> {
        let data = self.data(query).await;
        let page = data.as_object().unwrap().values().next().unwrap();
        page["items"].as_array().unwrap().iter().map(|row| row[field].clone()).collect()
    }
}

/// A link to a record.
fn link(kind: &str, id: &str) -> Value {
    json!({"_kind": kind, "_id": id})
}

/// The `_id` of what was written.
fn id_of(written: &Value) -> &str {
    written["_id"].as_str().unwrap()
}

async fn request_token(client: &Client, sandbox: &Sandbox, form: &[(&str, &str)]) -> Response {
    let realm = &sandbox.options().realm;
    let url = format!("{}/auth/realms/{realm}/protocol/openid-connect/token", sandbox.base_url());
    client.post(url).form(form).send().await.unwrap()
}
