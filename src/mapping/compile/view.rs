//! Paths, seen from a row: the record, an item of one of its lists, or an object in it.

use super::super::shape::{Column, Scope};
use super::{Compiler, within};
use crate::diagnostics::{Place, Problem};
use crate::schema::{Scalar, Step, Target};
use crate::yaml::Located;

/// Where paths start.
pub(super) struct View<'s> {
    pub scope: &'s mut Scope,
    pub row_type: String,
    /// From the start of the scope to the row: not empty inside `each` over a single object.
    pub prefix: Vec<Step>,
    /// Why rows are of that type.
    pub because: (Place, String),
}

impl<'s> View<'s> {
    pub fn new(scope: &'s mut Scope, row_type: String, because: (Place, String)) -> View<'s> {
        View { scope, row_type, prefix: Vec::new(), because }
    }

    /// A path from the start of the scope.
    pub fn full(&self, steps: &[Step]) -> Vec<Step> {
        self.prefix.iter().chain(steps).cloned().collect()
    }
}

impl Compiler<'_> {
    /// The steps of a path; what is wrong with it is reported.
    pub(super) fn walk(&self, view: &View<'_>, path: &Located<String>) -> Option<Vec<Step>> {
        match self.schema.walk(&view.row_type, &path.value) {
            Ok(steps) => {
                let dotted = view.prefix.iter().map(|step| step.name.as_str()).chain([path.value.as_str()]);
                self.reads(&dotted.collect::<Vec<_>>().join("."));
                Some(steps)
            }
            Err(error) => {
                let span = within(self.file, path, error.at, error.at + error.length);
                let (place, label) = &view.because;
                let mut problem = Problem::error("M0101", error.message)
                    .at(self.file, span, error.label)
                    .because(place.clone(), label.clone());
                problem.help = error.help;
                self.problems.report(problem);
                None
            }
        }
    }

    /// The slot of a single value.
    pub(super) fn slot(&self, view: &mut View<'_>, path: &Located<String>) -> Option<usize> {
        let steps = self.single(view, path)?;
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
        if let Some(object) = steps.last()?.target.object() {
            let scalars = self.schema.scalars_of(object);
            let end = path.value.len();
            let start = end - steps.last()?.name.len();
            self.problems.report(
                Problem::error("M0102", format!("`{}` is an object and not a value", path.value))
                    .at(self.file, within(self.file, path, start, end), format!("is a {object}"))
                    .help(match ["value", "name", "_id"].iter().find(|name| scalars.contains(name)) {
                        Some(name) => format!("name one of its fields, such as `{}.{name}`", path.value),
                        None => "name one of its fields".to_owned(),
                    }),
            );
            return None;
        }
        Some(steps)
    }

    fn single(&self, view: &View<'_>, path: &Located<String>) -> Option<Vec<Step>> {
        let steps = self.column_steps(view, path)?;
        if let Some(at) = steps.iter().position(|step| step.target.is_list()) {
            let list: Vec<&str> = steps[..=at].iter().map(|step| step.name.as_str()).collect();
            let list = list.join(".");
            let start = list.len() - steps[at].name.len();
            let rest = &path.value[list.len() + 1..];
            self.problems.report(
                Problem::error("M0103", format!("`{}` has many values", path.value))
                    .at(self.file, within(self.file, path, start, list.len()), "is a list")
                    .help(format!(
                        "write `{{ each: {list}, path: {rest} }}`, hand all values to a function, or `join` them"
                    )),
            );
            return None;
        }
        Some(steps)
    }

    /// What a slot holds.
    pub(super) fn scalar<'v>(&self, view: &'v View<'_>, slot: usize) -> &'v Scalar {
        &view.scope.slots[slot].scalar
    }

    /// The target of a path to an object or list.
    pub(super) fn relation(&self, view: &View<'_>, path: &Located<String>) -> Option<Vec<Step>> {
        let steps = self.walk(view, path)?;
        let (last, before) = steps.split_last()?;
        if let Target::Scalar(_, type_name) = &last.target {
            self.problems.report(
                Problem::error("M0104", format!("`{}` is a value and not a list or an object", path.value))
                    .at(self.file, path.span, format!("is a {type_name}"))
                    .help("`each` goes over the items of a list, or over one object when it is there"),
            );
            return None;
        }
        if before.iter().any(|step| step.target.is_list()) {
            self.problems.report(
                Problem::error("M0103", format!("`{}` goes through another list", path.value))
                    .at(self.file, path.span, "a list of lists")
                    .help("nest the lists: an `each` in an object of the outer `each`"),
            );
            return None;
        }
        Some(steps)
    }
}
