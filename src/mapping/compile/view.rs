//! Paths, seen from a row: the record, an item of one of its lists, or an object in it.

use super::super::shape::{Column, Scope};
use super::Compiler;
use crate::diagnostics::{Place, Problem};
use crate::schema::{Scalar, Step, Target};
use crate::yaml::Located;

/// Where paths start.
pub(in crate::mapping) struct View<'s> {
    pub scope: &'s mut Scope,
    pub row_type: String,
    /// From the start of the scope to the row: not empty inside `each` over a single object.
    pub prefix: Vec<Step>,
    /// From the record to the row, for whoever asks where a field comes from.
    pub path: String,
    /// Why rows are of that type.
    pub because: (Place, String),
}

impl<'s> View<'s> {
    /// The rows of a scope, which `path` leads to from the record.
    pub fn new(scope: &'s mut Scope, row_type: String, path: String, because: (Place, String)) -> View<'s> {
        View { scope, row_type, prefix: Vec::new(), path, because }
    }

    /// A path of the row, from the record.
    pub fn path_of(&self, path: &str) -> String {
        if self.path.is_empty() { path.to_owned() } else { format!("{}.{path}", self.path) }
    }

    /// A path from the start of the scope.
    pub fn full(&self, steps: &[Step]) -> Vec<Step> {
        self.prefix.iter().chain(steps).cloned().collect()
    }
}

impl Compiler<'_> {
    /// The steps of a path; what is wrong with it is reported.
    pub(in crate::mapping) fn walk(&self, view: &View<'_>, path: &Located<String>) -> Option<Vec<Step>> {
        match self.schema.walk(&view.row_type, &path.value) {
            Ok(steps) => Some(steps),
            Err(error) => {
                if let Some(names) = self.names.filter(|names| error.at == 0 && names.are(&view.row_type)) {
                    names.unbound(path, self.file, self.problems);
                    return None;
                }
                let span = path.part(self.file, error.at..error.at + error.length);
                let mut problem = Problem::error("M0101", error.message).at(self.file, span, error.label);
                problem.help = error.help;
                self.report_path(view, problem);
                None
            }
        }
    }

    /// The slot of a single value.
    pub(super) fn slot(&self, view: &mut View<'_>, path: &Located<String>) -> Option<usize> {
        self.single(view, path, |list, rest| match rest {
            "" => format!("go over it with `each: {list}`"),
            rest => {
                format!("write `{{ each: {list}, path: {rest} }}`, hand all values to a function, or `join` them")
            }
        })
    }

    /// The slot of a value that a condition asks for.
    pub(super) fn asked(&self, view: &mut View<'_>, path: &Located<String>) -> Option<usize> {
        self.single(view, path, |list, _| format!("ask inside of `each: {list}`, where paths start at the item"))
    }

    fn single(
        &self,
        view: &mut View<'_>,
        path: &Located<String>,
        help: impl FnOnce(&str, &str) -> String,
    ) -> Option<usize> {
        let steps = self.walk(view, path)?;
        if let Some(at) = steps.iter().position(|step| step.target.is_list()) {
            let list: Vec<&str> = steps[..=at].iter().map(|step| step.name.as_str()).collect();
            let list = list.join(".");
            let start = list.len() - steps[at].name.len();
            let rest = path.value[list.len()..].trim_start_matches('.');
            let of = steps[at].target.object().unwrap_or_default();
            self.report_path(
                view,
                Problem::error("M0103", format!("`{}` has many values", path.value))
                    .at(self.file, path.part(self.file, start..list.len()), format!("is a list of {of}"))
                    .help(help(&list, rest)),
            );
            return None;
        }
        self.must_end_at_a_value(view, path, &steps)?;
        match view.scope.column(&view.full(&steps)) {
            Column::Slot(slot) => Some(slot),
            Column::Items(..) => None,
        }
    }

    /// The slot or column of one value or the values of a list's items.
    pub(super) fn column(&self, view: &mut View<'_>, path: &Located<String>) -> Option<Column> {
        let steps = self.column_steps(view, path)?;
        Some(view.scope.column(&view.full(&steps)))
    }

    pub(super) fn column_steps(&self, view: &View<'_>, path: &Located<String>) -> Option<Vec<Step>> {
        let steps = self.walk(view, path)?;
        self.must_end_at_a_value(view, path, &steps)?;
        Some(steps)
    }

    fn must_end_at_a_value(&self, view: &View<'_>, path: &Located<String>, steps: &[Step]) -> Option<()> {
        let last = steps.last()?;
        let Some(object) = last.target.object() else {
            self.reads(&view.path_of(&path.value));
            return Some(());
        };
        let end = path.value.len();
        let span = path.part(self.file, end - last.name.len()..end);
        let (is, label) = if last.target.is_list() {
            ("a list", format!("is a list of {object}"))
        } else {
            ("an object", format!("is a {object}"))
        };
        let scalars = self.schema.scalars_of(object);
        let example = ["value", "name"].into_iter().find(|name| scalars.contains(name)).or(scalars.first().copied());
        self.report_path(
            view,
            Problem::error("M0102", format!("`{}` is {is} and not a value", path.value))
                .at(self.file, span, label)
                .help(match example {
                    Some(name) => format!("name one of its fields, such as `{}.{name}`", path.value),
                    None => "name one of its fields".to_owned(),
                }),
        );
        None
    }

    /// Reports a problem of a path, with the reason why it starts where it does.
    fn report_path(&self, view: &View<'_>, problem: Problem) {
        let (place, label) = &view.because;
        let problem = problem.because(place.clone(), label.clone());
        self.problems.report(match &*self.state.used.borrow() {
            Some(place) => problem.because(place.clone(), "used here"),
            None => problem,
        });
    }

    /// What a slot holds.
    pub(super) fn scalar<'v>(&self, view: &'v View<'_>, slot: usize) -> &'v Scalar {
        &view.scope.slots[slot].scalar
    }

    /// The target of a path to an object or list.
    pub(in crate::mapping) fn relation(&self, view: &View<'_>, path: &Located<String>) -> Option<Vec<Step>> {
        let steps = self.walk(view, path)?;
        let (last, before) = steps.split_last()?;
        if let Target::Scalar(_, type_name) = &last.target {
            self.report_path(
                view,
                Problem::error("M0104", format!("`{}` is a value and not a list or an object", path.value))
                    .at(self.file, path.span, format!("is a {type_name}"))
                    .help("`each` goes over the items of a list, or over one object when it is there"),
            );
            return None;
        }
        if before.iter().any(|step| step.target.is_list()) {
            self.report_path(
                view,
                Problem::error("M0103", format!("`{}` goes through another list", path.value))
                    .at(self.file, path.span, "a list of lists")
                    .help("nest the lists: an `each` in an object of the outer `each`"),
            );
            return None;
        }
        self.goes_over(view.path_of(&path.value));
        Some(steps)
    }
}
