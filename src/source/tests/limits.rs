//! How much is asked of a source, and what its complaints change.

use std::sync::Mutex;
use std::time::Instant;

use axum::body::Body;
use futures_util::{StreamExt, stream};
use metrics_exporter_prometheus::PrometheusBuilder;

use super::*;
use crate::connector::{CircuitLimits, RetryBudget};

fn connected(remote: Remote, health: &Health) -> Source {
    Source::of_health(remote, Credentials::of_client("client:1", SECRET), health.clone()).unwrap()
}

fn chunks(parts: usize, pause: Duration, then: &'static str) -> Body {
    let start = Bytes::from_static(br#"{"data": {"thingPage": {"items": [{"id": 1}"#);
    let flow = stream::unfold(0, move |sent| async move {
        if sent > 0 {
            tokio::time::sleep(pause).await;
        }
        (sent <= parts).then(|| (Ok::<_, std::io::Error>(Bytes::from_static(b" ")), sent + 1))
    });
    let end = stream::once(async move {
        if then.is_empty() {
            std::future::pending::<()>().await;
        }
        Ok(Bytes::from_static(then.as_bytes()))
    });
    Body::from_stream(stream::once(async move { Ok(start) }).chain(flow).chain(end))
}

const END: &str = r#"], "last": true, "total": 1}}}"#;

#[tokio::test]
async fn after_a_complaint_with_a_time_nothing_of_the_connection_goes_before_it() {
    let arrivals: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let seen = Arc::clone(&arrivals);
    let server = Server::start(answers(move |before| {
        seen.lock().unwrap().push(Instant::now());
        match before {
            0 => (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], "calm down").into_response(),
            _ => one_row(),
        }
    }))
    .await;
    let (source, operation) = (server.source(), operation());
    let first = source.page(&operation, 0);
    let others = async {
        while server.page_calls() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        while source.pressure().throttled == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let pages = stream::iter(1..4).map(|page| source.page(&operation, page)).buffered(3);
        pages.try_collect::<Vec<_>>().await.unwrap().len()
    };
    let (first, others) = tokio::join!(first, others);
    assert_eq!((first.unwrap().given(), others), (1, 3));
    let arrivals = arrivals.lock().unwrap();
    assert_eq!(arrivals.len(), 5);
    let soonest = arrivals[1..].iter().map(|arrival| arrival.duration_since(arrivals[0])).min().unwrap();
    assert!(soonest >= Duration::from_millis(950), "{soonest:?}");
}

#[tokio::test]
async fn complaints_lower_the_rate_and_are_seen_from_outside() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let figures = recorder.handle();
    let _recording = metrics::set_default_local_recorder(&recorder);
    let server = Server::start(answers(|before| match before {
        0 => (StatusCode::TOO_MANY_REQUESTS, "calm down").into_response(),
        _ => one_row(),
    }))
    .await;
    let mut remote = server.remote();
    remote.limits.rate = Some(Rate { requests: 100, per: Duration::from_secs(1), burst: 1 });
    let health = Health::new("acme", &Caps::default());
    let source = connected(remote, &health);
    source.page(&operation(), 0).await.unwrap();
    let pressure = health.pressure();
    assert_eq!(pressure.rate, Some(50.0));
    assert_eq!((pressure.requests, pressure.throttled, pressure.retries, pressure.under_way), (3, 1, 1, 0));
    assert_eq!((pressure.retries_left, &pressure.circuit), (19, &CircuitState::Closed));
    let figures = figures.render();
    for expected in [
        r#"crosswalk_source_requests_total{connection="acme",outcome="answered"} 2"#,
        r#"crosswalk_source_requests_total{connection="acme",outcome="throttled"} 1"#,
        r#"crosswalk_source_retries_total{connection="acme"} 1"#,
        r#"crosswalk_source_rate{connection="acme"} 50"#,
        r#"crosswalk_source_circuit_open{connection="acme"} 0"#,
        r#"crosswalk_source_wait_milliseconds_total{connection="acme"} "#,
    ] {
        assert!(figures.contains(expected), "{expected} is not in\n{figures}");
    }
}

#[tokio::test]
async fn a_connection_keeps_to_its_concurrency_whatever_is_prefetched() {
    let server = Server::start(|call| {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(10)).await;
            json_answer(StatusCode::OK, &slice(&call, 200, 10))
        })
    })
    .await;
    let mut remote = server.remote();
    remote.paging.sequence = Sequence::Numbered { prefetch: 8 };
    remote.limits.concurrency = Some(2);
    assert_eq!(numbers(&source(remote), 0).await.len(), 200);
    assert_eq!(server.most_under_way.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_connection_keeps_to_its_rate() {
    let server = Server::start(answers(|_| one_row())).await;
    let mut remote = server.remote();
    remote.limits.rate = Some(Rate { requests: 40, per: Duration::from_secs(1), burst: 1 });
    let (source, operation) = (source(remote), operation());
    let started = Instant::now();
    let pages = stream::iter(0..20).map(|page| source.page(&operation, page)).buffered(20);
    assert_eq!(pages.try_collect::<Vec<_>>().await.unwrap().len(), 20);
    // Twenty and the one for the token.
    assert!(started.elapsed() >= Duration::from_millis(490), "{:?}", started.elapsed());
}

#[tokio::test]
async fn an_answer_that_flows_is_waited_for_and_one_that_stalls_is_not() {
    let server = Server::start(|call| {
        Box::pin(async move {
            match call.page {
                // Longer than an answer may take to begin, and than it may pause.
                0 => chunks(30, Duration::from_millis(50), END).into_response(),
                _ => chunks(1, Duration::ZERO, "").into_response(),
            }
        })
    })
    .await;
    let mut remote = server.remote();
    remote.limits.timeout = Duration::from_secs(1);
    remote.limits.stall = Duration::from_millis(700);
    remote.limits.attempts = 2;
    let source = source(remote);
    let started = Instant::now();
    assert_eq!(source.page(&operation(), 0).await.unwrap().given(), 1);
    assert!(started.elapsed() > Duration::from_millis(1400));
    let error = source.page(&operation(), 1).await.unwrap_err();
    assert!(matches!(error, SourceError::Timeout { late: Late::Rest(bytes), .. } if bytes > 30), "{error}");
    assert!(error.to_string().contains("(2 attempts): the answer stalled: "), "{error}");
    assert_eq!((error.class(), error.is_transient()), (ErrorClass::Unreachable, true));
    assert_eq!(server.page_calls(), 3);
}

#[tokio::test]
async fn an_answer_that_never_ends_ends() {
    let server = Server::start(answers(|_| chunks(100_000, Duration::from_millis(20), END).into_response())).await;
    let mut remote = server.remote();
    (remote.limits.whole, remote.limits.attempts) = (Duration::from_millis(500), 1);
    let error = source(remote).page(&operation(), 0).await.unwrap_err();
    assert!(error.to_string().contains(": no complete answer within 500ms; "), "{error}");
}

#[tokio::test]
async fn a_source_that_fails_is_left_alone_until_one_request_is_answered() {
    let well = Arc::new(AtomicUsize::new(0));
    let state = Arc::clone(&well);
    let server = Server::start(answers(move |_| match state.load(Ordering::SeqCst) {
        0 => (StatusCode::SERVICE_UNAVAILABLE, "<h1>Down</h1>").into_response(),
        _ => one_row(),
    }))
    .await;
    let mut remote = server.remote();
    let pause = Duration::from_millis(400);
    remote.limits.circuit = CircuitLimits { failures: 3, pause, longest_pause: pause };
    remote.limits.attempts = 2;
    let health = Health::new("acme", &Caps::default());
    let source = connected(remote.clone(), &health);
    let error = source.page(&operation(), 0).await.unwrap_err();
    assert!(error.to_string().contains("(2 attempts): unavailable: 503 Service Unavailable: markup"), "{error}");
    let error = source.page(&operation(), 0).await.unwrap_err();
    assert!(matches!(error, SourceError::GivenUp { why: GivenUp::Circuit, .. }), "{error}");
    assert_eq!((error.class(), error.is_transient()), (ErrorClass::Unreachable, true));
    assert_eq!(server.page_calls(), 3);

    // The next sync makes another source, and knows what this one learned.
    let next = connected(remote, &health);
    let error = next.page(&operation(), 7).await.unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("operation `Things`, page 7 at http://127.0.0.1"), "{text}");
    assert!(text.contains(": not sent, because the last 3 requests failed, since 20"), "{text}");
    assert!(text.contains("; one is sent after 20") && text.contains("503 Service Unavailable"), "{text}");
    assert_eq!((error.class(), error.is_transient()), (ErrorClass::Unreachable, true));
    assert_eq!(server.page_calls(), 3);

    well.store(1, Ordering::SeqCst);
    tokio::time::sleep(pause).await;
    assert_eq!(next.page(&operation(), 0).await.unwrap().given(), 1);
    assert_eq!(health.pressure().circuit, CircuitState::Closed);
}

#[tokio::test]
async fn a_connection_runs_out_of_retries() {
    let server = Server::start(answers(|_| StatusCode::BAD_GATEWAY.into_response())).await;
    let mut remote = server.remote();
    remote.limits.attempts = 4;
    remote.limits.retry_budget = RetryBudget { share: 0, floor: 4 };
    let source = source(remote);
    let error = source.page(&operation(), 0).await.unwrap_err();
    assert!(matches!(error, SourceError::Unavailable { .. }), "{error}");
    let error = source.page(&operation(), 0).await.unwrap_err();
    assert!(matches!(error, SourceError::GivenUp { why: GivenUp::Budget, .. }), "{error}");
    assert!(error.to_string().contains("(2 attempts): unavailable: 502 Bad Gateway; "), "{error}");
    assert!(
        error.to_string().ends_with("its retries are used up (`limits.retry_share`, `limits.retry_floor`)"),
        "{error}"
    );
    assert_eq!(server.page_calls(), 6);
}

#[tokio::test]
async fn a_connection_that_hangs_slows_no_other() {
    let stuck = Server::start(|_| Box::pin(std::future::pending())).await;
    let quick = Server::start(answers(|_| one_row())).await;
    let caps = Caps::new(4);
    let connect = |server: &Server, name| {
        let mut remote = server.remote();
        remote.limits.timeout = Duration::from_secs(120);
        Arc::new(connected(remote, &Health::new(name, &caps)))
    };
    let (stuck_source, quick_source) = (connect(&stuck, "stuck"), connect(&quick, "quick"));
    let operation = operation();
    let hanging: Vec<_> = (0..8)
        .map(|page| {
            let (source, operation) = (Arc::clone(&stuck_source), operation.clone());
            tokio::spawn(async move { source.page(&operation, page).await.map(drop) })
        })
        .collect();
    while stuck.page_calls() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let started = Instant::now();
    let pages = stream::iter(0..50).map(|page| quick_source.page(&operation, page)).buffered(4);
    assert_eq!(pages.try_collect::<Vec<_>>().await.unwrap().len(), 50);
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    assert_eq!((stuck.page_calls(), stuck_source.pressure().under_way), (3, 3), "one place is left to others");
    assert!(hanging.iter().all(|task| !task.is_finished()));
    hanging.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn what_else_is_tried_again_is_a_setting() {
    let inside = json!({"data": null, "errors": [{"message": "oops", "extensions": {"errorType": "INTERNAL"}}]});
    for (status, calls) in [(500, 3), (501, 1), (200, 3), (400, 3), (403, 1)] {
        let (status, inside) = (StatusCode::from_u16(status).unwrap(), inside.clone());
        let server = Server::start(answers(move |before| match before {
            0 | 1 => json_answer(status, &inside),
            _ => one_row(),
        }))
        .await;
        let mut remote = server.remote();
        match status.as_u16() {
            500 => remote.limits.retry.statuses = vec![500],
            501 => {}
            _ => remote.limits.retry.errors = vec!["INTERNAL".to_owned()],
        }
        let result = source(remote).page(&operation(), 0).await;
        assert_eq!((result.is_ok(), server.page_calls()), (calls == 3, calls), "{status}");
    }
}

#[tokio::test]
async fn complaints_in_graphql_are_heard_whatever_the_status() {
    for status in [200, 400, 500, 503] {
        for (detail, at_once) in
            [("TOO_MANY_REQUESTS", false), ("ENHANCE_YOUR_CALM", false), ("THROTTLED_CONCURRENCY", true)]
        {
            let extensions = json!({"errorType": "UNAVAILABLE", "errorDetail": detail});
            let body = json!({"errors": [{"message": "not so fast", "extensions": extensions}]});
            let status = StatusCode::from_u16(status).unwrap();
            let server = Server::start(answers(move |_| json_answer(status, &body))).await;
            let mut remote = server.remote();
            (remote.limits.attempts, remote.limits.concurrency) = (1, Some(4));
            let source = source(remote);
            let error = source.page(&operation(), 0).await.unwrap_err();
            assert!(matches!(error, SourceError::Throttled { at_once: heard, .. } if heard == at_once), "{error}");
            assert!(error.to_string().contains(&format!(": not so fast ({detail}); it is asked less")), "{error}");
            let pressure = source.pressure();
            let lowered = (pressure.rate.unwrap() < 900_000.0, pressure.concurrency.unwrap() < 4);
            assert_eq!((lowered, pressure.throttled), ((!at_once, at_once), 1));
        }
    }
}
