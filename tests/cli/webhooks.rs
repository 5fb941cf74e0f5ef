//! `run --webhooks`: the binary takes what a source tells, and loses nothing of it when it is killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::home::TempHome;

const PATIENCE: Duration = Duration::from_secs(60);

/// A running engine that takes webhooks. It is killed with its owner.
struct Taking {
    process: Child,
    address: String,
}

impl Taking {
    fn start(home: &TempHome) -> Taking {
        let mut command = home.command(&["run", "--webhooks", "127.0.0.1:0"]);
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let told = lines.find_map(|line| {
            let line = line.unwrap();
            Some(line.split_once("webhooks are taken at http://")?.1.split_once('/')?.0.to_owned())
        });
        // Whoever writes there is not kept waiting.
        std::thread::spawn(move || lines.for_each(drop));
        Taking { process, address: told.expect("it says where") }
    }

    /// The status of the answer.
    fn post(&self, connection: &str, body: &str, signature: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST /webhooks/{connection} HTTP/1.1\r\nHost: hooks\r\nCx-Signature: {signature}\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, sent) = answer.split_once("\r\n\r\n").unwrap();
        assert_eq!(sent, "", "answers have no body");
        head.lines().next().unwrap().to_owned()
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn status(home: &TempHome) -> Value {
    serde_json::from_str(&home.run(&["status", "--json"]).stdout).unwrap_or_default()
}

fn metrics(home: &TempHome) -> String {
    home.run(&["status", "--metrics"]).stdout
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn what_was_answered_survives_a_kill() {
    let home = TempHome::new();
    home.expect(0, &["sync", "sandbox"]);
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    home.write("key.txt", &STANDARD.encode(pair.public_key().as_der().unwrap().as_ref()));
    let file = std::fs::read_to_string(home.path().join("connections/sandbox.yaml")).unwrap();
    home.write("connections/sandbox.yaml", &format!("{file}webhooks: {{ key: \"file:key.txt\" }}\n"));
    let sign = |body: &str| {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body.as_bytes(), &mut signature).unwrap();
        STANDARD.encode(signature)
    };
    let taking = Taking::start(&home);
    let time = jiff::Timestamp::now().to_string();
    let body = json!({"id": "d-1", "time": time, "type": "cremployee:updated", "tenant": "sandbox",
                      "data": {"entityId": "no-such-person"}})
    .to_string();
    assert!(taking.post("sandbox", &body, "AAAA").contains("401"));
    assert!(taking.post("nobody", &body, &sign(&body)).contains("401"));
    assert!(taking.post("sandbox", &body, &sign(&body)).contains("200"));
    drop(taking);

    // The source does not know it, so what was told makes the next one look at all rows.
    let taking = Taking::start(&home);
    let is_synced = || status(&home)["connections"][0]["sync"]["last"].is_object();
    until("what was told before the kill is followed", is_synced);
    let gauge = "crosswalk_webhook_inbox{connection=\"sandbox\"}";
    until("the inbox is empty", || metrics(&home).contains(&format!("{gauge} 0")));
    assert!(taking.post("sandbox", &body, &sign(&body)).contains("200"), "it came before");
    assert!(taking.post("sandbox", "{", &sign("{")).contains("400"));
    let metrics = metrics(&home);
    for figure in [
        "crosswalk_webhooks_received_total{connection=\"sandbox\",outcome=\"again\"} 1",
        "crosswalk_webhooks_refused_total{connection=\"sandbox\",reason=\"malformed\"} 1",
        "crosswalk_webhook_inbox{connection=\"sandbox\"} 0",
    ] {
        assert!(metrics.contains(figure), "{figure} in\n{metrics}");
    }
}

#[test]
fn an_address_that_is_taken_is_said() {
    let home = TempHome::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = home.expect(2, &["run", "--webhooks", &address]);
    assert!(refused.stderr.contains(&format!("webhooks cannot be taken at {address}")), "{}", refused.stderr);
    let together = home.expect(2, &["run", "--no-sync", "--webhooks", &address]);
    assert!(together.stderr.contains("--no-sync"), "{}", together.stderr);
}
