//! The GraphQL operation that reads one record, where a mapping names a query for it.

use apollo_compiler::ast::Type;

use super::super::document::Document;
use super::super::plan::Operation;
use super::super::shape::Scope;
use super::Compiler;
use crate::diagnostics::{Place, Problem};
use crate::yaml::{Entry, Located};

impl Compiler<'_> {
    /// `before` is the number of problems before this mapping: an operation of a faulty mapping is not validated.
    pub(super) fn one(&self, document: &Document, row_type: &str, scope: &Scope, before: usize) -> Option<Operation> {
        let query = document.read.one.as_ref()?;
        let (argument, ty) = self.id_argument(document, query, row_type)?;
        if self.problems.count() != before {
            return None;
        }
        let mut arguments = self.arguments_of_one(document, &query.value, &argument);
        arguments.push(format!("{argument}: $id"));
        let name = document.model.value.clone();
        let mut text = format!("query {name}($id: {ty}) {{\n  {}({}) {{\n", query.value, arguments.join(", "));
        self.select(&scope.root, scope, 2, &mut text);
        text.push_str("  }\n}\n");
        if self.problems.count() == before
            && let Err(mut messages) = self.schema.validate(&text)
        {
            messages.dedup();
            self.problems.report(
                Problem::error("M0191", "the source's schema does not allow to ask for one record like this")
                    .at(self.file, query.span, messages.join("; "))
                    .help("look at `read` here, and at `arguments` in connector.yaml"),
            );
            return None;
        }
        Some(Operation { name, text, root: query.value.clone(), ..Operation::default() })
    }

    /// The argument of the query that takes the id, with its type: the only one that must be given.
    fn id_argument(&self, document: &Document, query: &Located<String>, row_type: &str) -> Option<(String, String)> {
        let of_rows = self.schema.queries_of_one(row_type);
        let Some(field) = self.schema.query(&query.value) else {
            self.problems.report(
                Problem::error("M0101", format!("the source has no query `{}`", query.value))
                    .at(self.file, query.span, "no such query")
                    .suggest(&query.value, of_rows),
            );
            return None;
        };
        if field.ty.is_list() || field.ty.inner_named_type() != row_type {
            self.problems.report(
                Problem::error("M0191", format!("`{}` does not yield one {row_type}", query.value))
                    .at(self.file, query.span, format!("is of type {}", field.ty))
                    .because(Place::new(self.file, document.read.query.span), format!("rows are {row_type}"))
                    .suggest(&query.value, of_rows),
            );
            return None;
        }
        let mut required = field.arguments.iter().filter(|argument| argument.is_required());
        match (required.next(), required.next()) {
            (Some(id), None) if is_id(&id.ty) => Some((id.name.to_string(), id.ty.to_string())),
            _ => {
                self.problems.report(
                    Problem::error("M0191", format!("`{}` does not ask for an id and nothing else", query.value))
                        .at(self.file, query.span, "cannot be called with an id alone")
                        .help("name a query whose only required argument is the id of the record"),
                );
                None
            }
        }
    }

    /// What else the query is given, of that which it takes.
    fn arguments_of_one(&self, document: &Document, query: &str, id: &str) -> Vec<String> {
        let Some(field) = self.schema.query(query) else { return Vec::new() };
        let own = &document.read.arguments;
        let (file, everywhere) = &self.dialect.arguments;
        let file = file.as_ref().unwrap_or(self.file);
        let replaced = |entry: &Entry| own.iter().any(|own| own.value.key.value == entry.key.value);
        let everywhere = everywhere.iter().filter(|entry| !replaced(entry)).map(|entry| (entry, file));
        let given = everywhere.chain(own.iter().map(|part| (&part.value, &part.file)));
        given
            .filter(|(entry, _)| entry.key.value != id)
            .filter_map(|(entry, file)| {
                let argument = field.arguments.iter().find(|argument| argument.name == entry.key.value.as_str())?;
                let value = self.literal(entry, &argument.ty, file)?;
                Some(format!("{}: {value}", argument.name))
            })
            .collect()
    }
}

fn is_id(ty: &Type) -> bool {
    !ty.is_list() && matches!(ty.inner_named_type().as_str(), "ID" | "String")
}
