//! What a client writes is there, and reads as it was written.

use super::*;

const CREATE: &str = "mutation($request: CREmployeeRequest!) { crEmployeeCreate(request: $request) { \
    _id _kind employeeID deleted creationDate modificationDate name firstName lastNamePrefix lastName \
    emailAddress primaryEmailAddress importID toUser { _id firstName name emailAddress toEmployee { _id } } } }";
const UPDATE: &str = "mutation($id: ID!, $request: CREmployeeRequest!) { crEmployeeUpdate(_id: $id, request: $request) \
    { _id firstName notes modificationDate additionalInfo additionalInfoPartial additionalInfoList } }";

fn ada() -> Value {
    json!({"_kind": "CREmployee", "firstName": "Ada", "lastNamePrefix": "van", "lastName": "Ost",
        "emailAddress": "ada@example.org", "importID": "mark-1"})
}

#[tokio::test]
async fn a_new_candidate_has_the_next_id_and_nothing_that_was_not_written() {
    let session = Session::open(small()).await;
    let made = session.write(CREATE, json!({"request": ada()})).await;
    assert_eq!(
        (&made["_id"], &made["employeeID"], &made["_kind"]),
        (&json!("10301"), &json!(10_301), &json!("CREmployee"))
    );
    assert_eq!((&made["name"], &made["deleted"]), (&json!("Ada van Ost"), &json!(0)));
    assert_eq!(
        (&made["emailAddress"], &made["primaryEmailAddress"]),
        (&json!("ada@example.org"), &json!("ada@example.org"))
    );
    assert_eq!(
        (&made["toUser"]["name"], &made["toUser"]["toEmployee"]["_id"]),
        (&json!("Ada van Ost"), &json!("10301"))
    );
    assert!(made["creationDate"].as_str().unwrap() > "2026-11-20" && made["modificationDate"].is_null());
    let fields = "notes sourceInfo toSourceNode { _id } minSalary homeCity attachments { totalElements } \
        matches { totalElements } workHistories { totalElements } additionalInfo cvAttachment { _id }";
    let empty = session.seen(&format!("{{ crEmployee(_id: \"10301\") {{ {fields} }} }}"));
    let none = json!({"totalElements": 0});
    assert_eq!(
        empty,
        json!({"notes": null, "sourceInfo": null, "toSourceNode": null, "minSalary": null, "homeCity": null,
            "attachments": none, "matches": none, "workHistories": none, "additionalInfo": null, "cvAttachment": null})
    );
    let second = session.write(CREATE, json!({"request": {"_kind": "CREmployee", "lastName": "Berg"}})).await;
    assert_eq!(second["_id"], "10302");
    assert_eq!(
        session.sandbox.insert("CREmployee", &serde_json::Map::new()).unwrap(),
        "10303",
        "the counter is shared"
    );
}

#[tokio::test]
async fn a_new_candidate_is_found_by_what_was_written() {
    let session = Session::open(small()).await;
    session.data("{ crEmployeePage(qualifier: \"importID = 'mark-1'\") { totalElements } }").await;
    let id = session.write(CREATE, json!({"request": ada()})).await["_id"].clone();
    for qualifier in [
        "importID = 'mark-1'",
        "toUser.emailAddresses.emailAddress = 'ada@example.org' and deleted = 0",
        "emailAddress caseInsensitiveLike 'ADA@*'",
        "lastName = 'Ost' and lastNamePrefix = 'van'",
        "toUser.lastName = 'Ost'",
    ] {
        let query = format!("{{ crEmployeePage(qualifier: \"{qualifier}\") {{ items {{ _id }} }} }}");
        assert_eq!(session.column(&query, "_id").await, std::slice::from_ref(&id), "{qualifier}");
    }
}

#[tokio::test]
async fn what_is_absent_stays_and_null_clears() {
    let session = Session::open(small()).await;
    let id = session.write(CREATE, json!({"request": ada()})).await["_id"].clone();
    let write = async |request: Value| session.write(UPDATE, json!({"id": id, "request": request})).await;
    let updated = write(json!({"_kind": "CREmployee", "notes": "Belt terug"})).await;
    assert_eq!((&updated["firstName"], &updated["notes"]), (&json!("Ada"), &json!("Belt terug")));
    assert!(updated["modificationDate"].is_string());
    let cleared = write(json!({"_kind": "CREmployee", "notes": null})).await;
    assert_eq!((&cleared["firstName"], &cleared["notes"]), (&json!("Ada"), &Value::Null));
    // A variable that is not given is absent too, wherever it stands.
    let inline = "mutation($id: ID!, $first: String, $notes: String) { crEmployeeUpdate(_id: $id, \
        request: {_kind: \"CREmployee\", firstName: $first, notes: $notes}) { firstName notes } }";
    let updated = session.write(inline, json!({"id": id, "notes": "Opnieuw"})).await;
    assert_eq!(updated, json!({"firstName": "Ada", "notes": "Opnieuw"}));
    let cleared = session.write(inline, json!({"id": id, "notes": null})).await;
    assert_eq!(cleared, json!({"firstName": "Ada", "notes": null}));
}

#[tokio::test]
async fn free_fields_are_replaced_or_merged() {
    let session = Session::open(small()).await;
    let id = session.write(CREATE, json!({"request": ada()})).await["_id"].clone();
    let write = async |name: &str, fields: Value| {
        let request = json!({"_kind": "CREmployee", name: fields});
        let written = session.write(UPDATE, json!({"id": id, "request": request})).await;
        assert_eq!(written["additionalInfo"], written["additionalInfoPartial"]);
        assert_eq!(written["additionalInfo"], written["additionalInfoList"]);
        written["additionalInfo"].clone()
    };
    assert_eq!(
        write("additionalInfo", json!({"_10361": "a", "10362": "10441"})).await,
        json!({"_10361": "a", "_10362": "10441"})
    );
    let merged = write("additionalInfoPartial", json!({"_10361": "b", "_10365": 25, "_10363": ["10461"]})).await;
    assert_eq!(merged, json!({"_10361": "b", "_10362": "10441", "_10365": "25", "_10363": ["10461"]}));
    assert_eq!(
        write("additionalInfoPartial", json!({"_10361": null, "_10363": null, "_10365": null})).await,
        json!({"_10362": "10441"})
    );
    assert_eq!(write("additionalInfo", json!({"_10366": "x"})).await, json!({"_10366": "x"}));
}

#[tokio::test]
async fn dates_are_read_and_written_in_amsterdam() {
    let session = Session::open(small()).await;
    let mutation = "mutation($date: NSCalendarDate) { crEmployeeCreate(request: {_kind: \"CREmployee\", \
        availableDate: $date}) { availableDate } }";
    for (given, read) in [
        ("2026-09-01 12:00:00", "2026-09-01 12:00:00"),
        ("2026-09-01 10:00:00 Etc/GMT", "2026-09-01 12:00:00"),
        ("2026-01-15 12:00:00 +0100", "2026-01-15 12:00:00"),
    ] {
        assert_eq!(session.write(mutation, json!({"date": given})).await["availableDate"], read);
    }
    let (class, message) = session.refusal(mutation, json!({"date": "2026-09-01"})).await;
    assert_eq!(
        (class.as_str(), message.as_str()),
        ("BAD_REQUEST", "CREmployee.availableDate: \"2026-09-01\" is no NSCalendarDate")
    );
}

#[tokio::test]
async fn a_refused_write_leaves_nothing_behind() {
    let session = Session::open(small()).await;
    let before = session.seen("{ crUserPage(norestrict: true) { totalElements } }");
    let cases = [
        (json!({"_kind": "CRMatch"}), "BAD_REQUEST", "_kind: expected CREmployee, got CRMatch"),
        (
            json!({"_kind": "CREmployee", "owner": link("CRUser", "1")}),
            "NOT_FOUND",
            "CRUser with _id '1' was not found",
        ),
        (
            json!({"_kind": "CREmployee", "title": "x".repeat(33)}),
            "BAD_REQUEST",
            "The title property of CREmployee exceeds the maximum length of 32 characters",
        ),
        (
            json!({"_kind": "CREmployee", "isConfidential": null}),
            "BAD_REQUEST",
            "The isConfidential property of CREmployee must not be null",
        ),
        (
            json!({"_kind": "CREmployee", "attachments": {"items": [{"_kind": "CRAttachment", "label": "CV"}]}}),
            "BAD_REQUEST",
            "The filePath property of CRAttachment must not be null",
        ),
        (
            json!({"_kind": "CREmployee", "urls": {"items": [{"_kind": "CRUrl", "toUrlLabel": {"_kind": "CRDataNode",
                "_lookup": {"key": "tags", "value": "UrlShoeTag"}}}]}}),
            "NOT_FOUND",
            "toUrlLabel: no CRDataNode has the tags 'UrlShoeTag'",
        ),
    ];
    for (mut request, class, message) in cases {
        request["emailAddress"] = json!("nobody@example.org");
        if request["_kind"] == "CRMatch" {
            request = json!({"_kind": "CRMatch"});
        }
        let refused = session.refusal(CREATE, json!({"request": request})).await;
        assert_eq!(refused, (class.to_owned(), message.to_owned()));
    }
    assert_eq!(session.seen("{ crUserPage(norestrict: true) { totalElements } }"), before);
    assert_eq!(session.sandbox.stats().changes.get("created"), None);
    let missing = session.refusal(UPDATE, json!({"id": "99", "request": {"_kind": "CREmployee"}})).await;
    assert_eq!(missing, ("NOT_FOUND".to_owned(), "CREmployee with _id '99' was not found".to_owned()));
}

#[tokio::test]
async fn every_object_names_its_type() {
    let session = Session::open(small()).await;
    for request in [
        json!({"firstName": "Ada"}),
        json!({"_kind": "CREmployee", "urls": {"items": [{"url": "https://example.org"}]}}),
    ] {
        let response = session.post(json!({"query": CREATE, "variables": {"request": request}})).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        let body: Value = response.json().await.unwrap();
        let message = body["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("Field '_kind' has coerced Null value for NonNull type"), "{message}");
    }
    let literal = "mutation { crUrlCreate(request: {url: \"https://example.org\"}) { _id } }";
    assert_eq!(session.post(json!({"query": literal})).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_text_that_is_too_long_is_cut_where_that_is_the_habit() {
    let session = Session::open(small()).await;
    session.sandbox.set_habits(Habits { long_texts_are_cut: true, ..Habits::default() });
    let mutation = "mutation($source: String) { crEmployeeCreate(request: {_kind: \"CREmployee\", sourceInfo: $source}) { sourceInfo } }";
    let written = session.write(mutation, json!({"source": "é".repeat(300)})).await;
    assert_eq!(written["sourceInfo"], "é".repeat(255));
}

#[tokio::test]
async fn root_fields_are_carried_out_in_their_order() {
    let session = Session::open(small()).await;
    let id = session.write(CREATE, json!({"request": ada()})).await["_id"].as_str().unwrap().to_owned();
    let step = |key: &str, notes: &str| {
        format!(
            "{key}: crEmployeeUpdate(_id: \"{id}\", request: {{_kind: \"CREmployee\", notes: \"{notes}\"}}) {{ notes }} "
        )
    };
    let failing = "bad: crEmployeeDelete(_id: \"1\") { _id } ";
    let response = session
        .post(json!({"query": format!("mutation {{ {}{failing}{} }}", step("a", "een"), step("b", "twee"))}))
        .await;
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["data"], json!({"a": {"notes": "een"}, "bad": null, "b": {"notes": "twee"}}));
    assert_eq!((&body["errors"][0]["path"], body["errors"].as_array().unwrap().len()), (&json!(["bad"]), 1));
}

#[tokio::test]
async fn parallel_writes_are_carried_out_one_by_one() {
    let session = Session::open(small()).await;
    let writes = (0..24).map(|nth| {
        let request = json!({"_kind": "CREmployee", "firstName": format!("N{nth}"), "emailAddress": format!("n{nth}@example.org")});
        session.write(CREATE, json!({"request": request}))
    });
    let made = futures_util::future::join_all(writes).await;
    let mut ids: Vec<i64> = made.iter().map(|row| row["employeeID"].as_i64().unwrap()).collect();
    for (nth, row) in made.iter().enumerate() {
        assert_eq!(row["firstName"], format!("N{nth}"), "each answer is of its own write");
    }
    ids.sort_unstable();
    assert_eq!(ids, (10_301..10_325).collect::<Vec<_>>());
}

#[tokio::test]
async fn deleting_archives_what_can_be_archived() {
    let session = Session::open(small()).await;
    let deleted = session.write("mutation { crEmployeeDelete(_id: \"10001\") { _id _kind } }", json!({})).await;
    assert_eq!(deleted, json!({"_id": "10001", "_kind": "CREmployee"}));
    let count = |more: &str| {
        session.seen(&format!("{{ crEmployeePage(qualifier: \"employeeID = 10001\"{more}) {{ totalElements }} }}"))["totalElements"].clone()
    };
    assert_eq!((count(""), count(", norestrict: true")), (json!(0), json!(1)));
    assert_eq!(session.seen("{ crEmployee(_id: \"10001\") { deleted } }"), json!({"deleted": 1}));
    let url = session
        .write(
            "mutation { crUrlCreate(request: {_kind: \"CRUrl\", url: \"https://example.org/\"}) { _id } }",
            json!({}),
        )
        .await;
    let deletion = format!("mutation {{ crUrlDelete(_id: \"{}\") {{ _id }} }}", id_of(&url));
    assert_eq!(session.write(&deletion, json!({})).await, url);
    assert_eq!(session.seen(&format!("{{ crUrl(_id: \"{}\") {{ _id }} }}", id_of(&url))), Value::Null);
    assert_eq!(session.refusal(&deletion, json!({})).await.0, "NOT_FOUND");
}
