//! Tools and integrations: what is covered, and how a connection stands.

use serde_json::{Value, json};

use crate::server::TempHome;

fn entry<'a>(list: &'a Value, id: &str) -> &'a Value {
    list.as_array().unwrap().iter().find(|it| it["id"] == id).unwrap_or_else(|| panic!("no {id} in {list}"))
}

#[tokio::test]
async fn coverage_is_what_the_mapping_files_say() {
    let home = TempHome::new(&["acme"]);
    let server = home.serve(&[]);
    let keyed = home.key("all", "acme", &[]);
    let tools = server.get("/tools/ats", &keyed).await.data()["tools"].clone();
    let tool = entry(&tools, "carerixgraphql");
    assert_eq!((&tool["label"], &tool["paid_api_details_markdown"]), (&json!("Carerix"), &Value::Null));
    for picture in ["logo_url", "icon_url", "icon_black_url"] {
        assert!(url::Url::parse(tool["assets"][picture].as_str().unwrap()).is_ok());
    }
    let models = &tool["coverage"]["read_models"];
    let ids: Vec<&str> = models.as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["ats_users", "ats_application_stages", "ats_jobs", "ats_candidates", "ats_applications"]);
    let status = |model: &str, field: &str| entry(&entry(models, model)["fields"], field)["coverage_status"].clone();
    assert_eq!(status("ats_applications", "outcome"), "SUPPORTED");
    let coverage: Value = serde_json::from_str(&home.expect(&["coverage", "acme", "--json"])).unwrap();
    let mut compared = 0;
    for model in coverage.as_array().unwrap() {
        for field in model["fields"].as_array().unwrap() {
            let said = match field["support"].as_str().unwrap() {
                "mapped" => "SUPPORTED",
                "absent" => "UNSUPPORTED",
                _ => "NOT_IMPLEMENTED",
            };
            let model = format!("ats_{}", model["model"].as_str().unwrap());
            assert_eq!(status(&model, field["field"].as_str().unwrap()), said);
            compared += 1;
        }
    }
    assert!(compared > 50);
    assert_eq!(entry(&tool["coverage"]["features"], "passthrough")["coverage_status"], "SUPPORTED");
    assert_eq!(server.get("/tools/hris", &keyed).await.data(), &json!({"tools": []}));
    server.get("/tools/other", &keyed).await.error(400, json!("PLATFORM.INPUT_INVALID"));
    let bound = home.key("none", "acme", &["--connection", "acme"]);
    std::fs::rename(home.path().join("connections/acme.yaml"), home.path().join("gone.yaml")).unwrap();
    home.expect(&["reload"]);
    assert_eq!(server.get("/tools/ats", &bound).await.data(), &json!({"tools": []}));
}

#[tokio::test]
async fn an_integration_says_how_it_stands() {
    let home = TempHome::new(&[]);
    home.connect(
        "acme",
        "seed: 7, candidates: 20",
        "options: { models: { users: { off: true } } }\nend_user: { organization_name: Acme BV, origin_id: \"42\" }\n",
    );
    let server = home.serve(&[]);
    let keyed = home.key("all", "acme", &[]);
    let data = server.until_synced(&keyed).await;
    assert_eq!(data["id"], keyed.integration.as_str());
    assert_eq!((&data["category"], &data["status"], &data["beta"]), (&json!("ATS"), &json!("ACTIVE"), &json!(true)));
    assert_eq!(data["end_user"], json!({"organization_name": "Acme BV", "creator_email": null, "origin_id": "42"}));
    assert_eq!(data["data_expired_at"], Value::Null);
    let made = data["created_at"].as_str().unwrap();
    assert!(made.ends_with('Z') && made.len() == 24, "{made}");
    let users = entry(&data["read_models"], "ats_users");
    assert_eq!((&users["is_available"], &users["scope_config_setting"]), (&json!(false), &json!("DISABLED")));
    assert_eq!(entry(&users["fields"], "email")["is_available"], false);
    let jobs = entry(&data["read_models"], "ats_jobs");
    assert_eq!((&jobs["is_available"], &jobs["scope_config_setting"]), (&json!(true), &json!("ENABLED")));
    let raw = entry(&jobs["fields"], "remote_data");
    assert_eq!(
        (&raw["is_available"], &raw["coverage_status"]),
        (&json!(false), &json!("SUPPORTED")),
        "it is not switched on"
    );

    home.connect("acme", "seed: 7, candidates: 20", "options: { paused: true }\n");
    let data = server.until(&keyed, "it is inactive", |data| data["status"] == "INACTIVE").await;
    assert_eq!(data["created_at"], made, "that never changes");
    let message = server.post("/force-sync", &keyed, json!({})).await.error(409, Value::Null);
    assert!(message.contains("paused"), "{message}");
}

#[tokio::test]
async fn a_connection_that_never_compiled_is_there_and_not_set_up() {
    let home = TempHome::new(&["acme"]);
    home.write("connections/birch.yaml", "connector: carerix\nsandbox: { seed: 7 }\nsettings: { tenent: x }\n");
    let server = home.serve(&[]);
    let mut keyed = home.key("all", "acme", &[]);
    keyed.integration = "carerixgraphql:birch".to_owned();
    let message = server.get("/integrations/carerixgraphql:birch", &keyed).await.error(409, Value::Null);
    assert!(message.contains("do not compile"), "{message}");
}
