//! Operations that the source refuses as they are.

use std::sync::Mutex;

use futures_util::StreamExt;

use super::*;

const MEMBERS: [&str; 5] = ["id", "name", "mail", "owner", "notes"];

fn things() -> Operation {
    Operation {
        text: "query Things($page: Int, $size: Int) { thingPage(page: $page, size: $size) \
               { items { id name mail owner { name } notes { text stars } } last total } }"
            .to_owned(),
        ids: vec!["id".to_owned()],
        ..operation()
    }
}

/// What a query asks for of a row, in order.
fn asked(call: &PageCall) -> Vec<&'static str> {
    let query = call.body["query"].as_str().unwrap();
    let rows = &query[query.find("items").unwrap()..];
    let words: Vec<&str> = rows.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    // The owner has a name, too.
    let has = |member: &&str| match *member {
        "name" => words.windows(2).any(|pair| pair == ["id", "name"]),
        member => words.contains(&member),
    };
    MEMBERS.into_iter().filter(has).collect()
}

fn row(id: u64, members: &[&str]) -> String {
    let member = |name: &&str| match *name {
        "id" => format!("\"id\":{id}"),
        "owner" => format!("\"owner\":{{\"name\":\"o{id}\"}}"),
        "notes" => format!("\"notes\":[{{\"text\":\"\\\"{id}\\\"\",\"stars\":1.50}},null]"),
        name => format!("\"{name}\":\"{name} {id}\""),
    };
    format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(","))
}

/// A page of a list of 25 rows, as text.
fn answer(call: &PageCall, members: &[&str]) -> Response {
    let from = (call.page * call.size).min(25);
    let to = (from + call.size).min(25);
    let rows: Vec<String> = (from..to).map(|id| row(id, members)).collect();
    let last = to == 25;
    format!(r#"{{"data":{{"thingPage":{{"items":[{}],"last":{last},"total":25}}}}}}"#, rows.join(",")).into_response()
}

fn refused(message: &str) -> Response {
    json_answer(StatusCode::BAD_REQUEST, &json!({"errors": [{"message": message}]}))
}

fn types(person: &[&str]) -> Response {
    let named = |name: &str, ty: &str| json!({"name": name, "args": [], "type": {"kind": "OBJECT", "name": ty}});
    let scalar = |name: &&str| json!({"name": name, "args": [], "type": {"kind": "SCALAR", "name": "String"}});
    let argument = |name: &str| json!({"name": name, "type": {"kind": "SCALAR", "name": "Int"}});
    let page = json!({"name": "thingPage", "args": [argument("page"), argument("size")], "type": {"kind": "OBJECT", "name": "Page"}});
    let thing: Vec<Value> = person
        .iter()
        .map(|name| match *name {
            "owner" => named("owner", "Owner"),
            "notes" => named("notes", "Note"),
            name => scalar(&name),
        })
        .collect();
    let object = |name: &str, fields: Vec<Value>| json!({"kind": "OBJECT", "name": name, "fields": fields});
    let types = [
        object("Query", vec![page]),
        object("Page", vec![named("items", "Thing"), scalar(&"last"), scalar(&"total")]),
        object("Thing", thing),
        object("Owner", vec![scalar(&"name")]),
        object("Note", vec![scalar(&"text"), scalar(&"stars")]),
    ];
    json_answer(StatusCode::OK, &json!({"data": {"__schema": {"queryType": {"name": "Query"}, "types": types}}}))
}

fn is_introspection(call: &PageCall) -> bool {
    call.body["operationName"] == "Introspection"
}

async fn read(source: &Source) -> Vec<Page> {
    source.pages(&things(), 0).try_collect().await.unwrap()
}

fn rows_of(pages: &[Page]) -> Vec<&str> {
    pages.iter().flat_map(Page::items).collect()
}

fn whole_rows() -> Vec<String> {
    (0..25).map(|id| row(id, &MEMBERS)).collect()
}

#[tokio::test]
async fn a_query_that_is_too_complex_is_asked_in_parts_and_yields_the_same_texts() {
    for most in [4, 3, 2] {
        let sizes = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&sizes);
        let server = Server::start(move |call| {
            let members = asked(&call);
            seen.lock().unwrap().push((call.page, members.len()));
            let answer = match members.len() > most {
                true => refused("Query is too COMPLEX"),
                false => answer(&call, &members),
            };
            Box::pin(async move { answer })
        })
        .await;
        let pages = read(&server.source()).await;
        assert_eq!(rows_of(&pages), whole_rows());
        assert_eq!(pages.iter().map(Page::given).collect::<Vec<_>>(), [10, 10, 5]);
        assert_eq!((pages[1].total, pages[1].ends_list(), pages[2].ends_list()), (Some(25), false, true));
        assert!(pages.iter().all(|page| page.errors.is_empty() && page.lost.is_empty()));
        let too_many = |(page, members): &&(u64, usize)| *page > 0 && *members > most;
        assert_eq!(sizes.lock().unwrap().iter().filter(too_many).count(), 0, "what was learned is kept");
    }
}

#[tokio::test]
async fn a_query_that_is_too_complex_in_all_parts_is_refused() {
    let server = Server::start(|call| {
        let answer = match is_introspection(&call) {
            true => types(&MEMBERS),
            false => refused("too complex"),
        };
        Box::pin(async move { answer })
    })
    .await;
    let source = server.source();
    let operation = things();
    let pages: Vec<_> = source.pages(&operation, 0).collect().await;
    let error = pages[0].as_ref().unwrap_err();
    assert!(error.to_string().contains("the query was rejected: too complex"), "{error}");
    assert_eq!(pages.len(), 1);
    assert!(server.page_calls() <= 5, "once at once, in 2 and in 4 parts, and for the types");
}

#[tokio::test]
async fn a_row_that_moves_between_the_parts_is_read_again_or_told() {
    for (moves, told) in [(1, 0), (100, 2)] {
        let before = AtomicUsize::new(0);
        let server = Server::start(move |call| {
            let members = asked(&call);
            let answer = if members.len() > 4 {
                refused("complex")
            } else {
                // In the second part of the first page, one row has made room for another.
                let is_second = !members.contains(&"name") && call.page == 0;
                let moved = is_second && before.fetch_add(1, Ordering::SeqCst) < moves;
                let rows: Vec<String> =
                    (0..10).map(|id| row(if moved && id == 9 { 77 } else { id }, &members)).collect();
                format!(r#"{{"data":{{"thingPage":{{"items":[{}],"last":true}}}}}}"#, rows.join(",")).into_response()
            };
            Box::pin(async move { answer })
        })
        .await;
        let pages = read(&server.source()).await;
        let errors: Vec<_> = pages[0].errors.iter().map(|error| error.row).collect();
        assert_eq!(errors.len(), told);
        assert_eq!(rows_of(&pages)[..9], whole_rows()[..9]);
        if told > 0 {
            assert_eq!(errors, [Some(9), Some(10)]);
        }
    }
}

#[tokio::test]
async fn a_field_that_is_gone_is_left_out_for_the_walk_and_named() {
    let left = ["id", "name", "owner"];
    let introspections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&introspections);
    let server = Server::start(move |call| {
        let answer = if is_introspection(&call) {
            counted.fetch_add(1, Ordering::SeqCst);
            types(&left)
        } else {
            let members = asked(&call);
            match members.iter().find(|name| !left.contains(name)) {
                Some(gone) => refused(&format!("Field '{gone}' in type 'Thing' is undefined")),
                None => answer(&call, &members),
            }
        };
        Box::pin(async move { answer })
    })
    .await;
    let source = server.source();
    let pages = read(&source).await;
    assert_eq!(rows_of(&pages), (0..25).map(|id| row(id, &left)).collect::<Vec<_>>());
    for page in &pages {
        let lost: Vec<_> = page.lost.iter().map(|lost| (lost.path.as_str(), lost.reason.as_str())).collect();
        let reason = |name: &str| format!("the source has no such field any more: `Thing.{name}`");
        assert_eq!(lost, [("mail", reason("mail").as_str()), ("notes", reason("notes").as_str())]);
    }
    assert_eq!((introspections.load(Ordering::SeqCst), server.page_calls()), (1, 2 + 3));
    // The next walk asks for everything first.
    read(&source).await;
    assert_eq!(introspections.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_source_that_lacks_the_id_or_a_mark_cannot_be_read() {
    for (gone, needed) in [("id", vec![]), ("owner", vec!["owner.name".to_owned()])] {
        let server = Server::start(move |call| {
            let left: Vec<&str> = MEMBERS.into_iter().filter(|name| *name != gone).collect();
            let answer = if is_introspection(&call) { types(&left) } else { refused("undefined") };
            Box::pin(async move { answer })
        })
        .await;
        let source = server.source();
        let operation = Operation { needed, ..things() };
        let pages: Vec<_> = source.pages(&operation, 0).collect().await;
        let error = pages[0].as_ref().unwrap_err();
        let expected =
            format!("the source has no such field any more: `Thing.{gone}`, and no record can be stored without it");
        assert!(error.to_string().contains(&expected), "{error}");
        assert_eq!(error.class(), ErrorClass::Refused);
    }
}

#[tokio::test]
async fn a_refusal_that_the_types_do_not_explain_stays_what_it_is() {
    for described in [true, false] {
        let server = Server::start(move |call| {
            let answer = match is_introspection(&call) && described {
                true => types(&MEMBERS),
                false => refused("the filter is odd"),
            };
            Box::pin(async move { answer })
        })
        .await;
        let source = server.source();
        let operation = things();
        let pages: Vec<_> = source.pages(&operation, 0).collect().await;
        let error = pages[0].as_ref().unwrap_err();
        assert!(error.to_string().contains("the query was rejected: the filter is odd"), "{error}");
        assert_eq!((pages.len(), server.page_calls()), (1, 2));
    }
}

#[tokio::test]
async fn a_field_that_sounds_complex_is_left_out_all_the_same() {
    let left = ["id", "name", "mail", "owner"];
    let server = Server::start(move |call| {
        let answer = match is_introspection(&call) {
            true => types(&left),
            false if asked(&call).contains(&"notes") => refused("Field 'complexNotes' is undefined"),
            false => answer(&call, &asked(&call)),
        };
        Box::pin(async move { answer })
    })
    .await;
    let pages = read(&server.source()).await;
    assert_eq!(rows_of(&pages), (0..25).map(|id| row(id, &left)).collect::<Vec<_>>());
    assert_eq!(pages[0].lost.len(), 1);
}
