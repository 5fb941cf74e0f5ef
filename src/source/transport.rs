//! One address of the remote system: requests with time limits, a bounded answer, and another try where that helps.

use std::error::Error as _;

use reqwest::{Client, RequestBuilder, StatusCode, header, redirect};
use tokio::time::{Duration, Instant, sleep, timeout};
use tracing::field::Empty;
use tracing::{Instrument, debug, debug_span, warn};
use url::{Host, Url};

use super::error::{NO_CONNECTION, Request, SourceError, Subject, list, shown};
use super::giving_up::{GivenUp, Late};
use super::health::{Door, Health, Verdict};
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
    health: Health,
    door: Door,
}

/// How often a request is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempts {
    /// As often as the limits say, while what goes wrong may pass.
    All,
    /// Once, since there is another way when it fails.
    One,
}

/// An answer, whatever its status.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: header::HeaderMap,
    pub(super) body: Vec<u8>,
    retry_after: Option<Duration>,
}

impl Transport {
    /// A transport to `url`, which is the connection's `setting`. Its requests go as the connection's health allows,
    /// through one of its doors.
    pub(super) fn new(
        setting: &'static str,
        url: &Url,
        limits: &Limits,
        (health, door): (&Health, Door),
    ) -> Result<Self, SourceError> {
        accept(url).map_err(|reason| SourceError::Setting { setting, url: shown(url), reason: reason.to_owned() })?;
        let mut client = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT.min(limits.timeout));
        if url.scheme() == "http" {
            // Plain HTTP is for this machine only, and a proxy would carry the secret off it.
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| SourceError::Client { reason: root_cause(&error) })?;
        let (url, limits, health) = (url.clone(), limits.clone(), health.clone());
        Ok(Self { client, url, limits, largest_body: LARGEST_BODY, health, door })
    }

    /// Reads no answer that is larger.
    pub(super) fn limit_body(&mut self, bytes: usize) {
        self.largest_body = bytes;
    }

    /// Where requests go, as it may be shown.
    pub(super) fn address(&self) -> String {
        shown(&self.url)
    }

    /// Posts what `prepare` adds to a request and returns what `read` makes of the answer. Whatever is transient is
    /// tried again, also when it is `read` that finds it, as long as the connection has retries left.
    pub(super) async fn send<T>(
        &self,
        subject: Subject,
        attempts: Attempts,
        prepare: impl Fn(RequestBuilder) -> RequestBuilder,
        read: impl Fn(Request, Reply) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let mut request = Request { subject, url: self.address(), attempts: 0 };
        self.health.earn();
        let most = match attempts {
            Attempts::All => self.limits.attempts,
            Attempts::One => 1,
        };
        loop {
            let span = self.span(&request);
            let error = match self.attempt(&mut request, &prepare, &read).instrument(span).await {
                Err(error) if error.is_transient() && !matches!(error, SourceError::CircuitOpen { .. }) => error,
                settled => return settled,
            };
            if request.attempts >= most {
                return Err(error);
            }
            let given_up = if self.health.refusal(self.door).is_some() {
                Some(GivenUp::Circuit)
            } else {
                (!self.health.spend()).then_some(GivenUp::Budget)
            };
            if let Some(why) = given_up {
                return Err(SourceError::GivenUp { cause: Box::new(error), why });
            }
            // Where the remote system said how long, the whole connection waits for that.
            let pause = match error.retry_after() {
                Some(asked) if !asked.is_zero() => Duration::ZERO,
                _ => pause(request.attempts, &self.limits, fastrand::f64()),
            };
            warn!(connection = self.health.connection(), pause = ?pause, "trying again: {error}");
            sleep(pause).await;
        }
    }

    async fn attempt<T>(
        &self,
        request: &mut Request,
        prepare: impl Fn(RequestBuilder) -> RequestBuilder,
        read: impl Fn(Request, Reply) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let permit = self.health.enter(self.door).await.map_err(|open| {
            let (request, open) = (request.clone(), Box::new(open));
            SourceError::CircuitOpen { request, open }
        })?;
        if let Some(why) = permit.waited.why {
            let span = tracing::Span::current();
            span.record("waited_ms", permit.waited.time.as_millis() as u64).record("waited_for", why);
        }
        request.attempts += 1;
        let result = match self.exchange(request, prepare(self.client.post(self.url.clone()))).await {
            Ok(reply) => self.meant(request, reply, read),
            Err(error) => Err(error),
        };
        let (verdict, outcome) = verdict(&result);
        permit.end(verdict, outcome);
        result
    }

    /// What an answer means, given what `read` makes of it.
    fn meant<T>(
        &self,
        request: &Request,
        reply: Reply,
        read: impl Fn(Request, Reply) -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let (status, retry_after) = (reply.status, reply.retry_after);
        let error = match read(request.clone(), reply) {
            Ok(read) => return Ok(read),
            Err(error) => error,
        };
        let passing = Passing::of(status, &self.limits);
        let request = request.clone();
        Err(match (error, passing) {
            (SourceError::Throttled { at_once, messages, .. }, _) => {
                SourceError::Throttled { request, at_once, messages, retry_after }
            }
            (SourceError::Unavailable { cause, .. }, _) => SourceError::Unavailable { request, cause, retry_after },
            (error, None) => error,
            (error, Some(Passing::Throttled)) => {
                let messages = error.messages().to_vec();
                SourceError::Throttled { request, at_once: false, messages, retry_after }
            }
            (error, Some(Passing::Unavailable)) => {
                let messages = error.messages();
                let said = if messages.is_empty() { String::new() } else { format!(": {}", list(messages)) };
                SourceError::Unavailable { request, cause: format!("{status}{said}"), retry_after }
            }
        })
    }

    /// Sends what `prepare` makes once, as the connection's health allows, and gives the answer whatever its status.
    pub(super) async fn once(
        &self,
        subject: Subject,
        prepare: impl FnOnce(&Client) -> RequestBuilder,
    ) -> Result<Reply, SourceError> {
        let request = Request { subject, url: self.address(), attempts: 1 };
        self.health.earn();
        let permit = self.health.enter(self.door).await.map_err(|open| {
            let (request, open) = (request.clone(), Box::new(open));
            SourceError::CircuitOpen { request, open }
        })?;
        let result = self.exchange(&request, prepare(&self.client)).instrument(self.span(&request)).await;
        let passing = result.as_ref().ok().and_then(|reply| Passing::of(reply.status, &self.limits));
        let (verdict, outcome) = match (&result, passing) {
            (Ok(reply), Some(Passing::Throttled)) => {
                (Verdict::Throttles { at_once: false, hold: reply.retry_after }, "throttled")
            }
            (Ok(reply), Some(Passing::Unavailable)) => {
                let why = format!("{request}: {}", reply.status);
                (Verdict::Fails { late: false, hold: reply.retry_after, why }, "unavailable")
            }
            _ => verdict(&result),
        };
        permit.end(verdict, outcome);
        result
    }

    async fn exchange(&self, request: &Request, prepared: RequestBuilder) -> Result<Reply, SourceError> {
        let began = Instant::now();
        let broken = |error| self.broken(request.clone(), error);
        let late = |late, after| SourceError::Timeout { request: request.clone(), after, late };
        let answer = timeout(self.limits.timeout, prepared.send()).await;
        let mut response = answer.map_err(|_| late(Late::Beginning, self.limits.timeout))?.map_err(broken)?;
        let status = response.status();
        let headers = response.headers().clone();
        let retry_after = retry_after(&headers);
        let announced = response.content_length().map_or(0, |length| usize::try_from(length).unwrap_or(usize::MAX));
        let mut body = Vec::with_capacity(announced.min(self.largest_body));
        loop {
            let left = self.limits.whole.saturating_sub(began.elapsed());
            let chunk = timeout(self.limits.stall.min(left), response.chunk()).await.map_err(|_| {
                match began.elapsed() < self.limits.whole {
                    true => late(Late::Rest(body.len()), self.limits.stall),
                    false => late(Late::End, self.limits.whole),
                }
            })?;
            let Some(chunk) = chunk.map_err(broken)? else { break };
            if body.len() + chunk.len() > self.largest_body {
                return Err(SourceError::TooLarge { request: request.clone(), limit: self.largest_body });
            }
            body.extend_from_slice(&chunk);
        }
        let milliseconds = began.elapsed().as_millis() as u64;
        debug!(status = status.as_u16(), milliseconds, bytes = body.len(), "answered");
        Ok(Reply { status, headers, body, retry_after })
    }

    fn span(&self, request: &Request) -> tracing::Span {
        let (connection, attempt) = (self.health.connection(), request.attempts + 1);
        // What was waited for is known when the request begins.
        macro_rules! span {
            ($($fields:tt)*) => {
                debug_span!("request", $($fields)*, attempt, connection, waited_ms = Empty, waited_for = Empty)
            };
        }
        match &request.subject {
            Subject::Token => span!(operation = "token"),
            Subject::Schema => span!(operation = "schema"),
            Subject::Text { what } => span!(operation = what),
            Subject::Page { operation, page } => span!(operation, page),
            Subject::Record { operation } => span!(operation),
        }
    }

    fn broken(&self, request: Request, error: reqwest::Error) -> SourceError {
        if error.is_timeout() {
            let cause = format!("{NO_CONNECTION} within {:?}", CONNECT_TIMEOUT.min(self.limits.timeout));
            return SourceError::Unavailable { request, cause, retry_after: None };
        }
        if let Some(reason) = tls_error(&error) {
            return SourceError::Tls { request, reason };
        }
        let what = if error.is_connect() {
            NO_CONNECTION
        } else if error.is_body() || error.is_decode() {
            "the answer broke off"
        } else {
            "the request broke off"
        };
        SourceError::Unavailable { request, cause: format!("{what}: {}", root_cause(&error)), retry_after: None }
    }
}

/// What a status means that may be another the next time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passing {
    Throttled,
    Unavailable,
}

impl Passing {
    fn of(status: StatusCode, limits: &Limits) -> Option<Passing> {
        match status.as_u16() {
            // 420 is an old spelling of 429.
            420 | 429 => Some(Passing::Throttled),
            // From 520 on they are those of gateways that got no proper answer themselves.
            408 | 502 | 503 | 504 | 520..=530 => Some(Passing::Unavailable),
            other if limits.retry.statuses.contains(&other) => Some(Passing::Unavailable),
            _ => None,
        }
    }
}

/// The longest that the pause before the next attempt may be is doubled with each; the pause is drawn from zero up to it,
/// so that those who failed together do not come back together. `drawn` is from 0 to 1.
fn pause(attempts: usize, limits: &Limits, drawn: f64) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX);
    let longest = 2_u32.checked_pow(doublings).map_or(limits.longest_pause, |times| limits.pause.saturating_mul(times));
    longest.min(limits.longest_pause).mul_f64(drawn.clamp(0.0, 1.0))
}

/// What the result of a request says of the source, and what it counts as.
fn verdict<T>(result: &Result<T, SourceError>) -> (Verdict, &'static str) {
    let Err(error) = result else { return (Verdict::Answers, "answered") };
    let fails = |late| Verdict::Fails { late, hold: error.retry_after(), why: error.to_string() };
    match error {
        SourceError::Throttled { at_once, retry_after, .. } => {
            (Verdict::Throttles { at_once: *at_once, hold: *retry_after }, "throttled")
        }
        SourceError::Timeout { .. } => (fails(true), "timeout"),
        SourceError::Unavailable { .. } => (fails(false), "unavailable"),
        SourceError::Malformed { .. } => (fails(false), "malformed"),
        _ => (Verdict::Answers, "refused"),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn a_pause_is_drawn_from_zero_to_a_bound_that_doubles(
            attempts in 1_usize..100,
            first in 1_u64..5_000,
            longest in 1_u64..60_000,
            drawn in 0.0_f64..=1.0,
        ) {
            let (first, longest) = (Duration::from_millis(first), Duration::from_millis(longest));
            let limits = Limits { pause: first, longest_pause: longest, ..Limits::default() };
            let bound = pause(attempts, &limits, 1.0);
            let paused = pause(attempts, &limits, drawn);
            prop_assert!(paused <= bound && bound <= longest);
            prop_assert_eq!(pause(attempts, &limits, 0.0), Duration::ZERO);
            let doubled = first.saturating_mul(2_u32.saturating_pow(attempts as u32 - 1));
            prop_assert_eq!(bound, doubled.min(longest));
        }
    }

    #[test]
    fn statuses_pass_or_stay() {
        let of = |status: u16, statuses: &[u16]| {
            let mut limits = Limits::default();
            limits.retry.statuses = statuses.to_vec();
            Passing::of(StatusCode::from_u16(status).unwrap(), &limits)
        };
        for status in [420, 429] {
            assert_eq!(of(status, &[]), Some(Passing::Throttled), "{status}");
        }
        for status in [408, 502, 503, 504, 520, 522, 530] {
            assert_eq!(of(status, &[]), Some(Passing::Unavailable), "{status}");
        }
        for status in [200, 302, 400, 401, 403, 404, 422, 500, 501] {
            assert_eq!(of(status, &[]), None, "{status}");
        }
        assert_eq!(of(500, &[500]), Some(Passing::Unavailable));
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
