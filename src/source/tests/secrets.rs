//! What must not be sent, shown or logged.

use std::{io, sync::Mutex};

use super::*;

#[test]
fn urls_that_would_leak_are_refused() {
    let url = |text: &str| Url::parse(text).unwrap();
    let oauth2 = |token_url| OAuth2 {
        token_url: url(token_url),
        scopes: Vec::new(),
        placement: Placement::Body,
        expiry_margin: Duration::ZERO,
    };
    let remote = Remote {
        endpoint: url("https://api.example.org/graphql"),
        oauth2: Some(oauth2("http://name:word@id.example.org/token?key=hidden")),
        headers: Vec::new(),
        paging: Paging {
            size: 1,
            sequence: Sequence::Numbered { prefetch: 1 },
            items: "i".to_owned(),
            end: None,
            total: None,
        },
        limits: Limits { timeout: Duration::from_secs(1), attempts: 1, ..Limits::default() },
        faults: Faults { too_complex: vec!["complex".to_owned()] },
    };
    let credentials = || Credentials::of_client("client", SECRET);
    let error = Source::new(remote.clone(), credentials()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the token URL `http://id.example.org/token` cannot be used: it holds a user name or a password, which belong \
         to the credentials; correct it in the connection or its connector"
    );
    let plain = Remote { oauth2: Some(oauth2("http://id.example.org/token")), ..remote };
    let error = Source::new(plain, credentials()).unwrap_err();
    assert!(error.to_string().contains("plain http"), "{error}");
    assert_eq!(error.class(), ErrorClass::Setting);
}

/// What a log would hold.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn secrets_and_rows_show_nowhere() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // With a single subscriber in the process, an event that another test's thread meets first is switched off for all.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());

    let echo = |token: &str| format!("you sent {token} and {SECRET}, dear ada@example.org");
    let mut shown = String::new();
    for status in [200, 400, 401, 403, 404, 429, 500, 503] {
        let status = StatusCode::from_u16(status).unwrap();
        let pages = move |call: PageCall| -> BoxFuture<'static, Response> {
            let text = call.authorization;
            let answer = match call.page {
                0 => (status, format!("<p>{text}")).into_response(),
                1 => json_answer(status, &json!({"errors": [{"message": text, "path": [text]}]})),
                _ => json_answer(status, &list(json!([{"email": "ada@example.org"}]), true, None)),
            };
            Box::pin(async move { answer })
        };
        let server = Server::start(pages).await;
        let source = server.source();
        for page in 0..3 {
            match source.page(&operation(), page).await {
                Ok(page) => shown += &format!("{page:?}\n"),
                Err(error) => shown += &format!("{error}\n{error:?}\n"),
            }
        }
        shown += &format!("{source:?}\n");

        for body in [echo("token-1"), json!({"error": echo("x"), "error_description": echo("y")}).to_string()] {
            let body = body.replace("ada@example.org", "client");
            let refusing =
                Server::with_tokens(move |_| (status, body.clone()).into_response(), answers(|_| one_row())).await;
            let error = refusing.source().page(&operation(), 0).await.unwrap_err();
            shown += &format!("{error}\n{error:?}\n");
        }
    }
    let server = Server::start(answers(|_| one_row())).await;
    let mut remote = server.remote();
    remote.limits.rate = Some(Rate { requests: 50, per: Duration::from_secs(1), burst: 1 });
    source(remote).page(&operation(), 5).await.unwrap();
    let credentials = Credentials::of_client("client", SECRET);
    shown += &format!("{credentials:?}\n");
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for (place, text) in [("messages", &shown), ("log", &log)] {
        for hidden in [SECRET, "s3cr3t%2F", "token-1", "token-2", "ada@example.org"] {
            assert!(!text.contains(hidden), "{hidden} shows in the {place}:\n{text}");
        }
    }
    assert!(shown.contains("[REDACTED]"), "{shown}");
    assert!(log.contains(r#"operation="Things" page=2 attempt=1"#) && log.contains("status=200"), "{log}");
    assert!(log.contains(r#"page=5 attempt=1 connection="127.0.0.1" waited_ms="#), "{log}");
    assert!(log.contains(r#"waited_for="the rate""#), "{log}");
}
