//! The pages of a list, as a stream.

use std::pin::pin;

use futures_util::StreamExt;

use super::*;

#[tokio::test]
async fn pages_come_in_order_and_a_bounded_number_at_a_time() {
    let server = Server::start(|call| {
        Box::pin(async move {
            // Earlier pages take longer, so that answers arrive in the wrong order.
            tokio::time::sleep(Duration::from_millis(60 - 15 * (call.page % 4))).await;
            json_answer(StatusCode::OK, &slice(&call, 115, 100))
        })
    })
    .await;
    assert_eq!(numbers(&server.source(), 0).await, (0..115).collect::<Vec<_>>());
    assert_eq!(server.most_under_way.load(Ordering::SeqCst), 4);
    assert_eq!((server.page_calls(), server.token_calls()), (12, 1));
}

#[tokio::test]
async fn a_read_starts_at_any_page() {
    let server =
        Server::start(|call| Box::pin(async move { json_answer(StatusCode::OK, &slice(&call, 35, 100)) })).await;
    assert_eq!(numbers(&server.source(), 2).await, (20..35).collect::<Vec<_>>());
    assert_eq!(numbers(&server.source(), 9).await, Vec::<u64>::new());
}

#[tokio::test]
async fn a_silent_cap_loses_nothing_and_asks_for_no_more() {
    let server = Server::start(|call| Box::pin(async move { json_answer(StatusCode::OK, &slice(&call, 45, 4)) })).await;
    assert_eq!(numbers(&server.source(), 0).await, (0..45).collect::<Vec<_>>());
    assert_eq!(server.page_calls(), 12);
}

#[tokio::test]
async fn a_short_page_does_not_end_the_list_and_an_empty_one_does() {
    let server = Server::start(|call| {
        Box::pin(async move {
            let items = match call.page {
                0 => json!([1, 2, 3]),
                1 => json!([4]),
                2 => json!([null]),
                3 => json!([5, 6]),
                _ => json!([]),
            };
            json_answer(StatusCode::OK, &list(items, false, None))
        })
    })
    .await;
    let mut remote = server.remote();
    remote.paging.total = None;
    remote.paging.sequence = Sequence::Numbered { prefetch: 1 };
    assert_eq!(numbers(&source(remote), 0).await, [1, 2, 3, 4, 5, 6]);
    assert_eq!(server.page_calls(), 5);
}

#[tokio::test]
async fn an_error_ends_the_stream_in_its_place() {
    let server = Server::start(|call| {
        Box::pin(async move {
            match call.page {
                2 => StatusCode::FORBIDDEN.into_response(),
                _ => json_answer(StatusCode::OK, &slice(&call, 90, 10)),
            }
        })
    })
    .await;
    let (source, operation) = (server.source(), operation());
    let pages: Vec<_> = source.pages(&operation, 0).collect().await;
    let numbers: Vec<_> = pages.iter().map(|page| page.as_ref().ok().map(|page| page.number)).collect();
    assert_eq!(numbers, [Some(0), Some(1), None]);
}

#[tokio::test]
async fn pages_can_be_read_in_a_task_of_their_own() {
    let server =
        Server::start(|call| Box::pin(async move { json_answer(StatusCode::OK, &slice(&call, 25, 10)) })).await;
    let source = Arc::new(server.source());
    let task = tokio::spawn(async move {
        let operation = operation();
        let mut pages = pin!(source.pages(&operation, 0));
        let mut rows = 0;
        while let Some(page) = pages.next().await {
            rows += page.unwrap().items().len();
        }
        rows
    });
    assert_eq!(task.await.unwrap(), 25);
}
