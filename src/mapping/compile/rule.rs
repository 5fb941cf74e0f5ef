//! Rules, resolved.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::document::{self, Origin as Written, Spec};
use super::super::keys::TAKES;
use super::super::kind::{KINDS, NamedKind};
use super::super::plan::{
    Argument, Call, Each, FieldPlan, Fit, Origin, Otherwise, Part, Placed, Rule, Setting, Take, Through, Variable, When,
};
use super::super::shape::Column;
use super::Compiler;
use super::view::View;
use crate::diagnostics::{Place, Problem, Span};
use crate::model::{self, ENTITIES, Field, Foreign, Kind};
use crate::schema::{Scalar, Target};
use crate::table::{Manner, Table};
use crate::yaml::Located;

/// Where a rule stands: what it may do depends on it.
#[derive(Clone, Copy)]
struct Position {
    kind: &'static Kind,
    /// The field is a list, and the rule makes its entries.
    in_list: bool,
    /// Another alternative follows.
    has_next: bool,
}

impl Compiler<'_> {
    /// A field and what fills it.
    pub(super) fn field(&self, field: &'static Field, spec: Option<&Spec>, view: &mut View<'_>) -> FieldPlan {
        FieldPlan {
            name: field.name,
            place: spec.map(|spec| Box::new(self.place(spec.span))),
            replaces: None,
            key: format!("\"{}\":", field.name).into_bytes().into(),
            kind: &field.kind,
            required: field.required,
            rules: spec.map(|spec| self.rules(spec, &field.kind, view)).unwrap_or_default(),
        }
    }

    /// The alternatives of a field. Those that do not compile are left out; they were reported.
    pub(in crate::mapping) fn rules(&self, spec: &Spec, kind: &'static Kind, view: &mut View<'_>) -> Vec<Rule> {
        let (kind, in_list) = match kind {
            Kind::List(item) => (*item, true),
            kind => (kind, false),
        };
        let last = spec.rules.len().saturating_sub(1);
        let rules = spec.rules.iter().enumerate();
        rules.filter_map(|(at, rule)| self.rule(rule, Position { kind, in_list, has_next: at < last }, view)).collect()
    }

    fn rule(&self, rule: &document::Rule, position: Position, view: &mut View<'_>) -> Option<Rule> {
        let Some(each) = &rule.each else { return self.body(rule, position, None, view) };
        let steps = self.relation(view, each)?;
        let (last, _) = steps.split_last()?;
        let because = (Place::new(self.file, each.span), format!("items are {}", last.target.object()?));
        let row_type = last.target.object()?.to_owned();
        let full = view.full(&steps);
        let path = view.path_of(&each.value);
        if let Target::Object(_) = last.target {
            let present = view.scope.presence(&full);
            let mut inner = View { scope: &mut *view.scope, row_type, prefix: full, path, because };
            self.body(rule, position, Some(Each::Present(present)), &mut inner)
        } else {
            let list = view.scope.list(&full);
            let mut scope = std::mem::take(&mut view.scope.lists[list].scope);
            let body =
                self.body(rule, position, Some(Each::Items(list)), &mut View::new(&mut scope, row_type, path, because));
            view.scope.lists[list].scope = scope;
            body
        }
    }

    fn body(&self, rule: &document::Rule, position: Position, each: Option<Each>, view: &mut View<'_>) -> Option<Rule> {
        let when = rule.when.as_ref().map(|text| {
            let test = self.test(text, view)?;
            Some(When { test, text: text.value.as_str().into(), place: Box::new(self.place(text.span)) })
        });
        let fit = rule.fit.as_ref().map(|fit| self.fit(fit, rule, position));
        let origin = self.origin(rule, position, view);
        if let (Some(document::Fit::Lookup(table) | document::Fit::Keywords(table)), Some(origin)) =
            (&rule.fit, &origin)
        {
            let texts = self.texts(origin, view);
            self.state.lookups.borrow_mut().push((table.value.clone(), texts));
        }
        let default = rule.default.as_ref().map(|node| {
            let value = self.constant(node, position.kind)?;
            Some(Placed { value, place: Box::new(self.place(node.span)) })
        });
        let unique = rule.unique.as_ref().map(|key| self.unique(key, position));
        let take = rule.take.as_ref().map(|take| self.take(take, rule, position));
        if let (None, Some(otherwise)) = (&rule.fit, &rule.otherwise) {
            self.problems.report(
                Problem::error("M0207", "`otherwise` is for values that do not fit")
                    .at(self.file, otherwise.span, "there is nothing to fit")
                    .help("it goes with `lookup`, `keywords` or `as`; for a missing value there is `default`"),
            );
        }
        Some(Rule {
            place: Box::new(self.place(rule.span)),
            each,
            when: transpose(when)?,
            fit: transpose(fit)?,
            default: transpose(default)?,
            unique: transpose(unique)?,
            take: transpose(take)?,
            origin: origin?,
        })
    }

    fn origin(&self, rule: &document::Rule, position: Position, view: &mut View<'_>) -> Option<Origin> {
        let Position { kind, in_list, .. } = position;
        if let (Written::Object(entries), Kind::Foreign(Foreign::Object(name))) = (&rule.origin, kind) {
            return self.input_object_rule(name, entries, rule, view);
        }
        if let Written::Object(entries) = &rule.origin {
            return self.object(entries, rule, position, view);
        }
        if let Written::All(rules) = &rule.origin {
            return self.all(rules, rule, position, view);
        }
        let is_written = matches!((kind, &rule.origin), (Kind::Foreign(_), Written::Value(_)));
        if let Kind::Object(_) | Kind::Foreign(Foreign::Object(_)) = kind
            && !matches!(rule.origin, Written::Members { .. } | Written::Unusable)
            && !is_written
        {
            let (holds, help) = if in_list {
                ("objects", "write `{ each: list, object: { key: path, … } }`")
            } else {
                ("an object", "write `{ object: { key: path, … } }`")
            };
            self.problems.report(
                Problem::error("M0202", format!("this field holds {holds}"))
                    .at(self.file, rule.span, "yields a single value")
                    .help(help),
            );
            return None;
        }
        match &rule.origin {
            Written::Path(paths) if paths.len() == 1 && paths[0].value.starts_with('$') => {
                self.variable(&paths[0], rule, kind)
            }
            Written::Path(paths) => {
                let slots = self.slots(paths, view)?;
                if rule.fit.is_none() {
                    for (slot, path) in slots.iter().zip(paths) {
                        self.must_convert(self.scalar(view, *slot), kind, path);
                    }
                }
                Some(Origin::Path(slots))
            }
            Written::Join { parts, with } => {
                let columns: Vec<Option<Part>> = parts.iter().map(|part| self.part(part, view)).collect();
                if rule.fit.is_none() {
                    self.must_convert(&Scalar::Text, kind, &Located { value: "join".into(), span: rule.span });
                }
                Some(Origin::Join { parts: columns.into_iter().collect::<Option<_>>()?, with: with.clone() })
            }
            Written::Value(node) => Some(Origin::Value(self.constant(node, kind)?)),
            Written::Call { function, arguments } => {
                let known = self.library.check(function, arguments.len(), self.scripts, self.file, self.problems);
                let written = arguments.iter().map(|argument| argument.value.clone()).collect();
                let arguments: Vec<Option<Argument>> =
                    arguments.iter().map(|argument| self.argument(argument, view)).collect();
                self.goes_through(format!("{}()", function.value));
                let arguments = arguments.into_iter().collect::<Option<_>>()?;
                known.then(|| Origin::Call(Box::new(Call { function: function.value.clone(), arguments, written })))
            }
            Written::Ref { entity, paths } => {
                let slots = self.slots(paths, view)?;
                let Some(entity_name) = ENTITIES.iter().copied().find(|known| *known == entity.value) else {
                    self.problems.report(
                        Problem::error("M0204", format!("there is no entity `{}`", entity.value))
                            .at(self.file, entity.span, "nothing of that name has ids")
                            .suggest(&entity.value, ENTITIES.iter().copied()),
                    );
                    return None;
                };
                match kind {
                    Kind::Id(wanted) if *wanted == entity_name => Some(Origin::Ref { entity: entity_name, slots }),
                    Kind::Id(wanted) => {
                        self.problems.report(
                            Problem::error("M0204", format!("this field points at {wanted}, not at {entity_name}"))
                                .at(self.file, entity.span, "of another entity")
                                .help(format!("write `ref: {wanted}`")),
                        );
                        None
                    }
                    kind => {
                        self.mismatch("an id", kind, entity.span);
                        None
                    }
                }
            }
            Written::Members { model, .. } => {
                self.problems.report(Problem::error("M0206", "this field does not show the rows of another model").at(
                    self.file,
                    model.span,
                    "cannot stand here",
                ));
                None
            }
            Written::Object(_) | Written::All(_) | Written::Unusable => None,
        }
    }

    /// `$now`, `$key`, or a setting.
    fn variable(&self, name: &Located<String>, rule: &document::Rule, kind: &'static Kind) -> Option<Origin> {
        let (origin, scalar) = match &name.value[1..] {
            "now" => (Origin::Variable(Variable::Now), Scalar::DateTime),
            "key" if self.names.is_some() => (Origin::Variable(Variable::Key), Scalar::Text),
            setting => {
                let Some(value) = self.dialect.settings.get(setting) else {
                    self.unknown_setting(setting, name.span);
                    return None;
                };
                let setting = Setting { name: setting.to_owned(), value: value.into() };
                (Origin::Variable(Variable::Setting(setting)), Scalar::Text)
            }
        };
        if rule.fit.is_none() {
            self.must_convert(&scalar, kind, name);
        }
        Some(origin)
    }

    fn object(
        &self,
        entries: &[(Located<String>, Spec)],
        rule: &document::Rule,
        position: Position,
        view: &mut View<'_>,
    ) -> Option<Origin> {
        let Kind::Object(fields) = position.kind else {
            self.mismatch("an object", position.kind, rule.span);
            return None;
        };
        for (key, _) in entries {
            if model::field(fields, &key.value).is_none() {
                self.unknown_field(key, "this object", fields);
            }
        }
        let spec = |field: &Field| entries.iter().find(|(key, _)| key.value == field.name).map(|(_, spec)| spec);
        let unfilled = fields.iter().filter(|field| field.required && spec(field).is_none_or(|spec| spec.off));
        for field in unfilled.filter(|_| position.in_list) {
            let span = spec(field).map_or(rule.span, |spec| spec.span);
            self.problems.report(
                Problem::error("M0205", format!("every entry would be left out, for want of `{}`", field.name))
                    .at(self.file, span, format!("`{}` is not filled", field.name))
                    .help(format!("add `{}` to the object", field.name)),
            );
        }
        Some(Origin::Object(fields.iter().map(|field| self.field(field, spec(field), view)).collect()))
    }

    fn all(
        &self,
        rules: &[document::Rule],
        rule: &document::Rule,
        position: Position,
        view: &mut View<'_>,
    ) -> Option<Origin> {
        if !position.in_list {
            self.problems.report(
                Problem::error("M0208", "`all` gathers the entries of a list")
                    .at(self.file, rule.span, "this field is no list")
                    .help("write alternatives as a list of rules"),
            );
            return None;
        }
        let inner = Position { has_next: false, ..position };
        Some(Origin::All(rules.iter().filter_map(|rule| self.rule(rule, inner, view)).collect()))
    }

    fn slots(&self, paths: &[Located<String>], view: &mut View<'_>) -> Option<Vec<usize>> {
        let slots: Vec<Option<usize>> = paths.iter().map(|path| self.slot(view, path)).collect();
        slots.into_iter().collect()
    }

    fn part(&self, part: &Located<String>, view: &mut View<'_>) -> Option<Part> {
        match part.value.strip_prefix('$') {
            Some("key") if self.names.is_some() => Some(Part::Key),
            Some(name) => match self.dialect.settings.get(name) {
                Some(value) => Some(Part::Setting(Setting { name: name.to_owned(), value: value.into() })),
                None => {
                    self.unknown_setting(name, part.span);
                    None
                }
            },
            None => self.column(view, part).map(Part::Column),
        }
    }

    fn take(&self, take: &Located<String>, rule: &document::Rule, position: Position) -> Option<Take> {
        let found = match take.value.as_str() {
            "earliest" => Some(Take::Earliest),
            "latest" => Some(Take::Latest),
            _ => None,
        };
        if found.is_none() {
            self.problems.report(
                Problem::error("M0214", format!("`{}` is nothing to take", take.value))
                    .at(self.file, take.span, "unknown")
                    .suggest(&take.value, TAKES.iter().copied()),
            );
        } else if !matches!(rule.origin, Written::Path(_))
            || !matches!(position.kind, Kind::Timestamp)
            || position.in_list
        {
            self.problems.report(
                Problem::error("M0214", format!("`take: {}` chooses among dates", take.value))
                    .at(self.file, take.span, "this rule yields none")
                    .help("it goes with `path` in a field that holds a date"),
            );
            return None;
        }
        found
    }

    fn argument(&self, argument: &Located<String>, view: &mut View<'_>) -> Option<Argument> {
        match argument.value.strip_prefix('$') {
            Some("now") => Some(Argument::Now),
            Some("key") if self.names.is_some() => Some(Argument::Key),
            Some(name) => match self.dialect.settings.get(name) {
                Some(value) => Some(Argument::Setting(value.into())),
                None => {
                    self.unknown_setting(name, argument.span);
                    None
                }
            },
            None => Some(match self.column(view, argument)? {
                Column::Slot(slot) => Argument::Slot(slot),
                items => Argument::Items(items),
            }),
        }
    }

    fn fit(&self, fit: &document::Fit, rule: &document::Rule, position: Position) -> Option<Fit> {
        let name = fit.name();
        let through = match fit {
            document::Fit::Lookup(_) => self.table(name, Manner::Lookup, position.kind),
            document::Fit::Keywords(_) => self.table(name, Manner::Keywords, position.kind),
            document::Fit::Kind(_) => {
                let kind = NamedKind::named(&name.value);
                if kind.is_none() {
                    self.problems.report(
                        Problem::error("M0209", format!("there is no kind `{}`", name.value))
                            .at(self.file, name.span, "unknown kind")
                            .suggest(&name.value, KINDS.iter().map(|kind| kind.name)),
                    );
                }
                self.goes_through(name.value.clone());
                kind.map(Through::Kind)
            }
        };
        let Some(otherwise) = &rule.otherwise else {
            self.problems.report(
                Problem::error("M0210", format!("`{}` needs `otherwise`", name.value))
                    .at(self.file, name.span, "nothing says what becomes of a value that does not fit")
                    .help("add `otherwise: keep` (pass it on), `null` (report it), `error`, or a value"),
            );
            return None;
        };
        let place = Box::new(self.place(otherwise.span));
        Some(Fit { through: through?, otherwise: Placed { value: self.otherwise(otherwise, position)?, place } })
    }

    fn table(&self, name: &Located<String>, manner: Manner, kind: &'static Kind) -> Option<Through> {
        let table = self.known_table(name)?;
        if table.manner() != manner {
            let (is, write) = match table.manner() {
                Manner::Lookup => ("a lookup table", "lookup"),
                Manner::Keywords => ("a keyword table", "keywords"),
            };
            self.problems.report(
                Problem::error("M0301", format!("`{}` is {is}", name.value))
                    .at(self.file, name.span, "searched in another manner")
                    .help(format!("write `{write}: {}`", name.value)),
            );
            return None;
        }
        self.goes_through(format!("table {}", name.value));
        self.table_values(&table, name, kind)
    }

    /// The table of that name. One that could not be read was reported as such.
    pub(super) fn known_table(&self, name: &Located<String>) -> Option<Arc<Table>> {
        let Some(table) = self.tables.get(&name.value) else {
            self.problems.report(
                Problem::error("M0301", format!("there is no table `{}`", name.value))
                    .at(self.file, name.span, "no such file in tables/")
                    .suggest(&name.value, self.tables.keys().map(String::as_str)),
            );
            return None;
        };
        table.clone()
    }

    /// The texts, in lower case, that an origin can yield, where the schema lists them.
    fn texts(&self, origin: &Origin, view: &View<'_>) -> Option<BTreeSet<String>> {
        let Origin::Path(slots) = origin else { return None };
        let mut texts = BTreeSet::new();
        for slot in slots {
            let values = self.schema.enum_values(&view.scope.slots[*slot].type_name)?;
            texts.extend(values.iter().map(|value| value.to_lowercase()));
        }
        Some(texts)
    }

    fn table_values(&self, table: &Arc<Table>, name: &Located<String>, kind: &'static Kind) -> Option<Through> {
        let used = Place::new(self.file, name.span);
        let values: Vec<_> =
            table.values.iter().map(|(text, place)| self.table_value(text, place, kind, &used)).collect();
        Some(Through::Table(Arc::clone(table), values.into_iter().collect::<Option<_>>()?))
    }

    fn otherwise(&self, otherwise: &Located<document::Otherwise>, position: Position) -> Option<Otherwise> {
        match &otherwise.value {
            document::Otherwise::Null => Some(Otherwise::Null),
            document::Otherwise::Error => Some(Otherwise::Error),
            document::Otherwise::Value(node) => self.constant(node, position.kind).map(Otherwise::Value),
            document::Otherwise::Next if position.has_next => Some(Otherwise::Next),
            document::Otherwise::Next => {
                self.problems.report(
                    Problem::error("M0211", "`otherwise: next` needs another alternative")
                        .at(self.file, otherwise.span, "none follows")
                        .help("write `keep`, `null`, `error` or a value"),
                );
                None
            }
            document::Otherwise::Keep => {
                if !keeps_text(position.kind) {
                    let holds = position.kind.describe();
                    self.problems.report(
                        Problem::error("M0212", format!("the source's text cannot be kept: the field holds {holds}"))
                            .at(self.file, otherwise.span, "would not fit the field")
                            .help("write `otherwise: null`, `error` or a value"),
                    );
                    return None;
                }
                Some(Otherwise::Keep)
            }
        }
    }

    fn unique(&self, key: &Located<String>, position: Position) -> Option<usize> {
        let Position { kind: Kind::Object(fields), in_list: true, .. } = position else {
            self.problems.report(
                Problem::error("M0208", "`unique` is for lists of objects")
                    .at(self.file, key.span, "this field is none")
                    .help("remove it"),
            );
            return None;
        };
        let found = fields.iter().position(|field| field.name == key.value);
        if found.is_none() {
            self.unknown_field(key, "this object", fields);
        }
        found
    }

    fn must_convert(&self, scalar: &Scalar, kind: &Kind, path: &Located<String>) {
        if let Err(why) = converts(scalar, kind) {
            self.problems.report(
                Problem::error("M0202", format!("{} cannot become {}", scalar.describe(), kind.describe()))
                    .at(self.file, path.span, format!("holds {}", scalar.describe()))
                    .help(why),
            );
        }
    }

    fn mismatch(&self, found: &str, kind: &Kind, span: Span) {
        self.problems.report(Problem::error("M0202", format!("this field holds {}, not {found}", kind.describe())).at(
            self.file,
            span,
            "of the wrong type",
        ));
    }
}

/// What was tried must have worked; what was not tried is fine.
#[expect(clippy::option_option, reason = "the outer says whether it was written, the inner whether it compiled")]
fn transpose<T>(tried: Option<Option<T>>) -> Option<Option<T>> {
    match tried {
        Some(worked) => worked.map(Some),
        None => Some(None),
    }
}

/// Whether a field can hold a text of the source as it is.
pub(crate) fn keeps_text(kind: &Kind) -> bool {
    converts(&Scalar::Text, kind).is_ok()
}

/// Whether values of a source's type can become values of a field, and if not, what to do.
fn converts(scalar: &Scalar, kind: &Kind) -> Result<(), String> {
    let possible = match kind {
        Kind::Text => !matches!(scalar, Scalar::Json),
        Kind::Email | Kind::Url => *scalar == Scalar::Text,
        Kind::Number | Kind::Integer => matches!(scalar, Scalar::Int | Scalar::Float | Scalar::Text),
        Kind::Boolean => matches!(scalar, Scalar::Boolean | Scalar::Int),
        Kind::Timestamp => *scalar == Scalar::DateTime,
        Kind::Enum { open, .. } => *open && *scalar == Scalar::Text,
        Kind::Map => *scalar == Scalar::Json,
        Kind::Foreign(Foreign::Whole) => {
            matches!(scalar, Scalar::Int | Scalar::Float | Scalar::Text | Scalar::Boolean)
        }
        Kind::Foreign(Foreign::Moment(_)) => *scalar == Scalar::DateTime,
        Kind::Foreign(Foreign::Choice(_)) => *scalar == Scalar::Text,
        Kind::Foreign(Foreign::Operand) => {
            matches!(scalar, Scalar::Int | Scalar::Float | Scalar::Text | Scalar::Boolean)
        }
        Kind::Foreign(Foreign::Json) => true,
        Kind::Id(_) | Kind::Object(_) | Kind::List(_) | Kind::Members(_) | Kind::Foreign(Foreign::Object(_)) => false,
        // No record has them.
        Kind::Shaped(_) | Kind::Base64 | Kind::Any => false,
    };
    if possible {
        return Ok(());
    }
    Err(match kind {
        Kind::Enum { .. } => "give it a `lookup` or `keywords` table, or call a function".to_owned(),
        Kind::Id(entity) => format!("write `{{ ref: {entity}, path: … }}`"),
        Kind::Boolean => "use a lookup table, or conditions: `[{ value: true, when: … }, { value: false }]`".to_owned(),
        _ => "choose another path, or call a function".to_owned(),
    })
}
