//! Custom fields: listed page by page, and mapped in files only.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Answered, Keyed, Server, TempHome};

async fn put(server: &Server, keyed: &Keyed, field: &str, wanted: Value) -> Answered {
    let path = format!("/integrations/{}/custom-fields/{field}", keyed.integration);
    Answered::of(server.request(Method::PUT, &path, keyed).json(&wanted)).await
}

#[tokio::test]
async fn custom_fields_are_those_of_the_files() {
    let home = TempHome::new(&[]);
    for name in ["acme", "birch"] {
        home.connect(name, "seed: 7, candidates: 20", "overlay: acme\n");
    }
    home.write(
        "connections/acme/candidates.yaml",
        "model: candidates\ncustom_fields: { fields: { licence: \"10361\", notice: \"10362\", car: \"10363\" } }\n",
    );
    let server = home.serve(&[]);
    let (keyed, other) = (home.key("acme", "acme", &[]), home.key("birch", "birch", &["--connection", "birch"]));
    let list = format!("/integrations/{}/custom-fields", keyed.integration);
    let mut seen: Vec<Value> = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let after = cursor.as_deref().map_or(String::new(), |cursor| format!("&cursor={cursor}"));
        let data = server.get(&format!("{list}?page_size=2{after}"), &keyed).await.data().clone();
        seen.extend(data["results"].as_array().unwrap().iter().cloned());
        match data["next"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => break,
        }
    }
    let mut keys: Vec<&str> = seen.iter().map(|field| field["key"].as_str().unwrap()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["car", "licence", "notice"]);
    let licence = seen.iter().find(|field| field["key"] == "licence").unwrap();
    assert_eq!((&licence["model"], &licence["integration_field"]["key"]), (&json!("ats_candidates"), &json!("10361")));
    assert_eq!(licence["integration_field"]["type"], "CUSTOM");

    // A cursor is of use to the integration only that it was given to.
    let foreign = format!("/integrations/{}/custom-fields?cursor={}", other.integration, cursor.unwrap());
    server.get(&foreign, &other).await.error(400, json!("PLATFORM.INPUT_INVALID"));
    for wrong in ["page_size=0", "page_size=251", "page_size=x", "cursor=!", "cursor=abcd"] {
        server.get(&format!("{list}?{wrong}"), &keyed).await.error(400, json!("PLATFORM.INPUT_INVALID"));
    }

    let id = licence["id"].as_str().unwrap();
    let same = put(&server, &keyed, id, json!({"integration_field_id": licence["integration_field"]["id"]})).await;
    assert_eq!(same.data(), licence);
    for wish in [json!({"integration_field_id": null}), json!({"integration_field_id": "other"})] {
        let message = put(&server, &keyed, id, wish).await.error(400, json!("PLATFORM.INPUT_INVALID"));
        assert!(message.contains("candidates.yaml") && message.contains("licence"), "{message}");
    }
    put(&server, &keyed, id, json!({})).await.error(400, json!("PLATFORM.INPUT_INVALID"));
    put(&server, &keyed, "nothing", json!({"integration_field_id": null})).await.error(404, Value::Null);
    put(&server, &other, id, json!({"integration_field_id": null})).await.error(404, Value::Null);
}
