//! The actions of a connector: one file each, in the folder `actions`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::files::Files;
use crate::diagnostics::{Problem, Problems};
use crate::mapping::Surroundings;
use crate::mapping::action::{self, ActionDocument, ActionPlan};

/// The files of actions, each called like its action.
pub(super) fn documents(files: &Files, problems: &Problems) -> Vec<ActionDocument> {
    let mut documents = Vec::new();
    for (name, file) in &files.actions {
        let Some(document) = file.as_ref().and_then(|file| ActionDocument::parse(file, problems)) else { continue };
        let action = document.action();
        if action.value != *name {
            problems.report(
                Problem::error("M0806", format!("this file says how `{}` is done", action.value))
                    .at(document.file(), action.span, format!("in a file called `{name}`"))
                    .help(format!("call the file `{}.yaml`", action.value)),
            );
            continue;
        }
        documents.push(document);
    }
    documents
}

/// Their plans, by the names of the actions.
pub(super) fn compile(
    documents: &[ActionDocument],
    around: Surroundings<'_>,
    problems: &Problems,
) -> BTreeMap<&'static str, Arc<ActionPlan>> {
    let plans = documents.iter().filter_map(|document| action::compile(document, around, problems));
    plans.map(|plan| (plan.name(), Arc::new(plan))).collect()
}
