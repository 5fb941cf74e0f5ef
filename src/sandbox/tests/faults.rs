//! Each fault as a client meets it.

use super::super::{Faults, FaultsError};
use super::*;
use std::time::{Duration, Instant};

const PAGE: &str = "{ crVacancyPage(norestrict: true, pageable: {size: 5, sort: {property: \"vacancyID\"}}) { items { _id jobTitle } } }";
const USERS: &str = "{ crUserPage(ekey: user) { totalElements } }";

impl Session {
    async fn failing(plan: &str) -> Session {
        let session = Session::open(small()).await;
        session.sandbox.set_faults(Faults::parse(plan).unwrap()).unwrap();
        session
    }

    async fn ask(&self, query: &str) -> Response {
        self.post(json!({"query": query})).await
    }

    async fn status(&self, query: &str) -> u16 {
        self.ask(query).await.status().as_u16()
    }

    async fn body(&self, query: &str) -> Value {
        self.ask(query).await.json().await.unwrap()
    }

    async fn send(&self, query: &str) -> reqwest::Result<Response> {
        let request = self.client.post(self.sandbox.endpoint()).bearer_auth(&self.token);
        request.json(&json!({"query": query})).send().await
    }

    async fn token_reply(&self) -> Response {
        let options = self.sandbox.options();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", options.client_id.as_str()),
            ("client_secret", options.client_secret.as_str()),
        ];
        request_token(&self.client, &self.sandbox, &form).await
    }
}

fn rule(fault: &str) -> String {
    format!("rules: [{{ times: 1, do: {fault} }}]")
}

#[tokio::test]
async fn a_plan_is_yaml_or_json_and_tells_what_is_wrong_with_it() {
    let yaml = "rules:\n  - { on: token, when: { every: 2 }, do: { status: { code: 503 } } }\n  - { do: reset }\n";
    let json =
        r#"{"rules": [{"on": "token", "when": {"every": 2}, "do": {"status": {"code": 503}}}, {"do": "reset"}]}"#;
    let plan = Faults::parse(yaml).unwrap();
    assert_eq!(Faults::parse(json).unwrap(), plan);
    assert_eq!(Faults::parse(&serde_json::to_string(&plan).unwrap()).unwrap(), plan);
    assert_eq!(Faults::parse("").unwrap(), Faults::default());
    assert!(matches!(Faults::parse("rules: [{ do: fly }]"), Err(FaultsError::Unreadable(_))));
    for (plan, message) in [
        ("rules: [{ on: token, do: denied }]", "rules[0]: `denied` cannot happen on `token`"),
        ("rules: [{ do: lose }]", "rules[0]: `lose` cannot happen on `graphql`"),
        ("rules: [{ when: { every: 0 }, do: reset }]", "rules[0]: `every` counts from 1"),
        ("rules: [{ do: { html: { code: 42 } } }]", "rules[0]: 42 is no status of an answer"),
        (
            "removed_fields: [CRVacancy.shoe]",
            "removed_fields: the schema has no field `CRVacancy.shoe`, or it is named twice",
        ),
        ("poisoned: [{ type: CRShoe, id: '1' }]", "poisoned[0]: the schema has no record type `CRShoe`"),
        ("rate: { per_second: 0 }", "rate: `per_second` is a number above 0"),
    ] {
        assert_eq!(Faults::parse(plan).unwrap_err().to_string(), message);
    }
}

#[tokio::test]
async fn a_fault_befalls_the_calls_that_are_named_and_is_counted() {
    let session = Session::failing(
        "rules: [{ when: { operation: crVacancyPage, page: 0, field: jobTitle, from: 2 }, times: 1, \
         do: { status: { code: 503 } } }]",
    )
    .await;
    let second = PAGE.replace("{size: 5", "{page: 1, size: 5");
    for (query, status) in [(USERS, 200), (PAGE, 200), (&*second, 200), (PAGE, 503), (PAGE, 200)] {
        assert_eq!(session.status(query).await, status, "{query}");
    }
    let stats = session.sandbox.stats();
    assert_eq!(stats.faults["status"], 1);
    assert_eq!((stats.operations["crVacancyPage"], stats.operations["crUserPage"]), (4, 1));
    assert_eq!((stats.statuses[&200], stats.statuses[&503], stats.requests), (4, 1, 5));
}

#[tokio::test]
async fn a_page_number_may_be_a_variable() {
    let session = Session::failing("rules: [{ when: { page: 3 }, do: { status: { code: 502 } } }]").await;
    let query = "query($page: Int) { crVacancyPage(pageable: {page: $page, size: 5}) { items { _id } } }";
    for (page, status) in [(2, 200), (3, 502), (4, 200)] {
        let response = session.post(json!({"query": query, "variables": {"page": page}})).await;
        assert_eq!(response.status().as_u16(), status);
    }
    let whole = "query($p: Pageable) { crVacancyPage(pageable: $p) { items { _id } } }";
    let response = session.post(json!({"query": whole, "variables": {"p": {"page": 3}}})).await;
    assert_eq!(response.status().as_u16(), 502);
}

#[tokio::test]
async fn tokens_are_refused_in_keycloaks_ways() {
    for (fault, status, error) in [
        ("invalid_client", 401, Some("invalid_client")),
        ("invalid_scope", 400, Some("invalid_scope")),
        ("unknown_realm", 404, Some("Realm does not exist")),
        ("{ status: { code: 503, retry_after: 2 } }", 503, None),
        ("{ html: { code: 502 } }", 502, None),
        ("{ html: {} }", 200, None),
    ] {
        let session = Session::failing(&format!("rules: [{{ on: token, times: 1, do: {fault} }}]")).await;
        let reply = session.token_reply().await;
        assert_eq!(reply.status().as_u16(), status, "{fault}");
        let text = reply.text().await.unwrap();
        let body = serde_json::from_str::<Value>(&text);
        match error {
            Some(error) => assert_eq!(body.unwrap()["error"], error),
            None => assert!(body.is_err() || body.unwrap()["access_token"].is_null()),
        }
        assert_eq!(session.token_reply().await.status(), StatusCode::OK, "{fault} comes once");
    }
}

#[tokio::test]
async fn tokens_end_when_they_are_told_to() {
    let mut session = Session::failing("rules: [{ on: token, do: { lifetime: { seconds: 0 } } }]").await;
    assert_eq!(session.status(USERS).await, 200);
    let reply: Value = session.token_reply().await.json().await.unwrap();
    assert_eq!(reply["expires_in"], 0);
    reply["access_token"].as_str().unwrap().clone_into(&mut session.token);
    assert_eq!(session.status(USERS).await, 401);

    let session = Session::failing("rules: [{ when: { numbers: [2] }, do: revoke_tokens }]").await;
    assert_eq!(
        [session.status(USERS).await, session.status(USERS).await, session.status(USERS).await],
        [200, 401, 401]
    );
    assert_eq!(session.token_reply().await.status(), StatusCode::OK);

    let session = Session::open(small()).await;
    session.sandbox.revoke_tokens();
    assert_eq!(session.status(USERS).await, 401);
}

#[tokio::test]
async fn access_is_denied_as_a_status_or_on_one_field() {
    assert_eq!(Session::failing(&rule("forbidden")).await.status(USERS).await, 403);
    let session = Session::failing("rules: [{ when: { operation: crMatchPage }, do: denied }]").await;
    let matches = session.body("{ all: crMatchPage { totalElements } }").await;
    assert_eq!(matches["data"], Value::Null);
    assert_eq!(matches["errors"][0]["path"], json!(["all"]));
    assert_eq!(matches["errors"][0]["extensions"]["errorType"], "PERMISSION_DENIED");
    assert_eq!(session.status(USERS).await, 200);
    let office = session.sandbox.query(USERS).unwrap();
    let both = session.body("{ crMatchPage { totalElements } crUserPage(ekey: user) { totalElements } }").await;
    assert_eq!(both["data"], json!({"crMatchPage": null, "crUserPage": office["crUserPage"]}));
    assert_eq!(both["errors"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn throttling_has_many_forms() {
    let seconds = Session::failing(&rule("{ throttled: { retry_after: 3 } }")).await.ask(USERS).await;
    assert_eq!(
        (seconds.status(), &seconds.headers()["retry-after"]),
        (StatusCode::TOO_MANY_REQUESTS, &"3".parse().unwrap())
    );
    let date = Session::failing(&rule("{ throttled: { retry_after: 3, as_date: true } }")).await.ask(USERS).await;
    let date = date.headers()["retry-after"].to_str().unwrap().to_owned();
    assert!(date.ends_with(" GMT") && jiff::fmt::rfc2822::parse(&date).is_ok(), "{date}");
    let without = Session::failing(&rule("{ throttled: {} }")).await;
    let reply = without.ask(USERS).await;
    assert!(reply.status() == 429 && reply.headers().get("retry-after").is_none());
    assert_eq!(without.sandbox.stats().throttled, 1);
    for (detail, status) in [("TOO_MANY_REQUESTS", 200), ("ENHANCE_YOUR_CALM", 200), ("THROTTLED_CPU", 503)] {
        let fault = format!("{{ error: {{ error_type: UNAVAILABLE, error_detail: {detail}, status: {status} }} }}");
        let reply = Session::failing(&rule(&fault)).await.ask(USERS).await;
        assert_eq!(reply.status().as_u16(), status);
        let body: Value = reply.json().await.unwrap();
        assert_eq!(body["data"], Value::Null);
        assert_eq!(body["errors"][0]["extensions"]["errorDetail"], detail);
    }
}

#[tokio::test]
async fn bodies_are_damaged() {
    let damaged = async |fault: &str| Session::failing(&rule(fault)).await.ask(PAGE).await;
    let whole = Session::open(small()).await.ask(PAGE).await.bytes().await.unwrap();

    let reply = damaged("truncated").await;
    assert_eq!(reply.status(), StatusCode::OK);
    assert_eq!(reply.bytes().await.unwrap(), whole[..whole.len() / 2]);
    let text = damaged("invalid_json").await.text().await.unwrap();
    assert!(text.len() > whole.len() && serde_json::from_str::<Value>(&text).is_err());
    let bytes = damaged("invalid_utf8").await.bytes().await.unwrap();
    assert!(std::str::from_utf8(&bytes).is_err());
    let reply = damaged("{ html: {} }").await;
    assert_eq!(reply.headers()["content-type"], "text/html; charset=utf-8");
    assert!(reply.status() == 200 && reply.text().await.unwrap().contains("<html>"));
    let reply = damaged("{ empty: {} }").await;
    assert!(reply.status() == 200 && reply.bytes().await.unwrap().is_empty());
    let reply = damaged("{ content_type: { value: text/plain } }").await;
    assert_eq!(reply.headers()["content-type"], "text/plain");
    assert_eq!(reply.bytes().await.unwrap(), whole);
}

#[tokio::test]
async fn connections_are_reset_before_the_body_and_in_it() {
    let session = Session::failing("rules: [{ times: 1, do: reset }]").await;
    let error = session.send(PAGE).await.unwrap_err();
    assert!(error.is_request(), "{error:?}");
    assert!(format!("{error:?}").contains("reset"), "{error:?}");
    assert_eq!(session.status(PAGE).await, 200);

    let session = Session::failing("rules: [{ times: 1, do: reset_in_body }]").await;
    let reply = session.send(PAGE).await.unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    let error = reply.bytes().await.unwrap_err();
    assert!(format!("{error:?}").contains("reset"), "{error:?}");
    assert_eq!(session.status(PAGE).await, 200);
}

#[tokio::test]
async fn answers_come_late_or_stop_in_their_middle() {
    let begin = Instant::now();
    assert_eq!(Session::failing(&rule("{ delay: { ms: 150 } }")).await.status(PAGE).await, 200);
    assert!(begin.elapsed() >= Duration::from_millis(150));

    let session = Session::failing(&rule("{ stall: { ms: 150 } }")).await;
    let begin = Instant::now();
    let mut reply = session.ask(PAGE).await;
    let length = reply.content_length().unwrap();
    let first = reply.chunk().await.unwrap().unwrap();
    assert_eq!(first.len() as u64, length / 2);
    let rest = reply.bytes().await.unwrap();
    assert!(begin.elapsed() >= Duration::from_millis(150));
    assert!(serde_json::from_slice::<Value>(&[first, rest].concat()).is_ok());
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_stall() {
    let session = Session::failing(&rule("{ stall: { ms: 600000 } }")).await;
    let reply = session.ask(PAGE).await;
    tokio::time::timeout(Duration::from_secs(20), session.sandbox.stop()).await.unwrap();
    drop(reply);
}

#[tokio::test]
async fn parts_of_an_answer_are_missing_with_an_error_each() {
    let session = Session::failing(
        "rules: [{ do: { partial: { paths: [crVacancyPage.items.1.jobTitle, crVacancyPage.items.#1003] } } }]",
    )
    .await;
    let whole = session.sandbox.query(PAGE).unwrap();
    let body = session.body(PAGE).await;
    let rows = &body["data"]["crVacancyPage"]["items"];
    assert_eq!(rows[0], whole["crVacancyPage"]["items"][0]);
    assert_eq!(rows[1], json!({"_id": "1002", "jobTitle": null}));
    assert_eq!(rows[2], Value::Null);
    let paths: Vec<&Value> = body["errors"].as_array().unwrap().iter().map(|error| &error["path"]).collect();
    assert_eq!(paths, [&json!(["crVacancyPage", "items", 1, "jobTitle"]), &json!(["crVacancyPage", "items", 2])]);
    let all = "rules: [{ do: { partial: { paths: ['crVacancyPage.items.*'] } } }]";
    let body = Session::failing(all).await.body(PAGE).await;
    assert_eq!(body["errors"].as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn fields_go_from_the_schema_and_come_back() {
    let session = Session::failing("removed_fields: [CRVacancy.jobTitle, CRVacancy.fte]").await;
    let reply = session.ask(PAGE).await;
    assert_eq!(reply.status(), StatusCode::BAD_REQUEST);
    let error = reply.json::<Value>().await.unwrap()["errors"][0].take();
    assert_eq!(
        error["message"],
        "Validation error (FieldUndefined@[crVacancyPage/items/jobTitle]) : Field 'jobTitle' in type 'CRVacancy' is undefined"
    );
    assert_eq!(error["extensions"]["classification"], "ValidationError");
    assert_eq!(error["locations"][0]["line"], 1);
    let fields = "{ __type(name: \"CRVacancy\") { fields { name } } }";
    let shown = session.body(fields).await.to_string();
    assert!(!shown.contains("\"jobTitle\"") && !shown.contains("\"fte\"") && shown.contains("\"vacancyID\""));
    let fragment = "{ crVacancyPage { items { ...some } } } fragment some on CRVacancy { number: fte jobTitle }";
    let errors = session.body(fragment).await["errors"].as_array().unwrap().len();
    assert_eq!(errors, 2);
    assert_eq!(session.status("{ crVacancyPage { items { _id } } }").await, 200);
    session.sandbox.set_faults(Faults::default()).unwrap();
    assert_eq!(session.status(PAGE).await, 200);
    assert!(session.body(fields).await.to_string().contains("\"jobTitle\""));
}

#[tokio::test]
async fn a_field_goes_between_two_pages() {
    let session = Session::failing(
        "rules:\n  - { when: { numbers: [2] }, do: { remove_fields: { fields: [CRVacancy.jobTitle] } } }\n  \
         - { when: { numbers: [4] }, do: { restore_fields: { fields: [CRVacancy.jobTitle] } } }\n",
    )
    .await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(session.status(PAGE).await);
    }
    assert_eq!(seen, [200, 400, 400, 200]);
    assert_eq!(session.sandbox.faults().removed_fields, Vec::<String>::new());
}

#[tokio::test]
async fn a_query_can_cost_too_much() {
    let plan =
        "cost: { budget: 0.02, weights: { CRStatusInfo: 0.01, additionalInfo: 0.5, CRVacancy.jobTitle: 0.001 } }";
    let session = Session::failing(plan).await;
    assert_eq!(session.status(PAGE).await, 200);
    assert_eq!(session.status("{ crMatchPage { items { _id statusInfo { _id } } } }").await, 200);
    let wide = "{ crMatchPage { items { _id statusInfo { _id } toEmployee { _id } } } }";
    let reply = session.ask(wide).await;
    assert_eq!(reply.status(), StatusCode::BAD_REQUEST);
    let message = reply.json::<Value>().await.unwrap()["errors"][0]["message"].clone();
    assert_eq!(message, "maximum query complexity exceeded 0.025 > 0.020");
    assert_eq!(session.status("{ crVacancyPage { items { additionalInfo } } }").await, 400);
    assert_eq!(session.sandbox.stats().faults["cost"], 2);

    let session = Session::failing("cost: { budget: 1.0, multiply: true }").await;
    let sized =
        |size: u32| format!("{{ crMatchPage(pageable: {{size: {size}}}) {{ items {{ toEmployee {{ _id }} }} }} }}");
    assert_eq!((session.status(&sized(10)).await, session.status(&sized(100)).await), (200, 400));
}

#[tokio::test]
async fn a_poisoned_row_spoils_every_answer_with_it() {
    let session = Session::failing("poisoned: [{ type: CRVacancy, id: '1003' }]").await;
    let sort = "sort: {property: \"vacancyID\"}";
    let page = |page: u32, size: u32| {
        format!(
            "{{ crVacancyPage(norestrict: true, pageable: {{page: {page}, size: {size}, {sort}}}) {{ items {{ _id }} }} }}"
        )
    };
    let body = session.body(&page(0, 5)).await;
    assert_eq!(body["data"], Value::Null);
    assert_eq!(body["errors"][0]["extensions"]["errorType"], "INTERNAL");
    assert_eq!(body["errors"][0]["path"], json!(["crVacancyPage"]));
    for (nth, size, spoiled) in [(1, 5, false), (0, 2, false), (1, 2, true), (2, 1, true), (3, 1, false)] {
        let body = session.body(&page(nth, size)).await;
        assert_eq!(body["data"].is_null(), spoiled, "page {nth} of {size}");
    }
    assert!(session.body("{ crVacancy(_id: \"1003\") { _id } }").await["data"].is_null());
    assert!(!session.body("{ crVacancy(_id: \"1004\") { _id } }").await["data"].is_null());
    // Through another record only when that is asked for.
    let nested = "{ crPublicationPage(norestrict: true, qualifier: \"toVacancy.vacancyID = 1003\") { items { toVacancy { _id } } } }";
    assert!(!session.body(nested).await["data"].is_null());
    session
        .sandbox
        .set_faults(Faults::parse("poisoned: [{ type: CRVacancy, id: '1003', nested: true }]").unwrap())
        .unwrap();
    assert!(session.body("{ crMatchPage(norestrict: true, qualifier: \"toVacancy.vacancyID = 1003\") { items { toVacancy { _id } } } }").await["data"].is_null());
}

#[tokio::test]
async fn a_poisoned_field_leaves_the_id_readable() {
    let session = Session::failing(
        "poisoned: [{ type: CRVacancy, id: '1003', only_when_selecting: [notes, jobTitle], html: true }]",
    )
    .await;
    let one = |fields: &str| format!("{{ crVacancy(_id: \"1003\") {{ {fields} }} }}");
    assert_eq!(session.status(PAGE).await, 500);
    assert_eq!(session.status(&one("_id jobTitle")).await, 500);
    assert_eq!(session.status(&one("_id vacancyID deleted")).await, 200);
    assert_eq!(session.sandbox.stats().faults["poisoned"], 2);
}

#[tokio::test]
async fn too_many_requests_are_refused_with_the_time_to_wait() {
    let session = Session::failing("rate: { per_second: 0.01, burst: 2 }").await;
    assert_eq!([session.status(USERS).await, session.status(USERS).await], [200, 200]);
    let reply = session.ask(USERS).await;
    assert_eq!(reply.status(), StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = reply.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((60..=100).contains(&wait), "{wait}");
    let stats = session.sandbox.stats();
    assert_eq!((stats.throttled, stats.faults["rate_limit"]), (1, 1));
}

#[tokio::test]
async fn too_many_requests_at_once_are_refused() {
    let session = Session::failing("concurrency: { limit: 2 }\nrules: [{ do: { delay: { ms: 900 } } }]").await;
    let (first, second, third) = tokio::join!(session.body(USERS), session.body(USERS), session.body(USERS));
    let refused: Vec<Value> = [first, second, third].into_iter().filter(|body| body["errors"].is_array()).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["errors"][0]["extensions"]["errorDetail"], "THROTTLED_CONCURRENCY");
    assert!(session.sandbox.stats().max_concurrent >= 3);
    assert!(session.body(USERS).await["errors"].is_null());
}

#[tokio::test]
async fn a_fault_after_the_effect_lets_it_happen() {
    let session =
        Session::failing("rules: [{ on: token, after: true, times: 1, do: { status: { code: 504 } } }]").await;
    let before = session.sandbox.stats().tokens;
    assert_eq!(session.token_reply().await.status().as_u16(), 504);
    assert_eq!(session.sandbox.stats().tokens, before + 1);
}
