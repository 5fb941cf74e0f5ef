//! `crosswalk webhooks`, and what a kill leaves of messages.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::home::{TempHome, records};

const PATIENCE: Duration = Duration::from_secs(60);

/// Keeps what it is sent, and answers when it likes.
struct Receiver {
    port: u16,
    answers: Arc<AtomicBool>,
    sent: Arc<Mutex<Vec<(String, String)>>>,
}

impl Receiver {
    fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (answers, sent) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(Vec::new())));
        let (willing, kept) = (Arc::clone(&answers), Arc::clone(&sent));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (willing, kept) = (Arc::clone(&willing), Arc::clone(&kept));
                std::thread::spawn(move || receive(stream.unwrap(), &willing, &kept));
            }
        });
        Receiver { port, answers, sent }
    }

    fn sent(&self) -> Vec<(String, String)> {
        self.sent.lock().unwrap().clone()
    }
}

fn receive(mut stream: TcpStream, willing: &AtomicBool, kept: &Mutex<Vec<(String, String)>>) {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    let (signature, body) = loop {
        let count = stream.read(&mut buffer).unwrap_or(0);
        if count == 0 {
            return;
        }
        text.push_str(std::str::from_utf8(&buffer[..count]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_lowercase();
        let value =
            |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap().to_owned();
        if body.len() == value("content-length:").parse::<usize>().unwrap() {
            // The value as it came: small letters would be another one.
            let line = text.lines().find(|line| line.to_lowercase().starts_with("x-kombo-signature:")).unwrap();
            break (line.split_once(':').unwrap().1.trim().to_owned(), body.to_owned());
        }
    };
    kept.lock().unwrap().push((signature, body));
    if willing.load(Ordering::SeqCst) {
        let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
    } else {
        std::thread::sleep(PATIENCE);
    }
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn run(home: &TempHome, allow: &[&str], key: &str) -> Child {
    let mut command = home.command(&[&["run"], allow].concat());
    command.env("CROSSWALK_VAULT_KEY", key).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn endpoints_are_made_tried_and_told_and_a_kill_loses_nothing() {
    let home = TempHome::new();
    let receiver = Receiver::start();
    let port = receiver.port.to_string();
    let allow = ["--allow-http", "--allow-network", "127.0.0.1/32", "--allow-port", &port];
    let url = format!("http://127.0.0.1:{port}/hook");
    let refused = home.expect(2, &["webhooks", "add", &url]);
    assert!(refused.stderr.contains("it begins with http:"), "{}", refused.stderr);
    let arguments = [&["webhooks", "add", &url, "--json", "--event", "integration-created"], &allow[..]].concat();
    let keyless = home.expect(2, &arguments);
    assert!(
        keyless.stderr.contains("CROSSWALK_VAULT_KEY") && keyless.stderr.contains("--secret"),
        "{}",
        keyless.stderr
    );

    let key = home.expect(0, &["vault", "key"]).stdout.trim().to_owned();
    let with_key = |arguments: &[&str]| {
        let output = home.command(arguments).env("CROSSWALK_VAULT_KEY", &key).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, made) = with_key(&arguments);
    assert_eq!(code, 0);
    let made: Value = serde_json::from_str(&made).unwrap();
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap().to_owned());
    let is_signed = |(signature, body): &(String, String)| {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        *signature == URL_SAFE_NO_PAD.encode(hmac::sign(&key, body.as_bytes()))
    };
    let (code, said) = with_key(&[&["webhooks", "test", id], &allow[..]].concat());
    assert_eq!((code, said.as_str()), (0, "It took the message, with status 204\n"));
    let tried = receiver.sent.lock().unwrap().pop().unwrap();
    assert!(is_signed(&tried) && tried.1.contains("\"type\": \"test\""), "{tried:?}");
    let (code, said) = with_key(&["webhooks", "test", id]);
    assert!(code == 1 && said.contains("http:"), "{said}");

    // It is killed while it waits for the answer.
    receiver.answers.store(false, Ordering::SeqCst);
    let mut process = run(&home, &allow, &key);
    until("the endpoint is told", || !receiver.sent().is_empty());
    process.kill().unwrap();
    process.wait().unwrap();
    let list = records(&home.expect(0, &["webhooks", "list", "--json"]).stdout);
    assert_eq!((list[0]["waiting"].as_u64(), list[0]["url"].as_str()), (Some(1), Some(url.as_str())));
    assert!(!home.expect(0, &["webhooks", "list"]).stdout.contains(&secret));

    receiver.answers.store(true, Ordering::SeqCst);
    let mut process = run(&home, &allow, &key);
    until("it is told again", || receiver.sent().len() > 1);
    let deliveries = || records(&home.expect(0, &["webhooks", "deliveries", "--json"]).stdout);
    until("that it took it is kept", || deliveries()[0]["state"] == "delivered");
    let sent = receiver.sent();
    assert_eq!(sent.len(), 2);
    assert!(sent[0] == sent[1] && is_signed(&sent[0]), "{sent:?}");
    assert_eq!(deliveries()[0]["body"], sent[0].1);

    let message = deliveries()[0]["message"].as_str().unwrap().to_owned();
    home.expect(2, &["webhooks", "redeliver", "nothing"]);
    home.expect(0, &["webhooks", "redeliver", &message]);
    until("it is told once more", || receiver.sent().len() > 2);
    assert_eq!(receiver.sent()[2], sent[0]);
    process.kill().unwrap();
    process.wait().unwrap();

    assert!(with_key(&["vault", "list"]).1.contains(&format!("webhooks/{id}")));
    assert_eq!(with_key(&["webhooks", "remove", id]).0, 0);
    assert!(!with_key(&["vault", "list"]).1.contains(id));
    assert_eq!(home.expect(0, &["webhooks", "list", "--json"]).stdout, "");
    home.expect(2, &["webhooks", "remove", id]);
}
