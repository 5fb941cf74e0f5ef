//! Native calls of the source, with the credentials of an integration.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::multipart::{Part, boundary, multipart};
use crate::api::call::Call;
use crate::api::failure::{Code, Failure};
use crate::api::reply::{Answer, Warning};
use crate::api::tenant::Tenant;
use crate::engine::{NotPassed, Passing};
use crate::source::{ErrorClass, PassReply, SourceError};

/// What a client wants sent.
#[derive(Debug, Deserialize)]
struct Wanted {
    method: String,
    path: String,
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    #[serde(default)]
    params: Option<BTreeMap<String, String>>,
    #[serde(default)]
    data: Option<Box<RawValue>>,
    #[serde(default)]
    response_as_base64: Option<bool>,
    #[serde(default)]
    multipart_form_data: Option<Vec<Part>>,
    #[serde(default)]
    api_options: Option<BTreeMap<String, Value>>,
}

/// What the source answered.
#[derive(Debug, Serialize)]
struct Passed {
    url: String,
    status: u16,
    headers: BTreeMap<String, OneOrMore>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// Sends one request to the source. Whatever it answers is an answer of this server with status 200.
pub(in crate::api) async fn passthrough(call: Call, tenant: Tenant) -> Result<Answer, Failure> {
    let (tool, part) = (call.value("tool"), call.value("api"));
    if tool != tenant.id.tool() || !tenant.revision.passthrough.contains_key(part) {
        let known = tenant.revision.passthrough.keys().map(|name| format!("{}/{name}", tenant.id.tool()));
        return Err(Failure::without_code(
            StatusCode::NOT_FOUND,
            "No such passthrough",
            format!("this integration has the passthrough {}", in_words(known.collect())),
        ));
    }
    let wanted: Wanted = call.json()?;
    let method = method(&wanted.method)?;
    let body = body(&wanted)?;
    let parameters: Vec<(String, String)> = wanted.params.unwrap_or_default().into_iter().collect();
    let passing = Passing {
        connection: &tenant.connection,
        part,
        method,
        path: &wanted.path,
        parameters: &parameters,
        headers: wanted.headers.unwrap_or_default().into_iter().collect(),
        body,
    };
    tracing::info!(connection = tenant.connection, key = tenant.key.id, part, "a request is passed on");
    let (url, reply) = call.api.running.pass(passing).await.map_err(refused)?;
    let mut warnings = Vec::new();
    let mut warn = |message: String| warnings.push(Warning { message });
    for name in &reply.left_out {
        warn(format!("the header `{name}` is not passed on"));
    }
    if reply.blotted {
        warn("the source repeated a credential, which was left out".to_owned());
    }
    if wanted.api_options.is_some_and(|options| !options.is_empty()) {
        warn("`api_options` has no meaning here".to_owned());
    }
    let data = data(&reply, wanted.response_as_base64.unwrap_or_default(), &mut warn);
    let passed = Passed { url: url.into(), status: reply.status.as_u16(), headers: headers(&reply), data };
    Ok(Answer::written(&passed, &warnings))
}

fn in_words(known: Vec<String>) -> String {
    if known.is_empty() { "of nothing".to_owned() } else { known.join(", ") }
}

fn method(name: &str) -> Result<Method, Failure> {
    match name {
        "GET" => Ok(Method::GET),
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        "PATCH" => Ok(Method::PATCH),
        "DELETE" => Ok(Method::DELETE),
        _ => Err(Failure::invalid("`method` is GET, POST, PUT, PATCH or DELETE")),
    }
}

/// The body and its type: a text as it is, anything else as JSON.
fn body(wanted: &Wanted) -> Result<Option<(String, Bytes)>, Failure> {
    if let Some(parts) = &wanted.multipart_form_data {
        if wanted.data.is_some() {
            return Err(Failure::invalid("a request has `data` or `multipart_form_data`"));
        }
        let boundary = boundary();
        let written = multipart(parts, &boundary).map_err(Failure::invalid)?;
        return Ok(Some((format!("multipart/form-data; boundary={boundary}"), written.into())));
    }
    let Some(data) = &wanted.data else { return Ok(None) };
    if let Ok(text) = serde_json::from_str::<String>(data.get()) {
        return Ok(Some(("text/plain; charset=utf-8".to_owned(), text.into())));
    }
    Ok(Some(("application/json".to_owned(), data.get().to_owned().into())))
}

/// What a client is given of the body: JSON as such, text as text.
fn data(reply: &PassReply, as_base64: bool, warn: &mut impl FnMut(String)) -> Option<Box<RawValue>> {
    if as_base64 {
        return raw(&STANDARD.encode(&reply.body));
    }
    if reply.body.is_empty() {
        return None;
    }
    if let Ok(json) = serde_json::from_slice::<Box<RawValue>>(&reply.body) {
        return Some(json);
    }
    match std::str::from_utf8(&reply.body) {
        Ok(text) => raw(text),
        Err(_) => {
            warn("the answer is no text, and parts of it are lost; ask with `response_as_base64`".to_owned());
            raw(&String::from_utf8_lossy(&reply.body))
        }
    }
}

fn raw(text: &str) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(text).ok()
}

fn headers(reply: &PassReply) -> BTreeMap<String, OneOrMore> {
    let mut headers: BTreeMap<String, OneOrMore> = BTreeMap::new();
    for name in reply.headers.keys() {
        let values = reply.headers.get_all(name).iter();
        let mut values: Vec<String> =
            values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect();
        let value = if values.len() == 1 { OneOrMore::One(values.remove(0)) } else { OneOrMore::More(values) };
        headers.insert(name.as_str().to_owned(), value);
    }
    headers
}

/// What to say when the source did not answer. There are no codes for that at an endpoint like this.
fn refused(refused: NotPassed) -> Failure {
    let without = |status, title, message: &str| Failure::without_code(status, title, message);
    let error = match refused {
        NotPassed::Astray(astray) => return Failure::invalid(format!("`path` cannot be used: {astray}")),
        NotPassed::NoPart(_) => return Failure::no_integration(),
        NotPassed::Engine(error) => {
            tracing::warn!(%error, "a request could not be passed on");
            return without(
                StatusCode::CONFLICT,
                "The integration is not set up",
                "the credentials of this integration cannot be had; its operator finds the reason in the log",
            );
        }
        NotPassed::Source(error) => error,
    };
    tracing::warn!(%error, "a request could not be passed on");
    match &error {
        SourceError::Timeout { .. } => Failure::of(Code::PlatformTaskTimedOut, "the source did not answer in time"),
        SourceError::TooLarge { limit, .. } => without(
            StatusCode::BAD_GATEWAY,
            "The answer is too large",
            &format!("the answer of the source is larger than {limit} bytes"),
        ),
        error if error.refuses_the_credentials() => without(
            StatusCode::BAD_GATEWAY,
            "The source does not take the credentials",
            "the source does not take the credentials of this integration",
        ),
        error if error.class() == ErrorClass::Unreachable => without(
            StatusCode::SERVICE_UNAVAILABLE,
            "The source does not answer",
            "the source cannot be reached at the moment; try again later",
        ),
        error if error.class() == ErrorClass::Setting => Failure::internal(),
        _ => without(
            StatusCode::BAD_GATEWAY,
            "The source refused",
            "the source gave no access token, or an answer of no use",
        ),
    }
}
