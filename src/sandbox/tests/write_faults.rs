//! Writes whose answers are lost, and writes that never happened.

use super::super::Faults;
use super::*;
use std::time::Duration;

const CREATE: &str =
    "mutation($mark: String) { crEmployeeCreate(request: {_kind: \"CREmployee\", importID: $mark}) { _id } }";

async fn failing(plan: &str) -> Session {
    let session = Session::open(small()).await;
    session.sandbox.set_faults(Faults::parse(plan).unwrap()).unwrap();
    session
}

impl Session {
    /// Whether the client learns that a candidate with this mark was made.
    async fn is_told(&self, mark: &str) -> bool {
        let request = self.client.post(self.sandbox.endpoint()).bearer_auth(&self.token);
        let body = json!({"query": CREATE, "variables": {"mark": mark}});
        let Ok(response) = request.json(&body).timeout(Duration::from_millis(1_500)).send().await else { return false };
        let is_fine = response.status() == StatusCode::OK;
        let body: Value = response.json().await.unwrap_or_default();
        is_fine && body["data"]["crEmployeeCreate"]["_id"].is_string() && body["errors"].is_null()
    }

    fn is_made(&self, mark: &str) -> bool {
        self.seen(&format!("{{ crEmployeePage(qualifier: \"importID = '{mark}'\") {{ totalElements }} }}"))["totalElements"]
            == 1
    }
}

/// Faults that can come before a write and after it.
const BOTH_WAYS: &[&str] = &[
    "reset",
    "{ status: { code: 502 } }",
    "{ html: { code: 504 } }",
    "{ html: { code: 200 } }",
    "{ empty: { code: 200 } }",
    "unauthorized",
    "{ throttled: { retry_after: 1 } }",
    "{ error: { error_type: INTERNAL } }",
    "{ error: { error_type: UNAVAILABLE, error_detail: SERVICE_ERROR, status: 503 } }",
];

#[tokio::test]
async fn an_answer_is_lost_before_the_effect_or_after_it() {
    for fault in BOTH_WAYS {
        for after in [false, true] {
            let plan = format!(
                "rules: [{{ when: {{ operation: crEmployeeCreate }}, times: 1, after: {after}, do: {fault} }}]"
            );
            let session = failing(&plan).await;
            assert!(!session.is_told("first").await, "{plan}");
            assert_eq!(session.is_made("first"), after, "{plan}");
            assert_eq!(session.sandbox.stats().mutations, u64::from(after));
            assert!(session.is_told("second").await && session.is_made("second"));
        }
    }
}

#[tokio::test]
async fn an_answer_that_breaks_on_its_way_is_of_a_write_that_happened() {
    for fault in ["reset_in_body", "truncated", "invalid_json", "invalid_utf8", "{ stall: { ms: 4000 } }"] {
        let session = failing(&format!("rules: [{{ when: {{ mutation: true }}, times: 1, do: {fault} }}]")).await;
        assert!(!session.is_told("first").await, "{fault}");
        assert!(session.is_made("first"), "{fault}");
    }
}

#[tokio::test]
async fn a_delay_after_the_effect_lets_the_client_give_up_in_vain() {
    let session =
        failing("rules: [{ when: { mutation: true }, times: 1, after: true, do: { delay: { ms: 4000 } } }]").await;
    assert!(!session.is_told("first").await);
    assert!(session.is_made("first"));
}

#[tokio::test]
async fn the_nth_mutation_is_chosen_among_queries() {
    let session = failing("rules: [{ when: { mutation: true, numbers: [3] }, after: true, do: reset }]").await;
    let mut told = Vec::new();
    for nth in 0..4 {
        session.data("{ crMatchPage { totalElements } }").await;
        told.push(session.is_told(&format!("mark-{nth}")).await);
        assert!(session.is_made(&format!("mark-{nth}")));
    }
    assert_eq!(told, [true, true, false, true]);
    let session = failing("rules: [{ when: { mutation: false }, do: { status: { code: 503 } } }]").await;
    assert!(session.is_told("mark").await, "queries only");
}

#[tokio::test]
async fn an_error_on_one_of_two_root_fields_is_before_or_after_its_effect() {
    let two = "mutation { a: crEmployeeCreate(request: {_kind: \"CREmployee\", importID: \"a\"}) { _id } \
        b: crUrlCreate(request: {_kind: \"CRUrl\", url: \"https://example.org/b\"}) { _id } }";
    for after in [false, true] {
        let plan = format!(
            "rules: [{{ when: {{ operation: crUrlCreate }}, after: {after}, do: {{ error: {{ error_type: INTERNAL }} }} }}]"
        );
        let session = failing(&plan).await;
        let body: Value = session.post(json!({"query": two})).await.json().await.unwrap();
        assert!(body["data"]["a"]["_id"].is_string() && body["data"]["b"].is_null());
        assert_eq!((&body["errors"][0]["path"], body["errors"].as_array().unwrap().len()), (&json!(["b"]), 1));
        assert!(session.is_made("a"));
        let urls = session.seen("{ crUrlPage(qualifier: \"url = 'https://example.org/b'\") { totalElements } }");
        assert_eq!(urls["totalElements"], i64::from(after));
    }
}
