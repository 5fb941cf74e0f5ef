//! The connectors that come with the engine.

use std::collections::BTreeMap;

use super::*;
use crate::mapping::{Reads, Signature};

fn home() -> Home {
    Home::new(env!("CARGO_MANIFEST_DIR"))
}

fn load(home: &Home, connection: &str) -> Revision {
    let connection = Connection::load(home, connection).unwrap_or_else(|report| panic!("{report}"));
    Revision::load(home, &connection).unwrap_or_else(|report| panic!("{report}"))
}

#[test]
fn the_connectors_that_come_with_the_engine_compile() {
    let home = home();
    for name in home.connections() {
        let revision = load(&home, &name);
        // A connector that somebody laid down beside them may have a few models only.
        let least = if name == "sandbox" { MODELS.len() } else { 1 };
        assert!(revision.plans().count() >= least, "{name}");
    }
}

/// What the plans of the sandbox's connector do, read and ask for.
fn plans(home: &Home) -> BTreeMap<&'static str, (Signature, Reads, String)> {
    let revision = load(home, "sandbox");
    let parts = |plan: &Plan| (plan.signature().clone(), plan.reads().clone(), plan.rows_signature().to_owned());
    revision.plans().map(|plan| (plan.model().name, parts(plan))).collect()
}

fn text(home: &Home, path: &str) -> String {
    std::fs::read_to_string(home.root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A mapping with its fields in reverse.
fn reversed(mapping: &str) -> String {
    let (before, rest) = mapping.split_once("\nfields:\n").unwrap();
    let end = rest.split_inclusive('\n').take_while(|line| line.starts_with([' ', '\n'])).map(str::len).sum();
    let (fields, after) = rest.split_at(end);
    let mut entries: Vec<String> = Vec::new();
    for line in fields.split_inclusive('\n') {
        let begins = line.strip_prefix("  ").is_some_and(|rest| rest.starts_with(char::is_alphabetic));
        match entries.last_mut() {
            Some(last) if !begins => last.push_str(line),
            _ => entries.push(line.to_owned()),
        }
    }
    assert!(entries.len() > 2, "{mapping}");
    entries.reverse();
    format!("# Turned round.\n{before}\nfields:\n{}{after}# The end.\n", entries.concat())
}

#[test]
fn comments_and_the_order_of_fields_change_nothing() {
    let before = plans(&home());
    for model in MODELS {
        let path = format!("mappings/carerix/{}.yaml", model.name);
        let edited = reversed(&text(&home(), &path));
        assert_eq!(plans(&home().with_draft(&path, &edited)), before, "{path}\n{edited}");
    }
    for script in ["application_stages", "candidates", "jobs"] {
        let path = format!("scripts/carerix/{script}.rhai");
        let edited = text(&home(), &path).replace("\nfn ", "\n\n// A function follows.\nfn ").replace("    ", "\t");
        assert_eq!(plans(&home().with_draft(&path, &format!("{edited}// The end.\n"))), before, "{path}\n{edited}");
    }
}

#[test]
fn an_edit_of_an_action_is_loaded_and_maps_nothing_anew() {
    let home = home();
    let path = "mappings/carerix/actions/add_application_note.yaml";
    let edited = text(&home, path).replace("isHTML: { value: false }", "isHTML: { value: true }");
    let edited = home.clone().with_draft(path, &edited);
    let (before, after) = (load(&home, "sandbox"), load(&edited, "sandbox"));
    let signature = |revision: &Revision| revision.action("add_application_note").unwrap().signature().to_owned();
    assert_ne!(before.hash, after.hash);
    assert_ne!(signature(&before), signature(&after));
    assert_eq!(plans(&home), plans(&edited));
    let new = signature(&after);
    let live = Live::new(before);
    live.swap(after);
    assert_eq!(signature(&live.revision()), new);
}

#[test]
fn an_edit_of_a_function_changes_the_fields_that_call_it() {
    let before = plans(&home());
    for (script, from, to, model, fields) in [
        ("jobs", "amount <= 0.0", "amount < 0.0", "jobs", &["employment_type", "salary_amount", "weekly_hours"][..]),
        ("jobs", "fte * 40.0", "fte * 38.0", "jobs", &["employment_type", "weekly_hours"]),
        ("jobs", "end > now", "end >= now", "jobs", &["closed_at"]),
        ("jobs", "high == low", "low == high", "jobs", &["salary_amount"]),
        ("application_stages", "(${procedure})", "[${procedure}]", "application_stages", &["name"]),
        ("candidates", "\".\"", "\":\"", "candidates", &["social_media"]),
    ] {
        let path = format!("scripts/carerix/{script}.rhai");
        let text = text(&home(), &path);
        assert!(text.contains(from), "{from}");
        let after = plans(&home().with_draft(&path, &text.replace(from, to)));
        for (name, (signature, ..)) in &after {
            let expected = if *name == model { fields } else { &[] };
            assert_eq!(signature.changed_fields(&before[name].0), expected, "{name}: {from}");
        }
        let read = |plans: &BTreeMap<&'static str, (Signature, Reads, String)>| -> Vec<(Reads, String)> {
            plans.values().map(|(_, reads, rows)| (reads.clone(), rows.clone())).collect()
        };
        assert_eq!(read(&after), read(&before));
    }
}

/// The remote system of a connection to the connector that comes with the engine.
fn remote_of(lines: &str) -> Remote {
    let file = SourceFile::new(
        "connections/acme.yaml",
        format!("connector: carerix\nsettings: {{ tenant: a, realm: a }}\n{lines}"),
    );
    let problems = Problems::new();
    let connection = Connection::parse("acme", &file, |_| None, &problems);
    assert_eq!(problems.count(), 0, "{}", problems.into_report());
    Remote::load(&home(), &connection.unwrap()).unwrap_or_else(|report| panic!("{report}"))
}

const CREDENTIALS: &str = "credentials: { client_id: \"env:A\", client_secret: \"env:B\" }\n";

#[test]
fn a_connection_says_its_limits_in_the_place_of_its_connector() {
    let usual = remote_of(CREDENTIALS);
    assert!(usual.limits.rate.is_some() && usual.limits.concurrency.is_some(), "the source's own");
    let said = "limits: { rate: { requests: 100, per: 1m }, page_size: 20, stall: 5s, retry_statuses: [500, 501], \
                retry_errors: INTERNAL, retry_share: 0, circuit: { failures: 3 } }";
    let other = remote_of(&format!("{CREDENTIALS}{said}"));
    let rate = other.limits.rate.unwrap();
    assert_eq!((rate.requests, rate.per.as_secs(), rate.burst), (100, 60, 1));
    assert!((rate.a_second() - 100.0 / 60.0).abs() < 1e-9);
    assert_eq!((other.paging.size, usual.paging.size), (20, 100));
    assert_eq!(
        (other.limits.retry.statuses.as_slice(), other.limits.retry.errors.as_slice()),
        (&[500, 501][..], &["INTERNAL".to_owned()][..])
    );
    assert_eq!((other.limits.retry_budget.share, other.limits.circuit.failures), (0, 3));
    let as_usual = Limits {
        rate: usual.limits.rate,
        stall: usual.limits.stall,
        retry: Retry::default(),
        retry_budget: usual.limits.retry_budget,
        circuit: usual.limits.circuit,
        ..other.limits
    };
    assert_eq!(as_usual, usual.limits, "what it does not say is the connector's");
}

#[test]
fn the_pace_of_a_source_is_not_that_of_a_sandbox() {
    let sandbox = remote_of("sandbox: {}\n");
    assert_eq!((sandbox.limits.rate, sandbox.limits.concurrency), (None, None));
    assert_eq!(sandbox.limits.timeout, remote_of(CREDENTIALS).limits.timeout);
    let paced = remote_of("sandbox: {}\nlimits: { rate: { requests: 5 }, concurrency: 2 }\n");
    assert_eq!((paced.limits.rate.map(|rate| rate.requests), paced.limits.concurrency), (Some(5), Some(2)));
}
