//! The rules of the house that no compiler checks.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The modules from the ground floor up; a module uses only what stands before it. `sandbox` stands beside the house.
const FLOORS: &[&str] = &[
    "diagnostics",
    "yaml",
    "model",
    "schema",
    "table",
    "text",
    "vault",
    "script",
    "mapping",
    "connector",
    "source",
    "fetch",
    "store",
    "sync",
    "action",
    "webhook",
    "engine",
    "api",
    "cli",
];

/// A source file: where it is within `src`, and its text.
struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// The top-level module that it belongs to.
    fn module(&self) -> &str {
        let first = self.path.iter().next().unwrap().to_str().unwrap();
        first.strip_suffix(".rs").unwrap_or(first)
    }

    fn is_test(&self) -> bool {
        self.path.iter().any(|part| part == "tests" || part == "tests.rs")
    }

    /// The text without its tests, which stand at the end.
    fn shipped(&self) -> &str {
        self.text.split("#[cfg(test)]\nmod ").next().unwrap()
    }

    /// The modules of this crate that it names.
    fn uses(&self) -> BTreeSet<&str> {
        let mut used = BTreeSet::new();
        for (at, _) in self.text.match_indices("crate::") {
            if at > 0 && is_of_name(self.text.as_bytes()[at - 1]) {
                continue;
            }
            let rest = &self.text[at + "crate::".len()..];
            match rest.strip_prefix('{') {
                None => used.extend(names(rest).next()),
                Some(group) => {
                    let group = group.split("};").next().unwrap();
                    used.extend(group.split(',').filter_map(|part| names(part).next()));
                }
            }
        }
        used
    }
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The names in a text, in its order.
fn names(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).filter(|name| !name.is_empty())
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|known| known == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<Source> {
    let src = Path::new(ROOT).join("src");
    let read = |path: PathBuf| Source {
        text: std::fs::read_to_string(&path).unwrap(),
        path: path.strip_prefix(&src).unwrap().to_owned(),
    };
    files(&src, "rs").into_iter().map(read).collect()
}

#[test]
fn every_module_has_its_floor() {
    let modules: BTreeSet<String> = sources().iter().map(|source| source.module().to_owned()).collect();
    let expected: BTreeSet<String> =
        FLOORS.iter().chain(&["sandbox", "lib", "main"]).map(|name| (*name).to_owned()).collect();
    assert_eq!(modules, expected);
}

#[test]
fn the_arrows_only_point_down() {
    let floor = |module: &str| FLOORS.iter().position(|name| *name == module);
    let mut upward = Vec::new();
    let mut arrows = 0;
    for source in sources() {
        let module = source.module().to_owned();
        for used in source.uses() {
            arrows += 1;
            let allowed = match (module.as_str(), used) {
                (module, used) if module == used => true,
                ("lib" | "main", _) => true,
                ("sandbox", _) => false,
                (module, "sandbox") => module == "cli",
                (module, used) => floor(used) < floor(module) && floor(used).is_some(),
            };
            if !allowed {
                upward.push(format!("{} uses {used}", source.path.display()));
            }
        }
    }
    assert!(arrows > 50, "the sources were searched");
    assert_eq!(upward, Vec::<String>::new());
}

/// Type and field names that only this source has: those with a capital inside, and those of its types.
fn names_of_the_schema(schema: &str) -> BTreeSet<&str> {
    let code = schema.lines().map(|line| line.split('#').next().unwrap());
    code.flat_map(names)
        .filter(|name| {
            let inner_capital = name.chars().skip(1).any(char::is_uppercase) && name.chars().any(char::is_lowercase);
            name.starts_with("CR") || name.starts_with("NS") || (name.len() > 6 && inner_capital)
        })
        .collect()
}

/// The source's texts in a table: everything that stands in brackets or behind a value.
fn texts_of_a_table(table: &str) -> BTreeSet<String> {
    let rows = table.lines().filter(|line| line.starts_with("  ") && !line.trim_start().starts_with('#'));
    rows.filter_map(|row| row.split_once(':'))
        .flat_map(|(_, texts)| texts.split(['[', ']', ',']))
        .map(|text| text.trim().trim_matches(['"', '\'']).to_owned())
        .filter(|text| !text.is_empty())
        .collect()
}

/// The texts in quotes in a source file.
fn literals(text: &str) -> BTreeSet<&str> {
    text.split('\n')
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .collect()
}

/// Words of connectors that the Rust has for a reason of its own.
const OWN_WORDS: &[(&str, &str)] = &[
    ("home", "the folder that holds mappings, scripts and connections"),
    ("DateTime", "what a scalar of dates means, and what many sources call it"),
    ("year", "a part of a date, in scripts"),
    ("month", "a part of a date, in scripts"),
    ("week", "a part of a date, in scripts"),
    ("day", "a part of a date, in scripts"),
    ("hour", "a part of a date, in scripts"),
    ("new", "a case without a snapshot"),
    ("active", "how a connection stands"),
    ("inactive", "how a connection stands"),
    ("euro", "the name of a sign in HTML"),
];

#[test]
fn only_the_sandbox_names_what_is_of_the_source() {
    let mappings = Path::new(ROOT).join("mappings");
    let mut named = Vec::new();
    let (mut names_searched, mut texts_searched) = (0, 0);
    let entries = std::fs::read_dir(&mappings).unwrap().map(|entry| entry.unwrap().path());
    for folder in entries.filter(|path| path.is_dir()) {
        let schema = std::fs::read_to_string(folder.join("schema.graphql")).unwrap();
        let schema = names_of_the_schema(&schema);
        names_searched += schema.len();
        let tables = files(&folder.join("tables"), "yaml");
        let texts: BTreeSet<String> =
            tables.iter().flat_map(|table| texts_of_a_table(&std::fs::read_to_string(table).unwrap())).collect();
        texts_searched += texts.len();
        for source in sources().iter().filter(|source| source.module() != "sandbox" && !source.is_test()) {
            let shipped = source.shipped();
            let mut found: BTreeSet<&str> = names(shipped).filter(|word| schema.contains(word)).collect();
            found.extend(literals(shipped).into_iter().filter(|literal| texts.contains(*literal)));
            found.retain(|word| OWN_WORDS.iter().all(|(own, _)| own != word));
            named.extend(found.into_iter().map(|word| format!("{}: {word}", source.path.display())));
        }
    }
    assert!(names_searched > 100 && texts_searched > 20, "the connectors were searched");
    assert_eq!(named, Vec::<String>::new());
}

#[test]
fn nothing_is_left_to_do() {
    let marks = [concat!("to", "do!"), concat!("un", "implemented!"), concat!("TO", "DO"), concat!("FIX", "ME")];
    let left: Vec<String> = sources()
        .iter()
        .flat_map(|source| {
            marks
                .iter()
                .filter(|mark| source.text.contains(**mark))
                .map(|mark| format!("{}: {mark}", source.path.display()))
        })
        .collect();
    assert_eq!(left, Vec::<String>::new());
}
