//! `new connector` lays down what works as it is.

use std::collections::BTreeMap;
use std::path::Path;

use crate::assert_screen;
use crate::home::{ROOT, TempHome};

/// The files of a folder and their texts.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() {
            found.extend(files(&entry.path()).into_iter().map(|(path, text)| (format!("{name}/{path}"), text)));
        } else {
            found.insert(name, std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    found
}

#[test]
fn a_new_connector_covers_fields_at_once_and_disturbs_nothing() {
    let home = TempHome::new();
    let before = files(home.path());
    let run = home.expect(0, &["new", "connector", "made_up"]);
    assert_screen!("new_connector", format!("{}{}", run.stdout, run.stderr));
    let after = files(home.path());
    assert_eq!(after.len(), before.len() + 7);
    assert!(before.iter().all(|(path, text)| after[path] == *text));

    home.write("connections/made_up.yaml", &after["connections/made_up.yaml.sample"]);
    assert_screen!("new_connector_coverage", home.expect(0, &["coverage", "made_up"]).stdout);
    home.expect(0, &["coverage", "sandbox"]);
    let run = home.expect(2, &["sync", "made_up"]);
    assert_eq!(
        run.stderr,
        "error: connection `made_up` has no credentials: the environment variable MADE_UP_API_KEY is not set\n"
    );
}

#[test]
fn a_connector_that_exists_or_cannot_is_refused() {
    let home = TempHome::new();
    let before = files(home.path());
    for (name, expected) in [
        ("carerix", "error: mappings/carerix exists already, and nothing was written; choose another name\n"),
        ("sandbox", "error: connections/sandbox.yaml exists already, and nothing was written; choose another name\n"),
        ("Acme", "error: `Acme` cannot be the name of a connector: `A` is not a lower-case letter, a digit or `_`\n"),
    ] {
        assert_eq!(home.expect(2, &["new", "connector", name]).stderr, expected);
    }
    assert_eq!(files(home.path()), before);
}

#[test]
fn the_guide_shows_what_is_laid_down() {
    let guide = std::fs::read_to_string(Path::new(ROOT).join("docs/connectors.md")).unwrap();
    let home = TempHome::new();
    home.expect(0, &["new", "connector", "made_up"]);
    let laid_down = files(home.path());
    for path in ["mappings/made_up/connector.yaml", "mappings/made_up/jobs.yaml", "connections/made_up.yaml.sample"] {
        let text = laid_down[path].replace("made_up", "acme").replace("MADE_UP", "ACME").replace("Made up", "Acme");
        assert!(guide.contains(text.trim_end()), "docs/connectors.md does not show {path} as it is laid down");
    }
}
