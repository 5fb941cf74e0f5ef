//! What is said when something is refused: what, what is missing, and where the customer sets it.

use serde_json::Value;

use super::stub::{Answer, Api, Identity, start};
use super::{Place, SECRET, tenant};
use crate::assert_screen;
use crate::home::ROOT;

const ALL_OPEN: Api = Api { root: None, answer: Answer::Rows };

const fn one(root: &'static str, answer: Answer) -> Api {
    Api { root: Some(root), answer }
}

const fn all(answer: Answer) -> Api {
    Api { root: None, answer }
}

/// A case: its name, the servers, the exit code, the cause, what has it, and what must be said.
type Case = (&'static str, Identity, Api, i32, &'static str, &'static [&'static str], &'static [&'static str]);

const APPLICATIONS: &[&str] = &["applications"];
const TOKEN: &[&str] = &["token"];
const FIRST: &[&str] = &["users"];

const CASES: &[Case] = &[
    (
        "unknown_tenant",
        Identity::UnknownRealm,
        ALL_OPEN,
        2,
        "unknown_tenant",
        TOKEN,
        &["the identity server knows no such tenant", "check the setting `realm`, which is `acme`"],
    ),
    (
        "wrong_client",
        Identity::Refuses(401, "invalid_client", "Invalid client or Invalid client credentials"),
        ALL_OPEN,
        2,
        "wrong_client",
        TOKEN,
        &["`client_id` or `client_secret` is wrong", "Identity Access"],
    ),
    (
        "wrong_secret",
        Identity::Refuses(401, "unauthorized_client", "Invalid client or Invalid client credentials"),
        ALL_OPEN,
        2,
        "wrong_client",
        TOKEN,
        &["`client_id` or `client_secret` is wrong"],
    ),
    (
        "tokens_off",
        Identity::Refuses(401, "unauthorized_client", "Client not enabled to retrieve service account"),
        ALL_OPEN,
        2,
        "tokens_off",
        TOKEN,
        &["the client may not ask for tokens of its own", "service account switched on"],
    ),
    (
        "tokens_off_without_words",
        Identity::Refuses(400, "unauthorized_client", ""),
        ALL_OPEN,
        2,
        "tokens_off",
        TOKEN,
        &["the client may not ask for tokens of its own"],
    ),
    (
        "scope",
        Identity::Refuses(400, "invalid_scope", "Invalid scopes"),
        ALL_OPEN,
        2,
        "scope_refused",
        TOKEN,
        &["the client may not have the scope that is asked for", "urn:cx/cx5Wrapper:data:manage", "Default scopes"],
    ),
    (
        "token_refused",
        Identity::Refuses(400, "invalid_request", "No"),
        ALL_OPEN,
        2,
        "token_refused",
        TOKEN,
        &["the identity server gives no token"],
    ),
    (
        "identity_page",
        Identity::Page(200),
        ALL_OPEN,
        2,
        "wrong_address",
        TOKEN,
        &["something else than the identity server answers", "check the setting `identity`"],
    ),
    (
        "identity_page_not_found",
        Identity::Page(404),
        ALL_OPEN,
        2,
        "wrong_address",
        TOKEN,
        &["something else than the identity server answers"],
    ),
    ("identity_fails", Identity::Fails, ALL_OPEN, 3, "busy", TOKEN, &["the identity server is not well"]),
    (
        "forbidden_model",
        Identity::Grants,
        one("crMatchPage", Answer::Status(403, "Forbidden")),
        2,
        "missing_permission",
        APPLICATIONS,
        &["a permission is missing", "urn:cx/cx5Wrapper:data/crmatch:read", "Identity Access"],
    ),
    (
        "denied_by_kind",
        Identity::Grants,
        one("crMatchPage", Answer::Error(Some("PERMISSION_DENIED"), "no")),
        2,
        "missing_permission",
        APPLICATIONS,
        &["a permission is missing"],
    ),
    (
        "denied_by_words",
        Identity::Grants,
        one("crMatchPage", Answer::Error(None, "Access Denied: missing one of the scopes")),
        2,
        "missing_permission",
        APPLICATIONS,
        &["a permission is missing"],
    ),
    (
        "denied_field",
        Identity::Grants,
        one("crMatchPage", Answer::FieldError("toEmployee", "access denied")),
        2,
        "missing_permission",
        APPLICATIONS,
        &["a permission is missing", "ok in part"],
    ),
    (
        "field_errors",
        Identity::Grants,
        one("crMatchPage", Answer::FieldError("toEmployee", "it broke")),
        2,
        "errors",
        APPLICATIONS,
        &["rows came, and errors in the place of some of their fields", "ok in part"],
    ),
    (
        "errors",
        Identity::Grants,
        one("crMatchPage", Answer::Error(None, "it broke")),
        2,
        "errors",
        APPLICATIONS,
        &["errors came instead of rows"],
    ),
    (
        "wrong_query",
        Identity::Grants,
        one("crMatchPage", Answer::Status(400, "no such field")),
        2,
        "wrong_query",
        APPLICATIONS,
        &["the source rejects the query", "crosswalk schema --pull acme --dry-run"],
    ),
    (
        "not_let_in",
        Identity::Grants,
        all(Answer::Status(401, "who are you")),
        2,
        "not_let_in",
        FIRST,
        &["the API refuses the token that the identity server only just gave", "urn:cx/graphql:data:manage"],
    ),
    (
        "endpoint_page",
        Identity::Grants,
        all(Answer::Page),
        2,
        "wrong_address",
        FIRST,
        &["something else than the API answers", "check the setting `api`"],
    ),
    (
        "endpoint_not_found",
        Identity::Grants,
        all(Answer::Status(404, "no")),
        2,
        "wrong_address",
        FIRST,
        &["something else than the API answers"],
    ),
    (
        "throttled",
        Identity::Grants,
        all(Answer::Status(429, "slow down")),
        3,
        "busy",
        FIRST,
        &["the API asks for fewer requests"],
    ),
    ("api_fails", Identity::Grants, all(Answer::Status(500, "oh")), 3, "busy", FIRST, &["the API is not well"]),
    ("silence", Identity::Grants, all(Answer::Silence), 3, "unreachable", FIRST, &["the API does not answer"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_is_told_from_the_others_and_nothing_is_written() {
    let place = Place::new();
    let mut screens = String::new();
    for (name, identity, api, code, cause, asked, said) in CASES {
        let base = start(*identity, *api).await;
        let run = place.connect(&base, SECRET, &[]);
        assert_eq!(run.code, Some(*code), "{name}\n{}\n{}", run.stdout, run.stderr);
        for words in *said {
            assert!(run.stdout.contains(words), "{name}: no `{words}` in\n{}", run.stdout);
        }
        assert!(run.stderr.contains("Nothing was written."), "{name}: {}", run.stderr);
        assert!(!place.has("connections/acme.yaml") && !place.has("crosswalk.vault"), "{name}");
        screens.push_str(&format!("# {name}\n{}\n", run.stdout));

        // The same for a connection that is there, for programs.
        let other = Place::new();
        assert_eq!(other.connect(&base, SECRET, &["--unchecked"]).code, Some(0), "{name}");
        let run = other.expect(*code, &["check", "acme", "--online", "--json"]);
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let probes = [&report["token"]].into_iter().chain(report["models"].as_array().unwrap());
        let found: Vec<&str> = probes
            .filter(|probe| !probe["finding"].is_null())
            .map(|probe| {
                assert_eq!(probe["finding"]["cause"], *cause, "{name}: {probe}");
                probe["name"].as_str().unwrap()
            })
            .collect();
        assert_eq!(found, *asked, "{name}");
    }
    assert_screen!("connect_refusals", screens);
}

/// Every sentence that says what is wrong stands in the guide.
#[test]
fn the_guide_explains_every_refusal() {
    let guide = std::fs::read_to_string(format!("{ROOT}/docs/connect-carerix.md")).unwrap();
    for (name, .., said) in CASES {
        assert!(guide.contains(said[0]), "{name}: docs/connect-carerix.md does not explain `{}`", said[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_where_nobody_or_somebody_else_answers_are_told_apart() {
    let place = Place::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let run = place.connect(&format!("http://{free}"), SECRET, &[]);
    assert_eq!(run.code, Some(3), "{}", run.stdout);
    assert!(run.stdout.contains("the identity server cannot be reached"), "{}", run.stdout);
    assert!(run.stdout.contains("check the setting `identity`"), "{}", run.stdout);
    assert!(!run.stdout.contains("check the setting `realm`"), "{}", run.stdout);

    let run = place.connect("https://no-such-host.invalid", SECRET, &[]);
    assert_eq!(run.code, Some(3), "{}", run.stdout);
    assert!(run.stdout.contains("the identity server cannot be reached"), "{}", run.stdout);

    // A server that speaks no TLS where TLS is spoken.
    let base = start(Identity::Grants, ALL_OPEN).await;
    let run = place.connect(&base.replace("http://", "https://"), SECRET, &[]);
    assert_eq!(run.code, Some(3), "{}", run.stdout);
    assert!(run.stdout.contains("there is no secure connection to the identity server"), "{}", run.stdout);
    assert!(!run.stderr.contains("trying again"), "{}", run.stderr);

    let run = place.connect("http://id.example.org", SECRET, &[]);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(run.stderr.contains("plain http would show the secret"), "{}", run.stderr);
    assert!(!place.has("connections/acme.yaml") && !place.has("crosswalk.vault"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_is_written_and_works() {
    let (place, sandbox) = (Place::new(), tenant().await);
    let run = place.connect(sandbox.base_url(), SECRET, &[]);
    assert_eq!(run.code, Some(0), "{}\n{}", run.stdout, run.stderr);
    assert_screen!("connect", format!("{}\n{}", run.stdout, run.stderr));
    let file = place.home.read("connections/acme.yaml");
    assert_screen!("connect_file", file);
    assert_eq!(place.expect(0, &["check", "--strict"]).stderr, "");
    let online = place.expect(0, &["check", "acme", "--online"]);
    assert!(online.stdout.contains("connection acme (Carerix)\n  token               ok\n"), "{}", online.stdout);
    place.expect(0, &["sync", "acme", "--model", "users"]);

    // Neither the file nor the entries are replaced by accident.
    let again = place.connect(sandbox.base_url(), SECRET, &[]);
    assert_eq!(again.code, Some(2));
    assert!(again.stderr.contains("connections/acme.yaml exists already"), "{}", again.stderr);
    std::fs::remove_file(place.home.path().join("connections/acme.yaml")).unwrap();
    let again = place.connect(sandbox.base_url(), SECRET, &[]);
    assert!(again.stderr.contains("has an entry `acme/client_id` already"), "{}", again.stderr);
    place.home.write("connections/acme.yaml", &format!("{file}options: {{ remote_data: true }}\n"));
    assert_eq!(place.connect(sandbox.base_url(), SECRET, &["--force"]).code, Some(0));
    assert_eq!(place.home.read("connections/acme.yaml"), format!("{file}options: {{ remote_data: true }}\n"));

    // A wrong secret in the vault is found by the check, and a new one mends it.
    assert_eq!(place.run_with_stdin(&["vault", "set", "acme/client_secret"], "another\n").code, Some(0));
    let online = place.expect(2, &["check", "acme", "--online"]);
    assert!(online.stdout.contains("`client_id` or `client_secret` is wrong"), "{}", online.stdout);
    assert_eq!(place.run_with_stdin(&["vault", "set", "acme/client_secret"], &format!("{SECRET}\n")).code, Some(0));
    place.expect(0, &["check", "acme", "--online"]);
}

/// Names of free fields are asked for only where they are needed.
#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_free_fields_is_asked_for_where_a_mapping_needs_it() {
    let place = Place::new();
    place.home.edit(
        "mappings/carerix/candidates.yaml",
        "custom_fields: { from: additionalInfo, others: keep }",
        "custom_fields: { from: additionalInfo, others: keep, fields: { motivation: Motivatie } }",
    );
    let base = start(Identity::Grants, one("crDataNodePage", Answer::Status(403, "Forbidden"))).await;
    let run = place.connect(&base, SECRET, &[]);
    assert_eq!(run.code, Some(2), "{}", run.stdout);
    assert!(run.stdout.contains("  free fields         refused  a permission is missing\n"), "{}", run.stdout);
    assert!(run.stdout.contains("urn:cx/cx5Wrapper:data/crdatanode:read"), "{}", run.stdout);
}

#[test]
fn a_sandbox_of_a_connection_is_asked_like_any_source() {
    let home = crate::home::TempHome::new();
    let run = home.expect(0, &["check", "sandbox", "--online"]);
    assert!(run.stdout.contains("applications        ok  "), "{}", run.stdout);
    let run = home.expect(2, &["check", "--online"]);
    assert!(run.stderr.contains("<CONNECTION>"), "{}", run.stderr);
}

/// The queries that the connector gives permissions for are those that it reads.
#[test]
fn every_query_that_is_read_has_its_permissions() {
    let home = crosswalk::connector::Home::new(ROOT);
    let form = crosswalk::connector::Form::load(&home, "carerix").unwrap();
    let connection = crosswalk::connector::Connection::load(&home, "sandbox").unwrap();
    let revision = crosswalk::connector::Revision::load(&home, &connection).unwrap();
    for plan in revision.plans() {
        let root = &plan.operation().root;
        assert!(form.permissions.by_query.contains_key(root), "{root}");
    }
    for query in form.permissions.by_query.keys() {
        assert!(home.schema("carerix").unwrap().unwrap().text.contains(&format!("\n  {query}(")), "{query}");
    }
}
