//! Objects that no source has: what paths of the engine's own making start from. An action reads its input and what its
//! steps bound in this way.

use std::collections::BTreeMap;

use super::path::PathError;
use super::{Schema, Step, Target};
use crate::diagnostics::closest;

/// Object types by name, each with its members.
#[derive(Debug, Clone, Default)]
pub(super) struct Own(BTreeMap<String, Vec<(String, Target)>>);

impl Own {
    pub(super) fn members(&self, type_name: &str) -> Option<&[(String, Target)]> {
        self.0.get(type_name).map(Vec::as_slice)
    }

    /// The step to a member of an object.
    pub(super) fn step(
        members: &[(String, Target)],
        type_name: &str,
        name: &str,
        at: usize,
    ) -> Result<Step, PathError> {
        match members.iter().find(|(known, _)| known == name) {
            Some((_, target)) => Ok(Step { name: name.to_owned(), target: target.clone(), arguments: Vec::new() }),
            None => Err(PathError {
                at,
                length: name.len(),
                message: format!("unknown field `{name}` on `{type_name}`"),
                label: "no such field".to_owned(),
                help: closest(name, members.iter().map(|(known, _)| known.as_str()))
                    .map(|close| format!("did you mean `{close}`?")),
            }),
        }
    }
}

impl Schema {
    /// Adds an object type, or changes one that was added. Its name must be none of the source's, such as one with a dot.
    pub fn define(&mut self, type_name: impl Into<String>, members: Vec<(String, Target)>) {
        self.own.0.insert(type_name.into(), members);
    }
}
