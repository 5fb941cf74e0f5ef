//! The GraphQL operation, derived from what a plan reads.

use std::fmt::Write;
use std::sync::Arc;

use apollo_compiler::ast::Type;

use super::super::document::Document;
use super::super::plan::Operation;
use super::super::shape::{Node, Scope, Shape};
use super::Compiler;
use crate::diagnostics::{Place, Problem, SourceFile};
use crate::schema::Target;
use crate::yaml::{self, Entry, Located, Value};

impl Compiler<'_> {
    /// `before` is the number of problems before this mapping: an operation of a faulty mapping is not validated.
    pub(super) fn operation(
        &self,
        document: &Document,
        row_type: &str,
        rows_are: (Place, String),
        scope: &Scope,
        before: usize,
    ) -> Option<Operation> {
        let query = &document.read.query.value;
        let pages = &self.dialect.pages;
        let mut arguments = self.arguments(document);
        if let Some(filter) = &document.read.filter {
            match &pages.filter {
                Some(argument) => arguments.push(format!("{argument}: {}", quoted(&filter.value))),
                None => self.problems.report(
                    Problem::error("M0106", "this source has no filter")
                        .at(self.file, filter.span, "cannot be sent")
                        .help("remove it, or name the argument that takes it under `pages` in connector.yaml: `filter: …`"),
                ),
            }
        }
        let sort = self.sort(&document.read.sort, row_type, &rows_are)?;
        arguments.push(format!(
            "{}: {{{}: $page, {}: $size, {}: [{}]}}",
            pages.argument,
            pages.page,
            pages.size,
            pages.sort.argument,
            sort.join(", ")
        ));
        let name = document.model.value.clone();
        let mut text = format!("query {name}($page: Int!, $size: Int!) {{\n  {query}({}) {{\n", arguments.join(", "));
        writeln!(text, "    {} {{", pages.items).expect("writing to a String cannot fail");
        self.select(&scope.root, scope, 3, &mut text);
        text.push_str("    }\n");
        for member in std::iter::once(&pages.last).chain(&pages.total) {
            writeln!(text, "    {member}").expect("writing to a String cannot fail");
        }
        text.push_str("  }\n}\n");
        if self.problems.count() == before
            && let Err(mut messages) = self.schema.validate(&text)
        {
            messages.dedup();
            self.problems.report(
                Problem::error("M0190", "the source's schema does not allow what this mapping asks for")
                    .at(self.file, document.read.query.span, messages.join("; "))
                    .help("look at `read` here, and at `pages` and `arguments` in connector.yaml"),
            );
            return None;
        }
        Some(Operation { name, text, root: query.clone() })
    }

    pub(super) fn select(&self, shape: &Shape, scope: &Scope, depth: usize, text: &mut String) {
        for member in &shape.members {
            let indent = "  ".repeat(depth);
            text.push_str(&indent);
            text.push_str(&member.name);
            match &member.node {
                Node::Kept | Node::Slot(_) | Node::Json(_) => {}
                Node::Object { shape, .. } => {
                    text.push_str(" {\n");
                    if shape.members.is_empty() {
                        // Only whether it is there is asked; GraphQL wants a field all the same.
                        let _ = writeln!(text, "{indent}  __typename");
                    }
                    self.select(shape, scope, depth + 1, text);
                    let _ = write!(text, "{indent}}}");
                }
                Node::List { list, page } => {
                    let info = &scope.lists[*list];
                    if let Some((argument, size)) =
                        self.dialect.pages.nested.as_ref().filter(|(argument, _)| info.arguments.contains(argument))
                    {
                        let pages = &self.dialect.pages;
                        let _ = write!(text, "({argument}: {{{}: 0, {}: {size}}})", pages.page, pages.size);
                    }
                    let (open, close, inner) = if *page {
                        (format!(" {{ {} {{\n", self.dialect.pages.items), "} }", depth + 1)
                    } else {
                        (" {\n".to_owned(), "}", depth + 1)
                    };
                    text.push_str(&open);
                    if info.scope.root.members.is_empty() {
                        let _ = writeln!(text, "{indent}  __typename");
                    }
                    self.select(&info.scope.root, &info.scope, inner, text);
                    let _ = write!(text, "{indent}{close}");
                }
            }
            text.push('\n');
        }
    }

    fn sort(&self, keys: &[Located<String>], row_type: &str, rows_are: &(Place, String)) -> Option<Vec<String>> {
        let sort = &self.dialect.pages.sort;
        let parts = keys.iter().map(|key| {
            let (path, direction) = match key.value.strip_prefix('-') {
                Some(path) => (path, &sort.descending),
                None => (key.value.as_str(), &sort.ascending),
            };
            self.sort_key(key, path, row_type, rows_are)?;
            Some(format!("{{{}: {}, {}: {direction}}}", sort.property, quoted(path), sort.direction))
        });
        parts.collect::<Vec<_>>().into_iter().collect()
    }

    fn sort_key(&self, key: &Located<String>, path: &str, row_type: &str, rows_are: &(Place, String)) -> Option<()> {
        let offset = key.value.len() - path.len();
        let problem = match self.schema.walk(row_type, path) {
            Ok(steps) if steps.iter().all(|step| !step.target.is_list()) && is_scalar(&steps) => return Some(()),
            Ok(_) => Problem::error("M0107", format!("rows cannot be sorted by `{path}`"))
                .at(self.file, key.span, "is not a single value")
                .help("sort by something that never changes, and last by a unique number"),
            Err(error) => {
                let span = key.part(self.file, offset + error.at..offset + error.at + error.length);
                let mut problem = Problem::error("M0101", error.message).at(self.file, span, error.label);
                problem.help = error.help;
                problem
            }
        };
        let (place, label) = rows_are;
        self.problems.report(problem.because(place.clone(), label.clone()));
        None
    }

    fn arguments(&self, document: &Document) -> Vec<String> {
        let read = &document.read;
        let Some(field) = self.schema.query(&read.query.value) else { return Vec::new() };
        let known = |name: &str| field.arguments.iter().find(|argument| argument.name == name);
        let mut arguments = Vec::new();
        let (file, everywhere) = &self.dialect.arguments;
        let file = file.as_ref().unwrap_or(self.file);
        for entry in everywhere {
            let replaced = read.arguments.iter().any(|own| own.key.value == entry.key.value);
            if let (Some(argument), false) = (known(&entry.key.value), replaced) {
                arguments.extend(
                    self.literal(entry, &argument.ty, file).map(|value| format!("{}: {value}", entry.key.value)),
                );
            }
        }
        for entry in &read.arguments {
            let name = entry.key.value.as_str();
            if let Some(help) = self.taken(name, document) {
                self.problems.report(
                    Problem::error("M0105", format!("the argument `{name}` is taken"))
                        .at(self.file, entry.key.span, "cannot be given here")
                        .help(help),
                );
            } else if let Some(argument) = known(name) {
                arguments.extend(self.literal(entry, &argument.ty, self.file).map(|value| format!("{name}: {value}")));
            } else {
                self.problems.report(
                    Problem::error("M0105", format!("`{}` has no argument `{name}`", read.query.value))
                        .at(self.file, entry.key.span, "no such argument")
                        .suggest(name, field.arguments.iter().map(|argument| argument.name.as_str())),
                );
            }
        }
        arguments
    }

    /// Why a mapping cannot give this argument itself.
    fn taken(&self, name: &str, document: &Document) -> Option<&'static str> {
        let pages = &self.dialect.pages;
        if name == pages.argument {
            return Some("the engine fills it with the page to read; the order stands under `sort`");
        }
        let filters = document.read.filter.is_some() && pages.filter.as_deref() == Some(name);
        filters.then_some("`where` fills it; write all of the filter there")
    }

    pub(super) fn literal(&self, entry: &Entry, ty: &Type, file: &Arc<SourceFile>) -> Option<String> {
        let name = ty.inner_named_type().as_str();
        if !ty.is_list()
            && let Some(wanted) = unlike(&entry.value.value, name)
        {
            self.problems.report(
                Problem::error(
                    "M0105",
                    format!("`{}` is {wanted}, not {}", entry.key.value, entry.value.value.describe()),
                )
                .at(file, entry.value.span, format!("the argument is a {name}")),
            );
            return None;
        }
        Some(match &entry.value.value {
            Value::Bool(value) => value.to_string(),
            Value::Int(value) if name != "String" && name != "ID" => value.to_string(),
            Value::Float(value) if name != "String" && name != "ID" => value.to_string(),
            _ => {
                let text = yaml::text(&entry.value, file, self.problems)?;
                match self.schema.enum_values(name) {
                    Some(values) if values.contains(&text.value.as_str()) => text.value,
                    Some(values) => {
                        self.problems.report(
                            Problem::error("M0105", format!("`{}` is not a value of {name}", text.value))
                                .at(file, text.span, "no such value")
                                .suggest(&text.value, values),
                        );
                        return None;
                    }
                    None => quoted(&text.value),
                }
            }
        })
    }
}

/// What a built-in type of GraphQL wants, when the value is nothing of the kind.
fn unlike(value: &Value, type_name: &str) -> Option<&'static str> {
    let (fits, wanted) = match type_name {
        "Boolean" => (matches!(value, Value::Bool(_)), "true or false"),
        "Int" => (matches!(value, Value::Int(_)), "a whole number"),
        "Float" => (matches!(value, Value::Int(_) | Value::Float(_)), "a number"),
        "String" | "ID" => (matches!(value, Value::Text(_) | Value::Int(_) | Value::Float(_)), "text"),
        _ => (true, ""),
    };
    (!fits).then_some(wanted)
}

fn is_scalar(steps: &[crate::schema::Step]) -> bool {
    matches!(steps.last().map(|step| &step.target), Some(Target::Scalar(..)))
}

/// JSON's escapes are GraphQL's.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON")
}
