//! `crosswalk test`: cases, their snapshots, and what is said when they part.

use std::path::Path;

use serde_json::Value;

use crate::assert_screen;
use crate::home::{ROOT, Run, TempHome};

/// What a mapping editor sees after an edit.
fn screen(home: &TempHome, width: &str, arguments: &[&str]) -> Run {
    Run::of(&home.command(arguments).env("COLUMNS", width).output().unwrap())
}

/// Every file of a folder that is no snapshot as it is committed.
fn changed(home: &TempHome) -> Vec<String> {
    let committed = Path::new(ROOT).join("snapshots");
    let mut changed: Vec<String> = std::fs::read_dir(home.path().join("snapshots"))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| std::fs::read(entry.path()).ok() != std::fs::read(committed.join(entry.file_name())).ok())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    changed.sort();
    changed
}

#[test]
fn cases_that_map_as_before_say_nothing_but_how_many_they_are() {
    let home = TempHome::with_cases();
    let run = home.expect(0, &["test"]);
    let cases = home.expect(0, &["test", "--json"]).stdout;
    let cases: Value = serde_json::from_str(&cases).unwrap();
    let count = cases["cases"].as_array().unwrap().len();
    assert!(count > 80);
    assert_eq!(run.stdout, format!("{count} cases: {count} as before\n"));
    assert_eq!(run.stderr, "");
    assert_eq!(cases["counts"]["same"], count);
    assert_eq!(home.expect(0, &["test", "jobs/full"]).stdout, "1 case: 1 as before\n");
    assert_eq!(home.expect(0, &["test", "users", "jobs/closed_by_*"]).stdout, "10 cases: 10 as before\n");
    assert!(!home.store().exists(), "no store is needed");
    assert_eq!(changed(&home), Vec::<String>::new());
}

#[test]
fn a_tenant_beside_the_sandbox_changes_no_test() {
    let home = TempHome::with_cases();
    let sample = std::fs::read_to_string(Path::new(ROOT).join("connections/example.yaml.sample")).unwrap();
    home.write("connections/acme.yaml", &sample);
    assert_eq!(home.expect(0, &["test", "users/full"]).stdout, "1 case: 1 as before\n");
    home.write("connections/other.yaml", &home.read("connections/sandbox.yaml"));
    let run = home.expect(2, &["test", "users/full"]);
    assert_eq!(run.stderr, "error: name one of the connections acme, other, sandbox, as `--connection NAME`\n");
}

#[test]
fn an_edit_shows_as_a_difference_and_can_be_accepted() {
    let home = TempHome::with_cases();
    home.edit("mappings/carerix/users.yaml", "email: [primaryEmailAddress, emailAddress,", "email: [emailAddress,");
    home.edit("mappings/carerix/users.yaml", "  first_name: firstName\n", "  first_name: null\n");
    std::fs::remove_file(home.path().join("snapshots/users__minimal.snap")).unwrap();
    for width in ["60", "100"] {
        let run = screen(&home, width, &["test", "users/full", "users/minimal", "users/inactive"]);
        assert_eq!(run.code, Some(1), "{}", run.stderr);
        let widest = run.stdout.lines().map(console::measure_text_width).max().unwrap();
        assert!(widest <= width.parse().unwrap(), "{}", run.stdout);
        assert_screen!(format!("test_{width}"), format!("{}\n{}", run.stdout, run.stderr));
    }
    let pending = home.read("snapshots/users__full.snap.new");
    assert_eq!(
        insta::Snapshot::from_file(&home.path().join("snapshots/users__full.snap.new")).unwrap().metadata().source(),
        Some("tests/mapping.rs")
    );

    let run = home.expect(0, &["test", "--accept", "users/full"]);
    assert_eq!(run.stdout, "users/full accepted\n1 case: 1 accepted\n");
    assert_eq!(home.read("snapshots/users__full.snap"), pending, "accepting is what a review would do");
    assert!(!home.path().join("snapshots/users__full.snap.new").exists());
    assert_eq!(home.expect(0, &["test", "users/full"]).stdout, "1 case: 1 as before\n");
    assert!(home.path().join("snapshots/users__minimal.snap.new").exists(), "only what was named is accepted");
}

#[test]
fn what_is_accepted_is_what_insta_wrote() {
    let home = TempHome::with_cases();
    let names: Vec<_> =
        std::fs::read_dir(home.path().join("snapshots")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let count = names.len();
    names.iter().for_each(|path| std::fs::remove_file(path).unwrap());
    let run = home.expect(0, &["test", "--accept"]);
    assert!(run.stdout.ends_with(&format!("{count} cases: {count} accepted\n")), "{}", run.stdout);
    assert_eq!(changed(&home), Vec::<String>::new());
    assert_eq!(std::fs::read_dir(home.path().join("snapshots")).unwrap().count(), count);
}

#[test]
fn a_difference_that_is_gone_takes_its_proposal_with_it() {
    let home = TempHome::with_cases();
    let right = home.read("mappings/carerix/users.yaml");
    home.write("mappings/carerix/users.yaml", &right.replace("  first_name: firstName\n", "  first_name: null\n"));
    home.expect(1, &["test", "users"]);
    assert!(home.path().join("snapshots/users__full.snap.new").exists());
    home.write("mappings/carerix/users.yaml", &right);
    home.expect(0, &["test"]);
    assert_eq!(changed(&home), Vec::<String>::new());
}

#[test]
fn snapshots_are_what_they_were_whatever_ends_their_lines() {
    let home = TempHome::with_cases();
    for file in ["snapshots/users__full.snap", "tests/cases/users/full.json"] {
        home.write(file, &home.read(file).replace('\n', "\r\n"));
    }
    home.expect(0, &["test", "users/full"]);
}

#[test]
fn cases_that_are_none_are_told_apart() {
    let home = TempHome::with_cases();
    std::fs::remove_dir_all(home.path().join("tests/cases/jobs")).unwrap();
    for (name, text) in [("broken", "{ \"_id\": \"1\", "), ("list", "[1]"), ("empty", " \n"), ("full", "{}")] {
        home.write(&format!("tests/cases/users/{name}.json"), text);
    }
    std::fs::write(home.path().join("tests/cases/users/binary.json"), [0xff, 0xfe]).unwrap();
    home.write("tests/cases/users/Minimal.json", "{}");
    std::fs::create_dir(home.path().join("tests/cases/user")).unwrap();
    let run = screen(&home, "80", &["test", "users/b*", "users/list", "users/empty", "users/full", "users/?inimal"]);
    assert_eq!(run.code, Some(1));
    assert_screen!("test_unreadable", run.stdout);

    let run = home.expect(1, &["test", "--accept"]);
    assert!(run.stdout.contains("user/ cannot be read\n  tests/cases/user: it is the folder of no model and no connector; did you mean `users`?"), "{}", run.stdout);
    assert!(run.stdout.contains("jobs/minimal is a snapshot without a case\n"), "{}", run.stdout);
    assert!(home.path().join("snapshots/jobs__minimal.snap").exists());
    home.expect(0, &["test", "--accept", "jobs/minimal"]);
    assert!(!home.path().join("snapshots/jobs__minimal.snap").exists());
    home.expect(0, &["test", "--accept", "--prune", "jobs"]);
    assert_eq!(home.run(&["test", "jobs"]).code, Some(2), "nothing is left of the model");
}

#[test]
fn a_failure_of_a_record_is_an_outcome() {
    let home = TempHome::with_cases();
    home.write("tests/cases/users/without_id.json", "{ \"firstName\": \"Bo\" }");
    home.expect(0, &["test", "--accept", "users/without_id"]);
    let snapshot = home.read("snapshots/users__without_id.snap");
    assert!(snapshot.starts_with("---\nsource: tests/mapping.rs\n---\n{\n  \"failure\": \""), "{snapshot}");
    home.expect(0, &["test", "users"]);
}

#[test]
fn a_connector_can_have_a_folder_of_its_own() {
    let home = TempHome::with_cases();
    std::fs::create_dir_all(home.path().join("tests/cases/carerix/users")).unwrap();
    std::fs::rename(
        home.path().join("tests/cases/users/full.json"),
        home.path().join("tests/cases/carerix/users/full.json"),
    )
    .unwrap();
    let run = home.expect(1, &["test", "users/full"]);
    assert!(run.stdout.starts_with("users/full is new\n"), "{}", run.stdout);
    home.expect(0, &["test", "--accept", "users"]);
    assert_eq!(home.read("snapshots/carerix__users__full.snap"), home.read("snapshots/users__full.snap"));
    let run = home.expect(1, &["test"]);
    assert!(
        run.stdout.contains("jobs/ cannot be read\n  tests/cases/jobs: cases of the connector `carerix` are in"),
        "{}",
        run.stdout
    );
}

#[test]
fn wrong_usage_of_cases_is_explained() {
    let home = TempHome::with_cases();
    let said = |arguments: &[&str]| {
        let run = home.expect(2, arguments);
        assert_eq!(run.stdout, "");
        format!("$ crosswalk {}\n{}\n", arguments.join(" "), run.stderr)
    };
    let mut text = said(&["test", "jobs/ful"]);
    text.push_str(&said(&["test", "job"]));
    text.push_str(&said(&["test", "--connection", "sandbocks"]));
    std::fs::remove_dir_all(home.path().join("tests")).unwrap();
    std::fs::remove_dir_all(home.path().join("snapshots")).unwrap();
    let none = home.expect(2, &["test"]).stderr;
    assert!(none.contains("there is no case in "), "{none}");
    assert_screen!("test_wrong_usage", text);
}

#[test]
fn a_mapping_that_does_not_compile_is_no_difference() {
    let home = TempHome::with_cases();
    home.edit("mappings/carerix/jobs.yaml", "name: [jobTitle,", "name: [jobTittle,");
    let run = home.expect(2, &["test"]);
    assert!(run.stderr.contains("error[M0101]"), "{}", run.stderr);
}

#[test]
fn a_folder_that_cannot_be_written_keeps_nobody_from_looking() {
    let home = TempHome::with_cases();
    home.edit("mappings/carerix/users.yaml", "  first_name: firstName\n", "  first_name: null\n");
    // A folder in the place of a file cannot be written to, not even by root.
    std::fs::create_dir(home.path().join("snapshots/users__full.snap.new")).unwrap();
    let run = home.expect(1, &["test", "users/full"]);
    assert!(run.stdout.contains("-     \"first_name\": "), "{}", run.stdout);
    assert!(run.stderr.starts_with("warning: cannot write snapshots/users__full.snap: "), "{}", run.stderr);
    std::fs::remove_file(home.path().join("snapshots/users__full.snap")).unwrap();
    std::fs::create_dir(home.path().join("snapshots/users__full.snap")).unwrap();
    let run = home.expect(2, &["test", "users/full"]);
    assert!(run.stderr.starts_with("error: cannot read snapshots/users__full.snap: "), "{}", run.stderr);
}

#[test]
fn colours_tell_what_went_from_what_came() {
    let home = TempHome::with_cases();
    home.edit("mappings/carerix/users.yaml", "  first_name: firstName\n", "  first_name: null\n");
    let run = home.run(&["test", "users/full", "--color", "always"]);
    assert!(run.stdout.contains("\u{1b}[31m\u{1b}[1m- "), "{:?}", run.stdout);
    assert!(run.stdout.contains("\u{1b}[32m+ "), "{:?}", run.stdout);
}
