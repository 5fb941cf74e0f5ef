//! How a source writes things: what `connector.yaml` says that mappings depend on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::custom::FreeFields;
use super::time::DateFormat;
use crate::diagnostics::SourceFile;
use crate::yaml::Entry;

/// How a source writes things.
#[derive(Debug, Clone, Default)]
pub struct Dialect {
    /// How each date scalar is written.
    pub dates: BTreeMap<String, DateFormat>,
    /// What whole numbers mean where true or false is wanted.
    pub flags: BTreeMap<i64, bool>,
    /// The field that marks a record as deleted, and its value then. Types without the field have no such mark.
    pub deletion: Option<(String, i64)>,
    /// Arguments that every query field gets when it has them, and the file that says so.
    pub arguments: (Option<Arc<SourceFile>>, Vec<Entry>),
    /// How pages are asked for.
    pub pages: PageArguments,
    /// How free fields are written.
    pub free_fields: FreeFields,
    /// What a connection says, for `$name`.
    pub settings: BTreeMap<String, String>,
}

/// How pages are asked for.
#[derive(Debug, Clone, Default)]
pub struct PageArguments {
    /// The members of a page: its rows, whether it is the last, the count of all rows.
    pub items: String,
    /// See `items`.
    pub last: String,
    /// See `items`.
    pub total: Option<String>,
    /// The argument that takes the page to read.
    pub argument: String,
    /// Its member for the page's number.
    pub page: String,
    /// Its member for the number of rows.
    pub size: String,
    /// Its member for the order.
    pub sort: SortArgument,
    /// The argument that takes the mapping's `where`.
    pub filter: Option<String>,
    /// The argument of lists inside a row, with its rows; without it the source decides how many it gives.
    pub nested: Option<(String, u32)>,
}

/// How an order is asked for.
#[derive(Debug, Clone, Default)]
pub struct SortArgument {
    /// The member that takes the list of sort keys.
    pub argument: String,
    /// The member of a sort key that names the property.
    pub property: String,
    /// The member of a sort key that names the direction.
    pub direction: String,
    /// The enum value for ascending.
    pub ascending: String,
    /// The enum value for descending.
    pub descending: String,
}
