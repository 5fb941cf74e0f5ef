//! No secret gets out: not to stdout or stderr however much is logged, not into the home, not into the store.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use url::form_urlencoded::byte_serialize;

use super::stub::{Answer, Api, Identity, TOKEN, start};
use super::{CLIENT, Place, SECRET, tenant};
use crate::home::Run;

/// Everything of every library.
const ALL_LOGS: &str = "trace,crosswalk=trace";

/// The ways in which a secret may be written: as it is, in a form or a URL, in JSON, in hexadecimal digits, and in base64 wherever it begins.
fn forms(secret: &str) -> Vec<String> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        secret.to_owned(),
        byte_serialize(secret.as_bytes()).collect(),
        serde_json::to_string(secret).unwrap().trim_matches('"').to_owned(),
        format!("{secret:?}").trim_matches('"').to_owned(),
        hex.to_uppercase(),
        hex,
        STANDARD.encode(format!("{CLIENT}:{secret}")),
        STANDARD.encode(format!("{CLIENT}:{}", byte_serialize(secret.as_bytes()).collect::<String>())),
    ];
    for skipped in 0..3 {
        let rest = &secret.as_bytes()[skipped..];
        let whole = &rest[..rest.len() / 3 * 3];
        forms.extend([STANDARD_NO_PAD.encode(whole), URL_SAFE_NO_PAD.encode(whole)]);
    }
    forms.sort();
    forms.dedup();
    forms
}

struct Search {
    forms: Vec<Vec<u8>>,
    searched: usize,
}

impl Search {
    fn of(secrets: &[&str]) -> Search {
        let forms = secrets.iter().flat_map(|secret| forms(secret)).map(String::into_bytes).collect();
        Search { forms, searched: 0 }
    }

    fn look(&mut self, place: &str, bytes: &[u8]) {
        self.searched += 1;
        for form in &self.forms {
            let found = bytes.windows(form.len()).position(|window| window == form);
            assert!(
                found.is_none(),
                "{place} shows {}: {}",
                String::from_utf8_lossy(form),
                String::from_utf8_lossy(&bytes[found.unwrap().saturating_sub(200)..][..400.min(bytes.len())])
            );
        }
    }

    fn look_at_run(&mut self, what: &str, run: &Run) {
        self.look(&format!("stdout of {what}"), run.stdout.as_bytes());
        self.look(&format!("stderr of {what}"), run.stderr.as_bytes());
    }

    /// Every file but the vault, which is encrypted: even there no form of a secret stands.
    fn look_at_folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                self.look_at_folder(&path);
            } else {
                self.look(&path.display().to_string(), &std::fs::read(&path).unwrap());
            }
        }
    }
}

#[test]
fn a_form_of_a_secret_is_found() {
    for text in [
        SECRET.to_owned(),
        format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{SECRET}"))),
        format!("x={}", STANDARD.encode(format!("xy{SECRET}"))),
        format!("x={}", STANDARD.encode(format!("xyz{SECRET}.."))),
    ] {
        let found = std::panic::catch_unwind(|| Search::of(&[SECRET]).look("text", text.as_bytes()));
        assert!(found.is_err(), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_gets_out_when_all_is_well() {
    let (place, sandbox) = (Place::new(), tenant().await);
    let mut search = Search::of(&[SECRET, &place.key]);
    let run = place.connect(sandbox.base_url(), SECRET, &["--log", ALL_LOGS]);
    assert_eq!(run.code, Some(0), "{}", run.stdout);
    assert!(run.stderr.contains("TRACE"), "much is logged");
    search.look_at_run("connect", &run);
    for arguments in [
        &["check", "acme", "--online"][..],
        &["check", "acme", "--online", "--json"],
        &["sync", "acme"],
        &["list", "users", "--json"],
        &["revisions"],
        &["coverage", "acme"],
        &["vault", "list"],
        &["vault", "set", "acme/client_id"],
    ] {
        let arguments = [&["--log", ALL_LOGS][..], arguments].concat();
        let run = place.run_with_stdin(&arguments, SECRET);
        assert_eq!(run.code, Some(0), "{arguments:?} {}", run.stderr);
        search.look_at_run(&arguments.join(" "), &run);
    }
    // From the environment, which children inherit and nobody else sees.
    let mut command = place.command(&["--log", ALL_LOGS, "connect", "b", "--set", "tenant=b", "--set", "realm=acme"]);
    command.args(["--set", &format!("identity={}", sandbox.base_url())]);
    command.args(["--set", &format!("api={}", sandbox.base_url())]);
    command.args(["--from-env", "client_id=B_ID", "--from-env", "client_secret=B_SECRET"]);
    let run = Run::of(&command.env("B_ID", CLIENT).env("B_SECRET", SECRET).output().unwrap());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    search.look_at_run("connect --from-env", &run);
    assert!(place.has("crosswalk.db"));
    search.look_at_folder(place.home.path());
    assert!(search.searched > 40, "{}", search.searched);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_gets_out_when_a_source_repeats_it() {
    let well = Api { root: None, answer: Answer::Rows };
    let api = |answer| (Identity::Grants, Api { root: None, answer });
    let scenes = [
        (Identity::Refuses(401, "invalid_client", "you said"), well),
        (Identity::Refuses(400, "invalid_scope", "you said"), well),
        (Identity::Page(200), well),
        (Identity::Page(403), well),
        (Identity::Fails, well),
        api(Answer::Status(401, "you said")),
        api(Answer::Status(403, "you said")),
        api(Answer::Status(400, "you said")),
        api(Answer::Status(500, "you said")),
        api(Answer::Status(404, "you said")),
        api(Answer::Error(Some("PERMISSION_DENIED"), "you said")),
        api(Answer::Error(None, "you said")),
        api(Answer::FieldError("id", "you said")),
        api(Answer::Page),
    ];
    for (identity, api) in scenes {
        let place = Place::new();
        let mut search = Search::of(&[SECRET, TOKEN, &place.key]);
        let base = start(identity, api).await;
        let scene = format!("{identity:?} {api:?}");
        let run = place.connect(&base, SECRET, &["--log", ALL_LOGS]);
        assert_ne!(run.code, Some(0), "{scene}");
        search.look_at_run(&scene, &run);
        assert_eq!(place.connect(&base, SECRET, &["--unchecked"]).code, Some(0));
        for arguments in
            [&["check", "acme", "--online", "--json"][..], &["sync", "acme"], &["schema", "--pull", "acme"]]
        {
            let run = place.run(&[&["--log", ALL_LOGS][..], arguments].concat());
            search.look_at_run(&format!("{scene} {arguments:?}"), &run);
        }
        search.look_at_folder(place.home.path());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_with_the_secret_is_blotted_out_like_the_secret() {
    let place = Place::new();
    place.home.edit("mappings/carerix/connector.yaml", "placement: body", "placement: basic");
    let well = Api { root: None, answer: Answer::Rows };
    let base = start(Identity::Refuses(401, "invalid_client", "you said"), well).await;
    let run = place.connect(&base, SECRET, &["--log", ALL_LOGS]);
    assert!(run.stdout.contains("you said Basic [REDACTED]"), "{}", run.stdout);
    Search::of(&[SECRET, &place.key]).look_at_run("connect", &run);
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn no_secret_stands_in_the_list_of_processes_and_none_is_dumped() {
    use std::process::Stdio;
    let place = Place::new();
    let base = start(Identity::Grants, Api { root: None, answer: Answer::Silence }).await;
    assert_eq!(place.connect(&base, SECRET, &["--unchecked"]).code, Some(0));
    let mut child = place.command(&["sync", "acme"]).stdout(Stdio::null()).spawn().unwrap();
    // It has opened its store, and waits for an answer that does not come.
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !place.has("crosswalk.db-wal") && std::time::Instant::now() < patience {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let of_process = |file: &str| std::fs::read(format!("/proc/{}/{file}", child.id())).unwrap_or_default();
    let (line, limits) = (of_process("cmdline"), of_process("limits"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!line.is_empty());
    let mut search = Search::of(&[SECRET, TOKEN, &place.key]);
    search.look("the list of processes", &line);
    // What was killed left its write-ahead log.
    assert!(place.has("crosswalk.db-wal"));
    search.look_at_folder(place.home.path());
    let limits = String::from_utf8(limits).unwrap();
    let core: Vec<&str> =
        limits.lines().find(|line| line.starts_with("Max core file size")).unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
}
