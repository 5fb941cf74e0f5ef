//! Fetching from small servers on this machine, and from addresses that nothing may be fetched from.

mod addresses;
mod coming;
mod decoding;
mod kinds;
mod names;
mod refused;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A server on this machine that writes what it likes.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers requests for a path with what `answer` writes.
    async fn start<F, A>(answer: F) -> Server
    where
        F: Fn(String, TcpStream) -> A + Send + Sync + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
        let (counted, kept, answer) = (Arc::clone(&connections), Arc::clone(&requests), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
                tokio::spawn(async move {
                    let request = head(&mut stream).await;
                    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                    kept.lock().unwrap().push(request);
                    answer(path, stream).await;
                });
            }
        });
        Server { address, connections, requests }
    }

    /// One that always answers with the same bytes.
    async fn saying(answer: impl Into<Vec<u8>>) -> Server {
        let answer = answer.into();
        Server::start(move |_, mut stream| {
            let answer = answer.clone();
            async move {
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// A reach that has this server in it, and nothing else of this machine.
    fn reach(&self) -> Reach {
        Reach { exceptions: vec!["127.0.0.1/32".parse().unwrap()], http: true, ports: vec![self.address.port()] }
    }

    fn guard(&self) -> Guard {
        Guard::new(self.reach())
    }
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut buffer = [0; 1024];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => break,
            Ok(count) => head.extend_from_slice(&buffer[..count]),
        }
    }
    String::from_utf8(head).unwrap()
}

/// Names and what they lead to, one answer after the other; the last one stays.
#[derive(Debug, Default)]
struct Names {
    answers: HashMap<&'static str, Vec<Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

impl Names {
    fn new(names: &[(&'static str, &[&[&str]])]) -> Arc<Names> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        let answers = names.iter().map(|(name, answers)| (*name, answers.iter().map(parse).collect())).collect();
        Arc::new(Names { answers, asked: Mutex::default() })
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

impl Lookup for Names {
    fn look_up(&self, name: String) -> BoxFuture<'static, Looked> {
        let mut asked = self.asked.lock().unwrap();
        let before = asked.iter().filter(|earlier| **earlier == name).count();
        let answer = match self.answers.get(name.trim_end_matches('.')) {
            Some(answers) => Ok(answers[before.min(answers.len() - 1)].clone()),
            None => Err(std::io::Error::other("no such name")),
        };
        asked.push(name);
        Box::pin(async move { answer })
    }
}

/// A fetcher with a folder of its own.
struct Fetching {
    fetcher: Fetcher,
    folder: TempDir,
}

impl Fetching {
    fn through(guard: Guard) -> Fetching {
        let folder = TempDir::new().unwrap();
        Fetching { fetcher: Fetcher::new(guard, folder.path().join("files")).unwrap(), folder }
    }

    async fn fetch(&self, url: &str) -> Result<File, FetchError> {
        self.fetcher.fetch(url, Said::default(), &Bounds::default()).await
    }

    /// Files in the folder.
    fn files(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("files")).unwrap().count()
    }
}
