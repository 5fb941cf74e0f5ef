//! The names that steps read by: the input, what earlier steps bound, and the entry of the list under work.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::time::DateFormat;
use super::document::{Kind as Written, Step};
use crate::diagnostics::{Place, Problem, Problems, SourceFile, Span, closest};
use crate::model::{self, Action, Field};
use crate::schema::{Scalar, Schema, Target};
use crate::yaml::Located;

/// How the types of names begin that are no type of the source.
const NAMES: &str = "the names of step ";

/// The type of the input.
pub(super) const INPUT: &str = "input";

/// The type of a file.
const FILE: &str = "a fetched file";

/// The scalar of the input's dates.
const MOMENT: &str = "a date of the input";

/// What can be read where.
#[derive(Debug)]
pub(in crate::mapping) struct Names {
    visible: Vec<Bound>,
    /// How many types of names there are.
    types: usize,
    /// Every name that some step binds, and where that is.
    bound: Vec<(String, Place, bool)>,
}

/// A name that can be read.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    pub name: String,
    pub target: Target,
    /// What the name stands for, as a path from a name that a request gave or from the input.
    pub stands_for: String,
    pub place: Place,
}

impl Names {
    /// The names before the first step.
    pub(super) fn new(
        action: &'static Action,
        schema: &mut Schema,
        steps: &[Step],
        file: &Arc<SourceFile>,
        at: Span,
    ) -> Names {
        define(schema, INPUT, action.fields);
        let text = |name: &str, scalar: Scalar| {
            (name.to_owned(), Target::Scalar(scalar.clone(), scalar.describe().to_owned()))
        };
        let file_members = vec![
            text("name", Scalar::Text),
            text("content_type", Scalar::Text),
            text("size", Scalar::Int),
            text("content", Scalar::Text),
        ];
        schema.define(FILE, file_members);
        let mut bound = Vec::new();
        collect(steps, false, file, &mut bound);
        let input = Bound {
            name: INPUT.to_owned(),
            target: Target::Object(INPUT.to_owned()),
            stands_for: INPUT.to_owned(),
            place: Place::new(file, at),
        };
        Names { visible: vec![input], types: 0, bound }
    }

    /// The type of all names that can be read now.
    pub fn define(&mut self, schema: &mut Schema) -> String {
        self.types += 1;
        let name = format!("{NAMES}{}", self.types);
        schema.define(name.clone(), self.visible.iter().map(|one| (one.name.clone(), one.target.clone())).collect());
        name
    }

    /// Whether the members of a type are names.
    pub fn are(&self, type_name: &str) -> bool {
        type_name.starts_with(NAMES)
    }

    /// The name, if it can be read now.
    pub(super) fn get(&self, name: &str) -> Option<&Bound> {
        self.visible.iter().find(|one| one.name == name)
    }

    /// The type of a file that was fetched.
    pub fn file() -> Target {
        Target::Object(FILE.to_owned())
    }

    /// Binds a name. One that is bound already must be of the same type.
    pub(super) fn bind(&mut self, bound: Bound, problems: &Problems) {
        let Some(known) = self.visible.iter_mut().find(|one| one.name == bound.name) else {
            self.visible.push(bound);
            return;
        };
        if known.target != bound.target || known.stands_for != bound.stands_for {
            let of = |target: &Target| target.object().unwrap_or_default().to_owned();
            problems.report(
                Problem::error("M0803", format!("`{}` is bound to something else already", bound.name))
                    .at(&bound.place.file, bound.place.span, format!("is a {} here", of(&bound.target)))
                    .because(known.place.clone(), format!("is a {} here", of(&known.target)))
                    .help("choose another name"),
            );
        }
    }

    /// What there was before a list, for [`Names::leave`].
    pub fn enter(&self) -> usize {
        self.visible.len()
    }

    /// Forgets what was bound inside of a list.
    pub fn leave(&mut self, before: usize) {
        self.visible.truncate(before);
    }

    /// What names there are, in words.
    pub fn describe(&self) -> String {
        let names: Vec<String> = self.visible.iter().map(|one| format!("`{}`", one.name)).collect();
        format!("the names here are {}", names.join(", "))
    }

    /// Reports a path whose first name cannot be read.
    pub fn unbound(&self, path: &Located<String>, file: &Arc<SourceFile>, problems: &Problems) {
        let name = path.value.split('.').next().unwrap_or_default();
        let span = path.part(file, 0..name.len());
        let problem = Problem::error("M0805", format!("nothing is called `{name}` here")).at(file, span, "not bound");
        let elsewhere = self.bound.iter().find(|(known, _, _)| known == name);
        problems.report(match elsewhere {
            Some((_, place, true)) => {
                problem.because(place.clone(), "bound inside of a list").help("it can be read only inside of that list")
            }
            Some((_, place, false)) => {
                problem.because(place.clone(), "bound here").help("a step reads what steps before it bound")
            }
            None => {
                let names = self.visible.iter().map(|one| one.name.as_str());
                match closest(name, names) {
                    Some(close) => problem.help(format!("did you mean `{close}`?")),
                    None => problem.help(format!("{}; a fixed value is written as `{{ value: … }}`", self.describe())),
                }
            }
        });
    }
}

/// How dates of the input are read: with an offset, or in UTC.
pub(super) fn dates() -> (String, Arc<DateFormat>) {
    (MOMENT.to_owned(), Arc::new(DateFormat::new("rfc3339", "UTC").expect("a format that is known")))
}

/// The names that steps bind, and whether inside of a list.
fn collect(steps: &[Step], inside: bool, file: &Arc<SourceFile>, bound: &mut Vec<(String, Place, bool)>) {
    for step in steps {
        let mut add =
            |name: &Located<String>, inside| bound.push((name.value.clone(), Place::new(file, name.span), inside));
        match &step.kind {
            Written::Find { name, .. } | Written::Change { name, .. } | Written::FetchFile { name, .. } => {
                add(name, inside);
            }
            Written::ForEach { name, steps, .. } => {
                add(name, true);
                collect(steps, true, file, bound);
            }
            Written::Fail(_) | Written::Warn(_) | Written::Stop | Written::Off => {}
        }
    }
}

/// Defines the type of an object of the input and of those in it, each called like its path.
fn define(schema: &mut Schema, path: &str, fields: &'static [Field]) {
    let members = fields.iter().map(|field| (field.name.to_owned(), target(schema, path, field))).collect();
    schema.define(path, members);
}

fn target(schema: &mut Schema, path: &str, field: &'static Field) -> Target {
    let inner = format!("{path}.{}", field.name);
    let scalar = |scalar: Scalar| Target::Scalar(scalar.clone(), scalar.describe().to_owned());
    match &field.kind {
        model::Kind::Object(fields) => {
            define(schema, &inner, fields);
            Target::Object(inner)
        }
        model::Kind::List(model::Kind::Object(fields)) => {
            define(schema, &inner, fields);
            Target::List(inner)
        }
        model::Kind::Number => scalar(Scalar::Float),
        model::Kind::Integer => scalar(Scalar::Int),
        model::Kind::Boolean => scalar(Scalar::Boolean),
        model::Kind::Timestamp => Target::Scalar(Scalar::DateTime, MOMENT.to_owned()),
        model::Kind::List(_) | model::Kind::Map | model::Kind::Any => scalar(Scalar::Json),
        // Ids are those of the source by now.
        _ => scalar(Scalar::Text),
    }
}

/// The paths of the input that hold values: with those through lists.
pub(super) fn paths(fields: &'static [Field]) -> Vec<String> {
    let mut paths = Vec::new();
    for field in fields {
        match &field.kind {
            model::Kind::Object(inner) | model::Kind::List(model::Kind::Object(inner)) => {
                paths.extend(self::paths(inner).into_iter().map(|path| format!("{}.{path}", field.name)));
            }
            // What one tool takes says nothing to the others.
            model::Kind::Map => {}
            _ => paths.push(field.name.to_owned()),
        }
    }
    paths
}

/// Reads of names: which paths steps read of each, for what is selected of it.
#[derive(Debug, Default)]
pub(super) struct Reads {
    of: BTreeMap<String, Vec<Read>>,
    /// Objects of which all is taken.
    taken: Vec<String>,
}

/// What is read of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Read {
    pub path: String,
    /// It is only asked whether the object is there, or how many entries the list has.
    pub whole: bool,
}

impl Reads {
    /// Adds a path from a name.
    pub fn add(&mut self, path: &str, whole: bool) {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let reads = self.of.entry(name.to_owned()).or_default();
        let read = Read { path: rest.to_owned(), whole };
        if !reads.contains(&read) {
            reads.push(read);
        }
    }

    /// Adds an object of which all is taken.
    pub fn take(&mut self, path: &str) {
        self.taken.push(path.to_owned());
    }

    /// What is read of a name.
    pub fn of(&self, name: &str) -> &[Read] {
        self.of.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether somebody reads this path of the input, or all of an object around it.
    pub fn reads_input(&self, path: &str) -> bool {
        let full = format!("{INPUT}.{path}");
        let is_within = |object: &String| full.strip_prefix(object.as_str()).is_some_and(|rest| rest.starts_with('.'));
        self.of(INPUT).iter().any(|read| read.path == path) || self.taken.iter().any(is_within)
    }
}
