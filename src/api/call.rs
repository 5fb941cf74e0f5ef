//! A request, as handlers see it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::http::HeaderMap;
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::failure::Failure;
use super::routes::Values;
use super::shared::Api;

/// A request whose key was looked at. Its body was read.
#[derive(Debug)]
pub(crate) struct Call {
    pub api: Arc<Api>,
    pub body: Bytes,
    headers: HeaderMap,
    values: Values,
    query: Vec<(String, String)>,
}

impl Call {
    pub(super) fn new(api: &Arc<Api>, headers: HeaderMap, values: Values, query: Option<&str>, body: Bytes) -> Call {
        let query = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
        Call { api: Arc::clone(api), headers, body, values, query }
    }

    /// A value in the path, decoded. The route's path names it.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// The parameters, decoded, in their order.
    pub(crate) fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// The last value of a parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A header that is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as JSON of this form.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        if self.body.trim_ascii().is_empty() {
            return Err(Failure::invalid("the body is empty; send a JSON object"));
        }
        // The message names places and types, never a value: that may be somebody's.
        serde_json::from_slice(&self.body).map_err(|error| {
            let what = match error.classify() {
                serde_json::error::Category::Data => described(&error),
                _ => "is not JSON".to_owned(),
            };
            Failure::invalid(format!("the body {what} (line {}, column {})", error.line(), error.column()))
        })
    }

    /// The same, where an empty body means that nothing is said.
    pub(crate) fn json_or_default<T: DeserializeOwned + Default>(&self) -> Result<T, Failure> {
        if self.body.trim_ascii().is_empty() { Ok(T::default()) } else { self.json() }
    }
}

/// What is wrong with the shape of a body. Messages of serde quote values of the wrong type and unknown variants.
fn described(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let said = text.split(" at line ").next().unwrap_or_default();
    match said.split_once(", expected ") {
        Some((found, expected)) if found.starts_with("invalid type") || found.starts_with("unknown variant") => {
            format!("has something else where {expected} is expected")
        }
        _ if said.starts_with("missing field") => format!("lacks something: {said}"),
        _ => "does not have the form that is expected".to_owned(),
    }
}
