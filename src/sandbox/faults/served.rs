//! The schema as it is served at the moment, with the documents that were found valid in it.

use super::super::data::SCHEMA;
use super::call::Shape;
use super::undefined;
use apollo_compiler::ast;
use apollo_compiler::response::GraphQLError;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many validated documents are remembered before all are forgotten.
const REMEMBERED_DOCUMENTS: usize = 256;

/// A document, and what rules ask of it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) document: Valid<ExecutableDocument>,
    pub(crate) shape: Shape,
}

/// Why a document was not executed.
#[derive(Debug)]
pub(crate) enum Invalid {
    /// It selects fields that are not there: message, line and column.
    Undefined(Vec<(String, Option<(usize, usize)>)>),
    /// Anything else.
    Other(Vec<GraphQLError>),
}

/// What is served.
#[derive(Debug, Default)]
pub(crate) struct Served {
    /// The schema, when it is not the whole one.
    smaller: Option<Valid<Schema>>,
    known: Mutex<HashMap<String, Arc<Known>>>,
}

impl Served {
    /// The schema without some fields, or why that is no schema.
    pub(crate) fn without(fields: &[String]) -> Result<Served, String> {
        if fields.is_empty() {
            return Ok(Served::default());
        }
        let mut schema = Schema::clone(&SCHEMA);
        for field in fields {
            let (type_name, name) =
                field.split_once('.').ok_or_else(|| format!("`{field}` is not written as `Type.field`"))?;
            let removed = match schema.types.get_mut(type_name) {
                Some(ExtendedType::Object(object)) => object.make_mut().fields.shift_remove(name).is_some(),
                _ => false,
            };
            if !removed {
                return Err(format!("the schema has no field `{field}`, or it is named twice"));
            }
        }
        let smaller = schema.validate().map_err(|invalid| {
            let first = invalid.errors.iter().next().map(|error| error.to_json().message);
            format!("without the fields the schema is not valid: {}", first.unwrap_or_default())
        })?;
        Ok(Served { smaller: Some(smaller), known: Mutex::default() })
    }

    pub(crate) fn schema(&self) -> &Valid<Schema> {
        self.smaller.as_ref().unwrap_or(&SCHEMA)
    }

    /// The document of a text.
    pub(crate) fn validated(&self, text: &str) -> Result<Arc<Known>, Invalid> {
        let lock = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(text) {
            return Ok(Arc::clone(known));
        }
        let document =
            ExecutableDocument::parse_and_validate(self.schema(), text, "query.graphql").map_err(|invalid| {
                let undefined = ast::Document::parse(text, "query.graphql")
                    .map(|document| undefined::fields(self.schema(), &document))
                    .unwrap_or_default();
                match undefined.is_empty() {
                    false => Invalid::Undefined(undefined),
                    true => Invalid::Other(invalid.errors.iter().map(|error| error.to_json()).collect()),
                }
            })?;
        let shape = Shape::of(&document);
        let known = Arc::new(Known { document, shape });
        let mut all = lock();
        if all.len() >= REMEMBERED_DOCUMENTS {
            all.clear();
        }
        all.insert(text.to_owned(), Arc::clone(&known));
        Ok(known)
    }
}
