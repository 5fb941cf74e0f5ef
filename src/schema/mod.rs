//! The source's GraphQL schema: the types of paths and the validity of operations.

mod introspection;
mod lost;
mod own;
mod path;
mod refresh;
mod selection;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use apollo_compiler::ast::Type;
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::schema::{Component, ExtendedType, FieldDefinition};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name};

use crate::diagnostics::{Problem, Problems, SourceFile, Span};

pub use introspection::{INTROSPECTION, Introspection};
pub use lost::Lost;
pub use path::{PathError, Step, Target};
pub use refresh::{Change, ChangeKind, Refreshed, refresh};
pub use selection::{Selection, SelectionPart};

/// What a scalar of the source means.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// Text, ids and enum values included.
    Text,
    /// A whole number.
    Int,
    /// Any number.
    Float,
    /// `true` or `false`.
    Boolean,
    /// A moment, written as the connector says.
    DateTime,
    /// JSON of any shape.
    Json,
}

impl Scalar {
    /// What to call it in a message.
    pub fn describe(&self) -> &'static str {
        match self {
            Scalar::Text => "text",
            Scalar::Int => "a whole number",
            Scalar::Float => "a number",
            Scalar::Boolean => "true or false",
            Scalar::DateTime => "a date and time",
            Scalar::Json => "JSON of any shape",
        }
    }
}

/// A member of an input object.
#[derive(Debug, Clone, Copy)]
pub struct InputMember<'s> {
    /// Its name.
    pub name: &'s str,
    /// Its type.
    pub ty: &'s Type,
    /// Whether a value must be given.
    pub required: bool,
}

/// How the parser's messages about syntax begin.
const SYNTAX: &str = "syntax error: ";

/// The parser calls signs by names of its own.
fn in_signs(message: &str) -> String {
    const SIGNS: &[(&str, &str)] = &[
        ("L_PAREN", "`(`"),
        ("R_PAREN", "`)`"),
        ("L_CURLY", "`{`"),
        ("R_CURLY", "`}`"),
        ("L_BRACK", "`[`"),
        ("R_BRACK", "`]`"),
        ("<EOF>", "end of the file"),
    ];
    let message = message.strip_prefix(SYNTAX).unwrap_or(message).trim_end_matches('.');
    let message = match message.rsplit_once(", got ") {
        Some((expected, found)) if !found.starts_with('<') => format!("{expected}, got `{found}`"),
        _ => message.replacen("Unexpected", "unexpected", 1),
    };
    SIGNS.iter().fold(message, |message, (name, sign)| message.replace(name, sign))
}

/// A GraphQL schema, with the connector's word on what its own scalars mean.
#[derive(Debug, Clone)]
pub struct Schema {
    graphql: Valid<apollo_compiler::Schema>,
    scalars: BTreeMap<String, Scalar>,
    /// The path from a page to its rows.
    items: Vec<String>,
    /// The argument that lists inside a row are given.
    given_to_lists: Option<String>,
    own: own::Own,
}

impl Schema {
    /// Reads a schema from its definition language. `scalars` says what the schema's own scalars mean; `items` is
    /// the path that makes a type a page: it leads to the rows and through one list, as `items` or `edges.node` do.
    pub fn parse(
        file: &Arc<SourceFile>,
        scalars: BTreeMap<String, Scalar>,
        items: &str,
        problems: &Problems,
    ) -> Option<Schema> {
        match apollo_compiler::Schema::parse_and_validate(&file.text, &file.path) {
            Ok(graphql) => {
                let items = items.split('.').map(str::to_owned).collect();
                Some(Schema { graphql, scalars, items, given_to_lists: None, own: own::Own::default() })
            }
            Err(error) => {
                let mut mistakes: Vec<(Span, String)> = error
                    .errors
                    .iter()
                    .map(|diagnostic| {
                        let place = diagnostic.error.location();
                        let span = place.map(|place| Span { start: place.offset(), end: place.end_offset() });
                        (span.unwrap_or_default(), diagnostic.error.to_string())
                    })
                    .collect();
                // What cannot be read is missing, and then much else does not fit: only the first counts.
                mistakes.sort_by_key(|(span, message)| (!message.starts_with(SYNTAX), span.start));
                if mistakes.first().is_some_and(|(_, message)| message.starts_with(SYNTAX)) {
                    mistakes.truncate(1);
                }
                for (span, message) in mistakes {
                    problems.report(Problem::error("M0150", "this is not a valid GraphQL schema").at(
                        file,
                        span,
                        in_signs(&message),
                    ));
                }
                None
            }
        }
    }

    /// Names the argument that lists inside a row are given: it may be required of them.
    #[must_use]
    pub fn giving_to_lists(mut self, argument: Option<String>) -> Schema {
        self.given_to_lists = argument;
        self
    }

    /// Whether a scalar of that name exists.
    pub fn has_scalar(&self, name: &str) -> bool {
        self.graphql.get_scalar(name).is_some()
    }

    /// The names of the scalars that the schema defines itself.
    pub fn own_scalars(&self) -> impl Iterator<Item = &str> {
        self.graphql.types.values().filter_map(|ty| match ty {
            ExtendedType::Scalar(scalar) if !scalar.is_built_in() => Some(scalar.name.as_str()),
            _ => None,
        })
    }

    /// The definition of a field of the query type.
    pub fn query(&self, field: &str) -> Option<&Component<FieldDefinition>> {
        let root = self.graphql.root_operation(apollo_compiler::ast::OperationType::Query)?;
        self.graphql.get_object(root)?.fields.get(field)
    }

    /// The definition of a field of the mutation type.
    pub fn mutation(&self, field: &str) -> Option<&Component<FieldDefinition>> {
        let root = self.graphql.root_operation(apollo_compiler::ast::OperationType::Mutation)?;
        self.graphql.get_object(root)?.fields.get(field)
    }

    /// The names of the fields of the query type or the mutation type.
    pub fn operations(&self, of: apollo_compiler::ast::OperationType) -> Vec<&str> {
        let fields = self.graphql.root_operation(of).and_then(|root| self.fields_of(root));
        fields.into_iter().flat_map(|fields| fields.keys().map(Name::as_str)).collect()
    }

    /// Whether that is the type whose fields are queries.
    pub fn is_query_type(&self, name: &str) -> bool {
        self.graphql.root_operation(apollo_compiler::ast::OperationType::Query).is_some_and(|root| root == name)
    }

    /// The names of the query type's fields that yield pages.
    pub fn queries(&self) -> Vec<&str> {
        let root = self.graphql.root_operation(apollo_compiler::ast::OperationType::Query);
        root.and_then(|root| self.graphql.get_object(root))
            .map(|query| {
                query
                    .fields
                    .iter()
                    .filter(|(_, field)| self.rows_of(&field.ty).is_some())
                    .map(|(name, _)| name.as_str())
                    .collect()
            })
            .unwrap_or_default()
    }

    /// The names of the query type's fields that yield one object of this type.
    pub fn queries_of_one(&self, type_name: &str) -> Vec<&str> {
        let root = self.graphql.root_operation(apollo_compiler::ast::OperationType::Query);
        let fields = root.and_then(|root| self.graphql.get_object(root)).map(|query| &query.fields);
        fields
            .into_iter()
            .flatten()
            .filter(|(_, field)| !field.ty.is_list() && field.ty.inner_named_type() == type_name)
            .map(|(name, _)| name.as_str())
            .collect()
    }

    /// Whether some query yields pages of rows that have a member at this path.
    pub fn has_page_member(&self, path: &str) -> bool {
        let pages = self.queries().into_iter().filter_map(|query| Some(self.query(query)?.ty.inner_named_type()));
        let mut ends = pages.map(|page| {
            path.split('.').try_fold(page, |page, name| Some(self.fields_of(page)?.get(name)?.ty.inner_named_type()))
        });
        ends.any(|end| end.is_some())
    }

    /// The names of the arguments of queries that yield pages, or of the members of one of them that is an object.
    pub fn page_arguments(&self, of: Option<&str>) -> BTreeSet<&str> {
        let queries = self.queries().into_iter().filter_map(|query| self.query(query));
        let arguments = queries.flat_map(|query| &query.arguments);
        match of {
            None => arguments.map(|argument| argument.name.as_str()).collect(),
            Some(of) => arguments
                .filter(|argument| argument.name == of)
                .filter_map(|argument| self.input_members(argument.ty.inner_named_type()))
                .flat_map(|members| members.into_iter().map(|(name, _)| name))
                .collect(),
        }
    }

    /// The name of the type of an argument of a query field, or of the member of an argument that is an object.
    pub fn argument_type(&self, query: &str, path: &[&str]) -> Option<&str> {
        let (first, rest) = path.split_first()?;
        let argument = self.query(query)?.arguments.iter().find(|argument| argument.name == *first)?;
        let mut ty = argument.ty.inner_named_type();
        for name in rest {
            ty = self.graphql.get_input_object(ty)?.fields.get(*name)?.ty.inner_named_type();
        }
        Some(ty.as_str())
    }

    /// The members of an input object, by its name.
    pub fn input_members(&self, type_name: &str) -> Option<Vec<(&str, &Type)>> {
        let fields = &self.graphql.get_input_object(type_name)?.fields;
        Some(fields.iter().map(|(name, field)| (name.as_str(), &*field.ty)).collect())
    }

    /// The members of an input object with their types, and whether a value must be given.
    pub fn input_object(&self, type_name: &str) -> Option<Vec<InputMember<'_>>> {
        let fields = &self.graphql.get_input_object(type_name)?.fields;
        let members = fields.iter().map(|(name, field)| InputMember {
            name: name.as_str(),
            ty: &field.ty,
            required: field.is_required(),
        });
        Some(members.collect())
    }

    /// The enums of the schema and their values.
    pub fn enums(&self) -> impl Iterator<Item = (&str, Vec<&str>)> {
        self.graphql.types.iter().filter_map(|(name, ty)| match ty {
            ExtendedType::Enum(values) => Some((name.as_str(), values.values.keys().map(Name::as_str).collect())),
            _ => None,
        })
    }

    /// What a scalar or enum of that name means.
    pub fn meaning(&self, name: &str) -> Option<Scalar> {
        self.scalar(name)
    }

    /// Whether the rows of some query have a flag or number at the end of `path`.
    pub fn some_rows_have_flag(&self, path: &str) -> bool {
        let rows = self.queries().into_iter().filter_map(|query| self.rows_of(&self.query(query)?.ty));
        rows.filter_map(|row| self.walk(row, path).ok()?.pop())
            .any(|step| matches!(step.target, Target::Scalar(Scalar::Int | Scalar::Boolean, _)))
    }

    /// Whether the rows of some query have a single value at the end of `path`.
    pub fn some_rows_have_value(&self, path: &str) -> bool {
        let mut rows = self.queries().into_iter().filter_map(|query| self.rows_of(&self.query(query)?.ty));
        rows.any(|row| self.has_value(row, path))
    }

    /// Whether rows of a type have a single value at the end of `path`.
    pub fn has_value(&self, row: &str, path: &str) -> bool {
        self.walk(row, path).is_ok_and(|steps| {
            steps.iter().all(|step| !step.target.is_list())
                && matches!(steps.last().map(|step| &step.target), Some(Target::Scalar(..)))
        })
    }

    /// The type of the rows, when `ty` is a page of rows.
    pub fn rows_of(&self, ty: &Type) -> Option<&Name> {
        let mut here: &Name = self.graphql.get_object(ty.inner_named_type()).map(|page| &page.name)?;
        let mut lists = 0;
        for name in &self.items {
            let field = self.graphql.get_object(here)?.fields.get(name.as_str())?;
            lists += usize::from(field.ty.is_list());
            here = field.ty.inner_named_type();
        }
        (lists == 1).then_some(here)
    }

    /// The values of an enum of the schema, by its name.
    pub fn enum_values(&self, name: &str) -> Option<Vec<&str>> {
        let values = &self.graphql.get_enum(name)?.values;
        Some(values.keys().map(Name::as_str).collect())
    }

    /// Checks an operation; the messages say what the schema does not allow.
    pub fn validate(&self, operation: &str) -> Result<(), Vec<String>> {
        match ExecutableDocument::parse_and_validate(&self.graphql, operation, "operation.graphql") {
            Ok(_) => Ok(()),
            Err(error) => Err(error.errors.iter().map(|diagnostic| diagnostic.error.to_string()).collect()),
        }
    }

    fn scalar(&self, name: &str) -> Option<Scalar> {
        match name {
            "String" | "ID" => Some(Scalar::Text),
            "Int" => Some(Scalar::Int),
            "Float" => Some(Scalar::Float),
            "Boolean" => Some(Scalar::Boolean),
            _ => match self.graphql.types.get(name)? {
                ExtendedType::Enum(_) => Some(Scalar::Text),
                ExtendedType::Scalar(_) => self.scalars.get(name).cloned(),
                _ => None,
            },
        }
    }

    fn fields_of(
        &self,
        type_name: &str,
    ) -> Option<&apollo_compiler::collections::IndexMap<Name, Component<FieldDefinition>>> {
        match self.graphql.types.get(type_name)? {
            ExtendedType::Object(object) => Some(&object.fields),
            ExtendedType::Interface(interface) => Some(&interface.fields),
            _ => None,
        }
    }
}
