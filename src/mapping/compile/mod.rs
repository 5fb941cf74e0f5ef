//! From a document to a plan: every path, table, function and constant is resolved against both schemas, and what
//! does not fit is reported with its place.

mod changes;
mod condition;
mod constant;
mod custom;
mod foreign;
mod literal;
mod one;
mod operation;
mod rule;
mod view;

pub use custom::labels;
pub use foreign::TypeMark;
pub(in crate::mapping) use operation::rows as rows_around;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(in crate::mapping) use self::condition::{Named, named};
pub(crate) use self::rule::keeps_text;
pub(in crate::mapping) use self::view::View;
use super::action::Names;
use super::custom::CUSTOM_FIELDS;
use super::dialect::Dialect;
use super::document::{self, Document, Origin, Part, Read, Spec};
use super::plan::{FieldPlan, FieldSource, GroupKey, Plan};
use super::shape::Scope;
use super::signature::Signature;
use super::time::DateFormat;
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
    let scripts: Vec<_> = document.scripts.iter().map(|part| (&part.file, &part.value)).collect();
    let library = around.scripts.library(&scripts, problems);
    let state = State::default();
    let conditions = condition::named(&document.conditions, problems);
    let compiler = Compiler {
        schema: around.schema,
        dialect: around.dialect,
        tables: around.tables,
        scripts: around.scripts,
        library: &library,
        conditions: &conditions,
        state: &state,
        names: None,
        file,
        problems,
    };
    let before = problems.count();
    let row_type = compiler.row_type(&document.read)?;
    let mut scope = Scope::default();
    let rows_are = (Place::new(file, document.read.query.span), format!("rows are {row_type}"));
    let mut view = View::new(&mut scope, row_type.clone(), String::new(), rows_are.clone());

    let parts = compiler.record(document, model, &mut view);
    let deletion = compiler.deletion(&mut view);
    for Part { file, value: path } in &document.also {
        if let Some(steps) = compiler.within(file).column_steps(&view, path) {
            view.scope.keep(&view.full(&steps));
        }
    }
    let operation = compiler.operation(&document.model.value, &document.read, &row_type, rows_are, &scope, before);
    let one = compiler.one(document, &row_type, &scope, before);
    let (mut operation, rows) = operation?;
    let marks = [
        deletion.map(|(slot, _)| slot),
        parts.group.as_ref().map(|key| key.slot),
        parts.members_of.as_ref().map(|key| key.slot),
    ];
    operation.needed = marks.into_iter().flatten().map(|slot| scope.slots[slot].path.clone()).collect();
    let id_paths = parts.sources.iter().find(|source| source.field == "remote_id");
    operation.ids = id_paths.map(|source| source.paths.clone()).unwrap_or_default();
    let changes = compiler.changes(&operation, &document.read, &row_type, &scope, before);
    let ids = parts
        .remote_id
        .as_ref()
        .and_then(|remote_id| compiler.ids(&operation, &document.read, &row_type, (remote_id, &scope), before));
    let reads = compiler.reads_of_row(&scope);
    let tables_of_scripts = library.tables().iter().filter_map(|name| around.tables.get(name)?.clone()).collect();
    scope.set_dates(&compiler.dates());
    let mut plan = Plan {
        model,
        operation,
        one,
        changes,
        ids,
        rows,
        chooses_rows: document.read.filter.is_some() || !document.read.arguments.is_empty(),
        reads,
        signature: Signature::default(),
        scope,
        rows_of_page: around.dialect.pages.items.split('.').map(Into::into).collect(),
        remote_id: parts.remote_id?,
        fields: parts.fields,
        deletion,
        group: parts.group,
        members_of: parts.members_of,
        flags: around.dialect.flags.clone(),
        library,
        tables_of_scripts,
        sources: parts.sources,
        lookups: state.lookups.take(),
    };
    plan.signature = Signature::of(&plan);
    Some(plan)
}

/// What a record is made of.
struct Parts {
    remote_id: Option<FieldPlan>,
    fields: Vec<FieldPlan>,
    group: Option<GroupKey>,
    members_of: Option<GroupKey>,
    sources: Vec<FieldSource>,
}

#[derive(Clone, Copy)]
pub(super) struct Compiler<'a> {
    pub schema: &'a Schema,
    pub dialect: &'a Dialect,
    pub tables: &'a Tables,
    pub scripts: &'a Scripts,
    pub library: &'a Library,
    pub conditions: &'a [condition::Named],
    pub state: &'a State,
    /// The names of an action; none for a mapping.
    pub names: Option<&'a Names>,
    /// The file of the part under work: that of the mapping or of an overlay.
    pub file: &'a Arc<SourceFile>,
    pub problems: &'a Problems,
}

/// What changes while a document is compiled.
#[derive(Default)]
pub(super) struct State {
    /// How many tests there are, conditions that others name counted anew.
    tests: Cell<usize>,
    /// How deep in conditions that name conditions the work is.
    depth: Cell<usize>,
    /// Where the named condition under work is used: there its paths get their meaning.
    used: RefCell<Option<Place>>,
    /// What the field under work reads.
    source: RefCell<FieldSource>,
    /// The texts that lookups in a table can meet.
    lookups: RefCell<Vec<(String, Option<BTreeSet<String>>)>>,
}

impl<'a> Compiler<'a> {
    /// The same for a part that stands in another file.
    pub(super) fn within(&self, file: &'a Arc<SourceFile>) -> Compiler<'a> {
        Compiler { file, ..*self }
    }

    pub(super) fn dates(&self) -> BTreeMap<String, Arc<DateFormat>> {
        self.dialect.dates.iter().map(|(name, format)| (name.clone(), Arc::new(format.clone()))).collect()
    }
}

impl Compiler<'_> {
    fn row_type(&self, read: &Read) -> Option<String> {
        let query = &read.query;
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
        for Part { file, value: written } in &document.fields {
            if model.field(&written.name.value).is_none() {
                self.within(file).unknown_field(&written.name, model.name, model.fields);
            }
        }
        for field in model.fields {
            let written = document.field(field.name);
            self.state.source.replace(FieldSource::of(field.name, written));
            let here = written.map_or(*self, |part| self.within(&part.file));
            let spec = written.map(|part| &part.value.spec);
            if let Kind::Members(members) = &field.kind {
                parts.members_of = spec.and_then(|spec| here.members(spec, members.model, view));
            } else {
                let mut plan = here.field(field, spec, view);
                plan.replaces = written.and_then(|part| part.value.replaces.clone()).map(Box::new);
                if let (CUSTOM_FIELDS, Some(section)) = (field.name, &document.custom_fields) {
                    self.custom_fields(section, written, &mut plan, view);
                }
                if field.name == "remote_id" {
                    parts.remote_id = Some(plan);
                } else {
                    parts.fields.push(plan);
                }
            }
            parts.sources.push(self.state.source.take());
        }
        let unfilled = match document.field("remote_id") {
            None => Some((&document.file, document.model.span, "has no `remote_id` among its fields")),
            Some(part) if part.value.spec.off => Some((&part.file, part.value.spec.span, "switched off")),
            Some(_) => None,
        };
        if let Some((file, span, label)) = unfilled {
            self.problems.report(
                Problem::error("M0202", "a mapping must fill `remote_id`")
                    .at(file, span, label)
                    .help("name the path of the source's id"),
            );
        }
        self.state.source.take();
        parts.group = document.group.as_ref().and_then(|path| self.within(&path.file).group_key(&path.value, view));
        parts
    }

    fn group_key(&self, path: &Located<String>, view: &mut View<'_>) -> Option<GroupKey> {
        let slot = self.slot(view, path)?;
        Some(GroupKey { slot, place: self.place(path.span) })
    }

    fn members(&self, spec: &Spec, model: &'static str, view: &mut View<'_>) -> Option<GroupKey> {
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
        self.group_key(of, view)
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

    /// The place of a span in the file under work.
    pub(super) fn place(&self, span: Span) -> Place {
        Place::new(self.file, span)
    }

    fn reads(&self, path: &str) {
        let mut source = self.state.source.borrow_mut();
        if !source.paths.iter().any(|known| known == path) {
            source.paths.push(path.to_owned());
        }
    }

    fn goes_over(&self, path: String) {
        let mut source = self.state.source.borrow_mut();
        if !source.objects.contains(&path) {
            source.objects.push(path);
        }
    }

    fn goes_through(&self, what: String) {
        let mut source = self.state.source.borrow_mut();
        if !source.through.contains(&what) {
            source.through.push(what);
        }
    }
}

impl FieldSource {
    fn of(name: &str, written: Option<&Part<document::Field>>) -> FieldSource {
        let place = |part: &Part<document::Field>| Place::new(&part.file, part.value.name.span);
        FieldSource {
            field: name.to_owned(),
            mapped: written.is_some_and(|part| !part.value.spec.rules.is_empty()),
            place: written.map(place),
            replaces: written.and_then(|part| part.value.replaces.clone()),
            ..FieldSource::default()
        }
    }
}
