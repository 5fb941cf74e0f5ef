//! Operations apart from lists: what is sent, what is sent again, and what a failure tells of a change.

use super::*;

const CHANGE: Command<'_> = Command {
    name: "makeThing",
    text: "mutation makeThing($name: String!) { makeThing(name: $name) { id } }",
    root: "makeThing",
    variables: r#"{"name":"Ada"}"#,
};

fn made(errors: Value) -> Response {
    json_answer(StatusCode::OK, &json!({"data": {"makeThing": {"id": 7}}, "errors": errors}))
}

/// What a change comes to when every answer is this one, and how often it was sent.
async fn change(answer: impl Fn(usize) -> Response + Send + Sync + 'static) -> (Result<Changed, Effect>, usize) {
    let server = Server::start(answers(answer)).await;
    let changed = server.source().change(&CHANGE).await;
    (changed.map_err(|error| error.effect()), server.page_calls())
}

fn failed(errors: Value) -> Response {
    json_answer(StatusCode::OK, &json!({"data": {"makeThing": null}, "errors": errors}))
}

fn error(kind: &str) -> Value {
    json!([{"message": "no", "path": ["makeThing"], "extensions": {"errorType": kind}}])
}

#[tokio::test]
async fn a_command_is_sent_with_its_variables_and_gives_the_text_that_came() {
    let server = Server::start(|call: PageCall| {
        Box::pin(async move {
            assert_eq!(call.body["operationName"], "makeThing");
            assert_eq!(call.body["variables"], json!({"name": "Ada"}));
            (StatusCode::OK, r#"{"data": {"makeThing": {"id" : 7}}}"#).into_response()
        })
    })
    .await;
    let source = server.source();
    assert_eq!(source.change(&CHANGE).await.unwrap().value.as_deref(), Some(r#"{"id" : 7}"#));
    assert_eq!(source.ask(&CHANGE).await.unwrap().as_deref(), Some(r#"{"id" : 7}"#));
}

#[tokio::test]
async fn a_change_is_sent_again_only_while_it_certainly_did_not_happen() {
    let (changed, sent) = change(|before| match before {
        0 => StatusCode::TOO_MANY_REQUESTS.into_response(),
        1 => StatusCode::UNAUTHORIZED.into_response(),
        _ => made(Value::Null),
    })
    .await;
    assert_eq!((changed.unwrap().value.as_deref(), sent), (Some(r#"{"id":7}"#), 3));
    for status in [500, 502, 503, 504, 408] {
        let status = StatusCode::from_u16(status).unwrap();
        let (changed, sent) = change(move |_| (status, "<html>").into_response()).await;
        assert_eq!((changed.unwrap_err(), sent), (Effect::Unknown, 1), "{status}");
    }
    for body in ["<html>", "{\"data\": {\"makeThing\": {", "[]", "{}"] {
        let (changed, sent) = change(move |_| (StatusCode::OK, body).into_response()).await;
        assert_eq!((changed.unwrap_err(), sent), (Effect::Unknown, 1), "{body}");
    }
}

#[tokio::test]
async fn nobody_at_home_is_asked_again_and_nothing_happened() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = Url::parse(&format!("http://{}/graphql", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let server = Server::start(answers(|_| made(Value::Null))).await;
    let error = source(Remote { endpoint: nobody, ..server.remote() }).change(&CHANGE).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotNow);
    assert_eq!(error.request().unwrap().attempts, 3, "{error}");
}

#[tokio::test]
async fn refusals_tell_what_was_not_done() {
    for (answer, effect) in [
        (failed(error("BAD_REQUEST")), Effect::Refused),
        (failed(error("PERMISSION_DENIED")), Effect::Refused),
        (failed(error("INTERNAL")), Effect::Doubtful),
        (failed(json!([{"message": "something"}])), Effect::Doubtful),
        (failed(error("UNAVAILABLE")), Effect::Unknown),
        (json_answer(StatusCode::OK, &json!({"errors": error("INTERNAL")})), Effect::Refused),
        (StatusCode::FORBIDDEN.into_response(), Effect::Refused),
        (StatusCode::BAD_REQUEST.into_response(), Effect::Refused),
        (StatusCode::NOT_FOUND.into_response(), Effect::Refused),
    ] {
        let answer = std::sync::Mutex::new(Some(answer));
        let (changed, sent) = change(move |_| answer.lock().unwrap().take().unwrap()).await;
        assert_eq!((changed.unwrap_err(), sent), (effect, 1));
    }
}

#[tokio::test]
async fn a_value_is_an_answer_whatever_errors_stand_beside_it() {
    let (changed, _) = change(|_| made(json!([{"message": "no right", "path": ["makeThing", "name"]}]))).await;
    let changed = changed.unwrap();
    assert_eq!(changed.value.as_deref(), Some(r#"{"id":7}"#));
    assert_eq!(changed.errors[0].message, "no right");
    // A question is another matter: what is missing would look empty.
    let server = Server::start(answers(|_| made(json!([{"message": "no right"}])))).await;
    assert!(matches!(server.source().ask(&CHANGE).await, Err(SourceError::Failed { .. })));
}

#[tokio::test]
async fn an_answer_that_does_not_come_leaves_open_what_happened() {
    let server = Server::start(|_| {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(60)).await;
            StatusCode::OK.into_response()
        })
    })
    .await;
    let mut remote = server.remote();
    remote.limits.timeout = Duration::from_millis(50);
    let error = source(remote).change(&CHANGE).await.unwrap_err();
    assert_eq!((error.effect(), server.page_calls()), (Effect::Unknown, 1));
}

#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let server = Server::with_tokens(|_| StatusCode::BAD_GATEWAY.into_response(), answers(|_| one_row())).await;
    let error = server.source().change(&CHANGE).await.unwrap_err();
    assert_eq!((error.effect(), server.page_calls()), (Effect::NotNow, 0));
    let refused = json!({"error": "invalid_client"});
    let refuse = move |_| json_answer(StatusCode::UNAUTHORIZED, &refused);
    let server = Server::with_tokens(refuse, answers(|_| one_row())).await;
    let error = server.source().change(&CHANGE).await.unwrap_err();
    assert_eq!((error.effect(), error.refuses_the_credentials(), server.page_calls()), (Effect::Refused, true, 0));
}
