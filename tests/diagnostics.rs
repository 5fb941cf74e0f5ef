//! Every case in `tests/bad` is a home with a mistake in it; what the checker says about it is a snapshot.
//!
//! A case is a text. It may begin with a sentence, with `load: NAME`, the connection to load (the sandbox's if it is not
//! said), or with `check: NAME`, the one to check for warnings too (`check:` for all). Then follow the files that are put over a copy of the real home:
//!
//! ```text
//! -- mappings/carerix/jobs.yaml --           the file from here on, which may be of a connector of its own
//! -- change mappings/carerix/jobs.yaml --    lines to take out (-) and to put in their place (+)
//! -- hex mappings/carerix/jobs.yaml --       its bytes, for what is no text
//! -- remove mappings/carerix/jobs.yaml --    no such file, or folder
//! ```

#[path = "schemas/tree.rs"]
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crosswalk::connector::{Connection, Home, Revision};
use crosswalk::engine::FileSchema;
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

struct Case {
    name: String,
    connection: String,
    /// Whether warnings are wanted too; of all connections when none is named.
    checks: bool,
    /// What is done, to which file, and with what.
    edits: Vec<(Edit, String, String)>,
}

#[derive(Clone, Copy)]
enum Edit {
    Write,
    Change,
    Hex,
    Remove,
}

impl Case {
    fn read(path: &Path) -> Case {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut case = Case { name, connection: "sandbox".to_owned(), checks: false, edits: Vec::new() };
        for line in std::fs::read_to_string(path).unwrap().split_inclusive('\n') {
            if let Some(header) = line.strip_prefix("-- ").and_then(|line| line.trim_end().strip_suffix(" --")) {
                let (edit, file) = match header.split_once(' ') {
                    None => (Edit::Write, header),
                    Some(("change", file)) => (Edit::Change, file),
                    Some(("hex", file)) => (Edit::Hex, file),
                    Some(("remove", file)) => (Edit::Remove, file),
                    Some(_) => panic!("{}: {header}", case.name),
                };
                case.edits.push((edit, file.to_owned(), String::new()));
            } else if let Some((.., text)) = case.edits.last_mut() {
                text.push_str(line);
            } else if let Some(name) = line.strip_prefix("load: ") {
                case.connection = name.trim().to_owned();
            } else if let Some(name) = line.strip_prefix("check:") {
                case.connection = name.trim().to_owned();
                case.checks = true;
            }
        }
        case
    }

    /// The home with the mistake in it.
    fn home(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for part in ["mappings", "scripts", "connections"] {
            copy(&Path::new(ROOT).join(part), &folder.path().join(part));
        }
        for (edit, file, text) in &self.edits {
            let path = folder.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            match edit {
                Edit::Write => {
                    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                    std::fs::write(path, text).unwrap();
                }
                Edit::Change => std::fs::write(&path, change(&std::fs::read_to_string(&path).unwrap(), text)).unwrap(),
                Edit::Hex => {
                    let bytes: Vec<u8> =
                        text.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
                    std::fs::write(path, bytes).unwrap();
                }
                Edit::Remove if path.is_dir() => std::fs::remove_dir_all(path).unwrap(),
                Edit::Remove => std::fs::remove_file(path).unwrap(),
            }
        }
        folder
    }

    /// What the checker says about this case.
    fn picture(&self) -> String {
        let folder = self.home();
        let home = Home::new(folder.path());
        if self.checks {
            return home.check(Some(self.connection.as_str()).filter(|name| !name.is_empty())).report.render(false);
        }
        let checked =
            Connection::load(&home, &self.connection).and_then(|connection| Revision::load(&home, &connection));
        checked.map_or_else(|report| report.render(false), |_| "nothing is found wrong".to_owned())
    }
}

/// Replaces each run of `-` lines by the `+` lines behind it.
fn change(text: &str, edits: &str) -> String {
    let mut text = text.to_owned();
    let mut lines = edits.lines().peekable();
    while lines.peek().is_some() {
        let mut take = |mark: char| -> String {
            let mut taken = String::new();
            while let Some(line) = lines.next_if(|line| line.starts_with(mark)) {
                taken.push_str(&line[1..]);
                taken.push('\n');
            }
            taken
        };
        let (old, new) = (take('-'), take('+'));
        assert_eq!(text.matches(&old).count(), 1, "stands exactly once:\n{old}");
        text = text.replace(&old, &new);
    }
    text
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn cases() -> Vec<Case> {
    let folder = Path::new(ROOT).join("tests/bad");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| Case::read(path)).collect()
}

/// What the checker says about every case, by name.
fn pictures() -> &'static BTreeMap<String, String> {
    static PICTURES: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    PICTURES.get_or_init(|| {
        let cases = cases();
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let shares: Vec<&[Case]> = cases.chunks(cases.len().div_ceil(threads)).collect();
        std::thread::scope(|scope| {
            let draw =
                |share: &[Case]| share.iter().map(|case| (case.name.clone(), case.picture())).collect::<Vec<_>>();
            let workers: Vec<_> = shares.into_iter().map(|share| scope.spawn(move || draw(share))).collect();
            workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
        })
    })
}

#[test]
fn every_mistake_is_shown_as_its_snapshot_says() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(Path::new(ROOT).join("snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.add_filter("the home folder is .*", "the home folder is HOME");
    for (name, picture) in pictures() {
        settings.bind(|| insta::assert_snapshot!(format!("bad__{name}"), picture));
    }
}

#[test]
fn every_case_has_a_mistake_that_is_told_once() {
    for (name, picture) in pictures() {
        let is_mistake = |part: &&str| part.starts_with("error[") || part.starts_with("warning[");
        let mistakes: Vec<&str> = picture.split("\n\n").filter(is_mistake).collect();
        assert!(!mistakes.is_empty(), "nothing is found wrong with {name}");
        let different: BTreeSet<&str> = mistakes.iter().copied().collect();
        assert_eq!(mistakes.len(), different.len(), "{name}\n{picture}");
        let tally = picture.lines().last().unwrap();
        let told: usize = tally.split(' ').filter_map(|word| word.parse::<usize>().ok()).sum();
        assert_eq!(told, mistakes.len(), "{picture}");
        assert_eq!(tally.ends_with("found; nothing was changed."), picture.contains("error["), "{picture}");
    }
}

#[test]
fn every_code_of_the_source_has_a_case() {
    let mut used = BTreeSet::new();
    codes_in(&Path::new(ROOT).join("src"), &mut used);
    let shown: BTreeSet<String> = pictures()
        .values()
        .flat_map(|picture| picture.split("error[").skip(1).chain(picture.split("warning[").skip(1)))
        .filter_map(|part| part.split(']').next())
        .map(str::to_owned)
        .collect();
    assert!(used.len() > 50, "the sources were searched");
    assert_eq!(used.difference(&shown).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// The codes of problems in the sources: `"M` and four digits.
fn codes_in(folder: &Path, codes: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes_in(&path, codes);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let quoted = text.split("\"M").skip(1).filter_map(|rest| rest.split_once('"'));
            let codes_of_file = quoted.map(|(code, _)| code).filter(|code| is_number(code));
            codes.extend(codes_of_file.map(|code| format!("M{code}")));
        }
    }
}

fn is_number(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[test]
fn no_snapshot_is_left_without_its_case() {
    for entry in std::fs::read_dir(Path::new(ROOT).join("snapshots")).unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = file.strip_prefix("bad__").and_then(|name| name.strip_suffix(".snap")) {
            assert!(pictures().contains_key(name), "{file} belongs to no case");
        }
    }
}

/// What a schema can see: keys, types and words. The rest is between files, or between a file and the source.
const SEEN_BY_SCHEMAS: &[&str] = &[
    "M0002", "M0003", "M0004", "M0005", "M0007", "M0008", "M0201", "M0203", "M0204", "M0205", "M0206", "M0207",
    "M0208", "M0209", "M0210", "M0212", "M0220", "M0221", "M0302", "M0303", "M0601", "M0602", "M0604", "M0606",
    "M0609", "M0611", "M0615", "M0800", "M0801", "M0802",
];

/// Cases in which it cannot be seen all the same.
const UNSEEN: &[(&str, &str, &str)] = &[
    ("action_arguments", "M0203", "what a member of the source's takes is the source's matter"),
    ("connection_credentials_of_the_connector", "M0002", "a connector asks for credentials of its own"),
    ("constant_of_a_kind", "M0203", "what is an address or a moment is more than a pattern says"),
    ("custom_fields", "M0007", "what an overlay does not say stands in the mapping"),
    ("custom_fields_without_labels", "M0004", "an overlay may say it"),
    ("custom_fields_without_labels", "M0007", "an overlay may say it"),
    ("overlay_mistakes", "M0302", "an overlay does not know the table below"),
    ("overlay_mistakes", "M0303", "an overlay does not know the table below"),
    ("query_argument_objects", "M0003", "what an argument takes is the source's matter"),
    ("sort_missing", "M0004", "whether there is an order is the connector's matter"),
    ("table_keyword_too_long", "M0303", "a keyword is bounded and a lookup is not, and rows of both are written alike"),
    ("table_value", "M0203", "a table does not know the fields that use it"),
];

fn schema_of(path: &str) -> &'static FileSchema {
    let name = match path {
        path if path.starts_with("connections/") && path.contains("/tables/") => "overlay_table",
        path if path.starts_with("connections/") && path.matches('/').count() > 1 => "overlay",
        path if path.starts_with("connections/") => "connection",
        path if path.contains("/actions/") => "action",
        path if path.contains("/tables/") => "table",
        path if path.ends_with("/connector.yaml") => "connector",
        _ => "mapping",
    };
    FileSchema::named(name).unwrap()
}

#[test]
fn what_schemas_can_see_they_refuse() {
    let mut refused = 0;
    let mut passed = BTreeSet::new();
    for case in cases() {
        let picture = &pictures()[&case.name];
        let mut files = BTreeMap::new();
        for part in picture.split("\n\n").filter_map(|part| part.strip_prefix("error[")) {
            let code = &part[..5];
            let place = part.split("--> ").nth(1).and_then(|place| place.split(':').next());
            if let Some(path) = place.filter(|path| path.ends_with(".yaml") && SEEN_BY_SCHEMAS.contains(&code)) {
                files.insert(path, code);
            }
        }
        let home = case.home();
        for (path, code) in files {
            let tree = tree::of(&std::fs::read_to_string(home.path().join(path)).unwrap());
            let validator = jsonschema::draft7::new(&schema_of(path).json()).unwrap();
            if validator.is_valid(&tree) {
                passed.insert((case.name.clone(), code.to_owned()));
            } else {
                refused += 1;
            }
        }
    }
    let unseen: BTreeSet<_> = UNSEEN.iter().map(|(name, code, _)| ((*name).to_owned(), (*code).to_owned())).collect();
    assert_eq!(passed, unseen);
    assert!(refused > 50, "{refused}");
}
