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
