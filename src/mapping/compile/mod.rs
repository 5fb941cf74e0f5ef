//! From a document to a plan: every path, table, function and constant is resolved against both schemas, and what
//! does not fit is reported with its place.

mod condition;
mod constant;
mod one;
mod operation;
mod rule;
mod view;

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use self::view::View;
use super::dialect::Dialect;
use super::document::{Document, Origin, Spec};
use super::plan::{FieldPlan, FieldSource, Plan};
use super::shape::Scope;
use crate::diagnostics::{Place, Problem, Problems, SourceFile, Span};
use crate::model::{Kind, MODELS, Model};
use crate::schema::{Scalar, Schema, Target};
use crate::script::{Library, Scripts};
use crate::table::Tables;
use crate::yaml::Located;

/// What the documents of a connector are compiled against.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// The source's types.
    pub schema: &'a Schema,
    /// How the source writes things.
    pub dialect: &'a Dialect,
    /// Lookup and keyword tables.
    pub tables: &'a Tables,
    /// Script files.
    pub scripts: &'a Scripts,
}

/// Compiles a document. Everything that is wrong with it is reported; then there is no plan.
pub fn compile(document: &Document, around: Surroundings<'_>, problems: &Problems) -> Option<Plan> {
    let file = &document.file;
    let Some(model) = Model::named(&document.model.value) else {
        problems.report(
            Problem::error("M0201", format!("there is no model `{}`", document.model.value))
                .at(file, document.model.span, "unknown model")
                .suggest(&document.model.value, MODELS.iter().map(|model| model.name)),
        );
        return None;
    };
    let library = around.scripts.library(&document.scripts, file, problems);
    let compiler = Compiler {
        schema: around.schema,
        dialect: around.dialect,
        tables: around.tables,
        scripts: around.scripts,
        library: &library,
        file,
        problems,
        conditions: condition::named(document, problems),
        tests: Cell::default(),
        depth: Cell::default(),
        used: Cell::default(),
        source: RefCell::default(),
    };
    let before = problems.count();
    let row_type = compiler.row_type(document)?;
    let mut scope = Scope::default();
    let rows_are = (Place::new(file, document.read.query.span), format!("rows are {row_type}"));
    let mut view = View::new(&mut scope, row_type.clone(), String::new(), rows_are.clone());

    let parts = compiler.record(document, model, &mut view);
    let deletion = compiler.deletion(&mut view);
    for path in &document.also {
        if let Some(steps) = compiler.column_steps(&view, path) {
            view.scope.keep(&view.full(&steps));
        }
    }
    let operation = compiler.operation(document, &row_type, rows_are, &scope, before);
    let one = compiler.one(document, &row_type, &scope, before);
    let operation = operation?;
    let tables_of_scripts = library.tables().iter().filter_map(|name| around.tables.get(name)?.clone()).collect();
    let dates = around.dialect.dates.iter().map(|(name, format)| (name.clone(), Arc::new(format.clone()))).collect();
    scope.set_dates(&dates);
    Some(Plan {
        model,
        operation,
        one,
        scope,
        rows_of_page: around.dialect.pages.items.as_str().into(),
        remote_id: parts.remote_id?,
        fields: parts.fields,
        deletion,
        group: parts.group,
        members_of: parts.members_of,
        flags: around.dialect.flags.clone(),
        library,
        tables_of_scripts,
        sources: parts.sources,
    })
}

/// What a record is made of.
struct Parts {
    remote_id: Option<Vec<super::plan::Rule>>,
    fields: Vec<FieldPlan>,
    group: Option<usize>,
    members_of: Option<usize>,
    sources: Vec<FieldSource>,
}

struct Compiler<'a> {
    schema: &'a Schema,
    dialect: &'a Dialect,
    tables: &'a Tables,
    scripts: &'a Scripts,
    library: &'a Library,
    file: &'a Arc<SourceFile>,
    problems: &'a Problems,
    conditions: Vec<condition::Named>,
    /// How many tests there are, conditions that others name counted anew.
    tests: Cell<usize>,
    /// How deep in conditions that name conditions the work is.
    depth: Cell<usize>,
    /// Where the named condition under work is used: there its paths get their meaning.
    used: Cell<Option<Span>>,
    /// What the field under work reads.
    source: RefCell<FieldSource>,
}

impl Compiler<'_> {
    fn row_type(&self, document: &Document) -> Option<String> {
        let query = &document.read.query;
        let Some(field) = self.schema.query(&query.value) else {
            self.problems.report(
                Problem::error("M0101", format!("the source has no query `{}`", query.value))
                    .at(self.file, query.span, "no such query")
                    .suggest(&query.value, self.schema.queries()),
            );
            return None;
        };
        let rows = self.schema.rows_of(&field.ty);
        if rows.is_none() {
            self.problems.report(
                Problem::error("M0101", format!("`{}` is no list of pages", query.value))
                    .at(self.file, query.span, format!("is of type {}", field.ty))
                    .suggest(&query.value, self.schema.queries()),
            );
        }
        rows.map(ToString::to_string)
    }

    fn record(&self, document: &Document, model: &'static Model, view: &mut View<'_>) -> Parts {
        let mut parts =
            Parts { remote_id: None, fields: Vec::new(), group: None, members_of: None, sources: Vec::new() };
        for (key, _) in &document.fields {
            if model.field(&key.value).is_none() {
                self.unknown_field(key, model.name, model.fields);
            }
        }
        for field in model.fields {
            let spec = document.fields.iter().find(|(key, _)| key.value == field.name).map(|(_, spec)| spec);
            self.source.replace(FieldSource { field: field.name.to_owned(), ..FieldSource::default() });
            if let Kind::Members(members) = &field.kind {
                parts.members_of = spec.and_then(|spec| self.members(spec, members.model, view));
            } else {
                let rules = spec.map(|spec| self.rules(spec, &field.kind, view)).unwrap_or_default();
                if field.name == "remote_id" {
                    parts.remote_id = Some(rules);
                } else {
                    parts.fields.push(FieldPlan::new(field, rules));
                }
            }
            let mut source = self.source.take();
            source.mapped = spec.is_some_and(|spec| !spec.rules.is_empty());
            parts.sources.push(source);
        }
        let remote_id = document.fields.iter().find(|(key, _)| key.value == "remote_id").map(|(_, spec)| spec);
        let unfilled = match remote_id {
            None => Some((document.model.span, "has no `remote_id` among its fields")),
            Some(spec) if spec.off => Some((spec.span, "switched off")),
            Some(_) => None,
        };
        if let Some((span, label)) = unfilled {
            self.problems.report(
                Problem::error("M0202", "a mapping must fill `remote_id`")
                    .at(self.file, span, label)
                    .help("name the path of the source's id"),
            );
        }
        self.source.take();
        parts.group = document.group.as_ref().and_then(|path| self.slot(view, path));
        parts
    }

    fn members(&self, spec: &Spec, model: &'static str, view: &mut View<'_>) -> Option<usize> {
        let rule = spec.rules.first()?;
        let Origin::Members { model: named, of } = &rule.origin else {
            if !matches!(rule.origin, Origin::Unusable) {
                self.problems.report(
                    Problem::error("M0206", format!("this field shows {model}"))
                        .at(self.file, rule.span, "cannot be filled with anything else")
                        .help(format!("write `{{ members: {model}, of: path }}`")),
                );
            }
            return None;
        };
        if named.value != model {
            self.problems.report(
                Problem::error("M0206", format!("this field shows {model}, not `{}`", named.value))
                    .at(self.file, named.span, "of another model")
                    .help(format!("write `members: {model}`")),
            );
        }
        let steps = [rule.each.as_ref(), rule.when.as_ref(), rule.unique.as_ref()].into_iter().flatten();
        let steps = steps.map(|text| text.span).chain(rule.fit.as_ref().map(|fit| fit.name().span));
        let rest = rule.otherwise.as_ref().map(|otherwise| otherwise.span);
        let rest = rest.into_iter().chain(rule.default.as_ref().map(|node| node.span));
        for span in steps.chain(rest).chain(spec.rules[1..].iter().map(|rule| rule.span)) {
            self.problems.report(
                Problem::error("M0206", "`members` stands alone")
                    .at(self.file, span, "has no effect on it")
                    .help(format!("write `{{ members: {model}, of: path }}`")),
            );
        }
        self.slot(view, of)
    }

    fn deletion(&self, view: &mut View<'_>) -> Option<(usize, i64)> {
        let (path, value) = self.dialect.deletion.as_ref()?;
        let steps = self.schema.walk(&view.row_type, path).ok()?;
        matches!(steps.last()?.target, Target::Scalar(Scalar::Int | Scalar::Boolean, _)).then_some(())?;
        match view.scope.column(&steps) {
            super::shape::Column::Slot(slot) => Some((slot, *value)),
            super::shape::Column::Items(..) => None,
        }
    }

    fn unknown_field(&self, key: &Located<String>, of: &str, fields: &'static [crate::model::Field]) {
        let engine_owned = ["id", "changed_at", "remote_deleted_at", "remote_data"].contains(&key.value.as_str());
        let problem = Problem::error("M0201", format!("{of} has no field `{}`", key.value));
        self.problems.report(if engine_owned {
            problem.at(self.file, key.span, "is filled by the engine").help("remove it from the mapping")
        } else {
            problem.at(self.file, key.span, "no such field").suggest(&key.value, fields.iter().map(|field| field.name))
        });
    }

    fn reads(&self, path: &str) {
        let mut source = self.source.borrow_mut();
        if !source.paths.iter().any(|known| known == path) {
            source.paths.push(path.to_owned());
        }
    }

    fn goes_through(&self, what: String) {
        let mut source = self.source.borrow_mut();
        if !source.through.contains(&what) {
            source.through.push(what);
        }
    }
}

impl FieldPlan {
    fn new(field: &'static crate::model::Field, rules: Vec<super::plan::Rule>) -> FieldPlan {
        FieldPlan {
            name: field.name,
            key: format!("\"{}\":", field.name).into_bytes().into(),
            kind: &field.kind,
            required: field.required,
            rules,
        }
    }
}
