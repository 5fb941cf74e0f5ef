//! One address of the remote system: requests with time limits, a bounded answer, and another try where that helps.

use std::{
    error::Error as _,
    time::{Duration, Instant},
};

use backon::{ExponentialBuilder, Retryable};
use reqwest::{Client, RequestBuilder, StatusCode, header, redirect};
use tracing::{Instrument, debug, debug_span, warn};
use url::{Host, Url};

use super::error::{Request, SourceError, Subject, shown};
use crate::connector::Limits;

/// The largest answer that is read, after decompression.
const LARGEST_BODY: usize = 64 << 20;

/// The longest that a connection may take to come about; it is part of the time that a request may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

const USER_AGENT: &str = concat!("crosswalk/", env!("CARGO_PKG_VERSION"));

/// Sends requests to one URL.
pub(super) struct Transport {
    client: Client,
    url: Url,
    limits: Limits,
    largest_body: usize,
}

/// An answer, whatever its status.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Vec<u8>,
    retry_after: Option<Duration>,
}

impl Transport {
    /// A transport to `url`, which is the connection's `setting`.
    pub(super) fn new(setting: &'static str, url: &Url, limits: &Limits) -> Result<Self, SourceError> {
        accept(url).map_err(|reason| SourceError::Setting { setting, url: shown(url), reason: reason.to_owned() })?;
        let mut client = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT.min(limits.timeout))
            .timeout(limits.timeout);
        if url.scheme() == "http" {
            // Plain HTTP is for this machine only, and a proxy would carry the secret off it.
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| SourceError::Client { reason: root_cause(&error) })?;
        Ok(Self { client, url: url.clone(), limits: limits.clone(), largest_body: LARGEST_BODY })
    }

    #[cfg(test)]
    pub(super) fn limit_body(&mut self, bytes: usize) {
        self.largest_body = bytes;
    }

    /// Where requests go, as it may be shown.
    pub(super) fn address(&self) -> String {
        shown(&self.url)
    }

    /// Posts what `prepare` adds to a request and returns what `read` makes of the answer. Whatever is transient is
    /// tried again, also when it is `read` that finds it.
    pub(super) async fn send<T>(
        &self,
        subject: Subject,
        prepare: impl Fn(RequestBuilder) -> RequestBuilder,
        read: impl Fn(Request, Reply) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let mut request = Request { subject, url: self.address(), attempts: 0 };
        let attempt = || {
            request.attempts += 1;
            self.attempt(request.clone(), &prepare, &read).instrument(span(&request))
        };
        let longest_pause = self.limits.longest_pause;
        attempt
            .retry(self.pauses())
            .when(SourceError::is_transient)
            .adjust(|error, pause| pause.map(|pause| error.retry_after().unwrap_or(pause).min(longest_pause)))
            .notify(|error, pause| warn!(pause = ?pause, "trying again: {error}"))
            .await
    }

    fn pauses(&self) -> ExponentialBuilder {
        ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(self.limits.pause)
            .with_max_delay(self.limits.longest_pause)
            .with_max_times(self.limits.attempts.saturating_sub(1))
    }

    async fn attempt<T>(
        &self,
        request: Request,
        prepare: impl Fn(RequestBuilder) -> RequestBuilder,
        read: impl Fn(Request, Reply) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let started = Instant::now();
        let Reply { status, body, retry_after } =
            self.exchange(&request, prepare(self.client.post(self.url.clone()))).await?;
        let milliseconds = started.elapsed().as_millis() as u64;
        debug!(status = status.as_u16(), milliseconds, bytes = body.len(), "answered");
        match status {
            StatusCode::TOO_MANY_REQUESTS => Err(SourceError::Throttled { request, retry_after }),
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                Err(SourceError::Unavailable { request, cause: status.to_string(), retry_after })
            }
            _ => read(request, Reply { status, body, retry_after }),
        }
    }

    async fn exchange(&self, request: &Request, prepared: RequestBuilder) -> Result<Reply, SourceError> {
        let broken = |error| self.broken(request.clone(), error);
        let mut response = prepared.send().await.map_err(broken)?;
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let announced = response.content_length().map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
        let mut body = Vec::with_capacity(announced.min(self.largest_body));
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            if body.len() + chunk.len() > self.largest_body {
                return Err(SourceError::TooLarge { request: request.clone(), limit: self.largest_body });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { status, body, retry_after })
    }

    fn broken(&self, request: Request, error: reqwest::Error) -> SourceError {
        if error.is_timeout() {
            let after = if error.is_connect() { CONNECT_TIMEOUT.min(self.limits.timeout) } else { self.limits.timeout };
            return SourceError::Timeout { request, after };
        }
        if let Some(reason) = tls_error(&error) {
            return SourceError::Tls { request, reason };
        }
        let what = if error.is_connect() {
            "no connection"
        } else if error.is_body() || error.is_decode() {
            "the answer broke off"
        } else {
            "the request broke off"
        };
        SourceError::Unavailable { request, cause: format!("{what}: {}", root_cause(&error)), retry_after: None }
    }
}

/// Whether secrets may be sent to a URL.
fn accept(url: &Url) -> Result<(), &'static str> {
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it holds a user name or a password, which belong to the credentials");
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        "http" => {
            Err("plain http would show the secret to everyone on the way, so it is for this machine only; use https")
        }
        _ => Err("it is no https URL"),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What is wrong with the encryption of a connection, when that is what failed.
fn tls_error(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<rustls::Error>() {
        return Some(error.to_string());
    }
    // The source of such an error is that of what it wraps, and not what it wraps.
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    wrapped.and_then(|wrapped| tls_error(wrapped)).or_else(|| error.source().and_then(tls_error))
}

/// The innermost cause. The outer layers repeat the URL, query included, and say little.
fn root_cause(error: &reqwest::Error) -> String {
    let Some(mut cause) = error.source() else {
        return "no reason given".to_owned();
    };
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// The header `Retry-After`, which is a number of seconds or a date.
fn retry_after(headers: &header::HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
    let pause = date.duration_since(jiff::Timestamp::now());
    Some(Duration::try_from(pause).unwrap_or(Duration::ZERO))
}

fn span(request: &Request) -> tracing::Span {
    let attempt = request.attempts;
    match &request.subject {
        Subject::Token => debug_span!("request", operation = "token", attempt),
        Subject::Schema => debug_span!("request", operation = "schema", attempt),
        Subject::Text { what } => debug_span!("request", operation = what, attempt),
        Subject::Page { operation, page } => debug_span!("request", operation, page, attempt),
        Subject::Record { operation } => debug_span!("request", operation, attempt),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(value: &str) -> header::HeaderMap {
        [(header::RETRY_AFTER, value.parse().unwrap())].into_iter().collect()
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after(&header("7")), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(&header("Sun, 06 Nov 1994 08:49:37 GMT")), Some(Duration::ZERO));
        assert_eq!(retry_after(&header("soon")), None);
        assert_eq!(retry_after(&header("-1")), None);
        assert_eq!(retry_after(&header::HeaderMap::new()), None);

        let in_a_minute = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60);
        let text = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&in_a_minute).unwrap();
        let pause = retry_after(&header(&text)).unwrap();
        assert!((Duration::from_secs(50)..=Duration::from_secs(60)).contains(&pause), "{pause:?}");
    }

    #[test]
    fn secrets_go_by_https_or_stay_on_this_machine() {
        let accepted = |url: &str| accept(&Url::parse(url).unwrap()).is_ok();
        for url in ["https://id.example.org/token", "http://localhost:8080", "http://127.0.0.9/x", "http://[::1]:1/"] {
            assert!(accepted(url), "{url}");
        }
        for url in ["http://id.example.org/token", "http://127.0.0.1.example.org", "http://10.0.0.1", "ftp://localhost"]
        {
            assert!(!accepted(url), "{url}");
        }
        assert!(!accepted("https://user@id.example.org"));
        assert!(!accepted("https://:word@id.example.org"));
    }
}
