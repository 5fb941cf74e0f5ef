//! Files that come, and some that do not.

use std::time::Duration;

use super::*;

fn ok(head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n{head}\r\n\r\n");
    [head.replace("\r\n\r\n\r\n", "\r\n\r\n").as_bytes(), body].concat()
}

fn short() -> Bounds {
    Bounds { max_size: 1000, timeout: Duration::from_millis(600), idle: Duration::from_millis(200), types: Vec::new() }
}

#[tokio::test]
async fn a_file_comes_byte_by_byte_and_is_gone_when_it_is_dropped() {
    let body: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
    let server = Server::saying(ok("content-type: Application/PDF; charset=binary", &body)).await;
    let fetching = Fetching::through(server.guard());
    let file = fetching.fetch(&server.url("/files/cv%20jan.pdf?token=x")).await.unwrap();
    assert_eq!((file.name.as_str(), file.content_type.as_str()), ("cv jan.pdf", "application/pdf"));
    assert_eq!(file.size, 3_000_000);
    assert_eq!(file.read().await.unwrap(), body);
    assert_eq!(file.sha256, aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &body).as_ref());
    let again = fetching.fetcher.decode(&file.base64().await.unwrap(), Said::default(), &Bounds::default()).await;
    assert_eq!(again.unwrap().sha256, file.sha256);
    #[cfg(unix)]
    {
        let mode =
            |path: &Path| std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions());
        assert_eq!(mode(file.path()) & 0o777, 0o600);
        assert_eq!(mode(file.path().parent().unwrap()) & 0o777, 0o700);
    }
    assert_eq!(fetching.files(), 1);
    drop(file);
    assert_eq!(fetching.files(), 0);
}

#[tokio::test]
async fn nothing_is_sent_but_the_address() {
    let server = Server::saying(ok("set-cookie: a=b", b"text")).await;
    let fetching = Fetching::through(server.guard());
    for _ in 0..2 {
        fetching.fetch(&server.url("/a?b=c#d")).await.unwrap();
    }
    let requests = server.requests.lock().unwrap();
    let names = |request: &String| -> Vec<String> {
        request.lines().skip(1).filter_map(|line| line.split_once(':')).map(|(name, _)| name.to_lowercase()).collect()
    };
    assert!(requests[0].starts_with("GET /a?b=c HTTP/1.1\r\n"));
    for request in &*requests {
        assert!(
            names(request)
                .iter()
                .all(|name| { ["accept", "accept-encoding", "user-agent", "host"].contains(&name.as_str()) }),
            "{request}"
        );
        assert!(request.to_lowercase().contains("accept-encoding: identity"));
    }
    // Each request has a connection of its own, which was looked at.
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn what_is_said_counts_more_than_what_the_server_says() {
    let disposition = "content-disposition: attachment; filename=\"server.pdf\"; filename*=UTF-8''na%C3%AFve.pdf";
    let server = Server::saying(ok(&format!("content-type: text/plain\r\n{disposition}"), b"hello")).await;
    let fetching = Fetching::through(server.guard());
    let file = fetching.fetch(&server.url("/a")).await.unwrap();
    assert_eq!((file.name.as_str(), file.content_type.as_str()), ("naïve.pdf", "text/plain"));
    let said = Said { name: Some("../cv.docx"), content_type: Some("application/msword") };
    let file = fetching.fetcher.fetch(&server.url("/a"), said, &Bounds::default()).await.unwrap();
    assert_eq!((file.name.as_str(), file.content_type.as_str()), ("cv.docx", "application/msword"));
}

#[tokio::test]
async fn a_size_is_refused_when_it_is_announced_and_when_it_comes() {
    let announced = Server::start(|_, mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n").await;
        std::future::pending::<()>().await;
    })
    .await;
    let fetching = Fetching::through(announced.guard());
    let refused = fetching.fetcher.fetch(&announced.url("/"), Said::default(), &short()).await.unwrap_err();
    assert_eq!(refused, FetchError::TooLarge { limit: 1000, announced: Some(1001) });

    let endless = Server::start(|_, mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
        while stream.write_all(b"10\r\n0123456789abcdef\r\n").await.is_ok() {}
    })
    .await;
    let fetching = Fetching::through(endless.guard());
    let refused = fetching.fetcher.fetch(&endless.url("/"), Said::default(), &short()).await.unwrap_err();
    assert_eq!(refused, FetchError::TooLarge { limit: 1000, announced: None });
    assert_eq!(fetching.files(), 0);

    let just = Server::saying(ok("", &[b'a'; 1000])).await;
    let fetching = Fetching::through(just.guard());
    assert_eq!(fetching.fetcher.fetch(&just.url("/"), Said::default(), &short()).await.unwrap().size, 1000);
}

#[tokio::test]
async fn a_length_that_lies_yields_no_half_a_file() {
    let cut = Server::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this".to_vec()).await;
    let error = Fetching::through(cut.guard()).fetch(&cut.url("/")).await.unwrap_err();
    assert!(matches!(&error, FetchError::BrokenOff(_)) && error.is_transient(), "{error:?}");

    // What comes after the announced length is no part of the answer.
    let more = Server::saying(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nonly this".to_vec()).await;
    let fetching = Fetching::through(more.guard());
    let file = fetching.fetch(&more.url("/")).await.unwrap();
    assert_eq!(file.read().await.unwrap(), b"only");

    let two = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\ncontent-length: 9\r\n\r\nonly this".to_vec();
    let two = Server::saying(two).await;
    let error = Fetching::through(two.guard()).fetch(&two.url("/")).await.unwrap_err();
    assert!(matches!(error, FetchError::BrokenOff(_)), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_slow_is_not_waited_for() {
    let silent = Server::start(|_, mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhi").await;
        std::future::pending::<()>().await;
    })
    .await;
    let fetching = Fetching::through(silent.guard());
    let error = fetching.fetcher.fetch(&silent.url("/"), Said::default(), &short()).await.unwrap_err();
    assert_eq!(error, FetchError::Stalled { after: short().idle, received: 2 });

    // One that sends a byte now and then, of its head or of the file, never stalls and is late.
    for start in ["HTTP/1.1 200 OK\r\nx: ", "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n"] {
        let trickling = Server::start(move |_, mut stream| async move {
            let _ = stream.write_all(start.as_bytes()).await;
            while stream.write_all(b"a").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        let fetching = Fetching::through(trickling.guard());
        let error = fetching.fetcher.fetch(&trickling.url("/"), Said::default(), &short()).await.unwrap_err();
        assert_eq!(error, FetchError::Late { after: short().timeout });
        assert_eq!(fetching.files(), 0);
    }
}

#[tokio::test]
async fn what_is_not_the_file_is_refused() {
    for (status, is_transient) in
        [(204, false), (206, false), (304, false), (401, false), (404, false), (429, true), (503, true)]
    {
        let server = Server::saying(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n")).await;
        let error = Fetching::through(server.guard()).fetch(&server.url("/")).await.unwrap_err();
        assert_eq!((error.is_transient(), error), (is_transient, FetchError::Status(status)));
    }
    let compressed = Server::saying(ok("content-encoding: gzip", b"\x1f\x8b")).await;
    let error = Fetching::through(compressed.guard()).fetch(&compressed.url("/")).await.unwrap_err();
    assert_eq!(error, FetchError::Encoded { encoding: "gzip".to_owned() });
    let empty = Server::saying(ok("", b"")).await;
    assert_eq!(Fetching::through(empty.guard()).fetch(&empty.url("/")).await.unwrap_err(), FetchError::Empty);
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let reach = Reach { exceptions: vec!["127.0.0.0/8".parse().unwrap()], http: true, ports: vec![nobody.port()] };
    let error = Fetching::through(Guard::new(reach)).fetch(&format!("http://{nobody}/")).await.unwrap_err();
    assert!(matches!(error, FetchError::Unreachable(_)), "{error:?}");
}

#[tokio::test]
async fn types_are_bound_and_a_login_page_is_no_cv() {
    let page = Server::saying(ok("content-type: text/html", b"<!DOCTYPE html><title>Sign in</title>")).await;
    let fetching = Fetching::through(page.guard());
    let bounds = Bounds { types: vec!["application/pdf".to_owned(), "image/*".to_owned()], ..Bounds::default() };
    let said = |content_type| Said { content_type, ..Said::default() };
    let error = fetching.fetcher.fetch(&page.url("/cv.pdf"), said(None), &bounds).await.unwrap_err();
    assert_eq!(error, FetchError::Type { content_type: "text/html".to_owned(), types: bounds.types.clone() });
    let error = fetching.fetcher.fetch(&page.url("/cv.pdf"), said(Some("application/pdf")), &bounds).await.unwrap_err();
    assert_eq!(error, FetchError::Disguised { said: "application/pdf".to_owned(), found: "a web page" });
    assert!(error.to_string().contains("nobody is logged in"), "{error}");
    assert_eq!(fetching.files(), 0);
}

#[tokio::test]
async fn what_a_dead_process_left_is_removed_after_a_day() {
    let folder = TempDir::new().unwrap();
    let make = |name: &str, age: u64| {
        let file = std::fs::File::create(folder.path().join(name)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age * 3600)).unwrap();
    };
    make("crosswalk-old", 25);
    make("crosswalk-new", 23);
    make("mine", 100);
    Fetcher::new(Guard::new(Reach::default()), folder.path()).unwrap();
    let left = |name: &str| folder.path().join(name).exists();
    assert_eq!((left("crosswalk-old"), left("crosswalk-new"), left("mine")), (false, true, true));
}
