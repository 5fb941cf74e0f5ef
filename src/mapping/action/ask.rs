//! Requests: the field that is asked, its arguments as variables, its filter, and the document that is derived from them.

use std::fmt::Write;

use apollo_compiler::ast::OperationType;
use apollo_compiler::schema::{Component, FieldDefinition};

use super::super::compile::{View, rows_around};
use super::super::dialect::PageStart;
use super::super::document::Part;
use super::super::plan::FieldPlan;
use super::super::shape::Scope;
use super::compile::Work;
use super::document;
use super::filter::{Filter, Piece, placeholders};
use super::plan::Ask;
use crate::diagnostics::{Place, Problem};
use crate::model::{Foreign, Kind};
use crate::schema::Target;
use crate::yaml::Located;

/// A request without what is selected of its result.
pub(super) struct Draft<'d> {
    pub row_type: String,
    pages: bool,
    mutation: bool,
    field: &'d Located<String>,
    arguments: Vec<FieldPlan>,
    /// The variables with their types, in the order of the arguments.
    variables: Vec<(String, String)>,
    /// Arguments that never change.
    fixed: Vec<String>,
    filter: Option<Filter>,
}

impl Work<'_> {
    /// The definition of a field of the query or mutation type.
    fn definition(&self, field: &Located<String>, mutation: bool, report: bool) -> Option<&Component<FieldDefinition>> {
        let found = if mutation { self.schema.mutation(&field.value) } else { self.schema.query(&field.value) };
        if found.is_none() && report {
            let (what, of) = match mutation {
                true => ("mutation", OperationType::Mutation),
                false => ("query", OperationType::Query),
            };
            self.problems.report(
                Problem::error("M0101", format!("the source has no {what} `{}`", field.value))
                    .at(self.file, field.span, format!("no such {what}"))
                    .suggest(&field.value, self.schema.operations(of)),
            );
        }
        found
    }

    /// The type of what a field yields, and whether it is the first row of a page.
    pub(super) fn yields(&self, field: &Located<String>, mutation: bool, report: bool) -> Option<(String, bool)> {
        let definition = self.definition(field, mutation, report)?;
        match self.schema.target(&definition.ty) {
            Some(Target::Object(name)) => Some((name, false)),
            Some(Target::Page(name)) if !mutation => Some((name, true)),
            _ => {
                if report {
                    self.problems.report(
                        Problem::error("M0807", format!("`{}` does not yield an object", field.value))
                            .at(self.file, field.span, format!("is of type {}", definition.ty))
                            .help("name a field that yields one object, or pages of them"),
                    );
                }
                None
            }
        }
    }

    pub(super) fn draft<'d>(&self, ask: &'d document::Ask, mutation: bool, view: &mut View<'_>) -> Option<Draft<'d>> {
        let (row_type, pages) = self.yields(&ask.field, mutation, true)?;
        let definition = self.definition(&ask.field, mutation, false)?;
        let mut draft = Draft {
            row_type,
            pages,
            mutation,
            field: &ask.field,
            arguments: Vec::new(),
            variables: Vec::new(),
            fixed: Vec::new(),
            filter: None,
        };
        self.arguments(ask, definition, view, &mut draft);
        self.everywhere(ask, definition, &mut draft);
        let filter = self.filter(ask, pages, view, &mut draft);
        self.paging(ask, &mut draft);
        self.all_given(ask, definition, &draft);
        filter?;
        Some(draft)
    }

    fn arguments(
        &self,
        ask: &document::Ask,
        definition: &Component<FieldDefinition>,
        view: &mut View<'_>,
        draft: &mut Draft<'_>,
    ) {
        for Part { file, value: (name, spec) } in &ask.arguments {
            let compiler = self.compiler().within(file);
            let taken = self.taken(&name.value, ask, draft.pages);
            if let Some(help) = taken {
                self.problems.report(
                    Problem::error("M0105", format!("the argument `{}` is taken", name.value))
                        .at(file, name.span, "cannot be given here")
                        .help(help),
                );
                continue;
            }
            let Some(argument) = definition.arguments.iter().find(|argument| argument.name == name.value.as_str())
            else {
                self.problems.report(
                    Problem::error("M0105", format!("`{}` has no argument `{}`", ask.field.value, name.value))
                        .at(file, name.span, "no such argument")
                        .suggest(&name.value, definition.arguments.iter().map(|argument| argument.name.as_str())),
                );
                continue;
            };
            if let Some(plan) = compiler.written(name, &argument.ty, argument.is_required(), spec, view) {
                draft.variables.push((plan.name.to_owned(), argument.ty.to_string()));
                draft.fixed.push(format!("{0}: ${0}", plan.name));
                draft.arguments.push(plan);
            }
        }
    }

    /// Why a step cannot give this argument itself.
    fn taken(&self, name: &str, ask: &document::Ask, pages: bool) -> Option<&'static str> {
        let dialect = &self.around.dialect.pages;
        if ask.filter.is_some() && dialect.filter.as_deref() == Some(name) {
            return Some("`where` fills it; write all of the filter there");
        }
        let (PageStart::Number(start) | PageStart::Cursor(start)) = &dialect.start;
        let is_taken = match &dialect.argument {
            Some(argument) => name == argument,
            None => name == start || name == dialect.size,
        };
        (pages && is_taken).then_some("the engine fills it: it asks for the first row; the order stands under `sort`")
    }

    /// The arguments that every field gets that has them.
    fn everywhere(&self, ask: &document::Ask, definition: &Component<FieldDefinition>, draft: &mut Draft<'_>) {
        let (file, everywhere) = &self.around.dialect.arguments;
        let file = file.as_ref().unwrap_or(self.file);
        for entry in everywhere {
            let own = ask.arguments.iter().any(|part| part.value.0.value == entry.key.value);
            let argument = definition.arguments.iter().find(|argument| argument.name == entry.key.value.as_str());
            if let (Some(argument), false) = (argument, own) {
                let value = self.compiler().literal(entry, &argument.ty, file);
                draft.fixed.extend(value.map(|value| format!("{}: {value}", entry.key.value)));
            }
        }
    }

    fn filter(&self, ask: &document::Ask, pages: bool, view: &mut View<'_>, draft: &mut Draft<'_>) -> Option<()> {
        let stray = |what: &str, at| {
            self.problems.report(
                Problem::error("M0809", format!("`{what}` goes with `where`"))
                    .at(self.file, at, "nothing asks for it")
                    .help("remove it, or write the filter under `where`"),
            );
        };
        let Some(text) = &ask.filter else {
            if let Some((name, _)) = ask.with.first() {
                stray("with", name.span);
            }
            return Some(());
        };
        let Some(argument) = self.around.dialect.pages.filter.as_ref().filter(|_| pages) else {
            let (label, help) = match pages {
                true => {
                    ("cannot be sent", "name the argument that takes it under `pages` in connector.yaml: `filter: …`")
                }
                false => ("cannot be sent", "name a query that yields pages, or give its arguments under `arguments`"),
            };
            self.problems.report(
                Problem::error("M0106", format!("`{}` has no filter", ask.field.value))
                    .at(self.file, text.span, label)
                    .help(help),
            );
            return None;
        };
        let mut pieces = Vec::new();
        for piece in placeholders(&text.value) {
            match piece {
                Ok(Piece::Value(name)) if !ask.with.iter().any(|(known, _)| known.value == name) => {
                    self.unknown_placeholder(text, &name, ask);
                }
                Ok(piece) => pieces.push(piece),
                Err(at) => self.problems.report(
                    Problem::error("M0809", "a value cannot stand between quotes")
                        .at(self.file, text.part(self.file, at), "would be pasted as it is")
                        .help("write it without quotes: it gets those that the source understands"),
                ),
            }
        }
        let has_values = pieces.iter().any(|piece| !matches!(piece, Piece::Text(_)));
        if has_values && self.around.dialect.quoting.is_none() {
            self.problems.report(
                Problem::error("M0809", "nothing says how values stand in filters of this source")
                    .at(self.file, text.span, "cannot be filled in")
                    .help("add `filters` to connector.yaml, such as `filters: { quotes: [\"'\"] }`"),
            );
        }
        let mut with = Vec::new();
        for (name, spec) in &ask.with {
            if !pieces.contains(&Piece::Value(name.value.clone())) {
                self.problems.report(
                    Problem::error("M0809", format!("`where` has no `${}`", name.value))
                        .at(self.file, name.span, "nothing asks for it")
                        .because(Place::new(self.file, text.span), "the filter")
                        .help("remove it"),
                );
            }
            with.push(self.compiler().field_of(&name.value, &Kind::Foreign(Foreign::Operand), true, spec, view));
        }
        let ty = self.schema.argument_type(&ask.field.value, &[argument]).unwrap_or("String");
        draft.variables.push((argument.clone(), ty.to_owned()));
        draft.fixed.push(format!("{argument}: ${argument}"));
        draft.filter = Some(Filter { argument: argument.clone(), pieces, with });
        Some(())
    }

    fn unknown_placeholder(&self, text: &Located<String>, name: &str, ask: &document::Ask) {
        let at = text.value.find(&format!("${name}")).unwrap_or_default();
        let known: Vec<String> =
            ask.with.iter().map(|(name, _)| format!("${}", name.value)).chain(["$key".to_owned()]).collect();
        self.problems.report(
            Problem::error("M0809", format!("`with` has no `{name}`"))
                .at(self.file, text.part(self.file, at..at + 1 + name.len()), "stands for nothing")
                .suggest(&format!("${name}"), known.iter().map(String::as_str)),
        );
    }

    /// The first row of the first page, in an order if one is wanted.
    fn paging(&self, ask: &document::Ask, draft: &mut Draft<'_>) {
        let dialect = &self.around.dialect.pages;
        if !draft.pages || dialect.sort.is_none() {
            if let Some(key) = ask.sort.first() {
                self.problems.report(
                    Problem::error("M0108", format!("`{}` is not asked for an order by `sort`", ask.field.value))
                        .at(self.file, key.span, "cannot be sent")
                        .help("remove it"),
                );
            }
        }
        if !draft.pages {
            return;
        }
        let rows_are = (Place::new(self.file, ask.field.span), format!("rows are {}", draft.row_type));
        for key in &ask.sort {
            let path = key.value.trim_start_matches('-');
            self.compiler().sort_key(key, path, &draft.row_type, &rows_are);
        }
        let keys: Vec<String> = ask.sort.iter().map(|key| key.value.clone()).collect();
        let order = (!keys.is_empty()).then(|| self.compiler().sort(&keys)).flatten();
        let start = match &dialect.start {
            PageStart::Number(argument) => Some(format!("{argument}: 0")),
            PageStart::Cursor(_) => None,
        };
        let paging: Vec<String> = start.into_iter().chain([format!("{}: 1", dialect.size)]).chain(order).collect();
        draft.fixed.push(match &dialect.argument {
            Some(argument) => format!("{argument}: {{{}}}", paging.join(", ")),
            None => paging.join(", "),
        });
    }

    /// Arguments that must have a value are all given.
    fn all_given(&self, ask: &document::Ask, definition: &Component<FieldDefinition>, draft: &Draft<'_>) {
        let given = |name: &str| {
            let is_written = ask.arguments.iter().any(|part| part.value.0.value == name && !part.value.1.off);
            let is_fixed =
                draft.fixed.iter().any(|fixed| fixed.split_once(':').is_some_and(|(known, _)| known == name));
            is_written || is_fixed
        };
        let missing = definition.arguments.iter().filter(|argument| argument.is_required());
        for argument in missing.filter(|argument| !given(&argument.name)) {
            self.problems.report(
                Problem::error("M0804", format!("`{}` must have a value for `{}`", ask.field.value, argument.name))
                    .at(self.file, ask.field.span, format!("without `{}`", argument.name))
                    .help(format!("add `{}` to `arguments`", argument.name)),
            );
        }
    }

    /// Writes the document.
    pub(super) fn write(&self, draft: Draft<'_>, name: String, selected: &Scope) -> Option<Ask> {
        let kind = if draft.mutation { "mutation" } else { "query" };
        let root = &draft.field.value;
        let variables: Vec<String> = draft.variables.iter().map(|(name, ty)| format!("${name}: {ty}")).collect();
        let variables = if variables.is_empty() { String::new() } else { format!("({})", variables.join(", ")) };
        let fixed = if draft.fixed.is_empty() { String::new() } else { format!("({})", draft.fixed.join(", ")) };
        let mut text = format!("{kind} {name}{variables} {{\n  {root}{fixed} {{\n");
        let around = draft.pages.then(|| rows_around(&self.around.dialect.pages.items));
        let mut depth = 2;
        if let Some((open, _)) = &around {
            let _ = writeln!(text, "    {open}");
            depth += 1;
        }
        if selected.root.members.is_empty() {
            let _ = writeln!(text, "{}__typename", "  ".repeat(depth));
        }
        self.compiler().select(&selected.root, selected, depth, &mut text);
        if let Some((_, close)) = &around {
            let _ = writeln!(text, "    {close}");
        }
        text.push_str("  }\n}\n");
        if let Err(mut messages) = self.schema.validate(&text) {
            messages.dedup();
            self.problems.report(
                Problem::error("M0810", "the source's schema does not allow what this step asks for")
                    .at(self.file, draft.field.span, messages.join("; "))
                    .help("look at the step, and at `pages` and `arguments` in connector.yaml"),
            );
            return None;
        }
        Some(Ask {
            name,
            document: text.into(),
            root: root.clone(),
            arguments: draft.arguments,
            filter: draft.filter,
            pages: draft.pages,
        })
    }
}
