//! An answer before it is on the wire, and how it gets there.

use super::super::server::Line;
use super::Fault;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Serialize;
use std::io;
use std::time::Duration;
use tokio::sync::watch;

/// The page that stands for every proxy's.
const PAGE: &str = "<html>\n<head><title>Carerix</title></head>\n<body><h1>Something went wrong</h1></body>\n</html>\n";

/// How long the first half of a body has to arrive before the connection is reset.
const BEFORE_RESET: Duration = Duration::from_millis(30);

/// What is sent, and how.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    delivery: Delivery,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    Whole,
    Stalled(Duration),
    Reset,
    ResetInside,
}

impl Answer {
    fn new(status: StatusCode, content_type: Option<&'static str>, body: Vec<u8>) -> Answer {
        let content_type = content_type.map(|value| (header::CONTENT_TYPE, HeaderValue::from_static(value)));
        Answer { status, headers: content_type.into_iter().collect(), body, delivery: Delivery::Whole }
    }

    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
        match serde_json::to_vec(body) {
            Ok(body) => Answer::new(status, Some("application/json"), body),
            Err(_) => Answer::empty(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    pub(crate) fn html(status: StatusCode) -> Answer {
        Answer::new(status, Some("text/html; charset=utf-8"), PAGE.as_bytes().to_vec())
    }

    pub(crate) fn empty(status: StatusCode) -> Answer {
        Answer::new(status, None, Vec::new())
    }

    pub(super) fn reset() -> Answer {
        Answer { delivery: Delivery::Reset, ..Answer::empty(StatusCode::OK) }
    }

    /// 429.
    pub(super) fn throttled(retry_after: Option<u64>, as_date: bool) -> Answer {
        Answer::json(StatusCode::TOO_MANY_REQUESTS, &serde_json::json!({"message": "Too many requests"}))
            .retry_after(retry_after, as_date)
    }

    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Answer {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    pub(super) fn retry_after(self, seconds: Option<u64>, as_date: bool) -> Answer {
        let Some(seconds) = seconds else { return self };
        let date = || {
            let at = Timestamp::now().checked_add(Duration::from_secs(seconds)).unwrap_or(Timestamp::MAX);
            rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).unwrap_or_default()
        };
        let value = if as_date { date() } else { seconds.to_string() };
        self.with(header::RETRY_AFTER, &value)
    }

    /// What a fault does to an answer that stands.
    pub(crate) fn damage(mut self, fault: &Fault) -> Answer {
        let half = self.body.len() / 2;
        match fault {
            Fault::ContentType { value } => return self.with(header::CONTENT_TYPE, value),
            Fault::Stall { ms } => self.delivery = Delivery::Stalled(Duration::from_millis(*ms)),
            Fault::ResetInBody => self.delivery = Delivery::ResetInside,
            Fault::Truncated => self.body.truncate(half),
            Fault::InvalidJson => {
                // A control character is wrong inside a text and outside of one.
                self.body.splice(half..half, [1]).for_each(drop);
                self.body.push(b']');
            }
            Fault::InvalidUtf8 => {
                // Inside a text wherever there is one, so that nothing but the bytes is wrong.
                let inside = self.body.iter().skip(half).position(u8::is_ascii_alphabetic).map_or(half, |at| half + at);
                self.body.splice(inside..inside, [0xc3, 0x28, 0xff]).for_each(drop);
            }
            _ => {}
        }
        self
    }

    /// Puts it on the wire. `closing` ends a stall when the sandbox stops.
    pub(crate) fn send(self, line: &Line, mut closing: watch::Receiver<bool>) -> Response {
        let Answer { status, mut headers, body, delivery } = self;
        if delivery == Delivery::Whole {
            return (status, headers, body).into_response();
        }
        if delivery == Delivery::Reset {
            line.reset();
            return status.into_response();
        }
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        let mut rest = Bytes::from(body);
        let first = rest.split_to(rest.len() / 2);
        let line = line.clone();
        let second = async move {
            match delivery {
                Delivery::Stalled(pause) => {
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        _ = closing.wait_for(|closing| *closing) => {}
                    }
                    Ok(rest)
                }
                _ => {
                    tokio::time::sleep(BEFORE_RESET).await;
                    line.reset();
                    Err(io::Error::from(io::ErrorKind::ConnectionReset))
                }
            }
        };
        let parts = stream::unfold(Some((Some(first), second)), |state| async {
            let (first, second) = state?;
            match first {
                Some(first) => Some((Ok(first), Some((None, second)))),
                None => Some((second.await, None)),
            }
        });
        (status, headers, Body::from_stream(parts)).into_response()
    }
}
