//! Mutations, one after the other: each is carried out and answered before the next begins, and nothing else changes
//! the tenant meanwhile.

use super::data::{Outcome, kind_of_mutation};
use super::failure::Failure;
use super::graphql::{Body, execute_with};
use super::resolve::{Context, Query};
use super::scopes::Scopes;
use super::server::Shared;
use super::webhooks;
use apollo_compiler::ast::Value;
use apollo_compiler::executable::{Field, Operation};
use apollo_compiler::request::RequestError;
use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonMap;
use serde_json::{Map, Value as Json};
use std::cell::RefCell;
use std::sync::{Arc, PoisonError};

/// What a mutation is executed for and against.
pub(super) struct Mutating<'m> {
    pub(super) schema: &'m apollo_compiler::validation::Valid<apollo_compiler::Schema>,
    pub(super) known: &'m super::faults::Known,
    pub(super) operation: &'m Operation,
    pub(super) variables: &'m JsonMap,
    pub(super) poison: &'m super::faults::Poisoning,
    pub(super) scopes: &'m Scopes,
    /// The names in the answer of root fields that a fault refuses before anything happens.
    pub(super) refused: &'m [String],
}

/// A root field of a mutation: what it is called in the answer, its name and its arguments.
struct Planned {
    key: String,
    name: String,
    arguments: Map<String, Json>,
}

/// Carries out the root fields in their order.
pub(super) fn mutate(shared: &Arc<Shared>, request: &Mutating<'_>) -> Result<Body, RequestError> {
    let planner = Planner { variables: variables(request), planned: RefCell::default() };
    let mut whole = execute_with(request.schema, request.known, request.operation, request.variables, &planner)?;
    for planned in planner.planned.into_inner() {
        if request.refused.contains(&planned.key) {
            let data = whole.data.get_or_insert_default();
            data.insert(planned.key.as_str(), apollo_compiler::response::JsonValue::Null);
            continue;
        }
        let may = kind_of_mutation(&planned.name).is_none_or(|kind| request.scopes.open(kind.name(), true));
        let mut tenant = shared.tenant.write().unwrap_or_else(PoisonError::into_inner);
        let outcome = match may && !shared.options.read_only {
            false => Err(Failure::denied()),
            true => tenant.world.mutate(&planned.name, &planned.arguments).map(|(outcome, changes)| {
                tenant.orders.follow(&tenant.world, &changes);
                webhooks::announce(shared, &tenant.world, &changes);
                shared.counters.mutated(&changes);
                outcome
            }),
        };
        let context = Context {
            tenant: &tenant,
            page_cap: shared.options.page_cap,
            clock: shared.options.clock(),
            poison: request.poison,
            scopes: request.scopes,
        };
        let root = Mutation { key: planned.key, outcome, query: Query(context) };
        let body = execute_with(request.schema, request.known, request.operation, request.variables, &root)?;
        match (&mut whole.data, body.data) {
            (Some(data), Some(more)) => data.extend(more),
            (data, more) => *data = data.take().or(more),
        }
        whole.errors.extend(body.errors);
    }
    Ok(whole)
}

/// The variables with their defaults.
fn variables(request: &Mutating<'_>) -> Map<String, Json> {
    let mut all = Map::new();
    for definition in &request.operation.variables {
        let given = request.variables.get(definition.name.as_str()).map(|value| serde_json::json!(value));
        let default = || json(definition.default_value.as_ref()?, &Map::new());
        if let Some(value) = given.or_else(default) {
            all.insert(definition.name.to_string(), value);
        }
    }
    all
}

/// A value of a document. A variable that is not given leaves no value: what it would fill is absent, not null.
fn json(value: &Value, variables: &Map<String, Json>) -> Option<Json> {
    Some(match value {
        Value::Null => Json::Null,
        Value::Variable(name) => variables.get(name.as_str())?.clone(),
        Value::Enum(name) => name.as_str().into(),
        Value::String(text) => text.as_str().into(),
        Value::Boolean(flag) => (*flag).into(),
        Value::Int(number) => serde_json::from_str(number.as_str()).ok()?,
        Value::Float(number) => serde_json::from_str(number.as_str()).ok()?,
        Value::List(items) => items.iter().map(|item| json(item, variables).unwrap_or(Json::Null)).collect(),
        Value::Object(members) => {
            let member = |(name, value): &(apollo_compiler::Name, apollo_compiler::Node<Value>)| {
                Some((name.to_string(), json(value, variables)?))
            };
            Json::Object(members.iter().filter_map(member).collect())
        }
    })
}

/// Writes down what is asked for, and does nothing.
struct Planner {
    variables: Map<String, Json>,
    planned: RefCell<Vec<Planned>>,
}

impl ObjectValue for Planner {
    fn type_name(&self) -> &str {
        "Mutation"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        if let Some(field) = info.field_selections().first() {
            let field: &Field = field;
            let argument = |argument: &apollo_compiler::Node<apollo_compiler::ast::Argument>| {
                Some((argument.name.to_string(), json(&argument.value, &self.variables)?))
            };
            self.planned.borrow_mut().push(Planned {
                key: field.response_key().to_string(),
                name: field.name.to_string(),
                arguments: field.arguments.iter().filter_map(argument).collect(),
            });
        }
        Ok(ResolvedValue::SkipForPartialExecution)
    }
}

/// Answers one root field that was carried out.
struct Mutation<'w> {
    key: String,
    outcome: Result<Outcome, Failure>,
    query: Query<'w>,
}

impl ObjectValue for Mutation<'_> {
    fn type_name(&self) -> &str {
        "Mutation"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let key = info.field_selections().first().map(|field| field.response_key().as_str());
        if key != Some(self.key.as_str()) {
            return Ok(ResolvedValue::SkipForPartialExecution);
        }
        match self.outcome.clone()? {
            Outcome::Record(record) => Ok(self.query.written(record, info.arguments())),
            Outcome::Deleted { kind, id } => Ok(ResolvedValue::object(Deleted { kind: kind.name(), id })),
        }
    }
}

/// `DeleteResponse`.
struct Deleted {
    kind: &'static str,
    id: String,
}

impl ObjectValue for Deleted {
    fn type_name(&self) -> &str {
        "DeleteResponse"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        Ok(ResolvedValue::leaf(match info.field_name() {
            "_id" => self.id.as_str(),
            _ => self.kind,
        }))
    }
}
