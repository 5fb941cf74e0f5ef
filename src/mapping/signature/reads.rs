//! What is asked of each row of a source.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::super::shape::{Node, Scope, Shape};

/// The paths that an operation asks of a row, the arguments of lists in them included. A raw record has what its
/// operation asked for, and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reads(BTreeSet<String>);

impl Reads {
    /// What `scope` needs; `arguments` are those of a list that takes arguments of these names.
    pub(in crate::mapping) fn of(scope: &Scope, arguments: &dyn Fn(&[String]) -> String) -> Reads {
        let mut reads = Reads::default();
        reads.add(&scope.root, scope, "", arguments);
        reads
    }

    fn add(&mut self, shape: &Shape, scope: &Scope, before: &str, arguments: &dyn Fn(&[String]) -> String) {
        for member in &shape.members {
            let path = format!("{before}{}", member.name);
            match &member.node {
                Node::Kept | Node::Slot(_) | Node::Json(_) => {
                    self.0.insert(path);
                }
                Node::Object { present: _, shape } => {
                    self.add(shape, scope, &format!("{path}."), arguments);
                    self.0.insert(path);
                }
                Node::List { list, page: _ } => {
                    let list = &scope.lists[*list];
                    let path = format!("{path}{}", arguments(&list.arguments));
                    self.add(&list.scope.root, &list.scope, &format!("{path}."), arguments);
                    self.0.insert(path);
                }
            }
        }
    }

    /// Whether this asks for all that `other` asks for.
    pub fn covers(&self, other: &Reads) -> bool {
        other.0.is_subset(&self.0)
    }

    /// The paths that `wanted` asks for and this does not. Those that lead to them are not named beside them.
    pub fn missing(&self, wanted: &Reads) -> Vec<String> {
        let missing: Vec<&String> = wanted.0.difference(&self.0).collect();
        let leads_on =
            |path: &str| missing.iter().any(|other| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')));
        let mut shown: Vec<String> =
            missing.iter().filter(|path| !leads_on(path)).map(|path| without_arguments(path)).collect();
        shown.dedup();
        shown
    }
}

/// `a(first: 3).b` as `a.b`.
fn without_arguments(path: &str) -> String {
    let mut depth = 0_usize;
    path.chars()
        .filter(|character| match character {
            '(' => {
                depth += 1;
                false
            }
            ')' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(paths: &[&str]) -> Reads {
        Reads(paths.iter().map(|path| (*path).to_owned()).collect())
    }

    #[test]
    fn what_is_missing_is_named_once_and_without_arguments() {
        let had = reads(&["_id", "a", "a.b", "list(size: 10)", "list(size: 10).x"]);
        let wanted = reads(&["_id", "a", "a.c", "list(size: 20)", "list(size: 20).x", "new", "new.er"]);
        assert!(!had.covers(&wanted));
        assert_eq!(had.missing(&wanted), ["a.c", "list.x", "new.er"]);
        assert!(had.covers(&reads(&["_id", "a.b"])) && had.missing(&had).is_empty());
    }
}
