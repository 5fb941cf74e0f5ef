use super::*;
use std::collections::BTreeSet;

const MEMBERS: &str = "first last numberOfElements page size sort totalElements totalPages items { employeeID }";

#[tokio::test]
async fn the_page_object_is_right_on_every_page() {
    let session = Session::open(small()).await;
    let mut seen = BTreeSet::new();
    let mut page = 0;
    loop {
        let sort = "[{property: \"creationDate\", direction: DESC}, {property: \"employeeID\"}]";
        let query = format!(
            "{{ crEmployeePage(norestrict: true, pageable: {{page: {page}, size: 70, sort: {sort}}}) {{ {MEMBERS} }} }}"
        );
        let data = session.data(&query).await;
        let answer = &data["crEmployeePage"];
        let rows = answer["items"].as_array().unwrap();
        seen.extend(rows.iter().map(|row| row["employeeID"].as_i64().unwrap()));
        assert_eq!(answer["page"], page);
        assert_eq!(answer["size"], 70);
        assert_eq!(answer["totalElements"], 300);
        assert_eq!(answer["totalPages"], 5);
        assert_eq!(answer["first"], page == 0);
        assert_eq!(answer["numberOfElements"], rows.len());
        assert_eq!(answer["sort"], "creationDate: DESC,employeeID: ASC");
        page += 1;
        if answer["last"] == true {
            break;
        }
    }
    assert_eq!((page, seen.len()), (5, 300));
    let beyond = session.data("{ crEmployeePage(pageable: {page: 900, size: 100}) { last items { _id } } }").await;
    assert_eq!(beyond["crEmployeePage"], json!({"last": true, "items": []}));
}

#[tokio::test]
async fn sizes_default_to_20_and_are_cut_at_the_cap_without_a_word() {
    let session = Session::open(small()).await;
    let sized = async |session: &Session, pageable: &str| {
        let query = format!("{{ crEmployeePage{pageable} {{ size numberOfElements sort }} }}");
        session.data(&query).await["crEmployeePage"].clone()
    };
    let unasked = sized(&session, "").await;
    assert_eq!(unasked, json!({"size": 20, "numberOfElements": 20, "sort": "UNSORTED"}));
    assert_eq!(sized(&session, "(pageable: {size: 5000})").await["numberOfElements"], 100);
    let uncapped = Session::open(Options { page_cap: None, ..small() }).await;
    let all = sized(&uncapped, "(norestrict: true, pageable: {size: 5000})").await;
    assert_eq!(all["numberOfElements"], 300);
}

#[tokio::test]
async fn a_page_below_zero_and_a_size_of_zero_are_refused() {
    let session = Session::open(small()).await;
    for pageable in ["{page: -1}", "{size: 0}"] {
        let error = session.error(&format!("{{ crEmployeePage(pageable: {pageable}) {{ size }} }}")).await;
        assert_eq!(error["extensions"]["errorType"], "BAD_REQUEST");
    }
}

#[tokio::test]
async fn without_a_sort_the_order_is_shuffled_but_always_the_same() {
    let session = Session::open(small()).await;
    let query = "{ crEmployeePage(norestrict: true, pageable: {size: 100}) { items { employeeID } } }";
    let first = session.column(query, "employeeID").await;
    let ids: Vec<i64> = first.iter().map(|id| id.as_i64().unwrap()).collect();
    assert!(!ids.is_sorted());
    assert_eq!(session.column(query, "employeeID").await, first);
}

#[tokio::test]
async fn a_sort_by_key_path_takes_both_directions_and_puts_absent_values_first() {
    let session = Session::open(small()).await;
    let names = async |direction: &str| {
        let sort = format!("{{property: \"toStatusNode.value\", direction: {direction}}}");
        let query = format!(
            "{{ crEmployeePage(norestrict: true, pageable: {{size: 100, page: 0, sort: {sort}}}) \
             {{ items {{ toStatusNode {{ value }} }} }} }}"
        );
        let nodes = session.column(&query, "toStatusNode").await;
        nodes.iter().map(|node| node["value"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let ascending = names("ASC").await;
    assert!(ascending.is_sorted());
    assert_eq!(ascending[0], None);
    let descending = names("DESC").await;
    assert!(descending.iter().rev().is_sorted());
    assert_eq!(descending[0].as_deref(), Some("Nieuw"));
    let error = session.error("{ crUserPage(pageable: {sort: {property: \"shoeSize\"}}) { size } }").await;
    assert_eq!(error["message"], "sort: unknown key `shoeSize` on `CRUser` in the key path `shoeSize`");
}

#[tokio::test]
async fn archived_records_come_only_with_norestrict() {
    let session = Session::open(small()).await;
    let deleted = async |norestrict: bool| {
        let query = format!(
            "{{ crVacancyPage(norestrict: {norestrict}, pageable: {{size: 100}}) {{ totalElements items {{ deleted }} }} }}"
        );
        session.column(&query, "deleted").await
    };
    assert!(deleted(false).await.iter().all(|flag| *flag == 0));
    assert!(deleted(true).await.contains(&json!(1)));
}

#[tokio::test]
async fn nested_lists_have_pages_of_their_own() {
    let session = Session::open(small()).await;
    let query = "{ crNodeTypePage(pageable: {size: 1}, qualifier: \"identifier = 'Employment'\") { items { \
                 whole: dataNodes { size totalElements items { value } } \
                 part: dataNodes(pageable: {page: 1, size: 4}) { first last totalPages items { value } } } } }";
    let data = session.data(query).await;
    let list = &data["crNodeTypePage"]["items"][0];
    assert_eq!((&list["whole"]["size"], &list["whole"]["totalElements"]), (&json!(100), &json!(10)));
    let part = list["part"]["items"].as_array().unwrap();
    assert_eq!(part[..], list["whole"]["items"].as_array().unwrap()[4..8]);
    assert_eq!((&list["part"]["totalPages"], &list["part"]["last"]), (&json!(3), &json!(false)));
}
