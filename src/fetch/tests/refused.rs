//! Addresses that nothing may be fetched from, each with the reason.

use reqwest::header::HeaderValue;

use super::*;

/// Why an address is to be refused.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Why {
    Malformed,
    Scheme,
    PlainHttp,
    Downgrade,
    Credentials,
    Port,
    At(Kind),
}

impl Why {
    fn of(refused: &Refused) -> Why {
        match refused {
            Refused::Malformed(_) => Why::Malformed,
            Refused::Scheme(_) => Why::Scheme,
            Refused::PlainHttp => Why::PlainHttp,
            Refused::Downgrade => Why::Downgrade,
            Refused::Credentials => Why::Credentials,
            Refused::Port(_) => Why::Port,
            Refused::Address { kind, .. } => Why::At(*kind),
        }
    }
}

const NAMES: &[(&str, &[&[&str]])] = &[
    ("loopback.test", &[&["127.0.0.1"]]),
    ("private.test", &[&["10.1.2.3"]]),
    ("metadata.google.internal", &[&["169.254.169.254"]]),
    ("ula.test", &[&["fd12:3456::1"]]),
    ("mapped.test", &[&["::ffff:192.168.0.1"]]),
    ("mixed.test", &[&["93.184.216.34", "10.0.0.1"]]),
    ("mixed6.test", &[&["93.184.216.34", "::1"]]),
    ("nat64.test", &[&["64:ff9b::a00:1"]]),
    ("intranet", &[&["192.168.10.10"]]),
    ("127.0.0.1.nip.test", &[&["127.0.0.1"]]),
    ("xn--pple-43d.test", &[&["172.20.0.5"]]),
    ("xn--ggle-55da.test", &[&["0.0.0.0"]]),
];

const REFUSED: &[(&str, Why)] = &[
    // One address of this machine in the forms that parsers take.
    ("http://127.0.0.1/", Why::At(Kind::Loopback)),
    ("https://127.0.0.1/", Why::At(Kind::Loopback)),
    ("http://127.1/", Why::At(Kind::Loopback)),
    ("http://127.0.1/", Why::At(Kind::Loopback)),
    ("http://2130706433/", Why::At(Kind::Loopback)),
    ("http://0x7f000001/", Why::At(Kind::Loopback)),
    ("http://0x7f.1/", Why::At(Kind::Loopback)),
    ("http://0x7F.0x0.0x0.0x1/", Why::At(Kind::Loopback)),
    ("http://0177.0.0.1/", Why::At(Kind::Loopback)),
    ("http://017700000001/", Why::At(Kind::Loopback)),
    ("http://0177.0.0x0.1/", Why::At(Kind::Loopback)),
    ("http://127.0.0.1./", Why::At(Kind::Loopback)),
    ("http://127.255.255.254/", Why::At(Kind::Loopback)),
    ("http://%31%32%37.0.0.1/", Why::At(Kind::Loopback)),
    ("http://127%2e0%2e0%2e1/", Why::At(Kind::Loopback)),
    ("http:127.0.0.1/", Why::At(Kind::Loopback)),
    ("http:/127.0.0.1/", Why::At(Kind::Loopback)),
    ("http:///127.0.0.1/", Why::At(Kind::Loopback)),
    ("http:\\\\127.0.0.1\\", Why::At(Kind::Loopback)),
    ("HTTP://127.0.0.1/", Why::At(Kind::Loopback)),
    ("  http://127.0.0.1/  ", Why::At(Kind::Loopback)),
    ("ht\ntp://127.0.\t0.1/", Why::At(Kind::Loopback)),
    ("http://256.256.256.256/", Why::Malformed),
    ("http://4294967296/", Why::Malformed),
    // Names of this machine.
    ("http://localhost/", Why::At(Kind::Loopback)),
    ("http://LOCALHOST/", Why::At(Kind::Loopback)),
    ("http://localhost./", Why::At(Kind::Loopback)),
    ("http://anything.localhost/", Why::At(Kind::Loopback)),
    ("http://a.b.localhost./", Why::At(Kind::Loopback)),
    // Characters that become others.
    ("http://①②⑦.⓪.⓪.①/", Why::At(Kind::Loopback)),
    ("http://127。0。0。1/", Why::At(Kind::Loopback)),
    ("http://127.0.0.1/", Why::At(Kind::Loopback)),
    ("http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", Why::At(Kind::Loopback)),
    ("http://locaLhoſt/", Why::At(Kind::Loopback)),
    ("http://local\u{ad}host/", Why::At(Kind::Loopback)),
    ("http://[::ffff:⑦f00:1]/", Why::Malformed),
    ("https://аpple.test/", Why::At(Kind::Private)),
    ("https://gооgle.test/", Why::At(Kind::Unspecified)),
    // Other addresses that are not public.
    ("http://0.0.0.0/", Why::At(Kind::Unspecified)),
    ("http://0/", Why::At(Kind::Unspecified)),
    ("http://0.1.2.3/", Why::At(Kind::Unspecified)),
    ("http://10.0.0.1/", Why::At(Kind::Private)),
    ("http://012.1/", Why::At(Kind::Private)),
    ("http://172.16.0.1/", Why::At(Kind::Private)),
    ("http://172.31.255.255/", Why::At(Kind::Private)),
    ("http://192.168.1.1/", Why::At(Kind::Private)),
    ("http://3232235777/", Why::At(Kind::Private)),
    ("http://100.64.0.1/", Why::At(Kind::CarrierGrade)),
    ("http://169.254.1.1/", Why::At(Kind::LinkLocal)),
    ("http://169.254.169.254/latest/meta-data/", Why::At(Kind::Metadata)),
    ("http://0xa9fea9fe/", Why::At(Kind::Metadata)),
    ("http://169.16689662/", Why::At(Kind::Metadata)),
    ("http://169.254.170.2/v2/credentials", Why::At(Kind::Metadata)),
    ("http://100.100.100.200/", Why::At(Kind::Metadata)),
    ("http://168.63.129.16/", Why::At(Kind::Metadata)),
    ("http://192.0.0.192/", Why::At(Kind::Metadata)),
    ("http://192.0.0.8/", Why::At(Kind::Reserved)),
    ("http://198.18.0.1/", Why::At(Kind::Benchmarking)),
    ("http://192.0.2.1/", Why::At(Kind::Documentation)),
    ("http://198.51.100.1/", Why::At(Kind::Documentation)),
    ("http://203.0.113.1/", Why::At(Kind::Documentation)),
    ("http://224.0.0.1/", Why::At(Kind::Multicast)),
    ("http://255.255.255.255/", Why::At(Kind::Broadcast)),
    ("http://240.0.0.1/", Why::At(Kind::Reserved)),
    ("http://192.88.99.1/", Why::At(Kind::Tunnel)),
    // IPv6.
    ("http://[::]/", Why::At(Kind::Unspecified)),
    ("http://[::1]/", Why::At(Kind::Loopback)),
    ("http://[0:0:0:0:0:0:0:1]/", Why::At(Kind::Loopback)),
    ("http://[0000:0000:0000:0000:0000:0000:0000:0001]/", Why::At(Kind::Loopback)),
    ("http://[::ffff:127.0.0.1]/", Why::At(Kind::Loopback)),
    ("http://[::ffff:7f00:1]/", Why::At(Kind::Loopback)),
    ("http://[0:0:0:0:0:ffff:169.254.169.254]/", Why::At(Kind::Metadata)),
    ("http://[::127.0.0.1]/", Why::At(Kind::Loopback)),
    ("http://[::8.8.8.8]/", Why::At(Kind::Reserved)),
    ("http://[::ffff:0:10.0.0.1]/", Why::At(Kind::Private)),
    ("http://[64:ff9b::10.0.0.1]/", Why::At(Kind::Private)),
    ("http://[64:ff9b:1::8.8.8.8]/", Why::At(Kind::Private)),
    ("http://[2002:7f00:1::]/", Why::At(Kind::Loopback)),
    ("http://[2002:808:808::1]/", Why::At(Kind::Tunnel)),
    ("http://[2001:0:808:808:0:0:f5ff:fffe]/", Why::At(Kind::Private)),
    ("http://[2001:0:c0a8:101:0:0:f7f7:f7f7]/", Why::At(Kind::Private)),
    ("http://[2600::5efe:192.168.0.1]/", Why::At(Kind::Private)),
    ("http://[fe80::1]/", Why::At(Kind::LinkLocal)),
    ("http://[fe80::1%25eth0]/", Why::Malformed),
    ("http://[fe80::1%eth0]/", Why::Malformed),
    ("http://[::1%25lo]/", Why::Malformed),
    ("http://[fec0::1]/", Why::At(Kind::SiteLocal)),
    ("http://[fc00::1]/", Why::At(Kind::Private)),
    ("http://[fd00:ec2::254]/latest/meta-data/", Why::At(Kind::Metadata)),
    ("http://[ff02::1]/", Why::At(Kind::Multicast)),
    ("http://[2001:db8::1]/", Why::At(Kind::Documentation)),
    ("http://[3fff::1]/", Why::At(Kind::Documentation)),
    ("http://[2001:2::1]/", Why::At(Kind::Benchmarking)),
    ("http://[100::1]/", Why::At(Kind::Reserved)),
    ("http://[5f00::1]/", Why::At(Kind::Reserved)),
    // User names and passwords, and what only looks like one.
    ("http://example.com@127.0.0.1/", Why::Credentials),
    ("http://example.com:80@127.0.0.1/", Why::Credentials),
    ("https://user:password@example.com/", Why::Credentials),
    ("https://:password@example.com/", Why::Credentials),
    ("http://127.0.0.1#@example.com/", Why::At(Kind::Loopback)),
    ("http://127.0.0.1\\@example.com/", Why::At(Kind::Loopback)),
    ("http://127.0.0.1?@example.com/", Why::At(Kind::Loopback)),
    // Names that lead to what is not public.
    ("http://loopback.test/", Why::At(Kind::Loopback)),
    ("https://private.test/", Why::At(Kind::Private)),
    ("https://private.test./", Why::At(Kind::Private)),
    ("http://metadata.google.internal/computeMetadata/v1/", Why::At(Kind::Metadata)),
    ("https://ula.test/", Why::At(Kind::Private)),
    ("https://mapped.test/", Why::At(Kind::Private)),
    ("https://mixed.test/", Why::At(Kind::Private)),
    ("https://mixed6.test/", Why::At(Kind::Loopback)),
    ("https://nat64.test/", Why::At(Kind::Private)),
    ("https://intranet/", Why::At(Kind::Private)),
    ("https://127.0.0.1.nip.test/", Why::At(Kind::Loopback)),
    // What is not the web.
    ("file:///etc/passwd", Why::Scheme),
    ("file://127.0.0.1/etc/passwd", Why::Scheme),
    ("gopher://127.0.0.1:70/_GET", Why::Scheme),
    ("ftp://ftp.example.com/cv.pdf", Why::Scheme),
    ("dict://127.0.0.1:11211/stats", Why::Scheme),
    ("ldap://example.com/", Why::Scheme),
    ("jar:http://127.0.0.1!/", Why::Scheme),
    ("javascript:alert(1)", Why::Scheme),
    ("data:text/plain;base64,aGk=", Why::Scheme),
    ("ws://127.0.0.1/", Why::Scheme),
    ("unix:///var/run/docker.sock", Why::Scheme),
    ("//127.0.0.1/", Why::Malformed),
    ("/etc/passwd", Why::Malformed),
    ("127.0.0.1", Why::Malformed),
    ("http://", Why::Malformed),
    ("", Why::Malformed),
    // Ports.
    ("https://example.com:22/", Why::Port),
    ("https://example.com:6379/", Why::Port),
    ("https://example.com:65535/", Why::Port),
    ("http://example.com:0/", Why::Port),
];

#[tokio::test]
async fn what_must_not_be_reached_is_refused_with_its_reason() {
    const { assert!(REFUSED.len() >= 60) };
    let guard = Guard::with_lookup(Reach { http: true, ..Reach::default() }, Names::new(NAMES));
    let fetching = Fetching::through(guard);
    let mut wrong = Vec::new();
    for (url, why) in REFUSED {
        match fetching.fetch(url).await {
            Err(FetchError::Refused(refused)) if Why::of(&refused) == *why => {}
            other => wrong.push(format!("{url:?}: {why:?} is due, and not {other:?}")),
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(fetching.files(), 0);
}

#[tokio::test]
async fn without_the_option_http_is_refused_before_anything_is_looked_up() {
    let names = Names::new(NAMES);
    let guard = Guard::with_lookup(Reach::default(), names.clone());
    let refused = Fetching::through(guard).fetch("http://private.test/").await.unwrap_err();
    assert_eq!(refused, FetchError::Refused(Refused::PlainHttp));
    assert_eq!(names.asked(), 0);
}

/// Each address of a redirect, and why it is refused.
const LEADS_TO: &[(&str, Why)] = &[
    ("http://10.0.0.1/", Why::At(Kind::Private)),
    ("https://[::1]/", Why::At(Kind::Loopback)),
    ("http://[::ffff:127.0.0.2]/", Why::At(Kind::Loopback)),
    ("//169.254.169.254/latest/meta-data/", Why::At(Kind::Metadata)),
    ("\\\\169.254.169.254\\latest", Why::At(Kind::Metadata)),
    ("http://0x7f.2/", Why::At(Kind::Loopback)),
    ("http://private.test/", Why::At(Kind::Private)),
    ("http://localhost/", Why::At(Kind::Loopback)),
    ("http://user:password@example.com/", Why::Credentials),
    ("http://example.com:22/", Why::Port),
    ("file:///etc/passwd", Why::Scheme),
    ("gopher://127.0.0.1/", Why::Scheme),
    ("data:text/html,hello", Why::Scheme),
    ("http://[", Why::Malformed),
];

#[tokio::test]
async fn a_redirect_is_looked_at_like_the_first_address() {
    let server = Server::start(|path, mut stream| async move {
        let number: usize = path[1..].parse().unwrap();
        let answer = format!("HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n", LEADS_TO[number].0);
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let fetching = Fetching::through(Guard::with_lookup(server.reach(), Names::new(NAMES)));
    for (number, (to, why)) in LEADS_TO.iter().enumerate() {
        match fetching.fetch(&server.url(&format!("/{number}"))).await.unwrap_err() {
            FetchError::Refused(refused) => assert_eq!(Why::of(&refused), *why, "{to}"),
            other => panic!("{to}: {other:?}"),
        }
    }
    assert_eq!(server.connections(), LEADS_TO.len());
}

#[test]
fn a_redirect_to_http_is_refused_even_where_http_is_allowed() {
    let guard = Guard::new(Reach { http: true, ..Reach::default() });
    let next = |from: &str, to: &'static str| {
        let to = HeaderValue::from_static(to);
        follow::next(&guard, &from.parse().unwrap(), Some(&to)).map(String::from)
    };
    assert_eq!(next("https://example.com/a", "http://example.com/b"), Err(Refused::Downgrade));
    assert_eq!(next("http://example.com/a", "b?c"), Ok("http://example.com/b?c".to_owned()));
    assert_eq!(next("http://example.com/a", "https://example.org"), Ok("https://example.org/".to_owned()));
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_the_second_time_leads_nowhere() {
    let server = Server::start(|path, mut stream| async move {
        let answer = match path.as_str() {
            "/first" => "HTTP/1.1 302 Found\r\nlocation: /second\r\ncontent-length: 0\r\n\r\n",
            _ => "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi",
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let names = Names::new(&[("rebinding.test", &[&["127.0.0.1"], &["127.0.0.2"]])]);
    let fetching = Fetching::through(Guard::with_lookup(server.reach(), names.clone()));
    let url = |path: &str| format!("http://rebinding.test:{}{path}", server.address.port());
    let refused = fetching.fetch(&url("/first")).await.unwrap_err();
    let address = "127.0.0.2".parse().unwrap();
    assert_eq!(refused, FetchError::Refused(Refused::Address { address, kind: Kind::Loopback }));
    assert_eq!((names.asked(), server.connections()), (2, 1));

    // What is connected to is what was looked at: there is no second lookup between the two.
    let names = Names::new(&[("rebinding.test", &[&["127.0.0.1"], &["127.0.0.2"]])]);
    let fetching = Fetching::through(Guard::with_lookup(server.reach(), names.clone()));
    assert_eq!(fetching.fetch(&url("/second")).await.unwrap().size, 2);
    assert_eq!(names.asked(), 1);
}

#[tokio::test]
async fn redirects_end() {
    let server = Server::start(|path, mut stream| async move {
        let number: usize = path[1..].parse().unwrap();
        let answer = match number {
            0 => "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".to_owned(),
            _ => format!("HTTP/1.1 307 On\r\nlocation: /{}\r\ncontent-length: 0\r\n\r\n", number - 1),
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let fetching = Fetching::through(server.guard());
    assert_eq!(fetching.fetch(&server.url("/5")).await.unwrap().read().await.unwrap(), b"hi");
    assert_eq!(fetching.fetch(&server.url("/6")).await.unwrap_err(), FetchError::Redirects(5));
}

#[tokio::test]
async fn no_message_tells_more_than_the_host() {
    let fetching = Fetching::through(Guard::with_lookup(
        Reach { http: true, ..Reach::default() },
        Names::new(&[("private.test", &[&["10.0.0.1"]])]),
    ));
    for url in [
        "http://private.test/jan-jansen.pdf?signature=s3cr3t",
        "http://jan:s3cr3t@example.com/jansen",
        "http://127.0.0.1/jansen?s3cr3t",
        "gopher://s3cr3t/jansen",
        "http://nowhere.test/jansen?s3cr3t",
    ] {
        let error = fetching.fetch(url).await.unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(!told.contains("s3cr3t") && !told.contains("jans"), "{told}");
    }
}
