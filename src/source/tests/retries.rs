//! What is tried again, after which pause, and what is not.

use std::{io, time::Instant};

use axum::body::Body;
use futures_util::stream;

use super::*;

#[tokio::test]
async fn retry_after_wins_over_the_own_pause() {
    let server = Server::start(answers(|before| match before {
        0 => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")]).into_response(),
        _ => one_row(),
    }))
    .await;
    let mut remote = server.remote();
    remote.limits.longest_pause = Duration::ZERO;
    let started = Instant::now();
    source(remote).page(&operation(), 0).await.unwrap();
    assert!(started.elapsed() >= Duration::from_secs(1), "{:?}", started.elapsed());
    assert_eq!((server.page_calls(), server.token_calls()), (2, 1));
}

#[tokio::test]
async fn retry_after_is_cut_to_the_longest_wait() {
    let turned_away = || (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "3600")]).into_response();
    let server = Server::start(answers(move |_| turned_away())).await;
    let mut remote = server.remote();
    remote.limits.longest_wait = Duration::from_millis(50);
    let started = Instant::now();
    let error = source(remote).page(&operation(), 0).await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(5));
    assert!(matches!(error, SourceError::Throttled { retry_after: Some(asked), .. } if asked.as_secs() == 3600));
    assert!(error.to_string().contains("(3 attempts): too many requests (it asks to wait 3600 s)"), "{error}");
    assert_eq!((error.class(), error.is_transient()), (ErrorClass::Unreachable, true));
    assert_eq!(server.page_calls(), 3);
}

#[tokio::test]
async fn gateways_that_find_nobody_in_are_tried_again() {
    for status in [StatusCode::BAD_GATEWAY, StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT] {
        let server = Server::start(answers(move |before| match before {
            0 | 1 => (status, "<html>Bad Gateway</html>").into_response(),
            _ => one_row(),
        }))
        .await;
        server.source().page(&operation(), 0).await.unwrap();
        assert_eq!(server.page_calls(), 3);
    }
}

#[tokio::test]
async fn refusals_are_not_tried_again() {
    let errors = json!({"errors": [{"message": "no such field", "path": ["thingPage"]}]});
    for (status, class, expected) in [
        (400, ErrorClass::Refused, "the query was rejected: no such field (at `thingPage`);"),
        (403, ErrorClass::Refused, "access denied: no such field (at `thingPage`);"),
        (404, ErrorClass::Refused, "unexpected 404 Not Found: no such field (at `thingPage`); check the URL"),
        (302, ErrorClass::Refused, "redirects are not followed"),
        (500, ErrorClass::Unreachable, "unexpected 500 Internal Server Error"),
    ] {
        let errors = errors.clone();
        let status = StatusCode::from_u16(status).unwrap();
        let server = Server::start(answers(move |_| json_answer(status, &errors))).await;
        let error = server.source().page(&operation(), 0).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!((error.class(), error.is_transient()), (class, false), "{error}");
        assert_eq!((server.page_calls(), server.token_calls()), (1, 1));
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = Server::start(answers(|_| (StatusCode::FOUND, [(header::LOCATION, "/token")]).into_response())).await;
    let error = server.source().page(&operation(), 0).await.unwrap_err();
    assert!(matches!(error, SourceError::Status { status: StatusCode::FOUND, .. }), "{error}");
    assert_eq!((server.page_calls(), server.token_calls()), (1, 1));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    let whole = list(json!([{"id": 1}]), true, None).to_string();
    let server = Server::start(answers(move |before| match before {
        // The connection breaks inside the body.
        0 => {
            let half = Bytes::from(whole[..20].to_owned());
            Body::from_stream(stream::iter([Ok(half), Err(io::Error::other("gone"))])).into_response()
        }
        // The body ends properly, and the JSON does not.
        1 => whole[..whole.len() - 3].to_owned().into_response(),
        _ => whole.clone().into_response(),
    }))
    .await;
    assert_eq!(server.source().page(&operation(), 0).await.unwrap().items().collect::<Vec<_>>(), [r#"{"id":1}"#]);
    assert_eq!(server.page_calls(), 3);
}

#[tokio::test]
async fn a_slow_answer_times_out_and_is_asked_for_again() {
    let server = Server::start(|call| {
        Box::pin(async move {
            if call.page == 1 || call.before == 0 {
                tokio::time::sleep(Duration::from_secs(30)).await;
            }
            one_row()
        })
    })
    .await;
    let mut remote = server.remote();
    remote.limits.timeout = Duration::from_millis(500);
    let source = source(remote);
    source.page(&operation(), 0).await.unwrap();
    assert_eq!(server.page_calls(), 2);
    let error = source.page(&operation(), 1).await.unwrap_err();
    assert!(error.to_string().contains("page 1 at http://"), "{error}");
    assert!(error.to_string().contains("(3 attempts): no answer within 500ms"), "{error}");
    assert_eq!(error.class(), ErrorClass::Unreachable);
}

#[tokio::test]
async fn nobody_listening_is_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = Url::parse(&format!("http://{}/token?key=hidden", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let server = Server::start(answers(|_| one_row())).await;
    let mut remote = server.remote();
    remote.oauth2.as_mut().unwrap().token_url = gone;
    let error = source(remote).page(&operation(), 0).await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("(3 attempts): unavailable: no connection: "), "{error}");
    assert!(!error.to_string().contains("hidden"), "{error}");
    assert_eq!((error.class(), error.is_transient()), (ErrorClass::Unreachable, true));
}
