use super::*;
use std::time::Duration;

#[tokio::test]
async fn basic_credentials_work_as_well_as_those_in_the_body() {
    let session = Session::open(small()).await;
    let options = session.sandbox.options();
    let url = format!("{}/auth/realms/sandbox/protocol/openid-connect/token", session.sandbox.base_url());
    let form = [("grant_type", "client_credentials"), ("scope", "urn:cx/cx5Wrapper:data:manage")];
    let request = session.client.post(url).form(&form);
    let reply = request.basic_auth(&options.client_id, Some(&options.client_secret)).send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    let reply: Value = reply.json().await.unwrap();
    assert_eq!(reply["expires_in"], 300);
    assert_eq!(reply["token_type"], "Bearer");
    assert_eq!(reply["scope"], "urn:cx/cx5Wrapper:data:manage");
    assert_eq!(reply["access_token"].as_str().unwrap().split('.').count(), 3);
}

#[tokio::test]
async fn refusals_are_keycloaks() {
    let session = Session::open(small()).await;
    let options = session.sandbox.options().clone();
    let grant = ("grant_type", "client_credentials");
    let id = ("client_id", options.client_id.as_str());
    let secret = ("client_secret", options.client_secret.as_str());
    let cases = [
        (vec![grant, ("client_id", "nobody"), secret], 401, "invalid_client"),
        (vec![grant], 401, "invalid_client"),
        (vec![grant, id, ("client_secret", "wrong")], 401, "unauthorized_client"),
        (vec![grant, id, secret, ("scope", "urn:cx/kitchen:data:manage")], 400, "invalid_scope"),
        (vec![("grant_type", "password"), id, secret], 400, "unsupported_grant_type"),
        (vec![id, secret], 400, "invalid_request"),
    ];
    for (form, status, error) in cases {
        let reply = request_token(&session.client, &session.sandbox, &form).await;
        assert_eq!(reply.status().as_u16(), status, "{error}");
        let body: Value = reply.json().await.unwrap();
        assert_eq!(body["error"], error);
        assert!(body["error_description"].is_string());
        assert!(!body.to_string().contains(&options.client_secret));
    }
}

#[tokio::test]
async fn another_realm_does_not_exist() {
    let session = Session::open(small()).await;
    let base = session.sandbox.base_url();
    let token = format!("{base}/auth/realms/elsewhere/protocol/openid-connect/token");
    let reply = session.client.post(token).form(&[("grant_type", "client_credentials")]).send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::NOT_FOUND);
    assert_eq!(reply.json::<Value>().await.unwrap(), json!({"error": "Realm does not exist"}));
}

#[tokio::test]
async fn discovery_names_the_token_endpoint() {
    let session = Session::open(small()).await;
    let base = session.sandbox.base_url();
    let url = format!("{base}/auth/realms/sandbox/.well-known/openid-configuration");
    let document: Value = session.client.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(document["token_endpoint"], format!("{base}/auth/realms/sandbox/protocol/openid-connect/token"));
}

#[tokio::test]
async fn without_a_good_token_the_answer_is_401_and_no_json() {
    let mut session = Session::open(small()).await;
    session.token = "made.up.token".to_owned();
    let reply = session.post(json!({"query": "{ __typename }"})).await;
    assert_eq!(reply.status(), StatusCode::UNAUTHORIZED);
    assert!(reply.json::<Value>().await.is_err());
    let url = format!("{}/graphql/v1/graphql", session.sandbox.base_url());
    let bare = session.client.post(url).json(&json!({"query": "{ __typename }"})).send().await.unwrap();
    assert_eq!(bare.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_token_expires_for_real() {
    let session = Session::open(Options { token_lifetime: Duration::from_millis(150), ..small() }).await;
    assert_eq!(session.post(json!({"query": "{ __typename }"})).await.status(), StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(session.post(json!({"query": "{ __typename }"})).await.status(), StatusCode::UNAUTHORIZED);
}
