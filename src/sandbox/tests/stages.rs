//! Matches: one for each pair, with stages that follow each other.

use super::*;

const CREATE: &str = "mutation($request: CRMatchRequest!) { crMatchCreate(request: $request) { _id toEmployee { _id } \
    toVacancy { _id } toCompany { _id } toMedium { _id } toSourceNode { value } owner { _id } statusInfo { _id name } \
    creationDate statusInfoModificationDate notes } }";
const MOVE: &str = "mutation($id: ID!, $stage: ID!) { crMatchUpdate(_id: $id, request: {_kind: \"CRMatch\", \
    statusInfo: {_kind: \"CRStatusInfo\", _id: $stage}}) { _id statusInfo { _id } modificationDate \
    attributeChangesForStatusInfo { items { oldValue value attributeOldValue { ... on CRStatusInfo { _id } } \
    attributeValue { ... on CRStatusInfo { _id } } id1 id2 } } } }";

/// A vacancy of the first procedure with a publication on the medium, and a candidate without a match on it.
fn vacancy(session: &Session) -> String {
    let query = "{ crVacancyPage(pageable: {size: 1}, qualifier: \"toProductNode.dataNodeID = 1601 and isTemplate = 0 and \
        publications.toMedium.code = 'web'\") { items { _id } } }";
    id_of(&session.seen(query)["items"][0]).to_owned()
}

async fn candidate(session: &Session) -> String {
    let mutation = "mutation { crEmployeeCreate(request: {_kind: \"CREmployee\", lastName: \"Berg\"}) { _id } }";
    id_of(&session.write(mutation, json!({})).await).to_owned()
}

fn pair(candidate: &str, vacancy: &str) -> Value {
    json!({"_kind": "CRMatch", "toEmployee": link("CREmployee", candidate), "toVacancy": link("CRVacancy", vacancy)})
}

#[tokio::test]
async fn a_match_begins_in_the_default_stage_of_the_procedure() {
    let session = Session::open(small()).await;
    let (candidate, vacancy) = (candidate(&session).await, vacancy(&session));
    let made = session.write(CREATE, json!({"request": pair(&candidate, &vacancy)})).await;
    assert_eq!(made["_id"], format!("{candidate}.{vacancy}"));
    assert_eq!((&made["statusInfo"]["_id"], &made["statusInfo"]["name"]), (&json!("21"), &json!("Nieuw")));
    assert!(made["statusInfoModificationDate"].is_string() && made["notes"].is_null());
    let company = session.seen(&format!("{{ crVacancy(_id: \"{vacancy}\") {{ toCompany {{ _id }} }} }}"));
    assert_eq!(made["toCompany"], company["toCompany"]);
    let newest =
        session.seen(&format!("{{ crEmployee(_id: \"{candidate}\") {{ newestMatch {{ _id }} matchCount }} }}"));
    assert_eq!(newest, json!({"newestMatch": {"_id": made["_id"]}, "matchCount": 1}));
    let found = session.seen(&format!(
        "{{ crMatchPage(qualifier: \"toEmployee.employeeID = {candidate} AND toVacancy.vacancyID = {vacancy}\") {{ items {{ _id }} }} }}"
    ));
    assert_eq!(found["items"], json!([{"_id": made["_id"]}]));
}

#[tokio::test]
async fn a_publication_gives_the_stage_the_medium_and_the_owner() {
    let session = Session::open(small()).await;
    let (candidate, vacancy) = (candidate(&session).await, vacancy(&session));
    let found = session.seen(&format!(
        "{{ crPublicationPage(norestrict: true, qualifier: \"toVacancy.vacancyID = {vacancy} and toMedium.code = 'web'\") \
         {{ items {{ _id owner {{ _id }} toMedium {{ _id defaultStatusInfo {{ _id }} toSourceMatchNode {{ value }} }} }} }} }}"
    ));
    let publication = &found["items"][0];
    let request = json!({"_kind": "CRMatch", "toEmployee": link("CREmployee", &candidate),
        "toPublication": link("CRPublication", id_of(publication))});
    let made = session.write(CREATE, json!({"request": request})).await;
    assert_eq!(made["toVacancy"]["_id"], vacancy);
    assert_eq!(made["statusInfo"]["_id"], publication["toMedium"]["defaultStatusInfo"]["_id"]);
    assert_eq!((&made["owner"], &made["toMedium"]["_id"]), (&publication["owner"], &publication["toMedium"]["_id"]));
    assert_eq!(made["toSourceNode"], publication["toMedium"]["toSourceMatchNode"]);
}

#[tokio::test]
async fn a_pair_has_one_match() {
    let session = Session::open(small()).await;
    let (candidate, vacancy) = (candidate(&session).await, vacancy(&session));
    let request = json!({"request": pair(&candidate, &vacancy)});
    let first = session.write(CREATE, request.clone()).await;
    let refused = session.refusal(CREATE, request.clone()).await;
    let id = id_of(&first);
    assert_eq!(
        refused,
        ("FAILED_PRECONDITION".to_owned(), format!("The candidate is on the vacancy already: CRMatch {id}"))
    );
    session.sandbox.set_habits(Habits { second_match_is_reused: true, ..Habits::default() });
    let mut again = request.clone();
    again["request"]["notes"] = json!("Nogmaals");
    let reused = session.write(CREATE, again).await;
    assert_eq!(
        (&reused["_id"], &reused["notes"], &reused["creationDate"]),
        (&first["_id"], &json!("Nogmaals"), &first["creationDate"])
    );
    let deletion = format!("mutation {{ crMatchDelete(_id: \"{id}\") {{ _id _kind }} }}");
    assert_eq!(session.write(&deletion, json!({})).await, json!({"_id": id, "_kind": "CRMatch"}));
    assert_eq!(session.seen(&format!("{{ crMatch(_id: \"{id}\") {{ _id }} }}")), Value::Null);
    session.sandbox.set_habits(Habits::default());
    assert_eq!(session.write(CREATE, request).await["_id"], id, "the pair is free again");
    let missing = session
        .refusal(CREATE, json!({"request": {"_kind": "CRMatch", "toVacancy": link("CRVacancy", &vacancy)}}))
        .await;
    assert_eq!(missing.1, "The toEmployee property of CRMatch must not be null");
}

#[tokio::test]
async fn a_stage_is_of_the_procedure_and_follows_the_present_one() {
    let session = Session::open(small()).await;
    let (candidate, vacancy) = (candidate(&session).await, vacancy(&session));
    let id = session.write(CREATE, json!({"request": pair(&candidate, &vacancy)})).await["_id"].clone();
    let refusal = async |stage: &str| session.refusal(MOVE, json!({"id": id, "stage": stage})).await;
    let refused = |text: &str| ("FAILED_PRECONDITION".to_owned(), text.to_owned());
    assert_eq!(
        refusal("29").await,
        refused("The status '12.0 Intake' does not belong to the procedure of the vacancy")
    );
    assert_eq!(refusal("24").await, refused("The status '4.1 Gesprek bij klant' cannot follow '1.0 Nieuw'"));
    let moved = session.write(MOVE, json!({"id": id, "stage": "22"})).await;
    assert_eq!((&moved["statusInfo"]["_id"], moved["modificationDate"].is_string()), (&json!("22"), true));
    let rejected = session.write(MOVE, json!({"id": id, "stage": "27"})).await;
    let history = rejected["attributeChangesForStatusInfo"]["items"].as_array().unwrap();
    let steps: Vec<_> = history
        .iter()
        .map(|row| (row["attributeOldValue"]["_id"].clone(), row["attributeValue"]["_id"].clone()))
        .collect();
    assert_eq!(steps, [(Value::Null, json!("21")), (json!("21"), json!("22")), (json!("22"), json!("27"))]);
    assert_eq!(
        (&history[2]["value"], &history[2]["id1"]),
        (&json!("Afgewezen"), &json!(candidate.parse::<i64>().unwrap()))
    );
    assert_eq!(refusal("22").await.0, "FAILED_PRECONDITION", "nothing follows an end");
    session.sandbox.set_habits(Habits { any_stage: true, ..Habits::default() });
    assert_eq!(session.write(MOVE, json!({"id": id, "stage": "29"})).await["statusInfo"]["_id"], "29");
}

#[tokio::test]
async fn the_order_in_a_match_id_can_be_the_other() {
    let habits = Habits { vacancy_first_in_match_ids: true, ..Habits::default() };
    let session = Session::open(Options { habits, ..small() }).await;
    let (candidate, vacancy) = (candidate(&session).await, vacancy(&session));
    let made = session.write(CREATE, json!({"request": pair(&candidate, &vacancy)})).await;
    assert_eq!(made["_id"], format!("{vacancy}.{candidate}"));
    let moved = session.write(MOVE, json!({"id": made["_id"], "stage": "22"})).await;
    assert_eq!(moved["statusInfo"]["_id"], "22");
}

#[tokio::test]
async fn the_ends_of_a_match_stay() {
    let session = Session::open(small()).await;
    let (candidate, vacancy) = (candidate(&session).await, vacancy(&session));
    let id = session.write(CREATE, json!({"request": pair(&candidate, &vacancy)})).await["_id"].clone();
    let mutation =
        "mutation($id: ID!, $request: CRMatchRequest!) { crMatchUpdate(_id: $id, request: $request) { notes } }";
    let mut request = pair("10001", &vacancy);
    let refused = session.refusal(mutation, json!({"id": id, "request": request})).await;
    assert_eq!(refused.1, "The toEmployee property of CRMatch cannot be changed");
    request["toEmployee"] = link("CREmployee", &candidate);
    request["notes"] = json!("Ok");
    assert_eq!(session.write(mutation, json!({"id": id, "request": request})).await["notes"], "Ok");
}
