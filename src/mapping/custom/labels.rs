//! What a source calls its free fields and their options.

use std::collections::HashMap;

use super::super::Operation;
use super::super::project::{Projection, Slot};
use super::super::shape::Scope;

/// The names of a source's free fields and options, by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    by_id: HashMap<String, String>,
    /// In lower case. Fields of different records may have one name.
    by_label: HashMap<String, Vec<String>>,
}

impl Labels {
    /// The name of an id.
    pub fn label(&self, id: &str) -> Option<&str> {
        self.by_id.get(id).map(String::as_str)
    }

    /// The ids that have a name, whatever its case.
    pub fn ids(&self, label: &str) -> &[String] {
        self.by_label.get(&label.trim().to_lowercase()).map_or(&[], Vec::as_slice)
    }

    /// How many ids have a name.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether no id has a name.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Every id and its name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_id.iter().map(|(id, label)| (id.as_str(), label.as_str()))
    }
}

impl FromIterator<(String, String)> for Labels {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(pairs: T) -> Labels {
        let mut labels = Labels::default();
        for (id, label) in pairs {
            labels.by_label.entry(label.trim().to_lowercase()).or_default().push(id.clone());
            labels.by_id.insert(id, label);
        }
        labels
    }
}

/// The read that yields labels, derived from `connector.yaml`.
#[derive(Debug)]
pub struct LabelsPlan {
    pub(in crate::mapping) operation: Operation,
    pub(in crate::mapping) scope: Scope,
    pub(in crate::mapping) id: usize,
    pub(in crate::mapping) label: usize,
    pub(in crate::mapping) rows_of_page: Box<[Box<str>]>,
}

impl LabelsPlan {
    /// The read.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    /// The id and the name in each of the rows that have both.
    pub fn read<'r>(&self, rows: impl IntoIterator<Item = &'r str>) -> Vec<(String, String)> {
        let mut projection = Projection::default();
        let mut pairs = Vec::new();
        for row in rows {
            let Ok(at) = projection.read(&self.scope, &self.rows_of_page, row) else { continue };
            let text = |slot| match projection.slot(at, slot) {
                Slot::Text(text) => Some(text.read().into_owned()),
                Slot::Int(number) => Some(number.to_string()),
                _ => None,
            };
            pairs.extend(text(self.id).zip(text(self.label)));
        }
        pairs
    }
}
