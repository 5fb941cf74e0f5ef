//! A schema as the source itself describes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// The query that asks a source for its schema, named `Introspection`.
pub const INTROSPECTION: &str = "\
query Introspection {
  __schema {
    queryType { name }
    mutationType { name }
    types {
      kind
      name
      description
      fields(includeDeprecated: true) {
        name
        description
        args { ...Input }
        type { ...Type }
        isDeprecated
        deprecationReason
      }
      inputFields { ...Input }
      interfaces { name }
      enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
      possibleTypes { name }
    }
  }
}

fragment Input on __InputValue {
  name
  description
  type { ...Type }
  defaultValue
}

fragment Type on __Type {
  kind
  name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } }
}
";

/// What a source says of its types.
#[derive(Debug)]
pub struct Introspection {
    /// The type whose fields are queries.
    pub(super) query: Option<String>,
    /// The type whose fields are mutations.
    pub(super) mutation: Option<String>,
    /// Its types by name, without those that belong to GraphQL.
    pub(super) types: BTreeMap<String, TypeDescription>,
}

/// The kinds of types, as GraphQL names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum TypeKind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    InputObject,
    List,
    NonNull,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TypeDescription {
    pub kind: TypeKind,
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub fields: Option<Vec<FieldDescription>>,
    #[serde(default)]
    pub input_fields: Option<Vec<InputDescription>>,
    #[serde(default)]
    pub interfaces: Option<Vec<Named>>,
    #[serde(default)]
    pub enum_values: Option<Vec<ValueDescription>>,
    #[serde(default)]
    pub possible_types: Option<Vec<Named>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FieldDescription {
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub args: Vec<InputDescription>,
    #[serde(rename = "type")]
    pub ty: TypeReference,
    #[serde(default)]
    pub is_deprecated: bool,
    #[serde(default)]
    pub deprecation_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InputDescription {
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(rename = "type")]
    pub ty: TypeReference,
    #[serde(default)]
    pub default_value: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ValueDescription {
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub is_deprecated: bool,
    #[serde(default)]
    pub deprecation_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    pub name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TypeReference {
    kind: TypeKind,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    of_type: Option<Box<TypeReference>>,
}

impl TypeReference {
    /// The type as GraphQL writes it, such as `[Int!]`.
    pub fn written(&self) -> String {
        let inner = || self.of_type.as_ref().map_or_else(String::new, |inner| inner.written());
        match self.kind {
            TypeKind::List => format!("[{}]", inner()),
            TypeKind::NonNull => format!("{}!", inner()),
            _ => self.name.clone().unwrap_or_default(),
        }
    }

    /// The name of the innermost type.
    pub fn named(&self) -> &str {
        match &self.of_type {
            Some(inner) => inner.named(),
            None => self.name.as_deref().unwrap_or_default(),
        }
    }

    pub fn is_required(&self) -> bool {
        self.kind == TypeKind::NonNull
    }
}

impl Introspection {
    /// Reads the `__schema` of an answer. The error says what is wrong with it.
    pub fn read(schema: &Value) -> Result<Introspection, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            query_type: Option<Named>,
            #[serde(default)]
            mutation_type: Option<Named>,
            types: Vec<TypeDescription>,
        }
        let answer = Answer::deserialize(schema).map_err(|error| error.to_string())?;
        let types = answer.types.into_iter().filter(|ty| !is_of_graphql(&ty.name));
        Ok(Introspection {
            query: answer.query_type.map(|ty| ty.name),
            mutation: answer.mutation_type.map(|ty| ty.name),
            types: types.map(|ty| (ty.name.clone(), ty)).collect(),
        })
    }
}

/// Whether every schema has a type of that name.
pub(super) fn is_of_graphql(name: &str) -> bool {
    name.starts_with("__") || ["String", "Int", "Float", "Boolean", "ID"].contains(&name)
}
