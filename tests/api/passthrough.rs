//! The passthrough: native calls of the source, with the credentials of the connection and nothing else of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::server::{Answered, Keyed, Server, TempHome};

const PATH: &str = "/passthrough/carerixgraphql/graphql";
const QUERY: &str = "{ crUserPage(pageable: { page: 0, size: 1 }) { totalElements items { _id } } }";

async fn pass(server: &Server, keyed: &Keyed, asked: Value) -> Answered {
    server.post(PATH, keyed, asked).await
}

#[tokio::test]
async fn the_source_is_asked_and_answers_whatever_it_says() {
    let home = TempHome::new(&["acme"]);
    let server = home.serve(&[]);
    let keyed = home.key("all", "acme", &[]);
    let asked = json!({"method": "POST", "path": "/graphql", "data": {"query": QUERY}});
    let answered = pass(&server, &keyed, asked).await;
    let data = answered.data();
    assert_eq!((&data["status"], &answered.body["warnings"]), (&json!(200), &json!([])), "{data}");
    assert!(data["data"]["data"]["crUserPage"]["totalElements"].as_u64() > Some(0), "{data}");
    assert!(data["url"].as_str().unwrap().ends_with("/graphql/v1/graphql"));
    assert!(data["headers"]["content-type"].as_str().unwrap().starts_with("application/json"));

    // What goes wrong there goes well here.
    let wrong = pass(&server, &keyed, json!({"method": "GET", "path": "nothing/here", "params": {"a": "b c"}})).await;
    assert_eq!(wrong.data()["status"], 404);
    assert!(wrong.data()["url"].as_str().unwrap().ends_with("/graphql/v1/nothing/here?a=b+c"));

    let raw = json!({
        "method": "POST", "path": "/graphql", "data": json!({"query": QUERY}).to_string(),
        "headers": {"Content-Type": "application/json", "Authorization": "Bearer mine", "X-Other": "1", "Host": "evil"},
        "response_as_base64": true,
    });
    let answered = pass(&server, &keyed, raw).await;
    let body = STANDARD.decode(answered.data()["data"].as_str().unwrap()).unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert!(body["data"]["crUserPage"]["items"].is_array(), "the connection's own credentials count: {body}");
    let warned: Vec<&str> =
        answered.body["warnings"].as_array().unwrap().iter().map(|it| it["message"].as_str().unwrap()).collect();
    assert_eq!(warned.len(), 3, "{warned:?}");
    assert!(warned.iter().any(|message| message.contains("`Authorization`")));
}

#[tokio::test]
async fn no_request_leaves_what_may_be_asked() {
    let home = TempHome::new(&["acme"]);
    let server = home.serve(&[]);
    let keyed = home.key("all", "acme", &[]);
    for path in ["/../../auth/realms", "//example.org/", "https://example.org", "/%2e%2e/x", "\\\\example.org", "/a#b"]
    {
        let refused = pass(&server, &keyed, json!({"method": "GET", "path": path})).await;
        let message = refused.error(400, json!("PLATFORM.INPUT_INVALID"));
        assert!(message.contains("`path`"), "{message}");
    }
    for wrong in [
        json!({"path": "/graphql"}),
        json!({"method": "TRACE", "path": "/graphql"}),
        json!({"method": "GET", "path": "/graphql", "headers": {"a": 1}}),
        json!({"method": "POST", "path": "/x", "multipart_form_data": [{"name": "f", "value": {"name": "n", "data": "*"}}]}),
        json!({"method": "POST", "path": "/x", "data": "a", "multipart_form_data": []}),
    ] {
        pass(&server, &keyed, wrong).await.error(400, json!("PLATFORM.INPUT_INVALID"));
    }
    for elsewhere in ["/passthrough/carerixgraphql/rest", "/passthrough/other/graphql"] {
        let message =
            server.post(elsewhere, &keyed, json!({"method": "GET", "path": "/"})).await.error(404, Value::Null);
        assert!(message.contains("carerixgraphql/graphql"), "{message}");
    }
}

#[tokio::test]
async fn a_source_that_is_away_is_no_code_of_the_closed_list() {
    let home = TempHome::new(&["acme"]);
    home.write(
        "connections/away.yaml",
        "connector: carerix\nsettings: { tenant: x, realm: x, identity: \"http://127.0.0.1:9\", api: \"http://127.0.0.1:9\" }\n\
         credentials: { client_id: \"file:id\", client_secret: \"file:secret\" }\noptions: { paused: true }\n\
         limits: { attempts: 1 }\n",
    );
    home.write(
        "connections/none.yaml",
        "connector: carerix\nsettings: { tenant: x, realm: x }\n\
         credentials: { client_id: \"file:nothing\", client_secret: \"file:nothing\" }\noptions: { paused: true }\n",
    );
    home.write("id", "id");
    home.write("secret", "secret");
    let server = home.serve(&[]);
    let away = home.key("away", "away", &[]);
    let asked = json!({"method": "POST", "path": "/graphql", "data": {}});
    pass(&server, &away, asked.clone()).await.error(503, Value::Null);
    let none = Keyed { integration: "carerixgraphql:none".to_owned(), ..away };
    let message = pass(&server, &none, asked).await.error(409, Value::Null);
    assert!(message.contains("credentials") && !message.contains("nothing"), "{message}");
}
