//! Custom fields, resolved.

use super::super::custom::{CustomField, CustomFields, FreeField, LabelsPlan, LabelsSource, Section};
use super::super::document::{Field, Part};
use super::super::plan::{FieldPlan, Origin, Rule};
use super::super::shape::Scope;
use super::view::View;
use super::{Compiler, State, Surroundings, condition};
use crate::diagnostics::{Place, Problem, Problems};
use crate::schema::Scalar;

impl Compiler<'_> {
    /// Fills the field by the section. `written` is a rule for the same field among `fields`.
    pub(super) fn custom_fields(
        &self,
        section: &Part<Section>,
        written: Option<&Part<Field>>,
        plan: &mut FieldPlan,
        view: &mut View<'_>,
    ) {
        let place = Place::new(&section.file, section.value.key.span);
        {
            let mut source = self.state.source.borrow_mut();
            source.mapped = true;
            source.place.get_or_insert(place);
            source.replaces = source.replaces.take().or(section.value.replaces.clone());
            plan.place = source.place.clone().map(Box::new);
            plan.replaces = source.replaces.clone().map(Box::new);
        }
        plan.rules = self.section(section, written, view).into_iter().collect();
    }

    fn section(&self, section: &Part<Section>, written: Option<&Part<Field>>, view: &mut View<'_>) -> Option<Rule> {
        let key = Place::new(&section.file, section.value.key.span);
        if let Some(other) = written {
            self.problems.report(
                Problem::error("M0222", "two rules fill `custom_fields`")
                    .at(&other.file, other.value.name.span, "one among `fields`")
                    .because(key.clone(), "the section is the other")
                    .help("remove one of them"),
            );
        }
        let Some(from) = &section.value.from else {
            self.problems.report(
                Problem::error("M0004", "`custom_fields` needs `from`")
                    .at(&key.file, key.span, "`from` is missing")
                    .help("name the path of the dictionary that holds the free fields of a record"),
            );
            return None;
        };
        let here = self.within(&from.file);
        let slot = here.slot(view, &from.value)?;
        let holds = here.scalar(view, slot);
        if *holds != Scalar::Json {
            let holds = holds.describe();
            self.problems.report(
                Problem::error("M0202", format!("`{}` is no dictionary of free fields", from.value.value))
                    .at(&from.file, from.value.span, format!("holds {holds}"))
                    .help("choose a path to JSON of any shape"),
            );
            return None;
        }
        let free = &self.dialect.free_fields;
        let entries = section.value.entries.iter().filter(|part| !part.value.off).map(|part| {
            let written = &part.value;
            let entry = CustomField {
                key: written.key.value.clone(),
                free: written.free(&free.keys),
                kind: written.kind.value,
            };
            let by_label = matches!(entry.free, FreeField::Label(_));
            if free.labels.is_none() && (by_label || entry.kind.is_choice()) {
                let (span, label) = match by_label {
                    true => (written.field.span, "named by what the source calls it"),
                    false => (written.kind.span, "the source writes choices as ids"),
                };
                self.problems.report(
                    Problem::error("M0223", "nothing says where the source lists the names of free fields")
                        .at(&part.file, span, label)
                        .help("add `labels` to `custom_fields` in connector.yaml, or name the field by its id"),
                );
                return None;
            }
            Some(entry)
        });
        let entries = entries.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()?;
        let custom = CustomFields {
            slot,
            entries,
            keeps_others: section.value.keeps_others.unwrap_or(false),
            keys: free.keys.clone(),
            dates: free.dates.clone(),
        };
        if custom.entries.is_empty() && !custom.keeps_others {
            self.problems.report(
                Problem::error("M0007", "`custom_fields` names nothing")
                    .at(&key.file, key.span, "yields nothing")
                    .help("add `others: keep`, or free fields under `fields`"),
            );
        }
        Some(Rule {
            place: Box::new(key),
            each: None,
            when: None,
            origin: Origin::CustomFields(custom),
            fit: None,
            default: None,
            unique: None,
            take: None,
        })
    }
}

/// Compiles the read of labels.
pub fn labels(source: &LabelsSource, around: Surroundings<'_>, problems: &Problems) -> Option<LabelsPlan> {
    let library = around.scripts.library(&[], problems);
    let (state, conditions): (State, Vec<condition::Named>) = Default::default();
    let compiler = Compiler {
        schema: around.schema,
        dialect: around.dialect,
        tables: around.tables,
        scripts: around.scripts,
        library: &library,
        conditions: &conditions,
        state: &state,
        names: None,
        file: &source.file,
        problems,
    };
    let before = problems.count();
    let row_type = compiler.row_type(&source.read)?;
    let mut scope = Scope::default();
    let rows_are = (Place::new(&source.file, source.read.query.span), format!("rows are {row_type}"));
    let mut view = View::new(&mut scope, row_type.clone(), String::new(), rows_are.clone());
    let id = compiler.slot(&mut view, &source.id);
    let label = compiler.slot(&mut view, &source.label);
    let (id, label) = (id?, label?);
    let (operation, _) = compiler.operation("labels", &source.read, &row_type, rows_are, &scope, before)?;
    scope.set_dates(&compiler.dates());
    Some(LabelsPlan {
        operation,
        scope,
        id,
        label,
        rows_of_page: around.dialect.pages.items.split('.').map(Into::into).collect(),
    })
}
