//! Key paths: dotted names that start at a record and cross its relations.

use super::{Kind, Language, Record, Value, World, field_definition};

/// A key path that the schema has, from a type on.
#[derive(Debug, Clone)]
pub(crate) struct KeyPath {
    keys: Vec<String>,
}

/// A key that a type does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown key `{key}` on `{kind}` in the key path `{path}`")]
pub(crate) struct UnknownKey {
    pub(crate) key: String,
    pub(crate) kind: &'static str,
    pub(crate) path: String,
}

impl KeyPath {
    /// Checks a path against the schema.
    pub(crate) fn parse(kind: Kind, path: &str) -> Result<KeyPath, UnknownKey> {
        let unknown = |key: &str, kind: &'static str| UnknownKey { key: key.to_owned(), kind, path: path.to_owned() };
        let mut at = Ok(kind);
        for key in path.split('.') {
            let kind = at.map_err(|name| unknown(key, name))?;
            let definition = field_definition(kind, key).ok_or_else(|| unknown(key, kind.name()))?;
            let type_name = definition.ty.inner_named_type().as_str();
            at = Kind::from_name(type_name).or_else(|| Kind::from_page_name(type_name)).ok_or(type_name);
        }
        Ok(KeyPath { keys: path.split('.').map(str::to_owned).collect() })
    }
}

impl World {
    /// The values at the end of a path; a single `Null` where a relation on the way is empty, as in an outer join.
    pub(crate) fn values(&self, record: Record, path: &KeyPath, language: Language) -> Vec<Value> {
        let mut found = Vec::with_capacity(1);
        self.collect(record, &path.keys, language, &mut found);
        found
    }

    /// The values at the end of a path that is known to exist.
    pub(crate) fn follow(&self, record: Record, path: &str, language: Language) -> Vec<Value> {
        KeyPath::parse(record.kind, path).map(|path| self.values(record, &path, language)).unwrap_or_default()
    }

    fn collect(&self, record: Record, keys: &[String], language: Language, found: &mut Vec<Value>) {
        let Some((key, rest)) = keys.split_first() else { return };
        match self.field(record, key, language) {
            Value::Many(records) if records.is_empty() => found.push(Value::Null),
            Value::Many(records) if rest.is_empty() => found.extend(records.into_iter().map(Value::One)),
            Value::Many(records) => {
                for record in records {
                    self.collect(record, rest, language, found);
                }
            }
            Value::One(record) if !rest.is_empty() => self.collect(record, rest, language, found),
            value if rest.is_empty() => found.push(value),
            _ => found.push(Value::Null),
        }
    }
}
