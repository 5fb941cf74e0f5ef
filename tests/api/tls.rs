//! TLS by flags.

use std::path::Path;

use reqwest::Certificate;

use crate::server::{Answered, ROOT, Server, TempHome};

fn file(name: &str) -> String {
    Path::new(ROOT).join("tests/api/tls").join(name).to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_certificate_and_its_key_encrypt() {
    let home = TempHome::new(&["acme"]);
    let authority = Certificate::from_pem(&std::fs::read(file("authority.pem")).unwrap()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
    let (chain, key) = (file("chain.pem"), file("key.pem"));
    let command = home.command(&["serve", "127.0.0.1:0", "--tls-cert", &chain, "--tls-key", &key]);
    let server = Server::start(command, client);
    assert!(server.base.starts_with("https://127.0.0.1:"), "{}", server.base);
    let keyed = home.key("all", "acme", &[]);
    server.get("/check-api-key", &keyed).await.data();
    let plain = server.root().replace("https://", "http://");
    assert!(server.client.get(format!("{plain}/healthz")).send().await.is_err());
    let stranger = reqwest::Client::new();
    assert!(stranger.get(format!("{}/healthz", server.root())).send().await.is_err(), "nobody trusts the authority");
    let answered = Answered::of(server.client.get(format!("{}/healthz", server.root()))).await;
    assert!(answered.status.is_success());
}

#[test]
fn files_that_are_of_no_use_are_said() {
    let home = TempHome::new(&["acme"]);
    let (chain, key) = (file("chain.pem"), file("key.pem"));
    for (flags, says) in [
        (vec!["--tls-cert", &chain], "--tls-key"),
        (vec!["--tls-cert", &key, "--tls-key", &key], "has no certificate"),
        (vec!["--tls-cert", &chain, "--tls-key", &chain], "has no private key"),
        (vec!["--tls-cert", "nowhere.pem", "--tls-key", &key], "nowhere.pem"),
    ] {
        let refused = home.run(&[&["serve", "127.0.0.1:0"], flags.as_slice()].concat());
        assert_eq!(refused.status.code(), Some(2), "{flags:?}");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains(says), "{flags:?}: {said}");
    }
}
