//! Lists, links, notes and files.

use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const UPDATE: &str = "mutation($id: ID!, $request: CREmployeeRequest!) { crEmployeeUpdate(_id: $id, request: $request) { \
    _id modificationDate toUser { _id } urls { items { _id url toUrlLabel { tag } toUser { _id } } } \
    emailAddresses { items { _id emailAddress isPrimary toEmailAddressLabel { value } } } \
    phoneNumbers { items { _id phoneNumber sourceEntityName } } level1Functions { items { value } } \
    workHistories { items { _id function employer } } mostRecentWorkHistory { function } currentEmployerName \
    attachments { items { _id label } } emailAddress emailAddressBusiness } }";

async fn candidate(session: &Session) -> String {
    let request = json!({"_kind": "CREmployee", "lastName": "Berg", "emailAddress": "berg@example.org"});
    let mutation = "mutation($request: CREmployeeRequest!) { crEmployeeCreate(request: $request) { _id } }";
    id_of(&session.write(mutation, json!({"request": request})).await).to_owned()
}

fn items(rows: Value) -> Value {
    json!({"items": rows})
}

fn tagged(tag: &str) -> Value {
    json!({"_kind": "CRDataNode", "_lookup": {"key": "tags", "value": tag}})
}

async fn update(session: &Session, id: &str, member: &str, rows: Value) -> Value {
    let request = json!({"_kind": "CREmployee", member: items(rows)});
    session.write(UPDATE, json!({"id": id, "request": request})).await
}

#[tokio::test]
async fn items_are_appended_changed_and_taken_out() {
    let session = Session::open(small()).await;
    let id = candidate(&session).await;
    let url = |url: &str| json!({"_kind": "CRUrl", "url": url, "toUrlLabel": tagged("UrlLinkedInTag")});
    update(&session, &id, "urls", json!([url("https://example.org/a")])).await;
    let two = update(&session, &id, "urls", json!([url("https://example.org/b")])).await;
    let rows = two["urls"]["items"].as_array().unwrap().clone();
    assert_eq!(
        rows.iter().map(|row| &row["url"]).collect::<Vec<_>>(),
        ["https://example.org/a", "https://example.org/b"]
    );
    assert_eq!((&rows[0]["toUrlLabel"]["tag"], &rows[0]["toUser"]), (&json!("UrlLinkedInTag"), &two["toUser"]));
    let changed = json!([{"_kind": "CRUrl", "_id": rows[0]["_id"], "url": "https://example.org/c"}]);
    let changed = update(&session, &id, "urls", changed).await;
    assert_eq!(changed["urls"]["items"][0]["url"], "https://example.org/c");
    assert_eq!(changed["urls"]["items"].as_array().unwrap().len(), 2);
    let gone = json!([{"_kind": "CRUrl", "_id": rows[0]["_id"], "_remove": true}]);
    let left = update(&session, &id, "urls", gone).await;
    assert_eq!(left["urls"]["items"], json!([rows[1]]));
    assert!(left["modificationDate"].is_null(), "children do not touch the candidate");
    assert_eq!(session.seen(&format!("{{ crUrl(_id: \"{}\") {{ _id }} }}", id_of(&rows[0]))), Value::Null);

    session.sandbox.set_habits(Habits { children_touch_parents: true, ..Habits::default() });
    let user = id_of(&left["toUser"]);
    let mutation = "mutation($request: CRUrlRequest!) { crUrlCreate(request: $request) { _id url } }";
    let request = json!({"_kind": "CRUrl", "url": "https://example.org/d", "toUser": link("CRUser", user)});
    session.write(mutation, json!({"request": request})).await;
    let seen =
        session.seen(&format!("{{ crEmployee(_id: \"{id}\") {{ modificationDate urls {{ items {{ url }} }} }} }}"));
    assert_eq!(seen["urls"]["items"][1]["url"], "https://example.org/d");
    assert!(seen["modificationDate"].is_string());
}

#[tokio::test]
async fn addresses_have_rows_and_plain_names() {
    let session = Session::open(small()).await;
    let id = candidate(&session).await;
    let business = json!({"_kind": "CRDataNode", "_lookup": {"key": "value", "value": "Zakelijk"}});
    let row = json!({"_kind": "CREmailAddress", "emailAddress": "berg@example.com", "toEmailAddressLabel": business});
    let written = update(&session, &id, "emailAddresses", json!([row])).await;
    let rows = &written["emailAddresses"]["items"];
    assert_eq!((&rows[0]["emailAddress"], &rows[0]["isPrimary"]), (&json!("berg@example.org"), &json!(1)));
    assert_eq!((&rows[1]["emailAddress"], &rows[1]["isPrimary"]), (&json!("berg@example.com"), &json!(0)));
    assert_eq!(
        (&written["emailAddress"], &written["emailAddressBusiness"]),
        (&json!("berg@example.org"), &json!("berg@example.com"))
    );
    let primary = json!([{"_kind": "CREmailAddress", "_id": rows[1]["_id"], "isPrimary": 1}]);
    let switched = update(&session, &id, "emailAddresses", primary).await;
    assert_eq!(switched["emailAddress"], "berg@example.com");
    assert_eq!(switched["emailAddresses"]["items"][0]["isPrimary"], 0);
    let user = session.seen(&format!(
        "{{ crUser(_id: \"{}\") {{ emailAddress emailAddresses {{ totalElements }} }} }}",
        id_of(&written["toUser"])
    ));
    assert_eq!(user, json!({"emailAddress": "berg@example.com", "emailAddresses": {"totalElements": 2}}));
    let phones =
        update(&session, &id, "phoneNumbers", json!([{"_kind": "CRPhoneNumber", "phoneNumber": "+31 6 0000 0001"}]))
            .await;
    assert_eq!(phones["phoneNumbers"]["items"][0]["phoneNumber"], "+31 6 0000 0001");
}

#[tokio::test]
async fn a_position_without_dates_is_the_present_one() {
    let session = Session::open(small()).await;
    let with_history =
        "{ crEmployeePage(pageable: {size: 1}, qualifier: \"workHistories.function != nil\") { items { _id } } }";
    let id = id_of(&session.seen(with_history)["items"][0]).to_owned();
    let row = json!({"_kind": "CRWorkHistory", "function": "Timmerman", "employer": "Bouwbedrijf"});
    let written = update(&session, &id, "workHistories", json!([row])).await;
    assert_eq!(
        (&written["mostRecentWorkHistory"]["function"], &written["currentEmployerName"]),
        (&json!("Timmerman"), &json!("Bouwbedrijf"))
    );
    assert!(written["workHistories"]["items"].as_array().unwrap().len() > 1, "the others are there still");
}

#[tokio::test]
async fn a_lookup_links_a_node_of_the_list_of_the_field() {
    let session = Session::open(small()).await;
    let mutation = "mutation($request: CREmployeeRequest!) { crEmployeeCreate(request: $request) { toLanguageNode { _id } \
        toSourceNode { _id } toMinSalaryPeriodNode { _id } level1Functions { items { value } } } }";
    let node = |key: &str, value: &str| json!({"_kind": "CRDataNode", "_lookup": {"key": key, "value": value}});
    let request = json!({"_kind": "CREmployee", "toLanguageNode": node("value", "Nederlands"), "toSourceNode": node("value", "Referral"),
        "toMinSalaryPeriodNode": node("tag", "MonthTag"), "level1Functions": items(json!([node("value", "ICT"), node("value", "Zorg")]))});
    let made = session.write(mutation, json!({"request": request})).await;
    assert_eq!(
        made,
        json!({"toLanguageNode": {"_id": "101"}, "toSourceNode": {"_id": "1904"}, "toMinSalaryPeriodNode": {"_id": "501"},
            "level1Functions": {"items": [{"value": "ICT"}, {"value": "Zorg"}]}})
    );
    let unknown = json!({"request": {"_kind": "CREmployee", "toSourceNode": node("value", "Krant")}});
    assert_eq!(session.refusal(mutation, unknown.clone()).await.1, "toSourceNode: no CRDataNode has the value 'Krant'");
    session.sandbox.set_habits(Habits { failed_lookups_are_null: true, ..Habits::default() });
    assert_eq!(session.write(mutation, unknown).await["toSourceNode"], Value::Null);
}

#[tokio::test]
async fn a_note_has_a_body_and_links() {
    let session = Session::open(small()).await;
    let id = candidate(&session).await;
    let mutation = "mutation($request: CRToDoRequest!) { crToDoCreate(ekey: note, request: $request) { _id todoID isNote isTask \
        isHTML subject notesAsTextConvertedFromHTML toNotes { _id notes notesHash } toEmployee { _id } toVacancy { _id } creationDate } }";
    let request = json!({"_kind": "CRToDo", "subject": "Gebeld", "isHTML": 1, "importID": "key-1",
        "toNotes": {"_kind": "CRToDoNotes", "notes": "<p>Belt &amp; mailt</p>"},
        "toEmployee": link("CREmployee", &id), "toVacancy": link("CRVacancy", "1001")});
    let note = session.write(mutation, json!({"request": request})).await;
    assert_eq!((&note["isNote"], &note["isTask"], &note["isHTML"]), (&json!(1), &json!(0), &json!(1)));
    assert_eq!(note["notesAsTextConvertedFromHTML"], "Belt & mailt");
    assert_eq!(
        (&note["toNotes"]["notes"], &note["toEmployee"]["_id"]),
        (&json!("<p>Belt &amp; mailt</p>"), &json!(id))
    );
    assert_eq!(note["toNotes"]["notesHash"].as_str().unwrap().len(), 64);
    let task = session
        .write(&mutation.replace("ekey: note", "ekey: task"), json!({"request": {"_kind": "CRToDo", "subject": "Bel"}}))
        .await;
    let found = |call: &str| session.seen(&format!("{{ {call} {{ items {{ _id }} }} }}"))["items"].clone();
    assert_eq!(found("crNotePage"), json!([{"_id": note["_id"]}]));
    assert_eq!(found("crToDoPage(ekey: task)"), json!([{"_id": task["_id"]}]));
    for qualifier in ["importID = 'key-1'", &format!("toEmployee.employeeID = {id}"), "toNotes.notes like '*mailt*'"] {
        assert_eq!(
            found(&format!("crToDoPage(ekey: note, qualifier: \"{qualifier}\")")),
            json!([{"_id": note["_id"]}]),
            "{qualifier}"
        );
    }
    let todos = session.seen(&format!("{{ crEmployee(_id: \"{id}\") {{ _todos {{ items {{ _id }} }} }} }}"));
    assert_eq!(todos["_todos"]["items"], json!([{"_id": note["_id"]}]));
    // The body of a note changes in place.
    let change = "mutation($id: ID!, $request: CRToDoRequest!) { crToDoUpdate(_id: $id, request: $request) { toNotes { _id notes } } }";
    let request = json!({"_kind": "CRToDo", "toNotes": {"_kind": "CRToDoNotes", "notes": "Anders"}});
    let changed = session.write(change, json!({"id": note["_id"], "request": request})).await;
    assert_eq!(changed, json!({"toNotes": {"_id": note["toNotes"]["_id"], "notes": "Anders"}}));
    session.write(&format!("mutation {{ crToDoDelete(_id: \"{}\") {{ _id }} }}", id_of(&note)), json!({})).await;
    assert_eq!(found("crNotePage"), json!([]));
    assert_eq!(found("crNotePage(norestrict: true)"), json!([{"_id": note["_id"]}]));
}

#[tokio::test]
async fn files_are_kept_and_linked() {
    let session = Session::open(small()).await;
    let id = candidate(&session).await;
    let bytes: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    let file = json!({"_kind": "CRAttachment", "filePath": "Lebenslauf Ærø.PDF", "label": "CV", "toTypeNode": tagged("CVTag"),
        "content": STANDARD.encode(&bytes)});
    let before = session.seen("{ crAttachmentPage { totalElements } }")["totalElements"].as_i64().unwrap();
    let written = update(&session, &id, "attachments", json!([file.clone()])).await;
    let attachment = id_of(&written["attachments"]["items"][0]).to_owned();
    let seen = session.seen(&format!(
        "{{ crAttachment(_id: \"{attachment}\") {{ filePath downloadName displayName size attachmentSize attachmentMimeType content valid \
         toAttachmentData {{ content contentHash }} }} }}"
    ));
    assert_eq!((&seen["size"], &seen["attachmentSize"], &seen["valid"]), (&json!(5_000), &json!(5_000.0), &json!(1)));
    assert_eq!(
        (&seen["attachmentMimeType"], &seen["downloadName"]),
        (&json!("application/pdf"), &json!("Lebenslauf Ærø.PDF"))
    );
    assert_eq!((&seen["content"], &seen["toAttachmentData"]["content"]), (&file["content"], &file["content"]));
    assert_eq!(seen["toAttachmentData"]["contentHash"].as_str().unwrap().len(), 64);
    assert_eq!(session.seen("{ crAttachmentPage { totalElements } }")["totalElements"], before + 1);
    let cv =
        session.seen(&format!("{{ crAttachmentForCREmployeeBy(crEmployee: \"{id}\", tag: \"CVTag\") {{ _id }} }}"));
    assert_eq!(cv["_id"], attachment);
    let linked = format!(
        "{{ crEmployeeAttachmentPage(qualifier: \"toEmployee.employeeID = {id}\") {{ items {{ toAttachment {{ _id }} }} }} }}"
    );
    assert_eq!(session.seen(&linked)["items"], json!([{"toAttachment": {"_id": attachment}}]));
    let broken = json!({"id": id, "request": {"_kind": "CREmployee", "attachments": items(json!([{"_kind": "CRAttachment",
        "filePath": "a.pdf", "content": "kein base64"}]))}});
    assert_eq!(session.refusal(UPDATE, broken).await.1, "CRAttachment.content: this is not base64");
    let gone = json!([{"_kind": "CRAttachment", "_id": attachment, "_remove": true}]);
    assert_eq!(update(&session, &id, "attachments", gone).await["attachments"]["items"], json!([]));
    assert_eq!(session.seen(&linked)["items"], json!([]));
    assert_eq!(
        session.seen(&format!("{{ crAttachment(_id: \"{attachment}\") {{ _id }} }}"))["_id"],
        attachment,
        "the file stays"
    );
}

#[tokio::test]
async fn rows_that_link_files_show_at_their_ends() {
    let session = Session::open(small()).await;
    let matched = id_of(&session.seen("{ crMatchPage(pageable: {size: 1}) { items { _id } } }")["items"][0]).to_owned();
    let (first, second) = matched.split_once('.').unwrap();
    let file = json!({"_kind": "CRAttachment", "filePath": "brief.docx", "toAttachmentData": {"_kind": "CRAttachmentData", "content": "YWJj"}});
    let mutation = "mutation($request: CRObjectAttachmentRequest!) { crObjectAttachmentCreate(request: $request) { _id toAttachment { _id size } } }";
    let request = json!({"_kind": "CRObjectAttachment", "objectEntityName": "CRMatch", "objectID1": first.parse::<i64>().unwrap(),
        "objectID2": second.parse::<i64>().unwrap(), "toAttachment": file});
    let row = session.write(mutation, json!({"request": request})).await;
    assert_eq!(row["toAttachment"]["size"], 3);
    let query = format!(
        "{{ crMatch(_id: \"{matched}\") {{ attachmentCount attachments {{ items {{ _id }} }} allAttachments {{ items {{ sourceEntityName detail {{ _id }} source {{ ... on CRMatch {{ _id }} }} }} }} }} }}"
    );
    let seen = session.seen(&query);
    assert_eq!(
        (&seen["attachmentCount"], &seen["attachments"]["items"][0]["_id"]),
        (&json!(1), &row["toAttachment"]["_id"])
    );
    assert_eq!(
        seen["allAttachments"]["items"],
        json!([{"sourceEntityName": "CRMatch", "detail": {"_id": row["toAttachment"]["_id"]}, "source": {"_id": matched}}])
    );
    session
        .write(&format!("mutation {{ crObjectAttachmentDelete(_id: \"{}\") {{ _id }} }}", id_of(&row)), json!({}))
        .await;
    assert_eq!(session.seen(&query)["attachments"]["items"], json!([]));
}

#[tokio::test]
async fn a_new_node_is_an_option_with_a_text_in_each_language() {
    let session = Session::open(small()).await;
    let text = |value: &str, language: &str| json!({"_kind": "CRDataNodeValue", "value": value, "toLanguageNode": link("CRDataNode", language)});
    let source = session.seen("{ crNodeTypePage(qualifier: \"name = 'Bron-Kandidaat'\") { items { _id } } }");
    let request = json!({"_kind": "CRDataNode", "type": link("CRNodeType", id_of(&source["items"][0])), "exportCode": "KR",
        "values": items(json!([text("Krant", "101"), text("Newspaper", "102")]))});
    let mutation =
        "mutation($request: CRDataNodeRequest!) { crDataNodeCreate(request: $request) { _id dataNodeID value } }";
    let node = session.write(mutation, json!({"request": request})).await;
    assert_eq!(node["value"], "Krant");
    let english = session.seen(&format!(
        "{{ crDataNode(_id: \"{}\", language: ENGLISH) {{ value exportCode type {{ name }} }} }}",
        id_of(&node)
    ));
    assert_eq!(english, json!({"value": "Newspaper", "exportCode": "KR", "type": {"name": "Bron-Kandidaat"}}));
    let options = session.seen("{ crDataNodeListBy(type: \"Candidate source\") { value } }");
    assert!(options.as_array().unwrap().contains(&json!({"value": "Krant"})));
    let lookup = json!({"_kind": "CREmployee", "toSourceNode": {"_kind": "CRDataNode", "_lookup": {"key": "value", "value": "Krant"}}});
    let linked =
        "mutation($request: CREmployeeRequest!) { crEmployeeCreate(request: $request) { toSourceNode { _id } } }";
    assert_eq!(session.write(linked, json!({"request": lookup})).await["toSourceNode"]["_id"], node["_id"]);
}
