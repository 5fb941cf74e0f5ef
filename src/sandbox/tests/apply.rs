//! `crEmployeeApply`: candidates, matches, duplicates and the outbox; and what becomes of two files of one person.

use super::super::Mail;
use super::*;

const APPLY: &str = "mutation($pub: ID, $prod: ID, $nomatch: Boolean, $dedupe: Boolean, $confirm: Boolean, $notify: Boolean, \
    $dupwarn: Boolean, $dupmatch: Boolean, $template: String, $request: CREmployeeRequest!) { \
    crEmployeeApply(pub: $pub, prod: $prod, nomatch: $nomatch, dedupe: $dedupe, webConfirmDeclineEmail: $confirm, \
    webNotifyDeclineEmail: $notify, webDupwarnDeclineEmail: $dupwarn, webDupmatchDeclineEmail: $dupmatch, \
    confirmMail: $template, request: $request) { _id homeCity toMedium { _id } toSourceNode { _id } matchCount \
    newestMatch { _id motivation statusInfo { _id } toVacancy { _id isOpenApplication } toPublication { _id } } } }";

/// A live publication on the tenant's own site, whose owner has an address, with the vacancy, the owner and the medium.
fn publication(session: &Session) -> Value {
    let rows = session.seen(
        "{ crPublicationPage(pageable: {size: 100}, qualifier: \"toMedium.code = 'web' and closed = 0 and \
         toVacancy.toProductNode.dataNodeID = 1601\") { items { _id toVacancy { _id } owner { emailAddress } \
         toMedium { _id toSourceNode { _id } defaultStatusInfo { _id } } } } }",
    );
    let rows = rows["items"].as_array().unwrap().clone();
    rows.into_iter().find(|row| row["owner"]["emailAddress"].is_string()).unwrap()
}

fn person(first: &str, more: Value) -> Value {
    let mut person = json!({"_kind": "CREmployee", "firstName": first, "lastName": "Berg",
        "emailAddress": format!("{}@example.org", first.to_lowercase()), "birthDate": "1990-05-06 00:00:00",
        "homePostalCode": "3511 AB", "homeCity": "Utrecht"});
    person.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    person
}

/// The templates of the outbox, with their addresses, since the last look.
async fn mails(session: &Session) -> Vec<(String, Option<String>)> {
    let sent = session.sandbox.outbox();
    let url = format!("{}/sandbox/outbox", session.sandbox.base_url());
    let shown: Value = session.client.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(shown, serde_json::to_value(&sent).unwrap());
    assert_eq!(session.client.delete(&url).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    sent.into_iter().map(|mail: Mail| (mail.template, mail.to)).collect()
}

fn mail(template: &str, to: &Value) -> (String, Option<String>) {
    (template.to_owned(), to.as_str().map(str::to_owned))
}

#[tokio::test]
async fn an_application_makes_a_candidate_a_match_and_two_mails() {
    let session = Session::open(small()).await;
    let publication = publication(&session);
    let request = person("Ada", json!({"matches": {"items": [{"_kind": "CRMatch", "motivation": "Graag!"}]}}));
    let made = session.write(APPLY, json!({"pub": publication["_id"], "request": request})).await;
    let matched = &made["newestMatch"];
    assert_eq!((&matched["motivation"], &made["matchCount"]), (&json!("Graag!"), &json!(1)));
    assert_eq!(
        (&matched["toVacancy"]["_id"], &matched["toPublication"]["_id"]),
        (&publication["toVacancy"]["_id"], &publication["_id"])
    );
    assert_eq!(matched["statusInfo"], publication["toMedium"]["defaultStatusInfo"]);
    assert_eq!(
        (&made["toMedium"]["_id"], &made["toSourceNode"]),
        (&publication["toMedium"]["_id"], &publication["toMedium"]["toSourceNode"])
    );
    let sent = session.sandbox.outbox();
    assert_eq!((sent[0].candidate.as_str(), sent[0].application.as_deref()), (id_of(&made), matched["_id"].as_str()));
    let owner = &publication["owner"]["emailAddress"];
    assert_eq!(mails(&session).await, [mail("web-confirm", &json!("ada@example.org")), mail("web-notify", owner)]);
    assert_eq!(mails(&session).await, []);
}

#[tokio::test]
async fn mails_are_declined_one_by_one() {
    let session = Session::open(small()).await;
    let publication = publication(&session);
    let apply = async |first: &str, flags: Value| {
        let mut variables = json!({"pub": publication["_id"], "dedupe": false, "request": person(first, json!({}))});
        variables.as_object_mut().unwrap().extend(flags.as_object().unwrap().clone());
        session.write(APPLY, variables).await;
        mails(&session).await.into_iter().map(|(template, _)| template).collect::<Vec<_>>()
    };
    assert_eq!(apply("A", json!({"confirm": true})).await, ["web-notify"]);
    assert_eq!(apply("B", json!({"notify": true, "template": "eigen-bevestiging"})).await, ["eigen-bevestiging"]);
    assert_eq!(apply("C", json!({"confirm": true, "notify": true})).await, [""; 0]);
    assert_eq!(apply("D", json!({"nomatch": true})).await, ["web-confirm"]);
}

#[tokio::test]
async fn a_likely_duplicate_is_reused_and_a_possible_one_is_a_warning() {
    let session = Session::open(small()).await;
    let publication = publication(&session);
    let owner = &publication["owner"]["emailAddress"];
    let apply = async |request: Value, dedupe: bool| {
        session.write(APPLY, json!({"pub": publication["_id"], "dedupe": dedupe, "request": request})).await
    };
    let first = apply(person("Ada", json!({})), true).await;
    mails(&session).await;
    // Another address, but the last name, the postal code and the birth date are the same.
    let again =
        apply(person("Adriana", json!({"lastName": "BERG", "homePostalCode": "3511ab", "homeCity": "Zeist"})), true)
            .await;
    assert_eq!((&again["_id"], &again["homeCity"], &again["matchCount"]), (&first["_id"], &json!("Zeist"), &json!(1)));
    assert_eq!(mails(&session).await, [mail("web-dupmatch", &json!("adriana@example.org"))]);
    let doubtful = apply(person("Eva", json!({"lastName": "Dam", "homePostalCode": "3511 AB"})), true).await;
    assert_ne!(doubtful["_id"], first["_id"]);
    assert!(mails(&session).await.contains(&mail("web-dupwarn", owner)));
    // The address alone says nothing.
    let other = apply(person("Adriana", json!({"birthDate": null})), true).await;
    assert_ne!(other["_id"], first["_id"]);
    let forced = apply(person("Ada", json!({})), false).await;
    assert_ne!(forced["_id"], first["_id"]);
    session.write(&format!("mutation {{ crEmployeeDelete(_id: \"{}\") {{ _id }} }}", id_of(&first)), json!({})).await;
    let second = "mutation($request: CREmployeeRequest!) { crEmployeeCreate(dedupe: true, request: $request) { _id } }";
    let found = session.write(second, json!({"request": person("Ada", json!({"homePostalCode": "3511 AB"}))})).await;
    assert_eq!(found["_id"], forced["_id"], "archived files are not looked at");
}

#[tokio::test]
async fn an_application_without_a_match_or_without_a_publication() {
    let session = Session::open(small()).await;
    let publication = publication(&session);
    let alone = session
        .write(APPLY, json!({"pub": publication["_id"], "nomatch": true, "request": person("Ada", json!({}))}))
        .await;
    assert_eq!((&alone["matchCount"], &alone["newestMatch"]), (&json!(0), &Value::Null));
    let open =
        session.write(APPLY, json!({"prod": "1701", "request": person("Eva", json!({"birthDate": null}))})).await;
    assert_eq!(open["newestMatch"]["toVacancy"]["isOpenApplication"], 1);
    let nowhere = session.write(APPLY, json!({"request": person("Ida", json!({"birthDate": null}))})).await;
    assert_eq!(nowhere["matchCount"], 0);
    let before = session.sandbox.stats().changes;
    let unknown = session.refusal(APPLY, json!({"pub": "1", "request": person("Jo", json!({}))})).await;
    assert_eq!(unknown, ("NOT_FOUND".to_owned(), "CRPublication with _id '1' was not found".to_owned()));
    let wrong = person("Jo", json!({"matches": {"items": [{"_kind": "CRMatch", "applySource": "x".repeat(33)}]}}));
    let refused = session.refusal(APPLY, json!({"pub": publication["_id"], "request": wrong})).await;
    assert_eq!(refused.1, "The applySource property of CRMatch exceeds the maximum length of 32 characters");
    assert_eq!(session.sandbox.stats().changes, before, "nothing was made");
}

#[tokio::test]
async fn two_files_become_one() {
    let session = Session::open(small()).await;
    let publication = publication(&session);
    let url = |url: &str| json!({"urls": {"items": [{"_kind": "CRUrl", "url": url}]}, "birthDate": null});
    let leading =
        session.write(APPLY, json!({"nomatch": true, "request": person("Ada", url("https://example.org/a"))})).await;
    let following = session
        .write(APPLY, json!({"pub": publication["_id"], "request": person("Eva", url("https://example.org/b"))}))
        .await;
    let merge = "mutation($a: ID!, $b: ID!) { crEmployeeMerge(leadingID: $a, followingID: $b) { _id emailAddress \
        emailAddresses { items { emailAddress isPrimary } } urls { items { url } } matches { items { _id statusInfo { _id } } } } }";
    let merged = session.write(merge, json!({"a": leading["_id"], "b": following["_id"]})).await;
    assert_eq!((&merged["_id"], &merged["emailAddress"]), (&leading["_id"], &json!("ada@example.org")));
    assert_eq!(
        merged["emailAddresses"]["items"],
        json!([{"emailAddress": "ada@example.org", "isPrimary": 1}, {"emailAddress": "eva@example.org", "isPrimary": 0}])
    );
    assert_eq!(merged["urls"]["items"].as_array().unwrap().len(), 2);
    let expected = format!("{}.{}", id_of(&leading), id_of(&publication["toVacancy"]));
    assert_eq!(merged["matches"]["items"][0]["_id"], expected);
    let archived = session.seen(&format!("{{ crEmployee(_id: \"{}\") {{ deleted matchCount }} }}", id_of(&following)));
    assert_eq!(archived, json!({"deleted": 1, "matchCount": 0}));
}
