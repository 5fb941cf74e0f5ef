//! What rules ask of a call.

use super::plan::When;
use apollo_compiler::ExecutableDocument;
use apollo_compiler::ast::Value;
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::response::{JsonMap, JsonValue};
use std::collections::{BTreeMap, HashSet};

/// The selected fields of each operation of a document, by the operation's name.
#[derive(Debug, Default)]
pub(crate) struct Shape(BTreeMap<Option<String>, Fields>);

/// Selected fields, as `name` and as `Type.name`.
type Fields = std::sync::Arc<HashSet<String>>;

impl Shape {
    pub(super) fn of(document: &ExecutableDocument) -> Shape {
        let fields = |operation: &Operation| {
            let mut fields = HashSet::new();
            collect(document, &operation.selection_set, &mut Vec::new(), &mut fields);
            (operation.name.as_ref().map(|name| name.to_string()), fields.into())
        };
        Shape(document.operations.iter().map(|operation| fields(operation)).collect())
    }
}

fn collect<'d>(
    document: &'d ExecutableDocument,
    set: &'d SelectionSet,
    open: &mut Vec<&'d str>,
    fields: &mut HashSet<String>,
) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => {
                fields.insert(field.name.to_string());
                fields.insert(format!("{}.{}", set.ty, field.name));
                collect(document, &field.selection_set, open, fields);
            }
            Selection::InlineFragment(inline) => collect(document, &inline.selection_set, open, fields),
            Selection::FragmentSpread(spread) => {
                let name = spread.fragment_name.as_str();
                if let Some(fragment) = document.fragments.get(name).filter(|_| !open.contains(&name)) {
                    open.push(name);
                    collect(document, &fragment.selection_set, open, fields);
                    open.pop();
                }
            }
        }
    }
}

/// One root field of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Root {
    /// The field's name; of a delivery the event.
    pub(crate) name: String,
    /// What it is called in the answer.
    pub(crate) key: String,
}

/// A call, as far as rules look at it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    pub(crate) roots: Vec<Root>,
    fields: Fields,
    page: Option<i64>,
    is_mutation: bool,
}

impl Call {
    /// A GraphQL request.
    pub(crate) fn of(document: &ExecutableDocument, shape: &Shape, operation: &Operation, variables: &JsonMap) -> Call {
        let name = operation.name.as_ref().map(|name| name.to_string());
        let roots: Vec<&Field> = operation.root_fields(document).map(|field| &**field).collect();
        Call {
            is_mutation: operation.is_mutation(),
            fields: shape.0.get(&name).cloned().unwrap_or_default(),
            page: roots
                .iter()
                .filter(|root| root.name.ends_with("Page"))
                .map(|root| paging_number(root, "page", operation, variables).unwrap_or(0))
                .next(),
            roots: roots
                .into_iter()
                .map(|root| Root { name: root.name.to_string(), key: root.response_key().to_string() })
                .collect(),
        }
    }

    /// A delivery of an event.
    pub(crate) fn of_event(event: &str) -> Call {
        let root = Root { name: event.to_owned(), key: event.to_owned() };
        Call { roots: vec![root], ..Call::default() }
    }

    /// Whether it asks for a page of records.
    pub(crate) fn is_page(&self) -> bool {
        self.page.is_some()
    }

    /// Whether a rule counts it.
    pub(super) fn is_meant(&self, when: &When) -> bool {
        when.operation.as_ref().is_none_or(|name| self.roots.iter().any(|root| root.name == *name))
            && when.mutation.is_none_or(|wanted| wanted == self.is_mutation)
            && when.page.is_none_or(|page| self.page == Some(page))
            && when.field.as_ref().is_none_or(|field| self.fields.contains(field))
    }

    /// The names in the answer of the root fields that a rule is about.
    pub(super) fn keys(&self, when: &When) -> Vec<String> {
        let meant = |root: &&Root| when.operation.as_ref().is_none_or(|name| root.name == *name);
        self.roots.iter().filter(meant).map(|root| root.key.clone()).collect()
    }
}

/// A number in the `pageable` argument of a field.
pub(super) fn paging_number(field: &Field, member: &str, operation: &Operation, variables: &JsonMap) -> Option<i64> {
    let variable = |name: &str| variables.get(name);
    match &**field.specified_argument_by_name("pageable")? {
        Value::Variable(name) => variable(name)?.get(member).and_then(JsonValue::as_i64),
        Value::Object(members) => match &**members.iter().find(|(name, _)| name == member).map(|(_, value)| value)? {
            Value::Variable(name) => variable(name).and_then(JsonValue::as_i64).or_else(|| {
                let definition = operation.variables.iter().find(|definition| definition.name == *name)?;
                int(definition.default_value.as_deref()?)
            }),
            value => int(value),
        },
        _ => None,
    }
}

fn int(value: &Value) -> Option<i64> {
    match value {
        Value::Int(number) => number.as_str().parse().ok(),
        _ => None,
    }
}
