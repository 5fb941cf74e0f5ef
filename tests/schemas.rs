//! The JSON Schemas that come with the engine are those of its readers, and its own files are as they say.

#[path = "schemas/tree.rs"]
mod tree;

use std::path::{Path, PathBuf};

use crosswalk::connector::Home;
use crosswalk::engine::{FileSchema, SCHEMAS};
use jsonschema::Validator;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_files_are_current() {
    let home = Home::new(ROOT);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        SCHEMAS.iter().for_each(|schema| schema.write(&home).unwrap());
    }
    let stale: Vec<&str> =
        SCHEMAS.iter().filter(|schema| !schema.is_current(&home)).map(|schema| schema.path).collect();
    assert_eq!(stale, Vec::<&str>::new(), "write them with UPDATE_GENERATED=1");
}

fn validator(schema: &FileSchema) -> Validator {
    jsonschema::draft7::new(&schema.json()).unwrap()
}

/// The YAML files of the project with the name of the schema that is theirs.
fn files() -> Vec<(PathBuf, &'static str)> {
    let mut found = Vec::new();
    let mut add = |folder: &Path, name: fn(&str) -> &'static str| {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_str().unwrap().to_owned();
            if file.ends_with(".yaml") || file.ends_with(".yaml.sample") {
                found.push((path, name(&file)));
            }
        }
    };
    let root = Path::new(ROOT);
    add(&root.join("connections"), |_| "connection");
    for connector in Home::new(ROOT).connectors() {
        let folder = root.join("mappings").join(connector);
        add(&folder, |file| if file == "connector.yaml" { "connector" } else { "mapping" });
        add(&folder.join("tables"), |_| "table");
        if folder.join("actions").is_dir() {
            add(&folder.join("actions"), |_| "action");
        }
    }
    found.sort();
    found
}

#[test]
fn the_files_of_the_project_are_as_the_schemas_say() {
    let files = files();
    assert!(files.len() > 20, "the files were found");
    for (path, name) in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let named = text.lines().next().and_then(|line| line.strip_prefix("# yaml-language-server: $schema="));
        let named = path.parent().unwrap().join(named.unwrap_or_default());
        let schema = Path::new(ROOT).join(FileSchema::named(name).unwrap().path);
        assert_eq!(named.canonicalize().ok(), schema.canonicalize().ok(), "{}", path.display());
        let tree = tree::of(&text);
        let validator = validator(FileSchema::named(name).unwrap());
        let errors: Vec<String> =
            validator.iter_errors(&tree).map(|error| format!("{error} at {}", error.instance_path())).collect();
        assert_eq!(errors, Vec::<String>::new(), "{}", path.display());
    }
}
