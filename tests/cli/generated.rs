//! Documents that commands write, and that are committed: they must be what the commands write now.
//!
//! `UPDATE_GENERATED=1 cargo test` writes them anew.

use std::path::Path;

use crate::home::{ROOT, Run, crosswalk};

fn must_be_current(path: &str, text: &str) {
    let file = Path::new(ROOT).join(path);
    if std::env::var_os("UPDATE_GENERATED").is_some_and(|value| !value.is_empty() && value != "0") {
        std::fs::write(file, text).unwrap();
    } else {
        let committed = std::fs::read_to_string(file).unwrap_or_default();
        assert!(committed == text, "{path} is not current: run `UPDATE_GENERATED=1 cargo test --test cli generated`");
    }
}

#[test]
fn the_coverage_document_is_current() {
    let arguments = ["--home", ROOT, "coverage", "sandbox", "--format", "markdown"];
    let run = Run::of(&crosswalk(&arguments).output().unwrap());
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    must_be_current("docs/coverage.md", &run.stdout);
}
