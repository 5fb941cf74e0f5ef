//! Who may write, and how much.

use super::*;

const WRITE: &str = "mutation { crUrlCreate(request: {_kind: \"CRUrl\", url: \"https://example.org/\"}) { _id } }";
const READ: &str = "{ crMatchPage { totalElements } }";

impl Session {
    /// The same session with a token of these scopes.
    async fn with_scope(mut self, scope: &str) -> Session {
        self.token = self.token_of(scope).await.1["access_token"].as_str().unwrap().to_owned();
        self
    }

    async fn token_of(&self, scope: &str) -> (u16, Value) {
        let options = self.sandbox.options();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", options.client_id.as_str()),
            ("client_secret", options.client_secret.as_str()),
            ("scope", scope),
        ];
        let reply = request_token(&self.client, &self.sandbox, &form).await;
        (reply.status().as_u16(), reply.json().await.unwrap())
    }
}

#[tokio::test]
async fn a_token_writes_and_reads_what_its_scopes_open() {
    let denied = ("PERMISSION_DENIED".to_owned(), "Access denied".to_owned());
    let session = Session::open(small()).await.with_scope("urn:cx/cx5Wrapper:data:read").await;
    session.data(READ).await;
    assert_eq!(session.refusal(WRITE, json!({})).await, denied);
    let session = session.with_scope("urn:cx/cx5Wrapper:data/crmatch:read urn:cx/cx5Wrapper:data/crurl:manage").await;
    session.data(READ).await;
    session.data("{ crStatusInfoPage { totalElements } }").await;
    session.write(WRITE, json!({})).await;
    assert_eq!(session.refusal("{ crEmployeePage { totalElements } }", json!({})).await, denied);
    assert_eq!(session.refusal("mutation { crMatchDelete(_id: \"1.2\") { _id } }", json!({})).await, denied);
    let session = session.with_scope("openid").await;
    assert_eq!(session.refusal(READ, json!({})).await, denied);
}

#[tokio::test]
async fn a_client_gets_no_token_for_more_than_it_has() {
    let session = Session::open(Options { scopes: "urn:cx/cx5Wrapper:data:read".to_owned(), ..small() }).await;
    session.data(READ).await;
    assert_eq!(session.refusal(WRITE, json!({})).await.0, "PERMISSION_DENIED");
    let (status, reply) = session.token_of("urn:cx/cx5Wrapper:data:manage").await;
    assert_eq!((status, &reply["error"]), (400, &json!("invalid_scope")));
    assert_eq!(session.token_of("urn:cx/cx5Wrapper:data/crmatch:read").await.0, 200);
}

#[tokio::test]
async fn a_service_account_may_be_for_reading_only() {
    let session = Session::open(Options { read_only: true, ..small() }).await;
    session.data(READ).await;
    assert_eq!(session.refusal(WRITE, json!({})).await.0, "PERMISSION_DENIED");
    assert_eq!(session.sandbox.stats().mutations, 0);
}

#[tokio::test]
async fn a_body_above_ten_megabytes_is_refused() {
    let session = Session::open(small()).await;
    let mutation = "mutation($content: NSData) { crAttachmentCreate(request: {_kind: \"CRAttachment\", filePath: \"a.pdf\", \
        content: $content}) { size } }";
    let post = async |characters: usize| {
        let content = "QUJD".repeat(characters / 4);
        session.post(json!({"query": mutation, "variables": {"content": content}})).await
    };
    let taken: Value = post(9_000_000).await.json().await.unwrap();
    assert_eq!(taken["data"]["crAttachmentCreate"]["size"], 6_750_000);
    assert_eq!(post(10_600_000).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn habits_change_while_the_sandbox_runs() {
    let session = Session::open(small()).await;
    let url = format!("{}/sandbox/habits", session.sandbox.base_url());
    let put = async |body: &str| {
        let reply = session.client.put(&url).body(body.to_owned()).send().await.unwrap();
        (reply.status().as_u16(), reply.json::<Value>().await.unwrap())
    };
    let (status, habits) = put(r#"{"any_stage": true}"#).await;
    assert_eq!((status, &habits["any_stage"], &habits["plain_addresses_make_rows"]), (200, &json!(true), &json!(true)));
    assert_eq!(session.sandbox.habits(), Habits { any_stage: true, ..Habits::default() });
    assert_eq!(session.client.get(&url).send().await.unwrap().json::<Value>().await.unwrap(), habits);
    assert_eq!(put(r#"{"any_shoe": true}"#).await.0, 400);
}
