use super::super::Faults;
use super::super::guide::EXAMPLE;
use super::*;

#[tokio::test]
async fn the_example_query_is_answered() {
    let session = Session::open(small()).await;
    let data = session.data(EXAMPLE).await;
    assert_eq!(data["crVacancyPage"]["items"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn the_examples_name_addresses_that_answer() {
    let session = Session::open(small()).await;
    let sandbox = &session.sandbox;
    for url in [sandbox.token_url(), sandbox.endpoint()] {
        let status = session.client.post(&url).send().await.unwrap().status();
        assert_ne!(status, StatusCode::NOT_FOUND, "{url}");
        assert!(sandbox.shell_example().contains(&url));
    }
    assert!(sandbox.connection_example().contains(sandbox.base_url()));
}

#[test]
fn the_plan_in_the_guide_is_one() {
    let guide = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sandbox.md"));
    let plan = guide.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let plan = Faults::parse(plan).unwrap();
    assert_eq!(plan.rules.len(), 7);
    // Every fault is in the table.
    let names = include_str!("../faults/fault.rs").split("=> \"").skip(1).filter_map(|rest| rest.split('"').next());
    for name in names {
        assert!(guide.contains(&format!("`{name}`")) || guide.contains(&format!("`{name}: {{")), "{name}");
    }
}
