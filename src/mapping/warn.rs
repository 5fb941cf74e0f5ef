//! What compiles and is not meant: rules that are never reached, names that nobody uses, fields that were forgotten.

use std::collections::BTreeSet;

use super::condition::{self, Condition};
use super::custom::CUSTOM_FIELDS;
use super::document::{Document, Fit, NamedText, Origin, Part, Rule, Spec};
use super::plan::Plan;
use crate::diagnostics::{Place, Problem, Problems};
use crate::model::Model;

/// The names that documents use, for whoever looks for what nobody uses.
#[derive(Debug, Default)]
pub struct Used {
    /// Tables.
    pub tables: BTreeSet<String>,
    /// Functions, each with every script in which it may be.
    pub functions: BTreeSet<(String, String)>,
    /// Tables of which nobody knows what texts they are asked for.
    pub asked_for_anything: BTreeSet<String>,
    conditions: BTreeSet<String>,
}

/// Nobody reads a longer list below a caret.
const MOST_NAMED: usize = 6;

impl Document {
    /// Adds the names that the document uses.
    pub fn used(&self, used: &mut Used) {
        for part in &self.fields {
            part.value.spec.visit(&mut |rule| {
                used.rule(rule);
                if let Origin::Call { function, .. } = &rule.origin {
                    let scripts = self.scripts.iter().map(|script| script.value.value.clone());
                    used.functions.extend(scripts.map(|script| (script, function.value.clone())));
                }
            });
        }
        for part in &self.conditions {
            used.condition(&part.value.text.value);
        }
    }

    /// Warns of what compiles and is not meant. `plan` is what the document compiled to.
    pub fn warn(&self, plan: &Plan, problems: &Problems) {
        self.forgotten(plan.model(), problems);
        self.needless(plan, problems);
        let mut used = Used::default();
        self.used(&mut used);
        used.warn_of_conditions(&self.conditions, problems);
        for Part { file, value: field } in &self.fields {
            field.spec.unreached(&mut |rule, first, why| {
                problems.report(
                    Problem::warning("M0707", "this alternative is never reached")
                        .at(file, rule.span, "never has its turn")
                        .because(Place::new(file, first.span), why)
                        .help("remove it, put it first, or give the one before a `when`"),
                );
            });
        }
    }

    fn forgotten(&self, model: &'static Model, problems: &Problems) {
        let is_told =
            |name: &str| self.field(name).is_some() || (name == CUSTOM_FIELDS && self.custom_fields.is_some());
        let forgotten: Vec<String> = model
            .fields
            .iter()
            .map(|field| field.name)
            .filter(|name| !is_told(name))
            .map(|name| format!("`{name}`"))
            .collect();
        if let Some(first) = forgotten.first() {
            let (count, example) = (forgotten.len(), first.trim_matches('`'));
            let fields = if count == 1 { "field" } else { "fields" };
            let named = forgotten.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join(", ");
            let label = if count > MOST_NAMED { format!("{named} and {} more", count - MOST_NAMED) } else { named };
            problems.report(
                Problem::warning("M0701", format!("nothing is said of {count} {fields} of {}", model.name))
                    .at(&self.file, self.model.span, label)
                    .help(format!("map what the source has; `{example}: null` says that it has nothing")),
            );
        }
    }

    /// Paths that are fetched anyway.
    fn needless(&self, plan: &Plan, problems: &Problems) {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for Part { file, value: path } in &self.also {
            let reader = plan.sources().iter().find(|source| source.paths.contains(&path.value));
            let why = match reader {
                Some(source) => Some(format!("`{}` reads it", source.field)),
                None if !seen.insert(&path.value) => Some("stands here twice".to_owned()),
                None => None,
            };
            if let Some(why) = why {
                problems.report(
                    Problem::warning("M0706", format!("`{}` is fetched anyway", path.value))
                        .at(file, path.span, why)
                        .help("remove it from `also`"),
                );
            }
        }
    }
}

impl Used {
    /// Adds what others use.
    pub(super) fn add(&mut self, other: Used) {
        let Used { tables, functions, asked_for_anything, conditions } = other;
        self.tables.extend(tables);
        self.functions.extend(functions);
        self.asked_for_anything.extend(asked_for_anything);
        self.conditions.extend(conditions);
    }

    /// Warns of conditions that nobody asks.
    pub(super) fn warn_of_conditions(&self, conditions: &[Part<NamedText>], problems: &Problems) {
        for Part { file, value: named } in conditions {
            let name = &named.name;
            if !self.conditions.contains(&name.value) {
                problems.report(
                    Problem::warning("M0708", format!("nobody asks whether `{}` holds", name.value))
                        .at(file, name.span, "is used nowhere")
                        .help("remove it, or name it in a `when`"),
                );
            }
        }
    }
}

impl Spec {
    pub(super) fn visit(&self, look: &mut impl FnMut(&Rule)) {
        self.rules.iter().for_each(|rule| rule.visit(look));
    }

    /// Alternatives behind one that always yields something, and paths that were tried before.
    fn unreached(&self, report: &mut impl FnMut(&Rule, &Rule, &str)) {
        for (at, rule) in self.rules.iter().enumerate() {
            let before = &self.rules[..at];
            if let Some(first) = before.iter().find(|first| first.always_yields()) {
                report(rule, first, "always yields a value");
            } else if let Some(first) = before.iter().find(|first| first.tries_the_same(rule)) {
                report(rule, first, "tries the same");
            }
            rule.specs(&mut |spec| spec.unreached(report));
        }
    }
}

impl Rule {
    fn visit(&self, look: &mut impl FnMut(&Rule)) {
        look(self);
        self.specs(&mut |spec| spec.visit(look));
        if let Origin::All(rules) = &self.origin {
            rules.iter().for_each(|rule| rule.visit(look));
        }
    }

    /// The fields of the object that the rule makes, or of those that its rules make.
    fn specs(&self, look: &mut impl FnMut(&Spec)) {
        match &self.origin {
            Origin::Object(fields) => fields.iter().for_each(|(_, spec)| look(spec)),
            Origin::All(rules) => rules.iter().for_each(|rule| rule.specs(look)),
            _ => {}
        }
    }

    fn always_yields(&self) -> bool {
        let always = self.when.is_none() && self.each.is_none();
        // A value that does not fit stops the rules, and what a function yields may be such.
        let is_default = self.default.is_some() && self.fit.is_none() && !matches!(self.origin, Origin::Call { .. });
        always && (matches!(self.origin, Origin::Value(_)) || is_default)
    }

    fn tries_the_same(&self, other: &Rule) -> bool {
        let plain = |rule: &Rule| {
            let steps = rule.when.is_some() || rule.each.is_some() || rule.fit.is_some() || rule.take.is_some();
            !steps && rule.default.is_none()
        };
        match (&self.origin, &other.origin) {
            (Origin::Path(paths), Origin::Path(others)) if plain(self) && plain(other) => {
                others.iter().all(|other| paths.iter().any(|path| path.value == other.value))
            }
            _ => false,
        }
    }
}

impl Used {
    pub(super) fn rule(&mut self, rule: &Rule) {
        if let Some(Fit::Lookup(table) | Fit::Keywords(table)) = &rule.fit {
            self.tables.insert(table.value.clone());
        }
        if let Some(when) = &rule.when {
            self.condition(&when.value);
        }
    }

    pub(super) fn condition(&mut self, text: &str) {
        if let Ok(condition) = condition::parse(text) {
            self.names(&condition);
        }
    }

    fn names(&mut self, condition: &Condition) {
        match condition {
            Condition::And(parts) | Condition::Or(parts) => parts.iter().for_each(|part| self.names(part)),
            Condition::Not(inner) => self.names(inner),
            Condition::InTable { table, .. } => drop(self.tables.insert(table.text.clone())),
            Condition::Named(name) => drop(self.conditions.insert(name.text.clone())),
            Condition::Compare { .. } | Condition::In { .. } | Condition::Empty { .. } => {}
        }
    }
}
