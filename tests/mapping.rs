//! Every case in `tests/cases` is mapped by the connector that comes with the engine; its unified record, what
//! fitted nowhere, and nothing else, is a snapshot.

use std::collections::BTreeSet;
use std::path::Path;

use crosswalk::connector::{Connection, Home, Revision};
use crosswalk::engine::cases::{Case, Suite};
use crosswalk::model::MODELS;
use serde_json::{Value, json};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn home() -> (Home, Connection) {
    let home = Home::new(ROOT);
    let connection = Connection::load(&home, "sandbox").unwrap_or_else(|report| panic!("{report}"));
    (home, connection)
}

fn revision() -> Revision {
    let (home, connection) = home();
    Revision::load(&home, &connection).unwrap_or_else(|report| panic!("{report}"))
}

fn suite() -> Suite {
    let (home, connection) = home();
    Suite::open(&home, &connection).unwrap_or_else(|report| panic!("{report}"))
}

/// What a case maps to.
fn outcome(suite: &Suite, case: &Case) -> Value {
    let outcome = suite.outcome(case).unwrap_or_else(|why| panic!("{}: {why}", case.title()));
    outcome.value().clone()
}

fn snapshots() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(ROOT).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

#[test]
fn cases_map_as_their_snapshots_say() {
    let suite = suite();
    assert!(suite.cases().len() > 80, "the cases were found");
    for case in suite.cases().iter().filter(|case| case.file.is_some()) {
        let outcome = outcome(&suite, case);
        assert!(outcome.get("failure").is_none(), "{}: {outcome}", case.title());
        snapshots().bind(|| insta::assert_json_snapshot!(case.snapshot_name(), outcome));
    }
}

#[test]
fn operations_are_derived_as_their_snapshots_say() {
    for plan in revision().plans() {
        let name = format!("operation__{}", plan.model().name);
        snapshots().bind(|| insta::assert_snapshot!(name, plan.operation().text));
    }
}

#[test]
fn one_record_is_asked_for_like_a_page_of_them() {
    for plan in revision().plans() {
        let (page, one) = (plan.operation(), plan.one().unwrap());
        let row = one.text.split_once(") {\n").unwrap().1.split_once(") {\n").unwrap().1;
        assert_eq!(selected(&row[..row.rfind("  }\n").unwrap()]), asked(&page.text), "{}", one.name);
        let head: Vec<&str> = one.text.lines().take(2).collect();
        let name = plan.model().name;
        assert_eq!(head[0], format!("query {name}($id: ID!) {{"));
        assert!(head[1].starts_with(&format!("  {}(", one.root)) && head[1].contains("_id: $id"), "{}", head[1]);
    }
}

#[test]
fn a_query_asks_for_what_is_read_and_for_nothing_else() {
    for plan in revision().plans() {
        let model = plan.model().name;
        let mapping = std::fs::read_to_string(Path::new(ROOT).join(format!("mappings/carerix/{model}.yaml"))).unwrap();
        // What stands in the mapping beside its fields.
        let beside = mapping.lines().filter_map(|line| {
            let list = line.strip_prefix("also: ").or_else(|| line.strip_prefix("group: "))?;
            Some(list.split('#').next().unwrap().replace(['[', ']', ','], " "))
        });
        let beside: Vec<String> =
            beside.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
        let read = plan.sources().iter().flat_map(|source| source.paths.iter().cloned()).chain(beside);
        let mut read: BTreeSet<String> = read.collect();
        // The mark of deletion that connector.yaml names, where a record has it.
        read.insert("deleted".to_owned());
        let asked: BTreeSet<String> = asked(&plan.operation().text).into_iter().collect();
        let unread: Vec<_> = asked.difference(&read).collect();
        assert_eq!(unread, Vec::<&String>::new(), "{model} asks for what nobody reads");
        read.retain(|path| path != "deleted");
        let missing: Vec<_> = read.difference(&asked).collect();
        assert_eq!(missing, Vec::<&String>::new(), "{model} reads what is not asked for");
    }
}

/// The dotted paths that an operation selects in a row. `items` of pages are no part of them.
fn asked(operation: &str) -> Vec<String> {
    let rows = operation.split_once("    items {\n").unwrap().1;
    selected(&rows[..rows.rfind("    }\n").unwrap()])
}

fn selected(rows: &str) -> Vec<String> {
    let mut here: Vec<String> = Vec::new();
    let mut paths = Vec::new();
    for line in rows.lines() {
        let line = line.trim();
        if line.starts_with('}') {
            here.pop();
            continue;
        }
        let name = line.split(['(', ' ']).next().unwrap();
        if line.ends_with('{') {
            here.push(name.to_owned());
        } else if name != "__typename" {
            paths.push(here.iter().map(String::as_str).chain([name]).collect::<Vec<_>>().join("."));
        }
    }
    paths
}

#[test]
fn every_field_of_every_model_is_filled_by_some_case() {
    // Fields for which the source has no place; their mappings say why.
    let without_a_source =
        BTreeSet::from(["application_stages.custom_fields", "applications.remote_url", "jobs.stages"]);
    let suite = suite();
    for model in MODELS {
        let mut filled = BTreeSet::new();
        for case in suite.cases().iter().filter(|case| case.model == Some(*model) && case.file.is_some()) {
            let outcome = outcome(&suite, case);
            let is_filled = |value: &Value| !value.is_null() && *value != json!([]) && *value != json!({});
            let unified = outcome["unified"].as_object().unwrap();
            filled.extend(unified.iter().filter(|(_, value)| is_filled(value)).map(|(key, _)| key.clone()));
        }
        for field in model.fields {
            let name = format!("{}.{}", model.name, field.name);
            assert_eq!(filled.contains(field.name), !without_a_source.contains(name.as_str()), "{name}");
        }
    }
}

#[test]
fn no_snapshot_is_left_without_its_case() {
    let suite = suite();
    let left: Vec<String> = suite.cases().iter().filter(|case| case.file.is_none()).map(Case::title).collect();
    assert_eq!(left, Vec::<String>::new());
    let operations: BTreeSet<String> = MODELS.iter().map(|model| format!("operation__{}.snap", model.name)).collect();
    for entry in std::fs::read_dir(Path::new(ROOT).join("snapshots")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(!name.starts_with("operation__") || operations.contains(&name), "{name} belongs to no model");
    }
}
