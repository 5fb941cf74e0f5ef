//! Pages that do not come at once.

use std::{pin::pin, sync::Mutex};

use futures_util::StreamExt;
use proptest::prelude::*;

use super::*;

/// The stretches that were asked for: first row, size, and whether only ids were asked for.
type Asked = Arc<Mutex<Vec<(u64, u64, bool)>>>;

fn things() -> Operation {
    Operation {
        text: "query Things($page: Int, $size: Int) { thingPage(page: $page, size: $size) { items { id name } last total } }"
            .to_owned(),
        ids: vec!["id".to_owned()],
        ..operation()
    }
}

/// A list of so many rows. `fail` answers in place of those requests that it does not like: by their first row, their size
/// and whether they ask for ids only.
async fn list_of(
    rows: u64,
    cap: u64,
    fail: impl Fn(u64, u64, bool) -> Option<Response> + Send + Sync + 'static,
) -> (Server, Asked) {
    let asked = Asked::default();
    let seen = Arc::clone(&asked);
    let server = Server::start(move |call| {
        let size = call.size.min(cap);
        let from = (call.page * size).min(rows);
        let to = (from + size).min(rows);
        let only_ids = !call.body["query"].as_str().unwrap().contains("name");
        seen.lock().unwrap().push((from, call.size, only_ids));
        let items: Vec<Value> = (from..to)
            .map(|id| if only_ids { json!({"id": id}) } else { json!({"id": id, "name": format!("n{id}")}) })
            .collect();
        let answer = fail(from, to - from, only_ids)
            .unwrap_or_else(|| json_answer(StatusCode::OK, &list(json!(items), to == rows, Some(rows))));
        Box::pin(async move { answer })
    })
    .await;
    (server, asked)
}

fn broken() -> Option<Response> {
    Some(json_answer(StatusCode::INTERNAL_SERVER_ERROR, &json!({"errors": [{"message": "null pointer"}]})))
}

fn holds(from: u64, size: u64, bad: &[u64]) -> bool {
    bad.iter().any(|row| (from..from + size).contains(row))
}

fn ids(pages: &[Page]) -> Vec<u64> {
    let rows = pages.iter().flat_map(Page::items);
    rows.map(|row| serde_json::from_str::<Value>(row).unwrap()["id"].as_u64().unwrap()).collect()
}

fn skipped(pages: &[Page]) -> Vec<(u64, Option<String>)> {
    pages.iter().flat_map(|page| &page.skipped).map(|row| (row.position, row.ids.clone())).collect()
}

async fn read(source: &Source) -> Vec<Page> {
    source.pages(&things(), 0).try_collect().await.unwrap()
}

#[tokio::test]
async fn all_rows_but_the_culprits_are_read_and_those_are_named() {
    let bad = [13, 14, 27];
    let (server, asked) = list_of(
        35,
        100,
        move |from, size, only_ids| {
            if !only_ids && holds(from, size, &bad) { broken() } else { None }
        },
    )
    .await;
    let pages = read(&server.source()).await;
    assert_eq!(ids(&pages), (0..35).filter(|row| !bad.contains(row)).collect::<Vec<_>>());
    let expected: Vec<_> = bad.iter().map(|row| (*row, Some(format!("{{\"id\":{row}}}")))).collect();
    assert_eq!(skipped(&pages), expected);
    assert_eq!(pages[1].skipped[0].cause, "500 Internal Server Error: null pointer");
    assert_eq!(pages.iter().map(Page::given).collect::<Vec<_>>(), [10, 10, 10, 5]);
    assert_eq!(pages.iter().map(Page::ends_list).collect::<Vec<_>>(), [false, false, false, true]);
    assert_eq!(pages.iter().map(|page| page.total).collect::<Vec<_>>(), [Some(35); 4]);
    assert!(pages.iter().all(|page| page.rows().zip(page.items()).all(|(bytes, text)| bytes == text.as_bytes())));
    // Page 1: itself, 10 to 14 and its rows, 13 and 14 once more and by their ids, and 15 to 19.
    let of_page_1 = asked.lock().unwrap().iter().filter(|(from, ..)| (10..20).contains(from)).count();
    assert_eq!(of_page_1, 1 + 1 + 5 + 2 + 2 + 1);
}

#[tokio::test]
async fn a_culprit_that_is_not_even_named_has_a_place() {
    let (server, _) = list_of(30, 100, |from, size, _| if holds(from, size, &[21]) { broken() } else { None }).await;
    let pages = read(&server.source()).await;
    assert_eq!(skipped(&pages), [(21, None)]);
    assert_eq!(ids(&pages).len(), 29);
}

#[tokio::test]
async fn a_culprit_in_the_first_or_last_place_is_found() {
    for bad in [0, 24] {
        let (server, _) = list_of(
            25,
            100,
            move |from, size, only_ids| {
                if !only_ids && holds(from, size, &[bad]) { broken() } else { None }
            },
        )
        .await;
        let pages = read(&server.source()).await;
        assert_eq!(skipped(&pages).iter().map(|(row, _)| *row).collect::<Vec<_>>(), [bad]);
        assert_eq!(ids(&pages), (0..25).filter(|row| *row != bad).collect::<Vec<_>>());
        assert!(pages.last().unwrap().ends_list());
    }
}

#[tokio::test]
async fn more_culprits_than_may_be_skipped_end_the_walk() {
    let bad = [1, 11, 12, 25];
    let (server, _) = list_of(
        40,
        100,
        move |from, size, only_ids| {
            if !only_ids && holds(from, size, &bad) { broken() } else { None }
        },
    )
    .await;
    let mut remote = server.remote();
    remote.paging.sequence = Sequence::Numbered { prefetch: 1 };
    let source = source(remote);
    let operation = things();
    let pages: Vec<_> = source.pages(&operation, 0).collect().await;
    assert_eq!(pages.iter().filter(|page| page.is_ok()).count(), 2);
    let error = pages.last().unwrap().as_ref().unwrap_err();
    let expected = "more than 3 records cannot be read, the last one because of this: 500 Internal Server Error: null pointer; \
                    ask the operator of the remote system, or raise `limits.skipped_rows`";
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!((error.class(), error.is_transient()), (ErrorClass::Unusable, false));
}

#[tokio::test]
async fn a_source_that_is_down_is_left_alone_after_a_few_requests() {
    let (server, asked) = list_of(1000, 1000, |from, _, _| if from >= 100 { broken() } else { None }).await;
    let mut remote = server.remote();
    remote.paging.size = 100;
    let source = source(remote);
    let operation = things();
    let pages: Vec<_> = source.pages(&operation, 0).collect().await;
    assert_eq!(pages.len(), 2);
    let error = pages[1].as_ref().unwrap_err();
    assert!(matches!(error, SourceError::Status { .. }), "{error}");
    let failing = asked.lock().unwrap().iter().filter(|(from, ..)| (100..200).contains(from)).count();
    assert!(failing <= 10, "{failing}");
}

#[tokio::test]
async fn a_source_that_goes_down_while_a_page_is_divided_loses_no_row() {
    let calls = AtomicUsize::new(0);
    let (server, _) = list_of(20, 100, move |from, size, only_ids| {
        let is_down = calls.fetch_add(1, Ordering::SeqCst) > 3;
        if is_down || (!only_ids && holds(from, size, &[7])) { broken() } else { None }
    })
    .await;
    let source = server.source();
    let operation = things();
    let pages: Vec<_> = source.pages(&operation, 0).collect().await;
    assert!(matches!(pages[..], [Err(SourceError::Status { .. })]), "{pages:?}");
}

#[tokio::test]
async fn a_page_that_is_too_large_is_read_in_smaller_ones_and_so_is_the_rest() {
    let (server, asked) = list_of(40, 100, |_, size, _| {
        let gateway = (StatusCode::OK, "x".repeat(2000)).into_response();
        (size > 5).then_some(gateway)
    })
    .await;
    let mut source = server.source();
    source.endpoint.limit_body(1000);
    let pages = read(&source).await;
    assert_eq!(ids(&pages), (0..40).collect::<Vec<_>>());
    assert_eq!((pages.len(), skipped(&pages).len()), (4, 0));
    let large = asked.lock().unwrap().iter().filter(|(_, size, only_ids)| *size == 10 && !only_ids).count();
    let looked = asked.lock().unwrap().iter().filter(|(.., only_ids)| *only_ids).count();
    assert_eq!((large, looked), (1, 0), "{asked:?}");
}

#[tokio::test]
async fn a_page_that_does_not_come_in_time_is_read_in_smaller_ones() {
    let server = Server::start(|call| {
        Box::pin(async move {
            if call.size > 5 {
                tokio::time::sleep(Duration::from_secs(30)).await;
            }
            json_answer(StatusCode::OK, &slice(&call, 20, 100))
        })
    })
    .await;
    let mut remote = server.remote();
    (remote.limits.timeout, remote.limits.attempts) = (Duration::from_millis(500), 1);
    assert_eq!(numbers(&source(remote), 0).await, (0..20).collect::<Vec<_>>());
    assert_eq!(server.page_calls(), 1 + 4);
}

#[tokio::test]
async fn rows_are_counted_by_the_pages_that_the_server_gives() {
    // It gives 4 rows for 10, silently.
    let bad = [10];
    let (server, asked) =
        list_of(22, 4, move |from, size, only_ids| if !only_ids && holds(from, size, &bad) { broken() } else { None })
            .await;
    let pages = read(&server.source()).await;
    assert_eq!(ids(&pages), (0..22).filter(|row| *row != 10).collect::<Vec<_>>());
    assert_eq!(skipped(&pages), [(10, Some("{\"id\":10}".to_owned()))]);
    assert!(asked.lock().unwrap().contains(&(4, 4, true)), "it was looked into");
}

#[tokio::test]
async fn a_walk_that_begins_later_looks_how_pages_are_counted() {
    for (cap, expected) in [(100, vec![19]), (4, vec![7])] {
        let (server, _) = list_of(30, cap, move |from, size, only_ids| {
            if !only_ids && (holds(from, size, &[19]) || cap == 4 && holds(from, size, &[7])) { broken() } else { None }
        })
        .await;
        let (source, operation) = (server.source(), things());
        let first = pin!(source.pages(&operation, 1)).next().await.unwrap().unwrap();
        assert_eq!(skipped(&[first]).iter().map(|(row, _)| *row).collect::<Vec<_>>(), expected);
    }
}

#[tokio::test]
async fn rows_that_are_hidden_do_not_move_the_others() {
    // The first page lacks a row, and no page is the smaller for it.
    let server = Server::start(|call| {
        Box::pin(async move {
            let (from, to) = (call.page * call.size, ((call.page + 1) * call.size).min(30));
            let only_ids = !call.body["query"].as_str().unwrap().contains("name");
            if !only_ids && holds(from, to - from, &[17]) {
                return broken().unwrap();
            }
            let items: Vec<Value> =
                (from..to).filter(|row| ![3, 12].contains(row)).map(|id| json!({"id": id})).collect();
            json_answer(StatusCode::OK, &list(json!(items), to == 30, Some(30)))
        })
    })
    .await;
    let pages = read(&server.source()).await;
    assert_eq!(skipped(&pages), [(17, Some("{\"id\":17}".to_owned()))]);
    let expected: Vec<u64> = (0..30).filter(|row| ![3, 12, 17].contains(row)).collect();
    assert_eq!(ids(&pages), expected);
}

#[tokio::test]
async fn rows_that_may_be_missing_for_any_reason_are_not_guessed_at() {
    let (server, _) = list_of(22, 4, |from, _, _| if from == 8 { broken() } else { None }).await;
    let source = server.source();
    // Nothing tells rows apart, so nothing tells why pages are short.
    let operation = operation();
    let pages: Vec<_> = source.pages(&operation, 0).collect().await;
    assert!(matches!(pages.last(), Some(Err(SourceError::Status { .. }))), "{pages:?}");
}

#[tokio::test]
async fn errors_of_rows_stay_with_them_in_a_divided_page() {
    let server = Server::start(|call| {
        Box::pin(async move {
            if holds(call.page * call.size, call.size, &[2]) && call.size > 1 {
                return broken().unwrap();
            }
            let mut answer = slice(&call, 10, 100);
            if let Some(at) = answer["data"]["thingPage"]["items"].as_array().unwrap().iter().position(|row| *row == 8)
            {
                answer["errors"] = json!([{"message": "no owner", "path": ["thingPage", "items", at, "owner"]}]);
            }
            json_answer(StatusCode::OK, &answer)
        })
    })
    .await;
    let pages = read(&server.source()).await;
    assert_eq!(pages[0].items().collect::<Vec<_>>(), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    assert_eq!(pages[0].errors.iter().map(|error| error.row).collect::<Vec<_>>(), [Some(8)]);
    assert!(pages[0].skipped.is_empty(), "it came by itself");
}

/// Rows that cannot be given, no two of which are neighbours.
fn culprits() -> impl Strategy<Value = Vec<u64>> {
    proptest::collection::vec(2_u64..9, 0..8).prop_map(|steps| {
        let mut at = 0;
        let rows = steps.into_iter().map(|step| {
            at += step;
            at - 2
        });
        rows.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn whatever_cannot_be_given_is_skipped_and_all_else_is_read(
        rows in 0_u64..60,
        size in 2_u32..13,
        cap in 2_u64..13,
        prefetch in 1_usize..5,
        culprits in culprits(),
    ) {
        let bad: Vec<u64> = culprits.into_iter().filter(|row| *row < rows).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (read, mut given_up) = runtime.block_on(async {
            let told = bad.clone();
            let (server, _) = list_of(rows, cap, move |from, given, only_ids| {
                if !only_ids && holds(from, given, &told) { broken() } else { None }
            })
            .await;
            let mut remote = server.remote();
            remote.paging.size = size;
            remote.paging.sequence = Sequence::Numbered { prefetch };
            remote.limits.skipped_rows = 100;
            let pages = read(&source(remote)).await;
            (ids(&pages), skipped(&pages))
        });
        let read: std::collections::BTreeSet<u64> = read.into_iter().collect();
        let expected = (0..rows).filter(|row| !bad.contains(row)).collect();
        prop_assert_eq!(read, expected);
        // Where the server gives fewer rows than it is asked for, the first page may reach into the second.
        given_up.sort();
        given_up.dedup();
        let expected: Vec<_> = bad.iter().map(|row| (*row, Some(format!("{{\"id\":{row}}}")))).collect();
        prop_assert_eq!(given_up, expected);
    }
}
