//! Pages that begin at cursors.

use futures_util::StreamExt;

use super::*;

fn by_cursor(server: &Server) -> Remote {
    let mut remote = server.remote();
    remote.paging = Paging {
        size: 3,
        sequence: Sequence::Cursors { next: "pageInfo.endCursor".to_owned() },
        items: "edges.node".to_owned(),
        end: Some(EndMember::HasNext("pageInfo.hasNextPage".to_owned())),
        total: Some("totalCount".to_owned()),
    };
    remote
}

/// A page of these numbers.
fn connection(numbers: std::ops::Range<u64>, has_next: bool, end_cursor: Value) -> Value {
    let edges: Vec<Value> = numbers.map(|number| json!({"node": number})).collect();
    let info = json!({"hasNextPage": has_next, "endCursor": end_cursor});
    json!({"data": {"thingPage": {"edges": edges, "pageInfo": info, "totalCount": 8}}})
}

/// A list of the numbers to 8, in pages of the size that is asked for.
fn things(call: &PageCall) -> Value {
    let variables = &call.body["variables"];
    assert!(variables.get("page").is_none());
    let from = variables.get("cursor").map_or(0, |cursor| cursor.as_str().unwrap()[1..].parse().unwrap());
    let to = (from + call.size).min(8);
    connection(from..to, to < 8, json!(format!("c{to}")))
}

#[tokio::test]
async fn each_page_begins_at_the_cursor_of_the_one_before() {
    let server = Server::start(|call| Box::pin(async move { json_answer(StatusCode::OK, &things(&call)) })).await;
    let source = source(by_cursor(&server));
    assert!(source.reads_by_cursor());
    assert_eq!(numbers(&source, Position::default()).await, (0..8).collect::<Vec<_>>());
    assert_eq!((server.page_calls(), server.most_under_way.load(Ordering::SeqCst)), (3, 1));
    let from = Position { page: 5, cursor: Some(r#""c6""#.to_owned()) };
    let pages: Vec<Page> = source.pages(&operation(), from).try_collect().await.unwrap();
    assert_eq!((pages.len(), pages[0].number, pages[0].total, pages[0].ends_list()), (1, 5, Some(8), true));
    assert_eq!(pages[0].items().collect::<Vec<_>>(), ["6", "7"]);
}

#[tokio::test]
async fn a_cursor_may_be_a_number_and_its_absence_an_end() {
    let server = Server::start(|call| {
        Box::pin(async move {
            let answer = match call.body["variables"].get("cursor").map(|cursor| cursor.as_u64().unwrap()) {
                None => connection(0..2, true, json!(17)),
                Some(17) => connection(2..2, true, json!(18)),
                Some(_) => connection(2..4, true, Value::Null),
            };
            json_answer(StatusCode::OK, &answer)
        })
    })
    .await;
    let mut remote = by_cursor(&server);
    remote.paging.end = None;
    let pages: Vec<Page> = source(remote).pages(&operation(), 0).try_collect().await.unwrap();
    assert_eq!(pages.iter().map(Page::given).collect::<Vec<_>>(), [2, 0, 2], "an empty page is not the last");
    assert_eq!(pages.iter().map(Page::ends_list).collect::<Vec<_>>(), [false, false, true]);
    // The source says that more follows, and not where.
    let pages: Vec<Page> = source(by_cursor(&server)).pages(&operation(), 0).try_collect().await.unwrap();
    assert_eq!(pages.iter().map(Page::ends_list).collect::<Vec<_>>(), [false, false, false]);
}

#[tokio::test]
async fn a_cursor_that_comes_again_is_an_error_and_not_a_loop() {
    let server = Server::start(|call| {
        Box::pin(async move { json_answer(StatusCode::OK, &connection(0..call.size, true, json!("c3"))) })
    })
    .await;
    let source = source(by_cursor(&server));
    let operation = operation();
    let pages: Vec<_> = source.pages(&operation, 0).collect().await;
    let error = pages.last().unwrap().as_ref().unwrap_err();
    let expected = "/graphql: the next page would begin where an earlier one did; check `next` under `pages`";
    assert!(error.to_string().contains("page 1 at http://") && error.to_string().contains(expected), "{error}");
    assert_eq!((error.class(), error.is_transient()), (ErrorClass::Unusable, false));
    assert_eq!((pages.len(), server.page_calls()), (3, 2));
}

#[tokio::test]
async fn errors_beside_data_stay_with_their_row() {
    let mut body = connection(0..3, false, Value::Null);
    body["data"]["thingPage"]["edges"][0] = Value::Null;
    body["errors"] = json!([
        {"message": "no owner", "path": ["thingPage", "edges", 2, "node", "owner"]},
        {"message": "row lost", "path": ["thingPage", "edges", 0]},
        {"message": "no count", "path": ["thingPage", "totalCount"]},
    ]);
    let server = Server::start(answers(move |_| json_answer(StatusCode::OK, &body))).await;
    let page = source(by_cursor(&server)).page(&operation(), 0).await.unwrap();
    assert_eq!((page.items().len(), page.given()), (2, 3));
    assert_eq!(page.errors.iter().map(|error| error.row).collect::<Vec<_>>(), [Some(1), None, None]);
}

#[tokio::test]
async fn a_page_without_rows_names_the_member_that_is_missing() {
    let server =
        Server::start(answers(|_| json_answer(StatusCode::OK, &json!({"data": {"thingPage": {"items": []}}})))).await;
    let error = source(by_cursor(&server)).page(&operation(), 0).await.unwrap_err();
    assert!(error.to_string().contains("no list at `data.thingPage.edges.node`; check `pages`"), "{error}");
}

#[tokio::test]
async fn a_page_at_a_cursor_is_read_in_smaller_ones_which_grow_again() {
    let server = Server::start(|call| {
        Box::pin(async move {
            let variables = &call.body["variables"];
            let from: u64 = variables.get("cursor").map_or(0, |cursor| cursor.as_str().unwrap()[1..].parse().unwrap());
            if from <= 4 && from + call.size > 4 && call.size > 1 {
                return StatusCode::INTERNAL_SERVER_ERROR.into_response();
            }
            json_answer(StatusCode::OK, &things(&call))
        })
    })
    .await;
    let pages: Vec<Page> = source(by_cursor(&server)).pages(&operation(), 0).try_collect().await.unwrap();
    assert_eq!(pages.iter().map(Page::given).collect::<Vec<_>>(), [3, 1, 1, 2, 1]);
    assert_eq!(pages.iter().flat_map(Page::items).collect::<Vec<_>>(), ["0", "1", "2", "3", "4", "5", "6", "7"]);
}

#[tokio::test]
async fn a_row_at_a_cursor_that_never_comes_ends_the_walk_and_says_so() {
    let server = Server::start(|call| {
        Box::pin(async move {
            let variables = &call.body["variables"];
            let from: u64 = variables.get("cursor").map_or(0, |cursor| cursor.as_str().unwrap()[1..].parse().unwrap());
            match from <= 4 && from + call.size > 4 {
                true => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                false => json_answer(StatusCode::OK, &things(&call)),
            }
        })
    })
    .await;
    let source = source(by_cursor(&server));
    let operation = operation();
    let pages: Vec<_> = source.pages(&operation, 0).collect().await;
    assert_eq!(pages.iter().flatten().flat_map(Page::items).collect::<Vec<_>>(), ["0", "1", "2", "3"]);
    let error = pages.last().unwrap().as_ref().unwrap_err();
    assert!(
        error.to_string().contains("the record at the cursor cannot be read: 500 Internal Server Error"),
        "{error}"
    );
    assert!(error.to_string().contains("cannot be read past it"), "{error}");
}
