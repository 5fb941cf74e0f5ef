//! Tokens: where credentials stand, how long a token is used, what happens to one that is refused.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use futures_util::{StreamExt, stream};

use super::*;

#[tokio::test]
async fn credentials_stand_in_the_body() {
    let tokens = |call: TokenCall| {
        assert!(!call.headers.contains_key(header::AUTHORIZATION));
        let expected = [
            ("grant_type", "client_credentials"),
            ("scope", "things:read people:read"),
            ("client_id", "client:1"),
            ("client_secret", SECRET),
        ];
        assert_eq!(call.form, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        grant(1, json!(300))
    };
    let server = Server::with_tokens(tokens, answers(|_| one_row())).await;
    server.source().page(&operation(), 0).await.unwrap();
    assert_eq!(server.token_calls(), 1);
}

#[tokio::test]
async fn credentials_stand_in_a_basic_header() {
    let tokens = |call: TokenCall| {
        let header = call.headers[header::AUTHORIZATION].to_str().unwrap().strip_prefix("Basic ").unwrap().to_owned();
        let pair = String::from_utf8(BASE64_STANDARD.decode(header).unwrap()).unwrap();
        assert_eq!(pair, "client%3A1:s3cr3t%2Fwith%2Bsigns%3D");
        assert_eq!(call.form, [("grant_type".to_owned(), "client_credentials".to_owned())]);
        grant(1, json!(300))
    };
    let server = Server::with_tokens(tokens, answers(|_| one_row())).await;
    let mut remote = server.remote();
    let oauth2 = remote.oauth2.as_mut().unwrap();
    (oauth2.placement, oauth2.scopes) = (Placement::Basic, Vec::new());
    source(remote).page(&operation(), 0).await.unwrap();
    assert_eq!(server.token_calls(), 1);
}

#[tokio::test]
async fn a_token_is_used_until_it_expires() {
    let server = Server::with_tokens(
        |call| grant(call.before + 1, json!(3)),
        |call| Box::pin(async move { json_answer(StatusCode::OK, &list(json!([call.authorization]), true, None)) }),
    )
    .await;
    let source = server.source();
    let used = async || source.page(&operation(), 0).await.unwrap().items().next().unwrap().to_owned();
    assert_eq!(used().await, r#""Bearer token-1""#);
    assert_eq!(used().await, r#""Bearer token-1""#);
    tokio::time::sleep(Duration::from_millis(2100)).await;
    assert_eq!(used().await, r#""Bearer token-2""#);
    assert_eq!(server.token_calls(), 2);
}

#[tokio::test]
async fn parallel_requests_share_one_token() {
    let server = Server::start(answers(|_| one_row())).await;
    let (source, operation) = (server.source(), operation());
    let pages = stream::iter(0..8).map(|page| source.page(&operation, page)).buffered(8);
    assert_eq!(pages.try_collect::<Vec<_>>().await.unwrap().len(), 8);
    assert_eq!((server.token_calls(), server.page_calls()), (1, 8));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once_for_all() {
    let server = Server::start(|call| {
        Box::pin(async move {
            // All eight are under way before the first is refused.
            tokio::time::sleep(Duration::from_millis(50)).await;
            if call.authorization == "Bearer token-1" { StatusCode::UNAUTHORIZED.into_response() } else { one_row() }
        })
    })
    .await;
    let (source, operation) = (server.source(), operation());
    let pages = stream::iter(0..8).map(|page| source.page(&operation, page)).buffered(8);
    assert_eq!(pages.try_collect::<Vec<_>>().await.unwrap().len(), 8);
    assert_eq!(server.token_calls(), 2);
}

#[tokio::test]
async fn a_new_token_that_is_refused_as_well_is_an_error() {
    let server = Server::start(answers(|_| StatusCode::UNAUTHORIZED.into_response())).await;
    let error = server.source().page(&operation(), 3).await.unwrap_err();
    assert!(matches!(error, SourceError::Unauthorized { .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::Refused);
    assert!(error.to_string().starts_with("operation `Things`, page 3 at http://127.0.0.1"), "{error}");
    assert_eq!((server.token_calls(), server.page_calls()), (2, 2));
}

#[tokio::test]
async fn a_token_refused_inside_an_answer_is_replaced_too() {
    let refused = json!({"errors": [{"message": "expired", "extensions": {"errorType": "UNAUTHENTICATED"}}]});
    let server = Server::start(answers(move |before| match before {
        0 => json_answer(StatusCode::OK, &refused),
        _ => one_row(),
    }))
    .await;
    server.source().page(&operation(), 0).await.unwrap();
    assert_eq!((server.token_calls(), server.page_calls()), (2, 2));
}

#[tokio::test]
async fn a_refused_client_is_told_why_and_not_tried_again() {
    let server = Server::with_tokens(
        |_| {
            let description = format!("Invalid client or\n{SECRET}");
            json_answer(StatusCode::UNAUTHORIZED, &json!({"error": "invalid_client", "error_description": description}))
        },
        answers(|_| one_row()),
    )
    .await;
    let error = server.source().page(&operation(), 0).await.unwrap_err();
    let SourceError::Credentials { error: code, description, .. } = &error else { panic!("{error}") };
    assert_eq!((code.as_str(), description.as_deref()), ("invalid_client", Some("Invalid client or [REDACTED]")));
    assert_eq!((error.class(), error.is_transient()), (ErrorClass::Refused, false));
    assert_eq!((server.token_calls(), server.page_calls()), (1, 0));
}

#[tokio::test]
async fn an_identity_server_is_tried_again_and_its_answers_are_checked() {
    let server = Server::with_tokens(
        |call| match call.before {
            0 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
            1 => r#"{"access_token": "tok"#.into_response(),
            2 => json_answer(StatusCode::OK, &json!({"access_token": "token-1"})),
            3 => json_answer(StatusCode::OK, &json!({"access_token": "token-1", "token_type": "mac"})),
            4 => json_answer(StatusCode::OK, &json!({"access_token": "line\nbreak"})),
            5 => json_answer(StatusCode::OK, &json!({"token": "token-1"})),
            6..=8 => "access_token=token-1".into_response(),
            _ => json_answer(StatusCode::NOT_FOUND, &json!({"error": "Realm does not exist"})),
        },
        answers(|_| one_row()),
    )
    .await;
    server.source().page(&operation(), 0).await.unwrap();
    assert_eq!(server.token_calls(), 3);
    for (expected, transient) in [
        ("the answer has no `Bearer` at `token_type`", false),
        ("the answer has no token that fits into a header at `access_token`", false),
        ("the answer has no token at `access_token`", false),
        ("(3 attempts): the answer is not JSON: text, 20 bytes;", true),
        ("unexpected 404 Not Found: Realm does not exist; check the URL", false),
    ] {
        let error = server.source().page(&operation(), 0).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.is_transient(), transient);
    }
}
