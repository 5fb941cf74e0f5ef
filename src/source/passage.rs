//! Requests of others to a part of the remote system, as they are: with the credentials and within the health of a connection.

use bytes::Bytes;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use url::Url;

use super::Source;
use super::access::{Credentials, Pass};
use super::error::{SourceError, Subject};
use super::health::{Door, Health};
use super::transport::{Reply, Transport};
use crate::connector::{Passthrough, Remote};

/// The largest answer that is passed on.
const LARGEST: usize = 16 << 20;

/// What the address is called in messages.
const SETTING: &str = "passthrough";

/// Headers that a request may have.
const ASKED: &[&str] = &[
    "accept",
    "accept-language",
    "content-language",
    "content-type",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-unmodified-since",
    "prefer",
    "range",
];

/// Headers that an answer may have.
const ANSWERED: &[&str] = &[
    "allow",
    "cache-control",
    "content-disposition",
    "content-language",
    "content-range",
    "content-type",
    "date",
    "etag",
    "expires",
    "last-modified",
    "link",
    "location",
    "preference-applied",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "vary",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
];

/// The way of requests of others to a part of the remote system.
pub struct Passage {
    source: Source,
    transport: Transport,
    extra: Vec<String>,
}

/// A request of somebody else.
#[derive(Debug, Clone)]
pub struct PassRequest {
    /// `GET`, `POST` and so on.
    pub method: Method,
    /// Where to, as [`below`] makes it.
    pub url: Url,
    /// What it asks to have in its head. What may not be is left out.
    pub headers: Vec<(String, String)>,
    /// What it sends, and what that is, unless a header says it.
    pub body: Option<(String, Bytes)>,
}

/// What the remote system answered, whatever its status.
#[derive(Debug, Clone)]
pub struct PassReply {
    /// The status.
    pub status: StatusCode,
    /// Headers that may be passed on.
    pub headers: HeaderMap,
    /// The body, at most 16 MiB.
    pub body: Vec<u8>,
    /// Names of headers of the request that were not sent.
    pub left_out: Vec<String>,
    /// Whether the remote system repeated a credential, which was blotted out.
    pub blotted: bool,
}

/// A path that leads out of the part of the remote system that may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Astray {
    /// It names another machine or another protocol.
    #[error("the path names a scheme or a host; write what stands behind the base address only")]
    Elsewhere,
    /// It goes up.
    #[error("the path has a part `.` or `..`, and goes only down from the base address")]
    Upwards,
    /// It has what no path has.
    #[error("the path has a backslash, a `#` or a control character; percent-encode them")]
    Malformed,
}

/// The address of a path below a base, with these parameters behind those of the path.
pub fn below(base: &Url, path: &str, parameters: &[(String, String)]) -> Result<Url, Astray> {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let is_odd = |text: &str| text.contains(['\\', '#']) || text.chars().any(char::is_control);
    if is_odd(path) || query.is_some_and(is_odd) {
        return Err(Astray::Malformed);
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.starts_with('/') || path.split('/').next().is_some_and(|first| first.contains(':')) {
        return Err(Astray::Elsewhere);
    }
    // Encoded dots are dots to whoever decodes them, and so are encoded slashes and backslashes between them.
    let plain = path.to_ascii_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    if plain.split('/').any(|part| part == "." || part == "..") {
        return Err(Astray::Upwards);
    }
    let mut url = base.clone();
    let root = base.path().trim_end_matches('/').to_owned();
    url.set_path(&format!("{root}/{path}"));
    url.set_query(query.filter(|query| !query.is_empty()));
    if !parameters.is_empty() {
        url.query_pairs_mut().extend_pairs(parameters);
    }
    // What a parser makes of it must still be there.
    let is_below = url.origin() == base.origin() && url.path().starts_with(&format!("{root}/"));
    if is_below { Ok(url) } else { Err(Astray::Upwards) }
}

impl Passage {
    /// The way to a part of `remote`. Nothing is sent.
    pub fn new(
        remote: Remote,
        credentials: Credentials,
        health: Health,
        part: &Passthrough,
    ) -> Result<Passage, SourceError> {
        let mut transport = Transport::new(SETTING, &part.base, &remote.limits, (&health, Door::Endpoint))?;
        transport.limit_body(LARGEST);
        let source = Source::of_health(remote, credentials, health)?;
        Ok(Passage { source, transport, extra: part.headers.clone() })
    }

    /// Sends a request once. Only where the access token was refused it is sent again, with another one.
    pub async fn send(&self, request: &PassRequest) -> Result<PassReply, SourceError> {
        let pass = self.source.access.pass().await?;
        let reply = self.once(request, &pass).await?;
        if reply.status != StatusCode::UNAUTHORIZED || !pass.has_token() {
            return Ok(self.passed(request, reply, &pass));
        }
        let refusal = SourceError::Unauthorized { request: self.request() };
        let pass = self.source.access.another(pass, refusal).await?;
        let reply = self.once(request, &pass).await?;
        Ok(self.passed(request, reply, &pass))
    }

    async fn once(&self, request: &PassRequest, pass: &Pass<'_>) -> Result<Reply, SourceError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        if let Some((kind, _)) = &request.body
            && let Ok(kind) = HeaderValue::from_str(kind)
        {
            headers.insert(CONTENT_TYPE, kind);
        }
        for (name, value) in request.headers.iter().filter(|(name, _)| self.lets_through(ASKED, name)) {
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
                headers.insert(name, value);
            }
        }
        // Those of the connection come last, so that nobody's take their place.
        headers.extend(pass.headers());
        let prepare = |client: &reqwest::Client| {
            let prepared = client.request(request.method.clone(), request.url.clone()).headers(headers);
            match &request.body {
                Some((_, body)) => prepared.body(body.clone()),
                None => prepared,
            }
        };
        self.transport.once(Subject::Text { what: SETTING }, prepare).await
    }

    fn passed(&self, request: &PassRequest, reply: Reply, pass: &Pass<'_>) -> PassReply {
        let Reply { status, headers: answered, mut body, .. } = reply;
        let secrets = pass.secrets();
        let tells = |bytes: &[u8]| {
            let holds = |secret: &&&str| memmem(bytes, secret.as_bytes()).is_some();
            secrets.iter().filter(|secret| secret.len() >= 8).any(|secret| holds(&secret))
        };
        let mut blotted = false;
        let mut headers = HeaderMap::new();
        for (name, value) in answered.iter().filter(|(name, _)| self.lets_through(ANSWERED, name.as_str())) {
            if tells(value.as_bytes()) {
                blotted = true;
            } else {
                headers.append(name.clone(), value.clone());
            }
        }
        while let Some((at, length)) = found(&body, &secrets) {
            body.splice(at..at + length, *b"[REDACTED]");
            blotted = true;
        }
        let left_out = request.headers.iter().map(|(name, _)| name.clone());
        let left_out = left_out.filter(|name| !self.lets_through(ASKED, name)).collect();
        PassReply { status, headers, body, left_out, blotted }
    }

    fn lets_through(&self, usual: &[&str], name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        usual.contains(&name.as_str()) || self.extra.contains(&name)
    }

    fn request(&self) -> super::Request {
        super::Request { subject: Subject::Text { what: SETTING }, url: self.transport.address(), attempts: 1 }
    }
}

/// The first secret in a body: where, and how long it is.
fn found(body: &[u8], secrets: &[&str]) -> Option<(usize, usize)> {
    let secrets = secrets.iter().filter(|secret| secret.len() >= 8);
    secrets.filter_map(|secret| Some((memmem(body, secret.as_bytes())?, secret.len()))).min()
}

fn memmem(text: &[u8], word: &[u8]) -> Option<usize> {
    aho_corasick::AhoCorasick::new([word]).ok()?.find(text).map(|found| found.start())
}

impl std::fmt::Debug for Passage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passage").field("base", &self.transport.address()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Url {
        Url::parse("https://api.example.org/graphql/v1").unwrap()
    }

    fn at(path: &str) -> Result<String, Astray> {
        below(&base(), path, &[]).map(String::from)
    }

    #[test]
    fn a_path_stays_below_the_base() {
        assert_eq!(at("/graphql").as_deref(), Ok("https://api.example.org/graphql/v1/graphql"));
        assert_eq!(at("graphql?a=b").as_deref(), Ok("https://api.example.org/graphql/v1/graphql?a=b"));
        assert_eq!(at("").as_deref(), Ok("https://api.example.org/graphql/v1/"));
        assert_eq!(at("/a b/ü").as_deref(), Ok("https://api.example.org/graphql/v1/a%20b/%C3%BC"));
        for elsewhere in ["https://evil.example", "//evil.example/x", "///x", "evil:80/x", "/javascript:x"] {
            assert_eq!(at(elsewhere), Err(Astray::Elsewhere), "{elsewhere}");
        }
        for upwards in
            ["/..", "/../v2", "a/../../v2", "/%2e%2E/x", "/.%2e/x", "/./x", "/a/%2e", "/a%2f..%2fb", "/a%5c..%5cb"]
        {
            assert_eq!(at(upwards), Err(Astray::Upwards), "{upwards}");
        }
        for malformed in ["/a\\..\\b", "/a#b", "/a\nb", "/a?b#c", "/\t/.."] {
            assert_eq!(at(malformed), Err(Astray::Malformed), "{malformed}");
        }
        let parameters = [("a b".to_owned(), "c&d".to_owned())];
        let url = below(&base(), "/x?y=1", &parameters).unwrap();
        assert_eq!(url.as_str(), "https://api.example.org/graphql/v1/x?y=1&a+b=c%26d");
    }

    proptest! {
        #[test]
        fn no_path_leads_out(path in "[a-z0-9./%\\\\@:?#\u{0}-\u{7f} ]{0,30}") {
            if let Ok(url) = below(&base(), &path, &[]) {
                prop_assert_eq!(url.origin(), base().origin());
                prop_assert_eq!(url.username(), "");
                prop_assert!(url.path().starts_with("/graphql/v1/"));
                let decoded = url.path().to_lowercase().replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
                prop_assert!(!decoded.split('/').any(|part| part == ".."));
            }
        }
    }
}
