//! What an answer is taken for.

use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::*;

#[tokio::test]
async fn a_page_keeps_its_rows_as_they_came() {
    let body = r#"{"data":{"thingPage":{"total":4,"items":[{"id" : 1, "price":1.10},null,
        {"id":"é"}],"last":false}}}"#;
    let server = Server::start(answers(move |_| body.into_response())).await;
    let page = server.source().page(&operation(), 7).await.unwrap();
    assert_eq!(page.items().collect::<Vec<_>>(), [r#"{"id" : 1, "price":1.10}"#, r#"{"id":"é"}"#]);
    assert_eq!(page.items().len(), 2);
    assert!(page.rows().zip(page.items()).all(|(bytes, text)| bytes == text.as_bytes()));
    assert_eq!((page.number, page.last, page.total, page.given()), (7, false, Some(4), 3));
    assert!(page.errors.is_empty());
}

#[tokio::test]
async fn a_compressed_answer_is_read() {
    // `{"data":{"thingPage":{"items":[1],"last":true,"total":1}}}`
    let gzip = "H4sIAAAAAAACA6tWSkksSVSyqlYqycjMSw9ITE8FcTJLUnOLlayiDWN1lHISi0uUrEqKSlN1lErySxJzlKwMa2trAQrjulU6AAAA";
    let server = Server::start(answers(move |_| {
        ([(header::CONTENT_ENCODING, "gzip")], BASE64_STANDARD.decode(gzip).unwrap()).into_response()
    }))
    .await;
    assert_eq!(server.source().page(&operation(), 0).await.unwrap().items().collect::<Vec<_>>(), ["1"]);
}

#[tokio::test]
async fn the_operation_travels_with_its_variables() {
    let server = Server::start(|call| {
        Box::pin(async move {
            let Operation { name, text, .. } = operation();
            let expected = json!({"query": text, "operationName": name, "variables": {"page": 4, "size": 10}});
            assert_eq!(call.body, expected);
            one_row()
        })
    })
    .await;
    server.source().page(&operation(), 4).await.unwrap();
}

#[tokio::test]
async fn errors_beside_data_stay_with_their_row() {
    let mut body = list(json!([null, {"id": 1}, {"id": 2}]), true, None);
    body["errors"] = json!([
        {"message": "no owner", "path": ["thingPage", "items", 2, "owner"], "extensions": {"errorType": "NOT_FOUND"}},
        {"message": "row lost", "path": ["thingPage", "items", 0]},
        {"message": "slow"},
    ]);
    let server = Server::start(answers(move |_| json_answer(StatusCode::OK, &body))).await;
    let page = server.source().page(&operation(), 0).await.unwrap();
    assert_eq!(page.items().len(), 2);
    assert_eq!(page.errors.iter().map(|error| error.row).collect::<Vec<_>>(), [Some(1), None, None]);
    assert_eq!(
        page.errors.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["no owner (NOT_FOUND at `thingPage.items.2.owner`)", "row lost (at `thingPage.items.0`)", "slow"]
    );
}

#[tokio::test]
async fn errors_instead_of_data_are_an_error_of_their_kind() {
    let error = |kind: &str| json!({"message": "because", "extensions": {"errorType": kind}});
    for (body, expected, class) in [
        (json!({"errors": [error("ValidationError")]}), "the query was rejected: because", ErrorClass::Refused),
        (json!({"data": null, "errors": [error("INTERNAL")]}), "errors came instead of rows", ErrorClass::Unusable),
        (
            json!({"data": {"thingPage": null}, "errors": [error("PERMISSION_DENIED")]}),
            "access denied",
            ErrorClass::Refused,
        ),
        (json!({"data": {"thingPage": {"last": true}}}), "no list at `data.thingPage.items`", ErrorClass::Unusable),
        (
            json!({"data": {"thingPage": {"items": {"a": 1}}}}),
            "no list at `data.thingPage.items`",
            ErrorClass::Unusable,
        ),
        (json!({"data": {"thingPage": null}}), "no list at `data.thingPage.items`", ErrorClass::Unusable),
    ] {
        let server = Server::start(answers(move |_| json_answer(StatusCode::OK, &body))).await;
        let error = server.source().page(&operation(), 0).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!((error.class(), error.is_transient()), (class, false));
        assert_eq!(server.page_calls(), 1);
    }
}

#[tokio::test]
async fn a_remote_system_that_calls_itself_unavailable_is_tried_again() {
    let busy = json!({"data": null, "errors": [{"message": "busy", "extensions": {"errorType": "UNAVAILABLE"}}]});
    let server = Server::start(answers(move |before| match before {
        0 => json_answer(StatusCode::OK, &busy),
        _ => one_row(),
    }))
    .await;
    server.source().page(&operation(), 0).await.unwrap();
    assert_eq!(server.page_calls(), 2);
}

#[tokio::test]
async fn a_page_for_people_is_malformed() {
    let html = format!("<html>\n<title>Sign in</title>{}</html>", "x".repeat(500));
    let server = Server::start(answers(move |_| html.clone().into_response())).await;
    let error = server.source().page(&operation(), 0).await.unwrap_err();
    let SourceError::Malformed { found, .. } = &error else { panic!("{error}") };
    assert!(found.starts_with("markup, 536 bytes: <html> <title>Sign in</title>xxx"), "{found}");
    assert!(found.chars().count() < 250, "{found}");
    assert_eq!((error.class(), error.is_transient()), (ErrorClass::Unusable, true));
    assert_eq!(server.page_calls(), 3, "it may be that of a gateway, and gone the next time");
}

#[tokio::test]
async fn broken_json_is_not_quoted() {
    let body = r#"{"data": {"thingPage": {"items": [{"email": ada@example.org}]}}}"#;
    let server = Server::start(answers(move |_| body.into_response())).await;
    let error = server.source().page(&operation(), 0).await.unwrap_err();
    assert!(matches!(error, SourceError::Malformed { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("ada@"), "{error:?}");
}

#[tokio::test]
async fn an_answer_may_only_be_so_large() {
    let server = Server::start(answers(|_| one_row())).await;
    let mut source = server.source();
    let size = list(json!([{"id": 1}]), true, Some(1)).to_string().len();
    source.endpoint.limit_body(size);
    source.page(&operation(), 0).await.unwrap();
    source.endpoint.limit_body(size - 1);
    let error = source.page(&operation(), 0).await.unwrap_err();
    assert!(matches!(error, SourceError::TooLarge { .. }), "{error}");
    assert!(error.to_string().contains("lower `pages.size`"), "{error}");
}
