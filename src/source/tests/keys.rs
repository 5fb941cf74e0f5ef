//! Keys that every request carries.

use super::*;

/// A remote system that is let in by a key in a header, and asks for no token.
fn with_key(server: &Server, name: &str, before: &str) -> Remote {
    let value = vec![HeaderPart::Text(before.to_owned()), HeaderPart::Credential("api_key".to_owned())];
    let tenant = Header { name: "X-Tenant".to_owned(), value: vec![HeaderPart::Text("acme".to_owned())] };
    Remote { oauth2: None, headers: vec![Header { name: name.to_owned(), value }, tenant], ..server.remote() }
}

fn key() -> Credentials {
    Credentials::from_iter([("api_key", SECRET.to_owned())])
}

#[tokio::test]
async fn a_key_stands_in_its_header() {
    let server = Server::start(|call| {
        Box::pin(async move {
            let header = |name: &str| call.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            json_answer(
                StatusCode::OK,
                &list(json!([call.authorization, header("x-api-key"), header("x-tenant")]), true, None),
            )
        })
    })
    .await;
    for (name, before, expected) in
        [("Authorization", "Bearer ", format!(r#""Bearer {SECRET}""#)), ("X-Api-Key", "", format!(r#""{SECRET}""#))]
    {
        let source = Source::new(with_key(&server, name, before), key()).unwrap();
        let page = source.page(&operation(), 0).await.unwrap();
        let seen: Vec<&str> = page.items().filter(|row| *row != r#""""#).collect();
        assert_eq!(seen, [expected.as_str(), r#""acme""#]);
    }
    assert_eq!(server.token_calls(), 0);
}

#[tokio::test]
async fn a_key_may_stand_beside_a_token() {
    let server = Server::start(|call| {
        Box::pin(async move {
            assert_eq!(call.headers["x-api-key"], SECRET);
            assert_eq!(call.authorization, "Bearer token-1");
            one_row()
        })
    })
    .await;
    let remote = Remote { oauth2: server.remote().oauth2, ..with_key(&server, "X-Api-Key", "") };
    let credentials = [("client_id", "client:1"), ("client_secret", "word"), ("api_key", SECRET)];
    let credentials = credentials.map(|(name, value)| (name, value.to_owned())).into_iter().collect();
    Source::new(remote, credentials).unwrap().page(&operation(), 0).await.unwrap();
}

#[tokio::test]
async fn a_refused_key_is_not_tried_again() {
    let refused = json!({"errors": [{"message": "who?", "extensions": {"code": "UNAUTHENTICATED"}}]});
    for (status, body) in [(StatusCode::UNAUTHORIZED, json!({})), (StatusCode::OK, refused)] {
        let server = Server::start(answers(move |_| json_answer(status, &body))).await;
        let source = Source::new(with_key(&server, "X-Api-Key", ""), key()).unwrap();
        let error = source.page(&operation(), 2).await.unwrap_err();
        assert!(matches!(error, SourceError::KeyRefused { .. }), "{error}");
        let expected = "/graphql: the key was refused; check the credentials of the connection";
        assert!(error.to_string().ends_with(expected), "{error}");
        assert_eq!((error.class(), error.is_transient()), (ErrorClass::Refused, false));
        assert_eq!((server.page_calls(), server.token_calls()), (1, 0));
    }
}

#[tokio::test]
async fn a_key_is_blotted_out_of_whatever_comes_back() {
    for status in [200, 400, 403, 404, 500] {
        let status = StatusCode::from_u16(status).unwrap();
        let server = Server::start(move |call| {
            Box::pin(async move {
                let said = format!("you sent {}", call.headers["x-api-key"].to_str().unwrap());
                match call.page {
                    0 => (status, format!("<p>{said}")).into_response(),
                    _ => json_answer(status, &json!({"errors": [{"message": said, "path": [said]}]})),
                }
            })
        })
        .await;
        let source = Source::new(with_key(&server, "X-Api-Key", ""), key()).unwrap();
        for page in 0..2 {
            let error = source.page(&operation(), page).await.unwrap_err();
            let shown = format!("{error} {error:?} {source:?}");
            assert!(shown.contains("[REDACTED]") && !shown.contains(SECRET), "{shown}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_without_it() {
    let server = Server::start(answers(|_| one_row())).await;
    let error = Source::new(with_key(&server, "X-Api-Key", ""), Credentials::default()).unwrap_err();
    assert_eq!(error.to_string(), "the credential `api_key` is missing; name it under `credentials` of the connection");
    assert_eq!(error.class(), ErrorClass::Setting);
    let broken = Credentials::from_iter([("api_key", "line\nbreak".to_owned())]);
    let error = Source::new(with_key(&server, "X-Api-Key", ""), broken).unwrap_err();
    assert!(error.to_string().starts_with("the header `X-Api-Key` cannot carry its value"), "{error}");
    assert!(!format!("{error:?}").contains("break"));
}
