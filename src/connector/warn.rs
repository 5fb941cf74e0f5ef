//! What the files of a connector hold for nobody.

use std::collections::BTreeSet;

use super::files::Files;
use crate::diagnostics::{Problem, Problems};
use crate::mapping::action::ActionDocument;
use crate::mapping::{Document, Plan, Used};
use crate::script::Scripts;
use crate::table::{Manner, Tables};

/// What mappings and actions name.
pub(super) fn used(documents: &[Document], actions: &[ActionDocument]) -> Used {
    let mut used = Used::default();
    documents.iter().for_each(|document| document.used(&mut used));
    actions.iter().for_each(|document| document.used(&mut used));
    used
}

/// Warns of functions that nobody calls.
pub(super) fn functions(scripts: &Scripts, used: &Used, problems: &Problems) {
    for (function, place) in scripts.unused(&used.functions) {
        problems.report(
            Problem::warning("M0705", format!("nobody calls `{}`", function.name))
                .at(&place.file, place.span, "is called nowhere")
                .help("call it from a mapping whose `scripts` name this file, or remove it"),
        );
    }
}

/// Warns of tables that nobody uses and of entries that can never be met.
pub(super) fn tables(tables: &Tables, files: &[&Files], used: &Used, plans: &[&Plan], problems: &Problems) {
    let scripts: Vec<_> = files.iter().flat_map(|files| files.scripts.values().flatten()).collect();
    // A function may put the name of a table together: what stands in quotes is as much as can be told.
    let in_scripts = |name: &str| {
        scripts.iter().any(|file| ['"', '`'].iter().any(|quote| file.text.contains(&format!("{quote}{name}{quote}"))))
    };
    for (name, table) in tables {
        let Some(table) = table else { continue };
        table.warn(problems);
        if !used.tables.contains(name) && !in_scripts(name) {
            problems.report(
                Problem::warning("M0704", format!("nobody uses the table `{name}`"))
                    .at(&table.place.file, table.place.span, "is asked nowhere")
                    .help("name it in a rule, a condition or a script, or remove the file"),
            );
            continue;
        }
        let met: Vec<&BTreeSet<String>> = plans.iter().flat_map(|plan| plan.texts_of(name)).collect();
        if used.asked_for_anything.contains(name) {
            continue;
        }
        if met.is_empty() || plans.iter().any(|plan| plan.asks_anything_of(name)) || in_scripts(name) {
            continue;
        }
        let meets = |text: &str, entry: &str| match table.manner() {
            Manner::Lookup => text == entry,
            Manner::Keywords => text.contains(entry),
        };
        let is_met = |entry: &str| met.iter().any(|texts| texts.iter().any(|text| meets(text, entry)));
        for entry in table.entries.iter().filter(|entry| !is_met(&entry.text)) {
            problems.report(
                Problem::warning("M0702", format!("`{}` is never met", entry.text))
                    .at(&entry.place.file, entry.place.span, "not among the values of the paths that ask this table")
                    .suggest(&entry.text, met.iter().flat_map(|texts| texts.iter().map(String::as_str))),
            );
        }
    }
}
