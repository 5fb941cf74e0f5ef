//! The GraphQL operation, derived from what a plan reads.

use std::fmt::Write;

use super::super::dialect::{NestedLists, PageStart};
use super::super::document::{Part, Read, Sort};
use super::super::plan::Operation;
use super::super::reads::{Reads, TYPE_NAME};
use super::super::shape::{ListInfo, Member, Node, Scope, Shape};
use super::super::signature::Digest;
use super::Compiler;
use super::literal::quoted;
use crate::diagnostics::{Place, Problem};
use crate::schema::Target;
use crate::yaml::Located;

/// Where the filter of a read comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filter {
    /// It is the mapping's own, if it has one.
    Own,
    /// It is sent as the variable `$filter`.
    Variable,
}

impl Compiler<'_> {
    /// The operation, and a name of what decides which rows it reads. `before` is the number of problems before this
    /// mapping: an operation of a faulty mapping is not validated.
    pub(super) fn operation(
        &self,
        name: &str,
        read: &Read,
        row_type: &str,
        rows_are: (Place, String),
        scope: &Scope,
        before: usize,
    ) -> Option<(Operation, String)> {
        let query = &read.query.value;
        let pages = &self.dialect.pages;
        if let (Some(Part { file, value: filter }), None) = (&read.filter, &pages.filter) {
            self.problems.report(
                Problem::error("M0106", "this source has no filter")
                    .at(file, filter.span, "cannot be sent")
                    .help("remove it, or name the argument that takes it under `pages` in connector.yaml: `filter: …`"),
            );
        }
        let order = self.order(read, row_type, &rows_are);
        let arguments = self.list_arguments(read, Filter::Own, order.clone().flatten());
        order?;
        let select = |text: &mut String| self.select(&scope.root, scope, 3, text);
        let text = self.text(name, query, &arguments, Filter::Own, select);
        if self.problems.count() == before
            && let Err(mut messages) = self.schema.validate(&text)
        {
            messages.dedup();
            self.problems.report(
                Problem::error("M0190", "the source's schema does not allow what this mapping asks for")
                    .at(self.file, read.query.span, messages.join("; "))
                    .help("look at `read` here, and at `pages` and `arguments` in connector.yaml"),
            );
            return None;
        }
        let rows = rows_signature(query, arguments, &pages.items);
        Some((Operation { name: name.to_owned(), text, root: query.clone(), ..Operation::default() }, rows))
    }

    /// The document that reads the rows of a sound mapping, in an order that begins with `first`.
    pub(super) fn list_text(
        &self,
        name: &str,
        read: &Read,
        filter: Filter,
        first: &[String],
        select: impl FnOnce(&mut String),
    ) -> Option<String> {
        let own = read.sort.iter().flat_map(|sort| &sort.value.keys).map(|key| key.value.as_str());
        let first = first.iter().map(String::as_str);
        let order = self.dialect.pages.sort.as_ref().map(|_| {
            let keys = first.clone().chain(own.filter(|key| !first.clone().any(|known| known == *key)));
            keys.map(str::to_owned).collect()
        });
        let arguments = self.list_arguments(read, filter, order);
        Some(self.text(name, &read.query.value, &arguments, filter, select))
    }

    /// The arguments by which the rows of a page are asked for.
    fn list_arguments(&self, read: &Read, filter: Filter, order: Option<Vec<String>>) -> Vec<String> {
        let mut arguments = self.arguments(read);
        if let Some(argument) = &self.dialect.pages.filter {
            arguments.extend(match (filter, &read.filter) {
                (Filter::Variable, _) => Some(format!("{argument}: $filter")),
                (Filter::Own, Some(own)) => Some(format!("{argument}: {}", quoted(&own.value.value))),
                (Filter::Own, None) => None,
            });
        }
        arguments.push(self.page_arguments(order).join(", "));
        arguments
    }

    fn text(
        &self,
        name: &str,
        query: &str,
        arguments: &[String],
        filter: Filter,
        select: impl FnOnce(&mut String),
    ) -> String {
        let pages = &self.dialect.pages;
        let size = format!("$size: {}", self.variable_type(query, &pages.size, "Int", true));
        let mut variables = match &pages.start {
            PageStart::Number(argument) => {
                format!("$page: {}, {size}", self.variable_type(query, argument, "Int", true))
            }
            PageStart::Cursor(argument) => {
                format!("{size}, $cursor: {}", self.variable_type(query, argument, "String", false))
            }
        };
        if let (Filter::Variable, Some(argument)) = (filter, &pages.filter) {
            let ty = self.schema.argument_type(query, &[argument]).filter(|ty| self.schema.has_scalar(ty));
            let _ = write!(variables, ", $filter: {}", ty.unwrap_or("String"));
        }
        let mut text = format!("query {name}({variables}) {{\n  {query}({}) {{\n", arguments.join(", "));
        let (open, close) = rows(&pages.items);
        writeln!(text, "    {open}").expect("writing to a String cannot fail");
        select(&mut text);
        writeln!(text, "    {close}").expect("writing to a String cannot fail");
        for member in members(&pages.members) {
            writeln!(text, "    {member}").expect("writing to a String cannot fail");
        }
        text.push_str("  }\n}\n");
        text
    }

    pub(in crate::mapping) fn select(&self, shape: &Shape, scope: &Scope, depth: usize, text: &mut String) {
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
                        let _ = writeln!(text, "{indent}  {TYPE_NAME}");
                    }
                    self.select(shape, scope, depth + 1, text);
                    let _ = write!(text, "{indent}}}");
                }
                Node::List { list, page } => {
                    let info = &scope.lists[*list];
                    text.push_str(&self.nested_arguments(&info.arguments));
                    let (open, close) = if *page {
                        let (open, close) = rows(&self.dialect.pages.items);
                        (format!(" {{ {open}\n"), format!("{close} }}"))
                    } else {
                        (" {\n".to_owned(), "}".to_owned())
                    };
                    text.push_str(&open);
                    if info.scope.root.members.is_empty() {
                        let _ = writeln!(text, "{indent}  {TYPE_NAME}");
                    }
                    self.select(&info.scope.root, &info.scope, depth + 1, text);
                    let _ = write!(text, "{indent}{close}");
                }
            }
            text.push('\n');
        }
    }

    /// What [`Compiler::select`] selects.
    pub(super) fn reads_of_row(&self, scope: &Scope) -> Reads {
        let mut reads = Reads::default();
        self.read_members(&scope.root, scope, "", &mut reads);
        reads
    }

    fn read_members(&self, shape: &Shape, scope: &Scope, before: &str, reads: &mut Reads) {
        if shape.members.is_empty() && !before.is_empty() {
            reads.add(format!("{before}{TYPE_NAME}"));
        }
        for Member { name, node, .. } in &shape.members {
            match node {
                Node::Kept | Node::Slot(_) | Node::Json(_) => reads.add(format!("{before}{name}")),
                Node::Object { shape, .. } => self.read_members(shape, scope, &format!("{before}{name}."), reads),
                Node::List { list, page } => {
                    let ListInfo { scope, arguments, .. } = &scope.lists[*list];
                    let arguments = self.nested_arguments(arguments);
                    let rows = if *page { format!("{}.", self.dialect.pages.items) } else { String::new() };
                    let before = format!("{before}{name}{arguments}.{rows}");
                    self.read_members(&scope.root, scope, &before, reads);
                }
            }
        }
    }

    /// The arguments by which a page is asked for: those of the query field, or one object of them.
    fn page_arguments(&self, order: Option<Vec<String>>) -> Vec<String> {
        let pages = &self.dialect.pages;
        let sort = order.and_then(|keys| self.sort(&keys));
        let start = match &pages.start {
            PageStart::Number(argument) => format!("{argument}: $page"),
            PageStart::Cursor(argument) => format!("{argument}: $cursor"),
        };
        let size = format!("{}: $size", pages.size);
        let arguments = match &pages.start {
            PageStart::Number(_) => [start, size],
            PageStart::Cursor(_) => [size, start],
        };
        let arguments: Vec<String> = arguments.into_iter().chain(sort).collect();
        match &pages.argument {
            Some(argument) => vec![format!("{argument}: {{{}}}", arguments.join(", "))],
            None => arguments,
        }
    }

    /// How a list inside a row is asked for, where it takes such arguments.
    fn nested_arguments(&self, takes: &[String]) -> String {
        let pages = &self.dialect.pages;
        let Some(NestedLists { argument, size }) = &pages.nested else { return String::new() };
        if !takes.contains(argument) {
            return String::new();
        }
        match (&pages.argument, &pages.start) {
            (None, _) => format!("({argument}: {size})"),
            (Some(_), PageStart::Number(page)) => format!("({argument}: {{{page}: 0, {}: {size}}})", pages.size),
            (Some(_), PageStart::Cursor(_)) => format!("({argument}: {{{}: {size}}})", pages.size),
        }
    }

    /// The type of a variable: that of the argument, or the usual one where the schema has none and says so below.
    fn variable_type(&self, query: &str, argument: &str, usual: &str, required: bool) -> String {
        let path: Vec<&str> = self.dialect.pages.argument.as_deref().into_iter().chain([argument]).collect();
        let name = self.schema.argument_type(query, &path).unwrap_or(usual);
        if required { format!("{name}!") } else { name.to_owned() }
    }

    /// The argument for the order.
    pub(in crate::mapping) fn sort(&self, keys: &[String]) -> Option<String> {
        let sort = self.dialect.pages.sort.as_ref()?;
        let parts = keys.iter().map(|key| {
            let (path, direction) = match key.strip_prefix('-') {
                Some(path) => (path, &sort.descending),
                None => (key.as_str(), &sort.ascending),
            };
            format!("{{{}: {}, {}: {direction}}}", sort.property, quoted(path), sort.direction)
        });
        Some(format!("{}: [{}]", sort.argument, parts.collect::<Vec<_>>().join(", ")))
    }

    /// What rows are sorted by; none where the source is not asked for an order.
    fn order(&self, read: &Read, row_type: &str, rows_are: &(Place, String)) -> Option<Option<Vec<String>>> {
        let Part { file, value: Sort { keys, .. } } = match (&self.dialect.pages.sort, &read.sort) {
            (Some(_), Some(written)) => written,
            (None, None) => return Some(None),
            // It was reported already.
            (None, Some(Part { value: Sort { keys, .. }, .. })) if keys.is_empty() => return None,
            (Some(_), None) => {
                self.problems.report(Problem::error("M0004", "`read` needs `sort`").at(
                    self.file,
                    read.span,
                    "`sort` is missing",
                ));
                return None;
            }
            (None, Some(Part { file, value: Sort { span, .. } })) => {
                self.problems.report(
                    Problem::error("M0108", "this source is not asked for an order by `sort`")
                        .at(file, *span, "cannot be sent")
                        .help("remove it; an order that the query field takes is one of its `arguments`"),
                );
                return None;
            }
        };
        let sound = keys.iter().map(|key| {
            let path = key.value.trim_start_matches('-');
            self.within(file).sort_key(key, path, row_type, rows_are)?;
            Some(key.value.clone())
        });
        let sound: Option<Vec<String>> = sound.collect::<Vec<_>>().into_iter().collect();
        Some(Some(sound?))
    }

    pub(in crate::mapping) fn sort_key(
        &self,
        key: &Located<String>,
        path: &str,
        row_type: &str,
        rows_are: &(Place, String),
    ) -> Option<()> {
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

    fn arguments(&self, read: &Read) -> Vec<String> {
        let Some(field) = self.schema.query(&read.query.value) else { return Vec::new() };
        let known = |name: &str| field.arguments.iter().find(|argument| argument.name == name);
        let mut arguments = Vec::new();
        let (file, everywhere) = &self.dialect.arguments;
        let file = file.as_ref().unwrap_or(self.file);
        for entry in everywhere {
            let replaced = read.arguments.iter().any(|own| own.value.key.value == entry.key.value);
            if let (Some(argument), false) = (known(&entry.key.value), replaced) {
                arguments.extend(
                    self.literal(entry, &argument.ty, file).map(|value| format!("{}: {value}", entry.key.value)),
                );
            }
        }
        for Part { file, value: entry } in &read.arguments {
            let name = entry.key.value.as_str();
            if let Some(help) = self.taken(name, read) {
                self.problems.report(
                    Problem::error("M0105", format!("the argument `{name}` is taken"))
                        .at(file, entry.key.span, "cannot be given here")
                        .help(help),
                );
            } else if let Some(argument) = known(name) {
                arguments.extend(self.literal(entry, &argument.ty, file).map(|value| format!("{name}: {value}")));
            } else {
                self.problems.report(
                    Problem::error("M0105", format!("`{}` has no argument `{name}`", read.query.value))
                        .at(file, entry.key.span, "no such argument")
                        .suggest(name, field.arguments.iter().map(|argument| argument.name.as_str())),
                );
            }
        }
        arguments
    }

    /// Why a mapping cannot give this argument itself.
    fn taken(&self, name: &str, read: &Read) -> Option<&'static str> {
        let pages = &self.dialect.pages;
        let (PageStart::Number(start) | PageStart::Cursor(start)) = &pages.start;
        let is_taken = match &pages.argument {
            Some(argument) => name == argument,
            None => {
                name == start || name == pages.size || pages.sort.as_ref().is_some_and(|sort| name == sort.argument)
            }
        };
        if is_taken {
            return Some(match &pages.sort {
                Some(_) => "the engine fills it with the page to read; the order stands under `sort`",
                None => "the engine fills it with the page to read",
            });
        }
        let filters = read.filter.is_some() && pages.filter.as_deref() == Some(name);
        filters.then_some("`where` fills it; write all of the filter there")
    }
}

/// The arguments have no order.
fn rows_signature(query: &str, mut arguments: Vec<String>, rows: &str) -> String {
    arguments.sort_unstable();
    let mut digest = Digest::default();
    digest.text(query);
    digest.list(&arguments, |digest, argument| digest.text(argument));
    digest.text(rows);
    digest.finish()
}

/// What stands before the fields of a page's rows and behind them.
pub(in crate::mapping) fn rows(path: &str) -> (String, String) {
    let depth = path.split('.').count();
    (format!("{} {{", path.replace('.', " { ")), vec!["}"; depth].join(" "))
}

/// The selections of single members, those of one object together.
fn members(paths: &[String]) -> Vec<String> {
    let mut groups: Vec<(&str, Vec<String>)> = Vec::new();
    for path in paths {
        let (name, rest) = path.split_once('.').map_or((path.as_str(), None), |(name, rest)| (name, Some(rest)));
        let at = groups.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            groups.push((name, Vec::new()));
            groups.len() - 1
        });
        groups[at].1.extend(rest.map(str::to_owned));
    }
    let selection = |(name, inner): (&str, Vec<String>)| match inner.as_slice() {
        [] => name.to_owned(),
        inner => format!("{name} {{ {} }}", members(inner).join(" ")),
    };
    groups.into_iter().map(selection).collect()
}

fn is_scalar(steps: &[crate::schema::Step]) -> bool {
    matches!(steps.last().map(|step| &step.target), Some(Target::Scalar(..)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_one_object_are_selected_together() {
        let paths = ["info.more", "total", "info.next", "info.more"].map(str::to_owned);
        assert_eq!(members(&paths[..3]), ["info { more next }", "total"]);
        assert_eq!(members(&["a.b.c".to_owned(), "a.b.d".to_owned()]), ["a { b { c d } }"]);
        assert_eq!(rows("edges.node"), ("edges { node {".to_owned(), "} }".to_owned()));
        assert_eq!(rows("items"), ("items {".to_owned(), "}".to_owned()));
    }
}
