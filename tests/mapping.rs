//! Every case in `tests/cases` is mapped by the connector that comes with the engine; its unified record, what
//! fitted nowhere, and nothing else, is a snapshot.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crosswalk::connector::{Connection, Home, Revision};
use crosswalk::mapping::Context;
use crosswalk::model::{MODELS, Model};
use serde_json::{Value, json};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn revision() -> Revision {
    let home = Home::new(ROOT);
    let connection = Connection::load(&home, "sandbox").unwrap_or_else(|report| panic!("{report}"));
    Revision::load(&home, &connection).unwrap_or_else(|report| panic!("{report}"))
}

fn context() -> Context<'static> {
    Context::new("acme", "2026-11-20T11:00:00Z".parse().unwrap())
}

fn cases(model: &Model) -> Vec<PathBuf> {
    let folder = Path::new(ROOT).join("tests/cases").join(model.name);
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
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
    let revision = revision();
    for plan in revision.plans() {
        let model = plan.model();
        for case in cases(model) {
            let name = format!("{}__{}", model.name, case.file_stem().unwrap().to_str().unwrap());
            let raw = std::fs::read_to_string(&case).unwrap();
            let mapped = plan.map(&raw, &context()).unwrap_or_else(|failure| panic!("{name}: {failure}"));
            let mut shown = json!({
                "unified": serde_json::from_slice::<Value>(&mapped.unified).unwrap(),
                "issues": mapped.issues.iter().map(ToString::to_string).collect::<Vec<_>>(),
            });
            for (key, value) in [("group", &mapped.group), ("members_of", &mapped.members_of)] {
                if let Some(value) = value {
                    shown[key] = json!(value);
                }
            }
            if mapped.deleted {
                shown["deleted"] = json!(true);
            }
            snapshots().bind(|| insta::assert_json_snapshot!(name, shown));
        }
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
    let rows = &rows[..rows.rfind("    }\n").unwrap()];
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
    let revision = revision();
    for model in MODELS {
        let plan = revision.plan(model).unwrap();
        let mut filled = BTreeSet::new();
        for case in cases(model) {
            let mapped = plan.map(&std::fs::read_to_string(case).unwrap(), &context()).unwrap();
            let unified: Value = serde_json::from_slice(&mapped.unified).unwrap();
            let is_filled = |value: &Value| !value.is_null() && *value != json!([]) && *value != json!({});
            filled.extend(
                unified.as_object().unwrap().iter().filter(|(_, value)| is_filled(value)).map(|(key, _)| key.clone()),
            );
        }
        for field in model.fields {
            let name = format!("{}.{}", model.name, field.name);
            assert_eq!(filled.contains(field.name), !without_a_source.contains(name.as_str()), "{name}");
        }
    }
}

#[test]
fn no_snapshot_is_left_without_its_case() {
    let mut expected: BTreeSet<String> = BTreeSet::new();
    for model in MODELS {
        expected.insert(format!("operation__{}.snap", model.name));
        expected.extend(
            cases(model)
                .iter()
                .map(|case| format!("{}__{}.snap", model.name, case.file_stem().unwrap().to_str().unwrap())),
        );
    }
    let prefixes: Vec<String> =
        MODELS.iter().map(|model| format!("{}__", model.name)).chain(["operation__".into()]).collect();
    for entry in std::fs::read_dir(Path::new(ROOT).join("snapshots")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if prefixes.iter().any(|prefix| name.starts_with(prefix)) {
            assert!(expected.contains(&name), "{name} belongs to no case");
        }
    }
}
