//! What compiles and is not meant.

use super::super::document::{Origin, Spec};
use super::super::warn::Used;
use super::document::{ActionDocument, Ask, Fail, Kind, Message, Step};
use super::names::Reads;
use crate::diagnostics::{Problem, Problems};
use crate::yaml::Located;

impl ActionDocument {
    /// Adds the names that the document uses.
    pub fn used(&self, used: &mut Used) {
        let mut own = Used::default();
        let mut specs: Vec<&Spec> = self.touches.iter().map(|(_, spec)| spec).collect();
        each(&self.steps, &mut |step| {
            if let Some(when) = &step.when {
                own.condition(&when.value);
            }
            specs.extend(specs_of(&step.kind));
        });
        for spec in specs {
            spec.visit(&mut |rule| {
                own.rule(rule);
                if let Origin::Call { function, .. } = &rule.origin {
                    let scripts = self.scripts.iter().map(|script| script.value.value.clone());
                    own.functions.extend(scripts.map(|script| (script, function.value.clone())));
                }
            });
        }
        for part in &self.conditions {
            own.condition(&part.value.text.value);
        }
        used.asked_for_anything.extend(own.tables.iter().cloned());
        used.add(own);
    }

    /// Warns of what compiles and is not meant.
    pub(super) fn warn(&self, reads: &Reads, problems: &Problems) {
        let mut used = Used::default();
        self.used(&mut used);
        used.warn_of_conditions(&self.conditions, problems);
        each(&self.steps, &mut |step| {
            let (Kind::Find { name, none: None, .. } | Kind::FetchFile { name, .. }) = &step.kind else { return };
            if reads.of(&name.value).is_empty() {
                self.unread(name, problems);
            }
        });
    }

    /// A name that is bound and never read does nothing.
    fn unread(&self, name: &Located<String>, problems: &Problems) {
        problems.report(
            Problem::warning("M0890", format!("nobody reads `{}`", name.value))
                .at(&self.file, name.span, "bound here")
                .help("remove the step, or say under `none` what happens when there is nothing"),
        );
    }
}

fn each<'d>(steps: &'d [Step], look: &mut impl FnMut(&'d Step)) {
    for step in steps {
        look(step);
        if let Kind::ForEach { steps, .. } = &step.kind {
            each(steps, look);
        }
    }
}

fn specs_of(kind: &Kind) -> Vec<&Spec> {
    match kind {
        Kind::Find { ask, none, .. } => of_ask(ask).chain(none.iter().filter_map(of_fail)).collect(),
        Kind::Change { ask, already, on_error, .. } => {
            of_ask(ask).chain(already.iter().flat_map(of_ask)).chain(on_error.iter().filter_map(of_message)).collect()
        }
        Kind::Fail(fail) => of_fail(fail).into_iter().collect(),
        Kind::Warn(message) => of_message(message).into_iter().collect(),
        Kind::ForEach { .. } | Kind::FetchFile { .. } | Kind::Stop | Kind::Off => Vec::new(),
    }
}

fn of_ask(ask: &Ask) -> impl Iterator<Item = &Spec> {
    let arguments = ask.arguments.iter().map(|part| &part.value.1);
    arguments.chain(ask.with.iter().map(|(_, spec)| spec))
}

fn of_fail(fail: &Fail) -> Option<&Spec> {
    of_message(&fail.message)
}

fn of_message(message: &Message) -> Option<&Spec> {
    match message {
        Message::Fixed(_) => None,
        Message::Made(spec) => Some(spec),
    }
}
