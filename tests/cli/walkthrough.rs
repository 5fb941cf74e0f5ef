//! The README's "Change a field in two minutes", done as it is written.

use std::path::Path;

use crate::home::{ROOT, TempHome};

/// A block of the section: its language and its text.
struct Block<'t> {
    language: &'t str,
    text: &'t str,
    /// What is said since the block before.
    before: &'t str,
}

fn blocks(section: &str) -> Vec<Block<'_>> {
    let mut parts = section.split("```");
    let mut before = parts.next().unwrap();
    let mut blocks = Vec::new();
    while let Some(block) = parts.next() {
        let (language, text) = block.split_once('\n').unwrap();
        blocks.push(Block { language, text, before });
        before = parts.next().unwrap();
    }
    blocks
}

/// The home with its cases, filled as "Try it" says.
fn home() -> TempHome {
    let home = TempHome::with_the_usual_sandbox();
    for folder in ["tests/cases", "snapshots"] {
        crate::copy::copy(&Path::new(ROOT).join(folder), &home.path().join(folder));
    }
    home.sync();
    home
}

#[test]
fn the_readme_does_what_it_says() {
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let section = readme.split("## Change a field in two minutes\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let home = home();
    let mut printed = String::new();
    let mut file = String::new();
    let (mut edits, mut commands, mut shown) = (0, 0, 0);
    for block in blocks(section) {
        if let Some(named) = block.before.split('`').nth(1).filter(|named| named.ends_with(".yaml")) {
            file = named.to_owned();
        }
        match block.language {
            "sh" => {
                printed.clear();
                for line in block.text.lines().filter_map(|line| line.strip_prefix("cargo run --release -- ")) {
                    let arguments: Vec<&str> = line.split(' ').collect();
                    let run = home.run(&arguments);
                    assert!(run.code.is_some_and(|code| code <= 2), "{line}: {}", run.stderr);
                    printed = run.stdout;
                    commands += 1;
                }
            }
            "diff" => {
                let lines = |mark: char| -> String {
                    let lines = block.text.lines().filter_map(|line| line.strip_prefix(mark));
                    lines.map(|line| format!("{line}\n")).collect()
                };
                home.edit(&file, &lines('-'), &lines('+'));
                edits += 1;
            }
            "text" => {
                for line in block.text.lines() {
                    assert!(printed.lines().any(|printed| printed == line), "`{line}` is not in\n{printed}");
                }
                shown += 1;
            }
            other => panic!("nobody knows what to do with {other}"),
        }
    }
    assert_eq!((edits, commands, shown), (2, 7, 4));
}
