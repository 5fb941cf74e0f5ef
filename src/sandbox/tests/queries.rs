use super::*;
use std::time::{Duration, Instant};

#[tokio::test]
async fn an_unknown_field_and_a_wrong_argument_are_400_with_errors() {
    let session = Session::open(small()).await;
    for query in [
        "{ crEmployeePage { items { shoeSize } } }",
        "{ crEmployeePage(ids: [1]) { size } }",
        "{ crEmployee(_id: {}) { firstName } }",
        "{ crEmployeePage { ",
        "",
    ] {
        let reply = session.post(json!({"query": query})).await;
        assert_eq!(reply.status(), StatusCode::BAD_REQUEST, "{query}");
        let body: Value = reply.json().await.unwrap();
        assert_eq!(body["errors"][0]["extensions"]["errorType"], "BAD_REQUEST", "{body}");
        assert!(body["errors"][0]["message"].is_string());
    }
    let wrong_variable = json!({"query": "query($id: ID!) { crEmployee(_id: $id) { firstName } }", "variables": {}});
    assert_eq!(session.post(wrong_variable).await.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn aliases_fragments_variables_and_operation_names_work() {
    let session = Session::open(small()).await;
    let document = "query Other { __typename } \
                    query One($id: ID!) { one: crEmployee(_id: $id) { ...names } none: crEmployee(_id: \"7\") { _id } } \
                    fragment names on CREmployee { _id _kind employeeID ... on APIResource { again: _id } }";
    let body = json!({"query": document, "operationName": "One", "variables": {"id": "10001"}});
    let answer: Value = session.post(body).await.json().await.unwrap();
    let one = json!({"_id": "10001", "_kind": "CREmployee", "employeeID": 10001, "again": "10001"});
    assert_eq!(answer, json!({"data": {"one": one, "none": null}}));
}

#[tokio::test]
async fn introspection_is_open() {
    let session = Session::open(small()).await;
    let data = session.data("{ __schema { queryType { name } } __type(name: \"CRMatch\") { fields { name } } }").await;
    assert_eq!(data["__schema"]["queryType"]["name"], "Query");
    assert!(data["__type"]["fields"].as_array().unwrap().contains(&json!({"name": "statusInfo"})));
}

#[tokio::test]
async fn a_filter_may_cross_a_to_many_relation() {
    let session = Session::open(small()).await;
    let data = session.data("{ crEmailAddressPage(pageable: {size: 1}) { items { emailAddress } } }").await;
    let address = data["crEmailAddressPage"]["items"][0]["emailAddress"].as_str().unwrap();
    let query = "query($filter: String) { crEmployeePage(norestrict: true, qualifier: $filter) \
                 { items { emailAddresses { items { emailAddress } } } } }";
    let filter = format!("toUser.emailAddresses.emailAddress = '{address}'");
    let found = session.data_with(query, json!({"filter": filter})).await;
    let people = found["crEmployeePage"]["items"].as_array().unwrap();
    assert_eq!(people.len(), 1);
    assert!(people[0].to_string().contains(address));
}

#[tokio::test]
async fn the_proven_filters_find_what_they_should() {
    let session = Session::open(small()).await;
    let count = async |query: &str, filter: &str| {
        let text = format!("query($f: String) {{ {query}(norestrict: true, qualifier: $f) {{ totalElements }} }}");
        session.data_with(&text, json!({"f": filter})).await[query]["totalElements"].as_i64().unwrap()
    };
    let everyone = count("crEmployeePage", "").await;
    let active = count("crEmployeePage", "toStatusNode.parentNodes.value = 'CandidateActiveTag'").await;
    let others = count("crEmployeePage", "toStatusNode.parentNodes.value = 'CandidateInactiveTag'").await;
    let without = count("crEmployeePage", "toStatusNode = nil").await;
    assert!(active > 0 && others > 0 && without > 0);
    assert_eq!(active + others + without, everyone);
    let recent = count("crEmployeePage", "modificationDate >= (NSCalendarDate) '2026-06-01 00:00:00 Etc/GMT'").await;
    let older = count("crEmployeePage", "modificationDate < (NSCalendarDate)'2026-06-01 02:00:00'").await;
    let never = count("crEmployeePage", "modificationDate = nil").await;
    assert_eq!(recent + older + never, everyone);
    assert_eq!(count("crEmployeePage", "_id = '10001'").await, 0);
    assert_eq!(count("crEmployeePage", "employeeID = 10001").await, 1);
    let live = "toMedium.code = 'web' AND publicationStart <= (NSCalendarDate)'2026-11-20 00:00:00' AND \
                (publicationEnd > (NSCalendarDate)'2026-11-20 00:00:00' OR publicationEnd = nil)";
    assert!(count("crPublicationPage", live).await > 0);
}

#[tokio::test]
async fn a_bad_filter_fails_its_field_only() {
    let session = Session::open(small()).await;
    let query = "{ bad: crUserPage(qualifier: \"shoeSize = 4\") { size } good: crUserPage { size } }";
    let body: Value = session.post(json!({"query": query})).await.json().await.unwrap();
    assert_eq!(body["data"], json!({"bad": null, "good": {"size": 20}}));
    let error = &body["errors"][0];
    assert_eq!(error["message"], "qualifier: unknown key `shoeSize` on `CRUser` in the key path `shoeSize`");
    assert_eq!(error["path"], json!(["bad"]));
    assert_eq!(error["extensions"]["errorType"], "BAD_REQUEST");
    let syntax = session.error("{ crUserPage(qualifier: \"deleted IN (1)\") { size } }").await;
    assert_eq!(syntax["message"], "qualifier: expected an operator at character 9");
}

#[tokio::test]
async fn language_changes_labels_and_falls_back_to_dutch() {
    let session = Session::open(small()).await;
    let value = async |language: &str| {
        let query = format!("{{ crDataNode(_id: \"404\"{language}) {{ value }} }}");
        session.data(&query).await["crDataNode"]["value"].clone()
    };
    assert_eq!(value("").await, "Detachering");
    assert_eq!(value(", language: DUTCH").await, "Detachering");
    assert_eq!(value(", language: ENGLISH").await, "Secondment");
    assert_eq!(value(", language: POLISH").await, "Detachering");
    let stages = "{ crStatusInfoPage(language: ENGLISH, qualifier: \"isDefault = 1\") { items { name statusName } } }";
    assert!(session.column(stages, "name").await.contains(&json!("Registered")));
}

#[tokio::test]
async fn data_nodes_are_listed_by_type_tag_and_parent() {
    let session = Session::open(small()).await;
    let query = "{ byType: crDataNodeListBy(type: \"Salary period\", tag: \"HourTag\") { value } \
                 byParent: crDataNodeListBy(parent: \"10362\") { value } }";
    let data = session.data(query).await;
    assert_eq!(data["byType"], json!([{"value": "Per uur"}]));
    assert_eq!(data["byParent"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn users_and_contacts_are_told_apart() {
    let session = Session::open(small()).await;
    let query = "{ office: crUserPage(ekey: user, norestrict: true) { totalElements } \
                 contacts: crContactPage { totalElements } same: crUserPage(ekey: Contact) { totalElements } \
                 all: crUserPage(norestrict: true) { totalElements } \
                 wrong: crContact(_id: \"101\") { _id } right: crUser(_id: \"101\", ekey: user) { _id } }";
    let data = session.data(query).await;
    assert_eq!(data["office"]["totalElements"], 25);
    assert_eq!(data["contacts"]["totalElements"], 30);
    assert_eq!(data["same"]["totalElements"], 30);
    assert_eq!(data["all"]["totalElements"], 355);
    assert_eq!((&data["wrong"], &data["right"]["_id"]), (&Value::Null, &json!("101")));
}

#[tokio::test]
async fn a_match_is_found_by_both_its_ends_and_its_id_joins_them() {
    let session = Session::open(small()).await;
    let data = session
        .data("{ crMatchPage(pageable: {size: 1}) { items { _id toEmployee { _id } toVacancy { _id } } } }")
        .await;
    let found = &data["crMatchPage"]["items"][0];
    let (employee, vacancy) =
        (found["toEmployee"]["_id"].as_str().unwrap(), found["toVacancy"]["_id"].as_str().unwrap());
    assert_eq!(found["_id"], format!("{employee}.{vacancy}"));
    let filter = format!("toEmployee.employeeID = {employee} AND toVacancy.vacancyID = {vacancy}");
    let query = "query($f: String, $id: ID!) { crMatchPage(qualifier: $f) { items { _id } } crMatch(_id: $id) { _id } \
                 crVacancy(_id: \"VACANCY\") { matches(pageable: {size: 100}) { items { _id } } } }";
    let data = session.data_with(&query.replace("VACANCY", vacancy), json!({"f": filter, "id": found["_id"]})).await;
    assert_eq!(data["crMatchPage"]["items"], json!([{"_id": found["_id"]}]));
    assert_eq!(data["crMatch"]["_id"], found["_id"]);
    assert!(data["crVacancy"]["matches"]["items"].as_array().unwrap().contains(&json!({"_id": found["_id"]})));
}

#[tokio::test]
async fn requests_are_counted_and_a_stopped_sandbox_is_gone() {
    let session = Session::open(small()).await;
    session.data("{ __typename }").await;
    session.post(json!({"query": "{ nothing }"})).await;
    assert_eq!(session.sandbox.requests(), 2);
    let Session { sandbox, client, .. } = session;
    let url = format!("{}/graphql/v1/graphql", sandbox.base_url());
    sandbox.stop().await;
    assert!(client.post(url).send().await.is_err());
}

#[tokio::test]
async fn dropping_a_sandbox_stops_it() {
    let Session { sandbox, .. } = Session::open(small()).await;
    let address = sandbox.base_url().trim_start_matches("http://").to_owned();
    assert!(tokio::net::TcpStream::connect(&address).await.is_ok());
    drop(sandbox);
    let gone = async {
        while tokio::net::TcpStream::connect(&address).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.unwrap();
}

#[tokio::test]
async fn latency_is_added_to_each_request() {
    let session = Session::open(Options { latency: Duration::from_millis(120), ..small() }).await;
    let begin = Instant::now();
    session.data("{ __typename }").await;
    assert!(begin.elapsed() >= Duration::from_millis(120));
}
