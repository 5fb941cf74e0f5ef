//! The sandbox's own endpoints.

use super::*;
use reqwest::Method;

impl Session {
    async fn own(&self, method: Method, path: &str, body: &str) -> (u16, Value) {
        let url = format!("{}/sandbox/{path}", self.sandbox.base_url());
        let response = self.client.request(method, url).body(body.to_owned()).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }
}

#[tokio::test]
async fn faults_are_set_shown_and_taken_back() {
    let session = Session::open(small()).await;
    let (status, plan) = session.own(Method::PUT, "faults", "rules:\n  - do: { status: { code: 502 } }\n").await;
    assert_eq!((status, &plan["rules"][0]["do"]["status"]["code"]), (200, &json!(502)));
    assert_eq!(session.own(Method::GET, "faults", "").await, (200, plan));
    assert_eq!(session.post(json!({"query": "{ __typename }"})).await.status().as_u16(), 502);
    assert_eq!(session.own(Method::GET, "stats", "").await.1["faults"], json!({"status": 1}));
    let (status, refused) = session.own(Method::PUT, "faults", "rules: [{ do: lose }]").await;
    assert_eq!((status, refused), (400, json!({"error": "rules[0]: `lose` cannot happen on `graphql`"})));
    assert_eq!(session.own(Method::DELETE, "faults", "").await.0, 204);
    session.data("{ __typename }").await;
    assert_eq!(session.own(Method::DELETE, "tokens", "").await.0, 204);
    assert_eq!(session.post(json!({"query": "{ __typename }"})).await.status().as_u16(), 401);
}

#[tokio::test]
async fn records_are_made_changed_and_removed() {
    let session = Session::open(small()).await;
    let (status, made) = session.own(Method::POST, "records/CREmployee", r#"{"firstName": "Aagje"}"#).await;
    assert_eq!(status, 201);
    let made = &made["changes"][1];
    assert_eq!(made, &json!({"type": "CREmployee", "id": "10301", "change": "created", "fields": ["firstName"]}));
    let path = "records/CREmployee/10301";
    assert_eq!(session.own(Method::POST, path, r#"{"firstName": "Bea"}"#).await.0, 200);
    assert_eq!(session.own(Method::GET, path, "").await.1["firstName"], "Bea");
    let asked =
        session.own(Method::POST, "query", r#"{"query": "{ crEmployee(_id: \"10301\") { firstName } }"}"#).await;
    assert_eq!(asked, (200, json!({"data": {"crEmployee": {"firstName": "Bea"}}})));
    assert_eq!(session.own(Method::DELETE, path, "").await.0, 200);
    assert_eq!(session.own(Method::GET, path, "").await.0, 404);
    for (path, body, status) in [
        ("records/CRShoe", "{}", 404),
        ("records/CRUrl", "{}", 400),
        ("records/CREmployee/1", "{}", 404),
        ("records/CREmployee/10001", "{\"shoe\": 1}", 400),
        ("records/CREmployee/10001", "no", 400),
        ("churn", "{\"shoes\": 1}", 400),
    ] {
        let (found, body) = session.own(Method::POST, path, body).await;
        assert_eq!(found, status, "{path}");
        assert!(body["error"].is_string(), "{path}");
    }
}

#[tokio::test]
async fn churn_is_asked_for() {
    let session = Session::open(small()).await;
    let body = r#"{"seed": 4, "edits": 5, "inserts": 4, "archives": 2, "deletes": 3}"#;
    let (status, changed) = session.own(Method::POST, "churn", body).await;
    assert_eq!(status, 200);
    assert!(changed["changes"].as_array().unwrap().len() >= 12, "{changed}");
    let counted = session.sandbox.stats().changes;
    assert!(counted["created"] >= 4 && counted["updated"] >= 6 && counted["deleted"] >= 3, "{counted:?}");
}
